"""Dead letters: what a message was about, why it died, and what people decided about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.core.errors import PermanentError
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.wire.bodies import decode, is_message
from chalicelib.core.wire.messages import Again, BatchMessage, SplitMessage
from chalicelib.core.wire.notifications import Announced, Unknown, announced_in_body


class Kind(StrEnum):
    BATCH = "batch"
    SPLIT = "split"
    NOTIFICATION = "notification"
    UNKNOWN = "unknown"
    """Its message cannot be understood: it is stored, and cannot be redriven."""


class LetterState(StrEnum):
    DEAD = "DEAD"
    REDRIVEN = "REDRIVEN"
    DISCARDED = "DISCARDED"
    RESOLVED = "RESOLVED"
    """Its work is done: by a repeat of the message, or by its redrive."""


LETTER_ID: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
"""The form of SQS message ids and Lambda request ids; an id becomes a part of an S3 key."""


ATTEMPTS_KEPT: Final = 100
"""After so many, each failure replaces the last one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failure to handle a message. number: the receive, from 1. at: aware, UTC. progress: as
    `core/records/progress.py` has it; empty if unknown."""

    number: int
    at: datetime
    code: str
    reason: str
    progress: str = ""


def last_progress(attempts: Sequence[Attempt]) -> str:
    """attempts: of one message, in order."""
    return next((attempt.progress for attempt in reversed(attempts) if attempt.progress), "")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about; None if it does not say, or names several.

    offset: of the batch's text. total: contents of the batch. digest: of these. again: for a split, which batches to
    send once more.
    """

    kind: Kind
    file_id: str | None = None
    bucket: str | None = None
    object_key: str | None = None
    split: int | None = None
    batch: int | None = None
    offset: int | None = None
    total: Tally = field(default_factory=Tally)
    digest: str = ""
    expires_at: int | None = None
    origin_trace: str | None = None
    why_unknown: str | None = None
    again: Again = Again.NOTHING


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that died. letter_id: its SQS message id. by, why: of a discard. progress: of its attempts."""

    letter_id: str
    subject: Subject
    state: LetterState
    code: str
    reason: str
    receives: int
    died_at: datetime
    redrives: int = 0
    changed_at: datetime | None = None
    by: str | None = None
    why: str | None = None
    progress: str = ""


def subject_of(body: str) -> Subject:
    """What a message body is about, whichever queue it came to."""
    try:
        if is_message(body):
            return _of_message(decode(body))
        announced = announced_in_body(body)
    except PermanentError as error:
        return Subject(Kind.UNKNOWN, why_unknown=error.reason)
    except Exception as error:  # noqa: BLE001 - what cannot be understood is kept, whatever it breaks
        return Subject(Kind.UNKNOWN, why_unknown=f"it cannot be read: {type(error).__name__}: {error}")
    objects = [each for each in announced if isinstance(each, Announced)]
    unknown = [each for each in announced if isinstance(each, Unknown)]
    if not objects:
        why = unknown[0].why if unknown else "the notification announces no object"
        return Subject(Kind.UNKNOWN, why_unknown=why)
    first = objects[0]
    version = ObjectVersion(first.bucket, first.key, first.version_id, first.etag or "")
    # Of what else it announces, or may announce, nobody knows whether it was opened.
    identified = len(objects) == 1 and not unknown and (first.version_id or first.etag)
    return Subject(
        Kind.NOTIFICATION,
        file_id=version.file_id if identified else None,
        bucket=first.bucket,
        object_key=first.key,
    )


def _of_message(message: BatchMessage | SplitMessage) -> Subject:
    if isinstance(message, SplitMessage):
        return Subject(
            Kind.SPLIT,
            file_id=message.file_id,
            bucket=message.object.bucket,
            object_key=message.object.key,
            split=message.split,
            origin_trace=message.trace,
            again=message.again,
        )
    return Subject(
        Kind.BATCH,
        file_id=message.file_id,
        bucket=message.object.bucket,
        object_key=message.object.key,
        split=message.split,
        batch=message.number,
        offset=message.offset,
        total=Tally(message.entries, message.lines, message.length),
        digest=message.digest,
        expires_at=message.expires_at,
        origin_trace=message.trace,
    )
