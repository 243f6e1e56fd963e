"""JSON of clouds and gateways: typed by its own names, whether on lines, in arrays or in an envelope of any size."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.formats.registry import by_name
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record
from tests.fakes import opener

WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def read(text: str) -> tuple[str, list[Record]]:
    raw = text.encode()
    head = ObjectHead(ObjectVersion("logs", "a.json", "v1", "e"), len(raw), "", WHEN)
    reading = Reading(head, opener(raw, 70_000))
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(raw)
    return reading.plan.format, [each.result for each in outcomes if isinstance(each.result, Record)]


@pytest.mark.parametrize(
    "name",
    ["aws_network_firewall", "aws_cloudfront_json", "cloudflare", "kong", "okta", "microsoft_365", "zscaler"],
)
def test_objects_of_a_product_are_typed_in_arrays_in_answers_and_over_lines(name: str) -> None:
    samples = [json.loads(sample) for sample in by_name(name).samples]
    lines = "".join(json.dumps(each) + "\n" for each in samples * 5)
    _, expected = read(lines)
    for text in (
        json.dumps(samples * 5),
        json.dumps(samples * 5, indent=2),
        json.dumps({"next": None, "value": samples * 5}),
        "".join(json.dumps(each, indent=1) + "\n" for each in samples * 5),
    ):
        assert read(text) == (name, expected)
    assert all(each.timestamp for each in expected)


def test_items_of_aws_config_are_entries_in_a_snapshot_of_any_size() -> None:
    item = {"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-09-14T08:00:00.000Z", "awsAccountId": "1",
            "configurationItemStatus": "OK", "resourceType": "AWS::S3::Bucket", "resourceCreationTime": "2020-01-01T00:00:00Z"}  # fmt: skip
    items = [item | {"resourceId": f"b{number}"} for number in range(3000)]
    name, actual = read(
        json.dumps({"fileVersion": "1.0", "configSnapshotId": "e", "configurationItems": items})
    )
    assert name == "aws_config"
    assert len(actual) == 3000
    assert {each.timestamp for each in actual} == {"2026-09-14T08:00:00.000Z"}
    assert actual[7].body == "AWS::S3::Bucket b7 OK"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda findings: {"Findings": findings},
        lambda findings: {
            "version": "0",
            "detail-type": "Security Hub Findings - Imported",
            "detail": {"findings": findings},
        },
        lambda findings: findings,
    ],
)
def test_findings_of_security_hub_are_entries(wrap: Any) -> None:
    finding = json.loads(by_name("aws_securityhub").samples[1])
    name, actual = read(json.dumps(wrap([finding] * 4)))
    assert name == "aws_securityhub"
    assert [(each.severity_text, each.severity_number, each.body) for each in actual] == [
        ("INFORMATIONAL", 9, "A package is old")
    ] * 4


def test_log_files_of_a_digest_bear_what_the_digest_says() -> None:
    name, (actual,) = read(by_name("aws_cloudtrail_digest").samples[0])
    assert name == "aws_cloudtrail_digest"
    assert actual.attributes["aws.cloudtrail.digest.digest_end_time"] == "2024-03-14T09:26:53Z"
    assert actual.timestamp == "2024-03-14T09:20:00Z"


def test_what_is_no_number_where_one_belongs_has_a_name_of_its_own() -> None:
    event = json.loads(by_name("zscaler").samples[0])
    event["event"] |= {"status": "blocked", "responsesize": "NA", "requestsize": "12"}
    _, (actual,) = read(json.dumps(event))
    assert actual.attributes["http.response.status_code.text"] == "blocked"
    assert not any(name.startswith("http.response.size") for name in actual.attributes)
    assert actual.attributes["http.request.size"] == 12


def test_an_address_of_microsoft_365_may_have_a_port() -> None:
    event = json.loads(by_name("microsoft_365").samples[0]) | {"ClientIP": "[2001:db8::5]:443"}
    _, (actual,) = read(json.dumps(event))
    assert (actual.attributes["client.address"], actual.attributes["client.port"]) == ("2001:db8::5", 443)
