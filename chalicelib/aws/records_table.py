"""The records table: writes, reads, counts and removes the items of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson

from chalicelib.aws.calls import calls_of
from chalicelib.aws.errors import translated
from chalicelib.aws.records_writer import ITEMS_PER_REQUEST, RecordsWriter
from chalicelib.core.errors import OutOfTimeError
from chalicelib.core.plan import MAX_SHARDS
from chalicelib.core.records import partition_key, record_key, sort_key, strides, untyped
from chalicelib.core.records.segments import (
    SEGMENT,
    Segment,
    binary_of,
    continuation_key,
    last_key,
    segment_of,
)
from chalicelib.delivery import Deadline
from chalicelib.metrics import NO_METER, Meter
from chalicelib.record_pages import RecordPage, SegmentPage
from chalicelib.tracing import NoTracer, Tracer

_FIRST_KEY: Final = "!"
_LAST_KEY: Final = "~"
"""Before and behind all possible sort keys."""


class DynamoRecords:
    """client: a low-level DynamoDB client made with `parameter_validation=False` and a connection
    pool at least as large as `threads`. tracer: records what each thread writes; meter: what all
    of them wrote."""

    def __init__(
        self,
        client: Any,
        table: str,
        threads: int,
        tracer: Tracer | None = None,
        meter: Meter = NO_METER,
    ) -> None:
        self._client = calls_of(client)
        self._table = table
        self._threads = threads
        self._writer = RecordsWriter(client, table, threads, tracer or NoTracer(), meter)

    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        """Write every item, as `RecordsWriter.put` does."""
        return self._writer.put(items, deadline, first)

    def count(self, file_id: str, shards: int, begin: int, end: int) -> int:
        """How many items the file has at offsets from `begin` to `end`, `end` excluded, in their proper partitions;
        strongly consistent."""
        return sum(
            self._counted(*record_key(file_id, shards, first), last_key(last - 1))
            for first, last in strides(begin, end)
        )

    def everything(self, file_id: str, shards: int, begin: int, end: int) -> Iterator[dict[str, Any]]:
        """All items of the file at offsets from `begin` to `end`, `end` excluded, in their proper partitions and in
        typed JSON; strongly consistent."""
        for first, last in strides(begin, end):
            for page in self._between(*record_key(file_id, shards, first), last_key(last - 1)):
                yield from page["Items"]

    def count_all(self, file_id: str) -> int:
        """How many items there are in any partition that a file may have, strongly consistent."""
        partitions = [partition_key(file_id, shard) for shard in range(MAX_SHARDS)]
        with ThreadPoolExecutor(self._threads) as pool:
            return sum(pool.map(lambda each: self._counted(each, _FIRST_KEY, _LAST_KEY), partitions))

    def keys(self, file_id: str) -> Iterator[tuple[str, str]]:
        """The keys of all items in any partition that a file may have, wherever in them they lie."""
        for shard in range(MAX_SHARDS):
            for page in self._between(
                partition_key(file_id, shard), _FIRST_KEY, _LAST_KEY, ProjectionExpression="pk, sk"
            ):
                yield from ((item["pk"]["S"], item["sk"]["S"]) for item in page["Items"])

    def _counted(self, partition: str, first: str, last: str) -> int:
        return sum(int(page["Count"]) for page in self._between(partition, first, last, Select="COUNT"))

    def _between(
        self, partition: str, first: str, last: str, values: Mapping[str, Any] | None = None, **options: Any
    ) -> Iterator[dict[str, Any]]:
        """The pages between two sort keys, both included; strongly consistent."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": partition},
                ":first": {"S": first},
                ":last": {"S": last},
                **(values or {}),
            },
            **options,
        }
        while True:
            with translated(f"reading {self._table}"):
                answer = self._client.query(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def remove_strays(
        self, file_id: str, batch_id: str, reach: tuple[int, int], items: Sequence[bytes], deadline: Deadline
    ) -> int:
        """Remove the items of a batch that begin within `reach` and are not among these. Gives how many there were.
        They may be in any shard, so each is queried."""
        own = {(item["pk"]["S"], item["sk"]["S"]) for item in map(orjson.loads, items)}
        removed = 0
        for shard in range(MAX_SHARDS):
            strays = [
                {"DeleteRequest": {"Key": key}}
                for key in self._keys_of(partition_key(file_id, shard), batch_id, reach)
                if (key["pk"]["S"], key["sk"]["S"]) not in own
            ]
            for at in range(0, len(strays), ITEMS_PER_REQUEST):
                self._delete(strays[at : at + ITEMS_PER_REQUEST], deadline)
            removed += len(strays)
        return removed

    def _keys_of(self, partition: str, batch_id: str, reach: tuple[int, int]) -> Iterator[Any]:
        first, last = sort_key(reach[0]), last_key(max(reach[0], reach[1] - 1))
        options = {"FilterExpression": "batch_id = :batch", "ProjectionExpression": "pk, sk"}
        for page in self._between(partition, first, last, {":batch": {"S": batch_id}}, **options):
            yield from page["Items"]

    def _delete(self, requests: list[Any], deadline: Deadline) -> None:
        while requests:
            if deadline.seconds_left <= 0:
                raise OutOfTimeError(f"{self._table} did not take {len(requests)} deletes in time")
            with translated(f"deleting from {self._table}"):
                answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])

    def page(self, partition: str, first: str, last: str, kind: str, limit: int) -> RecordPage:
        """Items of one kind between two sort keys, both included; `limit` bounds how many are read."""
        answer = self._of_kind(partition, first, last, kind, Limit=limit)
        items = [{name: untyped(value) for name, value in item.items()} for item in answer["Items"]]
        return RecordPage(items, answer["ScannedCount"], _reached(answer))

    def segments(self, partition: str, first: str, last: str) -> SegmentPage:
        """Heads between two sort keys, both included, as many as one request reads (1 MB)."""
        answer = self._of_kind(partition, first, last, SEGMENT)
        return SegmentPage(
            [segment_of(item) for item in answer["Items"]], answer["ScannedCount"], _reached(answer)
        )

    def _of_kind(self, partition: str, first: str, last: str, kind: str, **options: Any) -> dict[str, Any]:
        """The answer to one query for items of a kind between two sort keys, both included."""
        with translated(f"reading {self._table}"):
            answer: dict[str, Any] = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                FilterExpression="#kind = :kind",
                ExpressionAttributeNames={"#kind": "kind"},
                ExpressionAttributeValues={
                    ":pk": {"S": partition},
                    ":first": {"S": first},
                    ":last": {"S": last},
                    ":kind": {"S": kind},
                },
                **options,
            )
        return answer

    def continuations(self, segment: Segment) -> list[bytes | None]:
        """The data of the continuations that the head names, strongly consistent; None for each that is missing."""
        keys = [continuation_key(segment.sk, number + 1) for number in range(segment.continuations)]
        if not keys:
            return []
        data = {
            item["sk"]["S"]: binary_of(item)
            for page in self._between(segment.pk, keys[0], keys[-1])
            for item in page["Items"]
        }
        return [data.get(key) for key in keys]


def _reached(answer: dict[str, Any]) -> str | None:
    """The sort key at which a query ended; None if there is no more."""
    reached = answer.get("LastEvaluatedKey")
    return reached["sk"]["S"] if reached else None
