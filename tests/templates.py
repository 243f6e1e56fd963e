"""The templates in infra/ as tests read them: what they hold, and where in them something is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INFRA = ROOT / "infra"


def read(name: str) -> dict[str, Any]:
    """`data` → infra/data.json."""
    template: dict[str, Any] = json.loads((INFRA / f"{name}.json").read_text(encoding="utf-8"))
    return template


def of_type(template: Mapping[str, Any], *types: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties of the resources of these types."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] in types
    }


def walk(node: Any) -> Iterator[Any]:
    """`node` and everything in it."""
    yield node
    if isinstance(node, dict):
        for member in node.values():
            yield from walk(member)
    elif isinstance(node, list):
        for member in node:
            yield from walk(member)


def choices(node: Any) -> Iterator[Any]:
    """What a value can turn out to be: every branch of `Fn::If` that is not `AWS::NoValue`."""
    if isinstance(node, dict) and "Fn::If" in node:
        for branch in node["Fn::If"][1:]:
            yield from choices(branch)
    elif node != {"Ref": "AWS::NoValue"}:
        yield node


def statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every statement that a resource policy may have, under whatever condition."""
    return [choice for statement in policy["PolicyDocument"]["Statement"] for choice in choices(statement)]
