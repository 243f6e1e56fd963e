"""A command that finds no stack where it runs says which ones run elsewhere, and how to reach them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("boto3", reason="needs boto3: make setup")

from froe.errors import FroeError
from froe.local.info import Folder, StackInfo, claim
from froe.target import find_target

PORT = 61_234


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    for name in ("run", "here", "there"):
        (tmp_path / name).mkdir()
    return tmp_path / "here", tmp_path / "there"


def started(root: Path, *, up: bool) -> Folder:
    folder = claim(PORT, root)
    if up:
        info = StackInfo(**dict.fromkeys(StackInfo.__dataclass_fields__, "x"))
        folder.publish(info, {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **asdict(info)})
    return folder


def complaint(root: Path) -> str:
    with pytest.raises(FroeError, match="No Froe to act on") as refused:
        find_target(environ={}, root=root)
    return str(refused.value)


def test_a_stack_of_another_folder_is_named_with_the_way_to_it(roots: tuple[Path, Path]) -> None:
    here, there = roots
    folder = started(there, up=True)
    message = complaint(here)
    assert f"One runs from {there}" in message
    assert f". {there}/.froe/{PORT}/env; set +a" in message
    folder.release()
    assert "One runs" not in complaint(here)


def test_a_stack_that_is_still_starting_is_named(roots: tuple[Path, Path]) -> None:
    here, _ = roots
    folder = started(here, up=False)
    assert f"One is starting in {here}/.froe/{PORT}" in complaint(here)
    folder.release()


def test_a_stack_of_this_folder_is_found(roots: tuple[Path, Path]) -> None:
    here, _ = roots
    folder = started(here, up=True)
    assert find_target(environ={}, root=here).endpoint_url == "x"
    folder.release()


def test_a_registry_that_others_may_write_is_not_read(roots: tuple[Path, Path], tmp_path: Path) -> None:
    here, there = roots
    folder = started(there, up=True)
    (registry,) = (tmp_path / "run").iterdir()
    registry.chmod(0o777)
    assert "One runs" not in complaint(here)
    registry.chmod(0o700)
    assert json.loads((there / ".froe" / str(PORT) / "stack.json").read_text())
    folder.release()
