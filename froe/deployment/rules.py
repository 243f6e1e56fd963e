"""What parameters of a template may not be given together, found before anything is touched.

Promise: what CloudFormation refuses by the template's `Rules` is refused here, with the same sentence; and so is what
its rules cannot say, as they compare no numbers: the template's `Metadata.Froe.LongerThan`. Limits: of the functions
Fn::And, Fn::Contains, Fn::Equals, Fn::Not, Fn::Or and Ref; anything else is an error.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
"""

from collections.abc import Mapping
from typing import Any

from froe.deployment.template_resolver import Resolver
from froe.deployment.templates import StackTemplate
from froe.errors import FroeError


def check_rules(
    template: StackTemplate, given: Mapping[str, str], kept: Mapping[str, str], source: str
) -> None:
    """FroeError for the first rule that the values break: those given, else those that the stack keeps, else the
    defaults."""
    defaults = {name: str(definition.get("Default", "")) for name, definition in template.parameters.items()}
    values = {**defaults, **template.taken(kept), **template.taken(given)}
    refusal = broken(template.content, values)
    if refusal:
        raise FroeError(f"{source}: {refusal}.")


def broken(content: Mapping[str, Any], values: Mapping[str, str]) -> str | None:
    """What the first rule says that the values of the parameters break; None if they break none."""
    is_true = Resolver({}, values, {}, {}).is_true
    try:
        for rule in content.get("Rules", {}).values():
            if is_true(rule.get("RuleCondition", {"Fn::And": []})):
                for assertion in rule["Assertions"]:
                    if not is_true(assertion["Assert"]):
                        return str(assertion["AssertDescription"])
    except KeyError as error:
        raise FroeError(
            f"infra: a rule says {error.args[0]}, which is not supported here: rewrite it."
        ) from error
    for longer, definition in content.get("Metadata", {}).get("Froe", {}).get("LongerThan", {}).items():
        long, short = float(values[longer]), float(values[definition["Parameter"]])
        if 0 < long <= short:
            return str(definition["Description"])
    return None
