"""What parameters of a template may not be given together, found before anything is touched.

Promise: what CloudFormation refuses by the template's `Rules` is refused here, with the same sentence; and so is what
its rules cannot say, as they compare no numbers: the template's `Metadata.Froe.LongerThan`. Limits: of the functions
Fn::And, Fn::Contains, Fn::Equals, Fn::Not, Fn::Or and Ref; anything else is an error.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
"""

from collections.abc import Mapping
from typing import Any

from froe.deployment.templates import StackTemplate
from froe.errors import FroeError


def check_rules(
    template: StackTemplate, given: Mapping[str, str], kept: Mapping[str, str], source: str
) -> None:
    """FroeError for the first rule that the values break: those given, else those that the stack keeps, else the
    defaults."""
    defaults = {name: str(said.get("Default", "")) for name, said in template.parameters.items()}
    values = {**defaults, **template.taken(kept), **template.taken(given)}
    refusal = broken(template.content, values)
    if refusal:
        raise FroeError(f"{source}: {refusal}.")


def broken(content: Mapping[str, Any], values: Mapping[str, str]) -> str | None:
    """What the first rule says that the values of the parameters break; None if they break none."""
    for rule in content.get("Rules", {}).values():
        if _met(rule.get("RuleCondition", {"Fn::And": []}), values):
            for assertion in rule["Assertions"]:
                if not _met(assertion["Assert"], values):
                    return str(assertion["AssertDescription"])
    for longer, said in content.get("Metadata", {}).get("Froe", {}).get("LongerThan", {}).items():
        long, short = float(values[longer]), float(values[said["Parameter"]])
        if 0 < long <= short:
            return str(said["Description"])
    return None


def _met(node: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    ((function, argument),) = node.items()
    match function:
        case "Fn::And":
            return all(_met(each, values) for each in argument)
        case "Fn::Or":
            return any(_met(each, values) for each in argument)
        case "Fn::Not":
            return not _met(argument[0], values)
        case "Fn::Equals":
            one, other = argument
            return _text(one, values) == _text(other, values)
        case "Fn::Contains":
            texts, asked = argument
            return _text(asked, values) in {_text(each, values) for each in texts}
    raise FroeError(f"infra: a rule says {function}, which is not evaluated here: say it otherwise.")


def _text(node: Any, values: Mapping[str, str]) -> str:
    return values[node["Ref"]] if isinstance(node, dict) else str(node)
