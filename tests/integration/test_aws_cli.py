"""docs/checking.md: its commands, run by the AWS command line against the local AWS, show what the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from froe.resources import LOCAL_STAGE, ROOT
from tests.integration.support import set_mappings
from tests.integration.test_deploy import CONNECTION
from tests.tools import tool

PAGE = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
NAMES = ("names", "paused", "uploaded", "message", "lines", "resumed", "ledger", "records", "logs")
LINES = "".join(
    f'203.0.113.{n} - - [12/Mar/2026:10:00:07 +0100] "GET /{n} HTTP/1.1" 200 {n}\n' for n in range(9)
)


def run(stack: LocalStack, folder: Path) -> dict[str, str]:
    """What each block of the page prints, by its name; they run in one shell, in their order."""
    aws = tool("awscli", "aws")
    mark = "=== next ==="
    script = "set -euo pipefail\n" + "".join(f"{block}\necho '{mark}'\n" for block in BLOCKS)
    env = {name: stack.env[name] for name in CONNECTION} | {
        "PATH": f"{aws.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "STAGE": LOCAL_STAGE,
        "FILE": "checked.log",
        "PYTHON": sys.executable,
    }
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    finally:
        set_mappings(stack, "worker", enabled=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(zip(NAMES, done.stdout.split(f"{mark}\n"), strict=False))


def test_what_the_page_shows_with_the_aws_command_line_is_there(stack: LocalStack, tmp_path: Path) -> None:
    assert len(BLOCKS) == len(NAMES)
    (tmp_path / "checked.log").write_text(LINES, encoding="utf-8")
    results = run(stack, tmp_path)
    message = json.loads(results["message"])
    file_id, bucket = message["file_id"], stack.info.input_bucket
    assert (message["batch_id"], message["key"]) == (f"{file_id}-000000-000000", "uploads/checked.log")
    assert results["lines"] == f"{LINES}\n"
    head = stack.client("s3").head_object(Bucket=bucket, Key=message["key"])
    until_complete, _, keys = results["ledger"].partition("]\n")
    (row,) = json.loads(until_complete + "]")
    assert row.pop("opened_at")
    state, _, partition = row.pop("state").partition("#")
    assert (state, len(partition)) == ("COMPLETE", 2)
    assert row == {
        "bucket": bucket,
        "key": "uploads/checked.log",
        "size": str(len(LINES)),
        "content_type": head["ContentType"],
        "etag": head["ETag"].strip('"'),
        "last_modified": head["LastModified"].isoformat(),
    }
    assert json.loads(keys) == ["file", "leaf#000000#000000", "split#000000"]
    assert [item["offset"]["N"] for item in json.loads(results["records"])["Items"]][:2] == [
        "0",
        str(LINES.index("\n") + 1),
    ]
    assert '"batch_done"' in results["logs"]
    assert f'"{message["batch_id"]}"' in results["logs"]
