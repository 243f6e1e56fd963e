"""A stage on an AWS of ready answers, and what the doctor finds there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import botocore.exceptions

from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.cloud import Cloud
from froe.deployment.findings import Finding, Verdict
from froe.deployment.stages import Stage
from froe.resources import ROOT

ACCOUNT = "123456789012"
BASE = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/froe-dev"
SETTINGS = {
    "INPUT_BUCKET": "froe-dev-input",
    "QUARANTINE_BUCKET": "froe-dev-quarantine",
    "RESULTS_BUCKET": "froe-dev-results",
    "SPLIT_QUEUE": f"{BASE}-split",
    "BATCH_QUEUE": f"{BASE}-batch",
    "DEAD_LETTER_QUEUE": f"{BASE}-dead-letter",
    "RECORDS_TABLE": "froe-dev-records",
    "LEDGER_TABLE": "froe-dev-ledger",
    "LEDGER_STREAM_ARN": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/froe-dev-ledger/stream/2026",
    "NOTICES_TOPIC_ARN": f"arn:aws:sns:eu-west-1:{ACCOUNT}:froe-dev-notices",
    "KEY_ARN": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k",
}
PHYSICAL = {
    "InputBucket": f"froe-dev-input-{ACCOUNT}-eu-west-1",
    "QuarantineBucket": f"froe-dev-quarantine-{ACCOUNT}-eu-west-1",
    "ResultsBucket": f"froe-dev-results-{ACCOUNT}-eu-west-1",
    "SplitQueue": SETTINGS["SPLIT_QUEUE"],
    "BatchQueue": SETTINGS["BATCH_QUEUE"],
    "DeadLetterQueue": SETTINGS["DEAD_LETTER_QUEUE"],
    "NoticesTopic": SETTINGS["NOTICES_TOPIC_ARN"],
    "UploadsTopic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:froe-dev-uploads",
}
Answers = Mapping[str, Any]


class Service:
    """Answers each operation with what was given for it; says that there is no such thing otherwise."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            answer = self._answers.get(operation)
            result = answer(arguments) if callable(answer) else answer
            if result is None:
                error = {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}
                raise botocore.exceptions.ClientError(error, operation)
            return result

        return call

    def get_paginator(self, operation: str) -> Any:
        answer = self._answers.get(operation)

        def paginate(_: Any, **arguments: Any) -> list[Any]:
            page = answer(arguments) if callable(answer) else answer
            return [] if page is None else [page]

        return type("Pages", (), {"paginate": paginate})()


def stack(**parameters: str) -> Answers:
    """Stacks that hold every resource of the real templates, under names that tell what they are."""

    def template_body(asked: Mapping[str, Any]) -> Any:
        name = asked["StackName"].removeprefix("froe-dev").strip("-") or "data"
        template = json.loads((ROOT / "infra" / f"{name}.json").read_text(encoding="utf-8"))
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical,
                    "ResourceType": resource["Type"],
                    "PhysicalResourceId": PHYSICAL.get(logical, f"froe-dev-{logical}"),
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical, resource in template["Resources"].items()
            ]
        }

    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {
        "describe_stacks": {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Parameters": given}]},
        "list_stack_resources": template_body,
    }


def examined(answers: Answers, **own: Any) -> Examined:
    answers = {**stack(), **answers}
    settings = {**SETTINGS, **own.pop("settings", {})}
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    config["stages"]["dev"] = {**config["stages"]["dev"], "environment_variables": settings, **own}
    service = Service(answers)
    return Examined(Cloud(lambda _: service, ACCOUNT, "eu-west-1"), Stage("dev", config, {}), ROOT)


def faults(findings: Any) -> list[str]:
    faulty: list[Finding] = [each for each in findings if each.verdict is Verdict.FAULT]
    assert all(each.remedy for each in faulty), "a fault has a remedy"
    return [f"{each.what}: {each.remedy}" for each in faulty]


def queue(**changed: str) -> Answers:
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:froe-dev-dead-letter",
        "maxReceiveCount": "10",
    }
    attributes = {
        "VisibilityTimeout": "1800",
        "MessageRetentionPeriod": "345600",
        "KmsMasterKeyId": "k",
        "RedrivePolicy": json.dumps(redrive),
    }

    policies = {
        each["Queues"][0]: each["PolicyDocument"]
        for each in expected_of(examined({}), "data", "AWS::SQS::QueuePolicy").values()
    }

    def answer(arguments: Mapping[str, Any]) -> Any:
        dead = {"MessageRetentionPeriod": "1209600"} if arguments["QueueUrl"].endswith("dead-letter") else {}
        policy = {"Policy": json.dumps(policies.get(arguments["QueueUrl"]))}
        return {"Attributes": {**attributes, **policy, **dead, **changed}}

    return {"get_queue_attributes": answer}
