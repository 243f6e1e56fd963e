"""Who waits for an archive that is uploaded learns what became of the files in it, by the exit code too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner, Result

from chalicelib.core.plan import ObjectVersion
from froe import inquiry
from froe.commands import upload as command
from froe.target import Target
from froe.uploading import Source, Uploaded
from tests.fakes import Pipeline, in_time
from tests.tars import tar
from tests.unit.test_reprocessing import LIMITS, drain, status_of

LINES = b"2026-09-14T08:00:00Z INFO hello\n" * 7
NOISE = bytes(range(256))
GOOD = [("a.log", LINES), ("b.log", LINES)]
BAD = [
    *GOOD,
    ("in.tgz", gzip.compress(tar([("c.log", LINES), ("core", NOISE)]))),
    ("cut.gz", gzip.compress(LINES)[:-9]),
]


def waited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes, *arguments: str) -> Result:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    announced = pipeline.objects.add("a.tar", data)
    pipeline.splitter.ingest(announced, in_time())
    drain(pipeline)
    file = tmp_path / "a.tar"
    file.write_bytes(data)
    version = ObjectVersion(announced.bucket, "a.tar", announced.version_id, announced.etag or "")
    sent = command.Sent([Uploaded(Source(file, "a.tar", len(data)), version)], 1.0, [])
    monkeypatch.setattr(command, "find_target", lambda _stage: Target({"INPUT_BUCKET": "logs"}, "us-east-1"))
    monkeypatch.setattr(command, "send", lambda *_, **__: sent)
    monkeypatch.setattr(command, "status_of", lambda _target: status_of(pipeline))
    monkeypatch.setattr(inquiry, "POLL_SECONDS", 0.0)
    return CliRunner().invoke(command.upload, [str(file), "--wait", *arguments])


def test_an_archive_is_well_if_all_of_its_members_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = waited(monkeypatch, tmp_path, tar(GOOD), "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["file"]["state"], printed["members"], printed["lost_members"]) == (
        "COMPLETE",
        {"COMPLETE": 2},
        [],
    )
    assert "14" in waited(monkeypatch, tmp_path, tar(GOOD)).stdout


def test_members_that_failed_or_are_damaged_are_named_at_any_depth(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = waited(monkeypatch, tmp_path, tar(BAD), "--json")
    assert result.exit_code == 1
    printed = json.loads(result.stdout)
    assert printed["file"]["state"] == "COMPLETE"
    assert printed["members"] == {"COMPLETE": 4, "FAILED": 1, "DAMAGED": 1}
    assert [each["key"] for each in printed["lost_members"]] == ["a.tar/in.tgz/core", "a.tar/cut.gz"]
    result = waited(monkeypatch, tmp_path, tar(BAD))
    assert result.exit_code == 1
    assert "COMPLETE, but 2 of 6 members" in result.stdout
    assert "a.tar/in.tgz/core: FAILED: not text" in result.stdout
    assert "a.tar/cut.gz: DAMAGED: the gzip data ends in the middle" in result.stdout


def test_of_many_members_that_failed_the_first_are_named_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = waited(monkeypatch, tmp_path, tar([(f"{number}", NOISE) for number in range(23)]))
    assert "COMPLETE, but 23 of 23 members" in result.stdout
    assert result.stdout.count(": FAILED: ") == 20
    assert "3 more members are not COMPLETE" in result.stdout
