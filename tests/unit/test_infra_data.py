"""infra/data.json says what AWS demands of queues, tables, buckets and topics, and what keeps them private."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.templates import ROOT, choices, of_type, read, statements, walk

TEMPLATE = read("data")
PARAMETERS = TEMPLATE["Parameters"]
RESOURCES = TEMPLATE["Resources"]
BUCKETS = of_type(TEMPLATE, "AWS::S3::Bucket")
QUEUES = of_type(TEMPLATE, "AWS::SQS::Queue")
TABLES = of_type(TEMPLATE, "AWS::DynamoDB::Table")
TOPICS = of_type(TEMPLATE, "AWS::SNS::Topic")
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
READER_OF = {
    "SplitQueue": "queued_splitter",
    "BatchQueue": "worker",
    "DeadLetterQueue": "dead_letter_consumer",
}
SOURCES = ("SplitQueue", "BatchQueue")
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


def parameter(reference: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = PARAMETERS[reference["Ref"]]
    return found


def policies_on(kind: str, member: str, resource: str) -> list[dict[str, Any]]:
    """The statements of the policies that are attached to `resource`."""
    return [
        statement
        for policy in of_type(TEMPLATE, kind).values()
        if {"Ref": resource} in (policy[member] if isinstance(policy[member], list) else [policy[member]])
        for statement in statements(policy)
    ]


def test_the_template_fits_a_request() -> None:
    """Without its spaces, as it is sent:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    assert len(json.dumps(TEMPLATE, separators=(",", ":")).encode()) <= 51_200


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_used_and_refuses_with_a_remedy(name: str) -> None:
    body = {section: TEMPLATE[section] for section in ("Conditions", "Resources", "Outputs")}
    named = [node for node in walk(body) if node == {"Ref": name} or f"${{{name}}}" in str(node)]
    assert named
    said = PARAMETERS[name]
    assert said["Description"]
    assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(said)
    assert said["ConstraintDescription"] != said["Description"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_default_is_allowed(name: str) -> None:
    said = PARAMETERS[name]
    if "AllowedValues" in said:
        assert said["Default"] in said["AllowedValues"]
    elif "AllowedPattern" in said:
        assert re.fullmatch(said["AllowedPattern"], said["Default"])
    else:
        assert said["MinValue"] <= said["Default"] <= said["MaxValue"]


@pytest.mark.parametrize("name", TEMPLATE["Conditions"])
def test_every_condition_decides_something(name: str) -> None:
    used = [node for node in walk(TEMPLATE) if isinstance(node, dict) and node.get("Condition") == name]
    chosen = [node for node in walk(TEMPLATE) if isinstance(node, list) and node[:1] == [name]]
    assert used or chosen


@pytest.mark.parametrize(("queue", "function"), READER_OF.items())
def test_a_message_stays_hidden_for_six_function_timeouts(queue: str, function: str) -> None:
    timeout = CONFIG["lambda_functions"][function]["lambda_timeout"]
    assert parameter(QUEUES[queue]["VisibilityTimeout"])["Default"] >= 6 * timeout


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


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_encrypted_and_takes_no_plain_connection(bucket: str) -> None:
    properties = BUCKETS[bucket]
    assert list(properties["PublicAccessBlockConfiguration"].values()) == [True] * 4
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
    }
    denied = policies_on("AWS::S3::BucketPolicy", "Bucket", bucket)[0]
    assert (denied["Effect"], denied["Action"], denied["Condition"]) == ("Deny", "s3:*", TLS_ONLY)
    assert denied["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_keeps_versions_for_a_while_and_no_unfinished_upload(bucket: str) -> None:
    properties = BUCKETS[bucket]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {
        rule["Id"]: rule
        for choice in properties["LifecycleConfiguration"]["Rules"]
        for rule in choices(choice)
    }
    assert {"expiry", "old-versions", "lone-delete-markers", "abandoned-uploads"} <= set(rules)
    assert ("archive" in rules) == (bucket == "InputBucket")
    assert RESOURCES[bucket]["DeletionPolicy"] == RESOURCES[bucket]["UpdateReplacePolicy"] == "Retain"


def test_the_input_bucket_never_takes_access_logs() -> None:
    """Its own access logs would be files to read, whose reading makes more of them."""
    pattern = PARAMETERS["AccessLogsBucket"]["AllowedPattern"]
    assert re.fullmatch(pattern, "company-access-logs")
    assert not re.fullmatch(pattern, "froe-prod-input-111122223333-eu-west-1")
    (assertion,) = TEMPLATE["Rules"]["AccessLogsElsewhere"]["Assertions"]
    assert assertion["Assert"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "AccessLogsBucket"}, {"Ref": "ExistingInputBucket"}]}]
    }


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_takes_no_plain_connection(queue: str) -> None:
    assert QUEUES[queue]["KmsMasterKeyId"] == KEY
    denied = policies_on("AWS::SQS::QueuePolicy", "Queues", queue)[0]
    assert (denied["Effect"], denied["Action"], denied["Condition"]) == ("Deny", "sqs:*", TLS_ONLY)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_encrypted_and_takes_no_plain_connection(topic: str) -> None:
    assert TOPICS[topic]["KmsMasterKeyId"] == KEY
    denied = policies_on("AWS::SNS::TopicPolicy", "Topics", topic)[0]
    assert (denied["Effect"], denied["Action"], denied["Condition"]) == ("Deny", "sns:Publish", TLS_ONLY)


def test_uploads_are_announced_by_our_bucket_of_our_account_alone() -> None:
    ours = [
        "arn:${AWS::Partition}:s3:::" + RESOURCES["InputBucket"]["Properties"]["BucketName"]["Fn::Sub"],
        "arn:${AWS::Partition}:s3:::${ExistingInputBucket}",
    ]
    found = 0
    for kind, member, resource in (
        ("AWS::SQS::QueuePolicy", "Queues", "SplitQueue"),
        ("AWS::SNS::TopicPolicy", "Topics", "UploadsTopic"),
    ):
        for statement in policies_on(kind, member, resource):
            if statement["Principal"] == {"Service": "s3.amazonaws.com"}:
                condition = statement["Condition"]
                assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
                assert [arn["Fn::Sub"] for arn in choices(condition["ArnEquals"]["aws:SourceArn"])] == ours
                found += 1
    assert found == 2


def test_what_sends_to_the_split_queue_is_one_way_in_at_a_time() -> None:
    """Nothing but the functions where S3 calls the splitter itself."""
    _, *allowed = RESOURCES["SplitQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [choice["Fn::If"][0] for choice in allowed] == ["ByQueue", "ByTopic", "ByEventBridge"]
    assert {next(choices(choice))["Principal"]["Service"] for choice in allowed} == {
        *("s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com")
    }


def test_the_template_owns_notifications_only_where_chalice_does_not() -> None:
    """With `direct` it says nothing of them, so that an update of the stack leaves Chalice's alone."""
    found = RESOURCES["InputBucket"]["Properties"]["NotificationConfiguration"]
    ways = []
    while found != {"Ref": "AWS::NoValue"}:
        way, _, found = found["Fn::If"]
        ways.append(way)
    assert ways == ["ByQueue", "ByTopic", "ByEventBridge"]
    assert PARAMETERS["Ingest"]["AllowedValues"] == ["direct", "queue", "topic", "eventbridge"]
    assert PARAMETERS["Ingest"]["Default"] == "direct"


def test_a_bucket_of_the_users_is_left_as_it_is() -> None:
    own = [name for name, resource in RESOURCES.items() if resource.get("Condition") == "CreatesInputBucket"]
    assert own == ["InputBucket", "InputBucketPolicy"]
    assert TEMPLATE["Conditions"]["Replicates"]["Fn::And"][0] == {"Condition": "CreatesInputBucket"}
    assert [choice["Ref"] for choice in choices(TEMPLATE["Outputs"]["InputBucket"]["Value"])] == [
        *("InputBucket", "ExistingInputBucket")
    ]


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
    assert parameter(properties["DeletionProtectionEnabled"])["Default"] == "true"
    assert RESOURCES[table]["DeletionPolicy"] == RESOURCES[table]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("table", TABLES)
def test_a_table_names_its_throttled_keys_and_may_be_warmed_and_bounded(table: str) -> None:
    properties = TABLES[table]
    assert properties["ContributorInsightsSpecification"] == {"Enabled": True, "Mode": "THROTTLED_KEYS"}
    (warm,) = choices(properties["WarmThroughput"])
    (bound,) = choices(properties["OnDemandThroughput"])
    for reference in (warm["WriteUnitsPerSecond"], bound["MaxWriteRequestUnits"]):
        assert parameter(reference)["Default"] == 0


def test_the_ledger_is_streamed_and_indexed() -> None:
    properties = TABLES["LedgerTable"]
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in properties["GlobalSecondaryIndexes"]
    }
    assert indexes == {"by_state": ["state", "opened"], "by_key": ["key", "opened"]}


def test_the_key_serves_those_who_pass_messages_on() -> None:
    served = {
        str(service.get("Fn::Sub", service) if isinstance(service, dict) else service)
        for choice in RESOURCES["Key"]["Properties"]["KeyPolicy"]["Statement"]
        for statement in choices(choice)
        for service in [statement["Principal"].get("Service")]
        if service
    }
    assert served == {
        "s3.amazonaws.com",
        "sns.amazonaws.com",
        "events.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "cloudtrail.amazonaws.com",
        "logs.${AWS::Region}.amazonaws.com",
    }
    assert RESOURCES["Key"]["Properties"]["EnableKeyRotation"] is True
    assert RESOURCES["Key"]["DeletionPolicy"] == "Retain"


def test_alarms_of_this_account_alone_may_publish_notices() -> None:
    _, allowed = policies_on("AWS::SNS::TopicPolicy", "Topics", "NoticesTopic")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_what_is_exported_is_no_setting() -> None:
    exported = {name for name, output in TEMPLATE["Outputs"].items() if "Export" in output}
    assert exported == {"KeyArn", "ResultsBucket"}
