"""`froe chalice`: Chalice's own commands on the application that `froe` deploys."""

from __future__ import annotations

import subprocess

import click

from froe.resources import CHALICE, ROOT


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", metavar="ARGUMENTS...", nargs=-1, type=click.UNPROCESSED)
def chalice(*, arguments: tuple[str, ...]) -> None:
    """Run a Chalice command on this project's application.

    \b
    Examples:
      froe chalice local --stage dev
      froe chalice logs --stage dev --name worker
      froe chalice -- --help
    """
    done = subprocess.run([*CHALICE, *arguments], cwd=ROOT, check=False)  # noqa: S603 - Chalice's own command line
    click.get_current_context().exit(done.returncode)
