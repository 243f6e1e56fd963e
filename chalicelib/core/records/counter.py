"""Adds up the outcomes of the entries in a batch."""

from __future__ import annotations

from chalicelib.core.ledger.marks import Counts, Tally
from chalicelib.core.records import Outcome, Record, Reject


class Counter:
    """Counts outcomes as they pass."""

    def __init__(self) -> None:
        self._parsed = [0, 0, 0]
        self._rejected = [0, 0, 0]
        self._skipped: dict[str, list[int]] = {}
        self._reasons: dict[str, int] = {}

    def add(self, outcome: Outcome) -> None:
        _, length, lines, _, result, _, _ = outcome
        if isinstance(result, Record):
            tally = self._parsed
        elif isinstance(result, Reject):
            tally = self._rejected
            self._reasons[result.reason] = self._reasons.get(result.reason, 0) + 1
        else:
            tally = self._skipped.setdefault(result.reason, [0, 0, 0])
            tally[0] += result.entries - 1
        tally[0] += 1
        tally[1] += lines
        tally[2] += length

    @property
    def counts(self) -> Counts:
        skipped = {reason: Tally(*tally) for reason, tally in self._skipped.items()}
        return Counts(Tally(*self._parsed), Tally(*self._rejected), skipped)

    @property
    def reasons(self) -> dict[str, int]:
        """How many entries were rejected for each reason."""
        return dict(self._reasons)
