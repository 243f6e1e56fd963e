"""Marks: the outcome of each batch, with its counts and position, and how a mark is stored in a short line."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

MARKS_PER_LEAF: Final = 16
"""DynamoDB bills the whole item at each update: 16 marks of about 57 bytes stay within a write unit."""

DIGEST_CHARS: Final = 8
DISPUTED: Final = ("1~!", "2~!")
"""How encoded marks begin that are disputed, and perhaps discarded since. They compare above all others of their
outcome, and only those who have seen them can replace them."""

_DISPUTED: Final = "messages of this batch held different texts; it is cut again"
_CORRECTION: Final = 4
"""What a correction adds to the revision: more than any outcome."""

_BASE_36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

NOTE_MAX_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of entries, lines and bytes of text."""

    entries: int = 0
    lines: int = 0
    bytes: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.entries + other.entries, self.lines + other.lines, self.bytes + other.bytes)

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.entries - other.entries, self.lines - other.lines, self.bytes - other.bytes)


class RejectShare(NamedTuple):
    """value: from 0 to 1. of: what it counts, `lines` or `bytes`."""

    value: float
    of: str

    @classmethod
    def among(cls, parsed: Tally, rejected: Tally) -> RejectShare:
        """Of entries that are parsed or rejected, by lines or by bytes, whichever share is greater: one reject may be
        most of a file."""
        return max(
            cls(rejected.lines / max(1, rejected.lines + parsed.lines), "lines"),
            cls(rejected.bytes / max(1, rejected.bytes + parsed.bytes), "bytes"),
            key=lambda share: share.value,
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a run of entries; skipped by reason."""

    parsed: Tally = Tally()
    rejected: Tally = Tally()
    skipped: Mapping[str, Tally] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        skipped = dict(self.skipped)
        for reason, tally in other.skipped.items():
            skipped[reason] = skipped.get(reason, Tally()) + tally
        return Counts(self.parsed + other.parsed, self.rejected + other.rejected, skipped)

    @property
    def reject_share(self) -> RejectShare:
        return RejectShare.among(self.parsed, self.rejected)

    @property
    def total(self) -> Tally:
        return sum(self.skipped.values(), self.parsed + self.rejected)


class Outcome(IntEnum):
    """A batch's outcome. It only rises: ``failed < discarded < done``."""

    FAILED = 1
    DISCARDED = 2
    DONE = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """The outcome of one batch.

    total: the contents of the batch. counts: for DONE. note: why, for the other outcomes. start: the text offset of the
    batch, and digest: of its contents (`digest_of`); None and empty in marks of earlier versions and of lost batches.
    corrections: how often the mark was taken back. disputed: the mark was taken back, since messages of the batch had
    different texts: the range of the text in which their records may be.
    """

    outcome: Outcome
    total: Tally
    counts: Counts = field(default_factory=Counts)
    note: str = ""
    start: int | None = None
    digest: str = ""
    corrections: int = 0
    disputed: tuple[int, int] | None = None

    @classmethod
    def done(cls, counts: Counts, start: int | None = None, digest: str = "", corrections: int = 0) -> Mark:
        return cls(Outcome.DONE, counts.total, counts, "", start, digest, corrections)

    @property
    def is_measured(self) -> bool:
        """Whether it has the counts of its batch. Marks of lost batches have none: no message is left of them, and the
        dead letter of their split stands for them. Disputed marks have none either."""
        return self.outcome is Outcome.DONE or self.total != Tally()

    @property
    def revision(self) -> int:
        """Rises whenever the mark changes."""
        return self.corrections * _CORRECTION + int(self.outcome)

    @property
    def floor(self) -> str:
        """The least encoded mark of the same rank: for the same outcome, a measured one is above one that is not."""
        return (
            f"{self.outcome:d}|1"
            if self.is_measured and self.outcome is not Outcome.DONE
            else f"{self.outcome:d}"
        )

    def agrees_with(self, digest: str) -> bool:
        """Whether it may belong to a batch with that digest. If either digest is unknown, it may."""
        return self.disputed is None and (not self.digest or not digest or self.digest == digest)

    def cut_to(self, size: int) -> Mark:
        """The mark of a member of an archive, of which there are only so many bytes."""
        total = Tally(self.total.entries, 0, size)
        return replace(self, total=total, counts=Counts(skipped=dict.fromkeys(self.counts.skipped, total)))

    def taken_back(self, reach: tuple[int, int]) -> Mark:
        """The mark that replaces this one, since a message contradicts it. reach: where that message's records are."""
        begin, end = reach
        for known in (self.disputed, self.reach):
            if known:
                begin, end = min(begin, known[0]), max(end, known[1])
        return Mark(
            Outcome.FAILED, Tally(), note=_DISPUTED, corrections=self.corrections + 1, disputed=(begin, end)
        )

    def discarded(self, total: Tally, note: str) -> Mark:
        """A disputed mark that people have discarded; it still says where records may be."""
        return replace(self, outcome=Outcome.DISCARDED, total=total, note=note)

    @property
    def reach(self) -> tuple[int, int] | None:
        """Start and end of its batch in the text, if known."""
        return None if self.start is None else (self.start, self.start + self.total.bytes)

    def encode(self) -> str:
        """One short line. It begins with the outcome's digit, so that marks compare by rank:
        ``3~place|parsed|rejected|reason:skipped;…`` or ``1~place|total|note``, tallies as entries,lines,bytes. Marks of
        earlier versions have nothing between digit and bar; readers that do not know places skip them."""
        head = f"{self.outcome:d}{self._place()}"
        if self.outcome is not Outcome.DONE:
            return f"{head}|{_packed(self.total)}|{self.note[:NOTE_MAX_CHARS]}"
        skipped = ";".join(
            f"{reason}:{_packed(tally)}" for reason, tally in sorted(self.counts.skipped.items())
        )
        return f"{head}|{_packed(self.counts.parsed)}|{_packed(self.counts.rejected)}|{skipped}"

    def _place(self) -> str:
        """``~`` (which compares above the bar), the digest, the start in base 36, and after ``!`` how often the mark
        was taken back; for a disputed one, ``~!`` and all of these."""
        corrected = f"!{self.corrections}" if self.corrections else ""
        if self.disputed:
            return f"~!{self.corrections}!{to_base36(self.disputed[0])}!{to_base36(self.disputed[1])}"
        if self.start is None:
            return f"~{corrected}" if corrected else ""
        return f"~{self.digest}{to_base36(self.start)}{corrected}"

    @classmethod
    def decode(cls, text: str) -> Mark:
        outcome = Outcome(int(text[0]))
        head, *tallies = text.split("|", 3 if outcome is Outcome.DONE else 2)
        place = _place_of(head[2:]) if len(head) > 1 else _NO_PLACE
        if outcome is not Outcome.DONE:
            total, note = tallies
            return cls(outcome, _unpacked(total), Counts(), note, *place)
        parsed, rejected, skipped = tallies
        pairs = (pair.rsplit(":", 1) for pair in skipped.split(";") if pair)
        counts = Counts(
            _unpacked(parsed), _unpacked(rejected), {reason: _unpacked(tally) for reason, tally in pairs}
        )
        return cls(outcome, counts.total, counts, "", *place)


class _Place(NamedTuple):
    start: int | None
    digest: str
    corrections: int
    disputed: tuple[int, int] | None


_NO_PLACE: Final = _Place(None, "", 0, None)


def _place_of(text: str) -> _Place:
    where, *rest = text.split("!")
    if len(rest) == 3:
        return _Place(None, "", int(rest[0]), (int(rest[1], 36), int(rest[2], 36)))
    corrections = int(rest[0]) if rest else 0
    if not where:
        return _Place(None, "", corrections, None)
    return _Place(int(where[DIGEST_CHARS:], 36), where[:DIGEST_CHARS], corrections, None)


def digest_of(offset: int, length: int, lines: int, entries: int, shards: int, body: bytes) -> str:
    """48 bits of SHA-256 over the contents and the place of a batch: 8 characters of base64. They distinguish contents
    of the same size; they are not a signature."""
    named = sha256(f"{offset},{length},{lines},{entries},{shards}\n".encode())
    named.update(body)
    return urlsafe_b64encode(named.digest()[:6]).decode()


def to_base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _BASE_36[digit] + digits
        if not number:
            return digits


def _packed(tally: Tally) -> str:
    return f"{tally.entries},{tally.lines},{tally.bytes}"


def _unpacked(text: str) -> Tally:
    entries, lines, bytes_ = text.split(",")
    return Tally(int(entries), int(lines), int(bytes_))
