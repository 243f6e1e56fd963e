"""`froe deploy` against the local AWS: resources, settings, functions, and the sentences when it cannot."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from froe.deployment.deploy import deploy
from froe.errors import FroeError
from froe.local import LocalStack
from froe.resources import ROOT
from froe.target import find_target
from tests.integration.test_local_stack import copy_checkout

CONNECTION = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def cloud(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> LocalStack:
    """The local AWS in place of the real one, by environment alone."""
    for name in CONNECTION:
        monkeypatch.setenv(name, stack.env[name])
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return stack


def settings_of(checkout: Path, stage: str) -> dict[str, str]:
    config: dict[str, Any] = json.loads((checkout / ".chalice" / "config.json").read_text(encoding="utf-8"))
    settings: dict[str, str] = config["stages"][stage].get("environment_variables", {})
    return settings


def test_a_new_stage_is_made_from_dev_and_its_token_shown_once(cloud: LocalStack, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path)
    lines: list[str] = []
    settings = deploy("prod", report=lines.append, root=checkout).stage.settings
    assert "The stage prod is new: it starts as a copy of dev" in lines
    (token,) = [line.rsplit(" ", 1)[1] for line in lines if "token" in line]
    assert settings == settings_of(checkout, "prod")
    assert settings["API_TOKEN_SHA256"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in (checkout / ".chalice" / "config.json").read_text(encoding="utf-8")
    configuration = cloud.client("lambda").get_function_configuration(FunctionName="froe-prod-worker")
    assert configuration["Environment"]["Variables"]["RECORDS_TABLE"] == "froe-prod-records"
    assert (configuration["Timeout"], configuration["MemorySize"]) == (60, 1769)
    granted = cloud.client("iam").get_role_policy(RoleName="froe-prod-worker", PolicyName="froe-prod-worker")
    assert "froe-prod-batch" in json.dumps(granted["PolicyDocument"])
    target = find_target("prod", root=checkout)
    assert target.region == "us-east-1"
    assert target.client("dynamodb").describe_table(TableName=target.settings_env["LEDGER_TABLE"])


def test_the_local_stage_is_not_deployed_to_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(FroeError, match="`froe up --bare`"):
        deploy("local", root=copy_checkout(tmp_path))


def test_a_missing_region_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(FroeError, match="No AWS region is set"):
        deploy("dev")


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(FroeError, match="No AWS credentials were found"):
        deploy("dev")


def test_an_aws_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(FroeError, match="AWS cannot be reached"):
        deploy("dev")


def test_a_stage_that_was_never_deployed_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".chalice", tmp_path / ".chalice", ignore=shutil.ignore_patterns("deploy*"))
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    with pytest.raises(FroeError, match="`froe deploy --stage dev` makes its resources"):
        find_target("dev", environ={}, root=tmp_path)
    with pytest.raises(FroeError, match="`froe up`"):
        find_target(environ={}, root=tmp_path)
