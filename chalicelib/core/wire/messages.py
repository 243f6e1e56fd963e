"""Batches and splits as message bodies, and back. An unknown version or kind is a permanent error.

Bodies are JSON; the text of a batch travels as zstd + base64, which is legal in SQS whatever bytes
it holds (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import orjson
import zstandard

from chalicelib.core.decoding.charsets import charset_named, is_by_line
from chalicelib.core.errors import PermanentError
from chalicelib.core.framing import FRAMING_VERSION, Framing, Kind, framing_fields, framing_of
from chalicelib.core.framing.cutting import Batch, Room
from chalicelib.core.ledger.marks import digest_of
from chalicelib.core.plan import MAX_SHARDS, ObjectVersion, Plan
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.plan.layouts import Layout, Sink, layout_named, sink_named
from chalicelib.core.wire.fields import file_id_in, if_any, name_in, number_in, or_none, quoted, text_in
from chalicelib.core.wire.packing import packed, packed_text, unpacked, unpacked_text

MESSAGE_VERSIONS: Final = (1, 2, 3, 4, 5, 6)
"""Versions that are read. A message is sent in the lowest that can express it, so that functions may be replaced one by
one, and rolled back: 2 for a batch with more than `Framing.is_of_first_version`, text beside its format, cuts or a
configuration; 3 for more than `Framing.is_of_second_version`, or an order of dates; 4 for a layout other than items; 5
for a sink; 6 for text in the bytes of a character set (in plans, other compressions too)."""
_OF_LAYOUT: Final = 4
_OF_SINK: Final = 5
_OF_CHARSET: Final = 6
BODY_ENCODING: Final = "zstd+base64"
MESSAGE_MAX_BYTES: Final = 1000 * 1024
"""SQS takes 1 MiB with its attributes, and a dead letter has more of them
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)."""
_SLACK_BYTES: Final = 4096
"""For a trace, and for what zstd and base64 add to the shortest text."""
_BYTES_PER_CUT: Final = 9
"""A length of up to seven digits, its sign and its comma."""


@dataclass(frozen=True, slots=True)
class BatchMessage:
    """Everything that the worker needs for a batch; it reads nothing else.

    offset, length: bytes of text; lines, entries: as the splitter counted them; body: the text, or the head of a single
    entry over its limit; expires_at: seconds since 1970; context: the header lines in force at its start; cuts: as
    `Batch` has them; text_too, custom, date_order, layout, sink, lane: as the plan has them.
    """

    object: ObjectVersion
    file_id: str
    split: int
    number: int
    offset: int
    length: int
    lines: int
    entries: int
    body: bytes
    format: str
    framing: Framing
    charset: str
    last_modified: datetime
    shards: int
    expires_at: int | None = None
    context: str | None = None
    cuts: tuple[int, ...] | None = None
    text_too: bool = False
    custom: str | None = None
    trace: str | None = None
    date_order: str | None = None
    layout: Layout = Layout.ITEMS
    sink: Sink = Sink.NONE
    lane: str = DEFAULT

    @property
    def batch_id(self) -> str:
        return batch_id(self.file_id, self.split, self.number)

    @property
    def digest(self) -> str:
        """The digest of its contents and place, computed at each call."""
        return digest_of(self.offset, self.length, self.lines, self.entries, self.shards, self.body)

    @property
    def version(self) -> int:
        if self.framing.charset is not None:
            return _OF_CHARSET
        if self.sink is not Sink.NONE:
            return _OF_SINK
        if self.layout is not Layout.ITEMS:
            return _OF_LAYOUT
        is_first = self.framing.is_of_first_version and self.cuts is None
        if self.date_order or not self.framing.is_of_second_version:
            return 3
        return 1 if is_first and not (self.text_too or self.custom) else 2


class Again(StrEnum):
    """Which batches of a sealed split to cut and send once more."""

    NOTHING = "nothing"
    UNMARKED = "unmarked"
    """Those without a mark: their messages were lost."""

    UNDONE = "undone"
    """Those, and batches without a message left, which were given up because they could not be cut again."""


@dataclass(frozen=True, slots=True)
class SplitMessage:
    """A split to cut. start: the text offset of its first entry if known, else None. again: what to send of a sealed
    split."""

    object: ObjectVersion
    file_id: str
    split: int
    start: int | None
    context: str | None = None
    trace: str | None = None
    again: Again = Again.NOTHING

    @property
    def version(self) -> int:
        return 1


def batch_id(file_id: str, split: int, number: int) -> str:
    return f"{file_id}-{split:06d}-{number:06d}"


def batch_message(plan: Plan, batch: Batch, *, trace: str | None = None) -> BatchMessage:
    return BatchMessage(
        object=plan.object,
        file_id=plan.file_id,
        split=batch.split,
        number=batch.number,
        offset=batch.offset,
        length=batch.length,
        lines=batch.lines,
        entries=batch.entries,
        body=batch.body,
        format=plan.format,
        framing=plan.framing,
        charset=plan.charset,
        last_modified=plan.head.last_modified,
        shards=plan.shards,
        expires_at=plan.expires_at,
        context=batch.context,
        cuts=batch.cuts,
        text_too=plan.text_too,
        custom=plan.custom,
        trace=trace,
        date_order=plan.date_order,
        layout=plan.layout,
        sink=plan.sink,
        lane=plan.lane,
    )


def room_in(plan: Plan) -> Room | None:
    """How much a batch of the plan may contain, so that its message stays under `MESSAGE_MAX_BYTES` for any bytes: text
    and cuts as zstd and base64 make them at worst, the context as it is escaped."""
    if not plan.framing.bounds_messages:
        return None
    empty = Batch(10**6 - 1, 10**6 - 1, 10**15, 10**15, 10**9, 10**9, b"", None, (0,))
    fixed = len(encode_batch(batch_message(plan, empty)).encode()) + _SLACK_BYTES

    @lru_cache(4)
    def of_context(context: str | None) -> int:
        escaped = 0 if context is None else len(orjson.dumps(context))
        return (MESSAGE_MAX_BYTES - fixed - escaped) * 3 // 4 * 256 // 257

    return Room(of_context, _BYTES_PER_CUT)


def encode_batch(message: BatchMessage) -> str:
    fields = _common(message, "batch") | {
        "batch_id": message.batch_id,
        "offset": message.offset,
        "length": message.length,
        "lines": message.lines,
        "entries": message.entries,
        "format": message.format,
        "framing": framing_fields(message.framing),
        "charset": message.charset,
        "last_modified": message.last_modified.isoformat(),
        "shards": message.shards,
        "expires_at": message.expires_at,
        "context": message.context,
        "cuts": None if message.cuts is None else packed(orjson.dumps(message.cuts)),
        "text_too": message.text_too,
        "date_order": message.date_order,
        "layout": None if message.layout is Layout.ITEMS else message.layout.value,
        **({} if message.sink is Sink.NONE else {"sink": message.sink.value}),
        **({} if message.lane == DEFAULT else {"lane": message.lane}),
        "custom": None if message.custom is None else packed_text(message.custom),
        "body_encoding": BODY_ENCODING,
        "body": packed(message.body),
    }
    return _dumped(fields)


def encode_split(message: SplitMessage) -> str:
    fields: dict[str, Any] = {"split": message.split, "start": message.start, "context": message.context}
    if message.again is not Again.NOTHING:
        fields["again"] = message.again.value
    return _dumped(_common(message, "split") | fields)


def _dumped(fields: dict[str, Any]) -> str:
    """JSON without the two characters that SQS refuses though JSON allows them."""
    text = orjson.dumps(fields).decode()
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def is_message(body: str) -> bool:
    """Whether a body claims to be a message of Froe, of any version (otherwise it may be a notification)."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(fields, dict) and "v" in fields


def lane_in(body: str) -> str:
    """The lane of a batch message."""
    message = decode(body)
    return message.lane if isinstance(message, BatchMessage) else DEFAULT


def decode(body: str) -> BatchMessage | SplitMessage:
    """Read a message body; raises PermanentError with the fault."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PermanentError(f"the message is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise PermanentError("the message is JSON, but no object: Froe has not sent it")
    version, kind = fields.get("v"), fields.get("kind")
    if version is None:
        raise PermanentError("the message has no version (`v`): Froe has not sent it")
    if version not in MESSAGE_VERSIONS:
        known = " and ".join((", ".join(map(str, MESSAGE_VERSIONS[:-1])), str(MESSAGE_VERSIONS[-1])))
        raise PermanentError(f"the message has version {version!r}; this Froe reads {known}")
    if kind is None:
        raise PermanentError("the message has no `kind`; known are batch and split")
    if kind not in ("batch", "split"):
        raise PermanentError(f"the message is of the kind {kind!r}; known are batch and split")
    try:
        return _batch(fields) if kind == "batch" else _split(fields)
    except KeyError as error:
        raise PermanentError(f"the {kind} message lacks {error}") from error
    except (TypeError, ValueError, AttributeError, OverflowError, re.error, zstandard.ZstdError) as error:
        raise PermanentError(f"the {kind} message is broken: {error}") from error


def _common(message: BatchMessage | SplitMessage, kind: str) -> dict[str, Any]:
    return {
        "v": message.version,
        "kind": kind,
        "file_id": message.file_id,
        "bucket": message.object.bucket,
        "key": message.object.key,
        "version_id": message.object.version_id,
        "etag": message.object.etag,
        "trace": message.trace,
    }


def _object(fields: dict[str, Any]) -> ObjectVersion:
    version_id = or_none(name_in, fields, "version_id")
    return ObjectVersion(
        name_in(fields, "bucket"), name_in(fields, "key"), version_id, name_in(fields, "etag")
    )


def _split(fields: dict[str, Any]) -> SplitMessage:
    split = number_in(fields, "split")
    if split < 0:
        raise ValueError(f"its split is {split}")
    return SplitMessage(
        object=_object(fields),
        file_id=file_id_in(fields),
        split=split,
        start=or_none(number_in, fields, "start"),
        context=if_any(text_in, fields, "context"),
        trace=if_any(name_in, fields, "trace"),
        again=Again(fields.get("again", Again.NOTHING)),
    )


def _batch(fields: dict[str, Any]) -> BatchMessage:
    if (encoding := fields["body_encoding"]) != BODY_ENCODING:
        raise PermanentError(f"the batch message has body_encoding {encoding!r}; known is {BODY_ENCODING}")
    needed = {_OF_LAYOUT: "layout", _OF_SINK: "sink"}.get(fields["v"])
    if needed and not fields.get(needed):
        raise KeyError(needed)
    body = unpacked(fields["body"])
    cuts = if_any(text_in, fields, "cuts")
    split, number = text_in(fields, "batch_id").split("-")[-2:]
    message = BatchMessage(
        object=_object(fields),
        file_id=file_id_in(fields),
        split=int(split),
        number=int(number),
        offset=number_in(fields, "offset"),
        length=number_in(fields, "length"),
        lines=number_in(fields, "lines"),
        entries=number_in(fields, "entries") if "entries" in fields else 0,
        body=body,
        format=text_in(fields, "format"),
        framing=_framing(fields["framing"]),
        charset=text_in(fields, "charset"),
        last_modified=datetime.fromisoformat(text_in(fields, "last_modified")),
        shards=number_in(fields, "shards"),
        expires_at=if_any(number_in, fields, "expires_at"),
        context=if_any(text_in, fields, "context"),
        cuts=None if cuts is None else tuple(map(int, orjson.loads(unpacked(cuts)))),
        text_too=bool(fields.get("text_too", False)),
        custom=unpacked_text(text_in(fields, "custom")) if fields.get("custom") else None,
        trace=if_any(name_in, fields, "trace"),
        date_order=if_any(name_in, fields, "date_order"),
        layout=layout_named(if_any(name_in, fields, "layout") or Layout.ITEMS),
        sink=sink_named(if_any(name_in, fields, "sink") or Sink.NONE),
        lane=if_any(name_in, fields, "lane") or DEFAULT,
    )
    if fault := _fault(message, fields["batch_id"]):
        raise ValueError(fault)
    return message


_NUMBERS_END: Final = 2**31


def _framing(members: dict[str, Any]) -> Framing:
    framing = framing_of(members)
    if framing.version != FRAMING_VERSION:
        raise ValueError(f"framing {framing.version}; known is {FRAMING_VERSION}")
    for number in (framing.rules, framing.unit_bytes or 0):
        if not 0 <= number < _NUMBERS_END:
            raise ValueError(
                f"framing with rules {quoted(framing.rules)}, unit_bytes {quoted(framing.unit_bytes)}"
            )
    if not all(isinstance(name, str) for name in members.get("path") or ()):
        raise ValueError(f"framing with path {quoted(framing.path)}")
    if framing.kind is Kind.STREAMS and framing.parts is None:
        raise ValueError("framing of streams without parts")
    if (charset := framing.charset) is not None and not (charset_named(charset) and is_by_line(charset)):
        raise ValueError(f"framing with charset {quoted(charset)}")
    for expression in (framing.parts, framing.entry_start, framing.joins, framing.header, framing.traces):
        if expression is not None:
            re.compile(expression)
    return framing


def _fault(message: BatchMessage, said_id: str) -> str | None:
    """How a batch message contradicts itself."""
    body_length, length = len(message.body), message.length
    unterminated = 0 if message.body.endswith(b"\n") else 1
    if message.batch_id != said_id:
        return f"batch_id {said_id!r} is not one of file {message.file_id}"
    if not 0 < body_length <= length or (body_length < length and message.entries > 1):
        return f"its body holds {body_length} of {length} bytes"
    in_a_line = message.cuts is not None or message.framing.has_padding
    if message.offset < 0 or message.lines < (0 if in_a_line else 1):
        return f"offset {message.offset} and lines {message.lines} are none of a text"
    line_ends = message.body.count(b"\n")
    if body_length == length and message.lines not in (
        {line_ends, line_ends + unterminated} if in_a_line else {line_ends + unterminated}
    ):
        return f"its body does not hold {message.lines} lines"
    if message.cuts is not None and sum(map(abs, message.cuts)) != length:
        return f"its cuts are not of {length} bytes"
    if not 1 <= message.shards <= MAX_SHARDS:
        return f"shards {message.shards} are none of a plan"
    if message.layout is Layout.NONE and message.sink is Sink.NONE:
        return "it has no destination: its layout is none, and it names no sink"
    if message.last_modified.tzinfo is None:
        return f"last_modified {message.last_modified} lacks its zone"
    return None
