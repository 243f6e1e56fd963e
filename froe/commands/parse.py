"""`froe parse`: what the pipeline would make of local files, without AWS, as JSON lines.

The reading, cutting and parsing are the pipeline's own; so is the arithmetic. Memory is bounded by a
batch, however large the file.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chalicelib.core.amounts import counted
from chalicelib.core.custom import made_of
from chalicelib.core.decoding.guessing import on_guess
from chalicelib.core.formats import Format
from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.plan import Plan
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Reject
from froe.commands.options import charset_option, check_format, config_of, config_option, format_option
from froe.explanation import explain, for_people, for_programs
from froe.jsonl import print_json, write_json_lines
from froe.log_files import open_reading, readable
from froe.terminal import harmless, printable
from froe.type_changes import TypeChanges


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@format_option
@charset_option
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Show which format was chosen and why, and what each reject lacks, instead of the records.",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Make the summary of each file a JSON object.")
def parse(
    *,
    files: Sequence[Path],
    format_name: str | None,
    charset: str | None,
    explained: bool,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Parse log files here, without AWS.

    FILE may be a folder, whose files are all parsed, or - for standard input.

    Records and rejects go to standard output, one JSON object per line; a summary of each file goes to
    standard error. The exit code is 1 when a file is damaged, is not text, or does not add up.
    """
    config = config_of(config_file)
    check_format(format_name, config)
    good = True
    for path, called in readable(files):
        for reading in open_reading(path, format_name, charset, config, called).with_members():
            passed = _Passed(reading)
            name = reading.plan.object.key
            if explained and not reading.plan.archive:
                own = made_of(config.rules, config.key).formats
                _explain(reading, passed, name, own, forced=format_name is not None, as_json=as_json)
            else:
                _write_outcomes(passed, name, reading.plan.format)
            _say(reading, passed, name, explained=explained, as_json=as_json)
            account = reading.account
            end = account.text_bytes if reading.plan.archive else passed.end
            good &= (
                account.state is State.COMPLETE
                and account.summary.counts.total.bytes == end == account.text_bytes
            )
    if not good:
        click.get_current_context().exit(1)


def _say(reading: Reading, passed: _Passed, name: str, *, explained: bool, as_json: bool) -> None:
    summary = _summary(name, reading.plan, reading.account)
    if as_json:
        print_json(summary, err=True)
        return
    click.echo(harmless(_sentence(summary)), err=True)
    if reading.plan.charset_guess and not explained:
        click.echo(f"  {on_guess(reading.plan.charset_guess)}", err=True)
    for sentence in passed.types.sentences():
        click.echo(harmless(f"  {sentence}"), err=True)


def _explain(
    reading: Reading,
    passed: _Passed,
    name: str,
    own: tuple[Format, ...],
    *,
    forced: bool,
    as_json: bool,
) -> None:
    explanation = explain(reading.plan, reading.open_object, passed, forced=forced, own=own)
    if as_json:
        print_json({"file": name, **for_programs(explanation)})
    else:
        click.echo(click.style(printable(name), bold=True))
        for line in for_people(explanation):
            click.echo(printable(line))


class _Passed:
    """Passes outcomes on; afterwards, where they ended, -1 if a byte was missing, and the types of their attributes."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._outcomes = outcomes
        self.end = 0
        self.types = TypeChanges()

    def __iter__(self) -> Iterator[Outcome]:
        for outcome in self._outcomes:
            self.end = self.end + outcome.length if outcome.offset == self.end else -1
            self.types.add(outcome)
            yield outcome


def _write_outcomes(passed: _Passed, name: str, format_name: str) -> None:
    """Write every record and reject."""
    row = (
        _for_programs(outcome, name, format_name)
        for outcome in passed
        if isinstance(outcome.result, Record | Reject)
    )
    write_json_lines(row, sys.stdout.buffer)


def _for_programs(outcome: Outcome, name: str, format_name: str) -> dict[str, Any]:
    offset, length, lines, raw, result, replaced, own_format = outcome
    row: dict[str, Any] = {
        "file": name,
        "offset": offset,
        "length": length,
        "lines": lines,
        "kind": "record",
        "format": own_format or format_name,
    }
    if isinstance(result, Record):
        row["timestamp"], assumed, row["severity_text"], row["severity_number"], *rest = result
        row["body"], row["attributes"] = rest
        if assumed is not None:
            row["timestamp_assumed"] = assumed
    else:
        row["kind"] = "reject"
        row["raw"] = base64.b64encode(raw).decode()
        row["reason"] = result.reason
    if replaced:
        row["replaced"] = True
    return row


def _summary(name: str, plan: Plan, account: FileAccount) -> dict[str, Any]:
    counts = account.summary.counts
    return {
        "file": name,
        "format": plan.shown_format,
        "text_bytes": account.text_bytes or 0,
        "lines": counts.total.lines,
        "parsed": asdict(counts.parsed),
        "rejected": asdict(counts.rejected),
        "skipped": {
            reason: {"lines": tally.lines, "bytes": tally.bytes}
            for reason, tally in sorted(counts.skipped.items())
        },
        "damage": account.reason,
        "charset_guess": plan.charset_guess,
    }


def _sentence(summary: dict[str, Any]) -> str:
    """If entries share lines, as elements of an array do, the sum is in bytes: a line end belongs to one of them at
    most."""
    parsed, rejected, lines = summary["parsed"], summary["rejected"], summary["lines"]
    shares_lines = parsed["entries"] + rejected["entries"] > parsed["lines"] + rejected["lines"]
    shares_lines |= not lines and summary["text_bytes"] > 0  # an archive has none
    unit = "bytes" if shares_lines else "lines"
    whole = counted(summary["text_bytes" if shares_lines else "lines"], unit.removesuffix("s"))
    skipped = sum(tally[unit] for tally in summary["skipped"].values())
    other = counted(lines, "line") if shares_lines else counted(summary["text_bytes"], "byte")
    sentence = (
        f"{printable(summary['file'])}: {summary['format'] or '-'}, {other},"
        f" {whole} = {parsed[unit]:,} parsed + {rejected[unit]:,} rejected"
        f" + {skipped:,} skipped ({counted(parsed['entries'], 'record')})"
    )
    return f"{sentence}\n  {summary['damage']}" if summary["damage"] else sentence
