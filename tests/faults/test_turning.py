"""Files that turn into another log after the head that was looked at: none becomes thousands of rejects."""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.records import Record, Reject
from tests.faults.reading import Read, assert_every_byte_is_accounted_for, read

JSON = "".join(
    f'{{"time":"2024-03-14T09:{n // 60 % 60:02}:{n % 60:02}Z","level":"info","message":"cart {n}","shop":"till-7"}}\n'
    for n in range(2000)
)
ACCESS = "".join(
    f'192.0.2.{n % 250} - - [14/Mar/2024:09:26:{n % 60:02} +0000] "GET /cart/{n} HTTP/1.1" 200 5316 "-" "curl/8.5.0"\n'
    for n in range(2000)
)
SYSLOG = "".join(f"Mar 14 09:26:{n % 60:02} till-7 cartd[{n}]: cart {n} is open\n" for n in range(2000))
CSV = "timestamp,level,shop,amount,message\n" + "".join(
    f"2024-03-14T09:26:{n % 60:02}Z,INFO,till-7,{n},two coffees\n" for n in range(2000)
)
PROSE = "".join(f"the till counts cart number {n} once more\n" for n in range(2000))
JAVA = """\
2024-03-14 09:26:53,123 ERROR [main] com.shop.Cart - cannot pay
java.lang.IllegalStateException: no money
\tat com.shop.Cart.pay(Cart.java:42)
\tat java.base/java.lang.Thread.run(Thread.java:829)
Caused by: com.shop.NoMoney: 0.00, as so often
\tat com.shop.Purse.open(Purse.java:7)
\t... 12 more
\tSuppressed: java.io.IOException: closed
"""
PYTHON = """\
2024-03-14 09:26:53,123 ERROR shop.cart: cannot pay
Traceback (most recent call last):
  File "/srv/cart.py", line 42, in pay
    return purse
  File "/srv/purse.py", line 7, in take
    purse.take({"amount": 12.50})
    ~~~~~~~~~~^^^^^^^^^^^^^^^^^^^
KeyError: 'amount'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/cart.py", line 44, in pay
    raise NoMoney("0.00")
shop.errors.NoMoney: 0.00
"""
GO = """\
2024-03-14T09:26:53.123Z\tERROR\tcart/pay.go:42\tcannot pay
panic: runtime error: invalid memory address or nil pointer dereference
goroutine 1 [running]:
main.pay(0xc000012345, 0x2)
\t/srv/cart/pay.go:42 +0x1d
created by main.main
"""
NODE = """\
2024-03-14T09:26:53.123Z ERROR cannot pay
Error: no money
    at pay (/srv/cart.js:42:11)
    at Object.<anonymous> (/srv/cart.js:50:1)
TypeError: purse is undefined
"""
DOTNET = """\
2024-03-14 09:26:53.123 +01:00 [ERR] cannot pay
System.InvalidOperationException: no money
   at Shop.Pay.Send() in /srv/Pay.cs:line 42
--- End of stack trace from previous location ---
"""
PHP = """\
[2024-03-14 09:26:53] shop.ERROR: cannot pay
[stacktrace]
#0 /srv/cart.php(42): Cart->pay()
#1 {main}
"""
RUBY = """\
E, [2024-03-14T09:26:53.123456 #17] ERROR -- : cannot pay
/srv/cart.rb:42:in `pay': no money (RuntimeError)
\tfrom /srv/cart.rb:50:in `<main>'
"""
TRACES = {"java": JAVA, "python": PYTHON, "go": GO, "node": NODE, "dotnet": DOTNET, "php": PHP, "ruby": RUBY}
HEADS = {"json": JSON, "access": ACCESS, "syslog": SYSLOG, "csv": CSV}


def seen(text: str | bytes, **how: object) -> Read:
    data = text if isinstance(text, bytes) else text.encode()
    outcomes = read(data, **how)  # type: ignore[arg-type]
    assert_every_byte_is_accounted_for(outcomes)
    return outcomes


def kinds(outcomes: Read) -> Counter[str]:
    """How many records there are of each format, and rejects of each reason."""
    return Counter(
        outcome.format or outcomes.format if isinstance(outcome.result, Record) else outcome.result.reason
        for outcome in outcomes.outcomes
        if isinstance(outcome.result, Record | Reject)
    )


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("trace", TRACES)
def test_a_log_with_stack_traces_behind_another_log_has_no_reject(head: str, trace: str) -> None:
    outcomes = seen(HEADS[head] + TRACES[trace] * 500)
    assert outcomes.rejects == []
    assert kinds(outcomes)[outcomes.format] >= 1999


@pytest.mark.parametrize("behind", HEADS)
@pytest.mark.parametrize("before", [*HEADS, "prose"])
def test_a_log_behind_a_log_of_another_format_is_told_line_by_line(before: str, behind: str) -> None:
    outcomes = seen((HEADS | {"prose": PROSE})[before] + HEADS[behind])
    header = 1 if behind == "csv" and before not in ("csv", "prose") else 0
    assert len(outcomes.rejects) == header
    if before != behind:
        assert len(kinds(outcomes)) == 2 + header


def test_where_the_text_is_cut_does_not_show_in_what_a_turned_file_gives() -> None:
    text = JSON[:7000] + JAVA * 20 + PYTHON * 20
    whole = seen(text).outcomes
    small = Limits(batch_max_lines=3, batch_max_bytes=500, split_bytes=1000)
    assert seen(text, limits=small).outcomes == whole


@pytest.mark.parametrize(
    "broken",
    [
        '{"time":"2024-03-14T09:26:53Z","level":"info","mess',
        '  {"time":"2024-03-14T09:26:53Z","level":"info","mess',
        ' of two carts","shop":"till-7"}',
        '","shop":"till-7"}',
        '"}',
        "a line of prose",
        "        last message repeated 4 times",
        "\tat\x00com.shop.Cart.pay(Cart.java:42)",
        " \x01\x02\x03",
    ],
)
def test_a_broken_line_of_the_format_and_what_is_no_text_stay_rejects(broken: str) -> None:
    assert seen(JSON + broken + "\n").rejects == ["invalid-json"]


def test_bytes_of_no_text_stay_rejects() -> None:
    garbage = b"".join(
        b"\t" + bytes((n * 7 + k * 31) % 246 + 10 for k in range(40)).replace(b"\n", b"") + b"\n"
        for n in range(50)
    )
    assert seen(JSON.encode() + garbage).rejects == ["invalid-json"] * 50


def test_a_line_that_may_be_a_broken_row_stays_a_reject_unless_it_can_only_be_of_a_trace() -> None:
    outcomes = seen(CSV + '    raise NoMoney("0.00, as so often")\n  File "/srv/cart.py", line 44, in pay\n')
    assert outcomes.rejects == ["short-row:shop"]
    assert kinds(outcomes)["text"] == 1


@pytest.mark.parametrize("start", ["at ", " ", "a.", "x(", "Xa.", "Error", "0x1, ", "a.B", "a:1:", "}", "#1"])
def test_a_long_line_that_nearly_continues_another_is_read_through(start: str) -> None:
    assert seen(JSON[:1000] + start * (250_000 // len(start)) + "\n").account.summary.counts.total.lines > 1
