"""An object whose file is settled is tagged or moved, in a real bucket: never before, never another upload, and once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.aws.left_objects import DynamoLeftObjects
from chalicelib.aws.settled_objects import S3SettledObjects
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.errors import AccessDeniedError, TransientError
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import Member, ObjectVersion
from chalicelib.core.plan.afterwards import Action, Afterwards
from chalicelib.delivery import Deadline
from chalicelib.ledger import StoredFile
from chalicelib.notifier import Change, Notifier
from chalicelib.settled_objects import MOVED_MAX_BYTES, SettledObjects
from tests.fakes import WHEN, in_time
from tests.unit.test_notices import FakeTopic, file

BUCKET = "team-logs"
MOVE = Afterwards(Action.MOVE, "done/")
TAG = Afterwards(Action.TAG)


class Bucket:
    """One with versions, unless it is told otherwise, and an object in it."""

    def __init__(self, *, versions: bool = True, tags: str = "") -> None:
        self.s3: Any = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)
        if versions:
            self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.version = self.put("a.log", b"one", tags)
        self.writes: list[str] = []
        self.left = DynamoLeftObjects(
            boto3.client("dynamodb", region_name="us-east-1"), "ledger", lambda: WHEN
        )
        self.s3.meta.events.register("before-call.s3", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(("Get", "Head", "List")):
            self.writes.append(model.name)

    def put(self, key: str, body: bytes, tags: str = "") -> ObjectVersion:
        reply = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, Tagging=tags)
        return ObjectVersion(BUCKET, key, reply.get("VersionId"), reply["ETag"].strip('"'))

    def settled(self, state: State = State.COMPLETE, **fields: Any) -> StoredFile:
        stored = file("a.log", state, **fields)
        head = replace(stored.plan.head, version=self.version)
        return stored._replace(plan=replace(stored.plan, head=head))

    def act(self, file: StoredFile, afterwards: Afterwards = MOVE) -> None:
        self.acting(afterwards).act(file)

    def acting(self, afterwards: Afterwards) -> SettledObjects:
        return SettledObjects(S3SettledObjects(self.s3), afterwards, self.left)

    def tags(self, key: str = "a.log", **pin: str) -> dict[str, str]:
        tag_set = self.s3.get_object_tagging(Bucket=BUCKET, Key=key, **pin)["TagSet"]
        return {each["Key"]: each["Value"] for each in tag_set}

    def keys(self) -> set[str]:
        return {each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}

    def read(self, key: str, **pin: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=BUCKET, Key=key, **pin)["Body"].read())


@pytest.fixture
def bucket(dynamodb: Any) -> Bucket:
    del dynamodb  # it brings a mocked AWS
    return Bucket(tags="team=web")


def test_tags_say_the_state_and_the_file_beside_those_of_others(bucket: Bucket) -> None:
    for state in (State.INCOMPLETE, State.COMPLETE, State.COMPLETE):
        stored = bucket.settled(state)
        bucket.act(stored, TAG)
        assert bucket.tags() == {
            "team": "web",
            "froe-state": state.value,
            "froe-file-id": stored.plan.file_id,
        }
    again = bucket.settled()
    bucket.act(again._replace(plan=replace(again.plan, generation=2)), TAG)
    assert bucket.writes == ["PutObjectTagging"] * 2, "the same again changes nothing"


@pytest.mark.parametrize("afterwards", [TAG, MOVE])
@pytest.mark.parametrize("state", [State.SPLITTING, State.PROCESSING])
def test_nothing_is_done_before_the_file_is_settled(
    bucket: Bucket, state: State, afterwards: Afterwards
) -> None:
    bucket.act(bucket.settled(state), afterwards)
    bucket.act(bucket.settled(State.FAILED, reason="forgotten at 2026-03-01T12:00:00Z"), afterwards)
    bucket.act(bucket.settled(), Afterwards())
    assert bucket.writes == []


@pytest.mark.parametrize("afterwards", [TAG, MOVE])
def test_a_member_of_an_archive_says_nothing_of_the_archive(bucket: Bucket, afterwards: Afterwards) -> None:
    stored = bucket.settled()
    archive = stored.plan.head
    member = Member(archive, (Compression.NONE,), 0, "a.log", 512, 3, 0, 0)
    head = replace(archive, version=replace(bucket.version, member=member))
    bucket.act(stored._replace(plan=replace(stored.plan, head=head)), afterwards)
    assert bucket.writes == []


def test_a_complete_object_is_moved_and_stays_readable_by_its_version(bucket: Bucket) -> None:
    stored = bucket.settled()
    for _ in range(3):
        bucket.act(stored)
    assert bucket.keys() == {"done/a.log"}
    assert bucket.read("done/a.log") == b"one"
    assert bucket.tags("done/a.log") == {
        "team": "web",
        "froe-state": "COMPLETE",
        "froe-file-id": stored.plan.file_id,
    }
    assert bucket.read("a.log", VersionId=str(bucket.version.version_id)) == b"one"
    assert bucket.writes == ["CopyObject", "DeleteObject"]


def test_whoever_dies_between_the_copy_and_the_mark_moves_it_the_next_time(bucket: Bucket) -> None:
    def die(**_: Any) -> None:
        raise TransientError("the network is down")

    event = "before-call.s3.DeleteObject"
    bucket.s3.meta.events.register(event, die)
    with pytest.raises(TransientError):
        bucket.act(bucket.settled())
    assert bucket.keys() == {"a.log", "done/a.log"}
    bucket.s3.meta.events.unregister(event, die)
    bucket.act(bucket.settled())
    assert bucket.keys() == {"done/a.log"}
    assert bucket.writes.count("CopyObject") == 1


def test_another_upload_under_the_key_is_left_alone(bucket: Bucket) -> None:
    stored = bucket.settled()
    bucket.put("a.log", b"two")
    bucket.act(stored)
    assert bucket.read("a.log") == b"two"
    assert bucket.read("done/a.log") == b"one"
    assert "DeleteObject" not in bucket.writes


@pytest.mark.parametrize("state", [State.INCOMPLETE, State.DAMAGED, State.FAILED, State.SUPERSEDED])
def test_what_is_not_complete_stays_where_it_is_and_is_tagged(bucket: Bucket, state: State) -> None:
    bucket.act(bucket.settled(state))
    assert bucket.keys() == {"a.log"}
    assert bucket.tags()["froe-state"] == state.value


def test_what_s3_cannot_copy_at_once_is_tagged(bucket: Bucket) -> None:
    stored = bucket.settled()
    head = replace(stored.plan.head, size=MOVED_MAX_BYTES + 1)
    bucket.act(stored._replace(plan=replace(stored.plan, head=head)))
    assert bucket.writes == ["PutObjectTagging"]


def test_a_bucket_without_versions_has_its_objects_tagged_unless_they_were_overwritten(dynamodb: Any) -> None:
    bucket = Bucket(versions=False)
    bucket.act(bucket.settled())
    assert bucket.keys() == {"a.log"}
    assert bucket.tags()["froe-state"] == "COMPLETE"
    bucket.put("a.log", b"two")
    bucket.act(bucket.settled())
    assert bucket.tags() == {}


def test_what_cannot_be_done_is_logged_and_left(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    full = bucket.put("a.log", b"one", "&".join(f"tag{number}=x" for number in range(10)))
    bucket.version = full
    bucket.act(bucket.settled(), TAG)
    bucket.s3.delete_object(Bucket=BUCKET, Key="a.log", VersionId=full.version_id)
    bucket.act(bucket.settled(), TAG)
    left = [record for record in caplog.records if record.message == "object_left"]
    assert len(left) == 2
    assert "has 10 tags already, and S3 takes 10" in left[0].reason
    assert "it does not exist" in left[1].reason


def test_what_was_left_is_tried_by_each_sweep_until_it_is_done(bucket: Bucket) -> None:
    full = bucket.put("a.log", b"one", "&".join(f"tag{number}=x" for number in range(10)))
    bucket.version = full
    stored = bucket.settled()
    bucket.act(stored, TAG)
    assert [file_id for file_id, _ in bucket.left.read()] == [stored.file_id]
    files = {stored.file_id: stored}
    bucket.acting(TAG).try_again(files.get, in_time())
    assert len(list(bucket.left.read())) == 1
    bucket.s3.delete_object_tagging(Bucket=BUCKET, Key="a.log")
    bucket.acting(TAG).try_again(files.get, in_time())
    assert bucket.tags()["froe-state"] == "COMPLETE"
    assert list(bucket.left.read()) == []


def test_what_is_gone_or_forgotten_is_not_tried_for_ever(bucket: Bucket) -> None:
    stored = bucket.settled()
    for file_id in (stored.file_id, "f" * 26):
        bucket.left.put(file_id)
    bucket.s3.delete_object(Bucket=BUCKET, Key="a.log", VersionId=bucket.version.version_id)
    bucket.acting(TAG).try_again({stored.file_id: stored}.get, in_time())
    assert list(bucket.left.read()) == []
    bucket.act(stored, TAG)
    assert list(bucket.left.read()) == []


def test_a_note_that_is_put_again_meanwhile_stays(bucket: Bucket) -> None:
    bucket.left.put("f" * 26)
    ((file_id, until),) = bucket.left.read()
    bucket.left.drop(file_id, until - 1)
    assert list(bucket.left.read()) == [(file_id, until)]


def test_a_sweep_that_is_denied_says_so_and_asks_no_more() -> None:
    left, denied = Noted(), Refusing(AccessDeniedError("denied"), 1)
    files = {each.file_id: each for each in (file("1.log"), file("2.log"))}
    for file_id in files:
        left.put(file_id)
    with pytest.raises(AccessDeniedError):
        SettledObjects(denied, TAG, left).try_again(files.get, in_time())
    assert (len(left.files), denied.tagged) == (2, [])
    SettledObjects(denied, TAG, left).try_again(files.get, in_time())
    assert (len(left.files), len(denied.tagged)) == (0, 2)


class Refusing:
    """Objects whose service is down, so and so often."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.times = error, times
        self.tagged: list[str] = []

    def tag(self, version: ObjectVersion, tags: Any) -> None:
        if self.times:
            self.times -= 1
            raise self.error
        self.tagged.append(tags["froe-state"])

    def move(self, *_: Any) -> None:
        raise AssertionError("nothing is to be moved")


class Noted:
    """Files of which something is left to do."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}

    def put(self, file_id: str) -> None:
        self.files[file_id] = 1

    def read(self) -> list[tuple[str, int]]:
        return list(self.files.items())

    def drop(self, file_id: str, _until: int) -> None:
        del self.files[file_id]


def settle_all(objects: Refusing, changes: list[Change], deadline: Deadline, notifier: Any = None) -> Any:
    notifier = notifier or Notifier(FakeTopic(), objects=SettledObjects(objects, TAG, Noted()))
    return notifier.tell(changes, deadline), notifier


def test_what_may_go_better_is_done_again_and_what_is_denied_keeps_nothing_back() -> None:
    changes = [Change(str(number), None, file(f"{number}.log")) for number in range(2)]
    down = Refusing(TransientError("slow down"), 1)
    again, notifier = settle_all(down, changes, in_time())
    assert (again, down.tagged) == (["0"], ["COMPLETE"])
    again, _ = settle_all(down, changes, in_time(), notifier)
    assert (again, down.tagged) == ([], ["COMPLETE"] * 2), "the other one is not done twice"
    denied = Refusing(AccessDeniedError("denied"), 1)
    assert settle_all(denied, changes, in_time())[0] == []
    assert denied.tagged == ["COMPLETE"]


def test_notices_come_before_what_is_done_with_objects_and_the_rest_comes_again() -> None:
    changes = [Change("7", None, file())]
    objects = Refusing(TransientError(""), 0)
    topic = FakeTopic()
    notifier = Notifier(topic, objects=SettledObjects(objects, TAG, Noted()))
    assert notifier.tell(changes, in_time(0.5)) == ["7"]
    assert (len(topic.published), objects.tagged) == (1, [])
