"""Terraform's own command on a copy of the module, against the local AWS.

The provider comes from a mirror on this machine where there is one (FROE_TERRAFORM_MIRROR or the places that
Terraform knows), else from the registry; where neither has it, the test is skipped and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from froe.local import emulator
from froe.local.processes import clean_environment
from tests.tools import tool

MIRRORS = (
    "/opt/tf-plugins",
    "~/.terraform.d/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)
PROVIDER = "registry.terraform.io/hashicorp/aws"
# https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/guides/custom-service-endpoints
LOCAL_PROVIDER = 'provider "aws" {\n  s3_use_path_style = true\n}\n'


def terraform_or_skip() -> Path:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip(
            "optional: terraform is not installed, so infra/terraform was neither validated nor planned"
        )
    return Path(program)


def local_cli(folder: Path) -> Path:
    """The AWS command line where it is told its endpoint: of SQS it has one of its own, whatever AWS_ENDPOINT_URL says."""
    script = folder / "aws"
    script.write_text(
        f'#!/bin/sh\nexec "{tool("awscli", "aws")}" --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return script


def provider_configuration() -> dict[str, str]:
    """What boto3 needs to look at what the provider made."""
    return {
        "region_name": emulator.REGION,
        **{name.lower(): value for name, value in emulator.CREDENTIALS.items()},
    }


def mirror() -> Path | None:
    """A folder that holds the AWS provider, laid out as Terraform wants it."""
    named = [os.environ[name] for name in ("FROE_TERRAFORM_MIRROR",) if name in os.environ]
    folders = [Path(each).expanduser() for each in (*named, *MIRRORS)]
    return next((folder for folder in folders if (folder / PROVIDER).is_dir()), None)


@dataclass(frozen=True, slots=True)
class Terraform:
    """program: the command; folder: a copy of the module; environment: where AWS and the provider are."""

    program: Path
    folder: Path
    environment: dict[str, str]

    @classmethod
    def in_copy(
        cls, program: Path, module: Path, folder: Path, *, endpoint: str = "", without: tuple[str, ...] = ()
    ) -> Terraform:
        """The *.tf files of `module` but for `without`; with an endpoint, and a provider that uses it."""
        folder.mkdir()
        for beside in module.parent.glob("*.json"):  # the module reads what lies beside it
            shutil.copy(beside, folder.parent)
        for path in module.glob("*.tf"):
            if path.name not in without:
                shutil.copy(path, folder)
        environment = {
            **clean_environment(),
            **emulator.CREDENTIALS,
            "AWS_REGION": emulator.REGION,
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "GOGC": "400",  # a quarter of the time went into tidying up memory
            "TF_CLI_ARGS": "-no-color",
            "TF_CLI_CONFIG_FILE": str(folder / "cli.tfrc"),
        }
        (folder / "cli.tfrc").write_text(_installation(mirror()), encoding="utf-8")
        if endpoint:
            (folder / "provider.tf").write_text(LOCAL_PROVIDER, encoding="utf-8")
            environment["AWS_ENDPOINT_URL"] = endpoint
        return cls(program, folder, environment)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program), *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def init_or_skip(self) -> None:
        done = self.run("init", "-input=false", "-backend=false")
        if done.returncode != 0 and "provider" in done.stderr:
            reason = " ".join(done.stderr.replace("│", " ").split())
            pytest.skip(f"optional: the AWS provider is not available, so nothing was planned: {reason}")
        assert done.returncode == 0, done.stderr

    def plan(self, **values: Any) -> dict[str, list[str]]:
        """Address, without index → actions, of the resources that would change."""
        self._say(values)
        return self._planned()

    def calling(self, variants: Mapping[str, Mapping[str, Any]]) -> Terraform:
        """A configuration that calls the module once for each variant, under its name: most of a plan's time is the start
        of the provider."""
        root, module = (self.folder.with_name(name) for name in ("calling", "called"))
        shutil.copytree(self.folder, module, ignore=shutil.ignore_patterns("provider.tf", ".terraform*"))
        root.mkdir()
        (root / "provider.tf").write_text(LOCAL_PROVIDER, encoding="utf-8")
        calls = {name: {"source": f"../{module.name}", **values} for name, values in variants.items()}
        (root / "main.tf.json").write_text(json.dumps({"module": calls}), encoding="utf-8")
        made = replace(self, folder=root)
        made.init_or_skip()
        return made

    def plans(self, variants: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
        """Variant → its plan."""
        addresses: dict[str, dict[str, list[str]]] = {name: {} for name in variants}
        for where, actions in self.calling(variants)._planned().items():
            _, name, address = where.split(".", 2)
            addresses[name][address] = actions
        return addresses

    def _planned(self) -> dict[str, list[str]]:
        done = self.run("plan", "-input=false", "-json")
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stdout + done.stderr
        assert [each for each in messages if each["@level"] != "info"] == []
        changes = [each["change"] for each in messages if each["type"] == "planned_change"]
        made = [each for each in changes if each["action"] != "read"]
        return {each["resource"]["addr"].split("[")[0]: [each["action"]] for each in made}

    def refusal(self, **values: Any) -> str:
        """Why there is no plan, in one line."""
        self._say(values)
        done = self.run("plan", "-input=false")
        assert done.returncode != 0, done.stdout
        return " ".join(done.stderr.replace("│", " ").split())

    def apply(self, **values: Any) -> dict[str, Any]:
        """The outputs of what was made."""
        self._say(values)
        done = self.run("apply", "-input=false", "-auto-approve")
        assert done.returncode == 0, done.stdout + done.stderr
        outputs: dict[str, Any] = json.loads(self.run("output", "-json").stdout)
        return outputs

    def _say(self, values: dict[str, Any]) -> None:
        (self.folder / "test.auto.tfvars.json").write_text(json.dumps(values), encoding="utf-8")


def _installation(folder: Path | None) -> str:
    """https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation"""
    if folder is None:
        return ""
    return f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n'
