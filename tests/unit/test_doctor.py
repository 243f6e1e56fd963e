"""Each fault of a stage is one line with its remedy; what is right is no fault. Over an AWS of ready answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from click.testing import CliRunner

from froe import mappings
from froe.deployment.checks.concurrency import check_concurrency
from froe.deployment.checks.functions import check_functions
from froe.deployment.checks.mappings import check_mappings, check_way_in
from froe.deployment.checks.queues import check_queues
from froe.deployment.checks.stacks import check_key, check_settings
from froe.deployment.checks.tables import check_tables
from froe.deployment.checks.watching import check_watching
from froe.deployment.findings import Finding, Verdict, fault, ok, print_for_people, stop_at_faults
from froe.errors import FroeError
from froe.resources import ROOT
from tests.stage_answers import ACCOUNT, BASE, SETTINGS, examined, faults, queue, stack


def test_queues_that_are_right_are_no_faults() -> None:
    assert faults(check_queues(examined(queue()))) == []


def test_a_queue_that_was_deleted_is_made_again_by_a_deploy() -> None:
    findings = faults(check_queues(examined({})))
    assert len(findings) == 3
    assert all("was deleted: `froe deploy --stage dev` makes it again" in each for each in findings)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (
            {"VisibilityTimeout": "60"},
            "froe-dev-batch hides a message for 60 s, less than 6 x the 60 s of worker: `froe deploy --stage dev` sets it",
        ),
        ({"RedrivePolicy": "{}"}, "froe-dev-batch sends nothing to froe-dev-dead-letter"),
        ({"KmsMasterKeyId": ""}, "froe-dev-batch is not encrypted with the stage's key"),
        ({"KmsMasterKeyId": "alias/another"}, "froe-dev-batch is not encrypted with the stage's key"),
        ({"MessageRetentionPeriod": "60"}, "froe-dev-batch keeps messages for 60 s, not 345600"),
        ({"Policy": ""}, "froe-dev-split does not have the policy of infra/data.json"),
        ({"Policy": ""}, "aws sqs set-queue-attributes --queue-url " + BASE + "-split --attributes '{"),
        (
            {"MessageRetentionPeriod": "1209600"},
            "froe-dev-batch keeps messages as long as its dead-letter queue",
        ),
        ({"MessageRetentionPeriod": "60"}, "froe-dev-dead-letter keeps messages for 60 s, not 14 days"),
    ],
)
def test_a_queue_that_would_lose_messages_is_a_fault(changed: dict[str, str], named: str) -> None:
    assert any(named in each for each in faults(check_queues(examined(queue(**changed)))))


def mapping(function: str, uuid: str = "u", **changed: Any) -> dict[str, Any]:
    return {
        "UUID": uuid,
        "State": "Enabled",
        "EventSourceArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:froe-dev-batch",
        "FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:froe-dev-{function}",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        **({"ScalingConfig": {"MaximumConcurrency": 4}} if function == "worker" else {}),
        **changed,
    }


def worker_faults(*mappings: dict[str, Any]) -> list[str]:
    answers = {"list_event_source_mappings": {"EventSourceMappings": list(mappings)}}
    return [each for each in faults(check_mappings(examined(answers))) if "froe-dev-worker" in each]


def test_a_whole_mapping_is_no_fault_and_a_missing_one_is() -> None:
    assert worker_faults(mapping("worker")) == []
    assert "nothing feeds froe-dev-worker" in worker_faults()[0]
    assert "nothing feeds froe-dev-worker" in worker_faults(mapping("worker", State="Deleting"))[0]


def test_a_mapping_twice_or_off_or_without_partial_failures_is_a_fault() -> None:
    (twice,) = worker_faults(mapping("worker"), mapping("worker", "spare"))
    assert (
        "mapped 2 times: delete the spare ones (aws lambda delete-event-source-mapping --uuid spare" in twice
    )
    assert "is Disabled" in worker_faults(mapping("worker", State="Disabled"))[0]
    assert "without FunctionResponseTypes" in worker_faults(mapping("worker", FunctionResponseTypes=[]))[0]
    limited = mapping("worker", ScalingConfig={"MaximumConcurrency": 9})
    assert "a maximum concurrency of 9, not 4" in worker_faults(limited)[0]


def test_a_notifier_that_gathers_for_longer_than_the_setting_says_is_a_fault() -> None:
    stream = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/froe-dev-ledger/stream/1"

    def faults_of(seconds: int, **settings: str) -> list[str]:
        listed = mapping("notifier", EventSourceArn=stream, MaximumBatchingWindowInSeconds=seconds)
        listed |= mappings.demanded(stream)
        looked = examined(
            {"list_event_source_mappings": {"EventSourceMappings": [listed]}}, settings=settings
        )
        return [each for each in faults(check_mappings(looked)) if "froe-dev-notifier" in each]

    assert faults_of(5) == faults_of(30, NOTICES_WINDOW_SECONDS="30") == []
    (late,) = faults_of(0)
    assert "gathers for 0 s, and NOTICES_WINDOW_SECONDS is 5: `froe deploy --stage dev` sets it" in late


def test_more_workers_than_the_table_has_units_for_are_a_fault() -> None:
    """4,000 units/s for 60 s are the items of 48 batches."""
    functions = {"worker": {"maximum_concurrency": 100, "lambda_timeout": 60}}
    listed = mapping("worker", ScalingConfig={"MaximumConcurrency": 100}, BatchSize=1)
    answers = {"list_event_source_mappings": {"EventSourceMappings": [listed]}}
    (finding,) = overloads(answers, lambda_functions=functions)
    assert "100 workers with 5,000 write units a batch need more than the 4,000 units/s" in finding
    assert "set maximum_concurrency of worker to at most 48" in finding
    assert "raise RecordsMaxWriteUnits to 8,334, or take the layout packed" in finding


def test_a_table_that_takes_less_than_the_parameters_say_is_a_fault() -> None:
    table = {"Table": {"ProvisionedThroughput": {"WriteCapacityUnits": 5}}}
    answers = {
        "list_event_source_mappings": {"EventSourceMappings": [mapping("worker")]},
        "describe_table": table,
    }
    (finding,) = overloads(answers)
    assert "4 workers with 5,000 write units a batch need more than the 5 units/s" in finding
    assert "take lambda_timeout and maximum_concurrency of worker out" in finding


def test_a_packed_table_has_to_take_the_largest_item_at_once() -> None:
    answers = {"list_event_source_mappings": {"EventSourceMappings": [mapping("worker")]}}
    small = {"describe_table": {"Table": {"OnDemandThroughput": {"MaxWriteRequestUnits": 399}}}}
    settings = {"RECORDS_LAYOUT": "packed"}
    assert overloads(answers, settings=settings) == []
    (finding,) = overloads(answers | small, settings=settings)
    assert "takes 399 write units/s, and an item of the layout packed up to 400 at once" in finding
    assert "set RecordsMaxWriteUnits to 400 or more" in finding
    assert overloads(answers | small) == []


def test_more_messages_at_once_than_fit_are_a_fault() -> None:
    assert "takes 9 messages at once, not 4" in worker_faults(mapping("worker", BatchSize=9))[0]
    assert worker_faults(mapping("worker", BatchSize=4)) == []


def overloads(answers: dict[str, Any], **own: Any) -> list[str]:
    return [each for each in faults(check_mappings(examined(answers, **own))) if "units" in each]


def test_two_ways_in_are_a_fault() -> None:
    configuration = {
        "QueueConfigurations": [
            {"QueueArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:froe-dev-split", "Events": []}
        ],
        "LambdaFunctionConfigurations": [
            {
                "LambdaFunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:froe-dev-splitter",
                "Events": [],
            }
        ],
    }
    answers = {"get_bucket_notification_configuration": configuration}
    (finding,) = faults(check_way_in(examined(answers)))
    assert "announces its objects by direct and queue, not by direct alone" in finding
    assert "does not exist" in faults(check_way_in(examined({})))[0]


def test_every_function_that_is_gone_is_named() -> None:
    assert len(faults(check_functions(examined({})))) == 8


def test_a_placeholder_is_no_token() -> None:
    outputs = {"StackStatus": "CREATE_COMPLETE", "Outputs": []}
    template = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))
    outputs["Outputs"] = [{"OutputKey": name, "OutputValue": "x"} for name in template["Outputs"]]
    answers = {"describe_stacks": {"Stacks": [outputs]}}
    for digest, wrong in (("0" * 64, True), ("", True), ("token", True), ("0f" * 32, False)):
        findings = faults(check_settings(examined(answers, settings={"API_TOKEN_SHA256": digest})))
        assert any("`froe token --stage dev`" in each for each in findings) is wrong
    assert any("INPUT_BUCKET is froe-dev-input, not x" in each for each in findings)


def test_a_key_that_is_to_be_deleted_can_be_kept() -> None:
    (finding,) = faults(
        check_key(examined({"describe_key": {"KeyMetadata": {"KeyState": "PendingDeletion"}}}))
    )
    assert "aws kms cancel-key-deletion" in finding
    assert faults(check_key(examined({"describe_key": {"KeyMetadata": {"KeyState": "Enabled"}}}))) == []


def test_a_table_without_expiry_or_recovery_is_a_fault() -> None:
    table = {"TableStatus": "ACTIVE", "SSEDescription": {"SSEType": "KMS"}, "DeletionProtectionEnabled": True}
    stream = {
        "LatestStreamArn": SETTINGS["LEDGER_STREAM_ARN"],
        "StreamSpecification": {"StreamEnabled": True},
    }
    expiry = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}}
    recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
    right: dict[str, Any] = {
        "describe_table": {"Table": {**table, **stream}},
        "describe_time_to_live": expiry,
        "describe_continuous_backups": {"ContinuousBackupsDescription": recovery},
    }
    assert faults(check_tables(examined(right))) == []
    without = faults(check_tables(examined({"describe_table": right["describe_table"]})))
    assert any("froe-dev-records does not expire items" in each for each in without)
    assert any("cannot be restored to a point in time" in each for each in without)
    open_to_all = {
        **right,
        "describe_table": {"Table": {**table, **stream, "DeletionProtectionEnabled": False}},
    }
    assert "froe-dev-records is not protected from deletion" in faults(check_tables(examined(open_to_all)))[0]
    unprotected = stack(DeletionProtection="false")
    assert faults(check_tables(examined({**open_to_all, **unprotected}))) == []
    other = {**right, "describe_table": {"Table": {**table, **stream, "LatestStreamArn": "another"}}}
    assert "the stream of froe-dev-ledger is another" in faults(check_tables(examined(other)))[0]


def test_a_daily_summary_that_reaches_nobody_is_said() -> None:
    someone = {"Endpoint": "ops@example.com", "SubscriptionArn": "arn:aws:sns:eu-west-1:1:n:1"}

    def warned(hour: str, *subscribed: dict[str, str]) -> bool:
        answers = {
            "get_topic_attributes": {"Attributes": {}},
            "list_subscriptions_by_topic": {"Subscriptions": list(subscribed)},
        }
        findings = list(check_watching(examined(answers, settings={"SUMMARY_HOUR": hour})))
        warnings = [each.what for each in findings if each.verdict is Verdict.WARNING]
        return any("the daily summary reaches nobody" in each for each in warnings)

    assert [warned("6"), warned("6", someone), warned("-1")] == [True, False, False]


def test_a_subscription_that_nobody_confirmed_is_a_fault() -> None:
    pending = {"Endpoint": "ops@example.com", "SubscriptionArn": "PendingConfirmation"}
    answers = {
        "get_topic_attributes": {"Attributes": {}},
        "list_subscriptions_by_topic": {"Subscriptions": [pending]},
    }
    findings = faults(check_watching(examined(answers)))
    assert any("ops@example.com has not confirmed its subscription" in each for each in findings)


def test_a_fault_is_one_line_with_its_remedy_and_ends_with_exit_code_1() -> None:
    findings = [ok("queues", "all is well"), fault("queues", "one is gone", "deploy")]

    with pytest.raises(FroeError, match="1 fault in 2 checks"):
        stop_at_faults("The stage dev", findings)
    with CliRunner().isolation() as (out, *_):
        print_for_people(findings, only_faults=True)
        assert out.getvalue().decode().splitlines() == ["fault    queues: one is gone: deploy"]


def concurrency(free: int, **options: Any) -> list[Finding]:
    answers = {"get_account_settings": {"AccountLimit": {"UnreservedConcurrentExecutions": free}}}
    return list(check_concurrency(examined(answers, lambda_functions=options)))


@pytest.mark.parametrize(
    ("free", "options", "verdict"),
    [
        (1000, {}, Verdict.OK),
        (20, {}, Verdict.OK),
        (19, {}, Verdict.WARNING),
        (10, {}, Verdict.WARNING),
        (1000, {"worker": {"maximum_concurrency": 985}}, Verdict.WARNING),
        (1000, {"worker": {"maximum_concurrency": 984}}, Verdict.OK),
        (1000, {"worker": {"maximum_concurrency": 1000, "reserved_concurrency": 50}}, Verdict.OK),
    ],
)
def test_queues_that_could_take_all_that_the_account_may_run_are_named_with_the_remedy(
    free: int, options: dict[str, Any], verdict: Verdict
) -> None:
    (finding,) = concurrency(free, **options)
    assert finding.verdict is verdict
    if verdict is Verdict.WARNING:
        assert f"all of the {free:,} copies" in finding.what
        assert "lower maximum_concurrency" in finding.remedy
    with CliRunner().isolation() as (_, err, *_):
        stop_at_faults("The stage dev", [finding])  # a warning ends no deploy
        but = ", 1 warning" if verdict is Verdict.WARNING else ""
        assert err.getvalue().decode() == f"The stage dev is in order: 1 check{but}.\n"


def test_functions_without_a_maximum_may_take_everything() -> None:
    answers = {"get_account_settings": {"AccountLimit": {"UnreservedConcurrentExecutions": 1000}}}
    seen = examined(answers)
    for function in ("queued_splitter", "dead_letter_consumer"):
        del seen.stage.config["lambda_functions"][function]["maximum_concurrency"]
    (finding,) = check_concurrency(seen)
    assert finding.verdict is Verdict.WARNING
    assert "queued_splitter without a maximum" in finding.what
