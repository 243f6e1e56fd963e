"""OpenTelemetry logs as OTLP JSON: requests, files of the collector's exporter, or log records by themselves.

Every log record of `resourceLogs[].scopeLogs[].logRecords[]` is an entry of its own, with the attributes of its
resource and its scope, before its array or behind it in the same batch; names may be written in camel or in snake case. A request
that stands where no entry of its own can be seen (a line of another file) is one record: the time and resource of
its first log record, the highest severity, all bodies, and `otlp.log_records` lists them.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.flatten import Pairs, TooDeep, flatten
from chalicelib.core.formats.json_text import INVALID, NOT_AN_OBJECT, made_of
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.member_names import snake_case
from chalicelib.core.formats.nested import add, add_all
from chalicelib.core.formats.objects import Objects, holding
from chalicelib.core.formats.reasons import OTHER_OBJECT
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.paths import completed
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.nested import When

_NUMBER_MAX: Final = 24
_DEPTH_MAX: Final = 40
_DIGITS_MAX: Final = 38

_AROUND: Final = ("resourceLogs", "scopeLogs", "instrumentationLibraryLogs", "logRecords")


class _Misshapen(Exception):  # noqa: N818 - becomes a reject
    """What should be an object or a list is none."""


def _make_parser(context: ParseContext) -> Parse:
    of_number = Times(context.last_modified).of_number
    around = _around(context.header)

    def parse(line: str) -> Record | Reject:
        try:
            made = made_of(line, lambda loaded: _record(loaded, of_number, around))
        except _Misshapen:
            return OTHER_OBJECT
        return OTHER_OBJECT if made is INVALID or made is NOT_AN_OBJECT else made

    return parse


@lru_cache(256)
def _around(header: str) -> dict[str, Any] | None:
    """What the objects around an array of log records say of them; None where there are none."""
    if not header:
        return None
    log_records: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def shared(loaded: dict[str, Any]) -> dict[str, Any] | Reject:
        if all(_member(loaded, name) is None for name in _AROUND):
            return OTHER_OBJECT
        for resource_logs in _list(_member(loaded, "resourceLogs") or [loaded]):
            _collect(_dict(resource_logs), log_records, marked=True)
        return log_records[0][0] if log_records else {}

    try:
        made = made_of(completed(header), shared)
    except _Misshapen:
        return None
    return None if isinstance(made, Reject) else made


def _record(loaded: dict[str, Any], of_number: Any, shared: dict[str, Any] | None) -> Record | Reject:
    exact = type(loaded) is Pairs
    log_records: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if (resources := _member(loaded, "resourceLogs")) is not None:
        for resource_logs in _list(resources):
            _collect(_dict(resource_logs), log_records)
    elif _member(loaded, "scopeLogs") is not None:
        _collect(loaded, log_records)
    elif shared is not None or _is_log_record(loaded):
        log_records.append((shared or {}, loaded))
    if not log_records:
        return OTHER_OBJECT
    if len(log_records) == 1:
        around, record = log_records[0]
        stamp, word, number, body, fields = _one(record, of_number)
        add_all(fields, around)
        return Record(*stamp, word, number, body, flatten(_as(fields, exact=exact))[0])
    ones = [_one(record, of_number) for _, record in log_records]
    stamp = next((one[0] for one in ones if one[0][0]), (None, None))
    _, word, number, _, _ = max(ones, key=lambda one: one[2] or 0)
    bodies = [one[3] for one in ones if one[3]]
    listed = [
        {
            name: value
            for name, value in (
                ("timestamp", one[0][0]), ("severity_text", one[1]), ("severity_number", one[2]), ("body", one[3]),
                ("attributes", one[4]), ("resource", around if around is not log_records[0][0] else None),
            )
            if value not in (None, {})
        }
        for one, (around, _) in zip(ones, log_records, strict=True)
    ]  # fmt: skip
    fields = {**log_records[0][0], "otlp.log_records": listed}
    return Record(*stamp, word, number, "\n".join(bodies) or None, flatten(_as(fields, exact=exact))[0])


def _as(fields: dict[str, Any], *, exact: bool) -> dict[str, Any]:
    return Pairs(fields) if exact else fields


def _is_log_record(members: dict[str, Any]) -> bool:
    """Whether an object by itself is one. In its array all are, since every member of a log record may be missing."""
    timed = any(_member(members, name) is not None for name in ("timeUnixNano", "observedTimeUnixNano"))
    return timed and "body" in members


def _collect(
    resource_logs: dict[str, Any],
    log_records: list[tuple[dict[str, Any], dict[str, Any]]],
    *,
    marked: bool = False,
) -> None:
    """Adds the log records of a resource, each with what is said around it. marked: an empty one for each scope."""
    resource = _dict(resource_logs.get("resource") or {})
    shared = _attributes(resource.get("attributes"))
    if url := _member(resource_logs, "schemaUrl"):
        shared["otlp.resource.schema_url"] = url
    scopes = _member(resource_logs, "scopeLogs") or _member(resource_logs, "instrumentationLibraryLogs") or []
    for each in _list(scopes):
        scope_logs = _dict(each)
        scope = _dict(scope_logs.get("scope") or _member(scope_logs, "instrumentationLibrary") or {})
        around = dict(shared)
        for name in ("name", "version"):
            if scope.get(name):
                around[f"otel.scope.{name}"] = scope[name]
        if url := _member(scope_logs, "schemaUrl"):
            around["otlp.scope.schema_url"] = url
        add_all(around, _attributes(scope.get("attributes")))
        records = [{}] if marked else _list(_member(scope_logs, "logRecords") or scope_logs.get("logs") or [])
        log_records.extend((around, _dict(record)) for record in records)


def _member(members: dict[str, Any], name: str) -> Any:
    """A member under its name in camel case or in snake case."""
    value = members.get(name)
    return members.get(_in_snake_case(name)) if value is None else value


_in_snake_case: Final = lru_cache(64)(snake_case)
"""Of the names that the protocol has."""


_One: TypeAlias = "tuple[When, str | None, int | None, str | None, dict[str, Any]]"


def _one(record: dict[str, Any], of_number: Any) -> _One:
    stamp: When = (None, None)
    fields = _attributes(record.get("attributes"))
    for name in ("timeUnixNano", "observedTimeUnixNano"):
        when = _member(record, name)
        parsed = of_number(str(when)) if type(when) in (str, int) else None
        if parsed is None and when not in (None, 0, "0", ""):
            fields[f"otlp.{name}"] = when
        elif parsed is not None and stamp[0] is None:
            stamp = parsed
        elif parsed is not None and parsed != stamp:
            fields["otlp.observed_timestamp"] = parsed[0]
    word = _member(record, "severityText") or None
    number = _member(record, "severityNumber")
    if type(number) is str:
        number = severity.of_word(number.removeprefix("SEVERITY_NUMBER_").rstrip("0123456789"))
    if type(number) is not int or not 1 <= number <= _NUMBER_MAX:
        number = severity.of_word(word) if type(word) is str else None
    if type(word) is not str or number is None:
        if word is not None:
            fields["otlp.severity_text"] = word
        word = None
    body = _value(record.get("body"))
    if isinstance(body, dict):
        add_all(fields, {f"otlp.body.{name}": value for name, value in body.items()})
        message = body.get("message") or body.get("msg")
        body = message if type(message) is str else None
    elif body is not None and type(body) is not str:
        body = json.dumps(body, ensure_ascii=False)
    for ours, theirs in (
        ("trace_id", "traceId"), ("span_id", "spanId"), ("trace_flags", "flags"), ("event.name", "eventName"),
        ("otlp.dropped_attributes_count", "droppedAttributesCount"),
    ):  # fmt: skip
        if value := _member(record, theirs):
            fields[ours] = value
    return stamp, word, number, body or None, fields


def _attributes(pairs: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    repeats: dict[str, int] = {}
    for each in _list(pairs or []):
        pair = _dict(each)
        name = pair.get("key")
        if type(name) is not str:
            raise _Misshapen
        value = _value(pair.get("value"))
        if value is not None:
            add(attributes, repeats, name, value)
    return attributes


def _value(member: Any, depth: int = 0) -> Any:
    """The plain value of an AnyValue; 64-bit integers are text in it."""
    if type(member) not in (dict, Pairs):
        return member
    if depth > _DEPTH_MAX:
        raise TooDeep
    for name, value in member.items():
        kind = _KINDS.get(name, name)
        if kind == "intValue":
            whole = integer(str(value))
            return value if whole is None else whole
        if kind in ("stringValue", "doubleValue", "boolValue", "bytesValue"):
            return value
        if kind == "arrayValue":
            return [_value(each, depth + 1) for each in _list(_dict(value).get("values") or [])]
        if kind == "kvlistValue":
            pairs = [_dict(each) for each in _list(_dict(value).get("values") or [])]
            return {str(pair.get("key")): _value(pair.get("value"), depth + 1) for pair in pairs}
    return member or None


_KINDS: Final = {
    snake_case(name): name
    for name in (
        "stringValue", "intValue", "doubleValue", "boolValue", "bytesValue", "arrayValue", "kvlistValue",
    )
}  # fmt: skip


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Misshapen
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise _Misshapen
    return value


OTLP: Final = Format(
    name="otlp_json",
    title="OpenTelemetry logs, OTLP JSON (the collector's file exporter)",
    source="https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/",
    samples=(
        '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":'
        '[{"scope":{"name":"shop.pay"},"logRecords":[{"timeUnixNano":"1710404813123456789","severityNumber":9,'
        '"severityText":"Info","body":{"stringValue":"order accepted"},"attributes":[{"key":"order","value":{"intValue":"17"}}],'
        '"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]}]}]}',
        '{"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1710404814000000000","body":'
        '{"stringValue":"one"}},{"observedTimeUnixNano":"1710404815000000000","severityNumber":17,"body":{"kvlistValue":'
        '{"values":[{"key":"message","value":{"stringValue":"two"}}]}}}]}]}]}',
        '{"timeUnixNano":"1710404816000000000","severityNumber":13,"severityText":"WARN","body":{"stringValue":"slow"},'
        '"attributes":[{"key":"took","value":{"doubleValue":1.5}},{"key":"tags","value":{"arrayValue":{"values":'
        '[{"stringValue":"a"},{"boolValue":true}]}}}]}',
        '{"resource_logs":[{"resource":{"attributes":[{"key":"service.name","value":{"string_value":"shop"}}]},"scope_logs":'
        '[{"scope":{"name":"shop.pay"},"log_records":[{"time_unix_nano":"1710404817000000000","severity_number":9,'
        '"body":{"string_value":"order shipped"}}]}]}]}',
    ),
    make_parser=_make_parser,
    specificity=0.999,
    bare=1.0,
    framing=Framing(
        kind=Kind.JSON,
        path=(
            "resourceLogs|resource_logs?",
            "scopeLogs|scope_logs|instrumentationLibraryLogs|instrumentation_library_logs",
            "logRecords|log_records|logs",
        ),
    ),
    sieve=holding(
        "resourceLogs",
        "resource_logs",
        "scopeLogs",
        "scope_logs",
        "logRecords",
        "log_records",
        "timeUnixNano",
        "observedTimeUnixNano",
        "time_unix_nano",
    ),
    alone=True,
)
CONSOLE: Final = Objects(
    name="otel_console",
    title="OpenTelemetry logs, JSON of Python's console exporter",
    source="https://opentelemetry-python.readthedocs.io/en/latest/sdk/_logs.html",
    samples=(
        '{"body": "order accepted", "severity_number": 9, "severity_text": "INFO", "attributes": {"order": 17,'
        ' "code.file.path": "/srv/pay.py", "code.line.number": 42}, "dropped_attributes": 0,'
        ' "timestamp": "2024-03-14T09:26:53.123456Z", "trace_id": "0x0af7651916cd43dd8448eb211c80319c",'
        ' "span_id": "0xb7ad6b7169203331", "trace_flags": 1, "resource": {"attributes": {"service.name": "shop"},'
        ' "schema_url": ""}}',
        '{"body": "slow", "severity_number": "<SeverityNumber.WARN: 13>", "severity_text": "WARN", "attributes": {},'
        ' "timestamp": "2024-03-14T09:26:54Z", "trace_id": "", "span_id": "", "trace_flags": 0, "resource": "{}"}',
    ),
    required=("body", "severity_number", "severity_text", "timestamp", "trace_id"),
    specificity=0.999,
    time=("timestamp",),
    level=("severity_text",),
    body=("body",),
    prefixes={"attributes.": "", "resource.attributes.": ""},
).format()  # fmt: skip

FORMATS: Final = (OTLP, CONSOLE)
