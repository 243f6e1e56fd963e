"""`froe export`: all that is stored of a file, as NDJSON, CSV or Parquet."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

from froe.commands.options import stage_option
from froe.commands.query import print_csv
from froe.commands.records import for_programs, open_file
from froe.inquiry import SETTLED, ItemJson
from froe.jsonl import print_json, write_json_lines
from froe.querying import LogTable
from froe.stored import entries_of, outcome_of
from froe.target import find_target
from froe.terminal import printable, progress_bar

_ALL: Final = 'from log order by "offset"'


@click.command(short_help="Write all that is stored of a file as NDJSON, CSV or Parquet.")
@click.argument("name", metavar="FILE_ID")
@click.option(
    "--to",
    "shape",
    type=click.Choice(["ndjson", "csv", "parquet"]),
    default="ndjson",
    show_default=True,
    help="NDJSON is in the shape of `froe parse`; CSV and Parquet have the columns of `froe query`.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file.  [default: standard output]",
)
@stage_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary on standard error as a JSON object.")
def export(*, name: str, shape: str, output: Path | None, stage: str | None, as_json: bool) -> None:
    """Write all stored records and rejects of a file, in the order of the text.

    FILE_ID may be shortened, or a key, which stands for its latest upload. The output is compared with the
    account of the file: the exit code is 1 if they differ, or if the file is not settled.
    """
    if shape == "parquet" and output is None:
        raise click.UsageError("Parquet is binary: name a file with --output.")
    status, file = open_file(name, find_target(stage))
    entries = _Counted(file, entries_of(status, file["file_id"]))
    total = sum(file[kind]["entries"] for kind in ("parsed", "rejected"))
    with progress_bar("Exporting", total, unit="entries") as bar:
        entries.advance = bar.advance
        if shape == "ndjson":
            with _opened(output) as out:
                write_json_lines((for_programs(entry, file) for entry in entries), out)
        else:
            _write_table(entries, shape, output)
    _say(file, entries, as_json=as_json)


class _Counted:
    """Counts entries by kind as they pass."""

    advance: Callable[[float], None]

    def __init__(self, file: ItemJson, entries: Iterator[ItemJson]) -> None:
        self.file = file
        self._entries = entries
        self.counts: Counter[str] = Counter()
        self.advance = _nothing

    def __iter__(self) -> Iterator[ItemJson]:
        for entry in self._entries:
            self.counts[entry["kind"]] += 1
            self.advance(1)
            yield entry


def _nothing(_amount: float) -> None:
    """The default: nobody watches."""


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
    else:
        with output.open("wb") as stream:
            yield stream


def _write_table(entries: _Counted, shape: str, output: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="froe-export-") as folder:
        table = LogTable(Path(folder))
        for entry in entries:
            table.add(entries.file["key"], entry["format"], outcome_of(entry))
        if output is None:
            print_csv(table.ask(_ALL))
        else:
            table.write(_ALL, output, shape)


def _say(file: ItemJson, entries: _Counted, *, as_json: bool) -> None:
    """Report how what was written compares with the account."""
    parsed, rejected = file["parsed"]["entries"], file["rejected"]["entries"]
    written = entries.counts["record"], entries.counts["reject"]
    if as_json:
        report = {name: file[name] for name in ("file_id", "key", "state")}
        agrees = written == (parsed, rejected)
        report |= {"records": written[0], "rejects": written[1], "as_accounted": agrees}
        print_json(report, err=True)
        if not agrees or file["state"] not in SETTLED:
            click.get_current_context().exit(1)
        return
    named = f"{printable(file['key'])} ({file['file_id']}), {file['state']}"
    if written != (parsed, rejected):
        click.echo(
            f"{named}: {written[0]:,} records and {written[1]:,} rejects are stored, {parsed:,} and {rejected:,} are"
            " in its account.",
            err=True,
        )
        click.get_current_context().exit(1)
    click.echo(f"{named}: {parsed:,} records and {rejected:,} rejects, as in its account.", err=True)
    if file["state"] not in SETTLED:
        click.echo("It is not settled: more may come.", err=True)
        click.get_current_context().exit(1)
