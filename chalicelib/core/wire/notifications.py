"""Which objects an S3 notification announces, in every form in which it may arrive.

Direct (``Records``), as the body of an SQS message, wrapped by SNS, or from EventBridge. Unknown
fields are ignored, and so are events other than creations; an unknown shape is an error.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import quote_plus, unquote_plus

import orjson

from chalicelib.core.errors import PermanentError
from chalicelib.core.plan import ObjectHead
from chalicelib.core.wire.fields import NAME_MAX_CHARS, quoted

_CREATION: Final = "Object Created"
_DELETIONS: Final = frozenset({"DeleteObject", "Lifecycle Expiration"})
_UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Announced:
    """An object that was created. Fields that the notification lacks are None.

    size: bytes. at: when it was created, ISO 8601.
    """

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    size: int | None = None
    at: str | None = None

    @classmethod
    def of(cls, head: ObjectHead) -> Announced:
        """What S3 would announce about an object in the bucket."""
        version = head.version
        return cls(
            version.bucket,
            version.key,
            version.version_id,
            version.etag,
            head.size,
            head.last_modified.isoformat(),
        )

    @property
    def time(self) -> datetime:
        """When the object was created; 1970 if its notification does not say so in a readable form."""
        try:
            time_said = datetime.fromisoformat(self.at or "")
        except ValueError:
            return _UNKNOWN_TIME
        return time_said if time_said.tzinfo else time_said.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something announced that is not a log file to read, with the reason."""

    why: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A record of a notification that cannot be read; the others of the notification still count."""

    why: str


Announcement: TypeAlias = Announced | Ignored | Unknown


def announced_in(event: Any) -> list[Announcement]:
    """Read a notification; raises PermanentError for any other shape."""
    if isinstance(event, dict):
        if isinstance(event.get("Records"), list) and event["Records"]:
            return [_from_record(record) for record in event["Records"]]
        if event.get("Event") == "s3:TestEvent":
            return [Ignored("S3's test event")]
        if _is_from_eventbridge(event):
            return [_from_eventbridge(event)]
        if isinstance(event.get("bucket"), dict) and isinstance(event.get("object"), dict):
            return [_from_eventbridge({"detail": event})]  # what a rule hands on with the input path $.detail
        if event.get("Type") == "Notification" and isinstance(event.get("Message"), str):
            return announced_in_body(event["Message"])
    raise PermanentError(
        "the message is not an S3 notification: it has neither Records nor an S3 event's detail"
    )


def announced_in_body(body: str) -> list[Announcement]:
    """Read a notification in the body of a message."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PermanentError(f"the message is not an S3 notification: it is not JSON ({error})") from error
    return announced_in(event)


def _from_record(record: Any) -> Announcement:
    try:
        name = record["eventName"]
        bucket = record["s3"]["bucket"]["name"]
        described = record["s3"]["object"]
        key = unquote_plus(described["key"])
    except (KeyError, TypeError, AttributeError) as error:
        return Unknown(f"a record of the notification is not S3's: it lacks {error}")
    if not str(name).removeprefix("s3:").startswith("ObjectCreated:"):
        return Ignored(f"the event {name} creates nothing", key)
    return _announced(bucket, key, described.get("versionId"), described, "eTag", record.get("eventTime"))


def _is_from_eventbridge(event: dict[str, Any]) -> bool:
    """A rule may pass on a part of the event: then a bucket and an object are enough."""
    if event.get("detail-type") and event.get("source") == "aws.s3":
        return True
    detail = event.get("detail")
    if not isinstance(detail, dict) or (event.get("detail-type") and event.get("source")):
        return False
    return isinstance(detail.get("bucket"), dict) and isinstance(detail.get("object"), dict)


def _from_eventbridge(event: dict[str, Any]) -> Announcement:
    """Without a type it is a creation, unless it says that something was deleted."""
    try:
        bucket, described = event["detail"]["bucket"]["name"], event["detail"]["object"]
        key = described["key"]
    except (KeyError, TypeError, AttributeError) as error:
        return Unknown(f"the EventBridge event is not S3's: it lacks {error}")
    detail = event["detail"]
    is_deletion = "deletion-type" in detail or detail.get("reason") in _DELETIONS
    kind = event.get("detail-type") or ("Object Deleted" if is_deletion else _CREATION)
    if kind != _CREATION:
        return Ignored(f"the event {kind} creates nothing", key)
    return _announced(bucket, key, described.get("version-id"), described, "etag", event.get("time"))


def _announced(
    bucket: Any, key: Any, version_id: Any, described: dict[str, Any], etag_name: str, at: Any
) -> Announcement:
    if not (_is_name(bucket) and _is_name(key) and (version_id is None or _is_name(version_id))):
        named = ", ".join(quoted(each) for each in (bucket, key, version_id))
        return Unknown(f"a record of the notification is not S3's: its bucket, key and version are {named}")
    etag, size = described.get(etag_name), described.get("size")
    if is_folder(key, size):
        return Ignored("the key of an empty folder is not a log", key)
    return Announced(
        bucket,
        key,
        version_id=version_id if version_id != "null" else None,
        etag=etag.strip('"') if isinstance(etag, str) else None,
        size=size if isinstance(size, int) else None,
        at=at if isinstance(at, str) else None,
    )


def is_folder(key: str, size: Any) -> bool:
    """Whether an object only stands for a folder, as consoles make them. size: bytes; if it is unknown, the object may
    have data."""
    return size == 0 and key.endswith("/")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= NAME_MAX_CHARS


def announcement_of(announced: Announced) -> str:
    """A notification of ours, in S3's own form."""
    described: dict[str, Any] = {"key": quote_plus(announced.key)}
    known = {"size": announced.size, "eTag": announced.etag, "versionId": announced.version_id}
    described |= {name: value for name, value in known.items() if value is not None}
    record = {
        "eventSource": "froe",
        "eventName": "ObjectCreated:Announced",
        "eventTime": announced.at,
        "s3": {"bucket": {"name": announced.bucket}, "object": described},
    }
    return orjson.dumps({"Records": [record]}).decode()
