"""Chalice's record of what it deployed, .chalice/deployed/STAGE.json, brought to what there is.

Chalice trusts its record: without it (another machine, a fresh clone) it makes a second REST API and deletes nothing,
and with one that names what somebody deleted it stops. Promise: afterwards the record names what exists of the
functions of this application, and nothing that does not. Limits: what Chalice 1.34 records of this app.py.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import botocore.exceptions

from froe.deployment.cloud import Cloud
from froe.deployment.stage_files import replace
from froe.deployment.stages import Stage
from froe.errors import FroeError

API_STAGE_OPTION: Final = "api_gateway_stage"
_API_IN_ARN: Final = re.compile(r":execute-api:[^:]*:[^:]*:([a-z0-9]+)/")
_ABSENT: Final = (
    *("ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException", "NotFoundException"),
    *("NoSuchBucket", "404"),
)
Resource = Mapping[str, Any]


def record_path(stage: str, root: Path) -> Path:
    """Where Chalice keeps it."""
    return root / ".chalice" / "deployed" / f"{stage}.json"


def bring_up_to_date(cloud: Cloud, stage: Stage, root: Path) -> list[Resource]:
    """Rewrite the record and give its resources."""
    path = record_path(stage.name, root)
    resources = list(existing(cloud, stage))
    known = {_name_of(kind, function) for function in stage.known_functions for kind in _KINDS} | {"rest_api"}
    others = [each for each in _recorded(path) if each["name"] not in known]
    kept: list[Resource] = [*resources, *others]
    content = {"resources": kept, "schema_version": "2.0", "backend": "api"}
    if resources or others:
        replace(path, json.dumps(content, indent=2))
    else:
        path.unlink(missing_ok=True)
    return kept


def existing(cloud: Cloud, stage: Stage) -> Iterator[Resource]:
    """What there is of the stage, as Chalice records it and in its order: what is made first comes first."""
    for function in stage.known_functions:
        role = _answer(cloud, "iam", "get_role", RoleName=stage.role_name(function))
        if role:
            name = stage.role_name(function)
            yield {
                **_entry("iam_role", function),
                "role_arn": role["Role"]["Arn"],
                "role_name": name,
            }
        configuration = _answer(
            cloud, "lambda", "get_function_configuration", FunctionName=stage.function_name(function)
        )
        if configuration:
            yield {**_entry("lambda_function", function), "lambda_arn": configuration["FunctionArn"]}
    arns = {
        each: cloud.arn("lambda", f"function:{stage.function_name(each)}") for each in stage.known_functions
    }
    yield from _rest_api(cloud, stage, arns["api_handler"])
    yield from _sources(cloud, stage, arns)


def _sources(cloud: Cloud, stage: Stage, arns: Mapping[str, str]) -> Iterator[Resource]:
    """What calls the functions; it outlives a function that was deleted by hand."""
    rule = f"froe-{stage.name}-sweeper-event"
    if _answer(cloud, "events", "describe_rule", Name=rule):
        yield {**_entry("cloudwatch_event", "sweeper"), "rule_name": rule}
    bucket = stage.settings.get("INPUT_BUCKET")
    if bucket and _announces(cloud, bucket, arns["splitter"]):
        yield {**_entry("s3_event", "splitter"), "bucket": bucket, "lambda_arn": arns["splitter"]}
    for function, url in stage.queues.items():
        queue = url.rsplit("/", 1)[-1]
        uuid = _mapping(cloud, arns[function], queue and cloud.arn("sqs", queue))
        if uuid:
            yield {
                **_entry("sqs_event", function),
                "queue_arn": cloud.arn("sqs", queue),
                "event_uuid": uuid,
                "queue": queue,
                "lambda_arn": arns[function],
            }
    stream = stage.settings.get("LEDGER_STREAM_ARN", "")
    uuid = _mapping(cloud, arns["notifier"], stream)
    if uuid:
        yield {
            **_entry("dynamodb_event", "notifier"),
            "stream_arn": stream,
            "event_uuid": uuid,
            "lambda_arn": arns["notifier"],
        }


def _rest_api(cloud: Cloud, stage: Stage, function_arn: str) -> Iterator[Resource]:
    """Every stage's API bears the same name: which one is ours, the function's own policy says."""
    policy = _answer(cloud, "lambda", "get_policy", FunctionName=function_arn)
    for api in dict.fromkeys(_API_IN_ARN.findall(str(policy.get("Policy", "")))):
        if _answer(cloud, "apigateway", "get_rest_api", restApiId=api):
            suffix = "amazonaws.com.cn" if cloud.partition == "aws-cn" else "amazonaws.com"
            path = stage.option("api_handler", API_STAGE_OPTION) or "api"
            yield {
                "name": "rest_api",
                "resource_type": "rest_api",
                "rest_api_id": api,
                "rest_api_url": f"https://{api}.execute-api.{cloud.region}.{suffix}/{path}/",
            }
            return


def _mapping(cloud: Cloud, function_arn: str, source_arn: str) -> str | None:
    """Asked for by the source alone: AWS refuses to list by a function that is gone."""
    if not source_arn:
        return None
    pages = (
        cloud.client("lambda").get_paginator("list_event_source_mappings").paginate(EventSourceArn=source_arn)
    )
    uuids = [
        str(each["UUID"])
        for page in pages
        for each in page["EventSourceMappings"]
        if each["FunctionArn"] == function_arn and each.get("State") != "Deleting"
    ]
    return uuids[0] if uuids else None


def _announces(cloud: Cloud, bucket: str, function_arn: str) -> bool:
    configuration = _answer(cloud, "s3", "get_bucket_notification_configuration", Bucket=bucket)
    return function_arn in {
        each["LambdaFunctionArn"] for each in configuration.get("LambdaFunctionConfigurations", ())
    }


_KINDS: Final[Mapping[str, str]] = {
    "iam_role": "{}_role",
    "lambda_function": "{}",
    "cloudwatch_event": "{}-event",
    "s3_event": "{}-s3event",
    "sqs_event": "{}-sqs-event-source",
    "dynamodb_event": "{}-dynamodb-event-source",
}
"""Type of a resource → what Chalice calls it in its record."""


def _name_of(kind: str, function: str) -> str:
    return _KINDS[kind].format(function)


def _entry(kind: str, function: str) -> dict[str, str]:
    return {"name": _name_of(kind, function), "resource_type": kind}


def _recorded(path: Path) -> Sequence[Resource]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        resources: Sequence[Resource] = content["resources"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError) as error:
        raise FroeError(
            f"{path} cannot be read ({error}): delete it and run again; it will be written again."
        ) from error
    return resources


def _answer(cloud: Cloud, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
    """What AWS answers; nothing where there is no such thing."""
    try:
        answer: dict[str, Any] = getattr(cloud.client(service), operation)(**arguments)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return {}
        raise
    return answer
