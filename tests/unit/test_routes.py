"""The routes as Chalice routes them: what a request must look like, and what every refusal says."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

from chalice.app import ChaliceViewError
from chalice.test import Client

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.core.records.segments import SegmentError
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.routes import refusals
from chalicelib.status import Status
from tests.fakes import BUCKET, Pipeline, in_time
from tests.unit.test_deliveries import deliver

LIMITS = Limits(batch_max_lines=10, batch_max_bytes=2000, entry_max_bytes=400, split_bytes=3000)


class Newest:
    """The objects of a pipeline, asked for without a version, as a request names them."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._objects = pipeline.objects

    def head(self, announced: Any) -> Any:
        from dataclasses import replace

        return self._objects.head(replace(announced, version_id="v1"))


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(LIMITS)


@pytest.fixture
def client(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    logger = logging.getLogger("froe")
    before = list(logger.handlers), logger.level, logger.propagate
    import app

    logger.handlers, logger.level, logger.propagate = before
    services = SimpleNamespace(
        dead_letter_office=pipeline.office,
        letter_status=LetterStatus(pipeline.office, pipeline.ledger),
        status=Status(pipeline.ledger, None),  # type: ignore[arg-type]
        settings=SimpleNamespace(
            input_bucket=BUCKET,
            input_keys=KeyPatterns("!*.csv"),
            other_inputs={"eu-logs": KeyPatterns("a*", "INPUT_BUCKETS")},
        ),
        objects=Newest(pipeline),
        split_queue=pipeline.split_queue,
        audit=pipeline.audit,
        reprocessing=pipeline.reprocessing,
    )
    monkeypatch.setattr(app, "services", lambda: services)
    with Client(app.app) as client:
        yield client


@pytest.fixture
def post(client: Client) -> Any:
    def send(path: str, body: Any) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = client.http.post(path, headers={"Content-Type": "application/json"}, body=raw)
        return answer.status_code, answer.json_body

    return send


@pytest.fixture
def get(client: Client) -> Any:
    def ask(path: str, **headers: str) -> Any:
        return client.http.get(path, headers=headers)

    return ask


def test_records_that_cannot_be_read_are_an_error_that_says_so() -> None:
    with pytest.raises(ChaliceViewError, match="the segment of file x") as caught, refusals():
        raise SegmentError("the segment of file x cannot be unpacked")
    assert caught.value.STATUS_CODE == 500


def test_a_new_object_is_accepted_and_a_known_file_is_shown_as_it_stands(
    post: Any, pipeline: Pipeline
) -> None:
    pipeline.objects.add("a.log", b'{"msg":"x"}\n')
    asked = {"bucket": BUCKET, "key": "a.log"}
    status, accepted = post("/files", asked)
    assert (status, len(pipeline.split_queue.messages)) == (202, 1)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b'{"msg":"x"}\n'), in_time())
    pipeline.split_queue.messages.clear()
    status, file = post("/files", asked)
    assert (status, file["file_id"], file["state"]) == (200, accepted["file_id"], "PROCESSING")
    while pipeline.batch_queue.messages:
        deliver(pipeline, pipeline.batch_queue.messages.pop(0).body)
    status, file = post("/files", asked)
    assert (status, file["state"], file["parsed"]["lines"]) == (200, "COMPLETE", 1)
    assert not pipeline.split_queue.messages


def test_a_file_is_read_again_once_at_a_time_and_who_asked_is_written_down(
    post: Any, pipeline: Pipeline
) -> None:
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b'{"msg":"x"}\n'), in_time())
    path = f"/files/{file_id}/reprocess"
    status, answer = post(path, {})
    assert (status, "is PROCESSING: wait until it is settled" in answer["Message"]) == (409, True)
    while pipeline.batch_queue.messages:
        deliver(pipeline, pipeline.batch_queue.messages.pop(0).body)
    pipeline.split_queue.messages.clear()
    status, file = post(path, {"force": True})
    assert (status, file["generation"], file["next_generation"]) == (202, 0, 1)
    assert len(pipeline.split_queue.messages) == 1
    status, answer = post(path, {})
    assert (status, "is already being read again" in answer["Message"]) == (409, True)
    assert [deed.result for deed in pipeline.trail.stored.values()][1] == {"generation": 1}
    assert post(f"/files/{'a' * 26}/reprocess", {})[0] == 404
    assert post(path, {"force": "yes"})[0] == 400
    assert post(path, {"why": "so"})[0] == 400
    del pipeline.objects.stored["a.log", "v1"]
    pipeline.reprocessing.give_up(file_id, "by hand")
    status, answer = post(path, {})
    assert (status, "is gone: what is stored of it stays" in answer["Message"]) == (409, True)


def test_a_key_that_is_no_log_is_refused_with_the_setting_that_leaves_it_out(
    post: Any, pipeline: Pipeline
) -> None:
    pipeline.objects.add("customers.csv", b"name,iban\n")
    status, answer = post("/files", {"bucket": BUCKET, "key": "customers.csv"})
    assert status == 400
    assert "'customers.csv': the setting INPUT_KEYS (!*.csv) leaves it out" in answer["Message"]
    assert not pipeline.split_queue.messages


def test_each_input_bucket_takes_keys_of_its_own(post: Any, pipeline: Pipeline) -> None:
    pipeline.objects.add("a.log", b'{"msg":"x"}\n')
    pipeline.objects.add("b.log", b'{"msg":"x"}\n')
    status, file = post("/files", {"bucket": "eu-logs", "key": "a.log"})
    assert (status, file["bucket"]) == (202, "eu-logs")
    status, answer = post("/files", {"bucket": "eu-logs", "key": "b.log"})
    assert (status, "the setting INPUT_BUCKETS (a*) leaves it out" in answer["Message"]) == (400, True)
    status, answer = post("/files", {"bucket": "asia-logs", "key": "a.log"})
    assert status == 400
    assert f"only the input buckets eu-logs, {BUCKET} are read" in answer["Message"]


def test_a_key_that_ends_in_a_slash_is_refused_only_when_it_is_empty(post: Any, pipeline: Pipeline) -> None:
    pipeline.objects.add("dump/", b'{"msg":"x"}\n')
    pipeline.objects.add("folder/", b"")
    assert post("/files", {"bucket": BUCKET, "key": "dump/"})[0] == 202
    status, answer = post("/files", {"bucket": BUCKET, "key": "folder/"})
    assert (status, answer["Code"]) == (400, "BadRequestError")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"bucket":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"bucket":"b","key":' + b"9" * 5000 + b"}",
        b'{"bucket":"logs","key":"' + b"k" * 1025 + b'"}',
        b'{"bucket":"logs","key":"' + "é".encode() * 513 + b'"}',
        b'{"bucket":"logs","key":"\\ud800"}',
        b'{"bucket":"' + b"b" * 5_000_000 + b'","key":"k"}',
        b"",
        b"null",
        b'"x"',
        b"{",
        b"\xff",
    ],
)
@pytest.mark.parametrize("path", ["/files", "/dead-letters/redrive", "/dead-letters/discard"])
def test_a_body_that_cannot_be_meant_is_a_bad_request_in_one_sentence(
    post: Any, path: str, body: bytes
) -> None:
    status, answer = post(path, body)
    assert (status, answer["Code"]) == (400, "BadRequestError"), answer
    assert len(answer["Message"]) < 1000


def test_what_has_not_changed_is_told_without_its_body(pipeline: Pipeline, get: Any) -> None:
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b'{"msg":"x"}\n'), in_time())
    first = get("/files")
    tag = first.headers["ETag"]
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    assert (first.status_code, len(first.json_body["items"])) == (200, 1)
    for known in (tag, f'"other", W/{tag}', "*"):
        again = get("/files", **{"If-None-Match": known})
        assert (again.status_code, again.body, again.headers["ETag"]) == (304, b"", tag)
    while pipeline.batch_queue.messages:
        deliver(pipeline, pipeline.batch_queue.messages.pop(0).body)
    changed = get("/files", **{"If-None-Match": tag})
    assert (changed.status_code, changed.json_body["items"][0]["state"]) == (200, "COMPLETE")
    assert changed.headers["ETag"] != tag


def test_a_refusal_has_no_tag(get: Any) -> None:
    refused = get("/files?state=DONE", **{"If-None-Match": "*"})
    assert refused.status_code == 400
    assert "ETag" not in refused.headers
