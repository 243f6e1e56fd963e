"""The array of a member that the configuration names is read element by element, as `Records` is."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load
from chalicelib.core.framing import Kind
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Outcome, Record, Skip
from tests.fakes import opener

CONFIG = load('[[collection]]\nfield = "events"\nprefix = "exports/"\n', "froe.toml")


def read(
    data: bytes, key: str = "exports/a.json", format_name: str | None = None
) -> tuple[Reading, list[Outcome]]:
    head = ObjectHead(ObjectVersion("logs", key, "v1", "e"), len(data), "", datetime(2026, 3, 1, tzinfo=UTC))
    limits = Limits(batch_max_lines=3)
    reading = Reading(head, opener(data, 1000), limits=limits, config=CONFIG, format_name=format_name)
    outcomes = list(reading)
    assert sum(outcome.length for outcome in outcomes) == len(data)
    return reading, outcomes


def numbers(outcomes: list[Outcome]) -> list[object]:
    return [each.result.attributes.get("n") for each in outcomes if isinstance(each.result, Record)]


@given(st.integers(1, 200), st.sampled_from([None, orjson.OPT_INDENT_2]))
def test_the_elements_of_the_named_member_are_the_entries(count: int, option: int | None) -> None:
    events = [{"n": number, "level": "info", "message": "x"} for number in range(count)]
    data = orjson.dumps({"source": "x", "events": events, "more": [1]}, option=option)
    reading, outcomes = read(data)
    assert reading.plan.framing.kind is Kind.JSON
    assert reading.plan.framing.member == "events"
    assert not reading.plan.parallel
    assert numbers(outcomes) == list(range(count))
    assert {each.result for each in outcomes if not isinstance(each.result, Record)} == {
        Skip("between-elements")
    }


def test_another_key_or_another_member_is_read_as_ever() -> None:
    data = orjson.dumps({"events": [{"n": 1}, {"n": 2}]})
    assert read(data, "other/a.json")[0].plan.framing.member != "events"
    assert read(data.replace(b"events", b"entries"))[0].plan.framing.member != "events"
    assert read(b'{"n": 1, "message": "x"}\n' * 3)[0].plan.format == "json"


def test_a_format_that_is_named_reads_the_elements() -> None:
    reading, outcomes = read(orjson.dumps({"events": [{"n": 1}, {"n": 2}]}), format_name="json")
    assert reading.plan.format == "json"
    assert numbers(outcomes) == [1, 2]


def test_a_narrower_format_explains_the_elements() -> None:
    event = {"eventVersion": "1.08", "eventTime": "2026-02-01T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
             "awsRegion": "eu-west-1", "userIdentity": {"type": "Root"}, "sourceIPAddress": "192.0.2.1", "eventID": "1", "eventType": "AwsApiCall"}  # fmt: skip
    reading, _ = read(orjson.dumps({"events": [event, event]}))
    assert reading.plan.format == "aws_cloudtrail"


def test_a_collection_needs_a_member() -> None:
    with pytest.raises(ConfigError, match="line 1: collection 'number 1': it has no `field`"):
        load("[[collection]]\nprefix = 'a'\n", "froe.toml")
