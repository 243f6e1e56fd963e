"""The notifications of the bucket that the stack made: fixed where somebody changed them, else left as they are."""

from __future__ import annotations

from typing import Any

import pytest

from froe.deployment import notifications

QUEUE, SPLITTER, OTHER = (
    "arn:aws:sqs:r:1:froe-dev-split",
    "arn:aws:lambda:r:1:function:splitter",
    "arn:aws:sqs:r:1:x",
)
OWN = {SPLITTER: "direct", QUEUE: "queue"}
FOREIGN = {"Id": "mine", "QueueArn": OTHER, "Events": ["s3:ObjectRemoved:*"]}
OURS = {"Id": "froe-dev", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
BY_STACK = {"Id": "made-by-cloudformation", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
DIRECT: dict[str, Any] = {"LambdaFunctionConfigurations": [{"Id": "f", "LambdaFunctionArn": SPLITTER}]}


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ({}, {"QueueConfigurations": [OURS]}),
        ({"QueueConfigurations": [FOREIGN]}, {"QueueConfigurations": [FOREIGN, OURS]}),
        (DIRECT, {"QueueConfigurations": [OURS]}),
        ({"QueueConfigurations": [BY_STACK], **DIRECT}, {"QueueConfigurations": [OURS]}),
        ({"QueueConfigurations": [BY_STACK]}, {"QueueConfigurations": [BY_STACK]}),
    ],
)
def test_a_queue_that_is_not_told_of_uploads_is_told_again(
    current: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert notifications.restored(current, "dev", "queue", QUEUE, OWN) == expected


def test_eventbridge_is_switched_on_again_and_tells_alone() -> None:
    on: dict[str, Any] = {notifications.EVENTBRIDGE: {}}
    own = {SPLITTER: "direct", QUEUE: "queue"}
    assert notifications.restored({}, "dev", "eventbridge", QUEUE, own) == on
    assert notifications.restored({"QueueConfigurations": [BY_STACK]}, "dev", "eventbridge", QUEUE, own) == on
    assert notifications.restored(on, "dev", "eventbridge", QUEUE, own) is on
