"""Verify finds every change of what is stored of a file: in the table, in the ledger, and in the sink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("duckdb", reason="needs duckdb: make setup")

from chalicelib.aws import records_table
from chalicelib.core.ledger.marks import Mark, Outcome, Tally
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records.parquet import RECORDS, merged
from chalicelib.services import Services
from froe.sink import SinkCache
from froe.verifying import Verdict, verify
from tests.unit.aws.test_generations import Stage
from tests.unit.test_reprocessing import FIXED


@pytest.fixture(autouse=True)
def few_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query of each takes its time here."""
    monkeypatch.setattr(records_table, "MAX_SHARDS", 4)


def verdict_of(stage: Stage, folder: Path) -> Verdict:
    services = SimpleNamespace(
        ledger=stage.ledger,
        objects=stage.objects,
        records_table=stage.records,
        results=stage.results,
        settings=SimpleNamespace(redaction_key=""),
    )
    sink = SinkCache(stage.s3, "results", folder) if stage.layout is Layout.NONE else None
    return verify(cast(Services, services), stage.stored(), sink=sink)


def update(stage: Stage, sk: str, name: str, value: Any) -> None:
    stage.dynamodb.update_item(
        TableName="ledger",
        Key={"pk": {"S": stage.file_id}, "sk": {"S": sk}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def changed_mark(stage: Stage) -> str:
    mark = stage.ledger.read_mark(stage.file_id, 0, 1)
    assert mark
    counts = replace(mark.counts, parsed=mark.counts.parsed + Tally(1, 1, 0))
    update(stage, "leaf#000000#000000", "1", {"S": replace(mark, counts=counts).encode()})
    return "has another counts"


def changed_seal(stage: Stage) -> str:
    update(stage, "split#000000", "batches", {"N": "9"})
    return "the seal of split 0 has"


def changed_sum(stage: Stage) -> str:
    summary = stage.scanned("ledger")
    (item,) = [each for each in summary if (each["pk"]["S"], each["sk"]["S"]) == (stage.file_id, "file")]
    item["summary"]["M"]["rejected"]["L"][1]["N"] = "1"
    update(stage, "file", "summary", item["summary"])
    return "the account differs"


def lost_mark(stage: Stage) -> str:
    stage.dynamodb.update_item(
        TableName="ledger",
        Key={"pk": {"S": stage.file_id}, "sk": {"S": "leaf#000000#000000"}},
        UpdateExpression="REMOVE #name",
        ExpressionAttributeNames={"#name": "1"},
    )
    return "has no mark"


def garbled_mark(stage: Stage) -> str:
    update(stage, "leaf#000000#000000", "1", {"S": "nonsense"})
    return "leaf#000000#000000"


def emptied_summary(stage: Stage) -> str:
    update(stage, "split#000000", "summary", {"M": {}})
    return "split#000000"


def stray_mark(stage: Stage) -> str:
    mark = stage.ledger.read_mark(stage.file_id, 0, 1)
    assert mark
    update(stage, "leaf#000000#000000", "15", {"S": mark.encode()})
    return "000000-000015"


def changed_state(stage: Stage) -> str:
    update(stage, "file", "state", {"S": "INCOMPLETE"})
    return "the account has another state"


def changed_size(stage: Stage) -> str:
    update(stage, "file", "text_bytes", {"N": "7"})
    return "the account has another text_bytes"


def changed_splits(stage: Stage) -> str:
    update(stage, "file", "splits", {"N": "7"})
    return "the account has another splits"


def changed_batches(stage: Stage) -> str:
    update(stage, "file", "batches", {"N": "99"})
    return "the account has another batches"


def changed_cut(stage: Stage) -> str:
    update(stage, "file", "cut", {"L": [{"N": "1"}, {"N": "1"}, {"N": "1"}]})
    return "the account has another cut"


def changed_digests(stage: Stage) -> str:
    update(stage, "split#000000", "digests", {"S": "x" * 8})
    return "the seal of split 0 has"


LEDGER_CHANGES = [
    changed_mark,
    changed_seal,
    changed_sum,
    lost_mark,
    garbled_mark,
    emptied_summary,
    stray_mark,
    changed_state,
    changed_size,
    changed_splits,
    changed_batches,
    changed_cut,
    changed_digests,
]


@pytest.mark.parametrize("change", LEDGER_CHANGES)
def test_every_change_of_the_ledger_is_found(
    dynamodb: Any, tmp_path: Path, change: Callable[[Stage], str]
) -> None:
    stage = Stage(dynamodb, Layout.ITEMS)
    assert verdict_of(stage, tmp_path).result == "proved"
    what = change(stage)
    verdict = verdict_of(stage, tmp_path)
    assert verdict.result == "differs"
    assert any(what in each.what for each in verdict.differences)


FIELDS: dict[str, tuple[Any, str]] = {
    "etag": ({"S": "f"}, "the object has another etag"),
    "last_modified": ({"S": "2020-01-01T00:00:00+00:00"}, "the object has another last_modified"),
    "content_type": ({"S": "text/html"}, "the object has another content_type"),
    "shelf": ({"S": "99"}, "another shelf"),
    "opened": ({"S": "2020-01-01T00:00:00.000000+00:00#a"}, "another opened"),
    "opened_at": ({"S": "2020-01-01T00:00:00+00:00"}, "another opened"),
    "state": ({"S": "COMPLETE#99"}, "another state"),
    "settled_at": ({"NULL": True}, "no settled_at"),
    "generation_last": ({"N": "-1"}, "another generation_last"),
    "version_id": ({"S": "v2"}, "another id than its object"),
}


def test_a_field_of_a_file_that_does_not_follow_from_its_object_and_the_other_fields_is_found(
    dynamodb: Any, tmp_path: Path
) -> None:
    stage = Stage(dynamodb, Layout.ITEMS)
    stage.objects.stored["tills/0.log", "v2"] = stage.objects.stored["tills/0.log", "v1"]
    key = {"pk": {"S": stage.file_id}, "sk": {"S": "file"}}
    item = dynamodb.get_item(TableName="ledger", Key=key)["Item"]
    for name, (value, what) in FIELDS.items():
        update(stage, "file", name, value)
        verdict = verdict_of(stage, tmp_path)
        assert any(what in each.what for each in verdict.differences), name
        dynamodb.put_item(TableName="ledger", Item=item)
    assert verdict_of(stage, tmp_path).result == "proved"


def with_a_garbled_key(stage: Stage) -> str:
    item = record_of(stage)
    stage.dynamodb.put_item(TableName="records", Item=item | {"sk": {"S": "0000000000000000x"}})
    return "0000000000000000x"


def of_no_kind(stage: Stage) -> str:
    item = record_of(stage)
    del item["kind"]
    stage.dynamodb.put_item(TableName="records", Item=item)
    return "kind differs"


def of_a_kind_of_another_type(stage: Stage) -> str:
    stage.dynamodb.put_item(TableName="records", Item=record_of(stage) | {"kind": {"N": "1"}})
    return "kind differs"


def in_another_shard(stage: Stage) -> str:
    pk = f"{stage.file_id}#{stage.stored().plan.shards:02x}"
    stage.dynamodb.put_item(TableName="records", Item=record_of(stage) | {"pk": {"S": pk}})
    return pk


def record_of(stage: Stage) -> dict[str, Any]:
    return min(stage.scanned("records"), key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


@pytest.mark.parametrize("layout", [Layout.ITEMS, Layout.PACKED])
@pytest.mark.parametrize(
    "change", [with_a_garbled_key, of_no_kind, of_a_kind_of_another_type, in_another_shard]
)
def test_every_stray_or_garbled_item_is_a_difference(
    dynamodb: Any, tmp_path: Path, layout: Layout, change: Callable[[Stage], str]
) -> None:
    stage = Stage(dynamodb, layout)
    assert verdict_of(stage, tmp_path).result == "proved"
    what = change(stage)
    verdict = verdict_of(stage, tmp_path)
    assert verdict.result == "differs"
    assert any(what in each.what for each in verdict.differences)


def keys(stage: Stage) -> list[str]:
    return sorted(stage.results.keys(RECORDS))


def copied(stage: Stage) -> str:
    key = keys(stage)[0]
    stage.s3.copy_object(
        Bucket="results", Key=key.replace(".parquet", "-copy.parquet"), CopySource=f"results/{key}"
    )
    return "are in records/"


def without_a_row(stage: Stage) -> str:
    key = keys(stage)[0]
    data = stage.results.get(key)
    assert data
    first = min(entry["batch_id"] for entry in stage.entries(data))
    stage.s3.put_object(Bucket="results", Key=key, Body=merged({}, data, (first,)))
    return "an entry is missing"


def with_rows_of_no_batch(stage: Stage) -> str:
    data = b"".join(filter(None, [stage.results.get(keys(stage)[0])]))
    batch_id = stage.entries(data)[0]["batch_id"]
    folder = keys(stage)[0].rpartition("/")[0].replace("records/", "batches/", 1)
    name = f"{folder}/{stage.file_id}-000009-{batch_id[-6:]}.parquet"
    stage.s3.put_object(Bucket="results", Key=name, Body=data)
    return "rows of a batch that the object does not have"


def of_a_batch_that_is_not_done(stage: Stage) -> str:
    mark = Mark(Outcome.FAILED, Tally(3, 3, 81), note="it broke")
    update(stage, "leaf#000000#000000", "1", {"S": mark.encode()})
    return "which is not done"


@pytest.mark.parametrize(
    "change", [copied, without_a_row, with_rows_of_no_batch, of_a_batch_that_is_not_done]
)
def test_every_change_of_the_sink_is_found(
    dynamodb: Any, tmp_path: Path, change: Callable[[Stage], str]
) -> None:
    stage = Stage(dynamodb, Layout.NONE)
    assert verdict_of(stage, tmp_path).result == "proved"
    stage.compact()
    assert verdict_of(stage, tmp_path).result == "proved"
    what = change(stage)
    verdict = verdict_of(stage, tmp_path)
    assert verdict.result == "differs"
    assert any(what in each.what for each in verdict.differences), verdict.differences


def test_a_file_that_was_read_again_is_proved_as_it_is_now(dynamodb: Any, tmp_path: Path) -> None:
    stage = Stage(dynamodb, Layout.NONE)
    stage.compact()
    stage.reprocessing.begin(stage.file_id)
    stage.drain(FIXED)
    assert verdict_of(stage, tmp_path).result == "proved"
    stage.compact()
    assert verdict_of(stage, tmp_path).result == "proved"


def test_what_is_not_settled_or_has_expired_or_was_overwritten_is_not_proved(
    dynamodb: Any, tmp_path: Path
) -> None:
    stage = Stage(dynamodb, Layout.ITEMS)
    stage.objects.stored["tills/0.log", "v1"] = b"till7 1 tea\n"
    assert verdict_of(stage, tmp_path).result == "differs"
    update(stage, "file", "retention_days", {"N": "1"})
    assert "have expired" in str(verdict_of(stage, tmp_path).unproved)
    update(stage, "file", "state", {"S": "PROCESSING"})
    assert "more may come" in str(verdict_of(stage, tmp_path).unproved)
