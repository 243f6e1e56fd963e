"""What holds for every format and any text: it never raises, is deterministic, and takes linear time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.formats import Format, ParseContext, severity
from chalicelib.core.formats.reasons import MEANINGS, code_of
from chalicelib.core.formats.registry import all_formats, family_of
from chalicelib.core.records import Record, Reject
from tests.linear import assert_linear

CONTEXT = ParseContext(datetime(2024, 6, 1, tzinfo=UTC))
SAMPLES = [sample for known in all_formats() for sample in known.samples]
LONG = 6 * 1024
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
        assert code_of(parsed.reason) in MEANINGS
        return
    assert isinstance(parsed, Record)
    assert parsed.timestamp is None or re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", parsed.timestamp
    )
    assert parsed.timestamp_assumed in (None, "zone", "year", "year,zone")
    assert parsed.severity_number is None or 1 <= parsed.severity_number <= 24
    if parsed.severity_number is None:
        assert parsed.severity_text is None or severity.is_word(parsed.severity_text)
    assert all(type(name) is str and name for name in parsed.attributes)


@pytest.mark.parametrize("family", sorted({family_of(known.name) for known in all_formats()}))
@settings(max_examples=300)
@given(text=st.one_of(st.text(), mutated()))
def test_no_text_raises(family: str, text: str) -> None:
    for known in all_formats():
        if family_of(known.name) == family:
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
    ", ", "1.2.3.4, ", ", client: ", ', host: "a"', '[id "1"]', " [client 1]", "1/", '"a" ', "1 ", " : ", "rt=1 ",
]  # fmt: skip


def heads_of(known: Format) -> list[str]:
    """What adversarial text stands behind: nothing, and samples of the format's own, whole and cut."""
    entries = [sample.rpartition("\n")[2] for sample in known.samples[:3]]
    cut = [entry[: len(entry) * part // 3] for entry in entries for part in (1, 2)]
    return list(dict.fromkeys(["", *entries, *cut]))


@each_format
def test_long_adversarial_lines_take_linear_time(known: Format) -> None:
    header = known.samples[0].partition("\n")[0] if known.framing.has_header else ""
    parse = known.make_parser(ParseContext(CONTEXT.last_modified, header))
    for head in heads_of(known):
        for piece in PIECES:
            assert_linear(
                lambda size, head=head, piece=piece: check(parse(head + piece * (size // len(piece)))), LONG
            )


@pytest.mark.parametrize(
    "known", [known for known in all_formats() if known.framing.entry_start], ids=lambda known: known.name
)
def test_an_entry_start_is_found_in_linear_time(known: Format) -> None:
    start = re.compile((known.framing.entry_start or "").encode())
    for head in heads_of(known):
        for piece in PIECES:
            line = (head + piece * 1024).encode()
            assert_linear(lambda size, line=line: start.match(line[:size]), 1024)
