"""Events: put in groups that EventBridge takes, and again those that it did not take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.events import EventBridge
from chalicelib.core.errors import AccessDeniedError, OutOfTimeError, PermanentError, ThrottledError
from chalicelib.events import Event
from tests.fakes import WHEN, in_time


class Client:
    """An EventBridge client that keeps what it takes. codes: of each detail, the codes with which it is not taken at
    first. error: what a call fails with."""

    def __init__(self, codes: dict[str, list[str]] | None = None, error: str = "") -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []
        self._codes = codes or {}
        self._error = error

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        self.requests.append(Entries)
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, "PutEvents")
        answers = list(map(self._answer, Entries))
        return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}

    def _answer(self, entry: dict[str, Any]) -> dict[str, str]:
        codes = self._codes.get(json.loads(entry["Detail"])["key"])
        if codes:
            return {"ErrorCode": codes.pop(0), "ErrorMessage": "no"}
        self.taken.append(entry)
        return {"EventId": "1"}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("chalicelib.aws.events.time.sleep", lambda _: None)
    return


def events(*keys: str, size: int = 0) -> list[Event]:
    return [Event(f"{key}-1", WHEN, {"key": key, "pad": "ä" * size}) for key in keys]


def test_events_are_put_ten_at_a_time() -> None:
    client = Client()
    assert EventBridge(client).emit(events(*map(str, range(25))), in_time()) == {}
    assert [len(each) for each in client.requests] == [10, 10, 5]
    entry = client.taken[0]
    assert (entry["Source"], entry["DetailType"], entry["Time"]) == ("froe", "Froe File Settled", WHEN)


def test_a_request_stays_below_what_eventbridge_takes() -> None:
    client = Client()
    EventBridge(client).emit(events(*"abcdef", size=50_000), in_time())
    sizes = [sum(len(each["Detail"].encode()) for each in request) for request in client.requests]
    assert len(client.taken) == 6
    assert max(sizes) < 256 * 1024


def test_only_what_was_not_taken_is_put_again() -> None:
    client = Client({"b": ["ThrottlingException", "InternalFailure"]})
    assert EventBridge(client).emit(events(*"abc"), in_time()) == {}
    assert [len(each) for each in client.requests] == [3, 1, 1]


def test_what_is_refused_for_good_is_not_put_again_and_keeps_no_other_back() -> None:
    client = Client({"a": ["MalformedDetail"], "b": ["ThrottlingException"] * 99})
    failures = EventBridge(client).emit(events(*"abc"), in_time())
    assert {name: type(each) for name, each in failures.items()} == {
        "a-1": PermanentError,
        "b-1": ThrottledError,
    }
    assert "MalformedDetail" in failures["a-1"].reason
    assert len(client.requests) == 6


def test_a_bus_that_is_forbidden_is_for_another_time() -> None:
    failures = EventBridge(Client(error="AccessDeniedException")).emit(events("a"), in_time())
    assert isinstance(failures["a-1"], AccessDeniedError)


def test_nothing_is_begun_without_time() -> None:
    client = Client()
    failures = EventBridge(client).emit(events("a"), in_time(0))
    assert isinstance(failures["a-1"], OutOfTimeError)
    assert client.requests == []
