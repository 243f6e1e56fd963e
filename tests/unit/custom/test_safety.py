"""No pattern takes time without bound: what is proved of expressions, and the standard names under fire."""

from __future__ import annotations

import contextlib
import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.custom.expressions import from_grok, from_pattern
from chalicelib.core.custom.grok import GROK
from chalicelib.core.custom.matching import Matcher, TooSlowError
from chalicelib.core.custom.proofs import check_search, limits_of
from chalicelib.core.custom.spec import FLAGS, PatternError
from tests.linear import assert_linear

BOUNDLESS = [
    "(a+)+b", "(a*)*b", "(a|a?)*b", "(?:(?:a?|b?)c)*d", r"(\w+\s?)*x", r"([^,]+,?)*;", r'"(?:[^"\\]+|\\.)*"', "(a?b?)*c",
    "(?i)(?:k|\u212aa?)+x", "(?i)(?:s|\u017fa?)+x", "(?i)(?:k|[^\x00-\x7f]a?)+x", "(?:[^é]|中a?)+x", "(?:[^é-ü]|中a?)+x",
    r"(/([\w.-]+|\\.)*)+x", "(?:a{1,50}){1,50}b", "(.*a){20}", "(x+x+)+y",
]  # fmt: skip
LINEAR = [
    r"(\S+) (\S+) (.*)", r'"((?:[^"\\]++|\\.)*)"', r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', r"(\w+\.)*\w+ x", "a{3,900} b", ".*", "(a+)",
    "(?i)abc[a-z]+1",
]  # fmt: skip


@pytest.mark.parametrize("pattern", BOUNDLESS)
def test_a_repetition_that_reads_the_same_text_in_several_ways_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"in several ways|multiply|too complex"):
        limits_of(pattern)


@pytest.mark.parametrize("pattern", LINEAR)
def test_what_takes_time_like_the_text_is_tried_on_any_length(pattern: str) -> None:
    assert limits_of(from_pattern(pattern).text).full == 0


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(\w)\1", "a backreference"),
        ("(?=.*a)b", "look-around"),
        ("(", "not a regular expression"),
        ("[a", "not closed"),
        ("a(?i)b", "flags are in the middle"),
        ("(?x)a", "flags"),
        ("(?<a b>x)", "not a field name"),
    ],
)
def test_what_cannot_be_proved_is_refused_with_a_remedy(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=reason):
        limits_of(from_pattern(pattern).text)


@pytest.mark.parametrize("pattern", [r"\d+foo", r"\b[\w.]+@[\w.]+", ".*a.*b"])
def test_a_search_that_begins_with_an_endless_repetition_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="faster than the text"):
        check_search(pattern)


@pytest.mark.parametrize(
    "pattern", [r"password=\S+", r"\b[\w.]{1,64}@[\w.]+\b", "^/health", r"(?:\d[ -]?){13,19}"]
)
def test_a_search_that_begins_with_something_fixed_or_bounded_is_taken(pattern: str) -> None:
    check_search(pattern)


def test_what_the_first_try_matches_is_what_the_expression_itself_matches() -> None:
    """Wherever the quick way says yes, Python's own match has the same groups; and no long text is slow."""
    dice = random.Random(7)
    patterns = [
        r"(.*?),(.*?),(.*)",
        r'"(.*?)" "(.*?)" (\d+)',
        r"(.*) (.*) (\w+)",
        r"(a|ab)(c|bcd)(d*)x?(.*?)y(.*)z",
    ]
    for pattern in patterns:
        limits, full = limits_of(pattern), re.compile(pattern, FLAGS)
        matcher = Matcher(pattern, limits)
        for _ in range(2000):
            text = "".join(dice.choice('abcdxyz," 1') for _ in range(dice.randint(0, 24)))
            match, expected = matcher.match(text), full.fullmatch(text)
            assert (match and match.groups()) == (expected and expected.groups()), (pattern, text)


def test_an_entry_too_long_for_what_might_be_tried_is_told() -> None:
    pattern = r"(.*?),(.*?),(.*?)x"
    with pytest.raises(TooSlowError):
        Matcher(pattern, limits_of(pattern)).match("," * 100_000)


PIECES = ["a", "0", " ", ".", ":", "-", "/", "\\", '"', "'", "[", "]", "%", "0.", "a.", "a-", "::", "/a", "\\a", ":0", "1:", "x@", "+1 ", "A:\\", "Jan "]  # fmt: skip


@pytest.mark.parametrize("name", sorted(GROK))
def test_no_standard_name_is_slow_on_long_adversarial_lines(name: str) -> None:
    expression = from_grok(f"%{{{name}:x}} !", {})
    matcher = Matcher(expression.text, limits_of(expression.text))
    for piece, head in itertools.product(PIECES, ("", "1", "a.b", "http://", "urn:a:", '"')):

        def run(size: int, piece: str = piece, head: str = head) -> None:
            with contextlib.suppress(TooSlowError):
                matcher.match(head + piece * (size // len(piece)))

        assert_linear(run, 40_000, 0.2)


@given(st.sampled_from(sorted(GROK)), st.text(max_size=200))
def test_no_text_makes_a_standard_name_raise(name: str, text: str) -> None:
    expression = from_grok(f"%{{{name}}}", {})
    Matcher(expression.text, limits_of(expression.text)).match(text)


@pytest.mark.parametrize(
    ("name", "texts", "others"),
    [
        ("IPV6", ["2001:db8::1", "::1", "::", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "fe80::1%eth0", "1::8"], ["1:2:3", "g::1", "1:2:3:4:5:6:7:8:9"]),
        ("IPV4", ["192.0.2.1", "255.255.255.255"], ["256.1.1.1", "1.2.3"]),
        ("TIMESTAMP_ISO8601", ["2024-03-14T09:26:53.123Z", "2024-03-14 09:26:53,123", "2024-03-14T09:26:53+01:00"], ["14.03.2024"]),
        ("HTTPDATE", ["14/Mar/2024:09:26:53 +0100"], ["14/Mar/2024"]),
        ("QS", ['"a \\" b"', "'x'", '""'], ['"a', "a"]),
        ("UNIXPATH", ["/var/log/a.log", "/"], ["var"]),
        ("URI", ["https://ada@example.org:8443/a/b?x=1&y=[2]"], ["example"]),
        ("LOGLEVEL", ["WARNING", "error", "Info", "CRITICAL", "TRACE"], ["nothing"]),
        ("JAVACLASS", ["org.example.Shop", "Shop"], ["org..Shop"]),
        ("EMAILADDRESS", ["ada.b+c@example.org"], ["ada"]),
        ("MAC", ["00:11:22:aa:bb:cc", "0011.22aa.bbcc", "00-11-22-aa-bb-cc"], ["00:11"]),
        ("SYSLOGTIMESTAMP", ["Mar  4 09:26:53", "Mar 14 09:26:53"], ["14 Mar"]),
        ("NUMBER", ["1", "-1.5", ".5", "+7"], ["1e", "a"]),
    ],
)  # fmt: skip
def test_a_standard_name_matches_what_its_users_know(name: str, texts: list[str], others: list[str]) -> None:
    expression = from_grok(f"%{{{name}}}", {})
    matcher = Matcher(expression.text, limits_of(expression.text))
    assert [text for text in texts if matcher.match(text) is None] == []
    assert [text for text in others if matcher.match(text) is not None] == []
