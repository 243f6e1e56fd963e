"""The entries of a text's head, with which formats are compared: cut once per framing, whatever formats share it.

Most formats whose sieve lets a line through explain little or nothing of a head. Some entries, spread over it, show
that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib.core.framing import Kind, Run
from chalicelib.core.framing.entries import entries_in, entries_of
from chalicelib.core.framing.headers import Headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.framing import Framing

VALUES: Final = (Kind.JSON, Kind.ELEMENTS)
"""Framings without lines."""
_WORD: Final = re.compile("[A-Za-z0-9]+")
_PADDING: Final = b"\0 \t\r\n"
FEW: Final = 12
"""So many entries are tried first: a format that explains none of them is out."""
MORE: Final = 48
"""So many entries tell about how much of all a format explains, …"""
_MANY: Final = 160
"""… and so many that it explains all, if it explains each of them."""
_FIRST_BYTES: Final = 16 * 1024
_TIMES: Final = 2
"""A head must have so many times as many entries for some to stand for all."""
_SHAPE_CHARACTERS: Final = 48
_OF_SHAPE_MAX: Final = 12


class Section(NamedTuple):
    """Entries that are parsed alike. header: in force for them; None before the first header."""

    header: str | None
    entries: list[bytes]


class Head:
    """text: the head. lines: its whole lines, each with its line end. complete: whether the head is all of the text."""

    def __init__(self, text: bytes, lines: bytes, *, complete: bool) -> None:
        self.text, self.lines, self.complete = text, lines, complete
        self._sections: dict[Framing, list[Section]] = {}
        self._first: Head | None = None

    def sections(self, framing: Framing) -> list[Section]:
        """The entries of the head, without header lines, gaps, blanks and padding."""
        known = self._sections.get(framing)
        if known is None:
            raw = self._of_streams(framing) if framing.kind is Kind.STREAMS else self._raw(framing)
            known = [
                Section(header, [entry for entry in entries if entry.strip(_PADDING)])
                for header, entries in raw
            ]
            self._sections[framing] = known
        return known

    def some(self, framing: Framing, count: int) -> list[Section]:
        """So many entries from all over the head; none if there are few others."""
        sections = self._first_values(framing) if framing.kind in VALUES else self.sections(framing)
        total = sum(len(section.entries) for section in sections)
        if total < _TIMES * count:
            are_more = framing.kind in VALUES and len(self.text) >= _TIMES * _FIRST_BYTES
            return sections if are_more and total >= _TIMES * FEW else []
        step = total // count
        chosen, skip = [], step // 2
        for header, entries in sections:
            if skip < len(entries):
                chosen.append(Section(header, entries[skip::step]))
            skip = (skip - len(entries)) % step
        return chosen

    def many(self, framing: Framing) -> list[Section]:
        """Enough entries to stand for all; none if there are few others."""
        return self._first_values(framing) if framing.kind in VALUES else self.some(framing, _MANY)

    def _first_values(self, framing: Framing) -> list[Section]:
        """What a part of the head holds: values are cut in sequence, and are alike."""
        if self._first is None:
            self._first = Head(self.text[:_FIRST_BYTES], b"", complete=False)
        return self._first.sections(framing)

    def _of_streams(self, framing: Framing) -> list[tuple[str | None, list[bytes]]]:
        entries = entries_of(self.lines, framing, 0, len(self.lines), 0)
        return [(None, [entry.text or entry.raw for entry in entries])]

    def _raw(self, framing: Framing) -> Iterator[tuple[str | None, list[bytes]]]:
        in_values = framing.kind in VALUES
        text = self.text if in_values else self.lines
        pieces = list(entries_in([text], framing, 0, len(text), aligned=True))
        headers = Headers(framing, None)
        entries: list[bytes] = []
        for piece in pieces:
            assert isinstance(piece, Run), "an entry of the head cannot be longer than the head"
            is_last = in_values and piece is pieces[-1] and not self.complete
            if in_values:
                yield piece.context or "", list(_entries(piece, is_last=is_last))
            elif not framing.has_header:
                entries += _entries(piece, is_last=is_last)
            else:
                for entry in _entries(piece, is_last=is_last):
                    before = headers.in_force
                    if headers.take(entry):
                        yield before, entries
                        entries = []
                    else:
                        entries.append(entry)
        if not in_values:
            yield headers.in_force, entries


def unlike(lines: list[str]) -> list[str]:
    """Some lines from all over the head, few of which begin with the same marks between their words."""
    shapes: dict[str, list[str]] = {}
    for line in lines:
        shapes.setdefault(_WORD.sub("a", line[:_SHAPE_CHARACTERS]), []).append(line)
    return [line for alike in shapes.values() for line in alike[:: 1 + (len(alike) - 1) // _OF_SHAPE_MAX]]


def text_of(entry: bytes) -> str:
    """An entry in the form that a parser gets."""
    return entry.decode("utf-8", "replace").rstrip("\r\n")


def _entries(run: Run, *, is_last: bool) -> Iterator[bytes]:
    begin = 0
    for number, end in enumerate(run.ends):
        if not (run.gaps and number in run.gaps) and not (is_last and number + 1 == len(run.ends)):
            yield run.data[begin:end]
        begin = end
