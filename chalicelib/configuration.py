"""The configuration file of a deployment: formats of one's own, bindings, filters, redaction.

It is part of the package, beside this module; where there is none, nothing is configured.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chalicelib.core.custom.places import ConfigError
from chalicelib.core.custom.spec import KEY_SETTING, Config

FILE_SETTING: Final = "FROE_CONFIG"
PACKAGED: Final = Path(__file__).parent / "froe.toml"


def read_config(
    path: Path | None = None, environment: Mapping[str, str] = os.environ, packaged: Path = PACKAGED
) -> Config:
    """The configuration of `path`, else of the file that FROE_CONFIG names, else of the packaged one if it is there.

    Raises ConfigError, which names the file, the line and the remedy."""
    if path is None and environment.get(FILE_SETTING):
        path = Path(environment[FILE_SETTING])
    if path is None:
        if not packaged.exists():
            return Config(key=environment.get(KEY_SETTING, ""))
        path = packaged
    name = (
        f"chalicelib/{path.name}" if path == PACKAGED else str(path.resolve() if path.is_symlink() else path)
    )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(name, 1, f"it is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        remedy = f"name an existing file with {FILE_SETTING} or --config"
        raise ConfigError(name, 1, f"it cannot be read ({error.strerror}); {remedy}") from error
    from chalicelib.core.custom.loading import load  # most functions have nothing to load

    return load(text, name, environment.get(KEY_SETTING, ""))
