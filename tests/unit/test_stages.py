"""A stage as the checkout says it, and the sentences where a file of it is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from click.testing import CliRunner

from froe.cli import main
from froe.deployment import notifications
from froe.deployment.cloud import connect
from froe.deployment.deploy import deploy
from froe.deployment.fitting import held_units
from froe.deployment.stage_files import new_stage, read_stage, with_settings, write_stage
from froe.deployment.stages import Stage
from froe.deployment.templates import MAX_BODY_BYTES, StackTemplate, check_parameters, constraint_broken, load
from froe.errors import FroeError
from froe.function_options import FunctionOptions, read_options
from froe.resources import ROOT

DEV = {"lambda_functions": {"worker": {"iam_policy_file": "policy-dev-worker.json", "lambda_timeout": 90}}}


def checkout(folder: Path, stage: dict[str, Any] = DEV, **top: Any) -> Path:
    (folder / ".chalice").mkdir()
    config = {"stages": {"dev": stage}, **top}
    (folder / ".chalice" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def stage_of(**own: Any) -> Stage:
    return Stage("dev", {"stages": {"dev": own}, "lambda_functions": {"worker": {"lambda_timeout": 60}}}, {})


def test_a_new_stage_is_like_dev_but_has_none_of_its_settings(tmp_path: Path) -> None:
    root = checkout(tmp_path, {**DEV, "environment_variables": {"INPUT_BUCKET": "theirs"}})
    assert read_stage("prod", root) is None
    write_stage(new_stage("prod", root), root)
    made = read_stage("prod", root)
    assert made is not None
    assert made.settings == {}
    assert made.option("worker", "iam_policy_file") == "policy-prod-worker.json"
    assert made.option("worker", "lambda_timeout") == 90


def parameters_of(root: Path, stage: str, **given: str) -> Path:
    path = root / "infra" / "parameters" / f"{stage}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"Parameters": {"Stage": stage, **given}}), encoding="utf-8")
    return path


def test_a_new_stage_has_the_parameters_of_dev_and_so_its_bounds_but_not_its_bucket(tmp_path: Path) -> None:
    root = checkout(tmp_path, {**DEV, "environment_variables": {"INGEST": "queue"}})
    parameters_of(
        root, "dev", RecordsMaxWriteUnits="4000", ExistingInputBucket="theirs", NoticesEmail="a@b.org"
    )
    lines: list[str] = []
    made = new_stage("prod", root, lines.append)
    expected = {
        "Stage": "prod",
        "Ingest": "queue",
        "RecordsMaxWriteUnits": "4000",
        "NoticesEmail": "a@b.org",
    }
    assert made.parameters == expected
    assert made.ingest == "queue"
    assert any("ExistingInputBucket" in each for each in lines)
    write_stage(made, root)
    assert read_stage("prod", root) == made


def test_parameters_that_a_new_stage_has_of_its_own_stay_and_say_its_way_in(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    path = parameters_of(root, "prod", Ingest="queue", RecordsMaxWriteUnits="20000")
    before = path.read_text(encoding="utf-8")
    made = new_stage("prod", root)
    assert (made.ingest, made.parameters["RecordsMaxWriteUnits"]) == ("queue", "20000")
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("name", "hint"),
    [("prd", "Did you mean prod?"), ("dve", "Did you mean dev?"), ("stagin", "staging?"), ("x", None)],
)
def test_a_stage_that_there_is_none_of_is_not_made_without_asking(
    name: str, hint: str | None, tmp_path: Path
) -> None:
    root = checkout(tmp_path)
    config = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    config["stages"]["staging"] = {}
    (root / ".chalice" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    parameters_of(root, "prod")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    asked: list[str] = []

    def nobody(sentence: str) -> bool:
        asked.append(sentence)
        return False

    with pytest.raises(FroeError, match=f"There is no stage {name} yet; there are dev, staging") as caught:
        deploy(name, is_new=nobody, report=asked.append, root=root)
    assert f"`froe deploy --stage {name} --new` makes it" in caught.value.message
    assert len(asked) == 1
    assert (hint is None) == ("Did you mean" not in asked[0])
    assert hint is None or hint in asked[0]
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_the_command_line_makes_no_stage_of_a_misspelt_name() -> None:
    """Its standard input is no terminal here: nobody can be asked."""
    done = CliRunner().invoke(main, ["deploy", "--stage", "prd"])
    assert done.exit_code == 1
    assert "There is no stage prd yet; there are" in done.output
    assert not (ROOT / "infra" / "parameters" / "prd.json").exists()


def test_settings_are_added_to_those_there_are(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"environment_variables": {"SPLIT_BYTES": "1048576"}})
    stage = read_stage("dev", root)
    assert stage is not None
    changed = with_settings(stage, {"INPUT_BUCKET": "b"})
    assert changed.settings == {"SPLIT_BYTES": "1048576", "INPUT_BUCKET": "b"}
    assert stage.settings == {"SPLIT_BYTES": "1048576"}


@pytest.mark.parametrize("name", ["", "Prod", "a_b", "9x", "a" * 17, "a/b"])
def test_a_name_that_cannot_be_part_of_names_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(FroeError, match="cannot be a stage: use 1 to 16 lower-case letters"):
        read_stage(name, tmp_path)


def test_a_way_in_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"environment_variables": {"INGEST": "mail"}})
    with pytest.raises(FroeError, match="is 'mail': set it to one of direct, queue, topic, eventbridge"):
        read_stage("dev", root)


def test_keys_that_cannot_be_read_are_refused_and_those_that_can_reach_the_templates(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"environment_variables": {"INPUT_KEYS": "logs/*,,"}})
    with pytest.raises(FroeError, match=r"INPUT_KEYS is 'logs/.,,': a glob is empty"):
        read_stage("dev", root)
    given = stage_of(environment_variables={"INPUT_KEYS": "logs/*, !*.tmp"}).given
    assert (given["KeysTaken"], given["KeysLeftOut"]) == ("^(logs[/].*)$", "^(.*[.]tmp)$")
    assert (stage_of().given["KeysTaken"], stage_of().given["KeysLeftOut"]) == ("^", "^$")


@pytest.mark.parametrize("text", ["{", "[]", '{"Parameters": []}', '{"Parameters": {"Days": [1]}}', "{}"])
def test_a_file_of_parameters_that_is_wrong_is_named(text: str, tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / "infra" / "parameters").mkdir(parents=True)
    (root / "infra" / "parameters" / "dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(FroeError, match=r"dev\.json"):
        read_stage("dev", root)


def test_without_a_queue_in_between_there_is_a_splitter() -> None:
    assert "splitter" in stage_of().functions
    assert "splitter" not in stage_of(environment_variables={"INGEST": "queue"}).functions


@pytest.mark.parametrize(
    ("definition", "value", "refused"),
    [
        ({"Type": "Number", "MinValue": 1, "MaxValue": 9}, "9", None),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 9}, "10", "set it to a number from 1 to 9"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 9}, "many", "set it to a number from 1 to 9"),
        ({"Type": "Number", "MinValue": 0, "ConstraintDescription": "0 or more"}, "-1", "0 or more"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "set it to one of a, b"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", "it has to match [a-z]+"),
        ({"Type": "String", "MaxLength": 2, "ConstraintDescription": "2 at most"}, "abc", "2 at most"),
    ],
)
def test_a_parameter_is_held_to_its_constraints(
    definition: dict[str, Any], value: str, refused: str | None
) -> None:
    assert constraint_broken(definition, value) == refused


def test_a_parameter_that_no_template_has_is_refused_with_those_there_are() -> None:
    template = StackTemplate("data", {"Parameters": {"Days": {"Type": "Number"}}, "Resources": {}})
    with pytest.raises(FroeError, match="gives Dyas, which no template has: use one of Days"):
        check_parameters({"Dyas": "1"}, [template], "infra/parameters/dev.json")


def test_every_default_of_our_own_templates_passes_the_check() -> None:
    for name in ("data", "observability", "backfill"):
        template = load(name, ROOT, local=False)
        for definition in (template.parameters if template else {}).values():
            if "Default" in definition:
                assert constraint_broken(definition, str(definition["Default"])) is None


@pytest.mark.parametrize("name", ["data", "observability", "backfill"])
def test_a_template_leaves_room_in_a_request(name: str) -> None:
    """CloudFormation takes 51,200 bytes, without the spaces that are for people, or a template in a bucket (1 MB), for
    which a new stage has none. Who comes near shortens it, or splits it into two stacks."""
    template = load(name, ROOT, local=False)
    assert template is not None
    assert MAX_BODY_BYTES == 51_200
    assert len(template.body.encode()) <= 0.95 * MAX_BODY_BYTES


def test_options_beyond_chalice_are_read_for_each_function() -> None:
    own = {
        "worker": {"ephemeral_storage": 1024, "maximum_concurrency": 50},
        "notifier": {"maximum_concurrency": 5},
    }
    options = read_options(stage_of(lambda_functions=own))
    assert options["froe-dev-worker"] == FunctionOptions(
        ephemeral_mb=1024, maximum_concurrency=50, timeout_seconds=60, batch_size=1
    )
    assert options["froe-dev-notifier"] == FunctionOptions(), "a stream has no maximum concurrency"
    assert options["froe-dev"] == FunctionOptions()


@pytest.mark.parametrize(
    ("parameters", "workers"),
    [
        ({}, 4),
        ({"RecordsMaxWriteUnits": "20000", "RecordsWarmWriteUnits": "8000"}, 20),
        ({"RecordsWarmWriteUnits": "8000"}, 8),
        ({"RecordsMaxWriteUnits": "500"}, 2),
        ({"RecordsMaxWriteUnits": "4000000"}, 1000),
    ],
)
def test_workers_are_as_many_as_the_records_table_takes(parameters: dict[str, str], workers: int) -> None:
    options = read_options(Stage("dev", stage_of().config, parameters))
    assert options["froe-dev-worker"].maximum_concurrency == workers
    assert options["froe-dev-queued_splitter"].maximum_concurrency is None


@pytest.mark.parametrize(
    ("parameters", "timeout", "messages"),
    [
        ({}, 60, 4),
        ({"RecordsMaxWriteUnits": "500"}, 60, 3),
        ({"RecordsMaxWriteUnits": "60"}, 334, 2),
        ({"RecordsMaxWriteUnits": "60", "RecordsLayout": "packed"}, 60, 2),
        ({"RecordsMaxWriteUnits": "3"}, 900, 1),
    ],
)
def test_a_worker_and_its_queue_have_the_time_that_the_table_needs(
    parameters: dict[str, str], timeout: int, messages: int
) -> None:
    stage = Stage("dev", {"stages": {"dev": {}}}, parameters)
    options = read_options(stage)["froe-dev-worker"]
    assert (options.timeout_seconds, options.batch_size) == (timeout, messages)
    assert stage.given["WorkerTimeoutSeconds"] == str(timeout)
    assert stage.given["BatchVisibilitySeconds"] == str(6 * timeout)
    assert stage.fit.holds == (parameters.get("RecordsMaxWriteUnits") != "3")


def test_what_the_configuration_says_of_a_worker_stays_and_the_rest_fits_it() -> None:
    own = {"worker": {"lambda_timeout": 300, "maximum_concurrency": 40}}
    stage = stage_of(lambda_functions=own)
    options = read_options(stage)["froe-dev-worker"]
    assert (options.timeout_seconds, options.maximum_concurrency, options.batch_size) == (300, 40, 4)
    assert stage.given["BatchVisibilitySeconds"] == "1800"
    given = Stage("dev", stage.config, {"BatchVisibilitySeconds": "2000"}).given
    assert given["BatchVisibilitySeconds"] == "2000"


def test_a_table_bounds_by_what_it_really_has() -> None:
    bounded = {
        "OnDemandThroughput": {"MaxWriteRequestUnits": 500},
        "WarmThroughput": {"WriteUnitsPerSecond": 4000},
    }
    assert held_units(bounded) == 500
    assert held_units({"OnDemandThroughput": {"MaxWriteRequestUnits": -1}}) == 4000
    assert held_units({"ProvisionedThroughput": {"WriteCapacityUnits": 70}}) == 70
    assert held_units({"ProvisionedThroughput": {"WriteCapacityUnits": 0}}) == 4000
    assert held_units({"WarmThroughput": {"WriteUnitsPerSecond": 9000}}) == 9000


@pytest.mark.parametrize("function", ["worker", "queued_splitter", "dead_letter_consumer"])
def test_a_mapping_is_enabled_unless_the_configuration_says_otherwise(function: str) -> None:
    name = f"froe-dev-{function}"
    assert read_options(stage_of())[name].mapping_enabled
    left = read_options(stage_of(lambda_functions={function: {"mapping_enabled": False}}))
    assert not left[name].mapping_enabled
    with pytest.raises(
        FroeError, match=rf"mapping_enabled of {function} in stage dev is 0: set it to true or false"
    ):
        read_options(stage_of(lambda_functions={function: {"mapping_enabled": 0}}))


@pytest.mark.parametrize("value", [1, 1001, "50", True, 2.5])
def test_an_option_out_of_range_is_named(value: Any) -> None:
    with pytest.raises(FroeError, match=r"maximum_concurrency of worker in stage dev is .* from 2 to 1000"):
        read_options(stage_of(lambda_functions={"worker": {"maximum_concurrency": value}}))


def test_the_local_stage_without_a_local_aws_names_the_command_that_starts_one() -> None:
    with pytest.raises(FroeError, match="AWS_ENDPOINT_URL leads to none: start one with `froe up --bare`"):
        connect("local", {})


THEIRS = {"Id": "theirs", "QueueArn": "arn:aws:sqs:eu-west-1:1:theirs", "Events": ["s3:ObjectRemoved:*"]}
LAMBDA = {
    "Id": "x",
    "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:1:function:f",
    "Events": ["s3:ObjectCreated:*"],
}
OURS = "arn:aws:sqs:eu-west-1:1:froe-dev-split"


class TestNotificationsOfABroughtBucket:
    def configuration(self) -> dict[str, Any]:
        return {"QueueConfigurations": [THEIRS], "LambdaFunctionConfigurations": [LAMBDA]}

    def test_our_entry_is_added_and_theirs_stay(self) -> None:
        merged = notifications.merged(self.configuration(), "dev", "queue", OURS)
        assert merged["LambdaFunctionConfigurations"] == [LAMBDA]
        assert merged["QueueConfigurations"][0] == THEIRS
        assert merged["QueueConfigurations"][1] == {
            "Id": "froe-dev",
            "QueueArn": OURS,
            "Events": ["s3:ObjectCreated:*"],
        }

    def test_doing_it_again_changes_nothing(self) -> None:
        once = notifications.merged(self.configuration(), "dev", "queue", OURS)
        assert notifications.merged(once, "dev", "queue", OURS) == once

    @pytest.mark.parametrize("ingest", ["direct", "topic", "eventbridge"])
    def test_another_way_in_takes_our_old_entry_out(self, ingest: str) -> None:
        once = notifications.merged(self.configuration(), "dev", "queue", OURS)
        merged = notifications.merged(once, "dev", ingest, "arn:aws:sns:eu-west-1:1:froe-dev-uploads")
        assert merged["QueueConfigurations"] == [THEIRS]
        assert ("TopicConfigurations" in merged) == (ingest == "topic")
        assert (notifications.EVENTBRIDGE in merged) == (ingest == "eventbridge")

    def test_eventbridge_stays_on_for_whoever_else_listens(self) -> None:
        once = {notifications.EVENTBRIDGE: {}}
        assert notifications.merged(once, "dev", "queue", OURS)[notifications.EVENTBRIDGE] == {}

    def test_an_entry_of_another_stage_is_not_ours(self) -> None:
        once = notifications.merged({}, "prod", "queue", OURS)
        assert len(notifications.merged(once, "dev", "queue", OURS)["QueueConfigurations"]) == 2
