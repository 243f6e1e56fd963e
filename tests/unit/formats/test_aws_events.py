"""AWS events as JSON, collections, and what carries the lines of others."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.member_names import snake_case
from chalicelib.core.formats.registry import by_name
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Reject
from tests.fakes import opener
from tests.unit.formats.conftest import LAST_MODIFIED

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "8d50073e-0000-4000-8000-cc17dd847be5"
EVENT: dict[str, Any] = json.loads(by_name("aws_cloudtrail").samples[1])


def format_of(text: str) -> str:
    return detect(text.encode(), LAST_MODIFIED, complete=True).format.name


def read(data: bytes) -> tuple[str, Counter[str]]:
    """The format of an object, and how many records, rejects and stretches of each reason it holds."""
    when = datetime(2026, 9, 15, tzinfo=UTC)
    head = ObjectHead(ObjectVersion("logs", "key", "v1", "e"), len(data), "", when)
    reading = Reading(head, opener(data, 1000))
    counts: Counter[str] = Counter()
    for outcome in reading:
        result = outcome.result
        counts["record" if isinstance(result, Record) else result.reason] += 1
    return reading.plan.format, counts


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("count", [0, 1, 3, 700])
def test_each_event_of_a_trails_file_is_a_record(indent: int | None, count: int) -> None:
    data = gzip.compress(json.dumps({"Records": [EVENT] * count}, indent=indent).encode())
    name, counts = read(data)
    assert name == "aws_cloudtrail"
    assert counts["record"] == count
    assert set(counts) <= {"record", "between-elements"}


@pytest.mark.parametrize("joint", ["", "\n", "\n\n", ",\n", " "])
def test_pretty_objects_one_behind_another_are_records(joint: str) -> None:
    objects = [
        json.dumps({"time": "2024-03-14T09:26:53Z", "n": n, "in": {"a": [1, {"b": 2}]}}, indent=2)
        for n in range(5)
    ]
    name, counts = read(joint.join(objects).encode())
    assert (name, counts["record"]) == ("json_values", 5)


def test_json_lines_with_a_broken_one_stay_lines() -> None:
    lines = [json.dumps({"ts": "2024-03-14T09:26:53Z", "msg": f"line {n}"}) for n in range(9)]
    lines[4] = lines[4][:-3] + "\\n"
    name, counts = read("\n".join(lines).encode())
    assert (name, counts) == ("json", Counter({"record": 8, "invalid-json": 1}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"Records":[]}', "aws_cloudtrail"),
        ('{ "records" : [ ] }', "azure_records"),
        ('{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[]}', "aws_cloudwatch_events"),
        ("[]", "json_values"),
        ('{"items":[]}', "json"),
        ('{"Records":"none"}', "json"),
        ('{"Records":[{"a":1},{"a":2}]}', "json"),
        (
            '{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2024-03-14T09:26:53Z","eventName":"x"}',
            "json",
        ),
        ('{"requestId":"1","status":"200","time":"2024-03-14T09:26:53Z"}', "json"),
        ('{"timestamp":1710408413123,"action":"BLOCK"}', "json"),
        ('[{"a":1},{"a":2}]', "json_values"),
        ('{"a":1}{"a":2}', "json_values"),
    ],
)
def test_objects_are_told_by_what_they_hold(text: str, name: str) -> None:
    assert format_of(text) == name


def test_names_are_in_lower_case_with_underscores() -> None:
    names = [
        "eventID",
        "userIdentity.sessionContext",
        "x-amz-id-2",
        "MFAUsed",
        "a b",
        "maxMemoryUsedMB",
        "S3Key",
    ]
    assert [snake_case(name) for name in names] == [
        "event_id", "user_identity.session_context", "x_amz_id_2", "mfa_used", "a_b", "max_memory_used_mb", "s3_key",
    ]  # fmt: skip


def test_members_that_come_to_one_name_are_all_kept(record: Callable[[str, str], Record]) -> None:
    fields = record(
        "aws_cloudtrail", json.dumps(EVENT | {"requestParameters": {"acl": 1, "ACL": 2, "Acl": 3}})
    ).attributes
    names = [f"aws.cloudtrail.request_parameters.acl{end}" for end in ("", "#2", "#3")]
    assert [fields[name] for name in names] == [1, 2, 3]


def test_numbers_that_a_double_cannot_hold_are_exact(record: Callable[[str, str], Record]) -> None:
    text = json.dumps(EVENT)[:-1] + ', "requestParameters": {"big": 123456789012345678901234567890}}'
    fields = record("aws_cloudtrail", text).attributes
    assert fields["aws.cloudtrail.request_parameters.big"] == 123456789012345678901234567890


def test_an_event_out_of_its_array_has_no_group(reason: Callable[[str, str], str]) -> None:
    assert (
        reason("aws_cloudwatch_events", '{"id":"1","timestamp":1710408413123,"message":"x"}')
        == "another-object"
    )


def test_what_opened_an_array_is_on_each_event_even_when_it_is_broken() -> None:
    element = '{"id":"1","timestamp":1710408413123,"message":"x\\n"}'
    for header, group in [('{"logGroup":"g","logEvents":[', ["g"]), ('{"logGroup":"g,"logEvents":[', None)]:
        parsed = by_name("aws_cloudwatch_events").make_parser(ParseContext(LAST_MODIFIED, header))(element)
        assert isinstance(parsed, Record)
        assert (parsed.body, parsed.attributes.get("aws.log.group.names")) == ("x", group)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"2024-03-14T09:26:53.123Z START RequestId: {ID} Version: 1", "aws_cloudwatch"),
        (f"2024-03-14T09:26:53.123Z [INFO]\t2024-03-14T09:26:53.123Z\t{ID}\tready", "aws_cloudwatch"),
        ('2024-03-14T09:26:53.123Z {"level":"info","msg":"ready"}', "aws_cloudwatch"),
        ("2024-03-14T09:26:53.123Z listening on 8080", "timestamped"),
        ("2024-03-14T09:26:53.123Z INFO ready", "timestamped"),
        (f"[INFO]\t2024-03-14T09:26:53.123Z\t{ID}\tready", "aws_lambda"),
        (f"2024-03-14T09:26:53.123Z\t{ID}\tWARN\tslow", "aws_lambda"),
        (f"RequestId: {ID} Error: Runtime exited", "aws_lambda"),
    ],
)
def test_an_export_is_told_by_the_lines_inside(line: str, name: str) -> None:
    assert format_of(line) == name
    assert format_of(f"{line}\n" * 9) == name


def test_what_a_function_prints_stays_in_its_export() -> None:
    lines = [f"START RequestId: {ID} Version: 1", *["counting carts"] * 9, f"END RequestId: {ID}"]
    name, counts = read("".join(f"2024-03-14T09:26:53.123Z {line}\n" for line in lines).encode())
    assert (name, counts) == ("aws_cloudwatch", Counter({"record": 11}))


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId",
        f"REPORT Duration: 1 ms {ID}",
        "END of the day",
        "EXTENSION cord",
        "[INFO] ready",
        f"RequestId: {ID}",
        '{"time":"2024-03-14T09:26:53Z","type":"platform"}',
    ],
)
def test_lines_that_only_begin_like_lambdas_are_not(line: str, reason: Callable[[str, str], str]) -> None:
    assert reason("aws_lambda", line) in ("other-shape", "another-object")


def test_a_report_without_tabs_is_read_too(record: Callable[[str, str], Record]) -> None:
    line = f"REPORT RequestId: {ID}  Duration: 3.5 ms  Billed Duration: 4 ms  Memory Size: 128 MB  Max Memory Used: 9 MB"
    fields = record("aws_lambda", line).attributes
    assert (fields["aws.lambda.duration_ms"], fields["aws.lambda.max_memory_used_mb"]) == (3.5, 9)


@pytest.mark.parametrize(
    "name",
    [
        "aws_cloudtrail",
        "aws_guardduty",
        "aws_waf",
        "aws_route53_resolver",
        "aws_api_gateway",
        "azure_records",
    ],
)
def test_objects_are_told_inside_others(name: str) -> None:
    sample = by_name(name).samples[1]
    explained = Explainer(LAST_MODIFIED)(sample)
    assert explained is not None
    assert explained[0] == name
    assert by_name("json").make_parser(ParseContext(LAST_MODIFIED))(sample) != Reject("invalid-json")
