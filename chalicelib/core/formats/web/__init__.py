"""Web servers and proxies."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "access": ("access_common", "access_combined"),
}
"""Module of this package → the formats in its `FORMATS`."""
