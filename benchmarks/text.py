"""From bytes to records, row by row against the plain way: cutting by framing, parsing by format, opening, hostile text.

    python -m benchmarks.text [--json] [--only WORD]

Ours and theirs run in turn, and the least CPU time of each counts, as others load the machine: a ratio is of one run. Cutting is
against `iter_lines` of botocore's `StreamingBody` over the same lines, parsing against the parser one would write first for
the same fields (`yardsticks`). Opening is CPU milliseconds of a process that has opened such a file before.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, Final

from botocore.response import StreamingBody

from benchmarks import hostile, made_lines, yardsticks
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import Text
from chalicelib.core.formats.detection import HEAD_BYTES, detect
from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.framing import Framing
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading

ROUNDS: Final = 5
BLOCK_BYTES: Final = 256 * 1024
_WHEN: Final = datetime(2024, 6, 1, tzinfo=UTC)
_OPEN_MS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Row:
    """ours and plain: in the unit. ratio: how many times as good ours is; aim: what it should be."""

    name: str
    unit: str
    ours: float
    plain: float
    ratio: float
    aim: float
    against: str


def least_seconds(*ways: Callable[[], object]) -> list[float]:
    """The least CPU time of each, which run in turn."""
    taken = [float("inf")] * len(ways)
    for _ in range(ROUNDS):
        for number, way in enumerate(ways):
            began = time.process_time()
            way()
            taken[number] = min(taken[number], time.process_time() - began)
    return taken


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))


def _cut(text: Any, framing: Framing) -> None:
    for _ in Cutter(text, framing, Limits(), 0, aligned=True).cut(0):
        pass


def _cut_blocks(data: bytes, framing: Framing) -> None:
    _cut(_blocks(data), framing)


def _iter_lines(data: bytes) -> None:
    for _ in StreamingBody(io.BytesIO(data), len(data)).iter_lines():  # type: ignore[no-untyped-call]
        pass


def _cut_gzip(packed: bytes) -> None:
    _cut(Text(lambda _: _blocks(packed), Compression.GZIP, "utf-8"), Framing())


def _gzip_lines(packed: bytes) -> None:
    with gzip.open(io.BytesIO(packed)) as lines:
        for _ in lines:
            pass


def cuts() -> Iterator[Row]:
    """What is no lines is against `iter_lines` over its values, a line each."""
    access, records = 4 * _text(made_lines.access(combined=True)), made_lines.cloudtrail()
    in_array = ('{"Records":[' + ",".join(records) + "]}").encode()
    pretty = json.dumps([json.loads(record) for record in records], indent=2).encode()
    flow = b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
    cases: dict[str, tuple[str, bytes, bytes | None]] = {
        "lines that a time begins": ("log4j", _text(made_lines.timestamped()), None),
        "the same, half of them of stack traces": ("log4j", _text(made_lines.traces()), None),
        "below a header (VPC flow)": ("aws_vpc_flow", flow + _text(made_lines.vpc_flow()), None),
        "below a header (CloudFront)": ("aws_cloudfront", _text(made_lines.cloudfront()), None),
        "CSV": ("csv", _text(made_lines.csv()), None),
        "CSV with quotes": ("csv", _text(made_lines.csv_quoted()), None),
        "records in an array (CloudTrail)": ("aws_cloudtrail", in_array, _text(records)),
        "the same, pretty-printed": ("aws_guardduty", pretty, None),
        "streams (Docker)": ("docker_json", _text(made_lines.docker()), None),
        "streams (CRI)": ("k8s_cri", _text(made_lines.cri()), None),
    }
    ours, plain = least_seconds(partial(_cut_blocks, access, Framing()), partial(_iter_lines, access))
    yield _rates("cut: lines", "MB/s", len(access) / 1e6 / ours, len(access) / 1e6 / plain, 4, "iter_lines")
    for name, (known, data, lines) in cases.items():
        by_line = data if lines is None else lines
        framing = by_name(known).framing
        ours, plain = least_seconds(partial(_cut_blocks, data, framing), partial(_iter_lines, by_line))
        yield _rates(
            f"cut: {name}", "MB/s", len(data) / 1e6 / ours, len(by_line) / 1e6 / plain, 1.2, "iter_lines"
        )
    packed = gzip.compress(access, 6)
    ours, plain = least_seconds(partial(_cut_gzip, packed), partial(_gzip_lines, packed))
    megabytes = len(access) / 1e6
    yield _rates("cut: gzip", "MB/s", megabytes / ours, megabytes / plain, 3.5, "the gzip module's lines")


def _rates(name: str, unit: str, ours: float, plain: float, aim: float, against: str) -> Row:
    return Row(name, unit, round(ours, 1), round(plain, 1), round(ours / plain, 2), aim, against)


def _by_line(parse: Callable[[str], Any], text: bytes) -> None:
    for line in text.decode().split("\n"):
        if line:
            parse(line)


def _read(text: bytes, name: str) -> None:
    head = ObjectHead(ObjectVersion("", name, None, ""), len(text), "", _WHEN)
    for _ in Reading(head, lambda at: iter([text[at:]]), format_name=name):
        pass


def records() -> Iterator[Row]:
    """From text to records: opened, cut, parsed and counted; half of the lines of the formats' benchmark."""
    expression, micros = yardsticks.by_expression, "%Y-%m-%dT%H:%M:%S.%f%z"
    columns = made_lines.cloudfront()[1].split()[1:]
    cases: dict[str, tuple[str, list[str], Callable[[str], Any]]] = {
        "access_combined": ("access_combined", made_lines.access(combined=True), expression(
            yardsticks.COMMON + r' "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"', "%d/%b/%Y:%H:%M:%S %z", ("status", "size"))),
        "aws_alb": ("aws_alb", made_lines.alb(), yardsticks.by_alb_expression),
        "aws_s3_access": ("aws_s3_access", made_lines.s3_access(), expression(
            r'(?P<owner>\S+) (?P<bucket>\S+) \[(?P<time>[^\]]+)\] (?P<client>\S+) (?P<requester>\S+) (?P<id>\S+) (?P<operation>\S+)'
            r' (?P<key>\S+) "(?P<method>\S+) (?P<path>\S+) (?P<protocol>\S+)" (?P<status>\d+) (?P<error>\S+) (?P<sent>\d+) (?P<size>\d+)'
            r' (?P<total>\d+) (?P<turn>\d+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)" (?P<version>\S+)', "%d/%b/%Y:%H:%M:%S %z",
            ("status", "sent", "size", "total", "turn"))),
        "aws_cloudfront": ("aws_cloudfront", made_lines.cloudfront(), yardsticks.by_cloudfront_columns(columns)),
        "json": ("json", made_lines.json_nested(), yardsticks.by_json),
        "docker_json (logfmt)": ("docker_json", made_lines.docker(), yardsticks.by_docker),
        "k8s_cri (logfmt)": ("k8s_cri", made_lines.cri(), yardsticks.by_cri),
        "logfmt": ("logfmt", made_lines.logfmt(), yardsticks.by_shlex),
        "syslog_rfc5424": ("syslog_rfc5424", made_lines.rfc5424(), expression(
            r"<(?P<pri>\d+)>(?P<version>\d) (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
            r"(?P<data>-|\[.*\]) (?P<message>.*)", micros, ("pri",))),
        "syslog_sshd": ("syslog_sshd", made_lines.rfc3164(), expression(
            r"(?P<time>\w+ +\d+ \S+) (?P<host>\S+) (?P<tag>[^\[:]+)\[(?P<pid>\d+)\]: (?P<message>(?P<result>Failed|Accepted)"
            r" (?P<method>\S+) for (?P<user>\S+) from (?P<client>\S+) port (?P<port>\d+) (?P<protocol>\S+))", "%b %d %H:%M:%S",
            ("pid", "port"))),
        "log4j": ("log4j", made_lines.timestamped(), expression(yardsticks.LOG4J, "%Y-%m-%d %H:%M:%S,%f")),
        "postgresql": ("postgresql", made_lines.postgresql(), expression(
            r"(?P<time>\S+ \S+) UTC \[(?P<pid>\d+)\] (?P<user>[^@ ]+)@(?P<database>\S+) (?P<level>\w+):  duration: (?P<duration>\S+) ms"
            r"  statement: (?P<statement>.*)", "%Y-%m-%d %H:%M:%S.%f", ("pid",))),
        "klog": ("klog", made_lines.klog(), expression(
            r"(?P<level>[IWEF])(?P<time>\d{4} \S+) +(?P<thread>\d+) (?P<file>[^:]+):(?P<line>\d+)\] (?P<message>.*)",
            "%m%d %H:%M:%S.%f", ("thread", "line"))),
        "nginx_error": ("nginx_error", made_lines.nginx_error(), expression(
            r"(?P<time>\S+ \S+) \[(?P<level>\w+)\] (?P<pid>\d+)#(?P<thread>\d+): \*(?P<connection>\d+) (?P<message>.*), client: (?P<client>\S+)"
            r', server: (?P<server>\S+), request: "(?P<method>\S+) (?P<path>\S+) (?P<protocol>\S+)", host: "(?P<host>[^"]*)"',
            "%Y/%m/%d %H:%M:%S", ("pid", "thread", "connection"))),
    }  # fmt: skip
    for name, (known, lines, plainly) in cases.items():
        lines = lines[:10_000]  # noqa: PLW2901 - half
        data = [line for line in lines if not line.startswith("#")]
        ours, plain = least_seconds(
            partial(_read, _text(lines), known), partial(_by_line, plainly, _text(data))
        )
        yield _rates(
            f"records: {name}", "lines/s", len(data) / ours, len(data) / plain, 1, "the obvious parser"
        )
    all_records = made_lines.cloudtrail()
    text = '{"Records":[' + ",".join(all_records) + "]}"
    ours, plain = least_seconds(
        partial(_read, text.encode(), "aws_cloudtrail"), partial(yardsticks.by_cloudtrail, text)
    )
    count = len(all_records)
    yield _rates(
        "records: aws_cloudtrail", "lines/s", count / ours, count / plain, 1, "json.loads, flat, strptime"
    )


def head_of(name: str) -> bytes:
    """The samples of a format over and over with another last digit in their long numbers, below one header."""
    known, dice = by_name(name), Random(name)
    last_digit = re.compile(r"(?<=[0-9]{3})[0-9](?![0-9a-zA-Z/-])")
    samples = [known.samples[0].rpartition("\n")[2]] if known.framing.has_header else [*known.samples]
    lines, size = [known.samples[0]], 0
    while size < HEAD_BYTES:
        lines.append(last_digit.sub(lambda _: dice.choice("01"), dice.choice(samples)))
        size += len(lines[-1])
    return "\n".join(lines).encode()[:HEAD_BYTES]


def opening() -> Iterator[Row]:
    """The slowest formats and the median of all."""
    taken = []
    for known in all_formats():
        head = head_of(known.name)
        seconds = min(least_seconds(partial(detect, head, _WHEN, complete=False)))
        taken.append((seconds * 1e3, known.name))
    taken.sort(reverse=True)
    for milliseconds, name in [*taken[:5], taken[len(taken) // 2]]:
        label = f"open: {name}" if (milliseconds, name) in taken[:5] else "open: the median format"
        yield Row(
            label,
            "ms",
            round(milliseconds, 1),
            _OPEN_MS,
            round(_OPEN_MS / milliseconds, 2),
            1,
            f"{_OPEN_MS:.0f} ms",
        )
    within = sum(milliseconds <= _OPEN_MS for milliseconds, _ in taken)
    yield Row(
        "open: formats within that",
        "formats",
        within,
        len(taken),
        round(within / len(taken), 2),
        1,
        "all formats",
    )


def slowest() -> Iterator[Row]:
    """Hostile text against ordinary prose: at most three times its time."""
    for name, ratio in hostile.ratios():
        yield Row(
            f"hostile: {name}", "x prose", round(ratio, 2), 3, round(3 / ratio, 2), 1, "3 x ordinary prose"
        )


def rows() -> Iterator[Row]:
    yield from cuts()
    yield from records()
    yield from opening()
    yield from slowest()


def main(*, as_json: bool = False, only: str = "") -> None:
    results = []
    if not as_json:
        print(f"{'what':52}{'ours':>12}{'plain':>12} {'unit':8}{'ratio':>7}{'aim':>6}   against")
    for make in (cuts, records, opening, slowest):
        if only and only not in make.__name__:
            continue
        for row in make():
            results.append(row)
            if not as_json:
                verdict = "" if row.ratio >= row.aim else "  missed"
                print(
                    f"{row.name:52}{row.ours:>12,.1f}{row.plain:>12,.1f} {row.unit:8}{row.ratio:>7.2f}{row.aim:>6}   {row.against}{verdict}",
                    flush=True,
                )
    if as_json:
        print(json.dumps([asdict(row) for row in results], indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="from bytes to records, against the plain way")
    parser.add_argument("--json", action="store_true", help="a list of rows")
    parser.add_argument("--only", default="", help="cuts, records, opening or slowest")
    options = parser.parse_args()
    main(as_json=options.json, only=options.only)
