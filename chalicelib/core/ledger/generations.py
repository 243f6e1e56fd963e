"""Generations of a file: which one an id names, what its item says about them, and whether one may replace another."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.records import FILTERED

_MARK: Final = "~"
_NEVER: Final = frozenset({State.FAILED, State.SUPERSEDED, State.INCOMPLETE})
"""States of a generation of which nothing, or not everything, is stored."""


class Rereading(NamedTuple):
    """What a file's item says of its other generations. last: the highest number so far. under_way: the one that is
    being made. forced: whether it may be worse than the current one. since: when it was requested, or, if none is being
    made, when it ended. given_up: why the last one was given up."""

    last: int = 0
    under_way: int | None = None
    forced: bool = False
    since: datetime | None = None
    given_up: str | None = None


def named(file_id: str, generation: int) -> str:
    """The id of a generation's own ledger entry; file_id: that of the first one, which people know the file by."""
    return f"{file_id}{_MARK}{generation}"


def parted(file_id: str) -> tuple[str, int]:
    """The id that people know the file by, and the number of the generation; 0 if the id names none."""
    known, _, number = file_id.partition(_MARK)
    return known, int(number or 0)


def has_entry_of_its_own(file_id: str) -> bool:
    """Whether an id names the entry of a generation, which is in no list."""
    return _MARK in file_id


def worse(old: FileAccount, new: FileAccount, *, forced: bool = False) -> str | None:
    """Why a settled generation may not replace the current one; None if it may. forced: it may replace it even with
    more rejects or more lines that filters drop, if it is stored completely."""
    if new.state in _NEVER:
        return f"it is {new.state}" + (f": {new.reason}" if new.reason else "")
    if forced or old.state in (State.FAILED, State.SUPERSEDED):
        return None
    if new.state is not State.COMPLETE and new.state is not old.state:
        return f"it is {new.state}, and what there was is {old.state}: {new.reason}"
    if old.summary.unmeasured:
        return None
    before, after = _filtered(old).lines, _filtered(new).lines
    if after > before:
        return f"filters drop {after:,} lines of it, and before it were {before:,}"
    before, after = _no_records(old).lines, _no_records(new).lines
    if after <= before:
        return None
    return f"{after:,} lines of it are no records, and before it were {before:,}"


def _filtered(account: FileAccount) -> Tally:
    skipped = account.summary.counts.skipped
    return sum((tally for reason, tally in skipped.items() if reason.startswith(FILTERED)), Tally())


def _no_records(account: FileAccount) -> Tally:
    summary = account.summary
    return summary.counts.rejected + summary.dead + summary.given_up
