"""What is proved of an expression holds of the steps that a backtracking matcher takes, however it is written."""

from __future__ import annotations

from re import _constants as codes  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.core.custom.automaton import UnprovableError
from chalicelib.core.custom.proofs import check_search, limits_of
from chalicelib.core.custom.safety import growth_of, parsed
from chalicelib.core.custom.spec import FLAGS, PatternError
from tests.unit.custom.backtracking import Backtracking, TooManyStepsError

MANY_WAYS = [
    "(?:a?){26}a{26}x", "(?P<a>(?:(?:a?){30}a{30}))b", "(?:[0-9]?){26}x", "(?:[0-9]?){26}[0-9]{26}x",
    "a?" * 26 + "a" * 26 + "x", "(?:(?:a|b)?){26}[ab]{26}x", "(?:[0-9]??){26}[0-9]{26}x",
    "(?=(?:a?){26}a{26}b)a+c", "(?:(?:|){26}b)x", "(?:a?|b?){26}x", "(?:a?){30,}x", "(?:(?:a?b?)*c)*x",
    "(?:z(?:a?){30}a{30}b)?y", "(?!(?:a?){26}a{26}b)a+c",
]  # fmt: skip


@pytest.mark.parametrize("pattern", MANY_WAYS)
def test_what_may_be_left_out_many_times_is_refused(pattern: str) -> None:
    for check in (limits_of, check_search):
        with pytest.raises(PatternError, match=r"more ways than|in several ways|faster than"):
            check(pattern)


@pytest.mark.parametrize("pattern", ["z(?:(?:a+)+b)?", "z(?:(?:a?){26}a{26}b)?", "z(?:[^b]+b)?"])
def test_an_end_that_may_be_left_out_is_tried_all_the_same(pattern: str) -> None:
    with pytest.raises(PatternError):
        check_search(pattern)


@pytest.mark.parametrize("pattern", ["((?:a+)+)(?:$)", r"(\w+ ?)*()", r"((?:\w+ ?)*)(?:\Z)"])
def test_an_empty_end_hides_what_stands_before_it(pattern: str) -> None:
    with pytest.raises(PatternError, match="in several ways"):
        limits_of(pattern)


def test_two_pairs_of_repetitions_multiply_though_something_fixed_parts_the_pairs() -> None:
    assert growth_of(parsed("a*a*bc*c*x", FLAGS), FLAGS, search=False).degree == 3


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:[0-9]?[0-9]:){2}[0-9]{2}(?:\.[0-9]{1,9})? ?(?:AM|PM)? (?:Jan|Jun|Jul|Feb) x", r"(?:[0-9]?){4}x", r"-?[0-9]?[0-9]?[0-9] \w+",
        r"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}[0-9]{1,3} .*", r"\[?(?P<a>\w+)\]?:? (?P<b>.*)",
    ],
)  # fmt: skip
def test_what_people_write_is_taken(pattern: str) -> None:
    assert limits_of(pattern).full == 0


_single = st.sampled_from(["a", "b", "[ab]", "[^b]", ".", "c"])
_bounds = st.sampled_from(["?", "??", "*", "+", "*?", "{2}", "{12}", "{0,3}", "{2,9}", "{0,14}?", "{7,}", "{1,5}"])  # fmt: skip


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(st.one_of(inner, st.just("")), min_size=2, max_size=3).map(lambda some: f"(?:{'|'.join(some)})"),
        st.tuples(inner, _bounds).map(lambda both: f"(?:{both[0]}){both[1]}"),
        st.tuples(_single, st.sampled_from(["?", "??"]), st.integers(1, 14)).map(
            lambda three: f"{three[0]}{three[1]}" * three[2]
        ),
        inner.map(lambda one: f"(?={one})"),
    )  # fmt: skip


patterns = st.recursive(_single, _larger, max_leaves=8)
_texts = st.one_of(
    st.sampled_from(["a" * 18 + "!", "ab" * 9 + "!", "b" * 18 + "!", "aab" * 6 + "!", "a" * 9 + "b" * 9 + "!", "abc" * 6 + "!"]),
    st.text(alphabet="abc", max_size=18).map(lambda text: text + "!"),
)  # fmt: skip
_STEPS_MAX = 150_000


def _bound(pattern: str, text: str, *, search: bool) -> float:
    """As many steps as may be taken of a proved pattern; none where it is refused."""
    try:
        tree = parsed(pattern, FLAGS)
        growth = growth_of(tree, FLAGS, search=search)
    except UnprovableError:
        return 0
    return float(growth.factor * (len(text) + 1) ** max(growth.degree, 1) * 4 * (_size(tree) + 1))


def _size(items: Any) -> int:
    """How many parts an expression has where its counted repetitions are written out."""
    size = 0
    for op, argument in items:
        if op is codes.SUBPATTERN:
            size += _size(argument[3])
        elif op is codes.BRANCH:
            size += sum(map(_size, argument[1]))
        elif op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, body = argument
            size += (least if most == codes.MAXREPEAT else most) * (_size(body) + 1)
        elif op is codes.ASSERT:
            size += _size(argument[1])
        size += 1
    return size


@settings(max_examples=1500, deadline=None)
@given(patterns, _texts, st.booleans())
def test_an_accepted_pattern_takes_more_steps_than_were_proved(pattern: str, text: str, search: bool) -> None:
    pattern = pattern if search else f"{pattern}!x"  # which no text has: all ways are tried
    bound = _bound(pattern, text, search=search)
    assume(bound > 0)
    tried = Backtracking(parsed(pattern, FLAGS), text, int(min(bound, _STEPS_MAX)))
    try:
        _ = tried.matches_anywhere() if search else tried.matches()
    except TooManyStepsError:
        assert bound >= _STEPS_MAX, "more steps than were proved"
