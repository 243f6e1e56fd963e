"""Every alarm, graph, query and filter of infra/observability.json is about something that is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.core.formats.reasons import MEANINGS
from chalicelib.core.ledger.accounts import State
from chalicelib.metrics import METRICS
from froe.deployment.stages import Stage
from tests.templates import ROOT, of_type, read, walk

TEMPLATE = read("observability")
DATA = read("data")
PARAMETERS = TEMPLATE["Parameters"]
ALARMS = of_type(TEMPLATE, "AWS::CloudWatch::Alarm")
CLOUDWATCHS_HEIGHT = 6
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
LOG_GROUPS = of_type(TEMPLATE, "AWS::Logs::LogGroup")
FILTERS = of_type(TEMPLATE, "AWS::Logs::MetricFilter")
QUERIES = of_type(TEMPLATE, "AWS::Logs::QueryDefinition")
WIDGETS = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::ToJsonString"]["widgets"]
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
FUNCTIONS: dict[str, dict[str, int]] = CONFIG["lambda_functions"]
STAGE = "dev"

AWS_METRICS = {
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {"ReadThrottleEvents", "WriteThrottleEvents", "ConsumedWriteCapacityUnits"},
}
LOGGED = {"level", "message", "file_id", "batch_id", "function_request_id", "xray_trace_id", "exception"} | {
    *("seconds", "format", "parsed", "rejected", "reasons")
}
"""Fields of a line of the log, those of `batch_done` included."""

Measured = tuple[str, str, dict[str, str]]


def text(node: Any) -> str:
    """What a string of the template is in the stage dev."""
    if isinstance(node, dict):
        (kind, value), *_ = node.items()
        node = STAGE if node == {"Ref": "Stage"} else value if kind == "Fn::Sub" else node
    assert isinstance(node, str), node
    return node.replace("${Stage}", STAGE)


def function_name(function: str) -> str:
    return f"froe-{STAGE}" if function == "api_handler" else f"froe-{STAGE}-{function}"


def names_of(kind: str, member: str) -> set[str]:
    return {text(properties[member]) for properties in of_type(DATA, kind).values()}


QUEUES = names_of("AWS::SQS::Queue", "QueueName")
TABLES = {
    text(table["TableName"]): {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", ())}
    for table in of_type(DATA, "AWS::DynamoDB::Table").values()
}
FROM_LOGS = {
    transformation["MetricName"]: transformation
    for properties in FILTERS.values()
    for transformation in properties["MetricTransformations"]
}


def of_alarm(properties: dict[str, Any]) -> Iterator[Measured]:
    """Namespace, name and dimensions of each metric of an alarm."""
    metrics = [part["MetricStat"]["Metric"] for part in properties.get("Metrics", ()) if "MetricStat" in part]
    for metric in metrics or [properties]:
        dimensions = {pair["Name"]: text(pair["Value"]) for pair in metric["Dimensions"]}
        yield metric["Namespace"], metric["MetricName"], dimensions


def of_graph(metrics: list[list[Any]]) -> Iterator[Measured]:
    """The same of a graph; `...` stands for what the metric before says, expressions are left out."""
    before: list[str] = []
    for entry in metrics:
        metric = [
            text(part) for part in entry if not isinstance(part, dict) or {"Ref", "Fn::Sub"} & set(part)
        ]
        if not metric:
            continue
        if metric[0] == "...":
            metric = [*before[: len(before) - len(metric) + 1], *metric[1:]]
        before = metric
        namespace, name, *pairs = metric
        yield namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True))


def measured() -> list[Measured]:
    return [
        *(metric for properties in ALARMS.values() for metric in of_alarm(properties)),
        *(metric for widget in WIDGETS for metric in of_graph(widget["properties"].get("metrics", []))),
    ]


@pytest.mark.parametrize("metric", measured(), ids=str)
def test_what_is_watched_is_emitted_by_something_that_is_there(metric: Measured) -> None:
    namespace, name, dimensions = metric
    if namespace == "Froe":
        assert tuple(dimensions) == METRICS[name].dimensions
        assert dimensions["stage"] == STAGE
        assert dimensions.get("state", "COMPLETE") in set(State)
    elif namespace == f"Froe/Logs/{STAGE}":
        assert text(FROM_LOGS[name]["MetricNamespace"]) == namespace
        assert not dimensions
    else:
        assert name in AWS_METRICS[namespace]
        if namespace == "AWS/SQS":
            assert dimensions["QueueName"] in QUEUES
        elif namespace == "AWS/Lambda":
            assert dimensions["FunctionName"] in {function_name(function) for function in FUNCTIONS}
        else:
            table = TABLES[dimensions["TableName"]]
            assert dimensions.get("GlobalSecondaryIndexName") in {None, *table}


def test_every_metric_of_ours_is_to_be_seen() -> None:
    searched = re.findall(r"\{Froe,([a-z,]+)\} MetricName=\"(\w+)\"", json.dumps(WIDGETS).replace('\\"', '"'))
    assert all(METRICS[name].dimensions == tuple(dimensions.split(",")) for dimensions, name in searched)
    seen = {name for namespace, name, _ in measured() if namespace == "Froe"}
    assert seen | {name for _, name in searched} == set(METRICS)
    assert {name for namespace, name, _ in measured() if namespace.startswith("Froe/Logs")} == set(FROM_LOGS)


def test_every_queue_table_and_function_has_an_alarm() -> None:
    watched = {
        (name, *dimensions.values())
        for properties in ALARMS.values()
        for _, name, dimensions in of_alarm(properties)
    }
    assert {("ApproximateAgeOfOldestMessage", queue) for queue in QUEUES} <= watched
    for kind in ("ReadThrottleEvents", "WriteThrottleEvents"):
        for table, indexes in TABLES.items():
            assert {(kind, table), *((kind, table, index) for index in indexes)} <= watched
    for kind in ("Errors", "Throttles", "Duration"):
        assert {(kind, function_name(function)) for function in FUNCTIONS} <= watched


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_the_alarms_topic_what_to_do(name: str) -> None:
    properties = ALARMS[name]
    (action,) = properties["AlarmActions"]
    (output,) = [
        output
        for output in DATA["Outputs"].values()
        if output.get("Export", {}).get("Name") == action["Fn::ImportValue"]
    ]
    assert output["Value"] == {"Ref": "AlarmsTopic"}
    assert ": " in properties["AlarmDescription"], "what it is: what to do"
    assert properties["TreatMissingData"] == "notBreaching"
    metrics = properties.get("Metrics", ())
    assert len(metrics) <= 10
    assert len([metric for metric in metrics if metric["ReturnData"]]) == (1 if metrics else 0)


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_metric_math_names_only_what_it_is_given(name: str) -> None:
    metrics = ALARMS[name]["Metrics"]
    (expression,) = [metric["Expression"] for metric in metrics if "Expression" in metric]
    given = {metric["Id"] for metric in metrics if "MetricStat" in metric}
    used = set(re.findall(r"(?<!\{)\b[a-z][a-z_0-9]*\b", text(expression)))
    assert used == (set() if "METRICS()" in text(expression) else given)


def test_timeouts_are_those_of_the_configuration() -> None:
    stage = Stage("dev", CONFIG, {})
    for function in FUNCTIONS:
        camel = "".join(part.capitalize() for part in function.split("_"))
        assert PARAMETERS[f"{camel}TimeoutSeconds"]["Default"] == stage.timeout_seconds(function)
        (expression,) = [
            text(metric["Expression"])
            for alarm in (ALARMS["NearTimeout"], ALARMS["PatientNearTimeout"])
            for metric in alarm["Metrics"]
            if f"of_{function} " in text(metric.get("Expression", ""))
        ]
        assert f"of_{function} / ${{{camel}TimeoutSeconds}} / 10" in expression


def test_every_function_has_a_log_group_that_forgets_and_a_count_of_errors() -> None:
    assert {text(group["LogGroupName"]) for group in LOG_GROUPS.values()} == {
        f"/aws/lambda/{function_name(function)}" for function in FUNCTIONS
    }
    for name, group in LOG_GROUPS.items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert any(
            filtered["LogGroupName"] == {"Ref": name}
            and '$.level = "ERROR"' in str(filtered["FilterPattern"])
            for filtered in FILTERS.values()
        )


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_reads_a_field_that_is_logged_where_it_is_logged(name: str) -> None:
    properties = FILTERS[name]
    assert properties["LogGroupName"]["Ref"] in LOG_GROUPS
    (transformation,) = properties["MetricTransformations"]
    expression = f"{text(properties['FilterPattern'])} {transformation['MetricValue']}"
    for field in re.findall(r"\$\.([a-z_.-]+)", expression):
        first, _, reason = field.partition(".")
        assert first in LOGGED
        assert (first == "reasons") == bool(reason)
        assert not reason or reason in MEANINGS
    if "batch_done" in expression:
        assert properties["LogGroupName"] == {"Ref": "WorkerLogs"}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_reads_fields_that_are_logged_of_groups_that_are_there(name: str) -> None:
    properties = QUERIES[name]
    assert {group["Ref"] for group in properties["LogGroupNames"]} <= set(LOG_GROUPS)
    first, *lines = properties["QueryString"]["Fn::Join"][1]
    assert first.startswith("fields @timestamp")
    own = set(re.findall(r"\(\?<(\w+)>|\bas (\w+)", " ".join(lines)))
    known = LOGGED | {name for pair in own for name in pair}
    fields = set(re.findall(r"(?<![@\w])[a-z_]+", first.removeprefix("fields")))
    for line in lines:
        bare = re.sub(r'"[^"]*"|/.*/', "", line)
        fields |= set(re.findall(r"(?<![@\w])[a-z_]+(?![\w(])", bare))
    words = {"filter", "sort", "desc", "asc", "limit", "stats", "parse", "by", "as", "and", "in"}
    assert fields - words <= known


def test_the_dashboard_shows_every_alarm_and_reads_every_log_group() -> None:
    (alarms,) = [widget["properties"]["alarms"] for widget in WIDGETS if widget["type"] == "alarm"]
    assert {text(arn).rsplit(":", 1)[1] for arn in alarms} == {
        text(properties["AlarmName"]) for properties in ALARMS.values()
    }
    (query,) = [text(widget["properties"]["query"]) for widget in WIDGETS if widget["type"] == "log"]
    assert set(re.findall(r"SOURCE '([^']+)'", query)) == {
        text(group["LogGroupName"]) for group in LOG_GROUPS.values()
    }


def test_widgets_lie_side_by_side() -> None:
    taken = [
        (x, y)
        for widget in WIDGETS
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget.get("height", CLOUDWATCHS_HEIGHT))
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_traces_are_grouped_by_every_function() -> None:
    (group,) = of_type(TEMPLATE, "AWS::XRay::Group").values()
    parts = [text(part) for part in group["FilterExpression"]["Fn::Join"][1]]
    assert set(parts) == {f'service("{function_name(function)}")' for function in FUNCTIONS}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_used_and_refuses_with_a_remedy(name: str) -> None:
    body = {section: TEMPLATE[section] for section in ("Conditions", "Resources")}
    assert [node for node in walk(body) if node == {"Ref": name} or f"${{{name}}}" in str(node)]
    declaration = PARAMETERS[name]
    assert declaration["Description"]
    assert declaration["ConstraintDescription"]
    allowed = declaration.get("AllowedValues")
    if allowed:
        assert declaration["Default"] in allowed
    elif "MinValue" in declaration:
        assert declaration["MinValue"] <= declaration["Default"] <= declaration["MaxValue"]


def test_the_sampling_rules_of_two_stages_do_not_meet() -> None:
    (rule,) = of_type(TEMPLATE, "AWS::XRay::SamplingRule").values()
    assert rule["SamplingRule"]["ServiceName"] == {"Fn::Sub": "froe-${Stage}*"}
    assert rule["SamplingRule"]["RuleName"] == {"Fn::Sub": "froe-${Stage}"}
