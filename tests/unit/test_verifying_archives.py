"""`froe verify` of an archive is of its members too, at any depth."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner

from chalicelib.status import Status
from froe.commands import verify as command
from froe.verifying import Verdict
from tests.unit.test_reprocessing_archives import NESTED, file_in, fixed

KEYS = ["tills/0.log", "tills/0.log/a.log", "tills/0.log/in.tgz", "tills/0.log/in.tgz/b.log"]


def test_an_archive_that_is_named_is_verified_with_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = fixed(NESTED)
    status = Status(pipeline.ledger, pipeline.table)  # type: ignore[arg-type]
    services = SimpleNamespace(ledger=pipeline.ledger, status=status)
    monkeypatch.setattr(command, "find_target", lambda _stage: None)
    monkeypatch.setattr(command, "services_of", lambda _target: services)
    monkeypatch.setattr(command, "_sink_of", lambda _target: None)

    def verdict(_services: Any, _sink: Any, file: Any, *_: Any) -> Verdict:
        verdict = Verdict(file.file_id, file.key, "COMPLETE")
        if file.key.endswith("b.log"):
            verdict.add("table", "an entry is missing")
        return verdict

    monkeypatch.setattr(command, "_verdict", verdict)
    archive = file_in(pipeline, "tills/0.log").file_id
    result = CliRunner().invoke(command.verify, [archive, "--json"])
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["key"] for each in printed] == [*KEYS, "tills/0.log/empty.log"], result.output
    assert [each["key"] for each in printed if each["result"] == "differs"] == [KEYS[-1]]
    assert result.exit_code == 1
