"""`froe completion`: what a shell needs to complete commands, options and their values."""

from __future__ import annotations

import click

from froe.completion import SHELLS, commands_of


@click.command(short_help="Print the completion script for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print the shell script that completes commands, options and their values.

    In ~/.bashrc: `source <(froe completion bash)`. In ~/.zshrc, behind compinit: `source <(froe completion
    zsh)`. In ~/.config/fish/config.fish: `froe completion fish | source`.
    """
    program = ctx.find_root().command
    assert isinstance(program, click.Group)
    click.echo(SHELLS[shell](commands_of(program)), nl=False)
