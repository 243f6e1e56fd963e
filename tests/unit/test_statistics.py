"""Statistics: the sums of settled files, however often and in whatever order their settling is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.attention import WHYS, Attention
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.statistics_table import DynamoStatistics
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.errors import TransientError
from chalicelib.core.ledger.accounts import State, account_of
from chalicelib.core.ledger.marks import Counts, Tally
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.notifier import Change, Notifier
from chalicelib.pages import BadQueryError
from chalicelib.stalls import Watch
from chalicelib.statistics import Counting, Statistics
from tests.fakes import WHEN, FakeTopic, in_time
from tests.soak.dynamodb import DynamoDB
from tests.soak.world import World


class Clock:
    def __init__(self) -> None:
        self.now = WHEN

    def __call__(self) -> datetime:
        return self.now


class Stage:
    """A ledger's table, what counts in it, and what is asked of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.client = DynamoDB(World("calm"), lambda *_: None)
        self.table = DynamoStatistics(self.client, "ledger")
        self.ledger = DynamoLedger(self.client, "ledger")
        self.asked = 0
        query = self.client.query

        def counted(**request: Any) -> Any:
            self.asked += 1
            return query(**request)

        self.client.query = counted  # type: ignore[method-assign]

    def count(self, *files: StoredFile) -> None:
        for file in files:
            Counting(self.table, self.clock).count(file)

    def ask(self, seconds: float = 8, **asked: Any) -> dict[str, Any]:
        questions: dict[str, Any] = {"begin": None, "end": None, "by": None, "cursor": None}
        return Statistics(self.table, self.clock, seconds).page(**questions | asked)


def settled(
    number: int,
    opened_at: datetime = WHEN,
    *,
    parsed: int = 9,
    rejected: int = 1,
    rejected_bytes: int | None = None,
    revision: int = 5,
    state: State = State.COMPLETE,
    format_name: str = "json",
) -> StoredFile:
    head = ObjectHead(ObjectVersion("logs", f"a/{number}", "v1", "e"), 200, "text/plain", WHEN)
    plan = Plan(head, format_name, 0.99, retention_days=30)
    counts = Counts(
        Tally(parsed, parsed, 10 * parsed),
        Tally(rejected, rejected, rejected if rejected_bytes is None else rejected_bytes),
        {"blank": Tally(0, 1, 1)},
    )
    account = replace(
        account_of(plan, ()),
        state=state,
        revision=revision,
        text_bytes=300,
        summary=Summary(revision, 1, counts=counts),
    )
    return StoredFile(plan, account, opened_at, opened_at + timedelta(seconds=2))


def test_files_are_summed_by_format_and_hour_and_each_once() -> None:
    stage = Stage()
    files = [
        settled(n, WHEN - timedelta(minutes=30 * n), format_name=("json", "syslog")[n % 2]) for n in range(6)
    ]
    stage.count(*files, *files[::-1])
    answer = stage.ask(end=WHEN + timedelta(hours=1))
    assert [(each["from"], sorted(each["formats"])) for each in answer["buckets"]] == [
        ("2026-03-01T09:00:00Z", ["syslog"]),
        ("2026-03-01T10:00:00Z", ["json", "syslog"]),
        ("2026-03-01T11:00:00Z", ["json", "syslog"]),
        ("2026-03-01T12:00:00Z", ["json"]),
    ]
    total = answer["totals"]
    assert (total["files"], total["bytes"], total["text_bytes"], total["seconds"]) == (6, 1200, 1800, 12)
    assert (total["lines"], total["entries"]) == (66, 60)
    assert total["parsed"] == {"entries": 54, "lines": 54, "bytes": 540}
    assert total["skipped"] == {"lines": 6, "bytes": 6}
    assert total["states"] == {"COMPLETE": 6}
    by_day = stage.ask(by="day", end=WHEN + timedelta(hours=1))
    assert [each["from"] for each in by_day["buckets"]] == ["2026-03-01T00:00:00Z"]
    assert by_day["totals"] == total


@pytest.mark.parametrize("orders", [(0, 1, 2), (2, 0, 1), (1, 2, 0, 0, 2)])
def test_a_file_that_settles_again_is_counted_as_it_settled_last(orders: tuple[int, ...]) -> None:
    stage = Stage()
    times = [
        settled(0, rejected=0, revision=5, state=State.INCOMPLETE),
        settled(0, rejected=5, revision=7, state=State.INCOMPLETE),
        settled(0, rejected=2, revision=9),
    ]
    for order in orders:
        stage.count(times[order])
        stage.ask(end=WHEN + timedelta(hours=1))
        stage.clock.now += timedelta(minutes=3)
    total = stage.ask(end=WHEN + timedelta(hours=1))["totals"]
    assert (total["files"], total["rejected"]["lines"], total["states"]) == (1, 2, {"COMPLETE": 1})


def test_what_settles_after_a_slot_was_summed_is_summed_soon_and_what_does_not_change_is_not_read_again() -> (
    None
):
    stage = Stage()
    counting = Counting(stage.table, stage.clock)
    counting.count(settled(0))
    assert stage.ask(end=WHEN + timedelta(hours=1))["totals"]["files"] == 1
    for number in range(1, 20):  # within a minute: nothing is touched again
        counting.count(settled(number))
    stage.clock.now += timedelta(seconds=16)
    assert stage.ask(end=WHEN + timedelta(hours=1))["totals"]["files"] == 20
    stage.clock.now += timedelta(hours=1)
    stage.ask(end=WHEN + timedelta(hours=1))
    stage.asked = 0
    assert stage.ask(end=WHEN + timedelta(hours=1))["totals"]["files"] == 20
    assert stage.asked == 1


def test_what_has_expired_stays_in_the_sums() -> None:
    stage = Stage()
    stage.count(*map(settled, range(9)))
    assert stage.ask(end=WHEN + timedelta(hours=1))["totals"]["files"] == 9
    for pk, sk in list(stage.client.table("ledger").items):
        if pk.startswith("opened#"):
            stage.client.remove("ledger", (pk, sk))
    stage.clock.now += timedelta(days=1)
    for _ in range(2):
        stage.asked = 0
        assert stage.ask(begin=WHEN, end=WHEN + timedelta(hours=1))["totals"]["files"] == 9
    assert stage.asked == 1


def test_a_request_that_has_no_time_goes_on_with_a_cursor_and_counts_no_bucket_twice() -> None:
    stage = Stage()
    stage.count(*(settled(n, WHEN - timedelta(hours=n % 7)) for n in range(70)))
    files, cursor, pages = 0, None, 0
    while True:
        page = stage.ask(seconds=8 if pages % 2 else -1, end=WHEN + timedelta(hours=1), cursor=cursor)
        files += page["totals"]["files"]
        assert (
            sum(each["files"] for bucket in page["buckets"] for each in bucket["formats"].values())
            == page["totals"]["files"]
        )
        pages, cursor = pages + 1, page["cursor"]
        if cursor is None:
            break
    assert (files, pages > 1) == (70, True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": "minute"}, "by is 'minute': give one of hour, day"),
        ({"begin": WHEN - timedelta(days=60)}, "too far apart"),
        ({"cursor": "x"}, "cursor is 'x'"),
        ({"begin": WHEN, "end": WHEN - timedelta(hours=1)}, "from is later than to"),
    ],
)
def test_a_wrong_question_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BadQueryError, match=message):
        Stage().ask(**asked)
    assert Stage().ask(begin=WHEN, end=WHEN)["buckets"] == []


def test_an_answer_that_is_polled_stays_the_same_until_something_settles() -> None:
    stage = Stage()
    stage.count(settled(1))
    stage.clock.now += timedelta(minutes=1)
    first = stage.ask()
    assert first["totals"]["files"] == 1
    stage.clock.now += timedelta(seconds=50)
    assert stage.ask() == first
    assert stage.ask(begin=stage.clock.now - timedelta(days=31))["totals"]["files"] == 1
    stage.count(settled(2))
    stage.clock.now += timedelta(seconds=50)
    assert stage.ask()["totals"]["files"] == 2


def test_a_settling_that_cannot_be_counted_now_is_delivered_again() -> None:
    class Failing:
        def count(self, file: StoredFile) -> None:
            raise TransientError("throttled")

    change = Change("7", None, settled(0))
    assert Notifier(FakeTopic(), counting=Failing()).tell([change], in_time()) == ["7"]
    stage = Stage()
    assert Notifier(FakeTopic(), counting=Counting(stage.table, stage.clock)).tell([change], in_time()) == []
    assert stage.ask(end=WHEN + timedelta(hours=1))["totals"]["files"] == 1


def test_what_needs_attention_is_named_with_the_reason_and_nothing_else() -> None:
    stage = Stage()
    watches = DynamoWatches(stage.client, "ledger")
    files = {
        "INCOMPLETE": settled(0, WHEN - timedelta(days=30), state=State.INCOMPLETE),
        "DAMAGED": settled(1, state=State.DAMAGED),
        "long ago": settled(2, WHEN - timedelta(days=8), state=State.DAMAGED),
        "stalled": settled(3, WHEN - timedelta(hours=5), state=State.PROCESSING),
        "moves": settled(4, WHEN - timedelta(hours=5), state=State.PROCESSING),
        "new": settled(5, state=State.SPLITTING),
        "rejects": settled(6, parsed=5, rejected=5),
        "good": settled(7, parsed=9, rejected=1),
        "huge": settled(8, parsed=30, rejected=1, rejected_bytes=700),
    }
    for file in files.values():
        stage.ledger.put_plan(file.plan, file.account, file.opened_at)
        if file.account.state.settled:
            stage.count(file)
    watches.put_watch(Watch(files["moves"].plan.file_id, 1, WHEN - timedelta(minutes=5)), None)
    stage.client._world.now += 3600
    attention = Attention(
        Ledger(stage.ledger, stage.clock),
        watches,
        stage.table,
        lambda limit: {"items": [{"dead_letter_id": "m"}] * limit, "cursor": "more"},
        stage.clock,
        stall=timedelta(hours=1),
    )
    answer = attention.page(3)
    reasons = [(each["why"], each["file"]["key"]) for each in answer["files"]]
    assert sorted(reasons) == sorted(
        ("rejects" if name == "huge" else name, files[name].plan.object.key)
        for name in ("INCOMPLETE", "DAMAGED", "stalled", "rejects", "huge")
    )
    assert {why for why, _ in reasons} <= set(WHYS)
    shares = sorted((each["share"], each["share_of"]) for each in answer["files"] if "share" in each)
    assert shares == [(0.5, "lines"), (0.7, "bytes")]
    assert (len(answer["dead_letters"]["items"]), answer["dead_letters"]["more"], answer["more"]) == (
        3,
        True,
        False,
    )
    stage.count(settled(6, parsed=9, rejected=0, revision=6))
    stage.client._world.now += 3600
    assert stage.table.files_with_many_rejects(since="2026", limit=9) == [files["huge"].file_id]


@pytest.mark.parametrize("count", [2, 3])
def test_more_needs_attention_only_where_there_is_more(count: int) -> None:
    stage = Stage()
    for number in range(count):
        for state in (State.INCOMPLETE, State.FAILED):
            file = settled(10 * number + (state is State.FAILED), state=state)
            stage.ledger.put_plan(file.plan, file.account, file.opened_at)
    stage.client._world.now += 3600
    letters = [{"dead_letter_id": f"m{number}"} for number in range(count)]
    attention = Attention(
        Ledger(stage.ledger, stage.clock),
        DynamoWatches(stage.client, "ledger"),
        stage.table,
        lambda limit: {"items": letters[:limit], "cursor": "m" if len(letters) >= limit else None},
        stage.clock,
        stall=timedelta(hours=1),
    )
    answer = attention.page(2)
    assert len(answer["files"]) == 4
    assert (answer["more"], answer["dead_letters"]["more"]) == (count > 2, count > 2)
    assert len(answer["dead_letters"]["items"]) == 2
