"""A file's waterfall from its recorded documents: who did what for which batch, when, and after what wait."""

from __future__ import annotations

from typing import Any

import click
import pytest

from chalicelib.waterfalls import Waterfall, for_programs, waterfall_of
from froe.waterfall import lines_of

FILE = "f" * 26
OPENED = "1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa"
DRAWN = """\
2 batches, 3 invocations, 300.0 ms from the first stage to the last
origin 1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa

splitter  1-66f00000-aaaaaaaaaaaaaaaaaaaaaaaa
  000000-000000 read                 8.0 ▏█                            ▕
                send                 2.0 ▏ █                           ▕
  000000-000001 read                 8.0 ▏ █                           ▕
                send                 2.0 ▏  █                          ▕
  000000-000002 read                 0.0 ▏  █                          ▕
                send                 5.0 ▏  █                          ▕
                seal                 4.0 ▏  █                          ▕

↳ worker  1-b-1
  000000-000000 in the queue       100.0 ▏ ░░░░░░░░░░                  ▕
                parse               20.0 ▏           ██                ▕
                write               70.0 ▏             ██████          ▕
                  2 threads         59.0 ▏             ▒▒▒▒▒           ▕
                mark                10.0 ▏                   █         ▕

↳ worker  1-b-0
  000000-000001 in the queue       180.0 ▏  ░░░░░░░░░░░░░░░░░          ▕
                parse               20.0 ▏                   ██        ▕
                write               70.0 ▏                     ███████ ▕
                  2 threads         59.0 ▏                     ▒▒▒▒▒▒  ▕
                mark                10.0 ▏                            █▕"""


def batch(number: int) -> str:
    return f"{FILE}-000000-{number:06d}"


class Recording:
    """Documents as the SDK sends them; times are in milliseconds after the first of them."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(
        self,
        trace: str,
        function: str,
        name: str,
        start: int,
        end: int,
        number: int | None = None,
        **more: Any,
    ) -> str:
        about = {"file_id": FILE, "format": "json", "function": function}
        if number is not None:
            about["batch_id"] = batch(number)
        if function == "worker":
            about["origin_trace"] = OPENED
        identity = f"{len(self.documents):016x}"
        self.documents.append(
            {
                "id": identity,
                "name": name,
                "trace_id": trace,
                "parent_id": "invocation",
                "start_time": 1000 + start / 1000,
                "end_time": 1000 + end / 1000,
                "annotations": about,
                **more,
            }
        )
        return identity

    def split(self, *, batches: int = 2) -> None:
        for number in range(batches):
            self.add(OPENED, "splitter", "read", 10 * number, 10 * number + 8, number)
            self.add(OPENED, "splitter", "send", 10 * number + 8, 10 * number + 10, number)
        self.add(OPENED, "splitter", "read", 10 * batches, 10 * batches, batches)
        self.add(OPENED, "splitter", "send", 10 * batches, 10 * batches + 5)
        self.add(OPENED, "splitter", "seal", 10 * batches + 5, 10 * batches + 9)

    def work(self, trace: str, number: int, start: int, **written: Any) -> None:
        self.add(trace, "worker", "parse", start, start + 20, number)
        write = self.add(trace, "worker", "write", start + 20, start + 90, number, **written)
        for thread in range(2):
            counts = {"metadata": {"default": {"items": 50, "requests": 2}}}
            self.add(
                trace,
                "worker",
                "write-thread",
                start + 21 + thread,
                start + 80,
                number,
                parent_id=write,
                **counts,
            )
        if not written:
            self.add(trace, "worker", "mark", start + 90, start + 100, number)

    def waterfall(self) -> Waterfall:
        of_file = waterfall_of(FILE, self.documents)
        assert of_file is not None
        return of_file


@pytest.fixture
def recording() -> Recording:
    recording = Recording()
    recording.split()
    recording.work("1-b-0", 1, 200)
    recording.work("1-b-1", 0, 110)
    return recording


def drawn(whole: Waterfall, *, limit: int = 0, origin: str | None = OPENED, width: int = 72) -> list[str]:
    return [click.unstyle(line) for line in lines_of(whole, whole.first(limit), origin, width)]


def test_the_waterfall_is_drawn_on_one_axis(recording: Recording) -> None:
    assert "\n".join(line.rstrip() for line in drawn(recording.waterfall())) == DRAWN


def test_documents_may_come_in_any_order(recording: Recording) -> None:
    expected = recording.waterfall()
    recording.documents.reverse()
    assert recording.waterfall() == expected


def test_documents_of_other_files_and_unfinished_ones_are_left_out(recording: Recording) -> None:
    expected = recording.waterfall()
    other, unfinished = dict(recording.documents[0]), dict(recording.documents[1])
    other |= {"id": "o", "annotations": {"file_id": f"{FILE}~1"}}
    unfinished |= {"id": "u"}
    del unfinished["end_time"]
    recording.documents += [other, unfinished, {"id": "x", "trace_id": "t", "name": "n", "start_time": 1}]
    assert recording.waterfall() == expected


def test_a_file_without_documents_has_no_waterfall() -> None:
    assert waterfall_of(FILE, []) is None


def test_only_the_first_batches_are_drawn_and_the_rest_is_counted() -> None:
    recording = Recording()
    recording.split(batches=5)
    for number in range(5):
        recording.work(f"1-b-{number}", number, 100 + 100 * number)
    whole = recording.waterfall()
    lines = drawn(whole, limit=2)
    assert lines[0].startswith("5 batches, 6 invocations, 600.0 ms")
    assert [line for line in lines if "worker" in line] == ["↳ worker  1-b-0", "↳ worker  1-b-1"]
    assert not [line for line in lines if "000000-000003" in line]
    assert lines[-1] == "… and 3 more batches: --limit 0 shows all."
    assert whole.first(0) == whole.first(5) == whole.first(6) == whole


def test_a_batch_that_nobody_handled_yet_is_counted(recording: Recording) -> None:
    recording.documents = [one for one in recording.documents if one["trace_id"] != "1-b-0"]
    assert drawn(recording.waterfall())[-1].startswith("Of 1 batch there is no trace of a worker")


def test_a_fault_is_marked_with_what_was_raised() -> None:
    recording = Recording()
    recording.split(batches=1)
    thrown = {"id": "e1", "type": "TransientError", "message": "the table\x1b[2J is gone"}
    recording.work("1-b-0", 0, 100, fault=True, cause="e1")
    for thread in recording.documents[-2:]:
        thread |= {"fault": True, "cause": {"exceptions": [thrown]}}
    recording.work("1-b-1", 0, 400)
    lines = drawn(recording.waterfall())
    assert [line[:30].rstrip() for line in lines if "✗" in line] == [
        "                write ✗",
        "                  2 threads ✗",
        f"{'':<16}✗ TransientErr",
    ]
    assert any(r"✗ TransientError: the table\x1b[2J is gone" in line for line in lines)
    first, second = (
        stage.waited_seconds
        for one in recording.waterfall().invocations
        for stage in one.stages
        if stage.name == "parse"
    )
    assert (round(first, 3), round(second, 3)) == (0.09, 0.39), "each receive waited since the batch was sent"


def test_an_invocation_of_another_origin_says_so(recording: Recording) -> None:
    lines = drawn(recording.waterfall(), origin=None)
    assert f"worker  1-b-1  from {OPENED}" in lines
    assert "origin not traced" in lines


def test_programs_get_every_thread_and_the_waits(recording: Recording) -> None:
    whole = recording.waterfall()
    document = for_programs(whole, whole.first(1))
    assert (document["file_id"], document["begun"], document["duration_ms"]) == (FILE, 1000.0, 300.0)
    assert (document["batches"], document["more_batches"]) == ([batch(0)], 1)
    splitter, worker = document["invocations"]
    assert (splitter["trace"], splitter["origin_trace"]) == (OPENED, None)
    assert (worker["trace"], worker["function"], worker["origin_trace"]) == ("1-b-1", "worker", OPENED)
    parse, write, mark = worker["stages"]
    assert parse == {
        "name": "parse",
        "batch_id": batch(0),
        "start_ms": 110.0,
        "duration_ms": 20.0,
        "fault": None,
        "waited_ms": 100.0,
    }
    assert [(one["items"], one["requests"]) for one in write["threads"]] == [(50, 2), (50, 2)]
    assert mark["duration_ms"] == 10.0


def test_everything_at_one_moment_can_be_drawn() -> None:
    recording = Recording()
    recording.add(OPENED, "splitter", "seal", 0, 0)
    assert drawn(recording.waterfall(), width=10)[-1].endswith("▏█         ▕")
