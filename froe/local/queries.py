"""Lets the local AWS answer a query from its starting point, as DynamoDB does: a page costs as much as it has.

ministack reads and sorts the whole partition for every page, so a large file takes quadratic time. Its own query
still decides everything, on the items of the page instead of all. Limits: sort keys that are strings, and key conditions of
the forms below; ministack handles every other query alone.
"""

from __future__ import annotations

import copy
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

_NAME: Final = r"(?P<sk>[#\w]+)"
_CONDITION: Final = re.compile(
    r"\s*(?P<pk>[#\w]+)\s*=\s*(?P<value>:\w+)"
    rf"(?:\s+AND\s+(?:{_NAME}\s+BETWEEN\s+(?P<first>:\w+)\s+AND\s+(?P<last>:\w+)"
    r"|begins_with\(\s*(?P<begins>[#\w]+)\s*,\s*(?P<prefix>:\w+)\s*\)))?\s*",
    re.IGNORECASE,
)
_LAST_CHARACTER: Final = "\U0010ffff"
_Item = Mapping[str, Any]
_page: ContextVar[list[_Item] | None] = ContextVar("page", default=None)


class Partition(dict[str, _Item]):
    """The items of a partition by their sort keys, which it keeps in order; while a page is read, it holds that."""

    def __init__(self, items: Mapping[str, _Item]) -> None:
        super().__init__(items)
        self.order = sorted(items)

    def __setitem__(self, key: str, item: _Item) -> None:
        if key not in self:
            insort(self.order, key)
        super().__setitem__(key, item)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        del self.order[bisect_left(self.order, key)]

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            del self.order[bisect_left(self.order, key)]
        return super().pop(key, *default)

    def values(self) -> Any:
        page = _page.get()
        return super().values() if page is None else page

    def __deepcopy__(self, memo: dict[int, Any]) -> Partition:
        return Partition(copy.deepcopy(dict(self), memo))


class _Bounds(NamedTuple):
    """Sort keys from first to last, both included; start: where the page before ended."""

    first: str
    last: str
    start: str | None
    forward: bool


def read_in_order(dynamodb: Any) -> None:
    """Have `ministack.services.dynamodb` keep its partitions in order (the version is pinned)."""
    set_item, query = dynamodb._set_item, dynamodb._query  # noqa: SLF001 - the version is pinned

    def set_item_in_order(table: Any, pk: str, sk: str, item: _Item) -> Any:
        partition = table["items"].get(pk)
        if not isinstance(partition, Partition):
            table["items"][pk] = Partition(partition or {})
        return set_item(table, pk, sk, item)

    def query_page(request: Mapping[str, Any]) -> Any:
        token = _page.set(_page_of(dynamodb, request))
        try:
            return query(request)
        finally:
            _page.reset(token)

    dynamodb._set_item = set_item_in_order  # noqa: SLF001 - as above
    dynamodb._query = query_page  # noqa: SLF001 - as above


def _page_of(dynamodb: Any, request: Mapping[str, Any]) -> list[_Item] | None:
    """The items of the page, and one more; None where ministack has to look for itself."""
    table = dynamodb._tables.get(request.get("TableName"))  # noqa: SLF001 - as above
    if not table or not table.get("sk_name") or request.get("IndexName"):
        return None
    if dynamodb._get_attr_type(table, table["sk_name"]) != "S":  # noqa: SLF001 - as above
        return None
    try:
        return _read(dynamodb, table, request)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # a wrong request: ministack says what is wrong with it


def _read(dynamodb: Any, table: Any, request: Mapping[str, Any]) -> list[_Item] | None:
    condition = _CONDITION.fullmatch(request["KeyConditionExpression"])
    names = request.get("ExpressionAttributeNames", {})
    if condition is None:
        return None
    key_names = [condition["pk"], condition["sk"] or condition["begins"] or table["sk_name"]]
    if [names.get(name, name) for name in key_names] != [table["pk_name"], table["sk_name"]]:
        return None
    values = request["ExpressionAttributeValues"]
    partition = table["items"].get(next(iter(values[condition["value"]].values())))
    if not isinstance(partition, Partition):
        return None
    bounds = _bounds_of(condition, values, table["sk_name"], request)
    size_of, most = dynamodb._item_size_bytes, dynamodb._DDB_PAGE_SIZE_BYTES  # noqa: SLF001 - as above
    limit = int(request.get("Limit") or len(partition))
    page: list[_Item] = []
    read_bytes = 0
    for key in _keys_within(partition.order, bounds):
        page.append(partition[key])
        if len(page) > limit or read_bytes > most:
            break
        read_bytes += size_of(partition[key])
    return page


def _bounds_of(
    condition: re.Match[str], values: Mapping[str, Any], sk_name: str, request: Mapping[str, Any]
) -> _Bounds:
    first, last = "", _LAST_CHARACTER * 2
    if condition["sk"]:
        first, last = values[condition["first"]]["S"], values[condition["last"]]["S"]
    elif condition["begins"]:
        first = values[condition["prefix"]]["S"]
        last = first + _LAST_CHARACTER * 2
    start = request.get("ExclusiveStartKey")
    return _Bounds(first, last, start[sk_name]["S"] if start else None, request.get("ScanIndexForward", True))


def _keys_within(order: list[str], bounds: _Bounds) -> Iterator[str]:
    begin, end = bisect_left(order, bounds.first), bisect_right(order, bounds.last)
    if bounds.start is not None and bounds.forward:
        begin = max(begin, bisect_right(order, bounds.start))
    elif bounds.start is not None:
        end = min(end, bisect_left(order, bounds.start))
    places = range(begin, end) if bounds.forward else range(end - 1, begin - 1, -1)
    return (order[place] for place in places)
