"""infra/data.json and .chalice say what AWS demands and grant what the functions need, and no more."""

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
READER_OF = {"SplitQueue": "queued_splitter", "BatchQueue": "worker"}
LEDGER = "table/froe-dev-ledger"


def default(parameter: dict[str, str]) -> int:
    return int(TEMPLATE["Parameters"][parameter["Ref"]]["Default"])


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


@pytest.mark.parametrize(
    ("queue", "function"), [*READER_OF.items(), ("DeadLetterQueue", "dead_letter_consumer")]
)
def test_a_message_stays_hidden_for_six_function_timeouts(queue: str, function: str) -> None:
    timeout = CONFIG["lambda_functions"][function]["lambda_timeout"]
    assert default(RESOURCES[queue]["Properties"]["VisibilityTimeout"]) >= 6 * timeout


@pytest.mark.parametrize("queue", READER_OF)
def test_throttled_receives_do_not_make_a_dead_letter_at_once(queue: str) -> None:
    redrive = RESOURCES[queue]["Properties"]["RedrivePolicy"]
    assert default(redrive["maxReceiveCount"]) >= 5
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}


@pytest.mark.parametrize("queue", READER_OF)
def test_dead_letters_outlive_the_queue_they_come_from(queue: str) -> None:
    """The dead-letter queue keeps the original enqueue time."""
    dead_letters = RESOURCES["DeadLetterQueue"]["Properties"]["MessageRetentionPeriod"]
    assert dead_letters == 14 * 86400
    assert RESOURCES[queue]["Properties"]["MessageRetentionPeriod"] < dead_letters


def test_queues_take_a_whole_batch() -> None:
    for queue in ("SplitQueue", "BatchQueue", "DeadLetterQueue"):
        assert RESOURCES[queue]["Properties"]["MaximumMessageSize"] == 1_048_576


def test_every_upload_is_a_version_of_its_own() -> None:
    assert RESOURCES["InputBucket"]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("bucket", ["InputBucket", "QuarantineBucket"])
def test_buckets_are_private_and_encrypted(bucket: str) -> None:
    properties = RESOURCES[bucket]["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]
    (statement,) = RESOURCES[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_only_the_input_bucket_of_this_account_may_send_to_the_split_queue() -> None:
    (statement,) = RESOURCES["SplitQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["InputBucket", "Arn"]}},
    }


@pytest.mark.parametrize("table", ["RecordsTable", "LedgerTable"])
def test_tables_are_on_demand_and_expire_items(table: str) -> None:
    properties = RESOURCES[table]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]


def test_the_ledger_is_streamed_and_indexed() -> None:
    properties = RESOURCES["LedgerTable"]["Properties"]
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in properties["GlobalSecondaryIndexes"]
    }
    assert indexes == {"by_state": ["state", "opened"], "by_key": ["key", "opened"]}


def test_notices_are_encrypted_at_rest() -> None:
    assert RESOURCES["NoticesTopic"]["Properties"]["KmsMasterKeyId"] == "alias/aws/sns"


def test_the_outputs_are_the_settings() -> None:
    resources = pytest.importorskip("froe.resources", reason="needs click: make setup", exc_type=ImportError)
    assert set(resources.read_template().required_settings) == set(RESOURCE_NAMES)


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
