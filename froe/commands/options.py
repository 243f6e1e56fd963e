"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from chalicelib.configuration import PACKAGED, read_config
from chalicelib.core.custom.spec import Config
from froe.project import project_of

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
limit_option = click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="How many to show at most; 0: all.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per line.")


def config_of(config_file: Path | None) -> Config:
    """The configuration that a command was given, else that of the project or checkout it runs in."""
    project = project_of(Path.cwd())
    return read_config(config_file, packaged=project / "froe.toml" if project else PACKAGED)
