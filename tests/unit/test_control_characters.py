"""No command lets a log, a key or an error drive the terminal: what would be obeyed is shown instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import Result

from tests.unit.test_cli import ACCESS_LINE
from tests.unit.test_cli import froe as froe_here
from tests.unit.test_cli_inquiry import FakeStatus, entry_json, file_json, froe

NASTY = "\x07\x1b[2J\x1b]0;t\x07\x7f\x85\x9b31m\x9d\u061c\u200e\u200f\u2028\u202a\u202e\u2066\u2069\ufeff"
OBEYED = set(NASTY) - set("[2J]0;t31m")


def shown_by(result: Result) -> str:
    text = result.stdout + result.stderr
    assert not OBEYED & set(text), sorted(OBEYED & set(text))
    return text


def nasty_file(tmp_path: Path) -> Path:
    path = tmp_path / f"a{NASTY}.log"
    odd = f'192.0.2.7 - - [14/Sep/2026:06:00:00 +0200] "GET /{NASTY} HTTP/1.1" 200 12\nodd {NASTY}\n'
    path.write_bytes(ACCESS_LINE * 20 + odd.encode())
    return path


@pytest.mark.parametrize(
    "options", [[], ["--json"], ["--explain"], ["--explain", "--json"], ["--format", "text"]]
)
def test_a_file_that_is_parsed_cannot_drive_the_terminal(tmp_path: Path, options: list[str]) -> None:
    result = froe_here("parse", str(nasty_file(tmp_path)), *options)
    assert shown_by(result)
    if "--explain" not in options:
        assert NASTY in json.loads(result.stdout.splitlines()[0])["file"]


def test_a_proposal_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    lines = (f"item {number} of \x7f\x9b\u202e done in {number * 7} ms\n" for number in range(40))
    path.write_text("".join(lines), encoding="utf-8")
    shown_by(froe_here("infer", str(path), "--anyway"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["parse", f"/none{NASTY}"],
        [f"pa{NASTY}rse"],
        [f"--{NASTY}"],
        ["parse", f"--{NASTY}"],
        ["parse", "--format", NASTY, __file__],
        ["parse", "--charset", NASTY, __file__],
        ["infer", f"/none{NASTY}"],
        ["upload", f"/none{NASTY}"],
    ],
)
def test_an_error_cannot_drive_the_terminal(arguments: list[str]) -> None:
    result = froe_here(*arguments)
    assert result.exit_code == 2
    assert "Error" in shown_by(result)


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("command", ["status", "records", "rejects"])
def test_what_is_stored_cannot_drive_the_terminal(
    monkeypatch: pytest.MonkeyPatch, command: str, options: list[str]
) -> None:
    file = file_json(key=NASTY, state="FAILED", reason=NASTY, format=NASTY, version_id=NASTY)
    entries = [
        entry_json(0, kind="record", body=NASTY, severity_text=NASTY, attributes={f"k{NASTY}": NASTY}),
        entry_json(10, kind="reject", raw="GyBb", reason="no-match"),
    ]
    shown_by(froe(monkeypatch, FakeStatus([file], entries), command, NASTY, *options))
    shown_by(froe(monkeypatch, FakeStatus([file], entries), command, f"other{NASTY}", *options))
    if command == "status":
        shown_by(froe(monkeypatch, FakeStatus([file]), command, *options))


def test_an_upload_cannot_drive_the_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tests.unit.test_cli_inquiry import TestUpload

    result, _ = TestUpload().upload(monkeypatch, tmp_path / f"a{NASTY}.log", "FAILED", "--wait")
    shown_by(result)
