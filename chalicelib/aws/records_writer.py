"""Writes items to the records table: BatchWriteItem on a few threads, which resend unprocessed items.

The body of a request is assembled from items that are already encoded. Memory: the items of one batch, and a request
of up to 25 items per thread.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
from chalicelib.core.records.progress import merged
from chalicelib.core.records.storable import size_of
from chalicelib.delivery import Deadline
from chalicelib.metrics import Meter
from chalicelib.tracing import Tracer

ITEMS_PER_REQUEST: Final = 25
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""

_REQUEST_MAX_BYTES: Final = 15 * 1024 * 1024
_UNIT_BYTES: Final = 1024
_MAX_BACKOFF_SECONDS: Final = 5.0
_REQUEST: Final = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{"%b":[%b]}}'
"""Having DynamoDB count the units costs a microsecond per item; the sizes of the items would only give a guess."""


@dataclass(slots=True)
class _Written:
    """What a thread has written so far. units: write units, as DynamoDB counts them. retries: repeated requests for a
    group of items. throttles: answers that left items unprocessed."""

    items: int = 0
    requests: int = 0
    units: float = 0.0
    retries: int = 0
    throttles: int = 0


class _Group(NamedTuple):
    """The items of one request. begin: the position of the first among all items."""

    begin: int
    items: Sequence[bytes]

    @property
    def positions(self) -> range:
        return range(self.begin, self.begin + len(self.items))

    def positions_of(self, some: Iterable[bytes]) -> list[int]:
        """The positions of some of its items, as AWS returned them."""
        keys = {_key_of(item) for item in some}
        return [self.begin + number for number, item in enumerate(self.items) if _key_of(item) in keys]


class RecordsWriter:
    """client, threads: as `DynamoRecords` has them. tracer: records what each thread writes; meter: counts what all of them
    wrote."""

    def __init__(self, client: Any, table: str, threads: int, tracer: Tracer, meter: Meter) -> None:
        self._client = calls_of(client)
        self._table = table
        self._threads = threads
        self._tracer = tracer
        self._meter = meter
        self._present = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="write")
        client.meta.events.register("needs-retry.dynamodb.BatchWriteItem", self._look_at)

    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        """Write every item (typed JSON), or raise TransientError; repeating it changes nothing. Raises UnwrittenError
        if time is up before all are written. Gives the write units used, as DynamoDB counts them, or by the sizes of
        the items if the answer does not say.

        first: so many of them are written before any other.
        """
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
        """Write them in any order."""
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

    def _put_groups(
        self,
        groups: deque[_Group],
        deadline: Deadline,
        written: deque[_Written],
        unwritten: dict[int, Iterable[int]],
    ) -> dict[str, int]:
        """Write groups until there are none left; a failure leaves none for the other threads. What was written, also
        before a failure, is added to `written` and removed from `unwritten`."""
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
        """Send once. Gives the unprocessed items."""
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
        """Also count throttling that botocore waits out itself. response: of HTTP, and as parsed."""
        count = getattr(self._present, "count", None)
        if count and response and response[1].get("Error", {}).get("Code") in THROTTLED:
            count.throttles += 1


def _units_of(items: Iterable[bytes]) -> int:
    """One for each started KB of an item
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)."""
    return sum(-(-size_of(orjson.loads(item)) // _UNIT_BYTES) for item in items)


def _key_of(item: bytes) -> tuple[str, str]:
    known = orjson.loads(item)
    return known["pk"]["S"], known["sk"]["S"]


def _retries_of(answer: Any) -> int:
    """How often botocore repeated a request itself."""
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
    """A value parsed by botocore in the form of the wire: binary values in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return value
