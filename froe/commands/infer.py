"""`froe infer`: a custom format for a file that nothing explains, proposed from its own lines."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Final, NamedTuple

import click

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.charsets import in_utf_8
from chalicelib.core.framing.colours import without_colours
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Skip
from froe.commands.options import config_of, config_option, json_option
from froe.errors import FroeError
from froe.explanation import way_of
from froe.inferring import Proposal, propose
from froe.json_proposal import propose_mapping
from froe.jsonl import print_json
from froe.log_files import open_reading
from froe.terminal import harmless, printable

_LINES_MAX: Final = 1000
_ANY_JSON: Final = ("json", "json_values")
_TIME: Final = '`time = { field = "time", format = "%Y.%m.%d-%H.%M.%S" }`'
_ENOUGH: Final = 0.5


class _Log(NamedTuple):
    """A file, or one in an archive. name: the file's. member: its id in the archive; None if the file is no archive."""

    file: Path
    name: str
    member: str | None

    @property
    def title(self) -> str:
        return printable(self.name)

    def reading(self, format_name: str | None, config: Config) -> Reading:
        """A new reading of it, with that format or the detected one."""
        whole = open_reading(self.file, format_name, None, config)
        if self.member is None:
            return whole
        return next(each for each in whole.with_members() if each.plan.object.file_id == self.member)


def _log_in(file: Path, config: Config, *, anyway: bool) -> _Log:
    """The file; of an archive the first member that no format explains, else the first that can be read."""
    first: _Log | None = None
    whole = open_reading(file, None, None, config)
    for reading in whole.with_members():
        plan = reading.plan
        if reading is not whole and not plan.failure and not plan.archive:
            log = _Log(file, plan.object.key, plan.object.file_id)
            first = first or log
            if anyway or plan.format in ("text", *_ANY_JSON):
                return log
    return first or _Log(file, str(file), None)


@click.command(short_help="Propose a custom format for a file.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--anyway", is_flag=True, help="Propose a format even if an existing one explains the file.")
@config_option
@json_option
def infer(*, file: Path, anyway: bool, config_file: Path | None, as_json: bool) -> None:
    """Propose a custom format for FILE, to be pasted into froe.toml.

    In an archive, FILE is the first file that no format explains. The block goes to standard output, comments to standard
    error. Its samples are lines of the file. The exit code is 1 when the lines have too little in common.
    """
    config = config_of(config_file)
    log = _log_in(file, config, anyway=anyway)
    reading = log.reading(None, config)
    plan = reading.plan
    if plan.failure:
        raise FroeError(f"{log.title}: {plan.failure}.")
    if plan.archive:
        raise FroeError(f"{log.title} is an archive ({plan.format}) in which no file can be read.")
    name = _name_of(log.name)
    if plan.format in _ANY_JSON and not anyway:
        _print_mapping(log, name, reading, as_json=as_json)
        return
    if plan.format != "text" and not anyway:
        if as_json:
            _print_json(log, None, known=plan.format)
            return
        click.echo(
            f"{log.title} is explained by the format {plan.format} (score {plan.format_score:g}):"
            f" `froe parse {printable(str(file))}` shows its records; --anyway proposes another format.",
            err=True,
        )
        return
    proposal = propose(_first_lines(log, config))
    explained = 0.0 if proposal is None else _share(log, proposal, name)
    if proposal is None or explained < _ENOUGH:
        raise FroeError(
            f"The lines of {log.title} have too little in common for a format:"
            " as plain text every line is a record already."
        )
    if as_json:
        _print_json(log, proposal.toml(name), explained=explained)
        return
    click.echo(harmless(proposal.toml(name)), nl=False)
    timeless = (
        ""
        if proposal.has_time
        else f", but finds no time in them. Write {{time=…}} where it stands, and say its shape: {_TIME}"
    )
    click.echo(
        f"The format explains {explained:.1%} of the lines{timeless}. Name its fields, look through its samples (they are"
        " lines of the file), and paste it into froe.toml.",
        err=True,
    )


def _print_json(
    log: _Log, toml: str | None, *, explained: float | None = None, known: str | None = None
) -> None:
    """explained: the share of the lines. known: the format that already explains the file."""
    print_json({"file": log.name, "format": known, "toml": toml, "explained": explained})


def _print_mapping(log: _Log, name: str, reading: Reading, *, as_json: bool) -> None:
    """A mapping of the members, for JSON that no narrower format knows."""
    objects = []
    for outcome in reading:
        if not isinstance(outcome.result, Skip):
            raw = in_utf_8(outcome.raw, reading.plan.framing.charset)
            objects.append(raw.decode(errors="replace").strip())
        if len(objects) >= _LINES_MAX:
            break
    way = way_of(reading.plan.framing)
    proposal = propose_mapping(objects, way)
    if proposal is None:
        raise FroeError(
            f"The objects of {log.title} have no time, severity or message in common:"
            f" `froe parse {printable(str(log.file))}` shows what they become."
        )
    text = proposal.toml(name)
    load(text, "the proposal")
    if as_json:
        _print_json(log, text)
        return
    click.echo(text, nl=False)
    click.echo(
        "It is JSON, which is read without a format of your own too. Look through the names of the mapping and the samples"
        " (they are objects of the file), and paste it into the configuration.",
        err=True,
    )


def _first_lines(log: _Log, config: Config) -> list[str]:
    """The lines as they are, without colours and blank lines."""
    lines: list[str] = []
    for outcome in log.reading("text", Config(key=config.key)):
        if not isinstance(outcome.result, Skip):
            lines.append(without_colours(outcome.raw.decode(errors="replace")).rstrip("\r\n"))
        if len(lines) >= _LINES_MAX:
            break
    return lines


def _share(log: _Log, proposal: Proposal, name: str) -> float:
    """The share of the lines, blank ones left out, that the proposal explains; 0 if there is no proposal."""
    try:
        config = load(proposal.toml(name), "the proposal")
    except ConfigError:
        return 0.0
    explained = lines = 0
    for outcome in log.reading(name, config):
        if not isinstance(outcome.result, Skip):
            lines += outcome.lines
            if isinstance(outcome.result, Record) and outcome.format is None:
                explained += outcome.lines
    return explained / lines if lines else 0.0


def _name_of(path: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", PurePath(path).name.split(".")[0].lower()).strip("_")
    return stem if re.match(r"[a-z]", stem) else f"log_{stem}".rstrip("_")
