"""infra/terraform is well-formed, plans what the templates would make, and makes it on the local AWS.

Without terraform, or without its AWS provider, these are skipped and say so.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.plan.lanes import queue_of
from chalicelib.core.wire.notifications import Announced, announced_in_body
from froe.resources import snake_case
from froe.templates import UNKNOWN_LOCALLY
from froe.terraform.hcl import Block
from froe.terraform.resources import blocks_of, resources
from froe.terraform.values import CONDITIONS, MAKES_BACKFILL, MAKES_PROCESSES, PARAMETERS, RESOURCES
from tests.local_aws import bare_aws
from tests.templates import INFRA
from tests.terraform.running import Terraform, local_cli, provider_configuration, terraform_or_skip
from tests.tools import tool

pytestmark = pytest.mark.local_aws
MODULE = INFRA / "terraform"
LANES = {"bulk": {"timeout_seconds": 900, "visibility_seconds": 5400}}
EVERYTHING = {
    "lanes": LANES,
    "processes_image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/froe:1",
    "processes_subnets": "subnet-0a1b2c3d,subnet-4e5f6071",
    "processes_lane": "bulk",
    "ingest": "topic",
    "input_expiry_days": 400,
    "access_logs_bucket": "company-access-logs",
    "replica_bucket_arn": "arn:aws:s3:::company-replica",
    "replica_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "data_events_trail": True,
    "sink": "parquet",
    "records_warm_write_units": 8000,
    "records_max_write_units": 20000,
    "backfill": True,
    "notices_email": "operator@example.com",
    "other_input_buckets": "eu-logs,us-logs",
    "input_accounts": "111122223333,444455556666",
    "input_topic_arns": "arn:aws:sns:us-east-1:111122223333:logs",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "everything": EVERYTHING,
    "eventbridge": {"ingest": "eventbridge"},
    "brought": {"ingest": "queue", "existing_input_bucket": "company-logs"},
}
KEY = "uploads/a b.log"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator without anything in it."""
    with bare_aws(tmp_path_factory.mktemp("emulator")) as aws:
        yield aws.endpoint


@pytest.fixture(scope="module")
def program() -> Path:
    return terraform_or_skip()


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory, program: Path, endpoint: str) -> Terraform:
    """Terraform with its provider in a copy of the module, on the local AWS: it plans, and makes nothing."""
    return started(program, tmp_path_factory.mktemp("plans") / "module", endpoint)


def started(program: Path, folder: Path, endpoint: str, *, without: tuple[str, ...] = ()) -> Terraform:
    made = Terraform.in_copy(program, MODULE, folder, endpoint=endpoint, without=without)
    made.init_or_skip()
    return made


def test_the_files_are_formatted(program: Path, tmp_path: Path) -> None:
    done = Terraform.in_copy(program, MODULE, tmp_path / "module").run("fmt", "-check", "-diff")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_plan_makes_what_the_templates_make(terraform: Terraform) -> None:
    """The same conditions let the same resources be. Whatever is not valid, or warned of, gives no plan."""
    differing = {
        f"{variant}: {where}"
        for variant, planned in terraform.plans(VARIANTS).items()
        for where in required_by(VARIANTS[variant]).symmetric_difference(planned)
        if not where.startswith("terraform_data.")
    }
    assert differing == set()


def required_by(values: dict[str, Any]) -> set[str]:
    conditions = {snake_case(name): met for name, met in deciding(values).items()}
    conditions["owns_notifications"] = conditions["bucket_sends"] or conditions["by_event_bridge"]
    return {
        where
        for where, body in resources().items()
        if not where.startswith("data.") and is_there(body, conditions)
    }


def deciding(values: Mapping[str, Any]) -> dict[str, bool]:
    """What each condition is where the variables have these values, and the others their defaults."""
    parameters = {name: values.get(snake_case(name), PARAMETERS[name]["Default"]) for name in PARAMETERS}

    def met(node: Any) -> bool:
        ((function, argument),) = node.items()
        match function:
            case "Condition":
                return met(CONDITIONS[argument])
            case "Fn::And":
                return all(map(met, argument))
            case "Fn::Or":
                return any(map(met, argument))
            case "Fn::Not":
                return not met(argument[0])
        left, right = argument
        return str(parameters[left["Ref"]]).lower() == right.lower()

    return {name: met(condition) for name, condition in CONDITIONS.items()} | {
        MAKES_BACKFILL: bool(values.get("backfill")),
        "Lanes": bool(values.get("lanes")),
        MAKES_PROCESSES: bool(values.get("processes_image")),
    }


def is_there(body: Block, conditions: dict[str, bool]) -> bool:
    named = str(body.get("count") or body.get("for_each", ""))
    names = named.removesuffix(" ? 1 : 0").split(" && ")
    return all(conditions[name.partition(".")[2]] for name in names if name)


@pytest.mark.parametrize(
    ("values", "remedies"),
    [
        (
            {
                "ingest": "both",
                "access_logs_bucket": "froe-x-input-1-us-east-1",
                "source_retention_seconds": 1209600,
                "notices_email": "nobody",
                "lanes": {"Bulk": LANES["bulk"]},
            },
            {
                "ingest must be: direct, queue, topic or eventbridge",
                "a bucket other than the input bucket",
                "at least 4 days less than the dead-letter queue's 14",
                "an e-mail address, or nothing",
                "at most 3 names of 1 to 16 lower-case letters and digits",
            },
        ),
        (
            {
                "split_max_receives": 3,
                "existing_input_bucket": "mine",
                "access_logs_bucket": "mine",
                "replica_bucket_arn": "arn:aws:s3:::copy",
            },
            {
                "split_max_receives must be 5 or more",
                "access_logs_bucket must not be the input bucket",
                "replica_bucket_arn needs replica_key_arn",
                "replica_bucket_arn is for the bucket that Froe makes",
            },
        ),
    ],
    ids=["alone", "together"],
)
def test_wrong_values_are_refused_with_their_remedies(
    terraform: Terraform, values: dict[str, Any], remedies: set[str]
) -> None:
    refusal = terraform.refusal(**values)
    assert {remedy for remedy in remedies if remedy not in refusal} == set()


def test_it_is_made_on_the_local_aws_and_announces_uploads(
    program: Path, endpoint: str, tmp_path: Path
) -> None:
    """But for what the local AWS does not know, which lies in files of its own."""
    unknown = {f"{each}.tf" for each in ("queries", "traces")}
    assert {
        RESOURCES[name]["Type"]
        for name in RESOURCES
        for where, _ in blocks_of(name)
        if any(f'"{where.split(".")[0]}"' in (MODULE / file).read_text(encoding="utf-8") for file in unknown)
    } == UNKNOWN_LOCALLY
    values = {
        "stage": "made",
        "sink": "parquet",
        "ingest": "queue",
        "recovery_days": 7,
        "lanes": LANES,
        "aws_cli": str(local_cli(tmp_path)),
    }
    running = started(program, tmp_path / "module", endpoint, without=tuple(unknown))
    settings = running.apply(**values)["settings"]["value"]

    def client(service: str) -> Any:
        return boto3.client(service, endpoint_url=endpoint, **provider_configuration())

    sqs = client("sqs")
    queues = [settings[name] for name in ("SPLIT_QUEUE", "BATCH_QUEUE", "DEAD_LETTER_QUEUE")]
    for url in (*queues, queue_of("bulk", settings["BATCH_QUEUE"])):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["MaximumMessageSize"])
        assert attributes["Attributes"]["MaximumMessageSize"] == "1048576"
    client("s3").put_object(Bucket=settings["INPUT_BUCKET"], Key=KEY, Body=b"a line\n")
    received = sqs.receive_message(
        QueueUrl=settings["SPLIT_QUEUE"], WaitTimeSeconds=5, MaxNumberOfMessages=10
    )
    announced = [each for message in received["Messages"] for each in announced_in_body(message["Body"])]
    assert KEY in {each.key for each in announced if isinstance(each, Announced)}
    alarms = client("cloudwatch").describe_alarms(AlarmNamePrefix="froe-made-")["MetricAlarms"]
    expected = [each for each in RESOURCES.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == sum(each.get("Condition") != MAKES_PROCESSES for each in expected)
    assert settled(running.plan(**values))
    refused = running.run("destroy", "-input=false", "-auto-approve")
    assert "prevent_destroy" in refused.stderr


def settled(planned: dict[str, list[str]]) -> bool:
    """A second apply has nothing to do but for what the local AWS does not tell back: most of an alarm, and for how
    many days a table can be restored."""
    forgotten = ("aws_cloudwatch_metric_alarm.", "aws_dynamodb_table.")
    return all(actions == ["update"] and where.startswith(forgotten) for where, actions in planned.items())


def test_checkov_finds_nothing(tmp_path: Path) -> None:
    """With everything switched on: the defaults are those of the templates, which have a test of their own."""
    values = tmp_path / "variant.tfvars.json"
    values.write_text(json.dumps(VARIANTS["everything"]), encoding="utf-8")
    command = [str(tool("checkov")), "-d", str(MODULE), "--framework", "terraform", "--var-file", str(values)]
    done = subprocess.run(
        [*command, "--skip-download", "--output", "json"], capture_output=True, text=True, check=False
    )
    results = json.loads(done.stdout)["results"]
    assert not {f"{check['check_id']} {check['resource']}" for check in results["failed_checks"]}
    assert not results["parsing_errors"]
    assert all(check["check_result"]["suppress_comment"] for check in results["skipped_checks"])
    seen = {check["resource"].split("[")[0] for check in results["passed_checks"]}
    assert {"aws_kms_key.key", "aws_s3_bucket.quarantine_bucket", "aws_sqs_queue.split_queue"} <= seen
