"""What somebody changed by hand is set again by a deploy, over an AWS in memory that keeps what is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

pytest.importorskip("boto3", reason="needs boto3: make setup")

from froe.deployment import drift
from froe.deployment.cloud import Cloud
from froe.deployment.stack_resolver import resolver_of
from froe.deployment.templates import DATA, OBSERVABILITY, StackTemplate, load
from froe.resources import ROOT

ACCOUNT = "123456789012"
URL = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/froe-dev-batch"
DEAD = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/froe-dev-dead-letter"
KEY = "11111111-2222-3333-4444-555555555555"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY}"
DEAD_ARN = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:froe-dev-dead-letter"
RESOURCES = {
    "Key": ("AWS::KMS::Key", KEY),
    "BatchQueue": ("AWS::SQS::Queue", URL),
    "DeadLetterQueue": ("AWS::SQS::Queue", DEAD),
    "LedgerTable": ("AWS::DynamoDB::Table", "froe-dev-ledger"),
    "UploadsRule": ("AWS::Events::Rule", "froe-dev-uploads"),
    "WorkerLogs": ("AWS::Logs::LogGroup", "/aws/lambda/froe-dev-worker"),
}


class Aws:
    """Every service in one: a stack, its queues, its table, its rule, its log group; `writes` notes what was written."""

    def __init__(self, **parameters: str) -> None:
        self.parameters = {"Stage": "dev", **parameters}
        self.queues: dict[str, dict[str, str]] = {URL: {}, DEAD: {}}
        self.table: dict[str, Any] = {}
        self.expiry: dict[str, Any] = {"TimeToLiveStatus": "DISABLED"}
        self.recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        self.rule = {"State": "DISABLED"}
        self.groups: list[dict[str, Any]] = [
            {"logGroupName": "/aws/lambda/froe-dev-worker-2", "retentionInDays": 1},
            {"logGroupName": "/aws/lambda/froe-dev-worker"},
        ]
        self.writes = 0

    def describe_stacks(self, **_: Any) -> Any:
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Parameters": given}]}

    def get_paginator(self, _: str) -> Any:
        summaries = [
            {
                "LogicalResourceId": logical,
                "PhysicalResourceId": physical,
                "ResourceType": kind,
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for logical, (kind, physical) in RESOURCES.items()
        ]
        return type("Pages", (), {"paginate": lambda _, **__: [{"StackResourceSummaries": summaries}]})()

    def get_waiter(self, _: str) -> Any:
        return type("Waiter", (), {"wait": lambda _, **__: None})()

    def get_queue_attributes(self, QueueUrl: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        return {"Attributes": self.queues[QueueUrl]}

    def set_queue_attributes(self, QueueUrl: str, Attributes: Mapping[str, str]) -> None:  # noqa: N803 - AWS's names
        self.writes += 1
        self.queues[QueueUrl].update(Attributes)

    def describe_table(self, **_: Any) -> Any:
        return {"Table": self.table}

    def update_table(self, TableName: str, **changed: Any) -> None:  # noqa: N803 - AWS's name
        self.writes += 1
        assert len(changed) == 1, f"{TableName}: one change at a time"
        if "SSESpecification" in changed:
            asked = changed["SSESpecification"]
            self.table["SSEDescription"] = {
                "Status": "ENABLED",
                "SSEType": asked["SSEType"],
                "KMSMasterKeyArn": asked["KMSMasterKeyId"],
            }
        else:
            self.table.update(changed)

    def describe_time_to_live(self, **_: Any) -> Any:
        return {"TimeToLiveDescription": self.expiry}

    def update_time_to_live(self, TableName: str, TimeToLiveSpecification: Mapping[str, Any]) -> None:  # noqa: N803 - AWS's names
        self.writes += 1
        assert TableName == "froe-dev-ledger"
        self.expiry = {
            "TimeToLiveStatus": "ENABLING",
            "AttributeName": TimeToLiveSpecification["AttributeName"],
        }

    def describe_continuous_backups(self, **_: Any) -> Any:
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": self.recovery}}

    def update_continuous_backups(
        self,
        PointInTimeRecoverySpecification: Mapping[str, Any],  # noqa: N803 - AWS's name
        **_: Any,
    ) -> None:
        self.writes += 1
        days = PointInTimeRecoverySpecification["RecoveryPeriodInDays"]
        assert isinstance(days, int)
        self.recovery = {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days}

    def describe_log_groups(self, **_: Any) -> Any:
        return {"logGroups": self.groups}

    def put_retention_policy(self, logGroupName: str, retentionInDays: int) -> None:  # noqa: N803 - AWS's names
        self.writes += 1
        assert logGroupName == self.groups[1]["logGroupName"]
        self.groups[1]["retentionInDays"] = retentionInDays

    def describe_rule(self, **_: Any) -> Any:
        return self.rule

    def enable_rule(self, **_: Any) -> None:
        self.writes += 1
        self.rule = {"State": "ENABLED"}


def template(name: str) -> StackTemplate:
    loaded = load(name, ROOT, local=False)
    assert loaded is not None
    return loaded


def fixed(aws: Aws, name: str = DATA) -> list[str]:
    lines: list[str] = []
    drift.fix(Cloud(lambda _: aws, ACCOUNT, "eu-west-1"), "dev", template(name), lines.append)
    return lines


def test_what_drifted_is_written_once_and_then_left_alone() -> None:
    aws = Aws(BatchVisibilitySeconds="777", RecoveryDays="9")
    lines = fixed(aws)
    batch = aws.queues[URL]
    assert batch["VisibilityTimeout"] == "777", "the stack's parameter, not the default"
    assert batch["KmsMasterKeyId"] == KEY_ARN
    assert json.loads(batch["RedrivePolicy"])["deadLetterTargetArn"] == DEAD_ARN
    assert aws.queues[DEAD]["MessageRetentionPeriod"] == "1209600"
    assert aws.table["DeletionProtectionEnabled"] is True
    assert aws.table["SSEDescription"]["KMSMasterKeyArn"] == KEY_ARN
    assert aws.expiry["AttributeName"] == "expires_at"
    assert aws.recovery["RecoveryPeriodInDays"] == 9
    assert aws.rule == {"State": "ENABLED"}
    assert any("VisibilityTimeout of froe-dev-batch" in line for line in lines)
    writes = aws.writes
    assert fixed(aws) == []
    assert aws.writes == writes


@pytest.mark.parametrize(
    ("attribute", "broken"),
    [
        ("VisibilityTimeout", "30"),
        ("MessageRetentionPeriod", "60"),
        ("KmsMasterKeyId", ""),
        ("RedrivePolicy", "{}"),
        ("RedrivePolicy", json.dumps({"deadLetterTargetArn": DEAD_ARN, "maxReceiveCount": "1"})),
    ],
)
def test_one_attribute_that_was_changed_is_the_only_one_that_is_written(attribute: str, broken: str) -> None:
    aws = Aws()
    fixed(aws)
    right = dict(aws.queues[URL])
    aws.queues[URL][attribute] = broken
    assert fixed(aws) == [f"Set {attribute} of froe-dev-batch to the values of the template"]
    assert aws.queues[URL] == right


def test_a_protection_that_the_parameters_lift_stays_lifted() -> None:
    aws = Aws(DeletionProtection="false")
    fixed(aws)
    assert not aws.table.get("DeletionProtectionEnabled")


def test_an_expiry_that_cannot_be_set_yet_is_said_and_holds_up_nothing() -> None:
    aws = Aws()
    aws.expiry = {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires_at"}
    lines = fixed(aws)
    assert any("one change an hour: deploy again then" in line for line in lines)
    assert aws.rule == {"State": "ENABLED"}


def test_a_log_group_forgets_again_and_its_namesakes_are_left_alone() -> None:
    aws = Aws(LogRetentionDays="14")
    fixed(aws, OBSERVABILITY)
    assert [each["retentionInDays"] for each in aws.groups] == [1, 14]
    assert fixed(aws, OBSERVABILITY) == []


def test_a_schedule_that_was_switched_off_is_switched_on() -> None:
    aws, lines = Aws(), []  # type: ignore[var-annotated]
    cloud = Cloud(lambda _: aws, ACCOUNT, "eu-west-1")
    drift.enable_rule(cloud, "froe-dev-sweeper-event", lines.append)
    drift.enable_rule(cloud, "froe-dev-sweeper-event", lines.append)
    assert lines == ["Enabled the schedule froe-dev-sweeper-event again"]


def test_every_condition_of_the_templates_can_be_told() -> None:
    cloud = Cloud(lambda _: Aws(), ACCOUNT, "eu-west-1")
    for name in (DATA, OBSERVABILITY):
        read = template(name)
        resolver = resolver_of(cloud, "dev", read, {}, key="", topic="")
        for condition in read.content.get("Conditions", {}):
            assert resolver.resolve({"Fn::If": [condition, "yes", "no"]}) in {"yes", "no"}
