"""What people and programs see: safe text, tables that fit, one line per JSON object, helpful errors."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

import click
from botocore.exceptions import ClientError, EndpointConnectionError
from click.testing import CliRunner

from chalicelib.core.errors import TransientError
from chalicelib.settings import SettingsError
from froe import cli, terminal
from froe.commands import up as up_command
from froe.commands.demo import Patience, demo, find_samples
from froe.counting import UncountableError
from froe.errors import FroeError
from froe.failures import explain
from froe.jsonl import json_line
from froe.local import StackInfo
from froe.local.project import patient
from froe.local.stack import VISIBILITY_SECONDS
from froe.terminal import Column, harmless, print_table, printable, progress_bar, shortened, sized

TABLE = (
    Column("name", shrinks=True),
    Column("format", optional=True),
    Column("lines", number=True),
    Column("s", number=True, optional=True),
)
ROWS = [("a" * 20, "b" * 10, "1,234", "7")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("grüße 棚 ☎", "grüße 棚 ☎"),
        ("a\tb\nc", "a b⏎ c"),
        ("\x1b[2J\x00\x7f\x9b", r"\x1b[2J\x00\x7f\x9b"),
        ("left\u202eright\u2028", r"left\u202eright\u2028"),
        ("\u061c\u200e\u2066\x9b31m\x9d", r"\u061c\u200e\u2066\x9b31m\x9d"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (1_500_000, "1.5 MB"),
        (2e13, "20.0 TB"),
    ],
)
def test_sizes_are_for_people(size: float, expected: str) -> None:
    assert sized(int(size)) == expected


@pytest.mark.parametrize(
    ("width", "header", "row"),
    [
        (44, ["name", "format", "lines", "s"], ["a" * 20, "b" * 10, "1,234", "7"]),
        (38, ["name", "format", "lines"], ["a" * 20, "b" * 10, "1,234"]),
        (30, ["name", "lines"], ["a" * 20, "1,234"]),
        (20, ["name", "lines"], ["a" * 13 + "…", "1,234"]),
    ],
)
def test_a_table_gives_up_the_optional_before_it_shortens_anything(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    width: int,
    header: list[str],
    row: list[str],
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")

    print_table(TABLE, ROWS)

    lines = [line.split() for line in click.unstyle(capsys.readouterr().out).splitlines()]
    assert lines[0] == header
    assert lines[2] == row


def test_a_key_is_cut_in_its_middle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    keys = [f"logs/production/eu-central-1/2026/03/01/{name}" for name in ("orders.log", "棚/users.log", "x")]
    print_table((Column("key", shrinks=True, is_key=True), Column("lines")), [(key, "1") for key in keys])

    lines = click.unstyle(capsys.readouterr().out).splitlines()
    beginnings, ends = zip(*(line.split()[0].split("…") for line in lines[2:]), strict=True)
    assert set(beginnings) == {"logs/pr"}
    assert all(key.endswith(end) and len(end) > 12 for key, end in zip(keys, ends, strict=True))
    assert all(len(line) <= 30 for line in lines)


def test_a_very_wide_column_is_shortened_before_an_optional_one_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    columns = (*TABLE, Column("reason", shrinks=True, optional=True))

    print_table(columns, [("a" * 200, "json", "1", "7", "because " * 9)])

    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert lines[0].split() == ["name", "format", "lines", "s", "reason"]
    assert max(map(len, lines)) <= 80


def test_a_table_into_a_file_is_never_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    print_table((Column("id", is_id=True), *TABLE), [("i" * 26, "k" * 900, "json", "1", "77")])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["id", "name", "format", "lines", "s"]
    assert lines[2].split() == ["i" * 26, "k" * 900, "json", "1", "77"]


def test_a_table_into_a_file_has_no_blanks_behind_its_lines_and_no_rule_beyond_its_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table((Column("id"), Column("a\nreason")), [("1", "because " * 40), ("22", ""), ("3", "─")])

    assert capsys.readouterr().out == (
        "    a\nid  reason\n──────────\n1   " + ("because " * 40).strip() + "\n22\n3   ─\n"
    )


@pytest.mark.parametrize(
    ("width", "ids"),
    [
        (60, ["a" * 26, "a" * 10 + "b" * 16, "c" * 26]),
        (40, ["a" * 11, "a" * 10 + "b", "c" * 11]),
    ],
)
def test_ids_are_shortened_to_what_tells_them_apart_and_can_be_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, ids: list[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    whole = ["a" * 26, "a" * 10 + "b" * 16, "c" * 26]
    print_table(
        (Column("id", is_id=True), Column("key", shrinks=True)), [(each, "web/access.log") for each in whole]
    )
    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ids
    assert [line.split()[1] for line in lines[2:]] == ["web/access.log"] * 3


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("Uploading", 10, unit="bytes") as bar:
        bar.advance(5)
        bar.reach(10, "done")

    assert capsys.readouterr() == ("", "")


CONTROLS = [
    *map(chr, (*range(0x20), *range(0x7F, 0xA0))),
    *("\u061c", "\u200e", "\u200f", *map(chr, range(0x2028, 0x202F)), *map(chr, range(0x2066, 0x206A))),
]


def test_json_holds_no_control_character_as_it_is() -> None:
    document = {f"key{each}": f"é棚😀{each}½" for each in CONTROLS}
    line = json_line(document).decode()
    assert not set(line[:-1]) & set(CONTROLS)
    assert json.loads(line) == document


def test_a_sentence_keeps_its_lines_and_nothing_else_that_a_terminal_obeys() -> None:
    assert harmless("a\x1b[2J\nb\u202e\x9b") == "a\\u001b[2J\nb\\u202e\\u009b"


def test_long_work_says_a_line_now_and_then_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "LINES_SECONDS", 0.1)
    with progress_bar("Processing", 5000, unit="lines") as bar:
        bar.reach(1234, "1 of 2 files settled")
        time.sleep(0.7)
        bar.say("Waiting for \x1b[2J")
    output = capsys.readouterr().err
    assert re.search(
        r"^\[\d s\] Processing: 1,234 of 5,000 lines, 1 of 2 files settled$", output, re.MULTILINE
    )
    assert output.endswith("Waiting for \\x1b[2J\n")


def test_lines_come_ever_more_seldom_and_bytes_have_units() -> None:
    now = 0.0
    lines = terminal.Lines(10, clock=lambda: now)
    bar = terminal.ProgressLines(lines, "Uploading", 2_000_000, "bytes")
    bar.advance(1_500_000)
    printed = []
    for second in range(1200):
        now = second
        printed += filter(None, [lines.due()])
    assert printed[0] == "[10 s] Uploading: 1.5 MB of 2.0 MB"
    assert 20 < len(printed) < 40


def test_patience_says_what_is_waited_for_and_until_when() -> None:
    now = 0.0
    patience = Patience(900, clock=lambda: now, now=lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    assert patience.sentence(["a.log"], 5) is None
    now = 14.0
    assert patience.sentence(["a.log"], 5) is None
    now = 15.0
    sentence = patience.sentence(["a.log", "b.log", "c.log", "d.log"], 5)
    assert sentence
    assert sentence.startswith("Waiting for 4 files (a.log, b.log, c.log …) until 12:15:00:")
    assert patience.sentence(["a.log"], 5) is None, "once a minute"
    now = 75.0
    assert patience.sentence(["a.log"], 5)
    now = 200.0
    assert patience.sentence(["a.log"], 6) is None, "something moved"
    assert patience.sentence([], 6) is None


def test_the_demo_waits_longer_than_a_lost_message_is_hidden() -> None:
    (timeout,) = (option for option in demo.params if option.name == "timeout")
    slowest = max(VISIBILITY_SECONDS.values()) + 300
    assert isinstance(timeout.default, int)
    assert timeout.default > slowest
    functions = {"worker": {"lambda_timeout": 60}, "splitter": {"lambda_timeout": 300}, "other": {}}
    config = patient({"lambda_functions": functions, "stages": {"local": {}, "dev": {}}})
    own = config["stages"]["local"]["lambda_functions"]
    assert own["worker"]["lambda_timeout"] < VISIBILITY_SECONDS["BatchVisibilitySeconds"]
    assert own["splitter"]["lambda_timeout"] < VISIBILITY_SECONDS["SplitVisibilitySeconds"]
    assert config["stages"]["dev"] == {}


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029", "\n", "\x0b", "\x1e"])
def test_an_object_is_one_line_to_every_reader(character: str) -> None:
    document = {"body": f"a{character}b"}

    line = json_line(document)

    assert line.decode().splitlines() == [line.decode()[:-1]]
    assert json.loads(line) == document


def test_integers_of_any_size_are_json() -> None:
    assert json.loads(json_line({"number": 2**200})) == {"number": 2**200}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Said no."}}, "PutObject")


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (refused("AccessDenied"), ["PutObject", "AccessDenied", "Said no", "permission"]),
        (refused("Odd"), ["PutObject", "Odd", "Said no."]),
        (EndpointConnectionError(endpoint_url="http://x"), ["Nothing answers at http://x", "`froe up`"]),
        (SettingsError("missing INPUT_BUCKET: `froe up` provides it"), ["missing INPUT_BUCKET"]),
        (TransientError("reading ledger: throttled"), ["reading ledger: throttled."]),
        (ModuleNotFoundError("no", name="rich"), ["`rich` is missing", "make setup"]),
        (PermissionError(13, "Permission denied", "a.log"), ["a.log: permission denied."]),
        (ZeroDivisionError("division by zero"), ["ZeroDivisionError", "fault in Froe", "FROE_TRACEBACK=1"]),
    ],
)
def test_an_error_is_a_sentence_with_a_remedy(error: Exception, parts: list[str]) -> None:
    sentence = explain(error)

    assert "\n" not in sentence
    for part in parts:
        assert part in sentence


def test_our_own_error_about_aws_has_the_remedy_for_what_aws_said() -> None:
    error = TransientError("reading ledger: An error occurred")
    error.__cause__ = refused("ExpiredToken")

    assert "sign in to AWS again" in explain(error)


def test_the_samples_are_the_files_that_are_neither_script_nor_readme_nor_hidden(tmp_path: Path) -> None:
    for name in ("make.py", "README.md", ".gitattributes", "b.log", "a.gz"):
        (tmp_path / name).write_text("x")
    (tmp_path / "__pycache__").mkdir()

    assert [path.name for path in find_samples(tmp_path)] == ["a.gz", "b.log"]


def test_a_damaged_sample_stops_the_demo_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b\x08")
    monkeypatch.setattr("froe.commands.demo.SAMPLE_LOGS", tmp_path)

    result = CliRunner().invoke(cli.main, ["demo"])

    assert result.exit_code == 1
    assert "a.gz is damaged" in result.stderr
    assert "make.py" in result.stderr
    assert UncountableError.__name__ not in result.stderr


class FakeStack:
    """A stack whose watcher is interrupted, or that has a problem."""

    info = StackInfo(**{field.name: f"the {field.name}" for field in fields(StackInfo)})
    env = {  # noqa: RUF012
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    env_file = Path("/some where/env")

    def __init__(self, problem: str | None) -> None:
        self._problem = problem

    def problem(self) -> str | None:
        if self._problem is None:
            raise KeyboardInterrupt
        return self._problem


class TestUp:
    def up(self, monkeypatch: pytest.MonkeyPatch, problem: str | None, *options: str) -> Any:
        @contextmanager
        def running_stack(port: int | None, *, bare: bool) -> Iterator[FakeStack]:
            yield FakeStack(problem)

        monkeypatch.setattr(up_command, "running_stack", running_stack)
        return CliRunner().invoke(cli.main, ["up", *options])

    def test_programs_get_one_line_with_the_fields_of_the_contract(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = self.up(monkeypatch, None, "--json")

        assert result.exit_code == 0
        assert result.stdout.count("\n") == 1
        assert list(json.loads(result.stdout)) == [
            *("endpoint", "region", "input_bucket", "records_table", "ledger_table"),
            *("split_queue", "batch_queue", "dead_letter_queue", "quarantine_bucket", "api", "token"),
        ]

    def test_a_bare_local_aws_prints_what_to_export(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.up(monkeypatch, None, "--bare")

        assert result.exit_code == 0
        for name, value in FakeStack(None).env.items():
            assert f"export {name}={value}" in result.stdout
        assert "deploy --stage local" in result.stdout
        assert json.loads(self.up(monkeypatch, None, "--bare", "--json").stdout) == FakeStack(None).env

    def test_people_get_commands_to_copy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        output = self.up(monkeypatch, None).stdout

        assert "upload FILE --wait" in output
        assert "--endpoint-url the endpoint --region the region s3 cp FILE s3://the input_bucket/" in output
        assert 'curl -H "Authorization: Bearer the token" the api/files' in output
        assert "set -a; . '/some where/env'; set +a" in output

    def test_a_part_that_ended_by_itself_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.up(monkeypatch, "ministack ended with code 1; see ministack.log.")

        assert result.exit_code == 1
        assert "ministack ended" in result.stderr

    def test_a_stack_that_does_not_start_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        @contextmanager
        def running_stack(port: int | None, *, bare: bool) -> Iterator[FakeStack]:
            raise FroeError(f"Port {port} is in use.")
            yield

        monkeypatch.setattr(up_command, "running_stack", running_stack)

        result = CliRunner().invoke(cli.main, ["up", "--port", "4566"])

        assert (result.exit_code, result.stderr) == (1, "Error: Port 4566 is in use.\n")


def test_a_line_is_shortened_to_the_width_and_keeps_its_colours() -> None:
    line = f"{click.style('a' * 30, dim=True)}  {click.style('b' * 30, fg='red')}"
    cut = shortened(line, 40)
    assert click.unstyle(cut) == "a" * 30 + "  " + "b" * 7 + "…"
    assert "\x1b[31m" in cut
    assert shortened(line, 80) == line
    assert shortened(line, None) == line
