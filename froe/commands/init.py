"""`froe init`: creates a project folder, which keeps a team's decisions apart from the installed code."""

from __future__ import annotations

from pathlib import Path

import click

from froe.commands.options import json_option
from froe.errors import FroeError
from froe.jsonl import print_json
from froe.project import create, staged


@click.command(short_help="Make a project folder for your configuration and stages.")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@json_option
def init(*, directory: Path, as_json: bool) -> None:
    """Create a project folder for your configuration and stages.

    It has froe.toml (formats, filters, redaction), the parameters of the stages dev and prod, and Chalice's
    configuration. Every command that runs in the folder uses them; the code is part of the installed froe, so
    an upgrade needs no merge.

    \b
    Example:
      froe init logs && cd logs && froe demo
    """
    if (directory / "app.py").exists():
        raise FroeError(f"{directory} is a checkout of an application (it has app.py): name another folder.")
    try:
        written = create(directory)
    except FileExistsError as error:
        raise FroeError(
            f"{error.args[0]} is in {directory} already: name a new folder, or remove the file."
        ) from error
    staged(directory.resolve())
    if as_json:
        print_json({"directory": str(directory.resolve()), "written": [str(path) for path in written]})
        return
    for path in written:
        click.echo(f"{directory / path}")
    enter = "" if directory.resolve() == Path.cwd() else f"cd {directory}, then "
    click.echo(f"\nNext: {enter}`froe demo` here or `froe deploy --stage dev` on AWS.", err=True)
