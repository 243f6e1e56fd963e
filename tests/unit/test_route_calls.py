"""How often each route that is polled asks AWS, however many files there are: never more than a page is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.attention import Attention
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.statistics_table import DynamoStatistics
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.accounts import State
from chalicelib.ledger import Ledger
from chalicelib.statistics import Counting, Statistics
from chalicelib.status import Status
from tests.fakes import WHEN
from tests.soak.dynamodb import DynamoDB
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
    ("wanted", "queries", "items"),
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
def test_a_page_of_files(client: Counted, wanted: dict[str, str], queries: int, items: int) -> None:
    status = Status(Ledger(DynamoLedger(client, "ledger"), lambda: WHEN), None)  # type: ignore[arg-type]
    calls, page = asked(client, lambda: status.files(limit=30, **wanted))
    assert calls["query"] <= queries
    assert calls["batch_get_item"] <= 10
    assert set(calls) <= {"query", "batch_get_item"}
    assert len(page["items"]) == items or page["cursor"]


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
