"""What a failure leaves behind: its reason under the message's id, or the message itself in the dead-letter queue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from chalicelib.core.errors import FroeError, code_and_reason, progress_of, reason_of
from chalicelib.core.letters import Attempt, last_progress
from chalicelib.dead_letters.store import LettersTable
from chalicelib.delivery import GROUP_MAX_BYTES, PROGRESS, Deadline, Incoming, Outgoing, Sends

logger = logging.getLogger("froe")

_BURY_SECONDS: Final = 10.0
_REASON_MAX_CHARS: Final = 1000


class NotedFailures:
    """Notes failures in the ledger, and buries messages in the dead-letter queue."""

    def __init__(self, letters: LettersTable, dead_letter_queue: Sends, now: Callable[[], datetime]) -> None:
        self._letters = letters
        self._queue = dead_letter_queue
        self._now = now

    def note(self, message: Incoming, error: Exception) -> None:
        code, reason = code_and_reason(error)
        attempt = Attempt(message.receives, self._now(), code, reason, progress_of(error))
        try:
            self._letters.note(message.message_id, attempt)
        except FroeError as refusal:
            logger.warning(
                "reason_not_noted", extra={"message_id": message.message_id, "reason": refusal.reason}
            )

    def progress_of(self, message: Incoming) -> str:
        """How far its earlier attempts came, or whoever sent it; empty where nobody knows."""
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

    def bury(self, message: Incoming, error: Exception) -> None:
        self._bury(message.body, message.message_id, message.receives, error)

    def bury_text(self, body: str, letter_id: str, error: Exception) -> None:
        """Bury what came by another way than a queue of ours, under an id of its own."""
        self._bury(body, letter_id, 1, error)

    def _bury(self, body: str, letter_id: str, receives: int, error: Exception) -> None:
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
    """The first ones that fit beside a body, the last of them cut: SQS counts name, type and value of each
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
    """Text that SQS takes as an attribute and a mark as its note."""
    return flat(text)[:_REASON_MAX_CHARS]


def flat(text: str) -> str:
    """The text on one line, with spaces for what cannot be seen."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())
