"""A DynamoDB in memory that counts the units which its requests take, as AWS bills them
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.dynamo import size_of
from tests.soak.dynamodb import DynamoDB, Key
from tests.soak.world import World

READ_UNIT_BYTES: Final = 4096
WRITE_UNIT_BYTES: Final = 1024
_PAGE_ITEMS: Final = 1000
"""What one request of a query reads at most: about 1 MB."""


class MeteredDynamoDB(DynamoDB):
    """reads, writes: units so far, those of strongly consistent reads and of refused writes included."""

    def __init__(self) -> None:
        super().__init__(World("metered"), lambda *_: None)
        self.page_items = _PAGE_ITEMS
        self.reads = 0
        self.writes = 0
        self.requests = 0
        self._sizes: dict[tuple[str, Key], int] = {}

    def get_item(self, **request: Any) -> dict[str, Any]:
        answer = super().get_item(**request)
        self._count_read(request["TableName"], [answer["Item"]] if "Item" in answer else [])
        return answer

    def query(self, **request: Any) -> dict[str, Any]:
        answer = super().query(**request)
        self._count_read(request["TableName"], answer["Items"])
        return answer

    def _count_read(self, table: str, items: list[dict[str, Any]]) -> None:
        size = sum(self._sizes[table, (item["pk"]["S"], item["sk"]["S"])] for item in items)
        self.reads += max(1, -(-size // READ_UNIT_BYTES))

    def _write(self, verb: str, name: str, key: Key, *arguments: Any) -> dict[str, Any]:
        before = self._sizes.get((name, key), 0)
        try:
            return super()._write(verb, name, key, *arguments)
        finally:
            size = max(before, self._sizes.get((name, key), 0))
            self.writes += max(1, -(-size // WRITE_UNIT_BYTES))

    def _store(self, name: str, key: Key, item: dict[str, Any] | None) -> None:
        self.table(name).put(key, item)
        self._sizes[name, key] = size_of(item) if item else 0

    def _read(self, doing: str, apply: Callable[[], Any]) -> Any:
        self.requests += 1
        return apply()

    _change = _read
