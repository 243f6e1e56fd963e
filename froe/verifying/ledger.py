"""The ledger compared: the marks, digests and seals of each split, the sums of them, and the account of the file.

Limits: times, costs and revisions are not compared; they only say how an account came about. What an earlier version left out of
a mark or a seal (its start, its digests) is not missed, nor is a sum, which readers make anew of what is below it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

from chalicelib.core.ledger.accounts import SplitAccount, account_of
from chalicelib.core.ledger.generations import parted
from chalicelib.core.ledger.marks import Counts, Mark, Outcome
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import Summary, summary_of
from chalicelib.core.ledger.used import NOTHING
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.sums import totals_of
from froe.verifying.verdicts import Verdict

_ACCOUNT: Final = ("state", "reason", "text_bytes", "splits", "batches", "cut")
"""What people see of an account beside its sums."""
_APART: Final = frozenset({"digests", "digests_in"})
_UNQUOTED: Final = frozenset({"context"})
"""What quotes the text, so that no difference shows it."""


class LedgerComparison:
    """Give it the batches of a file in their order, close each split behind its last, then ask for the account."""

    def __init__(self, ledger: Ledger, stored: StoredFile, verdict: Verdict) -> None:
        self._ledger = ledger
        self._stored, self._plan = stored, stored.plan
        self._verdict = verdict
        self._splits = {split.split: split for split in ledger.read_splits(stored.plan.file_id)}
        self._uncut = _first_uncut(self._splits)
        self._split = -1
        self._marks: Mapping[int, Mark] = {}
        self._digests: list[str] = []
        self._counts = Counts()
        self._batches: list[int] = []
        """How many each split has."""
        self._undone: set[tuple[int, int]] = set()

    @property
    def undone(self) -> int:
        """How many batches are not done by now."""
        return len(self._undone)

    def is_done(self, split: int, number: int) -> bool | None:
        """None where the object has no such batch."""
        if split >= len(self._batches) or number >= self._batches[split]:
            return None
        return (split, number) not in self._undone

    def begin_split(self, split: int) -> None:
        """Whose batches come now."""
        self._split, self._digests = split, []
        self._marks = self._ledger.read_marks(self._plan.file_id, split)

    def compare_batch(self, message: BatchMessage) -> bool:
        """Whether it is done, so that all of it is to be there."""
        self._digests.append(message.digest)
        mark = self._marks.get(message.number)
        if mark is None and not self._is_uncut(message.split):
            self._add(f"batch {message.batch_id} has no mark", message.offset)
        if mark and mark.outcome is Outcome.DONE:
            return True
        if mark and mark.is_measured:
            stored, expected = (mark.total.lines, mark.total.bytes), (message.lines, message.length)
            self._compare(f"the mark of batch {message.batch_id}", "total", stored, expected, message.offset)
            self._compare_place(message, mark)
        self._undone.add((message.split, message.number))
        return False

    def compare_counts(self, message: BatchMessage, counts: Counts) -> None:
        """Of a batch that is done."""
        mark = self._marks[message.number]
        self._compare(f"the mark of batch {message.batch_id}", "counts", mark.counts, counts, message.offset)
        self._compare_place(message, mark)
        self._counts += counts

    def _compare_place(self, message: BatchMessage, mark: Mark) -> None:
        of = f"the mark of batch {message.batch_id}"
        if mark.start is not None:
            self._compare(of, "start", mark.start, message.offset, message.offset)
        if mark.digest:
            self._compare(of, "digest", mark.digest, message.digest, message.offset)

    def compare_members(
        self, members: Sequence[str], expected: Mapping[int, Mark], read_again: Container[int]
    ) -> None:
        """Of a split of an archive. members: ids of their files, in its order; expected: a mark for each batch; read_again:
        whose member is of a later generation, which does not change under which reason it was skipped."""
        stored = list(self._ledger.read_members(self._plan.file_id, self._split))
        if stored != list(members) and not self._is_uncut(self._split):
            self._add(f"split {self._split} has other members", None, len(stored), len(members))
        for number, mark in expected.items():
            name, known = f"{self._split:06d}-{number:06d}", self._marks.get(number)
            if known is None:
                self._undone.add((self._split, number))
                if not self._is_uncut(self._split):
                    self._add(f"batch {name} has no mark")
                continue
            if known.outcome is not Outcome.DONE:
                self._undone.add((self._split, number))
            for what in ("outcome", "total") if number in read_again else ("outcome", "total", "counts"):
                self._compare(f"the mark of batch {name}", what, getattr(known, what), getattr(mark, what))

    def close_split(self, seal: Seal) -> None:
        """seal: as the object has it."""
        self._batches.append(seal.batches)
        for number in sorted(self._marks):
            if number >= seal.batches:
                name = f"{seal.split:06d}-{number:06d}"
                self._add(f"there is a mark of batch {name}, which the object does not have")
        account = self._splits.get(seal.split)
        if account is None or (account.seal is None and account.setback is None):
            if not self._is_uncut(seal.split):
                self._add(f"split {seal.split} has no seal")
            return
        known = account.seal and (self._ledger.read_seal(self._plan.file_id, seal.split) or account.seal)
        if known:
            self._compare_seals(known, seal)
        summary = summary_of(seal.split, self._marks, known)
        if _lasting(account.summary) != _lasting(summary):
            self._add(f"the summary of split {seal.split} differs", None, account.summary, summary)

    def _compare_seals(self, stored: Seal, expected: Seal) -> None:
        of = f"the seal of split {expected.split}"
        for each in fields(Seal):
            name = each.name
            if name not in _APART | _UNQUOTED:
                self._compare(of, name, getattr(stored, name), getattr(expected, name))
        if stored.context != expected.context:
            self._add(f"{of} has another context")
        digests = "".join(self._digests)
        if stored.digests_in and not stored.digests:
            self._add(f"the digests of split {expected.split} are missing")
        elif stored.digests and stored.digests != digests:
            self._add(f"{of} has other digests", None, stored.digests, digests)

    def compare_account(self) -> None:
        """Behind the last split: whether there are others, and whether all of them add up to what is said of the file."""
        for number in sorted(self._splits):
            if number >= len(self._batches):
                self._add(f"split {number} is in the ledger, and the object does not have it")
        self._compare_places()
        stored, expected = self._stored.account, account_of(self._plan, self._splits.values())
        if self._plan.generation:  # it has an entry of its own, and readers see the one of the file
            own = self._ledger.read_file(self._plan.file_id)
            self._compare("the file", "account than its generation", stored, own and own.account)
        for name in _ACCOUNT:
            self._compare("the account", name, getattr(stored, name), getattr(expected, name))
        if _lasting(stored.summary) != _lasting(expected.summary):
            what = "the account differs from the sum of its splits"
            self._add(what, None, stored.summary, expected.summary)
        if not self._undone and not self._plan.archive and stored.summary.counts != self._counts:
            self._add("the account differs", None, stored.summary.counts, self._counts)
        self._compare_sums()

    def _compare_places(self) -> None:
        """What follows from the file's id and from the rest of its item."""
        known, plan = self._stored, self._plan
        file_id, generation = parted(known.file_id)
        self._compare("the file", "id than its object", file_id, plan.object.file_id)
        for name, (stored, expected) in self._ledger.misplaced(known.file_id).items():
            self._compare("the file", f"{name} than follows from the rest", stored, expected)
        if known.settled_at is None:
            self._add("the file is settled, and has no settled_at")
        if not generation and known.rereading.last < plan.generation:
            self._compare("the file", "generation_last than it has", known.rereading.last, plan.generation)

    def _compare_sums(self) -> None:
        count = self._plan.known_splits or len(self._splits)
        for level, totals in totals_of(self._splits.values(), count):
            expected = {total.split: total for total in totals}
            for total in self._ledger.read_sums(self._plan.file_id, level):
                other = expected.get(total.split)
                if other is None or _lasting_sum(total) != _lasting_sum(other):
                    what = f"the sum of splits {total.split} to {total.split + total.width - 1} differs"
                    self._add(what, None, total.summary, other and other.summary)

    def _is_uncut(self, split: int) -> bool:
        """Whether the ledger knows that it could not be cut; in sequence those behind it could not be either."""
        if self._uncut is None or split < self._uncut:
            return False
        account = self._splits.get(split)
        return (account is None or account.seal is None) and (
            not self._plan.parallel or account is None or account.setback is not None
        )

    def _compare(self, of: str, name: str, stored: Any, expected: Any, offset: int | None = None) -> None:
        if stored != expected:
            self._add(f"{of} has another {name}", offset, stored, expected)

    def _add(self, what: str, offset: int | None = None, stored: Any = None, expected: Any = None) -> None:
        self._verdict.add("ledger", what, offset, _readable(stored), _readable(expected))


def _first_uncut(splits: Mapping[int, SplitAccount]) -> int | None:
    return min((number for number, split in splits.items() if not split.seal and split.setback), default=None)


def _lasting(summary: Summary) -> Summary:
    """Without what only says how it came about."""
    return replace(summary, revision=0, used=NOTHING)


def _lasting_sum(total: SplitAccount) -> SplitAccount:
    return replace(total, summary=_lasting(total.summary))


def _readable(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, str)) else str(value)
