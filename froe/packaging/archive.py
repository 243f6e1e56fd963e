"""A zip that depends only on the names and the contents of its files.

Limits: another version of zlib may compress the same bytes differently.
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can say."""
_UNIX: Final = 3
_MODE: Final = 0o644
"""Lambda runs as a user of its own, which must be able to read every file; it starts none of them."""


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write `files`, name → content, to the zip `path`, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, _TIME)
                entry.create_system = _UNIX
                entry.external_attr = _MODE << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[name], compresslevel=9)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
