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
    """An item of the ledger is none that Froe writes; the message names it."""


class StoredFile(NamedTuple):
    """A file as the ledger holds it; times are aware, UTC; account: as of the last settled split;
    trace: the id of the one in which it was opened, if that was recorded; opening: what that used; kept_as: the id
    under which it was found, of whichever generation the plan is; rereading: what is said of the others."""

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
        """The id that people know the file by; that of the plan names the records of its generation."""
        return self.kept_as or self.plan.file_id

    @property
    def is_replaced(self) -> bool:
        """Whether what was filed under its id is not current any more: its plan is another generation's."""
        return self.file_id != self.plan.file_id


class FilePage(NamedTuple):
    """Files, newest first; reached: the position up to which they were looked for, if there are more."""

    files: list[StoredFile]
    reached: str | None


def opened_position(opened_at: datetime, file_id: str) -> str:
    """Where a file stands in lists, which are sorted by the time of opening."""
    return f"{opened_at.isoformat(timespec='microseconds')}#{file_id}"


class LedgerStore(Protocol):
    """Reads by a key are strongly consistent, writes conditional as each says: one that is refused gives what is
    there. Lists come from indexes, which may be behind; before, since: positions (`opened_position`), or times alone,
    the first one excluded."""

    def put_plan(
        self,
        plan: Plan,
        account: FileAccount,
        now: datetime,
        trace: str | None = None,
        used: Used = NOTHING,
    ) -> StoredFile | None:
        """Put the plan unless the file has one, in place of what may lie there without; give the file that has one, or
        None."""

    def put_account(self, file_id: str, account: FileAccount, now: datetime) -> None:
        """Put the account unless the file has one of the same or a later revision, or has no plan (any more)."""

    def replace_generation(self, former: StoredFile, made: StoredFile, now: datetime) -> None:
        """Put the plan and the account of the generation that is under way in place of those of the former one, which
        keeps an entry of its own; nothing where another one is under way, or none."""

    def give_up_generation(self, file_id: str, generation: int, why: str, now: datetime) -> bool:
        """Say that a generation is not under way any more, and why; whether it was."""

    def reserve_generation(self, stored: StoredFile, rereading: Rereading) -> bool:
        """Say that a generation is under way, unless one is, or the file has changed since it was read; whether it was
        said."""

    def retire(self, stored: StoredFile, reason: str, now: datetime, until: datetime) -> None:
        """Say in the entry of a generation that nothing is to be read of it any more, and when that may be forgotten."""

    def remove_entry(self, file_id: str) -> None:
        """Of a generation."""

    def put_lead(self, file_id: str, now: datetime) -> None:
        """Say that there is, or will be, more of a file than its current generation."""

    def read_leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        """File id and since when, in the order of the ids."""

    def drop_lead(self, file_id: str, since: datetime) -> None:
        """Unless it was put anew since then."""

    def read_file(self, file_id: str) -> StoredFile | None: ...

    def read_files(self, file_ids: Sequence[str]) -> list[StoredFile]:
        """Those of the files that there are, in this order."""

    def known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Those of the files that were opened."""

    def probably_known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Some of the known ones, for half the price: one that was just opened may be missing."""

    def put_seal(self, file_id: str, seal: Seal, expires_at: int | None, used: Used = NOTHING) -> Seal | None:
        """Put the seal, in place of any setback, unless the split has one; give that one, or None."""

    def raise_setback(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        """Assign the setback unless the split is sealed or has one as high."""

    def put_members(self, file_id: str, split: int, file_ids: Sequence[str], expires_at: int | None) -> None:
        """Put which members a split of an archive has."""

    def read_members(self, file_id: str, split: int) -> Sequence[str]:
        """Which those are; none where the split is not sealed."""

    def put_summary(self, file_id: str, split: int, summary: Summary) -> None:
        """Put the summary unless the split has one of the same or a later revision, or neither seal nor setback."""

    def read_split(self, file_id: str, split: int) -> SplitAccount | None:
        """Its seal has its digests unless it names where they are."""

    def read_digests(self, file_id: str, split: int, place: str) -> str:
        """Those of a seal, from where it names; empty where they have expired."""

    def read_splits(self, file_id: str, first: int = 0, until: int | None = None) -> list[SplitAccount]:
        """Those of the splits that the ledger knows, by their numbers; until: excluded."""

    def sealed_among(self, splits: list[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of the splits (file, number) that are sealed."""

    def put_checkpoint(self, file_id: str, tried_until: int, data: bytes, expires_at: int) -> None:
        """Put a check-point of the object, in place of one that is tried up to the same text offset."""

    def read_checkpoint(self, file_id: str, text_offset: int) -> tuple[int, bytes] | None:
        """The last one that is tried up to there or before; it may be behind."""

    def put_sum(self, file_id: str, level: int, account: SplitAccount, expires_at: int | None) -> None:
        """Put the sum of some splits unless there is one of the same or a later revision."""

    def read_sums(
        self, file_id: str, level: int, first: int = 0, until: int | None = None
    ) -> list[SplitAccount]:
        """Those of the sums of a level that there are, by their numbers there; until: excluded."""

    def raise_mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mapping[int, Mark]:
        """Assign the mark unless the batch's is as high, or disputed, and in the same write add what was used for it;
        give the marks of its leaf after that."""

    def replace_mark(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        """Assign the mark if the batch's is the one that was seen; whether it was."""

    def read_mark(self, file_id: str, split: int, batch: int) -> Mark | None: ...

    def read_leaf(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None:
        """The marks beside which that of a batch lies or will lie; None where there is none yet."""

    def read_marks(
        self, file_id: str, split: int, first: int = 0, until: int | None = None
    ) -> Mapping[int, Mark]:
        """Those of the batches of a split from `first` on; until: excluded."""

    def read_marks_and_use(self, file_id: str, split: int) -> tuple[Mapping[int, Mark], Used]:
        """All marks of a split, and what was used for them."""

    def put_full_group(self, file_id: str, split: int, group: int, expires_at: int | None) -> None:
        """Note that every batch of a group of leaves is marked."""

    def read_full_groups(self, file_id: str, split: int) -> set[int]:
        """The groups of which that was noted."""

    def done_among(self, batches: list[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        """Those of the batches (file, split, number) that are marked as done."""

    def claim_merged(self, file_id: str, split: int, key: str, expires_at: int | None) -> str:
        """Give the rows of a split to an object, unless they were given to one; the one that they belong to."""

    def read_merged(self, file_id: str, split: int) -> str | None:
        """The object that the rows of a split were given to, if they were."""

    def read_all_merged(self, file_id: str) -> set[str]:
        """All objects that rows of the file may be in."""

    def shelve(self, file_id: str) -> None:
        """List a file by its time of opening that an earlier version opened; nothing where it is listed."""

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
        """Files of any state; prefix: of their keys. A page may be short while there are more."""
