"""Reads message bodies. A body that cannot be read, of an unknown version or kind, or at odds with itself is a PermanentError."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import orjson
import zstandard

from chalicelib.core.decoding.charsets import charset_named, is_by_line
from chalicelib.core.errors import PermanentError
from chalicelib.core.framing import FRAMING_VERSION, Framing, Kind, framing_of
from chalicelib.core.plan import MAX_SHARDS, ObjectVersion
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.plan.layouts import Layout, Sink, layout_named, sink_named
from chalicelib.core.wire.fields import file_id_in, if_any, name_in, number_in, or_none, quoted, text_in
from chalicelib.core.wire.messages import (
    BODY_ENCODING,
    LAYOUT_VERSION,
    MESSAGE_VERSIONS,
    SINK_VERSION,
    Again,
    BatchMessage,
    SplitMessage,
)
from chalicelib.core.wire.packing import unpacked, unpacked_text


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
    needed = {LAYOUT_VERSION: "layout", SINK_VERSION: "sink"}.get(fields["v"])
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
