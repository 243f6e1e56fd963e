"""The formats that Froe knows, in the order in which detection breaks a tie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.access import COMBINED, COMMON
from chalicelib.core.formats.json_lines import JSON
from chalicelib.core.formats.syslog_rfc3164 import RFC3164
from chalicelib.core.formats.syslog_rfc5424 import RFC5424
from chalicelib.core.formats.text import TEXT
from chalicelib.core.formats.timestamped import TIMESTAMPED

if TYPE_CHECKING:
    from chalicelib.core.formats import Format

FORMATS: Final[tuple[Format, ...]] = (JSON, RFC5424, COMMON, COMBINED, RFC3164, TIMESTAMPED, TEXT)

_BY_NAME: Final = {known.name: known for known in FORMATS}


class UnknownFormatError(KeyError):
    """No format has this name."""

    def __init__(self, name: str) -> None:
        """name: what was asked for."""
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no format is called {self.name!r}; the known ones are {', '.join(_BY_NAME)}"


def by_name(name: str) -> Format:
    """The format of that name; raises UnknownFormatError, which names the known ones."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownFormatError(name) from None
