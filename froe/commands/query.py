"""`froe query`: SQL over log files, without AWS, or over what a stage has stored."""

from __future__ import annotations

import base64
import csv
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click
import orjson

from chalicelib.aws.athena import Catalog
from chalicelib.core.ledger.accounts import State
from chalicelib.core.records.columns import numbered
from chalicelib.pages import BadQueryError
from chalicelib.questions import checked_time
from froe.athena import BYTES_MIN, AthenaTable
from froe.commands.options import (
    charset_option,
    check_format,
    config_of,
    config_option,
    format_option,
    stage_option,
)
from froe.commands.records import open_file
from froe.errors import FroeError
from froe.jsonl import print_json
from froe.log_files import readable_at_once
from froe.parsing_files import ReadOptions, read_files
from froe.prices import read_prices
from froe.querying import LOG, RECORDS, Answer, LogTable, StoredTable, Table
from froe.sink import SinkCache, cache_folder
from froe.stored import entries_of, outcome_of
from froe.target import Target, find_target
from froe.terminal import Column, harmless, print_table, printable, progress_bar, sized

_ROWS_SHOWN: Final = 200


@click.command(short_help="Run SQL over log files, or over files of a stage.")
@click.argument("sql")
@click.argument(
    "files",
    metavar="[FILE...]",
    nargs=-1,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@click.option(
    "--stored",
    metavar="FILE_ID",
    multiple=True,
    help="Query what a stage has stored of this file (an id, shortened or not, or a key); the table is `records`.",
)
@click.option(
    "--from",
    "begin",
    metavar="TIME",
    help="In the sink: records from this time on, ISO 8601 (UTC if it names no zone).",
)
@click.option("--to", "end", metavar="TIME", help="In the sink: records before this time.")
@click.option("--athena", is_flag=True, help="Use Athena instead: only the answer is downloaded.")
@stage_option
@format_option
@charset_option
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each row.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header.")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows to this file, .parquet or .csv.",
)
def query(
    *,
    sql: str,
    files: Sequence[Path],
    stored: Sequence[str],
    begin: str | None,
    end: str | None,
    athena: bool,
    stage: str | None,
    format_name: str | None,
    charset: str | None,
    config_file: Path | None,
    as_json: bool,
    as_csv: bool,
    output: Path | None,
) -> None:
    """Run SQL over log files, without AWS (in DuckDB), or over the sink of a stage (in DuckDB or Athena).

    \b
    froe query "select client_address, count(*) from log group by 1 order by 2 desc limit 9" access.log.gz

    FILE may be a folder or - for standard input. The table is `log`: a row for each record and reject, with `file`,
    `offset`, `length`, `lines`, `kind`, `format`, `time` (UTC), `severity_number`, `severity_text`, `body`,
    `reason`, `raw`, and a typed column for each attribute, dots as underscores (`client_address`); `froe query
    "describe log" FILE` lists them. With --stored the table `records` has what a stage has stored of those files.
    With neither, the table `records` is the sink of the stage: its Parquet objects are cached in ~/.cache/froe, and
    objects outside of --from, --to and --format are not read. --athena queries the same table in Athena, where a
    condition on `file_format` is required; the bytes scanned and their cost go to standard error. The exit code is
    1 when a file is damaged, is not text, or is not COMPLETE.
    """
    if not sql.strip(" \t\r\n;"):
        raise click.UsageError('The statement is empty: write SQL, as in "select count(*) from log".')
    if sum((as_json, as_csv, output is not None)) > 1:
        raise click.UsageError("Choose one of --json, --csv and --output.")
    if output is not None and any(
        path.exists() and output.exists() and path.samefile(output) for path in files
    ):
        raise click.UsageError(f"--output would write over {output}, which is queried: name another file.")
    _refuse_together(
        files=bool(files),
        stored=bool(stored),
        athena=athena,
        bounds=bool(begin or end),
        named=format_name is not None,
    )
    good = True
    with tempfile.TemporaryDirectory(prefix="froe-query-") as folder:
        table: Table
        if athena:
            table = _athena(Path(folder), _stage_of(stage))
        elif stored:
            table = LogTable(Path(folder), RECORDS)
            good = _fetch(table, stored, find_target(stage))
        elif files:
            table = LogTable(Path(folder), LOG)
            check_format(format_name, config_of(config_file))
            good = _read(table, files, ReadOptions(format_name, charset, config_file))
        else:
            table = _sink(Path(folder), _stage_of(stage), format_name, begin, end)
        if output is not None:
            table.write(sql, output)
        else:
            print_rows = _print_json if as_json else print_csv if as_csv else print_answer
            print_rows(table.ask(sql))
        if isinstance(table, AthenaTable):
            click.echo(_scanned(table.scanned_bytes), err=True)
    if not good:
        click.get_current_context().exit(1)


def _refuse_together(*, files: bool, stored: bool, athena: bool, bounds: bool, named: bool) -> None:
    if files and stored:
        raise click.UsageError("Name either log files, or files of a stage with --stored.")
    if bounds and (files or stored):
        raise click.UsageError(
            "--from and --to select objects of the sink: for files, write a condition in SQL."
        )
    if athena and (files or stored):
        raise click.UsageError("--athena queries the sink of a stage: leave it out to query files.")
    if athena and (bounds or named):
        raise click.UsageError(
            "With --athena, select records in SQL: WHERE file_format = 'access_combined' AND"
            " date >= '2026-11-01' AND time < TIMESTAMP '2026-11-02 00:00:00'."
        )


def _read(table: LogTable, paths: Sequence[Path], options: ReadOptions) -> bool:
    """Put every entry into the table. Gives whether all files were read to their end."""
    good = True
    with (
        progress_bar("Reading", sum(map(_size, paths)), unit="bytes") as bar,
        readable_at_once(paths) as files,
    ):
        for read in read_files(table, files, options, bar.advance):
            if read.reason is not None:
                good = False
                bar.say(f"{read.name}: {read.reason}")
    return good


def _fetch(table: LogTable, names: Sequence[str], target: Target) -> bool:
    """Put everything stored of these files into the table. Gives whether all are COMPLETE."""
    opened = [open_file(name, target) for name in names]
    total = sum(file[kind]["entries"] for _, file in opened for kind in ("parsed", "rejected"))
    good = True
    with progress_bar("Fetching", total, unit="entries") as bar:
        for status, file in opened:
            for entry in entries_of(status, file["file_id"]):
                table.add(file["key"], entry["format"], outcome_of(entry))
                bar.advance(1)
            if file["state"] != State.COMPLETE:
                good = False
                bar.say(f"{file['key']} ({file['file_id']}) is {file['state']}: not all of it may be there")
    return good


def _stage_of(stage: str | None) -> Target:
    try:
        return find_target(stage)
    except FroeError as error:
        raise click.UsageError(f"Name log files, or a stage with a sink. {error}") from error


def _sink(
    folder: Path, target: Target, format_name: str | None, begin: str | None, end: str | None
) -> StoredTable:
    bucket = target.settings_env.get("RESULTS_BUCKET", "")
    if not bucket:
        raise click.UsageError("This stage has no results bucket: deploy it again, or name log files.")
    try:
        bounds = checked_time("--from", begin), checked_time("--to", end)
    except BadQueryError as error:
        raise click.UsageError(str(error)) from error
    cache = SinkCache(target.client("s3"), bucket, cache_folder(bucket))
    files = cache.current(format_name, *bounds, lambda size: progress_bar("Fetching", size, unit="bytes"))
    return StoredTable(folder, files.merged, *bounds, waiting=files.waiting)


def _athena(folder: Path, target: Target) -> AthenaTable:
    return AthenaTable(folder, target.client("athena"), Catalog(target.settings_env["STAGE"]))


def _scanned(scanned_bytes: int) -> str:
    price = read_prices()["athena-scanned"]
    charged = max(scanned_bytes, BYTES_MIN) if scanned_bytes else 0
    return f"Athena scanned {sized(scanned_bytes)}: about ${charged * price.dollars / price.per:.6f}."


def _size(path: Path) -> int:
    """In bytes; of a folder the sum of its files. The size of standard input is unknown."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size if path.is_file() else 0


def print_answer(answer: Answer) -> None:
    """A table of its first rows, on standard output."""
    rows = list(islice(answer, _ROWS_SHOWN + 1))
    columns = [
        Column(printable(name), number=is_number, shrinks=not is_number)
        for name, is_number in zip(answer.columns, answer.is_number, strict=True)
    ]
    print_table(columns, [[_cell(value) for value in row] for row in rows[:_ROWS_SHOWN]])
    if len(rows) > _ROWS_SHOWN:
        click.echo(f"The first {_ROWS_SHOWN} rows; --json, --csv and --output give all.", err=True)


def _print_json(answer: Answer) -> None:
    names = _distinct(answer.columns)
    for row in answer:
        print_json({name: plain(value) for name, value in zip(names, row, strict=True)})


def _distinct(columns: Sequence[str]) -> list[str]:
    """Repeated names, as those of a join, get a number: a JSON object has each name once."""
    names: list[str] = []
    for column in columns:
        names.append(numbered(column, names.__contains__))
    return names


def print_csv(answer: Answer) -> None:
    """Without control characters on a terminal, elsewhere as they are."""
    clean: Callable[[str], str] = harmless if sys.stdout.isatty() else str
    writer = csv.writer(_Printed(clean), lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer:
        writer.writerow("" if value is None else _cell(value) for value in row)


class _Printed:
    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean

    def write(self, text: str) -> None:
        click.echo(self._clean(text), nl=False)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    value = plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else repr(value)
    return json_text(value) if isinstance(value, list | Mapping | bool) else str(value)


def json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def plain(value: Any) -> Any:
    """A value of SQL as JSON: times as ISO 8601, bytes in base64."""
    match value:
        case datetime():
            return value.isoformat(sep="T") + ("" if value.tzinfo else "Z")
        case date() | time():
            return value.isoformat()
        case timedelta() | UUID():
            return str(value)
        case float() if not isfinite(value):
            return None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case list() | tuple() | set():
            return [plain(each) for each in value]
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
    return value
