"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from chalicelib.conditions import Condition
from chalicelib.configuration import PACKAGED, read_config
from chalicelib.core.custom import made_of
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.charsets import REMEDY, charset_named
from chalicelib.core.formats.registry import NAMES, UnknownFormatError
from chalicelib.pages import BadQueryError
from froe.errors import suggestion
from froe.project import project_of


def _charset(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    codec = None if name is None else charset_named(name)
    if name is not None and codec is None:
        raise click.BadParameter(
            f"{name!r} is not a character set that can be read piece by piece; {REMEDY}."
        )
    return codec


def _conditions(
    _context: click.Context, _parameter: click.Parameter, conditions: tuple[str, ...]
) -> tuple[str, ...]:
    for condition in conditions:
        try:
            Condition.of(condition)
        except BadQueryError as error:
            raise click.BadParameter(f"{error}.") from error
    return conditions


format_option = click.option(
    "--format",
    "format_name",
    metavar="NAME",
    help="Skip detection and use this format; `froe formats` lists them.",
)
charset_option = click.option(
    "--charset", metavar="NAME", callback=_charset, help="Use this character set, such as latin-1."
)
config_option = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take formats, filters and redaction from this file.  [default: FROE_CONFIG, else the project's froe.toml]",
)
stage_option = click.option(
    "--stage", help="Act on this deployed stage.  [default: the environment, else the newest `froe up`]"
)
stage_name = click.option(
    "--stage",
    required=True,
    metavar="STAGE",
    help="A stage, such as dev; local is the one on a local AWS (`froe up --bare`).",
)
where_option = click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    callback=_conditions,
    help="Only records that match this condition, such as http.response.status_code>=500 or url.path~cart, or FIELD alone: has that field. May be repeated.",
)
limit_option = click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Show at most N; 0: all.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per line.")


def config_of(config_file: Path | None) -> Config:
    """The configuration that the command was given, else that of the project or checkout in which it runs."""
    project = project_of(Path.cwd())
    return read_config(config_file, packaged=project / "froe.toml" if project else PACKAGED)


def check_format(name: str | None, config: Config) -> None:
    """Raises BadParameter for an unknown format."""
    if name is None:
        return
    custom = made_of(config.rules, config.key)
    try:
        custom.by_name(name)
    except UnknownFormatError as error:
        names = [*NAMES, *(own.name for own in custom.listed)]
        raise click.BadParameter(f"{error}.{suggestion(name, names)}", param_hint="'--format'") from error
