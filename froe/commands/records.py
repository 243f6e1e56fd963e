"""`froe records` and `froe rejects`: what a file's lines became, in the order of the text."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import click

from chalicelib.core.decoding.text import UTF_8
from chalicelib.status import Status
from froe.commands.options import json_option, limit_option, stage_option, where_option
from froe.inquiry import SETTLED, SETTLED_BADLY, ItemJson, newest_file, page_size, pages, status_of
from froe.jsonl import print_json
from froe.record_line import record_line
from froe.target import Target, find_target
from froe.terminal import printable, shortened, width_of_output

_RECORD_FIELDS = ("timestamp", "severity_text", "severity_number", "body", "attributes")

file_argument = click.argument("name", metavar="FILE_ID")


@click.command(short_help="Print the records of a file: one line each, or JSON.")
@file_argument
@click.option("--severity", help="Only records of at least this severity, such as WARN.")
@click.option("--from", "from_", metavar="TIME", help="Only records from this time on (ISO 8601).")
@click.option("--to", metavar="TIME", help="Only records before this time (ISO 8601).")
@click.option("--format", "format_name", metavar="NAME", help="Only records of this format.")
@click.option("--text", help="Only records whose body or attributes contain this, in any case.")
@where_option
@click.option(
    "--fields", metavar="NAME,…", help="Show only these attributes, such as client.address,url.path."
)
@limit_option
@stage_option
@json_option
def records(
    *,
    name: str,
    severity: str | None,
    from_: str | None,
    to: str | None,
    format_name: str | None,
    text: str | None,
    where: Sequence[str],
    fields: str | None,
    limit: int,
    stage: str | None,
    as_json: bool,
) -> None:
    """Print the records of a file: one line each, or JSON in the shape of `froe parse`.

    FILE_ID may be shortened, or a key, which stands for its latest upload. On a terminal each line is cut to
    its width.
    """
    ledger, file = open_file(name, find_target(stage))
    file_id = file["file_id"]
    chosen = None if fields is None else [field.strip() for field in fields.split(",")]

    def fetch(cursor: str | None) -> ItemJson:
        return ledger.records(
            file_id,
            severity=severity,
            from_=from_,
            to=to,
            format_name=format_name,
            text=text,
            where=where,
            limit=page_size(limit),
            cursor=cursor,
        )

    items = (_with_fields(item, chosen) for item in pages(fetch, limit))
    _print_all(file, items, record_line, limit=limit, as_json=as_json)


@click.command(short_help="Print what a file's format does not explain, and why.")
@file_argument
@limit_option
@stage_option
@json_option
def rejects(*, name: str, limit: int, stage: str | None, as_json: bool) -> None:
    """Print the entries that a file's format does not explain, raw and with the reason.

    FILE_ID may be shortened, or a key, which stands for its latest upload.
    """
    ledger, file = open_file(name, find_target(stage))
    file_id = file["file_id"]
    fetched = pages(lambda cursor: ledger.rejects(file_id, limit=page_size(limit), cursor=cursor), limit)
    line = partial(_reject_line, charset=file.get("charset") or UTF_8)
    _print_all(file, fetched, line, limit=limit, as_json=as_json)


def open_file(name: str, target: Target) -> tuple[Status, ItemJson]:
    """The status to read from, and the file of that id, or the latest upload of that key."""
    ledger = status_of(target)
    return ledger, newest_file(ledger, name)


def _with_fields(record: ItemJson, names: Sequence[str] | None) -> ItemJson:
    """The record with these attributes only, in this order."""
    if names is None:
        return record
    attributes = record.get("attributes", {})
    return {**record, "attributes": {name: attributes[name] for name in names if name in attributes}}


def for_programs(item: ItemJson, file: ItemJson) -> ItemJson:
    """In the form of `froe parse`: a record has all fields, empty ones included."""
    names = _RECORD_FIELDS if item["kind"] == "record" else ()
    return {"file": file["key"], **dict.fromkeys(names), **item}


def _print_all(
    file: ItemJson, items: Iterable[ItemJson], line: Callable[[ItemJson], str], *, limit: int, as_json: bool
) -> None:
    """Print what there is; for a file that is not complete, also why. For a FAILED file the exit code is 1."""
    printed = 0
    width = width_of_output(0) or None
    for item in items:
        if as_json:
            print_json(for_programs(item, file))
        else:
            click.echo(shortened(line(item), width))
        printed += 1
    if not as_json and printed == limit:
        click.echo(f"These are {limit:,}; there may be more: --limit 0 prints all.", err=True)
    if file["state"] in SETTLED_BADLY:
        named, reason = (
            printable(file["key"]),
            printable(file["reason"] or "its account says what is missing"),
        )
        click.echo(f"{named} ({file['file_id']}) is {file['state']}: {reason}", err=True)
    elif not as_json and not printed:
        until_now = "" if file["state"] in SETTLED else f" yet: the file is {file['state']}"
        click.echo(f"There are none{until_now}.", err=True)
    if file["state"] == "FAILED":
        click.get_current_context().exit(1)


def _text_of(raw: bytes, charset: str) -> str:
    """Rejects of a recoded text are in UTF-8; those of a text in its own bytes are in its character set."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(charset, "backslashreplace")


def _reject_line(reject: ItemJson, charset: str) -> str:
    raw = _text_of(base64.b64decode(reject["raw"]), charset)
    place = f"at byte {reject['offset']:,}".ljust(20)
    return f"{click.style(place, dim=True)}  {click.style(reject['reason'], fg='red')}  {printable(raw.rstrip())}"
