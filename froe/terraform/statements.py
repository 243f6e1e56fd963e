"""Policies of the templates as Terraform policy documents, and blocks with a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from froe.resources import snake_case
from froe.terraform.hcl import WHEN, Block, Expr
from froe.terraform.values import NOTHING, index, value


def optional(node: Any, block: Callable[[Any], Block]) -> list[Block]:
    """`Fn::If` with nothing as its other branch is a dynamic block; anything else a block."""
    if isinstance(node, dict) and "Fn::If" in node:
        condition, yes, no = node["Fn::If"]
        assert no == NOTHING
        return [Block({WHEN: snake_case(condition), **block(yes)})]
    return [block(node)]


def document(name: str, statements: list[Any]) -> tuple[str, Block]:
    return f"data.aws_iam_policy_document.{name}", Block(
        statement=[block for each in statements for block in optional(each, _statement)]
    )


def _statement(node: dict[str, Any]) -> Block:
    rest = dict(node)
    made = Block(sid=rest.pop("Sid")) if "Sid" in rest else Block()
    made |= {"effect": rest.pop("Effect"), "actions": _listed(rest.pop("Action"))}
    if "Resource" in rest:
        made["resources"] = _listed(rest.pop("Resource"))
    if "Principal" in rest:
        principal = rest.pop("Principal")
        ((kind, who),) = principal.items() if isinstance(principal, dict) else (("*", "*"),)
        made["principals"] = [Block(type=kind, identifiers=_listed(who))]
    if "Condition" in rest:
        made["condition"] = [
            Block(test=test, variable=variable, values=_listed(values))
            for test, asked in rest.pop("Condition").items()
            for variable, values in asked.items()
        ]
    assert not rest, rest
    return made


def _listed(node: Any) -> Any:
    """A list; what splits a text is one by itself."""
    if isinstance(node, dict) and "Fn::Split" in node:
        return value(node)
    return [value(each) for each in (node if isinstance(node, list) else [node])]


def policy_of(name: str, policy: dict[str, Any]) -> tuple[Expr, tuple[str, Block]]:
    """The reference to a policy document, and the document."""
    assert policy["Version"] == "2012-10-17"
    there = index(name.removesuffix("_trust"))
    return Expr(f"data.aws_iam_policy_document.{name}{there}.json"), document(name, policy["Statement"])
