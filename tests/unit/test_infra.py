"""The policies in .chalice grant what the functions need on resources of infra/data.json, and no more."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import RESOURCE_NAMES

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
RESOURCES = TEMPLATE["Resources"]
STAGES = ("local", "dev")
FUNCTIONS = (
    "splitter",
    "queued_splitter",
    "worker",
    "notifier",
    "dead_letter_consumer",
    "sweeper",
    "api_handler",
    "authorizer",
)
LEDGER = "table/froe-dev-ledger"


def policy(stage: str, function: str) -> dict[str, Any]:
    name = CONFIG["stages"][stage]["lambda_functions"][function]["iam_policy_file"]
    return json.loads((ROOT / ".chalice" / name).read_text(encoding="utf-8"))


def granted(document: dict[str, Any]) -> dict[str, list[str]]:
    """Action → resources."""
    grants: dict[str, list[str]] = {}
    for statement in document["Statement"]:
        actions, resources = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            grants.setdefault(action, []).extend(resources if isinstance(resources, list) else [resources])
    return grants


def test_the_outputs_are_the_settings() -> None:
    resources = pytest.importorskip("froe.resources", reason="needs click: make setup", exc_type=ImportError)
    assert set(resources.read_template().required_settings) == {*RESOURCE_NAMES, "STAGE"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_function_has_a_policy_of_its_own(stage: str) -> None:
    functions = CONFIG["stages"][stage]["lambda_functions"]
    assert set(functions) == set(FUNCTIONS) == set(CONFIG["lambda_functions"])
    assert len({function["iam_policy_file"] for function in functions.values()}) == len(FUNCTIONS)
    assert CONFIG["autogen_policy"] is False
    assert CONFIG["xray"] is True


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_policy_names_only_resources_of_its_stage(stage: str, function: str) -> None:
    for action, resources in granted(policy(stage, function)).items():
        assert "*" not in action
        for resource in resources:
            if action.startswith("xray:"):
                assert resource == "*"
            else:
                assert f"froe-{stage}" in resource.split(":", 5)[5]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_both_stages_grant_the_same(function: str) -> None:
    renamed = json.dumps(policy("dev", function)).replace("froe-dev", "froe-local")
    assert json.loads(renamed) == policy("local", function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_can_log_and_trace(function: str) -> None:
    grants = granted(policy("dev", function))
    own = "froe-dev" if function == "api_handler" else f"froe-dev-{function}"
    assert {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"} <= set(grants)
    assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= set(grants)
    assert all(
        r.split(":log-group:")[1].split(":")[0] == f"/aws/lambda/{own}" for r in grants["logs:PutLogEvents"]
    )


def test_names_in_the_policies_are_those_of_the_template() -> None:
    named = {
        resource["Properties"][name]["Fn::Sub"].replace("${Stage}", "dev").split("-${")[0]
        for resource in RESOURCES.values()
        for name in ("BucketName", "QueueName", "TableName", "TopicName")
        if name in resource["Properties"]
    }
    for function in FUNCTIONS:
        for action, resources in granted(policy("dev", function)).items():
            if action.split(":")[0] in {"s3", "sqs", "sns", "dynamodb"}:
                for resource in resources:
                    name = resource.split(":", 5)[5].removeprefix("table/").split("/")[0].removesuffix("-*")
                    assert name in named, (
                        f"{function} may {action} on {resource}, which the template does not make"
                    )


def test_the_authorizer_touches_no_data() -> None:
    assert {action.split(":")[0] for action in granted(policy("dev", "authorizer"))} == {"logs", "xray"}


def may(function: str, action: str) -> set[str]:
    """The resources on which a function may do it, without what comes before their names."""
    return {resource.split(":", 5)[5] for resource in granted(policy("dev", function)).get(action, [])}


WRITES = ("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem")


def writes_of(function: str) -> dict[str, set[str]]:
    """How a function may write to tables: action → tables."""
    found = {action: may(function, f"dynamodb:{action}") for action in WRITES}
    return {action: tables for action, tables in found.items() if tables}


def test_the_api_writes_nothing_but_updates_of_the_ledger() -> None:
    assert writes_of("api_handler") == {"UpdateItem": {LEDGER}}
    assert may("api_handler", "sqs:SendMessage") == {"froe-dev-split", "froe-dev-batch"}
    assert may("api_handler", "s3:GetObject") == {"froe-dev-input-*/*", "froe-dev-quarantine-*/*"}


@pytest.mark.parametrize("function", ["splitter", "queued_splitter", "worker"])
def test_what_can_never_succeed_can_be_sent_to_the_dead_letters(function: str) -> None:
    assert "froe-dev-dead-letter" in may(function, "sqs:SendMessage")


@pytest.mark.parametrize("function", ["notifier", "dead_letter_consumer", "sweeper"])
def test_those_with_something_to_tell_may_tell_it(function: str) -> None:
    assert may(function, "sns:Publish") == {"froe-dev-notices"}


def test_the_notifier_reads_the_ledgers_stream_and_nothing_else() -> None:
    assert writes_of("notifier") == {}
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"):
        assert may("notifier", f"dynamodb:{action}") == {f"{LEDGER}/stream/*"}
    services = {action.split(":")[0] for action in granted(policy("dev", "notifier"))}
    assert services == {"logs", "xray", "dynamodb", "sns"}


@pytest.mark.parametrize("function", ["dead_letter_consumer", "sweeper"])
def test_what_mends_files_writes_to_the_ledger_and_never_to_records(function: str) -> None:
    tables = {table for tables in writes_of(function).values() for table in tables}
    assert {table.removesuffix("/index/*") for table in tables} == {LEDGER}


def test_the_dead_letter_consumer_adds_to_the_quarantine_and_sees_what_lies_there() -> None:
    grants = granted(policy("dev", "dead_letter_consumer"))
    assert {action for action in grants if action.startswith("s3:")} == {
        *("s3:GetObject", "s3:ListBucket", "s3:PutObject")
    }
    for action in ("GetObject", "PutObject"):
        assert may("dead_letter_consumer", f"s3:{action}") == {"froe-dev-quarantine-*/*"}
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"):
        assert may("dead_letter_consumer", f"sqs:{action}") == {"froe-dev-dead-letter"}


def test_the_sweeper_lists_objects_and_reads_none() -> None:
    grants = granted(policy("dev", "sweeper"))
    assert {action for action in grants if action.startswith("s3:")} == {
        "s3:ListBucket",
        "s3:ListBucketVersions",
    }
    assert may("sweeper", "sqs:SendMessage") == {"froe-dev-split"}
    assert f"{LEDGER}/index/*" in may("sweeper", "dynamodb:Query")
