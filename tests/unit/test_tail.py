"""tail gives each record once and in order, however batches are written, and survives throttling."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner, Result

from chalicelib.core.errors import ThrottledError
from chalicelib.status import Status
from froe import cli, inquiry
from froe.commands import tail
from froe.following import Follower, NewFiles
from froe.target import Target
from tests.fakes import Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout
from tests.unit.test_deliveries import deliver
from tests.unit.test_status import LINES, ingested

TEXT = "\n".join(LINES).encode()
BODIES = [f"event {number}" for number in range(300)]


def cut_only() -> tuple[Pipeline, Status, str]:
    """A file that is cut, of which no batch is written."""
    pipeline, status, file_id = ingested(TEXT, deliver=False)
    while pipeline.split_queue.messages:
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    return pipeline, status, file_id


class Throttled:
    """A status of which every seventh question is refused."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self.questions = 0

    def __getattr__(self, name: str) -> Any:
        def ask(*arguments: Any, **options: Any) -> Any:
            self.questions += 1
            if self.questions % 7 == 0:
                raise ThrottledError("reading: slow down")
            return getattr(self._status, name)(*arguments, **options)

        return ask


@pytest.mark.parametrize("seed", range(5))
def test_each_record_comes_once_and_in_order_whatever_order_its_batches_come_in(seed: int) -> None:
    pipeline, real, file_id = cut_only()
    status: Any = Throttled(real)
    chance = random.Random(seed)
    messages = [message.body for message in pipeline.batch_queue.messages]
    chance.shuffle(messages)
    follower = Follower(status, real.file(file_id), {})
    bodies: list[str] = []
    while not follower.is_done:
        for _ in range(chance.randrange(4)):
            if messages:
                deliver(pipeline, messages.pop())
        try:
            bodies.extend(record["body"] for record in follower.written())
        except ThrottledError:
            continue

    assert bodies == BODIES


def test_a_poll_looks_no_further_than_what_is_written() -> None:
    pipeline, status, file_id = cut_only()
    reader: Any = status._pages._records  # counts the questions
    follower = Follower(status, status.file(file_id), {})
    before = reader.questions
    assert list(follower.written()) == []
    assert reader.questions == before
    deliver(pipeline, pipeline.batch_queue.messages[0].body)
    assert [record["body"] for record in follower.written()] == BODIES[:10]
    assert reader.questions <= before + 2


def test_the_last_records_come_first_and_nothing_twice() -> None:
    pipeline, status, file_id = cut_only()
    for message in pipeline.batch_queue.messages[:3]:
        deliver(pipeline, message.body)
    follower = Follower(status, status.file(file_id), {})

    assert [record["body"] for record in follower.last(4)] == BODIES[26:30]
    assert not follower.is_done
    for message in pipeline.batch_queue.messages[3:]:
        deliver(pipeline, message.body)
    assert [record["body"] for record in follower.written()] == BODIES[30:]
    assert follower.is_done


def test_files_that_arrive_are_followed_from_their_start_and_known_ones_from_now_on() -> None:
    pipeline, status, _ = cut_only()
    for message in pipeline.batch_queue.messages[:3]:
        deliver(pipeline, message.body)
    files = NewFiles(status, {})
    assert files.newest
    assert [record["body"] for record in files.newest.last(1)] == BODIES[29:30]

    pipeline.splitter.ingest(pipeline.objects.add("b.log", TEXT), in_time())
    while pipeline.split_queue.messages:
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    for message in pipeline.batch_queue.messages[3:]:
        deliver(pipeline, message.body)
    followed = [(file["key"], record["body"]) for _ in range(3) for file, record in files.written()]

    assert sorted(followed) == sorted(
        [("a.log", body) for body in BODIES[30:]] + [("b.log", body) for body in BODIES]
    )


def froe(monkeypatch: pytest.MonkeyPatch, status: Any, *arguments: str) -> Result:
    monkeypatch.setattr(tail, "find_target", lambda stage=None: Target({}, "us-east-1"))
    monkeypatch.setattr(tail, "status_of", lambda target: status)
    monkeypatch.setattr(inquiry, "POLL_SECONDS", 0)
    return CliRunner().invoke(cli.main, ["tail", *arguments])


class TestCommand:
    def test_a_file_is_followed_until_it_is_settled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline, status, file_id = cut_only()
        messages = [message.body for message in pipeline.batch_queue.messages]
        monkeypatch.setattr("time.sleep", lambda _: deliver(pipeline, messages.pop(0)) if messages else None)

        result = froe(monkeypatch, Throttled(status), file_id[:6], "--json", "--where", "body~event 1")

        assert result.exit_code == 0, result.output
        bodies = [json.loads(line)["body"] for line in result.stdout.splitlines()]
        assert bodies == [body for body in BODIES if body.startswith("event 1")]
        assert result.stderr.endswith("is COMPLETE\n")
        assert "slow down; asked again" in result.stderr

    def test_whatever_arrives_is_followed_until_ctrl_c(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline, status, _ = cut_only()
        messages = [message.body for message in pipeline.batch_queue.messages[:2]]

        def sleep(_: float) -> None:
            if not messages:
                raise KeyboardInterrupt
            deliver(pipeline, messages.pop(0))

        monkeypatch.setattr("time.sleep", sleep)
        result = froe(monkeypatch, status, "--severity", "ERROR")

        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0].startswith("==> a.log (")
        assert [line.split()[1:] for line in lines[1:]] == [["error", "event", "0"], ["error", "event", "10"]]
        assert "\x1b" not in result.output

    def test_a_condition_that_is_none_is_wrong_use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, None, "--where", "a b=c")

        assert result.exit_code == 2
        assert "give FIELD=VALUE" in result.stderr
