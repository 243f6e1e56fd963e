"""One object read from end to end without AWS: the same plan, cuts, parsing and arithmetic, in memory."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.core.accounts import FileAccount, SplitAccount, account_of, is_last_split
from chalicelib.core.custom.spec import Config
from chalicelib.core.cutting import Cutter, Limits
from chalicelib.core.decoders import Damage
from chalicelib.core.marks import Mark, Tally
from chalicelib.core.messages import batch_message, room_in
from chalicelib.core.parsing import Counter, Report, outcomes_of, unreported
from chalicelib.core.plan import ObjectHead, make_plan
from chalicelib.core.records import Outcome
from chalicelib.core.seals import Seal
from chalicelib.core.summaries import summary_of
from chalicelib.core.text import OpenObject


class Reading:
    """Iterate it once for what becomes of every byte of the text; then ask for the account.

    format_name and charset override what the head of the text says; KeyError or LookupError where
    they are unknown. config: what the user configured. report: as `stored_of` has it. Raises what
    `open_object` raises.
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
    ) -> None:
        self.plan = make_plan(
            head, open_object, limits or Limits(), format_name=format_name, charset=charset, config=config
        )
        self._redaction_key = config.key if config else ""
        self._report = report
        self._open = open_object
        self._splits: list[SplitAccount] = []

    def __iter__(self) -> Iterator[Outcome]:
        plan = self.plan
        if plan.failure:
            return
        text = plan.text(self._open)
        cutter = Cutter(text, plan.framing, plan.limits, 0, aligned=True, room=room_in(plan))
        split, last = 0, False
        while not last:
            start, total = cutter.position, Tally()
            marks: dict[int, Mark] = {}
            for batch in cutter.cut(split):
                counter = Counter()
                for outcome in outcomes_of(batch_message(plan, batch), self._redaction_key, self._report):
                    counter.add(outcome)
                    yield outcome
                marks[batch.number] = Mark.done(counter.counts)
                total += Tally(batch.entries, batch.lines, batch.length)
            last = is_last_split(plan, split, cutter.position, text_ended=cutter.at_end)
            damage = text.damage if last else None
            seal = Seal(split, start, cutter.position, len(marks), total, last, damage, cutter.context)
            self._splits.append(SplitAccount(split, seal, summary_of(split, marks)))
            split += 1

    @property
    def account(self) -> FileAccount:
        return account_of(self.plan, self._splits)

    @property
    def damage(self) -> Damage | None:
        seals = (split.seal for split in self._splits)
        return next((seal.damage for seal in seals if seal and seal.damage), None)
