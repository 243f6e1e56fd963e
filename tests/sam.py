"""SAM templates as CloudFormation makes them: by AWS's own translator, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.tools import tool

_TRANSLATE = """
import json, sys
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

class NoManagedPolicies(ManagedPolicyLoader):
    def __init__(self):
        super().__init__(None)

    def load(self):
        return {}

print(json.dumps(transform(json.load(open(sys.argv[1])), json.loads(sys.argv[2]), NoManagedPolicies())))
"""


def translated(template: Path, parameters: Mapping[str, str], code: str) -> dict[str, Any]:
    """The template that CloudFormation works with, its functions' code at the S3 address `code`."""
    located = template.with_name("located.json")
    located.write_text(
        template.read_text(encoding="utf-8").replace("./deployment.zip", code), encoding="utf-8"
    )
    done = subprocess.run(
        [str(tool("aws-sam-translator", "python")), "-c", _TRANSLATE, str(located), json.dumps(parameters)],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    plain: dict[str, Any] = json.loads(done.stdout)
    return plain
