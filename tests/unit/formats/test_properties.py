"""What holds for every format and any text: it never raises, is deterministic, and takes linear time."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.formats import Format, ParseContext
from chalicelib.core.formats.registry import all_formats
from chalicelib.core.records import Record, Reject

CONTEXT = ParseContext(datetime(2024, 6, 1, tzinfo=UTC))
REASONS = {
    "not-an-access-line", "not-rfc5424", "not-rfc3164", "not-an-object", "invalid-json", "too-deep",
    "invalid-timestamp", "no-timestamp", "invalid-structured-data",
    "other-shape", "no-header", "field-count",
}  # fmt: skip
SAMPLES = [sample for known in all_formats() for sample in known.samples]
each_format = pytest.mark.parametrize("known", all_formats(), ids=lambda known: known.name)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A sample with a stretch replaced, repeated or cut."""
    text = draw(st.sampled_from(SAMPLES))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    insert = draw(
        st.one_of(st.text(max_size=8), st.sampled_from(SAMPLES), st.sampled_from(list('"[]\\ -:{}0\x00\x1b')))
    )
    return text[:start] + insert * draw(st.integers(0, 3)) + text[end:]


def check(parsed: Record | Reject) -> None:
    if isinstance(parsed, Reject):
        assert parsed.reason in REASONS
        return
    assert isinstance(parsed, Record)
    assert parsed.timestamp is None or re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", parsed.timestamp
    )
    assert parsed.timestamp_assumed in (None, "zone", "year", "year,zone")
    assert parsed.severity_number is None or 1 <= parsed.severity_number <= 24
    assert (parsed.severity_number is None) <= (parsed.severity_text is None)
    assert all(type(name) is str and name for name in parsed.attributes)


@each_format
@settings(max_examples=300)
@given(st.one_of(st.text(), mutated()))
def test_no_text_raises(known: Format, text: str) -> None:
    check(known.make_parser(CONTEXT)(text))


@given(st.lists(mutated(), max_size=6))
def test_what_a_parser_met_before_changes_nothing(texts: list[str]) -> None:
    for known in all_formats():
        warm = known.make_parser(CONTEXT)
        for text in texts:
            assert warm(text) == known.make_parser(CONTEXT)(text)


PIECES = [
    '"', "\\", '\\"', "[", "]", "(", "{", " ", "\t", "-", ":", "|", "0", "9", "a", "a.", "a ", "[a] ", '" "', "- ", "a=",
    "é", "\x1b[0m", "<1>", "<", "a:", "[a](b)", "1:", '{"a":', '"a":1,', "a b: ", "+", "=", '[a b="c"]', " b=",
]  # fmt: skip
HEADS = [
    "", "<1>1 - - - - - ", "<1>1 - - - - - [a", '<1>1 - - - - - [a b="', "Mar 14 09:26:53 ", "Mar 14 09:26:53 a ",
    "2024-03-14 09:26:53 ", "2024-03-14 09:26:53 INFO ", "2024-03-14 09:26:53 [a] INFO ", "INFO [", "INFO ", "[",
    "192.0.2.1 - - ", "192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] ", '192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "',
    '192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1 "', '{"a":"', '{"a":', '{"a":1,', "{",
    "2024-03-14T09:26:53Z h ", "2024-03-14T09:26:53Z h a", '192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "GET ',
]  # fmt: skip


@each_format
def test_long_adversarial_lines_take_linear_time(known: Format) -> None:
    """Four times the text may take up to ten times as long (a quadratic parser takes sixteen)."""
    parse = known.make_parser(CONTEXT)

    def seconds(text: str, times: int) -> float:
        best = 1e9
        for _ in range(times):
            start = time.perf_counter()
            check(parse(text))
            best = min(best, time.perf_counter() - start)
        return best

    small, large = 16 * 1024, 64 * 1024
    for head in HEADS:
        for piece in PIECES:
            text = head + piece * (large // len(piece))
            if seconds(text, 1) > 0.02:
                short = seconds(head + piece * (small // len(piece)), 5)
                assert seconds(text, 5) < 10 * short, (head, piece)


@each_format
def test_an_entry_of_the_largest_size_is_parsed_in_less_than_a_second(known: Format) -> None:
    parse = known.make_parser(CONTEXT)
    for head in HEADS:
        for piece in ('"', " ", "[", "0", "a ", '\\"', "- ", '"a":1,', "[a] "):
            start = time.perf_counter()
            check(parse(head + piece * (256 * 1024 // len(piece))))
            assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "known", [known for known in all_formats() if known.framing.entry_start], ids=lambda known: known.name
)
def test_an_entry_start_is_found_in_linear_time(known: Format) -> None:
    start = re.compile((known.framing.entry_start or "").encode())
    for head in HEADS:
        for piece in PIECES:
            began = time.perf_counter()
            start.match((head + piece * 1024).encode()[:1024])
            assert time.perf_counter() - began < 0.5
