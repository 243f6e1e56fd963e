"""`froe traces`: the waterfall locally, the console's address on AWS, a sentence where there is neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner, Result

from froe import cli
from froe.commands import traces as traces_command
from froe.target import Target
from tests.unit.test_cli_inquiry import FILE_ID, FakeStatus, file_json

SOME = {"entries": 2, "lines": 2, "bytes": 60}
ENDPOINT = "http://127.0.0.1:4566"


def froe(
    monkeypatch: pytest.MonkeyPatch,
    *arguments: str,
    target: Target,
    trace: str | None = "1-a-b",
    url: str | None = None,
    **options: Any,
) -> Result:
    status = FakeStatus([file_json(trace=trace, trace_url=url, **options)])
    monkeypatch.setattr(traces_command, "find_target", lambda stage=None: target)
    monkeypatch.setattr(traces_command, "status_of", lambda target: status)
    return CliRunner().invoke(cli.main, ["traces", *arguments])


def local(path: Path | None) -> Target:
    settings = {"FROE_TRACES": str(path)} if path else {}
    return Target(settings, "us-east-1", ENDPOINT)


def documents(path: Path, *names: str) -> None:
    def document(number: int, name: str) -> dict[str, Any]:
        about = {
            "file_id": FILE_ID,
            "batch_id": f"{FILE_ID}-000000-000000",
            "function": "froe-local-splitter",
        }
        times = {"start_time": 1000.0 + number, "end_time": 1000.5 + number}
        return {"id": str(number), "name": name, "trace_id": "1-a-b", "annotations": about, **times}

    path.write_text("".join(json.dumps(document(*each)) + "\n" for each in enumerate(names)))


@pytest.mark.parametrize("name", [FILE_ID, "web/access.log"])
def test_a_local_file_is_drawn_by_id_or_key_without_escape_sequences(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    documents(tmp_path / "traces.jsonl", "read", "send")
    result = froe(monkeypatch, name, target=local(tmp_path / "traces.jsonl"))
    assert result.exit_code == 0
    first, *_, read, send, _, left = result.stdout.splitlines()
    assert first == f"web/access.log  {FILE_ID}"
    assert " 500.0 ▏█" in read
    assert " 500.0 ▏ " in send
    assert "no trace of a worker" in left
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    ("fields", "silent"),
    [
        ({"state": "PROCESSING"}, "in the queue still, or under way."),
        ({"state": "INCOMPLETE", "dead": SOME}, f"dead letters (froe dead-letters --file {FILE_ID})."),
        ({"state": "COMPLETE", "discarded": SOME}, "discarded."),
        ({"state": "COMPLETE"}, "newer traces have taken its place."),
    ],
)
def test_a_batch_that_no_worker_left_a_trace_of_is_where_the_ledger_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fields: dict[str, Any], silent: str
) -> None:
    documents(tmp_path / "traces.jsonl", "read", "send")
    result = froe(monkeypatch, FILE_ID, target=local(tmp_path / "traces.jsonl"), **fields)
    assert result.stdout.splitlines()[-1] == f"Of 1 batch there is no trace of a worker: {silent}"


def test_programs_get_one_object(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    documents(tmp_path / "traces.jsonl", "read", "send")
    result = froe(monkeypatch, FILE_ID, "--json", target=local(tmp_path / "traces.jsonl"))
    printed = json.loads(result.stdout)
    assert (printed["key"], printed["file_id"], printed["trace"]) == ("web/access.log", FILE_ID, "1-a-b")
    assert [stage["name"] for stage in printed["invocations"][0]["stages"]] == ["read", "send"]


def test_an_unknown_file_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = froe(monkeypatch, "nothing.log", target=local(tmp_path / "traces.jsonl"))
    assert result.exit_code == 1
    assert "No file has the id or key 'nothing.log'" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("traces.jsonl", f"No trace of {FILE_ID} is recorded"),
        (None, f"Nothing collects traces at {ENDPOINT}"),
    ],
)
def test_a_file_without_traces_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str | None, message: str
) -> None:
    result = froe(monkeypatch, FILE_ID, target=local(tmp_path / name if name else None))
    assert result.exit_code == 1
    assert message in result.stderr


def test_on_aws_the_console_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://console.aws.amazon.com/xray/home?region=eu-west-1#/traces/1-a-b"
    deployed = Target({}, "eu-west-1")
    assert froe(monkeypatch, FILE_ID, target=deployed, url=url).stdout.splitlines()[-1] == url
    printed = json.loads(froe(monkeypatch, FILE_ID, "--json", target=deployed, url=url).stdout)
    assert printed == {"key": "web/access.log", "file_id": FILE_ID, "trace": "1-a-b", "trace_url": url}


def test_on_aws_a_file_that_was_not_sampled_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    result = froe(monkeypatch, FILE_ID, target=Target({}, "eu-west-1"), trace=None)
    assert result.exit_code == 1
    assert "not sampled" in result.stderr
