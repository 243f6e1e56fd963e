"""A DynamoDB table that throttles as AWS documents, for the calls that write records.

1,000 write units/s a partition, which burst does not lift; a new on-demand table has four; a key lies in one
partition; a table may have a maximum. `UnprocessedItems` for the part that is over, an error when nothing fits
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html,
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
from botocore.exceptions import ClientError

from chalicelib.aws.clients import ATTEMPTS
from tests.throttling.clock import Clock

PARTITION_UNITS = 1000
NEW_TABLE_PARTITIONS = 4
_LATENCY_SECONDS = 0.008
_ITEM_KB = 1024


class Bucket:
    """Units that fill up at a rate, up to a second's worth."""

    def __init__(self, clock: Clock, units_per_second: float) -> None:
        self._clock = clock
        self._rate = units_per_second
        self._units = units_per_second
        self._at = clock.now

    def has(self, units: float) -> bool:
        now = self._clock.now
        self._units = min(self._rate, self._units + (now - self._at) * self._rate)
        self._at = now
        return self._units >= units

    def take(self, units: float) -> None:
        self._units -= units


class ThrottlingTable:
    """A low-level client of one table, as far as `DynamoRecords` uses it. max_units: of the table; 0: none."""

    def __init__(self, clock: Clock, *, partitions: int = NEW_TABLE_PARTITIONS, max_units: int = 0) -> None:
        self.items: dict[tuple[str, str], int] = {}
        self.units = 0
        self.needed = 0
        """Of the items that there are: what would do, were each written once."""
        self.requests = 0
        self.throttled = 0
        self.meta = SimpleNamespace(events=self)
        self._clock = clock
        self._partitions = [Bucket(clock, PARTITION_UNITS) for _ in range(partitions)]
        self._whole = Bucket(clock, max_units) if max_units else None
        self._partition_by_key: dict[str, Bucket] = {}
        self._dice = random.Random(11)

    def register(self, event: str, hook: Callable[..., None]) -> None:
        """Stands in for botocore's events, of which none is heard."""

    def send(self, operation: str, body: bytes, **_: Any) -> dict[str, Any]:
        """`BatchWriteItem`, of which the records table writes the body."""
        assert operation == "BatchWriteItem"
        ((name, puts),) = orjson.loads(body)["RequestItems"].items()
        for attempt in range(ATTEMPTS):  # those of botocore, which waits between them
            if attempt:
                self._clock.sleep(self._dice.random() * min(20, 2**attempt))
            self._clock.sleep(_LATENCY_SECONDS)
            self.requests += 1
            before = self.units
            unprocessed = [put for put in puts if not self._write(put["PutRequest"]["Item"])]
            self.throttled += bool(unprocessed)
            if len(unprocessed) < len(puts):
                units = self.units - before
                return {
                    "ConsumedCapacity": [{"CapacityUnits": units}],
                    "UnprocessedItems": {name: unprocessed} if unprocessed else {},
                    "ResponseMetadata": {"RetryAttempts": attempt},
                }
        error = {"Code": "ProvisionedThroughputExceededException", "Message": "rate exceeded"}
        raise ClientError(
            {"Error": error, "ResponseMetadata": {"RetryAttempts": ATTEMPTS - 1}}, "BatchWriteItem"
        )

    def query(self, **request: Any) -> dict[str, Any]:
        """Counts what lies between two keys of a partition."""
        self._clock.sleep(_LATENCY_SECONDS)
        pk, first, last = (
            request["ExpressionAttributeValues"][name]["S"] for name in (":pk", ":first", ":last")
        )
        return {"Count": sum(key == pk and first <= sk <= last for key, sk in self.items)}

    def _write(self, item: dict[str, Any]) -> bool:
        units, key = _units(item), item["pk"]["S"]
        partition = self._partition_of(key)
        if not partition.has(units) or (self._whole and not self._whole.has(units)):
            return False
        partition.take(units)
        if self._whole:
            self._whole.take(units)
        self.units += units
        name = key, item["sk"]["S"]
        if name not in self.items:
            self.needed += units
        self.items[name] = units
        return True

    def _partition_of(self, key: str) -> Bucket:
        if key not in self._partition_by_key:
            digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
            self._partition_by_key[key] = self._partitions[digest % len(self._partitions)]
        return self._partition_by_key[key]


def _units(item: dict[str, Any]) -> int:
    """One a started KB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""
    if len(orjson.dumps(item)) <= _ITEM_KB:  # its JSON names types as well: it is never shorter
        return 1
    size = sum(len(name) + _size(value) for name, value in item.items())
    return max(1, math.ceil(size / _ITEM_KB))


def _size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "M":
        return 3 + sum(len(name) + 1 + _size(each) for name, each in content.items())
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in content)
    if kind == "B":
        return len(content) // 4 * 3
    return len(content) if isinstance(content, str) else 1
