"""`froe consume`: the queues' messages in processes of this machine instead of in functions."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.settings import Settings
from froe.commands.options import json_option, stage_option
from froe.consuming import LONGEST_SECONDS, worker_role
from froe.jsonl import print_json
from froe.processes import Processes, stopped_by_signals
from froe.target import find_target
from froe.task_protection import TaskProtection

SETTINGS: Final = "FROE_SETTINGS"
_REPORT_SECONDS: Final = 10.0


@click.command(short_help="Process the queues on this machine.")
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(0, 256),
    help="Processes that parse, for each lane.  [default: the processors, shared by the lanes]",
)
@click.option(
    "--lane",
    "lanes",
    metavar="LANE",
    multiple=True,
    help="Parse only the batches of this lane; may be repeated.  [default: all lanes]",
)
@click.option(
    "--splitters",
    metavar="N",
    type=click.IntRange(0, 256),
    default=1,
    show_default=True,
    help="Processes that cut.",
)
@click.option(
    "--dead-letter-consumers",
    metavar="N",
    type=click.IntRange(0, 16),
    default=1,
    show_default=True,
    help="Processes that quarantine dead letters.",
)
@click.option(
    "--seconds",
    metavar="S",
    type=click.IntRange(30, LONGEST_SECONDS),
    default=3600,
    show_default=True,
    help="How long one message may take before its work continues as another message.",
)
@click.option(
    "--health-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Touch this file every second while all processes are healthy.",
)
@click.option(
    "--until-idle",
    metavar="S",
    type=click.IntRange(min=1),
    help="Stop when no message has arrived for S seconds.",
)
@stage_option
@json_option
def consume(
    *,
    workers: int | None,
    lanes: tuple[str, ...],
    splitters: int,
    dead_letter_consumers: int,
    seconds: int,
    health_file: Path | None,
    until_idle: int | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """Run the work of the functions queued_splitter, worker and dead_letter_consumer in processes on this
    machine.

    They share the queues with the functions: either may handle a message, and one that is delivered twice
    changes nothing. Ctrl-C or SIGTERM stops them: work in progress finishes within seconds or returns to its
    queue. Unless standard output is a terminal, logs and metrics go there in the form of a function's.
    """
    if workers == splitters == dead_letter_consumers == 0:
        raise click.UsageError(
            "There is no process to start: give --workers, --splitters or --dead-letter-consumers."
        )
    if health_file and not health_file.absolute().parent.is_dir():
        raise click.UsageError(f"--health-file {health_file}: its folder does not exist; make it first.")
    os.environ.update(_settings_in(os.environ))
    target = find_target(stage)
    known = (DEFAULT, *Settings.from_environment(target.settings_env).lanes)
    if unknown := set(lanes) - set(known):
        raise click.UsageError(f"There is no lane {min(unknown)}: take {' or '.join(known)}.")
    chosen = [lane for lane in known if lane in lanes or not lanes]
    of_each = -(-_processors() // len(chosen)) if workers is None else workers
    numbers = {
        "splitter": splitters,
        **{worker_role(lane): of_each for lane in chosen},
        "dead-letter-consumer": dead_letter_consumers,
    }
    processes = Processes(target, numbers, seconds, _say, logs=not (as_json or sys.stdout.isatty()))
    _say(
        ", ".join(f"{number} {role}" for role, number in numbers.items() if number) + ": waiting for messages"
    )
    with stopped_by_signals(processes):
        _watch(processes, health_file, until_idle, TaskProtection(os.environ, _say))
    if as_json:
        print_json(
            {role: {"done": done, "failed": failed} for role, (done, failed) in processes.messages.items()}
        )
    else:
        _say(f"Stopped. {_summary(processes.messages)}")


def _settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings that a container gets in one variable, as JSON, for those who cannot list variables one by one."""
    text = environment.get(SETTINGS, "{}")
    try:
        settings: dict[str, str] = json.loads(text)
        return {str(name): str(value) for name, value in settings.items()}
    except (ValueError, AttributeError) as error:
        raise click.UsageError(f"{SETTINGS} is {text!r}: give a JSON object of settings.") from error


def _watch(
    processes: Processes, health_file: Path | None, until_idle: int | None, protection: TaskProtection
) -> None:
    before = processes.messages
    reported = changed = time.monotonic()
    for _ in processes.run(health_file):
        now, counts, busy_seconds = time.monotonic(), processes.messages, processes.busy_seconds
        protection.follow(busy_seconds)
        if counts != before or busy_seconds:
            changed = now
        if counts != before and now - reported > _REPORT_SECONDS:
            _say(_summary(counts))
            before, reported = counts, now
        if until_idle and now - changed > until_idle:
            processes.stop()
            until_idle = None


def _summary(messages: Mapping[str, tuple[int, int]]) -> str:
    return "Messages: " + "; ".join(
        f"{role} {done:,} done" + (f", {failed:,} failed and come back" if failed else "")
        for role, (done, failed) in messages.items()
    )


def _say(text: str) -> None:
    click.echo(text, err=True)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
