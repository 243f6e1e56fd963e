"""`froe formats`: the formats known, each with its source and sample entries."""

from __future__ import annotations

import click

from chalicelib.core.formats import Format
from chalicelib.core.formats.registry import all_formats, family_of
from froe.commands.options import json_option
from froe.jsonl import print_json
from froe.terminal import printable


@click.command()
@json_option
def formats(*, as_json: bool) -> None:
    """List the log formats that Froe knows.

    Froe looks at the content of a file to tell its format. A self-synchronising format shows where an
    entry starts in the line itself; such files can be cut in parallel.
    """
    if as_json:
        print_json([_for_programs(known) for known in all_formats()])
        return
    for known in all_formats():
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
