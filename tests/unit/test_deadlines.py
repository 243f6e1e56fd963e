"""A worker looks at the time between entries and before each write: what it does not finish it hands back alive."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core.errors import OutOfTimeError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.wire.bodies import decode
from chalicelib.delivery import Deadline
from chalicelib.handlers import deadline_of
from chalicelib.worker import parsed
from tests.fakes import Pipeline, in_time
from tests.layouts import entries_in, layout, rows_in  # noqa: F401 - each of these holds in both layouts

LIMITS = Limits(batch_max_lines=100, batch_max_bytes=20_000, entry_max_bytes=400, split_bytes=1 << 20)


class Ticking(Deadline):
    """Has a second less each time that somebody looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def seconds_left(self) -> float:
        self.looks -= 1
        return float(self.looks)


def batch_of(lines: int) -> tuple[Pipeline, str]:
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b'{"msg":"x"}\n' * lines), in_time())
    return pipeline, pipeline.batch_queue.messages[0].body


def test_parsing_stops_between_two_entries_when_the_time_is_up() -> None:
    _, body = batch_of(50)
    message: Any = decode(body)
    actual = parsed(message, deadline=Ticking(100))
    of_table, of_sink = (
        [*entries_in(map(json.loads, actual.items))],
        [*rows_in(actual.rows)] if actual.rows else [],
    )
    assert {len(each) for each in (of_table, of_sink) if each} == {50}
    with pytest.raises(OutOfTimeError, match="parsing the rest of"):
        parsed(message, deadline=Ticking(20))


@pytest.mark.parametrize("seconds", [0.9, 0, -10])
def test_a_batch_for_which_there_is_no_time_is_not_begun(seconds: float) -> None:
    pipeline, body = batch_of(5)
    with pytest.raises(OutOfTimeError, match="another batch"):
        pipeline.worker.handle(body, in_time(seconds))
    assert not pipeline.records.items


@pytest.mark.parametrize(("timeout", "kept"), [(10, 3), (30, 6), (60, 12), (300, 12), (900, 12)])
def test_of_a_long_invocation_a_last_call_that_hangs_can_end(timeout: int, kept: float) -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: timeout * 1000)
    assert deadline_of(context).seconds_left == pytest.approx(timeout - kept, abs=0.5)
