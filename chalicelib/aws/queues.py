"""SQS: sends groups of messages, checks `Failed` and resends; hides failed messages for a growing time."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.aws.errors import translated
from chalicelib.core.errors import OutOfTimeError, PermanentError, TransientError
from chalicelib.delivery import Deadline, Outgoing

_MAX_BACKOFF_SECONDS: Final = 5.0


class SqsQueue:
    """client: a low-level SQS client. url: the queue's."""

    def __init__(self, client: Any, url: str, *, delays: bool = True) -> None:
        """delays: whether messages are delayed for reasons of their own; such messages do not count as waiting."""
        self._client = client
        self._url = url
        self._counted = ["ApproximateNumberOfMessages"]
        if not delays:
            self._counted.append("ApproximateNumberOfMessagesDelayed")

    def send_group(self, group: Sequence[Outgoing], deadline: Deadline) -> None:
        """Send messages that fit one request; returns once SQS has all of them."""
        entries = {str(number): _entry(number, message) for number, message in enumerate(group)}
        attempt = 0
        while True:
            with translated(f"sending to {self._url}"):
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=list(entries.values()))
            for sent in answer.get("Successful", ()):
                entries.pop(sent["Id"], None)
            failed = answer.get("Failed", ())
            if fault := next((each for each in failed if each.get("SenderFault")), None):
                raise PermanentError(
                    f"{self._url} refuses a message: {fault.get('Code')} {fault.get('Message')}"
                )
            if not entries:
                return
            attempt += 1
            pause = random.uniform(0, min(_MAX_BACKOFF_SECONDS, 0.1 * 2**attempt))
            if deadline.seconds_left < pause + 1:
                raise OutOfTimeError(f"{self._url} did not take {len(entries)} messages in time")
            time.sleep(pause)

    def waiting(self) -> int:
        """About how many messages wait for a function, including those that were put off."""
        with translated(f"counting the messages of {self._url}"):
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=self._counted)
        return sum(map(int, answer["Attributes"].values()))

    def delay_redelivery(self, seconds_by_handle: Mapping[str, int]) -> None:
        """Hide messages (at most ten) for so many seconds from now, by receipt handle."""
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
            for number, (handle, seconds) in enumerate(seconds_by_handle.items())
        ]
        with translated(f"hiding messages of {self._url}"):
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        if failed := answer.get("Failed"):
            raise TransientError(f"{self._url} does not hide {len(failed)} messages: {failed[0].get('Code')}")


def _entry(number: int, message: Outgoing) -> dict[str, Any]:
    entry: dict[str, Any] = {"Id": str(number), "MessageBody": message.body}
    if message.delay_seconds:
        entry["DelaySeconds"] = message.delay_seconds
    if message.attributes:
        entry["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        }
    if message.trace:
        entry["MessageSystemAttributes"] = {
            "AWSTraceHeader": {"DataType": "String", "StringValue": message.trace}
        }
    return entry
