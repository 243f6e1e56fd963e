"""The message boundary: what a handler's success or failure does to the message that it was given."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from chalicelib.core.errors import OutOfTimeError, PermanentError, TransientError

logger = logging.getLogger("froe")

_MAX_VISIBILITY_SECONDS: Final = 900


class Deadline:
    """When this invocation must have stopped, on the monotonic clock.

    seconds_left: until then; a margin for answering is taken off already.
    """

    def __init__(self, at: float) -> None:
        self._at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        return self._at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. delay_seconds: 0 to 900. trace: an X-Ray trace header."""

    body: str
    delay_seconds: int = 0
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as SQS delivered it. receives: how often, this time included."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int

    @classmethod
    def all_of(cls, event: dict[str, Any]) -> list[Incoming]:
        """Read an SQS event (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html)."""
        return [
            cls(
                record["messageId"],
                record["receiptHandle"],
                record["body"],
                int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for record in event["Records"]
        ]


GROUP_MAX_MESSAGES: Final = 10
GROUP_MAX_BYTES: Final = 1_048_576
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""


class Sends(Protocol):
    def send_group(self, group: Sequence[Outgoing], deadline: Deadline) -> None:
        """Send what fits one request; returns once the queue has every message of it, else raises."""


class Sender:
    """Sends messages in as few requests as the limits allow; nothing is sent for sure before `flush`."""

    def __init__(self, queue: Sends, deadline: Deadline) -> None:
        self._queue = queue
        self._deadline = deadline
        self._group: list[Outgoing] = []
        self._group_bytes = 0

    def add(self, message: Outgoing) -> None:
        size = len(message.body.encode())
        if self._group_bytes + size > GROUP_MAX_BYTES or len(self._group) == GROUP_MAX_MESSAGES:
            self.flush()
        self._group.append(message)
        self._group_bytes += size

    def flush(self) -> None:
        if self._group:
            self._queue.send_group(self._group, self._deadline)
        self._group, self._group_bytes = [], 0


class Redelivers(Protocol):
    def delay_redelivery(self, receipt_handle: str, seconds: int) -> None: ...


def consume(
    messages: Iterable[Incoming],
    handle: Callable[[str], None],
    queue: Redelivers,
    *,
    retry_base_seconds: int,
) -> dict[str, list[dict[str, str]]]:
    """Handle each message and give those that failed back in the shape that SQS mappings understand:
    ``{"batchItemFailures": [{"itemIdentifier": message id}]}``. One failure never fails another."""
    failures = []
    for message in messages:
        try:
            handle(message.body)
        except OutOfTimeError as error:
            logger.warning("message_out_of_time", extra=_said(message, error.reason))
            _delay(queue, message, 0)
        except TransientError as error:
            logger.warning("message_failed", extra=_said(message, error.reason))
            _delay(queue, message, _backoff_seconds(message.receives, retry_base_seconds))
        except PermanentError as error:
            logger.error("message_refused", extra=_said(message, error.reason))  # noqa: TRY400 - no bug of ours
            _delay(queue, message, 0)
        except Exception as error:
            logger.exception("message_crashed", extra=_said(message, repr(error)))
            _delay(queue, message, _backoff_seconds(message.receives, retry_base_seconds))
        else:
            continue
        failures.append({"itemIdentifier": message.message_id})
    return {"batchItemFailures": failures}


def _backoff_seconds(receives: int, base_seconds: int) -> int:
    return int(min(_MAX_VISIBILITY_SECONDS, base_seconds * 2 ** (min(receives, 20) - 1)))


def _delay(queue: Redelivers, message: Incoming, seconds: int) -> None:
    """Best effort: without it the queue's own visibility timeout holds."""
    try:
        queue.delay_redelivery(message.receipt_handle, seconds)
    except TransientError as error:
        logger.warning("visibility_not_changed", extra=_said(message, error.reason))


def _said(message: Incoming, reason: str) -> dict[str, Any]:
    return {"message_id": message.message_id, "receives": message.receives, "reason": reason}
