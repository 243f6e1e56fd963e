"""A stage as it ships lives under a table that throttles as DynamoDB does: nothing dies of it, little is written twice."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from chalicelib import delivery
from chalicelib.backlog import Backlog
from chalicelib.core import plan
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan.layouts import Layout
from chalicelib.settings import TUNING_DEFAULTS
from tests.fakes import FakeWatches
from tests.throttling.scenario import MIB, PARSE_SECONDS, PARSED, Outcome, Shipped, log_of, play
from tests.throttling.table import PARTITION_UNITS

SHIPPED = Shipped.read()


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.CRITICAL, logger="froe")
    yield
    PARSED.clear()


@cache
def of_8_mib(layout: Layout) -> Outcome:
    """8 MiB of access log against a new table of four partitions."""
    return play(log_of(8 * MIB), SHIPPED, layout=layout)


@pytest.fixture(params=[Layout.ITEMS, Layout.PACKED])
def outcome(request: pytest.FixtureRequest) -> Outcome:
    return of_8_mib(request.param)


def test_a_large_file_is_complete_though_the_table_throttles(outcome: Outcome) -> None:
    assert outcome.batches == 12
    assert (outcome.account.state, outcome.dead) == (State.COMPLETE, 0)
    assert outcome.timeouts == 0


def test_hardly_a_unit_is_spent_twice(outcome: Outcome) -> None:
    assert outcome.units_ratio <= 1.05


def test_it_takes_little_more_than_the_table_allows(outcome: Outcome) -> None:
    """Four partitions, evenly loaded, would need 9 s for items. Four workers, which have 3 batches each to parse, need
    more than the table for what is packed."""
    parsing = outcome.batches / 4 * PARSE_SECONDS
    assert outcome.seconds < 3 * (outcome.units / (4 * PARTITION_UNITS) + parsing)


def test_a_packed_file_takes_a_twentieth_of_the_units_and_is_not_held_up_by_the_table() -> None:
    packed, items = (of_8_mib(layout) for layout in (Layout.PACKED, Layout.ITEMS))
    assert packed.units < items.units / 20
    assert packed.account.summary.counts == items.account.summary.counts
    assert 4 * PARTITION_UNITS * packed.account.summary.counts.parsed.lines / packed.units > 80_000
    assert packed.seconds < items.seconds / 2


@pytest.mark.parametrize("max_units", [250, 500])
def test_a_packed_file_waits_out_the_bound_of_a_table(max_units: int) -> None:
    """An item of it takes up to 400 units at once."""
    bounded = play(log_of(16 * MIB), SHIPPED, partitions=40, max_units=max_units, layout=Layout.PACKED)
    assert (bounded.account.state, bounded.dead) == (State.COMPLETE, 0)
    assert bounded.units_ratio <= 1.05


def test_a_bound_of_the_table_is_waited_out() -> None:
    bounded = play(log_of(4 * MIB), SHIPPED, partitions=40, max_units=500)
    assert (bounded.account.state, bounded.dead) == (State.COMPLETE, 0)
    assert bounded.units_ratio <= 1.05


@pytest.mark.parametrize("units", [60, 500])
def test_what_fits_the_table_needs_no_other_measure(units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a deploy makes of the bound: with no message put off, nothing dies and nothing is written twice."""
    monkeypatch.setattr(delivery, "CAPACITY", ())
    fitting = Shipped.read(RecordsMaxWriteUnits=str(units))
    assert fitting.fit.holds
    outcome = play(log_of(3 * MIB), fitting, partitions=40, max_units=units)
    assert (outcome.account.state, outcome.dead, outcome.timeouts) == (State.COMPLETE, 0, 0)
    assert outcome.units_ratio <= 1.05


def test_what_does_not_fit_the_table_is_written_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the doctor names: two workers of 60 s at 60 units a second."""
    monkeypatch.setattr(delivery, "CAPACITY", ())
    fitting = Shipped.read(RecordsMaxWriteUnits="60")
    assert not replace(fitting.fit, timeout_seconds=60).holds
    fixed = replace(fitting, timeout_seconds=60, visibility_seconds=360, batch_size=4)
    outcome = play(log_of(3 * MIB // 2), fixed, partitions=40, max_units=60)
    assert outcome.dead > 0
    assert outcome.units_ratio > 2


def test_one_key_a_file_loads_one_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a file's records under one key, it would take as long as one partition needs."""
    spread = of_8_mib(Layout.ITEMS)
    monkeypatch.setattr(plan, "MAX_SHARDS", 1)
    crowded = play(log_of(8 * MIB), SHIPPED)
    assert crowded.seconds > 1.4 * spread.seconds


def test_without_putting_messages_off_their_receives_would_kill_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure is needed: with it taken out, and a table that is far too small, batches are dead-lettered."""
    small = {"partitions": 4, "max_units": 30}
    data, unbounded = log_of(MIB), replace(SHIPPED, maximum_concurrency=None)
    kept = play(data, unbounded, **small)
    assert (kept.account.state, kept.dead) == (State.COMPLETE, 0)
    assert kept.sent_again == 0
    monkeypatch.setattr(delivery, "CAPACITY", ())
    assert play(data, unbounded, **small).dead > 0


def test_untried_messages_given_back_by_their_visibility_would_die(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first message of an event takes all its time, and the three behind it come in vain: five receives are soon
    gone, where each counts."""
    crowded = replace(
        SHIPPED,
        batch_size=4,
        timeout_seconds=60,
        visibility_seconds=360,
        maximum_concurrency=2,
        max_receives=5,
    )
    data, few = log_of(320 * 1024), Limits(batch_max_lines=80)
    kept = play(data, crowded, max_units=2, limits=few)
    assert (kept.account.state, kept.dead) == (State.COMPLETE, 0)
    put_off = delivery._put_off
    monkeypatch.setattr(
        delivery,
        "_put_off",
        lambda queue, messages, *rest: not isinstance(messages, deque) and put_off(queue, messages, *rest),
    )
    assert play(data, crowded, max_units=2, limits=few).dead > 0


def test_a_backlog_of_hours_is_not_taken_for_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch is done for longer than a file may stand still: the sweeper would send all of them again."""
    data, patient = log_of(MIB // 2), {"max_units": 3, "settings": {**TUNING_DEFAULTS, "STALL_SECONDS": 900}}
    kept = play(data, SHIPPED, **patient)
    assert (kept.account.state, kept.dead, kept.sent_again) == (State.COMPLETE, 0, 0)
    monkeypatch.setattr(Backlog, "drained_at", lambda self, *_: self._now())
    monkeypatch.setattr(FakeWatches, "touch", lambda *_: None)
    assert play(data, SHIPPED, **patient).sent_again > 0
