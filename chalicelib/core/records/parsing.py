"""From the entries of a batch to records, rejects and skipped bytes, with every byte counted.

The result for an entry depends on the entry, its format, the header lines before it and the plan,
never on settings or on the time of day. An entry that the format of its file does not explain is tried
on its own: it may be a line of another log, concatenated or mixed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property, partial
from typing import Final, TypeAlias

from chalicelib.core.custom import NOTHING, Custom, custom_of
from chalicelib.core.decoding.charsets import changed_in_utf_8
from chalicelib.core.decoding.text import BYTE_ORDER_MARK, UTF_8
from chalicelib.core.errors import FroeError, PermanentError
from chalicelib.core.formats import Format, Parse, ParseContext
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.registry import UnknownFormatError, by_name
from chalicelib.core.framing import Entry, Framing, Kind
from chalicelib.core.framing.colours import without_colours
from chalicelib.core.framing.entries import entries_of
from chalicelib.core.framing.headers import Headers
from chalicelib.core.framing.json.around import content_around, is_empty_envelope
from chalicelib.core.framing.json.strings import text_of_string
from chalicelib.core.framing.openings import SEPARATORS
from chalicelib.core.framing.padding import NUL, is_padding
from chalicelib.core.framing.sized_fields import in_lines
from chalicelib.core.records import Outcome, Record, Reject, Skip
from chalicelib.core.records.storable import ItemEncoder, TooLargeError, is_stored_as_it_is, without_halves
from chalicelib.core.records.surroundings import Surroundings
from chalicelib.core.records.unexplained import PLAIN_TEXT, Unexplained
from chalicelib.core.wire.messages import BatchMessage

_Result: TypeAlias = "tuple[Record | Reject | Skip, bool, str | None]"

Report: TypeAlias = "Callable[[int, Exception], object]"
"""Called with the text offset of an entry and the error that made it a reject."""

INTERNAL_ERROR: Final = Reject("internal-error")
TOO_LARGE: Final = Reject("too-large")
_AROUND: Final = Reject("around-array")
_BETWEEN: Final = Skip("between-elements")
_PADDING: Final = SEPARATORS + NUL
"""Padding between the elements of a collection consists of these."""
_STRUCTURE_MAX: Final = 256
_STRUCTURE_MAX_BYTES: Final = 1024
"""How many gaps that were structure are remembered, and their greatest length: writers repeat them."""
_SHORT_BYTES: Final = 16
_SHORT_MAX: Final = 4096
"""Up to which length, and how many, results of entries are remembered: dumps and tables repeat short ones."""
_MARK: Final = "\ufeff"
"""Stands before the text of each file that was appended with its own mark."""
_SHOWN_OTHERWISE: Final = ('"', _MARK)
_FATAL: Final = (FroeError, MemoryError)
"""Errors that concern the batch, not an entry."""


def unreported(_offset: int, _error: Exception) -> None:
    """The default: only the reason of the reject records the error."""


def outcomes_of(
    batch: BatchMessage, redaction_key: str = "", report: Report = unreported
) -> Iterator[Outcome]:
    """The outcomes of all bytes of a batch, in order, without gap or overlap, as they are stored.

    Parameters and errors are those of `stored_of`.
    """
    reader, entries, encode = _read(batch, redaction_key, report)
    for outcome in reader.outcomes(entries):
        yield outcome if is_stored_as_it_is(outcome) else reader.encoded(outcome, encode)[0]


def stored_of(
    batch: BatchMessage, redaction_key: str = "", report: Report = unreported
) -> Iterator[tuple[Outcome, bytes]]:
    """The outcomes of all bytes of a batch, in order, without gap or overlap, each with its item (typed JSON; empty for
    skipped bytes).

    report: called with the error of an entry on which parsing, a filter, redaction or encoding failed; the entry is a
    reject `internal-error`. Raises PermanentError for a format or a framing that this Froe does not know,
    RedactionKeyError if redaction_key is not the key with which the file was opened.
    """
    reader, entries, encode = _read(batch, redaction_key, report)
    for outcome in reader.outcomes(entries):
        yield (outcome, b"") if isinstance(outcome.result, Skip) else reader.encoded(outcome, encode)


def _read(
    batch: BatchMessage, redaction_key: str, report: Report
) -> tuple[Reader, Iterator[Entry], ItemEncoder]:
    custom = custom_of(batch.custom, redaction_key)
    try:
        known = custom.by_name(batch.format)
    except UnknownFormatError as error:
        raise PermanentError(f"{batch.batch_id}: {error}") from error
    reader = Reader(
        known,
        batch.framing,
        batch.context,
        batch.last_modified,
        text_too=batch.text_too,
        custom=custom,
        report=report,
        date_order=batch.date_order,
    )
    encode = ItemEncoder(
        file_id=batch.file_id,
        batch_id=batch.batch_id,
        format_name=batch.format,
        shards=batch.shards,
        expires_at=batch.expires_at,
    )
    entries = entries_of(batch.body, batch.framing, batch.offset, batch.length, batch.lines, batch.cuts)
    return reader, entries, encode


class Reader:
    """Makes outcomes of consecutive entries of one format.

    context: the header lines in force at the first. text_too: whether an entry that no format explains is plain text
    rather than a reject (`Unexplained`). custom: the user's configuration. report: called with the error of an entry on
    which something failed. date_order: as the plan has it.
    """

    def __init__(
        self,
        known: Format,
        framing: Framing,
        context: str | None,
        last_modified: datetime,
        *,
        text_too: bool,
        custom: Custom = NOTHING,
        report: Report = unreported,
        date_order: str | None = None,
    ) -> None:
        self._date_order = date_order
        self._custom = custom
        self._report = report
        self._known = known
        self._headers = Headers(framing, context) if framing.has_header else None
        self._framing = framing
        self._charset = framing.charset
        self._has_padding = framing.has_padding
        self._has_sized_fields = framing.kind is Kind.SIZED_FIELDS
        self._last_modified = last_modified
        self._explain = Explainer(last_modified, custom.formats, date_order)
        self._unexplained = Unexplained(known, framing, self._explain, text_too=text_too)
        self._short: dict[bytes, _Result] = {}
        self._structure: set[bytes] = set()
        self._surroundings = Surroundings(framing, context, self._parser)
        self._parse = self._surroundings.parse

    def _parser(self, header: str | None) -> Parse:
        if self._known.name == PLAIN_TEXT:
            return _no_format
        context = ParseContext(
            self._last_modified, header or "", self._explain, decided=True, date_order=self._date_order
        )
        try:
            return self._known.make_parser(context)
        except _FATAL:
            raise
        except Exception as error:  # noqa: BLE001 - a header that a format cannot read costs its entries
            return partial(_failing, error)

    def outcomes(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        if self._surroundings.looks_ahead:
            entries = list(entries)
            self._surroundings.look_ahead(entries)
            self._update_parser(changed=True)
        outcomes = self._outcomes(entries)
        return map(self._applied, outcomes) if self._custom.changes_outcomes else outcomes

    def encoded(self, outcome: Outcome, encode: ItemEncoder) -> tuple[Outcome, bytes]:
        """The outcome as it is stored, and its item."""
        try:
            return encode(outcome)
        except _FATAL:
            raise
        except TooLargeError:
            return encode(self._rejected(outcome, TOO_LARGE))
        except Exception as error:  # noqa: BLE001 - one entry is one reject
            return encode(self._failed(outcome, error))

    def _applied(self, outcome: Outcome) -> Outcome:
        try:
            return self._in_utf_8(outcome, lambda parsed: self._custom.applied(parsed, self._known.name))
        except _FATAL:
            raise
        except Exception as error:  # noqa: BLE001 - one entry is one reject
            return self._failed(outcome, error)

    def _in_utf_8(self, outcome: Outcome, change: Callable[[Outcome], Outcome]) -> Outcome:
        return change(outcome) if self._charset is None else changed_in_utf_8(outcome, self._charset, change)

    def _failed(self, outcome: Outcome, error: Exception) -> Outcome:
        self._report(outcome.offset, error)
        return self._rejected(outcome, INTERNAL_ERROR)

    def _rejected(self, outcome: Outcome, reject: Reject) -> Outcome:
        """The outcome as a reject with its raw bytes, redacted. If redaction fails too, none of them are stored."""
        rejected = outcome._replace(result=reject, replaced=False)
        if not self._custom.changes_outcomes:
            return rejected
        try:
            return self._in_utf_8(rejected, lambda parsed: self._custom.redacted(parsed, self._known.name))
        except _FATAL:
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be redacted is not stored
            self._report(outcome.offset, error)
            return rejected._replace(raw=b"")

    def _outcomes(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        usual, by_line = self._headers is None, self._framing.by_line
        new = tuple.__new__
        cut_off = b""
        for offset, length, lines, raw, gap, text in entries:
            if cut_off:
                self._update_parser(changed=self._surroundings.leave_line(cut_off))
            cut_off = raw if by_line and not gap else b""
            if text is not None:
                yield new(Outcome, (offset, length, lines, raw, *self._parsed(text, offset)))
            elif gap and raw == b",":
                yield new(Outcome, (offset, length, lines, raw, _BETWEEN, False, None))
            elif usual and offset and not gap and raw[-2:-1] > b" " and len(raw) == length:
                parsed = self._parsed if length <= _SHORT_BYTES else self._parsed_anew
                yield new(Outcome, (offset, length, lines, raw, *parsed(raw, offset)))
            elif self._has_padding and (not raw.strip(_PADDING) and NUL in raw if gap else is_padding(raw)):
                yield Outcome(offset, length, lines, raw, Skip("padding"), replaced=False)
            elif len(raw) < length:
                blank = gap and not raw.strip(_PADDING)
                too_long = _BETWEEN if blank else Reject("too-long")
                yield Outcome(offset, length, lines, raw, too_long, replaced=False)
            elif offset == 0 and raw.startswith(BYTE_ORDER_MARK):
                mark_bytes = len(BYTE_ORDER_MARK)
                rest = raw[mark_bytes:]
                mark_lines = 0 if rest else lines
                skip = Skip("byte-order-mark", entries=0 if rest else 1)
                yield Outcome(0, mark_bytes, mark_lines, raw[:mark_bytes], skip, replaced=False)
                if rest:
                    yield from self._entry(mark_bytes, length - mark_bytes, lines, rest, gap=gap)
            else:
                yield from self._entry(offset, length, lines, raw, gap=gap)

    def _entry(self, offset: int, length: int, lines: int, raw: bytes, *, gap: bool) -> Iterator[Outcome]:
        if gap:
            self._update_parser(changed=self._surroundings.pass_gap(raw))
            yield self._around(Outcome(offset, length, lines, raw, _BETWEEN, replaced=False))
            return
        if self._headers is not None and self._headers.take(raw):
            self._parse = self._parser(self._headers.in_force)
            self._short.clear()
            yield Outcome(offset, length, lines, raw, Skip("header"), replaced=False)
            return
        blank_from = _blank_lines_from(raw)
        if blank_from == length:
            result, replaced, name = self._parsed(raw, offset)
            yield Outcome(offset, length, lines, raw, result, replaced, name)
        elif not blank_from:
            yield Outcome(offset, length, lines, raw, Skip("blank"), replaced=False)
        else:
            text = raw[:blank_from]
            text_lines = text.count(b"\n")
            result, replaced, name = self._parsed(text, offset)
            yield Outcome(offset, blank_from, text_lines, text, result, replaced, name)
            offset, length, lines = offset + blank_from, length - blank_from, lines - text_lines
            yield Outcome(offset, length, lines, raw[blank_from:], Skip("blank", entries=0), replaced=False)

    def _around(self, gap: Outcome) -> Outcome:
        """A gap that is more than structure is an entry: a record, or a reject with its bytes."""
        if gap.raw == b"," or self._framing.kind is not Kind.JSON or gap.raw in self._structure:
            return gap
        try:
            around = content_around(gap.raw, self._any_json)
            if around is None:
                if len(self._structure) < _STRUCTURE_MAX and len(gap.raw) < _STRUCTURE_MAX_BYTES:
                    self._structure.add(gap.raw)
                return gap
            name, result = self._explain(around) or ("json", self._any_json(around))
        except _FATAL:
            raise
        except Exception as error:  # noqa: BLE001 - one entry is one reject
            return self._failed(gap, error)
        if isinstance(result, Reject):
            return gap._replace(result=_AROUND)
        return gap._replace(result=result, format=name)

    @cached_property
    def _any_json(self) -> Parse:
        return by_name("json").make_parser(ParseContext(self._last_modified))

    def _update_parser(self, *, changed: bool) -> None:
        if changed:
            self._parse = self._surroundings.parse
            self._short.clear()

    def _parsed(self, raw: bytes, offset: int) -> _Result:
        """As `_parsed_anew`; results of short entries are remembered."""
        if len(raw) > _SHORT_BYTES:
            return self._parsed_anew(raw, offset)
        known = self._short.get(raw)
        if known is None:
            known = self._parsed_anew(raw, offset)
            if known[0] is not INTERNAL_ERROR:
                if len(self._short) >= _SHORT_MAX:
                    self._short.clear()
                self._short[raw] = known
        return known

    def _parsed_anew(self, raw: bytes, offset: int) -> _Result:
        """The result of an entry, whether bytes of it were replaced, and its format if that is not the file's."""
        replaced = False
        if self._has_sized_fields:
            raw = in_lines(raw)
        try:
            text = raw.decode(self._charset or UTF_8)
        except UnicodeDecodeError:
            text = raw.decode(self._charset or UTF_8, errors="replace")
            replaced = True
        if text.endswith("\n"):
            text = text[:-1].rstrip("\r") if text.endswith("\r\n") else text[:-1]
            if "\n" in text and "\r\n" in text:
                text = text.replace("\r\n", "\n")
        if "\x1b" in text or text[:1] in _SHOWN_OTHERWISE:
            text = self._displayed(text)
            if not text:
                return Skip("blank"), replaced, None
        try:
            result: Record | Reject | Skip = self._parse(text)
            name = None
            if isinstance(result, Reject):
                result, name = self._unexplained.decide(text, result, self._parse)
            if self._framing.by_line and self._is_empty(text, result):
                return _BETWEEN, replaced, None
            if isinstance(result, Record) and (
                "&#" in text or ("\\" in text and ("\\u" in text or "\\U" in text))
            ):
                result = without_halves(result)
        except _FATAL:
            raise
        except Exception as error:  # noqa: BLE001 - one entry is one reject
            self._report(offset, error)
            return INTERNAL_ERROR, False, None
        return result, replaced, name

    def _displayed(self, text: str) -> str:
        """The text of an entry without colours and byte order mark; for a string in an array its content. Empty if that
        is blank."""
        text = text.removeprefix(_MARK)
        if text.isspace():
            return ""
        if text[:1] == '"' and self._surroundings.in_array and (string := text_of_string(text)) is not None:
            text = "" if string.isspace() else string.rstrip("\r\n")
        return without_colours(text) if "\x1b" in text else text

    def _is_empty(self, text: str, result: Record | Reject | Skip) -> bool:
        """Whether an object is meant to contain entries, and contains none."""
        if self._surroundings.in_force is not None or (
            isinstance(result, Record) and result.timestamp is not None
        ):
            return False
        alone = isinstance(result, Record)
        return text.startswith("{") and is_empty_envelope(text, self._framing, self._any_json, alone=alone)


def _failing(error: Exception, _text: str) -> Record | Reject:
    raise error


def _no_format(_text: str) -> Reject:
    return Reject("plain-text")


def _blank_lines_from(raw: bytes) -> int:
    """Where the blank lines at the end of an entry begin; 0 if all its lines are blank."""
    if raw[-2:-1] > b" ":
        return len(raw)
    end = len(raw.rstrip())
    if not end:
        return 0
    line_end = raw.find(b"\n", end)
    return len(raw) if line_end < 0 else line_end + 1
