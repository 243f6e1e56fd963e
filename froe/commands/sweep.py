"""`froe sweep`: one sweep now, from here, instead of waiting for the schedule."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

import click

from chalicelib.delivery import Deadline
from froe.commands.options import json_option, stage_option
from froe.inquiry import services_of
from froe.jsonl import print_json
from froe.target import find_target
from froe.terminal import printable, steps

_SECONDS: Final = 600.0


class _Troubles(logging.Handler):
    """Reports on standard error what the sweeper could not repair."""

    def emit(self, record: logging.LogRecord) -> None:
        reason = getattr(record, "reason", None)
        if reason:
            named = getattr(record, "file_id", "")
            click.secho(printable(f"{record.getMessage()} {named}: {reason}"), fg="red", err=True)


@click.command(short_help="Find work that stopped, and resend it.")
@stage_option
@json_option
def sweep(*, stage: str | None, as_json: bool) -> None:
    """Run the sweeper once, now: find files that stopped moving and objects that were never announced.

    It sends again what is missing. It acts on files that have made no progress for STALL_SECONDS since a
    sweep first saw them.
    """
    services = services_of(find_target(stage))
    with _troubles_told(), steps() as report:
        report("Sweeping")
        healed = services.sweeper.sweep(Deadline.after(_SECONDS))
    if as_json:
        print_json(asdict(healed))
        return
    if not healed:
        seconds = services.settings.stall_seconds
        click.echo(f"Nothing had to be sent again: no file has been without progress for {seconds:,} s.")
        return
    if healed.files:
        files = f"{len(healed.files):,} file{'' if len(healed.files) == 1 else 's'}"
        click.echo(f"Healed {files}: sent {healed.splits:,} splits, {healed.batches:,} batches.")
    for file_id in healed.files:
        click.echo(f"  {file_id}")
    if healed.objects:
        click.echo(f"Announced objects without a notification ({len(healed.objects):,}):")
    for named in healed.objects:
        click.echo(f"  {printable(named)}")
    if healed.letters:
        click.echo(
            f"Redriven messages that got lost, now dead letters again: use `froe redrive` ({len(healed.letters):,}):"
        )
    for letter_id in healed.letters:
        click.echo(f"  {letter_id}")


@contextmanager
def _troubles_told() -> Iterator[None]:
    logger, handler = logging.getLogger("froe"), _Troubles(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
