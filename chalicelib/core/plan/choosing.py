"""Chooses the format of a text from its head: by name, from its lines, or from the elements of its JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from chalicelib.core.custom import Custom
from chalicelib.core.custom.named_collections import FORMAT
from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.detection import Detection, detect
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Kind
from chalicelib.core.framing.json.around import is_event_stream, is_json_sequence
from chalicelib.core.framing.json.collections import Collection
from chalicelib.core.framing.json.shapes import Elements, Parse
from chalicelib.core.framing.json.strings import text_of_string
from chalicelib.core.framing.openings import EVENT_DATA, RECORD_SEPARATOR
from chalicelib.core.records import Record, Reject

_OF_ROWS: Final = "json_rows"
_NO_LINES: Final = (Kind.STREAMS, Kind.SIZED_FIELDS)
_UNEXPLAINED: Final = Reject("plain-text")


def detected(sample: bytes, last_modified: datetime, *, complete: bool, custom: Custom) -> Detection:
    """Detect the format of a text. In a JSON text sequence (RFC 7464) and in events (`journalctl -o json-sse`) the values
    decide."""
    if is_json_sequence(sample):
        sample = (
            sample.replace(b"\n" + RECORD_SEPARATOR, b"\n").replace(RECORD_SEPARATOR, b"\n").lstrip(b"\n")
        )
    elif is_event_stream(sample):
        sample = sample.removeprefix(EVENT_DATA).replace(b"\n" + EVENT_DATA, b"\n")
    return detect(sample, last_modified, complete=complete, own=custom.formats)


def named(known: tuple[Format, ...], sample: bytes, last_modified: datetime, *, complete: bool) -> Format:
    """The format of a name. Several may share it, each with another framing: then the head decides, or else the first is taken."""
    if len(known) == 1:
        return known[0]
    bound = detect(sample, last_modified, complete=complete, own=known).format
    return bound if bound in known else known[0]


def parser_of_values(last_modified: datetime, custom: Custom) -> Parse:
    """Gives a parser of JSON values: of objects, of rows, and of strings whose text is a line."""
    context = ParseContext(last_modified)
    of_object, of_row = (by_name(name).make_parser(context) for name in ("json", _OF_ROWS))
    explain = Explainer(last_modified, custom.formats)

    def parse(text: str) -> Record | Reject:
        if not text.startswith('"'):
            return of_row(text) if text.startswith("[") else of_object(text)
        explained = explain(text_of_string(text) or "")
        return explained[1] if explained else _UNEXPLAINED

    return parse


def of_shape(collection: Collection, last_modified: datetime, custom: Custom) -> Detection:
    """The format of the entries of a collection that was recognised by its shape."""
    if collection.kind is Elements.ROWS:
        return Detection(by_name(_OF_ROWS), 1.0)
    if collection.kind is Elements.STRINGS:
        detected = detect(collection.lines, last_modified, complete=True, own=custom.formats)
        framing = detected.format.framing
        return (
            Detection(by_name("text"), 1.0) if framing.has_header or framing.kind in _NO_LINES else detected
        )
    return of_elements(collection.lines, last_modified, custom)


def of_elements(elements: bytes, last_modified: datetime, custom: Custom) -> Detection:
    """The format of the elements of a collection, which are JSON values."""
    detected = detect(elements, last_modified, complete=True, own=custom.formats)
    plain = ("text", "json")
    known = detected.format.name not in plain and not detected.format.framing.has_header
    return replace(detected, text_too=False) if known else Detection(custom.by_name(FORMAT), 1.0)
