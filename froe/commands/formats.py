"""`froe formats`: the formats known, each with its source and sample entries."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Final

import click

from chalicelib.core.custom import made_of
from chalicelib.core.formats import Format
from chalicelib.core.formats.registry import all_formats, family_of
from froe.commands.options import config_of, config_option
from froe.errors import FroeError, suggestion
from froe.format_block import block_of
from froe.jsonl import print_json
from froe.terminal import printable

_FEW: Final = 12
"""Up to so many formats are listed with sources and samples."""


@click.command()
@click.argument("words", metavar="[WORD]...", nargs=-1)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of the formats.")
@click.option(
    "--toml",
    "block",
    metavar="NAME",
    help="Print a built-in format as a [[format]] table, ready to be changed.",
)
def formats(*, words: tuple[str, ...], config_file: Path | None, as_json: bool, block: str | None) -> None:
    """List the log formats that Froe knows, your own first.

    Froe infers the format of a file from its content. With a WORD it lists only formats whose name, family or
    title contains it; a short list has sources and samples. In a self-synchronising format the line itself
    shows where an entry starts; such files can be cut in parallel.

    \b
    Examples:
      froe formats nginx
      froe formats --json | jq -r .[].name
      froe formats --toml kafka >> froe.toml
    """
    if block is not None:
        if words or as_json:
            raise click.UsageError("--toml prints one format: leave out the words and --json.")
        click.echo(_block(block), nl=False)
        return
    config = config_of(config_file)
    known_formats = (*made_of(config.rules, config.key).listed, *all_formats())
    listed = [known for known in known_formats if all(_has(known, word) for word in words)]
    if not listed:
        names = [known.name for known in known_formats]
        close = "".join(suggestion(word, names) for word in words)
        raise FroeError(
            f"No format has {' and '.join(map(repr, words))} in its name, family or title.{close}"
        )
    if as_json:
        print_json([_for_programs(known) for known in listed])
    elif len(listed) <= _FEW:
        for known in listed:
            _print_whole(known)
    else:
        _print_names(listed)


def _block(name: str) -> str:
    """A built-in format as a table of a configuration."""
    built_in = {known.name: known for known in all_formats()}
    if name not in built_in:
        raise FroeError(
            f"No built-in format is called {name!r}.{suggestion(name, built_in)} `froe formats` lists them; your own stand in"
            " your froe.toml already."
        )
    block = block_of(built_in[name])
    if block is None:
        can = ", ".join(each for each, known in built_in.items() if block_of(known))
        raise FroeError(
            f"The format {name!r} is more than templates can express, so it cannot be printed as a table. Start from a similar"
            f" one, or from what `froe infer FILE --anyway` proposes for your file. These can be printed: {can}."
        )
    return block


def _has(known: Format, word: str) -> bool:
    return word.lower() in f"{known.name} {family_of(known.name)} {known.title}".lower()


def _print_names(listed: list[Format]) -> None:
    width = max(len(known.name) for known in listed)
    for family, members in groupby(listed, key=lambda known: family_of(known.name)):
        click.echo(click.style(family, bold=True))
        for known in members:
            click.echo(f"  {known.name:<{width}}  {known.title}")
    click.echo(f"\n{len(listed)} formats: `froe formats NAME` shows the samples of one.", err=True)


def _for_programs(known: Format) -> dict[str, object]:
    return {
        "name": known.name,
        "family": family_of(known.name),
        "title": known.title,
        "source": known.source,
        "self_synchronising": known.self_synchronising,
        "samples": list(known.samples),
    }


def _print_whole(known: Format) -> None:
    cutting = "self-synchronising" if known.self_synchronising else "cut in sequence"
    click.echo(f"{click.style(known.name, bold=True)}  {known.title} ({cutting})")
    click.echo(f"    {known.source}")
    for sample in known.samples:
        for line in sample.split("\n"):
            click.echo(f"    | {printable(line)}")
    click.echo()
