"""`froe formats --toml`: a built-in format as a table that is accepted, and reads what the format reads."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from click.testing import CliRunner, Result

from chalicelib.core.custom import made_of
from chalicelib.core.custom.loading import load
from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import all_formats, by_name
from chalicelib.core.records import Record
from froe.cli import main
from froe.format_block import block_of

CONTEXT = ParseContext(datetime(2026, 1, 1, tzinfo=UTC), decided=True)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "custom-formats.md"


@cache
def blocks() -> dict[str, str]:
    return {known.name: block for known in all_formats() if (block := block_of(known))}


def froe(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"FROE_CONFIG": None, "REDACTION_KEY": None})


def test_about_a_hundred_formats_can_be_printed() -> None:
    assert len(blocks()) > 90
    assert "json" not in blocks()


def test_a_printed_format_reads_its_samples_and_names_what_it_leaves_out() -> None:
    for name, block in blocks().items():
        known = by_name(name)
        (own,) = made_of(load(block, name).rules, "").formats
        named = re.match(r"# .*?: (.*)\.\n", block)
        left_out = set(named[1].split(", ")) if named else set()
        assert own.samples == known.samples
        for sample in known.samples:
            mine, built_in = own.make_parser(CONTEXT)(sample), known.make_parser(CONTEXT)(sample)
            assert isinstance(mine, Record), (name, sample)
            assert isinstance(built_in, Record)
            assert (mine.timestamp, mine.severity_number) == (built_in.timestamp, built_in.severity_number), (
                name
            )
            assert built_in.attributes.keys() - mine.attributes.keys() <= left_out, name


@pytest.mark.parametrize("name", ["kafka", "etcd", "cockroachdb", "puppet_kafo"])
def test_what_is_printed_reads_a_file_of_the_format_without_a_reject(name: str, tmp_path: Path) -> None:
    printed = froe("formats", "--toml", name)
    assert printed.exit_code == 0
    config, file = tmp_path / "froe.toml", tmp_path / "a.log"
    config.write_text(printed.stdout)
    file.write_text("\n".join(by_name(name).samples) + "\n")
    parsed = froe("parse", "--config", str(config), str(file))
    records = [json.loads(line) for line in parsed.stdout.splitlines()]
    assert [(record["kind"], record["format"]) for record in records] == [("record", name)] * len(records)
    assert len(records) == len(by_name(name).samples)


def test_a_format_that_is_no_template_is_refused_with_those_that_are() -> None:
    done = froe("formats", "--toml", "json")
    assert done.exit_code == 1
    assert "'json' is more than templates can express" in done.stderr
    assert "`froe infer FILE --anyway`" in done.stderr
    assert "These can be printed: " in done.stderr
    assert " kafka," in done.stderr


def test_a_name_that_no_format_has_is_answered_with_those_like_it() -> None:
    done = froe("formats", "--toml", "kafak")
    assert done.exit_code == 1
    assert "Did you mean 'kafka'?" in done.stderr
    assert froe("formats", "--toml", "kafka", "--json").exit_code == 2


def test_the_table_in_the_docs_is_what_is_printed() -> None:
    assert f"```toml\n{blocks()['etcd']}```" in PAGE.read_text(encoding="utf-8")


def test_the_worked_example_of_the_docs_goes_from_the_line_to_the_golden_file(tmp_path: Path) -> None:
    section = PAGE.read_text(encoding="utf-8").split("## From a line to a golden file")[1].split("\n## ")[0]
    lines, template, table, golden, *_ = re.findall(r"```(?:toml)?\n(.*?)```", section, re.DOTALL)
    file, config = tmp_path / "kiosk.log", tmp_path / "froe.toml"
    file.write_text(lines)
    proposed = froe("infer", "--anyway", str(file))
    assert f"template = '{template.strip()}'" in proposed.stdout
    for text in (proposed.stdout, table):
        config.write_text(text)
        parsed = froe("parse", "--config", str(config), str(file))
        records = [json.loads(line) for line in parsed.stdout.splitlines()]
        assert {(record["kind"], record["format"]) for record in records} == {("record", "kiosk")}
        assert len(records) == 4
    assert {**records[0], "file": "kiosk.log"} == json.loads(golden)
