"""What may happen to a stage, each drawn from the seed: deliveries, sweeps, people, accidents, forgeries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

import orjson

from chalicelib.core.errors import PermanentError
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, encode_batch
from chalicelib.dead_letters.office import Pace
from chalicelib.dead_letters.selection import Selection
from chalicelib.delivery import Deadline
from tests.soak.aws import INPUT_BUCKET, Message, Queue
from tests.soak.stage import (
    ACTORS_MAX,
    AT_ONCE,
    DESTINATIONS,
    Stage,
    Uploaded,
    event_of,
    limits_of,
    members_of,
)
from tests.soak.texts import drawn_file
from tests.soak.world import drawn_faults

UNPACED: Final = Pace(1e9)
EVERYTHING: Final = Selection()
WAYS: Final = ("direct", "direct", "queue", "topic", "eventbridge", "never")
SURE_WAYS: Final = ("queue", "topic", "eventbridge")
"""By these an object's announcement is a message, which comes again until it is done."""

JUMPS: Final = (1, 10, 60, 301, 361, 901, 3601, 4000, 3 * 3600, 10 * 3600, 70 * 3600)
SECONDS: Final = (60.0, 60.0, 60.0, 12.0, 4.0)
"""How long a function may run; of 3 of them it makes no use, to be able to answer."""


class Operations:
    """Some are left out of this schedule, so that others come far."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.random: Random = stage.world.random
        random = self.random
        self.uploads = 0
        rare = {
            self.purge: 1,
            self.lose: 2,
            self.give_up: 4,
            self.forge: 3,
            self.forget: 1,
            self.delete_object: 1,
            self.remove_file_item: 2,
            self.expire: 2,
            self.redeploy: 1,
            self.outage: 3,
            self.change_faults: 1,
            self.repeat: 3,
        }
        if stage.lossless:
            for lossy in (
                self.purge,
                self.lose,
                self.give_up,
                self.remove_file_item,
                self.forget,
                self.expire,
            ):
                del rare[lossy]
        kept = {each: weight for each, weight in rare.items() if random.random() < 0.35}
        if stage.world.readings.random() < 0.3:
            kept.pop(self.remove_file_item, None)  # a generation of what people removed is left for ever
            kept |= {self.reprocess: 4, self.keep_former: 1}
        usual: dict[Callable[[], None], float] = {
            self.upload: 1,
            self.announce_again: 0.5,
            self.deliver_split: 14,
            self.deliver_batch: 22,
            self.deliver_dead: 6,
            self.sweep: random.choice([1, 3, 8]),
            self.tell: 2,
            self.jump: random.choice([2, 6]),
            self.redrive: random.choice([0, 2, 6]),
            self.discard: random.choice([0, 0, 1]),
            self.look: 1,
        }
        self._choices = list(usual | kept)
        self._weights = list((usual | kept).values())
        self._redeployed = False

    def play(self, steps: int) -> None:
        """Draw what happens: either a function that runs goes on, or something begins."""
        self._play(steps, self._choices, self._weights)

    def play_deliveries(self, steps: int) -> None:
        """Of all that may happen only this: messages come, and go."""
        deliveries = {
            self.deliver_batch: 4,
            self.deliver_split: 2,
            self.deliver_dead: 2,
        }
        if not self.stage.lossless:
            deliveries |= {self.give_up: 1, self.lose: 1}
        self._play(steps, list(deliveries), list(deliveries.values()))

    def _play(self, steps: int, choices: Sequence[Callable[[], None]], weights: Sequence[float]) -> None:
        """One function at a time is slow: the others overtake it by many effects."""
        stage, random = self.stage, self.random
        going_on = random.choice([0.5, 0.8, 0.9])
        slow, until = None, 0
        for step in range(steps):
            if step >= until and stage.running:
                slow, until = random.choice(stage.running)[0], step + random.choice([0, 10, 40])
            ready = [number for number, (actor, _) in enumerate(stage.running) if actor is not slow]
            if ready and (len(ready) >= ACTORS_MAX or random.random() < going_on):
                stage.step(random.choice(ready))
            elif len(stage.running) > ACTORS_MAX:
                stage.step(0)
            else:
                random.choices(choices, weights)[0]()

    # Objects and their notifications
    def upload(self) -> None:
        if self.uploads >= 4:
            return
        self.uploads += 1
        number = self.uploads
        key = self.random.choice(["a.log", "a.log", f"logs/{number} ä.log"])
        unversioned = key == "a.log" and self.random.random() < 0.15
        if unversioned:
            key = "unversioned.log"
        for former in list(self.stage.uploads.values()):
            if former.key == key and unversioned:
                former.spoilt.add("overwritten")
        uploaded = self.stage.upload(key, drawn_file(self.random, f"f{number}"), versioned=not unversioned)
        self._announce(uploaded, self.random.choice(SURE_WAYS if self.stage.lossless else WAYS))

    def announce_again(self) -> None:
        if uploaded := self._any():
            self._announce(uploaded, self.random.choice(WAYS))

    def _announce(self, uploaded: Uploaded, way: str) -> None:
        if way == "never":
            return
        event = event_of(uploaded, way)
        self.stage.world.note(f"{uploaded.key} is announced: {way}")
        if way == "direct":
            self.stage.announce(event, self.random.choice(SECONDS))
        else:
            self.stage.aws.queues["split"].send(orjson.dumps(event).decode())

    # Queues
    def deliver_split(self) -> None:
        self._deliver("split")

    def deliver_batch(self) -> None:
        self._deliver("batch")

    def deliver_dead(self) -> None:
        self._deliver("dead")

    def _deliver(self, name: str) -> None:
        queue = self.stage.aws.queues[name]
        visible = queue.visible()
        if not visible:
            return
        picked = self.random.sample(visible, min(len(visible), self.random.randint(1, AT_ONCE[name])))
        twice = self.random.random() < 0.05
        messages = [message for each in picked if (message := queue.receive(each, twice=twice))]
        if messages:
            forget_delete = self.random.random() < 0.03
            self.stage.deliver(queue, messages, self.random.choice(SECONDS), forget_delete=forget_delete)

    def repeat(self) -> None:
        """A batch message comes once more, long after."""
        if self.stage.bodies:
            self.stage.aws.queues["batch"].send(self.random.choice(self.stage.bodies))

    def _note_lost(self, message: Message) -> None:
        """A forged message that a worker had when it died does not come again to have its records put right."""
        for uploaded in self.stage.uploads.values():
            if message.receives and message.body in uploaded.forged:
                uploaded.spoilt.add("forgery lost")

    def purge(self) -> None:
        queue = self._queue()
        self.stage.world.note(f"purge {queue.name}: {len(queue.messages)}")
        if (
            queue.name != "dead"
        ):  # what was dead and nobody had looked at is lost with its file INCOMPLETE or not
            for message in queue.messages.values():
                self._note_lost(message)
            queue.messages.clear()

    def lose(self) -> None:
        queue = self._queue()
        if queue.messages and queue.name != "dead":
            lost = self.random.choice(sorted(queue.messages))
            self._note_lost(queue.messages.pop(lost))
            self.stage.world.note(f"lose {lost}")

    def give_up(self) -> None:
        """A message has come too often: it goes to the queue of the dead."""
        queue = self._queue()
        if queue.messages and queue.dead:
            queue.give_up(queue.messages[self.random.choice(sorted(queue.messages))])

    def _queue(self) -> Queue:
        return self.random.choice(list(self.stage.aws.queues.values()))

    # The service's own schedule, and people
    def sweep(self) -> None:
        """Some have hardly any time beyond what it takes to answer."""
        self.stage.sweep(self.random.choice([60.0, 4.0, 3.0 + self.random.random() * 0.3]))

    def tell(self) -> None:
        waiting = [file_id for file_id, records in self.stage.stream.items() if records]
        if waiting:
            self.stage.tell(self.random.choice(waiting), 60.0, repeat=self.random.random() < 0.2)

    def jump(self) -> None:
        seconds = self.random.choice(JUMPS)
        self.stage.world.now += seconds
        self.stage.world.note(f"{seconds} s pass")

    def redrive(self) -> None:
        self._decide("redrive", lambda office, chosen, deadline: office.redrive(chosen, deadline, UNPACED))

    def discard(self) -> None:
        for uploaded in self.stage.uploads.values():
            uploaded.spoilt.add("discarded")
        self._decide(
            "discard", lambda office, chosen, deadline: office.discard(chosen, deadline, by="ann", why="old")
        )

    def _decide(self, name: str, act: Callable[[Any, Selection, Deadline], Any]) -> None:
        office = self.stage.services.dead_letter_office
        letters = sorted(
            (pk, sk.removeprefix("dead#"))
            for pk, sk in self.stage.aws.dynamodb.table("ledger").items
            if sk.startswith("dead#")
        )
        chosen = EVERYTHING
        if letters and self.random.random() < 0.7:
            file_id, letter_id = self.random.choice(letters)
            by_file = Selection(file_id=file_id) if file_id != "no-file" else EVERYTHING
            chosen = self.random.choice([by_file, Selection(ids=(letter_id,), state=None)])
        self.stage.start(name, lambda _: act(office, chosen, Deadline.after(50)), 60.0)

    def look(self) -> None:
        """Somebody asks for the status, which is an answer at any time."""
        status = self.stage.services.status
        if uploaded := self._any():
            file_id = uploaded.file_id
            if "file" in self.stage.aws.dynamodb.table("ledger").partitions.get(file_id, ()):
                self.stage.start("status", lambda _: status.file(file_id), 60.0)

    def forget(self) -> None:
        """Only what has settled can be forgotten: the command says so, and nothing happens."""
        if uploaded := self._any():
            self.stage.forget(uploaded, with_object=self.random.random() < 0.5)

    def reprocess(self) -> None:
        """Somebody wants a file read again, or a file in it; what is not settled is refused."""
        if (uploaded := self._any()) and not uploaded.spoilt & {"removed", "forgetting"}:
            readings, services = self.stage.world.readings, self.stage.services
            file_id = readings.choice([uploaded.file_id, *members_of(self.stage, uploaded.file_id)])
            forced = readings.random() < 0.2
            self.stage.world.note(f"{file_id[:6]} is to be read again")
            self.stage.start("reprocess", lambda _: services.reprocessing.begin(file_id, forced=forced), 60.0)

    def keep_former(self) -> None:
        """Somebody gives up what is being read again."""
        if uploaded := self._any():
            services = self.stage.services
            file_id = self.stage.world.readings.choice(
                [uploaded.file_id, *members_of(self.stage, uploaded.file_id)]
            )
            self.stage.start("keep", lambda _: services.reprocessing.give_up(file_id, "enough"), 60.0)

    # Accidents
    def delete_object(self) -> None:
        if uploaded := self._any():
            versions = self.stage.aws.s3.stored.get((INPUT_BUCKET, uploaded.key), [])
            versions[:] = [each for each in versions if each is not uploaded.version]
            uploaded.spoilt.add("deleted")
            self.stage.world.note(f"{uploaded.key} {uploaded.version.version_id} is deleted")

    def remove_file_item(self) -> None:
        """Once a file: whoever does it all the time wants no files. Limits: not where the limits of plans have
        changed meanwhile: what is left in the ledger of a removed plan would contradict the new one."""
        uploaded = self._any()
        if uploaded and not uploaded.spoilt & {"removed", "forgetting"} and not self._redeployed:
            uploaded.spoilt.add("removed")
            self.stage.world.note(f"the item of {uploaded.file_id[:6]} is removed")
            self.stage.aws.dynamodb.remove("ledger", (uploaded.file_id, "file"))

    def expire(self) -> None:
        """The daemon comes: some of what has expired goes, in any order."""
        dynamodb, random = self.stage.aws.dynamodb, self.random
        for name in ("ledger", "records"):
            keys = sorted(dynamodb.table(name).items)
            chosen = random.sample(keys, min(len(keys), random.choice([1, 5, 1000])))
            dynamodb.expire(self.stage.world.now, name, chosen)

    def redeploy(self) -> None:
        if any("removed" in each.spoilt for each in self.stage.uploads.values()):
            return
        self._redeployed = True
        limits = limits_of(self.random.choice([1, 3, 8]), self.random.choice([120, 400, 1000]))
        layouts = self.stage.world.layouts
        if layouts.random() < 0.3:
            self.stage.layout, self.stage.sink = layouts.choice(DESTINATIONS)
        self.stage.world.note(f"deploy {limits}, {self.stage.layout} and {self.stage.sink}")
        self.stage.deploy(limits)

    def outage(self) -> None:
        """A service, or what a table has of one item, is out of order; or all is well again."""
        world = self.stage.world
        if world.outage:
            world.outage = None
            world.note("all services are well again")
            return
        what = self.random.choice(["write", "s3", "sqs", "sns", "leaf#", "split#", "update", " file"])
        world.note(f"out of order: {what}")
        world.outage = lambda service, doing: what in doing or what == service

    def change_faults(self) -> None:
        self.stage.world.faults = drawn_faults(self.random)

    def forge(self) -> None:
        """A batch message of a known id says something else than the right one: made by other code, or by somebody."""
        bodies = self.stage.bodies + [each.body for each in self.stage.aws.queues["batch"].messages.values()]
        if not bodies:
            return
        try:
            message = decode(self.random.choice(bodies))
        except PermanentError:
            return
        assert isinstance(message, BatchMessage)
        forged, uploaded = self._changed(message), self.stage.uploads.get(message.file_id)
        if forged is None or uploaded is None:  # of the files in archives nobody knows what was forged
            return
        body = encode_batch(forged)
        uploaded.spoilt.add("forged")
        uploaded.forged.add(body)
        self.stage.world.note(
            f"forge {message.batch_id[-13:]}: {forged.offset}+{forged.length}, {forged.lines} lines"
        )
        self.stage.aws.queues["batch"].send(body)

    def _changed(self, message: BatchMessage) -> BatchMessage | None:
        """Fewer lines, more, other ones in their place, or elsewhere; what it says is consistent in itself."""
        lines = message.body.splitlines(keepends=True)
        way = self.random.choice(["fewer", "more", "moved", "other"])
        if message.cuts is not None or len(message.body) != message.length or message.entries != len(lines):
            return None
        if way == "moved":
            return replace(message, offset=message.offset + self.random.choice([1, 7, 40]))
        if way == "other":
            body = message.body.replace(b"line", b"lies")
            return replace(message, body=body) if body != message.body else None
        lines = lines[:-1] if way == "fewer" else [*lines, b'{"message":"forged"}\n']
        if not lines or (way == "more" and not message.body.endswith(b"\n")):
            return None
        body = b"".join(lines)
        return replace(message, body=body, length=len(body), lines=len(lines), entries=len(lines))

    def _any(self) -> Uploaded | None:
        uploads = list(self.stage.uploads.values())
        return self.random.choice(uploads) if uploads else None
