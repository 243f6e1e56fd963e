"""`froe reprocess` and its route: which files are read again, what would change, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner, Result

from chalicelib.ledger import StoredFile
from froe import cli, inquiry
from froe.commands import reprocess as command
from tests.fakes import Pipeline, in_time
from tests.unit.test_dead_letters import die
from tests.unit.test_deliveries import deliver
from tests.unit.test_reprocessing import (
    AFTER,
    BEFORE,
    BROKEN,
    DROPPING,
    FIXED,
    LIMITS,
    config_of,
    drain,
    ids_in,
    pipeline_with,
    read,
    status_of,
)


class Quick:
    """Files are read again before the one who asked looks; stuck: but for one batch, which dies."""

    def __init__(self, pipeline: Pipeline, *, stuck: bool) -> None:
        self._pipeline, self._stuck = pipeline, stuck

    def begin(self, file_id: str, *, forced: bool) -> StoredFile | None:
        stored = self._pipeline.reprocessing.begin(file_id, forced=forced)
        if self._stuck:
            while not self._pipeline.batch_queue.messages:
                deliver(self._pipeline, self._pipeline.split_queue.messages.pop(0).body)
            die(self._pipeline, self._pipeline.batch_queue)
        drain(self._pipeline)
        return stored

    def give_up(self, file_id: str, why: str) -> int:
        return self._pipeline.reprocessing.give_up(file_id, why)


def froe(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, *arguments: str, stuck: bool = False) -> Result:
    services = SimpleNamespace(
        ledger=pipeline.ledger,
        status=status_of(pipeline),
        objects=pipeline.objects,
        reprocessing=Quick(pipeline, stuck=stuck),
        audit=pipeline.audit,
        settings=SimpleNamespace(limits=LIMITS, redaction_key=""),
    )
    monkeypatch.setattr(command, "find_target", lambda _stage: None)
    monkeypatch.setattr(command, "services_of", lambda _target: services)
    monkeypatch.setattr(inquiry, "POLL_SECONDS", 0.0)
    return CliRunner().invoke(cli.main, ["reprocess", *arguments])


def outcomes(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def pipeline() -> Pipeline:
    """Two files read with a broken format, and one without rejects; it has the right format now."""
    made = pipeline_with(BROKEN, keys=2)
    made.splitter.ingest(made.objects.add("tills/good.log", b"till7 1 coffee\n"), in_time())
    drain(made)
    made.set_limits(LIMITS, config_of(FIXED))
    return made


def test_files_with_many_rejects_are_read_again_and_what_came_of_each_is_told(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    result = froe(monkeypatch, pipeline, "--rejects-over", "1%", "--prefix", "tills/", "--json")
    assert result.exit_code == 0, result.output
    actual = outcomes(result)
    assert {each["key"] for each in actual} == {"tills/0.log", "tills/1.log"}
    assert {(each["result"], each["rejected_before"], each["rejected_after"]) for each in actual} == {
        ("replaced", 10, 0)
    }
    assert all(read(pipeline, each["file_id"]) == AFTER for each in actual)
    (deed,) = pipeline.trail.stored.values()
    assert (deed.action, deed.result) == ("reprocess", {"begun": 2, "refused": 0})
    again = froe(monkeypatch, pipeline, "--rejects-over", "1%")
    assert (again.exit_code, again.stderr.strip()) == (0, "No settled file matches.")


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "froe.toml").write_text(FIXED)
    config = "--config", str(tmp_path / "froe.toml")
    before = pipeline.tables
    result = froe(monkeypatch, pipeline, "tills/0.log", "tills/good.log", "--dry-run", *config)
    assert result.exit_code == 0, result.output
    assert "tills/0.log: 10 rejects become records; no bytes move to other entries" in result.stdout
    assert "tills/good.log: nothing would change in its 1 entry" in result.stdout
    assert pipeline.tables == before
    assert not pipeline.trail.stored
    renamed = FIXED.replace("amount", "sum").replace(r"till\d+", "till8")
    (tmp_path / "froe.toml").write_text(renamed.replace("till7 12", "till8 12"))
    (changes,) = outcomes(froe(monkeypatch, pipeline, "tills/0.log", "--dry-run", "--json", *config))
    assert (changes["explained"], changes["lost"], changes["rejected_after"]) == (10, 10, 10)


def test_fields_that_would_change_are_named(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "froe.toml").write_text(BROKEN.replace("amount", "sum"))
    config = "--config", str(tmp_path / "froe.toml")
    result = froe(monkeypatch, pipeline, "tills/0.log", "--dry-run", *config)
    assert "10 records change (amount 10, sum 10); no bytes move to other entries" in result.stdout


def test_a_dry_run_counts_what_a_filter_drops(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "froe.toml").write_text(FIXED + DROPPING)
    config = "--config", str(tmp_path / "froe.toml")
    result = froe(monkeypatch, pipeline, "tills/0.log", "--dry-run", *config)
    assert (
        "tills/0.log: 10 records go (filtered); 10 rejects go (filtered); no bytes move to other entries"
        in result.stdout
    )


def test_a_worse_reading_is_given_up_and_the_exit_code_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = pipeline_with(FIXED)
    pipeline.set_limits(LIMITS, config_of(BROKEN))
    result = froe(monkeypatch, pipeline, "tills/0.log", "--json")
    assert (result.exit_code, outcomes(result)[0]["result"]) == (1, "given up")
    assert "10 lines of it are no records" in outcomes(result)[0]["reason"]
    forced = froe(monkeypatch, pipeline, "tills/0.log", "--force", "--json")
    assert (forced.exit_code, outcomes(forced)[0]["rejected_after"]) == (0, 10)


def test_a_generation_with_dead_letters_waits_for_people_and_can_be_given_up(
    monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    file_id = next(each for each in ids_in(pipeline) if read(pipeline, each) == BEFORE)
    result = froe(monkeypatch, pipeline, file_id, "--json", stuck=True)
    (actual,) = outcomes(result)
    assert (result.exit_code, actual["result"]) == (1, "incomplete")
    assert f"froe redrive --file {file_id}~1" in actual["reason"]
    refused = froe(monkeypatch, pipeline, file_id, "--json")
    assert (refused.exit_code, outcomes(refused)[0]["result"]) == (1, "refused")
    assert read(pipeline, file_id) == BEFORE
    given_up = froe(monkeypatch, pipeline, file_id, "--give-up", "--json")
    assert (given_up.exit_code, outcomes(given_up)[0]["result"]) == (0, "given up")
    assert froe(monkeypatch, pipeline, file_id).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.log", "--prefix", "a"],
        ["a.log", "--dry-run", "--force"],
        ["--rejects-over", "many"],
        ["--rejects-over", "100%"],
    ],
)
def test_what_contradicts_itself_is_wrong_use(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert froe(monkeypatch, Pipeline(LIMITS), *arguments).exit_code == 2
