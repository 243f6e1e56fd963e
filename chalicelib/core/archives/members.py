"""An archive as a file: its members, each a file of its own, and its account, in which each of them is a batch.

A split holds whole members, as its plan and its text alone say. Batch 0 of it is what is no member, and done when it is read;
each member that holds anything is a batch, marked once it is settled. So the bytes of the archive add up when its members do.
Memory: `Source`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from chalicelib.core.archives.found import PADDING, BrokenArchiveError, PackedFile, ends_in
from chalicelib.core.archives.openers import opener_in
from chalicelib.core.archives.source import Source
from chalicelib.core.archives.tar import tar_members
from chalicelib.core.archives.zip import ZipText, zip_members
from chalicelib.core.decoding.checkpoints import Checkpoints
from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.ledger.accounts import DAMAGED_REST
from chalicelib.core.ledger.marks import Counts, Mark, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.plan import Archive, Member, ObjectHead, ObjectVersion, Plan, failed_plan

SPLIT_MEMBERS: Final = 255
"""A split ends behind so many members, so that what is looked at again of one is bounded: their marks are a group of leaves."""
MEMBERS_MAX: Final = 1_000_000
_KEY_MAX_BYTES: Final = 1900
"""DynamoDB takes 2,048 bytes of a key
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)."""

_UNREAD: Final = "not read: it is "


class Opened(NamedTuple):
    """A member, and what opens it until the next one is asked for. unread: what it is, if it is nothing that is read."""

    head: ObjectHead
    open_object: OpenObject
    unread: str | None


class Closed(NamedTuple):
    """What is said of a split whose members were read: its seal, and the mark of its batch 0."""

    seal: Seal
    mark: Mark


class Unpacker:
    """Reads an archive split by split, from the begin or from behind a sealed one. closed: what the last split was that
    was read to its end."""

    closed: Closed

    def __init__(
        self,
        plan: Plan,
        open_object: OpenObject,
        before: Seal | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._plan = plan
        self._open = open_object
        self._end = before.end if before else 0
        self._ordinal = int(before.context or 0) if before else 0
        text = plan.text(open_object)
        self._size = plan.head.size if text.seekable else None
        self._source = Source(
            lambda offset: plan.text(open_object, offset, checkpoints),
            self._end,
            self._size,
            lambda place: _last_known(checkpoints, place),
        )
        is_zip = plan.archive is Archive.ZIP
        self._files = (
            zip_members(self._source, self._zip, self._ordinal) if is_zip else tar_members(self._source)
        )

    @property
    def _zip(self) -> ZipText:
        member = self._plan.object.member
        is_seekable = self._size is not None and (member is None or member.seekable)
        return ZipText(lambda place: self._plan.text(self._open, place), self._size, is_seekable)

    def members(self, split: int) -> Iterator[Opened]:
        """Those of the next split, for whoever reads all that it wants of one before the next is asked for."""
        begin, first, number, held_bytes = self._end, self._ordinal, 0, 0
        skipped: dict[str, int] = {}
        damage, last, cut_short = None, False, None
        while self._ordinal - first < SPLIT_MEMBERS and self._end - begin < self._plan.limits.split_bytes:
            begun = None
            try:
                member = next(self._files)
                if isinstance(member, dict):
                    self._pass(member, skipped, self._source.position)
                    next(self._files, None)
                    last = True
                    break
                self._check(member)
                begun = member
                yield self._opened(member, split, number + 1 if member.whole else 0)
                self._go_behind(member)
            except BrokenArchiveError as broken:
                end, last = self._source.read_through(), True
                if begun and begun.whole:
                    cut_short = self._cut_short(begun, skipped, end)
                    number, held_bytes = number + 1, held_bytes + cut_short
                damage = self._broken(broken, skipped, end)
                break
            self._ordinal += 1
            number += 1 if member.whole else 0
            held_bytes += member.size
            self._pass(member.skipped, skipped, self._source.position)
        counts = Counts(skipped={reason: Tally(0, 0, size) for reason, size in skipped.items()})
        total = counts.total + Tally(number, 0, held_bytes)
        context = None if last else str(self._ordinal)
        seal = Seal(split, begin, self._end, number + 1, total, last, damage, context, cut_short=cut_short)
        self.closed = Closed(seal, Mark.done(counts))

    def _cut_short(self, begun: PackedFile, skipped: dict[str, int], end: int) -> int:
        """How many bytes there are of the member that the archive ends within; nobody knew when it was opened."""
        if begun.start > end:
            return 0
        there = min(begun.size, end - begun.start)
        self._pass(begun.skipped, skipped, begun.start + there)
        return there

    def _broken(self, broken: BrokenArchiveError, skipped: dict[str, int], end: int) -> Damage:
        """Account for the rest of an archive that cannot be read on."""
        damage = Damage(broken.reason, broken.detail, broken.at, self._end)
        if end > self._end:
            self._pass({DAMAGED_REST: end - self._end}, skipped, end)
        cause = None if self._size is not None else self._source.damage
        if cause is None or cause.detail == broken.detail:
            return damage
        return replace(damage, reason=cause.reason, detail=f"{cause.detail}; {broken.detail}")

    def _pass(self, gaps: Mapping[str, int], skipped: dict[str, int], end: int) -> None:
        for reason, size in gaps.items():
            skipped[reason] = skipped.get(reason, 0) + size
        self._end = end

    def _check(self, member: PackedFile) -> None:
        if self._ordinal >= MEMBERS_MAX:
            detail = f"the archive has more than {MEMBERS_MAX:,} members, of which no more are read"
            raise BrokenArchiveError("limit", detail, member.start)

    def _opened(self, packed: PackedFile, split: int, number: int) -> Opened:
        plan = self._plan
        compressions = (plan.compression, *plan.inner)
        member = Member(
            plan.head,
            compressions,
            self._ordinal,
            packed.path,
            packed.start,
            packed.whole,
            split,
            number,
            packed.packed,
            packed.crc,
        )
        there = packed.size if self._size is None else max(0, min(packed.size, self._size - packed.start))
        head = head_of(member, there)
        otherwise = opener_in(self._open, head, member)
        return Opened(head, self._source.opener(packed.start, there, otherwise), packed.unread)

    def _go_behind(self, member: PackedFile) -> None:
        source = self._source
        if not source.pass_to(member.start + member.size):
            raise ends_in("a member", member.start)
        padding = len(source.read(member.padding))
        if padding:
            member.skipped[PADDING] = member.skipped.get(PADDING, 0) + padding


def _last_known(checkpoints: Checkpoints | None, place: int) -> int:
    """Up to where a check-point is known to lead that lies before a place; 0 where there is none."""
    checkpoint = next(checkpoints.before(place), None) if checkpoints else None
    return checkpoint.tried_until if checkpoint else 0


def head_of(member: Member, size: int) -> ObjectHead:
    """A member as an object. size: how many bytes there are of it, as far as that is known."""
    of_archive = member.archive.version
    key = f"{of_archive.key}/{member.path}".encode()[:_KEY_MAX_BYTES].decode(errors="ignore")
    version = ObjectVersion(of_archive.bucket, key, of_archive.version_id, of_archive.etag, member)
    return ObjectHead(version, size, "", member.archive.last_modified)


def unread_plan(head: ObjectHead, unread: str, retention_days: int = 0) -> Plan:
    """unread: as `Opened` has it."""
    reason = f"{_UNREAD}{unread}; unpack the archive, and upload the file"
    return failed_plan(head, reason, retention_days=retention_days)


def obstacle_to_rereading(known: Plan, plan: Plan | None = None) -> str | None:
    """Why a file cannot be read again that was read by an earlier plan; plan: today's, once it is made. The bytes of some
    members are not those of a file; and what turns out to be an archive has members, which know of one reading only."""
    if known.object.member is not None and (known.failure or "").startswith(_UNREAD):
        return known.failure
    if plan and plan.archive:
        kind = plan.archive.value
        return (
            f"it is a {kind}, whose members are files of their own: upload it again, which makes a new file"
        )
    return None
