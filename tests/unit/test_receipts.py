"""Receipts: of settled files alone, the same each time, and another once anything of the file is another."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib.receipts import UnsettledError, differences, receipt_json
from froe.cli import main
from froe.commands import status as status_command
from froe.commands import verify as verify_command
from froe.verifying import file as verifying
from tests.unit.test_status import LINES, ingested

TEXT = "\n".join(LINES).encode() + b"\n{torn\n"


def test_a_receipt_says_what_was_read_and_what_came_of_it_and_stays_as_it_is() -> None:
    _, status, file_id = ingested(TEXT)
    receipt, file = status.receipt(file_id), status.file(file_id)
    shared = receipt.keys() & file.keys()
    assert {name: file[name] for name in shared} == {name: receipt[name] for name in shared}
    assert len(shared) == len(receipt) - 3
    assert (receipt["receipt"], receipt["state"], receipt["rejected"]["entries"]) == (1, "COMPLETE", 1)
    assert receipt["splits"] > 3
    assert json.loads(json.dumps(status.receipt(file_id))) == receipt
    _, other, _ = ingested(TEXT.replace(b"event 7", b"event 8"))
    assert [name for name, _, _ in differences(receipt, other.receipt(file_id))] == ["seals_sha256"]


def test_what_differs_is_named_by_itself_and_not_by_what_holds_it() -> None:
    kept = {"parsed": {"lines": 3, "bytes": 30}, "skipped": {"blank": {"lines": 1}}, "member": None}
    now = {
        "parsed": {"lines": 4, "bytes": 30},
        "skipped": {"blank": {"lines": 2}, "bom": 3},
        "member": {"a": 1},
    }
    assert list(differences(kept, now)) == [
        ("parsed.lines", 3, 4),
        ("skipped.blank.lines", 1, 2),
        ("skipped.bom", None, 3),
        ("member", None, {"a": 1}),
    ]


def test_what_is_under_way_has_no_receipt() -> None:
    _, status, file_id = ingested(TEXT, deliver=False)
    with pytest.raises(UnsettledError, match="is SPLITTING: a receipt is of a settled file"):
        status.receipt(file_id)


def test_digests_that_lie_apart_from_a_seal_count_as_those_in_it() -> None:
    pipeline, status, file_id = ingested(TEXT)
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    apart = []
    for split in pipeline.ledger.read_splits(file_id):
        assert split.seal
        assert split.seal.digests
        place = sha256(split.seal.digests.encode()).hexdigest()[:16]
        apart.append(replace(split, seal=replace(split.seal, digests="", digests_in=place)))
    assert receipt_json(stored, stored.account, apart) == status.receipt(file_id)
    assert receipt_json(stored, stored.account, apart[1:]) != status.receipt(file_id)


def test_a_receipt_is_printed_kept_and_held_against_what_is_stored_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, status, file_id = ingested(TEXT)
    target = SimpleNamespace(settings_env={})
    for command in (status_command, verify_command):
        monkeypatch.setattr(command, "find_target", lambda _: target)
    monkeypatch.setattr(status_command, "status_of", lambda _: status)
    services: Any = SimpleNamespace(ledger=pipeline.ledger)
    monkeypatch.setattr(verify_command, "services_of", lambda _: services)

    # What the object says is for the tests of verifying.
    monkeypatch.setattr(verifying, "_FileComparison", lambda *_: SimpleNamespace(run=lambda: None))
    printed = CliRunner().invoke(main, ["status", file_id, "--receipt"])
    assert printed.exit_code == 0, printed.output
    kept = tmp_path / "a.json"
    kept.write_text(printed.stdout, encoding="utf-8")
    verified = json.loads(CliRunner().invoke(main, ["verify", "--receipt", str(kept), "--json"]).stdout)
    assert (verified["file_id"], verified["result"], verified["differences"]) == (file_id, "proved", [])
    kept.write_text(
        json.dumps(json.loads(printed.stdout) | {"etag": "other", "revision": 1}), encoding="utf-8"
    )
    done = CliRunner().invoke(main, ["verify", "--receipt", str(kept)])
    assert done.exit_code == 1
    assert "receipt: etag is not what the receipt says" in done.stdout
    assert "receipt: revision is not what the receipt says" in done.stdout
    for text in ("[]", "{", '{"receipt": 9, "file_id": "x"}'):
        kept.write_text(text, encoding="utf-8")
        done = CliRunner().invoke(main, ["verify", "--receipt", str(kept)])
        assert done.exit_code == 1
        assert "receipt" in done.stderr
    assert CliRunner().invoke(main, ["status", "--receipt"]).exit_code == 2
