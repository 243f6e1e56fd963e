"""Items of one DynamoDB table as plain values: conditional writes, strongly consistent reads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from chalicelib.aws.errors import CONDITION_FAILED, code_of, translated
from chalicelib.core.errors import reason_of
from chalicelib.core.records import typed, untyped

logger = logging.getLogger("froe")

Item = dict[str, Any]
SideBySide = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
T = TypeVar("T")

_KEYS_PER_REQUEST: Final = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""


class Key(NamedTuple):
    """The key of an item: partition key and sort key."""

    pk: str
    sk: str


class Listed(NamedTuple):
    """Items of a list, and the ``opened`` behind which it continues if there may be more."""

    items: list[Item]
    reached: str | None


class Sieve(NamedTuple):
    """What an index leaves out of a list; it must have these attributes.

    prefix: attribute → its prefix. same: attribute → its value.
    """

    prefix: Mapping[str, str] = {}
    same: Mapping[str, str] = {}


NO_SIEVE: Final = Sieve()
_SIFTED_AT_ONCE: Final = 1000


class Items:
    """client: a low-level DynamoDB client. Attributes that are None are not stored. side_by_side: `map`, or one that
    reads several partitions of an index at once."""

    def __init__(self, client: Any, table: str, side_by_side: SideBySide = map) -> None:
        self._client = client
        self._table = table
        self._map = side_by_side

    def get(self, key: Key) -> Item | None:
        with translated(f"reading {key.pk} in {self._table}"):
            answer = self._client.get_item(
                TableName=self._table, Key=_typed(key._asdict()), ConsistentRead=True
            )
        return _untyped(answer["Item"]) if "Item" in answer else None

    def put_new(
        self, key: Key, item: Mapping[str, Any], *, in_place_of: str = "attribute_not_exists(pk)"
    ) -> Item | None:
        """Put the item, unless one is there that the condition protects. Gives the item that is there, or None if the
        new one was put."""
        with translated(f"writing {key.pk} in {self._table}"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=_typed(key._asdict() | dict(item)),
                    ConditionExpression=in_place_of,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) == CONDITION_FAILED:
                    return _untyped(error.response.get("Item", {}))
                raise
        return None

    def update(
        self,
        key: Key,
        assigned: Mapping[str, Any],
        *,
        unless: str | None = None,
        values: Mapping[str, Any] | None = None,
        give_new: bool = False,
        added: Mapping[str, int] | None = None,
    ) -> Item | None:
        """Set attributes (None removes them), unless a condition holds (``#0`` is the first of them).

        added: to numbers, in the same write. Gives the old item if the condition held; else, on request, the new one,
        or None.
        """
        names = {f"#{number}": name for number, name in enumerate(assigned)}
        placeholders = {f":{number}": value for number, value in enumerate(assigned.values())}
        kept = [
            f"#{number} = :{number}" for number, value in enumerate(assigned.values()) if value is not None
        ]
        dropped = [f"#{number}" for number, value in enumerate(assigned.values()) if value is None]
        amounts = [(name, amount) for name, amount in (added or {}).items() if amount]
        for number, (name, amount) in enumerate(amounts, start=len(assigned)):
            names[f"#{number}"], placeholders[f":{number}"] = name, amount
        more = [f"#{number} :{number}" for number in range(len(assigned), len(names))]
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _typed(key._asdict()),
            "UpdateExpression": "SET "
            + ", ".join(kept)
            + (f" REMOVE {', '.join(dropped)}" if dropped else "")
            + (f" ADD {', '.join(more)}" if more else ""),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": _typed(placeholders | dict(values or {})),
        }
        if unless:
            request["ConditionExpression"] = f"NOT ({unless})"
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if give_new:
            request["ReturnValues"] = "ALL_NEW"
        with translated(f"writing {key.pk} {key.sk} in {self._table}"):
            try:
                answer = self._client.update_item(**request)
            except ClientError as error:
                if code_of(error) == CONDITION_FAILED:
                    return _untyped(error.response.get("Item", {}))
                raise
        return _untyped(answer["Attributes"]) if give_new else None

    def delete(
        self,
        key: Key,
        *,
        unless: str | None = None,
        names: Sequence[str] = (),
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Delete an item unless a condition holds; names: what `#0` and the following stand for in it."""
        request: dict[str, Any] = {"TableName": self._table, "Key": _typed(key._asdict())}
        if unless:
            request["ConditionExpression"] = f"NOT ({unless})"
            request["ExpressionAttributeNames"] = {f"#{number}": name for number, name in enumerate(names)}
            request["ExpressionAttributeValues"] = _typed(values or {})
        with translated(f"deleting {key.pk} {key.sk} in {self._table}"):
            try:
                self._client.delete_item(**request)
            except ClientError as error:
                if code_of(error) != CONDITION_FAILED:
                    raise

    def of_partition(
        self, pk: str, prefix: str, *, after: str | None = None, at_once: int | None = None
    ) -> Iterator[Item]:
        """The items of a partition with that prefix of the sort key, in order, those behind `after`.

        at_once: how many to read in one request; by default as many as fit (1 MB).
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":prefix": {"S": prefix}},
            "ConsistentRead": True,
        }
        if after:
            request["ExclusiveStartKey"] = _typed(Key(pk, after)._asdict())
        if at_once:
            request["Limit"] = at_once
        return self._queried(pk, request)

    def last(self, pk: str, first: str, last: str) -> Item | None:
        """The last item of a partition between two sort keys, both included."""
        return next(self.between(pk, first, last, newest_first=True, at_once=1), None)

    def between(
        self, pk: str, first: str, last: str, *, newest_first: bool = False, at_once: int | None = None
    ) -> Iterator[Item]:
        """The items of a partition between two sort keys, both included, in order or in reverse. at_once: as for
        `of_partition`."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        if at_once:
            request["Limit"] = at_once
        return self._queried(pk, request)

    def _queried(self, pk: str, request: dict[str, Any]) -> Iterator[Item]:
        while True:
            with translated(f"reading {pk} in {self._table}"):
                answer = self._client.query(**request)
            yield from map(_untyped, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def by_index(
        self,
        index: str,
        name: str,
        values: Sequence[str],
        *,
        before: str | None,
        limit: int,
        since: str | None = None,
        sieve: Sieve = NO_SIEVE,
    ) -> Listed:
        """One page of the items that an index lists under any of the values, by falling ``opened``.

        before, since: bounds of ``opened``, the first one excluded. The index has only keys and what never changes, so
        that most updates do not touch it; the items are read from the table, and may be gone meanwhile.
        """
        if before and since and before <= since:
            return Listed([], None)
        answers = list(
            self._map(lambda value: self._index_page(index, name, value, before, since, limit, sieve), values)
        )
        merged = sorted(
            (entry for answer in answers for entry in answer["Items"]),
            key=lambda entry: str(entry["opened"]["S"]),
            reverse=True,
        )
        ends = [
            str(answer["LastEvaluatedKey"]["opened"]["S"])
            for answer in answers
            if "LastEvaluatedKey" in answer
        ]
        looked_at = max(ends, default="")  # behind it some of the answers say nothing
        known = [entry for entry in merged if entry["opened"]["S"] >= looked_at]
        page = known[:limit]
        keys = [Key(entry["pk"]["S"], entry["sk"]["S"]) for entry in page]
        items = self.get_all(keys)
        listed = [items[key] for key in dict.fromkeys(keys) if key in items]
        if before and since:  # BETWEEN includes its bounds
            listed = [item for item in listed if item["opened"] != before]
        return Listed(listed, page[-1]["opened"]["S"] if len(known) > limit else looked_at or None)

    def _index_page(
        self,
        index: str,
        name: str,
        value: str,
        before: str | None,
        since: str | None,
        limit: int,
        sieve: Sieve,
    ) -> dict[str, Any]:
        bounds = {":before": before, ":since": since}
        condition = "#name = :value"
        if before and since:
            condition += " AND opened BETWEEN :since AND :before"
        elif before:
            condition += " AND opened < :before"
        elif since:
            condition += " AND opened >= :since"
        names, values = {"#name": name}, {":value": value} | bounds
        filters = []
        for number, (attribute, sought) in enumerate([*sieve.prefix.items(), *sieve.same.items()]):
            names[f"#{number}"], values[f":{number}"] = attribute, sought
            filters.append(
                f"begins_with(#{number}, :{number})"
                if attribute in sieve.prefix
                else f"#{number} = :{number}"
            )
        sifting = {"FilterExpression": " AND ".join(filters)} if filters else {}
        with translated(f"listing {self._table} {index}"):
            answer: dict[str, Any] = self._client.query(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=_typed(values),
                ScanIndexForward=False,
                Limit=_SIFTED_AT_ONCE if filters else limit,
                **sifting,
            )
        return answer

    def get_all(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        """The items that exist; without `consistent`, perhaps as they were a moment ago."""
        items: dict[Key, Item] = {}
        waiting = [_typed(key._asdict()) for key in dict.fromkeys(keys)]
        while waiting:
            asked, waiting = waiting[:_KEYS_PER_REQUEST], waiting[_KEYS_PER_REQUEST:]
            with translated(f"reading {len(asked)} items of {self._table}"):
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": asked, "ConsistentRead": consistent}}
                )
            for item in map(_untyped, answer["Responses"].get(self._table, ())):
                items[Key(item["pk"], item["sk"])] = item
            waiting += answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        return items


def readable(items: Iterable[Item], read: Callable[[Item], T]) -> Iterator[T]:
    """The items of a list that can be read. One that cannot is logged by its key and skipped, so that it does not hide
    the others."""
    for item in items:
        try:
            yield read(item)
        except Exception as error:
            known = {"file_id": item.get("pk"), "item": item.get("sk"), "reason": reason_of(error)}
            logger.exception("item_unreadable", extra=known)


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed(value) for name, value in item.items() if value is not None}


def _untyped(item: Mapping[str, Any]) -> Item:
    return {name: untyped(value) for name, value in item.items()}
