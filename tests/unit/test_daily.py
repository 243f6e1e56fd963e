"""The daily summary: made of the statistics, told once a day however often the schedule fires."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.errors import OutOfTimeError, ThrottledError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.used import Used
from chalicelib.daily import DailySummary, prices, summary_notice
from chalicelib.delivery import Deadline
from chalicelib.statistics import USED, Statistics, Sum
from tests.fakes import FakeTopic, Pipeline, in_time
from tests.unit.test_statistics import Stage, settled

DAY = datetime(2026, 3, 1, tzinfo=UTC)
NOTHING_LATE: dict[str, Any] = {"dead_letters": {"items": [], "more": False}, "files": [], "more": False}
UNITS = {"write_units": 0.01, "seconds": 0.001}


class Urgent:
    def __init__(self, answer: dict[str, Any] = NOTHING_LATE) -> None:
        self.answer = answer

    def page(self, limit: int) -> dict[str, Any]:
        return self.answer


class Morning:
    """A stage on the day after DAY, with what tells its summary."""

    def __init__(self, hour: int = 6) -> None:
        self.stage, self.topic, self.urgent = Stage(), FakeTopic(), Urgent()
        self.stage.clock.now = DAY + timedelta(days=1, hours=hour)
        self.hour = hour

    def sweep(self, *, after: timedelta = timedelta(), deadline: float = 60) -> bool:
        """Of a process of its own."""
        self.stage.clock.now += after
        return DailySummary(
            Statistics(self.stage.table, self.stage.clock),
            self.urgent,
            DynamoWatches(self.stage.client, "ledger"),
            self.topic,
            self.stage.clock,
            hour=self.hour,
            stage="prod",
            dollars=UNITS,
        ).tell(in_time(deadline))


def test_a_day_is_told_once_however_often_the_schedule_fires() -> None:
    morning = Morning()
    times = [morning.sweep(), *(morning.sweep(after=timedelta(minutes=7)) for _ in range(100))]
    assert times == [True] + [False] * 100
    assert morning.sweep(after=timedelta(hours=13))
    assert [notice.notice_id for notice in morning.topic.notices] == [
        "summary-prod-2026-03-01",
        "summary-prod-2026-03-02",
    ]
    assert morning.topic.notices[0].attributes == {"stage": "prod", "day": "2026-03-01"}


def test_two_sweepers_at_once_tell_it_once() -> None:
    morning = Morning()
    watches = DynamoWatches(morning.stage.client, "ledger")
    claims = [watches.claim("summary#2026-03-01", morning.stage.clock(), timedelta(minutes=10)) for _ in "ab"]
    assert claims == [True, False]


def test_nothing_is_told_before_its_hour() -> None:
    morning = Morning()
    morning.stage.clock.now -= timedelta(minutes=1)
    assert not morning.sweep()
    assert morning.sweep(after=timedelta(minutes=1))


def test_who_dies_before_it_is_told_is_followed_by_another() -> None:
    morning = Morning()
    morning.topic.error = ThrottledError("slow")
    with pytest.raises(ThrottledError):
        morning.sweep()
    morning.topic.error = None
    assert not morning.sweep(after=timedelta(minutes=5)), "it may be on its way"
    assert morning.sweep(after=timedelta(minutes=6))
    assert not morning.sweep(after=timedelta(minutes=30))
    assert len(morning.topic.notices) == 1


def test_without_time_it_is_for_another_sweep() -> None:
    morning = Morning()
    morning.stage.count(settled(1, DAY))
    with pytest.raises(OutOfTimeError):
        morning.sweep(deadline=0)
    assert morning.topic.notices == []


def test_the_summary_adds_up_the_settled_files_of_the_day_alone() -> None:
    morning = Morning()
    of_the_day = [
        settled(
            n, DAY + timedelta(hours=n), parsed=90, rejected=10 * (n % 2), format_name=("json", "ltsv")[n % 2]
        )
        for n in range(24)
    ]
    others = [settled(98, DAY - timedelta(seconds=1)), settled(99, DAY + timedelta(days=1))]
    morning.stage.count(*of_the_day, *others, settled(24, DAY, state=State.FAILED, parsed=0, rejected=0))
    assert morning.sweep()
    (notice,) = morning.topic.notices
    lines = notice.text.splitlines()
    assert notice.subject == "Froe prod 2026-03-01: 25 files, 2,305 lines, 5.26% rejected"
    assert lines[:2] == ["Files of the stage prod that were opened on 2026-03-01 (UTC) and are settled:", ""]
    assert "files: 25 (COMPLETE 24, FAILED 1)" in lines
    assert "rejected: 120 lines, 120 bytes" in lines
    by_format = lines.index("Rejected lines by format:")
    assert lines[by_format + 1] == "ltsv: 120 of 1,200 lines (10.00%), 12 files"
    assert lines[by_format + 2] == "json: 0 of 1,080 lines (0.00%), 13 files"
    assert "Nothing is late." in lines


def test_one_file_is_no_files() -> None:
    morning = Morning()
    morning.stage.count(settled(1, DAY, parsed=4, rejected=1))
    assert morning.sweep()
    (notice,) = morning.topic.notices
    assert notice.subject.startswith("Froe prod 2026-03-01: 1 file, 6 lines, ")
    assert "rejected: 1 line, 1 byte" in notice.text.splitlines()
    assert "json: 1 of 5 lines (20.00%), 1 file" in notice.text.splitlines()


def test_what_files_used_is_added_up_and_priced() -> None:
    morning = Morning()
    files = [settled(n, DAY) for n in range(3)]
    used = Used(write_units=40, queue_requests=6, object_reads=1, s3_requests=2, milliseconds=500)
    files = [file._replace(account=replace(file.account, used=used)) for file in files]
    morning.stage.count(*files)
    total = morning.stage.ask(end=DAY + timedelta(hours=1))["totals"]
    assert total["used"] == {
        "write_units": 120,
        "queue_requests": 18,
        "object_reads": 3,
        "s3_requests": 6,
        "object_writes": 0,
        "seconds": 1.5,
    }
    morning.sweep()
    assert "cost: about $1.20 of writes" in morning.topic.notices[0].text


def test_rows_that_earlier_code_wrote_are_added_up_without_what_it_did_not_know() -> None:
    stage = Stage()
    stage.count(settled(1, DAY), settled(2, DAY))
    rows = list(stage.table.rows("2026-03-01T00#0")) + [
        row for n in range(1, 4) for row in stage.table.rows(f"2026-03-01T00#{n}")
    ]
    earlier = rows[0]
    shorter = earlier._replace(revision=99, sum=Sum(earlier.sum.numbers[: -len(USED)], earlier.sum.states))
    stage.table.put_row(shorter)
    total = stage.ask(end=DAY + timedelta(hours=1))["totals"]
    assert (total["files"], total["lines"]) == (2, 22)


def test_every_price_that_the_summary_asks_for_is_of_something_that_is_added_up() -> None:
    used = Sum().json()["used"]
    assert prices().keys() - used.keys() == {"scanned_bytes"}, "what a query reads is of no file"
    assert all(each > 0 for each in prices().values())


def test_what_is_late_is_named() -> None:
    file = {"file_id": "f1", "bucket": "b", "key": "k\nforged", "reason": None, "state": "PROCESSING"}
    waits = {**file, "file_id": "f2", "reason": "1 of 3 batches is dead-lettered", "state": "INCOMPLETE"}
    urgent = {
        "dead_letters": {"items": [{}] * 10, "more": True},
        "files": [
            {"why": "stalled", "quiet_since": "2026-03-01T00:00:00Z", "file": file},
            {"why": "INCOMPLETE", "file": waits},
            {"why": "DAMAGED", "file": file},
        ],
        "more": False,
    }
    lines = summary_notice("prod", DAY.date(), {}, urgent, UNITS).text.splitlines()
    late = lines[lines.index("Late:") + 1 :]
    assert late[:5] == [
        "files that stand still: 1",
        r"f1 s3://b/k\nforged: since 2026-03-01T00:00:00Z, PROCESSING",
        "files that wait for a redrive (INCOMPLETE): 1",
        "f2 s3://b/k: 1 of 3 batches is dead-lettered".replace("/k:", r"/k\nforged:"),
        "dead letters: 10 or more (froe dead-letters)",
    ]


def test_a_summary_of_very_many_formats_is_bounded() -> None:
    formats = {f"format_{n}": settled_sum(n) for n in range(500)}
    text = summary_notice("prod", DAY.date(), formats, NOTHING_LATE, UNITS).text
    assert "format_499: " in text
    assert "and 470 more formats" in text
    assert len(text) < 4000


def settled_sum(rejected: int) -> Sum:
    numbers = [1, 0, 0, 0, 1, 100, 1, 1, rejected, 1]
    return Sum(tuple(numbers + [0] * (len(Sum().numbers) - len(numbers))), {"COMPLETE": 1})


def test_a_summary_that_fails_keeps_nothing_of_a_sweep_back() -> None:
    pipeline = Pipeline(Limits())

    class Failing:
        def tell(self, deadline: Deadline) -> object:
            raise ThrottledError("slow")

    pipeline.sweeper._summary = Failing()
    pipeline.objects.add("never/announced", b"x\n")
    pipeline.clock.now += timedelta(days=1)
    with pytest.raises(ThrottledError):
        pipeline.sweeper.sweep(in_time())
    assert [notice.kind for notice in pipeline.topic.notices] == ["sweep"]
