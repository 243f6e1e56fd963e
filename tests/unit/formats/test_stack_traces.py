"""Standard error of programs: a trace is an entry, of whatever language, however many stand in a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.core.framing.cutting import Limits
from tests.faults.reading import assert_every_byte_is_accounted_for, read

TRACES = {
    "java": 'Exception in thread "main" a.B: no money\n\tat a.B.c(B.java:1)\nCaused by: a.C: reset\n\t... 1 more\n',
    "java, printed": "a.BException: no money\n\tat a.B.c(B.java:1)\n\tSuppressed: a.C: x\n\t\tat a.C.d(C.java:1)\n",
    "python": 'Traceback (most recent call last):\n  File "/a.py", line 1, in f\n    g()\na.B: no money\n',
    "python, chained": (
        'Traceback (most recent call last):\n  File "/a.py", line 1, in f\n    d["a"]\n    ~^^^^^\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "/a.py", line 3, in f\n    g()\na.B: no money\n'
    ),
    "node": (
        "/srv/a.js:42\n  throw new Error('no money');\n  ^\n\nError: no money\n    at f (/srv/a.js:42:7) {\n  code: 7\n}\n\n"
        "Node.js v20.11.1\n"
    ),
    "node, unindented": "/srv/a.js:1\nthrow new E();\n^\n\nTypeError: no money\n    at /srv/a.js:1:7\n",
    "node, rejection": "(node:7) UnhandledPromiseRejectionWarning: Error: no money\n    at f (/srv/a.js:42:7)\n",
    "node, uncaught": "Uncaught Error: no money\n    at f (/srv/a.js:42:7)\n",
    "go": (
        "panic: no money\n\ngoroutine 1 [running]:\nmain.(*T).f(0xc0, {0x1})\n\t/a.go:1 +0x1\nmain.main()\n\t/a.go:2\n"
        "created by x.y in goroutine 5\n\t/b.go:3 +0x1\n\ngoroutine 6 [select]:\nx.y(...)\n\t/b.go:3 +0x1\nexit status 2\n"
    ),
    "go, deadlock": "fatal error: no money\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/a.go:2 +0x1\n",
    "ruby": "a.rb:3:in 'f': no money (A::B)\n\tfrom a.rb:7:in '<main>'\n",
    "ruby, reversed": "Traceback (most recent call last):\n\t1: from a.rb:7:in `g'\na.rb:3:in `f': no money (A::B)\n",
    ".net": (
        "Unhandled exception. A.B: no money\n ---> A.C: reset\n   at A.C.D() in /c.cs:line 7\n"
        "   --- End of inner exception stack trace ---\n   at A.B.E() in /b.cs:line 2\n"
    ),
    "php": (
        "PHP Fatal error:  Uncaught A\\B: no money in /a.php:4\nStack trace:\n#0 /b.php(7): f()\n#1 {main}\n\n"
        "Next A\\C: c in /a.php:6\nStack trace:\n#0 {main}\n  thrown in /a.php on line 6\n"
    ),
    "rust": "thread 'main' panicked at src/main.rs:4:5:\nno money\nnote: run with `RUST_BACKTRACE=1` environment variable\n",
}
MIXED = Path(__file__).parents[2] / "golden/formats/stack_trace.log"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("language", TRACES)
def test_traces_in_a_row_are_an_entry_each(language: str, line_end: str) -> None:
    actual = read((TRACES[language] * 3).replace("\n", line_end).encode())
    assert actual.format == "stack_trace"
    assert len(actual.records) == 3
    for record in actual.records:
        assert record.attributes["exception.message"] == "no money"
        assert record.attributes["exception.type"]
        assert record.attributes["exception.stacktrace"]


@pytest.mark.parametrize("language", TRACES)
def test_prose_around_a_trace_is_plain_text(language: str) -> None:
    actual = read(f"listening on 8080\n{TRACES[language]}restarting\ndone\n".encode())
    assert actual.bodies[:1] + actual.bodies[2:] == ["listening on 8080", "restarting", "done"]
    assert [outcome.format for outcome in actual.outcomes] == ["text", None, "text", "text"]


def test_a_line_of_another_log_among_traces_keeps_its_own_format() -> None:
    line = "2024-03-14 09:26:53,123 INFO order 17 accepted\n"
    actual = read(f"{TRACES['java'] * 9}{line}{TRACES['python'] * 4}".encode())
    assert actual.format == "stack_trace"
    assert [outcome.format for outcome in actual.outcomes if outcome.format] == ["timestamped"]


@pytest.mark.parametrize("piece_bytes", [1, 7, 64])
@pytest.mark.parametrize("split_bytes", [50, 300])
def test_no_border_of_a_block_a_batch_or_a_split_divides_a_trace(piece_bytes: int, split_bytes: int) -> None:
    data = MIXED.read_bytes()
    limits = Limits(batch_max_lines=5, split_bytes=split_bytes)
    actual = read(data, limits=limits, piece_bytes=piece_bytes)
    assert_every_byte_is_accounted_for(actual)
    assert actual.outcomes == read(data).outcomes


def test_text_without_a_trace_is_plain_text() -> None:
    assert read(b"one\n  two\n\nError: three\n#4\nat five\n").format == "text"
