"""Tokens, the audit trail, and who started which query, in the ledger's table: the partition ``tokens`` has each token
under its digest, ``audit#2026-12`` the deeds of a month, by time, and ``queries`` each query under its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.access import NamedToken, Role
from chalicelib.audit import Deed
from chalicelib.aws.items import Item, Items, Key
from chalicelib.query_runs import Asked

TOKENS: Final = "tokens"
_QUERIES: Final = "queries"
_QUERIES_KEPT_FOR: Final = timedelta(days=2)
"""As long as there may be answers, whose objects expire after a day."""
_MONTH_CHARS: Final = 7


class DynamoTokens:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def get(self, digest: str) -> NamedToken | None:
        item = self._items.get(Key(TOKENS, digest))
        return _token(item) if item and "name" in item else None

    def all(self) -> Iterator[NamedToken]:
        for item in self._items.between(TOKENS, "0", "~"):
            if "name" in item:
                yield _token(item)

    def put(self, token: NamedToken) -> None:
        item = {
            "name": token.name,
            "role": token.role.value,
            "created_at": token.created_at.isoformat(),
            "by": token.by,
        }
        self._items.update(Key(TOKENS, token.digest), item)

    def revoke(self, digest: str, now: datetime) -> None:
        self._items.update(Key(TOKENS, digest), {"revoked_at": now.isoformat()})


class DynamoAudit:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def put(self, deed: Deed) -> None:
        item = {"who": deed.who, "way": deed.way, "action": deed.action, "subject": dict(deed.subject)}
        self._items.update(_key(deed.place), item)

    def put_result(self, place: str, result: Mapping[str, Any]) -> None:
        self._items.update(_key(place), {"result": dict(result)})

    def deeds(self, month: str, *, before: str, since: str) -> Iterator[Deed]:
        for item in self._items.between(_partition(month), since, before, newest_first=True):
            if item["sk"] < before and "who" in item:
                yield Deed(
                    item["sk"], item["who"], item["way"], item["action"], item["subject"], item.get("result")
                )


class DynamoAskers:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def put(self, asked: Asked) -> None:
        expires_at = int((asked.at + _QUERIES_KEPT_FOR).timestamp())
        item = {"who": asked.who, "at": asked.at.isoformat(), "expires_at": expires_at}
        self._items.update(Key(_QUERIES, asked.query_id), item)

    def get(self, query_id: str) -> Asked | None:
        item = self._items.get(Key(_QUERIES, query_id))
        return _asked(item) if item else None

    def all(self) -> list[Asked]:
        return [_asked(item) for item in self._items.between(_QUERIES, "!", "~")]


def _asked(item: Item) -> Asked:
    return Asked(item["sk"], item["who"], datetime.fromisoformat(item["at"]))


def _token(item: Item) -> NamedToken:
    revoked_at = item.get("revoked_at")
    return NamedToken(
        item["sk"],
        item["name"],
        Role(item["role"]),
        datetime.fromisoformat(item["created_at"]),
        item["by"],
        datetime.fromisoformat(revoked_at) if revoked_at else None,
    )


def _partition(month: str) -> str:
    return f"audit#{month}"


def _key(place: str) -> Key:
    return Key(_partition(place[:_MONTH_CHARS]), place)
