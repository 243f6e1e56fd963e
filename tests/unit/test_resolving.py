"""A template's resources become what the stack of a stage asks for; over the real templates."""

from __future__ import annotations

from typing import Any

import pytest

from froe.deployment.template_resolver import Resolver
from tests.templates import read

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
    "AWS::StackName": "froe-dev",
}
EXPORTS = {"froe-dev-key": "arn:key", "froe-dev-notices": "arn:notices", "froe-dev-alarms": "arn:alarms"}


def resolver(template: dict[str, Any], **given: str) -> Resolver:
    defaults = {name: str(each["Default"]) for name, each in template["Parameters"].items()}
    named = {
        logical: {"Ref": logical, "Arn": f"arn:{logical}", "StreamArn": "arn:stream"}
        for logical in template["Resources"]
    }
    values = {**defaults, **PSEUDO, **given}
    return Resolver(template.get("Conditions", {}), values, named, EXPORTS)


@pytest.mark.parametrize("ingest", ["direct", "queue", "topic", "eventbridge"])
def test_everything_that_the_data_template_says_can_be_resolved(ingest: str) -> None:
    template = read("data")
    resolving = resolver(template, Ingest=ingest)
    for resource in template["Resources"].values():
        assert "Fn::" not in str(resolving.properties(resource))


def test_every_alarm_can_be_resolved() -> None:
    template = read("observability")
    alarms = [each for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert all("Fn::" not in str(resolver(template).properties(each)) for each in alarms)


def test_what_is_no_value_is_left_out_and_conditions_decide() -> None:
    template = read("data")
    split = template["Resources"]["SplitQueuePolicy"]
    sids = {
        ingest: [
            each["Sid"]
            for each in resolver(template, Ingest=ingest).properties(split)["PolicyDocument"]["Statement"]
        ]
        for ingest in ("direct", "topic")
    }
    assert sids == {
        "direct": ["EncryptedTransportOnly"],
        "topic": ["EncryptedTransportOnly", "UploadsOverOurTopic"],
    }
    assert resolver(template).properties(template["Resources"]["RecordsTable"]).get("WarmThroughput") is None


def test_what_is_not_known_is_no_answer() -> None:
    with pytest.raises(KeyError):
        resolver(read("data")).resolve({"Fn::Cidr": ["10.0.0.0/8", 1, 8]})
    with pytest.raises(KeyError):
        resolver(read("data")).resolve({"Ref": "Nobody"})
