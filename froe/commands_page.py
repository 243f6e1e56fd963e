"""The page of commands: every command with its arguments and options, generated from the commands themselves.

python -m froe.commands_page > docs/commands.md
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from froe.cli import GROUPS, main


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "This page is generated from the commands (`make docs`) and has the text of `froe COMMAND --help`. Wherever a FILE_ID is expected,"
    yield "the first four characters or more of one are enough, and a key does as well. Exit codes: 0 done, 1 something failed or is"
    yield "not accounted for, 2 wrong use. `--stage` defaults to the stage of the environment, else the newest `froe up`."
    context = click.Context(main, info_name="froe")
    for heading, names in GROUPS.items():
        yield from ("", f"## {heading}")
        for name in names:
            command = main.get_command(context, name)
            assert command
            yield from _command(command, click.Context(command, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    pieces = () if isinstance(command, click.Group) else command.collect_usage_pieces(context)
    usage = " ".join((context.command_path, *pieces))
    yield from ("", f"### {context.command_path}", "", f"`{usage}`", "")
    yield inspect.cleandoc(command.help or "").replace("\b\n", "")
    options = [
        record
        for one in command.get_params(context)
        if isinstance(one, click.Option)
        and "--help" not in one.opts
        and (record := one.get_help_record(context))
    ]
    if options:
        yield from ("", "| option | does |", "|---|---|")
        yield from (f"| `{_cell(names)}` | {_cell(help_text)} |" for names, help_text in options)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner
            yield from _command(inner, click.Context(inner, info_name=name, parent=context))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
