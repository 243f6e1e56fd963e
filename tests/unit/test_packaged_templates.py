"""How Chalice's templates are completed, on small ones in memory."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from chalicelib.core.plan.layouts import Layout
from chalicelib.settings import Settings
from froe.deployment.stages import Stage
from froe.errors import FroeError
from froe.function_options import read_options
from froe.lanes import widened
from froe.packaging import cloudformation, terraform
from froe.packaging.references import Ground, mark, read_ground, terraform_settings, ways_of
from froe.resources import ROOT, read_template

SECRET = "a redaction key that nobody may read"
VARIABLES = {"BATCH_QUEUE": "packaged-batch-queue", "REDACTION_KEY": SECRET, "KEY_ARN": "of-a-deployed-stage"}


def ground(root: Path = ROOT, **settings: str) -> Ground:
    stage = Stage("prod", {"stages": {"prod": {"environment_variables": settings}}}, {"RecoveryDays": "35"})
    return Ground(
        root=root,
        data=widened(json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8")), stage.lanes),
        stage=stage,
        options=read_options(stage),
        needed=frozenset(read_template().required_settings),
        lanes=stage.lane_seconds({}),
    )


def sam(logical_id: str = "Worker") -> dict[str, Any]:
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Environment": {"Variables": VARIABLES}, "Tracing": "PassThrough"},
    }
    return {"Resources": {logical_id: function}, "Outputs": {}}


def test_a_function_with_the_name_of_a_resource_is_refused() -> None:
    with pytest.raises(FroeError, match=r"DeadLetterQueue \(Resources\): give the function in app\.py"):
        cloudformation.whole(sam("DeadLetterQueue"), ground())


def test_what_fits_the_worker_is_in_its_function_and_its_queue() -> None:
    stage = Stage("prod", {"stages": {"prod": {}}}, {"RecordsMaxWriteUnits": "60"})
    small = replace(ground(INGEST="queue"), stage=stage, options=read_options(stage))
    template = sam()
    event = {"Type": "SQS", "Properties": {"Queue": "q", "BatchSize": 4}}
    template["Resources"]["Worker"]["Properties"] |= {"Events": {"Batches": event}, "Timeout": 60}
    made = cloudformation.whole(template, small)
    worker = made["Resources"]["Worker"]["Properties"]
    assert worker["Timeout"] == 334
    properties = worker["Events"]["Batches"]["Properties"]
    assert (properties["BatchSize"], properties["ScalingConfig"]) == (2, {"MaximumConcurrency": 2})
    defaults = {name: each["Default"] for name, each in made["Parameters"].items() if "Default" in each}
    assert defaults["BatchVisibilitySeconds"] == "2004"


def test_a_secret_is_asked_for_and_in_no_template() -> None:
    template = cloudformation.whole(sam(), ground(INGEST="queue"))
    assert SECRET not in json.dumps(template)
    variables = template["Resources"]["Worker"]["Properties"]["Environment"]["Variables"]
    assert variables["REDACTION_KEY"] == {"Ref": "RedactionKey"}
    assert template["Parameters"]["RedactionKey"]["NoEcho"] is True
    assert terraform_settings(ground().data)["REDACTION_KEY"] == "${var.redaction_key}"


def test_what_names_a_deployed_stage_becomes_a_reference() -> None:
    template = cloudformation.whole(sam(), ground(INGEST="queue"))
    variables = template["Resources"]["Worker"]["Properties"]["Environment"]["Variables"]
    assert variables["KEY_ARN"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert terraform_settings(ground().data)["KEY_ARN"] == "${aws_kms_key.key.arn}"


def test_the_values_of_the_stage_are_the_defaults_of_the_template() -> None:
    digest = "b" * 64
    parameters = cloudformation.whole(sam(), ground(INGEST="topic", API_TOKEN_SHA256=digest))["Parameters"]
    defaults = {
        name: parameters[name]["Default"] for name in ("Stage", "Ingest", "RecoveryDays", "ApiTokenSha256")
    }
    assert defaults == {"Stage": "prod", "Ingest": "topic", "RecoveryDays": "35", "ApiTokenSha256": digest}
    assert (
        "Default" not in cloudformation.whole(sam(), ground(INGEST="queue"))["Parameters"]["ApiTokenSha256"]
    )


@pytest.mark.parametrize(
    ("ingest", "ways"), [("direct", ["direct"]), ("topic", ["queue", "topic", "eventbridge"])]
)
def test_functions_serve_the_ways_in_that_have_or_lack_the_splitter(ingest: str, ways: list[str]) -> None:
    assert ways_of(ground(INGEST=ingest).stage) == ways


def test_a_checkout_without_its_terraform_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(FroeError, match=r"infra/terraform has no \*\.tf"):
        terraform.put_resources_beside(ground(tmp_path), tmp_path)


def test_terraform_files_that_lie_there_already_are_left_alone(tmp_path: Path) -> None:
    module = tmp_path / "infra" / "terraform"
    module.mkdir(parents=True)
    (module / "queues.tf").write_text("# ours\n")
    terraform.put_resources_beside(ground(tmp_path, INGEST="queue"), module)
    assert (module / "queues.tf").read_text() == "# ours\n"
    values = json.loads((module / "froe.auto.tfvars.json").read_text())
    assert {"stage": "prod", "ingest": "queue", "recovery_days": "35"}.items() <= values.items()
    assert (values["worker_timeout_seconds"], values["batch_visibility_seconds"]) == ("60", "360")


def test_what_terraform_files_read_outside_their_folder_comes_along(tmp_path: Path) -> None:
    module, out = tmp_path / "infra" / "terraform", tmp_path / "out"
    module.mkdir(parents=True)
    out.mkdir()
    (module / "machine.tf").write_text('local.it = file("${path.module}/../machine.json")\n')
    (tmp_path / "infra" / "machine.json").write_text("{}")
    terraform.put_resources_beside(ground(tmp_path), out)
    assert (out / "machine.tf").read_text() == 'local.it = file("${path.module}/machine.json")\n'
    assert (out / "machine.json").read_text() == "{}"


def test_marks_are_what_the_application_reads_as_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLIT_QUEUE", "https://sqs.eu-west-1.amazonaws.com/1/froe-prod-split")
    assert mark(["SPLIT_QUEUE"]) == {"SPLIT_QUEUE": "packaged-split-queue"}
    assert os.environ["SPLIT_QUEUE"] == "packaged-split-queue"


def test_marks_are_settings_that_the_application_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = read_template().required_settings
    for name in names:
        monkeypatch.setenv(name, "before")
    assert Settings.from_environment(mark(names)).layout is Layout.ITEMS


def test_an_unknown_stage_is_named(tmp_path: Path) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"stages": {}}')
    with pytest.raises(FroeError, match="The stage nope is not in"):
        read_ground("nope", tmp_path)


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ("", None),
        ("a/*, b/*", None),
        (
            "logs/*.gz, !*.tmp.gz",
            [{"Name": "prefix", "Value": "logs/"}, {"Name": "suffix", "Value": ".gz"}],
        ),
    ],
)
def test_the_packaged_notification_is_narrowed_to_the_keys_that_are_logs(keys: str, rules: Any) -> None:
    filters = cloudformation._filter(ground(INPUT_KEYS=keys).stage)
    assert filters == ({"Filter": {"S3Key": {"Rules": rules}}} if rules else {})
