"""`froe parse` says where an attribute changes its type, and leaves every record as its entry says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from froe.cli import main


def parse(tmp_path: Path, text: str, *options: str) -> tuple[list[object], str]:
    file = tmp_path / "a.log"
    file.write_text(text)
    done = CliRunner().invoke(main, ["parse", *options, str(file)], env={"FROE_CONFIG": None})
    assert done.exit_code == 0, done.stderr
    return [json.loads(line)["attributes"] for line in done.stdout.splitlines()], done.stderr


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"msg":"x","n":1}\n' * 3 + '{"msg":"x","n":"many"}\n' + '{"msg":"x","n":null}\n', [1, 1, 1, "many", None]),
        ("time,n\n" + "2026-09-14T08:00:00Z,1\n" * 2 + "2026-09-14T08:00:00Z,many\n", [1, 1, "many"]),
        ("time=2026-09-14T08:00:00Z level=info n=1\n" * 3 + "time=2026-09-14T08:00:00Z level=info n=many\n", [1, 1, 1, "many"]),
    ],
    ids=["json", "csv", "logfmt"],
)  # fmt: skip
def test_a_change_of_type_is_named_with_its_line(tmp_path: Path, text: str, values: list[object]) -> None:
    attributes, sentence = parse(tmp_path, text)
    assert [each.get("n") for each in attributes if isinstance(each, dict)] == values
    line = next(number for number, each in enumerate(text.splitlines(), start=1) if "many" in each)
    assert (
        f"  n is of several types: {values.count(1)} numbers and 1 text; the first text is at line {line}\n"
        in sentence
    )


def test_one_type_a_name_says_nothing(tmp_path: Path) -> None:
    _, sentence = parse(tmp_path, '{"msg":"x","n":1}\n{"msg":"x","n":1.5}\n{"msg":"x","m":"a"}\n')
    assert "several types" not in sentence


def test_many_changes_are_counted(tmp_path: Path) -> None:
    numbers = {f"n{each}": each for each in range(9)}
    _, sentence = parse(tmp_path, json.dumps(numbers) + "\n" + json.dumps(dict.fromkeys(numbers, "x")) + "\n")
    assert sentence.count("is of several types") == 5
    assert "and 4 more attributes of several types" in sentence


def test_the_summary_for_programs_is_as_it_was(tmp_path: Path) -> None:
    _, sentence = parse(tmp_path, '{"msg":"x","n":1}\n{"msg":"x","n":"a"}\n', "--json")
    assert len(sentence.splitlines()) == 1
