"""What container runtimes and Kubernetes write around the lines of others."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {}
"""Module of this package → the formats in its `FORMATS`."""
