"""Operating systems and their services."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "syslog_rfc5424": ("syslog_rfc5424",),
    "syslog_rfc3164": ("syslog_rfc3164",),
}
"""Module of this package → the formats in its `FORMATS`."""
