"""infra/policies grants what the functions need and no more, in whatever form it is deployed."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from chalicelib.core.plan.afterwards import Action
from froe import permissions, policies
from froe.errors import FroeError
from froe.policies import FUNCTIONS, ROOT

CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
RESOURCES = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))["Resources"]
SETTINGS = {
    "INPUT_BUCKET": "froe-dev-input-1-eu-central-1",
    "QUARANTINE_BUCKET": "froe-dev-quarantine-1-eu-central-1",
    "RESULTS_BUCKET": "froe-dev-results-1-eu-central-1",
    "SPLIT_QUEUE": "https://sqs.eu-central-1.amazonaws.com/1/froe-dev-split",
    "BATCH_QUEUE": "https://sqs.eu-central-1.amazonaws.com/1/froe-dev-batch",
    "DEAD_LETTER_QUEUE": "https://sqs.eu-central-1.amazonaws.com/1/froe-dev-dead-letter",
    "RECORDS_TABLE": "froe-dev-records",
    "LEDGER_TABLE": "froe-dev-ledger",
    "LEDGER_STREAM_ARN": "arn:aws:dynamodb:eu-central-1:1:table/froe-dev-ledger/stream/2026",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:eu-central-1:1:froe-dev-notices",
    "KEY_ARN": "arn:aws:kms:eu-central-1:1:key/k",
}
VALUES = policies.values_of("dev", SETTINGS)
UNLIMITED = {
    "xray:BatchGetTraces",
    "xray:GetTraceSummaries",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""AWS knows no resource for these."""


def may(function: str, action: str) -> set[str]:
    """The resources on which a function may do it, by their names in the policy."""
    statements = policies.read(function)["Statement"]
    return {name for each in statements if action in each["Action"] for name in each["Resource"]}


def actions_of(function: str, service: str) -> set[str]:
    named = {action for each in policies.read(function)["Statement"] for action in each["Action"]}
    return {action.split(":")[1] for action in named if action.startswith(f"{service}:")}


def checkout(folder: Path) -> Path:
    shutil.copytree(ROOT / "infra", folder / "infra")
    (folder / ".chalice").mkdir()
    return folder


@pytest.mark.parametrize("stage", CONFIG["stages"])
def test_chalice_reads_the_policies_where_they_are_written(stage: str) -> None:
    functions = CONFIG["stages"][stage]["lambda_functions"]
    assert {name: each["iam_policy_file"] for name, each in functions.items()} == {
        function: policies.file_name(stage, function) for function in FUNCTIONS
    }
    assert set(CONFIG["lambda_functions"]) == set(FUNCTIONS)
    assert CONFIG["autogen_policy"] is False
    assert CONFIG["xray"] is True


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_action_is_a_wildcard_and_no_resource_that_can_be_named(function: str) -> None:
    for statement in policies.read(function)["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        if not set(statement["Action"]) <= UNLIMITED:
            assert all(name.startswith(("${", "arn:")) for name in statement["Resource"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_resource_of_a_policy_is_one_of_the_template(function: str) -> None:
    named = set(re.findall(r"\$\{([A-Za-z]+)(?:\.[A-Za-z]+)?\}", json.dumps(policies.read(function))))
    assert named - {"Stage", "Key", "Database"} <= set(RESOURCES)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_writes_its_own_log_and_sends_traces(function: str) -> None:
    rendered = policies.render(function, VALUES)["Statement"]
    (log,) = [each["Resource"] for each in rendered if each["Sid"] == "WriteOwnLog"]
    own = "froe-dev" if function == "api_handler" else f"froe-dev-{function}"
    assert log == [f"arn:aws:logs:eu-central-1:1:log-group:/aws/lambda/{own}:*"]
    assert actions_of(function, "logs") == {"CreateLogStream", "PutLogEvents"}
    read = {"BatchGetTraces", "GetTraceSummaries"} if function == "api_handler" else set()
    assert actions_of(function, "xray") == {"PutTelemetryRecords", "PutTraceSegments"} | read


@pytest.mark.parametrize("function", FUNCTIONS)
def test_other_buckets_may_be_read_as_the_input_bucket_is_and_nothing_else(function: str) -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/1"
    others = policies.Others(("eu-logs", "us-logs"), (key,))
    alone, widened = (
        {each["Sid"]: each for each in policies.render(function, VALUES, others=given)["Statement"]}
        for given in (policies.NO_OTHERS, others)
    )
    own = VALUES["InputBucket.Arn"]
    added = set()
    for sid, statement in alone.items():
        more = set(widened[sid]["Resource"]) - set(statement["Resource"])
        read = {each for each in statement["Resource"] if each.startswith(own)}
        if more:
            assert more == {
                each.replace(own, f"arn:aws:s3:::{name}") for each in read for name in others.buckets
            }
            added |= set(statement["Action"])
    reads = function in {"splitter", "queued_splitter", "sweeper", "api_handler"}
    assert bool(added) is reads
    assert added <= {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"}
    assert widened.keys() - alone.keys() == ({"ReadWithOtherKeys"} if reads else set())
    if reads:
        assert widened["ReadWithOtherKeys"]["Action"] == ["kms:Decrypt"]
        assert widened["ReadWithOtherKeys"]["Resource"] == [key]
        assert "arn:${AWS::Partition}:s3:::eu-logs" in json.dumps(policies.as_subs(function, others=others))
        terraform = json.dumps(policies.as_terraform(function, others=others))
        assert "arn:${data.aws_partition.current.partition}:s3:::eu-logs" in terraform


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("function", ["notifier", "sweeper"])
def test_who_tags_and_moves_touches_objects_only_where_something_is_to_be_done_with_them(
    function: str, action: Action
) -> None:
    others = policies.Others(("eu-logs",), afterwards=action)
    alone, widened = (
        {each["Sid"]: each for each in policies.render(function, VALUES, others=given)["Statement"]}
        for given in (policies.NO_OTHERS, others)
    )
    added = {
        Action.LEAVE: set(),
        Action.TAG: {"TagSettledObjects", "CopyWithKeys"},
        Action.MOVE: {"TagSettledObjects", "MoveSettledObjects", "CopyWithKeys"},
    }
    assert widened.keys() - alone.keys() == added[action]
    for sid in added[action] - {"CopyWithKeys"}:
        assert widened[sid]["Resource"] == [f"{VALUES['InputBucket.Arn']}/*", "arn:aws:s3:::eu-logs/*"]
        assert "s3:DeleteObjectVersion" not in widened[sid]["Action"]
    for other in set(FUNCTIONS) - {"notifier", "sweeper"}:
        statements = policies.render(other, VALUES, others=others)["Statement"]
        assert not added[Action.MOVE] & {each["Sid"] for each in statements}


def test_the_authorizer_touches_no_data_but_tokens() -> None:
    statements = {each["Sid"]: each for each in policies.read("authorizer")["Statement"]}
    assert set(statements) == {"ReadTokens", "UseKey", "WriteOwnLog", "SendTraces"}
    assert statements["ReadTokens"]["Action"] == ["dynamodb:GetItem"]
    assert statements["ReadTokens"]["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["tokens"]}
    }


def test_only_the_worker_writes_records_the_sweeper_removes_them_and_the_api_finds_them() -> None:
    for function in FUNCTIONS:
        granted = {
            action
            for each in policies.read(function)["Statement"]
            for action in each["Action"]
            if "${RecordsTable.Arn}" in each["Resource"]
        }
        expected = {
            "worker": {"dynamodb:BatchWriteItem", "dynamodb:Query"},
            "sweeper": {"dynamodb:BatchWriteItem", "dynamodb:Query"},
            "api_handler": {"dynamodb:Query"},
        }
        assert granted == expected.get(function, set())


def test_each_function_writes_objects_in_a_place_of_its_own() -> None:
    assert [function for function in FUNCTIONS if "PutObject" in actions_of(function, "s3")] == [
        "worker",
        "dead_letter_consumer",
        "sweeper",
        "api_handler",
    ]
    assert may("api_handler", "s3:PutObject") == {"${InputBucket.Arn}/*", "${ResultsBucket.Arn}/athena/api/*"}
    assert may("worker", "s3:PutObject") == {"${ResultsBucket.Arn}/batches/*"}
    assert may("sweeper", "s3:PutObject") == {"${ResultsBucket.Arn}/records/*"}
    assert may("dead_letter_consumer", "s3:PutObject") == {"${QuarantineBucket.Arn}/dead-letters/*"}


def test_the_sweeper_lists_objects_and_reads_none_but_rows() -> None:
    assert may("sweeper", "s3:ListBucketVersions") == {
        "${InputBucket.Arn}",
        "${QuarantineBucket.Arn}",
        "${ResultsBucket.Arn}",
    }
    rows = {"${ResultsBucket.Arn}/batches/*", "${ResultsBucket.Arn}/records/*"}
    assert may("sweeper", "s3:GetObject") == rows


def test_nothing_is_deleted_but_batches_that_are_merged_and_what_is_of_former_generations() -> None:
    deletes = [
        (function, action, resource)
        for function in FUNCTIONS
        for statement in policies.read(function)["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if ":Delete" in action and not action.startswith("sqs:DeleteMessage")
    ]
    assert deletes == [
        ("sweeper", "s3:DeleteObjectVersion", "${ResultsBucket.Arn}/batches/*"),
        ("sweeper", "s3:DeleteObjectVersion", "${ResultsBucket.Arn}/records/*"),
        ("sweeper", "dynamodb:DeleteItem", "${LedgerTable.Arn}"),
        ("sweeper", "s3:DeleteObjectVersion", "${QuarantineBucket.Arn}/dead-letters/*"),
    ]


def test_values_take_the_place_of_names() -> None:
    rendered = policies.render("worker", VALUES)
    assert "${" not in json.dumps(rendered)
    by_sid = {each["Sid"]: each for each in rendered["Statement"]}
    assert by_sid["TakeBatches"]["Resource"] == ["arn:aws:sqs:eu-central-1:1:froe-dev-batch"]
    assert by_sid["WriteRecords"]["Resource"] == ["arn:aws:dynamodb:eu-central-1:1:table/froe-dev-records"]
    assert by_sid["UseKey"]["Resource"] == [SETTINGS["KEY_ARN"]]
    assert by_sid["UseKey"]["Condition"] == {
        "StringEquals": {
            "kms:ViaService": [
                f"{service}.eu-central-1.amazonaws.com" for service in ("s3", "sqs", "dynamodb")
            ]
        }
    }


def test_without_a_key_of_its_own_a_stage_has_no_statement_for_it() -> None:
    without = {name: value for name, value in VALUES.items() if name != policies.KEY}
    assert "UseKey" not in {each["Sid"] for each in policies.render("worker", without)["Statement"]}


def test_a_name_without_a_value_is_said(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    path = root / "infra" / "policies" / "worker.json"
    path.write_text(path.read_text(encoding="utf-8").replace("BatchQueue", "BachQueue"), encoding="utf-8")
    with pytest.raises(FroeError, match=r"names \$\{BachQueue.Arn\}"):
        policies.write("dev", VALUES, root)
    with pytest.raises(FroeError, match=r"names \$\{BachQueue.Arn\}"):
        policies.as_terraform("worker", root)
    path.unlink()
    with pytest.raises(FroeError, match=r"worker\.json cannot be read"):
        policies.write("dev", VALUES, root)


def test_a_key_that_the_template_makes_must_be_known(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    path = root / "infra" / "data.json"
    template = json.loads(path.read_text(encoding="utf-8"))
    template["Resources"]["Key"] = {"Type": "AWS::KMS::Key"}
    path.write_text(json.dumps(template), encoding="utf-8")
    without = {name: value for name, value in VALUES.items() if name != policies.KEY}
    with pytest.raises(FroeError, match="lacks KEY_ARN"):
        policies.write("dev", without, root)
    assert policies.write("dev", VALUES, root)


def test_what_is_written_is_what_is_rendered(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    written = policies.write("dev", VALUES, root)
    assert [json.loads(path.read_text(encoding="utf-8")) for path in written] == [
        policies.render(function, VALUES) for function in FUNCTIONS
    ]
    assert {path.name for path in (root / ".chalice").iterdir()} == {path.name for path in written}


def test_cloudformation_is_given_the_names_to_resolve() -> None:
    statements = {each["Sid"]: each for each in policies.as_subs("worker")["Statement"]}
    assert statements["TakeBatches"]["Resource"] == [{"Fn::Sub": "${BatchQueue.Arn}"}]
    assert statements["SendTraces"]["Resource"] == ["*"]
    assert statements["UseKey"]["Condition"]["StringEquals"]["kms:ViaService"][0] == {
        "Fn::Sub": "s3.${AWS::Region}.amazonaws.com"
    }


def test_cloudformation_is_given_the_name_of_a_brought_bucket() -> None:
    statements = {each["Sid"]: each for each in policies.as_subs("splitter")["Statement"]}
    template = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))
    assert statements["ReadObjects"]["Resource"] == [
        {
            "Fn::Sub": [
                "arn:${AWS::Partition}:s3:::${Bucket}/*",
                {"Bucket": template["Outputs"]["InputBucket"]["Value"]},
            ]
        }
    ]


def test_terraform_is_given_references() -> None:
    statements: dict[str, Any] = {each["Sid"]: each for each in policies.as_terraform("worker")["Statement"]}
    assert statements["TakeBatches"]["Resource"] == ["${aws_sqs_queue.batch_queue.arn}"]
    assert statements["UseKey"]["Resource"] == ["${aws_kms_key.key.arn}"]
    assert statements["WriteOwnLog"]["Resource"] == [
        (
            "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:"
            "${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/froe-${var.stage}-worker:*"
        )
    ]
    stream = {each["Sid"]: each for each in policies.as_terraform("notifier")["Statement"]}
    assert stream["ReadLedgerStream"]["Resource"] == ["${aws_dynamodb_table.ledger_table.stream_arn}"]
    assert stream["PublishNotices"]["Resource"] == ["${aws_sns_topic.notices_topic.arn}"]


@pytest.mark.parametrize("name", sorted(name for names in permissions.PEOPLE.values() for name in names))
def test_people_are_given_no_wildcard_action_and_roles_only_for_the_services_that_take_them(
    name: str,
) -> None:
    """Lambda for the functions, S3 for copies of input objects, Step Functions for backfills, ECS for processes."""
    passed = {
        "RolesForLambdaOnly": "lambda.amazonaws.com",
        "RolesForS3AndStepFunctionsOnly": ["s3.amazonaws.com", "states.amazonaws.com"],
        "RolesForTasksOnly": "ecs-tasks.amazonaws.com",
    }
    for statement in policies.read(f"people/{name}")["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        if "iam:PassRole" in statement["Action"]:
            services = passed[statement["Sid"]]
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": services}}


def test_the_page_of_permissions_is_the_one_that_the_policies_give() -> None:
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert page == permissions.page(), "run `make docs`"


def test_what_the_recording_cannot_see_is_in_a_policy() -> None:
    granted = {
        action
        for function in FUNCTIONS
        for each in policies.read(function)["Statement"]
        for action in each["Action"]
    }
    for unseen in permissions.UNSEEN:
        assert set(unseen.actions) <= granted, unseen
        assert unseen.source.startswith("https://docs.aws.amazon.com/")
