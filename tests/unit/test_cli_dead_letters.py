"""dead-letters, redrive, discard, sweep and status of what never opened, over a pipeline in memory."""

from __future__ import annotations

import getpass
import io
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner, Result

from chalicelib.core.ledger.letters import LetterState
from chalicelib.core.wire.notifications import Announced, announcement_of
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.status import Status
from froe import cli, inquiry, waiting
from froe.commands import dead_letters, redrive, status, sweep
from froe.target import Target
from tests.fakes import Pipeline, in_time
from tests.unit.test_dead_letter_office import LIMITS, add_dead, dead_letter, ids, with_dead, work

NAMED = ("--by", "ann", "--why", "a test file")


def froe(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, *arguments: str, **options: Any) -> Result:
    services = SimpleNamespace(
        dead_letter_office=pipeline.office,
        audit=pipeline.audit,
        letter_status=LetterStatus(pipeline.office, pipeline.ledger),
        status=Status(pipeline.ledger, None),
        sweeper=pipeline.sweeper,
        settings=SimpleNamespace(stall_seconds=3600),
    )
    for module in (dead_letters, redrive, status, sweep):
        monkeypatch.setattr(module, "find_target", lambda stage=None: Target({}, "us-east-1"))
    for module in (dead_letters, redrive, sweep, inquiry):
        monkeypatch.setattr(module, "services_of", lambda target: services)
    monkeypatch.setattr(inquiry, "POLL_SECONDS", 0)
    return CliRunner().invoke(cli.main, arguments, **options)


def json_lines(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.split("\n") if line]


class TestDeadLetters:
    def test_none_is_said_as_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert froe(monkeypatch, Pipeline(LIMITS), "dead-letters").stderr == "There are no dead letters.\n"
        filtered = froe(monkeypatch, with_dead(3), "dead-letters", "--reason", "nothing says this")
        assert filtered.stderr == "No dead letter matches.\n"

    def test_the_table_names_the_batch_its_reason_and_what_it_holds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines = froe(monkeypatch, with_dead(3), "dead-letters").stdout.splitlines()
        assert lines[2].split() == [
            *("2026-03-01T12:00:02Z", "dead-002", "batch", "a.log", "000000-000002", "crashed"),
            *("the", "table", "is", "gone", "(2)", "1", "28"),
        ]
        assert len(lines) == 5

    def test_filters_states_and_limits_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(5)
        (file_id,) = pipeline.table.files
        for arguments, expected in (
            ((), ids(4, 3, 2, 1, 0)),
            (("--limit", "2"), ids(4, 3)),
            (("--reason", "crashed"), ids(4, 2, 0)),
            (("--file", file_id), ids(0, 1, 2, 3, 4)),
            (("--file", "a.log"), ids(0, 1, 2, 3, 4)),
            (("--state", "DISCARDED"), []),
            (("--from", "2026-03-01T12:00:03Z"), ids(4, 3)),
        ):
            listed = json_lines(froe(monkeypatch, pipeline, "dead-letters", "--json", *arguments))
            assert [letter["dead_letter_id"] for letter in listed] == expected

    def test_an_id_may_be_shortened_as_long_as_it_is_the_only_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pipeline = with_dead(1)
        assert "dead  (froe redrive dead-000)" in froe(monkeypatch, pipeline, "dead-letters", "dead").stdout
        assert json_lines(froe(monkeypatch, pipeline, "redrive", "dead-0", "--json"))[0]["redriven"] == 1

        several = froe(monkeypatch, with_dead(5), "discard", "dead-00", *NAMED, "--yes")
        assert several.exit_code == 1
        assert "5 ids of dead letters begin with 'dead-00': dead-00" in several.stderr
        unknown = froe(monkeypatch, pipeline, "dead-letters", "nobody")
        assert "no dead letter 'nobody'; `froe dead-letters` lists" in unknown.stderr

    def test_the_table_fits_a_terminal_of_80_columns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        letter = {
            "died_at": "2026-03-01T12:00:02Z",
            "dead_letter_id": "d" * 36,
            "kind": "batch",
            "key": "k" * 90,
            "batch_id": f"{'a' * 26}-000000-000002",
            "split": 0,
            "code": "resource-missing",
            "reason": "the table is gone " * 9,
            "lines": 5000,
            "bytes": 1_000_000,
            "state": "dead",
        }
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "dumb")
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
        dead_letters._print_list([letter], limit=9, state="dead", is_filtered=False)

        lines = out.getvalue().splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[2].split()[0] == "d" * 8, "which can be given as it is"
        assert "the table is gone" in lines[2]

    def test_one_is_told_with_its_lines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, with_dead(3), "dead-letters", "dead-001")
        assert "dead  (froe redrive dead-001)" in result.stdout
        assert "resource-missing: the table is gone (1)" in result.stdout
        assert "1 entry, 1 line, bytes 28 to 56 of the text, line 2" in result.stdout
        assert '          line 2  {"msg":"line 001 of a.log"}' in result.stdout

    def test_what_nobody_understands_is_shown_without_driving_the_terminal(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pipeline = Pipeline(LIMITS)
        dead_letter(pipeline, "\x1b[2J" + "x" * 20_000, "odd")
        result = froe(monkeypatch, pipeline, "dead-letters", "odd")
        assert r"\x1b[2J" in result.stdout
        assert "10,004 more characters" in result.stderr
        assert "froe redrive" not in result.stdout
        listed = froe(monkeypatch, pipeline, "dead-letters").stdout
        assert ("unreadable" in listed, "a message that" in listed) == (True, True)
        assert "kind       a message that Froe cannot read" in result.stdout

    def test_one_whose_message_is_gone_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(1)
        pipeline.quarantine.stored.clear()
        story = froe(monkeypatch, pipeline, "dead-letters", "dead-000").stdout
        assert "state      dead\n" in story
        assert "gone from the quarantine bucket" in story

    def test_an_id_that_nobody_knows_is_an_error_with_a_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, with_dead(1), "dead-letters", "nope")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "Error: no dead letter 'nope'; `froe dead-letters` lists those there are.\n"

    def test_filters_and_ids_do_not_mix(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert froe(monkeypatch, with_dead(1), "dead-letters", "dead-000", "--reason", "x").exit_code == 2

    def test_an_empty_list_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "no dead letter" in froe(monkeypatch, Pipeline(LIMITS), "dead-letters").stderr.lower()


class TestRedrive:
    @pytest.mark.parametrize("arguments", [(), ("--from", "2026-01-01"), ("dead-000", "--all")])
    def test_without_a_clear_selection_it_is_wrong_use(
        self, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
    ) -> None:
        pipeline = with_dead(1)
        assert froe(monkeypatch, pipeline, "redrive", *arguments).exit_code == 2
        assert froe(monkeypatch, pipeline, "discard", *NAMED, "--yes", *arguments).exit_code == 2
        assert pipeline.batch_queue.messages == []

    @pytest.mark.parametrize(
        ("arguments", "count"),
        [
            (("--all",), 5),
            (("--file", "a.log"), 5),
            (("--reason", "crashed"), 3),
            (("dead-000", "dead-004"), 2),
            (("--all", "--to", "2026-03-01T12:00:02Z"), 2),
        ],
    )
    def test_what_is_selected_is_sent(
        self, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], count: int
    ) -> None:
        pipeline = with_dead(5)
        result = froe(monkeypatch, pipeline, "redrive", *arguments, "--json")
        assert json_lines(result) == [{"redriven": count, "resolved": 0, "refused": 0, "refusals": []}]
        assert result.exit_code == 0
        assert len(pipeline.batch_queue.messages) == count

    def test_waiting_ends_when_the_files_are_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(3)
        monkeypatch.setattr(waiting.time, "sleep", lambda seconds: work(pipeline))
        result = froe(monkeypatch, pipeline, "redrive", "--all", "--wait", "--json")
        (printed,) = json_lines(result)
        assert result.exit_code == 0
        assert [file["state"] for file in printed["files"]] == ["COMPLETE"]

    def test_waiting_ends_badly_when_a_message_dies_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(2)

        def fail_again(seconds: float) -> None:
            pipeline.clock.advance(1)
            if pipeline.batch_queue.messages:
                dead_letter(pipeline, pipeline.batch_queue.messages.pop().body, "again")
            work(pipeline)

        monkeypatch.setattr(waiting.time, "sleep", fail_again)
        result = froe(monkeypatch, pipeline, "redrive", "--all", "--wait")
        assert result.exit_code == 1
        assert "Redriven 2 dead letters." in result.stdout
        assert "INCOMPLETE" in result.stdout

    def test_a_refusal_is_told_and_is_a_bad_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(1)
        dead_letter(pipeline, "?", "odd")
        result = froe(monkeypatch, pipeline, "redrive", "--all")
        assert result.exit_code == 1
        assert "Redriven 1 dead letter." in result.stdout
        assert "Refused odd: Froe cannot read it" in result.stdout

    def test_nothing_to_redrive_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, Pipeline(LIMITS), "redrive", "--all")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "No dead letter matches" in result.stderr


class TestDiscard:
    def test_many_are_not_discarded_where_nobody_can_be_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(2)
        result = froe(monkeypatch, pipeline, "discard", "--all", *NAMED)
        assert result.exit_code == 2
        assert "--yes" in result.stderr
        assert froe(monkeypatch, pipeline, "discard", "--all", *NAMED, "--yes").exit_code == 0
        letter, _ = pipeline.office.envelope("dead-000")
        assert (letter.state, letter.by, letter.why) == (LetterState.DISCARDED, "ann", "a test file")

    @pytest.mark.parametrize(("answer", "left"), [("n", 2), ("y", 0)])
    def test_at_a_terminal_many_are_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
    ) -> None:
        pipeline = with_dead(2)
        monkeypatch.setattr(redrive, "_is_asked", lambda: True)
        result = froe(monkeypatch, pipeline, "discard", "--all", *NAMED, input=f"{answer}\n")
        assert "Discard 2 dead letters for good?" in result.stderr
        dead = [each for each in pipeline.letters.stored.values() if each.state is LetterState.DEAD]
        assert (result.exit_code, len(dead)) == (int(bool(left)), left)

    def test_one_that_is_named_needs_no_question(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, with_dead(2), "discard", "dead-000", *NAMED, "--json")
        assert json_lines(result) == [{"discarded": 1, "resolved": 0, "refused": 0, "refusals": []}]

    @pytest.mark.parametrize(("login", "exit_code"), [("root", 2), ("ubuntu", 2), ("ada", 0)])
    def test_a_login_name_stands_in_only_if_it_is_someones(
        self, monkeypatch: pytest.MonkeyPatch, login: str, exit_code: int
    ) -> None:
        pipeline = with_dead(1)
        monkeypatch.setattr(getpass, "getuser", lambda: login)
        result = froe(monkeypatch, pipeline, "discard", "dead-000", "--why", "old")
        assert result.exit_code == exit_code
        assert pipeline.office.envelope("dead-000")[0].by == (None if exit_code else login)

    @pytest.mark.parametrize("why", ["caf\udce9", "x" * 501])
    def test_a_reason_that_is_none_is_wrong_use_and_discards_nothing(
        self, monkeypatch: pytest.MonkeyPatch, why: str
    ) -> None:
        pipeline = with_dead(1)
        result = froe(monkeypatch, pipeline, "discard", "dead-000", "--by", "ann", "--why", why)
        assert (result.exit_code, "why is '" in result.stderr) == (2, True)
        assert pipeline.office.envelope("dead-000")[0].state is LetterState.DEAD

    def test_a_reason_is_wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert froe(monkeypatch, with_dead(1), "discard", "dead-000", "--by", "ann").exit_code == 2
        assert (
            froe(monkeypatch, with_dead(1), "discard", "dead-000", "--by", "ann", "--why", " ").exit_code == 2
        )


class TestStatus:
    def test_a_key_that_only_dead_letters_know_leads_to_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(1)
        dead_letter(pipeline, announcement_of(Announced("logs", "never.log", "v1", "e")), "n")
        result = froe(monkeypatch, pipeline, "status", "never.log")
        assert result.exit_code == 1
        assert "a dead letter is about it: froe dead-letters n" in result.stderr
        assert "dead letter" not in froe(monkeypatch, pipeline, "status", "other.log").stderr

    def test_what_was_discarded_is_in_the_account(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = with_dead(2)
        froe(monkeypatch, pipeline, "discard", "--all", *NAMED, "--yes")
        result = froe(monkeypatch, pipeline, "status", "a.log")
        assert result.exit_code == 0
        (row,) = [line.split() for line in result.stdout.splitlines() if line.startswith("discarded")]
        assert row == ["discarded", "2", "2", "56"]


class TestSweep:
    def test_it_says_what_it_sent_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = Pipeline(LIMITS)
        file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\ny\n"), in_time())
        pipeline.batch_queue.messages.clear()
        first = froe(monkeypatch, pipeline, "sweep")
        assert "Nothing had to be sent again: no file has been without progress for 3,600 s." in first.stdout
        pipeline.clock.advance(3601)
        second = froe(monkeypatch, pipeline, "sweep", "--json")
        assert json_lines(second) == [
            {"files": [file_id], "splits": 0, "batches": 2, "objects": [], "letters": []}
        ]
        pipeline.clock.advance(3 * 3600)
        third = froe(monkeypatch, pipeline, "sweep")
        assert "Healed 1 file: sent 0 splits, 2 batches." in third.stdout
        assert f"  {file_id}" in third.stdout


def test_a_key_of_several_files_must_be_named_by_one_of_their_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = with_dead(1)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\n", "v2"), in_time())
    result = froe(monkeypatch, pipeline, "redrive", "--file", "a.log")
    assert result.exit_code == 1
    for file_id in pipeline.table.files:
        assert file_id in result.stderr
    add_dead(pipeline, 1, "b.log")
    assert froe(monkeypatch, pipeline, "redrive", "--file", "b.log").exit_code == 0
