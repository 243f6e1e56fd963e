"""The end of a schedule: faults cease, time passes, sweeps come, dead letters are dealt with; then all must be well."""

from __future__ import annotations

from typing import Final

from chalicelib.delivery import Deadline
from tests.soak.aws import Queue
from tests.soak.checks import has_dead_letter, state_in
from tests.soak.operations import EVERYTHING, UNPACED
from tests.soak.stage import AT_ONCE, Stage
from tests.soak.world import Faults

SWEEPS_MAX: Final = 4
"""So many sweeps, each long after the one before, find whatever stopped: one to look, one to heal, and what that
brings to light."""

_BETWEEN_SECONDS: Final = 65 * 3600.0
"""More than the sweeper waits between two healings of a file at most, less than a message lives."""

_DELIVERIES_MAX: Final = 3000
_DECISIONS_MAX: Final = 5


class Healing:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.sweeps = 0

    def rest(self) -> bool:
        """All goes well for a while, and perhaps what is dead is redriven; its messages wait for the next act.
        Whether any do."""
        self._quiet()
        self._drain()
        if self._has_dead() and self._stage.world.random.random() < 0.7:
            self._decide()
        return any(queue.messages for queue in self._stage.aws.queues.values())

    def _quiet(self) -> None:
        stage = self._stage
        stage.finish(kill=stage.world.random.random() < 0.5)
        stage.world.faults = Faults()
        stage.world.outage = None
        stage.calm = True

    def heal(self) -> None:
        """End what is under way; then sweep, redrive (or, by the seed, discard) until nothing is dead."""
        self._quiet()
        self._drain()
        self._see_what_waits()
        self._sweep()
        for _ in range(_DECISIONS_MAX):
            if not self._has_dead():
                break
            self._decide()
            self._sweep()
        self._forget_whole()
        self._sweep()
        self._tell()

    def _forget_whole(self) -> None:
        """Who forgets a file and dies meanwhile does it again."""
        for uploaded in self._stage.uploads.values():
            stored = self._stage.stored(uploaded.file_id)
            if stored and (stored.account.reason or "").startswith("forgotten"):
                self._stage.forget(uploaded, with_object=False)

    def _sweep(self) -> None:
        stage = self._stage
        self._drain()
        for _ in range(SWEEPS_MAX):
            stage.world.now += _BETWEEN_SECONDS
            stage.world.note("a long time passes")
            self.sweeps += 1
            stage.sweep(900.0)
            self._drain()
            self.expire()

    def _see_what_waits(self) -> None:
        """Where no message was lost, nothing may wait for a sweep."""
        stage = self._stage
        if not stage.lossless or any(queue.expired for queue in stage.aws.queues.values()):
            return
        for uploaded in stage.uploads.values():
            stored = stage.stored(uploaded.file_id)
            is_settled = stored is not None and stored.account.state.settled
            if not is_settled and not uploaded.spoilt and not has_dead_letter(stage, uploaded.file_id):
                stage.violate("stuck", uploaded.file_id, "it waits for a sweep though no message was lost")

    def expire(self) -> None:
        """All that has expired goes."""
        dynamodb, now = self._stage.aws.dynamodb, self._stage.world.now
        for name in ("ledger", "records"):
            dynamodb.expire(now, name, sorted(dynamodb.table(name).items))

    def _drain(self) -> None:
        """Deliver everything, waiting for what is hidden."""
        queues = list(self._stage.aws.queues.values())
        for _ in range(_DELIVERIES_MAX):
            visible = [(queue, message) for queue in queues for message in queue.visible()]
            if visible:
                queue = visible[0][0]
                self._deliver(queue)
            else:
                hidden = [message.visible_at for queue in queues for message in queue.messages.values()]
                if not hidden:
                    return
                self._stage.world.now = max(self._stage.world.now, min(hidden))
        self._stage.violate("endless", "", f"more than {_DELIVERIES_MAX} deliveries and no end")

    def _deliver(self, queue: Queue) -> None:
        stage = self._stage
        messages = [
            message for each in queue.visible()[: AT_ONCE[queue.name]] if (message := queue.receive(each))
        ]
        if messages:
            stage.deliver(queue, messages, 900.0)

    def _has_dead(self) -> bool:
        items = self._stage.aws.dynamodb.table("ledger").items
        return any(sk.startswith("dead#") and state_in(item) == "DEAD" for (_, sk), item in items.items())

    def _decide(self) -> None:
        stage = self._stage
        office = stage.services.dead_letter_office
        if (
            any("discarded" in each.spoilt for each in stage.uploads.values())
            and stage.world.random.random() < 0.5
        ):
            for uploaded in stage.uploads.values():
                uploaded.spoilt.add("discarded")
            stage.start(
                "discard",
                lambda _: office.discard(EVERYTHING, Deadline.after(800), by="ann", why="old"),
                900.0,
            )
        else:
            stage.start("redrive", lambda _: office.redrive(EVERYTHING, Deadline.after(800), UNPACED), 900.0)

    def _tell(self) -> None:
        for file_id in list(self._stage.stream):
            while self._stage.stream[file_id]:
                left = len(self._stage.stream[file_id])
                self._stage.tell(file_id, 900.0)
                if len(self._stage.stream[file_id]) == left:
                    self._stage.violate("stuck", file_id, "the stream is not told on")
                    break
