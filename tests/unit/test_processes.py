"""`froe consume`: what a message becomes, and what goes into the image."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from chalicelib.delivery import Deadline, Incoming
from froe.consuming import ROLES, record_of

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
