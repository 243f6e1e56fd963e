"""INPUT_KEYS: which keys are logs, and how much of that S3 and other languages can say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.plan.keys import KeyPatternError, KeyPatterns, buckets_in

CASES = [
    ("", "anything/at all", True),
    ("  ", "x", True),
    ("logs/*", "logs/a.log", True),
    ("logs/*", "logs/deep/er/a.log", True),
    ("logs/*", "customers.csv", False),
    ("logs/*", "old/logs/a.log", False),
    ("logs/*", "logs", False),
    ("*.log", "a/b.log", True),
    ("*.log", "a.LOG", False),
    ("*.log, *.gz", "x.gz", True),
    ("*.log,*.gz", "x.csv", False),
    ("!*.csv", "customers.csv", False),
    ("!*.csv", "a.log", True),
    ("logs/*, !*/_temporary/*", "logs/_temporary/part", False),
    ("logs/*, !*/_temporary/*", "logs/a", True),
    ("logs/*,!*.tmp", "other/a.tmp", False),
    ("app-?.log", "app-1.log", True),
    ("app-?.log", "app-10.log", False),
    ("app-[0-9].log", "app-7.log", True),
    ("app-[!0-9].log", "app-7.log", False),
    ("a+b (1).log", "a+b (1).log", True),
    ("a.log", "aXlog", False),
    ("*.log", "line\nbreak.log", True),
    ("ä/*", "ä/日本.log", True),
    ("a[b.log", "a[b.log", True),
]


@pytest.mark.parametrize(("text", "key", "taken"), CASES)
def test_a_key_is_taken_by_a_glob_and_by_none_that_leaves_out(text: str, key: str, taken: bool) -> None:
    assert KeyPatterns(text).takes(key) is taken


@pytest.mark.parametrize("text", [",", "a,,b", "!", "a, !", "a,"])
def test_an_empty_glob_is_refused(text: str) -> None:
    with pytest.raises(KeyPatternError, match="a glob is empty"):
        KeyPatterns(text)


@pytest.mark.parametrize(
    "text",
    [
        "!?*",
        "!*?",
        "!?, !??*",
        "a*, !a, !a?*",
        "logs/[a-z]*, !logs/[a-m]*, !logs/[n-z]*",
        "![!x]*, !x*",
        "a.b, !a[.]?",
        "!*",
        "logs/*, !*",
        "logs/*, !logs/*",
        "a?.log, !*.log",
        "*.gz, *.log, !*.gz, !*og",
        "[ab], ![ab]",
    ],
)
def test_patterns_that_leave_out_every_key_are_refused(text: str) -> None:
    with pytest.raises(KeyPatternError, match="it excludes every key"):
        KeyPatterns(text)


@pytest.mark.parametrize(
    "text",
    [
        "!?",
        "!??*",
        "logs/[a-z]*, !logs/[a-m]*, !logs/[o-z]*",
        "![!x]*, !x",
        "!*/*",
        "!*.*",
        "logs/*, !logs/?*",
        "logs/*, *.gz, !*.gz",
        "[ab]*, !a*",
        "a*, !a?",
    ],
)
def test_patterns_that_leave_out_nearly_every_key_are_taken(text: str) -> None:
    assert KeyPatterns(text).left_out


def test_each_bucket_has_keys_of_its_own() -> None:
    actual = buckets_in(" eu-logs: logs/*, !*.tmp ;us-logs; ")
    assert list(actual) == ["eu-logs", "us-logs"]
    assert [actual["eu-logs"].takes(key) for key in ("logs/a", "logs/a.tmp", "b")] == [True, False, False]
    assert actual["us-logs"].takes("b")
    assert actual["eu-logs"].refusal() == "the setting INPUT_BUCKETS (logs/*, !*.tmp) leaves it out"
    assert buckets_in("") == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Logs", "'Logs' is not a bucket name: give names separated by semicolons"),
        ("a-b, c-d", "'a-b, c-d' is not a bucket name"),
        (": *.gz", "'' is not a bucket name"),
        ("eu-logs; eu-logs: *.gz", "it names eu-logs twice"),
        ("eu-logs: a,,b", "a glob is empty"),
        ("eu-logs: !*", "it excludes every key"),
    ],
)
def test_buckets_that_are_wrong_are_named(text: str, sentence: str) -> None:
    with pytest.raises(KeyPatternError, match=sentence):
        buckets_in(text)


@pytest.mark.parametrize(
    ("text", "prefix", "suffix"),
    [
        ("", "", ""),
        ("logs/*", "logs/", ""),
        ("logs/*.gz", "logs/", ".gz"),
        ("*.gz", "", ".gz"),
        ("logs/a*, logs/b*", "logs/", ""),
        ("a/*.log, b/*.log", "", ".log"),
        ("*.log, *.gz", "", ""),
        ("!*.csv", "", ""),
        ("logs/a.log", "logs/a.log", ""),
        ("logs/a?.log, !x", "logs/a", ".log"),
        ("logs/[ab].log", "logs/", ""),
    ],
)
def test_a_notification_is_narrowed_to_what_all_taken_keys_have(text: str, prefix: str, suffix: str) -> None:
    patterns = KeyPatterns(text)
    assert (patterns.prefix, patterns.suffix) == (prefix, suffix)


@given(
    st.lists(st.text("ab/.*?-", min_size=1, max_size=6), min_size=1, max_size=3), st.text("ab/.-", max_size=8)
)
def test_what_is_taken_passes_the_notification_and_the_expressions(globs: list[str], key: str) -> None:
    patterns = KeyPatterns(",".join(globs))
    if patterns.takes(key):
        assert key.startswith(patterns.prefix)
        assert key.endswith(patterns.suffix)
        assert len(key) >= len(patterns.prefix) + len(patterns.suffix)


@pytest.mark.parametrize(("text", "key", "taken"), CASES)
def test_the_expressions_for_other_languages_say_the_same(text: str, key: str, taken: bool) -> None:
    patterns = KeyPatterns(text)
    for expression in (patterns.taken_expression, patterns.left_out_expression):
        assert not re.search(r"[\\\"]|(?<!\[)/", expression)
    matches = re.search(patterns.taken_expression, key, re.DOTALL)
    left_out = re.search(patterns.left_out_expression, key, re.DOTALL)
    assert (bool(matches) and not left_out) is taken
