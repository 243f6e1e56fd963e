"""How messages die: what a failure records, why a message died, and redriven messages that got lost.

A failure records its reason under the message's id, or puts the message into the dead-letter queue with the reason in its
attributes; other contents of these attributes, which anyone may send, are ignored. A redriven message of which
nothing was heard for long enough becomes a dead letter again. The sweeper does not send it again, since people decided
to redrive it, and should decide again. Limits: if a notification names no version, nobody can tell what became of it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chalicelib.core.errors import (
    DIED,
    KNOWN_CODES,
    FroeError,
    TransientError,
    code_and_reason,
    progress_of,
    reason_of,
)
from chalicelib.core.ledger.letters import ATTEMPTS_KEPT, Attempt, DeadLetter, LetterState, last_progress
from chalicelib.dead_letters.selection import LetterSearch, LettersOfFile, LettersTable
from chalicelib.delivery import GROUP_MAX_BYTES, PROGRESS, Deadline, Incoming, Outgoing, Sends

logger = logging.getLogger("froe")

_BURY_SECONDS: Final = 10.0
_REASON_MAX_CHARS: Final = 1000
_NOTHING_SAID: Final = "the function died before it could say why"
_RECEIVES: Final = re.compile(r"[0-9]{1,4}")
"""SQS counts up to 1,000 before it gives a message up
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)."""
_PAGE: Final = 100


class NotedFailures:
    """Records failures in the ledger, and sends messages to the dead-letter queue."""

    def __init__(self, letters: LettersTable, dead_letter_queue: Sends, now: Callable[[], datetime]) -> None:
        self._letters = letters
        self._queue = dead_letter_queue
        self._now = now

    def note(self, message: Incoming, error: Exception) -> None:
        self._note(message.message_id, message.receives, error)

    def _note(self, message_id: str, receives: int, error: Exception) -> None:
        code, reason = code_and_reason(error)
        attempt = Attempt(receives, self._now(), code, reason, progress_of(error))
        try:
            self._letters.note(message_id, attempt)
        except FroeError as refusal:
            logger.warning("reason_not_noted", extra={"message_id": message_id, "reason": refusal.reason})

    def progress_of(self, message: Incoming) -> str:
        """The progress of its earlier attempts, or from its sender; empty if unknown."""
        sent = message.attributes.get(PROGRESS, "")
        if message.receives == 1:
            return sent
        try:
            return last_progress(self._letters.attempts(message.message_id)) or sent
        except Exception as error:  # noqa: BLE001 - what cannot be read is done again
            logger.warning(
                "attempts_not_read", extra={"message_id": message.message_id, "reason": reason_of(error)}
            )
            return sent

    def dead_letter(self, message: Incoming, error: Exception) -> None:
        self._dead_letter(message.body, message.message_id, message.receives, error)

    def dead_letter_text(self, body: str, letter_id: str, error: Exception) -> None:
        """Send to the dead-letter queue, under an id of its own, what did not come from a queue of Froe's."""
        self._note(letter_id, 1, error)
        self._dead_letter(body, letter_id, 1, error)

    def _dead_letter(self, body: str, letter_id: str, receives: int, error: Exception) -> None:
        code, reason = code_and_reason(error)
        details = {
            "letter_id": letter_id,
            "code": code,
            "receives": str(receives),
            "reason": one_line(reason) or code,
        }
        buried = Outgoing(body, attributes=_that_fit(details, GROUP_MAX_BYTES - len(body.encode())))
        self._queue.send_group([buried], Deadline.after(_BURY_SECONDS))
        logger.error("message_buried", extra={"message_id": letter_id, "code": code, "reason": reason})


def _that_fit(attributes: Mapping[str, str], room_bytes: int) -> dict[str, str]:
    """The first attributes that fit beside a body, the last of them cut: SQS counts name, type and value of each
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)."""
    kept: dict[str, str] = {}
    for name, value in attributes.items():
        room_bytes -= len(name) + len("String")
        text = value.encode()[: max(0, room_bytes)].decode(errors="ignore")
        if not text or (text != value and name != "reason"):
            break
        kept[name] = text
        room_bytes -= len(text.encode())
    return kept


def one_line(text: str) -> str:
    """Text that fits an attribute of SQS and the note of a mark."""
    return flat(text)[:_REASON_MAX_CHARS]


def flat(text: str) -> str:
    """The text on one line, with spaces for invisible characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


class Cause(NamedTuple):
    """code: one of `KNOWN_CODES`. reason: one line. receives: failed receives of the message."""

    code: str
    reason: str
    receives: int


def cause_of(attempts: Sequence[Attempt], attributes: Mapping[str, str], receives: int) -> Cause:
    """said: the attributes of the message. receives: by the count of its queue, its last one excluded."""
    if attributes.get("code") in KNOWN_CODES:
        counted = attributes.get("receives", "")
        receives = int(counted) if _RECEIVES.fullmatch(counted) else receives
        return Cause(
            attributes["code"], one_line(attributes.get("reason", "")) or attributes["code"], receives
        )
    if not attempts:
        return Cause(DIED, _NOTHING_SAID, receives)
    last = attempts[-1]
    if last.number < min(receives, ATTEMPTS_KEPT):
        before = f"at receive {last.number} of {receives} it reported {last.code}: {last.reason}"
        return Cause(DIED, f"{_NOTHING_SAID}; {before}", receives)
    return Cause(last.code, last.reason, max(receives, last.number))


class LostRedrives:
    """stall_seconds: how long a redriven message may take until it is done or dies again."""

    def __init__(
        self,
        letters: LettersTable,
        search: LetterSearch,
        now: Callable[[], datetime],
        *,
        stall_seconds: int,
    ) -> None:
        self._letters = letters
        self._search = search
        self._now = now
        self._stall = timedelta(seconds=stall_seconds)

    def take_back(self, deadline: Deadline) -> Iterator[DeadLetter]:
        """Make lost letters dead again, and give them; letters whose work is done are recorded as resolved."""
        files: dict[str, LettersOfFile] = {}
        before: str | None = None
        while deadline.seconds_left > 0:
            page = self._letters.by_state(LetterState.REDRIVEN, before=before, since=None, limit=_PAGE)
            for letter in self._as_of_now([each for each in page.letters if self._is_due(each)]):
                try:
                    if self._is_lost(letter, files):
                        yield letter
                except TransientError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it is, it keeps no other back
                    _say_unread(letter, error)
            before = page.reached
            if before is None:
                return

    def _as_of_now(self, letters: list[DeadLetter]) -> Iterator[DeadLetter]:
        """All letters at once; one by one only if one of them cannot be looked at, so that it does not stop the others."""
        try:
            yield from self._search.as_of_now(letters)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if len(letters) == 1:
                return _say_unread(letters[0], error)
            for letter in letters:
                yield from self._as_of_now([letter])

    def _is_lost(self, letter: DeadLetter, files: dict[str, LettersOfFile]) -> bool:
        """Whether a redriven letter was made dead again; one whose work is done is recorded as resolved."""
        if letter.state is LetterState.RESOLVED:
            self._search.settle_anew(letter)
            self._letters.change(replace(letter, changed_at=self._now()))
            return False
        file_id = letter.subject.file_id
        if file_id is None:
            return False
        if file_id not in files:
            files[file_id] = self._search.letters_of(file_id)
        return not files[file_id].died_again(letter) and self._is_taken_back(letter)

    def _is_due(self, letter: DeadLetter) -> bool:
        is_redriven = letter.state is LetterState.REDRIVEN
        return is_redriven and self._now() - (letter.changed_at or letter.died_at) >= self._stall

    def _is_taken_back(self, letter: DeadLetter) -> bool:
        """Whether it is a dead letter again: somebody may have discarded it."""
        return self._letters.change(replace(letter, state=LetterState.DEAD, changed_at=self._now()))


def _say_unread(letter: DeadLetter, error: Exception) -> None:
    named = {"letter_id": letter.letter_id, "reason": reason_of(error)}
    logger.error("letter_not_looked_at", extra=named, exc_info=error)
