"""Detection: from samples among all formats, through preambles, colours, damage and cuts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats import Format
from chalicelib.core.formats.detection import HEAD_BYTES, detect
from chalicelib.core.formats.registry import all_formats, by_name

LAST_MODIFIED = datetime(2024, 6, 1, tzinfo=UTC)
STRUCTURED = [known for known in all_formats() if known.name != "text"]
each_format = pytest.mark.parametrize("known", STRUCTURED, ids=lambda known: known.name)


def name(text: str | bytes, *, complete: bool = True) -> str:
    head = text if isinstance(text, bytes) else text.encode()
    return detect(head, LAST_MODIFIED, complete=complete).format.name


@pytest.mark.parametrize("known", all_formats(), ids=lambda known: known.name)
def test_every_format_is_found_from_each_of_its_samples_and_from_all(known: Format) -> None:
    assert name("\n".join(known.samples) + "\n") == known.name
    assert [name(sample) for sample in known.samples] == [known.name] * len(known.samples)


@each_format
def test_a_mark_carriage_returns_colours_and_blank_lines_change_nothing(known: Format) -> None:
    text = "\n\n".join(f"\x1b[32m{sample}\x1b[0m" for sample in known.samples * 3)
    assert name(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == known.name


@pytest.mark.parametrize(
    "known", [known for known in STRUCTURED if not known.framing.header_first], ids=lambda known: known.name
)
def test_a_banner_before_the_log_does_not_mislead(known: Format) -> None:
    banner = "Welcome to the shop\n===================\nversion 1.2 (build 7)\ncopyright nobody\n"
    assert name(banner + "\n".join(known.samples * 3)) == known.name


@each_format
def test_a_few_broken_lines_do_not_mislead(known: Format) -> None:
    lines = list(known.samples) * 4
    lines[3:3] = ["%%% broken %%%"]
    lines[7:7] = ["\x00\x01 and bytes that are not UTF-8 \udcff"]
    assert name("\n".join(lines).encode("utf-8", "surrogateescape")) == known.name


@pytest.mark.parametrize(
    "known",
    # An envelope that is cut does not close its array: what follows it is in it.
    [known for known in STRUCTURED if known.name != "aws_cloudwatch_events"],
    ids=lambda known: known.name,
)
@pytest.mark.parametrize("first", [1, 11])
def test_entries_that_are_cut_do_not_hand_a_file_to_a_more_general_format(known: Format, first: int) -> None:
    entries = [
        sample[: len(sample) * 6 // 10] if number % 12 == first else sample
        for number, sample in enumerate(known.samples * 20)
    ]
    assert name("\n".join(entries) + "\n") == known.name


@pytest.mark.parametrize(("of", "whole", "cut"), [("nginx_ingress", 18, 20), ("aws_api_gateway_clf", 10, 30)])
def test_one_line_that_is_cut_does_not_hide_a_format(of: str, whole: int, cut: int) -> None:
    line = by_name(of).samples[0]
    assert name(f"{line}\n" * whole + line[:-cut] + "\n") == of


@pytest.mark.parametrize("of", ["nginx_ingress", "log4j", "hadoop", "spark", "zookeeper"])
def test_a_twelfth_of_the_lines_cut_does_not_hide_a_format(of: str) -> None:
    line = next(sample for sample in by_name(of).samples if "\n" not in sample)
    assert name((f"{line}\n" * 11 + line[: len(line) * 6 // 10] + "\n") * 9) == of


@pytest.mark.parametrize(
    "known", [known for known in STRUCTURED if not known.whole], ids=lambda known: known.name
)
def test_a_format_for_less_than_half_of_the_lines_is_plain_text(known: Format) -> None:
    prose = ["some prose here", "and some more"]
    lines = [line for sample in known.samples for line in (sample, *prose * (1 + sample.count("\n")))]
    lines = [*prose * 3, *lines]  # no entry of a file begins with prose: what begins clearly does so at once
    assert name("\n".join(lines)) in ("text", "stack_trace")  # the traces of a few samples are still traces


def test_a_last_line_that_is_cut_does_not_count_unless_it_is_the_only_one() -> None:
    line = '{"a":1}'
    assert detect(f"{line}\n{line[:4]}".encode(), LAST_MODIFIED, complete=False).score == 0.9
    assert detect(f"{line}\n{line[:4]}".encode(), LAST_MODIFIED, complete=True).format.name == "text"
    assert name(line, complete=False) == "json"


def test_bytes_beyond_the_head_do_not_count() -> None:
    line = b'{"a":1}\n'
    head = line * (HEAD_BYTES // len(line))
    assert detect(head + b"x\n" * 99999, LAST_MODIFIED, complete=True).score == 0.9


@pytest.mark.parametrize("head", ["", "\n", " \n\t\n", "\ufeff", "\r\n\r\n"])
def test_a_head_without_a_line_is_plain_text(head: str) -> None:
    assert name(head) == "text"


def test_stack_traces_count_as_explained() -> None:
    trace = (
        "java.io.IOException: reset\n" + "\tat a.B.c(B.java:1)\n" * 40 + "Caused by: x.Y: z\n\t... 12 more\n"
    )
    assert name(f"2024-03-14 09:26:53 ERROR failed\n{trace}") == "timestamped"


def test_prose_under_a_time_stamp_does_not_count_as_explained() -> None:
    assert name("2024-03-14 09:26:53 minutes of the meeting\n" + "we talked about logs\n" * 9) == "text"


@pytest.mark.parametrize(
    "line",
    [
        "2024-03-14T09:26:53Z INFO module: started",
        "2024-03-14 09:26:53 shop[7]: started",
        "[2024-03-14 09:26:53] 192.0.2.1 - - x",
        "2024/03/14 09:26:53 listening",
    ],
)
def test_an_application_log_is_not_taken_for_syslog(line: str) -> None:
    assert name(f"{line}\n" * 5) == "timestamped"


@pytest.mark.parametrize(
    "text",
    ["1\n2\n3\n", "a,b,c\n1,2,x\n", "key: value\nother: thing\n", "<html>\n<body>\n</body>\n</html>\n",
     "def f():\n    return 1\n", "[1,2]\n[3]\n", "Mar 14 was a fine day\n", "GET / HTTP/1.1\nHost: x\n"],
)  # fmt: skip
def test_what_is_no_log_of_a_known_kind_is_plain_text(text: str) -> None:
    assert name(text) == "text"


def test_the_runner_up_is_told() -> None:
    line = '192.0.2.17 - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1\n'
    detected = detect(line.encode() * 3, LAST_MODIFIED, complete=True)
    assert (detected.format.name, detected.score) == ("access_common", 0.95)
    assert (detected.runner_up, detected.runner_up_score) == ("access_combined", 0.94)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_have_one_answer(head: bytes, complete: bool) -> None:
    first = detect(head, LAST_MODIFIED, complete=complete)
    assert first == detect(head, LAST_MODIFIED, complete=complete)
    assert 0 <= first.runner_up_score <= first.score <= 1
    assert first.runner_up != first.format.name


def test_an_unknown_name_says_where_the_known_ones_are() -> None:
    with pytest.raises(KeyError, match="no format is called 'jsno'; `froe formats` lists those known"):
        by_name("jsno")
