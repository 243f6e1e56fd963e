"""Each shell that is there completes what the commands really have."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("click", reason="click is not installed")

from click.testing import CliRunner

from froe import cli
from froe.completion import SHELLS, commands_of


@cache
def script(shell: str) -> str:
    result = CliRunner().invoke(cli.main, ["completion", shell])
    assert result.exit_code == 0, result.output
    return result.stdout


def completed(typed: str, folder: Path) -> set[str]:
    """What bash offers for the last word."""
    words = typed.split(" ")
    asked = f"""
{script("bash")}
COMP_WORDS=({" ".join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}
_froe
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-u", "-c", asked], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("froe st", {"status"}),
        ("froe ", set(cli.COMMANDS)),
        ("froe --ver", {"--version"}),
        ("froe status --st", {"--state", "--stage"}),
        ("froe status --state COM", {"COMPLETE"}),
        ("froe status somewhere --wat", {"--watch"}),
        ("froe export abcd --to ", {"ndjson", "csv", "parquet"}),
        ("froe completion ", set(SHELLS)),
        ("froe token ", {"create", "list", "revoke"}),
        ("froe token create ann --ro", {"--role"}),
        ("froe status --stage ", set()),
        ("froe records --where x=1 --lim", {"--limit"}),
    ],
)
def test_bash_completes_what_there_is(typed: str, offered: set[str], tmp_path: Path) -> None:
    assert completed(typed, tmp_path) == offered


def test_bash_completes_every_option_of_every_command(tmp_path: Path) -> None:
    for command in commands_of(cli.main)[1::6]:
        names = {name for option in command.options for name in option.names}
        assert completed(" ".join(("froe", *command.words, "-")), tmp_path) == names


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shutil.which(shell)])
def test_a_shell_takes_its_script(shell: str, tmp_path: Path) -> None:
    path = tmp_path / "completion"
    path.write_text(script(shell))
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_each_script(shell: str) -> None:
    text = script(shell)
    for command in commands_of(cli.main):
        assert all(word in text for word in command.words)
        for option in command.options:
            for name in option.names:
                assert (
                    name if shell != "fish" else f" {'-l' if name[1] == '-' else '-s'} {name.lstrip('-')} "
                ) in text
