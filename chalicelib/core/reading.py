"""One object read from end to end without AWS: the same plan, cuts, parsing and arithmetic, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chalicelib.core.archives.accounts import mark_of
from chalicelib.core.archives.members import Closed, Opened, Unpacker, unread_plan
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.ledger.accounts import FileAccount, SplitAccount, account_of, is_last_split
from chalicelib.core.ledger.marks import Mark, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import summary_of
from chalicelib.core.plan import ObjectHead, Plan
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.records import Outcome
from chalicelib.core.records.counter import Counter
from chalicelib.core.records.parsing import Report, outcomes_of, unreported
from chalicelib.core.wire.messages import BatchMessage, batch_message, room_in


class PlanReading:
    """Reads an object by its plan, whatever today's settings are. Iterate once over the outcomes of all bytes, or once
    over the batches; then ask for the account.

    redaction_key and report: as for `stored_of`. Raises what `open_object` raises.
    """

    def __init__(
        self, plan: Plan, open_object: OpenObject, redaction_key: str = "", report: Report = unreported
    ) -> None:
        self.plan = plan
        self._redaction_key = redaction_key
        self._report = report
        self._open = open_object
        self._splits: list[SplitAccount] = []

    @property
    def open_object(self) -> OpenObject:
        return self._open

    def __iter__(self) -> Iterator[Outcome]:
        for message, count in self.batches():
            for outcome in outcomes_of(message, self._redaction_key, self._report):
                count(outcome)
                yield outcome

    def batches(self) -> Iterator[tuple[BatchMessage, Callable[[Outcome], None]]]:
        """The batches, each with a function to call with each of its outcomes, before the next batch is taken."""
        plan = self.plan
        if plan.failure:
            return
        if plan.archive:
            if not self._splits:  # read for its seals alone
                self._splits = [
                    SplitAccount(seal.split, seal, summary_of(seal.split, {0: mark}, seal))
                    for (seal, mark), _ in self.archive_splits()
                ]
            return
        text = plan.text(self._open)
        cutter = Cutter(text, plan.framing, plan.limits, 0, aligned=True, room=room_in(plan))
        split, last = 0, False
        while not last:
            start, total = cutter.position, Tally()
            marks: dict[int, Mark] = {}
            for batch in cutter.cut(split):
                counter = Counter()
                yield batch_message(plan, batch), counter.add
                marks[batch.number] = Mark.done(counter.counts)
                total += Tally(batch.entries, batch.lines, batch.length)
            last = is_last_split(plan, split, cutter.position, text_ended=cutter.at_end)
            damage = text.damage if last else None
            seal = Seal(split, start, cutter.position, len(marks), total, last, damage, cutter.context)
            self._splits.append(SplitAccount(split, seal, summary_of(split, marks)))
            split += 1

    def archive_splits(self) -> Iterator[tuple[Closed, list[ObjectHead]]]:
        """The splits of an archive, with the heads of the members in each, of which nothing is read."""
        unpacker, split, last = Unpacker(self.plan, self._open), 0, False
        while not last:
            heads = [opened.head for opened in unpacker.members(split)]
            yield unpacker.closed, heads
            split, last = split + 1, unpacker.closed.seal.last

    @property
    def seals(self) -> list[Seal]:
        """Seals of the splits that were read to their end, in order."""
        return [split.seal for split in self._splits if split.seal]

    @property
    def account(self) -> FileAccount:
        return account_of(self.plan, self._splits)

    @property
    def damage(self) -> Damage | None:
        seals = (split.seal for split in self._splits)
        return next((seal.damage for seal in seals if seal and seal.damage), None)


class Reading(PlanReading):
    """Reads an object that has no plan yet.

    format_name and charset override what the head of the text shows; raises KeyError or LookupError for unknown ones.
    config: the user's configuration. unread: why a member of an archive is not read.
    """

    def __init__(
        self,
        head: ObjectHead,
        open_object: OpenObject,
        *,
        limits: Limits | None = None,
        format_name: str | None = None,
        charset: str | None = None,
        config: Config | None = None,
        report: Report = unreported,
        unread: str | None = None,
    ) -> None:
        def read(member: Opened) -> Iterator[Reading]:
            of_member = Reading(
                *member[:2],
                limits=limits,
                format_name=format_name,
                charset=charset,
                config=config,
                report=report,
                unread=member.unread,
            )
            return of_member.with_members()

        self._read_member = read
        if unread:
            plan = unread_plan(head, unread)
        else:
            plan = make_plan(
                head,
                open_object,
                limits or Limits(),
                format_name=format_name,
                charset=charset,
                config=config,
            )
        super().__init__(plan, open_object, config.key if config else "", report)

    def with_members(self) -> Iterator[Reading]:
        """The readings of an archive's members, each to be read before the next is taken; then this one, whose account
        is then known."""
        if self.plan.archive and not self.plan.failure:
            yield from self._members()
        yield self

    def _members(self) -> Iterator[Reading]:
        unpacker, split = Unpacker(self.plan, self._open), 0
        while True:
            marks: dict[int, Mark] = {}
            for opened in unpacker.members(split):
                reading = self
                for reading in self._read_member(opened):
                    yield reading
                member = opened.head.version.member
                if member and member.number:
                    marks[member.number] = mark_of(opened.head, reading.account)
            seal, marks[0] = unpacker.closed
            self._splits.append(SplitAccount(split, seal, summary_of(split, marks, seal)))
            if seal.last:
                return
            split += 1
