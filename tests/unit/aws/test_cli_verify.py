"""`froe verify` says of each file what it is, whatever the others are."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="needs duckdb: make setup")

from click.testing import CliRunner

from chalicelib.aws import records_table
from chalicelib.core.errors import ObjectArchivedError, ObjectChangedError
from chalicelib.core.plan.layouts import Layout
from chalicelib.status import Status
from froe.commands import verify as command
from tests.fakes import in_time
from tests.unit.aws.test_generations import Stage
from tests.unit.aws.test_verifying import update
from tests.unit.test_reprocessing import BROKEN, TEXT


@pytest.fixture
def stage(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """With two files, `tills/0.log` and `tills/1.log`."""
    stage = Stage(dynamodb, Layout.ITEMS)
    stage.splitter(BROKEN).ingest(stage.objects.add("tills/1.log", TEXT), in_time())
    stage.drain(BROKEN)
    services = SimpleNamespace(
        ledger=stage.ledger,
        objects=stage.objects,
        records_table=stage.records,
        results=None,
        settings=SimpleNamespace(redaction_key=""),
        status=Status(stage.ledger, stage.records),
    )
    monkeypatch.setattr(records_table, "MAX_SHARDS", 4)
    monkeypatch.setattr(command, "find_target", lambda _: SimpleNamespace(settings_env={}))
    monkeypatch.setattr(command, "services_of", lambda _: services)
    return stage


def verified(*options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and file id → what is printed of it."""
    result = CliRunner().invoke(command.verify, [*options, "--json"])
    assert result.exit_code in {0, 1}, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return result.exit_code, {line["file_id"]: line for line in lines}


def test_all_are_proved(stage: Stage) -> None:
    code, verdicts = verified("--all")
    assert (code, [each["result"] for each in verdicts.values()]) == (0, ["proved", "proved"])
    assert {each["key"] for each in verdicts.values()} == {"tills/0.log", "tills/1.log"}
    printed = CliRunner().invoke(command.verify, ["--all"]).stdout.splitlines()
    assert printed[-1] == "2 proved"


@pytest.mark.parametrize("name", ["summary", "state"])
@pytest.mark.parametrize("chosen", ["--all", "--sample", "its id"])
def test_a_garbled_item_of_a_file_is_a_difference_and_the_others_are_verified(
    stage: Stage, name: str, chosen: str
) -> None:
    update(stage, "file", name, {"M": {}})
    options = {"--all": ["--all"], "--sample": ["--sample", "2"], "its id": [stage.file_id]}[chosen]
    code, verdicts = verified(*options)
    mine = verdicts.pop(stage.file_id)
    assert (code, mine["result"], mine["number"]) == (1, "differs", 1)
    assert mine["differences"][0]["where"] == "ledger"
    assert "the item file is garbled" in mine["differences"][0]["what"]
    assert [each["result"] for each in verdicts.values()] == ([] if chosen == "its id" else ["proved"])


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (None, "its object is gone: tills/0.log does not exist"),
        (
            ObjectChangedError("it holds another upload"),
            "its object was overwritten: it holds another upload",
        ),
        (
            ObjectArchivedError("it is archived; restore it"),
            "its object is in Glacier: it is archived; restore it",
        ),
    ],
)
def test_a_file_whose_object_cannot_be_read_is_unproved_and_the_others_are_verified(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception | None, why: str
) -> None:
    opener = stage.objects.opener

    def failing(head: Any) -> Any:
        if head.version.key == "tills/0.log" and error:
            raise error
        return opener(head)

    if error is None:
        del stage.objects.stored["tills/0.log", "v1"]
    monkeypatch.setattr(stage.objects, "opener", failing)
    code, verdicts = verified("--all")
    mine = verdicts.pop(stage.file_id)
    assert (code, mine["result"], mine["unproved"]) == (1, "unproved", why)
    assert [each["result"] for each in verdicts.values()] == ["proved"]


def test_a_file_in_progress_is_unproved_where_it_is_named_and_left_out_of_all(stage: Stage) -> None:
    update(stage, "file", "state", {"S": "PROCESSING"})
    code, verdicts = verified(stage.file_id)
    assert (code, verdicts[stage.file_id]["result"]) == (1, "unproved")
    assert "it is PROCESSING, and more may come" in verdicts[stage.file_id]["unproved"]
    code, verdicts = verified("--all")
    assert (code, stage.file_id in verdicts, len(verdicts)) == (0, False, 1)
    printed = CliRunner().invoke(command.verify, ["--all"]).stdout.splitlines()
    assert printed[-2:] == ["1 proved", "1 file in progress left out."]


def test_differences_are_printed_with_both_values_of_any_type(stage: Stage) -> None:
    (item, *_) = [each for each in stage.scanned("records") if each["kind"]["S"] == "reject"]
    for changed in (
        item | {"raw": {"S": "x"}},
        item | {"lines": {"N": "9" * 38}},
        item | {"lines": {"B": b"1"}},
    ):
        stage.dynamodb.put_item(TableName="records", Item=changed)
        code, verdicts = verified("--all")
        assert (code, [each["result"] for each in verdicts.values()].count("differs")) == (1, 1)
        printed = CliRunner().invoke(command.verify, ["--all"])
        assert printed.stdout.splitlines()[-1] == "1 proved, 1 differs"
        assert "    stored    " in printed.stdout
