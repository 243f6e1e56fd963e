"""A backfill sends what the ledger does not know, at its rate, and reports on all that it found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.core.wire.notifications import Announced, announced_in_body
from froe.backfilling import Backlog, ListedObject, NotComplete, Report, announce, backlog_of
from tests.fakes import Effects, FakeQueue

BUCKET = "logs"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class FakeListing:
    """An S3 client that can list versions, page after page."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def get_paginator(self, operation: str) -> FakeListing:
        assert operation == "list_object_versions"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        assert asked["Bucket"] == BUCKET
        yield from self._pages


class FakeTime:
    """A monotonic clock on which only pauses take time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def listed(key: str, version_id: str = "v1", **more: Any) -> dict[str, Any]:
    version = {"Key": key, "VersionId": version_id, "ETag": '"e"', "Size": 10, "LastModified": WHEN}
    return {**version, "IsLatest": True, **more}


def listed_object(key: str, *, is_archived: bool = False) -> ListedObject:
    return ListedObject(ObjectHead(ObjectVersion(BUCKET, key, "v1", "e"), 10, "", WHEN), is_archived)


def backlog(*pages: list[dict[str, Any]], known: Iterable[str] = ()) -> Backlog:
    existing = set(known)
    client = FakeListing(*({"Versions": page} for page in pages))
    return backlog_of(client, BUCKET, "", lambda ids: existing & set(ids))


def test_old_versions_and_empty_folder_keys_are_not_sent() -> None:
    old = listed("a.log", "v0", IsLatest=False)
    page = [listed("a.log"), old, listed("b/", Size=0), listed("c/")]
    assert [each.head.version.key for each in backlog(page).to_send] == ["a.log", "c/"]


def test_keys_that_are_no_logs_are_passed_over() -> None:
    client = FakeListing({"Versions": [listed("logs/a"), listed("logs/b.tmp"), listed("customers.csv")]})
    patterns = KeyPatterns("logs/*, !*.tmp")
    made = backlog_of(client, BUCKET, "", lambda _: set(), patterns)
    assert [each.head.version.key for each in made.to_send] == ["logs/a"]
    assert len(made.objects) == 1


def test_every_page_of_the_listing_counts() -> None:
    assert len(backlog([listed("a.log")], [], [listed("b.log")]).objects) == 2


def test_an_object_without_versions_is_known_by_its_etag() -> None:
    (one,) = backlog([listed("a.log", "null")]).objects
    assert one.file_id == ObjectVersion(BUCKET, "a.log", None, "e").file_id


def test_what_has_a_file_is_counted_and_not_sent() -> None:
    known = backlog([listed("a.log"), listed("b.log")], known=[listed_object("a.log").file_id])
    assert [each.head.version.key for each in known.to_send] == ["b.log"]
    report = known.report({each.file_id: "COMPLETE" for each in known.objects})
    assert (report.sent, report.known, report.states) == (1, 1, {"COMPLETE": 2})
    assert not report.not_complete


def test_an_archived_object_is_named_and_not_sent_until_it_is_restored() -> None:
    cold = listed("a.log", StorageClass="GLACIER")
    restored = listed("b.log", StorageClass="DEEP_ARCHIVE", RestoreStatus={"RestoreExpiryDate": WHEN})
    under_way = listed("c.log", StorageClass="GLACIER", RestoreStatus={"IsRestoreInProgress": True})
    some = backlog([cold, restored, under_way, listed("d.log", StorageClass="GLACIER_IR")])
    assert [each.head.version.key for each in some.to_send] == ["b.log", "d.log"]
    assert [each.key for each in some.report({}).not_complete if each.state == "ARCHIVED"] == [
        "a.log",
        "c.log",
    ]


def test_an_archived_object_that_was_read_before_is_what_its_file_is() -> None:
    cold = listed("a.log", StorageClass="GLACIER")
    some = backlog([cold], known=[listed_object("a.log").file_id])
    assert some.watched == [listed_object("a.log").file_id]
    assert some.report({listed_object("a.log").file_id: "COMPLETE"}).states == {"COMPLETE": 1}


def test_a_file_that_was_never_opened_is_not_taken_for_a_complete_one() -> None:
    report = backlog([listed("a.log")]).report({})
    assert report.not_complete == (NotComplete("a.log", "NOT_OPENED", listed_object("a.log").file_id),)


def test_an_announcement_names_the_very_version_that_was_listed() -> None:
    queue = FakeQueue(Effects())
    assert list(announce(queue, [listed_object("ä b+c.log")], 10)) == [1]
    (body,) = (message.body for message in queue.messages)
    (announced,) = announced_in_body(body)
    assert isinstance(announced, Announced)
    assert (announced.key, announced.version_id, announced.etag, announced.size) == (
        "ä b+c.log",
        "v1",
        "e",
        10,
    )


def test_no_more_objects_are_sent_a_second_than_asked() -> None:
    time = FakeTime()
    some = [listed_object(f"{number}.log") for number in range(25)]
    sent = list(announce(FakeQueue(Effects()), some, 5, clock=lambda: time.now, pause=time.pause))
    assert sent == [5, 10, 15, 20, 25]
    assert time.pauses == [1.0, 1.0, 1.0, 1.0]


def test_the_report_of_the_state_machine_is_read() -> None:
    output = {
        "bucket": BUCKET,
        "prefix": "a/",
        "sent": 1,
        "known": 2,
        "states": {"COMPLETE": 2, "GONE": 1},
        "not_complete": [{"key": "a/b", "state": "GONE"}],
    }
    assert Report.of_output(output).not_complete == (NotComplete("a/b", "GONE", None),)
