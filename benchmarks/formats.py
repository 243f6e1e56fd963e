"""Lines a second and core, format by format, against the parser one would write first.

    python benchmarks/formats.py [--seconds 1.0] [--only NAME]

The yardstick is a compiled regular expression with named groups, `strptime` and a dict, in the same
run on the same lines. Both sides give typed fields. The lines are synthetic; differences under 10 %
are ties. Runs from the project's root.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import made_lines, yardsticks
from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Format

_TEXT_BYTES = 400_000
_TEXT_PASSES = 3
_PASSES = 5
_CONTEXT = ParseContext(last_modified=datetime(2024, 6, 1, tzinfo=UTC))

_CASES: tuple[tuple[str, str, list[str], Callable[[str], Any]], ...] = (
    ("access_combined", "", made_lines.access(combined=True), yardsticks.by_expression(
        yardsticks.COMMON + r' "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"', "%d/%b/%Y:%H:%M:%S %z", ("status", "size"))),
    ("access_common", "", made_lines.access(combined=False), yardsticks.by_expression(
        yardsticks.COMMON, "%d/%b/%Y:%H:%M:%S %z", ("status", "size"))),
    ("aws_alb", "", made_lines.alb(), yardsticks.by_alb_expression),
    ("aws_vpc_flow", "", made_lines.vpc_flow(), yardsticks.by_flow_expression),
    ("json", "nested", made_lines.json_nested(), yardsticks.by_json),
    ("json", "flat", made_lines.json_flat(), yardsticks.by_json),
    ("bunyan", "", made_lines.bunyan(), yardsticks.by_json),
    ("docker_json", "logfmt", made_lines.docker(), yardsticks.by_json),
    ("logfmt", "", made_lines.logfmt(), yardsticks.by_shlex),
    ("syslog_rfc5424", "", made_lines.rfc5424(), yardsticks.by_expression(
        r"<(?P<pri>\d+)>(?P<version>\d) (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
        r"(?P<data>-|\[.*\]) (?P<message>.*)", "%Y-%m-%dT%H:%M:%S.%f%z", ("pri",))),
    ("syslog_rfc3164", "", made_lines.rfc3164(), yardsticks.by_expression(
        r"(?P<time>\w+ +\d+ \S+) (?P<host>\S+) (?P<tag>[^\[:]+)\[(?P<pid>\d+)\]: (?P<message>.*)",
        "%b %d %H:%M:%S", ("pid",))),
    ("timestamped", "", made_lines.timestamped(), yardsticks.by_expression(yardsticks.LOG4J, "%Y-%m-%d %H:%M:%S,%f")),
    ("log4j", "", made_lines.timestamped(), yardsticks.by_expression(yardsticks.LOG4J, "%Y-%m-%d %H:%M:%S,%f")),
    ("text", "", made_lines.rfc3164(), str),
)  # fmt: skip


_AIMS: dict[tuple[str, str], float] = {
    ("access_combined", ""): 4.8,
    ("aws_alb", ""): 1.7,
    ("aws_vpc_flow", ""): 4.8,
    ("json", "nested"): 2.4,
    ("json", "flat"): 2.4,
    ("syslog_rfc5424", ""): 3.4,
    ("logfmt", ""): 1.7,
}
"""Format and variant → how many times the lines a second of the first case's naive parser, in the same run."""


def lines_of(name: str) -> list[str]:
    """The lines that a format is measured with."""
    return next(lines for known, _, lines, _ in _CASES if known == name)


def _rate(make: Callable[[], Callable[[str], Any]], lines: list[str], seconds: float) -> float:
    """Median lines a second of processor time; a fresh parser each pass, as each batch has."""
    rates: list[float] = []
    until = time.process_time() + seconds
    while len(rates) < _PASSES or time.process_time() < until:
        parse = make()
        start = time.process_time()
        for line in lines:
            parse(line)
        rates.append(len(lines) / (time.process_time() - start))
    return statistics.median(rates)


def _whole_path(known: Format) -> float:
    """Entries a second from text to records: cut, parsed, counted; the format's samples, over and over."""
    text = "".join(f"{sample}\n" for sample in known.samples).encode()
    text *= 1 + _TEXT_BYTES // len(text)
    head = ObjectHead(ObjectVersion("", known.name, None, ""), len(text), "", _CONTEXT.last_modified)
    rates = []
    for _ in range(_TEXT_PASSES):
        reading = Reading(head, lambda at: iter([text[at:]]), format_name=known.name)
        start = time.process_time()
        entries = sum(isinstance(outcome.result, Record) for outcome in reading)
        rates.append(entries / (time.process_time() - start))
    return statistics.median(rates)


def _verdict(name: str, variant: str, ratio: float) -> str:
    """The aim of a case and whether it is met; nothing where it has none."""
    aim = _AIMS.get((name, variant))
    return "" if aim is None else f"{aim:>6} {'met' if ratio >= aim else 'missed'}"


def main() -> None:
    """Prints the table."""
    arguments = argparse.ArgumentParser(description="lines a second, one core, typed records out")
    arguments.add_argument("--seconds", type=float, default=1.0, help="at least this long for each format")
    arguments.add_argument("--only", help="one format")
    options = arguments.parse_args()
    print(f"{'format':24}{'lines/s':>12}{'naive':>12}{'times':>8}{'of combined':>18}{'aim':>6}")
    _, _, first_lines, first_naive = _CASES[0]
    yardstick = _rate(lambda: first_naive, first_lines, options.seconds)
    for name, variant, lines, naive in _CASES:
        if options.only not in (None, name):
            continue
        known = by_name(name)
        ours = _rate(lambda known=known: known.make_parser(_CONTEXT), lines, options.seconds)  # type: ignore[misc]
        theirs = _rate(lambda naive=naive: naive, lines, options.seconds)  # type: ignore[misc]
        title = f"{name} ({variant})" if variant else name
        print(
            f"{title:24}{ours:>12,.0f}{theirs:>12,.0f}{ours / theirs:>8.1f}{ours / yardstick:>18.2f}{_verdict(name, variant, ours / yardstick)}"
        )
    print()
    print("Entries a second from text to records, cut and counted, of every format's own samples:")
    for known in all_formats():
        if options.only in (None, known.name):
            each = "  with a header for each sample" if known.framing.has_header else ""
            print(f"{known.name:24}{_whole_path(known):>12,.0f}{each}")


if __name__ == "__main__":
    main()
