"""Repairs a file: sends messages for what is missing of it, and settles what nobody settled."""

from __future__ import annotations

import logging

from chalicelib.core.ledger.accounts import uncut_splits
from chalicelib.core.plan import Plan
from chalicelib.core.wire.messages import Again, SplitMessage, encode_split
from chalicelib.delivery import Deadline, Outgoing, Sender, Sends
from chalicelib.healed import Healed
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.stalls import Stalls

logger = logging.getLogger("froe")


class Healer:
    def __init__(self, ledger: Ledger, stalls: Stalls, split_queue: Sends) -> None:
        self._ledger = ledger
        self._stalls = stalls
        self._split_queue = split_queue

    def heal(self, stored: StoredFile, deadline: Deadline) -> Healed:
        """Send messages for the splits of a file of which something is missing, and settle what nobody settled."""
        plan, trace = stored.plan, stored.trace
        splits = {split.split: split for split in self._ledger.read_splits(plan.file_id)}
        sender = Sender(self._split_queue, deadline)
        sent, batches = 0, 0
        for number in uncut_splits(plan, splits):
            if number not in splits:
                sender.add(_message(plan, number, Again.NOTHING, trace))
                sent += 1
        for split in splits.values():
            if split.is_settled or split.seal is None:
                continue
            missing = self._ledger.missing_batches(plan.file_id, split.split)
            if missing:
                sender.add(_message(plan, split.split, Again.UNMARKED, trace))
                batches += len(missing)
        sender.flush()
        self._ledger.settle_anew(plan.file_id)
        logger.warning("file_healed", extra={"file_id": plan.file_id, "splits": sent, "batches": batches})
        return Healed((plan.file_id,), sent, batches)

    def settle_anew(self, stored: StoredFile, deadline: Deadline) -> Healed:
        """Add up all marks, and have splits cut again whose marks contradict their seals: at once, then after ever longer
        pauses."""
        plan = stored.plan
        splits = self._ledger.settle_anew(plan.file_id)
        wrong = [split for split in splits if split.seal and split.summary.contradicted]
        if not wrong or not self._stalls.is_due(plan.file_id, sum(split.revision for split in splits)):
            return Healed()
        sender = Sender(self._split_queue, deadline)
        for split in wrong:
            sender.add(_message(plan, split.split, Again.UNDONE, stored.trace))
        sender.flush()
        batches = sum(split.summary.contradicted for split in wrong)
        logger.warning("file_contradicted", extra={"file_id": plan.file_id, "batches": batches})
        return Healed((plan.file_id,), 0, batches)


def _message(plan: Plan, split: int, again: Again, trace: str | None) -> Outgoing:
    origin = f"Root={trace}" if trace else None
    message = SplitMessage(plan.object, plan.file_id, split, None if split else 0, trace=origin, again=again)
    return Outgoing(encode_split(message))
