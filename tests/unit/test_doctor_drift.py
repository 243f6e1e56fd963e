"""What was changed by hand beside the stack is one line with the command that undoes it. Over the real templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from froe.deployment.checks.alarms import check_alarms
from froe.deployment.checks.announcing import check_announcing
from froe.deployment.checks.backfill import check_backfill
from froe.deployment.checks.buckets import check_buckets, lifecycle_rule
from froe.deployment.checks.expected import expected_of
from froe.deployment.checks.functions import check_functions
from froe.deployment.checks.queues import check_queues
from froe.deployment.checks.sink import check_sink
from froe.deployment.checks.stacks import check_stacks
from tests.stage_answers import SETTINGS, Answers, examined, faults, queue, stack


def buckets(**changed: Any) -> Answers:
    expected = expected_of(examined({}), "data", "AWS::S3::Bucket").values()
    policies = {
        each["Bucket"]: each["PolicyDocument"]
        for each in expected_of(examined({}), "data", "AWS::S3::BucketPolicy").values()
    }
    rules = {
        each["BucketName"]: [lifecycle_rule(rule) for rule in each["LifecycleConfiguration"]["Rules"]]
        for each in expected
    }
    open_to = {"BlockPublicAcls": True, "BlockPublicPolicy": True}
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": SETTINGS["KEY_ARN"]}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    return {
        "head_bucket": {},
        "get_public_access_block": {
            "PublicAccessBlockConfiguration": {
                **open_to,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            }
        },
        "get_bucket_versioning": {"Status": "Enabled"},
        "get_bucket_encryption": {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        "get_bucket_lifecycle_configuration": lambda asked: {"Rules": rules[asked["Bucket"]]},
        "get_bucket_policy": lambda asked: {"Policy": json.dumps(policies.get(asked["Bucket"]))},
        **changed,
    }


def test_buckets_as_the_template_says_are_no_faults() -> None:
    assert faults(check_buckets(examined(buckets()))) == []


@pytest.mark.parametrize(
    ("operation", "answer", "named", "command"),
    [
        ("get_public_access_block", None, "can be opened to the public", "put-public-access-block"),
        ("get_bucket_versioning", {"Status": "Suspended"}, "does not keep versions", "put-bucket-versioning"),
        ("get_bucket_encryption", None, "is not encrypted with the stage's key", "put-bucket-encryption"),
        (
            "get_bucket_lifecycle_configuration",
            {"Rules": [{"ID": "mine", "Status": "Enabled", "Expiration": {"Days": 1}}]},
            "not of the template: mine",
            "put-bucket-lifecycle-configuration",
        ),
        ("get_bucket_policy", None, "demands HTTPS", "put-bucket-policy"),
    ],
)
def test_a_bucket_that_was_opened_or_forgets_otherwise_is_a_fault(
    operation: str, answer: Any, named: str, command: str
) -> None:
    findings = faults(check_buckets(examined(buckets(**{operation: answer}))))
    assert len(findings) == 3
    assert all(named in each and f"aws s3api {command} --bucket froe-dev-" in each for each in findings)


@pytest.mark.parametrize("where", [{"Filter": {"Prefix": "athena/"}}, {"Prefix": "athena/"}])
def test_answers_of_athena_and_nothing_else_go_after_a_day(where: dict[str, Any]) -> None:
    """A rule without its prefix would delete the sink."""
    given = stack(Sink="parquet")
    expected = expected_of(examined(given), "data", "AWS::S3::Bucket")["ResultsBucket"]
    rules = [lifecycle_rule(each) for each in expected["LifecycleConfiguration"]["Rules"]]
    (answers,) = (each for each in rules if each["ID"] == "answers")
    assert answers["Filter"] == {"Prefix": "athena/"}
    others = [each for each in rules if each is not answers]
    assert {each["Filter"]["Prefix"] for each in others} == {""}

    def faults_of(answer: dict[str, Any]) -> list[str]:
        answered = {"get_bucket_lifecycle_configuration": {"Rules": [*others, answer]}}
        faulty = faults(check_buckets(examined({**buckets(**answered), **given})))
        return [each for each in faulty if each.startswith(expected["BucketName"])]

    bare = {name: answer_of for name, answer_of in answers.items() if name != "Filter"}
    assert faults_of(bare | where) == []
    for wrong in (
        {"Filter": {"Prefix": ""}},
        {"Filter": {"Prefix": "records/"}},
        {"Filter": {"Tag": {"Key": "a"}}},
    ):
        (fault,) = faults_of(bare | wrong)
        assert "not as the template says: answers" in fault
        assert '"Prefix": "athena/"' in fault or '"Prefix":"athena/"' in fault


@pytest.mark.parametrize("ingest", ["queue", "topic", "eventbridge"])
def test_a_queue_policy_that_lets_no_uploads_in_is_a_fault(ingest: str) -> None:
    given = {"Ingest": ingest}
    inspected = examined({**queue(), **stack(**given)}, settings={"INGEST": ingest})
    (finding,) = [each for each in faults(check_queues(inspected)) if each.startswith("froe-dev-split ")]
    assert "does not have the policy" in finding
    assert "Uploads" in finding


def rule(**changed: Any) -> Answers:
    given = stack(Ingest="eventbridge")
    (expected,) = expected_of(examined(given), "data", "AWS::Events::Rule").values()
    described = {"State": "ENABLED", "EventPattern": json.dumps(expected["EventPattern"])}
    return {
        **given,
        "describe_rule": described,
        "list_targets_by_rule": {"Targets": expected["Targets"]},
        **changed,
    }


def by_rule(**changed: Any) -> list[str]:
    return faults(check_announcing(examined(rule(**changed), settings={"INGEST": "eventbridge"})))


def test_a_rule_that_passes_no_uploads_on_is_a_fault() -> None:
    assert by_rule() == []
    assert "was deleted" in by_rule(describe_rule=None)[0]
    (disabled,) = by_rule(describe_rule={"State": "DISABLED"})
    assert disabled.endswith("aws events enable-rule --name froe-dev-uploads")
    assert "another pattern" in by_rule(describe_rule={"State": "ENABLED", "EventPattern": "{}"})[0]
    assert "aws events put-targets" in by_rule(list_targets_by_rule={"Targets": []})[0]


def test_a_topic_that_passes_no_uploads_on_is_a_fault() -> None:
    given = stack(Ingest="topic")
    policies = expected_of(examined(given), "data", "AWS::SNS::TopicPolicy").values()
    documents = {each["Topics"][0]: json.dumps(each["PolicyDocument"]) for each in policies}
    queue_arn = "arn:aws:sqs:eu-west-1:123456789012:froe-dev-split"
    right = {
        **given,
        "get_topic_attributes": lambda asked: {"Attributes": {"Policy": documents[asked["TopicArn"]]}},
        "list_subscriptions_by_topic": {"Subscriptions": [{"Protocol": "sqs", "Endpoint": queue_arn}]},
    }
    settings = {"INGEST": "topic"}
    assert faults(check_announcing(examined(right, settings=settings))) == []
    alone = {**right, "list_subscriptions_by_topic": {"Subscriptions": []}}
    (finding,) = faults(check_announcing(examined(alone, settings=settings)))
    assert "aws sns subscribe" in finding
    assert finding.endswith(queue_arn)
    closed = {**right, "get_topic_attributes": {"Attributes": {}}}
    assert len(faults(check_announcing(examined(closed, settings=settings)))) == 3


def alarms(**changed: Any) -> list[str]:
    expected = {
        each["AlarmName"]: {**each, "ActionsEnabled": True, "Threshold": float(each["Threshold"])}
        for each in expected_of(examined({}), "observability", "AWS::CloudWatch::Alarm").values()
    }
    expected["froe-dev-worker-errors"].update(changed)
    answer = {"describe_alarms": lambda asked: {"MetricAlarms": [expected[asked["AlarmNames"][0]]]}}
    return faults(check_alarms(examined(answer)))


def test_an_alarm_that_rings_otherwise_or_for_nobody_is_a_fault() -> None:
    assert alarms() == []
    assert "froe-dev-worker-errors has another Threshold" in alarms(Threshold=1e9)[0]
    assert "another AlarmActions" in alarms(AlarmActions=[])[0]
    assert "another MetricName" in alarms(MetricName="Invocations")[0]
    assert "aws cloudwatch delete-alarms --alarm-names froe-dev-worker-errors" in alarms(Period=60)[0]
    assert "notify nobody" in alarms(ActionsEnabled=False)[0]


def test_a_setting_that_was_made_by_hand_is_named() -> None:
    configuration = {"Environment": {"Variables": {**SETTINGS, "RETENTION_DAYS": "1", "TRACING": "off"}}}
    findings = faults(check_functions(examined({"get_function_configuration": configuration})))
    assert sum("(RETENTION_DAYS, TRACING)" in each for each in findings) == 8
    own = {"worker": {"environment_variables": {"RETENTION_DAYS": "1", "TRACING": "off"}}}
    findings = faults(
        check_functions(examined({"get_function_configuration": configuration}, lambda_functions=own))
    )
    assert sum("(RETENTION_DAYS, TRACING)" in each for each in findings) == 7


def test_the_stack_of_backfills_is_looked_at_where_there_is_one() -> None:
    answers = {**stack(), "describe_state_machine": {"status": "ACTIVE"}, "get_role": {"Role": {}}}
    assert faults(check_backfill(examined(answers))) == []
    gone = faults(check_backfill(examined(stack())))
    assert len(gone) == 2
    assert all("`froe deploy --stage dev --backfill` makes it again" in each for each in gone)
    described = {**answers, "get_template": {"TemplateBody": "{}"}}
    findings = faults(check_stacks(examined(described)))
    assert any("froe-dev-backfill differs from" in each and "--backfill" in each for each in findings)
    assert all("--backfill" not in each for each in findings if "froe-dev-observability" in each)


def workgroups(**changed: Any) -> Answers:
    """As the template says, but for what is changed in the configuration of each."""
    inspected = examined(stack(Sink="parquet"))
    expected = {
        each["Name"]: each for each in expected_of(inspected, "data", "AWS::Athena::WorkGroup").values()
    }

    def answer(asked: dict[str, Any]) -> Any:
        group = expected[asked["WorkGroup"]]
        configuration = group["WorkGroupConfiguration"]
        actual = configuration | {
            "BytesScannedCutoffPerQuery": int(configuration["BytesScannedCutoffPerQuery"])
        }
        return {"WorkGroup": {"State": group["State"], "Configuration": actual | changed}}

    return {**stack(Sink="parquet"), "get_work_group": answer}


def test_workgroups_that_lost_their_bounds_or_are_gone_are_faults() -> None:
    assert list(check_sink(examined(stack(Sink="none")))) == []
    assert faults(check_sink(examined(workgroups()))) == []
    findings = faults(check_sink(examined(workgroups(BytesScannedCutoffPerQuery=10**13))))
    assert len(findings) == 2
    assert "froe-dev.api has not what the template says: BytesScannedCutoffPerQuery" in findings[1]
    assert "BytesScannedCutoffPerQuery=10000000000," in findings[1]
    assert len(faults(check_sink(examined(workgroups(EnforceWorkGroupConfiguration=False))))) == 2
    gone = {**stack(Sink="parquet"), "get_work_group": None}
    assert all("was deleted" in each for each in faults(check_sink(examined(gone))))
