"""Chalice's own commands, run as a person would run them, in the checkout of the stage."""

import subprocess
from pathlib import Path

from froe.errors import FroeError
from froe.resources import CHALICE


def run_chalice(command: str, stage: str, root: Path, again: str) -> None:
    """What it says goes to the terminal. FroeError, naming the command that carries on, if it fails."""
    done = subprocess.run([*CHALICE, command, "--stage", stage], cwd=root, check=False)  # noqa: S603 - ours
    if done.returncode != 0:
        raise FroeError(
            f"chalice {command} failed with code {done.returncode}: what it said is above; "
            f"fix that, and {again} continues."
        )
