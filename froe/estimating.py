"""Measures on a sample what the pipeline would make of it: lines, batches, their messages, items and write units.

Files are read, cut, parsed and encoded by the pipeline's own code, without AWS. Memory: a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Final, TypeVar

import orjson

from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.framing.cutting import Cutter
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.reading import Reading
from chalicelib.core.records.storable import size_of
from chalicelib.core.wire.messages import BatchMessage, batch_message, encode_batch, room_in
from chalicelib.worker import parsed
from froe.costs import Sample, Stored
from froe.errors import FroeError
from froe.terminal import printable

SAMPLE_BYTES: Final = 32 * 1024 * 1024
"""Of each object's text; of a larger one the first."""
OBJECTS_MAX: Final = 20
"""Of a folder or a prefix: evenly spread."""

_UNIT_BYTES: Final = 1024
_CHUNK_BYTES: Final = 64 * 1024
_LINES: Final = 20_000
_FILE_BYTES: Final = 64 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """An object, or a file that would be one."""

    head: ObjectHead
    open: OpenObject


@dataclass(frozen=True, slots=True)
class Measured:
    """formats: how many entries are in files of each."""

    sample: Sample
    formats: Mapping[str, int]


def measure(sources: Iterable[Source], config: Config | None = None) -> Measured:
    """What those objects come to; of an archive each member is a file. FroeError where none of them has an entry."""
    whole: Sample | None = None
    formats: dict[str, int] = {}
    failures: list[str] = []
    for source in sources:
        of_object: Sample | None = None
        pieces = _Counted(source.open)
        outermost = Reading(source.head, pieces.open, config=config)
        for reading in outermost.with_members():
            plan = reading.plan
            if plan.failure:
                failures.append(f"{printable(plan.object.key)}: {plan.failure}")
            elif not plan.archive:
                one = _measured(plan, reading.open_object, config.key if config else "")
                of_object = _added(of_object, one) if of_object else one
                formats[plan.format] = formats.get(plan.format, 0) + one.entries
                if of_object.text_bytes >= SAMPLE_BYTES:
                    break
        if of_object:
            if outermost.plan.archive:
                of_object = replace(of_object, object_bytes=min(pieces.bytes, source.head.size))
            whole = _added(whole, of_object) if whole else of_object
    if whole is None or not whole.entries:
        why = f" {failures[0]}." if failures else ""
        raise FroeError(
            f"There is no log line to measure.{why} Name a file, a folder or s3://BUCKET/PREFIX that has some."
        )
    return Measured(whole, formats)


def ordinary_source() -> Source:
    """What is measured where nothing is named: an access log with lines of some 250 bytes, of which a file has 64 MiB."""
    text = b"".join(map(_line, range(_LINES)))
    version = ObjectVersion("", "access.log", None, "")
    return Source(
        ObjectHead(version, _FILE_BYTES, "text/plain", datetime(2026, 1, 2, tzinfo=UTC)),
        lambda at: iter((text[at:],)),
    )


@cache
def ordinary_sample() -> Sample:
    """What that comes to: the same in every run."""
    return measure([ordinary_source()]).sample


def _line(number: int) -> bytes:
    """Digits of a product with a large prime look like chance and are the same every time."""
    chance = number * 2_654_435_761 % 2**32
    return (
        b'198.51.%d.%d - %s [01/Jan/2026:%02d:%02d:%02d +0000] "%s /shop/%s/articles/%05d?page=%d HTTP/1.1" %d %d '
        b'"https://shop.example.com/search?query=%03x" "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0"\n'
    ) % (
        chance >> 24, chance >> 16 & 255, (b"-", b"ann", b"-", b"bob")[chance >> 4 & 3],
        number // 3600 % 24, number // 60 % 60, number % 60, (b"GET", b"GET", b"GET", b"POST")[chance >> 6 & 3],
        (b"garden", b"kitchen", b"bath", b"office")[chance >> 8 & 3], chance % 20_000, chance % 9,
        (200, 200, 200, 304, 200, 404, 200, 302)[chance >> 10 & 7], chance % 90_000, chance >> 20,
        (b"X11; Linux x86_64", b"Windows NT 10.0; Win64; x64", b"Macintosh; Intel Mac OS X 14_5")[chance % 3],
        120 + chance % 12,
    )  # fmt: skip


def spread(many: Sequence[T]) -> Sequence[T]:
    """Some of many, from the first on."""
    return many[:: max(1, -(-len(many) // OBJECTS_MAX))]


class _Counted:
    """Counts the bytes that are read of an object."""

    def __init__(self, open_object: OpenObject) -> None:
        self._open = open_object
        self.bytes = 0

    def open(self, offset: int) -> Iterator[bytes]:
        for piece in self._open(offset):
            self.bytes += len(piece)
            yield piece


def _measured(plan: Plan, open_object: OpenObject, redaction_key: str) -> Sample:
    pieces = _Counted(open_object)
    layouts = {layout.value: Stored() for layout in Layout}
    entries = lines = text_bytes = batches = chunks = sink_bytes = 0
    for message in _messages(plan, pieces.open):
        encoded = encode_batch(message)
        for layout in Layout:
            sink = Sink.PARQUET if layout is Layout.NONE else Sink.NONE
            batch = parsed(replace(message, layout=layout, sink=sink), redaction_key)
            layouts[layout.value] += _stored(batch.items)
            sink_bytes += len(batch.rows or b"")
        counts = batch.mark.counts
        entries += counts.parsed.entries + counts.rejected.entries
        lines += message.lines
        text_bytes += message.length
        batches += 1
        chunks += -(-len(encoded) // _CHUNK_BYTES)
        if text_bytes >= SAMPLE_BYTES:
            break
    read = min(pieces.bytes, plan.head.size)
    files = read / plan.head.size if plan.head.size else 1.0
    return Sample(files, read, text_bytes, lines, entries, batches, chunks, layouts, sink_bytes)


def _messages(plan: Plan, open_object: OpenObject) -> Iterator[BatchMessage]:
    cutter = Cutter(plan.text(open_object), plan.framing, plan.limits, 0, aligned=True, room=room_in(plan))
    split = 0
    while not cutter.at_end:
        for batch in cutter.cut(split):
            yield batch_message(plan, batch)
        split += 1


def _stored(items: Sequence[bytes]) -> Stored:
    sizes = [size_of(orjson.loads(item)) for item in items]
    return Stored(len(sizes), sum(sizes), sum(-(-size // _UNIT_BYTES) for size in sizes))


def _added(one: Sample, other: Sample) -> Sample:
    return replace(
        one,
        files=one.files + other.files,
        object_bytes=one.object_bytes + other.object_bytes,
        text_bytes=one.text_bytes + other.text_bytes,
        lines=one.lines + other.lines,
        entries=one.entries + other.entries,
        batches=one.batches + other.batches,
        chunks=one.chunks + other.chunks,
        sink_bytes=one.sink_bytes + other.sink_bytes,
        layouts={name: stored + other.layouts[name] for name, stored in one.layouts.items()},
    )
