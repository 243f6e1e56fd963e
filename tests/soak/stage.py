"""A stage of Froe in a world: the real handlers and adapters, on services that live in memory.

What calls the functions on AWS is played here: event source mappings, S3's notifications, the ledger's stream.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final

import orjson

from chalicelib import handlers
from chalicelib.aws.removal import Places
from chalicelib.core.errors import FroeError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.dead_letters.selection import NoSuchLetterError
from chalicelib.ledger import SealConflictError, StoredFile
from chalicelib.metrics import NO_METER
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.status import NotFoundError
from chalicelib.tracing import NoTracer
from froe.forgetting import Forgetting
from tests.fakes import Crash
from tests.soak.aws import INPUT_BUCKET, QUARANTINE, RESULTS, Aws, Message, Queue, Version
from tests.soak.texts import LINE_MAX_BYTES, LogFile
from tests.soak.world import Actor, EndlessError, World

ACTORS_MAX: Final = 6
AT_ONCE: Final = {"split": 1, "batch": 4, "dead": 1}
"""As `app.py` says: messages that a function gets in one invocation."""

_STREAM_AT_ONCE: Final = 25
DESTINATIONS: Final = (
    (Layout.ITEMS, Sink.NONE),
    (Layout.ITEMS, Sink.NONE),
    (Layout.PACKED, Sink.NONE),
    (Layout.PACKED, Sink.PARQUET),
    (Layout.NONE, Sink.PARQUET),
)
SWEEP_DAYS: Final = 365
ENVIRONMENT: Final = {
    "INPUT_BUCKET": INPUT_BUCKET,
    "SPLIT_QUEUE": "split",
    "BATCH_QUEUE": "batch",
    "DEAD_LETTER_QUEUE": "dead",
    "RECORDS_TABLE": "records",
    "LEDGER_TABLE": "ledger",
    "LEDGER_STREAM_ARN": "arn:aws:dynamodb:eu-west-1:1:table/ledger/stream/1",
    "QUARANTINE_BUCKET": QUARANTINE,
    "RESULTS_BUCKET": RESULTS,
    "NOTICES_TOPIC_ARN": "arn:aws:sns:eu-west-1:1:notices",
    "API_TOKEN_SHA256": "0" * 64,
    "TRACING": "off",
}


@dataclass
class Uploaded:
    """An object of a schedule, and what must become of it. spoilt: why that is not certain any more. forged: bodies
    of batch messages that nobody cut."""

    key: str
    version: Version
    log: LogFile
    spoilt: set[str] = field(default_factory=set)
    forged: set[str] = field(default_factory=set)

    @property
    def version_id(self) -> str | None:
        return self.version.version_id if self.version.version_id != "null" else None

    @property
    def file_id(self) -> str:
        return ObjectVersion(INPUT_BUCKET, self.key, self.version_id, self.version.etag).file_id


@dataclass(frozen=True, slots=True)
class Violation:
    """kind: lost, doubled, wrong, stuck, crashed or endless."""

    kind: str
    file_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.file_id[:6]} {self.what}"


class Listening(logging.Handler):
    """Hears of what our code took for a bug."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and (not isinstance(error, FroeError) or isinstance(error, SealConflictError)):
            self._tell(f"{record.getMessage()}: {type(error).__name__}: {error}"[:500])


class Stage:
    """uploads: the objects, by the ids of their files. calm: functions run at once and to their end.
    lossless: no message is lost in this schedule, and every object is announced by one."""

    def __init__(
        self,
        world: World,
        limits: Limits,
        *,
        retention_days: int,
        max_receives: int,
        layout: Layout = Layout.ITEMS,
        sink: Sink = Sink.NONE,
    ) -> None:
        self.world = world
        self.violations: list[Violation] = []
        self.uploads: dict[str, Uploaded] = {}
        self.hears: list[Callable[[str, tuple[str, str], Any, Any], None]] = [self._streamed]
        self.lossless = world.random.random() < 0.4
        self.aws = Aws(world, self._written, max_receives=1000 if self.lossless else max_receives)
        self.stream: dict[str, list[dict[str, Any]]] = {}
        self.running: list[tuple[Actor, Callable[[Any], None]]] = []
        self.invocations = 0
        self.calm = False
        self.bodies: list[str] = []
        self.retention_days = retention_days
        self.layout, self.sink = layout, sink
        self.deploy(limits)

    def deploy(self, limits: Limits) -> None:
        """Functions of these limits, and of the stage's layout and sink, from now on."""
        settings = replace(
            Settings.from_environment(ENVIRONMENT),
            limits=limits,
            retention_days=self.retention_days,
            write_threads=1,
            sweep_days=SWEEP_DAYS,
            layout=self.layout,
            sink=self.sink,
        )
        self.services = Services(settings, session=self.aws)
        self.services.meter = NO_METER
        self.services.tracer = NoTracer()
        places = Places("records", "ledger", QUARANTINE, RESULTS)
        self.forgetting = Forgetting(self.aws.dynamodb, self.aws.s3, places, sweep_days=SWEEP_DAYS)

    def upload(self, key: str, log: LogFile, *, versioned: bool) -> Uploaded:
        version = self.aws.s3.add(INPUT_BUCKET, key, log.data, versioned=versioned)
        uploaded = Uploaded(key, version, log)
        self.uploads[uploaded.file_id] = uploaded
        self.world.note(
            f"upload {key} {version.version_id}: {len(log.data)} bytes, file {uploaded.file_id[:6]}"
        )
        return uploaded

    def stored(self, file_id: str) -> StoredFile | None:
        """What the ledger has of a file, if that can be read at all."""
        item = self.aws.dynamodb.table("ledger").items.get((file_id, "file"))
        if item is None or "plan_version" not in item:
            return None
        return self.services.ledger.read_file(file_id)

    def violate(self, kind: str, file_id: str, what: str) -> None:
        violation = Violation(kind, file_id, what)
        if violation not in self.violations:
            self.violations.append(violation)
            self.world.note(f"!!! {violation}")

    # Invocations
    def start(
        self,
        name: str,
        work: Callable[[Any], Any],
        seconds: float,
        done: Callable[[Any], None] = lambda _: None,
    ) -> None:
        """work: is given a Lambda context. done: is given the result, unless the function died or failed."""
        self.invocations += 1
        named = f"{name}-{self.invocations}"
        kill_at = self.world.now + seconds
        context = SimpleNamespace(
            aws_request_id=named,
            get_remaining_time_in_millis=lambda: int((kill_at - self.world.now) * 1000),
        )
        self.world.note(f"{named} begins, {seconds:g} s")
        if self.calm:
            self.world.calm = named
            done(self._undisturbed(name, lambda: work(context)))
            return
        actor = Actor(self.world, named, lambda: work(context), seconds)
        self.running.append((actor, done))

    def _undisturbed(self, name: str, work: Callable[[], Any]) -> Any:
        """Without faults a function has no reason to raise anything."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.violate("crashed", "", f"{name} without any fault: {type(error).__name__}: {error}")
            return {"batchItemFailures": []}

    def step(self, number: int) -> None:
        """Let one of the functions go on to its next effect."""
        actor, done = self.running[number % len(self.running)]
        actor.step()
        if not actor.finished:
            return
        self.running.remove((actor, done))
        if actor.error is None:
            self.world.note(f"{actor.name} ends")
            done(actor.result)
        elif isinstance(actor.error, EndlessError):
            raise actor.error
        elif not isinstance(actor.error, Crash):
            self.world.note(f"{actor.name} fails: {actor.error!r}"[:300])
            self._judge(actor.name, actor.error)

    def finish(self, *, kill: bool) -> None:
        """No function is under way any more."""
        for actor, _ in self.running:
            actor.dead = actor.dead or kill
        while self.running:
            self.step(0)

    def _judge(self, name: str, error: BaseException) -> None:
        """Our own errors may leave a function, and those of AWS that a fault made: all else is a bug."""
        if isinstance(error, FroeError | NotFoundError | NoSuchLetterError):
            return
        if type(error).__module__.split(".")[0] not in ("botocore", "froe"):
            self.violate("crashed", "", f"{name.partition('-')[0]}: {type(error).__name__}: {error}")

    # What calls the functions
    def deliver(
        self, queue: Queue, messages: list[Message], seconds: float, *, forget_delete: bool = False
    ) -> None:
        """Hand messages to the queue's function, and delete those that it did not give back."""
        handler = {
            "split": handlers.on_split_messages,
            "batch": handlers.on_batch_messages,
            "dead": handlers.on_dead_letters,
        }[queue.name]
        self.bodies += [each.body for each in messages if queue.name == "batch"]
        event = {"Records": [message.record() for message in messages]}

        def done(result: dict[str, Any]) -> None:
            kept = {each["itemIdentifier"] for each in result["batchItemFailures"]}
            for message in messages:
                if message.message_id not in kept and not forget_delete:
                    queue.messages.pop(message.message_id, None)

        names = ",".join(message.message_id for message in messages)
        self.start(f"{queue.name}", lambda context: handler(self.services, event, context), seconds, done)
        self.world.note(f"  … with {names}")

    def announce(self, event: dict[str, Any], seconds: float) -> None:
        self.start("s3", lambda context: handlers.on_notification(self.services, event, context), seconds)

    def sweep(self, seconds: float) -> None:
        self.start("sweep", lambda context: handlers.on_schedule(self.services, context), seconds)

    def tell(self, file_id: str, seconds: float, *, repeat: bool = False) -> None:
        """Hand the notifier what the stream has of a file; what it gives back, and all behind it, stays."""
        records = self.stream[file_id][:_STREAM_AT_ONCE]

        def done(result: dict[str, Any]) -> None:
            failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
            if repeat:
                return
            numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
            first_failed = next((n for n, number in enumerate(numbers) if number in failed), len(numbers))
            self.stream[file_id] = [
                each for each in self.stream[file_id] if each not in records[:first_failed]
            ]

        event = {"Records": records}
        self.start(
            "notifier",
            lambda context: handlers.on_ledger_records(self.services, event, context),
            seconds,
            done,
        )

    def forget(self, uploaded: Uploaded, *, with_object: bool) -> None:
        forgetting, file_id = self.forgetting, uploaded.file_id
        if with_object:
            uploaded.spoilt.add("deleted")

        def work(_: Any) -> None:
            forgetting.forget(forgetting.find(file_id), self.world.time(), with_object=with_object)

        def done(_: Any) -> None:
            uploaded.spoilt.add("forgotten")
            self.world.note(f"{file_id[:6]} is forgotten")

        self.start("forget", work, 900.0, done)

    def _written(self, table: str, key: tuple[str, str], old: Any, new: Any) -> None:
        for hear in self.hears:
            hear(table, key, old, new)

    def _streamed(self, table: str, key: tuple[str, str], old: Any, new: Any) -> None:
        if table != "ledger" or key[1] != "file" or new is None or new == old:
            return
        self.world.effects += 1
        described = {
            "Keys": {"pk": {"S": key[0]}, "sk": {"S": key[1]}},
            "SequenceNumber": str(self.world.effects),
        }
        images = {"NewImage": new} | ({"OldImage": old} if old else {})
        self.stream.setdefault(key[0], []).append({"dynamodb": described | images})

    @contextmanager
    def logs_watched(self) -> Iterator[None]:
        logger = logging.getLogger("froe")
        kept = logger.level, logger.propagate, logger.handlers[:]
        listening = Listening(lambda what: self.violate("crashed", "", what))
        logger.handlers[:] = [listening]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        try:
            yield
        finally:
            logger.handlers[:] = kept[2]
            logger.setLevel(kept[0])
            logger.propagate = kept[1]


def members_of(stage: Stage, file_id: str) -> list[str]:
    """The files of an archive's members."""
    items = stage.aws.dynamodb.table("ledger").items
    named = [
        item["files"]["S"] for (pk, sk), item in items.items() if pk == file_id and sk.startswith("members#")
    ]
    return [member for names in named for member in names.split()]


def event_of(uploaded: Uploaded, way: str) -> dict[str, Any]:
    """What S3 says of an upload, by one of the ways in which it may come."""
    described = {"key": uploaded.key, "size": len(uploaded.log.data), "eTag": uploaded.version.etag}
    if uploaded.version_id:
        described["versionId"] = uploaded.version_id
    at = uploaded.version.at.isoformat()
    if way == "eventbridge":
        about = {"key": uploaded.key, "size": len(uploaded.log.data), "etag": uploaded.version.etag}
        if uploaded.version_id:
            about["version-id"] = uploaded.version_id
        detail = {"bucket": {"name": INPUT_BUCKET}, "object": about}
        return {"source": "aws.s3", "detail-type": "Object Created", "time": at, "detail": detail}
    record = {
        "eventName": "ObjectCreated:Put",
        "eventTime": at,
        "s3": {"bucket": {"name": INPUT_BUCKET}, "object": described},
    }
    event = {"Records": [record]}
    if way == "topic":
        return {"Type": "Notification", "Message": orjson.dumps(event).decode()}
    return event


def limits_of(lines: int, split_bytes: int) -> Limits:
    return Limits(
        batch_max_lines=lines, batch_max_bytes=1200, entry_max_bytes=LINE_MAX_BYTES, split_bytes=split_bytes
    )
