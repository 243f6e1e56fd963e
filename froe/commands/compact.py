"""`froe compact`: merge the batches of the sink now, from here, instead of waiting for the schedule."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Final

import click

from chalicelib.delivery import Deadline
from froe.commands.options import json_option, stage_option
from froe.inquiry import services_of
from froe.jsonl import print_json
from froe.target import find_target
from froe.terminal import sized, steps

_SECONDS: Final = 3600.0


@click.command(short_help="Merge batches of settled splits in the sink, for Athena.")
@stage_option
@json_option
def compact(*, stage: str | None, as_json: bool) -> None:
    """Merge the Parquet objects of batches now, into the objects that Athena and other engines read.

    The sweeper does the same every SWEEP_MINUTES, but lets small files wait up to STALL_SECONDS for others of
    their day. Batches that are not done, or whose split is not settled, stay as they are. You can run it at any
    time, even several at once: no reader sees a row twice or misses one. The exit code is 1 when something
    could not be merged; the log says why.
    """
    compactor = services_of(find_target(stage)).compactor
    if compactor is None:
        raise click.UsageError("This stage has no results bucket: deploy it again with the parameter Sink.")
    with steps() as report:
        report("Merging")
        merged = compactor.compact(Deadline.after(_SECONDS), timedelta())
    if as_json:
        print_json(asdict(merged))
    else:
        click.echo(
            f"Merged {merged.batches:,} batches into {merged.objects:,} objects ({sized(merged.bytes)});"
            f" {merged.left:,} wait for their splits."
        )
    if merged.failed:
        click.echo(f"{merged.failed:,} batches could not be merged, and remain.", err=True)
        click.get_current_context().exit(1)
