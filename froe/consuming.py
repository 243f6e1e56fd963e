"""Processes the messages of a stage's queues in long-running processes instead of functions.

Promise: processes run the same code as functions, so both can share a queue: a message
that is delivered twice changes nothing. A message is hidden for a minute at a time while its process lives; if the
process is killed, the message returns within that minute. A process that is asked to stop finishes what it can within
seconds; the rest returns to the queue with its progress.
Limits: a process handles one message after another (a receive of up to ten is one piece of work). SQS hides a message for
at most 12 hours
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html).
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import handlers
from chalicelib.aws.clients import INVOCATION
from chalicelib.aws.queues import SqsQueue
from chalicelib.core.errors import FroeError, reason_of
from chalicelib.core.plan.lanes import DEFAULT, queue_of
from chalicelib.metrics import Meter
from chalicelib.services import Services
from chalicelib.settings import Settings

logger = logging.getLogger("froe")

HIDDEN_SECONDS: Final = 60
"""How long a message stays hidden after its process was killed, at most."""
WAIT_SECONDS: Final = 10
"""How long a receive waits for a message: long enough to cost little, short enough to end with."""
STOP_SECONDS: Final = 20.0
"""How long a piece of work goes on after the process was asked to stop."""
LONGEST_SECONDS: Final = 11 * 3600
_PAUSE_SECONDS: Final = 30.0

Handler = Callable[[Services, dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Role:
    """What a process does. setting: the queue's; at_once: messages of a receive; lane: of the queue."""

    name: str
    setting: str
    handle: Handler
    at_once: int
    lane: str = DEFAULT

    def url(self, settings: Settings) -> str:
        """That of its queue."""
        return queue_of(self.lane, getattr(settings, self.setting))


ROLES: Final[Mapping[str, Role]] = {
    role.name: role
    for role in (
        Role("splitter", "split_queue", handlers.on_split_messages, 1),
        Role("worker", "batch_queue", handlers.on_batch_messages, 4),
        Role("dead-letter-consumer", "dead_letter_queue", handlers.on_dead_letters, 1),
    )
}


WORKER: Final = "worker"


def worker_role(lane: str) -> str:
    """The role of the processes that work on a lane."""
    return WORKER if lane == DEFAULT else f"{WORKER}-{lane}"


def role_named(name: str) -> Role:
    """One of ROLES, or that of a lane's workers."""
    lane = name.removeprefix(f"{WORKER}-")
    if name in ROLES or lane == name:
        return ROLES[name]
    handle = partial(handlers.on_batch_messages, lane=lane)
    return replace(ROLES[WORKER], name=name, handle=handle, lane=lane)


class Beats(Protocol):
    def __call__(self, *, messages: int = 0, failed: int = 0, busy: bool = False) -> None:
        """The process lives, has handled so many messages since, and is at some now or waits."""


class Context:
    """What a handler asks of a Lambda context."""

    def __init__(self, seconds: float) -> None:
        self.aws_request_id = str(uuid4())
        self._until = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._until - time.monotonic()) * 1000))


class Consumer:
    """Takes the messages of one queue until `stop`."""

    def __init__(self, role: Role, services: Services, sqs: Any, seconds: float, beat: Beats) -> None:
        """sqs: a low-level client that nobody else uses. seconds: how long a piece of work may take."""
        self._role = role
        self._services = services
        self._sqs = sqs
        self._url = role.url(services.settings)
        self._seconds = seconds
        self._beat = beat
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Take no more messages, and end what is under way soon."""
        self._stopping.set()
        if INVOCATION.deadline is not None:
            INVOCATION.deadline.bring_forward(STOP_SECONDS)

    def run(self) -> None:
        """Return once it was asked to stop, or whoever started the process is gone."""
        pause = 1.0
        parent = multiprocessing.parent_process()
        while not self._stopping.is_set() and (parent is None or parent.is_alive()):
            self._beat()
            try:
                messages = self._receive()
                if messages:
                    self._take(messages)
                pause = 1.0
            except (BotoCoreError, ClientError) as error:
                logger.warning("queue_not_reached", extra={"queue": self._url, "reason": str(error)})
                self._stopping.wait(pause)
                pause = min(_PAUSE_SECONDS, 2 * pause)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._role.at_once,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])  # type: ignore[no-any-return]

    def _take(self, messages: Sequence[Mapping[str, Any]]) -> None:
        self._beat(busy=True)
        event = {"Records": [record_of(message) for message in messages]}
        seconds = STOP_SECONDS if self._stopping.is_set() else self._seconds
        with self._hidden([message["ReceiptHandle"] for message in messages]):
            result = self._role.handle(self._services, event, Context(seconds))
        INVOCATION.deadline = None
        failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            self._delete(done)
        self._beat(messages=len(done), failed=len(failed))

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """A message that stays is delivered again, which changes nothing."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        for refused in answer.get("Failed", ()):
            logger.warning(
                "message_not_deleted", extra={"queue": self._url, "reason": refused.get("Message")}
            )

    @contextmanager
    def _hidden(self, handles: Sequence[str]) -> Iterator[None]:
        """The messages stay hidden for as long as the block takes."""
        done = threading.Event()
        queue = SqsQueue(self._sqs, self._url)

        def hide() -> None:
            while not done.wait(HIDDEN_SECONDS / 3):
                self._beat(busy=True)
                try:
                    queue.delay_redelivery(dict.fromkeys(handles, HIDDEN_SECONDS))
                except (FroeError, BotoCoreError) as error:
                    logger.warning(
                        "visibility_not_changed", extra={"queue": self._url, "reason": reason_of(error)}
                    )

        thread = threading.Thread(target=hide, name="hide", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def record_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as `ReceiveMessage` gives it → as a function gets it
    (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html)."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    }


def services_for(environment: Mapping[str, str], session: Any, seconds: int, meter: Meter | None) -> Services:
    """What the handlers work with; seconds: a piece of work may take as long, so that the splitter goes on as long."""
    settings = replace(Settings.from_environment(environment), queued_splitter_seconds=seconds)
    return Services(settings, session, meter=meter)


def run_until_asked(consumer: Consumer) -> None:
    """Run it in this process; SIGTERM stops it. Ctrl-C is left to whoever started the process."""
    signal.signal(signal.SIGTERM, lambda *_: consumer.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    consumer.run()
