"""`froe status`: the account of one file, or the list of all."""

from __future__ import annotations

import math
from collections.abc import Mapping

import click

from chalicelib.status import Status
from froe.commands.options import json_option, limit_option, stage_option
from froe.costs import dollars_of_file
from froe.errors import FroeError
from froe.inquiry import (
    SETTLED_BADLY,
    Shown,
    accounted,
    dead_letters_about,
    find_files,
    page_size,
    pages,
    status_of,
)
from froe.jsonl import print_json
from froe.prices import read_prices
from froe.target import Target, find_target
from froe.terminal import Column, print_table, printable, sized

STATES = ("SPLITTING", "PROCESSING", "COMPLETE", "INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED")
_NAMED = 3


@click.command()
@click.argument("name", metavar="[FILE_ID or KEY]", required=False)
@click.option(
    "--state",
    metavar="STATE",
    type=click.Choice(STATES, case_sensitive=False),
    help="List only the files in this state, such as FAILED.",
)
@limit_option
@stage_option
@json_option
def status(*, name: str | None, state: str | None, limit: int, stage: str | None, as_json: bool) -> None:
    """Show what became of a file, or list the files.

    A file is named by its id or by its key; a key that was uploaded several times has several files.
    The exit code is 1 when a file that you named is INCOMPLETE, DAMAGED, FAILED or SUPERSEDED.
    """
    if name and state:
        raise click.UsageError("--state is for the list of files; leave it or the name out.")
    target = find_target(stage)
    ledger = status_of(target)
    if name:
        files = _found(target, ledger, name)
    else:
        files = list(
            pages(lambda cursor: ledger.files(state=state, limit=page_size(limit), cursor=cursor), limit)
        )
    if as_json:
        for file in files:
            print_json(file | {"cost": dollars_of_file(file["used"], read_prices())})
    elif name and len(files) == 1:
        _print_account(files[0])
    else:
        _print_list(files, limit=0 if name else limit)
    if name and any(file["state"] in SETTLED_BADLY for file in files):
        click.get_current_context().exit(1)


def _found(target: Target, ledger: Status, name: str) -> list[Shown]:
    try:
        return find_files(ledger, name)
    except FroeError as error:
        letters = dead_letters_about(target, name)
        if not letters:
            raise
        said = "a dead letter is" if len(letters) == 1 else f"{len(letters):,} dead letters are"
        raise FroeError(
            f"No file has the id or key {name!r}, but {said} about it: froe dead-letters"
            f" {' '.join(letters[:_NAMED])}"
        ) from error


def _print_list(files: list[Shown], *, limit: int) -> None:
    if not files:
        click.echo("No files yet. Upload one: froe upload FILE")
        return
    explained = any(file["reason"] for file in files)
    columns = (
        Column("file id"),
        Column("key", shrinks=True),
        Column("format", optional=True),
        Column("lines", number=True),
        Column("rejected", number=True),
        Column("state"),
        *((Column("reason", shrinks=True, optional=True),) if explained else ()),
    )
    rows = [
        (
            file["file_id"],
            file["key"],
            file["format"] or "",
            f"{accounted(file, 'lines'):,}",
            f"{file['rejected']['lines']:,}",
            file["state"],
            *((file["reason"] or "",) if explained else ()),
        )
        for file in files
    ]
    print_table(columns, rows, marked=[file["state"] in SETTLED_BADLY for file in files])
    if len(files) == limit:
        click.echo(f"\nThese are {limit}; there may be more: froe status --limit 0", err=True)


def _print_account(file: Shown) -> None:
    colour = "red" if file["state"] in SETTLED_BADLY else "green" if file["state"] == "COMPLETE" else "yellow"
    _line("file", file["file_id"])
    _line("object", printable(f"s3://{file['bucket']}/{file['key']}"))
    _line("version", printable(file["version_id"] or f"ETag {file['etag']}"))
    _line("size", f"{sized(file['size'])}, changed {file['last_modified']}")
    _line("state", click.style(file["state"], fg=colour, bold=True))
    if file["reason"]:
        _line("reason", printable(file["reason"]))
    if file["state"] == "INCOMPLETE":
        _line("more", f"froe dead-letters --file {file['file_id']}")
    if file["format"]:
        second = f"; next {file['runner_up']}, {file['runner_up_score']}" if file["runner_up"] else ""
        _line("format", printable(f"{file['format']} (score {file['format_score']}{second})"))
    unknown = "of unknown size: not all of it could be read" if file["settled_at"] else "not known yet"
    text_bytes = unknown if file["text_bytes"] is None else f"{file['text_bytes']:,} bytes"
    _line("text", text_bytes)
    _line(
        "times",
        f"opened {file['opened_at']}, " + (f"settled {file['settled_at']}" if file["settled_at"] else "…"),
    )
    if file["trace_url"]:
        _line("trace", file["trace_url"])
    if file["used"]:
        _line("used", _used(file["used"]))
        _line("cost", f"about ${_small(dollars_of_file(file['used'], read_prices()) or 0)} to take it")
    click.echo()
    click.echo(f"{'':<22}{'entries':>12}{'lines':>12}{'bytes':>16}")
    for outcome in ("parsed", "rejected"):
        _tally(outcome, file[outcome])
    for reason, tally in sorted(file["skipped"].items()):
        _tally(f"skipped: {reason}", tally)
    for outcome in ("pending", "dead", "discarded"):
        if any(file[outcome].values()):
            _tally(outcome, file[outcome])
    _tally("accounted for", {"lines": accounted(file, "lines"), "bytes": accounted(file, "bytes")})


def _used(used: Mapping[str, float]) -> str:
    counts = (
        ("write_units", "write unit"),
        ("queue_requests", "queue request"),
        ("s3_requests", "S3 request"),
    )
    named = (f"{used[name]:,} {unit}{'' if used[name] == 1 else 's'}" for name, unit in counts)
    return f"{', '.join(named)}, functions {used['seconds']:,.1f} s"


def _small(amount: float) -> str:
    """Two digits of it that are no zeros, and at least cents: 0.000031."""
    decimals = 2 if amount <= 0 else max(2, 1 - math.floor(math.log10(amount)))
    return f"{amount:.{decimals}f}"


def _line(label: str, value: str) -> None:
    click.echo(f"{label:<10}{value}")


def _tally(label: str, tally: Mapping[str, int]) -> None:
    entries = f"{tally['entries']:,}" if "entries" in tally else ""
    click.echo(f"{label:<22}{entries:>12}{tally['lines']:>12,}{tally['bytes']:>16,}")
