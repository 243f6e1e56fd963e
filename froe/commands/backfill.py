"""`froe backfill`: sends existing objects of the input bucket through the pipeline, and waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, NamedTuple

import click

from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.services import Services
from chalicelib.settings import Settings
from froe.backfill_machine import Machine, machine_of
from froe.backfilling import COMPLETE, MAX_RATE, Backlog, NotComplete, Report, announce, backlog_of
from froe.commands.options import json_option, stage_option
from froe.errors import FroeError
from froe.inquiry import SETTLED, file_or_none, services_of, watch
from froe.jsonl import print_json
from froe.target import Target, find_target
from froe.terminal import Column, print_table, printable, progress_bar, sized, steps

_REASONED: Final = 100
"""How many of the files that are not COMPLETE are looked up for their reasons."""


@click.command(short_help="Ingest objects that are already in the input bucket.")
@click.argument("prefix")
@click.option(
    "--rate",
    metavar="N",
    type=click.IntRange(1, MAX_RATE),
    default=50,
    show_default=True,
    help="Send at most N objects per second.",
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until every file is settled.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(1, 604_800),
    default=21_600,
    show_default=True,
    help="Wait no longer than this.",
)
@click.option("--dry-run", is_flag=True, help="Only print what would be sent.")
@stage_option
@json_option
def backfill(
    *, prefix: str, rate: int, wait: bool, timeout: int, dry_run: bool, stage: str | None, as_json: bool
) -> None:
    """Send the objects whose keys begin with PREFIX through the pipeline; "" is the whole input bucket, and
    s3://BUCKET/PREFIX one of the stage's INPUT_BUCKETS, or of its own.

    Objects that have a file are not sent again, so a second run continues. In a stage that was deployed with
    --backfill a state machine does the work, also after this command is stopped; otherwise this command does
    it. The exit code is 1 unless every file is COMPLETE.
    """
    target = find_target(stage)
    services = services_of(target)
    place = _place(prefix, services.settings)
    if dry_run:
        _print_plan(_backlog(target, services, place), as_json=as_json)
        return
    is_own = place.bucket == services.settings.input_bucket
    if is_own and (machine := machine_of(target.client("stepfunctions"), services.settings)):
        report = _by_machine(machine, place.prefix, rate, timeout, wait=wait, as_json=as_json)
    else:
        report = _from_here(target, services, place, rate, timeout, wait=wait, as_json=as_json)
    if report is None:
        return
    reasons = _reasons(services, report)
    if as_json:
        print_json(_for_programs(report, reasons))
    else:
        _print_for_people(report, reasons)
    if report.not_complete:
        click.get_current_context().exit(1)


class _Place(NamedTuple):
    """keys: which keys of the bucket are logs."""

    bucket: str
    prefix: str
    keys: KeyPatterns


def _place(prefix: str, settings: Settings) -> _Place:
    own = settings.input_bucket
    if not prefix.startswith("s3://"):
        return _Place(own, prefix, settings.input_keys)
    named, _, below = prefix.removeprefix("s3://").partition("/")
    inputs = {own: settings.input_keys, **settings.other_inputs}
    if named not in inputs:
        read = "the input bucket is" if len(inputs) == 1 else "input buckets are"
        places = " or ".join(f"s3://{each}/" for each in inputs)
        raise FroeError(f"Only {read} read: name a prefix of {places}.")
    return _Place(named, below, inputs[named])


def _backlog(target: Target, services: Services, place: _Place) -> Backlog:
    with steps() as report:
        report("Listing")
        known_files = services.ledger.known_files
        return backlog_of(target.client("s3"), place.bucket, place.prefix, known_files, place.keys)


def _by_machine(
    machine: Machine, prefix: str, rate: int, timeout: int, *, wait: bool, as_json: bool
) -> Report | None:
    execution = machine.start(prefix, per_second=rate, patience_seconds=timeout)
    if not wait:
        if as_json:
            print_json({"execution": execution})
        else:
            click.echo(f"Started. Its report will be a notice, and the output of {execution}")
        return None
    with steps() as report:
        report("Listing")
        for progress in machine.follow(execution):
            report(f"Backfilling: {progress.done:,} of {progress.total:,} done")
    return machine.report(execution)


def _from_here(
    target: Target, services: Services, place: _Place, rate: int, timeout: int, *, wait: bool, as_json: bool
) -> Report | None:
    backlog = _backlog(target, services, place)
    with progress_bar("Sending", len(backlog.to_send), unit="objects") as bar:
        for sent in announce(services.split_queue, backlog.to_send, rate):
            bar.reach(sent)
    if not wait:
        counts = {"sent": len(backlog.to_send), "known": len(backlog.known)}
        if as_json:
            print_json(counts)
        else:
            click.echo(
                f"Sent {counts['sent']:,} objects; {counts['known']:,} had a file before. See: froe status"
            )
        return None
    states: dict[str, str] = {}
    watched = backlog.watched
    with progress_bar("Processing", len(watched), unit="files") as bar:
        for files in watch(services.status, watched, timeout):
            states = {file_id: file["state"] for file_id, file in files.items()}
            bar.reach(sum(state in SETTLED for state in states.values()))
    return backlog.report(states)


def _print_plan(backlog: Backlog, *, as_json: bool) -> None:
    size = sum(each.head.size for each in backlog.to_send)
    plan = {
        "bucket": backlog.bucket,
        "prefix": backlog.prefix,
        "objects": len(backlog.objects),
        "known": len(backlog.known),
        "archived": sum(each.is_archived for each in backlog.objects),
        "to_send": len(backlog.to_send),
        "to_send_bytes": size,
    }
    if as_json:
        print_json(plan)
        return
    click.echo(
        f"Below {_address(backlog)}: {len(backlog.objects):,} objects, {plan['known']:,} with a file already."
    )
    if plan["archived"]:
        click.echo(f"In Glacier, to be restored first: {plan['archived']:,}.")
    click.echo(f"To send: {len(backlog.to_send):,}, {sized(size)}.")


def _reasons(services: Services, report: Report) -> Mapping[NotComplete, str]:
    """Why files are not COMPLETE, for the first of them, as far as the ledger knows."""
    asked = [each for each in report.not_complete if each.file_id][:_REASONED]
    files = {each: file_or_none(services.status, str(each.file_id)) for each in asked}
    return {each: file["reason"] for each, file in files.items() if file and file["reason"]}


def _for_programs(report: Report, reasons: Mapping[NotComplete, str]) -> dict[str, Any]:
    not_complete = [{**asdict(each), "reason": reasons.get(each)} for each in report.not_complete]
    return {
        "bucket": report.bucket,
        "prefix": report.prefix,
        "sent": report.sent,
        "known": report.known,
        "states": dict(report.states),
        "not_complete": not_complete,
    }


def _print_for_people(report: Report, reasons: Mapping[NotComplete, str]) -> None:
    if not report.states:
        click.echo(f"There is nothing below {_address(report)}.")
        return
    click.echo(f"Below {_address(report)}: sent {report.sent:,}; {report.known:,} had a file before.")
    for state, number in sorted(report.states.items(), key=lambda each: each[0] != COMPLETE):
        click.echo(f"  {state:<12}{number:>10,}")
    if report.not_complete:
        click.echo()
        columns = (
            Column("key", shrinks=True),
            Column("state"),
            Column("file id", is_id=True),
            Column("reason", shrinks=True),
        )
        print_table(
            columns,
            [
                (each.key, each.state, each.file_id or "", reasons.get(each, ""))
                for each in report.not_complete
            ],
        )


def _address(what: Backlog | Report) -> str:
    return printable(f"s3://{what.bucket}/{what.prefix}")
