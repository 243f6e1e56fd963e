"""Stacks of a stage, over a CloudFormation in memory: made, fixed, refused in one sentence, cleared away."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("click", reason="needs click: make setup")

import botocore.exceptions

from froe.deployment import stacks
from froe.deployment.cloud import Cloud
from froe.deployment.templates import StackTemplate
from froe.errors import FroeError

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/froe-dev-batch"
CONTENT = {
    "Parameters": {"Stage": {"Type": "String"}, "Days": {"Type": "Number", "Default": 7}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "QueuePolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}]}},
        "Other": {
            "Type": "AWS::SQS::Queue",
            "DependsOn": "QueuePolicy",
            "Properties": {
                "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
                "Tags": {"Fn::Sub": "${Queue.Arn} ${AWS::Region}"},
            },
        },
    },
    "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}},
}
TEMPLATE = StackTemplate("data", CONTENT)


class CloudFormation:
    """One stack; every call is noted, a waiter fails where `failing` says so."""

    def __init__(self, status: str | None = None, *, failing: str = "", left: bool = False) -> None:
        self.status = status
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self._failing = failing
        self._left = left

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if self.status is None:
            error = {"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}
            raise botocore.exceptions.ClientError(error, "DescribeStacks")
        stack = {
            "StackName": StackName,
            "StackId": "id",
            "StackStatus": self.status,
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": "7"} for name in ("Stage", "Days", "Old")
            ],
            "Outputs": [{"OutputKey": "Queue", "OutputValue": QUEUE}],
        }
        return {"Stacks": [stack]}

    def create_stack(self, **arguments: Any) -> None:
        self.calls.append(("create", arguments))
        self.status = "CREATE_COMPLETE"

    def update_stack(self, **arguments: Any) -> None:
        self.calls.append(("update", arguments))

    def delete_stack(self, **arguments: Any) -> None:
        self.calls.append(("delete", arguments))
        self.status = None

    def get_template(self, StackName: str, TemplateStage: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"TemplateBody": CONTENT}

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"StackEvents": self.events}

    def get_paginator(self, operation: str) -> Any:
        listed = [
            {
                "LogicalResourceId": "Queue",
                "PhysicalResourceId": QUEUE,
                "ResourceType": "AWS::SQS::Queue",
                "ResourceStatus": "CREATE_COMPLETE" if self._left else "DELETE_COMPLETE",
            }
        ]
        return type("Pages", (), {"paginate": lambda _, **__: [{"StackResourceSummaries": listed}]})()

    def get_waiter(self, condition: str) -> Any:
        failing = condition == self._failing

        def wait(_: Any, **__: Any) -> None:
            if failing:
                raise botocore.exceptions.WaiterError(condition, "Waiter encountered a terminal failure", {})

        return type("Waiter", (), {"wait": wait})()


class Queues:
    """SQS that has no queue."""

    def get_queue_attributes(self, **_: Any) -> None:
        code = "AWS.SimpleQueueService.NonExistentQueue"
        raise botocore.exceptions.ClientError({"Error": {"Code": code, "Message": ""}}, "GetQueueAttributes")


def brought_up(cloudformation: CloudFormation, lines: list[str] | None = None) -> dict[str, str]:
    services = {"cloudformation": cloudformation, "sqs": Queues()}
    cloud = Cloud(services.__getitem__, "123456789012", "eu-west-1")
    return stacks.create_or_update(cloud, "dev", TEMPLATE, {"Days": "9"}, (lines or []).append)


def test_a_new_stack_gets_what_it_declares_and_nothing_else() -> None:
    cloudformation = CloudFormation()
    services = {"cloudformation": cloudformation}
    cloud = Cloud(services.__getitem__, "1", "eu-west-1")
    outputs = stacks.create_or_update(cloud, "dev", TEMPLATE, {"Days": "9", "Elsewhere": "x"}, print)
    ((operation, arguments),) = cloudformation.calls
    assert (operation, arguments["StackName"], outputs) == ("create", "froe-dev", {"Queue": QUEUE})
    assert {each["ParameterKey"]: each["ParameterValue"] for each in arguments["Parameters"]} == {
        "Stage": "dev",
        "Days": "9",
    }


def test_tables_are_protected_only_once_the_stack_is_made_so_that_it_can_be_rolled_back() -> None:
    cloudformation = CloudFormation()
    properties = {"TableName": "t", "DeletionProtectionEnabled": True}
    table = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    protected = StackTemplate("data", {**CONTENT, "Resources": {"Table": table}})
    cloud = Cloud({"cloudformation": cloudformation}.__getitem__, "1", "eu-west-1")
    stacks.create_or_update(cloud, "dev", protected, {"Days": "9"}, print)
    (made, first), (changed, then) = cloudformation.calls
    assert (made, changed) == ("create", "update")
    bodies = [json.loads(each["TemplateBody"])["Resources"]["Table"]["Properties"] for each in (first, then)]
    assert bodies == [{**properties, "DeletionProtectionEnabled": False}, properties]
    assert first["Parameters"] == then["Parameters"]


def test_a_stack_that_could_not_be_made_and_holds_nothing_is_cleared_away() -> None:
    cloudformation = CloudFormation("ROLLBACK_COMPLETE")
    brought_up(cloudformation)
    assert [operation for operation, _ in cloudformation.calls] == ["delete", "create"]


def test_a_stack_that_could_not_be_made_and_holds_something_is_left_to_people() -> None:
    cloudformation = CloudFormation("ROLLBACK_COMPLETE", left=True)
    with pytest.raises(FroeError, match=f"still has {QUEUE}: look whether that is needed"):
        brought_up(cloudformation)
    assert cloudformation.calls == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name froe-dev"),
        ("DELETE_FAILED", "delete-stack --stack-name froe-dev"),
        ("UPDATE_IN_PROGRESS", "wait and deploy again"),
    ],
)
def test_a_stack_that_cannot_be_changed_names_the_way_out(status: str, remedy: str) -> None:
    with pytest.raises(FroeError, match=remedy):
        brought_up(CloudFormation(status))


def test_a_queue_deleted_by_hand_is_taken_out_of_the_stack_and_put_back() -> None:
    cloudformation = CloudFormation("UPDATE_COMPLETE", left=True)
    brought_up(cloudformation)
    (_, smaller), (_, whole) = cloudformation.calls
    without = json.loads(smaller["TemplateBody"])
    arn = "arn:aws:sqs:eu-west-1:123456789012:froe-dev-batch"
    assert set(without["Resources"]) == {"Other"}, "what hangs on the queue goes with it"
    properties = without["Resources"]["Other"]["Properties"]
    assert properties["RedrivePolicy"] == {"deadLetterTargetArn": arn}
    assert properties["Tags"] == {"Fn::Sub": f"{arn} ${{AWS::Region}}"}
    assert "DependsOn" not in without["Resources"]["Other"]
    assert without["Outputs"]["Queue"]["Value"] == QUEUE
    assert json.loads(whole["TemplateBody"]) == CONTENT
    assert {each["ParameterKey"] for each in whole["Parameters"]} == {"Stage", "Days"}


def test_the_reason_of_the_newest_failure_is_told_with_its_remedy() -> None:
    cloudformation = CloudFormation(failing="stack_create_complete")
    stack = "AWS::CloudFormation::Stack"

    def event(minute: int, logical: str, status: str, reason: str = "", kind: str = stack) -> dict[str, Any]:
        return {
            "Timestamp": datetime(2026, 1, 1, 0, minute, tzinfo=UTC),
            "LogicalResourceId": logical,
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "ResourceType": kind,
        }

    bucket = "AWS::S3::Bucket"
    cloudformation.events = [
        event(1, "froe-dev", "CREATE_IN_PROGRESS"),
        event(2, "OldBucket", "CREATE_FAILED", "of yesterday", bucket),
        event(3, "froe-dev", "CREATE_IN_PROGRESS"),
        event(4, "InputBucket", "CREATE_FAILED", "froe-dev-input already exists", bucket),
        event(5, "Queue", "CREATE_FAILED", "Resource creation cancelled", bucket),
    ]
    with pytest.raises(FroeError) as caught:
        brought_up(cloudformation)
    assert "not made: InputBucket: froe-dev-input already exists: the name is taken" in caught.value.message
