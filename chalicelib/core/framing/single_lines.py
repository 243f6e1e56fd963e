"""Which lines of streams are entries by themselves, asked of a block at once.

A line surely is one if it begins an entry, does not go on, and nothing joins it to the line before it in its stream. The
others, and those of which a block cannot tell, are asked one by one (`links`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import orjson

from chalicelib.core.framing import Framing, Run
from chalicelib.core.framing.first_lines import beginnings_of
from chalicelib.core.framing.line_ends import LineEnds
from chalicelib.core.framing.lines import starts_of
from chalicelib.core.framing.lines_of_blocks import groups_of_lines
from chalicelib.core.framing.parts import PART_BYTES

_RETURNS: Final = re.compile(rb"\r++\n")


class SingleLines:
    """joins: the framing's, compiled."""

    def __init__(self, framing: Framing, joins: Callable[[bytes], object] | None) -> None:
        assert framing.parts is not None, "a framing of streams says what its lines are"
        self._groups = groups_of_lines(framing.parts, "stream", "text", "quoted", "cut")
        names = self._groups.groupindex if self._groups else {}
        self._columns = {name: number - 1 for name, number in names.items()}
        self._parts_end = framing.parts_end
        self._starts = starts_of(Framing(framing.entry_start), PART_BYTES)
        self._joins = joins
        self._beginnings = beginnings_of(framing.joins) if framing.joins is not None else ()

    def streams_and_others(self, lines: Run) -> tuple[Sequence[bytes], set[int]] | None:
        """The stream of each line, and the numbers of the lines that have to be asked one by one. So has the next line of
        the stream of such a line. None: all have to be asked."""
        if self._groups is None or not lines.data.endswith(b"\n"):
            return None
        rows = self._groups.findall(b"\n" + lines.data)[: len(lines.ends)]
        columns = [rows] if self._groups.groups == 1 else list(zip(*rows, strict=True))
        place = self._columns.get("stream")
        names = columns[place] if place is not None else (b"",) * len(rows)
        others: set[int] = set()
        texts: Sequence[bytes] | None = None
        if "text" in self._columns:
            texts = columns[self._columns["text"]]
            text = b"\n".join(texts) + b"\n"
            cut = self._columns.get("cut")
            if cut is not None and any(columns[cut]):
                others.update(number for number, mark in enumerate(columns[cut]) if mark)
        else:
            unquoted = self._unquoted(columns[self._columns["quoted"]], others)
            if unquoted is None:
                return None
            text = unquoted
        if b"\r\n" in text:
            texts, text = None, _RETURNS.sub(b"\n", text)
        texts = text.split(b"\n")[:-1] if texts is None else texts
        ends = LineEnds(text)
        if len(ends) != len(names):
            return None
        if not all(texts) or any(map(bytes.isspace, texts)):
            others.update(number for number, each in enumerate(texts) if not each.strip())
        if self._starts is not None:
            starts = self._starts.numbers(Run(0, text, ends, range(1, len(texts) + 1)))
            if starts is not None:
                others.update(set(range(len(texts))).difference(starts))
        others.update(self._joined(names, texts, text))
        return names, others

    def _unquoted(self, quoted: Sequence[bytes], others: set[int]) -> bytes | None:
        """What the strings of JSON say, a line each; None if one is no such string. others: those that are no lines are
        added."""
        raw = b"\n".join(quoted) + b"\n"
        try:
            if raw.count(b"\\n\n") == len(quoted) and b"\\\\n\n" not in raw:
                text: str = orjson.loads(b'"' + b"".join(quoted) + b'"')
                if text.count("\n") == len(quoted):
                    return text.encode()
            texts: list[str] = orjson.loads(b'["' + b'","'.join(quoted) + b'"]')
        except orjson.JSONDecodeError:
            return None
        for number, each in enumerate(texts):
            if each[-1:] != "\n":
                if self._parts_end is not False or len(quoted[number]) >= PART_BYTES:
                    others.add(number)
                texts[number] += "\n"
            if "\n" in each[:-1]:
                others.add(number)
                texts[number] = "\n"
        return "".join(texts).encode()

    def _joined(self, names: Sequence[bytes], texts: Sequence[bytes], text: bytes) -> Iterator[int]:
        """The numbers of the lines that belong to the one before them in their stream."""
        if self._joins is None:
            return
        numbers: dict[bytes, list[int] | range] = {}
        if names.count(names[0]) == len(names):
            numbers[names[0]] = range(len(names))
        else:
            lists: dict[bytes, list[int]] = {}
            for number, name in enumerate(names):
                lists.setdefault(name, []).append(number)
            numbers.update(lists)
        for own in numbers.values():
            if len(own) == 1:
                continue
            lines = text if len(numbers) == 1 else b"".join([texts[number] + b"\n" for number in own])
            ends = LineEnds(lines, len(own))
            for words, pattern in self._beginnings:
                if words and not any(word in lines for word in words):
                    continue
                for match in pattern.finditer(b"\n" + lines):
                    at = ends.count_up_to(match.start()) + 1
                    if at < len(own) and self._joins(b"%b\n%b\n" % (texts[own[at - 1]], texts[own[at]])):
                        yield own[at]
