"""docs/packaging.md: what is typed there is understood by the AWS command line, version 1 as well.

The command is typed in a folder like the checkout, whose template lacks what the local AWS does not know.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import emulator
from froe.resources import ROOT
from froe.templates import read_body
from tests.local_aws import BareAws, bare_aws
from tests.tools import tool

pytestmark = pytest.mark.local_aws
PAGE = (ROOT / "docs" / "packaging.md").read_text(encoding="utf-8")
(COMMANDS,) = (
    block for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) if "infra/observability.json" in block
)
(WATCHING,) = (each for each in COMMANDS.split("$ aws ") if "observability.json" in each)
GIVEN = json.loads((ROOT / "infra" / "parameters" / "prod.json").read_text(encoding="utf-8"))["Parameters"]
LIMIT_BYTES = 51_200
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareAws]:
    with bare_aws(tmp_path_factory.mktemp("emulator")) as local:
        local.client("s3").create_bucket(Bucket="code-bucket")
        yield local


def typed(aws: BareAws, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = tool("awscli", "aws")
    env = {
        **emulator.CREDENTIALS,
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_DEFAULT_REGION": emulator.REGION,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
    }
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the command names: the template, written out as people write it, and the parameters."""
    (tmp_path / "infra" / "parameters").mkdir(parents=True)
    body = read_body(ROOT / "infra" / "observability.json", local=True)
    template = json.dumps(json.loads(body.text), indent=4)
    assert len(template) > LIMIT_BYTES
    (tmp_path / "infra" / "observability.json").write_text(template, encoding="utf-8")
    shutil.copy(ROOT / "infra" / "parameters" / "prod.json", tmp_path / "infra" / "parameters")
    return tmp_path


def change_sets(aws: BareAws, stack: str) -> list[dict[str, Any]]:
    client = aws.client("cloudformation")
    summaries = client.list_change_sets(StackName=stack)["Summaries"]
    return [
        client.describe_change_set(StackName=stack, ChangeSetName=each["ChangeSetName"]) for each in summaries
    ]


def test_the_command_for_what_watches_a_stage_gives_the_parameters_of_its_file(
    aws: BareAws, folder: Path
) -> None:
    assert (ROOT / "infra" / "observability.json").stat().st_size > LIMIT_BYTES
    command = f"aws {WATCHING.strip()}".replace("CODE-BUCKET", "code-bucket")
    done = typed(aws, f"{command} --no-execute-changeset", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = change_sets(aws, "froe-prod-observability")
    given = {each["ParameterKey"]: each.get("ParameterValue") for each in made["Parameters"]}
    declared = json.loads((ROOT / "infra" / "observability.json").read_text(encoding="utf-8"))["Parameters"]
    expected = {name: str(value) for name, value in GIVEN.items() if name in declared}
    assert {name: given[name] for name in expected} == expected
    assert len(expected) >= 4


def test_without_a_bucket_the_command_line_refuses_a_template_of_that_size(
    aws: BareAws, folder: Path
) -> None:
    command = f"aws {WATCHING.strip()}".replace("--s3-bucket CODE-BUCKET", "")
    done = typed(aws, f"{command} --no-execute-changeset", folder)
    assert done.returncode != 0
    assert "--s3-bucket" in done.stderr + done.stdout
