"""Lines a second and core, format by format, against the parser one would write first.

    python benchmarks/formats.py [--seconds 1.0] [--only NAME]

The yardstick is a compiled regular expression with named groups, `strptime` and a dict, in the same
run on the same lines. Both sides give typed fields. The lines are synthetic; differences under 10 %
are ties. Runs from the project's root.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Format

_LINES = 20_000
_TEXT_BYTES = 400_000
_TEXT_PASSES = 3
_PASSES = 5
_CONTEXT = ParseContext(last_modified=datetime(2024, 6, 1, tzinfo=UTC))
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0",
    "curl/8.5.0",
)


def _access(*, combined: bool) -> list[str]:
    source = random.Random(7)
    lines = []
    for number in range(_LINES):
        line = (
            f"10.{source.randrange(256)}.{source.randrange(256)}.{source.randrange(256)} - - "
            f"[14/Mar/2024:09:{number // 3600 % 60:02d}:{number // 60 % 60:02d} +0100] "
            f'"{source.choice(("GET", "GET", "POST"))} /shop/item/{source.randrange(99999)}'
            f'{source.choice(("", "?page=2"))} HTTP/1.1" {source.choice((200, 200, 304, 404))} '
            f"{source.randrange(200000)}"
        )
        if combined:
            line += f' "https://example.org/{source.randrange(999)}" "{source.choice(_AGENTS)}"'
        lines.append(line)
    return lines


def _json() -> list[str]:
    source = random.Random(7)
    return [
        json.dumps({
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z",
            "level": source.choice(("info", "warn", "error")),
            "msg": f"order {number} accepted",
            "service": "shop",
            "trace_id": f"{source.getrandbits(128):032x}",
            "http": {"method": "GET", "status": 200, "path": f"/item/{source.randrange(9999)}"},
            "took_ms": round(source.random() * 100, 3),
            "retry": False,
        }, separators=(",", ":"))
        for number in range(_LINES)
    ]  # fmt: skip


def _json_flat() -> list[str]:
    source = random.Random(7)
    return [
        json.dumps({
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z",
            "level": "info", "msg": f"order {number} accepted", "service": "shop", "host": "web-1",
            "trace_id": f"{source.getrandbits(128):032x}", "status": 200, "path": "/item", "user": "ada",
        })
        for number in range(_LINES)
    ]  # fmt: skip


def _rfc5424() -> list[str]:
    source = random.Random(7)
    return [
        f"<165>1 2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z web-{source.randrange(9)}"
        f' shop {source.randrange(9999)} ORDER [shop@32473 id="{number}" kind="new"] order {number} accepted'
        for number in range(_LINES)
    ]


def _rfc3164() -> list[str]:
    source = random.Random(7)
    return [
        f"Mar 14 09:{number // 2400 % 60:02d}:{number // 40 % 60:02d} web-{source.randrange(9)}"
        f" sshd[{source.randrange(9999)}]: Failed password for root from 10.0.0.{number % 256} port 4711 ssh2"
        for number in range(_LINES)
    ]


def _logfmt() -> list[str]:
    source = random.Random(7)
    return [
        f"ts=2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z level={source.choice(('info', 'warn', 'error'))}"
        f' msg="order {number} accepted" service=shop order={number} took=12.5ms path=/item/{source.randrange(9999)}'
        for number in range(_LINES)
    ]


def _bunyan() -> list[str]:
    source = random.Random(7)
    return [
        json.dumps({
            "name": "shop", "hostname": "web-1", "pid": 4711, "level": source.choice((30, 40, 50)),
            "order": number, "msg": f"order {number} accepted",
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}Z", "v": 0,
        }, separators=(",", ":"))
        for number in range(_LINES)
    ]  # fmt: skip


def _docker() -> list[str]:
    return [
        json.dumps({
            "log": line + "\n", "stream": "stdout",
            "time": f"2024-03-14T09:26:{number // 400 % 60:02d}.{number:06d}Z",
        }, separators=(",", ":"))
        for number, line in enumerate(_logfmt())
    ]  # fmt: skip


def _timestamped() -> list[str]:
    source = random.Random(7)
    return [
        f"2024-03-14 09:26:{number // 400 % 60:02d},{number % 1000:03d} [worker-{source.randrange(9)}]"
        f" {source.choice(('INFO ', 'WARN ', 'ERROR'))} org.example.shop.Orders - order {number} accepted"
        for number in range(_LINES)
    ]


def _alb() -> list[str]:
    source = random.Random(7)
    return [
        f"https 2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}641Z app/shop/0a1b2c3d4e5f6071"
        f" 10.{source.randrange(256)}.0.{source.randrange(256)}:{source.randrange(1024, 65536)}"
        f" 10.1.0.{source.randrange(9)}:8080 0.{source.randrange(9):03d} 0.{source.randrange(400):03d} 0.000"
        f" {source.choice((200, 200, 304, 404))} 200 {source.randrange(900)} {source.randrange(200000)}"
        f' "GET https://shop.example.org:443/item/{source.randrange(99999)}{source.choice(("", "?page=2"))} HTTP/1.1"'
        f' "{source.choice(_AGENTS)}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2'
        " arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/0f1e2d3c4b5a6978"
        f' "Root=1-65f2c1ad-{source.getrandbits(96):024x}" "shop.example.org"'
        ' "arn:aws:acm:eu-west-1:111122223333:certificate/00000000-1111-2222-3333-444444444444" 3'
        f" 2024-03-14T09:26:{number // 400 % 60:02d}.{number % 1000:03d}000Z"
        f' "forward" "-" "-" "10.1.0.1:8080" "200" "-" "-" TID_{source.getrandbits(128):032x}'
        for number in range(_LINES)
    ]


def _vpc_flow() -> list[str]:
    source = random.Random(7)
    return [
        f"2 111122223333 eni-0a1b2c3d4e5f6071{source.randrange(9)} 10.0.{source.randrange(256)}.{source.randrange(256)}"
        f" 10.1.0.{source.randrange(256)} {source.randrange(1024, 65536)} 443 6 {source.randrange(1, 99)}"
        f" {source.randrange(99999)} {1710404813 + number // 500} {1710404873 + number // 500} ACCEPT OK"
        for number in range(_LINES)
    ]


def _by_expression(expression: str, time_format: str, numbers: tuple[str, ...] = ()) -> Callable[[str], Any]:
    """The parser one would write first."""
    match = re.compile(expression).match

    def parse(line: str) -> dict[str, Any] | None:
        found = match(line)
        if found is None:
            return None
        fields: dict[str, Any] = found.groupdict()
        fields["time"] = datetime.strptime(fields["time"], time_format)  # noqa: DTZ007 - the naive way
        for name in numbers:
            fields[name] = int(fields[name])
        return fields

    return parse


def _by_alb_expression(line: str) -> dict[str, Any] | None:
    """A balancer's processing times are decimals."""
    found = _ALB.match(line)
    if found is None:
        return None
    fields: dict[str, Any] = found.groupdict()
    fields["time"] = datetime.strptime(fields["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    for name in ("client_port", "target_port", "status", "target_status", "received", "sent", "priority"):
        fields[name] = int(fields[name])
    for name in ("request_time", "target_time", "response_time"):
        fields[name] = float(fields[name])
    return fields


def _by_flow_expression(line: str) -> dict[str, Any] | None:
    """A flow's times are seconds since 1970."""
    found = _FLOW.match(line)
    if found is None:
        return None
    fields: dict[str, Any] = found.groupdict()
    for name in ("version", "source_port", "destination_port", "protocol", "packets", "bytes"):
        fields[name] = int(fields[name])
    for name in ("start", "end"):
        fields[name] = datetime.fromtimestamp(int(fields[name]), UTC)
    return fields


def _by_json(line: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(line)
    fields["time"] = datetime.strptime(fields["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return fields


def _by_shlex(line: str) -> dict[str, Any]:
    fields: dict[str, Any] = dict(pair.split("=", 1) for pair in shlex.split(line))
    fields["ts"] = datetime.strptime(fields["ts"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return fields


_COMMON = (
    r"(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "
    r'"(?P<method>\S+) (?P<path>\S+) (?P<protocol>\S+)" (?P<status>\d+) (?P<size>\d+)'
)
_FLOW = re.compile(
    r"(?P<version>\d+) (?P<account>\S+) (?P<interface>\S+) (?P<source>\S+) (?P<destination>\S+) (?P<source_port>\d+)"
    r" (?P<destination_port>\d+) (?P<protocol>\d+) (?P<packets>\d+) (?P<bytes>\d+) (?P<start>\d+) (?P<end>\d+)"
    r" (?P<action>\S+) (?P<log_status>\S+)"
)
_ALB = re.compile(
    r"(?P<type>\S+) (?P<time>\S+) (?P<elb>\S+) (?P<client>\S+):(?P<client_port>\d+) (?P<target>\S+):(?P<target_port>\d+)"
    r" (?P<request_time>\S+) (?P<target_time>\S+) (?P<response_time>\S+) (?P<status>\d+) (?P<target_status>\d+)"
    r' (?P<received>\d+) (?P<sent>\d+) "(?P<method>\S+) (?P<url>\S+) (?P<protocol>[^"]*)" "(?P<agent>[^"]*)"'
    r' (?P<cipher>\S+) (?P<tls>\S+) (?P<group>\S+) "(?P<trace>[^"]*)" "(?P<domain>[^"]*)" "(?P<certificate>[^"]*)"'
    r' (?P<priority>\d+) (?P<created>\S+) "(?P<actions>[^"]*)" "(?P<redirect>[^"]*)" "(?P<error>[^"]*)"'
    r' "(?P<targets>[^"]*)" "(?P<codes>[^"]*)" "(?P<class>[^"]*)" "(?P<why>[^"]*)" (?P<connection>\S+)'
)
_LOG4J = r"(?P<time>\S+ \S+) \[(?P<thread>[^\]]+)\] (?P<level>\S+) +(?P<logger>\S+) - (?P<message>.*)"

_CASES: tuple[tuple[str, str, list[str], Callable[[str], Any]], ...] = (
    ("access_combined", "", _access(combined=True), _by_expression(
        _COMMON + r' "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"', "%d/%b/%Y:%H:%M:%S %z", ("status", "size"))),
    ("access_common", "", _access(combined=False), _by_expression(
        _COMMON, "%d/%b/%Y:%H:%M:%S %z", ("status", "size"))),
    ("aws_alb", "", _alb(), _by_alb_expression),
    ("aws_vpc_flow", "", _vpc_flow(), _by_flow_expression),
    ("json", "nested", _json(), _by_json),
    ("json", "flat", _json_flat(), _by_json),
    ("bunyan", "", _bunyan(), _by_json),
    ("docker_json", "logfmt", _docker(), _by_json),
    ("logfmt", "", _logfmt(), _by_shlex),
    ("syslog_rfc5424", "", _rfc5424(), _by_expression(
        r"<(?P<pri>\d+)>(?P<version>\d) (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
        r"(?P<data>-|\[.*\]) (?P<message>.*)", "%Y-%m-%dT%H:%M:%S.%f%z", ("pri",))),
    ("syslog_rfc3164", "", _rfc3164(), _by_expression(
        r"(?P<time>\w+ +\d+ \S+) (?P<host>\S+) (?P<tag>[^\[:]+)\[(?P<pid>\d+)\]: (?P<message>.*)",
        "%b %d %H:%M:%S", ("pid",))),
    ("timestamped", "", _timestamped(), _by_expression(_LOG4J, "%Y-%m-%d %H:%M:%S,%f")),
    ("log4j", "", _timestamped(), _by_expression(_LOG4J, "%Y-%m-%d %H:%M:%S,%f")),
    ("text", "", _rfc3164(), str),
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


def _verdict(name: str, variant: str, found: float) -> str:
    """The aim of a case and whether it is met; nothing where it has none."""
    aim = _AIMS.get((name, variant))
    return "" if aim is None else f"{aim:>6} {'met' if found >= aim else 'missed'}"


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
