"""Files that are read in several processes make the table that they make one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="needs duckdb: make setup")

from froe.parsing_files import Read, ReadOptions, read_files
from froe.querying import LogTable

OPTIONS = ReadOptions(None, None, None)


def written(folder: Path, *texts: bytes) -> list[tuple[Path, str]]:
    paths = [folder / f"{number}.jsonl" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    return [(path, path.name) for path in paths]


def lines(count: int, **fields: Any) -> bytes:
    return b"".join(
        json.dumps({"time": f"2026-02-01T10:00:{number % 60:02d}Z", "msg": f"m{number}", **fields}).encode()
        + b"\n"
        for number in range(count)
    )


def asked(folder: Path, files: list[tuple[Path, str]], processes: int) -> tuple[list[Any], list[Read], float]:
    folder.mkdir()
    table, advanced = LogTable(folder), [0.0]

    def advance(count: float) -> None:
        advanced[0] += count

    read = list(read_files(table, files, OPTIONS, advance, processes=processes))
    answer = table.ask('select * from log order by file, "offset"')
    return [answer.columns, *answer], read, advanced[0]


def test_several_processes_make_the_same_table_as_one(tmp_path: Path) -> None:
    """Columns of another type, and such as only some have, rejects, and attributes whose names become the same: these
    get a number, which depends on what came before."""
    files = written(
        tmp_path,
        lines(40, **{"a.b": 1, "only": "here"}),
        lines(30, **{"a_b": "x", "a.b": 2.5}) + b"{broken\n",
        lines(20, **{"a.b": 3, "late": True}),
    )
    alone, together = (asked(tmp_path / name, files, count) for name, count in (("1", 1), ("2", 2)))
    assert together[0] == alone[0]
    assert together[1] == alone[1]
    assert {"a_b", "a_b_2", "only", "late"} <= set(together[0][0])
    assert together[2] == alone[2] == sum(path.stat().st_size for path, _ in files)


def test_a_file_that_is_no_text_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    files = written(tmp_path, lines(5), bytes(range(256)) * 40, lines(5))
    rows, read, _ = asked(tmp_path / "2", files, 2)
    assert [each.reason is None for each in read] == [True, False, True]
    assert [each.name for each in read] == ["0.jsonl", "1.jsonl", "2.jsonl"]
    assert len(rows) == 11


def test_what_breaks_the_reading_of_a_file_breaks_the_command(tmp_path: Path) -> None:
    files = written(tmp_path, lines(5), lines(5))
    with pytest.raises(KeyError, match="no-such-format"):
        list(
            read_files(
                LogTable(tmp_path),
                files,
                ReadOptions("no-such-format", None, None),
                lambda _: None,
                processes=2,
            )
        )
