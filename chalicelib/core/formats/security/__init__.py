"""Security devices and sensors."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {}
"""Module of this package → the formats in its `FORMATS`."""
