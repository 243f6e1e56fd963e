"""cfn-lint and checkov find nothing in the templates; an exception stands in the template, with its reason."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.templates import read, walk
from tests.tools import tool

EVERYTHING = {
    "Ingest": "topic",
    "InputExpiryDays": 400,
    "AccessLogsBucket": "company-access-logs",
    "ReplicaBucketArn": "arn:aws:s3:::company-replica",
    "ReplicaKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "DataEventsTrail": "true",
    "Sink": "parquet",
    "RecordsWarmWriteUnits": "8000",
    "RecordsMaxWriteUnits": 20000,
    "NoticesEmail": "operator@example.com",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "everything": EVERYTHING,
    "eventbridge": {"Ingest": "eventbridge"},
    "brought": {"Ingest": "queue", "ExistingInputBucket": "company-logs"},
}
TEMPLATES = ("data", "observability", "backfill", "processes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each template with its defaults, and with those of the variants: scanners judge what conditions leave."""
    made = tmp_path_factory.mktemp("templates")
    for name in TEMPLATES:
        texts = {}
        for variant, values in VARIANTS.items():
            template = read(name)
            for parameter, value in values.items():
                if parameter in template["Parameters"]:
                    template["Parameters"][parameter]["Default"] = value
            texts.setdefault(json.dumps(template, indent=2), variant)
        for text, variant in texts.items():
            (made / f"{name}-{variant}.json").write_text(text, encoding="utf-8")
    return made


def test_cfn_lint_finds_nothing(folder: Path) -> None:
    """It tries every combination of the conditions by itself, whatever the defaults are."""
    done = subprocess.run(
        [str(tool("cfn-lint")), "--", *map(str, sorted(folder.glob("*-default.json")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_cfn_lint_finds_nothing_in_the_definition_of_the_backfill(tmp_path: Path) -> None:
    """cfn-lint knows the definition's language, but neither other partitions nor a computed MaxConcurrency."""
    template = read("backfill")
    machine = template["Resources"]["Backfill"]
    del machine["Metadata"]
    text = json.dumps(template).replace("arn:${Partition}:", "arn:aws:").replace('"{% $parts %}"', "10")
    path = tmp_path / "backfill.json"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([str(tool("cfn-lint")), str(path)], capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if line.startswith("E")] == [], done.stdout


def test_checkov_finds_nothing(folder: Path) -> None:
    command = [str(tool("checkov")), "-d", str(folder), "--framework", "cloudformation"]
    done = subprocess.run(
        [*command, "--skip-download", "--output", "json"], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    results = report["results"]
    failed = {f"{check['check_id']} {check['resource']}" for check in results["failed_checks"]}
    assert not failed
    assert not results["parsing_errors"]
    seen = {check["resource"].split(".", 1)[1] for check in results["passed_checks"]}
    assert {
        "Key",
        "InputBucket",
        "TrailBucket",
        "Trail",
        "UploadsTopic",
        "SplitQueue",
        "WorkerLogs",
        "BackfillRole",
        "SinkWorkGroup",
    } <= seen


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_exception_has_its_reason_beside_it(name: str) -> None:
    metadata = [
        node["Metadata"] for node in walk(read(name)) if isinstance(node, dict) and "Metadata" in node
    ]
    for entry in metadata:
        for skipped in entry.get("checkov", {}).get("skip", ()):
            assert skipped["id"]
            assert skipped["comment"]
        for ignored in entry.get("cfn-lint", {}).get("config", {}).get("ignore_checks", ()):
            assert entry["reason"].startswith(f"{ignored}: ")
