"""Each log line is one JSON object: the event and its identifiers."""

import json
import logging

from chalicelib.logs import JsonFormatter


def test_an_event_is_one_line_with_its_identifiers() -> None:
    record = logging.makeLogRecord(
        {"msg": "batch_done", "levelname": "INFO", "file_id": "f", "items": 3, "odd": object}
    )
    said = json.loads(JsonFormatter().format(record))
    assert (said["event"], said["level"], said["file_id"], said["items"]) == ("batch_done", "INFO", "f", 3)
    assert "odd" in said


def test_a_crash_carries_its_stack_on_the_same_line() -> None:
    error = ValueError("boom")
    record = logging.makeLogRecord({"msg": "message_crashed", "exc_info": (ValueError, error, None)})
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: boom" in json.loads(line)["stack"]
