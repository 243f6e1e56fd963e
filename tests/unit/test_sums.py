"""Splits are added up in a tree on their way to the file, and whoever comes last notices."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from chalicelib import sums
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import SplitAccount, State, account_of, merged
from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally
from chalicelib.core.ledger.seals import Obstacle, Seal, Setback
from chalicelib.core.ledger.summaries import summary_of
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.ledger import Ledger
from chalicelib.sums import top_level
from tests import fakes
from tests.fakes import WHEN, Crash, Effects, FakeLedgerTable

SPLIT_BYTES = 100


def plan_of(splits: int, *, parallel: bool = True) -> Plan:
    head = ObjectHead(ObjectVersion("logs", "a.log", "v1", "e"), splits * SPLIT_BYTES, "text/plain", WHEN)
    return Plan(head, "text", 0.1, limits=Limits(split_bytes=SPLIT_BYTES), parallel=parallel)


def seal_of(split: int, splits: int) -> Seal:
    start = split * SPLIT_BYTES
    return Seal(split, start, start + SPLIT_BYTES, 1, Tally(2, 2, SPLIT_BYTES), last=split == splits - 1)


DONE = Mark.done(Counts(parsed=Tally(2, 2, SPLIT_BYTES)))
FAILED = Mark(Outcome.FAILED, Tally(2, 2, SPLIT_BYTES), note="no table")


class File:
    """A file of so many splits of one batch each, whose steps can be made in any order."""

    def __init__(self, splits: int, *, parallel: bool = True, effects: Effects | None = None) -> None:
        self.splits = splits
        self.table = FakeLedgerTable(effects)
        self.ledger = Ledger(self.table, lambda: WHEN)
        self.plan = plan_of(splits, parallel=parallel)
        self.ledger.open(self.plan)

    @property
    def account(self):  # type: ignore[no-untyped-def]
        return self.table.files[self.plan.file_id].account

    def step(self, name: str, split: int) -> None:
        if name == "seal":
            self.ledger.record_seal(self.plan, seal_of(split, self.splits))
        elif name == "setback":
            self.ledger.record_setback(self.plan.file_id, split, Setback(Obstacle.FAILED, "gone"), None)
        else:
            self.ledger.record_mark(self.plan.file_id, split, 0, DONE if name == "done" else FAILED, None)

    def again(self, split: int) -> None:
        self.ledger.resettle(self.plan.file_id, split)


def whole(file: File) -> None:
    """The stored account is that of all splits, and of the whole text."""
    account, splits = file.account, file.table.read_splits(file.plan.file_id)
    assert account == account_of(file.plan, splits)
    assert (account.state, account.splits, account.batches) == (State.COMPLETE, file.splits, file.splits)
    assert account.summary.counts.parsed == Tally(2 * file.splits, 2 * file.splits, SPLIT_BYTES * file.splits)


def steps_of(file: File, random: Random | None, *, parallel: bool = True) -> list[tuple[str, int]]:
    steps = [(name, split) for split in range(file.splits) for name in ("seal", "done")]
    if random and parallel:
        random.shuffle(steps)
    elif random:
        marks = [(random.uniform(split, 2 * file.splits), "done", split) for split in range(file.splits)]
        seals = [(float(split), "seal", split) for split in range(file.splits)]
        steps = [(name, split) for _, name, split in sorted(seals + marks)]
    return steps


@pytest.mark.parametrize("splits", [1, 15, 16, 17, 33, 64, 255, 257, 300])
@pytest.mark.parametrize("parallel", [True, False])
def test_any_order_of_seals_and_marks_ends_in_the_account_of_all_splits(splits: int, parallel: bool) -> None:
    for seed in range(3):
        file = File(splits, parallel=parallel)
        for name, split in steps_of(file, Random(seed), parallel=parallel):
            file.step(name, split)
        whole(file)


def test_in_sequence_too_where_levels_are_deep_and_the_account_lags_behind_the_seals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (sums, fakes):
        monkeypatch.setattr(module, "FAN_OUT", 2)
    monkeypatch.setattr(sums, "_TOP_MAX", 2)
    for splits in (5, 8, 13, 32):
        for seed in range(8):
            file = File(splits, parallel=False)
            for name, split in steps_of(file, Random(seed), parallel=False):
                file.step(name, split)
            whole(file)
    set_back = File(13, parallel=False)
    for split in range(7):
        set_back.step("seal", split)
    set_back.step("setback", 7)
    for split in (6, 5, 4, 3, 2, 1, 0):
        set_back.step("done", split)
    assert set_back.account.state is State.INCOMPLETE


@pytest.mark.parametrize("parallel", [True, False])
def test_a_death_at_any_effect_is_made_good_when_the_message_comes_again(parallel: bool) -> None:
    quiet = File(40, parallel=parallel)
    for name, split in steps_of(quiet, Random(7), parallel=parallel):
        quiet.step(name, split)
    for crash_at in range(2, 200, 3):
        effects = Effects()
        file = File(40, parallel=parallel, effects=effects)
        effects.crash_at, effects.after = crash_at, bool(crash_at % 2)
        for name, split in steps_of(file, Random(7), parallel=parallel):
            try:
                file.step(name, split)
            except Crash:
                file.step(name, split)
                file.again(split)
        whole(file)
        assert file.table.tree == quiet.table.tree


@pytest.mark.parametrize("parallel", [True, False])
def test_what_a_death_left_out_of_the_sums_is_made_good_by_a_sweep_though_no_message_comes_again(
    parallel: bool,
) -> None:
    for crash_at in range(2, 200, 7):
        effects = Effects()
        file = File(40, parallel=parallel, effects=effects)
        effects.crash_at, effects.after = crash_at, True
        for name, split in steps_of(file, Random(3), parallel=parallel):
            try:
                file.step(name, split)
            except Crash:
                continue
        file.ledger.settle_anew(file.plan.file_id)
        splits = file.table.read_splits(file.plan.file_id)
        for split in {split.split for split in splits if not split.is_done}:
            file.step("seal", split)
            file.step("done", split)
        for split in set(range(40)) - {split.split for split in splits}:
            file.step("seal", split)
            file.step("done", split)
        file.ledger.settle_anew(file.plan.file_id)
        whole(file)


@pytest.mark.parametrize("splits", [40, 300])
def test_a_redriven_batch_of_a_large_file_rises_through_the_sums(splits: int) -> None:
    file = File(splits)
    for name, split in steps_of(file, Random(2)):
        file.step("failed" if (name, split) == ("done", 21) else name, split)
    assert file.account.state is State.INCOMPLETE
    assert "000021-000000" in str(file.account.reason)
    assert file.account == account_of(file.plan, file.table.read_splits(file.plan.file_id))
    file.step("done", 21)
    whole(file)


@pytest.mark.parametrize("splits", [40, 300])
def test_dead_splits_of_a_large_file_are_named_and_a_seal_overrides_them(splits: int) -> None:
    file = File(splits)
    for name, split in steps_of(file, Random(4)):
        if split in {5, 37}:
            if name == "seal":
                file.step("setback", split)
        else:
            file.step(name, split)
    assert file.account.state is State.INCOMPLETE
    assert "split 5, 37 (" in str(file.account.reason)
    assert file.account == account_of(file.plan, file.table.read_splits(file.plan.file_id))
    for split in (37, 5):
        file.step("seal", split)
        file.step("done", split)
    whole(file)


def test_a_large_file_under_way_shows_how_far_it_is() -> None:
    file = File(300)
    for split in range(300):
        file.step("seal", split)
    assert file.account.state is State.PROCESSING
    for split in range(160):
        file.step("done", split)
    assert file.account.summary.done == 160
    stored = file.table.read_file(file.plan.file_id)
    assert stored is not None
    assert file.ledger.read_account(stored).summary.done == 160
    file.step("done", 160)
    assert file.ledger.read_account(stored).summary.done == 161


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("splits", [16, 40, 300])
def test_a_file_under_way_shows_what_its_splits_are_by_now(splits: int, parallel: bool) -> None:
    for seed in range(2):
        file, random = File(splits, parallel=parallel), Random(seed)
        for name, split in steps_of(file, random, parallel=parallel):
            file.step("failed" if name == "done" and random.random() < 0.05 else name, split)
            if random.random() > 8 / splits:
                continue
            stored = file.table.read_file(file.plan.file_id)
            assert stored is not None
            if not stored.account.state.settled:
                by_split = {each.split: each for each in file.table.read_splits(file.plan.file_id)}
                unsettled = [n for n in range(splits) if n not in by_split or not by_split[n].is_settled][:16]
                for number in unsettled:
                    marks = file.table.read_marks(file.plan.file_id, number)
                    split_account = by_split.get(number, SplitAccount(number, None))
                    summary = summary_of(number, marks, split_account.seal)
                    by_split[number] = replace(split_account, summary=summary)
                expected = account_of(file.plan, by_split.values())
                account = file.ledger.read_account(stored)
                assert replace(account, state=expected.state, reason=expected.reason) == expected


def test_a_file_under_way_is_read_by_its_sums() -> None:
    file = File(1024)
    for split in range(1000):
        file.step("seal", split)
        file.step("done", split)
    stored = file.table.read_file(file.plan.file_id)
    assert stored is not None
    before = file.table.reads
    assert file.ledger.read_account(stored).summary.done == 1000
    assert file.table.reads - before <= 62 + 16 + 16


def test_the_parts_of_a_merged_account_are_those_of_its_splits() -> None:
    splits = [
        SplitAccount(number, seal_of(number, 9), summary_of(number, {0: DONE}, seal_of(number, 9)))
        for number in range(9)
    ]
    plan = plan_of(9)
    total = merged(splits[2:6])
    assert total is not None
    assert (total.split, total.width) == (2, 4)
    assert account_of(plan, [*splits[:2], total, *splits[6:]]) == account_of(plan, splits)
    assert merged([splits[0], splits[2]]) is None
    assert merged([splits[0], replace(splits[1], seal=None)]) is None
    assert merged([]) is None


@pytest.mark.parametrize(
    ("splits", "level"), [(1, 0), (16, 0), (17, 1), (1024, 1), (1025, 2), (16_384, 2), (16_385, 3)]
)
def test_at_most_64_parts_lie_below_a_file(splits: int, level: int) -> None:
    assert top_level(splits) == level
