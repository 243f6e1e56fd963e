"""What the sweeper remembers, in the ledger's table: ``watch`` beside each file that it has looked at,
and in the partition ``sweeper`` its position among the files and in the bucket.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.aws.items import Items, Key
from chalicelib.stalls import Watch

_KEPT_FOR: Final = timedelta(days=30)
_SWEEPER: Final = "sweeper"


class DynamoWatches:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def watch(self, file_id: str) -> Watch | None:
        item = self._items.get(_key(file_id))
        if item is None:
            return None
        return Watch(file_id, item["progress"], datetime.fromisoformat(item["since"]), item["heals"])

    def put_watch(self, watch: Watch, seen: Watch | None) -> bool:
        item = {
            "since": watch.since.isoformat(),
            "progress": watch.progress,
            "heals": watch.heals,
            "expires_at": int((watch.since + _KEPT_FOR).timestamp()),
        }
        if seen is None:
            return self._items.put_new(_key(watch.file_id), item) is None
        changed = self._items.update(
            _key(watch.file_id), item, unless="#0 <> :seen", values={":seen": seen.since.isoformat()}
        )
        return changed is None

    def touch(self, file_id: str, now: datetime) -> None:
        self._items.update(
            _key(file_id), {"since": now.isoformat()}, unless="attribute_not_exists(pk) OR #0 > :0"
        )

    def quiet_since(self, file_ids: Iterable[str]) -> dict[str, datetime]:
        """Since when nothing of each file has moved, of those that the sweeper has looked at."""
        items = self._items.get_all([_key(file_id) for file_id in file_ids], consistent=False)
        return {key.pk: datetime.fromisoformat(item["since"]) for key, item in items.items()}

    def claim(self, name: str, now: datetime, lease: timedelta) -> bool:
        """Whether the caller is to do what is named: it is not done, and nobody claimed it within the lease."""
        key = Key(_SWEEPER, name)
        item = {"claimed_at": now.isoformat(), "expires_at": int((now + _KEPT_FOR).timestamp())}
        known = self._items.get(key)
        if known is None:
            return self._items.put_new(key, item) is None
        claimed_at = known["claimed_at"]
        if "done" in known or datetime.fromisoformat(claimed_at) > now - lease:
            return False
        return self._items.update(key, item, unless="#0 <> :seen", values={":seen": claimed_at}) is None

    def put_done(self, name: str) -> None:
        """What is named is done, once and for all."""
        self._items.update(Key(_SWEEPER, name), {"done": True})

    def position(self, name: str) -> str | None:
        item = self._items.get(Key(_SWEEPER, name))
        return str(item["position"]) if item and "position" in item else None

    def put_position(self, name: str, position: str | None) -> None:
        self._items.update(Key(_SWEEPER, name), {"listed": True, "position": position})


def _key(file_id: str) -> Key:
    return Key(file_id, "watch")
