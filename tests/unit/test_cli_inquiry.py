"""status, records, rejects and upload --wait, over a ledger made of plain values."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from click.testing import CliRunner, Result

from chalicelib.core.plan import ObjectVersion
from chalicelib.pages import BadQueryError
from chalicelib.status import NotFoundError
from froe import cli, inquiry
from froe.commands import records as records_command
from froe.commands import status as status_command
from froe.commands import upload as upload_command
from froe.errors import FroeError
from froe.target import Target
from froe.uploading import Source, Uploaded

FILE_ID = "a" * 26
OTHER_ID = "b" * 26
NOTHING = {"entries": 0, "lines": 0, "bytes": 0}


def file_json(file_id: str = FILE_ID, key: str = "web/access.log", **changed: Any) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "bucket": "input",
        "key": key,
        "version_id": "v1",
        "etag": "e1",
        "size": 1_500_000,
        "content_type": "binary/octet-stream",
        "last_modified": "2026-09-14T06:00:00Z",
        "state": "COMPLETE",
        "reason": None,
        "format": "json",
        "format_score": 1.0,
        "runner_up": "text",
        "runner_up_score": 0.1,
        "text_bytes": 110,
        "splits": 1,
        "batches": 1,
        "parsed": {"entries": 8, "lines": 9, "bytes": 100},
        "rejected": {"entries": 1, "lines": 1, "bytes": 9},
        "pending": NOTHING,
        "dead": NOTHING,
        "discarded": NOTHING,
        "skipped": {"blank": {"lines": 1, "bytes": 1}},
        "used": None,
        "opened_at": "2026-09-14T06:00:01Z",
        "settled_at": "2026-09-14T06:00:02Z",
        "trace": None,
        "trace_url": None,
        "archive": None,
        **changed,
    }


def entry_json(offset: int, **changed: Any) -> dict[str, Any]:
    return {"file_id": FILE_ID, "offset": offset, "length": 10, "lines": 1, "format": "json", **changed}


class FakeStatus:
    """Answers as `Status` does, page by page, two items a page at most."""

    def __init__(self, files: list[dict[str, Any]], entries: list[dict[str, Any]] | None = None) -> None:
        self.by_id: Mapping[str, dict[str, Any]] = {file["file_id"]: file for file in files}
        self.entries = entries or []
        self.asked: list[dict[str, Any]] = []

    def file(self, file_id: str) -> dict[str, Any]:
        if file_id not in self.by_id:
            raise NotFoundError(file_id)
        return self.by_id[file_id]

    def files(
        self, *, state: str | None = None, key: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> dict[str, Any]:
        selected = [
            file
            for file in self.by_id.values()
            if state in {None, file["state"]} and key in {None, file["key"]}
        ]
        return self._page(selected, limit, cursor)

    def records(
        self, file_id: str, *, limit: int = 100, cursor: str | None = None, **asked: Any
    ) -> dict[str, Any]:
        if asked["severity"] == "loud":
            raise BadQueryError("severity is 'loud': give TRACE to FATAL or 1 to 24")
        self.asked.append(asked)
        return self._page([one for one in self.entries if one["kind"] == "record"], limit, cursor)

    def rejects(self, file_id: str, *, limit: int = 100, cursor: str | None = None) -> dict[str, Any]:
        return self._page([one for one in self.entries if one["kind"] == "reject"], limit, cursor)

    def _page(self, items: list[dict[str, Any]], limit: int, cursor: str | None) -> dict[str, Any]:
        """The first page is empty and yet has a cursor, as the contract allows."""
        if cursor is None:
            return {"items": [], "cursor": "0"}
        start, size = int(cursor), min(limit, 2)
        more = start + size < len(items)
        return {"items": items[start : start + size], "cursor": str(start + size) if more else None}


def froe(monkeypatch: pytest.MonkeyPatch, status: FakeStatus, *arguments: str, **options: Any) -> Result:
    for module in (status_command, records_command, upload_command):
        monkeypatch.setattr(
            module, "find_target", lambda stage=None: Target({"INPUT_BUCKET": "input"}, "us-east-1")
        )
        monkeypatch.setattr(module, "status_of", lambda target: status)
    monkeypatch.setattr(status_command, "dead_letters_about", lambda target, key: [])
    monkeypatch.setattr(inquiry, "POLL_SECONDS", 0)
    return CliRunner().invoke(cli.main, arguments, **options)


USED = {
    "write_units": 2_881,
    "queue_requests": 21,
    "object_reads": 2,
    "s3_requests": 3,
    "object_writes": 0,
    "seconds": 1.24,
}


def json_lines(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.split("\n") if line]


class TestStatus:
    def test_a_file_is_found_by_its_id_and_by_its_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(), file_json(OTHER_ID, "other.log")])

        for name in (FILE_ID, "web/access.log"):
            result = froe(monkeypatch, ledger, "status", name, "--json")
            assert json_lines(result) == [file_json(cost=None)]
            assert result.exit_code == 0

    def test_a_key_that_looks_like_an_id_is_a_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(key="c" * 26)])

        assert json_lines(froe(monkeypatch, ledger, "status", "c" * 26, "--json")) == [
            file_json(key="c" * 26, cost=None)
        ]

    def test_a_file_shows_what_it_used_and_what_that_costs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(used=USED)])

        lines = froe(monkeypatch, ledger, "status", FILE_ID).stdout.splitlines()
        (printed,) = json_lines(froe(monkeypatch, ledger, "status", FILE_ID, "--json"))

        assert "used      2,881 write units, 21 queue requests, 3 S3 requests, functions 1.2 s" in lines
        assert "cost      about $0.0018 to take it" in lines
        assert printed == file_json(used=USED, cost=pytest.approx(0.001846, rel=0.01))

    def test_a_file_of_an_earlier_version_shows_no_cost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, FakeStatus([file_json()]), "status", FILE_ID)

        assert "cost" not in result.stdout

    def test_a_key_uploaded_twice_shows_both_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, FakeStatus([file_json(), file_json(OTHER_ID)]), "status", "web/access.log")

        assert FILE_ID in result.stdout
        assert OTHER_ID in result.stdout

    def test_a_name_that_nobody_knows_is_an_error_with_a_remedy(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = froe(monkeypatch, FakeStatus([]), "status", "nothing.log")

        assert result.exit_code == 1
        assert "'nothing.log'" in result.stderr
        assert "`froe status` lists" in result.stderr

    def test_an_id_may_be_shortened_as_long_as_it_is_the_only_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second, third = (f"{start}{'z' * 21}" for start in ("abcde", "abcdf", "qqqqq"))
        ledger = FakeStatus([file_json(first), file_json(second, "b.log"), file_json(third, "abcd")])

        def ids(name: str) -> list[str]:
            return [one["file_id"] for one in json_lines(froe(monkeypatch, ledger, "status", name, "--json"))]

        assert ids("abcde") == [first]
        assert ids("qqqq") == [third]
        assert ids("abcd") == [third], "a key goes before the beginning of an id"
        assert ids("qqq") == [], "too short"
        ambiguous = froe(monkeypatch, FakeStatus([file_json(first), file_json(second)]), "status", "abcd")
        assert ambiguous.exit_code == 1
        assert "2 ids begin with 'abcd'" in ambiguous.stderr
        assert first in ambiguous.stderr
        assert second in ambiguous.stderr

    def test_an_unknown_name_is_answered_with_those_like_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(), file_json(OTHER_ID, "db/slow.log")])

        for name in ("access.log", "web/acces.log", "WEB"):
            assert "There is 'web/access.log'." in froe(monkeypatch, ledger, "status", name).stderr
        assert "first 4 characters" in froe(monkeypatch, ledger, "status", "w").stderr
        unlike = froe(monkeypatch, ledger, "status", "zzz").stderr
        assert "first 4 characters" in unlike
        assert "newest: 'web/access.log', 'db/slow.log'" in unlike

    @pytest.mark.parametrize("command", ["records", "rejects", "status"])
    def test_each_command_takes_the_beginning_of_an_id(
        self, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        result = froe(monkeypatch, FakeStatus([file_json(), file_json(OTHER_ID)]), command, "aaaa", "--json")
        assert result.exit_code == 0

    def test_the_only_file_of_a_key_is_meant_where_one_is_changed(self) -> None:
        ledger: Any = FakeStatus([file_json(), file_json(OTHER_ID), file_json("c" * 26, "c.log")])

        assert inquiry.only_file_id(ledger, "c.log") == "c" * 26
        assert inquiry.only_file_id(ledger, "cccc") == "c" * 26
        assert inquiry.only_file_id(ledger, "d" * 26) == "d" * 26, "it may never have been opened"
        with pytest.raises(FroeError, match=r"has 2 files: name one of a{26}"):
            inquiry.only_file_id(ledger, "web/access.log")

    @pytest.mark.parametrize(
        ("state", "exit_code"),
        [
            *(("SPLITTING", 0), ("PROCESSING", 0), ("COMPLETE", 0)),
            *(("INCOMPLETE", 1), ("DAMAGED", 1), ("FAILED", 1), ("SUPERSEDED", 1)),
        ],
    )
    def test_the_exit_code_tells_a_bad_end(
        self, monkeypatch: pytest.MonkeyPatch, state: str, exit_code: int
    ) -> None:
        ledger = FakeStatus([file_json(state=state, reason="because")])

        assert froe(monkeypatch, ledger, "status", FILE_ID).exit_code == exit_code
        assert froe(monkeypatch, ledger, "status").exit_code == 0, "a list is only a list"

    def test_a_file_that_is_hardly_opened_can_be_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = file_json(state="SPLITTING", text_bytes=None, settled_at=None, version_id=None, skipped={})

        result = froe(monkeypatch, FakeStatus([file]), "status", FILE_ID)

        assert result.exit_code == 0
        assert "not known yet" in result.stdout

    @pytest.mark.parametrize(
        ("changed", "also", "total"),
        [
            ({}, {}, ["11", "110"]),
            (
                {"state": "INCOMPLETE", "text_bytes": 150, "dead": {"entries": 4, "lines": 5, "bytes": 40}},
                {"dead": ["4", "5", "40"]},
                ["16", "150"],
            ),
            (
                {
                    "state": "PROCESSING",
                    "text_bytes": 200,
                    "pending": {"entries": 2, "lines": 2, "bytes": 20},
                },
                {"pending": ["2", "2", "20"], "not cut yet": ["70"]},
                ["13", "200"],
            ),
            ({"state": "SPLITTING", "text_bytes": None}, {}, ["11", "110"]),
        ],
        ids=["complete", "dead", "pending", "unknown"],
    )
    def test_the_account_of_a_file_adds_up_on_the_screen(
        self,
        monkeypatch: pytest.MonkeyPatch,
        changed: dict[str, Any],
        also: dict[str, list[str]],
        total: list[str],
    ) -> None:
        lines = froe(monkeypatch, FakeStatus([file_json(**changed)]), "status", FILE_ID).stdout.splitlines()

        table = lines[next(number for number, line in enumerate(lines) if "entries" in line) + 1 :]
        assert {line[:22].strip(): line[22:].split() for line in table} == {
            "parsed": ["8", "9", "100"],
            "rejected": ["1", "1", "9"],
            "skipped: blank": ["1", "1"],
            **also,
            "in all": total,
        }

    def test_the_list_goes_through_all_pages_up_to_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(letter * 26) for letter in "abcdefg"])

        assert len(json_lines(froe(monkeypatch, ledger, "status", "--json"))) == 7
        assert len(json_lines(froe(monkeypatch, ledger, "status", "--json", "--limit", "3"))) == 3
        assert len(json_lines(froe(monkeypatch, ledger, "status", "--json", "--limit", "0"))) == 7

    def test_the_list_can_be_of_one_state(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(), file_json(OTHER_ID, state="FAILED")])

        listed = json_lines(froe(monkeypatch, ledger, "status", "--state", "failed", "--json"))

        assert [one["file_id"] for one in listed] == [OTHER_ID]

    def test_an_empty_list_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "froe upload" in froe(monkeypatch, FakeStatus([]), "status").stdout

    @pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
    def test_colours_are_for_terminals_that_want_them(
        self, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
    ) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        ledger = FakeStatus([file_json()])

        assert "\x1b" not in froe(monkeypatch, ledger, "status", FILE_ID).stdout
        result = froe(monkeypatch, ledger, "status", FILE_ID, color=True, env=environment)
        assert ("\x1b" in result.stdout) == coloured

    def test_a_key_cannot_drive_the_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json(key="a\x1b[2J[bold].log", format=None)])

        for arguments in (["status"], ["status", FILE_ID]):
            result = froe(monkeypatch, ledger, *arguments)
            assert "\x1b[2J" not in result.stdout
            assert r"\x1b[2J[bold].log" in result.stdout

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"next_generation": 2}, f"again     being read again as generation 2: froe status {FILE_ID}~2"),
            ({"given_up": "it is FAILED"}, "again     reading it again was given up: it is FAILED"),
            ({"generation": 1}, "again     this is generation 1 of it"),
            ({"generation": 1, "state": "INCOMPLETE"}, f"more      froe dead-letters --file {FILE_ID}~1"),
        ],
    )
    def test_it_says_that_a_file_is_or_was_read_again(
        self, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], message: str
    ) -> None:
        output = froe(monkeypatch, FakeStatus([file_json(**changed)]), "status", FILE_ID).stdout
        assert message in output


class TestRecords:
    def test_records_are_printed_in_order_up_to_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entries = [entry_json(10 * number, kind="record", body=f"line {number}") for number in range(5)]
        ledger = FakeStatus([file_json()], entries)

        printed = json_lines(froe(monkeypatch, ledger, "records", FILE_ID, "--json"))
        assert [{name: one[name] for name in entries[0]} for one in printed] == entries
        assert (
            json_lines(froe(monkeypatch, ledger, "records", FILE_ID, "--json", "--limit", "3")) == printed[:3]
        )

    def test_records_for_programs_have_the_shape_of_parse(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        path = tmp_path / "one.log"
        path.write_text("ready\n")
        (parsed,) = json_lines(CliRunner().invoke(cli.main, ["parse", str(path)]))
        ledger = FakeStatus([file_json()], [entry_json(0, kind="record", body="ready")])

        (printed,) = json_lines(froe(monkeypatch, ledger, "records", FILE_ID, "--json"))

        assert set(parsed) <= set(printed)
        assert printed["timestamp"] is None

    def test_fields_choose_the_attributes_that_are_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        record = entry_json(0, kind="record", body="b", attributes={"one": 1, "two": 2, "three": 3})
        ledger = FakeStatus([file_json()], [record])

        result = froe(monkeypatch, ledger, "records", FILE_ID, "--fields", "three,one")

        assert "three=3  one=1" in result.stdout
        assert "two" not in result.stdout

    def test_the_questions_reach_the_ledger(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = FakeStatus([file_json()])

        froe(
            monkeypatch,
            ledger,
            "records",
            FILE_ID,
            "--severity",
            "WARN",
            "--from",
            "2026-01-01",
            "--to",
            "2027-01-01",
            "--format",
            "json",
            "--text",
            "time-out",
            "--where",
            "a>=1",
        )

        asked = {
            "severity": "WARN",
            "from_": "2026-01-01",
            "to": "2027-01-01",
            "format_name": "json",
            "text": "time-out",
            "where": ("a>=1",),
        }
        assert ledger.asked == [asked] * 2

    def test_a_wrong_question_is_wrong_use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, FakeStatus([file_json()]), "records", FILE_ID, "--severity", "loud")

        assert result.exit_code == 2
        assert "give TRACE to FATAL" in result.stderr

    def test_a_record_is_one_line_that_cannot_drive_the_terminal(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record = entry_json(
            0,
            kind="record",
            timestamp="2026-09-14T06:00:00.123Z",
            severity_text="ERROR",
            body="failed\n\tat Shop.java\x1b]0;owned\x07",
            attributes={"http.response.status_code": 500, "note": "two\u2028lines", "ids": [1, 2]},
        )

        (line,) = froe(
            monkeypatch, FakeStatus([file_json()], [record]), "records", FILE_ID
        ).stdout.splitlines()

        assert line.startswith("2026-09-14T06:00:00.123Z")
        assert r"failed⏎  at Shop.java\x1b]0;owned\x07" in line
        assert r"http.response.status_code=500  note=two\u2028lines  ids=[1,2]" in line

    @pytest.mark.parametrize("command", ["records", "rejects"])
    def test_a_failed_file_says_why_and_ends_with_exit_code_1(
        self, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        failed = file_json(state="FAILED", reason="not text: zip", format="text")
        for options in ([], ["--json"]):
            result = froe(monkeypatch, FakeStatus([failed]), command, FILE_ID, *options)
            assert result.exit_code == 1
            assert "is FAILED: not text: zip" in result.stderr
            assert result.stdout == ""

    @pytest.mark.parametrize(
        ("state", "message"),
        [
            ("COMPLETE", "There are none.\n"),
            ("PROCESSING", "There are none yet: the file is PROCESSING.\n"),
            ("DAMAGED", f"web/access.log ({FILE_ID}) is DAMAGED: cut off\n"),
        ],
    )
    def test_of_other_files_it_says_why_there_may_be_none(
        self, monkeypatch: pytest.MonkeyPatch, state: str, message: str
    ) -> None:
        file = file_json(state=state, reason="cut off" if state == "DAMAGED" else None)
        result = froe(monkeypatch, FakeStatus([file]), "records", FILE_ID)
        assert (result.exit_code, result.stderr) == (0, message)

    def test_of_a_key_the_newest_upload_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        newest = file_json(OTHER_ID, last_modified="2026-09-15T06:00:00Z")
        asked: list[str] = []

        class Asked(FakeStatus):
            def rejects(self, file_id: str, **page: Any) -> dict[str, Any]:
                asked.append(file_id)
                return super().rejects(file_id, **page)

        froe(monkeypatch, Asked([file_json(), newest]), "rejects", "web/access.log")

        assert set(asked) == {OTHER_ID}

    def test_a_reject_shows_its_reason_and_its_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = base64.b64encode(b"caf\xe9 \x1b[31m\r\n").decode()
        reject = entry_json(1234, kind="reject", raw=raw, reason="no-timestamp")

        (line,) = froe(
            monkeypatch, FakeStatus([file_json()], [reject]), "rejects", FILE_ID
        ).stdout.splitlines()

        assert "1,234" in line
        assert "no-timestamp" in line
        assert r"caf\xe9 \x1b[31m" in line


class TestUpload:
    def upload(
        self, monkeypatch: pytest.MonkeyPatch, path: Path, state: str, *options: str
    ) -> tuple[Result, str]:
        """One file, whose account is first unknown, then under way, then in `state`."""
        version = ObjectVersion("input", "a.log", "v1", "e1")
        path.write_text("a\n")
        answers = iter(
            [None, file_json(version.file_id, state="PROCESSING"), file_json(version.file_id, state=state)]
        )

        class Changing(FakeStatus):
            def file(self, file_id: str) -> dict[str, Any]:
                answer = next(answers)
                if answer is None:
                    raise NotFoundError(file_id)
                return answer

        def upload_all(
            client: Any,
            bucket: str,
            sources: list[Source],
            progress: Any,
            charset: str | None,
            unreadable: list[Any],
        ) -> list[Uploaded]:
            assert charset is None
            return [Uploaded(sources[0], version)]

        monkeypatch.setattr(upload_command, "upload_all", upload_all)
        monkeypatch.setattr(upload_command, "already_there", lambda *_: {})
        monkeypatch.setattr(Target, "client", lambda self, service: None)
        return froe(monkeypatch, Changing([]), "upload", str(path), *options), version.file_id

    @pytest.mark.parametrize(("state", "exit_code"), [("COMPLETE", 0), ("DAMAGED", 1), ("FAILED", 1)])
    def test_waiting_ends_when_the_file_is_settled(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: str, exit_code: int
    ) -> None:
        result, file_id = self.upload(monkeypatch, tmp_path / "a.log", state, "--wait", "--json")

        (printed,) = json_lines(result)
        assert result.exit_code == exit_code
        assert printed["file"] == file_json(file_id, state=state)

    def test_without_waiting_it_says_which_file_it_became(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        result, file_id = self.upload(monkeypatch, tmp_path / "a.log", "COMPLETE", "--json")

        assert json_lines(result) == [
            {
                "path": str(tmp_path / "a.log"),
                "bucket": "input",
                "key": "a.log",
                "version_id": "v1",
                "etag": "e1",
                "size": 2,
                "file_id": file_id,
                "sent": True,
            }
        ]

    def test_people_see_a_table(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        result, file_id = self.upload(monkeypatch, tmp_path / "a.log", "DAMAGED", "--wait")

        assert result.exit_code == 1
        assert "DAMAGED" in result.stdout
        assert file_id in result.stdout

    def test_a_folder_without_files_is_wrong_use(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        result = froe(monkeypatch, FakeStatus([]), "upload", str(tmp_path))

        assert result.exit_code == 2


def test_reasons_of_rejects_stand_below_one_another() -> None:
    rejects = [{"offset": offset, "raw": "eA==", "reason": "no-match"} for offset in (0, 123_456_789)]
    lines = [click.unstyle(records_command._reject_line(each, "utf-8")) for each in rejects]
    assert len({line.index("no-match") for line in lines}) == 1


@pytest.mark.parametrize("command", [["status"], ["records", FILE_ID], ["rejects", FILE_ID]])
def test_without_a_froe_to_act_on_the_error_says_what_to_start(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def nothing(stage: str | None = None) -> Target:
        raise FroeError("No Froe to act on: start one here with `froe up`.")

    for module in (status_command, records_command):
        monkeypatch.setattr(module, "find_target", nothing)

    result = CliRunner().invoke(cli.main, command)

    assert result.exit_code == 1
    assert result.stderr == "Error: No Froe to act on: start one here with `froe up`.\n"
