"""`froe redrive` and `froe discard`: sends dead letters again, or gives them up for good in someone's name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from chalicelib.core.amounts import counted
from chalicelib.dead_letters.office import DeadLetterOffice, Decision, Pace, Progress, all_of
from chalicelib.dead_letters.selection import Selection
from chalicelib.dead_letters.status import counts_json, progress_json, selection_json
from chalicelib.delivery import Deadline
from froe.commands.options import json_option, stage_option
from froe.inquiry import SETTLED_BADLY, ItemJson, services_of
from froe.jsonl import print_json
from froe.selecting import LetterSelectors, selecting, who_asks, who_decides
from froe.target import find_target
from froe.terminal import Column, print_table, printable, progress_bar, steps
from froe.waiting import wait_for_redriven

_STEP_SECONDS: Final = 2.0
_COUNTED_UP_TO: Final = 1000


@click.command(short_help="Send dead letters again.")
@selecting
@click.option(
    "--per-second",
    metavar="N",
    type=click.FloatRange(0.1, 1000),
    default=50,
    show_default=True,
    help="Send at most N per second.",
)
@click.option("--wait", is_flag=True, help="Wait until their files are settled again.")
@click.option("--timeout", metavar="SECONDS", type=click.IntRange(min=1), help="Wait no longer than this.")
@stage_option
@json_option
def redrive(
    *, per_second: float, wait: bool, timeout: int | None, stage: str | None, as_json: bool, **selectors: Any
) -> None:
    """Send dead letters back to their queue: those with these IDs, or all that match.

    A redrive can be repeated safely. A message that fails again becomes a new dead letter. The exit code is 1 if
    one was refused, or, with --wait, unless every file is COMPLETE.
    """
    services = services_of(find_target(stage))
    selection = LetterSelectors(**selectors).selection(services)
    office, pace = services.dead_letter_office, Pace(per_second)

    def step(cursor: str | None) -> Progress:
        return office.redrive(selection, Deadline.after(_STEP_SECONDS), pace, cursor=cursor)

    with services.audit.noted(who_asks(), "redrive", selection_json(selection)) as note:
        done = _all_of(step, "Redriving", "redriven")
        note.update(counts_json("redriven", done))
    files: Mapping[str, ItemJson | None] = {}
    if wait and done.files:
        with progress_bar("Processing", len(done.files), unit="files") as bar:
            for waited in wait_for_redriven(services, done.files, timeout):
                files = waited.files
                bar.reach(waited.settled, f"{waited.under_way:,} messages under way")
    if as_json:
        answer = _for_programs("redriven", done)
        print_json(answer | {"files": [file for file in files.values() if file]} if wait else answer)
    else:
        _print_for_people("Redriven", done)
        _print_files(files)
    incomplete = any(file is None or file["state"] != "COMPLETE" for file in files.values())
    if done.refused or incomplete:
        click.get_current_context().exit(1)


@click.command(short_help="Give dead letters up for good, in someone's name.")
@selecting
@click.option("--by", metavar="NAME", help="Who decided it.  [default: your login name, if it is a person's]")
@click.option("--why", metavar="TEXT", required=True, help="Why their lines are not needed.")
@click.option("--yes", is_flag=True, help="Do not ask before many are discarded.")
@stage_option
@json_option
def discard(
    *, by: str | None, why: str, yes: bool, stage: str | None, as_json: bool, **selectors: Any
) -> None:
    """Discard dead letters for good: those with these IDs, or all that match.

    Their lines are counted as discarded, with who did it and why, and their files can be COMPLETE without
    them. The messages stay in the quarantine bucket, but can no longer be redriven. The exit code is 1 if one
    was refused.
    """
    decision = Decision.of(who_decides(by), why)
    services = services_of(find_target(stage))
    selection = LetterSelectors(**selectors).selection(services)
    office = services.dead_letter_office
    if not yes and len(selection.ids) != 1:
        _ask(office, selection)

    def step(cursor: str | None) -> Progress:
        deadline = Deadline.after(_STEP_SECONDS)
        return office.discard(selection, deadline, by=decision.by, why=decision.why, cursor=cursor)

    decided = {"by": decision.by, "why": decision.why}
    with services.audit.noted(who_asks(), "discard", selection_json(selection) | decided) as note:
        done = _all_of(step, "Discarding", "discarded")
        note.update(counts_json("discarded", done))
    if as_json:
        print_json(_for_programs("discarded", done))
    else:
        _print_for_people("Discarded", done)
    if done.refused:
        click.get_current_context().exit(1)


def _all_of(step: Callable[[str | None], Progress], doing: str, done: str) -> Progress:
    with steps() as report:
        report(doing)
        return all_of(step, lambda progress: report(f"{doing}: {progress.changed:,} {done}"))


def _ask(office: DeadLetterOffice, selection: Selection) -> None:
    """Have someone at a terminal confirm the number; elsewhere --yes is required."""
    if not _is_asked():
        raise click.UsageError("Discarding many is final: add --yes to confirm it without a terminal.")
    count, cursor = 0, None
    while count < _COUNTED_UP_TO:
        page = office.page(selection, limit=100, cursor=cursor)
        count += len(page.letters)
        cursor = page.reached
        if cursor is None:
            break
    number = f"{_COUNTED_UP_TO:,} dead letters or more" if cursor else counted(count, "dead letter")
    if count:
        click.confirm(f"Discard {number} for good?", abort=True, err=True)


def _is_asked() -> bool:
    return sys.stdin.isatty()


def _for_programs(verb: str, done: Progress) -> dict[str, Any]:
    answer = progress_json(verb, done)
    del answer["cursor"]  # the command goes on to the end
    return answer


def _print_for_people(verb: str, done: Progress) -> None:
    if not (done.changed or done.resolved or done.refused):
        click.echo("No dead letter matches.", err=True)
        return
    click.echo(f"{verb} {counted(done.changed, 'dead letter')}.")
    if done.resolved:
        click.echo(f"The work of {counted(done.resolved, 'dead letter')} had been done already.")
    for letter_id, why in done.refusals:
        click.secho(printable(f"Refused {letter_id}: {why}"), fg="red")
    if done.refused > len(done.refusals):
        click.secho(f"… and {done.refused - len(done.refusals):,} more are refused.", fg="red")


def _print_files(files: Mapping[str, ItemJson | None]) -> None:
    if not files:
        return
    columns = (
        Column("file id", is_id=True),
        Column("key", shrinks=True, is_key=True),
        Column("state"),
        Column("reason", shrinks=True),
    )
    rows = [
        (file_id, file["key"], file["state"], file["reason"] or "")
        if file
        else (file_id, "", "not opened", "")
        for file_id, file in files.items()
    ]
    marked = [file is None or file["state"] in SETTLED_BADLY for file in files.values()]
    print_table(columns, rows, marked=marked)
