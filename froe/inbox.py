"""A folder whose files are uploaded as they appear: each once it has not changed for a while, and again when it does.

Hidden files, links and what a program is still writing beside its final name (.part, .tmp and the like) are passed
over. Nothing is moved unless told to, and then only what is COMPLETE.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from chalicelib.core.errors import TransientError
from froe.errors import FroeError
from froe.inquiry import SETTLED, ItemJson
from froe.uploading import Source, Uploaded, checked_key

STABLE_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 30.0
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp")


class Tells(Protocol):
    """What has happened, for people or programs."""

    def sent(self, one: Uploaded) -> None: ...

    def settled(self, one: Uploaded, file: ItemJson, moved: Path | None) -> None: ...

    def failed(self, path: Path, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """A file as it looked, since when (seconds)."""

    size: int
    changed_ns: int
    inode: int
    since: float

    def is_like(self, other: _Look) -> bool:
        return (self.size, self.changed_ns, self.inode) == (other.size, other.changed_ns, other.inode)


class Inbox:
    """send: uploads one file, or finds it there. account: a file's account, None while it is not opened.
    explain: the sentence for what `send` raised. move_to: where COMPLETE files go; None: they stay."""

    def __init__(
        self,
        folder: Path,
        send: Callable[[Source], Uploaded],
        account: Callable[[str], ItemJson | None],
        tells: Tells,
        *,
        explain: Callable[[Exception], str] = str,
        move_to: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._send, self._account, self._tells, self._explain = send, account, tells, explain
        self._move_to = move_to.resolve() if move_to else None
        self._clock = clock
        self._seen: dict[Path, _Look] = {}
        self._done: dict[Path, _Look] = {}
        self._not_before: dict[Path, float] = {}
        self._under_way: dict[str, tuple[Uploaded, _Look]] = {}

    def step(self) -> None:
        """Look at the folder once: send the files that are ready, and tell of those that have settled."""
        for path, look in self._ready():
            self._take(path, look)
        for file_id, (one, look) in list(self._under_way.items()):
            try:
                file = self._account(file_id)
            except TransientError:
                return  # asked again at the next look
            if file and file["state"] in SETTLED:
                del self._under_way[file_id]
                self._tells.settled(one, file, self._moved(one.source.path, look, file))

    def _ready(self) -> Iterator[tuple[Path, _Look]]:
        now = self._clock()
        looks: dict[Path, _Look] = {}
        for path in _files_in(self._folder, self._move_to):
            try:
                status = path.stat()
            except OSError:
                continue  # gone since it was listed
            look = _Look(status.st_size, status.st_mtime_ns, status.st_ino, now)
            before = self._seen.get(path)
            looks[path] = look = before if before and before.is_like(look) else look
            done = self._done.get(path)
            is_new = done is None or not done.is_like(look)
            waits = now - look.since < STABLE_SECONDS or now < self._not_before.get(path, 0)
            if look.size and is_new and not waits:
                yield path, look
        self._seen = looks
        for kept in (self._done, self._not_before):
            for path in kept.keys() - looks.keys():
                del kept[path]

    def _take(self, path: Path, look: _Look) -> None:
        try:
            key = checked_key(path.relative_to(self._folder).as_posix(), path)
            one = self._send(Source(path, key, look.size))
        except Exception as error:  # noqa: BLE001 - told, and tried again: the others go on
            self._not_before[path] = self._clock() + _RETRY_SECONDS
            self._tells.failed(path, error.message if isinstance(error, FroeError) else self._explain(error))
            return
        self._done[path] = look
        self._tells.sent(one)
        self._under_way[one.file_id] = one, look

    def _moved(self, path: Path, look: _Look, file: ItemJson) -> Path | None:
        if self._move_to is None or file["state"] != "COMPLETE":
            return None
        try:
            status = path.stat()
            if not look.is_like(_Look(status.st_size, status.st_mtime_ns, status.st_ino, 0)):
                return None  # it has changed since, and will be sent again
            place = self._move_to / path.relative_to(self._folder)
            if place.exists():
                place = place.with_name(f"{place.name}.{file['file_id']}")
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
        except OSError as error:
            self._tells.failed(path, f"it cannot be moved: {error.strerror or error}")
            return None
        return place


def _files_in(folder: Path, left_out: Path | None) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        place = Path(root)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (place / name).resolve() != left_out
        )
        for name in sorted(names):
            path = place / name
            if not name.startswith(".") and not name.endswith(_UNFINISHED) and not path.is_symlink():
                yield path
