"""Splits of many batches: whoever marks the last one notices, in any order and whoever dies, and their seals stay small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from chalicelib import leaves
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.ledger import Ledger, SealConflictError
from tests.fakes import WHEN, Crash, Effects, FakeLedgerTable
from tests.metered import MeteredDynamoDB

BATCH_BYTES = 10


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two leaves each."""
    monkeypatch.setattr(leaves, "GROUP_BATCHES", 32)


def digest(number: int) -> str:
    return f"{number:08d}"


class Split:
    """A file of one split of so many batches."""

    def __init__(self, batches: int, store: Any = None) -> None:
        size = batches * BATCH_BYTES
        head = ObjectHead(ObjectVersion("logs", "a.log", "v1", "e"), size, "text/plain", WHEN)
        self.plan = Plan(head, "text", 0.1, limits=Limits(split_bytes=size))
        self.file_id = self.plan.file_id
        self.batches = batches
        self.ledger = Ledger(store or FakeLedgerTable(), lambda: WHEN)
        self.ledger.open(self.plan)
        digests = "".join(map(digest, range(batches)))
        self.seal = Seal(0, 0, size, batches, Tally(batches, batches, size), last=True, digests=digests)

    def mark_of(self, batch: int, outcome: Outcome = Outcome.DONE) -> Mark:
        total, start = Tally(1, 1, BATCH_BYTES), batch * BATCH_BYTES
        if outcome is Outcome.DONE:
            return Mark.done(Counts(parsed=total), start, digest(batch))
        return Mark(outcome, total, note="no table", start=start, digest=digest(batch))

    def step(self, batch: int | None, outcome: Outcome = Outcome.DONE) -> None:
        """None: seal the split."""
        if batch is None:
            self.ledger.record_seal(self.plan, self.seal)
        else:
            self.ledger.record_mark(self.file_id, 0, batch, self.mark_of(batch, outcome), None)

    def come_again(self, batch: int | None) -> None:
        """As a worker does whose message is delivered once more."""
        if batch is not None and self.ledger.is_done(self.file_id, 0, batch):
            self.ledger.resettle(self.file_id, 0)
        else:
            self.step(batch)

    @property
    def state(self) -> State:
        stored = self.ledger.read_file(self.file_id)
        assert stored is not None
        return stored.account.state

    def expect_complete(self) -> None:
        stored = self.ledger.read_file(self.file_id)
        assert stored is not None
        assert stored.account.summary.counts.parsed == self.seal.total
        assert (stored.account.state, stored.account.reason) == (State.COMPLETE, None)


def orders(batches: int, seeds: int) -> Iterator[list[int | None]]:
    """Of all marks and the seal: in the order of the text, from its end on, and drawn; the seal first, last, between."""
    yield [None, *range(batches)]
    yield [*range(batches), None]
    yield [None, *reversed(range(batches))]
    for seed in range(seeds):
        steps: list[int | None] = [None, *range(batches)]
        Random(seed).shuffle(steps)
        yield steps


@pytest.mark.parametrize("batches", [31, 32, 33, 64, 100])
def test_the_last_of_many_batches_settles_the_file_and_none_before_it(batches: int) -> None:
    for steps in orders(batches, 4):
        split = Split(batches)
        for step in steps:
            assert split.state is not State.COMPLETE
            split.step(step)
        split.expect_complete()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_death_at_any_effect_is_made_good_when_the_message_comes_again_now_or_after_all_others(
    at_once: bool,
) -> None:
    for crash_at in range(2, 90, 2):
        for steps in orders(70, 1):
            effects = Effects()
            split = Split(70, FakeLedgerTable(effects))
            effects.crash_at, effects.after = crash_at, bool(crash_at % 4)
            late: list[int | None] = []
            for step in steps:
                try:
                    split.step(step)
                except Crash:
                    split.come_again(step) if at_once else late.append(step)
            for step in late:
                split.come_again(step)
            split.expect_complete()


def test_a_dead_letter_among_many_batches_is_seen_and_its_redrive_completes_the_file() -> None:
    split = Split(100)
    for step in [None, *range(100)]:
        split.step(step, Outcome.FAILED if step == 40 else Outcome.DONE)
    assert split.state is State.INCOMPLETE
    split.step(40)
    split.expect_complete()


def test_a_mark_beyond_the_seal_settles_nothing_that_waits_for_others() -> None:
    split = Split(64)
    for step in [None, *range(63), 64, 200]:
        split.step(step)
    assert split.state is State.PROCESSING
    split.step(63)
    split.expect_complete()


@pytest.fixture
def stored() -> Split:
    """A split of so many batches that their digests lie apart, in a DynamoDB."""
    return Split(200, DynamoLedger(MeteredDynamoDB(), "ledger"))


def test_the_seal_of_many_batches_is_read_whole_though_a_mark_reads_little_of_it(stored: Split) -> None:
    stored.step(None)
    assert stored.ledger.read_seal(stored.file_id, 0) == stored.seal
    split = stored.ledger.read_split(stored.file_id, 0)
    assert split is not None
    assert split.seal == replace(stored.seal, digests="")
    assert not stored.ledger.record_seal(stored.plan, stored.seal)
    other = replace(stored.seal, digests=stored.seal.digests[::-1])
    with pytest.raises(SealConflictError):
        stored.ledger.record_seal(stored.plan, other)
    assert stored.ledger.read_seal(stored.file_id, 0) == stored.seal
    for batch in range(200):
        stored.step(batch)
    stored.expect_complete()


def test_a_mark_of_other_text_among_many_batches_is_found_by_its_digest(stored: Split) -> None:
    for step in [None, *range(199)]:
        stored.step(step)
    wrong = replace(stored.mark_of(199), digest="another?")
    stored.ledger.record_mark(stored.file_id, 0, 199, wrong, None)
    assert stored.state is State.INCOMPLETE
    assert stored.ledger.lost_batches(stored.file_id, 0) == [199]
