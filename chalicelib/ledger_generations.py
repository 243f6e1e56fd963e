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
        """Say that a generation of a file is under way, unless one is, or the file has changed since it was read; whether
        it was said."""
        self._store.put_lead(stored.file_id, self._now())
        return self._store.reserve_generation(stored, rereading)

    def give_up_generation(self, file_id: str, generation: int, why: str) -> bool:
        """Say that a generation of a file is not under way any more, and why; whether it was."""
        return self._store.give_up_generation(file_id, generation, why, self._now())

    def retire_generation(self, stored: StoredFile, reason: str, until: datetime) -> None:
        """Say in the entry of a generation that nothing is to be read of it any more, and when that may be forgotten.
        Where its records are stays."""
        self._store.retire(stored, reason, self._now(), until)

    def remove_generation(self, file_id: str) -> None:
        """The entry of one, of which nothing else is left."""
        self._store.remove_entry(file_id)

    def read_leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        """The files of which there is more than the current generation, in the order of their ids, and since when."""
        return self._store.read_leads(after)

    def drop_lead(self, file_id: str, since: datetime) -> None:
        """Nothing is left but the current generation, unless it was said anew since then that there is."""
        self._store.drop_lead(file_id, since)

    def _show(self, made: StoredFile) -> None:
        """What a later generation has come to, under the id of its file: once it has settled no worse than what there
        is, it takes its place; one that is worse for good is given up."""
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
