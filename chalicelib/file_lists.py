"""Lists of files, newest first: by state, key, format and time, in a bounded number of requests per page.

Conditions that an index can sort by limit what is read. For other conditions a page searches a bounded number of files, and may be
short, or empty, and still have a cursor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.core.ledger.accounts import State
from chalicelib.ledger import FilePage, Ledger, StoredFile, opened_position
from chalicelib.pages import Page, checked_limit, checked_position, may_be_key
from chalicelib.status_json import file_json

_ROUNDS_MAX: Final = 5
_FILES_PER_ROUND: Final = 200


@dataclass(frozen=True)
class WantedFiles:
    """Which files are asked for; None means any. begin, end: bounds of the time of opening (UTC), or of settling if
    `settled`; end is excluded."""

    state: State | None = None
    key: str | None = None
    prefix: str | None = None
    format: str | None = None
    begin: datetime | None = None
    end: datetime | None = None
    settled: bool = False

    def takes(self, file: StoredFile) -> bool:
        """Whether the file meets the conditions that the index may not have applied."""
        key = file.plan.object.key
        return (
            self.state in {None, file.account.state}
            and (self.key is None or key == self.key)
            and key.startswith(self.prefix or "")
            and (self.format is None or file.plan.shown_format == self.format)
            and (not self.settled or self._has_settled_in_time(file.settled_at))
        )

    def _has_settled_in_time(self, settled_at: datetime | None) -> bool:
        return (
            settled_at is not None
            and (self.begin is None or settled_at >= self.begin)
            and (self.end is None or settled_at < self.end)
        )

    @property
    def can_be(self) -> bool:
        return all(may_be_key(each) for each in (self.key, self.prefix, self.format) if each)


class FileLists:
    """console_region: where the AWS console shows traces; None if there is no console."""

    def __init__(self, ledger: Ledger, console_region: str | None = None) -> None:
        self._ledger = ledger
        self._console_region = console_region

    def page(self, query: WantedFiles, limit: int, cursor: str | None) -> dict[str, Any]:
        """Files, with their accounts as of their last settled split."""
        listed = Page(checked_limit(limit))
        before = checked_position(cursor) if cursor else None
        if not query.can_be:
            return listed.listed(None)
        end = _moment(query.end)
        if end and (before is None or end < before):
            before = end
        ask = self._asking(query, limit)
        for _ in range(_ROUNDS_MAX):
            page = ask(before)
            for file in page.files:
                position = opened_position(file.opened_at, file.file_id)
                if query.takes(file) and not listed.add(file_json(file, file.account, self._console_region)):
                    return listed.listed(before)
                before = position
            if page.reached is None:
                return listed.listed(None)
            before = page.reached
            if listed.is_full:
                break
        return listed.listed(before)

    def _asking(self, query: WantedFiles, limit: int) -> Callable[[str | None], FilePage]:
        """The index that serves best: by key, or by state unless most files have that state."""
        since = None if query.settled else _moment(query.begin)
        is_sifted = bool(query.prefix or query.format or query.settled)
        many = max(limit, _FILES_PER_ROUND) if is_sifted or (query.key and query.state) else limit
        if query.key:
            key = query.key
            return lambda before: self._ledger.files_by_key(key, before=before, limit=many, since=since)
        if query.state and not (is_sifted and query.state is State.COMPLETE):
            state = query.state
            return lambda before: self._ledger.files_by_state(state, before=before, limit=many, since=since)
        at_once = many if query.state or query.settled else limit  # the index sifts by all else
        return lambda before: self._ledger.files_opened(
            before=before, limit=at_once, since=since, prefix=query.prefix, format_name=query.format
        )


def _moment(time: datetime | None) -> str | None:
    """A bound of positions, before all that begin with the same time."""
    return time.isoformat(timespec="microseconds") if time else None
