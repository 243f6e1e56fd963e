"""Dialects of JSON and pairs: told by their members, typed by their tables, told apart from one another."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.applications.naming import renamed
from chalicelib.core.formats.applications.pairs import pairs_of, quick_pairs, typed
from chalicelib.core.formats.detection import detect
from chalicelib.core.records import Record

Explain = Callable[[str, str], Record]
Reason = Callable[[str, str], str]
WHEN = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('{"level":"info","ts":1,"logger":"http.log.access","msg":"handled"}', "json"),
        ('{"level":"INFO","time":"2024-03-14T09:26:53Z","message":"m"}', "json"),
        ('{"time":"2024-03-14T09:26:53Z","level":"INFO","msg":"m"}', "slog"),
        ('{"level":"info","msg":"m","time":"2024-03-14T09:26:53Z"}', "logrus_json"),
        ('{"level":"info","time":"2024-03-14T09:26:53Z","message":"m"}', "zerolog"),
        ('{"level":"info","ts":1710404813.1,"msg":"m"}', "zap"),
        ('{"level":30,"time":1710404813123,"msg":"m"}', "pino"),
        ('{"timestamp":"2024-03-14T09:26:53Z","level":"info","message":"m"}', "json"),
        ('{"ClientAddr":"192.0.2.1:1","level":"info","msg":"","time":"2024-03-14T09:26:53Z"}', "json"),
        ("zork=zook zonk=nork", "key_value"),
        ("level=info a=1", "logfmt"),
        ("y=f", "key_value"),
        ("2024-03-14 09:26:53 level=info msg=ok took=5", "timestamped"),
        ("level=info a=true b=true c=true d", "logfmt"),
        ("level=info is what we said of this", "text"),
        ("key: value", "text"),
        ("a: b, c: d", "key_value"),
    ],
)
def test_one_line_tells_the_dialect(line: str, name: str) -> None:
    assert detect(line.encode(), WHEN, complete=True).format.name == name


@pytest.mark.parametrize(
    ("level", "text", "number"),
    [("INFO", "INFO", 9), ("INFO+2", "INFO+2", 11), ("DEBUG-4", "DEBUG-4", 1), ("ERROR+99", "ERROR+99", 24)],
)
def test_slog_levels_between_the_names(record: Explain, level: str, text: str, number: int) -> None:
    parsed = record("slog", json.dumps({"time": "2024-03-14T09:26:53Z", "level": level, "msg": "m"}))
    assert (parsed.severity_text, parsed.severity_number) == (text, number)


def test_an_instant_has_its_nanoseconds(record: Explain) -> None:
    line = '{"instant":{"epochSecond":1710404813,"nanoOfSecond":7},"thread":"t","level":"INFO","loggerName":"l","message":"m"}'
    parsed = record("log4j2_json", line)
    assert parsed.timestamp == "2024-03-14T08:26:53.000000007Z"
    assert parsed.attributes == {"thread.name": "t", "log.logger": "l"}


def test_a_level_that_is_none_and_clashes_of_renamed_members_are_kept(record: Explain) -> None:
    parsed = record(
        "gelf", '{"version":"1.1","host":"h","short_message":"m","level":9,"_host.name":"x","_a":1,"a":2}'
    )
    assert parsed.attributes == {
        "gelf.version": "1.1",
        "host.name": "h",
        "level": 9,
        "host.name#2": "x",
        "a#2": 1,
        "a": 2,
    }


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bunyan", '{"a":1}'),
        ("bunyan", '{"name":"n","hostname":"h","pid":1,"level":30,"msg":"m","time":"never","v":0}'),
        ("pino", '{"level":30,"time":"2024-03-14T09:26:53Z","msg":"m"}'),
        ("zerolog", '{"message":"m","level":"info","time":1710404813}'),
        ("logrus_json", '{"msg":"m","level":"info","time":"2024-03-14T09:26:53Z"}'),
    ],
)
def test_other_json_is_a_reject(reason: Reason, name: str, line: str) -> None:
    assert reason(name, line) == "another-object"


def test_a_bare_word_is_no_pair(reason: Reason) -> None:
    assert reason("key_value", "restarting") == "other-shape"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("0", 0), ("-7", -7), ("1.50", 1.5), ("-0.5", -0.5), ("007", "007"), ("1e5", "1e5"), ("-", "-"),
        ("9" * 19, "9" * 19), ("1.2.3", "1.2.3"), ("true", True), ("True", "True"), ("٣", "٣"), ("-0", "-0"),
    ],
)  # fmt: skip
def test_bare_values_are_typed_where_nothing_is_lost(text: str, value: Any) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('a="x \\"y\\" z" b=1', {"a": 'x "y" z', "b": 1}),
        ("a='it is' b=2", {"a": "it is", "b": 2}),
        ("a= b=- c", {"c": True}),
        ("a=1 a=2 a=3", {"a": 1, "a#2": 2, "a#3": 3}),
        ("a=1, b=2; c=3", {"a": 1, "b": 2, "c": 3}),
        ('url=http://h/?q=1 m="a=b"', {"url": "http://h/?q=1", "m": "a=b"}),
        ('a="\\u00e9\\n\\x41"', {"a": "é\nA"}),
        ('a="never closed', None),
        ("a (b) c", None),
    ],
)
def test_pairs(text: str, pairs: dict[str, Any] | None) -> None:
    assert pairs_of(text) == pairs


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c.d", "e_f"]),
        st.text(st.sampled_from('ab1-., "\\=\n'), max_size=6) | st.integers(-99, 99),
    )
)
def test_written_pairs_are_read_back_whichever_way(values: dict[str, str | int]) -> None:
    text = " ".join(
        f"{key}={json.dumps(value) if isinstance(value, str) else value}" for key, value in values.items()
    )
    expected = {key: value for key, value in values.items() if value != ""}
    assert pairs_of(text) == expected
    quick = quick_pairs(text)
    if quick is not None:
        assert dict(zip(*quick, strict=True)) == expected


def test_the_names_of_a_request_are_changed_only_where_there_is_one() -> None:
    assert renamed(("path", "status"), {}) == ("path", "status")
    assert renamed(("method", "path", "status"), {}) == (
        "http.request.method",
        "url.path",
        "http.response.status_code",
    )


def test_a_name_that_is_taken_keeps_its_place() -> None:
    assert renamed(("remote_ip", "client.address", "client_ip"), {}) == (
        "client.address#2",
        "client.address",
        "client.address#3",
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("zerolog", '{"level":["info"],"time":"2024-03-14T09:26:53Z","message":"m"}'),
        ("logrus_json", '{"level":{},"msg":"m","time":"2024-03-14T09:26:53Z"}'),
        ("winston", '{"level":["info"],"message":"m"}'),
    ],
)
def test_a_level_that_is_no_text_is_of_another_logger(reason: Reason, name: str, line: str) -> None:
    assert reason(name, line) == "another-object"


def test_one_otlp_record_is_typed_fully(record: Explain) -> None:
    line = json.dumps({
        "resourceLogs": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [{
                "timeUnixNano": "1710404813123456789", "severityNumber": 17, "severityText": "Error",
                "body": {"stringValue": "no"}, "traceId": "t", "spanId": "p",
                "attributes": [
                    {"key": "n", "value": {"intValue": "17"}},
                    {"key": "m", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}},
                ],
            }]}],
        }],
    })  # fmt: skip
    assert record("otlp_json", line) == Record(
        "2024-03-14T08:26:53.123456789Z", None, "Error", 17, "no",
        {"n": 17, "m.k": True, "trace_id": "t", "span_id": "p", "service.name": "shop", "otel.scope.name": "s"},
    )  # fmt: skip


@pytest.mark.parametrize("unusual", ['{"stringValue":"\\ud83d"}', '{"doubleValue":1e300}'])
def test_an_otlp_record_with_what_is_loaded_exactly_has_its_body_and_resource(
    record: Explain, unusual: str
) -> None:
    parsed = record(
        "otlp_json",
        '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":'
        '[{"logRecords":[{"timeUnixNano":"1710404813000000000","body":{"stringValue":"no"},"attributes":'
        f'[{{"key":"x","value":{unusual}}}]}}]}}]}}]}}',
    )
    assert parsed.body == "no"
    assert parsed.attributes["service.name"] == "shop"


@pytest.mark.parametrize(
    "line",
    [
        '{"resourceLogs":[]}', '{"resourceLogs":{}}', '{"resourceLogs":[1]}', '{"resourceLogs":[{"scopeLogs":7}]}',
        '{"resourceLogs":[{"resource":{"attributes":[{"value":1}]},"scopeLogs":[]}]}', "[]", "{", '{"body":1}',
    ],
)  # fmt: skip
def test_otlp_of_another_shape_is_a_reject(reason: Reason, line: str) -> None:
    assert reason("otlp_json", line) == "another-object"
