"""`froe config`: the configuration of a stage, changed without a deploy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from froe.commands.options import json_option, limit_option, stage_option
from froe.errors import FroeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.configuration_versions import Version
    from chalicelib.core.custom.spec import Config
    from froe.configuration_differences import Difference
    from froe.configuring import Configuring, Written

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.group(
    invoke_without_command=True, short_help="Change formats, filters and redaction without a deploy."
)
@limit_option
@stage_option
@json_option
@click.pass_context
def config(context: click.Context, *, limit: int, stage: str | None, as_json: bool) -> None:
    """Change the configuration of a stage without a deploy: formats, bindings, filters, redaction.

    Without a command: list the versions that were put, newest first; the first one is in use. A file keeps the
    version with which it was opened; `froe status` shows it.
    """
    if context.invoked_subcommand is not None:
        if stage is not None or as_json:
            raise click.UsageError(f"Give --stage and --json behind {context.invoked_subcommand}.")
        return
    from froe.configuring import version_json  # noqa: PLC0415 - imports what takes long
    from froe.jsonl import print_json  # noqa: PLC0415 - as above
    from froe.terminal import Column, print_table  # noqa: PLC0415 - as above

    listed = _configuring(stage).listed()
    versions = listed[:limit] if limit else listed
    if as_json:
        for each in versions:
            print_json({**version_json(each), "in_use": each is listed[0]})
    elif not versions:
        click.echo(
            "No configuration was put: the deployed one is in use. `froe config put` puts a file.", err=True
        )
    else:
        columns = (Column("version"), *map(Column, ("put at", "by", "how", "froe", "")))
        print_table(columns, [_row(each, is_in_use=each is listed[0]) for each in versions])


@config.command(short_help="Check a file, and use it from now on.")
@click.argument("file", required=False, type=_FILE)
@click.option(
    "--replaces",
    metavar="VERSION",
    type=click.IntRange(min=0),
    help="Refuse if another version is in use (0: none was put).",
)
@stage_option
@json_option
def put(*, file: Path | None, replaces: int | None, stage: str | None, as_json: bool) -> None:
    """Check, prove and compile FILE, by default the project's froe.toml, and use it from now on.

    Functions use it within 10 seconds, for files that they open from then on. A file that does not pass is refused
    with line and remedy, and nothing changes.
    """
    from froe.configuring import checked_file  # noqa: PLC0415 - as above

    written = checked_file(file)
    configuring = _configuring(stage)
    before = configuring.newest()
    version = configuring.put(written, replaces=replaces)
    if version is None:
        assert before
        _print_version(
            before, (), as_json=as_json, sentence=f"Version {before.number} says the same and is in use."
        )
        return
    changes = _changes(configuring, before, written)
    _print_version(version, changes, as_json=as_json, sentence=f"{_taken(version)}.")
    _warn(written.config)
    if any(each.hashed for each in written.config.rules.redactions):
        click.echo(
            "It hides by a keyed hash: `froe doctor` checks that the functions have a REDACTION_KEY.",
            err=True,
        )


@config.command(short_help="Print a version as it was written.")
@click.argument("version", required=False, type=click.IntRange(min=1))
@stage_option
@json_option
def get(*, version: int | None, stage: str | None, as_json: bool) -> None:
    """Print the file of VERSION, by default of the one in use, as it was written."""
    from froe.configuring import version_json  # noqa: PLC0415 - as above
    from froe.jsonl import print_json  # noqa: PLC0415 - as above

    configuring = _configuring(stage)
    stored = configuring.newest() if version is None else configuring.version(version)
    if stored is None:
        raise FroeError(
            "No configuration was put here: the deployed one, your project's froe.toml, is in use."
        )
    text = configuring.source(stored)
    if as_json:
        print_json({**version_json(stored), "text": text})
    else:
        click.echo(text, nl=False)


@config.command(short_help="Show what differs between versions, or from a file.")
@click.argument("one", metavar="[VERSION|FILE]", required=False)
@click.argument("other", metavar="[VERSION|FILE]", required=False)
@stage_option
@json_option
def diff(*, one: str | None, other: str | None, stage: str | None, as_json: bool) -> None:
    """Describe what `froe config put` would change: between the version in use and the project's froe.toml.

    With one VERSION or FILE: between the version in use and that. With two: between these. The deployed
    configuration is not stored for comparison: if it is in use, everything in the other counts as new.
    """
    from froe.configuration_differences import differences  # noqa: PLC0415 - as above
    from froe.jsonl import print_json  # noqa: PLC0415 - as above

    configuring = _configuring(stage)
    before = _named(configuring, one) if one and other else _in_use(configuring, configuring.newest())
    after = _named(configuring, other or one)
    changes = differences(before.config, after.config)
    _warn(after.config)
    if as_json:
        for each in changes:
            print_json(
                {"kind": each.kind, "name": each.name or None, "change": each.change, "what": list(each.what)}
            )
        return
    click.echo(f"From {before.name} to {after.name}:", err=True)
    for each in changes:
        click.echo(f"  {each}")
    if not changes:
        click.echo("  nothing that changes what becomes of a file", err=True)


@config.command(short_help="Use a former version again.")
@click.argument("version", required=False)
@stage_option
@json_option
def rollback(*, version: str | None, stage: str | None, as_json: bool) -> None:
    """Use VERSION again, by default the previous one; `deployed` is the configuration that was deployed.

    It becomes a new version, checked and compiled again; none is removed. Files that were opened meanwhile keep
    their version; `froe reprocess` reads them again.
    """
    from froe.configuring import DEPLOYED  # noqa: PLC0415 - as above

    if version is not None and version != DEPLOYED and not version.isdigit():
        raise click.UsageError(f"{version!r} is no version: give its number, or {DEPLOYED}.")
    made = _configuring(stage).roll_back(version)
    what = "what was deployed" if made.is_deployed else f"what version {made.of} says"
    sentence = f"{_taken(made)}: {what}."
    _print_version(made, (), as_json=as_json, sentence=sentence)


def _configuring(stage: str | None) -> Configuring:
    from chalicelib.core.plan.layouts import Sink  # noqa: PLC0415 - as above
    from froe.configuring import Configuring  # noqa: PLC0415 - as above
    from froe.inquiry import services_of  # noqa: PLC0415 - imports boto3, which takes a second
    from froe.selecting import who_asks  # noqa: PLC0415 - as above
    from froe.target import find_target  # noqa: PLC0415 - as above

    services = services_of(find_target(stage))
    settings = services.settings
    return Configuring(
        services.versions,
        services.audit,
        who_asks(),
        lanes=settings.lanes,
        has_sink=settings.sink is not Sink.NONE,
    )


def _named(configuring: Configuring, name: str | None) -> Written:
    """A version by its number, else a file; None: the project's file."""
    from froe.configuring import checked_file  # noqa: PLC0415 - as above

    if name and name.isdigit():
        return configuring.written(configuring.version(int(name)))
    return checked_file(Path(name) if name else None)


def _in_use(configuring: Configuring, newest: Version | None) -> Written:
    from froe.configuring import checked  # noqa: PLC0415 - as above

    if newest is None or newest.is_deployed:
        return checked("", "what was deployed")
    return configuring.written(newest)


def _changes(configuring: Configuring, before: Version | None, written: Written) -> Sequence[Difference]:
    """What a put changed, as far as that is known."""
    from chalicelib.core.custom.config_errors import ConfigError  # noqa: PLC0415 - as above
    from froe.configuration_differences import differences  # noqa: PLC0415 - as above

    try:
        return differences(_in_use(configuring, before).config, written.config)
    except (ConfigError, FroeError):
        return ()


def _warn(config: Config) -> None:
    from froe.configuring import warnings_of  # noqa: PLC0415 - as above

    for warning in warnings_of(config):
        click.echo(warning, err=True)


def _taken(version: Version) -> str:
    from chalicelib.configuration_versions import LOOK_SECONDS  # noqa: PLC0415 - as above

    return f"Version {version.number} of the configuration holds for files that are opened in {LOOK_SECONDS:.0f} seconds and later"


def _print_version(version: Version, changes: Sequence[Difference], *, as_json: bool, sentence: str) -> None:
    if as_json:
        from froe.configuring import version_json  # noqa: PLC0415 - as above
        from froe.jsonl import print_json  # noqa: PLC0415 - as above

        print_json({**version_json(version), "changes": [str(each) for each in changes]})
        return
    click.echo(sentence)
    for each in changes:
        click.echo(f"  {each}")


def _row(version: Version, *, is_in_use: bool) -> tuple[str, ...]:
    from froe.configuring import version_json  # noqa: PLC0415 - as above

    members: dict[str, Any] = version_json(version)
    how = {"deploy": "compiled anew by a deploy"}.get(version.how, version.how)
    if version.how == "rollback":
        how = f"rollback to {version.of or 'what was deployed'}"
    return (
        str(version.number),
        members["at"][:19],
        version.by,
        how,
        version.froe,
        "in use" if is_in_use else "",
    )
