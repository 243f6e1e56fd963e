"""Files whose every byte is known: what must become of each line is said where the line is made.

An independent reading: it shares no code with what is tested.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

import lz4.frame

from tests.tars import tar
from tests.zips import zipped

LINE_MAX_BYTES: Final = 400
"""The limit of an entry in all schedules."""

_MEMBER_LINES: Final = 40
PACKERS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda text: gzip.compress(text, mtime=0),
    bz2.compress,
    lzma.compress,
    zlib.compress,
    lambda text: bytes(lz4.frame.compress(text, content_checksum=True)),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What must become of some bytes of text. kind: record, reject or skipped; body: of a record."""

    offset: int
    length: int
    kind: str
    body: str | None = None
    lines: int = 1


@dataclass(frozen=True, slots=True)
class LogFile:
    """data: the object. state: in which it settles once all is well. entries: of the whole text. member: those of each
    file in it, where it is an archive."""

    data: bytes
    state: str
    entries: tuple[Entry, ...]
    member: tuple[Entry, ...] = ()

    @property
    def lines(self) -> int:
        return sum(entry.lines for entry in self.entries)


def drawn_file(random: Random, mark: str) -> LogFile:
    """mark: stands in every line, so that no two files share one."""
    kind = random.choice(["json", "json", "json", "packed", "packed", "utf-16", "empty", "binary", "tar"])
    if kind == "empty":
        return LogFile(b"", "COMPLETE", ())
    if kind == "binary":
        noise = bytes(random.choices(range(1, 8), k=300))
        return LogFile(noise, "FAILED", ())
    if kind == "tar":
        return _archive(mark, is_packed=random.random() < 0.5)
    text, entries = _drawn_text(random, mark)
    if kind == "packed":
        return LogFile(PACKERS[len(text) % len(PACKERS)](text), "COMPLETE", entries)
    if kind == "utf-16":
        bom = Entry(0, 3, "skipped", lines=0)
        moved = tuple(
            Entry(each.offset + 3, each.length, each.kind, each.body, each.lines) for each in entries
        )
        return LogFile(("\ufeff" + text.decode()).encode("utf-16-le"), "COMPLETE", (bom, *moved))
    return LogFile(text, "COMPLETE", entries)


def _archive(mark: str, *, is_packed: bool) -> LogFile:
    """A tar or a zip of one log, or of two of one name, whose lines are in the accounts of the logs alone."""
    line, number = f"{mark} line\n".encode(), sum(mark.encode())
    logs = [("app.log", line * _MEMBER_LINES)] * (1 + number % 2)
    data = zipped(logs, 8 if number % 3 else 0) if number % 4 > 1 else tar(logs)
    entries = tuple(
        Entry(number * len(line), len(line), "record", f"{mark} line") for number in range(_MEMBER_LINES)
    )
    of_archive = (Entry(0, len(data), "skipped", lines=0),)
    return LogFile(gzip.compress(data, mtime=0) if is_packed else data, "COMPLETE", of_archive, entries)


def _drawn_text(random: Random, mark: str) -> tuple[bytes, tuple[Entry, ...]]:
    entries: list[Entry] = []
    text = b""  # of which few lines are broken: else it would not be JSON
    count = random.choice([1, 3, 5, 12, 30, 60])
    for number in range(count):
        body = f"{mark} line {number}"
        kinds = ["record"] * 8 + ["reject", "blank", "long"] if number > 3 else ["record"]
        match random.choice(kinds):
            case "reject" if sum(each.kind == "reject" for each in entries) * 5 < number:
                line, kind, expected = b'{"message":"%s"\n' % body.encode(), "reject", None
            case "blank":
                line, kind, expected = b"  \n", "skipped", None
            case "long":
                line, kind, expected = (
                    json.dumps({"message": body + "x" * LINE_MAX_BYTES}).encode() + b"\n",
                    "reject",
                    None,
                )
            case _:
                line, kind, expected = (
                    json.dumps({"message": body, "n": number}).encode() + b"\n",
                    "record",
                    body,
                )
        if number == count - 1 and random.random() < 0.5:
            line = line.rstrip(b"\n")
            if not line.strip():
                kind = "skipped"
        entries.append(Entry(len(text), len(line), kind, expected))
        text += line
    return text, tuple(entries)
