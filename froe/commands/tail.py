"""`froe tail`: follows records as they are written, of one file or of all that arrive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import click

from chalicelib.status import Status
from froe import inquiry
from froe.commands.options import json_option, stage_option, where_option
from froe.commands.records import for_programs
from froe.following import Asked, Follower, NewFiles
from froe.inquiry import SETTLED_BADLY, ItemJson, newest_file, status_of
from froe.jsonl import print_json
from froe.record_line import record_line
from froe.target import find_target
from froe.terminal import printable, shortened, width_of_output
from froe.watching import again_and_again

T = TypeVar("T")


@click.command(short_help="Follow records as they are written.")
@click.argument("name", metavar="[FILE_ID]", required=False)
@where_option
@click.option("--severity", help="Only records of at least this severity, such as WARN.")
@click.option("--text", help="Only records whose body or attributes contain this, in any case.")
@click.option(
    "-n",
    "--lines",
    metavar="N",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="Start with the last N records, of the file or of the newest one.",
)
@stage_option
@json_option
def tail(
    *,
    name: str | None,
    where: Sequence[str],
    severity: str | None,
    text: str | None,
    lines: int,
    stage: str | None,
    as_json: bool,
) -> None:
    """Follow the records of a file until it is settled. Without a FILE_ID, follow all files in progress and all
    that arrive, until Ctrl-C.

    Each record is printed once, in the order of its file. FILE_ID may be shortened, or a key, which stands for its
    latest upload. The exit code is 1 when the file that you named is INCOMPLETE, DAMAGED, FAILED or SUPERSEDED.
    """
    status = status_of(find_target(stage))
    asked: Asked = {"severity": severity, "text": text, "where": where}
    printer = _Printer(as_json=as_json, named=bool(name))

    try:
        if name:
            file = next(_polled(lambda: newest_file(status, name)))
            _follow_one(Follower(status, file, asked), lines, printer)
        else:
            _follow_all(status, asked, lines, printer)
    except KeyboardInterrupt:
        return


def _follow_one(follower: Follower, lines: int, printer: _Printer) -> None:
    def ask() -> None:
        printer.print(follower.file, follower.written())

    _print_last(follower, lines, printer)
    polls = _polled(ask)
    while not follower.is_done:
        next(polls)
    file = follower.file
    reason = f": {file['reason']}" if file["reason"] else ""
    click.echo(printable(f"{file['key']} ({file['file_id']}) is {file['state']}{reason}"), err=True)
    if file["state"] in SETTLED_BADLY:
        click.get_current_context().exit(1)


def _follow_all(status: Status, asked: Asked, lines: int, printer: _Printer) -> None:
    files = next(_polled(lambda: NewFiles(status, asked)))
    if files.newest:
        _print_last(files.newest, lines, printer)
    else:
        click.echo("No files yet; waiting for the first one.", err=True)

    def ask() -> None:
        for file, record in files.written():
            printer.print(file, [record])

    for _ in _polled(ask):
        pass


def _print_last(follower: Follower, lines: int, printer: _Printer) -> None:
    records = next(_polled(lambda: follower.last(lines)))
    printer.print(follower.file, records)


def _polled(ask: Callable[[], T]) -> Iterator[T]:
    return again_and_again(
        ask, inquiry.POLL_SECONDS, refused=lambda reason: click.echo(printable(reason), err=True)
    )


class _Printer:
    """named: the user named the file, so it needs no heading."""

    def __init__(self, *, as_json: bool, named: bool) -> None:
        self._as_json = as_json
        self._last = "" if not named else None

    def print(self, file: ItemJson, records: Iterable[ItemJson]) -> None:
        width = width_of_output(0) or None
        for record in records:
            if self._as_json:
                print_json(for_programs(record, file))
                continue
            if self._last is not None and self._last != file["file_id"]:
                heading = printable(f"==> {file['key']} ({file['file_id']}) <==")
                click.secho(("\n" if self._last else "") + heading, bold=True)
                self._last = file["file_id"]
            click.echo(shortened(record_line(record), width))
        sys.stdout.flush()
