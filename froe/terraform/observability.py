"""The resources of infra/observability.json in Terraform: type → the block that a resource becomes."""

from __future__ import annotations

from typing import Any

from froe.resources import snake_case
from froe.terraform.data import Builder, Built, Properties
from froe.terraform.hcl import Block
from froe.terraform.values import TYPES, value

_METRIC = ("MetricName", "Namespace", "Period", "Statistic")


def log_group(name: str, properties: Properties) -> Built:
    yield (
        f"aws_cloudwatch_log_group.{name}",
        Block(
            name=value(properties.pop("LogGroupName")),
            retention_in_days=value(properties.pop("RetentionInDays")),
            kms_key_id=value(properties.pop("KmsKeyId")),
        ),
    )


def metric_filter(name: str, properties: Properties) -> Built:
    (made,) = properties.pop("MetricTransformations")
    renamed = {"MetricNamespace": "namespace", "MetricName": "name", "MetricValue": "value"}
    yield (
        f"aws_cloudwatch_log_metric_filter.{name}",
        Block(
            name=f"froe-${{var.stage}}-{name.replace('_', '-')}",
            log_group_name=value(properties.pop("LogGroupName")),
            pattern=value(properties.pop("FilterPattern")),
            metric_transformation=[
                Block({renamed.get(each, snake_case(each)): value(item) for each, item in made.items()})
            ],
        ),
    )


def query(name: str, properties: Properties) -> Built:
    yield (
        f"aws_cloudwatch_query_definition.{name}",
        Block(
            name=value(properties.pop("Name")),
            log_group_names=value(properties.pop("LogGroupNames")),
            query_string=value(properties.pop("QueryString")),
        ),
    )


def alarm(name: str, properties: Properties) -> Built:
    made = Block(
        alarm_name=value(properties.pop("AlarmName")),
        alarm_description=value(properties.pop("AlarmDescription")),
        comparison_operator=properties.pop("ComparisonOperator"),
        threshold=value(properties.pop("Threshold")),
        evaluation_periods=properties.pop("EvaluationPeriods"),
        treat_missing_data=properties.pop("TreatMissingData"),
        alarm_actions=value(properties.pop("AlarmActions")),
    )
    for each in _METRIC:
        if each in properties:
            made[snake_case(each)] = properties.pop(each)
    if "Dimensions" in properties:
        made["dimensions"] = _dimensions(properties.pop("Dimensions"))
    if "Metrics" in properties:
        made["metric_query"] = [_query(each) for each in properties.pop("Metrics")]
    yield f"aws_cloudwatch_metric_alarm.{name}", made


def _query(node: dict[str, Any]) -> Block:
    rest = dict(node)
    made = Block(id=rest.pop("Id"), return_data=rest.pop("ReturnData"))
    for each in ("Label", "Expression"):
        if each in rest:
            made[each.lower()] = value(rest.pop(each))
    if "MetricStat" in rest:
        statistic = rest.pop("MetricStat")
        metric = statistic["Metric"]
        made["metric"] = [
            Block(
                namespace=metric["Namespace"],
                metric_name=metric["MetricName"],
                dimensions=_dimensions(metric["Dimensions"]),
                period=statistic["Period"],
                stat=statistic["Stat"],
            )
        ]
    assert not rest, rest
    return made


def _dimensions(node: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["Name"]: value(each["Value"]) for each in node}


def dashboard(name: str, properties: Properties) -> Built:
    yield (
        f"aws_cloudwatch_dashboard.{name}",
        Block(
            dashboard_name=value(properties.pop("DashboardName")),
            dashboard_body=value(properties.pop("DashboardBody")),
        ),
    )


def sampling_rule(name: str, properties: Properties) -> Built:
    rule = properties.pop("SamplingRule")
    renamed = {"HTTPMethod": "http_method", "URLPath": "url_path", "ResourceARN": "resource_arn"}
    yield (
        f"aws_xray_sampling_rule.{name}",
        Block({renamed.get(each, snake_case(each)): value(setting) for each, setting in rule.items()}),
    )


def group(name: str, properties: Properties) -> Built:
    insights = properties.pop("InsightsConfiguration")
    yield (
        f"aws_xray_group.{name}",
        Block(
            group_name=value(properties.pop("GroupName")),
            filter_expression=value(properties.pop("FilterExpression")),
            insights_configuration=[Block({snake_case(each): setting for each, setting in insights.items()})],
        ),
    )


BUILDERS: dict[str, Builder] = {
    "AWS::Logs::LogGroup": log_group,
    "AWS::Logs::MetricFilter": metric_filter,
    "AWS::Logs::QueryDefinition": query,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::XRay::SamplingRule": sampling_rule,
    "AWS::XRay::Group": group,
}
assert set(BUILDERS) < set(TYPES)
