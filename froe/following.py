"""Follows the records of files as they are written: each once, in the order of its file's text.

A record is given once every batch before it is marked, so nothing that comes later belongs before it; of a batch that
is dead-lettered nothing is given, nor what a later redrive writes. Each poll asks for a bounded number of pages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.pages import MAX_LIMIT
from chalicelib.status import NotFoundError, Status
from froe.inquiry import SETTLED, ItemJson, accounted, skipped

FOLLOWED_MAX: Final = 20
"""Files at once; the next ones wait, and lose nothing."""
_LISTED: Final = 50
_NEW_MAX: Final = 1000
_PAGES: Final = 5
"""Of records of a file in one poll."""
_BATCHES: Final = 100
_BACK_BYTES: Final = (1 << 16, 1 << 20, 1 << 23)
"""How far back from its end the last records of a file are looked for."""

Asked = Mapping[str, Any]
"""What `Status.records` is asked for besides the place."""


class Follower:
    """One file. offset: from where on its records are still to be given."""

    def __init__(self, status: Status, file: ItemJson, asked: Asked) -> None:
        self._status = status
        self._asked = asked
        self._batch: str | None = None
        self._marked = 0
        self.file = file
        self.offset = 0
        self.is_done = False

    def skip(self) -> None:
        """Leave out what is written by now."""
        self.offset = self._written() or 0

    def last(self, count: int) -> list[ItemJson]:
        """The last records that are written by now, of the last few MB of the text; then go on behind them."""
        until = self._written()
        self.is_done = until is None
        end = self.file["text_bytes"] or accounted(self.file, "bytes") if until is None else until
        newest: deque[ItemJson] = deque(maxlen=count)
        for back in _BACK_BYTES if count else ():
            newest.clear()
            cursor: str | None = str(max(0, end - back))
            while cursor is not None:
                page = self._page(end, cursor)
                newest.extend(page["items"])
                cursor = page["cursor"]
            if len(newest) == count or back >= end:
                break
        self.offset = end
        return list(newest)

    def written(self) -> Iterator[ItemJson]:
        """The records written since, of a few pages at most; afterwards `is_done` says whether that is all."""
        until = self._written()
        for _ in range(_PAGES):
            if until is not None and self.offset >= until:
                return
            page = self._page(until, str(self.offset))
            if page["cursor"] is None:
                self.offset = self.offset if until is None else until
                self.is_done = until is None
            else:
                self.offset = int(page["cursor"])
            yield from page["items"]
            if page["cursor"] is None:
                return

    def _page(self, until: int | None, cursor: str) -> ItemJson:
        return self._status.records(
            self.file["file_id"], **self._asked, until=until, limit=MAX_LIMIT, cursor=cursor
        )

    def _written(self) -> int | None:
        """Up to which offset every batch is marked; None: the file is settled."""
        file_id = self.file["file_id"]
        self.file = self._status.file(file_id)
        if self.file["state"] in SETTLED:
            return None
        page = self._status.batches(file_id, limit=_BATCHES, cursor=self._batch)
        for batch in page["items"]:
            if batch["state"] == "pending":
                break
            self._marked += _bytes_of(batch)
            self._batch = f"{batch['split']}-{batch['batch']}"
        return self._marked


def _bytes_of(batch: ItemJson) -> int:
    if "total" in batch:
        return int(batch["total"]["bytes"])
    return int(batch["parsed"]["bytes"] + batch["rejected"]["bytes"] + skipped(batch, "bytes"))


class NewFiles:
    """The files under way, from now on, and those that are opened later, from their start."""

    def __init__(self, status: Status, asked: Asked) -> None:
        self._status = status
        self._asked = asked
        self._followed: dict[str, Follower] = {}
        self._waiting: deque[ItemJson] = deque()
        self.newest: Follower | None = None
        listed = status.files(limit=_LISTED)["items"]
        self._seen = {file["file_id"] for file in listed}
        for number, file in enumerate(listed):
            follower = Follower(status, file, asked)
            if not number:
                self.newest = follower
            if file["state"] not in SETTLED and number < FOLLOWED_MAX:
                self._followed[file["file_id"]] = follower
                if number:
                    follower.skip()

    def written(self) -> Iterator[tuple[ItemJson, ItemJson]]:
        """The records written since, each with its file."""
        self._waiting.extend(self._opened())
        while self._waiting and len(self._followed) < FOLLOWED_MAX:
            file = self._waiting.popleft()
            self._followed[file["file_id"]] = Follower(self._status, file, self._asked)
        for file_id, follower in list(self._followed.items()):
            try:
                for record in follower.written():
                    yield follower.file, record
            except NotFoundError:  # forgotten meanwhile
                follower.is_done = True
            if follower.is_done:
                del self._followed[file_id]

    def _opened(self) -> list[ItemJson]:
        """Those never seen before, the oldest first. Nothing is noted before all of it is there."""
        opened: dict[str, ItemJson] = {}
        cursor: str | None = None
        while len(opened) < _NEW_MAX:
            page = self._status.files(limit=_LISTED, cursor=cursor)
            new = [file for file in page["items"] if file["file_id"] not in self._seen]
            opened |= {file["file_id"]: file for file in new}
            cursor = page["cursor"]
            if len(new) < len(page["items"]) or cursor is None:
                break
        self._seen.update(opened)
        return list(opened.values())[::-1]
