"""Terraform as tests compare it: what its files say, without order of blocks, spaces and comments.

A string with its `${…}` is a str, an expression an Expr, a call of jsonencode or join a Call, a block a Block. A
`dynamic` block is a block whose member `WHEN` names the local value that lets it be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2

WHEN = "when"
CALLS = ("jsonencode", "join")
_MADE_OF_IT = ("__is_block__", "__comments__", "__inline_comments__")


class Expr(str):
    """An expression: `var.stage`, as it stands, without `${}`."""

    __slots__ = ()


class Block(dict[str, Any]):
    """What stands between the braces of a block: attributes, and lists of Blocks."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: list[Any]


@dataclass(frozen=True, slots=True)
class Module:
    """Addresses (`aws_sqs_queue.split_queue`, `data.aws_region.current`) and names → bodies; locals → values."""

    resources: dict[str, Block]
    variables: dict[str, Block]
    outputs: dict[str, Block]
    locals: dict[str, Any]
    settings: list[Block]


def read_module(folder: Path) -> Module:
    """Every *.tf file of `folder`; a name that is declared twice is an error, as it is for Terraform."""
    module = Module({}, {}, {}, {}, [])
    for path in sorted(folder.glob("*.tf")):
        for kind, labels, body in _blocks(hcl2.loads(path.read_text(encoding="utf-8"))):
            if kind == "terraform":
                module.settings.append(body)
            elif kind == "locals":
                assert not set(body) & set(module.locals), path
                module.locals.update(body)
            else:
                names, declared = {
                    "resource": (labels, module.resources),
                    "data": (["data", *labels], module.resources),
                    "variable": (labels, module.variables),
                    "output": (labels, module.outputs),
                }[kind]
                name = ".".join(names)
                assert name not in declared, f"{name} is declared twice"
                declared[name] = body
    return module


def _blocks(file: dict[str, Any]) -> Iterator[tuple[str, list[str], Block]]:
    for kind, found in file.items():
        for each in found if kind not in _MADE_OF_IT else ():
            labels, body = [], each
            while "__is_block__" not in body:
                ((label, body),) = ((key, member) for key, member in body.items() if key not in _MADE_OF_IT)
                labels.append(_unquoted(label))
            yield kind, labels, _block(body)


def _block(body: dict[str, Any]) -> Block:
    made = Block()
    for name, value in body.items():
        if name in _MADE_OF_IT:
            continue
        if name == "dynamic":
            for each in value:
                ((label, inner),) = ((key, member) for key, member in each.items() if key not in _MADE_OF_IT)
                made.setdefault(_unquoted(label), []).append(_dynamic(_block(inner)))
        elif isinstance(value, list) and value and _is_block(value[0]):
            made.setdefault(name, []).extend(_labelled(each) for each in value)
        else:
            made[name] = _value(value)
    return made


def _is_block(value: Any) -> bool:
    return isinstance(value, dict) and (
        "__is_block__" in value or any(_is_block(member) for member in value.values())
    )


def _labelled(body: dict[str, Any]) -> Block:
    """`provisioner "local-exec" {…}` is a block whose `label` is local-exec."""
    if "__is_block__" in body:
        return _block(body)
    ((label, inner),) = ((key, member) for key, member in body.items() if key not in _MADE_OF_IT)
    return Block({"label": _unquoted(label), **_block(inner)})


def _dynamic(body: Block) -> Block:
    (condition,) = re.findall(r"^local\.(\w+) \? \[1\] : \[\]$", body["for_each"])
    (content,) = body["content"]
    return Block({WHEN: condition, **content})


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {_unquoted(key): _value(member) for key, member in value.items() if key not in _MADE_OF_IT}
    if isinstance(value, list):
        return [_value(member) for member in value]
    if isinstance(value, str):
        return _string(value)
    return value


def _string(text: str) -> Any:
    if not text.startswith('"'):
        inner = text.removeprefix("${").removesuffix("}") if text.startswith("${") else text
        call = re.fullmatch(rf"({'|'.join(CALLS)})\((.*)\)", inner, re.DOTALL)
        if call:
            return Call(call[1], _value(hcl2.loads(f"x = [{call[2]}]\n")["x"]))
        return Expr(inner)
    unquoted = _unquoted(text)
    alone = re.fullmatch(r"\$\{([^{}]*)\}", unquoted)
    return Expr(alone[1]) if alone else unquoted


def _unquoted(text: str) -> str:
    """HCL escapes as JSON does: https://developer.hashicorp.com/terraform/language/expressions/strings"""
    return str(json.loads(text)) if text.startswith('"') else text


def plain(value: Any) -> Any:
    """`value` as JSON that is equal where Terraform means the same."""
    if isinstance(value, Call):
        return {"call": value.name, "arguments": plain(value.arguments)}
    if isinstance(value, Expr):
        return {"expression": re.sub(r"\s+", "", value)}
    if isinstance(value, Block):
        return {
            name: sorted(map(plain, member), key=json.dumps) if _holds_blocks(member) else plain(member)
            for name, member in sorted(value.items())
        }
    if isinstance(value, dict):
        return {name: plain(member) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return value


def _holds_blocks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Block)
