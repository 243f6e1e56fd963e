"""Lambda's poller of a queue without order, as AWS documents it: five invocations at first, five more each second while there is work,
no fewer when some messages of an event fail; a function that takes too long is ended, and its messages come back when
they are visible again (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.delivery import Outgoing
from tests.throttling.clock import Clock, Thread

FIRST = 5
MORE_A_SECOND = 5
MOST = 1250


@dataclass(slots=True)
class Message:
    number: int
    body: str
    receives: int = 0
    visible_at: float = 0.0
    attributes: Mapping[str, str] = field(default_factory=dict)


class Queue:
    """One queue with its dead letters, and the functions that take its messages."""

    def __init__(
        self,
        clock: Clock,
        function: Callable[[dict[str, Any], float], Mapping[str, Any]],
        *,
        batch_size: int,
        timeout_seconds: int,
        visibility_seconds: int,
        max_receives: int,
        maximum_concurrency: int | None = None,
    ) -> None:
        """function: takes an event and the seconds it has."""
        self.messages: dict[int, Message] = {}
        self.dead: list[Message] = []
        self.timeouts = 0
        self._clock = clock
        self._function = function
        self._batch_size = batch_size
        self._timeout = timeout_seconds
        self._visibility = visibility_seconds
        self._max_receives = max_receives
        self._most = min(MOST, maximum_concurrency or MOST)
        self._allowed = float(FIRST)
        self._busy = 0
        self._numbers = 0
        self.most_busy = 0
        self._dice = random.Random(11)

    def send_group(self, group: Sequence[Outgoing], deadline: object = None) -> None:
        for message in group:
            self._numbers += 1
            self.messages[self._numbers] = Message(
                self._numbers,
                message.body,
                visible_at=self._clock.now + message.delay_seconds,
                attributes=dict(message.attributes),
            )

    def delay_redelivery(self, seconds_by_handle: Mapping[str, int]) -> None:
        for handle, seconds in seconds_by_handle.items():
            if (message := self.messages.get(int(handle))) is not None:
                message.visible_at = self._clock.now + seconds

    def waiting(self) -> int:
        busy = self._busy * self._batch_size
        return max(0, len(self.messages) - busy)

    def poll(self) -> None:
        """Runs for ever, a look each tenth of a second."""
        while True:
            backlog = [each for each in self.messages.values() if each.visible_at <= self._clock.now]
            self._dice.shuffle(backlog)
            while backlog and self._busy < min(int(self._allowed), self._most):
                event, backlog = backlog[: self._batch_size], backlog[self._batch_size :]
                self._invoke(event)
            if backlog:
                self._allowed = min(MOST, self._allowed + MORE_A_SECOND / 10)
            self._clock.sleep(0.1)

    def _invoke(self, messages: Sequence[Message]) -> None:
        taken = []
        for message in messages:
            if message.receives >= self._max_receives:
                self.dead.append(self.messages.pop(message.number))
                continue
            message.receives += 1
            message.visible_at = self._clock.now + self._visibility
            taken.append(message)
        if not taken:
            return
        self._busy += 1
        self.most_busy = max(self.most_busy, self._busy)
        thread = self._clock.start(lambda: self._work(taken))
        self._clock.start(lambda: self._watch(thread))

    def _work(self, taken: Sequence[Message]) -> None:
        event = {"Records": [_record(message) for message in taken]}
        answer = self._function(event, self._timeout)
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for message in taken:
            if str(message.number) not in failed:
                self.messages.pop(message.number, None)

    def _watch(self, thread: Thread) -> None:
        """Ends a function that takes too long."""
        end = self._clock.now + self._timeout
        while not thread.done and self._clock.now < end:
            self._clock.sleep(min(0.5, max(0.01, end - self._clock.now)))
        if not thread.done:
            self.timeouts += 1
            self._clock.kill(thread)
        self._busy -= 1


def _record(message: Message) -> dict[str, Any]:
    attributes = {
        name: {"stringValue": value, "dataType": "String"} for name, value in message.attributes.items()
    }
    return {
        "messageId": str(message.number),
        "receiptHandle": str(message.number),
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives)},
        "messageAttributes": attributes,
    }
