"""The parsers that one would write first: a compiled expression with named groups, `strptime` and a dict."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

COMMON = (
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
LOG4J = r"(?P<time>\S+ \S+) \[(?P<thread>[^\]]+)\] (?P<level>\S+) +(?P<logger>\S+) - (?P<message>.*)"


def by_expression(expression: str, time_format: str, numbers: tuple[str, ...] = ()) -> Callable[[str], Any]:
    """The parser one would write first."""
    match = re.compile(expression).match

    def parse(line: str) -> dict[str, Any] | None:
        hit = match(line)
        if hit is None:
            return None
        fields: dict[str, Any] = hit.groupdict()
        fields["time"] = datetime.strptime(fields["time"], time_format)  # noqa: DTZ007 - the naive way
        for name in numbers:
            fields[name] = int(fields[name])
        return fields

    return parse


def by_alb_expression(line: str) -> dict[str, Any] | None:
    """A balancer's processing times are decimals."""
    hit = _ALB.match(line)
    if hit is None:
        return None
    fields: dict[str, Any] = hit.groupdict()
    fields["time"] = datetime.strptime(fields["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    for name in ("client_port", "target_port", "status", "target_status", "received", "sent", "priority"):
        fields[name] = int(fields[name])
    for name in ("request_time", "target_time", "response_time"):
        fields[name] = float(fields[name])
    return fields


def by_flow_expression(line: str) -> dict[str, Any] | None:
    """A flow's times are seconds since 1970."""
    hit = _FLOW.match(line)
    if hit is None:
        return None
    fields: dict[str, Any] = hit.groupdict()
    for name in ("version", "source_port", "destination_port", "protocol", "packets", "bytes"):
        fields[name] = int(fields[name])
    for name in ("start", "end"):
        fields[name] = datetime.fromtimestamp(int(fields[name]), UTC)
    return fields


def by_json(line: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(line)
    fields["time"] = datetime.strptime(fields["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return fields


def by_shlex(line: str) -> dict[str, Any]:
    fields: dict[str, Any] = dict(pair.split("=", 1) for pair in shlex.split(line))
    fields["ts"] = datetime.strptime(fields["ts"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return fields


def by_docker(line: str) -> dict[str, Any]:
    """What the line says too."""
    fields: dict[str, Any] = json.loads(line)
    fields["time"] = datetime.strptime(fields["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return fields | by_shlex(fields["log"])


def by_cri(line: str) -> dict[str, Any]:
    """Nanoseconds are cut: `strptime` knows none."""
    time, stream, tag, log = line.split(" ", 3)
    fields: dict[str, Any] = {"stream": stream, "tag": tag, "log": log}
    fields["time"] = datetime.strptime(time[:26] + "Z", "%Y-%m-%dT%H:%M:%S.%f%z")
    return fields | by_shlex(log)


def by_cloudfront_columns(names: list[str]) -> Callable[[str], Any]:
    def parse(line: str) -> dict[str, Any]:
        fields: dict[str, Any] = dict(zip(names, line.split("\t"), strict=True))
        fields["time"] = datetime.strptime(f"{fields.pop('date')} {fields['time']}", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        fields["cs(User-Agent)"] = unquote(fields["cs(User-Agent)"])
        for name in ("sc-bytes", "sc-status", "cs-bytes"):
            fields[name] = int(fields[name])
        fields["time-taken"] = float(fields["time-taken"])
        return fields

    return parse


def flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    """A record with dotted names, as a store without nested fields wants it."""
    fields: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, dict):
            fields |= flat(each, f"{before}{name}.")
        elif each is not None:
            fields[before + name] = each
    return fields


def by_cloudtrail(text: str) -> list[dict[str, Any]]:
    """All records of a file."""
    events = []
    for record in json.loads(text)["Records"]:
        fields = flat(record)
        fields["eventTime"] = datetime.strptime(fields["eventTime"], "%Y-%m-%dT%H:%M:%S%z")
        events.append(fields)
    return events
