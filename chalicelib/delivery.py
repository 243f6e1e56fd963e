"""The message boundary: what a handler's success or failure does to its message."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Protocol

from chalicelib import logs, metrics
from chalicelib.core.errors import (
    FroeError,
    OutOfTimeError,
    PermanentError,
    ThrottledError,
    TransientError,
    code_and_reason,
    progress_of,
)
from chalicelib.metrics import NO_METER, Meter

logger = logging.getLogger("froe")

_MAX_VISIBILITY_SECONDS: Final = 900
_QUICK_RECEIVES: Final = 3
"""How often a message that ran out of time comes back at once. After that the cause is missing capacity, not time."""

CAPACITY: Final = (OutOfTimeError, ThrottledError)
"""Errors from a lack of time or capacity: never a reason for a dead letter, however often they occur."""

PUT_OFF: Final = "put_off"
"""The attribute that counts how often a message was put off for lack of capacity."""

PROGRESS: Final = "progress"
"""The attribute with the progress of a message that was put off or redriven."""

_PUT_OFF_MAX: Final = 2000
"""More than fourteen days of the longest delays, longer than SQS keeps a message."""

_PUT_OFF_SECONDS: Final = 3.0

_LEAST_SECONDS: Final = 1.0
"""With less time than that left, nothing is begun."""


class Deadline:
    """When this invocation must stop, on the monotonic clock.

    seconds_left: until then, without a margin for answering.
    """

    def __init__(self, at: float) -> None:
        self._at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        return self._at - time.monotonic()

    def check(self, doing: str) -> None:
        """Raise OutOfTimeError if too little time is left to begin. doing: `writing …`."""
        if self.seconds_left < _LEAST_SECONDS:
            raise OutOfTimeError(f"no time is left in this invocation for {doing}")

    def bring_forward(self, seconds: float) -> None:
        """Stop that many seconds from now at the latest, because the process is about to end."""
        self._at = min(self._at, time.monotonic() + seconds)

    def half(self) -> Deadline:
        """A deadline that leaves half of the time."""
        return Deadline.after(self.seconds_left / 2)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. delay_seconds: 0 to 900. trace: an X-Ray trace header. attributes: at most 10, sent beside the
    body."""

    body: str
    delay_seconds: int = 0
    trace: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as SQS delivered it. receives: number of receives, this one included. source_arn: for a dead letter,
    the queue that it came from. attributes: what the sender added to the body. trace: an X-Ray trace header."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int
    source_arn: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    trace: str | None = None

    @classmethod
    def all_of(cls, event: dict[str, Any]) -> list[Incoming]:
        """Read an SQS event (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html)."""
        return [cls._of(record) for record in event["Records"]]

    @classmethod
    def _of(cls, record: dict[str, Any]) -> Incoming:
        system = record.get("attributes", {})
        return cls(
            record["messageId"],
            record["receiptHandle"],
            record["body"],
            int(system.get("ApproximateReceiveCount", 1)),
            system.get("DeadLetterQueueSourceArn"),
            {
                name: attribute["stringValue"]
                for name, attribute in record.get("messageAttributes", {}).items()
                if "stringValue" in attribute
            },
            system.get("AWSTraceHeader"),
        )

    def put_off(self, base_seconds: int, progress: str = "") -> Outgoing | None:
        """The same message, to be sent anew; None once it was put off too often. The delay doubles each time, less a
        random part of up to a half, so that messages do not all come back together. progress: how far the work came, if
        further than before."""
        count = int(self.attributes.get(PUT_OFF, 0)) + 1
        if count > _PUT_OFF_MAX:
            return None
        longest = min(_MAX_VISIBILITY_SECONDS, base_seconds * 2 ** min(count, 20))
        digest = blake2b(f"{self.message_id} {count}".encode(), digest_size=4).digest()
        share = int.from_bytes(digest) / 2**32
        attributes = {**self.attributes, PUT_OFF: str(count)} | ({PROGRESS: progress} if progress else {})
        return Outgoing(self.body, int(longest * (1 - share / 2)), self.trace, attributes)


GROUP_MAX_MESSAGES: Final = 10
GROUP_MAX_BYTES: Final = 1_048_576
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""


class Sends(Protocol):
    def send_group(self, group: Sequence[Outgoing], deadline: Deadline) -> None:
        """Send messages that fit one request. Returns once the queue has all of them, or raises."""


class Sender:
    """Sends messages in as few requests as the limits allow. Only `flush` guarantees that they are sent."""

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
    def delay_redelivery(self, seconds_by_handle: Mapping[str, int]) -> None:
        """Hide messages (at most ten) for so many seconds from now, by receipt handle."""


class Failures(Protocol):
    """What happens to a failure, besides the redelivery of its message."""

    def note(self, message: Incoming, error: Exception) -> None:
        """Store the reason under the message's id, at best effort. Never raises Froe's errors."""

    def dead_letter(self, message: Incoming, error: Exception) -> None:
        """Send the message to the dead-letter queue with its reason. Returns once it is there."""


def consume(
    messages: Iterable[Incoming],
    handle: Callable[[Incoming], None],
    queue: Redelivers,
    *,
    retry_base_seconds: int,
    failures: Failures | None = None,
    deadline: Deadline | None = None,
    anew: Sends | None = None,
    meter: Meter = NO_METER,
) -> dict[str, list[dict[str, str]]]:
    """Handle each message, and return those that failed in the form that SQS mappings understand:
    ``{"batchItemFailures": [{"itemIdentifier": message id}]}``. One failure never fails another message.

    A message that can never succeed goes to the dead-letter queue at once, and is deleted only when that is confirmed;
    without `failures` (the dead-letter queue's own consumer) it is retried like any other. Messages not begun by the
    deadline go back untried.

    anew: the queue to which messages that lacked time or capacity are sent as new messages, which start with no
    receives; None: they come back like those that failed.
    """
    failed = []
    waiting = deque(messages)
    while waiting:
        if deadline and deadline.seconds_left < _LEAST_SECONDS:
            if anew and _put_off(anew, waiting, retry_base_seconds, meter):
                break
            untried = {
                each.receipt_handle: _out_of_time_seconds(each.receives, retry_base_seconds)
                for each in waiting
            }
            logger.warning("messages_handed_back", extra={"messages": len(waiting)})
            _delay(queue, untried, waiting[0])
            failed += [{"itemIdentifier": each.message_id} for each in waiting]
            break
        message = waiting.popleft()
        logs.about(message_id=message.message_id)
        try:
            handle(message)
        except Exception as error:  # noqa: BLE001 - the message boundary: whatever it is, it is kept
            seconds = _delay_seconds(error, message.receives, retry_base_seconds)
            _log(message, error)
            lacks_capacity = isinstance(error, CAPACITY)
            if (
                lacks_capacity
                and anew
                and _put_off(anew, [message], retry_base_seconds, meter, progress_of(error))
            ):
                continue
            if failures:
                failures.note(message, error)
                if isinstance(error, PermanentError) and _is_dead_lettered(message, error, failures):
                    continue
            _delay(queue, {message.receipt_handle: seconds}, message)
            failed.append({"itemIdentifier": message.message_id})
    return {"batchItemFailures": failed}


def _put_off(
    queue: Sends, messages: Iterable[Incoming], base_seconds: int, meter: Meter, progress: str = ""
) -> bool:
    """Whether the queue took every one of the messages anew. If not, they come back after their visibility timeout."""
    outgoing = [message.put_off(base_seconds, progress) for message in messages]
    sender = Sender(queue, Deadline.after(_PUT_OFF_SECONDS))
    try:
        for message in outgoing:
            if message is None:
                return False
            sender.add(message)
        sender.flush()
    except FroeError as error:
        logger.warning("messages_not_put_off", extra={"messages": len(outgoing), "reason": error.reason})
        return False
    meter.add(metrics.MESSAGES_PUT_OFF, len(outgoing))
    logger.info("messages_put_off", extra={"messages": len(outgoing)})
    return True


def _delay_seconds(error: Exception, receives: int, base_seconds: int) -> int:
    if isinstance(error, OutOfTimeError):
        return _out_of_time_seconds(receives, base_seconds)
    return int(min(_MAX_VISIBILITY_SECONDS, base_seconds * 2 ** (min(receives, 20) - 1)))


def _out_of_time_seconds(receives: int, base_seconds: int) -> int:
    """None at first. A message that keeps running out of time waits longer with each receive."""
    late = receives - _QUICK_RECEIVES
    return int(min(_MAX_VISIBILITY_SECONDS, base_seconds * 2 ** (min(late, 20) - 1))) if late > 0 else 0


def _is_dead_lettered(message: Incoming, error: Exception, failures: Failures) -> bool:
    """Send a message to the dead-letter queue. If that fails, its receives will take it there."""
    try:
        failures.dead_letter(message, error)
    except FroeError as refusal:
        logger.warning("message_not_buried", extra=_log_fields(message, refusal))
        return False
    return True


def _log(message: Incoming, error: Exception) -> None:
    if isinstance(error, PermanentError):
        logger.error("message_refused", extra=_log_fields(message, error))
    elif isinstance(error, TransientError):
        logger.warning("message_failed", extra=_log_fields(message, error))
    else:
        logger.error("message_crashed", extra=_log_fields(message, error), exc_info=error)


def _delay(queue: Redelivers, seconds_by_handle: Mapping[str, int], message: Incoming) -> None:
    """Best effort: if it fails, the queue's own visibility timeout applies. message: the first of them."""
    try:
        queue.delay_redelivery(seconds_by_handle)
    except TransientError as error:
        logger.warning("visibility_not_changed", extra=_log_fields(message, error))


def _log_fields(message: Incoming, error: Exception) -> dict[str, Any]:
    code, reason = code_and_reason(error)
    return {"message_id": message.message_id, "receives": message.receives, "code": code, "reason": reason}
