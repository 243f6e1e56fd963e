"""One walk of the sweeper through the listing of the input bucket, which may take many sweeps.

Promise: later rounds do not look up objects that a round has found in the ledger, so a sweep costs as much as there is
new, not as much as the bucket has. Limits: an object may appear later than its time says (the time of a multipart upload is
that of its beginning): one round a day looks up everything within reach again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import orjson

FULL_ROUND_EVERY: Final = timedelta(days=1)
SECONDS_A_PAGE: Final = 2
"""A round begins at the earliest so many seconds per page after the one before: at most 1.3 million listings a month."""


@dataclass(frozen=True, slots=True)
class Round:
    """begun: time of its first page. full_begun: that of the last full round. asked_from: objects older than this were
    found in the ledger by the round before; None in a full round. oldest_open: time of the oldest object in this round
    without a file. ended: whether it has read the last page."""

    begun: datetime
    full_begun: datetime
    asked_from: datetime | None = None
    oldest_open: datetime | None = None
    pages: int = 0
    ended: bool = False

    @classmethod
    def first(cls, now: datetime) -> Round:
        return cls(now, now)

    def is_over_for(self, now: datetime) -> bool:
        """Whether the next round may begin, if this one has ended."""
        return now - self.begun >= timedelta(seconds=SECONDS_A_PAGE * self.pages)

    def following(self, now: datetime, stall: timedelta) -> Round:
        """The round after this one, which has ended; stall: the least age of an object to be looked at."""
        if now - self.full_begun >= FULL_ROUND_EVERY:
            return Round.first(now)
        settled = self.begun - stall
        return Round(now, self.full_begun, min(settled, self.oldest_open or settled))

    def asks_for(self, last_modified: datetime) -> bool:
        return self.asked_from is None or last_modified >= self.asked_from

    def with_page(self, open_since: datetime | None, *, is_last: bool) -> Round:
        """The round after one more page; open_since: time of the oldest object on it without a file."""
        times = [each for each in (self.oldest_open, open_since) if each]
        return replace(self, pages=self.pages + 1, oldest_open=min(times, default=None), ended=is_last)

    def encode(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def decode(cls, text: str | None) -> Round | None:
        """The remembered round; None if it cannot be read: then everything is looked up again."""
        try:
            stored = orjson.loads(text or "")
            times = {
                name: datetime.fromisoformat(stored[name]) if stored[name] else None
                for name in ("begun", "full_begun", "asked_from", "oldest_open")
            }
            begun, full_begun = times["begun"], times["full_begun"]
            if begun is None or full_begun is None:
                return None
            return cls(
                begun,
                full_begun,
                times["asked_from"],
                times["oldest_open"],
                int(stored["pages"]),
                bool(stored["ended"]),
            )
        except (ValueError, TypeError, KeyError):
            return None
