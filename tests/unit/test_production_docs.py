"""The pages for production say what is so: every alarm has its instructions, every command and option exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

pytest.importorskip("click", reason="needs click: make setup")

import click

from froe import costs_page, parameters
from froe.cli import main
from froe.costs import dollars, estimates, idle
from froe.estimating import ordinary_sample
from froe.prices import read_prices
from tests.templates import ROOT, of_type, read

DOCS = ROOT / "docs"
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
TEMPLATE = read("observability")
PREFIX = "froe-${Stage}-"
ALARMS = {
    properties["AlarmName"]["Fn::Sub"].removeprefix(PREFIX): properties["AlarmDescription"]
    for properties in of_type(TEMPLATE, "AWS::CloudWatch::Alarm").values()
}
QUERIES = {
    properties["Name"]["Fn::Sub"].split("/")[1]
    for properties in of_type(TEMPLATE, "AWS::Logs::QueryDefinition").values()
}
SECTIONS = dict(re.findall(r"^### ([a-z-]+)\n\n(.*?)(?=^##|\Z)", OPERATIONS, re.MULTILINE | re.DOTALL))
PAGES = sorted({ROOT / "README.md", *DOCS.glob("*.md")})


def test_every_alarm_has_its_heading_and_every_heading_its_alarm() -> None:
    assert set(SECTIONS) == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_names_its_heading_which_says_what_it_means_and_what_to_do(name: str) -> None:
    assert ALARMS[name].endswith(f" (docs/operations.md#{name})")
    assert re.findall(r"^\*\*(\w+)\*\*:", SECTIONS[name], re.MULTILINE) == ["Means", "Look", "Do"]


def test_the_runbook_names_every_saved_query_and_no_other() -> None:
    assert set(re.findall(r"`([a-z-]+)`", OPERATIONS)) >= QUERIES
    assert set(re.findall(r"froe_query ([a-z-]+) \d", OPERATIONS)) <= QUERIES


def test_the_page_of_parameters_is_that_of_the_templates() -> None:
    """`make docs` rewrites it."""
    assert (DOCS / "parameters.md").read_text(encoding="utf-8") == parameters.page()


def test_the_page_of_costs_is_what_the_model_gives() -> None:
    """`make docs` rewrites it."""
    assert (DOCS / "costs.md").read_text(encoding="utf-8") == costs_page.page()


def test_the_readme_has_the_prices_of_the_model() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    sample, prices = ordinary_sample(), read_prices()
    items, packed, *_ = estimates(sample, prices, gb_per_day=1, kept_days=30)
    assert f"about ${packed.dollars_per_gb:.2f} per GB" in text
    assert f"and ${items.dollars_per_gb:.2f} in `items`" in text
    assert f"for 30 days costs ${packed.kept:.2f} or ${items.kept:.2f} more" in text
    assert f"about ${sum(dollars(idle(), prices).values()):.0f} a month" in text


def quoted() -> Iterator[tuple[str, list[str]]]:
    """Every froe command line in code of the pages: page, words."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        bare = re.sub(r"^```[a-z]*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", bare)
        for line in lines:
            match = re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?froe ([a-z-]+.*)", line.split("   #")[0])
            if match:
                yield page.name, shlex.split(match[1].split(" | ")[0].split(";")[0], comments=True)


@pytest.mark.parametrize(("page", "words"), list(quoted()), ids=str)
def test_a_command_that_is_shown_exists_with_its_options(page: str, words: list[str]) -> None:
    command = main.get_command(click.Context(main), words[0])
    assert command is not None, f"{page}: froe {words[0]}"
    if isinstance(command, click.Group) and len(words) > 1 and not words[1].startswith("-"):
        command = command.get_command(click.Context(command), words[1])
        assert command is not None, f"{page}: froe {words[0]} {words[1]}"
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known | {"--help"}
