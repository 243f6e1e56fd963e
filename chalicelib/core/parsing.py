"""From the entries of a batch to records, rejects and skipped bytes, with every byte counted.

What becomes of an entry depends on the entry, its format and the plan: never on its neighbours, on
settings or on the time of day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from chalicelib.core.errors import PermanentError
from chalicelib.core.formats import Parse, ParseContext
from chalicelib.core.formats.registry import UnknownFormatError, by_name
from chalicelib.core.framing import Entry, entries_of
from chalicelib.core.marks import Counts, Tally
from chalicelib.core.messages import BatchMessage
from chalicelib.core.records import ITEM_MAX_BYTES, Outcome, Record, Reject, Skip, item_of
from chalicelib.core.text import BYTE_ORDER_MARK

_ANSI_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_SURELY_SMALL_BYTES: Final = ITEM_MAX_BYTES // 4


def outcomes_of(batch: BatchMessage) -> Iterator[Outcome]:
    """Give what becomes of every byte of a batch, in order, without gap or overlap.

    Raises PermanentError for a format or a framing that this Froe does not know.
    """
    try:
        parse = by_name(batch.format).make_parser(ParseContext(batch.last_modified))
    except UnknownFormatError as error:
        raise PermanentError(f"{batch.batch_id}: {error}") from error
    entries = entries_of(batch.body, batch.framing, batch.offset, batch.length, batch.lines)
    return outcomes(entries, parse)


def outcomes(entries: Iterable[Entry], parse: Parse) -> Iterator[Outcome]:
    for offset, length, lines, raw in entries:
        if len(raw) < length:
            yield Outcome(offset, length, lines, raw, Reject("too-long"), replaced=False)
        elif offset == 0 and raw.startswith(BYTE_ORDER_MARK):
            mark_bytes = len(BYTE_ORDER_MARK)
            rest = raw[mark_bytes:]
            mark_lines = 0 if rest else lines
            skip = Skip("byte-order-mark", entries=0 if rest else 1)
            yield Outcome(0, mark_bytes, mark_lines, raw[:mark_bytes], skip, replaced=False)
            if rest:
                yield from _entry(mark_bytes, length - mark_bytes, lines, rest, parse)
        else:
            yield from _entry(offset, length, lines, raw, parse)


def _entry(offset: int, length: int, lines: int, raw: bytes, parse: Parse) -> Iterator[Outcome]:
    blank_from = _blank_lines_from(raw)
    if blank_from == length:
        result, replaced = _parsed(raw, parse)
        yield Outcome(offset, length, lines, raw, result, replaced)
    elif not blank_from:
        yield Outcome(offset, length, lines, raw, Skip("blank"), replaced=False)
    else:
        said = raw[:blank_from]
        said_lines = said.count(b"\n")
        result, replaced = _parsed(said, parse)
        yield Outcome(offset, blank_from, said_lines, said, result, replaced)
        offset, length, lines = offset + blank_from, length - blank_from, lines - said_lines
        yield Outcome(offset, length, lines, raw[blank_from:], Skip("blank", entries=0), replaced=False)


def _blank_lines_from(raw: bytes) -> int:
    """Where the blank lines at the end of an entry begin; 0 if it has no others."""
    if raw[-2:-1] > b" ":
        return len(raw)
    said = len(raw.rstrip())
    if not said:
        return 0
    line_end = raw.find(b"\n", said)
    return len(raw) if line_end < 0 else line_end + 1


def _parsed(raw: bytes, parse: Parse) -> tuple[Record | Reject | Skip, bool]:
    replaced = False
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode(errors="replace")
        replaced = True
    if text.endswith("\n"):
        text = text[:-2] if text.endswith("\r\n") else text[:-1]
    if "\x1b" in text:
        text = _ANSI_COLOUR.sub("", text)
        if not text:
            return Skip("blank"), replaced
    result = parse(text)
    if isinstance(result, Record) and (len(result.attributes) + 2) * len(raw) > _SURELY_SMALL_BYTES:
        return _storable(result), replaced
    return result, replaced


def _storable(record: Record) -> Record | Reject:
    """A record whose item would be too large for DynamoDB is a reject: dotted names can make an entry
    many times as long."""
    outcome = Outcome(0, 0, 0, b"", record, replaced=False)
    item = item_of(outcome, file_id="", batch_id="", format_name="", shards=1, expires_at=None)
    return record if len(orjson.dumps(item)) <= ITEM_MAX_BYTES - 1024 else Reject("too-large")


class Counter:
    """Counts outcomes as they pass."""

    def __init__(self) -> None:
        self._parsed = [0, 0, 0]
        self._rejected = [0, 0, 0]
        self._skipped: dict[str, list[int]] = {}

    def add(self, outcome: Outcome) -> None:
        _, length, lines, _, result, _ = outcome
        if isinstance(result, Record):
            tally = self._parsed
        elif isinstance(result, Reject):
            tally = self._rejected
        else:
            tally = self._skipped.setdefault(result.reason, [0, 0, 0])
            tally[0] += result.entries - 1
        tally[0] += 1
        tally[1] += lines
        tally[2] += length

    @property
    def counts(self) -> Counts:
        skipped = {reason: Tally(*tally) for reason, tally in self._skipped.items()}
        return Counts(Tally(*self._parsed), Tally(*self._rejected), skipped)
