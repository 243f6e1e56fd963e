"""`froe up`: the local AWS and the whole pipeline on it, until Ctrl-C."""

from __future__ import annotations

import shlex
import time
from dataclasses import asdict
from pathlib import Path

import click

from froe.errors import FroeError
from froe.inbox_log import inbox_of
from froe.jsonl import print_json
from froe.local import LocalStack
from froe.running import program_name, running_stack
from froe.target import target_of

_WATCH_SECONDS = 1.0


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port of the local AWS.  [default: a free one]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object when all is ready.")
@click.option(
    "--inbox",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Upload files that are dropped into this folder, and report what becomes of them.",
)
@click.option(
    "--move-to",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --inbox: move files that are COMPLETE there.  [default: they stay]",
)
@click.option("--bare", is_flag=True, help="The local AWS alone, for `froe deploy --stage local` by hand.")
def up(*, port: int | None, as_json: bool, inbox: Path | None, move_to: Path | None, bare: bool) -> None:
    """Run the local AWS and the whole pipeline on it, until Ctrl-C.

    Needs no account and no Docker. It runs the functions that `chalice deploy` deploys. With --bare it deploys
    nothing and prints what to export; then the commands for real stages work with `--stage local`. With --inbox a
    file is uploaded once it has not changed for two seconds; its key is its path in the folder.
    """
    if inbox and bare:
        raise click.UsageError("--inbox needs the pipeline: leave --bare out.")
    if move_to and not inbox:
        raise click.UsageError("--move-to is for the files of an --inbox: name that folder too.")
    with running_stack(port, bare=bare) as stack:
        try:
            if bare:
                _print_environment(stack, as_json=as_json)
            elif as_json:
                print_json(asdict(stack.info))
            else:
                _print_for_people(stack)
            taken = (
                inbox_of(target_of(stack.info, stack.env), inbox, move_to, as_json=as_json) if inbox else None
            )
            while not (problem := stack.problem()):
                if taken:
                    taken.step()
                time.sleep(_WATCH_SECONDS)
        except KeyboardInterrupt:
            if not as_json:
                click.echo("\nStopping.", err=True)
            return
        raise FroeError(problem)


def _print_for_people(stack: LocalStack) -> None:
    info, froe = stack.info, program_name()
    keys = f"AWS_ACCESS_KEY_ID={stack.env['AWS_ACCESS_KEY_ID']} AWS_SECRET_ACCESS_KEY={stack.env['AWS_SECRET_ACCESS_KEY']}"
    aws = f"{keys} aws --endpoint-url {info.endpoint} --region {info.region}"
    click.secho(f"Froe is up: the local AWS at {info.endpoint}, the status API at {info.api}", bold=True)
    click.echo("\nIn another terminal:")
    _step("Send a log file through it", f"{froe} upload FILE --wait")
    _step("… or with the AWS command line", f"{aws} s3 cp FILE s3://{info.input_bucket}/")
    _step("See what became of it", f"{froe} status")
    _step("… or over HTTP", f'curl -H "Authorization: Bearer {info.token}" {info.api}/files')
    _step(
        "Before `aws`, `chalice deploy --stage local` or `chalice local --stage local` by hand",
        f"set -a; . {shlex.quote(str(stack.env_file))}; set +a",
    )
    click.echo("\nCtrl-C stops it.")


def _print_environment(stack: LocalStack, *, as_json: bool) -> None:
    if as_json:
        print_json(dict(stack.env))
        return
    click.secho(f"The local AWS is up at {stack.env['AWS_ENDPOINT_URL']}, with nothing on it.", bold=True)
    exports = "unset AWS_PROFILE AWS_SESSION_TOKEN\n" + "".join(
        f"export {name}={shlex.quote(value)}\n" for name, value in sorted(stack.env.items())
    )
    click.echo(f"\nIn another terminal:\n\n{exports}{program_name()} deploy --stage local")
    click.echo("\nCtrl-C stops it, and discards what was deployed on it.")


def _step(purpose: str, command: str) -> None:
    click.echo(f"\n  {purpose}:\n    {click.style(command, fg='cyan')}")
