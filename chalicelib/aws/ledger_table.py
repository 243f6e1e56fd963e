"""The ledger's table: every write conditional, every read that decides something strongly consistent.

One partition a file: ``file`` (plan, state, account), ``split#000000`` (seal and summary), and
``leaf#000000#000000``: the marks of 16 batches of a split, each under its number in the leaf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.aws import ledger_items
from chalicelib.aws.errors import CONDITION_FAILED, code_of, translated
from chalicelib.core.accounts import MARKS_PER_LEAF, FileAccount, Mark, Seal, SplitAccount, State, Summary
from chalicelib.core.plan import Plan
from chalicelib.core.records import typed, untyped
from chalicelib.ledger import FilePage, StoredFile, opened_position

BY_STATE_INDEX: Final = "by_state"
BY_KEY_INDEX: Final = "by_key"
_KEYS_PER_REQUEST: Final = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""


class DynamoLedger:
    """client: a low-level DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def put_plan(self, plan: Plan, account: FileAccount, now: datetime) -> bool:
        item = ledger_items.from_plan(plan) | ledger_items.from_account(account, now)
        item |= {"opened_at": now.isoformat(), "opened": opened_position(now, plan.file_id)}
        with translated(f"opening {plan.object} in {self._table}"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=_typed(_key(plan.file_id, "file") | item),
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except ClientError as error:
                if code_of(error) == CONDITION_FAILED:
                    return False
                raise
        return True

    def file(self, file_id: str) -> StoredFile | None:
        item = self._item(file_id, "file")
        return ledger_items.to_file(item) if item else None

    def put_seal(self, file_id: str, seal: Seal, expires_at: int | None) -> Seal | None:
        attributes = ledger_items.from_seal(seal) | {"expires_at": expires_at}
        old = self._update(file_id, _split_key(seal.split), attributes, unless="attribute_exists(sealed)")
        return ledger_items.to_seal(old) if old else None

    def seal(self, file_id: str, split: int) -> Seal | None:
        item = self._item(file_id, _split_key(split))
        return ledger_items.to_seal(item) if item and "sealed" in item else None

    def raise_mark(
        self, file_id: str, split: int, batch: int, mark: Mark, expires_at: int | None
    ) -> Mapping[int, Mark]:
        leaf, place = divmod(batch, MARKS_PER_LEAF)
        item = self._update(
            file_id,
            _leaf_key(split, leaf),
            {str(place): mark.encode(), "expires_at": expires_at},
            unless="#0 >= :floor",
            values={":floor": f"{mark.outcome:d}"},
            give_new=True,
        )
        return dict(_marks_in(item or {}, leaf))

    def mark(self, file_id: str, split: int, batch: int) -> Mark | None:
        leaf, place = divmod(batch, MARKS_PER_LEAF)
        item = self._item(file_id, _leaf_key(split, leaf))
        encoded = item and item.get(str(place))
        return Mark.decode(encoded) if encoded else None

    def marks(self, file_id: str, split: int) -> Mapping[int, Mark]:
        found: dict[int, Mark] = {}
        for item in self._items(file_id, f"leaf#{split:06d}#"):
            found.update(_marks_in(item, int(item["sk"].rsplit("#", 1)[1])))
        return found

    def put_summary(self, file_id: str, split: int, summary: Summary) -> None:
        self._update(
            file_id,
            _split_key(split),
            {"summary": ledger_items.from_summary(summary)},
            unless="summary.revision >= :revision",
            values={":revision": summary.revision},
        )

    def splits(self, file_id: str) -> list[SplitAccount]:
        return [ledger_items.to_split(item) for item in self._items(file_id, "split#")]

    def put_account(self, file_id: str, account: FileAccount, now: datetime) -> None:
        self._update(
            file_id,
            "file",
            ledger_items.from_account(account, now),
            unless="revision >= :revision",
            values={":revision": account.revision},
        )

    def files_by_state(self, state: State, *, before: str | None, limit: int) -> FilePage:
        """Files in a state, newest first; `before`: the position of the last one seen."""
        return self._listed(BY_STATE_INDEX, "state", state.value, before, limit)

    def files_by_key(self, key: str, *, before: str | None, limit: int) -> FilePage:
        """The files of one key, newest first; `before`: the position of the last one seen."""
        return self._listed(BY_KEY_INDEX, "key", key, before, limit)

    def _listed(self, index: str, name: str, value: str, before: str | None, limit: int) -> FilePage:
        condition, values = "#name = :value", {":value": {"S": value}}
        if before:
            condition += " AND opened < :before"
            values[":before"] = {"S": before}
        with translated(f"listing files of {self._table}"):
            answer = self._client.query(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression=condition,
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                Limit=limit,
            )
        found = {item["pk"]: item for item in self._whole(answer["Items"])}
        listed = [item["pk"]["S"] for item in answer["Items"]]
        reached = answer.get("LastEvaluatedKey")
        files = [ledger_items.to_file(found[file_id]) for file_id in listed if file_id in found]
        return FilePage(files, reached["opened"]["S"] if reached else None)

    def _whole(self, listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The items that an index lists: it holds only their keys, so that most updates pass it by."""
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in listed]
        while keys:
            asked, keys = keys[:_KEYS_PER_REQUEST], keys[_KEYS_PER_REQUEST:]
            with translated(f"listing files of {self._table}"):
                answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": asked}})
            yield from map(_untyped, answer["Responses"].get(self._table, ()))
            keys += answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])

    def _item(self, file_id: str, sort_key: str) -> dict[str, Any] | None:
        with translated(f"reading {file_id} in {self._table}"):
            answer = self._client.get_item(
                TableName=self._table, Key=_typed(_key(file_id, sort_key)), ConsistentRead=True
            )
        return _untyped(answer["Item"]) if "Item" in answer else None

    def _items(self, file_id: str, prefix: str) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": {"S": file_id}, ":prefix": {"S": prefix}},
            "ConsistentRead": True,
        }
        while True:
            with translated(f"reading {file_id} in {self._table}"):
                answer = self._client.query(**request)
            yield from map(_untyped, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _update(
        self,
        file_id: str,
        sort_key: str,
        assigned: Mapping[str, Any],
        *,
        unless: str | None = None,
        values: Mapping[str, Any] | None = None,
        give_new: bool = False,
    ) -> dict[str, Any] | None:
        """Assign attributes (None removes), unless a condition holds (``#0`` is the first of them).

        Gives the item as it was if the condition held; else as it is now, if asked to, or None.
        """
        names = {f"#{number}": name for number, name in enumerate(assigned)}
        placeholders = {f":{number}": value for number, value in enumerate(assigned.values())}
        kept = [
            f"#{number} = :{number}" for number, value in enumerate(assigned.values()) if value is not None
        ]
        dropped = [f"#{number}" for number, value in enumerate(assigned.values()) if value is None]
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _typed(_key(file_id, sort_key)),
            "UpdateExpression": "SET "
            + ", ".join(kept)
            + (f" REMOVE {', '.join(dropped)}" if dropped else ""),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": _typed(placeholders | dict(values or {})),
        }
        if unless:
            request["ConditionExpression"] = f"NOT ({unless})"
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if give_new:
            request["ReturnValues"] = "ALL_NEW"
        with translated(f"writing {file_id} {sort_key} in {self._table}"):
            try:
                answer = self._client.update_item(**request)
            except ClientError as error:
                if code_of(error) == CONDITION_FAILED:
                    return _untyped(error.response.get("Item", {}))
                raise
        return _untyped(answer["Attributes"]) if give_new else None


def _key(file_id: str, sort_key: str) -> dict[str, str]:
    return {"pk": file_id, "sk": sort_key}


def _split_key(split: int) -> str:
    return f"split#{split:06d}"


def _leaf_key(split: int, leaf: int) -> str:
    return f"leaf#{split:06d}#{leaf:06d}"


def _marks_in(item: Mapping[str, Any], leaf: int) -> Iterator[tuple[int, Mark]]:
    for place in range(MARKS_PER_LEAF):
        if encoded := item.get(str(place)):
            yield leaf * MARKS_PER_LEAF + place, Mark.decode(encoded)


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed(value) for name, value in item.items() if value is not None}


def _untyped(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: untyped(value) for name, value in item.items()}
