"""The part of the ledger for generations: a new one is made beside the current one of a file, and replaces it by one
write, or is given up (`reprocessing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.generations import Rereading, worse
from chalicelib.ledger_reading import LedgerReading
from chalicelib.ledger_store import LedgerStore, StoredFile


class LedgerGenerations(LedgerReading):
    def __init__(self, store: LedgerStore, now: Callable[[], datetime]) -> None:
        super().__init__(store)
        self._now = now

    def record_generation(self, stored: StoredFile, rereading: Rereading) -> bool:
        """Record that a generation of a file is being made, unless one is, or the file has changed since it was read.
        Gives whether it was recorded."""
        self._store.put_lead(stored.file_id, self._now())
        return self._store.reserve_generation(stored, rereading)

    def give_up_generation(self, file_id: str, generation: int, why: str) -> bool:
        """Record that a generation is given up, and why. Gives whether it was being made."""
        return self._store.give_up_generation(file_id, generation, why, self._now())

    def retire_generation(self, stored: StoredFile, reason: str, until: datetime) -> None:
        """Record in the entry of a generation that it is not to be read any more, and until when the entry is kept. Its
        records stay findable."""
        self._store.retire(stored, reason, self._now(), until)

    def remove_generation(self, file_id: str) -> None:
        """Remove the entry of a generation of which nothing else is left."""
        self._store.remove_entry(file_id)

    def read_leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        """The files with more than their current generation, sorted by id, with the time since when."""
        return self._store.read_leads(after)

    def drop_lead(self, file_id: str, since: datetime) -> None:
        """Remove a file from these, unless it was added again since then."""
        self._store.drop_lead(file_id, since)

    def _show(self, made: StoredFile) -> None:
        """Publish the result of a later generation under the id of its file: if it settled no worse than the current
        one, it replaces it; if it is worse for good, it is given up."""
        known, generation, account = made.plan.object.file_id, made.plan.generation, made.account
        former = self.read_file(known)
        if former is None:
            return
        if former.plan.generation == generation:
            self._store.put_account(known, account, self._now())
        elif former.rereading.under_way == generation and account.state.settled:
            why = worse(former.account, account, forced=former.rereading.forced)
            if why is None:
                self._store.replace_generation(former, made, self._now())
            elif account.state is not State.INCOMPLETE:  # what is redriven may be whole yet
                self.give_up_generation(known, generation, why)
