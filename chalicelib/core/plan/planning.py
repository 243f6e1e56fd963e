"""Makes the plan of a file when it is opened, from the object and the head of its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Final

from chalicelib.core.custom import Custom, made_of
from chalicelib.core.custom.collecting import FORMAT, collection_in
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
from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.day_order import order_in
from chalicelib.core.formats.detection import HEAD_BYTES, Detection, detect
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.streams import seen_through
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.framing.json.around import begin_lines, is_event_stream, is_json_sequence
from chalicelib.core.framing.json.collections import HEAD_BYTES as SHAPE_BYTES
from chalicelib.core.framing.json.collections import Collection, collection_by_shape, is_uniform
from chalicelib.core.framing.json.shapes import Elements, Parse
from chalicelib.core.framing.json.strings import text_of_string
from chalicelib.core.framing.openings import EVENT_DATA, RECORD_SEPARATOR
from chalicelib.core.framing.padding import NUL, behind_padding, without_padding
from chalicelib.core.plan import Archive, Member, ObjectHead, ObjectVersion, Plan, failed_plan, shard_count
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records import Record, Reject

_OF_ANY_JSON: Final = ("json", "json_values", "json_rows")
_OF_ROWS: Final = "json_rows"
_NO_LINES: Final = (Kind.STREAMS, Kind.SIZED_FIELDS)
_UNEXPLAINED: Final = Reject("plain-text")
_RAW_HEAD_BYTES: Final = 256 * 1024
_INNER_MAX: Final = 2
"""How many compressions may hold one another beside the outermost."""
DEPTH_MAX: Final = 3
"""How many archives may hold one another."""
_CONTROL_BYTES: Final = bytes(set(range(1, 32)) - set(b"\b\t\n\v\f\r\x1b")) + b"\x7f"
_CONTROL_SHARE: Final = 0.05
_CHARACTER_MAX_BYTES: Final = 4
_PADDING_LOOK_BYTES: Final = 64 * 1024 * 1024
"""How much padding is read through to find what is behind it; behind more, places twice as far are tried."""

_LINE_LOOK_BYTES: Final = 4 * 1024 * 1024
"""How far the end of a first line is looked for that is longer than an entry may be."""
_RATIO_ENOUGH: Final = 10
"""More is taken for no more."""


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

    seconds: what a function has that cuts it; None: as long as it takes. layout: unless a prefix of the key is bound
    to another. sink: where records go beside the table.

    format_name and charset override what the head says; so does, where the head has no text of UTF-8, another character set
    in the object's Content-Type; so does a prefix of the key that the configuration binds to them. A byte order mark
    overrides every other character set.
    Raises what `open_object` raises.
    """
    raw = _take(open_object(0), _RAW_HEAD_BYTES + 1)
    whole_object = len(raw) <= _RAW_HEAD_BYTES
    raw = raw[:_RAW_HEAD_BYTES]
    compression, inner = _compressions(raw, head.version)
    config = config or Config()
    as_it_is = _take(Text(lambda _: iter([raw]), compression, UTF_8, inner=inner), HEAD_BYTES)
    begins = as_it_is[:CHARSET_BYTES]
    charset = _charset_of(as_it_is, charset, head.content_type, config.charset_bound_to(head.version.key))
    text = Text(lambda _: iter([raw]), compression, charset, inner=inner)
    sample = _take(behind_padding(_up_to(text, _PADDING_LOOK_BYTES)), HEAD_BYTES + 1)
    complete = whole_object and len(sample) <= HEAD_BYTES
    damage = None if text.damage and text.damage.reason == "truncated" and not whole_object else text.damage
    if not sample and begins and not whole_object:
        sample = _far_sample(Text(open_object, compression, charset, inner=inner), open_object, head.size)
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
            archive is None
            and member is None
            and not inner
            and charset == UTF_8
            and has_places(raw, compression, holds_text=not config.rules.redactions)
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
            sink=sink,
            archive=archive,
        )
    custom = made_of(config.rules, config.key)
    format_name = format_name or config.format_bound_to(head.version.key)
    if format_name:
        detection = Detection(
            _bound(custom.named(format_name), sample, head.last_modified, complete=complete), 1.0
        )
    else:
        detection = _detected(sample, head.last_modified, complete=complete, custom=custom)
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
    wide = _Wide(
        raw, lambda opened: Text(opened, compression, charset, inner=inner), open_object, whole=whole_object
    )
    elements: bytes | None
    if collection := collection_in(sample, config.collections_of(head.version.key)):
        framing, elements = collection
        if not format_name:
            detection = _of_elements(elements, head.last_modified, custom)
    elif detection.format.name in (*_OF_ANY_JSON, *custom.names_of_json) or (
        detection.format.name == "text" and not format_name
    ):
        by_shape = collection_by_shape(
            wide.head, _any_value(head.last_modified, custom), complete=wide.is_all, behind=wide.behind_line
        )
        if by_shape is not None:
            framing = by_shape.framing
            if not format_name:
                detection = _of_shape(by_shape, head.last_modified, custom)
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
    """Which archive begins so; a tar by the sum of its first header, a zip, whose directory is at its end, by that of its
    first member."""
    if is_tar(begins):
        return Archive.TAR
    return Archive.ZIP if is_zip(begins) else None


def _too_deep(member: Member | None) -> str | None:
    return too_deep(DEPTH_MAX) if member and member.depth >= DEPTH_MAX else None


def _detected(sample: bytes, last_modified: datetime, *, complete: bool, custom: Custom) -> Detection:
    """The format of a text; of a JSON text sequence (RFC 7464) and of events (`journalctl -o json-sse`) that of their
    values."""
    if is_json_sequence(sample):
        sample = (
            sample.replace(b"\n" + RECORD_SEPARATOR, b"\n").replace(RECORD_SEPARATOR, b"\n").lstrip(b"\n")
        )
    elif is_event_stream(sample):
        sample = sample.removeprefix(EVENT_DATA).replace(b"\n" + EVENT_DATA, b"\n")
    return detect(sample, last_modified, complete=complete, own=custom.formats)


def _charset_of(begins: bytes, given: str | None, content_type: str, bound: str | None) -> str:
    """begins: the head of the text as it is. What is behind padding decides, at the place of its characters. A byte
    order mark is surer than what anybody says of the text. An upload knows better than its prefix does, unless it says what
    clients say of any text. given: by the caller, for this text; bound: to the prefix."""
    padding = len(begins) - len(begins.lstrip(NUL))
    aligned = padding - padding % _CHARACTER_MAX_BYTES
    head = begins[aligned : aligned + CHARSET_BYTES]
    if (sure := marked_charset(head) or given) is not None:
        return sure
    charset = charset_of(head)
    of_upload = charset_in(content_type) if charset == UTF_8 and not is_utf_8(begins) else None
    return of_upload if of_upload and of_upload != UTF_8 else bound or charset


def _in_own_bytes(framing: Framing, charset: str) -> Framing:
    """The framing of a text whose offsets are those of the object's bytes, where it can be cut as it is."""
    return replace(framing, charset=charset) if framing.is_of_lines and is_by_line(charset) else framing


def _bound(known: tuple[Format, ...], sample: bytes, last_modified: datetime, *, complete: bool) -> Format:
    """Which of the formats of a name, told apart by how the text is framed; the first where the head shows none."""
    if len(known) == 1:
        return known[0]
    bound = detect(sample, last_modified, complete=complete, own=known).format
    return bound if bound in known else known[0]


def _any_value(last_modified: datetime, custom: Custom) -> Parse:
    """What a value of JSON says: an object, a row, or a string whose text is a line."""
    context = ParseContext(last_modified)
    of_object, of_row = (by_name(name).make_parser(context) for name in ("json", _OF_ROWS))
    explain = Explainer(last_modified, custom.formats)

    def parse(text: str) -> Record | Reject:
        if not text.startswith('"'):
            return of_row(text) if text.startswith("[") else of_object(text)
        explained = explain(text_of_string(text) or "")
        return explained[1] if explained else _UNEXPLAINED

    return parse


def _of_shape(collection: Collection, last_modified: datetime, custom: Custom) -> Detection:
    """The format of a collection that was found by its shape."""
    if collection.kind is Elements.ROWS:
        return Detection(by_name(_OF_ROWS), 1.0)
    if collection.kind is Elements.STRINGS:
        detected = detect(collection.lines, last_modified, complete=True, own=custom.formats)
        framing = detected.format.framing
        return (
            Detection(by_name("text"), 1.0) if framing.has_header or framing.kind in _NO_LINES else detected
        )
    return _of_elements(collection.lines, last_modified, custom)


def _of_elements(elements: bytes, last_modified: datetime, custom: Custom) -> Detection:
    """The format of a collection's elements, which are values of JSON; one by one they have no lines."""
    detected = detect(elements, last_modified, complete=True, own=custom.formats)
    plain = ("text", "json")
    known = detected.format.name not in plain and not detected.format.framing.has_header
    return replace(detected, text_too=False) if known else Detection(custom.by_name(FORMAT), 1.0)


def _ratio(raw: bytes, compression: Compression, inner: tuple[Compression, ...]) -> float:
    """How many bytes of text a byte of the object is, by its head."""
    text_bytes = 0
    for block in Text(lambda _: iter([raw]), compression, UTF_8, inner=inner):
        text_bytes += len(block)
        if text_bytes > _RATIO_ENOUGH * len(raw):
            break
    return text_bytes / len(raw)


class _Wide:
    """More of a text than its format is told from. It is read when it is asked for.

    raw: how the object begins; whole: whether that is all of it."""

    def __init__(
        self, raw: bytes, text: Callable[[OpenObject], Text], open_object: OpenObject, *, whole: bool
    ) -> None:
        self._raw, self._text, self._open_object, self._whole = raw, text, open_object, whole

    @cached_property
    def _taken(self) -> bytes:
        return _take(self._blocks(lambda _: iter([self._raw])), SHAPE_BYTES + 1)

    @property
    def head(self) -> bytes:
        return self._taken[:SHAPE_BYTES]

    @property
    def is_all(self) -> bool:
        return self._whole and len(self._taken) <= SHAPE_BYTES

    def behind_line(self) -> bytes:
        """What is behind the first line, as much as tells a format; empty where the line does not end soon."""
        behind = b""
        for block in _up_to(self._blocks(self._open_object), _LINE_LOOK_BYTES):
            behind += block
            if b"\n" in behind and len(behind) - behind.index(b"\n") > HEAD_BYTES:
                break
        return behind.partition(b"\n")[2][:HEAD_BYTES]

    def fitted(self, framing: Framing) -> Framing:
        """The framing, which knows of arrays whether the objects that hold them begin a line each, and whether their
        entries are objects that hold none."""
        if framing.kind is not Kind.JSON:
            return framing
        has_way = bool(framing.member or framing.path)
        return replace(
            framing,
            by_line=has_way and begin_lines(self.head, complete=self.is_all),
            uniform=is_uniform(self.head, framing),
        )

    def _blocks(self, open_object: OpenObject) -> Iterator[bytes]:
        return behind_padding(_up_to(self._text(open_object), _PADDING_LOOK_BYTES))


def _up_to(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        yield block
        size -= len(block)
        if size <= 0:
            return


def _far_sample(text: Text, open_object: OpenObject, size: int) -> bytes:
    """What is behind padding that is longer than the head; where it does not end soon, what lies further on."""
    sample = _take(behind_padding(_up_to(text, _PADDING_LOOK_BYTES)), HEAD_BYTES + 1)
    places = [_PADDING_LOOK_BYTES << power for power in range(40)]
    for place in [place for place in places if place < size - HEAD_BYTES] + [max(0, size - HEAD_BYTES)]:
        if sample or not text.seekable:
            break
        sample = _take(open_object(place), HEAD_BYTES + 1).strip(NUL).partition(b"\n")[2]
    return sample


def _compressions(raw: bytes, version: ObjectVersion) -> tuple[Compression, tuple[Compression, ...]]:
    packed = version.member.packed if version.member else Compression.NONE
    outermost = compression_of(raw, version.key) if packed is Compression.NONE else packed
    inner: tuple[Compression, ...] = ()
    while outermost is not Compression.NONE and len(inner) < _INNER_MAX:
        further = compression_of(
            _take(Text(lambda _: iter([raw]), outermost, UTF_8, inner=inner), LOOK_BYTES)
        )
        if further is Compression.NONE:
            break
        inner += (further,)
    return outermost, inner


def _take(blocks: Iterable[bytes], size: int) -> bytes:
    taken = b""
    for block in blocks:
        taken += block
        if len(taken) >= size:
            break
    return taken[:size]


def _failure(begins: bytes, sample: bytes, damage: Damage | None, charset: str) -> str | None:
    """begins: how the text begins, before it is recoded."""
    if damage and not sample:
        return f"nothing can be read: {damage.detail} at byte {damage.object_offset:,}"
    if known := binary_in(begins):
        return known
    if charset == UTF_8 and is_ebcdic(begins[:CHARSET_BYTES]):
        return ebcdic()
    control = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return unknown_binary() if control > _CONTROL_SHARE * (len(sample) - sample.count(0)) else None
