"""A file under a configuration of its own: what is filtered is counted, what is redacted is nowhere in the tables."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from tests.integration.support import ledger_of, records_of, upload_and_settle

CONFIG = r"""
[[format]]
name = "till"
grok = '%{TIMESTAMP_ISO8601:time}\|%{WORD:till}\|%{NUMBER:amount:float}\|%{GREEDYDATA:message}'
time = "time"
samples = ["2026-03-14T09:26:53Z|till7|12.50|two coffees"]

[[bind]]
prefix = "custom/tills/"
format = "till"

[[filter]]
name = "free"
exclude = { field = "amount", equals = 0.0 }

[[redact]]
name = "people"
kinds = ["email", "card", "ip"]
hash = true
"""


@pytest.fixture
def configured(stack: LocalStack, tmp_path: Path) -> Iterator[LocalStack]:
    """The shared stack under the configuration; afterwards as it was."""
    file = tmp_path / "froe.toml"
    file.write_text(CONFIG)
    stack.redeploy({"FROE_CONFIG": str(file), "REDACTION_KEY": "a key for tests only"})
    yield stack
    stack.redeploy({"FROE_CONFIG": "", "REDACTION_KEY": ""})


def test_what_is_filtered_or_hidden_is_stored_or_lost(configured: LocalStack) -> None:
    lines = [
        f"2026-03-14T09:26:{number % 60:02d}Z|till{number % 9}|{number % 4}.0|paid by ada{number}@example.org from 198.51.100.{number % 250}"
        for number in range(6000)
    ]
    lines[17] = "broken: 4111 1111 1111 1111 of bob@example.org"
    data = ("\n".join(lines) + "\n").encode()
    file = upload_and_settle(configured, "custom/tills/a.log", data)
    assert (file["state"], file["format"], file["format_score"]) == ("COMPLETE", "till", 1)
    assert file["text_bytes"] == len(data)
    assert file["parsed"]["entries"] == 4499
    assert file["rejected"]["entries"] == 1
    dropped = [line for line in lines if "|0.0|" in line]
    assert file["skipped"] == {
        "filtered:free": {"lines": 1500, "bytes": sum(len(line) + 1 for line in dropped)}
    }
    stored = records_of(configured, file["file_id"])
    assert len(stored) == 4500
    everything = json.dumps([stored, ledger_of(configured, file["file_id"])], default=_shown)
    for secret in ("@example.org", "198.51.100.", "4111 1111", "a key for tests only"):
        assert secret not in everything
    assert everything.count("[email:") == 4500
    assert {item["format"] for item in stored} == {"till"}
    assert stored[0]["attributes"] == {"till": "till1", "amount": 1}


def _shown(value: object) -> str:
    binary = getattr(value, "value", None)
    return binary.decode() if isinstance(binary, bytes) else str(value)
