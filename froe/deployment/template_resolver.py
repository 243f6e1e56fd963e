"""What a template asks for once its parameters, conditions and references are put in.

Pure. Limits: the functions that infra/ uses (Ref, Fn::GetAtt, Fn::If, Fn::ImportValue, Fn::Join, Fn::Select, Fn::Split,
Fn::Sub and the conditions); another raises KeyError, so that nothing is compared with what was not understood.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SPOKEN: Final = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z]+))?\}")
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Resolver:
    """`conditions`: those of the template. `values`: its parameters and `AWS::…` by name. `attributes`: logical name →
    {"Ref": physical id, "Arn": …}. `exports`: what other stacks give, by its exported name."""

    conditions: Mapping[str, Any]
    values: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    exports: Mapping[str, str]

    def holds(self, condition: str) -> bool:
        """Whether the template's condition of that name is true."""
        return self.is_true(self.conditions[condition])

    def properties(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """A resource's, resolved. KeyError where something that it names is not known."""
        resolved: dict[str, Any] = self.resolve(resource.get("Properties", {}))
        return resolved

    def resolve(self, value: Any) -> Any:
        """Any part of the template; what is AWS::NoValue is left out of the list or object that it is in."""
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self._named(argument, "Ref")
            if name.startswith("Fn::"):
                return self._functions[name](argument)
        resolved = {name: self.resolve(each) for name, each in value.items()}
        return {name: each for name, each in resolved.items() if each is not _NOTHING}

    @property
    def _functions(self) -> Mapping[str, Callable[[Any], Any]]:
        return {
            "Fn::GetAtt": lambda at: self._named(*(at.split(".", 1) if isinstance(at, str) else at)),
            "Fn::If": lambda at: self.resolve(at[1] if self.holds(at[0]) else at[2]),
            "Fn::ImportValue": lambda at: self.exports[self.resolve(at)],
            "Fn::Join": lambda at: at[0].join(map(str, self.resolve(at[1]))),
            "Fn::Select": lambda at: self.resolve(at[1][int(at[0])]),
            "Fn::Split": lambda at: self._text(at[1]).split(at[0]),
            "Fn::Sub": self._substituted,
        }

    def _substituted(self, text: str) -> str:
        spoken = _SPOKEN.sub(lambda match: str(self._named(match[1], match[2] or "Ref")), text)
        return spoken.replace("${!", "${")

    def _named(self, name: str, attribute: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        return self.values[name] if name in self.values else self.attributes[name][attribute]

    def is_true(self, condition: Mapping[str, Any]) -> bool:
        """A condition, or an assertion of the template's rules."""
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self.holds(argument)
            case "Fn::Equals":
                one, other = map(self._text, argument)
                return one == other
            case "Fn::Contains":
                texts, asked = argument
                return self._text(asked) in set(map(self._text, texts))
            case "Fn::Not":
                return not self.is_true(argument[0])
            case "Fn::And":
                return all(map(self.is_true, argument))
            case "Fn::Or":
                return any(map(self.is_true, argument))
        raise KeyError(name)

    def _text(self, value: Any) -> str:
        return str(self.resolve(value))
