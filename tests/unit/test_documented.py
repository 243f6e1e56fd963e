"""Every command, option and route is documented; settings, metrics and events are held by the tests of their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("click", reason="needs click: make setup")

import click

from chalicelib.core.ledger.accounts import State
from chalicelib.openapi import description
from froe import commands_page
from froe.cli import main
from tests.templates import ROOT

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHODS = {"get", "post", "put", "delete", "patch"}


def commands(command: click.Command = main, name: str = "froe") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for each in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), each)
            assert inner
            yield from commands(inner, f"{name} {each}")


def test_the_page_of_commands_is_that_of_the_commands() -> None:
    """`make docs` rewrites it."""
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == commands_page.page()


def test_every_command_and_option_says_what_it_does() -> None:
    silent = [
        f"{name} {option.opts[0]}"
        for name, command in commands()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    silent += [name for name, command in commands() if not command.help]
    assert silent == []


def test_every_command_answers_programs_too() -> None:
    """`completion` prints a script and `chalice` what Chalice prints; of `token` the commands below it do."""
    mute = {
        name
        for name, command in commands()
        if not any(option.opts == ["--json"] for option in command.params)
    }
    assert mute == {"froe", "froe completion", "froe token", "froe chalice"}


def test_the_readme_names_commands_that_exist() -> None:
    rows = re.findall(r"^\| (`froe .*?) \|", README, re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"`froe ([a-z-]+)", row)}
    assert named
    assert named <= {name.split()[1] for name, _ in commands() if " " in name}


def test_every_route_is_in_the_table_of_routes() -> None:
    section = ARCHITECTURE[ARCHITECTURE.index("### HTTP") :]
    missing = [
        f"{method.upper()} {path}"
        for path, operations in description()["paths"].items()
        for method in METHODS & operations.keys()
        if not re.search(rf"`{method.upper()} {re.escape(path)}[?`]", section)
    ]
    assert missing == []


def test_the_glossary_has_each_state_and_is_in_order() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words, states = page.split("## States of a file")
    assert re.findall(r"^\| `([A-Z]+)` \|", states, re.MULTILINE) == [state.value for state in State]
    named = re.findall(r"^\| ([a-z ]+) \|", words, re.MULTILINE)[1:]
    assert named == sorted(named)
