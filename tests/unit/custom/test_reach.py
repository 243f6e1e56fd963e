"""How far a pattern goes in an entry that it does not match, and what it expects there."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.core.custom.reach import Reach, furthest, reach
from chalicelib.core.formats import Format
from chalicelib.core.formats.registry import all_formats
from tests.lines_of_formats import GOLDEN

EXAMPLES = {
    (r"([0-9]{4})-([0-9]{2}) (\w+)", "2024-x3 a"): (5, "2 digits"),
    (r"[0-9]{1,3}: (\w+)", "12; a"): (2, "': '"),
    (r"(\w+) till(?:7|8)\|x", "a till9|x"): (6, ""),
    (r"(\w+) (INFO|WARN) x", "a DEBUG x"): (2, "'INFO' or 'WARN'"),
    (r"(\w+) (?:INFO a|WARN b) x", "a WARN c x"): (7, "'b'"),
    (r"a(?: b)? c", "a d"): (2, "'c'"),
    (r"a(?=b)[0-9]", "ax"): (1, "a digit"),
    (r"abc", "abcd"): (3, "its end"),
    (r"abc", "x"): (0, "'abc'"),
    (r"[^|]+\|", "no bar"): (6, "'|'"),
}


@pytest.mark.parametrize(("pattern", "text"), EXAMPLES)
def test_a_pattern_is_followed_as_far_as_it_goes(pattern: str, text: str) -> None:
    assert reach(pattern, re.DOTALL, text) == EXAMPLES[pattern, text]


def test_of_several_patterns_that_counts_which_goes_furthest() -> None:
    assert furthest(["ab!", "abc!", "x"], 0, "abc?") == Reach(3, "'!'")
    assert furthest(["x", "y"], 0, "abc") is None


def test_a_reach_is_told_in_a_sentence() -> None:
    text = "2024-x3"
    assert (
        reach(r"([0-9]{4})-([0-9]{2})", 0, text).explained(text)
        == "goes as far as '2024-' and then expects 2 digits, found 'x3'"
    )
    assert reach(r"[0-9]", 0, "x").explained("x") == "does not match 'x': it expects a digit"


@pytest.mark.parametrize(
    "known", [known for known in all_formats() if known.patterns], ids=lambda known: known.name
)
def test_every_reject_of_a_format_of_patterns_has_a_reach(known: Format) -> None:
    name, patterns = known.name, known.patterns
    data = (GOLDEN / f"{name}.log").read_bytes()
    for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[1:-1]:
        outcome = json.loads(line)
        if outcome.get("rejected") == "other-shape":
            text = data[outcome["offset"] :][: outcome["length"]].decode(errors="replace").rstrip("\n")
            actual = furthest(patterns, re.DOTALL, text)
            assert actual is None or 0 < actual.end <= len(text)
