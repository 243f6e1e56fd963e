"""Unpacks a package once, however many processes of functions are started from it.

Promise: as on AWS, every process of a package reads the same files; ministack would unpack them for each, which takes
about as long as the start itself. With FROE_UNPACKED=FOLDER they stay there for the next local AWS of the checkout: to write
and remove thousands of small files takes some disks ten seconds. Limits: a function that wrote to its own folder would write
for all; on AWS it cannot. What no local AWS uses is removed, but for the newest.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

FOLDER_SETTING: Final = "FROE_UNPACKED"
_KEPT: Final = 3
_LOCK: Final = threading.Lock()
_IN_USE: Final[dict[Path, int]] = {}
"""Package → its lock, which is shared for as long as this process lives."""


def unpack_once(runtime: Any) -> None:
    """Have `ministack.core.lambda_runtime` give all processes of a package one folder (the version is pinned)."""
    kept = {name: getattr(zipfile, name) for name in zipfile.__all__}
    runtime.zipfile = SimpleNamespace(**{**kept, "ZipFile": SharedPackage})


class SharedPackage(zipfile.ZipFile):
    """A package whose contents lie once among the temporary files; where they are wanted, a link leads there."""

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """path: an empty folder, in the place of which the link comes. A part of the package is unpacked as ever."""
        if path is None or members is not None or not self.filename or any(Path(path).iterdir()):
            super().extractall(path, members, pwd)
            return
        listed = [(each.filename, each.CRC, each.file_size) for each in self.infolist()]
        name = hashlib.sha256(repr(listed).encode()).hexdigest()
        folder = Path(os.environ.get(FOLDER_SETTING) or Path(tempfile.gettempdir()) / "unpacked")
        shared = folder / name
        with _LOCK:
            if shared not in _IN_USE:
                folder.mkdir(parents=True, exist_ok=True)
                lock = _lock_of(shared)
                fcntl.flock(lock, fcntl.LOCK_SH)
                if not shared.exists():
                    fcntl.flock(lock, fcntl.LOCK_UN)
                    fcntl.flock(lock, fcntl.LOCK_EX)
                if not shared.exists():
                    new = shared.with_name(f"{name}.new")
                    shutil.rmtree(new, ignore_errors=True)  # whoever began it was killed
                    super().extractall(new, members, pwd)
                    new.rename(shared)
                os.utime(shared)
                fcntl.flock(lock, fcntl.LOCK_SH)
                _IN_USE[shared] = lock
                _remove_unused(folder)
        Path(path).rmdir()
        Path(path).symlink_to(shared)


def _lock_of(package: Path) -> int:
    """A descriptor."""
    return os.open(package.with_name(f"{package.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)


def _remove_unused(folder: Path) -> None:
    packages = sorted(
        (path for path in folder.iterdir() if path.is_dir() and path.suffix != ".new"),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for package in packages[_KEPT:]:
        lock = _lock_of(package)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            half_gone = package.with_name(f"{package.name}.new")
            shutil.rmtree(half_gone, ignore_errors=True)
            # Nobody may take for whole what is left where this process is killed.
            package.rename(half_gone)
            shutil.rmtree(half_gone, ignore_errors=True)
        os.close(lock)
