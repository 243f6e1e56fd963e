"""Rows of JSON: arrays of values, under the names of their columns where the object around them has a list of as many.

The names are strings (`columns` of pandas and InfluxDB, `fields` of Splunk) or what objects call `name` (`meta` of
ClickHouse, `columns` of Azure). Where there are none, the first value that is a time is the time, a word that is a level
the level, the longest other text the message, and the rest `column_1`, `column_2` …
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.paths import completed
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.formats import Parse, ParseContext

_BLANKS: Final = re.compile(r"[ \t\r\n]*+")
_EPOCH: Final = re.compile(r'"?1[0-9]{9}(?:[0-9]{3}){0,3}(?:\.[0-9]++)?+"?')
_WORD_MIN: Final = 3
_scan: Final[Any] = json.JSONDecoder(parse_int=str, parse_float=str).scan_once  # type: ignore[attr-defined]


def cells_of(row: str) -> list[str] | None:
    """The values of an array, each as it is written; None for what is no array."""
    if not row.startswith("["):
        return None
    cells = []
    place = _behind_blanks(row, 1)
    try:
        while row[place] != "]":
            _, end = _scan(row, place)
            cells.append(row[place:end])
            place = _behind_blanks(row, end)
            if row[place] == ",":
                place = _behind_blanks(row, place + 1)
            elif row[place] != "]":
                return None
    except (StopIteration, ValueError, IndexError, RecursionError):
        return None
    return None if row[place + 1 :].strip() else cells


def _behind_blanks(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def _make_parser(context: ParseContext) -> Parse:
    parse_object = by_name("json").make_parser(context)
    is_time = Times(context.last_modified, context.date_order).of_text
    names_of = {len(names): names for names in _lists_of_names(context.header)}

    def parse(text: str) -> Record | Reject:
        if text.startswith("{") and context.decided:
            return parse_object(text)
        cells = cells_of(text)
        if not cells:
            return OTHER_SHAPE
        names = names_of.get(len(cells)) or _names_by_values(cells, is_time)
        return parse_object(f"{{{','.join(map(_member, names, cells))}}}")

    return parse


def _member(name: str, cell: str) -> str:
    return f"{_quoted(name)}:{cell}"


@lru_cache(1024)
def _quoted(name: str) -> str:
    return json.dumps(name)


def _lists_of_names(header: str) -> list[list[str]]:
    """The lists around an array that may name its columns, the innermost last."""
    if not header:
        return []
    try:
        return [
            names
            for each in _lists_in(json.loads(completed(header.lstrip("\ufeff"))))
            if (names := _names(each))
        ]
    except (ValueError, RecursionError):
        return []


def _lists_in(value: Any) -> Iterator[list[Any]]:
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, list):
            yield each
        if isinstance(each, list | dict):
            yield from _lists_in(each)


def _names(columns: list[Any]) -> list[str]:
    named = (each.get("name") if isinstance(each, dict) else each for each in columns)
    names = [each for each in named if isinstance(each, str)]
    return names if len(names) == len(columns) else []


def _names_by_values(cells: list[str], is_time: Any) -> list[str]:
    names = [f"column_{number}" for number in range(1, len(cells) + 1)]
    texts = {number: cell[1:-1] for number, cell in enumerate(cells) if cell.startswith('"')}
    time = next(
        (n for n, cell in enumerate(cells) if _EPOCH.fullmatch(cell) or (n in texts and is_time(texts[n]))),
        None,
    )
    if time is not None:
        names[time] = "time"
        texts.pop(time, None)
    level = next((n for n, text in texts.items() if len(text) >= _WORD_MIN and severity.of_word(text)), None)
    if level is not None:
        names[level] = "level"
        del texts[level]
    if texts:
        names[max(texts, key=lambda number: len(texts[number]))] = "message"
    return names


ROWS: Final = Format(
    name="json_rows",
    title="JSON arrays of rows, with the names of their columns around them or none",
    source="https://clickhouse.com/docs/interfaces/formats/JSONCompact",
    samples=(
        '[["2024-03-14T09:26:53Z","WARN","cart 17 was not paid",0.25],["2024-03-14T09:26:54Z","INFO","cart 17 was paid",0.5]]',
        '[["2024-03-14 09:26:53.123","shop-1","order accepted"],\n["2024-03-14 09:26:54.123","shop-2","order shipped"]]',
    ),
    make_parser=_make_parser,
    specificity=0.76,
    framing=Framing(kind=Kind.JSON),
    sieve=r"[ \t]*+\[[ \t]*+(?:\[|\Z)",
)

FORMATS: Final = (ROWS,)
