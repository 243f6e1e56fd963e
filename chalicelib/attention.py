"""What needs attention first: dead letters, and files that did not end well, made no progress, or have many rejects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from chalicelib.core.ledger.accounts import State
from chalicelib.ledger import FilePage, Ledger, StoredFile
from chalicelib.pages import Page, checked_limit
from chalicelib.statistics import MANY_REJECTS
from chalicelib.status_json import file_json, time_json

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
_WAITS: Final = State.INCOMPLETE
"""Waits for people, however old it is; the other states are only news."""
_NEWS: Final = (State.FAILED, State.DAMAGED, State.SUPERSEDED)
_MOVING: Final = (State.SPLITTING, State.PROCESSING)
_NEWS_FOR: Final = timedelta(days=7)
_HOLDS_FOR: Final = timedelta(seconds=5)
_STALLED: Final = "stalled"
_REJECTS: Final = "rejects"
WHYS: Final = (_WAITS.value, *(state.value for state in _NEWS), _STALLED, _REJECTS)

Listed = tuple[str, dict[str, Any], StoredFile]


class HasSince(Protocol):
    def quiet_since(self, file_ids: Iterable[str]) -> dict[str, datetime]:
        """Since when each file has made no progress, for those that the sweeper has looked at."""


class ManyRejects(Protocol):
    def files_with_many_rejects(self, *, since: str, limit: int) -> list[str]: ...


class Attention:
    """side_by_side: `map`, or one that makes several calls at once. stall: how long a file must have made no progress."""

    def __init__(
        self,
        ledger: Ledger,
        watches: HasSince,
        rejects: ManyRejects,
        letters: Callable[..., dict[str, Any]],
        now: Callable[[], datetime],
        *,
        stall: timedelta,
        side_by_side: Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]] = map,
        console_region: str | None = None,
    ) -> None:
        self._ledger, self._watches, self._rejects, self._letters = ledger, watches, rejects, letters
        self._now, self._stall, self._map = now, stall, side_by_side
        self._console_region = console_region
        self._answered: dict[int, tuple[datetime, dict[str, Any]]] = {}

    def page(self, limit: int = DEFAULT_LIMIT) -> dict[str, Any]:
        """At most `limit` dead letters, and as many files for each reason, newest first. The answer may be five seconds
        old: it takes a hundred reads, and pages poll it."""
        checked_limit(limit)
        now = self._now()
        at, answer = self._answered.get(limit, (None, None))
        if at is None or answer is None or not at <= now < at + _HOLDS_FOR:
            answer = self._looked_up(limit)
            self._answered[limit] = now, answer
        return answer

    def _looked_up(self, limit: int) -> dict[str, Any]:
        asks: list[Callable[[], tuple[list[Listed], bool]]] = [
            *(lambda state=state: self._in_state(state, limit) for state in (_WAITS, *_NEWS)),
            lambda: self._stalled(limit),
            lambda: self._with_rejects(limit),
        ]
        letters, *answers = self._map(lambda ask: ask(), [lambda: self._letters(limit=limit + 1), *asks])
        more_dead = len(letters["items"]) > limit or letters["cursor"] is not None
        dead = {"items": letters["items"][:limit], "more": more_dead}
        page, more = Page(len(WHYS) * MAX_LIMIT, beside=dead), any(more for _, more in answers)
        for why, detail, file in (each for entries, _ in answers for each in entries):
            listed = file_json(file, file.account, self._console_region)
            more = not page.add({"why": why, **detail, "file": listed}) or more
        return {"dead_letters": dead, "files": page.listed(None)["items"], "more": more}

    def _in_state(self, state: State, limit: int) -> tuple[list[Listed], bool]:
        since = None if state is _WAITS else self._ago(_NEWS_FOR)
        page = self._ledger.files_by_state(state, before=None, since=since, limit=limit + 1)
        files: list[Listed] = [
            (state.value, {}, file) for file in page.files[:limit] if file.account.state is state
        ]
        return files, _has_more(page, limit)

    def _stalled(self, limit: int) -> tuple[list[Listed], bool]:
        now = self._now()
        pages = [
            self._ledger.files_by_state(state, before=self._ago(self._stall), limit=MAX_LIMIT + 1)
            for state in _MOVING
        ]
        files = [file for page in pages for file in page.files if not file.account.state.settled]
        since = self._watches.quiet_since(file.plan.file_id for file in files)
        stalled: list[Listed] = []
        for file in sorted(files, key=lambda file: file.opened_at, reverse=True):
            quiet = since.get(file.plan.file_id, file.opened_at)
            if quiet <= now - self._stall:
                stalled.append((_STALLED, {"quiet_since": time_json(quiet)}, file))
        return stalled[:limit], len(stalled) > limit or any(_has_more(page, MAX_LIMIT) for page in pages)

    def _with_rejects(self, limit: int) -> tuple[list[Listed], bool]:
        ids = self._rejects.files_with_many_rejects(since=self._ago(_NEWS_FOR), limit=limit + 1)
        listed: list[Listed] = []
        for file in self._ledger.read_files(ids[:limit]):
            share = file.account.summary.counts.reject_share
            if share.value > MANY_REJECTS:
                listed.append((_REJECTS, {"share": round(share.value, 4), "share_of": share.of}, file))
        return listed, len(ids) > limit

    def _ago(self, span: timedelta) -> str:
        return (self._now() - span).isoformat(timespec="microseconds")


def _has_more(page: FilePage, limit: int) -> bool:
    """page: read with one more than the limit; it is shorter if files have changed meanwhile."""
    return len(page.files) > limit or page.reached is not None
