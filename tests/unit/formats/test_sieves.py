"""Sieves asked together find what each finds when it is asked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.core.formats import sieves
from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.formats.sieve_trees import BEYOND_ASCII, may_begin, may_lack, needed
from chalicelib.core.formats.sieves import Sieves, matcher, sieve_of, sieves_of_all
from froe import format_index

SAMPLES = [line for known in all_formats() for sample in known.samples for line in sample.split("\n")]
PRINTABLE = "".join(map(chr, range(32, 127)))
MARKS = ':-/"[=,.{<|% é\u212a'
EXPRESSIONS = [
    r"a|[bc]x",
    r"(?i:warn|fail): ",
    r"(?i)k[a-f]+",
    r"(?:<[0-9]>)?+[A-Z]{2,4} ",
    r"[^\n]{0,9}?(?:ab|cd)-",
    r"(?=[a-c])\w+=",
    r"(?!x)[^ :]*",
    r"\s*+[{\[]",
    r"(x?)\1y",
    r"(?>ab|a)c",
    "é|\u017f",
]


def found_one_by_one(line: str) -> list[int]:
    return [
        place
        for place, known in enumerate(all_formats())
        if re.match(known.sieve or "", line)
        and all(any(text in line for text in texts) for texts in known.contains)
    ]


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A sample, its beginning or end, with a stretch of another or odd characters in it; or prose."""
    if draw(st.booleans()):
        return draw(st.text(st.sampled_from("abEIW019 " + MARKS), max_size=60))
    line, other = draw(st.sampled_from(SAMPLES)), draw(st.sampled_from(SAMPLES))
    start = draw(st.integers(0, len(line)))
    end = draw(st.integers(start, min(len(line), start + 40)))
    piece = draw(st.sampled_from(["", other, other[:9], other[-9:], *MARKS]))
    return line[:start] + piece + line[end:]


@settings(max_examples=400)
@given(lines())
@example("")
@example("\u017fuccess: 2024-03-14 09:26:53")
def test_a_line_is_let_through_by_the_sieves_that_it_passes_one_by_one(line: str) -> None:
    assert sieves_of_all()(line) == found_one_by_one(line)


def test_every_sample_is_let_through_as_one_by_one() -> None:
    for line in SAMPLES:
        assert sieves_of_all()(line) == found_one_by_one(line), line


def test_the_index_is_what_the_formats_say() -> None:
    index = Path(sieves.__file__).with_name("index.json").read_text(encoding="utf-8")
    assert index == format_index.text(), "run `make docs`"


def test_a_sieve_is_asked_by_itself_too() -> None:
    known = by_name("postgresql")
    assert sieve_of(known)(known.samples[0])
    assert not sieve_of(known)("a word of prose")


def test_no_sieves_let_nothing_through() -> None:
    assert Sieves(())("a line") == []


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(text=st.text(st.sampled_from("abcdfgkxyKWARNwarnfil \u017f\u212aé0{[-:=<>"), max_size=12))
def test_what_is_said_of_an_expression_is_true_of_every_text_that_it_matches(
    expression: str, text: str
) -> None:
    if re.match(expression, text) is None:
        return
    for texts in needed(expression):
        assert any(each in text for each in texts)
    if text:
        assert may_begin(expression, min(text[0], BEYOND_ASCII))
    assert may_lack(expression, frozenset(map(ord, MARKS)) - set(map(ord, text)))


def test_what_an_expression_cannot_match_is_passed_over() -> None:
    assert not may_begin(r"[A-Z]{2,4} ", "a")
    assert not may_lack(r"[^\n]{0,400}?(?:ASA|PIX)-", frozenset(b"-"))
    assert needed(r"(?:[0-9]{2} )?(?:LOG|ERROR):  ") == (frozenset((":  ",)), frozenset(("LOG", "ERROR")))


def test_a_sieve_is_compiled_when_a_line_holds_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def noted(sieve: str) -> Callable[[str], object]:
        compiled.append(sieve)
        return matcher(sieve)

    monkeypatch.setattr(sieves, "matcher", noted)
    line = by_name("kafka").samples[0]
    ask = Sieves(all_formats())
    assert ask(line) == ask(line) == found_one_by_one(line)
    assert len(compiled) == len(set(compiled)) > 0
    assert all(any(need in line for need in sieves._TRAITS[sieve][2]) for sieve in compiled)


def test_the_work_for_lines_of_every_kind_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a line of noise few of the expressions are tried."""
    tried = 0

    def matching(sieve: str) -> Callable[[str], object]:
        def match(line: str) -> object:
            nonlocal tried
            tried += 1
            return matcher(sieve)(line)

        return match

    monkeypatch.setattr(sieves, "matcher", matching)
    ask = Sieves(all_formats())
    dice = Random(66)
    lines = ["".join(dice.choices(PRINTABLE, k=115)) for _ in range(3000)]
    for line in lines:
        ask(line)
    assert tried <= 40 * len(lines)
