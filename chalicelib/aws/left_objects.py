"""Objects of settled files that could not be tagged or moved, in the ledger's table: the partition ``left-objects``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.aws.items import Items, Key

_LEFT: Final = "left-objects"
_KEPT_FOR: Final = timedelta(days=30)
"""How long it is tried again."""


class DynamoLeftObjects:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str, now: Callable[[], datetime]) -> None:
        self._items = Items(client, table)
        self._now = now

    def put(self, file_id: str) -> None:
        self._items.update(Key(_LEFT, file_id), {"expires_at": int((self._now() + _KEPT_FOR).timestamp())})

    def read(self) -> Iterator[tuple[str, int]]:
        """File ids, and how long each is remembered."""
        for item in self._items.between(_LEFT, "!", "~"):
            yield item["sk"], int(item["expires_at"])

    def drop(self, file_id: str, until: int) -> None:
        """Remove it unless it was put again since then."""
        self._items.delete(
            Key(_LEFT, file_id), unless="#0 <> :until", names=("expires_at",), values={":until": until}
        )
