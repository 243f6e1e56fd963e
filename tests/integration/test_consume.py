"""`froe consume`: processes in place of functions, beside them, killed and stopped; every line is accounted for."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.ledger.letters import Kind
from froe.local import LocalStack
from froe.local.processes import clean_environment
from tests.faults.inputs import json_lines
from tests.integration.support import all_normalised, paused, reach, upload, wait_for
from tests.integration.test_failures import file_of
from tests.integration.test_rare_calls import letter_about

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="needs /proc to find the processes"
)

FED = ("queued_splitter", "worker", "worker_bulk", "dead_letter_consumer")
NAMES = {"splitter-1", "worker-1", "worker-2", "dead-letter-con"}
"""Of the processes in `ps`, which the kernel cuts at 15 characters."""
OF_ONE_LANE = ("--lane", "default")


@contextmanager
def consuming(stack: LocalStack, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "froe", "consume", "--json", *options],
        env={**clean_environment(), **stack.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)


def children_of(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in listed}
    return [pid for pid, line in lines.items() if b"spawn_main" in line]


def names_of(process: subprocess.Popen[str]) -> list[str]:
    return [Path(f"/proc/{pid}/comm").read_text().strip() for pid in children_of(process)]


def processes_of(process: subprocess.Popen[str], number: int, but: Sequence[int] = ()) -> list[int]:
    """Once there are so many. but: those that are none of them."""

    def running() -> list[int] | None:
        pids = children_of(process)
        return pids if len(pids) == number and not set(pids) & set(but) else None

    return wait_for(running, f"{number} processes", 90)


def test_a_process_that_is_killed_loses_no_message(stack: LocalStack, tmp_path: Path) -> None:
    """It is started again, and what it had in hand is delivered again; what fails for good is quarantined."""
    healthy = tmp_path / "healthy"
    with (
        paused(stack, *FED),
        consuming(stack, "--workers", "2", *OF_ONE_LANE, "--health-file", str(healthy)) as process,
    ):
        first = processes_of(process, 4)
        uploads = [upload(stack, f"consume/killed-{n}.log", json_lines(3_000, n)) for n in range(4)]
        stack.client("sqs").send_message(QueueUrl=stack.info.batch_queue, MessageBody='{"consume": 1}')
        for pid in first[1:3]:
            os.kill(pid, signal.SIGKILL)
        processes_of(process, 4, but=first[1:3])
        reach(stack, {"COMPLETE"}, *(each.file_id for each in uploads), timeout_seconds=150)
        letter_about(stack, Kind.UNKNOWN, '"consume"')
        wait_for(lambda: set(names_of(process)) >= NAMES or None, "their names", 60)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.count("starting it again") == 2
    counted = json.loads(output)
    assert counted["worker"]["done"] >= 5
    assert counted["dead-letter-consumer"]["done"] >= 1
    assert healthy.exists()
    assert [file_of(stack, each.file_id)["parsed"]["lines"] for each in uploads] == [3_000] * 4


def test_what_is_stopped_goes_on_in_functions(stack: LocalStack) -> None:
    """SIGTERM ends it in time and gives back what was not done."""
    with consuming(stack, "--workers", "1", *OF_ONE_LANE) as process:
        processes_of(process, 3)
        uploads = [upload(stack, f"consume/stopped-{n}.log", json_lines(2_000, n)) for n in range(3)]
        reach(stack, {"PROCESSING", "COMPLETE"}, uploads[0].file_id)
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        _, errors = process.communicate(timeout=90)
        assert process.returncode == 0, errors
        assert time.monotonic() - begun < 60
    reach(stack, {"COMPLETE"}, *(each.file_id for each in uploads), timeout_seconds=150)


FILES = {
    "lines.jsonl": json_lines(2_000),
    "packed.jsonl.gz": gzip.compress(json_lines(700, 1), mtime=0),
    "traces.log": b"".join(
        b"2026-03-14 09:26:%02d,000 ERROR [main] till.Shop - sold out %d\n\tat till.Shop.sell(Shop.java:%d)\n"
        % (n % 60, n, n)
        for n in range(400)
    ),
    "table.csv": b"time,level,note\n"
    + b"".join(b'2026-03-14T09:26:53Z,INFO,"of two\nlines %d"\n' % n for n in range(300)),
    "not-text.bin": bytes(range(256)) * 40,
}


def test_functions_processes_and_both_at_once_make_the_same_of_a_file(stack: LocalStack) -> None:
    """Records, rejects and account, whoever took the messages; a broken message is quarantined by either."""
    made = {"functions": [upload(stack, f"functions/{name}", data) for name, data in FILES.items()]}
    reach(stack, {"COMPLETE", "FAILED"}, *(each.file_id for each in made["functions"]), timeout_seconds=150)
    with consuming(stack, "--workers", "1") as process:
        processes_of(process, 4)
        made["both"] = [upload(stack, f"both/{name}", data) for name, data in FILES.items()]
        reach(stack, {"COMPLETE", "FAILED"}, *(each.file_id for each in made["both"]), timeout_seconds=150)
        with paused(stack, *FED):
            made["processes"] = [upload(stack, f"processes/{name}", data) for name, data in FILES.items()]
            files = [each.file_id for each in made["processes"]]
            reach(stack, {"COMPLETE", "FAILED"}, *files, timeout_seconds=150)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert json.loads(output)["worker"]["done"] >= len(FILES) - 1
    stored = all_normalised(stack)
    for alike in zip(*made.values(), strict=True):
        first, *others = (stored[each.file_id] for each in alike)
        assert first.ledger
        assert all(each == first for each in others), alike[0].key


def test_it_ends_by_itself_once_no_message_comes(stack: LocalStack) -> None:
    with consuming(stack, "--workers", "1", *OF_ONE_LANE, "--splitters", "0", "--until-idle", "1") as process:
        output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    assert set(json.loads(output)) == {"worker", "dead-letter-consumer"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", "0", "--splitters", "0", "--dead-letter-consumers", "0"], "no process to start"),
        (["--health-file", "/nowhere/at/all"], "its folder does not exist"),
        (["--lane", "audit"], "There is no lane audit: take default or bulk"),
    ],
)
def test_options_that_make_no_sense_are_refused(stack: LocalStack, options: list[str], words: str) -> None:
    with consuming(stack, *options) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert words in errors
