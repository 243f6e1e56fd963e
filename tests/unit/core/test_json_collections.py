"""The array that holds the entries is found by its shape, in one line or over many, of whatever size and depth."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Reject
from tests.fakes import opener
from tests.linear import assert_linear

KIB = 1024


def read(data: str, config: Config | None = None) -> tuple[Reading, list[Outcome]]:
    return read_bytes(data.encode(), config)


def read_bytes(raw: bytes, config: Config | None = None) -> tuple[Reading, list[Outcome]]:
    head = ObjectHead(
        ObjectVersion("logs", "a.json", "v1", "e"), len(raw), "", datetime(2026, 11, 1, tzinfo=UTC)
    )
    reading = Reading(head, opener(raw, 100_000), config=config)
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(raw)
    assert sum(outcome.lines for outcome in outcomes) == raw.count(b"\n") + (raw[-1:] not in (b"", b"\n"))
    return reading, outcomes


def records(outcomes: list[Outcome]) -> list[Record]:
    return [each.result for each in outcomes if isinstance(each.result, Record)]


def event(number: int, pad: int = 40) -> dict[str, Any]:
    return {"time": f"2026-09-14T08:00:{number % 60:02}Z", "message": f"m{number}", "pad": "x" * pad}


EVENTS = [event(number) for number in range(3000)]
FEW = EVENTS[:9]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("events", [EVENTS, FEW], ids=["large", "small"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda events: {"fileVersion": "1.0", "configurationItems": events},
        lambda events: {"apiVersion": "v1", "kind": "EventList", "metadata": {"resourceVersion": "7"}, "items": events},
        lambda events: {"findings": events, "nextToken": "t"},
        lambda events: {"@odata.context": "c", "value": events},
        lambda events: {"took": 7, "hits": {"total": {"value": 9}, "hits": [{"_id": "a", "_source": each} for each in events]}},
        lambda events: {"response": {"status": 200, "data": {"entries": events}}},
        lambda events: {"groups": [{"name": "a", "rows": events}, {"name": "b", "rows": events}]},
        lambda events: {"a.b": {"c d": events}},
    ],
)  # fmt: skip
def test_the_elements_of_an_array_that_nobody_named_are_the_entries(
    wrap: Any, events: list[Any], indent: int | None
) -> None:
    document = wrap(events)
    reading, outcomes = read(json.dumps(document, indent=indent))
    parsed = records(outcomes)
    times = 2 if "groups" in document else 1
    assert len(parsed) == len(events) * times
    assert all(each.timestamp for each in parsed)
    assert reading.account.summary.counts.rejected.entries == 0
    assert {each.result.reason for each in outcomes if not isinstance(each.result, Record)} == {
        "between-elements"
    }
    assert reading.plan.framing.kind is Kind.JSON


def test_several_envelopes_on_lines_are_told_by_all_of_them() -> None:
    text = "".join(json.dumps({"batch": number, "events": FEW}) + "\n" for number in range(5))
    assert len(records(read(text)[1])) == 45
    mixed = text + json.dumps({"time": "2026-09-14T08:00:00Z", "message": "an event", "events": FEW}) + "\n"
    assert len(records(read(mixed)[1])) == 6


@pytest.mark.parametrize(
    "event",
    [
        {"time": "2026-09-14T08:00:00Z", "level": "info", "items": FEW},
        {"timestamp": 1_789_372_800, "msg": "order", "lines": [{"sku": n, "price": 1.5} for n in range(50)]},
        {"userId": 1, "tags": [{"k": "a", "v": "b"}, {"k": "c", "v": "d"}]},
        {"name": "x" * 500, "tags": FEW[:1]},
        {"list": [1, 2, 3] * 100},
    ],
)
def test_an_event_with_a_list_stays_one_entry(event: dict[str, Any]) -> None:
    assert len(records(read(json.dumps(event))[1])) == 1
    assert len(records(read((json.dumps(event) + "\n") * 4)[1])) == 4


def test_objects_without_a_time_are_entries_where_they_are_most_of_a_file() -> None:
    pods = [
        {"metadata": {"name": f"p{n}"}, "spec": {"node": "n"}, "status": {"phase": "Running"}}
        for n in range(9)
    ]
    assert len(records(read(json.dumps({"kind": "PodList", "items": pods}))[1])) == 9


def test_an_element_that_is_itself_too_long_is_looked_into() -> None:
    rows = [{"id": number, "v": "x" * 90} for number in range(5000)]
    reading, outcomes = read(json.dumps({"groups": [{"name": "g", "rows": rows}]}))
    assert reading.plan.framing == Framing(
        kind=Kind.JSON, path=("groups", "rows"), every_array=True, uniform=True
    )
    assert reading.plan.version == 3
    assert len(records(outcomes)) == 5000


SMALL_BEFORE = {
    "an empty page": '{"items":[]}',
    "an empty page with more": '{"items":[],"next":"x"}',
    "an object without the array": '{"meta":{"page":1}}',
    "an array of words": '{"warnings":["slow"]}',
    "an error": '{"error":"quota"}',
    "prose": "warning: the answer is long",
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("before", SMALL_BEFORE.values(), ids=SMALL_BEFORE)
def test_what_is_small_before_a_large_envelope_costs_none_of_its_entries(
    before: str, indent: int | None
) -> None:
    page = json.dumps({"items": EVENTS}, indent=indent)
    reading, outcomes = read(f"{before}\n{page}\n{page}\n")
    assert len([each for each in records(outcomes) if each.timestamp]) == 2 * len(EVENTS)
    assert [each.raw for each in outcomes if isinstance(each.result, Reject)] in (
        [],
        [f"{before}\n".encode()],
    )
    assert reading.account.reason is None


def test_a_format_is_told_from_a_large_line_behind_a_small_one() -> None:
    trail = {
        "eventVersion": "1.08", "eventTime": "2026-09-14T08:00:00Z", "eventName": "GetObject", "eventSource": "s3.amazonaws.com",
        "awsRegion": "eu-central-1", "userIdentity": {"type": "Root"}, "eventID": "1", "requestID": "2",
    }  # fmt: skip
    for before in ('{"Records":[]}', *SMALL_BEFORE.values()):
        reading, outcomes = read(before + "\n" + json.dumps({"Records": [trail] * 2000}))
        assert reading.plan.format == "aws_cloudtrail"
        assert len([each for each in records(outcomes) if each.timestamp]) == 2000


def test_an_error_among_pages_is_an_entry_and_large_pages_behind_it_are_streamed() -> None:
    small = json.dumps({"items": FEW}) + "\n"
    large = json.dumps({"items": EVENTS}) + "\n"
    error = '{"error":"quota"}\n'
    for text, count in (
        (small * 30 + error + large * 3, 30 * 9 + 9000),
        (small * 3 + error + small * 3, 54),
        (small * 300 + error + large, 2700 + 3000),
    ):
        _, outcomes = read(text)
        assert len([each for each in records(outcomes) if each.timestamp]) == count
        assert [each for each in outcomes if isinstance(each.result, Reject)] == []
        assert len(records(outcomes)) == count + 1


@pytest.mark.parametrize("indent", [None, 1])
def test_elements_of_an_array_take_linear_time_whatever_is_between_them(indent: int | None) -> None:
    def run(count: int) -> None:
        read(json.dumps({"items": EVENTS[:count]}, indent=indent))

    assert_linear(run, 2400, 0.1)


def test_a_file_of_which_most_is_not_explained_says_so() -> None:
    text = json.dumps(event(1)) + "\n" + json.dumps({"a": "x" * 400 * KIB}) + "\n"
    reading, outcomes = read(text)
    rejected = sum(each.length for each in outcomes if isinstance(each.result, Reject))
    assert reading.account.state is State.COMPLETE
    assert reading.account.reason == (
        f"most of it was not explained: 1 entry is a reject, {rejected:,} of {len(text):,} bytes"
    )


def test_a_file_of_which_nothing_is_explained_is_complete_and_says_so() -> None:
    reading, outcomes = read(json.dumps({"a": "x" * 400 * KIB}))
    assert [each.result for each in outcomes] == [Reject("too-long")]
    assert reading.account.state is State.COMPLETE
    assert reading.account.reason == "nothing in it was explained: its only entry is a reject"
    assert "all of its 3 entries are rejects" in str(
        read((json.dumps({"a": "x" * 400 * KIB}) + "\n") * 3)[0].account.reason
    )
    assert "it holds no entries" in str(read('{"Records":[]}')[0].account.reason)
    assert read(json.dumps(event(1)))[0].account.reason is None
    assert read("")[0].account.reason is None


LOG_RECORDS = "resourceLogs[].scopeLogs[].logRecords[]"


def otlp(services: int, count: int, *, snake: bool = False) -> str:
    def named(name: str) -> str:
        return "".join(f"_{each.lower()}" if each.isupper() else each for each in name) if snake else name

    return json.dumps({
        named("resourceLogs"): [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {named("stringValue"): f"s{service}"}}]},
                named("scopeLogs"): [
                    {
                        "scope": {"name": f"s{service}.{scope}"},
                        named("logRecords"): [
                            {
                                named("timeUnixNano"): str(1_789_372_800_000_000_000 + number),
                                named("severityNumber"): 9 + 4 * scope,
                                "body": {named("stringValue"): f"m{number}"},
                                "attributes": [{"key": "n", "value": {named("intValue"): str(number)}}],
                            }
                            for number in range(count)
                        ],
                    }
                    for scope in range(2)
                ],
                named("schemaUrl"): "https://opentelemetry.io/schemas/1.6.1",
            }
            for service in range(services)
        ]
    })  # fmt: skip


@pytest.mark.parametrize("snake", [False, True])
@pytest.mark.parametrize(("services", "count"), [(1, 1), (3, 2), (2, 900)])
def test_every_log_record_of_otlp_has_its_own_resource_and_scope(
    services: int, count: int, snake: bool
) -> None:
    text = otlp(services, count, snake=snake)
    for data in (text, text + "\n" + text + "\n", json.dumps(json.loads(text), indent=1)):
        reading, outcomes = read(data)
        assert reading.plan.format == "otlp_json"
        copies = 2 if data.count(text) == 2 else 1
        expected = [
            (f"s{service}", f"s{service}.{scope}", f"m{number}", 9 + 4 * scope)
            for service in range(services)
            for scope in range(2)
            for number in range(count)
        ] * copies
        assert [
            (
                each.attributes["service.name"],
                each.attributes["otel.scope.name"],
                each.body,
                each.severity_number,
            )
            for each in records(outcomes)
        ] == expected


def behind(request: str) -> str:
    """A request whose resources and scopes stand behind what they hold."""
    value = json.loads(request)
    for resource in value["resourceLogs"]:
        resource["scopeLogs"] = [
            dict(reversed([*scope.items(), ("schemaUrl", "s")])) for scope in resource["scopeLogs"]
        ]
    return json.dumps({"resourceLogs": [dict(reversed(each.items())) for each in value["resourceLogs"]]})


@pytest.mark.parametrize(("services", "count", "lines"), [(1, 1, 1), (3, 2, 700), (2, 200, 9)])
def test_a_resource_behind_its_log_records_is_theirs_too(services: int, count: int, lines: int) -> None:
    text = behind(otlp(services, count))
    reading, outcomes = read((text + "\n") * lines)
    assert reading.plan.format == "otlp_json"
    assert rejects_of(outcomes) == []
    assert [
        (
            each.attributes["service.name"],
            each.attributes["otel.scope.name"],
            each.attributes["otlp.scope.schema_url"],
            each.attributes["otlp.resource.schema_url"],
            each.body,
        )
        for each in records(outcomes)
    ] == [
        (f"s{service}", f"s{service}.{scope}", "s", "https://opentelemetry.io/schemas/1.6.1", f"m{number}")
        for service in range(services)
        for scope in range(2)
        for number in range(count)
    ] * lines


def rejects_of(outcomes: list[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if isinstance(each.result, Reject)]


def test_scopes_and_log_records_of_otlp_may_stand_by_themselves() -> None:
    resource = json.loads(otlp(1, 3))["resourceLogs"][0]
    text = json.dumps(resource) + "\n" + json.dumps(resource["scopeLogs"][0]["logRecords"][0]) + "\n"
    _, outcomes = read(text)
    assert [each.attributes.get("service.name") for each in records(outcomes)] == ["s0"] * 6 + [None]


@pytest.mark.parametrize("field", ["a[].b[].c[]", "a.b.c", "a[].b.c[]"])
@given(st.integers(1, 4), st.integers(0, 3), st.sampled_from([None, 1]))
def test_a_collection_may_be_named_by_the_way_to_it(
    field: str, outer: int, inner: int, indent: int | None
) -> None:
    config = load(f'[[collection]]\nfield = "{field}"\n', "froe.toml")
    rows = [{"n": number} for number in range(inner)]
    middle: Any = {"x": [1], "c": rows, "y": {}} if field == "a[].b.c[]" else [{"c": rows}, 7, "s", {"d": 1}]
    document = {
        "t": 0,
        "a": [{"b": middle}, {"e": []}] * outer + [{"b": {"c": [{"n": -1}]}}],
        "z": [{"c": [1]}],
    }
    reading, outcomes = read(json.dumps(document, indent=indent), config)
    assert reading.plan.framing.path == ("a", "b", "c")
    assert [each.attributes["n"] for each in records(outcomes)] == list(range(inner)) * outer + [-1]


@pytest.mark.parametrize(
    "odd",
    [
        {"timeUnixNano": "1789372800123456789", "attributes": [{"key": "event.name", "value": {"stringValue": "click"}}]},
        {"eventName": "click"},
        {"body": {"stringValue": "b"}},
        {"severityNumber": 9, "body": {"stringValue": "b"}},
        {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"},
        {},
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("before", "count", "behind"), [(0, 1, 0), (0, 3, 0), (1, 1, 0), (0, 1, 1), (20, 1, 0), (0, 1, 20)]
)
@pytest.mark.parametrize(
    "resource", [{}, {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}]
)
def test_a_log_record_of_otlp_may_lack_any_member(
    odd: dict[str, Any], before: int, count: int, behind: int, resource: dict[str, Any]
) -> None:
    good = {"timeUnixNano": "1789372800000000000", "severityNumber": 9, "body": {"stringValue": "ok"}}
    entries = [good] * before + [odd] * count + [good] * behind
    request = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": {}, "logRecords": entries}]}]}
    for lines in (1, 3):
        reading, outcomes = read((json.dumps(request) + "\n") * lines)
        assert reading.plan.format == "otlp_json"
        made = [each for each in outcomes if isinstance(each.result, Record)]
        assert [each.format for each in made] == [None] * len(entries) * lines
        assert {each.result.attributes.get("service.name") for each in made} == {"shop" if resource else None}
        assert sum(each.result.timestamp is not None for each in made) == lines * (
            before + behind + count * ("timeUnixNano" in odd)
        )


def test_metrics_of_otlp_larger_than_an_entry_are_read_one_by_one() -> None:
    point = {"startTimeUnixNano": "1789372800000000000", "timeUnixNano": "1789372800123456789", "asInt": "7"}
    metrics = [{"name": f"m{number}", "sum": {"dataPoints": [point] * 3}} for number in range(2000)]
    request = {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"scope": {}, "metrics": metrics}]}]}
    text = json.dumps(request) + "\n"
    assert len(text) > 256 * KIB
    for lines in (1, 2):
        _, outcomes = read(text * lines)
        assert rejects_of(outcomes) == []
        names = [each.attributes["name"] for each in records(outcomes)]
        assert names == [metric["name"] for metric in metrics] * lines


@pytest.mark.parametrize("wrap", ["{}", '{{"events":[{}]}}', "[{}]"], ids=["lines", "member", "array"])
def test_a_number_of_more_digits_than_python_reads_keeps_no_file_back(wrap: str) -> None:
    numbers = ["1", "1" + "0" * 5000, "3"]
    items = [f'{{"time":"2026-01-01T00:00:0{at}Z","n":{number}}}' for at, number in enumerate(numbers)]
    _, outcomes = read(wrap.format(("\n" if wrap == "{}" else ",").join(items)))
    assert [str(each.attributes["n"]) for each in records(outcomes)] == numbers
