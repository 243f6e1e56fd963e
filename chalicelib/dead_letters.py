"""What happens to messages that fail: reasons are noted, dead letters quarantined and made known.

Nothing leaves without a name, a reason and a way back: a message is let go only when another queue or
the quarantine has it. Every step may be repeated. Memory: a message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

import orjson

from chalicelib.core.errors import DIED, FroeError, PermanentError, TransientError, code_and_reason
from chalicelib.core.letters import Attempt, DeadLetter, Kind, LetterState, Subject, subject_of
from chalicelib.core.marks import Mark, Obstacle, Outcome, Setback
from chalicelib.core.messages import Again
from chalicelib.delivery import Deadline, Incoming, Outgoing, Sends
from chalicelib.ledger import Ledger
from chalicelib.notices import Notice, Publishes

logger = logging.getLogger("froe")

_BURY_SECONDS: Final = 10.0
_ATTRIBUTE_MAX_CHARS: Final = 1000
_NOTHING_SAID: Final = "unknown: the function died before it could say why"


class LetterPage(NamedTuple):
    """Letters, and where the list goes on if there may be more."""

    letters: list[DeadLetter]
    reached: str | None


class LettersTable(Protocol):
    def note(self, message_id: str, attempt: Attempt) -> None:
        """Keep an attempt under its number."""

    def attempts(self, message_id: str) -> list[Attempt]: ...

    def put(self, letter: DeadLetter) -> bool:
        """Put the letter unless there is one of its id; whether it was put."""

    def letter(self, file_id: str | None, letter_id: str) -> DeadLetter | None: ...

    def change(self, letter: DeadLetter) -> bool:
        """Assign state, redrives, changed_at, by and why, unless it was discarded; whether they were."""

    def by_state(
        self, state: LetterState, *, before: str | None, since: str | None, limit: int
    ) -> LetterPage:
        """Letters of all files, newest first, between two positions (times, perhaps with an id)."""

    def by_file(self, file_id: str, *, after: str | None, limit: int) -> LetterPage:
        """Letters of one file, by their ids, those behind `after`."""


class Quarantine(Protocol):
    def put(self, letter_id: str, envelope: bytes) -> None: ...

    def get(self, letter_id: str) -> bytes | None: ...


class NotedFailures:
    """Notes failures in the ledger, and buries messages in the dead-letter queue."""

    def __init__(self, letters: LettersTable, dead_letter_queue: Sends, now: Callable[[], datetime]) -> None:
        self._letters = letters
        self._queue = dead_letter_queue
        self._now = now

    def note(self, message: Incoming, error: Exception) -> None:
        code, reason = code_and_reason(error)
        try:
            self._letters.note(message.message_id, Attempt(message.receives, self._now(), code, reason))
        except FroeError as refusal:
            logger.warning(
                "reason_not_noted", extra={"message_id": message.message_id, "reason": refusal.reason}
            )

    def bury(self, message: Incoming, error: Exception) -> None:
        self._bury(message.body, message.message_id, message.receives, error)

    def bury_text(self, body: str, letter_id: str, error: Exception) -> None:
        """Bury what came by another way than a queue of ours, under an id of its own."""
        self._bury(body, letter_id, 1, error)

    def _bury(self, body: str, letter_id: str, receives: int, error: Exception) -> None:
        code, reason = code_and_reason(error)
        attributes = {
            "letter_id": letter_id,
            "code": code,
            "reason": _one_line(reason) or code,
            "receives": str(receives),
        }
        self._queue.send_group([Outgoing(body, attributes=attributes)], Deadline.after(_BURY_SECONDS))
        logger.error("message_buried", extra={"message_id": letter_id, "code": code, "reason": reason})


class DeadLetterConsumer:
    def __init__(
        self,
        letters: LettersTable,
        quarantine: Quarantine,
        ledger: Ledger,
        topic: Publishes,
        now: Callable[[], datetime],
    ) -> None:
        self._letters = letters
        self._quarantine = quarantine
        self._ledger = ledger
        self._topic = topic
        self._now = now

    def take(self, message: Incoming) -> None:
        """Quarantine a message, list it, mark what it was about as failed, and tell the topic."""
        letter_id = message.attributes.get("letter_id", message.message_id)
        attempts = self._letters.attempts(letter_id)
        letter = self._letter(message, letter_id, attempts)
        self._quarantine.put(letter_id, envelope_of(letter, attempts, message))
        is_new = self._letters.put(letter)
        if letter.state is LetterState.RESOLVED:
            logger.info("dead_letter_late", extra=_said(letter))
            return
        self._mark(letter)
        logger.error("dead_letter_kept", extra=_said(letter) | {"is_new": is_new})
        self._tell(letter)

    def _letter(self, message: Incoming, letter_id: str, attempts: list[Attempt]) -> DeadLetter:
        subject = subject_of(message.body)
        said = message.attributes
        code, reason = (attempts[-1].code, attempts[-1].reason) if attempts else (DIED, _NOTHING_SAID)
        receives = max(message.receives - 1, attempts[-1].number if attempts else 1)  # one was our own
        return DeadLetter(
            letter_id=letter_id,
            subject=subject,
            state=LetterState.RESOLVED if self._is_done(subject) else LetterState.DEAD,
            code=said.get("code", code),
            reason=said.get("reason", reason),
            receives=int(said["receives"]) if said.get("receives", "").isdecimal() else receives,
            died_at=self._now(),
        )

    def _is_done(self, subject: Subject) -> bool:
        """Whether a repeat of the message did all its work: then it is late, not lost."""
        if subject.file_id is None or subject.split is None:
            return False
        if subject.again is not Again.NOTHING:
            return not self._ledger.missing(subject.file_id, subject.split)
        if subject.batch is None:
            return self._ledger.seal_of(subject.file_id, subject.split) is not None
        return self._ledger.is_done(subject.file_id, subject.split, subject.batch)

    def _mark(self, letter: DeadLetter) -> None:
        settle(self._ledger, letter, Outcome.FAILED, Obstacle.FAILED, letter.reason)

    def _tell(self, letter: DeadLetter) -> None:
        """A topic that fails never fails the message: the list of dead letters has it."""
        try:
            self._topic.publish(notice_of(letter))
        except (PermanentError, TransientError) as error:
            logger.warning("notice_not_sent", extra=_said(letter) | {"why": error.reason})


def settle(ledger: Ledger, letter: DeadLetter, outcome: Outcome, obstacle: Obstacle, note: str) -> None:
    """Write what became of the batch or the split of a letter into its file's account."""
    subject = letter.subject
    if subject.file_id is None or subject.split is None:
        return
    note = _one_line(note)
    if subject.batch is not None:
        mark = Mark(outcome, subject.total, note=note)
        ledger.mark(subject.file_id, subject.split, subject.batch, mark, subject.expires_at)
        return
    stored = ledger.file(subject.file_id)
    expires_at = stored.plan.expires_at if stored else None
    if subject.again is not Again.NOTHING:
        ledger.give_up(subject.file_id, subject.split, outcome, note, expires_at)
    elif stored:
        ledger.set_back(subject.file_id, subject.split, Setback(obstacle, note), expires_at)


def envelope_of(letter: DeadLetter, attempts: list[Attempt], message: Incoming) -> bytes:
    """What the quarantine keeps of a message: JSON with its whole `body` and all that is known of it."""
    subject = letter.subject
    said: dict[str, Any] = {
        "dead_letter_id": letter.letter_id,
        "kind": subject.kind.value,
        "file_id": subject.file_id,
        "bucket": subject.bucket,
        "key": subject.object_key,
        "source": message.source_arn,
        "code": letter.code,
        "reason": letter.reason,
        "receives": letter.receives,
        "attempts": [
            {"number": each.number, "at": each.at.isoformat(), "code": each.code, "reason": each.reason}
            for each in attempts
        ],
        "body": message.body,
    }
    return orjson.dumps(said)


def notice_of(letter: DeadLetter) -> Notice:
    """The digest and the pointer that the topic gets: never the message itself."""
    subject = letter.subject
    about = f"s3://{subject.bucket}/{subject.object_key}" if subject.bucket else "a message of unknown kind"
    lines = [f"Dead letter: {subject.kind.value} of {about}", "", f"Reason    {letter.code}: {letter.reason}"]
    if subject.file_id:
        lines.append(f"File      {subject.file_id}")
    if subject.batch is not None and subject.offset is not None:
        total, end = subject.total, subject.offset + subject.total.bytes
        lines.append(f"Batch     {subject.split:06d}-{subject.batch:06d}: {total.lines:,} lines")
        lines.append(f"Text      bytes {subject.offset:,} to {end:,} ({total.bytes:,})")
    elif subject.split is not None:
        lines.append(f"Split     {subject.split}")
    lines += [
        f"Receives  {letter.receives}",
        "",
        f"See it    froe dead-letters {letter.letter_id}",
    ]
    if subject.kind is not Kind.UNKNOWN:
        lines.append(f"Send it   froe redrive {letter.letter_id}")
    lines.append(f"Drop it   froe discard {letter.letter_id} --by YOU --why WHY")
    attributes = {"code": letter.code, "message_kind": subject.kind.value}
    named = {"file_id": subject.file_id, "bucket": subject.bucket, "key": subject.object_key}
    return Notice(
        notice_id=letter.letter_id,
        kind="dead-letter",
        subject=f"Froe: dead letter ({letter.code}): {subject.kind.value} of {subject.object_key or 'unknown'}",
        text="\n".join(lines) + "\n",
        attributes=attributes | {name: value for name, value in named.items() if value},
    )


def _one_line(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_ATTRIBUTE_MAX_CHARS]


def _said(letter: DeadLetter) -> dict[str, Any]:
    return {
        "letter_id": letter.letter_id,
        "kind": letter.subject.kind.value,
        "file_id": letter.subject.file_id,
        "code": letter.code,
        "reason": letter.reason,
    }
