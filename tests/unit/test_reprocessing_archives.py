"""An archive is read again member by member, and its own account follows where a member had been lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner

from chalicelib.core.ledger.accounts import State
from chalicelib.ledger import StoredFile
from chalicelib.reprocessing import RefusedError
from froe.commands import status as status_command
from froe.commands.verify import _File, _within
from froe.members import Members
from tests.fakes import Crash, Pipeline, in_time
from tests.tars import header, size_of, tar
from tests.unit.test_cli_reprocess import froe
from tests.unit.test_dead_letters import die
from tests.unit.test_deliveries import deliver
from tests.unit.test_reprocessing import (
    AFTER,
    BROKEN,
    FIXED,
    LIMITS,
    TEXT,
    config_of,
    current,
    drain,
    pipeline_with,
    read,
    status_of,
    sweep,
)
from tests.unit.test_verifying import verdict_of
from tests.zips import zipped

NESTED = tar(
    [("a.log", TEXT), ("in.tgz", gzip.compress(tar([("b.log", TEXT)]), mtime=0)), ("empty.log", b"")]
)


def file_in(pipeline: Pipeline, key: str) -> StoredFile:
    (file_id,) = {
        file.plan.object.file_id for file in pipeline.table.files.values() if file.plan.object.key == key
    }
    return current(pipeline, file_id)


def fixed(data: bytes) -> Pipeline:
    pipeline = pipeline_with(BROKEN, data)
    pipeline.set_limits(LIMITS, config_of(FIXED))
    return pipeline


@pytest.fixture
def config(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "froe.toml").write_text(FIXED)
    return "--config", str(tmp_path / "froe.toml")


def test_an_archive_that_is_named_stands_for_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = fixed(NESTED)
    archive = file_in(pipeline, "tills/0.log")
    result = froe(monkeypatch, pipeline, "tills/0.log", archive.file_id, "--json")
    assert result.exit_code == 0, result.output
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["key"], each["result"], each["rejected_after"]) for each in printed] == [
        ("tills/0.log/a.log", "replaced", 0),
        ("tills/0.log/in.tgz/b.log", "replaced", 0),
        ("tills/0.log/empty.log", "replaced", 0),
    ]
    assert read(pipeline, file_in(pipeline, "tills/0.log/in.tgz/b.log").file_id) == AFTER
    assert current(pipeline, archive.file_id) == archive
    assert archive.account.state is State.COMPLETE


@pytest.mark.parametrize("times", [1, 2])
def test_the_members_of_an_archive_are_those_that_were_read_again(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    pipeline = fixed(NESTED)
    archive, status = file_in(pipeline, "tills/0.log"), status_of(pipeline)
    before = Members().add_those_in(status, archive.file_id)
    for number in range(times):
        result = froe(monkeypatch, pipeline, archive.file_id, "--json")
        assert result.exit_code == 0, result.output
        printed = [json.loads(line) for line in result.stdout.splitlines()]
        assert [each["generation"] for each in printed] == [number + 1] * 3
    files = status.members(archive.file_id)["items"]
    assert [(file["key"], file["generation"]) for file in files] == [
        ("tills/0.log/a.log", times),
        ("tills/0.log/in.tgz", 0),
        ("tills/0.log/empty.log", times),
    ]
    after = Members().add_those_in(status, archive.file_id)
    assert (after.states, after.rejected) == (before.states, 0)
    services = SimpleNamespace(ledger=pipeline.ledger, status=status)
    chosen = _File(archive.file_id)
    verified = [
        verdict_of(pipeline, file.file_id) for file in _within(cast(Any, services), chosen, deep=True)
    ]
    assert [each.result for each in verified] == ["proved"] * 5


def test_what_has_no_members_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = fixed(NESTED)
    monkeypatch.setattr(status_command, "find_target", lambda _stage: None)
    monkeypatch.setattr(status_command, "status_of", lambda _target: status_of(pipeline))
    named = file_in(pipeline, "tills/0.log/a.log").file_id
    result = CliRunner().invoke(status_command.status, [named, "--members"])
    assert (result.exit_code, result.stdout) == (0, f"{named} has no members, or none that is cut yet.\n")


def test_a_member_that_was_read_again_before_its_archive_was_sealed_is_named_by_its_own_id() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.set_limits(LIMITS, config_of(BROKEN))
    announced = pipeline.objects.add("tills/0.log", tar([("a.log", TEXT)]))
    record = pipeline.ledger.record_archive_seal
    pipeline.ledger.record_archive_seal = _dies  # type: ignore[method-assign]
    with pytest.raises(Crash):
        pipeline.splitter.ingest(announced, in_time())
    pipeline.ledger.record_archive_seal = record  # type: ignore[method-assign]
    repeat = pipeline.split_queue.messages.pop(0).body
    drain(pipeline)
    member = file_in(pipeline, "tills/0.log/a.log")
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(member.file_id)
    drain(pipeline)
    archive_id = file_in(pipeline, "tills/0.log").file_id
    deliver(pipeline, repeat)
    drain(pipeline)
    (file,) = status_of(pipeline).members(archive_id)["items"]
    assert (file["file_id"], file["generation"]) == (member.file_id, 1)
    assert pipeline.ledger.read_members(archive_id, 0) == [member.file_id]
    assert verdict_of(pipeline, archive_id).result == "proved"


def _dies(*_: Any) -> bool:
    raise Crash


def test_options_choose_members_and_no_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = fixed(NESTED)
    result = froe(monkeypatch, pipeline, "--prefix", "tills/", "--json")
    assert result.exit_code == 0, result.output
    keys = {json.loads(line)["key"] for line in result.stdout.splitlines()}
    assert keys == {"tills/0.log/a.log", "tills/0.log/in.tgz/b.log", "tills/0.log/empty.log"}


def test_an_archive_is_complete_once_a_lost_member_was_read_again() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.set_limits(LIMITS, config_of(BROKEN))
    pipeline.splitter.ingest(pipeline.objects.add("tills/0.log", tar([("a.log", TEXT)])), in_time())
    while not pipeline.batch_queue.messages:
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    die(pipeline, pipeline.batch_queue)
    drain(pipeline)
    archive, member = file_in(pipeline, "tills/0.log"), file_in(pipeline, "tills/0.log/a.log")
    assert archive.account.state is member.account.state is State.INCOMPLETE
    pipeline.reprocessing.begin(member.file_id)
    drain(pipeline)
    assert current(pipeline, member.file_id).account.state is State.COMPLETE
    assert current(pipeline, archive.file_id).account.state is State.COMPLETE
    assert current(pipeline, archive.file_id).account.summary.counts.total.bytes == archive.plan.head.size


def test_what_a_dead_function_left_of_that_the_members_are_asked_again() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.splitter.ingest(pipeline.objects.add("tills/0.log", tar([("a.log", TEXT)])), in_time())
    while not pipeline.batch_queue.messages:
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    die(pipeline, pipeline.batch_queue)
    drain(pipeline)
    archive, member = file_in(pipeline, "tills/0.log"), file_in(pipeline, "tills/0.log/a.log")
    record = pipeline.ledger.record_member
    pipeline.ledger.record_member = lambda plan, account: None  # type: ignore[method-assign]
    pipeline.reprocessing.begin(member.file_id)
    drain(pipeline)
    pipeline.ledger.record_member = record  # type: ignore[method-assign]
    pipeline.ledger.record_members(archive.file_id, 0)
    assert current(pipeline, archive.file_id).account.state is State.COMPLETE


def test_what_is_no_text_by_itself_is_not_read_by_reading_it_again(
    monkeypatch: pytest.MonkeyPatch, config: tuple[str, str]
) -> None:
    sparse = tar([("a.log", TEXT)])
    sparse = size_of(sparse[:156] + b"S" + sparse[157:], 0, len(TEXT))
    encrypted = bytearray(zipped([("a.log", TEXT)], 0))
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    for data in (sparse, bytes(encrypted)):
        pipeline = fixed(data)
        member = file_in(pipeline, "tills/0.log/a.log")
        assert member.account.state is State.FAILED
        pipeline.reprocessing.begin(member.file_id)
        drain(pipeline)
        file_now = current(pipeline, member.file_id)
        assert file_now.account.state is State.FAILED
        assert (file_now.rereading.given_up or "").startswith("not read: it is ")
        dry = froe(monkeypatch, pipeline, member.file_id, "--dry-run", *config)
        assert (dry.exit_code, "not read: it is " in dry.stderr) == (1, True)


def test_what_turns_out_to_be_an_archive_is_given_up_and_says_how_it_is_read(
    monkeypatch: pytest.MonkeyPatch, config: tuple[str, str]
) -> None:
    monkeypatch.setattr("chalicelib.core.plan.planning.archive_in", lambda *_: None)
    pipeline = fixed(gzip.compress(zipped([("a.log", TEXT)])))
    monkeypatch.undo()
    file = file_in(pipeline, "tills/0.log")
    assert file.account.state is State.FAILED
    dry = froe(monkeypatch, pipeline, file.file_id, "--dry-run", *config)
    assert (dry.exit_code, "upload it again" in dry.stderr) == (1, True)
    pipeline.reprocessing.begin(file.file_id)
    drain(pipeline)
    sweep(pipeline)
    file_now = current(pipeline, file.file_id)
    assert file_now.account.state is State.FAILED
    assert "upload it again" in (file_now.rereading.given_up or "")


@pytest.mark.parametrize("chosen", ["tills/0.log", "--state=FAILED"])
@pytest.mark.parametrize("dry", [True, False])
def test_an_archive_of_which_nothing_could_be_read_says_why_it_is_not_read_again(
    monkeypatch: pytest.MonkeyPatch, config: tuple[str, str], chosen: str, dry: bool
) -> None:
    pipeline = fixed(header("g", 10**7, b"g") + bytes(512))
    archive = file_in(pipeline, "tills/0.log")
    assert (archive.account.state, archive.plan.archive is not None) == (State.FAILED, True)
    result = froe(monkeypatch, pipeline, chosen, *(["--dry-run", *config] if dry else ["--json"]))
    assert result.exit_code == 1
    assert "upload it again, which makes a new file" in result.output
    with pytest.raises(RefusedError, match=r"nothing can be read.*upload it again"):
        pipeline.reprocessing.begin(archive.file_id)


def test_an_empty_archive_says_that_there_is_nothing_to_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    result = froe(monkeypatch, fixed(header("d", kind=b"5") + bytes(1024)), "tills/0.log", "--json")
    assert result.exit_code == 1
    assert "an archive without a member" in json.loads(result.stdout)["reason"]


def test_an_archive_itself_is_refused() -> None:
    pipeline = fixed(NESTED)
    with pytest.raises(RefusedError, match="have its members read again"):
        pipeline.reprocessing.begin(file_in(pipeline, "tills/0.log").file_id)
