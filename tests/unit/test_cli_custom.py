"""`froe infer`, and the commands that take a configuration."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from click.testing import CliRunner, Result

from froe.cli import main
from froe.errors import FroeError
from froe.inferring import propose
from froe.local import LocalStack
from froe.resources import ROOT
from tests.tars import tar
from tests.unit.custom.test_loading import TILL
from tests.zips import zipped


def froe(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        main, arguments, env={"FROE_CONFIG": None, "REDACTION_KEY": None, **environment}
    )


def till_lines(count: int) -> list[str]:
    dice = random.Random(3)
    return [
        f"unit-{dice.randint(1, 9)}|{dice.choice(['SALE', 'OPEN'])}|{dice.random() * 20:.2f}|{dice.choice(['two coffees', 'a tea', 'milk'])}"
        for _ in range(count)
    ]


def room_lines(count: int) -> list[str]:
    dice = random.Random(4)
    return [
        f"14.03.2024 09:26:{number % 60:02d} <{dice.choice(['INFO', 'WARN'])}> srv={dice.choice('abc')} took={dice.random() * 20:.2f}"
        f' from 192.0.2.{number % 250} "GET /{number}" done in room {number}'
        + ("\n   at foo" if number % 5 == 0 else "")
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (till_lines(200), {"word1", "word2", "number1"}),
        (room_lines(200), {"srv", "took", "client.address", "text1", "number1"}),
        (
            [f"@{number} {number % 3}x :: {number * 3} ms" for number in range(60)],
            {"word1", "word2", "number1"},
        ),
        ([f"'it''s' \\{number}\\ {{{number}}}" for number in range(60)], None),
    ],
)
def test_a_proposal_cannot_be_pasted_or_does_not_explain_its_file(
    tmp_path: Path, lines: list[str], fields: set[str] | None
) -> None:
    file, config = tmp_path / "my log.txt", tmp_path / "froe.toml"
    file.write_text("\n".join(lines) + "\n")
    proposed = froe("infer", str(file), "--anyway")
    assert proposed.exit_code == 0, proposed.stderr
    assert "explains 100.0% of the lines" in proposed.stderr
    config.write_text(proposed.stdout)
    parsed = froe("parse", "--config", str(config), str(file))
    assert parsed.exit_code == 0, parsed.stderr
    records = [json.loads(line) for line in parsed.stdout.splitlines()]
    assert len(records) == len(lines)
    assert {record["format"] for record in records} == {"my_log"}
    if fields is not None:
        assert set(records[0]["attributes"]) == fields
    listed = froe("formats", "--config", str(config)).stdout
    assert listed.startswith("custom\n  my_log ")


def test_of_an_archive_the_first_file_that_no_format_explains_is_taken(tmp_path: Path) -> None:
    text = ("\n".join(till_lines(60)) + "\n").encode()
    known = (ROOT / "sample_logs" / "till-07.txt").read_bytes()
    alone, path = tmp_path / "journal.txt", tmp_path / "logs.tgz"
    alone.write_bytes(text)
    path.write_bytes(
        gzip.compress(tar([("core", bytes(range(256))), ("till.txt", known), ("old/journal.txt", text)]))
    )
    proposed = froe("infer", str(path))
    assert proposed.exit_code == 0, proposed.stderr
    assert proposed.stdout == froe("infer", str(alone)).stdout
    path.write_bytes(zipped([("core", bytes(range(256))), ("till.txt", known)]))
    assert f"{path}/till.txt is explained by the format log4j" in froe("infer", str(path)).stderr
    path.write_bytes(zipped([("core", bytes(range(256)))]))
    assert "an archive (zip) in which no file can be read" in froe("infer", str(path)).stderr


def test_a_file_that_a_known_format_explains_is_given_another() -> None:
    done = froe("infer", str(ROOT / "sample_logs" / "till-07.txt"))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "is explained by the format log4j" in done.stderr
    assert froe("infer", "--anyway", str(ROOT / "sample_logs" / "till-07.txt")).stdout.startswith(
        "[[format]]"
    )


def test_json_with_names_of_its_own_is_given_a_mapping_that_explains_it(tmp_path: Path) -> None:
    file, config = tmp_path / "odd.json", tmp_path / "froe.toml"
    row = {"when": "2026-09-14T08:00:01Z", "sev": "E", "txt": "boom", "svc": "pay"}
    file.write_text(json.dumps({"version": 1, "rows": [row] * 9}))
    proposed = froe("infer", str(file))
    assert proposed.exit_code == 0, proposed.stderr
    assert proposed.stdout.startswith('[[collection]]\nfield = "rows"\n')
    config.write_text(proposed.stdout)
    parsed = froe("parse", "--config", str(config), str(file))
    records = [json.loads(line) for line in parsed.stdout.splitlines()]
    assert {record["format"] for record in records} == {"odd"}
    assert records[0]["severity_number"] == 17
    assert records[0]["attributes"] == {"service.name": "pay"}


@pytest.mark.parametrize("text", ["", "one\n", "Dear diary\n\nIt rained.\nSo we stayed in; nobody came!\n"])
def test_prose_is_given_a_format(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.txt"
    file.write_text(text)
    done = froe("infer", str(file))
    assert done.exit_code == 1
    assert "too little in common" in done.stderr


def test_lines_of_nothing_have_a_proposal() -> None:
    assert propose([]) is None
    assert propose(["x" * 9000]) is None


def test_a_broken_configuration_is_one_sentence_and_code_2(tmp_path: Path) -> None:
    config = tmp_path / "froe.toml"
    config.write_text(TILL.replace("WORD", "WRD"))
    for arguments in (("parse", str(config), "--config", str(config)), ("formats", "--config", str(config))):
        done = froe(*arguments)
        assert done.exit_code == 2
        assert (
            f"Error: {config}, line 4: format 'till': its `grok` cannot be used: no grok pattern"
            in done.stderr
        )
    assert froe("formats", FROE_CONFIG=str(config)).exit_code == 2
    assert froe("formats", FROE_CONFIG=str(tmp_path / "none")).exit_code == 2


def test_an_unknown_format_is_refused_and_an_own_one_taken(tmp_path: Path) -> None:
    config = tmp_path / "froe.toml"
    config.write_text(TILL)
    assert froe("parse", "--config", str(config), "--format", "till", str(config)).exit_code == 0
    refused = froe("parse", "--format", "till", str(config))
    assert refused.exit_code == 2
    assert "no format is called 'till'" in refused.stderr


def test_nothing_starts_with_a_broken_configuration(tmp_path: Path) -> None:
    from chalicelib.core.custom.config_errors import ConfigError
    from froe.chalice_cli import bad_config

    config = tmp_path / "froe.toml"
    config.write_text("[[bind]]\nprefix = 'a'\n")
    with pytest.raises(ConfigError, match="line 1: bind 'a': it has no `format`"):
        LocalStack(settings={"FROE_CONFIG": str(config)}).start()
    assert "line 1" in str(bad_config({"FROE_CONFIG": str(config)}))
    assert bad_config({}) is None
    assert issubclass(FroeError, Exception)


def test_a_proposal_without_a_time_says_so(tmp_path: Path) -> None:
    file = tmp_path / "pos.log"
    file.write_text("".join(f"2026.09.14-08.00.00:343|pos9|I|ready {number}\n" for number in range(30)))
    proposed = froe("infer", str(file))
    assert proposed.exit_code == 0
    assert "but finds no time in them. Write {time=…} where it stands" in proposed.stderr
    file.write_text("".join(f"2026-09-14_08:00:00|pos9|I|ready {number}\n" for number in range(30)))
    assert "no time" not in froe("infer", str(file), "--anyway").stderr
