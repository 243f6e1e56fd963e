"""What Lambda itself writes into a function's log, as text or as JSON, and the lines that its runtimes lay out.

`faas.invocation_id` is the request id; figures keep the unit in the name (`aws.lambda.duration_ms`,
`aws.lambda.max_memory_used_mb`). What a function prints by itself has no shape and is not told here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.kinds import figure, flag, number
from chalicelib.core.formats.member_names import snake_case
from chalicelib.core.formats.objects import Objects, joined, without
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields

_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WHEN: Final = rf"{DAY}T{CLOCK}\.[0-9]{{3}}Z"
_EVENT: Final = re.compile(
    r"(?P<event>START|END|REPORT|INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT|EXTENSION|LOGS|TELEMETRY|XRAY)"
    r"[ \t]++(?=[A-Z])(?P<pairs>[^\n]++)"
)
_PAIR: Final = re.compile(
    r"([A-Z][A-Za-z]*+(?: [A-Z][A-Za-z]*+){0,3}): ?([^\t]*?)(?=\t|$| {2,}| (?:Version|Phase|Status|Error Type|"
    r"Runtime Version ARN|State|Events|Types|SegmentId|Sampled): )"
)
_REQUEST: Final = re.compile(rf"RequestId: ({_ID}) (?:(Error): )?([^\n]++(?:\n.*+)?)", re.DOTALL)
_LEVELED: Final = re.compile(rf"\[([A-Z]{{4,8}})\][ \t]({_WHEN})[ \t]({_ID}|)[ \t](.*+)", re.DOTALL)
_UNLEVELED: Final = re.compile(r"\[(ERROR)\] (.*+)", re.DOTALL)
_TIMED: Final = re.compile(
    rf"({_WHEN})[ \t]({_ID}|undefined)[ \t](?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t)?(.*+)", re.DOTALL
)
_FIGURE: Final = re.compile(r"(-?[0-9]{1,15})(\.[0-9]{1,12})? (ms|MB|s|KB|GB)")
_PAIRS_MAX: Final = 32
_NAMES: Final = {
    "RequestId": "faas.invocation_id",
    "Version": "faas.version",
    "Error Type": "error.type",
    "XRAY TraceId": "aws.lambda.xray_trace_id",
    "TraceId": "aws.lambda.xray_trace_id",
    "SegmentId": "aws.lambda.xray_segment_id",
}
_EVENTS_WITH: Final = {
    "START": "faas.invocation_id",
    "END": "faas.invocation_id",
    "REPORT": "faas.invocation_id",
    "XRAY": "aws.lambda.xray_trace_id",
}
_PLATFORM: Final = Objects(
    read=flat_object,
    prefix="aws.lambda",
    required=("time", "type"),
    confirms=lambda members: str(members["type"]).startswith("platform."),
    inner=without("record.", "metrics."),
    time=("time",),
    timeless=None,
    names={"requestId": "faas.invocation_id", "version": "faas.version", "errorType": "error.type"},
    heading=joined("aws.lambda.type"),
)


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    parse_platform = _PLATFORM.parser(context)

    def parse(entry: str) -> Record | Reject:
        first = entry[:1]
        if first == "{":
            return parse_platform(entry)
        if first == "[":
            return _leveled(entry, times)
        if first.isdecimal():
            match = _TIMED.fullmatch(entry)
            if match is None:
                return OTHER_SHAPE
            when, request, word, message = match.groups()
            return _timed(when, request, word, message, times)
        if match := _REQUEST.fullmatch(entry):
            fields: Fields = {"faas.invocation_id": match[1]}
            number = severity.of_word(match[2]) if match[2] else None
            return Record(None, None, match[2], number, match[3], fields)
        return _event(entry)

    return parse


def _event(entry: str) -> Record | Reject:
    line = entry.rstrip()
    match = _EVENT.fullmatch(line)
    if match is None:
        return OTHER_SHAPE
    fields: Fields = {"aws.lambda.event": match["event"]}
    position = match.start("pairs")
    if match["event"] == "XRAY":
        position = 0
    for _ in range(_PAIRS_MAX):
        pair = _PAIR.match(line, position)
        if pair is None:
            break
        name, value = pair.groups()
        _add(fields, name, value)
        position = pair.end()
        while line[position : position + 1] in (" ", "\t"):
            position += 1
    if position < len(line):
        return OTHER_SHAPE
    needed = _EVENTS_WITH.get(match["event"])
    if len(fields) == 1 or (needed and needed not in fields):
        return OTHER_SHAPE
    return Record(None, None, None, None, line, fields)


def _add(fields: Fields, name: str, value: str) -> None:
    """A figure is a number, its unit in the name."""
    if not value:
        return
    own = _NAMES.get(name) or f"aws.lambda.{snake_case(name.replace(' ', '_')).replace('__', '_')}"
    if measured := _FIGURE.fullmatch(value):
        fields[f"{own}_{measured[3].lower()}"] = figure(measured[1] + (measured[2] or ""))
    elif value in ("true", "false"):
        fields[own] = flag(value)
    elif value[0] == "[" and value[-1] == "]":
        fields[own] = [each.strip() for each in value[1:-1].split(",")]
    else:
        fields[own] = value if own in _NAMES.values() else number(value)


def _leveled(entry: str, times: Times) -> Record | Reject:
    """A line of Python's runtime."""
    if match := _LEVELED.fullmatch(entry):
        word, when, request, message = match.groups()
        return _timed(when, request, word, message, times)
    match = _UNLEVELED.fullmatch(entry)
    if match is None or "Traceback (most recent" not in match[2]:
        return OTHER_SHAPE
    return Record(None, None, match[1], severity.of_word(match[1]), match[2], _exception(match[2]))


def _timed(when: str, request: str, word: str | None, message: str, times: Times) -> Record | Reject:
    number = severity.of_word(word) if word else None
    stamp = times.of_text(when)
    if stamp is None:
        return BAD_TIME
    fields = _exception(message)
    if request and request != "undefined":
        fields["faas.invocation_id"] = request
    return Record(*stamp, word if number else None, number, message or None, fields)


def _exception(tail: str) -> Fields:
    """What a trace of Python behind the message says of itself."""
    head, _, trace = tail.partition("\n")
    if "Traceback (most recent" not in trace:
        return {}
    fields: Fields = {"exception.stacktrace": trace}
    kind, colon, message = head.partition(": ")
    if colon and kind.isidentifier():
        fields["exception.type"], fields["exception.message"] = kind, message
    return fields


LAMBDA: Final = Format(
    name="aws_lambda",
    title="AWS Lambda: platform lines and the runtimes' own layouts",
    source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html",
    samples=(
        "INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN:"
        " arn:aws:lambda:eu-west-1::runtime:0a1b2c3d4e5f",
        "START RequestId: 8d50073e-0000-4000-8000-cc17dd847be5 Version: $LATEST",
        "[INFO]\t2024-03-14T09:26:53.123Z\t8d50073e-0000-4000-8000-cc17dd847be5\tcart 7 accepted",
        "END RequestId: 8d50073e-0000-4000-8000-cc17dd847be5",
        "REPORT RequestId: 8d50073e-0000-4000-8000-cc17dd847be5\tDuration: 10.35 ms\tBilled Duration: 11 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 50 MB\tInit Duration: 141.60 ms\t",
        "2024-03-14T09:26:54.123Z\t8d50073e-0000-4000-8000-cc17dd847be5\tERROR\tcart 8 is empty",
        "2024-03-14T09:26:57.124Z 8d50073e-0000-4000-8000-cc17dd847be5 Task timed out after 3.00 seconds",
        '{"time":"2024-03-14T09:26:53.123Z","type":"platform.report","record":{'
        '"requestId":"8d50073e-0000-4000-8000-cc17dd847be5","metrics":{"durationMs":10.35,"billedDurationMs":11,'
        '"memorySizeMB":128,"maxMemoryUsedMB":50},"status":"success"}}',
    ),
    make_parser=_make_parser,
    specificity=0.992,
    framing=Framing(
        joins=r"(?![{\n])[^\n]*\n(?:[ \t]+[^\s]|Traceback \(|During handling |The above exception )"
        r"|[ \t]+[^\s][^\n]*\n[A-Za-z_.]{1,128}(?:Error|Exception)\b"
    ),
    sieve=rf"(?:START|END|REPORT) RequestId: |(?:INIT|RESTORE)_(?:START|REPORT) |(?:EXTENSION|LOGS|TELEMETRY)\tName: "
    rf"|XRAY TraceId: |RequestId: {_ID} |\[[A-Z]{{4,8}}\][ \t]{_WHEN}|\[ERROR\] |{_WHEN}[ \t](?:{_ID}|undefined)[ \t]"
    r'|\{(?:[^"\n]*+"){1,99}?platform\.',
    alone=True,
)

FORMATS: Final = (LAMBDA,)
