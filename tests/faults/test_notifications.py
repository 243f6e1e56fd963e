"""What S3 and others announce: each object is ingested once, ignored or refused, and never by guess."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from chalicelib.core.errors import PermanentError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.wire.notifications import (
    Announced,
    Announcement,
    Ignored,
    Unknown,
    announced_in,
    announced_in_body,
    announcement_of,
)
from tests.fakes import BUCKET, WHEN, Pipeline, in_time
from tests.faults.examples import EXAMPLES, example_rows
from tests.faults.test_peers import run_all, s3_record

ROWS = example_rows("events.jsonl")
LIMITS = Limits(batch_max_lines=5, batch_max_bytes=2048, entry_max_bytes=1024, split_bytes=1024)


def said_by(event: dict[str, Any], form: str) -> list[Announcement]:
    """As the handlers read it: an SQS event is read message by message."""
    if not form.startswith("sqs"):
        return announced_in(event)
    return [announced for record in event["Records"] for announced in announced_in_body(record["body"])]


@pytest.mark.parametrize("row", ROWS)
def test_a_real_notification_is_read_right(row: dict[str, Any]) -> None:
    """What must be ingested is, with its key unquoted; what creates nothing is ignored; the rest refused."""
    event = json.loads((EXAMPLES / row["file"]).read_text("utf-8"))
    if row["action"] == "reject_unknown":
        with pytest.raises(PermanentError, match="not an S3 notification"):
            said_by(event, row["form"])
        assert {type(each) for each in announced_in(event)} == {Unknown}
        return
    objects = said_by(event, row["form"])
    if row["action"] == "ignore":
        assert [type(each) for each in objects] == [Ignored]
        return
    assert [
        (each.bucket, each.key, each.size, each.version_id) for each in objects if isinstance(each, Announced)
    ] == [(known["bucket"], known["key"], known["size"], known["version"]) for known in row["objects"]]


def wrapped_by_sns(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:logs",
        "Subject": "Amazon S3 Notification",
        "Message": json.dumps(event),
        "Timestamp": "2026-03-01T12:00:00.000Z",
        "SignatureVersion": "1",
    }


def eventbridge(key: str, detail_type: str = "Object Created", **described: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "2d4eba74-fd51-3966-4bfa-b013c9da8ff1",
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-03-01T12:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": BUCKET},
            "object": {"key": key, "size": 9, "etag": "e", "version-id": "v1"} | described,
            "reason": "PutObject",
        },
    }


KEYS = {
    "logs/a+b.log": "logs/a b.log",
    "logs/a%2Bb.log": "logs/a+b.log",
    "a%2525.log": "a%25.log",
    "%E6%97%A5%E8%AA%8C.log": "日誌.log",
    "a%0Ab%00.log": "a\nb\0.log",
    "dt%3D2026-01-01/x.log": "dt=2026-01-01/x.log",
    "%F0%9F%98%80": "😀",
    "folder%2Fx": "folder/x",
    ".": ".",
}


@pytest.mark.parametrize(("quoted", "key"), KEYS.items())
def test_a_quoted_key_is_unquoted(quoted: str, key: str) -> None:
    """S3 quotes keys as forms do, once; EventBridge does not quote them."""
    direct, bridged = announced_in({"Records": [s3_record(quoted)]}), announced_in(eventbridge(key))
    assert [each.key for each in (*direct, *bridged) if isinstance(each, Announced)] == [key, key]
    wrapped = announced_in_body(json.dumps(wrapped_by_sns({"Records": [s3_record(quoted)]})))
    assert wrapped == direct


@pytest.mark.parametrize("key", ["folder/", "a/b/c/", "with+blank/", "%2F", "x%2F"])
def test_a_folder_key_is_not_read_as_a_log(key: str) -> None:
    """It is ignored, in every form, and opens no file."""
    for announced in (
        announced_in({"Records": [s3_record(key, size=0)]}),
        announced_in(eventbridge("folder/", size=0)),
        announced_in(wrapped_by_sns({"Records": [s3_record(key, size=0)]})),
    ):
        assert [type(each) for each in announced] == [Ignored]
        pipeline = Pipeline(LIMITS)
        pipeline.splitter.ingest_each(announced, in_time())
        assert not pipeline.table.files


@pytest.mark.parametrize(
    ("size", "data", "states"),
    [
        (9, b"one line\n", [State.COMPLETE]),
        (None, b"one line\n", [State.COMPLETE]),
        (None, b"", []),
        (0, b"", []),
    ],
)
def test_a_key_that_ends_in_a_slash_is_ignored_only_when_it_is_empty(
    size: int | None, data: bytes, states: list[State]
) -> None:
    """Where the notification does not say its size, the object does."""
    pipeline = Pipeline(LIMITS)
    pipeline.objects.add("dump/", data)
    for event in ({"Records": [s3_record("dump/", size=size)]}, eventbridge("dump/", size=size)):
        assert not pipeline.splitter.ingest_each(announced_in(event), in_time())
    run_all(pipeline)
    assert [file.account.state for file in pipeline.table.files.values()] == states


def less(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


@pytest.mark.parametrize(
    "event",
    [
        less(eventbridge("a.log"), "detail-type"),
        less(eventbridge("a.log"), "detail-type", "source"),
        less(eventbridge("a.log"), "source"),
        eventbridge("a.log") | {"detail-type": None},
        {"detail": eventbridge("a.log")["detail"]},
        eventbridge("a.log")["detail"],
        {"bucket": {"name": BUCKET}, "object": {"key": "a.log"}},
    ],
)
def test_a_part_of_an_eventbridge_event_that_names_an_object_is_a_creation(event: dict[str, Any]) -> None:
    (announced,) = announced_in_body(json.dumps(event))
    assert isinstance(announced, Announced)
    assert (announced.bucket, announced.key) == (BUCKET, "a.log")


@pytest.mark.parametrize(
    "event",
    [
        eventbridge("a.log", "Object Deleted"),
        less(eventbridge("a.log", "Object Tags Added"), "source"),
        {"detail": eventbridge("a.log")["detail"] | {"deletion-type": "Delete Marker Created"}},
        eventbridge("a.log")["detail"] | {"reason": "DeleteObject"},
        eventbridge("a.log")["detail"] | {"reason": "Lifecycle Expiration"},
    ],
)
def test_a_part_of_an_eventbridge_event_that_says_otherwise_creates_nothing(event: dict[str, Any]) -> None:
    assert [type(each) for each in announced_in(event)] == [Ignored]


@pytest.mark.parametrize(
    "event",
    [
        {"detail": {"bucket": {"name": BUCKET}}},
        {"detail": {"bucket": BUCKET, "object": "a.log"}},
        {"detail": {"object": {"key": "a.log"}}},
        {"bucket": {"name": BUCKET}, "object": "a.log"},
        {"detail": None},
        {"detail": []},
        less(eventbridge("a.log"), "detail"),
    ],
)
def test_an_event_without_a_bucket_and_an_object_is_refused(event: dict[str, Any]) -> None:
    try:
        announced = announced_in(event)
    except PermanentError:
        return
    assert [type(each) for each in announced] == [Unknown]


@pytest.mark.parametrize(
    "name",
    [
        *("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectRestore:Completed"),
        *(
            "ObjectTagging:Put",
            "LifecycleExpiration:Delete",
            "IntelligentTiering",
            "ReducedRedundancyLostObject",
        ),
    ],
)
def test_an_event_that_creates_nothing_opens_no_file(name: str) -> None:
    """It is ignored."""
    assert [type(each) for each in announced_in({"Records": [s3_record("a") | {"eventName": name}]})] == [
        Ignored
    ]


@pytest.mark.parametrize("name", ["Put", "Post", "Copy", "CompleteMultipartUpload", "SomethingNew"])
@pytest.mark.parametrize("prefix", ["", "s3:"])
def test_no_way_of_creating_an_object_is_overlooked(name: str, prefix: str) -> None:
    """Every ObjectCreated event counts, with the prefix that replays carry or without."""
    event = {"Records": [s3_record("a.log") | {"eventName": f"{prefix}ObjectCreated:{name}"}]}
    assert [type(each) for each in announced_in(event)] == [Announced]


@pytest.mark.parametrize(
    "detail_type",
    ["Object Deleted", "Object Restore Completed", "Object Tags Added", "Object Storage Class Changed"],
)
def test_an_event_of_eventbridge_that_creates_nothing_opens_no_file(detail_type: str) -> None:
    """It is ignored."""
    assert [type(each) for each in announced_in(eventbridge("a.log", detail_type))] == [Ignored]


STRANGE: list[Any] = [
    None,
    17,
    "text",
    [],
    {},
    {"Records": []},
    {"Records": None},
    {"Records": {"s3": 1}},
    {"Event": "s3:Other"},
    {"Type": "Notification", "Message": 17},
    {"Type": "Notification", "Message": "not json"},
    {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://example.com", "Message": "You have chosen"},
    {"detail-type": "Object Created", "source": "aws.ec2", "detail": {}},
]


@pytest.mark.parametrize("event", STRANGE, ids=repr)
def test_a_shape_that_is_no_notification_is_refused(event: Any) -> None:
    """It is a permanent error, directly and as the body of a message."""
    with pytest.raises(PermanentError, match="not an S3 notification"):
        announced_in(event)
    with pytest.raises(PermanentError, match="not an S3 notification"):
        announced_in_body(json.dumps(event))


@pytest.mark.parametrize("body", ["", "{", "\0", "\ud800", "[" * 5000])
def test_a_body_that_is_not_json_is_refused(body: str) -> None:
    """It is a permanent error."""
    with pytest.raises(PermanentError):
        announced_in_body(body)


def without(*path: str) -> dict[str, Any]:
    record: Any = orjson.loads(orjson.dumps(s3_record("lost.log")))
    parent = record
    for name in path[:-1]:
        parent = parent[name]
    del parent[path[-1]]
    return dict(record)


BROKEN: list[Any] = [
    None,
    17,
    "record",
    [],
    {},
    without("eventName"),
    without("s3"),
    without("s3", "bucket"),
    without("s3", "bucket", "name"),
    without("s3", "object"),
    without("s3", "object", "key"),
    s3_record("x") | {"s3": None},
    s3_record("x") | {"s3": {"bucket": {"name": BUCKET}, "object": "x"}},
    s3_record(17),  # type: ignore[arg-type]
    s3_record(None),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: repr(broken)[:60])
def test_one_record_that_is_not_understood_does_not_hide_the_others(broken: Any) -> None:
    """The others are ingested, and the message still fails with the reason."""
    records = [s3_record("a.log"), broken, s3_record("b.log")]
    announced = announced_in({"Records": records})
    assert [type(each) for each in announced] == [Announced, Unknown, Announced]
    pipeline = Pipeline(LIMITS)
    for key in ("a.log", "b.log"):
        pipeline.objects.add(key, b"one line\n")
    ((failed, error),) = pipeline.splitter.ingest_each(announced, in_time())
    assert isinstance(failed, Unknown)
    assert isinstance(error, PermanentError)
    assert "a record of the notification is not S3's" in error.reason
    run_all(pipeline)
    assert [(file.plan.object.key, file.account.state) for file in pipeline.table.files.values()] == [
        ("a.log", State.COMPLETE),
        ("b.log", State.COMPLETE),
    ]


def test_records_of_several_kinds_are_told_apart() -> None:
    """Each record of a notification is judged on its own."""
    records = [
        s3_record("folder/", size=0),
        s3_record("dump/", size=9),
        s3_record("a.log"),
        s3_record("b.log") | {"eventName": "ObjectRemoved:Delete"},
        s3_record("gone.log", versionId="v9"),
        s3_record("c.log"),
    ]
    pipeline = Pipeline(LIMITS)
    for key in ("a.log", "b.log", "c.log", "dump/"):
        pipeline.objects.add(key, b"one line\n")
    pipeline.splitter.ingest_each(
        announced_in_body(json.dumps(wrapped_by_sns({"Records": records}))), in_time()
    )
    run_all(pipeline)
    files = {file.plan.object.key: file.account.state for file in pipeline.table.files.values()}
    assert files == {
        "dump/": State.COMPLETE,
        "a.log": State.COMPLETE,
        "gone.log": State.FAILED,
        "c.log": State.COMPLETE,
    }


@pytest.mark.parametrize("changes", [{"eventTime": "yesterday"}, {"eventTime": None}, {"eventTime": 17}])
def test_a_strange_time_of_a_deleted_object_does_not_crash_the_splitter(changes: dict[str, Any]) -> None:
    """The file is FAILED all the same."""
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest_each(announced_in({"Records": [s3_record("gone.log") | changes]}), in_time())
    assert [file.account.state for file in pipeline.table.files.values()] == [State.FAILED]


def test_an_unversioned_object_has_no_version() -> None:
    """S3 says `null` or nothing where a bucket keeps no versions: the ETag, without quotes, is the identity."""
    for changes in ({"versionId": "null"}, {"versionId": None}):
        (announced,) = announced_in({"Records": [s3_record("a.log", eTag='"abc"', **changes)]})
        assert isinstance(announced, Announced)
        assert (announced.version_id, announced.etag) == (None, "abc")


def test_our_own_announcement_is_understood() -> None:
    """What `POST /files` queues is read as S3's would be, whatever the key."""
    for key in (*KEYS.values(), "a+b %2B.log", "x\x7f\u2028.log", "\uffff"):
        for version in ("v1", None):
            head = ObjectHead(ObjectVersion(BUCKET, key, version, "e"), 9, "text/plain", WHEN)
            (announced,) = announced_in_body(announcement_of(Announced.of(head)))
            assert announced == Announced(BUCKET, key, version, "e", 9, WHEN.isoformat())
