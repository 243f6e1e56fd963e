"""The lines that formats explain, and what they become in a file that is decided to be of the format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.registry import by_name
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record
from tests.fakes import opener

WHEN = datetime(2026, 12, 15, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden" / "formats"


def record_of(name: str, text: str) -> Record:
    """The record of an entry, its last line behind those of a header, by a format that is decided."""
    header, newline, entry = text.rpartition("\n") if by_name(name).framing.header_first else ("", "", text)
    result = by_name(name).make_parser(
        ParseContext(WHEN, header + newline.strip(), Explainer(WHEN), decided=True)
    )(entry)
    assert isinstance(result, Record), result
    return result


def read(data: bytes) -> tuple[str, list[Outcome]]:
    """The format that is found in a file, and its outcomes."""
    head = ObjectHead(ObjectVersion("logs", "file", "v1", "e"), len(data), "", WHEN)
    reading = Reading(head, opener(data, 65_536))
    outcomes = list(reading)
    return reading.plan.format, outcomes


def records(text: str) -> list[Record]:
    """The records of a file's lines, each of which must be one."""
    results = [outcome.result for outcome in read(text.encode())[1]]
    made = [result for result in results if isinstance(result, Record)]
    assert len(made) == len(results)
    return made


def entries_of(name: str) -> Iterator[tuple[str, Record]]:
    """The entries of a format's golden file that it explains itself."""
    data = (GOLDEN / f"{name}.log").read_bytes()
    for outcome in read(data)[1]:
        if isinstance(outcome.result, Record) and outcome.format is None:
            yield outcome.raw.decode("utf-8", "replace").rstrip("\r\n"), outcome.result
