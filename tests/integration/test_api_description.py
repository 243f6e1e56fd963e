"""The API answers as its own description says, whatever it is asked: schemathesis asks the running stack."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from tests.integration.support import call_api, upload_and_settle
from tests.tools import tool

if TYPE_CHECKING:
    from froe.local import LocalStack

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
TEXT = (
    b"".join(b'{"time":"2026-09-14T06:00:00Z","level":"info","msg":"%d"}\n' % n for n in range(20))
    + b'{"torn":\n'
)


# Methods that no route has are the gateway's to refuse, and the local server's.
CONFIGURATION = """
[phases.coverage]
unexpected-methods = []
"""


def with_examples(description: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    """The description, which names a file that there is wherever a file is asked for."""
    body = description["paths"]["/files"]["post"]["requestBody"]["content"]["application/json"]
    body["example"] = {"bucket": file["bucket"], "key": file["key"]}
    for methods in description["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "file_id":
                    parameter["example"] = file["file_id"]
    return description


def test_every_answer_is_one_that_the_description_has(stack: LocalStack, tmp_path: Path) -> None:
    file = upload_and_settle(stack, "described/one.jsonl", TEXT)
    assert (file["parsed"]["entries"], file["rejected"]["entries"]) == (20, 1)
    described = call_api(stack, "/openapi.json")
    assert described.status == 200
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(with_examples(described.body, file)))
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)

    command = [
        str(tool("schemathesis", "st")),
        *(
            "run",
            str(document),
            "--url",
            stack.info.api,
            "--header",
            f"Authorization: Bearer {stack.info.token}",
        ),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"),
        *(
            "--max-examples",
            "4",
            "--workers",  # of several, Python 3.11 counts how deep they parse together, and fails now and then
            "1",
            "--seed",
            "7",
            "--generation-database",
            "none",
            "--continue-on-failure",
        ),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested
    assert int(tested[1]) == sum(map(len, described.body["paths"].values())), "an operation was not tried"
