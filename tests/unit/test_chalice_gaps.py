"""What froe/chalice_cli.py and froe/mappings.py add to Chalice, on Chalice's own classes and a botocore client that sends nothing."""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

import botocore.session
import click
from chalice.awsclient import TypedAWSClient
from chalice.config import Config

from froe import chalice_cli, mappings
from froe.function_options import FunctionOptions
from froe.resources import ROOT, read_template

QUEUE = "arn:aws:sqs:us-east-1:123456789012:froe-dev-batch"
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/froe-dev-ledger/stream/2026"
PACKAGE = b"the package that Lambda has"
Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


class Sent(list[tuple[str, dict[str, Any]]]):
    """Every Lambda call that would have been sent, in order."""

    def named(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self if name == operation]


class Lambda:
    """Event-source mappings in memory, answering a real botocore client in place of the network."""

    def __init__(self, *, forgetful: bool = False) -> None:
        self.mappings: dict[str, dict[str, Any]] = {}
        self.sent = Sent()
        self._forgetful = forgetful
        session = botocore.session.Session()
        session.set_credentials("test", "test")
        self.client = session.create_client("lambda", region_name="us-east-1")
        self.client.meta.events.register("before-parameter-build.lambda", self._note)
        self.client.meta.events.register("before-call.lambda", self._answer)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.sent.append((model.name, dict(params)))

    def _answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        params = self.sent[-1][1]
        answer = getattr(self, f"_{model.name}")(params)
        return type("Response", (), {"status_code": 200}), answer

    def _CreateEventSourceMapping(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        uuid = f"{len(self.mappings):08d}-0000-4000-8000-000000000000"
        types = [] if self._forgetful else params.get("FunctionResponseTypes", [])
        self.mappings[uuid] = {
            **params,
            "UUID": uuid,
            "State": "Enabled",
            "FunctionResponseTypes": types,
            "FunctionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{params['FunctionName']}",
        }
        return self.mappings[uuid]

    def _UpdateEventSourceMapping(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        self.mappings[params["UUID"]].update(params)
        return self.mappings[params["UUID"]]

    def _UpdateFunctionConfiguration(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        return {**params, "LastUpdateStatus": "Successful"}

    def _GetFunctionConfiguration(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        digest = base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
        return {**params, "CodeSha256": digest, "Architectures": ["arm64"], "LastUpdateStatus": "Successful"}

    def _UpdateFunctionCode(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        return {**params, "LastUpdateStatus": "Successful"}

    def _GetEventSourceMapping(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        return self.mappings[params["UUID"]]

    def _ListEventSourceMappings(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        listed = [
            mapping
            for mapping in self.mappings.values()
            if mapping["EventSourceArn"] == params["EventSourceArn"]
            and mapping["FunctionName"] == params["FunctionName"]
        ]
        return {"EventSourceMappings": listed}


def patched(cloud: Lambda, **options: FunctionOptions) -> TypedAWSClient:
    """Chalice's client with the gaps closed, in a subclass, talking to `cloud`."""

    class Base(TypedAWSClient):
        def _client(self, service_name: str) -> Any:
            self._client_cache[service_name] = cloud.client
            return cloud.client

    closed = type("Closed", (Base,), chalice_cli.client_patches(Base, options, local=True))
    return closed(botocore.session.Session())


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in (*read_template().required_settings, *chalice_cli.TUNING_SETTINGS, "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_queue_mapping_reports_failed_messages_from_its_creation_on() -> None:
    cloud = Lambda()
    patched(cloud).create_lambda_event_source(QUEUE, "worker", 4)
    (created,) = cloud.sent.named("CreateEventSourceMapping")
    assert created["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert created["BatchSize"] == 4


def test_a_later_deploy_keeps_reporting_failed_messages() -> None:
    cloud = Lambda()
    client = patched(cloud)
    uuid = client.create_lambda_event_source(QUEUE, "worker", 4)
    client.update_lambda_event_source(uuid, 5)
    assert cloud.sent.named("UpdateEventSourceMapping")[0]["FunctionResponseTypes"] == [
        "ReportBatchItemFailures"
    ]


def test_a_stream_mapping_is_made_with_all_that_keeps_one_record_from_blocking_others() -> None:
    cloud = Lambda()
    patched(cloud).create_lambda_event_source(STREAM, "notifier", 25, "TRIM_HORIZON")
    (created,) = cloud.sent.named("CreateEventSourceMapping")
    assert created["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert created["BisectBatchOnFunctionError"] is True
    assert 0 < created["MaximumRetryAttempts"] <= 10_000
    assert created["StartingPosition"] == "TRIM_HORIZON"
    (one,) = created["FilterCriteria"]["Filters"]
    assert json.loads(one["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": ["file"]}}}}


def test_a_later_deploy_keeps_the_filter_of_a_stream() -> None:
    cloud = Lambda()
    client = patched(cloud)
    uuid = client.create_lambda_event_source(STREAM, "notifier", 25, "TRIM_HORIZON")
    client.update_lambda_event_source(uuid, 50)
    (updated,) = cloud.sent.named("UpdateEventSourceMapping")
    (created,) = cloud.sent.named("CreateEventSourceMapping")
    for name in ("FilterCriteria", "FunctionResponseTypes", "MaximumRetryAttempts"):
        assert updated[name] == created[name]


def test_a_filter_given_back_in_another_spacing_is_the_same_filter() -> None:
    cloud = Lambda()
    client = patched(cloud)
    uuid = client.create_lambda_event_source(STREAM, "notifier", 25, "TRIM_HORIZON")
    (one,) = cloud.mappings[uuid]["FilterCriteria"]["Filters"]
    spaced = json.dumps(json.loads(one["Pattern"]), indent=1)
    cloud.mappings[uuid]["FilterCriteria"] = {"Filters": [{"Pattern": spaced}]}
    mappings.verify(cloud.client, uuid)


def test_a_source_of_another_kind_is_left_as_chalice_makes_it() -> None:
    assert mappings.demanded("arn:aws:kinesis:us-east-1:123456789012:stream/other") == {}


def test_a_mapping_that_a_failed_deploy_left_is_adopted() -> None:
    cloud = Lambda()
    first = patched(cloud).create_lambda_event_source(QUEUE, "worker", 4)
    again = patched(cloud).create_lambda_event_source(QUEUE, "worker", 8)
    assert again == first
    assert [mapping["BatchSize"] for mapping in cloud.mappings.values()] == [8]


def test_a_mapping_of_another_function_is_not_adopted() -> None:
    cloud = Lambda()
    first = patched(cloud).create_lambda_event_source(QUEUE, "other", 4)
    assert patched(cloud).create_lambda_event_source(QUEUE, "worker", 4) != first


def test_a_deploy_stops_when_lambda_would_delete_failed_messages() -> None:
    with pytest.raises(click.ClickException, match="failed messages would be deleted"):
        patched(Lambda(forgetful=True)).create_lambda_event_source(QUEUE, "worker", 4)
    with pytest.raises(click.ClickException, match="without FunctionResponseTypes, so that the notifier"):
        patched(Lambda(forgetful=True)).create_lambda_event_source(STREAM, "notifier", 25, "TRIM_HORIZON")


def test_a_mapping_that_was_switched_off_is_switched_on_by_a_deploy() -> None:
    cloud = Lambda()
    client = patched(cloud)
    client.update_lambda_event_source(client.create_lambda_event_source(QUEUE, "worker", 4), 4)
    assert cloud.sent.named("UpdateEventSourceMapping")[0]["Enabled"] is True


def test_a_mapping_that_the_configuration_leaves_to_processes_is_switched_off_and_on_again() -> None:
    cloud = Lambda()
    without = patched(cloud, worker=FunctionOptions(mapping_enabled=False))
    uuid = without.create_lambda_event_source(QUEUE, "worker", 4)
    without.update_lambda_event_source(uuid, 4)
    patched(cloud, worker=FunctionOptions()).update_lambda_event_source(uuid, 4)
    (created,) = cloud.sent.named("CreateEventSourceMapping")
    assert created["Enabled"] is False
    assert [each["Enabled"] for each in cloud.sent.named("UpdateEventSourceMapping")] == [False, True]


def test_a_maximum_concurrency_is_set_and_taken_back_with_the_configuration() -> None:
    cloud = Lambda()
    limited = patched(cloud, worker=FunctionOptions(maximum_concurrency=7))
    uuid = limited.create_lambda_event_source(QUEUE, "worker", 4)
    limited.update_lambda_event_source(uuid, 4)
    patched(cloud, worker=FunctionOptions()).update_lambda_event_source(uuid, 4)
    (created,) = cloud.sent.named("CreateEventSourceMapping")
    assert created["ScalingConfig"] == {"MaximumConcurrency": 7}
    assert [each["ScalingConfig"] for each in cloud.sent.named("UpdateEventSourceMapping")] == [
        {"MaximumConcurrency": 7},
        {},
    ]


def test_a_stream_is_never_given_a_maximum_concurrency() -> None:
    cloud = Lambda()
    client = patched(cloud, notifier=FunctionOptions())
    client.update_lambda_event_source(
        client.create_lambda_event_source(STREAM, "notifier", 25, "TRIM_HORIZON"), 25
    )
    assert "ScalingConfig" not in cloud.sent.named("UpdateEventSourceMapping")[0]


def test_ephemeral_storage_and_tracing_are_what_the_configuration_says() -> None:
    cloud = Lambda()
    client = patched(cloud, worker=FunctionOptions(ephemeral_mb=2048))
    for xray in (True, None):
        client._do_update_function_config(
            "worker", {"Timeout": 60, **({"TracingConfig": {"Mode": "Active"}} if xray else {})}
        )
    client._do_update_function_config("somebody-elses", {"Timeout": 60})
    traced, untraced, other = cloud.sent.named("UpdateFunctionConfiguration")
    assert traced["EphemeralStorage"] == untraced["EphemeralStorage"] == {"Size": 2048}
    assert traced["TracingConfig"] == {"Mode": "Active"}
    assert untraced["TracingConfig"] == {"Mode": "PassThrough"}, "Chalice alone never switches it off"
    assert "EphemeralStorage" not in other


def test_code_that_lambda_has_already_is_not_sent_again() -> None:
    cloud = Lambda()
    client = patched(cloud)
    assert client._update_function_code("worker", PACKAGE, "arm64")["FunctionName"] == "worker"
    assert cloud.sent.named("UpdateFunctionCode") == []
    client._update_function_code("worker", PACKAGE, "x86_64")
    client._update_function_code("worker", b"another package", "arm64")
    assert len(cloud.sent.named("UpdateFunctionCode")) == 2


def test_the_installed_chalice_fits() -> None:
    assert chalice_cli.misfit(TypedAWSClient, Config) is None


def test_a_chalice_with_other_internals_is_refused_in_one_sentence() -> None:
    class Newer(TypedAWSClient):
        def create_lambda_event_source(self, source: str) -> str:  # type: ignore[override]
            return source

    class Older:
        pass

    for problem in (chalice_cli.misfit(Newer, Config), chalice_cli.misfit(TypedAWSClient, Older)):
        assert problem is not None
        assert problem.startswith("Chalice ")
        assert problem.endswith("install the chalice that requirements-dev.txt pins.")


def test_a_bare_deploy_names_what_is_missing_and_the_command_that_makes_it(
    environment: pytest.MonkeyPatch,
) -> None:
    problem = chalice_cli.missing_settings("dev", {"INPUT_BUCKET": "b"})
    assert problem is not None
    assert "INPUT_BUCKET" not in problem
    assert "LEDGER_STREAM_ARN" in problem
    assert "`froe deploy --stage dev`" in problem


def test_settings_that_contradict_each_other_stop_a_deploy() -> None:
    settings = dict.fromkeys(read_template().required_settings, "x") | {"BATCH_MAX_BYTES": "2048"}
    problem = chalice_cli.missing_settings("dev", settings)
    assert problem is not None
    assert problem.startswith("stage dev: ENTRY_MAX_BYTES is 262144")


def test_the_local_stage_is_not_deployed_to_aws_by_mistake(environment: pytest.MonkeyPatch) -> None:
    complete = dict.fromkeys(read_template().required_settings, "x") | {
        "RECORDS_LAYOUT": "packed",
        "SINK": "none",
    }
    assert chalice_cli.missing_settings("dev", complete) is None
    problem = chalice_cli.missing_settings("local", complete)
    assert problem is not None
    assert "AWS_ENDPOINT_URL" in problem
    assert "`froe up`" in problem
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert chalice_cli.missing_settings("local", complete) is None


def test_a_deploy_renders_the_policies_anew_unless_it_does_not_know_the_key(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    (tmp_path / ".chalice").mkdir()
    template = json.loads((ROOT / "infra" / "data.json").read_text(encoding="utf-8"))
    template["Resources"]["Key"] = {"Type": "AWS::KMS::Key"}
    (tmp_path / "infra" / "data.json").write_text(json.dumps(template), encoding="utf-8")
    settings = {
        "INPUT_BUCKET": "in",
        "QUARANTINE_BUCKET": "q",
        "RESULTS_BUCKET": "rows",
        "SPLIT_QUEUE": "https://sqs/1/s",
        "BATCH_QUEUE": "https://sqs/1/b",
        "DEAD_LETTER_QUEUE": "https://sqs/1/d",
        "RECORDS_TABLE": "r",
        "LEDGER_TABLE": "l",
        "LEDGER_STREAM_ARN": STREAM,
        "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:n",
    }
    with pytest.raises(click.ClickException, match="`froe deploy --stage dev` writes the policies"):
        chalice_cli.write_policies("dev", settings, tmp_path)
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    chalice_cli.write_policies("dev", {**settings, "KEY_ARN": key}, tmp_path)
    written = (tmp_path / ".chalice" / "policy-dev-worker.json").read_text(encoding="utf-8")
    assert key in written
    chalice_cli.write_policies("dev", settings, tmp_path)
    assert (tmp_path / ".chalice" / "policy-dev-worker.json").read_text(encoding="utf-8") == written


def test_settings_of_the_process_reach_the_local_functions_only(environment: pytest.MonkeyPatch) -> None:
    closed = type("Closed", (Config,), chalice_cli.config_patches(Config))
    environment.setenv("INPUT_BUCKET", "mine")
    environment.setenv("BATCH_MAX_LINES", "7")
    environment.setenv("UNRELATED", "secret")
    disk = {"stages": {"dev": {"environment_variables": {"INPUT_BUCKET": "theirs"}}}}
    local = closed(chalice_stage="local", config_from_disk=disk).environment_variables
    assert local == {"INPUT_BUCKET": "mine", "BATCH_MAX_LINES": "7"}
    assert closed(chalice_stage="dev", config_from_disk=disk).environment_variables == {
        "INPUT_BUCKET": "theirs"
    }


def test_nothing_of_it_is_packaged_for_lambda() -> None:
    root = Path(chalice_cli.__file__).parents[1]
    importing = [
        path
        for path in (root / "chalicelib").rglob("*.py")
        if "froe"
        in {
            line.split()[1].split(".")[0]
            for line in path.read_text().split("\n")
            if line[:5] in {"from ", "impor"}
        }
    ]
    assert importing == []
    assert "AWS_CHALICE_CLI_MODE" not in os.environ


def test_the_api_answers_from_its_region_and_from_no_edge() -> None:
    """An edge endpoint would send what it answers around the world, and its time-outs are others."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    assert config["api_gateway_endpoint_type"] == "REGIONAL"
