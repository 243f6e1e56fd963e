"""Publishing: whatever a key or a text holds, SNS takes the notice and a subscribed queue gets it whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.aws.clients import make_client
from chalicelib.aws.topics import MAX_ATTRIBUTES, MESSAGE_MAX_BYTES, SnsTopic
from chalicelib.core.errors import MissingResourceError, PermanentError, TransientError
from chalicelib.notices import Notice

NOTICE = Notice(
    "f-4", "file", "Froe: COMPLETE a.log", "All is well.\n", {"state": "COMPLETE", "key": "a.log"}
)


class Client:
    """An SNS client that keeps what is published, or fails with a code."""

    def __init__(self, code: str | None = None) -> None:
        self.published: list[dict[str, Any]] = []
        self._code = code

    def publish(self, **request: Any) -> None:
        if self._code:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "Publish")
        self.published.append(request)


def published(**fields: Any) -> dict[str, Any]:
    client = Client()
    SnsTopic(client, "arn").publish(replace(NOTICE, **fields))
    return client.published[0]


def values(request: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}


@dataclass(frozen=True, slots=True)
class Subscribed:
    topic: SnsTopic
    sqs: Any
    queue: str

    def received(self) -> dict[str, Any]:
        (message,) = self.sqs.receive_message(QueueUrl=self.queue)["Messages"]
        envelope: dict[str, Any] = json.loads(message["Body"])
        return envelope


@pytest.fixture
def subscribed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscribed]:
    """A topic with a queue that gets its notices, on moto."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        sns, sqs = make_client("sns", session=session), make_client("sqs", session=session)
        arn = sns.create_topic(Name="notices")["TopicArn"]
        queue = sqs.create_queue(QueueName="notices")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"])
        yield Subscribed(SnsTopic(sns, arn), sqs, queue)


def test_a_notice_arrives_with_its_attributes(subscribed: Subscribed) -> None:
    subscribed.topic.publish(NOTICE)
    received = subscribed.received()
    assert (received["Subject"], received["Message"]) == ("Froe: COMPLETE a.log", "All is well.\n")
    attributes = {name: attribute["Value"] for name, attribute in received["MessageAttributes"].items()}
    assert attributes == {"notice_id": "f-4", "kind": "file", "state": "COMPLETE", "key": "a.log"}


def test_the_longest_text_of_wide_characters_arrives_cut_between_two_of_them(subscribed: Subscribed) -> None:
    subscribed.topic.publish(replace(NOTICE, text="€" * 200_000, subject="ü\n" * 300))
    received = subscribed.received()
    assert set(received["Message"]) == {"€", "…"}
    assert len(received["Message"].encode()) > 0.99 * MESSAGE_MAX_BYTES
    assert len(received["Subject"]) <= 99


def test_a_topic_that_is_not_there_is_a_retry_as_it_may_be_put_back(subscribed: Subscribed) -> None:
    with pytest.raises(MissingResourceError, match="f-4"):
        SnsTopic(subscribed.topic._client, f"{subscribed.topic._arn}-gone").publish(NOTICE)


def test_a_message_and_its_attributes_stay_within_the_limit() -> None:
    request = published(text="x" * 300_000, attributes={f"n{number}": "é" * 9000 for number in range(8)})
    size = len(request["Message"].encode())
    size += sum(len(f"{name}String{value}".encode()) for name, value in values(request).items())
    assert size == MESSAGE_MAX_BYTES


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("Froe: DAMAGED a\nb\x1b[1m", "Froe: DAMAGED a b?[1m"),
        ("Froe: FAILED größe", "Froe: FAILED gr??e"),
        ("\n ", "Froe: file"),
        ("x" * 120, "x" * 99),
    ],
)
def test_a_subject_is_one_line_of_ascii(subject: str, sent: str) -> None:
    assert published(subject=subject)["Subject"] == sent


def test_characters_that_no_subscriber_takes_are_escaped() -> None:
    request = published(text="a\x00b\ud800\n", attributes={"key": "k\x1b\ufffe\t\U0001f600"})
    assert request["Message"] == "a\\x00b\\ud800\n"
    assert values(request)["key"] == "k\\x1b\\ufffe\t\U0001f600"


def test_an_attribute_that_is_empty_or_one_too_many_does_not_lose_the_notice() -> None:
    request = published(attributes={"empty": "", **{f"n{number}": "x" for number in range(20)}})
    assert list(values(request))[:3] == ["notice_id", "kind", "n0"]
    assert len(values(request)) == MAX_ATTRIBUTES


def test_an_empty_text_says_its_subject() -> None:
    assert published(text="")["Message"] == NOTICE.subject


@pytest.mark.parametrize("code", ["InvalidParameter", "ParameterValueInvalid", "ValidationException"])
def test_what_sns_refuses_for_good_is_no_retry(code: str) -> None:
    with pytest.raises(PermanentError):
        SnsTopic(Client(code), "arn").publish(NOTICE)


@pytest.mark.parametrize("code", ["InternalError", "Throttled", "AuthorizationError", "KMSThrottling"])
def test_what_may_pass_is_a_retry(code: str) -> None:
    with pytest.raises(TransientError):
        SnsTopic(Client(code), "arn").publish(NOTICE)
