"""`froe demo`: sends the sample logs through the whole pipeline, and compares the result with an independent count."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from chalicelib.core.custom.spec import Config
from froe.commands.query import print_answer
from froe.comparison import Comparison, Stored, stored_by_file
from froe.counting import Count, UncountableError, count_file
from froe.errors import FroeError
from froe.inquiry import SETTLED, ItemJson, accounted, skipped, status_of, wait_until_cut, watch
from froe.jsonl import print_json
from froe.local import LocalStack
from froe.local.stack import VISIBILITY_SECONDS
from froe.log_files import open_reading
from froe.project import source
from froe.querying import LogTable
from froe.running import program_name, running_stack
from froe.target import target_of
from froe.terminal import Column, print_table, printable, progress_bar
from froe.uploading import find_sources, upload_one_by_one

SAMPLE_LOGS: Final = source() / "sample_logs"
_PATIENCE_SECONDS: Final = 15.0
_REPEAT_SECONDS: Final = 60.0
_NAMED: Final = 3
_QUESTION: Final = (
    "select client_address, count(*) as requests, sum(http_response_body_size) as bytes from log"
    " where client_address is not null group by all order by requests desc, 1 limit 5"
)
_NOT_SAMPLES: Final = frozenset({"make.py", "README.md"})


@click.command(short_help="Send the sample logs through the whole pipeline, locally.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=900,
    show_default=True,
    help="Wait no longer than this.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def demo(*, timeout: int, as_json: bool) -> None:
    """Send the sample logs through the whole pipeline, here on this machine.

    Starts the local AWS, deploys the functions on it, uploads the files of sample_logs/, and compares
    what came out with an independent count of every file. The exit code is 0 only if all of it agrees.
    """
    begun = time.monotonic()
    counts = _counted(find_samples(SAMPLE_LOGS))
    with running_stack() as stack:
        ready = time.monotonic()
        compared = _run(stack, counts, timeout)
        done = time.monotonic()
        agree = all(one.agrees for one in compared)
        if not agree:
            stack.stop(keep_logs=True)
    if as_json:
        report = {
            "agrees": agree,
            "seconds": round(done - begun, 1),
            "files": [one.for_programs() for one in compared],
        }
        print_json(report)
    else:
        _print_for_people(compared)
        click.echo(f"Starting the local AWS took {ready - begun:.0f} s, the files {done - ready:.0f} s.")
        if agree:
            _print_question(list(counts))
            _print_next_steps()
    if not agree:
        click.echo(f"What the functions logged is in {stack.logs}.", err=True)
        click.get_current_context().exit(1)


def find_samples(folder: Path) -> list[Path]:
    """The sample files in a folder. Raises FroeError if there is none."""
    if not folder.is_dir():
        raise FroeError(f"{folder} is missing: run froe in a checkout.")
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.name not in _NOT_SAMPLES and not path.name.startswith(".")
    )
    if not paths:
        raise FroeError(f"{folder} has no samples: `python sample_logs/make.py` makes them.")
    return paths


def _counted(samples: Sequence[Path]) -> dict[Path, Count]:
    try:
        return {path: count_file(path) for path in samples}
    except UncountableError as error:
        raise FroeError(f"{error}: `python sample_logs/make.py` makes the samples again.") from error


def _run(stack: LocalStack, counts: Mapping[Path, Count], timeout: float) -> list[Comparison]:
    target = target_of(stack.info, stack.env)
    lines = sum(count.lines for count in counts.values())
    names: dict[str, Path] = {}
    files: Mapping[str, ItemJson] = {}
    with progress_bar("Processing", lines, unit="lines") as bar:
        sources = find_sources(list(counts), "")
        status = status_of(target)
        s3 = target.client("s3")
        opened = partial(wait_until_cut, status)
        for one in upload_one_by_one(s3, stack.info.input_bucket, sources, lambda _: None, opened):
            names[one.file_id] = one.source.path
            bar.reach(0, f"{len(names)} of {len(sources)} files uploaded")
        patience = Patience(timeout)
        for files in watch(status, list(names), timeout):
            waiting = [path.name for file_id, path in names.items() if not _is_settled(files.get(file_id))]
            done = sum(accounted(file, "lines") for file in files.values())
            bar.reach(done, f"{len(names) - len(waiting)} of {len(names)} files settled")
            if sentence := patience.sentence(waiting, done):
                bar.say(sentence)
            if problem := stack.problem():
                raise FroeError(problem)
    stored = stored_by_file(target.client("dynamodb"), stack.info.records_table)
    return [
        Comparison(
            path.name,
            counts[path],
            files.get(file_id),
            stored.get(file_id, Stored()),
            _seconds(files.get(file_id)),
        )
        for file_id, path in sorted(names.items(), key=lambda named: named[1].name)
    ]


def _is_settled(file: ItemJson | None) -> bool:
    return file is not None and file["state"] in SETTLED


class Patience:
    """Reports what is being waited for and until when, once nothing has moved for a while, and again each minute.

    clock: seconds, monotonic; now: the time of day.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._clock = clock
        self._until = now() + timedelta(seconds=seconds)
        self._reached, self._due = -1, clock() + _PATIENCE_SECONDS

    def sentence(self, waiting: Sequence[str], reached: int) -> str | None:
        if reached != self._reached:
            self._reached, self._due = reached, self._clock() + _PATIENCE_SECONDS
        if not waiting or self._clock() < self._due:
            return None
        self._due = self._clock() + _REPEAT_SECONDS
        named = ", ".join(waiting[:_NAMED]) + (" …" if len(waiting) > _NAMED else "")
        lost = max(VISIBILITY_SECONDS.values())
        return (
            f"Waiting for {len(waiting)} file{'' if len(waiting) == 1 else 's'} ({named}) until {self._until:%H:%M:%S}:"
            f" the machine is busy, or a function was killed, whose messages come back after {lost} s."
        )


def _seconds(file: ItemJson | None) -> float | None:
    """From the opening of the file to its settling."""
    if file is None or file["settled_at"] is None:
        return None
    begun, done = (datetime.fromisoformat(file[name]) for name in ("opened_at", "settled_at"))
    return (done - begun).total_seconds()


def _print_for_people(compared: Sequence[Comparison]) -> None:
    columns = (
        Column("file", shrinks=True),
        Column("format", optional=True),
        *(Column(name, number=True) for name in ("lines", "parsed", "rejected", "skipped")),
        Column("state"),
        Column("s", number=True, optional=True),
        Column("count\nlines", number=True),
        Column("count\nbytes", number=True),
        Column(""),
    )
    click.echo()
    print_table(columns, [_row(one) for one in compared], marked=[not one.agrees for one in compared])
    click.echo()
    items = sum(one.stored.items for one in compared)
    lines = sum(one.counted.lines for one in compared)
    text_bytes = sum(one.counted.text_bytes for one in compared)
    if all(one.agrees for one in compared):
        click.secho(
            f"Every line is accounted for: {len(compared)} files, {lines:,} lines, {text_bytes:,} bytes",
            bold=True,
        )
        click.echo(f"of text, which the records table holds as {items:,} items. The count columns are")
        click.echo("a second opinion: each file counted here, with none of the pipeline's code.")
    for one in compared:
        if one.complaint:
            click.secho(printable(one.complaint), fg="red", bold=True)


def _row(one: Comparison) -> list[str]:
    counted = [f"{one.counted.lines:,}", f"{one.counted.text_bytes:,}", "✓" if one.agrees else "✗"]
    file = one.file
    if file is None:
        return [one.name, "", "", "", "", "", "not opened", "", *counted]
    return [
        one.name,
        file["format"] or "",
        f"{accounted(file, 'lines'):,}",
        f"{file['parsed']['lines']:,}",
        f"{file['rejected']['lines']:,}",
        f"{skipped(file, 'lines'):,}",
        file["state"],
        "" if one.seconds is None else f"{one.seconds:.1f}",
        *counted,
    ]


def _print_question(samples: Sequence[Path]) -> None:
    """SQL over the same files."""
    click.echo(f'\n$ {program_name()} query "{_QUESTION}" sample_logs\n')
    with TemporaryDirectory(prefix="froe-query-") as folder:
        table = LogTable(Path(folder))
        for path in samples:
            table.add_all(path.name, open_reading(path, None, None, Config()))
        print_answer(table.ask(_QUESTION))


def _print_next_steps() -> None:
    froe = program_name()
    click.echo("\nNext, with a log file of your own:")
    click.echo(f"  {froe} parse FILE            its records, without any AWS")
    click.echo(f"  {froe} query SQL FILE        SQL over them")
    click.echo(f"  {froe} up                    the local AWS, until Ctrl-C")
    click.echo(f"  {froe} upload FILE --wait    in another terminal, sends the file through it")
