"""The command line keeps its contract: what it prints where, its exit codes, one sentence for an error."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")

from click.testing import CliRunner, Result

from chalicelib.core.formats.reasons import MEANINGS
from froe import cli
from froe.counting import count_file

ROOT = Path(__file__).parents[2]
SAMPLES = [
    path
    for path in sorted((ROOT / "sample_logs").iterdir())
    if path.is_file() and path.suffix not in {".py", ".md"} and not path.name.startswith(".")
]
FIELDS = ["file", "offset", "length", "lines", "kind", "format"]
RECORD_FIELDS = [*FIELDS, "timestamp", "severity_text", "severity_number", "body", "attributes"]
REJECT_FIELDS = [*FIELDS, "raw", "reason"]
SOMETIMES = {"timestamp_assumed", "replaced"}
CLOUDTRAIL_EVENT = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "IAMUser", "userName": "ann"},
    "eventTime": "2026-09-14T06:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "ListBuckets",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "192.0.2.7",
    "userAgent": "aws-cli",
    "requestParameters": None,
    "responseElements": None,
    "requestID": "A",
    "eventID": "b",
    "eventType": "AwsApiCall",
}
ACCESS_LINE = b'192.0.2.7 - - [14/Sep/2026:06:00:00 +0200] "GET / HTTP/1.1" 200 12\n'


def froe(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


def parsed(path: Path, *options: str) -> tuple[list[dict[str, Any]], dict[str, Any], int]:
    """What `froe parse --json` gives for one file: its lines, its summary, its exit code."""
    result = froe("parse", str(path), "--json", *options)
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    return printed, json.loads(result.stderr), result.exit_code


def file_of(tmp_path: Path, content: bytes, name: str = "file.log") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


class TestHelp:
    @pytest.mark.parametrize("command", cli.COMMANDS)
    def test_every_command_explains_itself(self, command: str) -> None:
        result = froe(command, "--help")

        assert result.exit_code == 0
        assert f"Usage: main {command}" in result.stdout or f"Usage: froe {command}" in result.stdout

    def test_the_commands_are_listed_in_the_order_of_use(self) -> None:
        output = froe("--help").stdout
        lines = [
            line
            for group in cli.GROUPS
            for line in output.split(f"{group}:\n")[1].split("\n\n")[0].splitlines()
        ]

        assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == list(
            cli.COMMANDS
        )
        assert not [line for line in lines if line.endswith("...")], "a short help is cut off"

    @pytest.mark.parametrize(
        ("arguments", "suggestion"),
        [
            (["uplaod"], "Did you mean 'upload'?"),
            (["parse", __file__, "--format", "jsn"], "'json'"),
            (["formats", "ngnx_error"], "'nginx_error'"),
        ],
    )
    def test_a_mistyped_name_gets_the_one_that_was_meant(self, arguments: list[str], suggestion: str) -> None:
        assert suggestion in froe(*arguments).stderr

    def test_the_version_is_shown(self) -> None:
        result = froe("--version")

        assert result.exit_code == 0
        assert result.stdout.startswith("froe ")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["nonsense"],
            ["parse"],
            ["parse", "no-such-file"],
            ["parse", __file__, "--format", "nonsense"],
            ["parse", __file__, "--charset", "nonsense"],
            ["parse", __file__, "--charset", "hex"],
            ["parse", __file__, "--charset", "idna"],
            ["upload"],
            ["upload", "no-such-file"],
            ["records"],
            ["status", "key", "--state", "FAILED"],
            ["up", "--port", "0"],
            ["deploy"],
        ],
        ids=" ".join,
    )
    def test_wrong_use_is_exit_code_2(self, arguments: list[str]) -> None:
        result = froe(*arguments)

        assert result.exit_code == 2
        assert "Error: " in result.stderr or "No such command" in result.stderr
        assert result.stdout == ""


class TestParse:
    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
    def test_every_byte_and_line_of_a_sample_is_accounted_for(self, sample: Path) -> None:
        printed, summary, exit_code = parsed(sample)
        counted = count_file(sample)

        assert exit_code == 0
        assert (summary["lines"], summary["text_bytes"]) == (counted.lines, counted.text_bytes)
        for unit in ("lines", "bytes"):
            skipped = sum(tally[unit] for tally in summary["skipped"].values())
            total = summary["parsed"][unit] + summary["rejected"][unit] + skipped
            assert total == summary["text_bytes" if unit == "bytes" else unit]
        kinds = [one["kind"] for one in printed]
        assert kinds.count("record") == summary["parsed"]["entries"]
        assert kinds.count("reject") == summary["rejected"]["entries"]
        assert sum(one["length"] for one in printed if one["kind"] == "record") == summary["parsed"]["bytes"]

    @pytest.mark.parametrize(
        ("name", "format_name"),
        [
            ("shop-access.log.gz", "access_combined"),
            ("static-access.csv", "access_common"),
            ("checkout.jsonl", "json"),
            ("mail.syslog", "syslog_rfc5424"),
            ("edge-firewall.log.zst", "syslog_rfc3164"),
            ("orders.log", "log4j"),
            ("recommender.out", "log4j"),
            ("till-07.txt", "log4j"),
            ("warehouse.log", "log4j"),
            ("handover.json", "text"),
        ],
    )
    def test_a_sample_is_told_by_its_content(self, name: str, format_name: str) -> None:
        assert parsed(ROOT / "sample_logs" / name)[1]["format"] == format_name

    def test_a_line_has_the_fields_of_the_contract(self, tmp_path: Path) -> None:
        printed, summary, _ = parsed(
            file_of(tmp_path, b'{"msg":"a"}\nbroken\n{"msg":"b"}\n{"msg":"c"}\n' * 9)
        )

        for one in printed:
            assert [name for name in one if name not in SOMETIMES] == (
                RECORD_FIELDS if one["kind"] == "record" else REJECT_FIELDS
            )
        assert list(summary) == [
            *(
                "file",
                "format",
                "text_bytes",
                "lines",
                "parsed",
                "rejected",
                "skipped",
                "damage",
                "charset_guess",
            ),
        ]
        assert list(summary["parsed"]) == list(summary["rejected"]) == ["entries", "lines", "bytes"]

    def test_a_reject_holds_its_raw_bytes(self, tmp_path: Path) -> None:
        printed, _, exit_code = parsed(file_of(tmp_path, ACCESS_LINE * 9 + b"caf\xe9\0\n" + ACCESS_LINE))

        (reject,) = [one for one in printed if one["kind"] == "reject"]
        assert base64.b64decode(reject["raw"]) == b"caf\xe9\0\n"
        assert reject["offset"] == 9 * len(ACCESS_LINE)
        assert exit_code == 0, "a bad line is data, not an error"

    def test_a_guess_at_the_character_set_stands_in_the_summary(self, tmp_path: Path) -> None:
        data = "Größe überschritten\n".encode("latin-1") * 9
        assert parsed(file_of(tmp_path, data))[1]["charset_guess"] == "cp1252"

    def test_blank_lines_are_skipped_by_reason(self, tmp_path: Path) -> None:
        _, summary, _ = parsed(file_of(tmp_path, ACCESS_LINE + b"\n \n" + ACCESS_LINE))

        assert summary["skipped"] == {"blank": {"lines": 2, "bytes": 3}}

    @pytest.mark.parametrize(
        "text",
        [
            json.dumps({"Records": [CLOUDTRAIL_EVENT] * 300}),
            json.dumps([{"time": "2026-09-14T06:00:00Z", "msg": str(n)} for n in range(300)]),
            "\n".join(json.dumps({"msg": str(n)}) for n in range(300)) + "\n\n",
        ],
    )
    def test_the_sentence_of_a_file_adds_up_whether_records_share_lines_or_not(
        self, tmp_path: Path, text: str
    ) -> None:
        output = froe("parse", str(file_of(tmp_path, text.encode()))).stderr
        match = re.search(
            r" ([\d,]+) (?:byte|line)s? = ([\d,]+) parsed \+ ([\d,]+) rejected \+ ([\d,]+) skipped", output
        )
        assert match, output
        whole, *parts = (int(number.replace(",", "")) for number in match.groups())
        assert whole == sum(parts)
        assert parts[0] > 0
        assert "(300 records)" in output

    def test_a_damaged_file_gives_what_is_before_the_damage_and_exit_code_1(self, tmp_path: Path) -> None:
        packed = gzip.compress(ACCESS_LINE * 5000)

        printed, summary, exit_code = parsed(file_of(tmp_path, packed[:-12]))

        assert exit_code == 1
        assert "middle" in summary["damage"]
        assert len(printed) > 4000

    def test_what_is_not_text_fails_with_exit_code_1(self, tmp_path: Path) -> None:
        printed, summary, exit_code = parsed(file_of(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9))

        assert exit_code == 1
        assert "not text" in summary["damage"]
        assert printed == []

    def test_a_good_file_beside_a_bad_one_is_still_printed(self, tmp_path: Path) -> None:
        bad = file_of(tmp_path, b"\x1f\x8b\x08", "bad.gz")
        good = file_of(tmp_path, ACCESS_LINE, "good.log")

        result = froe("parse", str(bad), str(good))

        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) == 1
        assert "good.log: access_common, 67 bytes, 1 line =" in result.stderr

    def test_what_a_file_may_be_in_is_said(self, tmp_path: Path) -> None:
        path = tmp_path / "a.log"
        path.write_bytes("Größe überschritten für Müller\n".encode("latin-1") * 3)
        explained = froe("parse", "--explain", str(path)).stdout
        assert "its head is not UTF-8, and may be cp1252" in explained
        assert "may be cp1252" in froe("parse", str(path)).stderr
        assert json.loads(froe("parse", "--explain", "--json", str(path)).stdout)["charset_guess"] == "cp1252"

    def test_format_and_charset_override_the_content(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, "größer\n".encode("latin-1"))

        (record,), summary, _ = parsed(path, "--format", "text", "--charset", "latin-1")

        assert (record["body"], record["format"], summary["text_bytes"]) == ("größer", "text", 7)
        assert "replaced" not in record
        assert parsed(path, "--format", "json")[1]["rejected"]["entries"] == 1

    def test_a_number_beyond_64_bits_is_still_json(self, tmp_path: Path) -> None:
        (record,), _, exit_code = parsed(
            file_of(tmp_path, b'{"msg":"a","big":123456789012345678901234567890}\n')
        )

        assert exit_code == 0
        assert float(record["attributes"]["big"]) == pytest.approx(1.2345678901234568e29)

    def test_a_name_that_is_not_utf8_is_still_json(self, tmp_path: Path) -> None:
        printed, summary, exit_code = parsed(file_of(tmp_path, b"hello\n", os.fsdecode(b"caf\xe9.log")))

        assert exit_code == 0
        assert printed[0]["file"] == summary["file"] == str(tmp_path / "caf\ufffd.log")

    def test_a_pipe_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")

        result = froe("parse", str(tmp_path / "pipe"))

        assert result.exit_code == 2
        assert "is a pipe or a device" in result.stderr

    def test_a_reader_that_stops_reading_ends_it_quietly(self) -> None:
        command = f"{sys.executable} -X dev -m froe parse sample_logs/checkout.jsonl | head -n 1"

        done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)

        assert len(done.stdout.splitlines()) == 1
        assert done.stderr == ""


class TestWhatIsRead:
    def test_standard_input_is_parsed_as_a_file_is(self, tmp_path: Path) -> None:
        content = ACCESS_LINE * 3 + b"stray\n"
        piped = CliRunner().invoke(cli.main, ["parse", "-", "--json"], input=content)
        printed, summary, exit_code = parsed(file_of(tmp_path, content))

        lines = [json.loads(line) for line in piped.stdout.splitlines()]
        assert [{**line, "file": ""} for line in lines] == [{**line, "file": ""} for line in printed]
        assert {line["file"] for line in lines} == {"-"}
        assert json.loads(piped.stderr) == {**summary, "file": "-"}
        assert piped.exit_code == exit_code

    def test_the_files_of_a_folder_are_parsed_in_order(self, tmp_path: Path) -> None:
        (tmp_path / "logs" / "old").mkdir(parents=True)
        for name in ("logs/b.log", "logs/a.log", "logs/old/c.log"):
            (tmp_path / name).write_bytes(ACCESS_LINE)

        summaries = [
            json.loads(line) for line in froe("parse", str(tmp_path / "logs"), "--json").stderr.splitlines()
        ]

        assert [Path(one["file"]).name for one in summaries] == ["a.log", "b.log", "c.log"]

    def test_a_folder_without_files_is_wrong_use(self, tmp_path: Path) -> None:
        result = froe("parse", str(tmp_path))

        assert (result.exit_code, "has no files" in result.stderr) == (2, True)


class TestFormats:
    def test_every_format_is_listed_for_programs(self) -> None:
        printed = json.loads(froe("formats", "--json").stdout)

        assert {"json", "text"} <= {one["name"] for one in printed}
        for one in printed:
            assert list(one) == ["name", "family", "title", "source", "self_synchronising", "samples"]
            assert one["samples"]

    def test_a_word_lists_the_formats_that_have_it(self) -> None:
        result = froe("formats", "kubernetes", "audit", "--json")

        assert [one["name"] for one in json.loads(result.stdout)] == ["kubernetes_audit"]

    def test_a_few_formats_are_shown_with_their_samples(self) -> None:
        listed = froe("formats", "access_common").stdout

        assert "access_common" in listed
        assert '"GET /index.html HTTP/1.1" 200 5316' in listed

    def test_all_formats_take_a_line_each(self) -> None:
        listed = froe("formats").stdout.splitlines()

        assert len(listed) < 1.1 * len(json.loads(froe("formats", "--json").stdout))

    def test_every_format_is_listed_for_people(self) -> None:
        listed = froe("formats").stdout

        for one in json.loads(froe("formats", "--json").stdout):
            assert one["name"] in listed


class TestExplain:
    def test_the_choice_and_what_each_reject_lacks_are_shown(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, ACCESS_LINE * 9 + b"stray\n" + ACCESS_LINE)

        result = froe("parse", str(path), "--explain")

        assert result.exit_code == 0
        assert "access_common: it has the best score" in result.stdout
        line = next(line for line in result.stdout.splitlines() if "line 10 " in line)
        assert line.endswith("other-shape: " + MEANINGS["other-shape"])
        assert "| stray" in result.stdout

    def test_a_reject_says_how_far_the_pattern_of_its_format_goes(self, tmp_path: Path) -> None:
        line = b"1:M 14 Mar 2024 09:26:53.123 * Ready to accept connections\n"
        path = file_of(tmp_path, line * 9 + b"1:M 14 Mar 2024 09:26:5x.123 * Ready\n")

        output = froe("parse", str(path), "--explain").stdout

        assert (
            "its pattern goes as far as '1:M 14 Mar 2024 09:26:' and then expects 2 digits, found '5x.123 * Ready'"
            in output
        )

    def test_programs_get_every_trial_and_every_reject(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, (ACCESS_LINE + b"stray\n") * 40)

        printed = json.loads(froe("parse", str(path), "--explain", "--json").stdout)

        assert printed["format"] == "text"
        assert printed["records"] == {"access_common": 40, "text": 40}
        assert printed["rejects"] == []
        assert {"access_common", "text"} <= {trial["format"] for trial in printed["trials"]}

    def test_a_format_that_was_asked_for_is_set_against_what_the_content_says(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, ACCESS_LINE * 3)

        result = froe("parse", str(path), "--explain", "--format", "json")

        assert "json was asked for" in result.stdout
        assert "records of other formats among its lines: 3 of access_common" in result.stdout

    def test_an_object_without_an_array_says_so_and_proposes_no_collection(self, tmp_path: Path) -> None:
        blob = {"blob": "x" * 600_000}
        entry = {"id": 1, "time": "2026-09-14T08:00:00Z", "text": "y" * 200}
        by_key = {f"k{number}": entry for number in range(1500)}

        for value, expected in (
            (blob, "there is no array of entries in it, and so each outermost object is one entry"),
            ({"m": by_key}, "its member `m` holds objects by key (`k0` …)"),
            (by_key, "it holds objects by key (`k0` …)"),
        ):
            path = file_of(tmp_path, json.dumps(value).encode())
            output = froe("parse", str(path), "--explain").stdout
            assert expected in output
            assert "[[collection]]" not in output
            assert "its entries are the elements" not in output
            assert json.loads(froe("parse", str(path), "--explain", "--json").stdout)["collection"] is None

    def test_an_array_behind_the_head_is_said_without_a_collection(self, tmp_path: Path) -> None:
        entries = [{"time": f"2026-09-14T08:00:{number:02}Z", "text": "y" * 200} for number in range(50)]
        path = file_of(tmp_path, json.dumps({"blob": "x" * 600_000, "found": {"items": entries}}).encode())

        output = froe("parse", str(path), "--explain").stdout

        assert "its entries are the elements of arrays behind its head" in output
        assert "[[collection]]" not in output

    def test_what_is_not_text_says_so(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)

        result = froe("parse", str(path), "--explain")

        assert result.exit_code == 1
        assert "not text" in result.stdout


@pytest.mark.parametrize(
    "command", ["parse sample_logs/handover.json", "formats", "formats --json", "--help"]
)
def test_what_draws_nothing_works_without_rich_and_boto3(command: str) -> None:
    script = (
        "import sys; sys.modules['rich'] = sys.modules['boto3'] = sys.modules['chalice'] = None; "
        f"from froe.cli import main; main({command.split()!r})"
    )
    if command == "--help":
        script = script.replace("sys.modules['boto3'] = ", "")

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


class TestForPrograms:
    def test_a_proposal_is_an_object(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, b"".join(b"%d|till%d|paid\n" % (number, number % 7) for number in range(99)))
        known = file_of(tmp_path, ACCESS_LINE * 9, "access.log")

        printed = json.loads(froe("infer", str(path), "--json").stdout)
        assert printed["toml"].startswith("[[format]]")
        assert printed["explained"] == 1
        assert json.loads(froe("infer", str(known), "--json").stdout) == {
            "file": str(known),
            "format": "access_common",
            "toml": None,
            "explained": None,
        }

    def test_a_project_says_what_was_written(self, tmp_path: Path) -> None:
        result = froe("init", str(tmp_path / "logs"), "--json")

        printed = json.loads(result.stdout)
        assert printed["directory"] == str(tmp_path / "logs")
        assert all((tmp_path / "logs" / path).exists() for path in printed["written"])
        assert printed["written"]
