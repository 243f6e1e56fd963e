"""Tables of any header: told as DuckDB's sniffer tells them, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.records import Record, Reject
from tests.faults.reading import assert_every_byte_is_accounted_for, read

ROWS: Final = 30
COLOURS: Final = ("red", "blue", "green")


def table(header: str, row: Callable[[int], str]) -> str:
    return "\n".join((header, *map(row, range(ROWS)))) + "\n"


TABLES: Final = {
    "names over types": table("region,units,price,sold", lambda n: f"north,{n},{n}.5,{'true' if n % 2 else 'false'}"),
    "semicolons": table("filiale;menge;preis;kunde", lambda n: f"F{n};{n};{n},50;Kunde {n}"),
    "tabs": table("when\twhat\thow_many", lambda n: f"2026-03-01 10:00:{n:02}\tthing, or {n}\t{n}"),
    "pipes": table("order_no|article|qty", lambda n: f"A{n}|bolt, M{n}|{n}"),
    "line ends in quotes": table("id,comment,score", lambda n: f'{n},"first,\nsecond {n}",{n}.25'),
    "quotes in quotes": table("line,words,cost", lambda n: f'{n},"say ""hi"", {n}",0.{n + 1}'),
    "quoted names": table('"Customer, full name (legal)","Amount in EUR, of all that was bought"', lambda n: f'"Name {n}","{n}.75"'),
    "texts alone": table("city,colour,animal", lambda n: f"{'Rome' if n % 3 else 'Oslo'},{COLOURS[n % 3]},{'cat' if n % 2 else 'dog'}"),
    "letters beyond ASCII": table("größe,straße,wert", lambda n: f"{n},Weg {n},{n * 2}"),
    "empty fields": table("key,opt1,opt2", lambda n: f"k{n},,{n if n % 3 else ''}"),
    "two columns": table("sensor,reading", lambda n: f"s{n},{n}.125"),
}  # fmt: skip


def type_of(values: list[Any]) -> str:
    """As DuckDB calls it; a column of which no value is there is one of text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds == {int}:
        return "BIGINT"
    return "DOUBLE" if kinds and kinds <= {int, float} else "VARCHAR"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_types_and_rows_that_duckdb_finds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(TABLES[name], encoding="utf-8")
    sniffed = duckdb.execute("SELECT HasHeader, Columns FROM sniff_csv(?)", [str(path)]).fetchone()
    assert sniffed is not None
    assert sniffed[0] is True
    columns = {each["name"]: each["type"] for each in sniffed[1]}
    seen = read(path.read_bytes())
    records = [record for record in seen.records if isinstance(record, Record)]
    assert_every_byte_is_accounted_for(seen)
    assert len(records) == ROWS == len(seen.records)
    times = [column for column, kind in columns.items() if kind.startswith(("TIMESTAMP", "DATE"))]
    assert all((record.timestamp is not None) == bool(times) for record in records)
    for column, kind in columns.items():
        if column not in times:
            assert type_of([record.attributes.get(column) for record in records]) == kind, column


@pytest.mark.parametrize("charset", ["cp1252", "shift_jis"])
def test_a_table_of_another_character_set_is_one(charset: str) -> None:
    """As spreadsheets write them in Europe and Japan."""
    word = {"cp1252": "größe", "shift_jis": "表ソ能"}[charset]
    text = table(f"{word};wert", lambda n: f'"{word}; {n}";{n}')
    seen = read(text.encode(charset), charset=charset)
    assert seen.format == "csv"
    assert [record.attributes for record in seen.records if isinstance(record, Record)] == [
        {word: f"{word}; {number}", "wert": number} for number in range(ROWS)
    ]


def test_rows_of_another_length_are_rejects_that_name_a_column_and_tear_nothing() -> None:
    lines = TABLES["names over types"].splitlines(keepends=True)
    lines[4], lines[8], lines[28] = "north,3\n", 'north,8,"8.5,true\n', "north,13,1.5,true,more\n"
    data = "".join(lines).encode()
    seen = read(data, limits=Limits(batch_max_lines=4, split_bytes=200))
    assert_every_byte_is_accounted_for(seen)
    results = {outcome.raw: outcome.result for outcome in seen.outcomes}
    assert results[lines[4].encode()] == Reject("short-row:price")
    assert results[lines[8].encode()] == Reject("open-quote")
    assert results[lines[28].encode()] == Reject("long-row:column_5")
    assert len(seen.records) == ROWS - 3


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{user},login,ok\n" for user in ("ada", "bob", "eve", "dan") * 4),  # no line names columns
        "".join(f"DEBUG,{number},started\n" for number in ("one", "two", "three") * 4).replace("DEBUG", "TRACE", 1),
        "Once,upon,a\n" + "".join(f"hour,there,{word}\n" for word in "abcdefgh"),  # few lines
        "city,colour,animal\n" + "".join(f"{n:c}ome,{n:c}ed,{n:c}at\n" for n in range(97, 120)),  # nothing recurs
        "apples, pears, and plums\n" + "they eat, they drink, they sleep\n" * 20,
        "who,what,why\n" + "Ada said, well, no\n" * 20,
        "city,colour,animal\n" + "Rome,red,cat\nOslo,blue\n" * 10,  # half of the rows are short
        "first;second;third\n" + "first;other;third\n" * 20,
    ],
)  # fmt: skip
def test_texts_with_commas_are_no_table(text: str) -> None:
    assert read(text.encode()).format == "text"
