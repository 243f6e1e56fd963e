"""The ledger's arithmetic: marks only rise, seals lie end to end, and the state follows."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import SplitAccount, State, account_of, is_last_split
from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally, digest_of
from chalicelib.core.ledger.seals import Obstacle, Seal, Setback
from chalicelib.core.ledger.summaries import Summary, summary_of
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan, failed_plan
from tests.fakes import WHEN

HEAD = ObjectHead(ObjectVersion("logs", "a.log", "v1", "e"), 200, "text/plain", WHEN)
PLAN = Plan(HEAD, "text", 0.1, limits=Limits(split_bytes=100))
TALLIES = st.builds(Tally, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**12))
REASONS = st.sampled_from(["blank", "byte-order-mark", "header"])
COUNTS = st.builds(Counts, TALLIES, TALLIES, st.dictionaries(REASONS, TALLIES))
OFFSETS = st.integers(0, 2**50)
PLACES = st.just((None, "")) | st.tuples(OFFSETS, st.just("AZaz09-_"))
CORRECTIONS = st.integers(0, 300)
DONE_MARKS = st.builds(lambda counts, place, n: Mark.done(counts, *place, n), COUNTS, PLACES, CORRECTIONS)
OTHER_MARKS = st.builds(
    lambda outcome, total, note, place: Mark(outcome, total, note=note, start=place[0], digest=place[1]),
    st.sampled_from([Outcome.FAILED, Outcome.DISCARDED]),
    TALLIES,
    st.text(max_size=50),
    PLACES,
)
MARKS = DONE_MARKS | OTHER_MARKS
DISPUTED_MARKS = st.builds(lambda mark, begin, end: mark.taken_back((begin, end)), MARKS, OFFSETS, OFFSETS)


def sealed(split: int, start: int, end: int, *, batches: int = 1, last: bool = False) -> Seal:
    return Seal(split, start, end, batches, Tally(1, 1, end - start), last)


def done(bytes_: int) -> Mark:
    return Mark.done(Counts(parsed=Tally(1, 1, bytes_)))


def added(*marks: Mark) -> Summary:
    return summary_of(0, dict(enumerate(marks)))


def account(*splits: SplitAccount, plan: Plan = PLAN) -> tuple[State, str | None]:
    actual = account_of(plan, splits)
    return actual.state, actual.reason


@given(MARKS | DISPUTED_MARKS)
def test_a_mark_is_the_same_after_it_was_stored(mark: Mark) -> None:
    assert Mark.decode(mark.encode()) == mark


@given(MARKS, MARKS)
def test_stored_marks_compare_as_their_outcomes(one: Mark, other: Mark) -> None:
    assert (one.encode() >= f"{other.outcome:d}") == (one.outcome >= other.outcome)


def test_sixteen_usual_marks_stay_within_a_write_unit() -> None:
    """An item's size is that of its names and values: keys, expiry and marks that lie behind a terabyte of text."""
    counts = Counts(Tally(4990, 4990, 718_000), Tally(10, 10, 1876), {"blank": Tally(5, 5, 5)})
    mark = Mark.done(counts, 2**40, digest_of(2**40, 1, 1, 1, 1, b""))
    names = sum(len(str(place)) for place in range(16))
    used = len("u") + number_bytes(16 * 5000) + len("t") + number_bytes(16 * 60 * 100)
    keys = len("pk") + 26 + len("sk") + len("leaf#000000#000000") + len("expires_at") + 6
    assert 16 * len(mark.encode()) + names + keys + used <= 1024


def number_bytes(number: int) -> int:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
    return (len(str(number)) + 1) // 2 + 1


@given(st.lists(MARKS, max_size=20), st.randoms())
def test_a_summary_does_not_depend_on_the_order_of_its_marks(marks: list[Mark], random: Random) -> None:
    numbered = list(enumerate(marks))
    before = summary_of(0, dict(numbered))
    random.shuffle(numbered)
    assert summary_of(0, dict(numbered)) == before


@given(st.lists(MARKS, min_size=1, max_size=10))
def test_a_revision_rises_with_every_mark_that_rises(marks: list[Mark]) -> None:
    revision = added(*marks).revision
    higher = [mark if mark.outcome is Outcome.DONE else done(1) for mark in marks]
    assert added(*higher).revision >= revision
    assert (added(*higher).revision == revision) == (higher == marks)


def test_a_file_is_splitting_until_its_seals_lie_end_to_end() -> None:
    first = SplitAccount(0, sealed(0, 0, 120), added(done(120)))
    second = SplitAccount(1, sealed(1, 120, 200, last=True), added(done(80)))
    assert account()[0] is State.SPLITTING
    assert account(first)[0] is State.SPLITTING
    assert account(second)[0] is State.SPLITTING
    gap = SplitAccount(1, sealed(1, 121, 200, last=True), added(done(79)))
    assert account(first, gap)[0] is State.SPLITTING
    assert account(second, first)[0] is State.COMPLETE


def test_a_file_is_processing_until_every_batch_is_marked() -> None:
    whole = sealed(0, 0, 200, batches=2, last=True)
    assert account(SplitAccount(0, whole, added(done(100))))[0] is State.PROCESSING
    assert account(SplitAccount(0, whole, added(done(100), done(100))))[0] is State.COMPLETE


def test_a_dead_letter_makes_a_file_incomplete_and_a_discard_says_so() -> None:
    whole = sealed(0, 0, 200, batches=2, last=True)
    dead = Mark(Outcome.FAILED, Tally(1, 1, 100), note="no table")
    state, reason = account(SplitAccount(0, whole, added(done(100), dead)))
    assert (state, reason) == (
        State.INCOMPLETE,
        "1 of 2 batches is dead-lettered (1 line, 100 bytes): 000000-000001",
    )
    given_up = Mark(Outcome.DISCARDED, Tally(1, 1, 100), note="not needed")
    state, reason = account(SplitAccount(0, whole, added(done(100), given_up)))
    assert (state, reason) == (
        State.COMPLETE,
        "complete with discards: 1 of 2 batches (1 line, 100 bytes)",
    )


def test_what_is_disputed_of_a_discarded_split_waits_for_nothing() -> None:
    """Nobody cuts the split again, so the file must not stay INCOMPLETE for that."""
    plan = replace(PLAN, limits=Limits(split_bytes=1000))
    summary = summary_of(0, {0: done(100).taken_back((0, 100))})
    assert summary.contradicted == 1
    actual = account_of(plan, [SplitAccount(0, None, summary, Setback(Obstacle.DISCARDED, "not needed"))])
    assert (actual.state, actual.summary.contradicted) == (State.COMPLETE, 0)
    assert "complete with discards: split 0" in (actual.reason or "")
    failed = account_of(plan, [SplitAccount(0, None, summary, Setback(Obstacle.FAILED, "no table"))])
    assert failed.state is State.INCOMPLETE


def test_damage_is_named_with_both_offsets() -> None:
    damage = Damage("truncated", "the gzip data ends in the middle", 1234, 200)
    seal = Seal(0, 0, 200, 1, Tally(1, 1, 200), last=True, damage=damage)
    state, reason = account(SplitAccount(0, seal, added(done(200))))
    assert state is State.DAMAGED
    assert reason == "the gzip data ends in the middle at byte 1,234 (text offset 200)"


def test_damage_before_any_text_is_a_failure() -> None:
    seal = Seal(0, 0, 0, 0, Tally(), last=True, damage=Damage("corrupt", "broken", 3, 0))
    assert account(SplitAccount(0, seal))[0] is State.FAILED


def test_a_plan_that_failed_is_a_failed_file() -> None:
    assert account(plan=failed_plan(HEAD, "not text")) == (State.FAILED, "not text")


def test_an_empty_file_is_complete() -> None:
    assert account(SplitAccount(0, Seal(0, 0, 0, 0, Tally(), last=True)))[0] is State.COMPLETE


def test_pending_is_what_was_cut_and_not_marked() -> None:
    seal = Seal(0, 0, 200, 2, Tally(5, 6, 200), last=True)
    actual = account_of(PLAN, [SplitAccount(0, seal, added(done(120)))])
    assert actual.pending == Tally(4, 5, 80)
    assert account_of(PLAN, [SplitAccount(0, None, added(done(120)))]).pending == Tally()


def test_the_last_split_is_the_one_whose_range_holds_the_end_of_the_text() -> None:
    assert is_last_split(PLAN, 1, 200, text_ended=True)
    assert not is_last_split(PLAN, 0, 200, text_ended=True)
    assert not is_last_split(PLAN, 1, 150, text_ended=False)
    assert is_last_split(PLAN, 0, 0, text_ended=True)


def test_summaries_add_up() -> None:
    assert added() == Summary()
    assert added(done(1)) + added(done(2)) == added(done(1), done(2))


@given(st.sampled_from(Obstacle), st.lists(MARKS, max_size=3))
def test_a_seal_raises_the_revision_over_that_of_any_setback(obstacle: Obstacle, marks: list[Mark]) -> None:
    summary = added(*marks)
    before = SplitAccount(0, None, summary, Setback(obstacle, "why"))
    after = SplitAccount(0, sealed(0, 0, 200), summary)
    assert SplitAccount(0, None, summary).revision < before.revision < after.revision
