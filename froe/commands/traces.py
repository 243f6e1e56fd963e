"""`froe traces`: what was done for a file, invocation by invocation, on one time axis."""

from __future__ import annotations

from pathlib import Path

import click

from chalicelib.waterfalls import Waterfall, for_programs, waterfall_of
from froe.commands.options import json_option, stage_option
from froe.errors import FroeError
from froe.inquiry import SETTLED, ItemJson, newest_file, status_of
from froe.jsonl import print_json
from froe.local.collector import PATH_SETTING, collected
from froe.target import Target, find_target
from froe.terminal import printable, width_of_output
from froe.waterfall import UNDER_WAY, lines_of

_WIDTH_OF_FILES = 120


@click.command(short_help="Show how long each stage of a file took.")
@click.argument("name", metavar="FILE_ID")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="How many batches to show at most; 0: all.",
)
@stage_option
@json_option
def traces(*, name: str, limit: int, stage: str | None, as_json: bool) -> None:
    """Show how long each stage of a file took, from the splitter through the queue to the workers.

    FILE_ID may be shortened, or a key, which stands for its latest upload. On AWS the traces are in X-Ray, and the
    command prints where to see them.
    """
    target = find_target(stage)
    file = newest_file(status_of(target), name)
    if target.endpoint_url is None:
        _print_link(file, as_json=as_json)
        return
    whole = _waterfall(target, file)
    drawn = whole.first(limit)
    if as_json:
        print_json({"key": file["key"], "trace": file["trace"], **for_programs(whole, drawn)})
        return
    click.echo(f"{click.style(printable(file['key']), bold=True)}  {file['file_id']}")
    width = width_of_output(_WIDTH_OF_FILES)
    for line in lines_of(whole, drawn, file["trace"], width, _silent(file)):
        click.echo(line)


def _waterfall(target: Target, file: ItemJson) -> Waterfall:
    path = target.settings_env.get(PATH_SETTING)
    if not path:
        raise FroeError(
            f"Nothing collects traces at {target.endpoint_url}: only a local AWS that `froe up` started does."
        )
    waterfall = waterfall_of(file["file_id"], collected(Path(path), file["file_id"]))
    if waterfall is None:
        raise FroeError(
            f"No trace of {file['file_id']} is recorded: tracing was off, or newer traces have taken its place."
        )
    return waterfall


def _silent(file: ItemJson) -> str:
    """What the ledger knows of batches without a trace of a worker."""
    reasons = [] if file["state"] in SETTLED else [UNDER_WAY]
    if any(file["dead"].values()):
        reasons.append(f"dead letters (froe dead-letters --file {file['file_id']})")
    if any(file["discarded"].values()):
        reasons.append("discarded")
    return ", or ".join(reasons) or "newer traces have taken its place"


def _print_link(file: ItemJson, *, as_json: bool) -> None:
    if not file["trace_url"]:
        raise FroeError(f"No trace of {file['file_id']} is recorded: tracing was off, or it was not sampled.")
    if as_json:
        print_json({name: file[name] for name in ("key", "file_id", "trace", "trace_url")})
    else:
        click.echo(f"X-Ray has the trace of {printable(file['key'])}, linked to those of its batches:")
        click.echo(file["trace_url"])
