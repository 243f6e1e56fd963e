"""The configuration file of a deployment: custom formats, bindings, filters, redaction.

It is checked, proved and compiled when the functions are packaged, and is part of the package, beside this module. Without
it nothing is configured. On a user's machine, or if FROE_CONFIG names a file, the source file is read. A stage may use
another configuration from its bucket (`configuration_versions`), compiled in the same way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.spec import KEY_SETTING, Config

FILE_SETTING: Final = "FROE_CONFIG"
PACKAGED: Final = Path(__file__).parent / "froe.toml"
COMPILED: Final = "froe.json"
"""The file that replaces the source file in a package."""


def read_config(
    path: Path | None = None, environment: Mapping[str, str] = os.environ, packaged: Path = PACKAGED
) -> Config:
    """The configuration of `path`, else of the file that FROE_CONFIG names, else the compiled one beside `packaged`, else that of
    `packaged` if it is there.

    Raises ConfigError, which names the file, the line and the remedy."""
    key = environment.get(KEY_SETTING, "")
    if path is None and environment.get(FILE_SETTING):
        path = Path(environment[FILE_SETTING])
    if path is None:
        made = packaged.with_name(COMPILED)
        if made.exists():
            return _compiled(made, key)
        if not packaged.exists():
            return Config(key=key)
        path = packaged
    return _written(path, key)


def compile_config(path: Path) -> bytes:
    """Check a configuration file and compile it to what functions read. Raises ConfigError."""
    from chalicelib.core.custom.compiled import compiled

    return compiled(_written(path, None))


def _compiled(path: Path, key: str) -> Config:
    from chalicelib.core.custom.compiled import NoKeyError, OtherFormError, config_of

    try:
        return config_of(path.read_bytes(), key)
    except (NoKeyError, OtherFormError) as error:
        raise ConfigError(f"chalicelib/{PACKAGED.name}", 1, str(error)) from error


def _written(path: Path, key: str | None) -> Config:
    """key: as for `load`."""
    text, name = read_written(path)
    from chalicelib.core.custom.loading import load  # functions have nothing to load

    return load(text, name, key)


def read_written(path: Path) -> tuple[str, str]:
    """The text of a file, and its name in messages. Raises ConfigError."""
    name = (
        f"chalicelib/{path.name}" if path == PACKAGED else str(path.resolve() if path.is_symlink() else path)
    )
    try:
        return path.read_text(encoding="utf-8-sig"), name
    except UnicodeDecodeError as error:
        raise ConfigError(name, 1, f"it is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        remedy = f"name an existing file, in the command or with {FILE_SETTING}"
        raise ConfigError(name, 1, f"it cannot be read ({error.strerror}); {remedy}") from error
