"""Traces: what X-Ray has of a file as documents, in a bounded number of requests, and the waterfall that is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib import trace_status
from chalicelib.aws.clients import make_client
from chalicelib.aws.traces import XRayTraces
from chalicelib.core.errors import AccessDeniedError, TransientError
from chalicelib.pages import BadQueryError
from chalicelib.trace_status import Recorded, TraceStatus
from froe.local.trace_answers import TraceAnswers
from tests.fakes import WHEN

FILE = "6p6c2h6trpunwicftgvj6w2uw6"
BEGUN = WHEN.timestamp()


def stage(name: str, number: int, start: float, **more: Any) -> dict[str, Any]:
    annotations = {"file_id": FILE, "batch_id": f"{FILE}-000000-{number:06d}", "function": "froe-dev-worker"}
    times = {"start_time": BEGUN + start, "end_time": BEGUN + start + 1}
    return {"id": f"{name}{number}", "name": name, **times, "annotations": annotations, **more}


def segment(trace: int, *stages: dict[str, Any]) -> dict[str, Any]:
    """As Lambda's own segment holds the function's subsegments."""
    inside = {"id": f"invocation{trace}", "name": "Invocation", "subsegments": list(stages)}
    document = {"id": f"s{trace}", "name": "froe-dev-worker", "subsegments": [inside]}
    return {"Id": f"1-{trace}", "Segments": [{"Id": f"s{trace}", "Document": json.dumps(document)}]}


class Client:
    """An X-Ray client with these traces, so many of them on a page; calls: what it was asked."""

    def __init__(self, traces: list[dict[str, Any]], page: int = 100) -> None:
        self._traces, self._page = traces, page
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def get_trace_summaries(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(("list", asked))
        at = int(asked.get("NextToken", 0))
        listed = {"TraceSummaries": [{"Id": each["Id"]} for each in self._traces[at : at + self._page]]}
        return listed | ({"NextToken": str(at + self._page)} if at + self._page < len(self._traces) else {})

    def batch_get_traces(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(("get", asked))
        assert len(asked["TraceIds"]) <= 5
        return {"Traces": [each for each in self._traces if each["Id"] in asked["TraceIds"]]}


def read(client: Any, seconds: float = 60) -> Recorded:
    return XRayTraces(client).recorded(FILE, WHEN, WHEN + timedelta(seconds=seconds))


def test_documents_in_one_another_are_as_they_are_by_themselves() -> None:
    client = Client(
        [segment(1, stage("parse", 0, 2), stage("write", 0, 3, subsegments=[stage("write-thread", 1, 3)]))]
    )
    documents = {each["id"]: each for each in read(client).documents}
    assert documents["write-thread1"]["parent_id"] == "write0"
    assert documents["parse0"]["parent_id"] == "invocation1"
    assert {each["trace_id"] for each in documents.values()} == {"1-1"}
    asked = client.calls[0][1]
    assert asked["FilterExpression"] == f'annotation.file_id = "{FILE}"'
    assert asked["StartTime"] < WHEN < asked["EndTime"]


def test_very_many_traces_are_read_in_a_bounded_number_of_requests() -> None:
    client = Client([segment(number) for number in range(900)])
    assert not read(client).complete
    assert len(client.calls) <= 4 + 20
    few = Client([segment(number) for number in range(23)], page=10)
    trace = read(few)
    assert (trace.complete, len({each["trace_id"] for each in trace.documents})) == (True, 23)


def test_of_a_file_that_took_a_day_the_first_hours_are_read() -> None:
    client = Client([segment(1)])
    assert not read(client, seconds=86_400).complete
    asked = client.calls[0][1]
    assert asked["EndTime"] - asked["StartTime"] <= timedelta(hours=6)


def a_file(**fields: Any) -> dict[str, Any]:
    times = {"opened_at": "2026-03-01T12:00:00Z", "settled_at": "2026-03-01T12:00:09Z"}
    return {"file_id": FILE, "trace": "1-1", "trace_url": None, **times, **fields}


class Traces:
    def __init__(self, recorded: Recorded | None) -> None:
        self._recorded = recorded

    def recorded(self, *_: Any) -> Recorded:
        if self._recorded is None:
            raise AccessDeniedError("no")
        return self._recorded


def quoted(recorded: Recorded | None, batches: int = 20, **fields: Any) -> dict[str, Any]:
    return TraceStatus(lambda _: a_file(**fields), Traces(recorded), lambda: WHEN).waterfall(FILE, batches)


def test_the_waterfall_is_that_of_the_command_line() -> None:
    stages = [stage("send", 0, 0), stage("parse", 0, 5), stage("parse", 1, 7)]
    trace = read(Client([segment(1, *stages)]))
    answer = quoted(trace, batches=1)
    assert answer["complete"]
    waterfall = answer["waterfall"]
    assert (waterfall["duration_ms"], waterfall["more_batches"]) == (8000, 1)
    (one,) = waterfall["invocations"]
    assert [(each["name"], each["start_ms"], each.get("waited_ms")) for each in one["stages"]] == [
        ("send", 0, None),
        ("parse", 5000, 4000),
    ]


def test_a_waterfall_is_cut_to_what_an_answer_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = read(Client([segment(1, *(stage("parse", number, number + 1) for number in range(64)))]))
    whole = quoted(trace, batches=64)["waterfall"]
    assert whole["more_batches"] == 0
    monkeypatch.setattr(trace_status, "PAGE_MAX_BYTES", len(json.dumps(whole)) // 3)
    cut = quoted(trace, batches=64)["waterfall"]
    assert (len(cut["batches"]), cut["more_batches"]) == (16, 48)
    assert len(json.dumps(cut)) <= trace_status.PAGE_MAX_BYTES


def test_where_nothing_is_recorded_there_is_no_waterfall() -> None:
    assert quoted(Recorded([], True))["waterfall"] is None
    assert quoted(None, trace=None)["waterfall"] is None
    assert TraceStatus(lambda _: a_file(), None, lambda: WHEN).waterfall(FILE)["waterfall"] is None
    with pytest.raises(TransientError):
        quoted(None)
    with pytest.raises(BadQueryError, match="batches is 0: give a number from 1 to 1000"):
        quoted(Recorded([], True), batches=0)


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[TraceAnswers]:
    lines = [stage("parse", number, number, trace_id=f"1-{number}") for number in range(7)]
    others = [{**each, "annotations": {"file_id": "another"}, "id": f"o{each['id']}"} for each in lines]
    path = tmp_path / "traces.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in [*lines, *others]), encoding="utf-8")
    running = TraceAnswers(path)
    yield running
    running.stop()


def test_what_collects_traces_on_a_local_stack_answers_in_the_place_of_x_ray(
    answers: TraceAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_XRAY", answers.url)
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    trace = read(make_client("xray", session=boto3.session.Session(**keys)))
    assert trace.complete
    named = {each["id"] for each in trace.documents if each["annotations"]["file_id"] == FILE}
    assert named == {f"parse{number}" for number in range(7)}
    assert quoted(trace)["waterfall"]["duration_ms"] == 7000
