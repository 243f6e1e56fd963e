"""A stage from nothing to nothing, with the commands that people type, on a local AWS with nothing on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

import boto3

from froe.local.processes import clean_environment
from tests.integration.drift import changed_by_hand
from tests.integration.support import SCHEDULED
from tests.integration.test_local_stack import copy_checkout

pytestmark = pytest.mark.local_aws

LOG = b'{"level":"info","msg":"one"}\n{"level":"info","msg":"two"}\nnot json\n'
TAKEN = "froe-local-quarantine-000000000000-us-east-1"
INPUT = "froe-local-input-000000000000-us-east-1"
FUNCTIONS = {
    "froe-local",
    *(f"froe-local-{each}" for each in ("splitter", "queued_splitter", "worker", "dead_letter_consumer")),
    *(f"froe-local-{each}" for each in ("notifier", "sweeper", "authorizer")),
}


class Terminal:
    """A terminal in a checkout, with the environment that `froe up --bare` prints."""

    def __init__(self, checkout: Path, exports: dict[str, str]) -> None:
        self.checkout = checkout
        self._exports = exports
        self._env = {**clean_environment(), **exports, "PYTHONDONTWRITEBYTECODE": "1"}

    def froe(self, *arguments: str, code: int = 0) -> str:
        """What the command says, on both channels; an AssertionError if it ends with another code."""
        done = subprocess.run(
            [sys.executable, "-m", "froe", *arguments],
            cwd=self.checkout,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"froe {' '.join(arguments)}: {done.returncode}\n{done.stdout}"
        assert "Traceback" not in done.stdout
        return done.stdout

    def client(self, service: str) -> Any:
        exports = self._exports
        return boto3.client(
            service,
            endpoint_url=exports["AWS_ENDPOINT_URL"],
            region_name=exports["AWS_DEFAULT_REGION"],
            aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        )

    def settings(self) -> dict[str, str]:
        """What .chalice/config.json says of the stage."""
        config = json.loads((self.checkout / ".chalice" / "config.json").read_text(encoding="utf-8"))
        variables: dict[str, str] = config["stages"]["local"].get("environment_variables", {})
        return variables

    def set(self, name: str, value: str) -> None:
        """Edit one setting of the stage, as a person would."""
        path = self.checkout / ".chalice" / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        config["stages"]["local"].setdefault("environment_variables", {})[name] = value
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")

    def faults(self) -> str:
        """The doctor's lines about what is wrong."""
        lines = self.froe("doctor", "--stage", "local", code=1).splitlines()
        return "\n".join(line for line in lines if line.startswith("fault"))

    def through(self, name: str) -> str:
        """A file sent through the stage, until it is settled; what `froe status` says of it."""
        path = self.checkout / name
        path.write_bytes(LOG)
        self.froe("upload", str(path), "--stage", "local", "--wait")
        return self.froe("status", name, "--stage", "local", "--json")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    checkout = copy_checkout(tmp_path_factory.mktemp("production"))
    with subprocess.Popen(
        [sys.executable, "-m", "froe", "up", "--bare", "--json"],
        cwd=checkout,
        env={**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as local_aws:
        try:
            assert local_aws.stdout is not None
            yield Terminal(checkout, json.loads(local_aws.stdout.readline()))
        finally:
            local_aws.terminate()


def test_what_was_never_deployed_is_said_so(terminal: Terminal) -> None:
    for command in (["doctor"], ["destroy"], ["status"]):
        output = terminal.froe(*command, "--stage", "local", code=1)
        assert output.startswith("Error: The stage local ")
        assert len(output.splitlines()) == 1


def test_a_parameter_out_of_range_is_refused_before_anything_is_made(terminal: Terminal) -> None:
    given = terminal.checkout / "infra" / "parameters" / "local.json"
    given.parent.mkdir(exist_ok=True)
    before = given.read_text(encoding="utf-8") if given.exists() else '{"Parameters": {}}'
    given.write_text('{"Parameters": {"BatchVisibilitySeconds": "43201"}}', encoding="utf-8")
    output = terminal.froe("deploy", "--stage", "local", code=1)
    given.write_text(before, encoding="utf-8")
    assert "infra/parameters/local.json gives BatchVisibilitySeconds = '43201'" in output
    assert terminal.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_that_is_not_there_is_refused_before_anything_is_made(terminal: Terminal) -> None:
    given = terminal.checkout / "infra" / "parameters" / "local.json"
    before = given.read_text(encoding="utf-8") if given.exists() else '{"Parameters": {}}'
    given.write_text('{"Parameters": {"ExistingInputBucket": "logs-of-nobody"}}', encoding="utf-8")
    output = terminal.froe("deploy", "--stage", "local", code=1)
    given.write_text(before, encoding="utf-8")
    assert "The bucket logs-of-nobody that ExistingInputBucket names does not exist: make it, or " in output
    assert terminal.client("cloudformation").describe_stacks()["Stacks"] == []
    assert "API_TOKEN_SHA256" not in terminal.settings()


def test_a_stage_lives_from_nothing_to_nothing(terminal: Terminal) -> None:
    a_name_that_is_taken_is_said_and_the_next_run_carries_on(terminal)
    mapped = mappings_of(terminal)
    assert terminal.froe("doctor", "--stage", "local").count("fault ") == 0
    assert '"state":"COMPLETE"' in terminal.through("first.jsonl")
    a_second_deploy_changes_no_mapping(terminal, mapped)
    what_a_deploy_does_not_write_back_is_named_with_what_does(terminal)
    what_was_broken_by_hand_is_named(terminal)
    a_deploy_mends_it_with_a_changed_handler_and_another_way_in(terminal)
    data_outlives_the_functions(terminal)
    nothing_is_left(terminal)


def a_name_that_is_taken_is_said_and_the_next_run_carries_on(terminal: Terminal) -> None:
    s3 = terminal.client("s3")
    s3.create_bucket(Bucket=TAKEN)
    output = terminal.froe("deploy", "--stage", "local", code=1)
    assert "The stack froe-local was not made: QuarantineBucket: " in output
    assert "the name is taken" in output
    assert terminal.client("dynamodb").list_tables()["TableNames"] == [], (
        "nothing is kept of what was not made"
    )
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [TAKEN]
    s3.delete_bucket(Bucket=TAKEN)
    output = terminal.froe("deploy", "--stage", "local")
    assert "Deleting the empty stack froe-local" in output
    assert "The stage local is in order" in output
    names = {each["FunctionName"] for each in terminal.client("lambda").list_functions()["Functions"]}
    assert names == FUNCTIONS


def a_second_deploy_changes_no_mapping(terminal: Terminal, mapped: dict[str, str]) -> None:
    """`froe token` is a deploy, with another token."""
    before = terminal.settings()
    (terminal.checkout / ".chalice" / "deployed" / "local.json").unlink()  # as in another clone
    apis = terminal.client("apigateway").get_rest_apis()["items"]
    output = terminal.froe("token", "--stage", "local")
    assert "API token, shown only once: " in output
    after = terminal.settings()
    assert {name for name in after if after[name] != before[name]} == {"API_TOKEN_SHA256"}
    configuration = terminal.client("lambda").get_function_configuration(FunctionName="froe-local-authorizer")
    assert configuration["Environment"]["Variables"]["API_TOKEN_SHA256"] == after["API_TOKEN_SHA256"]
    assert mappings_of(terminal) == mapped
    assert [each["id"] for each in terminal.client("apigateway").get_rest_apis()["items"]] == [
        each["id"] for each in apis
    ]


def what_a_deploy_does_not_write_back_is_named_with_what_does(terminal: Terminal) -> None:
    with changed_by_hand(terminal.client, terminal.settings()["SPLIT_QUEUE"], INPUT) as named:
        faults = terminal.faults()
    for each in named:
        assert each in faults


def what_was_broken_by_hand_is_named(terminal: Terminal) -> None:
    functions, settings = terminal.client("lambda"), terminal.settings()
    functions.delete_event_source_mapping(UUID=mappings_of(terminal)["froe-local-split"])
    functions.update_function_configuration(
        FunctionName="froe-local-worker", TracingConfig={"Mode": "PassThrough"}
    )
    functions.delete_function(FunctionName="froe-local-notifier")
    functions.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:froe-local-split", FunctionName="froe-local-worker"
    )
    terminal.client("sqs").delete_queue(QueueUrl=settings["BATCH_QUEUE"])
    terminal.client("sqs").set_queue_attributes(
        QueueUrl=settings["SPLIT_QUEUE"],
        Attributes={"VisibilityTimeout": "30", "RedrivePolicy": "", "KmsMasterKeyId": ""},
    )
    terminal.client("sqs").set_queue_attributes(
        QueueUrl=settings["DEAD_LETTER_QUEUE"], Attributes={"MessageRetentionPeriod": "60"}
    )
    terminal.client("events").disable_rule(Name="froe-local-sweeper-event")
    terminal.client("logs").delete_retention_policy(logGroupName="/aws/lambda/froe-local-worker")
    terminal.client("dynamodb").update_time_to_live(
        TableName=settings["LEDGER_TABLE"],
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"},
    )
    terminal.set("INGEST", "queue")
    faults = terminal.faults()
    for named in (
        "nothing feeds froe-local-queued_splitter",
        "TracingConfig of froe-local-worker is PassThrough, not Active",
        "the function froe-local-notifier does not exist",
        "froe-local-worker is fed from arn:aws:sqs:us-east-1:000000000000:froe-local-split too",
        "the queue froe-local-batch was deleted",
        "announces its objects by direct, not by queue alone",
        "froe-local-split hides a message for 30 s",
        "froe-local-split sends nothing to froe-local-dead-letter",
        "froe-local-split is not encrypted",
        "froe-local-dead-letter keeps messages for 60 s, not 14 days",
        "the schedule froe-local-sweeper-event is DISABLED",
        "the log group /aws/lambda/froe-local-worker never expires",
        "froe-local-ledger does not expire items",
    ):
        assert named in faults


def a_deploy_mends_it_with_a_changed_handler_and_another_way_in(terminal: Terminal) -> None:
    app = terminal.checkout / "app.py"
    old = "return handlers.on_schedule(services(), event.context)"
    text = app.read_text(encoding="utf-8")
    assert old in text
    app.write_text(text.replace(old, 'return {"changed": True}'), encoding="utf-8")
    output = terminal.froe("deploy", "--stage", "local")
    assert "of froe-local-split to the values of the template" in output
    assert "The stage local is in order" in output
    assert "Deleted the mapping of arn:aws:sqs:us-east-1:000000000000:froe-local-split" in output
    mappings_of(terminal)
    reply = terminal.client("lambda").invoke(FunctionName="froe-local-sweeper", Payload=json.dumps(SCHEDULED))
    assert json.loads(reply["Payload"].read()) == {"changed": True}
    configuration = terminal.client("s3").get_bucket_notification_configuration(Bucket=INPUT)
    assert "LambdaFunctionConfigurations" not in configuration
    assert [each["QueueArn"].rsplit(":", 1)[1] for each in configuration["QueueConfigurations"]] == [
        "froe-local-split"
    ]
    assert '"state":"COMPLETE"' in terminal.through("mended.jsonl")


def data_outlives_the_functions(terminal: Terminal) -> None:
    output = terminal.froe("destroy", "--stage", "local")
    assert "Kept the tables froe-local-ledger, froe-local-records" in output
    assert "DynamoDB about $0.25 per GB a month" in output
    assert terminal.client("lambda").list_functions()["Functions"] == []
    assert terminal.client("iam").list_roles()["Roles"] == []
    terminal.client("s3").put_bucket_notification_configuration(Bucket=INPUT, NotificationConfiguration={})
    output = terminal.froe("deploy", "--stage", "local")
    assert f"Brought the notifications of the bucket {INPUT} back to queue" in output
    assert '"state":"COMPLETE"' in terminal.froe("status", "first.jsonl", "--stage", "local", "--json")


def nothing_is_left(terminal: Terminal) -> None:
    terminal.froe("destroy", "--stage", "local", "--delete-data", code=1)  # nobody said yes
    terminal.client("lambda").delete_function(FunctionName="froe-local-worker")  # half is gone already
    terminal.froe("destroy", "--stage", "local", "--delete-data", "--yes")
    left = {
        "functions": terminal.client("lambda").list_functions()["Functions"],
        "mappings": terminal.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "roles": terminal.client("iam").list_roles()["Roles"],
        "buckets": terminal.client("s3").list_buckets()["Buckets"],
        "queues": terminal.client("sqs").list_queues().get("QueueUrls", []),
        "tables": terminal.client("dynamodb").list_tables()["TableNames"],
        "topics": terminal.client("sns").list_topics()["Topics"],
        "rules": terminal.client("events").list_rules()["Rules"],
        "apis": terminal.client("apigateway").get_rest_apis()["items"],
        "log groups": terminal.client("logs").describe_log_groups()["logGroups"],
        "alarms": terminal.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "aliases": [
            each
            for each in terminal.client("kms").list_aliases()["Aliases"]
            if not each["AliasName"].startswith("alias/aws/")
        ],
        "stacks": terminal.client("cloudformation").describe_stacks()["Stacks"],
    }
    assert {name: names for name, names in left.items() if names} == {}
    keys = [each["KeyId"] for each in terminal.client("kms").list_keys()["Keys"]]
    states = {terminal.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys}
    assert states <= {"PendingDeletion"}
    assert set(terminal.settings()) <= {"INGEST", "QUEUED_SPLITTER_SECONDS"}


def mappings_of(terminal: Terminal) -> dict[str, str]:
    """Name of a queue, or `stream` → UUID of its one mapping."""
    states = {}
    for each in terminal.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        name = "stream" if "/stream/" in each["EventSourceArn"] else each["EventSourceArn"].rsplit(":", 1)[1]
        assert name not in states, f"{name} is mapped twice"
        states[name] = each["UUID"]
    return states
