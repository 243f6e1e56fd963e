"""S3, SQS and SNS in memory, behind the low-level clients that the adapters use, and the session that gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import md5
from io import BytesIO
from typing import Any, Final

from botocore.response import StreamingBody

from tests.soak.dynamodb import DynamoDB, Written, meta, refused
from tests.soak.world import World

INPUT_BUCKET: Final = "logs"
QUARANTINE: Final = "quarantine"
RESULTS: Final = "results"
DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object; version_id: "null" where the bucket keeps none."""

    version_id: str
    data: bytes
    etag: str
    at: datetime


class S3:
    meta = meta()

    def __init__(self, world: World) -> None:
        self._world = world
        self.stored: dict[tuple[str, str], list[Version]] = {}
        self._numbers = 0

    def add(self, bucket: str, key: str, data: bytes, *, versioned: bool = True) -> Version:
        self._numbers += 1
        named = f"v{self._numbers:04d}" if versioned else "null"
        version = Version(named, data, md5(data).hexdigest(), self._world.time())
        versions = self.stored.setdefault((bucket, key), [])
        versions[:] = [version, *(each for each in versions if each.version_id != named)]
        return version

    def head_object(self, *, Bucket: str, Key: str, **pin: str) -> dict[str, Any]:
        version = self._effect(
            f"head {Bucket}/{Key}", lambda: self._version(Bucket, Key, pin, ("404", "412"))
        )
        return self._described(version, len(version.data))

    def get_object(self, *, Bucket: str, Key: str, Range: str = "", **pin: str) -> dict[str, Any]:
        version = self._effect(
            f"get {Bucket}/{Key} {Range}".strip(),
            lambda: self._version(Bucket, Key, pin, ("NoSuchKey", "PreconditionFailed")),
        )
        start, _, last = Range.removeprefix("bytes=").partition("-")
        data = version.data[int(start or 0) : int(last) + 1] if last else version.data
        sent = data[: len(data) - self._world.share(len(data))] if data else data
        answer = self._described(version, len(data)) | {"Body": StreamingBody(BytesIO(sent), len(data))}
        return answer | ({"ContentRange": Range} if Range else {})

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **_: Any
    ) -> dict[str, Any]:
        def apply() -> None:
            if IfMatch:
                self._version(Bucket, Key, {"IfMatch": IfMatch}, ("NoSuchKey", "PreconditionFailed"))
            if IfNoneMatch and self.stored.get((Bucket, Key)):
                raise refused("PreconditionFailed")
            self.add(Bucket, Key, Body)

        self._effect(f"put {Bucket}/{Key}", apply, writes=True)
        return {}

    def delete_object(self, *, Bucket: str, Key: str, VersionId: str = "", **_: Any) -> dict[str, Any]:
        def apply() -> None:
            kept = [
                each
                for each in self.stored.get((Bucket, Key), ())
                if VersionId and each.version_id != VersionId
            ]
            self.stored[Bucket, Key] = kept

        self._effect(f"delete {Bucket}/{Key}", apply, writes=True)
        return {}

    def list_object_versions(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        KeyMarker: str = "",
        VersionIdMarker: str = "",
    ) -> dict[str, Any]:
        """One version a page, so that listings are cut short between any two."""
        listed = [
            (key, version, version is versions[0])
            for (bucket, key), versions in sorted(self.stored.items())
            for version in versions
            if bucket == Bucket and key.startswith(Prefix)
        ]
        places = [(key, version.version_id) for key, version, _ in listed]
        marker = (KeyMarker, VersionIdMarker)
        start = places.index(marker) + 1 if marker in places else sum(key <= KeyMarker for key, _ in places)
        page = self._effect(f"list {Bucket}", lambda: listed[start : start + 1])
        answer: dict[str, Any] = {
            "Versions": [
                {
                    "Key": key,
                    "VersionId": version.version_id,
                    "ETag": f'"{version.etag}"',
                    "Size": len(version.data),
                    "LastModified": version.at,
                    "IsLatest": is_latest,
                }
                for key, version, is_latest in page
            ]
        }
        if len(listed) > start + 1:
            key, version_id = places[start]
            answer |= {"IsTruncated": True, "NextKeyMarker": key, "NextVersionIdMarker": version_id}
        return answer

    def get_paginator(self, operation: str) -> Any:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        pages = [self.list_object_versions(**request)]
        while pages[-1].get("IsTruncated"):
            markers = {
                "KeyMarker": pages[-1]["NextKeyMarker"],
                "VersionIdMarker": pages[-1]["NextVersionIdMarker"],
            }
            pages.append(self.list_object_versions(**request | markers))
        return pages

    def _version(self, bucket: str, key: str, pin: dict[str, str], codes: tuple[str, str]) -> Version:
        gone, changed = codes
        versions = self.stored.get((bucket, key))
        if not versions:
            raise refused(gone)
        if version_id := pin.get("VersionId"):
            version = next((each for each in versions if each.version_id == version_id), None)
            if version is None:
                raise refused("404" if gone == "404" else "NoSuchVersion")
            return version
        if "IfMatch" in pin and pin["IfMatch"].strip('"') != versions[0].etag:
            raise refused(changed)
        return versions[0]

    @staticmethod
    def _described(version: Version, length: int) -> dict[str, Any]:
        return {
            "ContentLength": length,
            "ETag": f'"{version.etag}"',
            "LastModified": version.at,
            "VersionId": version.version_id,
            "ContentType": "text/plain",
        }

    def _effect(self, doing: str, apply: Callable[[], Any], *, writes: bool = False) -> Any:
        return self._world.effect("s3", doing, apply, writes=writes)


@dataclass(frozen=True)
class Message:
    message_id: str
    body: str
    sent_at: float
    attributes: dict[str, str] = field(default_factory=dict)
    visible_at: float = 0.0
    receives: int = 0
    source: str | None = None

    def record(self) -> dict[str, Any]:
        """As an event source mapping hands it to a function."""
        system = {"ApproximateReceiveCount": str(self.receives)}
        if self.source:
            system["DeadLetterQueueSourceArn"] = self.source
        return {
            "messageId": self.message_id,
            "receiptHandle": self.message_id,
            "body": self.body,
            "attributes": system,
            "messageAttributes": {
                name: {"stringValue": value, "dataType": "String"} for name, value in self.attributes.items()
            },
        }


class Queue:
    """max_receives: after which a message goes to the queue of the dead."""

    def __init__(
        self, name: str, world: World, *, visibility: float, days: float, max_receives: int = 0
    ) -> None:
        self.name = name
        self.messages: dict[str, Message] = {}
        self.sent = 0
        self.expired = 0
        self.dead: Queue | None = None
        self._world = world
        self._visibility = visibility
        self._days = days
        self._max_receives = max_receives

    def send(self, body: str, delay: float = 0.0, attributes: dict[str, str] | None = None) -> None:
        self.sent += 1
        now = self._world.now
        message = Message(f"{self.name}-{self.sent:04d}", body, now, attributes or {}, now + delay)
        self.messages[message.message_id] = message

    def visible(self) -> list[Message]:
        """Those that can be received now; what has lain too long is gone."""
        now = self._world.now
        for message in [each for each in self.messages.values() if now - each.sent_at > self._days * DAY]:
            del self.messages[message.message_id]
            self.expired += 1
        return [each for each in self.messages.values() if each.visible_at <= now]

    def receive(self, message: Message, *, twice: bool = False) -> Message | None:
        """The message as it comes now, unless it has come too often; twice: it stays to be received."""
        received = replace(
            message, receives=message.receives + 1, visible_at=self._world.now + self._visibility
        )
        if self.dead is not None and received.receives > self._max_receives:
            self.give_up(message)
            return None
        self.messages[message.message_id] = (
            replace(received, visible_at=self._world.now) if twice else received
        )
        return received

    def give_up(self, message: Message) -> None:
        """To the queue of the dead, under the same id."""
        assert self.dead is not None
        del self.messages[message.message_id]
        now = self._world.now
        self.dead.messages[message.message_id] = replace(
            message, source=self.name, sent_at=now, visible_at=now
        )
        self._world.note(f"{message.message_id} is given up")

    def hide(self, message_id: str, seconds: float) -> None:
        if message := self.messages.get(message_id):
            self.messages[message_id] = replace(message, visible_at=self._world.now + seconds)


class SQS:
    meta = meta()

    def __init__(self, world: World, queues: dict[str, Queue]) -> None:
        self._world = world
        self._queues = queues

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        left = self._world.share(len(Entries))
        taken, failed = Entries[: len(Entries) - left], Entries[len(Entries) - left :]

        def apply() -> None:
            for entry in taken:
                attributes = {
                    name: each["StringValue"] for name, each in entry.get("MessageAttributes", {}).items()
                }
                self._queues[QueueUrl].send(entry["MessageBody"], entry.get("DelaySeconds", 0), attributes)

        self._world.effect("sqs", f"send {len(taken)} to {QueueUrl}", apply, writes=True)
        return {
            "Successful": [{"Id": each["Id"]} for each in taken],
            "Failed": [{"Id": each["Id"], "SenderFault": False, "Code": "InternalError"} for each in failed],
        }

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        """How many messages can be received, are with a function, or wait for their delay."""
        queue, now = self._queues[QueueUrl], self._world.now

        def count() -> dict[str, int]:
            queue.visible()
            waiting = [each for each in queue.messages.values() if each.visible_at > now]
            delayed = sum(not each.receives for each in waiting)
            return {
                "ApproximateNumberOfMessages": len(queue.messages) - len(waiting),
                "ApproximateNumberOfMessagesNotVisible": len(waiting) - delayed,
                "ApproximateNumberOfMessagesDelayed": delayed,
            }

        counts = self._world.effect("sqs", f"count {QueueUrl}", count)
        return {"Attributes": {name: str(counts[name]) for name in AttributeNames}}

    def change_message_visibility_batch(
        self,
        *,
        QueueUrl: str,
        Entries: list[dict[str, Any]],
    ) -> dict[str, Any]:
        queue = self._queues[QueueUrl]

        def apply() -> None:
            for entry in Entries:
                queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])

        self._world.effect("sqs", f"hide {len(Entries)} of {QueueUrl}", apply)
        return {"Successful": [{"Id": each["Id"]} for each in Entries], "Failed": []}


class SNS:
    meta = meta()

    def __init__(self, world: World) -> None:
        self._world = world
        self.published: list[dict[str, str]] = []

    def publish(self, *, MessageAttributes: dict[str, Any], **_: Any) -> None:
        attributes = {name: each["StringValue"] for name, each in MessageAttributes.items()}
        self._world.effect(
            "sns",
            f"publish {attributes.get('notice_id')}",
            lambda: self.published.append(attributes),
            writes=True,
        )


class EventBridge:
    """Takes every event: what it does is no step of a schedule, and the functions die around it often enough."""

    meta = meta()

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.taken += [json.loads(each["Detail"]) for each in Entries]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}] * len(Entries)}


class Aws:
    """All of it; `client` is what a boto3 session has."""

    def __init__(self, world: World, written: Written, *, max_receives: int) -> None:
        dead = Queue("dead", world, visibility=360, days=14)
        split = Queue("split", world, visibility=360, days=4, max_receives=max_receives)
        batch = Queue("batch", world, visibility=360, days=4, max_receives=max_receives)
        split.dead = batch.dead = dead
        self.queues = {each.name: each for each in (split, batch, dead)}
        self.s3, self.sns, self.dynamodb = S3(world), SNS(world), DynamoDB(world, written)
        self.events = EventBridge()
        self._clients = {
            "s3": self.s3,
            "events": self.events,
            "sns": self.sns,
            "dynamodb": self.dynamodb,
            "sqs": SQS(world, self.queues),
        }

    def client(self, service: str, **_: Any) -> Any:
        return self._clients[service]
