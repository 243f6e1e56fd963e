"""infra/data.json says what AWS demands of queues and tables, and refuses what it must not be given."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from froe.deployment.stages import Stage
from tests.templates import ROOT, choices, of_type, read, walk

TEMPLATE = read("data")
PARAMETERS = TEMPLATE["Parameters"]
RESOURCES = TEMPLATE["Resources"]
QUEUES = of_type(TEMPLATE, "AWS::SQS::Queue")
TABLES = of_type(TEMPLATE, "AWS::DynamoDB::Table")
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
READER_OF = {
    "SplitQueue": "queued_splitter",
    "BatchQueue": "worker",
    "DeadLetterQueue": "dead_letter_consumer",
}
SOURCES = ("SplitQueue", "BatchQueue")
KEY = {"Fn::GetAtt": ["Key", "Arn"]}


def parameter(reference: dict[str, str]) -> dict[str, Any]:
    declaration: dict[str, Any] = PARAMETERS[reference["Ref"]]
    return declaration


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_used_and_refuses_with_a_remedy(name: str) -> None:
    body = {section: TEMPLATE[section] for section in ("Conditions", "Resources", "Outputs")}
    named = [node for node in walk(body) if node == {"Ref": name} or f"${{{name}}}" in str(node)]
    assert named
    parameter_of = PARAMETERS[name]
    assert parameter_of["Description"]
    assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter_of)
    assert parameter_of["ConstraintDescription"] != parameter_of["Description"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_default_is_allowed(name: str) -> None:
    parameter_of = PARAMETERS[name]
    if "AllowedValues" in parameter_of:
        assert parameter_of["Default"] in parameter_of["AllowedValues"]
    elif "AllowedPattern" in parameter_of:
        assert re.fullmatch(parameter_of["AllowedPattern"], parameter_of["Default"])
    else:
        assert parameter_of["MinValue"] <= parameter_of["Default"] <= parameter_of["MaxValue"]


@pytest.mark.parametrize("name", TEMPLATE["Conditions"])
def test_every_condition_decides_something(name: str) -> None:
    used = [node for node in walk(TEMPLATE) if isinstance(node, dict) and node.get("Condition") == name]
    chosen = [node for node in walk(TEMPLATE) if isinstance(node, list) and node[:1] == [name]]
    assert used or chosen


@pytest.mark.parametrize(("queue", "function"), READER_OF.items())
def test_a_message_stays_hidden_for_six_function_timeouts(queue: str, function: str) -> None:
    stage = Stage("dev", CONFIG, {})
    default = parameter(QUEUES[queue]["VisibilityTimeout"])["Default"]
    assert default >= 6 * stage.timeout_seconds(function)
    assert stage.given[QUEUES[queue]["VisibilityTimeout"]["Ref"]] == str(default)


@pytest.mark.parametrize("queue", SOURCES)
def test_throttled_receives_do_not_make_a_dead_letter_at_once(queue: str) -> None:
    redrive = QUEUES[queue]["RedrivePolicy"]
    assert parameter(redrive["maxReceiveCount"])["Default"] >= 5
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    refused = [
        assertion["Assert"]["Fn::Not"][0]["Fn::Contains"]
        for assertion in TEMPLATE["Rules"]["EnoughReceives"]["Assertions"]
    ]
    assert [["1", "2", "3", "4"], redrive["maxReceiveCount"]] in refused


def test_only_a_local_stack_may_give_up_on_a_message_early() -> None:
    condition = TEMPLATE["Rules"]["EnoughReceives"]["RuleCondition"]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}


@pytest.mark.parametrize("queue", SOURCES)
def test_dead_letters_outlive_the_queue_they_come_from(queue: str) -> None:
    """The dead-letter queue keeps the original enqueue time."""
    dead_letters = QUEUES["DeadLetterQueue"]["MessageRetentionPeriod"]
    assert dead_letters == 14 * 86400
    assert parameter(QUEUES[queue]["MessageRetentionPeriod"])["MaxValue"] <= dead_letters - 4 * 86400


@pytest.mark.parametrize("queue", QUEUES)
def test_queues_take_a_whole_batch(queue: str) -> None:
    assert QUEUES[queue]["MaximumMessageSize"] == 1_048_576


def test_only_our_queues_give_up_messages_to_the_dead_letters() -> None:
    allowed = QUEUES["DeadLetterQueue"]["RedriveAllowPolicy"]
    names = [arn["Fn::Sub"].rsplit(":", 1)[1] for arn in allowed["sourceQueueArns"]]
    assert names == [QUEUES[queue]["QueueName"]["Fn::Sub"] for queue in SOURCES]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_on_demand_and_expires_items(table: str) -> None:
    properties = TABLES[table]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_encrypted_restorable_and_hard_to_delete(table: str) -> None:
    properties = TABLES[table]
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}
    assert PARAMETERS["DeletionProtection"]["Default"] == "true"
    assert RESOURCES[table]["DeletionPolicy"] == "RetainExceptOnCreate", "a failed first deploy leaves none"
    assert RESOURCES[table]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("table", TABLES)
def test_a_table_names_its_throttled_keys_and_may_be_warmed_and_bounded(table: str) -> None:
    properties = TABLES[table]
    assert properties["ContributorInsightsSpecification"] == {"Enabled": True, "Mode": "THROTTLED_KEYS"}
    (warm,) = choices(properties["WarmThroughput"])
    (bound,) = choices(properties["OnDemandThroughput"])
    for reference in (warm["WriteUnitsPerSecond"], bound["MaxWriteRequestUnits"]):
        assert int(parameter(reference)["Default"]) == 0


def test_the_ledger_is_streamed_and_indexed() -> None:
    properties = TABLES["LedgerTable"]
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in properties["GlobalSecondaryIndexes"]
    }
    assert indexes == {
        "by_state": ["state", "opened"],
        "by_key": ["key", "opened"],
        "by_opened": ["shelf", "opened"],
    }


def test_what_is_exported_is_no_setting() -> None:
    exported = {name for name, output in TEMPLATE["Outputs"].items() if "Export" in output}
    assert exported == {"KeyArn", "AlarmsTopic", "NoticesTopic"}
