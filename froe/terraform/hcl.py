"""Terraform's configuration language as `terraform fmt` lays it out.

A string with its `${…}` is a str, an expression an Expr, a call of a function a Call, a block a Block. A block whose
member `WHEN` names a local value is a `dynamic` block: it is there where that is true.
https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WHEN: Final = "when"
COMMENTS: Final = "#"
"""The member of a Block with its comments, a list of texts."""
LABEL: Final = '"'
_LINE_MAX: Final = 120
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FIRST: Final = ("count", "for_each")
"""Meta-arguments, which stand above the others: https://developer.hashicorp.com/terraform/language/style"""


class Expr(str):
    """An expression: `var.stage`, without `${}`."""

    __slots__ = ()


class Block(dict[str, Any]):
    """What stands between the braces of a block: attributes, and lists of Blocks."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: list[Any]


def block(head: str, body: Mapping[str, Any]) -> str:
    """A block with its braces; head: its kind and its quoted labels."""
    inner = "\n".join(_body(body, 1))
    return f"{head} {{\n{inner}\n}}\n" if inner else f"{head} {{}}\n"


def expression(value: Any, depth: int = 0) -> str:
    """A value as it stands behind the `=` of an attribute. depth: of the lines that follow the first."""
    if isinstance(value, Expr):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Call):
        return _call(value, depth)
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, Sequence):
        return _list(value, depth)
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value)


def _call(call: Call, depth: int) -> str:
    return f"{call.name}({', '.join(expression(each, depth) for each in call.arguments)})"


def _list(values: Sequence[Any], depth: int) -> str:
    members = [expression(each, depth + 1) for each in values]
    line = f"[{', '.join(members)}]"
    if "\n" not in line and len(line) + 2 * depth <= _LINE_MAX - 20:
        return line
    pad = "  " * (depth + 1)
    return "[\n" + "".join(f"{pad}{each},\n" for each in members) + "  " * depth + "]"


def _object(members: Mapping[str, Any], depth: int) -> str:
    """In one line where it is short and holds no other."""
    names = {name: name if _NAME.fullmatch(name) else json.dumps(name) for name in members}
    pairs = [f"{names[name]} = {expression(value, depth)}" for name, value in members.items()]
    line = f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if len(members) < 2 and "\n" not in line and len(line) + 2 * depth <= _LINE_MAX - 40:
        return line
    pad = "  " * depth
    return (
        "{\n"
        + "\n".join(_assignments({names[name]: members[name] for name in members}, depth + 1))
        + f"\n{pad}}}"
    )


def _body(body: Mapping[str, Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    yield from (f"{pad}#{each}" for each in body.get(COMMENTS, ()))
    plain = {
        name: value
        for name, value in body.items()
        if name not in (WHEN, COMMENTS, LABEL) and not _holds_blocks(value)
    }
    first: dict[str, Any] = {name: plain.pop(name) for name in _FIRST if name in plain}
    last = {"depends_on": plain.pop("depends_on")} if "depends_on" in plain else {}
    groups = [list(_assignments(first, depth)), list(_assignments(plain, depth))]
    for name, value in body.items():
        if _holds_blocks(value):
            groups.extend(list(_nested(name, each, depth)) for each in value)
    groups.append(list(_assignments(last, depth)))
    yield from "\n\n".join("\n".join(each) for each in groups if each).split("\n") if any(groups) else ()


def _nested(name: str, body: Block, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if WHEN in body:
        yield f'{pad}dynamic "{name}" {{'
        yield f"{pad}  for_each = local.{body[WHEN]} ? [1] : []"
        yield f"{pad}  content {{"
        yield from _body(body, depth + 2)
        yield f"{pad}  }}"
        yield f"{pad}}}"
        return
    head = f'{name} "{body[LABEL]}"' if LABEL in body else name
    inner = list(_body(body, depth + 1))
    yield f"{pad}{head} {{" if inner else f"{pad}{head} {{}}"
    if inner:
        yield from inner
        yield f"{pad}}}"


def _assignments(members: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A line each; the `=` of those that follow one another in one line stand below each other."""
    pad = "  " * depth
    written = [(name, expression(value, depth)) for name, value in members.items()]
    run: list[tuple[str, str]] = []

    def aligned() -> Iterator[str]:
        width = max((len(name) for name, _ in run), default=0)
        yield from (f"{pad}{name:<{width}} = {value}" for name, value in run)
        run.clear()

    for name, value in written:
        if "\n" in value:
            yield from aligned()
            yield f"{pad}{name} = {value}"
        else:
            run.append((name, value))
    yield from aligned()


def _holds_blocks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Block)
