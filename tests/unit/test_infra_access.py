"""infra/data.json keeps what it makes private and encrypted, and lets in uploads of our bucket alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.templates import choices, of_type, read, statements

TEMPLATE = read("data")
PARAMETERS = TEMPLATE["Parameters"]
RESOURCES = TEMPLATE["Resources"]
BUCKETS = of_type(TEMPLATE, "AWS::S3::Bucket")
QUEUES = of_type(TEMPLATE, "AWS::SQS::Queue")
TOPICS = of_type(TEMPLATE, "AWS::SNS::Topic")
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


def policies_on(kind: str, member: str, resource: str) -> list[dict[str, Any]]:
    """The statements of the policies that are attached to `resource`."""
    return [
        statement
        for policy in of_type(TEMPLATE, kind).values()
        if {"Ref": resource} in (policy[member] if isinstance(policy[member], list) else [policy[member]])
        for statement in statements(policy)
    ]


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
    assert RESOURCES[bucket]["DeletionPolicy"] == "RetainExceptOnCreate", "a failed first deploy leaves none"
    assert RESOURCES[bucket]["UpdateReplacePolicy"] == "Retain"


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


ACCOUNTS = {
    "Fn::Split": [
        ",",
        {
            "Fn::If": [
                "HearsAccounts",
                {"Fn::Sub": "${AWS::AccountId},${InputAccounts}"},
                {"Ref": "AWS::AccountId"},
            ]
        },
    ]
}
"""Ours, and those that the parameter names."""


def test_uploads_are_announced_by_buckets_that_are_named_alone() -> None:
    ours = [
        "arn:${AWS::Partition}:s3:::" + RESOURCES["InputBucket"]["Properties"]["BucketName"]["Fn::Sub"],
        "arn:${AWS::Partition}:s3:::${ExistingInputBucket}",
    ]
    conditions = 0
    for kind, member, resource in (
        ("AWS::SQS::QueuePolicy", "Queues", "SplitQueue"),
        ("AWS::SNS::TopicPolicy", "Topics", "UploadsTopic"),
    ):
        for statement in policies_on(kind, member, resource):
            if statement["Sid"] == "UploadsToOtherBuckets":
                assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNTS}
                names = str(statement["Condition"]["ArnLike"])
                assert "arn:*:s3:::" in names
                assert "{'Ref': 'OtherInputBuckets'}" in names
            elif statement["Principal"] == {"Service": "s3.amazonaws.com"}:
                condition = statement["Condition"]
                assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
                assert [arn["Fn::Sub"] for arn in choices(condition["ArnEquals"]["aws:SourceArn"])] == ours
                conditions += 1
    assert conditions == 2


def test_what_sends_to_the_split_queue_is_one_way_in_at_a_time() -> None:
    """Nothing but the functions where S3 calls the splitter itself; and what is named beside the input bucket."""
    _, *allowed = RESOURCES["SplitQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    conditions = [choice["Fn::If"][0] for choice in allowed]
    assert conditions == ["ByQueue", "ReadsOthers", "HearsTopics", "ByTopic", "ByEventBridge"]
    assert {next(choices(choice))["Principal"]["Service"] for choice in allowed} == {
        *("s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com")
    }


def test_the_template_owns_notifications_only_where_chalice_does_not() -> None:
    """With `direct` it says nothing of them, so that an update of the stack leaves Chalice's alone."""
    configuration = RESOURCES["InputBucket"]["Properties"]["NotificationConfiguration"]
    ways = []
    while configuration != {"Ref": "AWS::NoValue"}:
        way, _, configuration = configuration["Fn::If"]
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
    assert RESOURCES["Key"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_alarms_of_this_account_alone_may_publish_and_only_to_their_own_topic() -> None:
    _, allowed = policies_on("AWS::SNS::TopicPolicy", "Topics", "AlarmsTopic")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (denied,) = policies_on("AWS::SNS::TopicPolicy", "Topics", "NoticesTopic")
    assert denied["Effect"] == "Deny"


def test_mail_is_for_what_needs_attention_and_alarms_come_by_a_topic_of_their_own() -> None:
    """More than 10 mails a second suspend a subscription (https://docs.aws.amazon.com/general/latest/gr/sns.html)."""
    notices = RESOURCES["NoticesSubscription"]["Properties"]
    assert PARAMETERS["NoticesByEmail"]["Default"] == "attention"
    condition, policy, otherwise = notices["FilterPolicy"]["Fn::If"]
    assert TEMPLATE["Conditions"][condition] == {"Fn::Equals": [{"Ref": "NoticesByEmail"}, "attention"]}
    assert otherwise == {"Ref": "AWS::NoValue"}
    mailed = {
        ("file", "COMPLETE"): False,
        ("file", "INCOMPLETE"): True,
        ("file", "DAMAGED"): True,
        ("file", "FAILED"): True,
        ("file", "SUPERSEDED"): True,
        ("dead-letter", None): False,
        ("sweep", None): True,
        ("backfill", None): True,
    }
    for (kind, state), expected in mailed.items():
        attributes = {"kind": kind, "notice_id": "n", **({"state": state} if state else {})}
        assert delivered(policy, attributes) == expected, (kind, state)
    alarms = RESOURCES["AlarmsSubscription"]["Properties"]
    assert alarms["TopicArn"] == {"Ref": "AlarmsTopic"}
    assert "FilterPolicy" not in alarms
    assert alarms["Endpoint"] == {
        "Fn::If": ["NamesAlarmsEmail", {"Ref": "AlarmsEmail"}, {"Ref": "NoticesEmail"}]
    }


def delivered(policy: dict[str, Any], attributes: dict[str, str]) -> bool:
    """What SNS decides, for the operators that we use: every name has to match one of its rules."""

    def matches(rule: dict[str, Any], value: str | None) -> bool:
        if "exists" in rule:
            return (value is not None) == rule["exists"]
        return value is not None and value not in rule["anything-but"]

    return all(any(matches(rule, attributes.get(name)) for rule in rules) for name, rules in policy.items())
