"""Time zones that are named by a place (``Europe/Berlin``), as the packaged copy of the database knows them.

A machine's own database is never asked: it would give the same text another time elsewhere.
"""

from __future__ import annotations

import pkgutil
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

PLACE: Final = (
    r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico"
    r"|Pacific|US)/[A-Za-z_]{2,20}(?:[/+-][\w+-]{1,24})?"
)
"""Which names are looked up; https://data.iana.org/time-zones/theory.html#naming"""


@lru_cache(1024)
def zone_of(place: str) -> ZoneInfo | None:
    """The zone of a name that `PLACE` matches; None where the database has none such."""
    try:
        data = pkgutil.get_data("tzdata.zoneinfo", place)
    except OSError:
        return None
    if data is None:
        return None
    from zoneinfo import ZoneInfo  # few texts name a place

    return ZoneInfo.from_file(BytesIO(data), key=place)
