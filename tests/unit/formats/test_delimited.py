"""CSV and TSV: a header names the fields, quotes may hold anything, and prose with commas is no table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.records import Record, Reject
from tests.faults.reading import assert_every_byte_is_accounted_for, read
from tests.lines_of_formats import read as read_outcomes

WHEN = datetime(2024, 6, 1, tzinfo=UTC)


def parse(header: str, row: str, name: str = "csv") -> Record | Reject:
    return by_name(name).make_parser(ParseContext(WHEN, header))(row)


def attributes(header: str, row: str) -> dict[str, Any]:
    parsed = parse(header, row)
    assert isinstance(parsed, Record), parsed
    return parsed.attributes


def rows_of(text: str) -> list[Record]:
    """The records of a table, of which each row must be one."""
    results = [outcome.result for outcome in read_outcomes(text.encode())[1]]
    assert not any(isinstance(result, Reject) for result in results)
    return [result for result in results if isinstance(result, Record)]


def test_values_are_typed_one_by_one() -> None:
    header = "status,ratio,ok,code,gone,empty,word,long"
    parsed = attributes(header, f"17,-0.5,true,007,-,,a b,{'9' * 30}")
    assert parsed == {"status": 17, "ratio": -0.5, "ok": True, "code": "007", "word": "a b", "long": "9" * 30}


def test_time_level_and_message_are_promoted() -> None:
    parsed = parse("Time,Severity,Msg,x", "2024-03-14T09:26:53.5Z,WARN,slow,1")
    assert parsed == Record("2024-03-14T09:26:53.5Z", None, "WARN", 13, "slow", {"x": 1})


def test_a_date_and_a_time_are_one() -> None:
    parsed = parse("date;time;status", "2024-03-14;09:26:53;200")
    assert parsed == Record("2024-03-14T09:26:53Z", "zone", None, None, None, {"status": 200})


def test_what_is_no_time_or_level_stays_a_field() -> None:
    assert attributes("time,level,host", "yesterday,high,a") == {
        "time": "yesterday",
        "level": "high",
        "host": "a",
    }


def test_an_epoch_is_a_time() -> None:
    parsed = parse("ts,host", "1710408413.25,a")
    assert isinstance(parsed, Record)
    assert parsed.timestamp == "2024-03-14T09:26:53.25Z"


def test_quotes_hold_separators_quotes_and_line_ends() -> None:
    assert attributes("host,note,x", 'a,"b, ""c""\nd",1') == {"host": "a", "note": 'b, "c"\nd', "x": 1}


def test_names_that_repeat_are_numbered() -> None:
    assert attributes("host,a,a", "h,1,2") == {"host": "h", "a": 1, "a#2": 2}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,1", "short-row:b"), ("a", "short-row:a"), ("a,b,c,d", "long-row:column_4"), ("a,b,c,", "long-row:column_4"),
        ('a,"b\nb"', "short-row:b"), ('a,"b"x,c', "field-count"), ('a,"b,c,d', "field-count"),
    ],
)  # fmt: skip
def test_a_row_with_other_fields_than_the_header_is_a_reject_that_names_the_column(
    row: str, reason: str
) -> None:
    assert parse("host,a,b", row) == Reject(reason)


def test_the_columns_that_reasons_name_are_not_without_number() -> None:
    header = ",".join(["time", *(f"c{number}" for number in range(500))])
    reasons = {parse(header, ",".join("x" * count)) for count in range(1, 500)}
    assert len(reasons) == 64
    assert Reject("short-row") in reasons


def test_a_row_with_a_quote_that_nobody_closes_says_so() -> None:
    assert parse("host,a,b", 'a,"b,c') == Reject("open-quote")
    assert parse("host,a,b", '"a,b,c') == Reject("open-quote")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "a,b,c",
        "1,2,3",
        "Dear Sir, or Madam",
        "host",
        "host,,b",
        "2024-03-14 09:26:53,INFO,message",
        '{"host":1,"b":2}',
    ],
)
def test_a_line_that_does_not_look_like_a_header_is_none(header: str) -> None:
    assert parse(header, "a,b,c") == Reject("no-header")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("time,level,message\n2024-03-14 09:26:53,INFO,started\n2024-03-14 09:26:54,INFO,stopped\n", "csv"),
        ("host\tstatus\tpath\na\t200\t/\nb\t404\t/x\n", "tsv"),
        ("host;user;x\na;b;1\n", "csv"),
        ("id,msg\n1,one\n2,two\n3,three\n", "csv"),
        ("Export of the shop\ntime,level,message\n2024-03-14 09:26:53,INFO,started\n", "csv"),
        ("Export\n\n(all of it)\nhost\tstatus\tpath\na\t200\t/\nb\t404\t/x\n", "tsv"),
        ("four\nlines\nbefore\nit\nhost\tstatus\tpath\na\t200\t/\nb\t404\t/x\n", "text"),
        ("yes,no\nhow,so\nup,down\n", "text"),
        ("Dear Ada,\nthe user, a friend, is here,\nand left, I think, at nine.\nYours, B\n", "text"),
        ("time, as they say, is money\nand money, as they say, is time\n", "text"),
        ("host,user,x\n", "text"),
        ("host,user,x\na,b\nc\n", "text"),
    ],
)
def test_a_table_is_told_by_its_header_and_its_rows(text: str, name: str) -> None:
    assert detect(text.encode(), WHEN, complete=True).format.name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id,name,amount,when\n" + '0,"ada, 0",0.0,2026-09-14 08:00:00\n' * 9, "csv"),
        ("alpha,beta,gamma\n" + "x,1.5,true\n" * 9, "csv"),
        ("till;cashier;sum\n" + "7;ada;12.50\n" * 9, "csv"),
        ("till|cashier|sum\n" + "7|ada, or bob|12.50\n" * 9, "csv"),
        ("till\tcashier\tsum\n" + "7\tada, or bob\t12.50\n" * 9, "tsv"),
        ('"Till No","Cashier","Sum (EUR)"\n' + '"7","ada ""a"" b","12.50"\n' * 9, "csv"),
        ("alpha,beta\n" + "x,1\ny,2\n" * 9, "csv"),
        ("reading,taken\n" + "21.5,2026-09-14T08:00:00Z\n" * 9, "csv"),
        ("a,b,c\n" + "7,one,2026-09-14T08:00:00Z\n" * 9, "csv"),
        ("k1,k2,k3,k4\n" + "7,one,2026-09-14T08:00:00Z,two\n" * 9, "csv"),
        ("a\tb\tc\n" + "7\tone\ttrue\n" * 9, "tsv"),
        ("A,B,C\n" + "one,two,7\n" * 9, "text"),
        ("alpha,beta,gamma\n" + "x,y,z\n" * 9, "text"),
        ("INFO,started,foo\n" + "INFO,stopped,7\n" * 9, "text"),
        ("Once upon a time,there was,a number\n" + "and it was,so they say,very large\n" * 9, "text"),
        ("one, two, three\n" + "we count, and count, to four\n" * 9, "text"),
        ("2026-09-14 08:00:00,123 INFO a, b\n" * 9, "timestamped"),
    ],
)
def test_a_table_of_unusual_names_is_told_by_the_types_of_its_columns(text: str, name: str) -> None:
    assert detect(text.encode(), WHEN, complete=True).format.name == name


CODES = "id,phone,zip,amount\n0001,+4930123456,01069,12.50\n0002,+4930123457,99999,7\n"


@pytest.mark.parametrize("mark", ["", "sep=,\n", '"sep=,"\r\n', "\ufeffsep=,\n"])
def test_codes_stay_texts_and_amounts_are_numbers(mark: str) -> None:
    made = rows_of(mark + CODES)
    assert [record.attributes for record in made] == [
        {"id": "0001", "phone": "+4930123456", "zip": "01069", "amount": 12.5},
        {"id": "0002", "phone": "+4930123457", "zip": "99999", "amount": 7},
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a;b;c\n1;2;3\n4;5;6\n", [{"a": 1, "b": 2, "c": 3}, {"a": 4, "b": 5, "c": 6}]),
        ("sep=;\na;b;c\n1;2,5;x\n", [{"a": 1, "b": "2,5", "c": "x"}]),
        ("sep=|\nkey|one two\nx|y, z\n", [{"key": "x", "one two": "y, z"}]),
        ("sep=\t\nname\tzip\nada\t01069\n", [{"name": "ada", "zip": "01069"}]),
        (",id,amount\n0,a1,1.5\n1,a2,2.5\n", [{"column_1": 0, "id": "a1", "amount": 1.5}, {"column_1": 1, "id": "a2", "amount": 2.5}]),
        ("id,amount,note,\n1,2.5,hello,\n", [{"id": 1, "amount": 2.5, "note": "hello"}]),
        ("id,amount,note,\n1,2.5,hello,left over\n", [{"id": 1, "amount": 2.5, "note": "hello", "column_4": "left over"}]),
        ("id,id,amount\n1,7,2.5\n", [{"id": 1, "id#2": 7, "amount": 2.5}]),
        ("id,id,name,name\n1,2,a,b\n3,4,c,d\n", [{"id": 1, "id#2": 2, "name": "a", "name#2": "b"}, {"id": 3, "id#2": 4, "name": "c", "name#2": "d"}]),
        ("#order_no,shop,amount\n1,a,2.5\n", [{"order_no": 1, "shop": "a", "amount": 2.5}]),
        ("country,2019,2020,2021\nChile,1,2,3\nPeru,4,5,6\n", [{"country": "Chile", "2019": 1, "2020": 2, "2021": 3}, {"country": "Peru", "2019": 4, "2020": 5, "2021": 6}]),
        ("country,2021,2020\nChile,1,2\n", [{"country": "Chile", "2021": 1, "2020": 2}]),
        ("Name,Straße,PLZ\nAda,Hauptstraße 1,01069\n", [{"Name": "Ada", "Straße": "Hauptstraße 1", "PLZ": "01069"}]),
        ("ratio,count\n1e-05,3\n", [{"ratio": 1e-05, "count": 3}]),
    ],
)  # fmt: skip
def test_a_header_may_be_short_twice_the_same_or_lack_a_name(text: str, rows: list[dict[str, Any]]) -> None:
    assert [record.attributes for record in rows_of(text)] == rows


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\nyes,no,3\n",  # short names are a header where all values are typed, or half with a time
        "a,b,c\n1,2,x\n",
        "a,b,c,d,e\nso,3,is,4,it\n",
        "x,,,y\n1,2,3,4\n",
        "shop,2019,2021,7\nshop,1,2,3\n",
        "shop,2019,2020\nshop,open,2020\n",
        "x,x,x\n1,2,3\n",
        "sep=;\n",
        "sep=;\nnothing here has the mark\n",
        "a;b\n2,5;3,5\n",
    ],
)
def test_what_may_be_prose_is_no_table(text: str) -> None:
    assert detect(text.encode(), WHEN, complete=True).format.name == "text"


@pytest.mark.parametrize(
    ("header", "row", "severity"),
    [
        ("Datum;Uhrzeit;Stufe;Meldung", "14.03.2026;10:00:00;WARNUNG;voll", ("WARNUNG", 13)),
        ("Zeitstempel;Schweregrad;Meldung", "2026-03-14T10:00:00Z;Fehler;voll", ("Fehler", 17)),
        ("horodatage;niveau;message", "2026-03-14T10:00:00Z;Avertissement;voll", ("Avertissement", 13)),
        ("fecha;hora;nivel;mensaje", "14/03/2026;10:00:00;Crítico;voll", ("Crítico", 21)),
        ("horodatage;Gravité;message", "2026-03-14T10:00:00Z;erreur;voll", ("erreur", 17)),
        ("datahora;nível;mensagem", "2026-03-14T10:00:00Z;Aviso;voll", ("Aviso", 13)),
    ],
)
def test_time_severity_and_message_have_names_in_other_languages(
    header: str, row: str, severity: tuple[str, int]
) -> None:
    (record,) = rows_of(f"{header}\n{row}\n")
    assert record.timestamp == "2026-03-14T10:00:00Z"
    assert (record.severity_text, record.severity_number, record.body, record.attributes) == (
        *severity,
        "voll",
        {},
    )


def test_a_row_without_typed_values_is_a_row_once_the_file_is_known() -> None:
    actual = read(b"alpha,beta,gamma\n" + b"x,1.5,true\n" * 9 + b"y,n/a,\n")
    assert actual.format == "csv"
    assert actual.account.summary.counts.rejected.entries == 0


@pytest.mark.parametrize("name", ["when", "eventTimestamp", "LOG_TIME", "Creation Time", "Date Time", "timestamp (utc)", "occurred_at"])  # fmt: skip
def test_the_time_of_a_row_is_found_under_any_usual_name(name: str) -> None:
    parsed = parse(f"host,{name},expires_at", "a,2024-03-14T09:26:53Z,2030-01-01T00:00:00Z")
    assert parsed == Record(
        "2024-03-14T09:26:53Z", None, None, None, None, {"host": "a", "expires_at": "2030-01-01T00:00:00Z"}
    )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("piece_bytes", [1, 262_144])
def test_the_lines_before_a_header_are_skipped_in_every_split(mark: bytes, piece_bytes: int) -> None:
    rows = "".join(f"2024-03-14T09:26:53Z,INFO,order {number},ada\n" for number in range(50))
    text = f"Export of the shop (*)\n\nnothing, or so\ntime,level,message,user\n{rows}".encode()
    actual = read(mark + text, limits=Limits(split_bytes=100, batch_max_lines=3), piece_bytes=piece_bytes)
    assert_every_byte_is_accounted_for(actual)
    assert actual.format == "csv"
    assert actual.bodies == [f"order {number}" for number in range(50)]
    assert actual.account.summary.counts.skipped["header"].lines == 3


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (r'"say \"hi\", ok"', 'say "hi", ok'),
        (r'"a \"b, c\" d"', 'a "b, c" d'),
        (r'"\"a\", C:\new\\"', '"a", C:\\new\\'),
        (r'"say ""hi"", C:\"', 'say "hi", C:\\'),
        (r'"C:\new"', r"C:\new"),
    ],
)
def test_quotes_may_be_escaped_by_backslashes(cell: str, text: str) -> None:
    rows = "".join(f"2024-03-14T09:26:5{second}Z,INFO,{cell},7\n" for second in range(9))
    _, outcomes = read_outcomes(f"timestamp,level,message,amount\n{rows}".encode())
    made = [each.result for each in outcomes if isinstance(each.result, Record)]
    assert len(made) == 9
    assert {(each.body, each.attributes["amount"]) for each in made} == {(text, 7)}
