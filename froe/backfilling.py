"""Sends existing objects of the input bucket through the pipeline, from this machine, and reports what became of them.

The state machine of infra/backfill.json does the same for a stage that has it; both give the same report.
Promise: objects that the ledger knows are not sent again, so a second run continues. Limits: current versions only.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.core.wire.notifications import Announced, announcement_of, is_folder
from chalicelib.delivery import GROUP_MAX_MESSAGES, Deadline, Outgoing, Sends

Client: TypeAlias = Any
"""A low-level boto3 client, which has no static type."""

COMPLETE: Final = "COMPLETE"
ARCHIVED: Final = "ARCHIVED"
NOT_OPENED: Final = "NOT_OPENED"
"""What a report says of an object that has no file, beside GONE and UNREADABLE of the state machine."""

MAX_RATE: Final = 3000
_SEND_SECONDS: Final = 60.0
_COLD: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object of the bucket in its current version. is_archived: it must be restored before it can be read."""

    head: ObjectHead
    is_archived: bool = False

    @property
    def file_id(self) -> str:
        return self.head.version.file_id


@dataclass(frozen=True, slots=True)
class NotComplete:
    """An object whose file is not COMPLETE. file_id: None where the object could not be looked at."""

    key: str
    state: str
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the objects below a prefix.

    sent: how many were announced now; known: how many had a file before; states: state → objects, of both.
    """

    bucket: str
    prefix: str
    sent: int
    known: int
    states: Mapping[str, int]
    not_complete: tuple[NotComplete, ...]

    @classmethod
    def of_output(cls, output: Mapping[str, Any]) -> Report:
        """What the state machine gives."""
        not_complete = (
            NotComplete(each["key"], each["state"], each.get("file_id")) for each in output["not_complete"]
        )
        return cls(
            bucket=output["bucket"],
            prefix=output["prefix"],
            sent=output["sent"],
            known=output["known"],
            states=output["states"],
            not_complete=tuple(not_complete),
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """The objects below a prefix, and which of their files the ledger knows."""

    bucket: str
    prefix: str
    objects: Sequence[ListedObject]
    known: frozenset[str]

    @property
    def to_send(self) -> list[ListedObject]:
        return [each for each in self.objects if not each.is_archived and each.file_id not in self.known]

    @property
    def watched(self) -> list[str]:
        """The ids of all files that there are or will be."""
        return [each.file_id for each in self.objects if not each.is_archived or each.file_id in self.known]

    def report(self, states: Mapping[str, str]) -> Report:
        """states: file id → state, of the files that were opened."""
        by_state = [
            (each, states.get(each.file_id, ARCHIVED if each.is_archived else NOT_OPENED))
            for each in self.objects
        ]
        return Report(
            bucket=self.bucket,
            prefix=self.prefix,
            sent=len(self.to_send),
            known=len({each.file_id for each in self.objects} & self.known),
            states=Counter(state for _, state in by_state),
            not_complete=tuple(
                NotComplete(each.head.version.key, state, each.file_id)
                for each, state in by_state
                if state != COMPLETE
            ),
        )


def backlog_of(
    client: Client,
    bucket: str,
    prefix: str,
    known_files: Callable[[Iterable[str]], set[str]],
    keys: KeyPatterns = EVERY_KEY,
) -> Backlog:
    """List the prefix and ask the ledger; known_files: those of the ids that were opened; keys: which are logs."""
    objects = [each for each in current_objects(client, bucket, prefix) if keys.takes(each.head.version.key)]
    return Backlog(bucket, prefix, objects, frozenset(known_files([each.file_id for each in objects])))


def current_objects(client: Client, bucket: str, prefix: str) -> Iterator[ListedObject]:
    """The current versions below the prefix in the order of their keys; what only shows a folder holds no log."""
    pages = client.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix, OptionalObjectAttributes=["RestoreStatus"]
    )
    for page in pages:
        for listed in page.get("Versions", ()):
            if listed["IsLatest"] and not is_folder(listed["Key"], listed["Size"]):
                yield _listed(bucket, listed)


def _listed(bucket: str, listed: Mapping[str, Any]) -> ListedObject:
    version_id = None if listed["VersionId"] == "null" else listed["VersionId"]
    version = ObjectVersion(bucket, listed["Key"], version_id, listed["ETag"].strip('"'))
    restored = listed.get("RestoreStatus", {}).get("RestoreExpiryDate")
    return ListedObject(
        ObjectHead(version, listed["Size"], "", listed["LastModified"]),
        is_archived=listed.get("StorageClass") in _COLD and not restored,
    )


def announce(
    queue: Sends,
    objects: Sequence[ListedObject],
    per_second: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[int]:
    """Send an announcement of each to the split queue, never faster than that; gives how many are sent so far."""
    at_once = max(1, min(GROUP_MAX_MESSAGES, int(per_second)))
    begun, sent = clock(), 0
    for begin in range(0, len(objects), at_once):
        group = objects[begin : begin + at_once]
        wait = begun + sent / per_second - clock()
        if wait > 0:
            pause(wait)
        messages = [Outgoing(announcement_of(Announced.of(each.head))) for each in group]
        queue.send_group(messages, Deadline.after(_SEND_SECONDS))
        sent += len(group)
        yield sent
