"""`froe consume`: what a message becomes, what goes into the image, and what who watches the processes is told."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from chalicelib.delivery import Deadline, Incoming
from froe.consuming import ROLES, record_of
from froe.processes import Processes

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_a_message_is_what_a_function_would_be_given() -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html"""
    received = {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": "text",
        "Attributes": {
            "ApproximateReceiveCount": "3",
            "AWSTraceHeader": "Root=1-2-3",
            "DeadLetterQueueSourceArn": "arn:q",
        },
        "MessageAttributes": {
            "progress": {"StringValue": "0-9", "DataType": "String"},
            "binary": {"BinaryValue": b"\0", "DataType": "Binary"},
        },
    }
    (message,) = Incoming.all_of({"Records": [record_of(received)]})
    assert message == Incoming("m-1", "r-1", "text", 3, "arn:q", {"progress": "0-9"}, "Root=1-2-3")
    (bare,) = Incoming.all_of({"Records": [record_of({"MessageId": "m", "ReceiptHandle": "r", "Body": ""})]})
    assert bare == Incoming("m", "r", "", 1)


def test_a_deadline_is_only_ever_brought_forward() -> None:
    deadline = Deadline.after(100)
    deadline.bring_forward(10)
    deadline.bring_forward(50)
    assert 9 < deadline.seconds_left <= 10


def test_the_image_has_all_that_the_processes_import(tmp_path: Path) -> None:
    for name, place in re.findall(r"^COPY ([\w.]+) \./([\w.]+)$", DOCKERFILE, re.MULTILINE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / place)
    numbers = [
        option for role in ("workers", "splitters", "dead-letter-consumers") for option in (f"--{role}", "0")
    ]
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['chalice', 'ministack', 'duckdb']));"
        "import froe.processes; from froe.cli import main; sys.argv[0] = 'froe'; main()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "consume", *numbers],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "There is no process to start" in done.stderr, done.stderr
    assert done.returncode == 2


def test_what_the_image_installs_by_name_is_pinned() -> None:
    (names,) = re.findall(r"grep -E '\^\((.*)\)=='", DOCKERFILE)
    pinned = (ROOT / "requirements-cli.txt").read_text()
    assert all(re.search(rf"^{name}==", pinned, re.MULTILINE) for name in names.split("|"))


def test_every_role_has_a_queue_of_the_settings() -> None:
    assert {role.setting for role in ROLES.values()} == {"split_queue", "batch_queue", "dead_letter_queue"}


class Process:
    """One that is asked to stop, and goes on."""

    def __init__(self) -> None:
        self.lives = True

    def is_alive(self) -> bool:
        return self.lives

    def terminate(self) -> None:
        pass

    def kill(self) -> None:
        self.lives = False


def test_who_stops_the_processes_is_told_how_long_that_takes(monkeypatch) -> None:
    monkeypatch.setattr("froe.processes._LOOK_SECONDS", 0)
    reported: list[str] = []
    processes = Processes(None, {"worker": 1}, 60, reported.append, logs=False)  # type: ignore[arg-type]
    (seat,) = processes._seats
    seat.process = Process()
    turns = processes.run()
    next(turns)
    assert reported == []
    processes.stop()
    next(turns)
    next(turns)
    (sentence,) = reported
    assert "within 20 seconds" in sentence
    processes.stop()
    assert list(turns) == []


def test_the_longest_piece_of_work_of_the_processes_that_live_counts(monkeypatch) -> None:
    processes = Processes(None, {"worker": 2}, 60, print, logs=False)  # type: ignore[arg-type]
    one, other = processes._seats
    one.process, other.process = Process(), Process()
    assert processes.busy_seconds == 0
    began = time.time()
    for seconds, seat in ((30, one), (20, other)):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: began - seconds)
        seat.counts(busy=True)
    monkeypatch.setattr(time, "time", lambda: began)
    one.counts(busy=True)
    assert processes.busy_seconds == 30
    one.process.lives = False
    assert processes.busy_seconds == 20
    other.counts(messages=1)
    assert processes.busy_seconds == 0
