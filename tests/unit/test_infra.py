"""infra/data.json and .chalice say what AWS demands."""

import json
from pathlib import Path

import pytest

from chalicelib.settings import RESOURCE_NAMES

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
RESOURCES = TEMPLATE["Resources"]
READER_OF = {"SplitQueue": "queued_splitter", "BatchQueue": "worker"}


def default(parameter: dict[str, str]) -> int:
    return int(TEMPLATE["Parameters"][parameter["Ref"]]["Default"])


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
