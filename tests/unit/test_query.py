"""SQL over log files: every record and reject is a row, and the types are those of the values."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.records.columns import ALWAYS, COLUMNS_MAX
from froe.cli import main
from froe.commands import export as export_command
from froe.commands import query as query_command
from froe.commands import records as records_command
from tests.soak.healing import Healing
from tests.soak.stage import Stage, event_of
from tests.soak.texts import LogFile
from tests.soak.world import World, lived_in

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_logs"


def froe(*words: object, text: bytes | None = None) -> Result:
    return CliRunner().invoke(main, list(map(str, words)), input=text)


def rows(sql: str, *files: object, text: bytes | None = None) -> list[dict[str, Any]]:
    done = froe("query", sql, *files, "--json", text=text)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def written(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({"message": "a", "level": "info", **each}) + "\n" for each in objects))
    return path


def test_the_most_frequent_client_is_the_one_that_the_lines_name() -> None:
    lines = (
        gzip.decompress((SAMPLES / "shop-access.log.gz").read_bytes()).decode(errors="replace").splitlines()
    )
    (top,) = rows(
        "select client_address, count(*) as n from log where client_address is not null"
        " group by 1 order by 2 desc, 1 limit 1",
        SAMPLES / "shop-access.log.gz",
    )
    assert top["n"] == sum(line.startswith(top["client_address"] + " ") for line in lines)


def test_rows_are_the_records_and_rejects_of_the_files() -> None:
    files = sorted(each for each in SAMPLES.iterdir() if each.is_file() and each.suffix not in {".py", ".md"})
    parsed = froe("parse", *files)
    known = [json.loads(line) for line in parsed.stdout.splitlines()]
    answer = rows("select file, kind, format, count(*) n, sum(length) bytes from log group by all", *files)
    counted: dict[tuple[str, str, str], list[int]] = {}
    for each in known:
        count = counted.setdefault((each["file"], each["kind"], each["format"]), [0, 0])
        count[0] += 1
        count[1] += each["length"]
    assert {
        (each["file"], each["kind"], each["format"]): [each["n"], each["bytes"]] for each in answer
    } == counted


def test_columns_have_the_types_of_their_values(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.log",
        {
            "n": 1,
            "x": 1.5,
            "ok": True,
            "who": "ann",
            "list": [1, 2],
            "big": 2**70,
            "time": "2026-01-02T03:04:05.678901Z",
        },
        {"n": 2, "x": 2, "ok": False, "who": "bob", "list": [], "big": 1},
    )
    types = {each["column_name"]: each["column_type"] for each in rows("describe log", file)}
    assert list(types)[: len(ALWAYS)] == list(ALWAYS)
    expected = {
        "n": "BIGINT",
        "x": "DOUBLE",
        "ok": "BOOLEAN",
        "who": "VARCHAR",
        "list": "VARCHAR",
        "big": "VARCHAR",
    }
    assert types.items() >= (expected | {"time": "TIMESTAMP"}).items()
    first, second = rows('select * from log order by "offset"', file)
    assert first["time"] == "2026-01-02T03:04:05.678901Z"
    assert (first["list"], first["big"], second["x"], second["time"]) == ("[1,2]", str(2**70), 2.0, None)


def test_types_that_differ_between_files_meet_in_one_column(tmp_path: Path) -> None:
    written(tmp_path / "a.log", {"v": 1, "w": 1, "same": "x"})
    written(tmp_path / "b.log", {"v": "one", "w": 2.5, "same": "y"})
    written(tmp_path / "c.log", {"v": True, "same": "z"})
    answer = rows("select v, w, same, typeof(v) v_type, typeof(w) w_type from log order by file", tmp_path)
    assert [each["v"] for each in answer] == ["1", "one", "true"]
    assert [each["w"] for each in answer] == [1.0, 2.5, None]
    assert {(each["v_type"], each["w_type"]) for each in answer} == {("VARCHAR", "DOUBLE")}


def test_names_that_sql_cannot_tell_apart_get_numbers(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.log",
        {"File": "f", "a.b": 1, "a_b": 2, "A-B": 3, "kind": "k", "…": 4, "select": 5, 'q"uote': 6},
    )
    (row,) = rows("select * from log", file)
    assert row["kind"] == "record"
    assert {name: value for name, value in row.items() if name not in ALWAYS} == {
        "File_2": "f", "a_b": 1, "a_b_2": 2, "A_B_3": 3, "kind_2": "k", "unnamed": 4, "select": 5, "q_uote": 6,
    }  # fmt: skip


def test_attributes_beyond_the_columns_are_json(tmp_path: Path) -> None:
    file = written(tmp_path / "a.log", {f"k{number}": number for number in range(COLUMNS_MAX + 3)})
    (row,) = rows("select * from log", file)
    assert len(row) == len(ALWAYS) + COLUMNS_MAX + 1
    assert json.loads(row["attributes"]) == {
        f"k{number}": number for number in range(COLUMNS_MAX, COLUMNS_MAX + 3)
    }


def test_nothing_in_a_file_is_no_row_and_the_columns_are_there_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("")
    assert rows("select * from log", tmp_path / "empty.log") == []
    assert [each["column_name"] for each in rows("describe log", tmp_path / "empty.log")] == list(ALWAYS)


def test_a_reject_is_a_row_with_its_reason_and_bytes() -> None:
    answer = rows("select reason, raw, length from log where kind = 'reject'", SAMPLES / "checkout.jsonl")
    assert len(answer) == 4
    assert {each["reason"] for each in answer} == {"invalid-json"}
    assert all(each["raw"] for each in answer)


def test_standard_input_and_a_format_that_is_asked_for() -> None:
    sql = "select format, kind, reason from log"
    assert rows(sql, "-", text=b"plain words\n") == [{"format": "text", "kind": "record", "reason": None}]
    (reject,) = rows(sql, "--format", "json", "-", text=b"plain words\n")
    assert (reject["format"], reject["kind"]) == ("json", "reject")


def test_the_table_of_a_terminal_has_no_control_characters_and_ends() -> None:
    line = b'{"message": "\\u001b[31mred\\u0007", "level": "info"}\n'
    result = froe("query", "select body from log", "-", text=line * 300)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert len(result.stdout.splitlines()) == 202
    assert "The first 200 rows" in result.stderr


def test_csv_and_files_hold_every_row(tmp_path: Path) -> None:
    sql = "select time, length, body from log where kind = 'record'"
    printed = froe("query", sql, SAMPLES / "checkout.jsonl", "--csv").stdout
    read = list(csv.reader(io.StringIO(printed)))
    assert read[0] == ["time", "length", "body"]
    assert len(read) == 1 + 2996
    for suffix in ("csv", "parquet"):
        output = tmp_path / f"it's.{suffix}"
        done = froe("query", sql, SAMPLES / "checkout.jsonl", "--output", output)
        assert (done.exit_code, done.stdout) == (0, "")
    with (tmp_path / "it's.csv").open() as stream:
        assert len(list(csv.reader(stream))) == len(read)
    again = froe(
        "query", f"select count(*) n from '{tmp_path / 'its.parquet'!s}'", SAMPLES / "checkout.jsonl"
    )
    assert again.exit_code == 1
    (tmp_path / "it's.parquet").rename(tmp_path / "its.parquet")
    (count,) = rows(f"select count(*) n from '{tmp_path / 'its.parquet'}'", SAMPLES / "checkout.jsonl")
    assert count["n"] == 2996


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["select orderlines from log"], 1, "The nearest of the 26 columns of log: order_lines"),
        (["select * from logs"], 1, "The only table is log."),
        (["selec"], 1, "syntax error"),
        (["select body::int from log"], 1, "Could not convert"),
        (["select 1", "--format", "jsn"], 2, "Did you mean"),
        (["select 1", "--json", "--csv"], 2, "Choose one of"),
        (["select 1", "--output", "a.txt"], 1, "neither .parquet nor .csv"),
    ],
)
def test_what_is_wrong_is_named_with_the_remedy(words: list[str], code: int, sentence: str) -> None:
    done = froe("query", words[0], SAMPLES / "checkout.jsonl", *words[1:])
    assert done.exit_code == code
    assert sentence in done.stderr
    assert "fault in Froe" not in done.stderr


def test_a_damaged_file_gives_its_rows_and_exit_code_1(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"message": "a", "level": "info"}\n' * 5000 + bytes(range(256)) * 40)
    (tmp_path / "a.log.gz").write_bytes(whole[: len(whole) - 50])
    done = froe("query", "select count(*) n from log", tmp_path / "a.log.gz", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["n"] >= 5000
    assert "a.log.gz" in done.stderr


def test_more_rows_than_a_chunk_are_all_there() -> None:
    text = b"".join(b'{"message": "m", "level": "info", "n": %d}\n' % number for number in range(70_000))
    (row,) = rows("select count(*) n, sum(n) total, max(lines) lines from log", "-", text=text)
    assert row == {"n": 70_000, "total": 70_000 * 69_999 // 2, "lines": 1}


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, str]]:
    """A stage in memory that has read a file of 40 lines, of which one is broken."""
    lines = [b'{"message":"line %d","level":"info","n":%d}\n' % (number, number) for number in range(40)]
    lines[17] = b'{"message":"broken"\n'
    world = World("export")
    with lived_in(world):
        stage = Stage(world, Limits(batch_max_lines=7), retention_days=0, max_receives=5)
        stage.calm = True
        uploaded = stage.upload("a.log", LogFile(b"".join(lines), "COMPLETE", ()), versioned=True)
        stage.announce(event_of(uploaded, "direct"), 900.0)
        Healing(stage).heal()
        status = stage.services.status
        for command in (export_command, query_command):
            monkeypatch.setattr(command, "find_target", lambda _: None)
        monkeypatch.setattr(records_command, "status_of", lambda _: status)
        yield stage, uploaded.file_id


def test_an_export_is_all_that_is_stored_in_the_order_of_the_text(
    stored: tuple[Stage, str], tmp_path: Path
) -> None:
    file_id = stored[1]
    done = froe("export", file_id)
    assert done.exit_code == 0, done.stderr
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["kind"] for each in entries] == ["record"] * 17 + ["reject"] + ["record"] * 22
    assert [each["offset"] for each in entries] == sorted(each["offset"] for each in entries)
    assert "39 records and 1 rejects, as in its account" in done.stderr
    read = list(csv.reader(io.StringIO(froe("export", "a.log", "--to", "csv").stdout)))
    assert [row[read[0].index("n")] for row in read[1:]] == [
        *map(str, range(17)),
        "",
        *map(str, range(18, 40)),
    ]
    output = tmp_path / "x"
    assert froe("export", file_id, "--to", "parquet", "--output", output).exit_code == 0
    (answer,) = rows(
        f"select count(*) c, sum(n) n, sum(length) b from read_parquet('{output}')", "-", text=b""
    )
    assert answer == {"c": 40, "n": 780 - 17, "b": sum(each["length"] for each in entries)}


def test_an_export_of_less_than_the_account_says_so(stored: tuple[Stage, str]) -> None:
    stage, file_id = stored
    items = stage.aws.dynamodb.table("records").items
    lost = next(key for key, item in items.items() if item["kind"]["S"] == "record")
    stage.aws.dynamodb.delete_item(TableName="records", Key={"pk": {"S": lost[0]}, "sk": {"S": lost[1]}})
    done = froe("export", file_id)
    assert done.exit_code == 1
    assert "38 records and 1 rejects are stored, 39 and 1 are in its account" in done.stderr


def test_sql_over_what_a_stage_has_stored(stored: tuple[Stage, str]) -> None:
    answer = rows(
        "select kind, count(*) c, sum(n) n from records group by 1 order by 1", "--stored", stored[1]
    )
    assert answer == [{"kind": "record", "c": 39, "n": 780 - 17}, {"kind": "reject", "c": 1, "n": None}]
    wrong = froe("query", "select * from log", "--stored", "a.log")
    assert "The only table is records." in wrong.stderr
    assert froe("query", "select 1", SAMPLES / "checkout.jsonl", "--stored", "a.log").exit_code == 2


def test_parquet_needs_a_file() -> None:
    assert froe("export", "a.log", "--to", "parquet").exit_code == 2


@pytest.mark.parametrize("sql", ["", " ", ";"])
def test_an_empty_statement_names_what_to_write(sql: str) -> None:
    result = CliRunner().invoke(main, ["query", sql, str(ROOT / "sample_logs" / "till-07.txt")])
    assert result.exit_code == 2
    assert "The statement is empty: write SQL" in result.output


def test_names_of_any_script_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"größe":3,"имя":"ann","日本.市":"x"}\n' * 2, encoding="utf-8")
    result = froe("query", "select größe, имя, 日本_市 from log limit 1", path, "--json")
    assert json.loads(result.stdout) == {"größe": 3, "имя": "ann", "日本_市": "x"}


def test_an_object_has_each_column_and_no_number_that_json_lacks(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n":1}\n', encoding="utf-8")
    result = froe(
        "query", "select 1 as a, 2 as a, 3 as a_2, 'inf'::double x, 'nan'::double y from log", path, "--json"
    )
    assert json.loads(result.stdout) == {"a": 1, "a_2": 2, "a_2_2": 3, "x": None, "y": None}


@pytest.mark.parametrize("way", ["a.csv", "./a.csv", "../{folder}/a.csv"])
def test_what_is_asked_is_not_written_over(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "time,n\n2026-01-01T00:00:00Z,1\n"
    Path("a.csv").write_text(text, encoding="utf-8")
    result = froe("query", "from log", "a.csv", "--output", way.format(folder=tmp_path.name))
    assert result.exit_code == 2
    assert "would write over" in result.stderr
    assert Path("a.csv").read_text(encoding="utf-8") == text
