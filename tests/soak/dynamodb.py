"""A DynamoDB in memory, behind the low-level client that the adapters use: conditions and updates as they are
written, indexes that lag, a stream, items that expire.

Each request is one effect of the world: it may fail, be throttled, or be applied and its answer lost.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final

import orjson
from botocore.exceptions import ClientError

from tests.soak.expressions import Item, holds, updated
from tests.soak.world import World

PAGE_ITEMS: Final = 40
"""Few, so that lists take several requests, as 1 MB does with large items."""

INDEXES: Final[Mapping[str, str]] = {"by_state": "state", "by_key": "key", "by_opened": "shelf"}
"""The ledger's: each lists the items that bear its attribute by `opened`."""

Key = tuple[str, str]
Written = Callable[[str, Key, "Item | None", "Item | None"], None]
"""What is called of every write: table, key, the item before and after."""


class Table:
    def __init__(self, name: str) -> None:
        self.name = name
        self.items: dict[Key, Item] = {}
        self.partitions: dict[str, list[str]] = {}
        self.lagging: list[tuple[float, Key, Item | None]] = []
        self.indexed: dict[Key, Item] = {}

    def put(self, key: Key, item: Item | None) -> Item | None:
        """The item in place of another, which is given; None: it goes."""
        old = self.items.get(key)
        keys = self.partitions.setdefault(key[0], [])
        if item is None:
            if old is not None:
                del self.items[key]
                keys.remove(key[1])
        else:
            if old is None:
                keys.insert(bisect_left(keys, key[1]), key[1])
            self.items[key] = item
        return old


class DynamoDB:
    """written: hears of every write, as the stream and the checks do."""

    def __init__(self, world: World, written: Written) -> None:
        self._world = world
        self._written = written
        self.page_items = PAGE_ITEMS
        self.tables: dict[str, Table] = {}
        self.meta = meta()

    def table(self, name: str) -> Table:
        return self.tables.setdefault(name, Table(name))

    # Reads
    def get_item(self, *, TableName: str, Key: Item, **_: Any) -> dict[str, Any]:
        key = _key(Key)
        item = self._read(f"get {_described(TableName, key)}", lambda: self.table(TableName).items.get(key))
        return {"Item": dict(item)} if item is not None else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        ((name, request),) = RequestItems.items()
        keys = [_key(each) for each in request["Keys"]]
        left = self._world.share(len(keys)) if len(keys) > 1 else 0
        taken = keys[: len(keys) - left]
        items = self.table(name).items
        items_read = self._read(
            f"get {len(taken)} of {name}", lambda: [dict(items[key]) for key in taken if key in items]
        )
        unread = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys[len(taken) :]]
        return {
            "Responses": {name: items_read},
            "UnprocessedKeys": {name: {"Keys": unread}} if unread else {},
        }

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Item,
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        IndexName: str | None = None,
        FilterExpression: str | None = None,
        ExclusiveStartKey: Item | None = None,
        ScanIndexForward: bool = True,
        Limit: int | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        table = self.table(TableName)
        names, values = ExpressionAttributeNames, ExpressionAttributeValues
        limit = min(Limit or self.page_items, self.page_items)

        def matching() -> list[Item]:
            if IndexName:
                candidates = self._indexed(table, IndexName)
            else:
                candidates = self._of_partition(table, KeyConditionExpression, values)
            return [each for each in candidates if holds(KeyConditionExpression, each, names, values)]

        matches = self._read(f"query {TableName} {IndexName or ''}".strip(), matching)
        if not ScanIndexForward:
            matches = matches[::-1]
        if ExclusiveStartKey:
            order = (lambda item: item["opened"]["S"]) if IndexName else (lambda item: item["sk"]["S"])
            start = order(ExclusiveStartKey)
            matches = [
                each for each in matches if (order(each) > start) is ScanIndexForward and order(each) != start
            ]
        page, more = matches[:limit], len(matches) > limit
        answer = {
            "Items": [dict(each) for each in page if holds(FilterExpression, each, names, values)],
            "ScannedCount": len(page),
        }
        answer["Count"] = len(answer["Items"])
        if more:
            last = page[-1]
            answer["LastEvaluatedKey"] = {
                name: last[name] for name in ("pk", "sk", "state", "key", "opened", "shelf") if name in last
            }
        return answer

    def scan(self, *, TableName: str, **_: Any) -> dict[str, Any]:
        return {"Items": self._read(f"scan {TableName}", lambda: list(self.table(TableName).items.values()))}

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **request: self._pages(getattr(self, operation), request))

    @staticmethod
    def _pages(call: Callable[..., dict[str, Any]], request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            answer = call(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    # Writes
    def put_item(
        self, *, TableName: str, Item: Item, ConditionExpression: str | None = None, **how: Any
    ) -> dict[str, Any]:
        key = _key(Item)
        return self._write("put", TableName, key, ConditionExpression, how, lambda _: dict(Item))

    def delete_item(
        self, *, TableName: str, Key: Item, ConditionExpression: str | None = None, **how: Any
    ) -> dict[str, Any]:
        return self._write("delete", TableName, _key(Key), ConditionExpression, how, lambda _: None)

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ConditionExpression: str | None = None,
        **how: Any,
    ) -> dict[str, Any]:
        names, values = how.get("ExpressionAttributeNames"), how.get("ExpressionAttributeValues")

        def change(item: Item | None) -> Item:
            return updated(UpdateExpression, item or dict(Key), names, values)

        return self._write("update", TableName, _key(Key), ConditionExpression, how, change)

    def send(self, operation: str, body: bytes, **_: Any) -> dict[str, Any]:
        """`BatchWriteItem`, of which the records table writes the body."""
        assert operation == "BatchWriteItem"
        return self.batch_write_item(**orjson.loads(body))

    def batch_write_item(self, *, RequestItems: dict[str, Any], **_: Any) -> dict[str, Any]:
        ((name, requests),) = RequestItems.items()
        left = self._world.share(len(requests))
        taken = requests[: len(requests) - left]

        def apply() -> None:
            for request in taken:
                ((kind, described),) = request.items()
                item = described.get("Item")
                self._store(name, _key(item or described["Key"]), item if kind == "PutRequest" else None)

        self._change(f"write {len(taken)} of {name}", apply)
        unprocessed = {name: requests[len(taken) :]} if left else {}
        return {"UnprocessedItems": unprocessed, "ConsumedCapacity": [{"CapacityUnits": float(len(taken))}]}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        raise NotImplementedError("no transaction is used: five times the write units")

    def expire(self, now: float, name: str, keys: list[Key]) -> None:
        """Delete what has expired of these, as the time-to-live daemon does, some day."""
        for key in keys:
            item = self.table(name).items.get(key)
            if item and "expires_at" in item and float(item["expires_at"]["N"]) < now:
                self._store(name, key, None)

    def remove(self, name: str, key: Key) -> None:
        """Delete an item, as an operator may."""
        self._store(name, key, None)

    def _write(
        self,
        verb: str,
        name: str,
        key: Key,
        condition: str | None,
        how: Mapping[str, Any],
        change: Callable[[Item | None], Item | None],
    ) -> dict[str, Any]:
        names, values = how.get("ExpressionAttributeNames"), how.get("ExpressionAttributeValues")

        def apply() -> dict[str, Any]:
            old = self.table(name).items.get(key)
            if not holds(condition, old, names, values):
                former = {"Item": dict(old)} if old and "ReturnValuesOnConditionCheckFailure" in how else {}
                raise refused("ConditionalCheckFailedException", **former)
            new = change(old)
            self._store(name, key, new)
            if how.get("ReturnValues") == "ALL_NEW":
                return {"Attributes": dict(new or {})}
            return {"Attributes": dict(old)} if how.get("ReturnValues") == "ALL_OLD" and old else {}

        return self._change(f"{verb} {_described(name, key)}", apply)

    def _store(self, name: str, key: Key, item: Item | None) -> None:
        table = self.table(name)
        old = table.put(key, item)
        table.lagging.append((self._world.visible_at(), key, item))
        self._written(name, key, old, item)

    def _read(self, doing: str, apply: Callable[[], Any]) -> Any:
        return self._world.effect("dynamodb", doing, apply)

    def _change(self, doing: str, apply: Callable[[], Any]) -> Any:
        return self._world.effect("dynamodb", doing, apply, writes=True)

    def _indexed(self, table: Table, index: str) -> list[Item]:
        """What the index shows by now: each write comes to it late, in its order."""
        while table.lagging and table.lagging[0][0] <= self._world.now:
            _, key, item = table.lagging.pop(0)
            if item is None or "opened" not in item:
                table.indexed.pop(key, None)
            else:
                table.indexed[key] = item
        name = INDEXES[index]
        return sorted(
            (each for each in table.indexed.values() if name in each), key=lambda each: each["opened"]["S"]
        )

    @staticmethod
    def _of_partition(table: Table, condition: str, values: Item) -> list[Item]:
        """Those between the bounds that the condition names, where it names some: partitions may be large."""
        pk = values[":pk"]["S"]
        keys = table.partitions.get(pk, [])
        first, end = 0, len(keys)
        if "sk BETWEEN :first AND :last" in condition:
            first, end = bisect_left(keys, values[":first"]["S"]), bisect_right(keys, values[":last"]["S"])
        elif "begins_with(sk, :prefix)" in condition:
            prefix = values[":prefix"]["S"]
            first, end = bisect_left(keys, prefix), bisect_right(keys, f"{prefix}\U0010ffff")
        return [table.items[pk, sk] for sk in keys[first:end]]


def meta() -> Any:
    """What a client has beside its requests: the events of botocore, of which none is heard."""
    return SimpleNamespace(events=SimpleNamespace(register=lambda *_: None, register_first=lambda *_: None))


def refused(code: str, **response: Any) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {}, **response}, "Request"
    )  # type: ignore[arg-type]


def _key(item: Item) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _described(name: str, key: Key) -> str:
    return f"{name} {key[0][:6]} {key[1]}"
