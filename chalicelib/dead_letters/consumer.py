"""The dead-letter consumer: quarantines a message, lists it, marks its work as failed, publishes a notice.

A message is deleted only when the quarantine has all of it. Every step may be repeated. Memory: a message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from chalicelib import logs, metrics
from chalicelib.core.amounts import counted
from chalicelib.core.errors import PermanentError, reason_of
from chalicelib.core.ledger.letters import (
    LETTER_ID,
    Attempt,
    DeadLetter,
    Kind,
    LetterState,
    Subject,
    last_progress,
    subject_of,
)
from chalicelib.core.ledger.marks import Mark, Outcome
from chalicelib.core.ledger.seals import Obstacle, Setback
from chalicelib.core.wire.messages import Again, batch_id
from chalicelib.dead_letters.failures import cause_of, one_line
from chalicelib.dead_letters.selection import Envelope, LettersTable, Quarantine, read_envelope
from chalicelib.delivery import PROGRESS, Incoming
from chalicelib.ledger import Ledger
from chalicelib.metrics import NO_METER, Meter
from chalicelib.notices import Notice, Publishes

logger = logging.getLogger("froe")

_UNREADABLE: Final = "a message that Froe cannot read"


class DeadLetterConsumer:
    def __init__(
        self,
        letters: LettersTable,
        quarantine: Quarantine,
        ledger: Ledger,
        topic: Publishes,
        now: Callable[[], datetime],
        meter: Meter = NO_METER,
    ) -> None:
        self._letters = letters
        self._quarantine = quarantine
        self._ledger = ledger
        self._topic = topic
        self._now = now
        self._meter = meter

    def take(self, message: Incoming) -> None:
        """Quarantine a message, list it, mark its work as failed, and publish a notice."""
        letter_id, envelope = self._place(message)
        attempts = self._attempts(letter_id)
        letter = self._letter(message, letter_id, attempts, receives_of(message, envelope))
        logs.about(message_id=message.message_id, **_ids_of(letter.subject))
        self._quarantine.put(letter_id, envelope_of(letter, attempts, message))
        letter = replace(letter, subject=self._where_it_stands(letter.subject))
        if self._is_done(letter.subject):
            letter = replace(letter, state=LetterState.RESOLVED)
        is_new = self._listed(letter)
        self._mark(letter)
        if letter.state is LetterState.RESOLVED:
            logger.info("dead_letter_late", extra=_log_fields(letter))
            return
        self._meter.add(metrics.DEAD_LETTERS)
        logger.error("dead_letter_kept", extra=_log_fields(letter) | {"is_new": is_new})
        self._tell(letter)

    def _place(self, message: Incoming) -> tuple[str, Envelope | None]:
        """The id under which the message is, or can be, stored, and what is stored there. That is the id that its
        sender names, or its own if another message is stored under that."""
        named = message.attributes.get("letter_id", "")
        ids = [named] if LETTER_ID.fullmatch(named) else []
        for letter_id in (*ids, message.message_id):
            stored = self._quarantine.get(letter_id)
            if stored is None and (letter_id != named or self._is_free(letter_id)):
                return letter_id, None
            kept = read_envelope(stored)
            if kept.get("body") == message.body:
                return letter_id, kept
        return f"{message.message_id}-{sha256(message.body.encode()).hexdigest()[:16]}", None

    def _is_free(self, letter_id: str) -> bool:
        """Whether no letter has that id. If the ledger cannot be read, one may have it."""
        try:
            return self._letters.find(letter_id) is None
        except Exception as error:  # noqa: BLE001 - a message is quarantined whatever the ledger says of it
            logger.warning("letter_not_read", extra={"letter_id": letter_id, "reason": reason_of(error)})
            return False

    def _attempts(self, message_id: str) -> list[Attempt]:
        """The recorded failures of the message; none if they cannot be read."""
        try:
            return self._letters.attempts(message_id)
        except Exception as error:  # noqa: BLE001 - a message is quarantined whatever the ledger says of it
            logger.warning("attempts_not_read", extra={"message_id": message_id, "reason": reason_of(error)})
            return []

    def _letter(
        self, message: Incoming, letter_id: str, attempts: list[Attempt], receives: int
    ) -> DeadLetter:
        cause = cause_of(attempts, message.attributes, receives)
        return DeadLetter(
            letter_id=letter_id,
            subject=subject_of(message.body),
            state=LetterState.DEAD,
            code=cause.code,
            reason=cause.reason,
            receives=cause.receives,
            died_at=self._now(),
            progress=last_progress(attempts) or message.attributes.get(PROGRESS, ""),
        )

    def _where_it_stands(self, subject: Subject) -> Subject:
        """A text that is cut in sequence may have failed behind the split that its message names: the first split that
        is not cut decides."""
        if subject.kind is not Kind.SPLIT or subject.again is not Again.NOTHING:
            return subject
        if subject.file_id is None or subject.split is None:
            return subject
        try:
            uncut = self._ledger.first_uncut(subject.file_id, subject.split)
        except PermanentError as error:
            logger.warning("file_not_read", extra={"file_id": subject.file_id, "why": error.reason})
            return subject
        return subject if uncut is None else replace(subject, split=uncut)

    def _listed(self, letter: DeadLetter) -> bool:
        """List the letter. Gives whether it is new. A letter that died before is moved to the split at which its
        message died last: the splits before it are cut."""
        is_new = self._letters.put(letter)
        is_of_splits = letter.subject.kind is Kind.SPLIT and letter.subject.again is Again.NOTHING
        if not is_new and is_of_splits and letter.state is LetterState.DEAD:
            self._letters.move(replace(letter, changed_at=self._now()))
        return is_new

    def _is_done(self, subject: Subject) -> bool:
        """Whether a repeat of the message did all its work: then it is late, not lost."""
        if subject.file_id is None or subject.split is None:
            return False
        if subject.batch is None:
            is_sealed = self._ledger.read_seal(subject.file_id, subject.split) is not None
            look = (
                self._ledger.lost_batches if subject.again is Again.UNDONE else self._ledger.missing_batches
            )
            wants_none = subject.again is Again.NOTHING or not look(subject.file_id, subject.split)
            return is_sealed and wants_none
        return self._ledger.is_done(subject.file_id, subject.split, subject.batch)

    def _mark(self, letter: DeadLetter) -> None:
        """Write what is lost into the file's account; if a repeat has done the work, check that it is there.

        A file whose plan was made by newer code is left to that code: the letter is listed, and can be redriven then.
        """
        subject = letter.subject
        try:
            if letter.state is not LetterState.RESOLVED:
                settle(self._ledger, letter, Outcome.FAILED, Obstacle.FAILED, letter.reason)
            elif subject.file_id is not None and subject.split is not None:
                self._spoil(subject)
                self._ledger.resettle(subject.file_id, subject.split)
        except PermanentError as error:
            logger.warning("file_not_read", extra=_log_fields(letter) | {"why": error.reason})

    def _spoil(self, subject: Subject) -> None:
        """Take back the mark of a batch that another message has done with another text: an attempt of this one may
        have written records before it died."""
        if (
            subject.file_id is None
            or subject.split is None
            or subject.batch is None
            or subject.offset is None
        ):
            return
        stands = self._ledger.read_mark(subject.file_id, subject.split, subject.batch)
        if stands and stands.outcome is Outcome.DONE and not stands.agrees_with(subject.digest):
            reach = subject.offset, subject.offset + subject.total.bytes
            self._ledger.dispute_mark(subject.file_id, subject.split, subject.batch, stands, reach)

    def _tell(self, letter: DeadLetter) -> None:
        """Publish a notice. A failure does not fail the message: the letter is listed anyway."""
        try:
            self._topic.publish(notice_of(letter))
        except Exception as error:  # noqa: BLE001 - not even a notice that cannot be made of it
            logger.warning("notice_not_sent", extra=_log_fields(letter) | {"why": reason_of(error)})


def settle(ledger: Ledger, letter: DeadLetter, outcome: Outcome, obstacle: Obstacle, note: str) -> None:
    """Write the outcome for the batch or split of a letter into its file's account."""
    subject = letter.subject
    if subject.file_id is None or subject.split is None:
        return
    note = one_line(note)
    if subject.batch is not None:
        mark = Mark(outcome, subject.total, note=note, start=subject.offset, digest=subject.digest)
        stands = ledger.record_mark(subject.file_id, subject.split, subject.batch, mark, subject.expires_at)
        if stands.outcome is Outcome.DONE or stands.agrees_with(mark.digest):
            return
        if outcome is Outcome.DISCARDED and stands.disputed:
            given_up = stands.discarded(mark.total, note)
            ledger.replace_mark(subject.file_id, subject.split, subject.batch, stands, given_up)
        elif outcome is Outcome.FAILED and mark.reach:
            # Attempts of both may have written records: whoever corrects the batch must know where.
            ledger.dispute_mark(subject.file_id, subject.split, subject.batch, stands, mark.reach)
        return
    stored = ledger.read_file(subject.file_id)
    expires_at = stored.plan.expires_at if stored else None
    if subject.again is not Again.NOTHING:
        ledger.give_up(subject.file_id, subject.split, outcome, note, expires_at)
    elif stored and subject.split < (stored.plan.known_splits or subject.split + 1):
        ledger.record_setback(subject.file_id, subject.split, Setback(obstacle, note), expires_at)


def envelope_of(letter: DeadLetter, attempts: list[Attempt], message: Incoming) -> bytes:
    """What the quarantine stores of a message: JSON with its whole `body` and all that is known of it."""
    subject = letter.subject
    document: dict[str, Any] = {
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
    return orjson.dumps(document)


def receives_of(message: Incoming, envelope: Envelope | None) -> int:
    """How often a message was received before it died. SQS continues the count in the dead-letter queue: the first
    receive there is ours, and after that the stored count is used."""
    counted = envelope.get("receives") if envelope else None
    return counted if isinstance(counted, int) else max(1, message.receives - 1)


def notice_of(letter: DeadLetter) -> Notice:
    """The digest and the pointer for subscribers: never the message itself."""
    subject = letter.subject
    is_known = subject.kind is not Kind.UNKNOWN
    kind = f"{subject.kind.value} of" if is_known else _UNREADABLE
    about = f"{kind} s3://{subject.bucket}/{subject.object_key}" if is_known else kind
    lines = [f"Dead letter: {about}", "", f"Reason    {letter.code}: {letter.reason}"]
    if subject.file_id:
        lines.append(f"File      {subject.file_id}")
    if subject.batch is not None and subject.offset is not None:
        total, end = subject.total, subject.offset + subject.total.bytes
        lines.append(f"Batch     {subject.split:06d}-{subject.batch:06d}: {counted(total.lines, 'line')}")
        lines.append(f"Text      bytes {subject.offset:,} to {end:,} ({total.bytes:,})")
    elif subject.split is not None:
        lines.append(f"Split     {subject.split}")
    lines += [
        f"Receives  {letter.receives}",
        "",
        f"See it    froe dead-letters {letter.letter_id}",
    ]
    if is_known:
        lines.append(f"Send it   froe redrive {letter.letter_id}")
    lines.append(f"Drop it   froe discard {letter.letter_id} --by YOU --why WHY")
    attributes = {"code": letter.code, "message_kind": subject.kind.value}
    named = {"file_id": subject.file_id, "bucket": subject.bucket, "key": subject.object_key}
    return Notice(
        notice_id=letter.letter_id,
        kind="dead-letter",
        subject=f"Froe: dead letter ({letter.code}): {f'{kind} {subject.object_key}' if is_known else kind}",
        text="\n".join(lines) + "\n",
        attributes=attributes | {name: value for name, value in named.items() if value},
    )


def _ids_of(subject: Subject) -> dict[str, str]:
    """The ids that the message names."""
    if subject.file_id is None:
        return {}
    if subject.split is None or subject.batch is None:
        return {"file_id": subject.file_id}
    return {"file_id": subject.file_id, "batch_id": batch_id(subject.file_id, subject.split, subject.batch)}


def _log_fields(letter: DeadLetter) -> dict[str, Any]:
    return {
        "letter_id": letter.letter_id,
        "kind": letter.subject.kind.value,
        "file_id": letter.subject.file_id,
        "code": letter.code,
        "reason": letter.reason,
    }
