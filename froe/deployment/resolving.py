"""What a template says once its parameters and what its stack holds are put in.

Limits: Ref, Fn::GetAtt, Fn::Sub and Fn::If, with the conditions that infra/ has; asked property by property, so that
what is never asked (Fn::ImportValue) need not be known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from froe.deployment import holdings, stacks
from froe.deployment.cloud import Cloud
from froe.deployment.templates import StackTemplate

_NAMED: Final = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9]+))?\}")


@dataclass(frozen=True, slots=True)
class Resolver:
    """`parameters`: name → value; `held`: logical name → type and physical id."""

    cloud: Cloud
    template: StackTemplate
    parameters: Mapping[str, str]
    held: Mapping[str, tuple[str, str]]

    def value(self, node: Any) -> Any:
        """The node as CloudFormation would understand it; None for AWS::NoValue and for what is not known."""
        if isinstance(node, list):
            return [found for each in node if (found := self.value(each)) is not None]
        if not isinstance(node, dict):
            return node
        match node:
            case {"Ref": name}:
                return self._ref(name)
            case {"Fn::GetAtt": target}:
                return self._attribute(*(target.split(".", 1) if isinstance(target, str) else target))
            case {"Fn::Sub": str(text)}:
                return _NAMED.sub(lambda found: str(self._spoken(found)), text)
            case {"Fn::If": [condition, then, other]}:
                return self.value(then if self._holds({"Condition": condition}) else other)
        return {name: found for name, each in node.items() if (found := self.value(each)) is not None}

    def _holds(self, node: Mapping[str, Any]) -> bool:
        match node:
            case {"Condition": name}:
                return self._holds(self.template.content["Conditions"][name])
            case {"Fn::Equals": [one, other]}:
                return str(self.value(one)) == str(self.value(other))
            case {"Fn::Not": [condition]}:
                return not self._holds(condition)
            case {"Fn::And": conditions}:
                return all(self._holds(each) for each in conditions)
            case {"Fn::Or": conditions}:
                return any(self._holds(each) for each in conditions)
        raise ValueError(f"not a condition: {node}")

    def _ref(self, name: str) -> str | None:
        pseudo = {
            "AWS::AccountId": self.cloud.account,
            "AWS::Region": self.cloud.region,
            "AWS::Partition": self.cloud.partition,
        }
        if name in self.parameters:
            return self.parameters[name]
        return pseudo.get(name) or (self.held[name][1] if name in self.held else None)

    def _attribute(self, name: str, attribute: str) -> str | None:
        if name not in self.held:
            return None
        return holdings.attributes(self.cloud, *self.held[name]).get(attribute)

    def _spoken(self, found: re.Match[str]) -> str | None:
        name, attribute = found.groups()
        return self._attribute(name, attribute) if attribute else self._ref(name)


def of_stack(cloud: Cloud, stage: str, template: StackTemplate) -> Resolver:
    """Over the stage's stack of this template, as it is now."""
    name = template.stack_name(stage)
    stack = stacks.describe(cloud, name) or {}
    defaults = {key: str(each["Default"]) for key, each in template.parameters.items() if "Default" in each}
    given = {each["ParameterKey"]: str(each["ParameterValue"]) for each in stack.get("Parameters", ())}
    return Resolver(cloud, template, {**defaults, **given}, holdings.resources(cloud, name))
