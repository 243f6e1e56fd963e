"""What ModSecurity and Coraza say inside an error log: ``[key "value"]`` after their message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import figure
from chalicelib.core.formats.web.requests import QUOTED, resolved

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_TAG: Final = re.compile(rf"\[([a-z_]{{2,20}}) {QUOTED}\]", re.DOTALL)
_NAMES: Final = frozenset((
    "file", "line", "id", "rev", "msg", "data", "severity", "ver", "maturity", "accuracy", "tag", "hostname", "uri",
    "unique_id", "ref", "phase",
))  # fmt: skip
_NUMBERS: Final = frozenset(("line", "maturity", "accuracy"))


def add_tags(fields: dict[str, Value], message: str) -> None:
    """Types the tags of a message that holds ``ModSecurity:`` or ``Coraza:``; the first of each name counts.

    The message itself stays as logged. `tag` becomes a list; the client is typed unless it is already.
    """
    if "ModSecurity:" not in message and "Coraza:" not in message:
        return
    tags: dict[str, None] = {}
    for match in _TAG.finditer(message):
        name, value = match[1], resolved(match[2])
        if name == "client":
            fields.setdefault("client.address", value)
        elif name not in _NAMES or not value:
            continue
        elif name == "tag":
            tags[value] = None
        else:
            fields.setdefault(f"modsecurity.{name}", figure(value) if name in _NUMBERS else value)
    if tags:
        fields["modsecurity.tags"] = list(tags)
