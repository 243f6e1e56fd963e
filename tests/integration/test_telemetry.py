"""What the deployed functions write to CloudWatch: their events, valid metrics, and no line of a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.metrics import METRICS
from froe.local import LocalStack
from tests.emf import documents_in
from tests.integration.support import upload_and_settle, wait_for

MARKER = "hunter2-the-secret-of-a-line"
LINES = b'{"time": "2026-03-01T10:00:00Z", "level": "info", "message": "%s"}\n' % MARKER.encode() * 6_000
FUNCTIONS = ("splitter", "queued_splitter", "worker", "notifier")


def test_a_file_leaves_its_events_and_metrics_and_none_of_its_lines(stack: LocalStack) -> None:
    file = upload_and_settle(stack, "telemetry/a.jsonl", LINES + b"{broken " + MARKER.encode() + b"\n")
    file_id = file["file_id"]

    def complete_events() -> dict[str, list[dict[str, Any]]] | None:
        """The file's events by their names, once the last one is there; of a batch that came twice, the later ones."""
        latest = {}
        for line in lines_of(stack):
            event = json.loads(line)
            if event.get("file_id") == file_id:
                latest[event["message"], event.get("batch_id")] = event
        events: dict[str, list[dict[str, Any]]] = {}
        for event in latest.values():
            events.setdefault(event["message"], []).append(event)
        return events if "notice_sent" in events and len(events.get("batch_done", ())) == 2 else None

    events = wait_for(complete_events, "the events of the file")
    assert sum(event["parsed"] for event in events["batch_done"]) == file["parsed"]["entries"] == 6_000
    assert sum(sum(event["reasons"].values()) for event in events["batch_done"]) == 1
    assert {event["message"] for (event, *_) in events.values()} >= {"file_opened", "split_sealed"}
    assert all(event["function_request_id"] and event["level"] == "INFO" for event in events["batch_done"])

    documents = documents_in(lines_of(stack))
    measured = {name for document in documents for name in document.units}
    assert {"Lines", "RecordsParsed", "WriteUnits", "StepSeconds", "FilesSettled", "FileSeconds"} <= measured
    for document in documents:
        assert (document.namespace, document.dimensions["stage"]) == ("Froe", "local")
        for name, unit in document.units.items():
            assert (unit, tuple(document.dimensions)) == METRICS[name]
    units = sum(sum(document.values.get("WriteUnits", ())) for document in documents)
    assert units >= 6_001, "the table says what each item costs"
    assert MARKER not in "\n".join(logged(stack))


def lines_of(stack: LocalStack) -> list[str]:
    """The JSON lines among what the functions logged."""
    return [line for line in logged(stack) if line.startswith("{")]


def logged(stack: LocalStack) -> list[str]:
    logs = stack.client("logs")
    groups = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    return [
        line
        for function in FUNCTIONS
        if (group := f"/aws/lambda/froe-local-{function}") in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
        for line in event["message"].splitlines()
    ]
