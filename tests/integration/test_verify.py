"""`froe verify` proves what the pipeline stored, and finds every single change of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from froe.uploading import Uploaded
from tests.faults.inputs import json_lines
from tests.integration.support import reach, run_froe, upload

Item = dict[str, Any]
TEXT = json_lines(25) + b'{"torn": \n\n' + json_lines(5, 25)


def verified(stack: LocalStack, *names: str) -> tuple[int, list[dict[str, Any]]]:
    done = run_froe(stack, "verify", "--json", *names)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def settled(stack: LocalStack) -> Uploaded:
    uploaded = upload(stack, "verify/a.log", TEXT)
    reach(stack, {"COMPLETE"}, uploaded.file_id)
    return uploaded


@pytest.fixture
def items(stack: LocalStack, settled: Uploaded) -> Iterator[list[Item]]:
    """Those of the records table, which has them again afterwards and no others."""
    before = stored_items(stack, settled)
    yield before
    for item in stored_items(stack, settled):
        stack.client("dynamodb").delete_item(TableName=stack.info.records_table, Key=key_of(item))
    for item in before:
        put(stack, item)


def stored_items(stack: LocalStack, uploaded: Uploaded) -> list[Item]:
    pages = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.info.records_table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"{uploaded.file_id}#00"}},
        )
    )
    return [item for page in pages for item in page["Items"]]


def key_of(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}


def put(stack: LocalStack, item: Item) -> None:
    stack.client("dynamodb").put_item(TableName=stack.info.records_table, Item=item)


def test_what_the_pipeline_stored_is_proved(stack: LocalStack, settled: Uploaded) -> None:
    code, (verdict,) = verified(stack, settled.file_id[:10])
    assert (code, verdict["result"], verdict["number"]) == (0, "proved", 0)
    assert (verdict["entries"], verdict["bytes"]) == (31, len(TEXT))


def gone(stack: LocalStack, item: Item) -> str:
    stack.client("dynamodb").delete_item(TableName=stack.info.records_table, Key=key_of(item))
    return "an entry is missing"


def doubled(stack: LocalStack, item: Item) -> str:
    put(stack, item | {"sk": {"S": f"{int(item['sk']['S']) + 3:016d}"}})
    return "an entry is stored that the object does not have"


def changed(stack: LocalStack, item: Item) -> str:
    put(stack, item | {"body": {"S": "another"}})
    return "body differs"


def moved(stack: LocalStack, item: Item) -> str:
    stack.client("dynamodb").delete_item(TableName=stack.info.records_table, Key=key_of(item))
    put(stack, item | {"sk": {"S": f"{len(TEXT) + 50:016d}"}})
    return "an item lies where none belongs"


@pytest.mark.parametrize("change", [gone, doubled, changed, moved])
def test_every_single_change_of_the_table_is_found(
    stack: LocalStack, settled: Uploaded, items: list[Item], change: Callable[[LocalStack, Item], str]
) -> None:
    what = change(stack, items[7])
    code, (verdict,) = verified(stack, settled.file_id)
    assert (code, verdict["result"]) == (1, "differs")
    assert any(what in each["what"] for each in verdict["differences"])
    assert verdict["number"] <= 2


def test_a_file_of_which_nothing_is_stored_is_not_proved(stack: LocalStack) -> None:
    uploaded = upload(stack, "verify/failed.log", b"\x89PNG\r\n\x1a\n" + bytes(100))
    reach(stack, {"FAILED"}, uploaded.file_id)
    code, (verdict,) = verified(stack, uploaded.file_id)
    assert (code, verdict["result"]) == (1, "unproved")
    assert "nothing is stored of it" in verdict["unproved"]


def test_an_object_that_is_gone_is_not_proved(stack: LocalStack) -> None:
    uploaded = upload(stack, "verify/gone.log", json_lines(3))
    reach(stack, {"COMPLETE"}, uploaded.file_id)
    stack.client("s3").delete_object(
        Bucket=stack.info.input_bucket, Key=uploaded.key, VersionId=uploaded.version_id
    )
    code, (verdict,) = verified(stack, uploaded.file_id)
    assert (code, verdict["result"]) == (1, "unproved")
    assert "its object is gone" in verdict["unproved"]


def test_a_sample_is_of_settled_files_and_files_are_named_or_chosen(
    stack: LocalStack, settled: Uploaded
) -> None:
    _, verdicts = verified(stack, "--sample", "1")
    assert len(verdicts) == 1
    for wrong in ([], ["--all", settled.file_id], ["--all", "--sample", "2"]):
        done = run_froe(stack, "verify", *wrong)
        assert done.returncode == 2
        assert "Name files, or give one of --receipt FILE, --sample N and --all" in done.stderr
