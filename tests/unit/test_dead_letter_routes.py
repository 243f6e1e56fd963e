"""The routes about dead letters, as Chalice routes them: shapes, selections, and refusals in words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("chalice", reason="needs chalice: make setup")

from chalice.test import Client

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.wire.bodies import decode
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.delivery import Incoming
from chalicelib.pages import PAGE_MAX_BYTES
from chalicelib.status import Status
from tests.fakes import Pipeline, in_time
from tests.unit.test_dead_letter_office import LIMITS, add_dead, dead_letter, ids, with_dead, work

BY = {"by": "ann", "why": "a test file"}


class Api:
    """The deployed routes over a pipeline in memory."""

    def __init__(self, client: Client, pipeline: Pipeline) -> None:
        self.client = client
        self.pipeline = pipeline

    def get(self, path: str) -> tuple[int, Any]:
        answer = self.client.http.get(path)
        return answer.status_code, answer.json_body

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.http.post(
            path,
            headers={"Content-Type": "application/json"},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        return answer.status_code, answer.json_body


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    logger = logging.getLogger("froe")
    before = list(logger.handlers), logger.level, logger.propagate
    import app

    logger.handlers, logger.level, logger.propagate = before
    with Client(app.app) as client:

        def over(pipeline: Pipeline) -> Api:
            services = SimpleNamespace(
                dead_letter_office=pipeline.office,
                audit=pipeline.audit,
                letter_status=LetterStatus(pipeline.office, pipeline.ledger),
                status=Status(pipeline.ledger, None),
            )
            monkeypatch.setattr(app, "services", lambda: services)
            return Api(client, pipeline)

        yield over


@pytest.fixture
def api(serve: Any) -> Api:
    return serve(with_dead(12))


def test_the_list_has_what_is_known_of_each(api: Api) -> None:
    status, page = api.get("/dead-letters?limit=1")
    assert status == 200
    (letter,) = page["items"]
    (file_id,) = api.pipeline.table.files
    assert letter == {
        "dead_letter_id": "dead-011",
        "kind": "batch",
        "state": "dead",
        "code": "resource-missing",
        "reason": "the table is gone (11)",
        "receives": 9,
        "died_at": "2026-03-01T12:00:11Z",
        "file_id": file_id,
        "bucket": "logs",
        "key": "a.log",
        "split": 0,
        "batch_id": f"{file_id}-000000-000011",
        "offset": 308,
        "entries": 1,
        "lines": 1,
        "bytes": 28,
        "trace": None,
        "redrives": 0,
        "changed_at": None,
        "by": None,
        "why": None,
        "written_to": [],
        "redrivable": True,
    }


def test_the_list_goes_on_with_its_cursor_and_keeps_to_its_filters(api: Api) -> None:
    (file_id,) = api.pipeline.table.files
    for filters, expected in (
        ("", ids(*reversed(range(12)))),
        ("&reason=crashed", ids(10, 8, 6, 4, 2, 0)),
        (f"&file={file_id}&state=all", ids(*range(12))),
        ("&from=2026-03-01T12:00:03Z&to=2026-03-01T13:00:05%2B01:00", ids(4, 3)),
        ("&state=redriven", []),
    ):
        letters, cursor = [], ""
        while True:
            status, page = api.get(f"/dead-letters?limit=5{filters}{cursor}")
            assert status == 200
            letters += [letter["dead_letter_id"] for letter in page["items"]]
            if page["cursor"] is None:
                break
            cursor = f"&cursor={page['cursor'].replace('#', '%23').replace('+', '%2B')}"
        assert letters == expected


def test_a_letter_shows_its_attempts_and_its_lines_with_their_numbers(serve: Any) -> None:
    pipeline = Pipeline(Limits(batch_max_lines=3, batch_max_bytes=1200, entry_max_bytes=1100, split_bytes=90))
    text = b"".join(b"line %02d of a text\r\n" % number for number in range(12)) + b"caf\xe9 \xff"
    pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    while pipeline.split_queue.messages:
        pipeline.splitter.cut(decode(pipeline.split_queue.messages.pop(0).body), in_time())
    body = pipeline.batch_queue.messages[-1].body
    pipeline.failures.note(Incoming("m", "r", body, 1), ValueError("no"))
    pipeline.dead_letter_consumer.take(Incoming("m", "r", body, 2, "arn:aws:sqs:eu-west-1:1:batch"))
    api = serve(pipeline)
    _, letter = api.get("/dead-letters/m?lines=2")
    assert letter["source"] == "arn:aws:sqs:eu-west-1:1:batch"
    assert letter["attempts"] == [
        {"number": 1, "at": "2026-03-01T12:00:00+00:00", "code": "crashed", "reason": "ValueError"}
    ]
    assert letter["first_line"] is None, "the batches before it are not marked yet"
    while pipeline.batch_queue.messages:
        pipeline.worker.handle(pipeline.batch_queue.messages.pop(0).body, in_time())
    _, letter = api.get("/dead-letters/m")
    lines = text.split(b"\n")
    assert letter["state"] == "resolved"
    assert not letter["redrivable"]
    assert letter["more_lines"] == 0
    first = letter["first_line"]
    assert letter["offset"] == len(b"\n".join(lines[: first - 1])) + 1
    assert [line["line"] for line in letter["text"]] == list(range(first, first + letter["lines"]))
    assert first > 1
    for line in letter["text"]:
        raw = lines[line["line"] - 1]
        assert text[line["offset"] :].startswith(raw)
        assert line["text"] == raw.removesuffix(b"\r").decode(errors="replace")


def test_of_a_long_batch_the_first_lines_are_shown_and_the_others_counted(serve: Any) -> None:
    pipeline = Pipeline(
        Limits(batch_max_lines=9, batch_max_bytes=2000, entry_max_bytes=1100, split_bytes=9000)
    )
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\n" * 9), in_time())
    dead_letter(pipeline, pipeline.batch_queue.messages.pop().body, "m")
    _, letter = serve(pipeline).get("/dead-letters/m?lines=2")
    assert letter["text"] == [
        {"offset": 0, "line": 1, "text": "x"},
        {"offset": 2, "line": 2, "text": "x"},
    ]
    assert letter["more_lines"] == 7


def test_lines_are_as_many_as_an_answer_has_room_for(serve: Any) -> None:
    """In JSON a byte that is not UTF-8 has six."""
    pipeline = Pipeline(Limits())
    text = (b"\xff" * 7000 + b"\n") * 100
    pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    dead_letter(pipeline, pipeline.batch_queue.messages.pop().body, "m")
    _, letter = serve(pipeline).get("/dead-letters/m?lines=1000")
    assert len(json.dumps(letter)) <= PAGE_MAX_BYTES + 10_000
    assert len(letter["text"]) + letter["more_lines"] == letter["lines"]
    assert letter["more_lines"] > 0


def test_of_an_entry_over_its_limit_the_head_is_shown_as_one(serve: Any) -> None:
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b"y" * 50_000 + b"\n"), in_time())
    dead_letter(pipeline, pipeline.batch_queue.messages.pop().body, "m")
    _, letter = serve(pipeline).get("/dead-letters/m")
    (line,) = letter["text"]
    assert line["cut"] is True
    assert 0 < len(line["text"]) < letter["bytes"] == 50_001


@pytest.mark.parametrize(("body", "kind"), [('{"v":9}', "unknown"), ("x" * 30_000, "unknown")])
def test_what_is_no_batch_is_shown_as_it_is(serve: Any, body: str, kind: str) -> None:
    pipeline = Pipeline(LIMITS)
    dead_letter(pipeline, body, "m")
    _, letter = serve(pipeline).get("/dead-letters/m")
    assert (letter["kind"], letter["redrivable"], letter["file_id"]) == (kind, False, None)
    assert letter["body"] == body[:10_000]
    assert letter["more_characters"] == max(0, len(body) - 10_000)
    assert "text" not in letter


def test_one_is_redriven_by_its_id_and_all_by_what_they_share(api: Api) -> None:
    nothing = {"resolved": 0, "refused": 0, "refusals": [], "cursor": None}
    assert api.post("/dead-letters/dead-000/redrive") == (200, nothing | {"redriven": 1})
    assert len(api.pipeline.batch_queue.messages) == 1
    work(api.pipeline)
    named = {"ids": ids(0, 1, 1)}
    assert api.post("/dead-letters/redrive", named) == (200, nothing | {"redriven": 1, "resolved": 1})
    (file_id,) = api.pipeline.table.files
    assert api.post("/dead-letters/redrive", {"file": file_id, "reason": "crashed"})[1]["redriven"] == 5
    assert api.post("/dead-letters/redrive", {"all": True, "per_second": 1000})[1]["redriven"] == 5
    assert api.post("/dead-letters/redrive", {"all": True})[1]["redriven"] == 0


def test_one_is_discarded_by_its_id_and_all_by_what_they_share(api: Api) -> None:
    assert api.post("/dead-letters/dead-000/discard", BY)[1]["discarded"] == 1
    assert api.post("/dead-letters/discard", {"reason": "GONE"} | BY)[1]["discarded"] == 11
    (file,) = api.pipeline.table.files.values()
    assert file.account.state == "COMPLETE"
    _, letter = api.get("/dead-letters/dead-000")
    assert (letter["state"], letter["by"], letter["why"]) == ("discarded", "ann", "a test file")


def test_bounds_and_files_narrow_what_is_dealt_with(api: Api) -> None:
    add_dead(api.pipeline, 2, "b.log")
    (file_id, other) = api.pipeline.table.files
    early = {"file": file_id, "to": "2026-03-01T12:00:02Z"}
    assert api.post("/dead-letters/redrive", early)[1]["redriven"] == 2
    assert (
        api.post("/dead-letters/redrive", {"all": True, "from": "2026-03-01T12:00:11Z"})[1]["redriven"] == 3
    )
    assert api.post("/dead-letters/redrive", {"file": other})[1]["redriven"] == 0


def test_a_single_letter_that_is_refused_is_a_conflict_and_of_many_it_is_one_refusal(api: Api) -> None:
    api.post("/dead-letters/dead-000/discard", BY)
    for path, body in (("redrive", None), ("discard", BY)):
        status, answer = api.post(f"/dead-letters/dead-000/{path}", body)
        assert (status, answer["Code"]) == (409, "ConflictError")
        assert "ann has discarded it: a test file" in answer["Message"]
    status, answer = api.post("/dead-letters/redrive", {"ids": ["dead-000", "nope"]})
    assert (status, answer["refused"]) == (200, 2)
    assert [refusal["dead_letter_id"] for refusal in answer["refusals"]] == ["nope", "dead-000"]


@pytest.mark.parametrize("letter_id", ["nope", "x" * 101, "a%2Fb", "caf%C3%A9", "dead-000."])
def test_an_id_that_nobody_knows_is_not_found(api: Api, letter_id: str) -> None:
    assert api.get(f"/dead-letters/{letter_id}")[0] == 404
    assert api.post(f"/dead-letters/{letter_id}/redrive")[0] == 404
    assert api.post(f"/dead-letters/{letter_id}/discard", BY)[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("redrive", {}, "nothing is selected"),
        ("redrive", None, "nothing is selected"),
        ("redrive", {"from": "2026-01-01"}, "nothing is selected"),
        ("redrive", {"ids": []}, "nothing is selected"),
        ("redrive", {"all": False}, "nothing is selected"),
        ("redrive", [], "must be a JSON object"),
        ("redrive", {"id": "x"}, "unknown field 'id'"),
        ("redrive", {"ids": ["a"], "file": "x"}, "cannot be combined"),
        ("redrive", {"ids": ["a"], "all": True}, "cannot be combined"),
        ("redrive", {"all": True, "reason": "x"}, "cannot be combined"),
        ("redrive", {"ids": "a"}, "ids is 'a'"),
        ("redrive", {"ids": [1]}, "ids is [1]"),
        ("redrive", {"ids": [str(n) for n in range(1001)]}, "at most 1000"),
        ("redrive", {"all": 1}, "all is 1"),
        ("redrive", {"file": 7}, "file is 7"),
        ("redrive", {"file": "a b"}, "file is 'a b'"),
        ("redrive", {"reason": "\ud800"}, "reason is"),
        ("redrive", {"all": True, "per_second": 0}, "per_second is 0"),
        ("redrive", {"all": True, "per_second": True}, "per_second is True"),
        ("redrive", {"all": True, "per_second": "5"}, "per_second is '5'"),
        ("redrive", {"all": True, "cursor": "a b"}, "cursor is 'a b'"),
        ("redrive", {"ids": ["a"], "cursor": "a"}, "cursor is 'a'"),
        ("redrive", {"all": True, "from": "yesterday"}, "from is 'yesterday'"),
        ("redrive", {"all": True, "by": "ann"}, "unknown field 'by'"),
        ("discard", {"all": True, "why": "x"}, "by is ''"),
        ("discard", {"all": True, "by": "ann", "why": " \n"}, "why is ''"),
        ("discard", {"all": True, "by": "x" * 101, "why": "x"}, "by is 'xxx"),
        ("discard", {"all": True, "by": ["ann"], "why": "x"}, "by is ['ann']"),
        ("discard", {"all": True, "per_second": 5} | BY, "unknown field 'per_second'"),
        ("dead-000/discard", {"by": "ann"}, "why is ''"),
        ("dead-000/discard", None, "by is ''"),
    ],
)
def test_a_wrong_request_names_what_is_wrong_and_the_remedy(
    api: Api, path: str, body: Any, message: str
) -> None:
    status, answer = api.post(f"/dead-letters/{path}", body)
    assert (status, answer["Code"]) == (400, "BadRequestError")
    assert message in answer["Message"]
    assert api.pipeline.batch_queue.messages == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("state=gone", "give one of dead, redriven, discarded, resolved, all"),
        ("limit=0", "limit is 0"),
        ("limit=%E0%A5%A7", "limit is '१'"),
        ("limit=x", "limit is 'x'"),
        ("file=A", "file is 'A'"),
        ("cursor=%20", "cursor is ' '"),
        ("from=x", "from is 'x'"),
        ("key=a", "unknown parameter 'key'"),
    ],
)
def test_a_wrong_question_names_what_is_wrong_and_the_remedy(api: Api, query: str, message: str) -> None:
    status, answer = api.get(f"/dead-letters?{query}")
    assert status == 400
    assert message in answer["Message"]


@pytest.mark.parametrize("lines", ["0", "1001", "x", "99999"])
def test_lines_have_bounds(api: Api, lines: str) -> None:
    assert api.get(f"/dead-letters/dead-000?lines={lines}")[0] == 400


def test_the_batches_of_a_file_can_be_those_of_one_state(api: Api) -> None:
    (file_id,) = api.pipeline.table.files
    api.post("/dead-letters/dead-003/redrive")
    work(api.pipeline)
    api.post("/dead-letters/dead-004/discard", BY)
    expected = {"done": [3], "discarded": [4], "pending": [], "FAILED": [0, 1, 2, *range(5, 12)]}
    for state, numbers in expected.items():
        batches, cursor = [], ""
        while True:
            page = api.get(f"/files/{file_id}/batches?state={state}&limit=4{cursor}")[1]
            batches += [batch["batch"] for batch in page["items"]]
            if page["cursor"] is None:
                break
            cursor = f"&cursor={page['cursor']}"
        assert batches == numbers
    status, answer = api.get(f"/files/{file_id}/batches?state=dead")
    assert (status, answer["Message"]) == (
        400,
        "state is 'dead': give one of pending, failed, discarded, done",
    )
