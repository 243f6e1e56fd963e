"""The daily summary: one notice about a day, for those who want to see every morning that all is well.

Promise: published once a day however often the schedule fires, under an id that names the day; again only if the sweep that claimed
it died before it was published. It is made from the statistics, the added-up accounts of settled files. Limits: files count on
the day on which they were opened; files that settle after the summary are in none.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from chalicelib.core.amounts import counted
from chalicelib.delivery import Deadline
from chalicelib.notices import Notice, Publishes, printable
from chalicelib.statistics import Sum

_FACTS: Final = Path(__file__).parent / "page" / "facts.json"
_LEASE: Final = timedelta(minutes=10)
"""Longer than a sweeper lives."""
_NAMED_MAX: Final = 10
_FORMATS_MAX: Final = 30
_LATE: Final = {
    "stalled": "files that stand still",
    "INCOMPLETE": "files that wait for a redrive (INCOMPLETE)",
}

logger = logging.getLogger("froe")


class Claims(Protocol):
    def claim(self, name: str, now: datetime, lease: timedelta) -> bool:
        """Whether the caller should do it: it is not done, and nobody claimed it within the lease."""

    def put_done(self, name: str) -> None:
        """Record that it is done, for good."""


class AddsUp(Protocol):
    def total(self, begin: datetime, end: datetime, deadline: Deadline) -> Mapping[str, Sum]:
        """Counts of the settled files that were opened between these times, by format."""


class Urgent(Protocol):
    def page(self, limit: int) -> dict[str, Any]:
        """What needs attention, as `GET /attention` gives it."""


class DailySummary:
    """hour: hour of the day (UTC) from which the day before is summed up. dollars: price of one unit of each thing that
    a file uses."""

    def __init__(
        self,
        statistics: AddsUp,
        attention: Urgent,
        claims: Claims,
        topic: Publishes,
        now: Callable[[], datetime],
        *,
        hour: int,
        stage: str,
        dollars: Mapping[str, float] | None = None,
    ) -> None:
        self._statistics, self._attention, self._claims, self._topic = statistics, attention, claims, topic
        self._now, self._hour, self._stage = now, hour, stage
        self._dollars = dollars

    def tell(self, deadline: Deadline) -> bool:
        """Publish the summary of yesterday if it is due and not published yet. Gives whether it was published. Raises
        TransientError if it should be tried again."""
        now = self._now()
        if now.hour < self._hour:
            return False
        day = now.date() - timedelta(days=1)
        name = f"summary#{day.isoformat()}"
        if not self._claims.claim(name, now, _LEASE):
            return False
        begin = datetime.combine(day, time(), UTC)
        formats = self._statistics.total(begin, begin + timedelta(days=1), deadline)
        dollars = prices() if self._dollars is None else self._dollars
        notice = summary_notice(self._stage, day, formats, self._attention.page(_NAMED_MAX), dollars)
        self._topic.publish(notice)
        self._claims.put_done(name)
        logger.info("summary_sent", extra={"notice_id": notice.notice_id})
        return True


def prices() -> Mapping[str, float]:
    """Dollars per unit of each thing that a file uses (list prices of us-east-1), as the page shows them."""
    dollars: dict[str, float] = json.loads(_FACTS.read_text(encoding="utf-8"))["dollars"]
    return dollars


def summary_notice(
    stage: str, day: date, formats: Mapping[str, Sum], urgent: Mapping[str, Any], dollars: Mapping[str, float]
) -> Notice:
    """formats: name → counts of its files. urgent: as `GET /attention` gives it. Attributes: `stage`, `day`."""
    total = sum(formats.values(), Sum()).json()
    share = _share(total)
    return Notice(
        notice_id=f"summary-{stage}-{day.isoformat()}",
        kind="summary",
        subject=f"Froe {stage} {day}: {counted(total['files'], 'file')}, {counted(total['lines'], 'line')}, {share:.2%} rejected",
        text="\n".join(_digest(stage, day, formats, urgent, dollars)) + "\n",
        attributes={"stage": stage, "day": day.isoformat()},
    )


def _digest(
    stage: str, day: date, formats: Mapping[str, Sum], urgent: Mapping[str, Any], dollars: Mapping[str, float]
) -> Iterator[str]:
    total = sum(formats.values(), Sum()).json()
    yield f"Files of the stage {stage} that were opened on {day} (UTC) and are settled:"
    yield ""
    states = ", ".join(f"{state} {count:,}" for state, count in total["states"].items())
    yield f"files: {total['files']:,}" + (f" ({states})" if states else "")
    yield f"objects: {total['bytes']:,} bytes"
    yield f"text: {total['text_bytes']:,} bytes"
    for name in ("parsed", "rejected", "skipped", "dead", "discarded"):
        if total[name]["lines"] or name in {"parsed", "rejected"}:
            yield f"{name}: {counted(total[name]['lines'], 'line')}, {counted(total[name]['bytes'], 'byte')}"
    cost = sum(each * total["used"].get(name, 0) for name, each in dollars.items())
    yield f"cost: about ${cost:,.2f} of writes, queues, reads and functions (list prices of us-east-1)"
    yield ""
    yield from _by_format(formats)
    yield from _late(urgent)
    yield ""
    yield "More: froe status"


def _by_format(formats: Mapping[str, Sum]) -> Iterator[str]:
    """Formats, those with the most rejects first."""
    rows = {name: each.json() for name, each in formats.items()}
    ordered = sorted(rows, key=lambda name: (-rows[name]["rejected"]["lines"], -rows[name]["lines"], name))
    if ordered:
        yield "Rejected lines by format:"
    for name in ordered[:_FORMATS_MAX]:
        each = rows[name]
        read = each["rejected"]["lines"] + each["parsed"]["lines"]
        rejected = f"{each['rejected']['lines']:,} of {counted(read, 'line')} ({_share(each):.2%})"
        yield printable(f"{name}: {rejected}, {counted(each['files'], 'file')}")
    if len(ordered) > _FORMATS_MAX:
        yield f"and {len(ordered) - _FORMATS_MAX} more formats"


def _late(urgent: Mapping[str, Any]) -> Iterator[str]:
    """What is late, of that day or another."""
    letters = urgent["dead_letters"]
    late = {why: [each for each in urgent["files"] if each["why"] == why] for why in _LATE}
    yield ""
    if not letters["items"] and not any(late.values()):
        yield "Nothing is late."
        return
    yield "Late:"
    for why, files in late.items():
        if files:
            yield f"{_LATE[why]}: {_at_least(len(files))}"
        for each in files:
            file = each["file"]
            since = f"since {each['quiet_since']}, " if "quiet_since" in each else ""
            reason = file["reason"] or file["state"]
            yield printable(f"{file['file_id']} s3://{file['bucket']}/{file['key']}: {since}{reason[:300]}")
    if letters["items"]:
        yield f"dead letters: {len(letters['items'])}{' or more' if letters['more'] else ''} (froe dead-letters)"


def _at_least(count: int) -> str:
    return f"{count} or more" if count >= _NAMED_MAX else str(count)


def _share(total: Mapping[str, Any]) -> float:
    rejected = total["rejected"]["lines"]
    return float(rejected / max(1, rejected + total["parsed"]["lines"]))
