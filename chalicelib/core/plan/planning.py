"""Makes the plan of a file when it is opened, from the object and the head of its text."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib.core.custom import made_of
from chalicelib.core.custom.named_collections import collection_in
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.binaries import (
    binary_in,
    ebcdic,
    is_ebcdic,
    is_tar,
    is_zip,
    too_deep,
    unknown_binary,
)
from chalicelib.core.decoding.charsets import charset_in, is_by_line, is_utf_8
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import LOOK_BYTES, Damage, compression_of
from chalicelib.core.decoding.endless import endless, has_places
from chalicelib.core.decoding.guessing import guessed_charset
from chalicelib.core.decoding.text import (
    CHARSET_BYTES,
    UTF_8,
    OpenObject,
    Text,
    charset_of,
    marked_charset,
)
from chalicelib.core.formats.day_order import order_in
from chalicelib.core.formats.detection import HEAD_BYTES, Detection, detect
from chalicelib.core.formats.streams import seen_through
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.framing.json.around import is_json_sequence
from chalicelib.core.framing.json.collections import collection_by_shape
from chalicelib.core.framing.padding import NUL, without_padding
from chalicelib.core.plan import Archive, Member, ObjectHead, ObjectVersion, Plan, failed_plan, shard_count
from chalicelib.core.plan.choosing import detected, named, of_elements, of_shape, parser_of_values
from chalicelib.core.plan.heads import WideHead, far_sample, start_of, take
from chalicelib.core.plan.layouts import Layout, Sink

_OF_ANY_JSON: Final = ("json", "json_values", "json_rows")
_RAW_HEAD_BYTES: Final = 256 * 1024
_INNER_MAX: Final = 2
"""How many compressions there may be within the outermost one."""
DEPTH_MAX: Final = 3
"""How many archives may be nested."""
_CONTROL_BYTES: Final = bytes(set(range(1, 32)) - set(b"\b\t\n\v\f\r\x1b")) + b"\x7f"
_CONTROL_SHARE: Final = 0.05
_CHARACTER_MAX_BYTES: Final = 4

_RATIO_ENOUGH: Final = 10
"""Greater ratios are taken as this one."""


def make_plan(
    head: ObjectHead,
    open_object: OpenObject,
    limits: Limits,
    *,
    retention_days: int = 0,
    format_name: str | None = None,
    charset: str | None = None,
    config: Config | None = None,
    seconds: int | None = None,
    layout: Layout = Layout.ITEMS,
    sink: Sink = Sink.NONE,
) -> Plan:
    """Open a file: look at the head of its text and decide.

    seconds: the time of a function that cuts it; None: unlimited. layout: unless a prefix of the key is bound to
    another. sink: where records go beside the table.

    format_name and charset override the head. Without them, a prefix of the key that the configuration binds decides;
    and the object's Content-Type, if it names a character set and the head is not UTF-8. A byte order mark overrides
    every other character set. Raises what `open_object` raises.
    """
    raw = take(open_object(0), _RAW_HEAD_BYTES + 1)
    whole_object = len(raw) <= _RAW_HEAD_BYTES
    raw = raw[:_RAW_HEAD_BYTES]
    compression, inner = _compressions(raw, head.version)
    config = config or Config()
    as_it_is = take(Text(lambda _: iter([raw]), compression, UTF_8, inner=inner), HEAD_BYTES)
    begins = as_it_is[:CHARSET_BYTES]
    charset = _charset_of(as_it_is, charset, head.content_type, config.charset_bound_to(head.version.key))
    text = Text(lambda _: iter([raw]), compression, charset, inner=inner)
    sample = start_of(text)
    complete = whole_object and len(sample) <= HEAD_BYTES
    damage = None if text.damage and text.damage.reason == "truncated" and not whole_object else text.damage
    if not sample and begins and not whole_object:
        sample = far_sample(Text(open_object, compression, charset, inner=inner), open_object, head.size)
    sample = without_padding(sample[:HEAD_BYTES])
    member = head.version.member
    is_plain = compression is Compression.NONE and (member is None or member.seekable)
    archive = archive_in(as_it_is)
    failure = _failure(as_it_is, sample, damage, charset) if archive is None else _too_deep(member)
    failure = failure or endless(
        head.size,
        (compression, *inner),
        seconds,
        lambda: _ratio(raw, compression, inner),
        lambda: (
            archive is not Archive.ZIP
            and member is None
            and not inner
            and charset == UTF_8
            and has_places(open_object, compression, holds_text=not config.rules.redactions)
        ),
    )
    if failure:
        return failed_plan(
            head,
            failure,
            compression=compression,
            charset=charset,
            inner=inner,
            retention_days=retention_days,
        )
    if archive or (member and not member.claimed):
        return Plan(
            head,
            archive.value if archive else "text",
            1.0,
            compression=compression,
            inner=inner,
            limits=limits,
            parallel=archive is None,
            retention_days=retention_days,
            layout=config.layout_bound_to(head.version.key) or layout,
            custom=config.text,
            sink=sink,
            archive=archive,
        )
    custom = made_of(config.rules, config.key)
    format_name = format_name or config.format_bound_to(head.version.key)
    if format_name:
        detection = Detection(
            named(custom.named(format_name), sample, head.last_modified, complete=complete), 1.0
        )
    else:
        detection = detected(sample, head.last_modified, complete=complete, custom=custom)
    framing = detection.format.framing
    if is_json_sequence(sample) and framing.kind is Kind.LINES and detection.format.name != "text":
        framing = Framing(kind=Kind.JSON)
    if framing.kind is Kind.STREAMS:
        framing = seen_through(
            framing,
            sample,
            lambda inside: detect(inside, head.last_modified, complete=True, own=custom.formats).format,
            limits.entry_max_bytes,
        )
    wide = WideHead(
        raw, lambda opened: Text(opened, compression, charset, inner=inner), open_object, whole=whole_object
    )
    elements: bytes | None
    if collection := collection_in(sample, config.collections_of(head.version.key)):
        framing, elements = collection
        if not format_name:
            detection = of_elements(elements, head.last_modified, custom)
    elif detection.format.name in (*_OF_ANY_JSON, *custom.names_of_json) or (
        detection.format.name == "text" and not format_name
    ):
        by_shape = collection_by_shape(
            wide.head,
            parser_of_values(head.last_modified, custom),
            complete=wide.is_all,
            behind=wide.behind_line,
        )
        if by_shape is not None:
            framing = by_shape.framing
            if not format_name:
                detection = of_shape(by_shape, head.last_modified, custom)
    framing = _in_own_bytes(wide.fitted(framing), charset)
    is_seekable = text.seekable or (compression is Compression.NONE and framing.charset is not None)
    chosen = detection.format
    return Plan(
        head=head,
        format=chosen.name,
        format_score=round(detection.score, 3),
        compression=compression,
        charset=charset,
        framing=framing,
        limits=limits,
        shards=shard_count(head.size, compression),
        parallel=is_seekable and framing.self_synchronising and is_plain,
        retention_days=retention_days,
        runner_up=detection.runner_up,
        runner_up_score=round(detection.runner_up_score, 3),
        text_too=detection.text_too,
        inner=inner,
        custom=config.text,
        date_order=order_in(sample.decode(errors="replace"), head.last_modified),
        layout=config.layout_bound_to(head.version.key) or layout,
        sink=sink,
        charset_guess=guessed_charset(sample) if charset == UTF_8 else None,
    )


def archive_in(begins: bytes) -> Archive | None:
    """The kind of archive with that beginning: a tar, by the checksum of its first header, or a zip, by its first
    member, since its directory is at the end."""
    if is_tar(begins):
        return Archive.TAR
    return Archive.ZIP if is_zip(begins) else None


def _too_deep(member: Member | None) -> str | None:
    return too_deep(DEPTH_MAX) if member and member.depth >= DEPTH_MAX else None


def _charset_of(begins: bytes, given: str | None, content_type: str, bound: str | None) -> str:
    """begins: the head of the text as it is. The characters behind padding decide, at their own alignment. A byte order
    mark precedes everything. The Content-Type of an upload precedes the prefix, unless it is one that clients give any
    text. given: by the caller, for this text; bound: to the prefix."""
    padding = len(begins) - len(begins.lstrip(NUL))
    aligned = padding - padding % _CHARACTER_MAX_BYTES
    head = begins[aligned : aligned + CHARSET_BYTES]
    if (sure := marked_charset(head) or given) is not None:
        return sure
    charset = charset_of(head)
    of_upload = charset_in(content_type) if charset == UTF_8 and not is_utf_8(begins) else None
    return of_upload if of_upload and of_upload != UTF_8 else bound or charset


def _in_own_bytes(framing: Framing, charset: str) -> Framing:
    """The framing for a text that is cut in the object's own bytes, if its character set allows that."""
    return replace(framing, charset=charset) if framing.is_of_lines and is_by_line(charset) else framing


def _ratio(raw: bytes, compression: Compression, inner: tuple[Compression, ...]) -> float:
    """Bytes of text per byte of the object, judging by its head."""
    text_bytes = 0
    for block in Text(lambda _: iter([raw]), compression, UTF_8, inner=inner):
        text_bytes += len(block)
        if text_bytes > _RATIO_ENOUGH * len(raw):
            break
    return text_bytes / len(raw)


def _compressions(raw: bytes, version: ObjectVersion) -> tuple[Compression, tuple[Compression, ...]]:
    packed = version.member.packed if version.member else Compression.NONE
    outermost = compression_of(raw, version.key) if packed is Compression.NONE else packed
    inner: tuple[Compression, ...] = ()
    while outermost is not Compression.NONE and len(inner) < _INNER_MAX:
        further = compression_of(take(Text(lambda _: iter([raw]), outermost, UTF_8, inner=inner), LOOK_BYTES))
        if further is Compression.NONE:
            break
        inner += (further,)
    return outermost, inner


def _failure(begins: bytes, sample: bytes, damage: Damage | None, charset: str) -> str | None:
    """begins: the beginning of the text, before it is recoded."""
    if damage and not sample:
        return f"nothing can be read: {damage.detail} at byte {damage.object_offset:,}"
    if known := binary_in(begins):
        return known
    if charset == UTF_8 and is_ebcdic(begins[:CHARSET_BYTES]):
        return ebcdic()
    control = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return unknown_binary() if control > _CONTROL_SHARE * (len(sample) - sample.count(0)) else None
