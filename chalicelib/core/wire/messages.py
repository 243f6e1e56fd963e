"""Batches and splits as message bodies; `bodies` reads them.

Bodies are JSON; the text of a batch travels as zstd + base64, which is legal in SQS whatever bytes
it holds (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import orjson

from chalicelib.core.framing import Framing, framing_fields
from chalicelib.core.framing.cutting import Batch, Room
from chalicelib.core.ledger.marks import digest_of
from chalicelib.core.plan import ObjectVersion, Plan
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.wire.packing import packed, packed_text

MESSAGE_VERSIONS: Final = (1, 2, 3, 4, 5, 6)
"""Versions that are read. A message is sent in the lowest that can express it, so that functions may be replaced one by
one, and rolled back: 2 for a batch with more than `Framing.is_of_first_version`, text beside its format, cuts or a
configuration; 3 for more than `Framing.is_of_second_version`, or an order of dates; 4 for a layout other than items; 5
for a sink; 6 for text in the bytes of a character set (in plans, other compressions too)."""
LAYOUT_VERSION: Final = 4
SINK_VERSION: Final = 5
CHARSET_VERSION: Final = 6
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
            return CHARSET_VERSION
        if self.sink is not Sink.NONE:
            return SINK_VERSION
        if self.layout is not Layout.ITEMS:
            return LAYOUT_VERSION
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
