"""Scanners of infra/, each in an environment of its own: they pin libraries that ours must not have.

infra/tools.txt names their versions; the first test that needs one makes its environment in .froe/tools.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "infra" / "tools.txt"
FOLDER = ROOT / ".froe" / "tools"
READY = ".ready"


def pins() -> dict[str, str]:
    """Tool → what pip installs: `checkov` → `checkov==3.3.30`."""
    lines = [line.strip() for line in PINS.read_text(encoding="utf-8").splitlines()]
    return {line.split("==")[0]: line for line in lines if line and not line.startswith("#")}


class Unavailable(Exception):  # noqa: N818 - a reason, not a fault
    """The tool cannot be installed here; the reason is what pip said."""


def tool(name: str, command: str | None = None) -> Path:
    """The command of the tool `name` (its own name, where no other is said), made where it is not there yet;
    the test is skipped where it cannot be."""
    try:
        return make_tool(name, command)
    except Unavailable as reason:
        pytest.skip(str(reason))


def make_tool(name: str, command: str | None = None) -> Path:
    """The same; raises Unavailable."""
    pin, folder = pins()[name], FOLDER / name
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / READY
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != pin:
            _make(folder, pin)
            stamp.write_text(pin, encoding="utf-8")
    return folder / "bin" / (command or name)


def node_tool(source: Path) -> Path:
    """The folder with what package-lock.json in `source` pins, made where it is not there yet; the test is skipped where
    there is no Node, or where it cannot be installed."""
    try:
        return make_node_tool(source)
    except Unavailable as reason:
        pytest.skip(str(reason))


def make_node_tool(source: Path) -> Path:
    """The same; raises Unavailable."""
    pinned, folder = (source / "package-lock.json").read_text(encoding="utf-8"), FOLDER / source.name
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{source.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / READY
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != pinned:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, folder)
            npm = shutil.which("npm")
            if npm is None or shutil.which("node") is None:
                raise Unavailable(f"there is no Node.js 20 on this machine, which {source.name} needs")
            _run(
                [npm, "ci", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"],
                source.name,
            )
            stamp.write_text(pinned, encoding="utf-8")
    return folder


def _make(folder: Path, pin: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    for (
        command
    ) in (  # neither a pip of its own nor bytecode of what is never imported: they took most of the time
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        [*pip, "install", "--quiet", "--no-compile", pin],
    ):
        _run(command, pin)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip() or "no reason given"
        raise Unavailable(f"{what} cannot be installed: {reason.splitlines()[-1]}")
