"""The layout `packed`: the consecutive entries of a batch that begin in one MiB of the text are one segment.

A segment's borders are a function of plan and text alone, and its bytes of its entries alone: the same batch always
gives the same items. Its head says what it holds and how many continuations hold the rest of its data; it is written
last, and readers obey only what it names. Memory: the entries of one segment.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import zstandard

from chalicelib.core.errors import FroeError
from chalicelib.core.records import (
    ITEM_MAX_BYTES,
    SHARD_STRIDE_BYTES,
    Outcome,
    Record,
    Reject,
    record_key,
    sort_key,
)
from chalicelib.core.records.storable import size_of

SEGMENT: Final = "segment"
"""The `kind` of a head."""
ENCODING: Final = "zstd+ndjson"
"""A zstd frame of lines. Each is an entry's item in typed JSON, without what is common to all of them, and without its
offset if it begins where the previous entry ends."""

_ZSTD_LEVEL: Final = 6
"""A microsecond of a worker costs a hundredth of the write units that it saves, up to about this level."""
_ITEM_BYTES: Final = ITEM_MAX_BYTES - 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FRACTION_DIGITS: Final = 6
_READ_BYTES: Final = 64 * 1024


class SegmentError(FroeError):
    """A segment cannot be read; its reason names the file, the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The items of a batch (typed JSON). first: how many of them, the continuations, must be written before the others,
    the heads."""

    items: list[bytes]
    first: int


class Packer:
    """Packs the entries of one batch, given in the order of the text, with their items from `storable.ItemEncoder`."""

    def __init__(
        self, *, file_id: str, batch_id: str, format_name: str, shards: int, expires_at: int | None
    ) -> None:
        self._file_id, self._batch_id, self._format_name, self._shards = (
            file_id,
            batch_id,
            format_name,
            shards,
        )
        self._expiry = {} if expires_at is None else {"expires_at": {"N": str(expires_at)}}
        self._continuations: list[bytes] = []
        self._heads: list[bytes] = []
        self._open: _Open | None = None

    def add(self, outcome: Outcome, item: bytes) -> None:
        """outcome: as its item has it."""
        stride = outcome.offset // SHARD_STRIDE_BYTES
        if self._open is None or self._open.stride != stride:
            self._close()
            self._open = self._opened(outcome.offset)
        self._open.add(outcome, item)

    def packed(self) -> Packed:
        """All segments; nothing may be added afterwards."""
        self._close()
        return Packed(self._continuations + self._heads, len(self._continuations))

    def _opened(self, offset: int) -> _Open:
        pk, sk = record_key(self._file_id, self._shards, offset)
        return _Open(_common(pk, sk, self._file_id, self._batch_id), offset, self._format_name)

    def _close(self) -> None:
        if self._open is None:
            return
        head = self._open.common | {"kind": {"S": SEGMENT}} | self._open.head_values() | self._expiry
        data = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(self._open.data())
        head |= {"encoding": {"S": ENCODING}, "continuations": {"N": "0000"}}
        room = _ITEM_BYTES - size_of(head)
        rest = [data[at : at + _ITEM_BYTES] for at in range(room, len(data), _ITEM_BYTES)]
        head |= {"continuations": {"N": str(len(rest))}, "data": _binary(data[:room])}
        pk, sk = head["pk"]["S"], head["sk"]["S"]
        for number, part in enumerate(rest, start=1):
            common = _common(pk, continuation_key(sk, number), self._file_id, self._batch_id)
            self._continuations.append(orjson.dumps(common | self._expiry | {"data": _binary(part)}))
        self._heads.append(orjson.dumps(head))
        self._open = None


class _Open:
    """A segment that is being filled. common: the same in all of its entries, but for the sort key."""

    def __init__(self, common: dict[str, Any], offset: int, format_name: str) -> None:
        self.common = common
        self.stride = offset // SHARD_STRIDE_BYTES
        self._offset = self._last = self._next = offset
        begins = orjson.dumps(common)[:-1] + b","
        self._begins, self._until_rest = begins[: begins.index(b'"sk"')], len(begins)
        self._format_name = format_name
        self._entries: list[bytes] = []
        self._length = self._lines = self._records = self._severity = 0
        self._from: str | None = None
        self._to: str | None = None
        self._formats: set[str] = set()
        self._reasons: dict[str, int] = {}

    def add(self, outcome: Outcome, item: bytes) -> None:
        offset, length, lines, _, result, _, own_format = outcome
        if not item.startswith(self._begins):
            raise ValueError("an item of another partition, or of another encoder, is none of this segment")
        rest = item[self._until_rest :]
        if offset == self._next:
            rest = rest.replace(b'"offset":{"N":"%d"},' % offset, b"", 1)
        self._entries.append(rest)
        self._last, self._next = offset, offset + length
        self._length += length
        self._lines += lines
        self._formats.add(own_format or self._format_name)
        if isinstance(result, Record):
            self._records += 1
            if result.severity_number and result.severity_number > self._severity:
                self._severity = result.severity_number
            if (timestamp := result.timestamp) is not None:
                time = timestamp[:-1]  # without its Z a time compares as text with one of another precision
                if self._from is None or time < self._from:
                    self._from = time
                if self._to is None or time > self._to:
                    self._to = time
        elif isinstance(result, Reject):
            self._reasons[result.reason] = self._reasons.get(result.reason, 0) + 1

    def data(self) -> bytes:
        """The entries, one per line, without what `entries_of` restores."""
        return b"{" + b"\n{".join(self._entries)

    def head_values(self) -> dict[str, Any]:
        numbers = {
            "offset": self._offset,
            "last": self._last,
            "length": self._length,
            "lines": self._lines,
            "entries": len(self._entries),
            "records": self._records,
            "rejects": len(self._entries) - self._records,
            "from": None if self._from is None else microseconds(self._from),
            "to": None if self._to is None else microseconds(self._to),
            "severity_max": self._severity or None,
        }
        values: dict[str, Any] = {
            name: {"N": str(number)} for name, number in numbers.items() if number is not None
        }
        values["formats"] = {"L": [{"S": name} for name in sorted(self._formats)]}
        values["reasons"] = {"M": {name: {"N": str(count)} for name, count in sorted(self._reasons.items())}}
        return values


def _common(pk: str, sk: str, file_id: str, batch_id: str) -> dict[str, Any]:
    """The beginning of every item, as `records.item_of` makes it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}, "file_id": {"S": file_id}, "batch_id": {"S": batch_id}}


def continuation_key(sk: str, number: int) -> str:
    """The sort key of a continuation: behind its head, and before everything that begins at the next offset."""
    return f"{sk}#{number:04d}"


def last_key(offset: int) -> str:
    """A sort key behind all that begin at that offset, including continuations."""
    return sort_key(offset) + "~"


def offset_in(sk: str) -> int:
    """The text offset in a sort key of an entry, a head or a continuation."""
    return int(sk.partition("#")[0])


def microseconds(time: str) -> int:
    """Since 1970, for an ISO 8601 time in UTC without a zone; finer digits are dropped."""
    second, _, fraction = time.partition(".")
    moment = datetime.fromisoformat(second).replace(tzinfo=UTC)
    fraction = fraction[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0")
    return (moment - _EPOCH) // _MICROSECOND + int(fraction)


@dataclass(frozen=True, slots=True)
class Segment:
    """A head as it is read. first_time, last_time: of its records, microseconds since 1970; None: there are none. data:
    the first part."""

    pk: str
    sk: str
    file_id: str
    batch_id: str
    offset: int
    last: int
    entries: int
    records: int
    rejects: int
    first_time: int | None
    last_time: int | None
    severity_max: int
    formats: frozenset[str]
    encoding: str
    continuations: int
    data: bytes

    @property
    def place(self) -> str:
        return f"the segment of file {self.file_id} at byte {self.offset}"

    def of_kind(self, kind: str) -> int:
        """How many `record` or `reject` entries it has."""
        return self.records if kind == "record" else self.rejects


def segment_of(item: Mapping[str, Any]) -> Segment:
    """The head in an item of typed JSON; raises SegmentError if fields are missing."""

    def number(name: str) -> int:
        return int(item[name]["N"])

    try:
        return Segment(
            pk=item["pk"]["S"],
            sk=item["sk"]["S"],
            file_id=item["file_id"]["S"],
            batch_id=item["batch_id"]["S"],
            offset=number("offset"),
            last=number("last"),
            entries=number("entries"),
            records=number("records"),
            rejects=number("rejects"),
            first_time=number("from") if "from" in item else None,
            last_time=number("to") if "to" in item else None,
            severity_max=number("severity_max") if "severity_max" in item else 0,
            formats=frozenset(each["S"] for each in item["formats"]["L"]),
            encoding=item["encoding"]["S"],
            continuations=number("continuations"),
            data=binary_of(item),
        )
    except (KeyError, TypeError, ValueError) as error:
        file_id, _, _ = item["pk"]["S"].partition("#")
        raise SegmentError(
            f"the head of the segment of file {file_id} at {item['sk']['S']} is broken ({error}): {again(file_id)}"
        ) from error


def entries_of(segment: Segment, continuations: Sequence[bytes | None]) -> Iterator[dict[str, Any]]:
    """The items of its entries, in typed JSON and in the order of the text, as they were given to `Packer.add`.

    continuations: the data of those that the head names, in order; None for a missing one. Raises SegmentError unless
    every entry can be given.
    """
    if segment.encoding != ENCODING:
        raise SegmentError(
            f"{segment.place} has encoding {segment.encoding!r}, and this Froe reads {ENCODING}: deploy a newer one"
        )
    parts: list[bytes] = [segment.data]
    for number, part in enumerate(continuations, start=1):
        if part is None:
            raise SegmentError(
                f"{segment.place} lacks its continuation {number} of {segment.continuations}: {again(segment.file_id)}"
            )
        parts.append(part)
    if len(continuations) != segment.continuations:
        raise ValueError(f"{segment.place} names {segment.continuations} continuations")
    count, at = 0, segment.offset
    try:
        frame = zstandard.ZstdDecompressor().stream_reader(b"".join(parts))
        for line in io.BufferedReader(frame, _READ_BYTES):
            count += 1
            rest = orjson.loads(line)
            offset = rest.setdefault("offset", {"N": str(at)})["N"]
            at = int(offset) + int(rest["length"]["N"])
            yield _common(segment.pk, sort_key(int(offset)), segment.file_id, segment.batch_id) | rest
    except (zstandard.ZstdError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SegmentError(
            f"{segment.place} cannot be unpacked behind its {count} first entries ({error}): {again(segment.file_id)}"
        ) from error
    if count != segment.entries:
        raise SegmentError(
            f"{segment.place} holds {count} entries and not {segment.entries}: {again(segment.file_id)}"
        )


def again(file_id: str) -> str:
    """The remedy for stored data that cannot be read."""
    return f"run `froe forget {file_id}`, then upload the object again"


def binary_of(item: Mapping[str, Any]) -> bytes:
    """The data of a head or a continuation: bytes, as AWS's client has them, or base64 as in JSON."""
    data = item["data"]["B"]
    return data if isinstance(data, bytes) else base64.b64decode(data, validate=True)


def _binary(data: bytes) -> dict[str, Any]:
    return {"B": base64.b64encode(data).decode()}
