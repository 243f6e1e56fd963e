"""`froe formats`: the formats known, each with its source and sample entries."""

from __future__ import annotations

from pathlib import Path

import click

from chalicelib.configuration import read_config
from chalicelib.core.custom import made_of
from chalicelib.core.formats import Format
from chalicelib.core.formats.registry import all_formats, family_of
from froe.commands.options import config_option
from froe.jsonl import print_json
from froe.terminal import printable


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of all formats.")
def formats(*, config_file: Path | None, as_json: bool) -> None:
    """List the log formats that Froe knows, your own first.

    Froe looks at the content of a file to tell its format. A self-synchronising format shows where an
    entry starts in the line itself; such files can be cut in parallel.
    """
    config = read_config(config_file)
    known_formats = (*made_of(config.rules, config.key).formats, *all_formats())
    if as_json:
        print_json([_for_programs(known) for known in known_formats])
        return
    for known in known_formats:
        _print_for_people(known)


def _for_programs(known: Format) -> dict[str, object]:
    return {
        "name": known.name,
        "family": family_of(known.name),
        "title": known.title,
        "source": known.source,
        "self_synchronising": known.self_synchronising,
        "samples": list(known.samples),
    }


def _print_for_people(known: Format) -> None:
    cutting = "self-synchronising" if known.self_synchronising else "cut in sequence"
    click.echo(f"{click.style(known.name, bold=True)}  {known.title} ({cutting})")
    click.echo(f"    {known.source}")
    for sample in known.samples:
        for line in sample.split("\n"):
            click.echo(f"    | {printable(line)}")
    click.echo()
