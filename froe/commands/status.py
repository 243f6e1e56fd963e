"""`froe status`: the account of one file, or the list of all."""

from __future__ import annotations

from typing import Final

import click

from chalicelib.status import Status
from froe.account import account_lines
from froe.commands.options import json_option, limit_option, stage_option
from froe.costs import dollars_of_file
from froe.errors import FroeError
from froe.files_list import print_files
from froe.inquiry import (
    SETTLED_BADLY,
    ItemJson,
    LiveList,
    dead_letters_about,
    file_or_none,
    find_files,
    page_size,
    pages,
    status_of,
)
from froe.jsonl import print_json
from froe.live import watch_files
from froe.prices import read_prices
from froe.target import Target, find_target
from froe.terminal import width_of_output

STATES = ("SPLITTING", "PROCESSING", "COMPLETE", "INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED")
_NAMED: Final = 3
_WIDTH_OF_FILES: Final = 80


@click.command()
@click.argument("name", metavar="[FILE_ID or KEY]", required=False)
@click.option(
    "--state",
    metavar="STATE",
    type=click.Choice(STATES, case_sensitive=False),
    help="List only the files in this state, such as FAILED.",
)
@click.option(
    "--watch",
    "watched",
    is_flag=True,
    help="Follow live, until the files that you named are settled, or Ctrl-C.",
)
@click.option("--members", "with_members", is_flag=True, help="List the files in an archive that you named.")
@click.option(
    "--receipt",
    "as_receipt",
    is_flag=True,
    help="Print the receipt of a settled file that you named, as JSON: keep it for `froe verify --receipt`.",
)
@limit_option
@stage_option
@json_option
def status(
    *,
    name: str | None,
    state: str | None,
    watched: bool,
    with_members: bool,
    as_receipt: bool,
    limit: int,
    stage: str | None,
    as_json: bool,
) -> None:
    """Show what became of a file, or list the files.

    Name a file by its id, shortened or not, or by its key; a key that was uploaded several times has several
    files. In a pipe --watch prints each change as a line or JSON object. The exit code is 1 when a file that
    you named is INCOMPLETE, DAMAGED, FAILED or SUPERSEDED.
    """
    _refuse_together(name, state, with_members=with_members, as_receipt=as_receipt, watched=watched)
    target = find_target(stage)
    ledger = status_of(target)
    listing = LiveList(ledger, state, limit)
    files = _files_named(target, ledger, name) if name else listing.read()
    files = _members(ledger, files, limit) if with_members else files
    if as_receipt:
        for file in files:
            print_json(ledger.receipt(file["file_id"]))
    elif watched:
        ids = [file["file_id"] for file in files]

        def ask() -> list[ItemJson]:
            if not name:
                return listing.read()
            return [file for each in ids if (file := file_or_none(ledger, each))]

        files = watch_files(ask, _for_programs if as_json else None, ends=bool(name))
    elif as_json:
        for file in files:
            print_json(_for_programs(file))
    else:
        if with_members and not files:
            click.echo(f"{name} has no members, or none that is cut yet.")
        else:
            _print(files, is_one=bool(name) and not with_members)
        if not name and len(files) == limit:
            click.echo(f"\nThese are {limit}; there may be more: froe status --limit 0", err=True)
    if name and any(file["state"] in SETTLED_BADLY for file in files):
        click.get_current_context().exit(1)


def _refuse_together(
    name: str | None, state: str | None, *, with_members: bool, as_receipt: bool, watched: bool
) -> None:
    if name and state:
        raise click.UsageError("--state is for the list of files: leave out either it or the name.")
    if with_members and not name:
        raise click.UsageError("--members is for an archive: name it by its id or key.")
    if as_receipt and (watched or not name):
        raise click.UsageError("--receipt is for a settled file: name it by its id or key.")


def _print(files: list[ItemJson], *, is_one: bool) -> None:
    """is_one: a key was named, which usually has one file."""
    if is_one and len(files) == 1:
        for line in account_lines(files[0], width_of_output(_WIDTH_OF_FILES)):
            click.echo(line)
    elif files:
        print_files(files)
    else:
        click.echo("No files yet. Upload one: froe upload FILE")


def _members(ledger: Status, archives: list[ItemJson], limit: int) -> list[ItemJson]:
    members: list[ItemJson] = []
    for archive in archives:

        def page(cursor: str | None, file_id: str = archive["file_id"]) -> ItemJson:
            return ledger.members(file_id, limit=page_size(limit), cursor=cursor)

        members += pages(page, limit)
    return members


def _for_programs(file: ItemJson) -> ItemJson:
    return file | {"cost": dollars_of_file(file["used"], read_prices())}


def _files_named(target: Target, ledger: Status, name: str) -> list[ItemJson]:
    try:
        return find_files(ledger, name)
    except FroeError as error:
        letters = dead_letters_about(target, name)
        if not letters:
            raise
        subject = "a dead letter is" if len(letters) == 1 else f"{len(letters):,} dead letters are"
        raise FroeError(
            f"No file has the id or key {name!r}, but {subject} about it: froe dead-letters"
            f" {' '.join(letters[:_NAMED])}"
        ) from error
