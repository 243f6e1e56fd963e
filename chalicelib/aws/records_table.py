"""The records table: BatchWriteItem on a few threads, which resend unprocessed items.

The body of a request is assembled from items that are already encoded. Memory: the items of one batch, and a request
of up to 25 items per thread.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple

import orjson
from botocore.exceptions import ClientError

from chalicelib import metrics
from chalicelib.aws.calls import calls_of
from chalicelib.aws.errors import THROTTLED, code_of, translated
from chalicelib.core.errors import OutOfTimeError, UnwrittenError
from chalicelib.core.plan import MAX_SHARDS
from chalicelib.core.records import partition_key, record_key, sort_key, strides, untyped
from chalicelib.core.records.progress import merged
from chalicelib.core.records.segments import (
    SEGMENT,
    Segment,
    binary_of,
    continuation_key,
    last_key,
    segment_of,
)
from chalicelib.core.records.storable import size_of
from chalicelib.delivery import Deadline
from chalicelib.metrics import NO_METER, Meter
from chalicelib.record_pages import RecordPage, SegmentPage
from chalicelib.tracing import NoTracer, Tracer

ITEMS_PER_REQUEST: Final = 25
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""

_REQUEST_MAX_BYTES: Final = 15 * 1024 * 1024
_UNIT_BYTES: Final = 1024
_FIRST_KEY: Final = "!"
_LAST_KEY: Final = "~"
"""Before and behind all sort keys that there may be."""
_MAX_BACKOFF_SECONDS: Final = 5.0
_REQUEST: Final = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{"%b":[%b]}}'
"""That DynamoDB counts the units costs a microsecond an item; from the items' sizes they could only be guessed."""


@dataclass(slots=True)
class _Written:
    """What a thread has written by now. units: write units, as DynamoDB counts them. retries: requests on top
    of the first for a group of items. throttles: answers that left items for later."""

    items: int = 0
    requests: int = 0
    units: float = 0.0
    retries: int = 0
    throttles: int = 0


class _Group(NamedTuple):
    """What one request writes. begin: the position of its first among all items."""

    begin: int
    items: Sequence[bytes]

    @property
    def positions(self) -> range:
        return range(self.begin, self.begin + len(self.items))

    def positions_of(self, some: Iterable[bytes]) -> list[int]:
        """Those of some of its items, as AWS gives them back."""
        keys = {_key_of(item) for item in some}
        return [self.begin + number for number, item in enumerate(self.items) if _key_of(item) in keys]


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
        self._tracer = tracer or NoTracer()
        self._meter = meter
        self._present = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="write")
        client.meta.events.register("needs-retry.dynamodb.BatchWriteItem", self._look_at)

    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        """Write every item (typed JSON), or raise TransientError; repeating it changes nothing. UnwrittenError where
        the time is up before all of them are written. Gives the write units that it took: as DynamoDB counts them, or
        where the answer does not say, by the sizes of the items.

        first: how many of them are written before any other is."""
        parts = ((0, first), (first, len(items))) if first else ((0, len(items)),)
        units = 0
        for begin, end in parts:
            try:
                units += self._put(items[begin:end], deadline)
            except UnwrittenError as error:
                left = [(begin + at, begin + until) for at, until in error.unwritten]
                rest = [(end, len(items))] if end < len(items) else []
                raise UnwrittenError(error.reason, merged(left + rest), units + error.units) from error
        return units

    def _put(self, items: Sequence[bytes], deadline: Deadline) -> int:
        """In whatever order."""
        groups = deque(_grouped(items))
        unwritten: dict[int, Iterable[int]] = {group.begin: group.positions for group in groups}
        written: deque[_Written] = deque()
        put_groups = partial(self._put_groups, groups, deadline, written, unwritten)
        work = self._tracer.for_threads("write-thread", put_groups)
        threads = [self._pool.submit(work) for _ in range(min(self._threads, len(groups)))]
        wait(threads)  # all of them: nothing goes on behind the back of a failure
        units = sum(each.units for each in written)
        self._meter.add(metrics.WRITE_UNITS, units)
        self._meter.add(metrics.WRITE_RETRIES, sum(each.retries for each in written))
        self._meter.add(metrics.WRITE_THROTTLES, sum(each.throttles for each in written))
        try:
            for thread in threads:
                thread.result()
        except OutOfTimeError as error:
            left = merged((each, each + 1) for each in chain(*unwritten.values()))
            raise UnwrittenError(error.reason, left, round(units)) from error
        return round(units)

    def count(self, file_id: str, shards: int, begin: int, end: int) -> int:
        """How many items of the file there are at offsets from `begin` up to, not including, `end`; they are
        counted where they lie, strongly consistent."""
        return sum(
            self._counted(*record_key(file_id, shards, first), last_key(last - 1))
            for first, last in strides(begin, end)
        )

    def everything(self, file_id: str, shards: int, begin: int, end: int) -> Iterator[dict[str, Any]]:
        """All items of the file at offsets from `begin` up to, not including, `end`, in typed JSON, where they belong;
        strongly consistent."""
        for first, last in strides(begin, end):
            for page in self._between(*record_key(file_id, shards, first), last_key(last - 1)):
                yield from page["Items"]

    def keys(self, file_id: str, shards: int) -> Iterator[tuple[str, str]]:
        """The keys of all items in the partitions of the file, wherever in them they lie."""
        for shard in range(shards):
            for page in self._between(
                partition_key(file_id, shard), _FIRST_KEY, _LAST_KEY, ProjectionExpression="pk, sk"
            ):
                yield from ((item["pk"]["S"], item["sk"]["S"]) for item in page["Items"])

    def _counted(self, partition: str, first: str, last: str) -> int:
        return sum(int(page["Count"]) for page in self._between(partition, first, last, Select="COUNT"))

    def _between(
        self, partition: str, first: str, last: str, values: Mapping[str, Any] | None = None, **options: Any
    ) -> Iterator[dict[str, Any]]:
        """The pages of what lies between two sort keys, both included, strongly consistent."""
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
        """Remove the items of a batch that begin within `reach` and are none of these; how many there were. They may
        lie in any shard: a query for each."""
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
        """Items of one kind between two sort keys, both included; `limit` bounds what is looked at."""
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
        """The data of those that the head names, strongly consistent; None for one that is not there."""
        keys = [continuation_key(segment.sk, number + 1) for number in range(segment.continuations)]
        if not keys:
            return []
        data = {
            item["sk"]["S"]: binary_of(item)
            for page in self._between(segment.pk, keys[0], keys[-1])
            for item in page["Items"]
        }
        return [data.get(key) for key in keys]

    def _put_groups(
        self,
        groups: deque[_Group],
        deadline: Deadline,
        written: deque[_Written],
        unwritten: dict[int, Iterable[int]],
    ) -> dict[str, int]:
        """Write groups until no thread finds one; a failure leaves none to the others. What is written, a
        thread that fails included, is added to `written`, and taken out of `unwritten`."""
        count = _Written()
        written.append(count)
        try:
            for group in _taken(groups):
                deadline.check(f"writing more to {self._table}")
                self._put_group(group, deadline, count, unwritten)
                del unwritten[group.begin]
                count.items += len(group.items)
        except BaseException:
            groups.clear()
            raise
        return {"items": count.items, "requests": count.requests}

    def _put_group(
        self, group: _Group, deadline: Deadline, count: _Written, unwritten: dict[int, Iterable[int]]
    ) -> None:
        attempt, left = 0, group.items
        while left := self._unprocessed_of(left, count):
            if len(left) < len(group.items):
                unwritten[group.begin] = group.positions_of(left)
            attempt += 1
            pause = random.uniform(0, min(_MAX_BACKOFF_SECONDS, 0.05 * 2**attempt))
            if deadline.seconds_left < pause + 1:
                raise OutOfTimeError(f"{self._table} did not take {len(left)} items in time: throttled")
            time.sleep(pause)
            count.retries += 1

    def _unprocessed_of(self, group: Sequence[bytes], count: _Written) -> Sequence[bytes]:
        """Send once; give back what was not processed."""
        count.requests += 1
        puts = b",".join(b'{"PutRequest":{"Item":%b}}' % item for item in group)
        self._present.count = count
        body = _REQUEST % (self._table.encode(), puts)
        with translated(f"writing to {self._table}"):
            try:
                answer = self._client.send("BatchWriteItem", body, RequestItems={self._table: []})
            except ClientError as error:
                count.retries += _retries_of(error.response)
                if code_of(error) in THROTTLED:
                    return group
                raise
        count.retries += _retries_of(answer)
        unprocessed = answer.get("UnprocessedItems", {}).get(self._table, ())
        count.throttles += bool(unprocessed)
        left = [orjson.dumps(_as_json(request["PutRequest"]["Item"])) for request in unprocessed]
        consumed = answer.get("ConsumedCapacity")
        count.units += (
            sum(each["CapacityUnits"] for each in consumed)
            if consumed
            else _units_of(group) - _units_of(left)
        )
        return left

    def _look_at(self, response: Any, **_: Any) -> None:
        """Count throttling that botocore waits out by itself, too. response: of HTTP and as it is understood."""
        count = getattr(self._present, "count", None)
        if count and response and response[1].get("Error", {}).get("Code") in THROTTLED:
            count.throttles += 1


def _units_of(items: Iterable[bytes]) -> int:
    """One for each started KB of an item
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)."""
    return sum(-(-size_of(orjson.loads(item)) // _UNIT_BYTES) for item in items)


def _reached(answer: dict[str, Any]) -> str | None:
    """The sort key at which a query ended, if there is more."""
    reached = answer.get("LastEvaluatedKey")
    return reached["sk"]["S"] if reached else None


def _key_of(item: bytes) -> tuple[str, str]:
    known = orjson.loads(item)
    return known["pk"]["S"], known["sk"]["S"]


def _retries_of(answer: Any) -> int:
    """How often botocore sent a request again by itself."""
    return int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _grouped(items: Sequence[bytes]) -> Iterator[_Group]:
    group: list[bytes] = []
    begin = group_bytes = 0
    for position, item in enumerate(items):
        if len(group) == ITEMS_PER_REQUEST or group_bytes + len(item) > _REQUEST_MAX_BYTES:
            yield _Group(begin, group)
            group, begin, group_bytes = [], position, 0
        group.append(item)
        group_bytes += len(item)
    if group:
        yield _Group(begin, group)


def _taken(groups: deque[_Group]) -> Iterator[_Group]:
    while True:
        try:
            group = groups.popleft()
        except IndexError:
            return
        yield group


def _as_json(value: Any) -> Any:
    """What botocore parsed, as it came over the wire: binary values in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return value
