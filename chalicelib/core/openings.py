"""What a gap between the elements of a collection leaves in force: what opened the collection behind it."""

from __future__ import annotations

from typing import Final

from chalicelib.core.framing import HEADER_MAX_BYTES

SEPARATORS: Final = b" \t\r\n,\x1e"
"""What may stand between values; RS is that of RFC 7464."""


def in_force_behind(gap: bytes, in_force: str | None, member: str | None) -> str | None:
    """gap: its bytes, whole. in_force: what is in force before it. member: as `Framing` has it."""
    if gap.endswith(b"["):
        return opened_by(gap if len(gap) <= HEADER_MAX_BYTES else None, member)
    return None if gap.lstrip(SEPARATORS).startswith(b"]") else in_force


def opened_by(opening: bytes | None, member: str | None) -> str:
    """An opening as it is kept in force; of one that is too long for that, None, only the brackets."""
    if opening is None:
        return "[" if member is None else f'{{"{member}":['
    return opening.decode(errors="replace")
