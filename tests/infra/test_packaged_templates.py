"""What `chalice package` makes of a stage that was never deployed: whole, clean, and working on the local AWS."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.plan.lanes import worker_of
from froe import policies
from froe.deployment.stages import FUNCTIONS, QUEUES
from froe.lanes import widened
from froe.mappings import PARTIAL_FAILURES
from froe.templates import CAPABILITIES
from tests.local_aws import BareAws, bare_aws
from tests.packages import ROOT, build, copy_checkout, names_in, package_stage, share_packages
from tests.sam import translated
from tests.templates import of_type, read, walk
from tests.terraform.running import LOCAL_PROVIDER, Terraform, local_cli, terraform_or_skip
from tests.tools import tool

STAGES = ("dev", "heavy")
DIGEST = "a" * 64
LINE = b'127.0.0.1 - - [01/Jan/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 7\n'
HEAVY = {
    "lambda_architecture": "arm64",
    "log_retention_in_days": 14,
    "environment_variables": {"INGEST": "queue", "BATCH_MAX_LINES": "2000", "LANES": "bulk"},
    "lambda_functions": {
        "worker": {"ephemeral_storage": 1024, "maximum_concurrency": 50},
        "worker_bulk": {"iam_policy_file": "policy-heavy-worker-bulk.json", "lambda_timeout": 900},
    },
}


LANES = {stage: ["bulk"] if stage == "heavy" else [] for stage in STAGES}


@dataclass(frozen=True, slots=True)
class Packaged:
    project: Path
    cloudformation: dict[str, Path]
    terraform: dict[str, Path]

    def sam(self, stage: str) -> dict[str, Any]:
        template: dict[str, Any] = json.loads((self.cloudformation[stage] / "sam.json").read_text())
        return template

    def tf(self, stage: str) -> dict[str, Any]:
        template: dict[str, Any] = json.loads((self.terraform[stage] / "chalice.tf.json").read_text())
        return template


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    for architecture in ("x86_64", "arm64"):
        build(architecture=architecture)
    project = copy_checkout(tmp_path_factory.mktemp("checkout") / "froe")
    share_packages(project)
    config = json.loads((project / ".chalice" / "config.json").read_text())
    config["stages"]["heavy"] = HEAVY
    (project / ".chalice" / "config.json").write_text(json.dumps(config))
    folders: dict[str, dict[str, Path]] = {"cloudformation": {}, "terraform": {}}
    for kind, made in folders.items():
        for stage in STAGES:
            made[stage] = tmp_path_factory.mktemp(f"{kind}-{stage}")
            done = package_stage(project, stage, made[stage], "--pkg-format", kind)
            assert done.returncode == 0, done.stdout + done.stderr
    return Packaged(project, folders["cloudformation"], folders["terraform"])


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareAws]:
    with bare_aws(tmp_path_factory.mktemp("emulator")) as running:
        yield running


def functions_of(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Function → its properties in a SAM template."""
    functions = of_type(template, "AWS::Serverless::Function").values()
    return {each["Handler"].removeprefix("app."): each for each in functions}


def test_packaging_needs_no_deployed_stage_and_leaves_the_configuration_alone(packaged: Packaged) -> None:
    left = {path.name for path in (packaged.project / ".chalice").iterdir()}
    assert left == {"config.json", "deployments"}
    for stage in STAGES:
        for path in (
            packaged.cloudformation[stage] / "sam.json",
            packaged.terraform[stage] / "chalice.tf.json",
        ):
            assert "packaged-" not in path.read_text().replace("terraform_data.packaged", "")


def test_cfn_lint_finds_nothing_in_the_whole_template(packaged: Packaged) -> None:
    """cfn-lint translates the template as CloudFormation does, and judges what comes out of it."""
    checked = [str(packaged.cloudformation[stage] / "sam.json") for stage in STAGES]
    done = subprocess.run(
        [str(tool("cfn-lint")), "--", *checked], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_template_holds_every_function_and_every_resource_of_the_stage(packaged: Packaged) -> None:
    data = read("data")
    for stage in STAGES:
        template = packaged.sam(stage)
        assert data["Resources"].keys() <= template["Resources"].keys()
        assert data["Outputs"].items() <= template["Outputs"].items()
        assert data["Parameters"].keys() <= template["Parameters"].keys()
        for name, resource in data["Resources"].items():
            if name != "InputBucket" or stage == "heavy":
                assert template["Resources"][name] == widened(resource, LANES[stage])
        names = {str(each["FunctionName"]["Fn::Sub"]) for each in functions_of(template).values()}
        names -= {f"froe-${{Stage}}-worker_{lane}" for lane in LANES[stage]}
        expected = {f"froe-${{Stage}}-{each}" for each in FUNCTIONS if each != "api_handler"} | {
            "froe-${Stage}"
        }
        assert names == expected - ({"froe-${Stage}-splitter"} if stage == "heavy" else set())


def test_s3_calls_the_splitter_only_where_the_way_in_is_direct(packaged: Packaged) -> None:
    direct, by_queue = packaged.sam("dev"), packaged.sam("heavy")
    bucket = direct["Resources"]["InputBucket"]
    (call,) = bucket["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
    assert call == {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Splitter", "Arn"]}}
    assert "SplitterUploads" in bucket["DependsOn"]
    for template, ways in ((direct, ["direct"]), (by_queue, ["queue", "topic", "eventbridge"])):
        (rule,) = template["Rules"]["AsPackaged"]["Assertions"]
        assert rule["Assert"] == {"Fn::Contains": [ways, {"Ref": "Ingest"}]}
    assert by_queue["Parameters"]["Ingest"]["Default"] == "queue"
    assert "Splitter" not in by_queue["Resources"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_event_source_reports_failures_one_by_one(packaged: Packaged, stage: str) -> None:
    sources = {
        function: event["Properties"]
        for function, properties in functions_of(packaged.sam(stage)).items()
        for event in properties.get("Events", {}).values()
        if event["Type"] in {"SQS", "DynamoDB"}
    }
    assert set(sources) == {*QUEUES, "notifier", *map(worker_of, LANES[stage])}
    assert all(each["FunctionResponseTypes"] == [PARTIAL_FAILURES] for each in sources.values())
    assert sources["worker"]["Queue"] == {"Fn::GetAtt": ["BatchQueue", "Arn"]}
    assert sources["notifier"]["Stream"] == {"Fn::GetAtt": ["LedgerTable", "StreamArn"]}
    assert {"FilterCriteria", "BisectBatchOnFunctionError", "MaximumRetryAttempts"} <= sources[
        "notifier"
    ].keys()
    limit = sources["worker"].get("ScalingConfig")
    assert limit == {"MaximumConcurrency": 50 if stage == "heavy" else 4}


def test_settings_are_references_and_tuning_stays_a_value(packaged: Packaged) -> None:
    variables = functions_of(packaged.sam("heavy"))["worker"]["Environment"]["Variables"]
    assert variables["BATCH_QUEUE"] == {"Ref": "BatchQueue"}
    assert variables["STAGE"] == {"Ref": "Stage"}
    assert variables["API_TOKEN_SHA256"] == {"Ref": "ApiTokenSha256"}
    assert variables["BATCH_MAX_LINES"] == "2000"
    terraform = packaged.tf("heavy")["resource"]["aws_lambda_function"]["worker"]["environment"]["variables"]
    assert terraform["BATCH_QUEUE"] == "${aws_sqs_queue.batch_queue.url}"
    assert terraform["INPUT_BUCKET"] == "${local.input_bucket}"
    assert terraform["STAGE"] == "${var.stage}"
    assert terraform["BATCH_MAX_LINES"] == "2000"
    assert terraform.keys() == variables.keys()


def test_every_function_has_its_own_policy(packaged: Packaged) -> None:
    template = packaged.sam("dev")
    terraform = packaged.tf("dev")["resource"]["aws_iam_role_policy"]
    for function, properties in functions_of(template).items():
        name = "api_handler" if function == "app" else function
        role = template["Resources"][properties["Role"]["Fn::GetAtt"][0]]["Properties"]
        statements = role["Policies"][0]["PolicyDocument"]["Statement"]
        assert [each["Action"] for each in statements] == [
            each["Action"] for each in policies.as_subs(name)["Statement"]
        ]
        assert json.loads(terraform[f"{name}_role"]["policy"]) == policies.as_terraform(name)


def test_what_the_configuration_says_of_a_function_is_in_both(packaged: Packaged) -> None:
    template, terraform = packaged.sam("heavy"), packaged.tf("heavy")["resource"]
    worker, other = functions_of(template)["worker"], functions_of(template)["notifier"]
    assert (worker["EphemeralStorage"], "EphemeralStorage" in other) == ({"Size": 1024}, False)
    assert worker["Architectures"] == ["arm64"]
    (fed,) = [each["Properties"] for each in worker["Events"].values()]
    (mapping,) = [
        each
        for each in terraform["aws_lambda_event_source_mapping"].values()
        if each.get("scaling_config") == {"maximum_concurrency": 50}
    ]
    made = terraform["aws_lambda_function"]["worker"]["timeout"], mapping["batch_size"]
    assert made == (worker["Timeout"], fed["BatchSize"]) == (60, 2)
    assert template["Resources"]["RestAPI"]["Properties"]["TracingEnabled"] is True
    assert [*of_type(template, "AWS::Logs::LogGroup")] == ["WorkerLogsBulk"]
    assert terraform["aws_lambda_function"]["worker"]["ephemeral_storage"] == {"size": 1024}
    assert terraform["aws_lambda_function"]["worker"]["architectures"] == ["arm64"]
    (stage,) = terraform["aws_api_gateway_stage"].values()
    assert stage["xray_tracing_enabled"] is True
    assert "aws_cloudwatch_log_group" not in terraform
    assert "aws_s3_bucket_notification" not in terraform
    queues = [
        each
        for each in terraform["aws_lambda_event_source_mapping"].values()
        if "sqs" in each["event_source_arn"]
    ]
    assert [each.get("scaling_config") for each in queues].count({"maximum_concurrency": 50}) == 1


def test_a_lane_has_a_queue_and_a_worker_of_its_own_in_both(packaged: Packaged) -> None:
    template, terraform = packaged.sam("heavy"), packaged.tf("heavy")["resource"]
    worker = functions_of(template)["worker_bulk"]
    (fed,) = [each["Properties"] for each in worker["Events"].values()]
    assert fed["Queue"] == {"Fn::GetAtt": ["BatchQueueBulk", "Arn"]}
    assert worker["Timeout"] == terraform["aws_lambda_function"]["worker_bulk"]["timeout"] == 900
    assert template["Resources"]["BatchQueueBulk"]["Properties"]["VisibilityTimeout"] == 5400
    assert "WorkerErrorsBulk" in template["Resources"]
    mapping = terraform["aws_lambda_event_source_mapping"]["worker_bulk-sqs-event-source"]
    assert mapping["event_source_arn"] == '${aws_sqs_queue.batch_queue_of_lane["bulk"].arn}'
    assert mapping["scaling_config"] == {"maximum_concurrency": fed["ScalingConfig"]["MaximumConcurrency"]}
    values = json.loads((packaged.terraform["heavy"] / "froe.auto.tfvars.json").read_text())
    assert values["lanes"] == {"bulk": {"timeout_seconds": 900, "visibility_seconds": 5400}}


def test_the_package_of_arm64_has_libraries_for_it(packaged: Packaged) -> None:
    for folder in (packaged.cloudformation["heavy"], packaged.terraform["heavy"]):
        libraries = [name for name in names_in(folder / "deployment.zip") if name.endswith(".so")]
        assert libraries
        assert all("aarch64" in name or "abi3" in name for name in libraries)


def test_a_stage_that_is_not_in_the_configuration_is_named(packaged: Packaged, tmp_path: Path) -> None:
    done = package_stage(packaged.project, "nope", tmp_path)
    assert done.returncode == 1
    assert "The stage nope is not in .chalice/config.json: copy the stage dev there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.local_aws
def test_the_stack_that_cloudformation_makes_of_it_takes_a_file(packaged: Packaged, aws: BareAws) -> None:
    folder, values = packaged.cloudformation["dev"], {"Stage": "dev", "ApiTokenSha256": DIGEST}
    plain = translated(folder / "sam.json", {"Stage": "dev"}, "s3://code/deployment.zip")
    s3, cloudformation = aws.client("s3"), aws.client("cloudformation")
    s3.create_bucket(Bucket="code")
    s3.upload_file(str(folder / "deployment.zip"), "code", "deployment.zip")
    s3.put_object(Bucket="code", Key="template.json", Body=json.dumps(plain))
    cloudformation.create_stack(
        StackName="froe-dev",
        TemplateURL=f"{aws.endpoint}/code/template.json",
        Capabilities=CAPABILITIES,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="froe-dev", WaiterConfig={"Delay": 1, "MaxAttempts": 90}
    )
    mappings = aws.mappings("dev")
    assert set(mappings) == {*QUEUES, "notifier"}
    assert all(each["FunctionResponseTypes"] == [PARTIAL_FAILURES] for each in mappings.values())
    assert aws.settle("dev", "uploads/by-stack.log", LINE * 50) == "COMPLETE"


@pytest.fixture(scope="module")
def terraform(packaged: Packaged, aws: BareAws, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Beside the functions all of infra/terraform but what the local AWS does not know."""
    program, folder = terraform_or_skip(), tmp_path_factory.mktemp("module") / "root"
    made = Terraform.in_copy(program, packaged.terraform["dev"], folder, endpoint=aws.endpoint)
    for path in packaged.terraform["dev"].iterdir():
        if path.suffix != ".tf":
            shutil.copy2(path, folder)
    assert LOCAL_PROVIDER in (folder / "provider.tf").read_text()
    made.init_or_skip()
    return made


@pytest.mark.local_aws
def test_terraform_finds_the_configuration_valid(terraform: Terraform) -> None:
    done = terraform.run("validate", "-json")
    assert json.loads(done.stdout)["diagnostics"] == []


@pytest.mark.local_aws
def test_terraform_refuses_another_stage_than_was_packaged_and_a_token_for_a_digest(
    terraform: Terraform,
) -> None:
    refusal = terraform.refusal(stage="prod", api_token_sha256="a-token")
    assert "chalice.tf.json is of the stage dev" in refusal
    assert "64 hexadecimal digits" in refusal


def without_api(configuration: dict[str, Any]) -> dict[str, Any]:
    """Without what is of API Gateway or names it."""
    resources = {
        kind: {name: each for name, each in named.items() if "aws_api_gateway" not in json.dumps(each)}
        for kind, named in configuration["resource"].items()
        if not kind.startswith("aws_api_gateway")
    }
    kept = {name: value for name, value in configuration.items() if name not in {"output", "locals"}}
    return {**kept, "resource": resources}


@pytest.mark.local_aws
def test_what_terraform_makes_of_it_takes_a_file(terraform: Terraform, tmp_path: Path) -> None:
    """But for what the local AWS does not know, and for the API, of which it takes no description."""
    for unknown in ("queries", "traces"):
        (terraform.folder / f"{unknown}.tf").unlink()
    packaged = terraform.folder / "chalice.tf.json"
    packaged.write_text(json.dumps(without_api(json.loads(packaged.read_text()))))
    with bare_aws(tmp_path) as aws:  # the names are those of the stack of the other test
        terraform.environment["AWS_ENDPOINT_URL"] = aws.endpoint
        terraform.apply(api_token_sha256=DIGEST, aws_cli=str(local_cli(terraform.folder)))
        mappings = aws.mappings("dev")
        assert set(mappings) == {*QUEUES, "notifier"}
        assert all(each["FunctionResponseTypes"] == [PARTIAL_FAILURES] for each in mappings.values())
        assert aws.settle("dev", "uploads/by-terraform.log", LINE * 50) == "COMPLETE"


def test_what_lies_beside_is_infra_terraform(packaged: Packaged) -> None:
    for stage in STAGES:
        for path in (ROOT / "infra" / "terraform").glob("*.tf"):
            beside = path.read_text().replace("${path.module}/../", "${path.module}/")
            assert (packaged.terraform[stage] / path.name).read_text() == beside
    values = json.loads((packaged.terraform["heavy"] / "froe.auto.tfvars.json").read_text())
    assert (values["stage"], values["ingest"]) == ("heavy", "queue")
    assert not [each for each in walk(packaged.tf("dev")) if each == "null_data_source"]
    assert "null_data_source" not in packaged.tf("dev")["data"]
