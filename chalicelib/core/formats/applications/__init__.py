"""What applications and their loggers write."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "json_lines": ("json",),
}
"""Module of this package → the formats in its `FORMATS`."""
