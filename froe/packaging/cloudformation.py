"""`chalice package` for CloudFormation: one stack of the functions and of infra/data.json.

Promise: it has what `froe deploy` makes for the stage, except the alarms and log groups of infra/observability.json,
which remain a stack of their own. Limits: the user's own bucket keeps its notifications, which no template may
change: it must announce through a queue, or `froe deploy` adds Froe's entry.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.utils import to_cfn_resource_name

from chalicelib.core.plan.lanes import DEFAULT, lane_of, worker_of
from froe import mappings, policies
from froe.deployment.notifications import filter_of
from froe.deployment.stages import DIRECT, QUEUES, Stage
from froe.errors import FroeError
from froe.function_options import EPHEMERAL_MB, FunctionOptions
from froe.lanes import template
from froe.packaging.references import (
    KEY_PARAMETER,
    TOKEN_PARAMETER,
    TOKEN_PATTERN,
    Ground,
    cloudformation_settings,
    environment,
    ways_of,
)
from froe.resources import TOKEN_SETTING

API_HANDLER: Final = "APIHandler"
"""What Chalice calls the function `api_handler` in a template."""
PERMISSION: Final = "SplitterUploads"


def whole(packaged: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """Chalice's SAM template with the resources of infra/data.json. Raises FroeError where two have one name."""
    stage = ground.stage
    data = _with_lanes(ground)
    _refuse_twins(packaged, data)
    values = cloudformation_settings(data)
    by_name = _by_name(data)
    resources = {
        logical_id: {**resource, "Properties": by_name(_properties(logical_id, resource, packaged, ground))}
        for logical_id, resource in packaged["Resources"].items()
        if resource["Type"] != "AWS::Logs::LogGroup"  # infra/observability.json makes them
    }
    return {
        **packaged,
        "Description": f"Froe, stage {stage.name}: its functions, and what they read from and write to.",
        "Parameters": _parameters(data, stage, resources),
        "Rules": {**data.get("Rules", {}), "AsPackaged": _rule(stage)},
        "Conditions": data.get("Conditions", {}),
        "Resources": _announced({**data["Resources"], **resources}, by_name, values, stage),
        "Outputs": {**data["Outputs"], **packaged["Outputs"]},
    }


def _properties(
    logical_id: str, resource: Mapping[str, Any], packaged: Mapping[str, Any], ground: Ground
) -> dict[str, Any]:
    properties = dict(resource.get("Properties", {}))
    if resource["Type"] == "AWS::Serverless::Api":
        properties["TracingEnabled"] = any(_is_traced(each) for each in packaged["Resources"].values())
    elif resource["Type"] == "AWS::IAM::Role":
        roles = {to_cfn_resource_name(f"{each}_role"): each for each in ground.stage.functions}
        document = policies.as_subs(roles[logical_id], ground.root, ground.stage.others)
        properties["Policies"] = [{**properties["Policies"][0], "PolicyDocument": document}]
    elif resource["Type"] == "AWS::Serverless::Function":
        functions = {to_cfn_resource_name(each): each for each in ground.stage.functions}
        properties |= _of_function(({API_HANDLER: "api_handler"} | functions)[logical_id], properties, ground)
    return properties


def _of_function(function: str, properties: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """What of a function's properties is other than Chalice has it."""
    values = cloudformation_settings(ground.data)
    name = ground.stage.function_name(function)
    own = ground.options[name]
    given = properties.get("Environment", {}).get("Variables", {})
    others: dict[str, Any] = {
        "FunctionName": {"Fn::Sub": name.replace(f"froe-{ground.stage.name}", "froe-${Stage}", 1)},
        "Environment": {"Variables": environment(given, values, ground.needed)},
    }
    if own.ephemeral_mb != EPHEMERAL_MB[0]:
        others["EphemeralStorage"] = {"Size": own.ephemeral_mb}
    if own.timeout_seconds is not None:
        others["Timeout"] = own.timeout_seconds
    if "Events" in properties:
        events = properties["Events"].items()
        queue = _queue_of(function, values)
        others["Events"] = {each: _completed(event, queue, own, values) for each, event in events}
    return others


def _with_lanes(ground: Ground) -> Mapping[str, Any]:
    """infra/data.json with all that the lanes have, their log groups and alarms too."""
    if not ground.lanes:
        return ground.data
    path = ground.root / "infra" / "observability.json"
    observability = json.loads(path.read_text(encoding="utf-8"))
    lanes = template(ground.data, observability, ground.lanes, inside=True)
    sections = ("Parameters", "Conditions", "Resources")
    merged = {each: {**lanes.get(each, {}), **ground.data.get(each, {})} for each in sections}
    return {**ground.data, **merged}


def _refuse_twins(packaged: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    for section in ("Resources", "Outputs"):
        twins = sorted(packaged[section].keys() & data[section].keys())
        if twins:
            raise FroeError(
                f"Both Chalice and infra/data.json call something {twins[0]} ({section}): give the function in app.py "
                "another name."
            )


def _by_name(data: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Replaces references to the input bucket by its name: the bucket needs the splitter, which may not need it too."""
    name = data["Resources"]["InputBucket"]["Properties"]["BucketName"]

    def named(value: Any) -> Any:
        if value == {"Ref": "InputBucket"}:
            return name
        if isinstance(value, Mapping):
            return {key: named(each) for key, each in value.items()}
        return [named(each) for each in value] if isinstance(value, list) else value

    return named


def _is_traced(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("Properties", {}).get("Tracing") == "Active")


def _queue_of(function: str, values: Mapping[str, Any]) -> str:
    """The logical id of the queue that a function is fed from; empty where none is."""
    lane = lane_of(function)
    if lane is not None:
        return str(values[QUEUES[worker_of(DEFAULT)]]["Ref"]) + ("" if lane == DEFAULT else lane.capitalize())
    return str(values[QUEUES[function]]["Ref"]) if function in QUEUES else ""


def _completed(
    event: Mapping[str, Any], queue: str, own: FunctionOptions, values: Mapping[str, Any]
) -> dict[str, Any]:
    """An event source with what Chalice leaves out, of the queue or the stream in this template."""
    properties = dict(event["Properties"])
    if event["Type"] == "SQS":
        properties |= {"Queue": {"Fn::GetAtt": [queue, "Arn"]}, **mappings.demanded("arn:aws:sqs")}
        if own.maximum_concurrency is not None:
            properties["ScalingConfig"] = {"MaximumConcurrency": own.maximum_concurrency}
        if own.batch_size is not None:
            properties["BatchSize"] = own.batch_size
        if not own.mapping_enabled:
            properties["Enabled"] = False
    elif event["Type"] == "DynamoDB":
        properties |= {"Stream": values["LEDGER_STREAM_ARN"], **mappings.demanded("arn:aws:dynamodb")}
    return {**event, "Properties": properties}


def _parameters(data: Mapping[str, Any], stage: Stage, resources: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `data`, with the stage's own values as defaults, and the settings that are in no file."""
    parameters = {
        name: {**parameter, "Default": stage.given[name]} if name in stage.given else parameter
        for name, parameter in data["Parameters"].items()
    }
    token = stage.settings.get(TOKEN_SETTING)
    parameters[TOKEN_PARAMETER] = {
        "Type": "String",
        "AllowedPattern": TOKEN_PATTERN,
        "ConstraintDescription": "64 hexadecimal digits: printf %s TOKEN | sha256sum",
        "Description": "SHA-256 of the token that the status API asks for, in hexadecimal",
        **({"Default": token} if token else {}),
    }
    if KEY_PARAMETER in str(resources):
        parameters[KEY_PARAMETER] = {
            "Type": "String",
            "NoEcho": True,
            "Description": "The secret with which the configuration file's redaction replaces values",
        }
    return parameters


def _rule(stage: Stage) -> dict[str, Any]:
    ways = ways_of(stage)
    return {
        "Assertions": [
            {
                "Assert": {"Fn::Contains": [ways, {"Ref": "Ingest"}]},
                "AssertDescription": f"Ingest must be {' or '.join(ways)}: for another way set INGEST of the stage in "
                ".chalice/config.json and run chalice package again",
            }
        ]
    }


def _filter(stage: Stage) -> dict[str, Any]:
    """As CloudFormation calls it: `{"Filter": {"S3Key": {"Rules": [{"Name": "prefix", …}]}}}`."""
    filters = filter_of(stage.input_keys)
    if not filters:
        return {}
    rules = [{**each, "Name": each["Name"].lower()} for each in filters["Filter"]["Key"]["FilterRules"]]
    return {"Filter": {"S3Key": {"Rules": rules}}}


def _announced(
    resources: dict[str, Any], by_name: Callable[[Any], Any], values: Mapping[str, Any], stage: Stage
) -> dict[str, Any]:
    """The bucket that calls the splitter where the stage's way in is direct; otherwise as infra/data.json has it.

    Not as a SAM event: that would fail where the bucket has notifications under a condition, and make a circle."""
    if stage.ingest != DIRECT:
        return resources
    bucket = resources["InputBucket"]
    before = bucket.get("DependsOn", [])
    splitter = {"Fn::GetAtt": ["Splitter", "Arn"]}
    return {
        **resources,
        "InputBucket": {
            **bucket,
            "DependsOn": [*([before] if isinstance(before, str) else before), PERMISSION],
            "Properties": {
                **bucket["Properties"],
                "NotificationConfiguration": {
                    "LambdaConfigurations": [
                        {"Event": "s3:ObjectCreated:*", "Function": splitter, **_filter(stage)}
                    ]
                },
            },
        },
        PERMISSION: {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Splitter"},
                "Principal": "s3.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": {
                    "Fn::Sub": [
                        "arn:${AWS::Partition}:s3:::${Bucket}",
                        {"Bucket": by_name(values["INPUT_BUCKET"])},
                    ]
                },
            },
        },
    }
