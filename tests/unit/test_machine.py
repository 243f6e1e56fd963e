"""The doctor of this machine names what stands in the way, with its remedy, and waits for nobody."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner

from froe import cli
from froe.deployment import machine
from froe.deployment.findings import Finding, Verdict
from froe.deployment.machine import Machine


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without credentials of whoever runs the tests."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "INPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def here(folder: Path, session: Any = None, **environ: str) -> Machine:
    return Machine(environ, folder, session or boto3.session.Session())


def faults(findings: Iterator[Finding]) -> list[str]:
    return [f"{each.area}: {each.what}: {each.remedy}" for each in findings if each.verdict is Verdict.FAULT]


def test_a_machine_without_aws_is_in_order_for_what_needs_none() -> None:
    result = CliRunner().invoke(cli.main, ["doctor", "--json"])

    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.output
    assert {each["area"] for each in printed} == {
        *("python", "versions", "configuration", "disk", "ports", "endpoint", "region", "credentials")
    }
    verdicts = {each["area"]: each["verdict"] for each in printed}
    assert verdicts["region"] == verdicts["credentials"] == "warning"
    assert all(each["remedy"] for each in printed if each["verdict"] != "ok")


def test_an_endpoint_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert faults(machine.check_environment(here(tmp_path, AWS_ENDPOINT_URL=endpoint))) == []
    for dead in (endpoint, "nonsense"):
        (fault,) = faults(machine.check_environment(here(tmp_path, AWS_ENDPOINT_URL=dead)))
        assert f"nothing answers at AWS_ENDPOINT_URL={dead}: unset it" in fault


def test_a_package_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = metadata.version

    def version(name: str) -> str:
        if name == "rich":
            raise metadata.PackageNotFoundError(name)
        return "1.0" if name == "chalice" else installed(name)

    monkeypatch.setattr(metadata, "version", version)
    fault = faults(machine.check_packages(here(tmp_path)))
    assert [each.split(":")[1].split(",")[0] for each in fault] == [" chalice is 1.0", " rich is missing"]


def test_a_configuration_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text("{}")
    (tmp_path / "froe.toml").write_text("nonsense = 1\n")
    (fault,) = faults(machine.check_configuration(here(tmp_path)))
    assert "froe.toml cannot be used" in fault


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    (fault,) = faults(machine.check_disk(here(tmp_path / "gone")))
    assert "gone cannot be looked at" in fault


def test_credentials_are_told_by_whose_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-mine")
    with mock_aws():
        session = boto3.session.Session(region_name="eu-west-1")
        findings = list(machine.check_credentials(here(tmp_path, session)))
    assert [each.verdict for each in findings] == [Verdict.OK, Verdict.OK]
    assert "those from env are of arn:aws:sts::" in findings[1].what
    assert not any("secret-of-mine" in each.what for each in findings)


def test_an_aws_that_cannot_be_reached_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    def client(*_: Any, **__: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://sts.example")

    session = boto3.session.Session()
    monkeypatch.setattr(session, "client", client)
    assert faults(machine.check_credentials(here(tmp_path, session))) == []
