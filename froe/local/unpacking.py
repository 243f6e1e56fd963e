"""Unpacks a package once, however many processes of functions are started from it.

Promise: as on AWS, every process of a package reads the same files; ministack would unpack them for each, which takes
about as long as the start itself. Limits: a function that wrote to its own folder would write for all; on AWS it cannot.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

_LOCK: Final = threading.Lock()


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
        shared = Path(tempfile.gettempdir()) / "unpacked" / name
        with _LOCK:
            if not shared.exists():
                new = shared.with_name(f"{name}.new")
                super().extractall(new, members, pwd)
                new.rename(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared)
