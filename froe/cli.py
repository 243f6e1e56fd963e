"""The `froe` command: finds the requested command, and turns every failure into one sentence.

A command's module is imported when the command is used. Exit codes: 0 done, 1 something is not
accounted for or failed, 2 wrong use.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import click

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.pages import BadQueryError
from froe.errors import suggestion
from froe.failures import explain
from froe.terminal import harmless

GROUPS: Final = {
    "Begin": {
        "demo": "froe.commands.demo",
        "parse": "froe.commands.parse",
        "query": "froe.commands.query",
        "formats": "froe.commands.formats",
        "infer": "froe.commands.infer",
        "init": "froe.commands.init",
        "estimate": "froe.commands.estimate",
        "up": "froe.commands.up",
        "completion": "froe.commands.completion",
    },
    "Files": {
        "upload": "froe.commands.upload",
        "status": "froe.commands.status",
        "tail": "froe.commands.tail",
        "records": "froe.commands.records",
        "rejects": "froe.commands.records",
        "export": "froe.commands.export",
        "traces": "froe.commands.traces",
        "backfill": "froe.commands.backfill",
        "verify": "froe.commands.verify",
        "reprocess": "froe.commands.reprocess",
        "forget": "froe.commands.forget",
    },
    "When something failed": {
        "dead-letters": "froe.commands.dead_letters",
        "redrive": "froe.commands.redrive",
        "discard": "froe.commands.redrive",
        "sweep": "froe.commands.sweep",
        "audit": "froe.commands.access",
        "compact": "froe.commands.compact",
    },
    "Stages on AWS": {
        "deploy": "froe.commands.deploy",
        "doctor": "froe.commands.doctor",
        "config": "froe.commands.config",
        "token": "froe.commands.access",
        "consume": "froe.commands.consume",
        "destroy": "froe.commands.destroy",
        "chalice": "froe.commands.chalice",
    },
}
"""Heading of the help → the commands below it, each with the module that defines it (underscores for hyphens)."""

COMMANDS: Final = {name: module for group in GROUPS.values() for name, module in group.items()}

DISTRIBUTION: Final = "froe-logs"


class Commands(click.Group):
    """The group of all commands: imports them late and explains what they raise."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _harmless_errors():
            return super().make_context(*arguments, **options)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for heading, names in GROUPS.items():
            with formatter.section(heading):
                commands = {name: self.get_command(ctx, name) for name in names}
                rows = [
                    (name.ljust(width), each.get_short_help_str(64))
                    for name, each in commands.items()
                    if each
                ]
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message}{suggestion(args[0], COMMANDS)}", ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):  # https://no-color.org; rich obeys it by itself
            ctx.color = False
        with _harmless_errors():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # click ends quietly when nobody reads on
            if os.environ.get("FROE_TRACEBACK"):
                raise
            kind = (
                click.UsageError if isinstance(error, BadQueryError | ConfigError) else click.ClickException
            )
            raise kind(explain(error)) from error
        return result


@contextmanager
def _harmless_errors() -> Iterator[None]:
    """Errors name files, keys and what AWS said: none of that may drive the terminal."""
    try:
        yield
    except click.ClickException as error:
        error.message = harmless(error.message)  # type: ignore[misc]
        raise


def _print_version(ctx: click.Context, _parameter: click.Parameter, flag: bool) -> None:  # noqa: FBT001
    if not flag or ctx.resilient_parsing:
        return
    from importlib import metadata  # noqa: PLC0415 - takes as long as all the rest of the start

    try:
        version = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        version = "(not installed: run `make setup`)"
    click.echo(f"froe {version}")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
def main() -> None:
    """Split log files into typed, tracked records.

    Drop a log file into a bucket, and every line becomes a record in a table and is accounted for. Start
    with `froe demo`, or try `froe parse FILE` on one of your files: it needs no AWS.
    """


if __name__ == "__main__":
    main()
