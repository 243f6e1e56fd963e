"""Files that an older version of the code has left under way are finished by the functions deployed now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from tests.integration.support import Uploaded, paused, reach, scan, silenced, upload
from tests.versions import RECORDED, ROOT, State, said_by_all, states_of

FUNCTIONS = ("queued_splitter", "worker")
TEXTS = [ROOT / RECORDED / "1" / name for name in ("access.log", "access.log.gz", "shop.log")]


def of_upload(state: State, recorded_id: str, recorded_key: str, uploaded: Uploaded, bucket: str) -> State:
    """What was recorded, had it been of this upload: its bucket, key, version and ETag, and so its id; kept for
    good, as what was recorded has expired meanwhile."""
    named = {
        "bucket": bucket,
        "key": uploaded.key,
        "version_id": uploaded.version_id,
        "etag": uploaded.etag.strip('"'),
    }
    was = {"bucket": "logs", "key": recorded_key, "version_id": "v1", "etag": "e"}

    def of(text: str) -> str:
        text = text.replace(recorded_id, uploaded.file_id)
        for name, value in was.items():
            text = text.replace(f'"{name}": {{"S": "{value}"}}', f'"{name}": {{"S": "{named[name]}"}}')
            text = text.replace(f'"{name}":"{value}"', f'"{name}":"{named[name]}"')
        return re.sub(r'"expires_at":[0-9]+', '"expires_at":null', text)

    def kept(items: Sequence[Any]) -> list[dict[str, Any]]:
        kept_items = [{name: value for name, value in item.items() if name != "expires_at"} for item in items]
        return [
            item | {"retention_days": {"N": "0"}} if "retention_days" in item else item for item in kept_items
        ]

    return {
        "ledger": json.loads(of(json.dumps(kept(state["ledger"])))),
        "records": json.loads(of(json.dumps(kept(state["records"])))),
        "split_queue": [of(body) for body in state["split_queue"]],
        "batch_queue": [of(body) for body in state["batch_queue"]],
    }


def leave(stack: LocalStack, state: State) -> None:
    """Put into tables and queues what the older code left there."""
    dynamodb, sqs, info = stack.client("dynamodb"), stack.client("sqs"), stack.info
    for table, items in ((info.ledger_table, state["ledger"]), (info.records_table, state["records"])):
        for item in items:
            dynamodb.put_item(TableName=table, Item=item)
    for queue, bodies in ((info.split_queue, state["split_queue"]), (info.batch_queue, state["batch_queue"])):
        for body in bodies:
            sqs.send_message(QueueUrl=queue, MessageBody=body)


def plain(items: Mapping[tuple[str, str], Mapping[str, Any]], file_id: str) -> list[tuple[Any, ...]]:
    """Where the entries of a file begin and end, and what each is."""
    names = ("batch_id", "format", "kind", "offset", "length", "lines")
    mine = [item for (pk, _), item in sorted(items.items()) if pk.startswith(file_id)]
    return [tuple(str(item[name]) for name in names) for item in mine]


def test_files_left_in_progress_by_the_version_before_end_the_same(stack: LocalStack) -> None:
    """Each state of each file on its own object; all end as they would have without the deploy."""
    expected: dict[str, State] = {}
    with paused(stack, *FUNCTIONS), silenced(stack):
        for path in TEXTS:
            states = states_of(path)
            recorded_id = states["complete"]["ledger"][0]["pk"]["S"]
            for number, (name, state) in enumerate(states.items()):
                if name == "complete":
                    continue
                uploaded = upload(stack, f"former-{number}-{path.name}", path.read_bytes())
                place = (recorded_id, path.name, uploaded, stack.info.input_bucket)
                leave(stack, of_upload(state, *place))
                expected[uploaded.file_id] = of_upload(states["complete"], *place)
    assert len(expected) == 15
    reach(stack, {"COMPLETE"}, *expected)
    records = {(item["pk"], item["sk"]): item for item in scan(stack, stack.info.records_table)}
    dynamodb = stack.client("dynamodb")
    for file_id, complete in expected.items():
        asked = {":pk": {"S": file_id}}
        ended = dynamodb.query(
            TableName=stack.info.ledger_table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=asked,
        )["Items"]
        kept = [item for item in ended if item["sk"]["S"].startswith(("file", "split#", "leaf#"))]
        assert without_times(kept) == without_times(complete["ledger"])
        marks = {
            (item["pk"]["S"], item["sk"]["S"]): {
                name: next(iter(value.values())) for name, value in item.items()
            }
            for item in complete["records"]
        }
        assert plain(records, file_id) == plain(marks, file_id)


def without_times(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in item.items() if name != "settled_at"} for item in said_by_all(items)
    ]
