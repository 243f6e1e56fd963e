"""The local AWS unpacks a package once for all processes of its functions, and another package beside it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from froe.local import unpacking
from froe.local.unpacking import unpack_once


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.delenv(unpacking.FOLDER_SETTING, raising=False)
    module = SimpleNamespace(zipfile=zipfile)
    unpack_once(module)
    return module


def package(path: Path, content: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", content)
        archive.writestr("chalicelib/worker.py", content)
    return path


def started(runtime: Any, folder: Path, content: str) -> Path:
    """Where a process finds its code, as ministack unpacks it: from a copy of the package in a folder of its own."""
    code = folder / "code"
    code.mkdir(parents=True)
    with runtime.zipfile.ZipFile(str(package(folder / "code.zip", content))) as archive:
        archive.extractall(str(code))
    return code


def test_processes_of_one_package_read_the_same_files(runtime: Any, tmp_path: Path) -> None:
    first, second = (started(runtime, tmp_path / name, "one") for name in ("a", "b"))
    assert (first / "chalicelib" / "worker.py").read_text() == "one"
    assert (first / "app.py").samefile(second / "app.py")


def test_another_package_has_files_of_its_own(runtime: Any, tmp_path: Path) -> None:
    first, second = (started(runtime, tmp_path / name, name) for name in ("a", "b"))
    assert ((first / "app.py").read_text(), (second / "app.py").read_text()) == ("a", "b")


def test_the_files_stay_when_a_process_ends(runtime: Any, tmp_path: Path) -> None:
    first, second = (started(runtime, tmp_path / name, "one") for name in ("a", "b"))
    shutil.rmtree(first.parent)
    assert (second / "app.py").read_text() == "one"


def test_the_files_stay_for_the_next_local_aws_until_they_are_old_and_unused(
    runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setenv(unpacking.FOLDER_SETTING, str(kept))
    used = started(runtime, tmp_path / "0", "0").resolve()
    monkeypatch.setattr(unpacking, "_IN_USE", {})  # of another process, which lives
    lock = unpacking._lock_of(used)
    fcntl.flock(lock, fcntl.LOCK_SH)
    inode = (used / "app.py").stat().st_ino
    assert started(runtime, tmp_path / "again", "0").resolve().joinpath("app.py").stat().st_ino == inode
    ended = [started(runtime, tmp_path / str(number), str(number)).resolve() for number in range(1, 6)]
    for number, package in enumerate((used, *ended)):
        os.utime(package, (number, number))
    for each in unpacking._IN_USE.values():
        os.close(each)
    unpacking._IN_USE.clear()
    last = started(runtime, tmp_path / "last", "last").resolve()
    assert {each for each in kept.iterdir() if each.is_dir()} == {used, *ended[-2:], last}
    os.close(lock)


def test_what_goes_into_a_folder_with_other_files_is_unpacked_there(runtime: Any, tmp_path: Path) -> None:
    """A layer, say."""
    folder = tmp_path / "layer"
    folder.mkdir()
    (folder / "other").touch()
    with runtime.zipfile.ZipFile(str(package(tmp_path / "layer.zip", "one"))) as archive:
        archive.extractall(str(folder))
    assert not folder.is_symlink()
    assert {path.name for path in folder.iterdir()} == {"other", "app.py", "chalicelib"}


def test_a_package_that_is_none_is_refused_as_before(runtime: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip")
    with pytest.raises(runtime.zipfile.BadZipFile):
        runtime.zipfile.ZipFile(str(broken))
