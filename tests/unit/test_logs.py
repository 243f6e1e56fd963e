"""Each log line is one JSON object: the event and its identifiers, and of a bug its place, never its words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import logs
from chalicelib.core.errors import TransientError

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    logs.begin("")


def logged(event: str, **fields: Any) -> dict[str, Any]:
    """What is written of an event; it is one line."""
    record = logging.makeLogRecord({"msg": event, "levelname": "INFO", "funcName": "handle", **fields})
    line = logs.Formatter().format(record)
    assert "\n" not in line
    known: dict[str, Any] = json.loads(line)
    return known


def test_an_event_is_one_line_with_its_identifiers() -> None:
    event = logged("batch_done", file_id="f", items=3, odd=object)
    assert (event["message"], event["level"], event["file_id"], event["items"]) == (
        "batch_done",
        "INFO",
        "f",
        3,
    )
    assert "odd" in event
    assert event["timestamp"].endswith("+00:00")


def test_a_line_bears_the_ids_of_its_invocation_its_trace_and_its_message(monkeypatch: Any) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1")
    logs.begin("request-1")
    logs.about(message_id="m", file_id="f", batch_id="b")
    event = logged("message_failed")
    assert (event["function_request_id"], event["xray_trace_id"]) == ("request-1", TRACE)
    assert (event["message_id"], event["file_id"], event["batch_id"]) == ("m", "f", "b")
    logs.about(file_id="g")
    event = logged("split_sealed")
    assert (event["file_id"], event["function_request_id"]) == ("g", "request-1")
    assert not {"message_id", "batch_id"} & set(event), "of what came before nothing stays"
    logs.begin("request-2")
    assert "file_id" not in logged("swept")


def test_a_crash_shows_its_way_and_not_its_words() -> None:
    def parse() -> None:
        try:
            int("secret of a line")
        except ValueError as error:
            raise KeyError("secret too") from error

    with pytest.raises(KeyError) as raised:
        parse()
    raised.value.add_note("a secret note")
    event = logged("message_crashed", exc_info=(KeyError, raised.value, raised.value.__traceback__))
    assert "secret" not in json.dumps(event)
    assert event["exception_name"] == "KeyError"
    crash, _, cause = event["exception"].partition(" < ")
    assert crash.startswith("KeyError at ")
    assert "parse (unit/test_logs.py:" in crash
    assert cause.startswith("ValueError at parse (unit/test_logs.py:")


def test_a_failure_of_ours_says_why() -> None:
    error = TransientError("the table is throttled")
    event = logged("message_failed", exc_info=(TransientError, error, None))
    assert event["exception"] == "TransientError: the table is throttled at no known place"
