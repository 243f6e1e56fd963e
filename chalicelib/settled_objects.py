"""Tags or moves an object once its file is settled, if the stage is configured so.

Promise: never before the file is settled, and a repeat changes nothing; if another upload has the key by then, that one is
left alone. What cannot be done (no permission, ten tags already) is logged and skipped, and tried again by each sweep for 30
days. Limits: nothing of a file depends on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from chalicelib.core.errors import (
    AccessDeniedError,
    MissingResourceError,
    ObjectChangedError,
    ObjectGoneError,
    PermanentError,
)
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.generations import parted
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.afterwards import FILE_TAG, FORGOTTEN, STATE_TAG, Action, Afterwards
from chalicelib.delivery import Deadline
from chalicelib.ledger import StoredFile

MOVED_MAX_BYTES: Final = 5 * 1024**3
"""S3 copies no more in one request (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)."""

logger = logging.getLogger("froe")


class ChangesObjects(Protocol):
    """Raises TransientError or PermanentError, ObjectGoneError for an object that does not exist."""

    def tag(self, version: ObjectVersion, tags: Mapping[str, str]) -> None:
        """Add tags to a version; its other tags stay."""

    def move(self, version: ObjectVersion, key: str, tags: Mapping[str, str]) -> None:
        """Copy the version to that key of its bucket, with these tags, and put a delete marker in its place, unless
        another upload is there. The version can still be read by its id."""


class Left(Protocol):
    def put(self, file_id: str) -> None:
        """Record that the object of a file must be tried again."""

    def read(self) -> Iterable[tuple[str, int]]:
        """Those files, and how long each is remembered."""

    def drop(self, file_id: str, until: int) -> None:
        """Remove it once it is done, unless it was put again since then."""


class SettledObjects:
    def __init__(self, objects: ChangesObjects, afterwards: Afterwards, left: Left) -> None:
        self._objects = objects
        self._afterwards = afterwards
        self._left = left

    def act(self, file: StoredFile) -> None:
        """Raises TransientError for what may succeed soon."""
        try:
            self._act(file)
        except (AccessDeniedError, MissingResourceError, PermanentError) as error:
            known, _ = parted(file.plan.file_id)
            if not isinstance(error, ObjectGoneError | ObjectChangedError):
                self._left.put(known)
            named = {"file_id": known, "key": file.plan.object.key}
            logger.error("object_left", extra={**named, "reason": error.reason})  # noqa: TRY400 - no bug

    def try_again(self, read_file: Callable[[str], StoredFile | None], deadline: Deadline) -> None:
        """Act on the objects that are left, until time is up or an error shows that nothing has changed:
        AccessDeniedError, MissingResourceError, or another TransientError."""
        for file_id, until in self._left.read():
            file = read_file(file_id)
            if deadline.seconds_left <= 0:
                return
            try:
                if file is not None:
                    self._act(file)
            except (ObjectGoneError, ObjectChangedError):
                pass
            except PermanentError:
                continue
            self._left.drop(file_id, until)

    def _act(self, file: StoredFile) -> None:
        state, version = file.account.state, file.plan.object
        if self._afterwards.action is Action.LEAVE or not state.settled:
            return
        if (file.account.reason or "").startswith(FORGOTTEN) or version.member:
            return  # of an archive its own account decides, once its members are settled
        known, _ = parted(file.plan.file_id)
        tags = {STATE_TAG: state.value, FILE_TAG: known}
        named = {"file_id": known, "key": version.key}
        if self._is_to_move(file):
            self._objects.move(version, self._afterwards.prefix + version.key, tags)
            logger.info("object_moved", extra=named)
        else:
            self._objects.tag(version, tags)
            logger.info("object_tagged", extra=named)

    def _is_to_move(self, file: StoredFile) -> bool:
        """An object in a bucket without versions could not be read again after it was moved."""
        head = file.plan.head
        return (
            self._afterwards.action is Action.MOVE
            and file.account.state is State.COMPLETE
            and head.version.version_id is not None
            and head.size <= MOVED_MAX_BYTES
            and not head.version.key.startswith(self._afterwards.prefix)
        )
