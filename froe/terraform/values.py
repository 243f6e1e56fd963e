"""Values of the templates as Terraform expressions.

The templates of a stage are one module: their resources, parameters and conditions share their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from froe.lanes import Seconds, copies, listed
from froe.resources import snake_case
from froe.terraform.hcl import Call, Expr, expression

INFRA = Path(__file__).resolve().parents[2] / "infra"
MAKES_BACKFILL = "MakesBackfill"
"""The condition of all that backfill.json makes, which is a stack of its own: the variable `backfill`."""


def read(name: str) -> dict[str, Any]:
    """`data` → infra/data.json."""
    template: dict[str, Any] = json.loads((INFRA / f"{name}.json").read_text(encoding="utf-8"))
    return template


MAKES_PROCESSES = "MakesProcesses"
"""Likewise of all that processes.json makes: where the variable `processes_image` names one."""
DATA, OBSERVABILITY, BACKFILL = read("data"), read("observability"), read("backfill")
PROCESSES = read("processes")
OF_LANE = "OfLane"
"""How the names of resources end of which each lane has one."""
RESOURCES: dict[str, dict[str, Any]] = {
    **DATA["Resources"],
    **OBSERVABILITY["Resources"],
    **copies(
        (DATA, OBSERVABILITY), "${Lane}", OF_LANE, Seconds("LaneTimeoutSeconds", "LaneVisibilitySeconds")
    ),
    **{name: resource | {"Condition": MAKES_BACKFILL} for name, resource in BACKFILL["Resources"].items()},
    **{name: resource | {"Condition": MAKES_PROCESSES} for name, resource in PROCESSES["Resources"].items()},
}
PARAMETERS: dict[str, dict[str, Any]] = {
    **PROCESSES["Parameters"],
    **BACKFILL["Parameters"],
    **OBSERVABILITY["Parameters"],
    **DATA["Parameters"],
}
_OWN_INPUT_BUCKET = ("CreatesInputBucket", "OwnInputBucket")
"""Conditions of the templates that ask the same."""
CONDITIONS: dict[str, dict[str, Any]] = {
    **DATA["Conditions"],
    **OBSERVABILITY["Conditions"],
    **{name: each for name, each in PROCESSES["Conditions"].items() if name not in _OWN_INPUT_BUCKET},
}
NOTHING = {"Ref": "AWS::NoValue"}
PSEUDO = {
    "AWS::AccountId": "local.account",
    "AWS::Region": "local.region",
    "AWS::Partition": "local.partition",
    "AWS::URLSuffix": "data.aws_partition.current.dns_suffix",
    "Lane": "each.key",
    "LaneTimeoutSeconds": "each.value.timeout_seconds",
    "LaneVisibilitySeconds": "each.value.visibility_seconds",
    "EachLane": "lane",
}
EXPORTED = {
    "froe-${Stage}-key": "aws_kms_key.key.arn",
    "froe-${Stage}-alarms": "aws_sns_topic.alarms_topic.arn",
    "froe-${Stage}-notices": "aws_sns_topic.notices_topic.arn",
}
OWN_INPUT_BUCKET = "froe-${var.stage}-input-${local.account}-${local.region}"
TYPES = {
    # CloudFormation's type → Terraform's, and what Ref gives
    "AWS::KMS::Key": ("aws_kms_key", "key_id"),
    "AWS::KMS::Alias": ("aws_kms_alias", "name"),
    "AWS::S3::Bucket": ("aws_s3_bucket", "id"),
    "AWS::S3::BucketPolicy": ("aws_s3_bucket_policy", "id"),
    "AWS::IAM::Role": ("aws_iam_role", "name"),
    "AWS::SQS::Queue": ("aws_sqs_queue", "url"),
    "AWS::SQS::QueuePolicy": ("aws_sqs_queue_policy", "id"),
    "AWS::DynamoDB::Table": ("aws_dynamodb_table", "name"),
    "AWS::SNS::Topic": ("aws_sns_topic", "arn"),
    "AWS::SNS::TopicPolicy": ("aws_sns_topic_policy", "id"),
    "AWS::SNS::Subscription": ("aws_sns_topic_subscription", "arn"),
    "AWS::Events::Rule": ("aws_cloudwatch_event_rule", "name"),
    "AWS::CloudTrail::Trail": ("aws_cloudtrail", "name"),
    "AWS::Logs::LogGroup": ("aws_cloudwatch_log_group", "name"),
    "AWS::Logs::MetricFilter": ("aws_cloudwatch_log_metric_filter", "id"),
    "AWS::Logs::QueryDefinition": ("aws_cloudwatch_query_definition", "id"),
    "AWS::CloudWatch::Alarm": ("aws_cloudwatch_metric_alarm", "id"),
    "AWS::CloudWatch::Dashboard": ("aws_cloudwatch_dashboard", "id"),
    "AWS::XRay::SamplingRule": ("aws_xray_sampling_rule", "id"),
    "AWS::XRay::Group": ("aws_xray_group", "id"),
    "AWS::Glue::Database": ("aws_glue_catalog_database", "name"),
    "AWS::Glue::Table": ("aws_glue_catalog_table", "name"),
    "AWS::Athena::WorkGroup": ("aws_athena_workgroup", "name"),
    "AWS::StepFunctions::StateMachine": ("aws_sfn_state_machine", "arn"),
    "AWS::ECS::Cluster": ("aws_ecs_cluster", "name"),
    "AWS::ECS::TaskDefinition": ("aws_ecs_task_definition", "arn"),
    "AWS::ECS::Service": ("aws_ecs_service", "id"),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("aws_appautoscaling_target", "id"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("aws_appautoscaling_policy", "arn"),
}
_ATTRIBUTES = {"Arn": "arn", "StreamArn": "stream_arn"}


def index(name: str) -> str:
    """What follows the address of a resource that is there under a condition, or once for each lane: `[0]`."""
    if name.endswith(snake_case(OF_LANE)):
        return "[each.key]"
    return (
        "[0]"
        if any(snake_case(each) == name and "Condition" in RESOURCES[each] for each in RESOURCES)
        else ""
    )


def address(name: str) -> str:
    """`UploadsTopic` → `aws_sns_topic.uploads_topic[0]`: there under a condition."""
    resource = RESOURCES[name]
    return f"{TYPES[resource['Type']][0]}.{snake_case(name)}{index(snake_case(name))}"


def reference(name: str) -> str:
    """What `Ref` to `name` is."""
    if name in PSEUDO:
        return PSEUDO[name]
    if name in PARAMETERS:
        return f"var.{snake_case(name)}"
    return f"{address(name)}.{TYPES[RESOURCES[name]['Type']][1]}"


def attribute(name: str, property_name: str) -> str:
    return f"{address(name)}.{_ATTRIBUTES[property_name]}"


def substituted(text: str) -> Any:
    """What `Fn::Sub` makes of `text`; `${!name}` is a literal `${name}`."""

    def actual(match: re.Match[str]) -> str:
        name, _, property_name = match[1].partition(".")
        return f"${{{attribute(name, property_name) if property_name else reference(name)}}}"

    made = re.sub(r"\$\{([A-Za-z:.]+)\}", actual, text).replace("${!", "$${")
    alone = re.fullmatch(r"\$\{([^{}]*)\}", made)
    return Expr(alone[1]) if alone else made


def value(node: Any) -> Any:
    """`node` with its intrinsic functions as expressions."""
    if isinstance(node, list):
        return _members(node)
    if not isinstance(node, dict):
        return node
    function: str
    argument: Any
    ((function, argument),) = node.items() if len(node) == 1 else (("", None),)
    match function:
        case "Ref":
            return Expr(reference(argument))
        case "Fn::GetAtt":
            return Expr(attribute(*argument))
        case "Fn::Sub":
            return substituted(argument)
        case "Fn::If":
            return chosen(*argument)
        case "Fn::Select":
            return value(argument[1])[argument[0]]
        case "Fn::Join":
            return Call("join", [argument[0], value(argument[1])])
        case "Fn::Split":
            return Call("split", [argument[0], value(argument[1])])
        case "Fn::ImportValue":
            return Expr(EXPORTED[argument["Fn::Sub"]])
        case "Fn::ToJsonString":
            return Call("jsonencode", [value(argument)])
    return {name: value(member) for name, member in node.items()}


def _members(node: list[Any]) -> Any:
    """A list, with what stands in it for the worker once more for each lane."""
    members = [value(member) for member in node]
    of_lanes = [value(each) for member in node for each in listed(member, ["${EachLane}"])]
    if not of_lanes:
        return members
    each_lane = [Expr(f"[for lane in keys(var.lanes) : {expression(each)}]") for each in of_lanes]
    return Call("concat", [members, *each_lane])


def chosen(condition: str, yes: Any, no: Any) -> Any:
    """`Fn::If` as a value: the input bucket's name, ours or the user's, is one local value."""
    if condition in _OWN_INPUT_BUCKET:
        ours, created = value(yes), value(no)
        ours = "${" + ours + "}" if isinstance(ours, Expr) else ours
        created = "${" + created + "}" if isinstance(created, Expr) else created
        name = "${local.input_bucket}"
        ours = ours.replace("${aws_s3_bucket.input_bucket[0].id}", name).replace(OWN_INPUT_BUCKET, name)
        assert ours == created.replace("${var.existing_input_bucket}", name)
        return Expr("local.input_bucket") if ours == name else ours
    if (yes, no) == (True, False):
        return Expr(f"local.{snake_case(condition)}")
    if no != NOTHING:
        return Expr(f"local.{snake_case(condition)} ? {expression(value(yes))} : {expression(value(no))}")
    return Expr(f"local.{snake_case(condition)} ? {expression(value(yes))} : null")


def literal(text: str, parameter: Mapping[str, Any]) -> str:
    """`text`, which a condition compares with `parameter`, in the type of the variable."""
    return text if is_number(parameter) else f'"{text}"'


def is_number(parameter: Mapping[str, Any]) -> bool:
    """CloudFormation takes an AllowedPattern for strings alone: numbers that have one are strings there."""
    return parameter["Type"] == "Number" or str(parameter["Default"]).isdigit()


def is_flag(parameter: Mapping[str, Any]) -> bool:
    """Terraform has booleans: `"true"` and `"false"` are one of its own."""
    return parameter.get("AllowedValues") == ["true", "false"]


def decided(node: Mapping[str, Any]) -> str:
    """A condition, or what a rule asserts, as an expression."""
    ((function, argument),) = node.items()
    match function:
        case "Condition":
            return f"local.{snake_case(argument)}"
        case "Fn::And":
            return " && ".join(map(decided, argument))
        case "Fn::Or":
            return " || ".join(map(decided, argument))
        case "Fn::Not":
            (inner,) = argument
            condition = decided(inner)
            return condition.replace("==", "!=") if "==" in condition else f"!{condition}"
        case "Fn::Contains":
            texts, asked = argument
            parameter = PARAMETERS[asked["Ref"]]
            return f"contains([{', '.join(literal(text, parameter) for text in texts)}], {reference(asked['Ref'])})"
    left, right = argument
    assert function == "Fn::Equals", function
    parameter = PARAMETERS[left["Ref"]]
    if is_flag(parameter):
        return reference(left["Ref"])
    other = reference(right["Ref"]) if isinstance(right, dict) else literal(right, parameter)
    return f"{reference(left['Ref'])} == {other}"
