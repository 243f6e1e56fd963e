"""The CloudFormation templates of a stage, and whether given parameters are ones that they take.

A wrong value is found here, before anything is touched; CloudFormation would find it after part of the work.
Limits: JSON templates; of the constraints AllowedValues, AllowedPattern, MinValue, MaxValue, MinLength, MaxLength.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from froe.errors import FroeError
from froe.lanes import NO_LANES, Seconds, template, widened
from froe.templates import read_body

DATA: Final = "data"
OBSERVABILITY: Final = "observability"
BACKFILL: Final = "backfill"
PROCESSES: Final = "processes"
IMAGE: Final = "ProcessesImage"
"""The parameter that makes a stage have that template."""
LANES: Final = "lanes"
"""What `froe.lanes` makes of the first two for the lanes beside the default one."""
PROTECTION: Final = "DeletionProtectionEnabled"
"""The property of a table."""
MAX_BODY_BYTES: Final = 51_200
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
_LOGICAL_NAMES: Final = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


@dataclass(frozen=True, slots=True)
class StackTemplate:
    """One file of infra/: `name` is its name without `.json`, `content` what is in it."""

    name: str
    content: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The declared ones, by name."""
        declared: Mapping[str, Mapping[str, Any]] = self.content.get("Parameters", {})
        return declared

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The declared ones, by logical name."""
        declared: Mapping[str, Mapping[str, Any]] = self.content["Resources"]
        return declared

    @property
    def body(self) -> str:
        """As CloudFormation takes it, without the spaces that are for people."""
        return json.dumps(self.content, separators=(",", ":"), ensure_ascii=False)

    def stack_name(self, stage: str) -> str:
        """The data stack bears the stage's name alone."""
        return f"froe-{stage}" if self.name == DATA else f"froe-{stage}-{self.name}"

    def taken(self, given: Mapping[str, str]) -> dict[str, str]:
        """Of these parameters the ones that this template declares."""
        return {name: value for name, value in given.items() if name in self.parameters}


def load(
    name: str, root: Path, *, local: bool, lanes: Mapping[str, Seconds] = NO_LANES
) -> StackTemplate | None:
    """infra/NAME.json of the checkout at `root`, for a local AWS without what that does not know, with what these lanes
    have in it; None where there is no such file, or no lane."""
    if name == LANES:
        sources = [load(each, root, local=local) for each in (DATA, OBSERVABILITY)]
        data, observability = (
            each.content if each else {"Resources": {}, "Parameters": {}} for each in sources
        )
        return StackTemplate(LANES, template(data, observability, lanes)) if lanes else None
    path = root / "infra" / f"{name}.json"
    if not path.exists():
        return None
    try:
        content = json.loads(read_body(path, local=local).text)
    except ValueError as error:
        raise FroeError(f"infra/{name}.json is not JSON ({error}): restore it and run again.") from error
    stack = StackTemplate(name, widened(content, lanes))
    if len(stack.body.encode()) > MAX_BODY_BYTES:
        raise FroeError(f"infra/{name}.json is over {MAX_BODY_BYTES:,} bytes: split it into two stacks.")
    return stack


def unprotected(template: StackTemplate) -> StackTemplate:
    """The template with tables that can be deleted: CloudFormation cannot roll back the making of others."""
    resources = {
        name: {**resource, "Properties": {**resource["Properties"], PROTECTION: False}}
        if PROTECTION in resource.get("Properties", {})
        else resource
        for name, resource in template.resources.items()
    }
    return StackTemplate(template.name, {**template.content, "Resources": resources})


def check_parameters(given: Mapping[str, str], templates: Sequence[StackTemplate], source: str) -> None:
    """FroeError, in one sentence, for a value out of range or a name that no template declares."""
    for name, value in given.items():
        declared = [template.parameters[name] for template in templates if name in template.parameters]
        if not declared:
            known = sorted({each for template in templates for each in template.parameters})
            raise FroeError(f"{source} gives {name}, which no template has: use one of {', '.join(known)}.")
        for definition in declared:
            broken = constraint_broken(definition, value)
            if broken:
                raise FroeError(f"{source} gives {name} = {value!r}: {broken}.")


def constraint_broken(definition: Mapping[str, Any], value: str) -> str | None:
    """What the value of a parameter has to be, if it is not; None if it is."""
    allowed = definition.get("AllowedValues")
    if allowed is not None and value not in map(str, allowed):
        return str(
            definition.get("ConstraintDescription") or f"set it to one of {', '.join(map(str, allowed))}"
        )
    low, high = definition.get("MinValue"), definition.get("MaxValue")
    if definition.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not (
            float(low if low is not None else "-inf") <= number <= float(high if high is not None else "inf")
        ):
            reach = f" from {low} to {high}" if low is not None and high is not None else ""
            return str(definition.get("ConstraintDescription") or f"set it to a number{reach}")
    pattern = definition.get("AllowedPattern")
    shortest, longest = int(definition.get("MinLength", 0)), int(definition.get("MaxLength", 4096))
    if (pattern and not re.fullmatch(pattern, value)) or not shortest <= len(value) <= longest:
        return str(definition.get("ConstraintDescription") or f"it has to match {pattern}")
    return None


def without(content: Mapping[str, Any], dropped: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The template without some resources, whose references become what they stood for.

    `dropped`: logical name → {"Ref": physical id, "Arn": ARN, …}. What only hangs on a dropped resource, such as
    a queue's policy, goes with it.
    """
    hanging = {
        name
        for name, resource in content["Resources"].items()
        if resource["Type"].endswith(("Policy", "Subscription")) and _mentioned(resource) & set(dropped)
    }
    gone = hanging | set(dropped)
    kept = {
        name: _depending(resource, gone)
        for name, resource in content["Resources"].items()
        if name not in gone
    }
    replaced: dict[str, Any] = _literal({**content, "Resources": kept}, dropped)
    return replaced


def _depending(resource: Mapping[str, Any], gone: set[str]) -> Mapping[str, Any]:
    needed = resource.get("DependsOn", [])
    left = [name for name in ([needed] if isinstance(needed, str) else needed) if name not in gone]
    others = {name: value for name, value in resource.items() if name != "DependsOn"}
    return {**others, "DependsOn": left} if left else others


def _mentioned(value: Any) -> set[str]:
    """The logical names that a part of a template refers to."""
    if isinstance(value, list):
        return {name for each in value for name in _mentioned(each)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Ref"}:
        return {value["Ref"]}
    if set(value) == {"Fn::GetAtt"}:
        target = value["Fn::GetAtt"]
        return {target.split(".")[0] if isinstance(target, str) else target[0]}
    names = {name for each in value.values() for name in _mentioned(each)}
    if isinstance(value.get("Fn::Sub"), str):
        names |= set(_LOGICAL_NAMES.findall(value["Fn::Sub"]))
    return names


def _literal(value: Any, known: Mapping[str, Mapping[str, str]]) -> Any:
    if isinstance(value, list):
        return [_literal(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in known:
        return known[value["Ref"]]["Ref"]
    if set(value) == {"Fn::GetAtt"}:
        target = value["Fn::GetAtt"]
        name, attribute = target.split(".", 1) if isinstance(target, str) else target
        return known[name].get(attribute, "") if name in known else value
    replaced = {name: _literal(each, known) for name, each in value.items()}
    if isinstance(replaced.get("Fn::Sub"), str):
        for name, attributes in known.items():
            for attribute, text in attributes.items():
                spoken = f"${{{name}}}" if attribute == "Ref" else f"${{{name}.{attribute}}}"
                replaced["Fn::Sub"] = replaced["Fn::Sub"].replace(spoken, text)
    return replaced
