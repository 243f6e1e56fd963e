"""How often each route that is polled asks AWS, however many files there are: never more than a page is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier, Lock
from typing import Any

import pytest

from chalicelib.attention import Attention
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.statistics_table import DynamoStatistics
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.marks import Counts, Mark, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import summary_of
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.ledger import Ledger
from chalicelib.record_pages import EFFORT_PER_PAGE, EFFORT_PER_QUERY, RecordPage
from chalicelib.statistics import Counting, Statistics
from chalicelib.status import Status
from tests.fakes import WHEN
from tests.soak.dynamodb import PAGE_ITEMS, DynamoDB
from tests.soak.world import World
from tests.unit.test_statistics import settled

SHELVES, SPREAD = 8, 17
FILES = 600


class Counted:
    """A client that counts what is asked of it."""

    def __init__(self, client: DynamoDB) -> None:
        self._client = client
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._client, name)

        def counted(**request: Any) -> Any:
            self.calls[name] += 1
            return call(**request)

        return counted


@pytest.fixture(scope="module")
def client() -> Counted:
    world = World("calm")
    counted = Counted(DynamoDB(world, lambda *_: None))
    ledger, counting = (
        DynamoLedger(counted, "ledger"),
        Counting(DynamoStatistics(counted, "ledger"), lambda: WHEN),
    )
    for number in range(FILES):
        state = list(State)[number % len(State)]
        file = settled(number, WHEN - timedelta(minutes=number), state=state, rejected=number % 9)
        plan = replace(file.plan, format="syslog" if number % 2 else "json")
        ledger.put_plan(plan, file.account, file.opened_at)
        if state.settled:
            counting.count(file._replace(plan=plan))
    world.now += 3600
    return counted


def asked(client: Counted, ask: Callable[[], Any]) -> tuple[Counter[str], Any]:
    client.calls.clear()
    answer = ask()
    return Counter(client.calls), answer


@pytest.mark.parametrize(
    ("query", "queries", "items"),
    [
        ({}, SHELVES, 30),
        ({"prefix": "a/"}, SHELVES, 30),
        ({"format_name": "syslog"}, 3 * SHELVES, 30),
        ({"prefix": "none such"}, 5 * SHELVES, 0),
        ({"state": "FAILED"}, SPREAD, 30),
        ({"state": "FAILED", "prefix": "none such"}, 5 * SPREAD, 0),
        ({"key": "a/7"}, 1, 1),
        ({"from_": "2026-03-01T11:50:00Z"}, SHELVES, 11),
    ],
)
def test_a_page_of_files(client: Counted, query: dict[str, str], queries: int, items: int) -> None:
    status = Status(Ledger(DynamoLedger(client, "ledger"), lambda: WHEN), None)  # type: ignore[arg-type]
    calls, page = asked(client, lambda: status.files(limit=30, **query))
    assert calls["query"] <= queries
    assert calls["batch_get_item"] <= 10
    assert set(calls) <= {"query", "batch_get_item"}
    assert len(page["items"]) == items or page["cursor"]


def test_the_partitions_of_an_index_can_be_asked_side_by_side(client: Counted) -> None:
    """With as many at once as there are partitions, no question waits for the answer to another."""
    together = Barrier(SHELVES, timeout=60)

    class Waiting:
        def __getattr__(self, name: str) -> Any:
            def asked_together(**request: Any) -> Any:
                if name == "query":
                    together.wait()
                with lock:
                    return getattr(client, name)(**request)

            return asked_together

    lock = Lock()
    with ThreadPoolExecutor(SHELVES) as pool:
        at_once = Ledger(DynamoLedger(Waiting(), "ledger", pool.map), lambda: WHEN)
        one_by_one = Ledger(DynamoLedger(client, "ledger"), lambda: WHEN)
        pages = [Status(each, None).files(limit=30) for each in (at_once, one_by_one)]  # type: ignore[arg-type]
    assert pages[0] == pages[1]


def test_statistics_read_a_slot_again_only_where_it_has_changed(client: Counted) -> None:
    statistics = Statistics(DynamoStatistics(client, "ledger"), lambda: WHEN + timedelta(hours=2))
    asking = {"begin": WHEN - timedelta(days=1), "end": WHEN + timedelta(hours=1), "by": None, "cursor": None}
    first, _ = asked(client, lambda: statistics.page(**asking))
    again, answer = asked(client, lambda: statistics.page(**asking))
    assert first["query"] <= 2 + 4 * 25 * 2
    assert again["query"] <= 2
    assert again["update_item"] == 0
    assert answer["totals"]["files"] == sum(1 for n in range(FILES) if list(State)[n % len(State)].settled)


def test_what_needs_attention(client: Counted) -> None:
    seconds = 0
    attention = Attention(
        Ledger(DynamoLedger(client, "ledger"), lambda: WHEN),
        DynamoWatches(client, "ledger"),
        DynamoStatistics(client, "ledger"),
        lambda limit: {"items": [], "cursor": None},
        lambda: WHEN + timedelta(seconds=seconds),
        stall=timedelta(hours=1),
    )
    calls, answer = asked(client, lambda: attention.page(5))
    assert calls["query"] <= 6 * SPREAD + 4
    assert calls["batch_get_item"] <= 20
    seconds = 4
    assert asked(client, lambda: attention.page(5)) == (Counter(), answer)
    seconds = 5
    assert asked(client, lambda: attention.page(5)) == (calls, answer)
    assert Counter(each["why"] for each in answer["files"]) == dict.fromkeys(
        ("INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED", "stalled"), 5
    ) | {"rejects": 5}


SPLITS, BATCHES_A_SPLIT, BATCH_BYTES = 1000, 10, 500_000
SPLIT_BYTES = BATCHES_A_SPLIT * BATCH_BYTES
WITH_REJECTS = range(500, 999)
"""Splits of which the last batch holds a reject."""


class Large:
    """A file of 10,000 batches in 1,000 splits, and what its status asks AWS."""

    def __init__(self) -> None:
        self.client = Counted(DynamoDB(World("calm"), lambda *_: None))
        self.records = NoRecords()
        table = DynamoLedger(self.client, "ledger")
        size = SPLITS * SPLIT_BYTES
        head = ObjectHead(ObjectVersion("logs", "large", "v1", "e"), size, "text/plain", WHEN)
        plan = replace(Plan(head, "json", 1.0, shards=256), limits=Limits(split_bytes=SPLIT_BYTES))
        self.file_id = plan.file_id
        ledger = Ledger(table, lambda: WHEN)
        ledger.open(plan)
        for split in range(SPLITS):
            marks = dict(enumerate(map(self._mark, [split] * BATCHES_A_SPLIT, range(BATCHES_A_SPLIT))))
            start = split * SPLIT_BYTES
            total = sum((mark.total for mark in marks.values()), Tally())
            seal = Seal(split, start, start + SPLIT_BYTES, BATCHES_A_SPLIT, total, split == SPLITS - 1)
            table.put_seal(self.file_id, seal, None)
            for number, mark in marks.items():
                table.raise_mark(self.file_id, split, number, mark, None)
            table.put_summary(self.file_id, split, summary_of(split, marks, seal))
        self.status = Status(ledger, self.records)  # type: ignore[arg-type]

    @staticmethod
    def _mark(split: int, number: int) -> Mark:
        rejected = Tally(1, 1, 100) if split in WITH_REJECTS and number == BATCHES_A_SPLIT - 1 else Tally()
        counts = Counts(Tally(500, 500, BATCH_BYTES - rejected.bytes), rejected)
        return Mark.done(counts, split * SPLIT_BYTES + number * BATCH_BYTES, "0" * 8)


class NoRecords:
    """A records table from which everything is gone, so that a page looks as far as it may."""

    def __init__(self) -> None:
        self.queries = 0

    def page(self, partition: str, first: str, last: str, kind: str, limit: int) -> RecordPage:
        self.queries += 1
        return RecordPage([], 0, None)


@pytest.fixture(scope="module")
def large() -> Large:
    return Large()


MOST = EFFORT_PER_PAGE // EFFORT_PER_QUERY
PAGES_OF_SPLITS = SPLITS // PAGE_ITEMS + 2
"""In which the store here gives the sums of a file, and as there are none all of its splits; DynamoDB's pages are of
1 MB."""


@pytest.mark.parametrize(
    ("question", "most"),
    [
        (lambda status, file: status.file(file), 30 + PAGES_OF_SPLITS),
        (lambda status, file: status.batches(file, limit=1000), MOST + PAGES_OF_SPLITS),
        (lambda status, file: status.batches(file, state="pending", limit=1000), MOST + PAGES_OF_SPLITS),
        (lambda status, file: status.records(file, limit=1000), MOST + PAGES_OF_SPLITS),
        (lambda status, file: status.records(file, text="none such"), MOST + PAGES_OF_SPLITS),
        (lambda status, file: status.rejects(file), MOST + PAGES_OF_SPLITS),
        (lambda status, file: status.reasons(file), 2 * MOST + PAGES_OF_SPLITS),
        (lambda status, file: status.histogram(file), 2 * MOST + PAGES_OF_SPLITS),
    ],
    ids=["file", "batches", "pending", "records", "search", "rejects", "reasons", "histogram"],
)
def test_a_file_of_ten_thousand_batches(large: Large, question: Callable[..., Any], most: int) -> None:
    large.records.queries = 0
    calls, _ = asked(large.client, lambda: question(large.status, large.file_id))
    assert calls.total() + large.records.queries <= most


def test_pages_of_rejects_go_on_to_the_end_of_a_file_that_has_few(large: Large) -> None:
    """Splits without one are passed over without a question."""
    cursor, pages = None, 0
    while pages == 0 or cursor:
        calls, page = asked(large.client, partial(large.status.rejects, large.file_id, cursor=cursor))
        assert calls.total() <= MOST + PAGES_OF_SPLITS + 2
        cursor, pages = page["cursor"], pages + 1
        assert pages < 10
    assert pages >= len(WITH_REJECTS) * 2 // MOST
