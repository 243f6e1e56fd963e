"""The store of the ledger: one protocol, implemented by `aws/ledger_table.py` in DynamoDB and by the tests in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.core.ledger.accounts import FileAccount, SplitAccount, State
from chalicelib.core.ledger.generations import Rereading
from chalicelib.core.ledger.marks import Mark
from chalicelib.core.ledger.seals import Seal, Setback
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.core.plan import Plan


class GarbledItemError(ValueError):
    """An item of the ledger that Froe did not write; the message names it."""


class StoredFile(NamedTuple):
    """A file as the ledger stores it. Times are aware, UTC. account: as of the last settled split. trace: id of the
    trace in which it was opened, if recorded. opening: what opening it used. kept_as: the id under which it was found,
    whichever generation the plan is. rereading: what is known of the other generations."""

    plan: Plan
    account: FileAccount
    opened_at: datetime
    settled_at: datetime | None
    trace: str | None = None
    opening: Used = NOTHING
    kept_as: str | None = None
    rereading: Rereading = Rereading()

    @property
    def file_id(self) -> str:
        """The id that people know the file by. That of the plan names the records of its generation."""
        return self.kept_as or self.plan.file_id

    @property
    def is_replaced(self) -> bool:
        """Whether the entry under its id is not current any more: the plan is another generation's."""
        return self.file_id != self.plan.file_id


class FilePage(NamedTuple):
    """Files, newest first; reached: the position at which the search ended, if there may be more; unreadable: ids of
    files whose items cannot be read."""

    files: list[StoredFile]
    reached: str | None
    unreadable: Sequence[str] = ()


def opened_position(opened_at: datetime, file_id: str) -> str:
    """The position of a file in lists, which are sorted by the time of opening."""
    return f"{opened_at.isoformat(timespec='microseconds')}#{file_id}"


class LedgerStore(Protocol):
    """Reads by a key are strongly consistent. Writes are conditional as each method says; one that is refused gives the
    stored value. Lists come from indexes, which may be behind. before, since: positions (`opened_position`) or times
    alone, the first one excluded."""

    def put_plan(
        self,
        plan: Plan,
        account: FileAccount,
        now: datetime,
        trace: str | None = None,
        used: Used = NOTHING,
    ) -> StoredFile | None:
        """Put the plan unless the file has one, replacing an entry without a plan. Give the stored file if it has one,
        else None."""

    def put_account(self, file_id: str, account: FileAccount, now: datetime) -> None:
        """Put the account unless a stored one has the same or a later revision, or the file has no plan (any more)."""

    def replace_generation(self, former: StoredFile, made: StoredFile, now: datetime) -> None:
        """Replace the plan and account of the former generation, which keeps an entry of its own, by those of the
        generation that was being made. Does nothing if another one, or none, is being made."""

    def give_up_generation(self, file_id: str, generation: int, why: str, now: datetime) -> bool:
        """Record that a generation is given up, and why. Gives whether it was being made."""

    def reserve_generation(self, stored: StoredFile, rereading: Rereading) -> bool:
        """Record that a generation is being made, unless one is, or the file has changed since it was read. Gives
        whether it was recorded."""

    def retire(self, stored: StoredFile, reason: str, now: datetime, until: datetime) -> None:
        """Record in the entry of a generation that it is not to be read any more, and until when the entry is kept."""

    def remove_entry(self, file_id: str) -> None:
        """Remove the entry of a generation."""

    def put_lead(self, file_id: str, now: datetime) -> None:
        """Record that a file has, or will have, more than its current generation."""

    def read_leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        """File id and since when, sorted by id."""

    def drop_lead(self, file_id: str, since: datetime) -> None:
        """Remove a file from these, unless it was put again since then."""

    def read_file(self, file_id: str) -> StoredFile | None: ...

    def misplaced(self, file_id: str) -> Mapping[str, tuple[str, str]]:
        """Of what places a file in lists, as far as it is there, whatever does not follow from the rest of its item: the
        name of each, what is stored, and what follows."""

    def read_files(self, file_ids: Sequence[str]) -> list[StoredFile]:
        """The files that exist, in this order."""

    def known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Which of the files were opened."""

    def probably_known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Which of the files were opened, at half the price: one that was just opened may be missing."""

    def put_seal(self, file_id: str, seal: Seal, expires_at: int | None, used: Used = NOTHING) -> Seal | None:
        """Put the seal, in place of any setback, unless the split has one. Give the stored one, or None."""

    def raise_setback(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        """Put the setback unless the split is sealed or has one of the same or a higher rank."""

    def put_members(self, file_id: str, split: int, file_ids: Sequence[str], expires_at: int | None) -> None:
        """Put the members in a split of an archive."""

    def read_members(self, file_id: str, split: int) -> Sequence[str]:
        """The members in a split of an archive; empty if it is not sealed."""

    def put_summary(self, file_id: str, split: int, summary: Summary) -> None:
        """Put the summary unless a stored one has the same or a later revision, or the split has neither seal nor
        setback."""

    def read_split(self, file_id: str, split: int) -> SplitAccount | None:
        """The split. Its seal has its digests, unless it names where they are."""

    def read_digests(self, file_id: str, split: int, place: str) -> str:
        """The digests of a seal, from the place that it names; empty if they have expired."""

    def read_splits(self, file_id: str, first: int = 0, until: int | None = None) -> list[SplitAccount]:
        """The splits that the ledger knows, by number; until: excluded."""

    def sealed_among(self, splits: list[tuple[str, int]]) -> set[tuple[str, int]]:
        """Which of the splits (file, number) are sealed."""

    def put_checkpoint(self, file_id: str, tried_until: int, data: bytes, expires_at: int) -> None:
        """Put a check-point of the object, replacing one that is checked up to the same text offset."""

    def read_checkpoint(self, file_id: str, text_offset: int) -> tuple[int, bytes] | None:
        """The last check-point that is checked up to that offset or before. It may be behind."""

    def put_sum(self, file_id: str, level: int, account: SplitAccount, expires_at: int | None) -> None:
        """Put the sum of some splits unless a stored one has the same or a later revision."""

    def read_sums(
        self, file_id: str, level: int, first: int = 0, until: int | None = None
    ) -> list[SplitAccount]:
        """The sums of a level, by number; until: excluded."""

    def raise_mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mapping[int, Mark]:
        """Put the mark unless the batch's is of the same or a higher rank, or disputed, and in the same write add what
        was used for it. Give the marks of its leaf after that."""

    def replace_mark(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        """Put the mark if the stored one is the one that was seen. Gives whether it was."""

    def read_mark(self, file_id: str, split: int, batch: int) -> Mark | None: ...

    def read_leaf(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None:
        """The marks in the leaf of a batch; None if there is none yet."""

    def read_marks(
        self, file_id: str, split: int, first: int = 0, until: int | None = None
    ) -> Mapping[int, Mark]:
        """The marks of the batches of a split from `first` on; until: excluded."""

    def read_marks_and_use(self, file_id: str, split: int) -> tuple[Mapping[int, Mark], Used]:
        """All marks of a split, and what was used for them."""

    def put_full_group(self, file_id: str, split: int, group: int, expires_at: int | None) -> None:
        """Record that every batch in a group of leaves is marked."""

    def read_full_groups(self, file_id: str, split: int) -> set[int]:
        """The groups for which that was recorded."""

    def done_among(self, batches: list[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        """Which of the batches (file, split, number) are marked as done."""

    def claim_merged(self, file_id: str, split: int, key: str, expires_at: int | None) -> str:
        """Assign the rows of a split to an object, unless they have one. Give the object that they belong to."""

    def read_merged(self, file_id: str, split: int) -> str | None:
        """The object that the rows of a split were assigned to, if any."""

    def read_all_merged(self, file_id: str) -> set[str]:
        """All objects that may have rows of the file."""

    def shelve(self, file_id: str) -> None:
        """List a file of an earlier version by its time of opening. Does nothing if it is listed."""

    def files_by_state(
        self, state: State, *, before: str | None, limit: int, since: str | None = None
    ) -> FilePage:
        """Files in a state, newest first; before: the position of the last one seen."""

    def files_by_key(
        self, key: str, *, before: str | None, limit: int, since: str | None = None
    ) -> FilePage: ...

    def files_opened(
        self,
        *,
        before: str | None,
        limit: int,
        since: str | None = None,
        prefix: str | None = None,
        format_name: str | None = None,
    ) -> FilePage:
        """Files of any state; prefix: of their keys. A page may be short although there are more."""
