"""A file that was forgotten is gone from every table and bucket, and nothing that comes late brings it back."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

pytest.importorskip("click", reason="click is not installed")

from click.testing import CliRunner, Result

from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAudit
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.letters_table import DynamoLetters
from chalicelib.aws.quarantine import S3Quarantine
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.aws.removal import Places
from chalicelib.aws.results import S3Results
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import Attempt, DeadLetter, Kind, LetterState, Subject
from chalicelib.core.ledger.marks import Mark, Outcome, Tally
from chalicelib.core.plan import ObjectHead, ObjectVersion, failed_plan
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.ledger import Ledger
from chalicelib.settings import RESOURCE_NAMES
from chalicelib.splitter import Splitter
from chalicelib.stalls import Watch
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker
from froe import cli, target
from froe.errors import FroeError
from froe.forgetting import Forgetting, Forgotten
from froe.policies import read
from froe.target import Target
from tests.fakes import WHEN, Effects, FakeObjects, FakeQueue, in_time
from tests.layouts import entries_in, rows_in
from tests.tars import tar

BUCKET = "team-logs"
# Names with a space: no id, digest or version contains one by chance.
ADA, EVE = "ada lovelace", "eve moneypenny"
FIRST, THIRD = (json.dumps({"user": name}).encode() + b"\n" for name in (ADA, EVE))
LINES = FIRST + b'{"user": \n' + THIRD
LATER = WHEN + timedelta(days=1)
LIMITS = Limits(batch_max_lines=2)


class Stage:
    """A file in real tables: its first batch is parsed, its second died, and its message is quarantined."""

    def __init__(self, dynamodb: Any, layout: Layout) -> None:
        self.dynamodb, self.layout = dynamodb, layout
        self.s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in (BUCKET, "quarantine", "results"):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        version_id = self.s3.put_object(Bucket=BUCKET, Key="a.jsonl", Body=LINES)["VersionId"]
        objects = FakeObjects(piece_bytes=100)
        self.objects = objects
        self.announced = replace(objects.add("a.jsonl", LINES, version_id), bucket=BUCKET)
        self.table = DynamoLedger(dynamodb, "ledger")
        self.ledger = Ledger(self.table, lambda: WHEN)
        self.batches, self.splits = FakeQueue(Effects()), FakeQueue(Effects())
        self.splitter = Splitter(
            objects,
            self.ledger,
            self.splits,
            self.batches,
            NoTracer(),
            limits=LIMITS,
            retention_days=0,
            split_delay_seconds=0,
            layout=layout,
            sink=Sink.PARQUET if layout is Layout.NONE else Sink.NONE,
        )
        records, results = DynamoRecords(dynamodb, "records", 1), S3Results(self.s3, "results")
        self.worker = Worker(records, self.ledger, NoTracer(), results=results)
        self.file_id = self.splitter.ingest(self.announced, in_time())
        self.work(0)
        self.dead_letter()

    def work(self, batch: int) -> None:
        self.worker.handle(self.batches.messages[batch].body, in_time())

    def dead_letter(self) -> None:
        dead = Mark(Outcome.FAILED, Tally(1, 1, len(THIRD)), note=f"it quotes {ADA}")
        self.ledger.record_mark(self.file_id, 0, 1, dead, None)
        letters = DynamoLetters(self.dynamodb, "ledger")
        letters.note("m1", Attempt(1, WHEN, "crashed", "it broke"))
        subject = Subject(Kind.BATCH, file_id=self.file_id, bucket=BUCKET, split=0, batch=1)
        letters.put(DeadLetter("m1", subject, LetterState.DEAD, "crashed", "it broke", 7, WHEN))
        quarantine = S3Quarantine(self.s3, "quarantine")
        for envelope in (b"{}", json.dumps({"body": EVE}).encode()):
            quarantine.put("m1", envelope)
        DynamoWatches(self.dynamodb, "ledger").put_watch(Watch(self.file_id, 0, WHEN), None)

    def forget(self, *, with_object: bool = False, file_id: str | None = None) -> Forgotten:
        places = Places("records", "ledger", "quarantine", "results")
        forgetting = Forgetting(self.dynamodb, self.s3, places, sweep_days=7)
        return forgetting.forget(forgetting.find(file_id or self.file_id), LATER, with_object=with_object)

    @property
    def audit(self) -> Audit:
        return Audit(DynamoAudit(self.dynamodb, "ledger"), lambda: datetime.now(UTC), "froe")

    def rows(self) -> list[dict[str, Any]]:
        listed = self.s3.list_objects_v2(Bucket="results").get("Contents", ())
        objects = [self.s3.get_object(Bucket="results", Key=each["Key"])["Body"].read() for each in listed]
        return [row for data in objects for row in rows_in(data)]

    def everything(self) -> str:
        """All entries, all items of the ledger and all versions in the buckets of the stage, as one text."""
        items = [list(entries_in(self.dynamodb.scan(TableName="records")["Items"]).values())]
        items.append(self.dynamodb.scan(TableName="ledger")["Items"])
        listings = [self.s3.list_object_versions(Bucket=bucket) for bucket in ("quarantine", "results")]
        items.append(self.rows())
        return repr(items) + repr([(each.get("Versions"), each.get("DeleteMarkers")) for each in listings])

    def state(self) -> State:
        stored = self.ledger.read_file(self.file_id)
        assert stored is not None
        return stored.account.state


@pytest.fixture(params=list(Layout))
def stage(dynamodb: Any, request: pytest.FixtureRequest) -> Stage:
    return Stage(dynamodb, request.param)


def test_an_archive_is_forgotten_with_its_members_and_a_member_alone_without_the_object(stage: Stage) -> None:
    data = tar([("one.jsonl", FIRST), ("two.jsonl", FIRST), ("none.jsonl", b"")])
    announced = replace(stage.objects.add("a.tar", data, "v7"), bucket=BUCKET)
    archive = stage.splitter.ingest(announced, in_time())
    for message in stage.batches.messages[2:]:
        stage.worker.handle(message.body, in_time())
    one, two, empty = stage.table.read_members(archive, 0)
    with pytest.raises(FroeError, match=f"froe forget {archive} --object"):
        stage.forget(file_id=one, with_object=True)
    assert stage.forget(file_id=one).records == 1
    assert stage.forget(file_id=archive).records == 1
    for file_id in (archive, one, two, empty):
        stored = stage.ledger.read_file(file_id)
        assert stored is not None
        assert (stored.account.reason or "").startswith("forgotten at")
    assert stage.forget(file_id=archive).records == 0


def test_nothing_is_left_but_that_it_was_forgotten(stage: Stage) -> None:
    assert stage.state() is State.INCOMPLETE
    assert ADA in stage.everything()
    stage.table.put_checkpoint(stage.file_id, 1000, FIRST, 2_000_000_000)
    assert b64encode(FIRST).decode() in stage.everything()
    done = stage.forget()
    assert (done.records, done.rejects, done.dead_letters, done.messages) == (1, 1, 1, 2)
    assert done.object_deleted is None
    left = stage.dynamodb.scan(TableName="ledger")["Items"]
    assert {item["sk"]["S"] for item in left} == {"file", "leaf#000000#000000"}
    assert {item["expires_at"]["N"] for item in left} == {str(int((LATER + timedelta(days=30)).timestamp()))}
    assert stage.dynamodb.scan(TableName="records")["Count"] == 0
    assert not any(text in stage.everything() for text in (ADA, EVE, "it broke", "Versions"))
    stored = stage.ledger.read_file(stage.file_id)
    assert stored is not None
    assert (stored.account.state, stored.account.reason) == (
        State.FAILED,
        "forgotten at 2026-03-02T12:00:00Z",
    )


def test_what_comes_late_brings_nothing_back(stage: Stage) -> None:
    split_message = stage.splits.messages[0].body
    stage.forget()
    before = stage.everything()
    for batch in range(len(stage.batches.messages)):
        stage.work(batch)
    assert stage.splitter.ingest(stage.announced, in_time()) == stage.file_id
    message = decode(split_message)
    assert isinstance(message, SplitMessage)
    stage.splitter.cut(message, in_time())
    assert stage.table.known_files([stage.file_id]) == {stage.file_id}, (
        "the sweeper announces only unknown files"
    )
    assert stage.everything() == before


@pytest.mark.parametrize("stage", [Layout.ITEMS], indirect=True)  # an object has no layout
def test_the_object_goes_only_if_told_and_only_that_version(stage: Stage) -> None:
    newer = stage.s3.put_object(Bucket=BUCKET, Key="a.jsonl", Body=b"new\n")["VersionId"]
    assert stage.forget().object_deleted is None
    assert stage.forget(with_object=True).object_deleted is True
    versions = stage.s3.list_object_versions(Bucket=BUCKET)
    assert [each["VersionId"] for each in versions["Versions"]] == [newer]
    assert "DeleteMarkers" not in versions
    assert stage.forget(with_object=True).object_deleted is False


@pytest.mark.parametrize("stage", [Layout.ITEMS], indirect=True)  # as above
@pytest.mark.parametrize("overwritten", [False, True])
def test_of_a_bucket_without_versions_only_what_was_read_goes(stage: Stage, overwritten: bool) -> None:
    stage.s3.create_bucket(Bucket="plain")
    etag = stage.s3.put_object(Bucket="plain", Key="k", Body=b"old\n")["ETag"].strip('"')
    version = ObjectVersion("plain", "k", None, etag)
    stage.ledger.open(failed_plan(ObjectHead(version, 4, "", WHEN), "not text"))
    if overwritten:
        stage.s3.put_object(Bucket="plain", Key="k", Body=b"new\n")
    done = stage.forget(file_id=version.file_id, with_object=True)
    assert done.object_deleted is not overwritten
    assert stage.s3.list_objects_v2(Bucket="plain")["KeyCount"] == int(overwritten)


def test_a_second_time_takes_what_was_written_in_between(stage: Stage) -> None:
    stage.forget()
    item = {"pk": {"S": f"{stage.file_id}#00"}, "sk": {"S": "0" * 16}, "kind": {"S": "record"}}
    stage.dynamodb.put_item(TableName="records", Item=item)
    assert stage.forget().records == 1
    assert stage.dynamodb.scan(TableName="records")["Count"] == 0


def test_its_policy_allows_what_it_does_and_no_more(stage: Stage) -> None:
    stage.s3.create_bucket(Bucket="plain")
    etag = stage.s3.put_object(Bucket="plain", Key="k", Body=b"old\n")["ETag"].strip('"')
    plain = ObjectVersion("plain", "k", None, etag)
    stage.ledger.open(failed_plan(ObjectHead(plain, 4, "", WHEN), "not text"))
    called: set[str] = set()

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        called.add(model.name + ("Version" if "versionId" in params["query_string"] else ""))

    for client in (stage.dynamodb, stage.s3):
        client.meta.events.register("before-call", note)
    for file_id in (stage.file_id, plain.file_id):
        with stage.audit.noted("ann", "forget", {"file_id": file_id}):
            stage.forget(file_id=file_id, with_object=True)
    of_s3 = {
        "ListObjectVersions": "ListBucketVersions",
        "HeadObject": "GetObject",
        "HeadObjectVersion": "GetObjectVersion",
    }
    allowed = {action for each in read("people/forget")["Statement"] for action in each["Action"]}
    beside = {"kms:Decrypt", "kms:GenerateDataKey", "s3:ListBucket", "s3:PutObject"}  # of merged objects
    assert {action.split(":")[1] for action in allowed - beside} == {of_s3.get(each, each) for each in called}


def test_another_file_is_left_alone(stage: Stage) -> None:
    other = replace(stage.announced, key="b.jsonl")
    stage.objects.add("b.jsonl", LINES, str(other.version_id))
    other_id = stage.splitter.ingest(other, in_time())
    for message in stage.batches.messages[2:]:
        stage.worker.handle(message.body, in_time())
    stage.forget()
    stored = stage.ledger.read_file(other_id)
    assert stored is not None
    assert stored.account.state is State.COMPLETE
    stored_as = [entries_in(stage.dynamodb.scan(TableName="records")["Items"]), stage.rows()]
    assert sum(map(len, stored_as)) == 3


@pytest.mark.parametrize("stage", [Layout.ITEMS], indirect=True)  # what is refused has none either
def test_what_is_under_way_or_unknown_is_refused_with_the_remedy(stage: Stage) -> None:
    other = replace(stage.announced, key="b.jsonl")
    stage.objects.add("b.jsonl", LINES, str(other.version_id))
    under_way = stage.splitter.ingest(other, in_time())
    with pytest.raises(FroeError, match=f"{under_way} is PROCESSING: .* Wait until it is settled"):
        stage.forget(file_id=under_way)
    with pytest.raises(FroeError, match="No file has the id 'nothing': `froe status`"):
        stage.forget(file_id="nothing")


def test_a_file_that_is_redriven_at_the_same_time_is_not_torn(stage: Stage) -> None:
    forgetting = Forgetting(
        stage.dynamodb, stage.s3, Places("records", "ledger", "quarantine", "results"), sweep_days=7
    )
    stored = forgetting.find(stage.file_id)
    stage.work(1)
    with pytest.raises(FroeError, match="has just changed"):
        forgetting.forget(stored, LATER, with_object=True)
    assert stage.state() is State.COMPLETE


def froe(monkeypatch: pytest.MonkeyPatch, *arguments: str, answer: str = "") -> Result:
    settings = dict.fromkeys(RESOURCE_NAMES, "x") | {
        "RECORDS_TABLE": "records",
        "LEDGER_TABLE": "ledger",
        "QUARANTINE_BUCKET": "quarantine",
        "RESULTS_BUCKET": "results",
    }
    monkeypatch.setattr(target, "find_target", lambda stage=None: Target(settings, "us-east-1"))
    return CliRunner().invoke(cli.main, ["forget", *arguments], input=answer)


class TestCommand:
    def test_it_asks_and_a_no_changes_nothing(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        before = stage.everything()
        result = froe(monkeypatch, stage.file_id, answer="n\n")
        assert result.exit_code == 1
        assert "Remove what is stored of s3://team-logs/a.jsonl" in result.stderr
        assert stage.everything() == before

    def test_it_says_what_it_removed(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, stage.file_id, "--yes", "--object")
        assert result.exit_code == 0, result.output
        removed = [line.split("  ")[-1].strip() for line in result.stdout.splitlines()[1:-1]]
        assert ("1 objects, with old versions" in removed) == (stage.layout is Layout.NONE)
        assert [line for line in removed if "objects" not in line] == [
            "1 records, 1 rejects",
            "2 messages of 1 dead letters",
            "2 items; marks are emptied",
            "is deleted",
        ]

    def test_a_program_reads_the_same(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        printed = json.loads(froe(monkeypatch, stage.file_id, "--yes", "--json").stdout)
        assert (printed["records"], printed["messages"], printed["object_deleted"]) == (1, 2, None)
        assert printed["remembered_until"] > "2026"
        (deed,) = stage.audit.page(end=datetime.now(UTC) + timedelta(days=1))["items"]
        assert (deed["action"], deed["subject"]["file_id"]) == ("forget", stage.file_id)
        assert deed["result"] == {"records": 1, "rejects": 1}
        assert "a.jsonl" not in json.dumps(deed), "the key may be why"

    def test_an_unknown_file_ends_with_one_sentence(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = froe(monkeypatch, "b.jsonl", "--yes")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "b.jsonl" in result.stderr
        assert stage.state() is State.INCOMPLETE


def test_a_file_whose_segments_are_damaged_is_forgotten_as_well(dynamodb: Any) -> None:
    """It is the remedy that the error of its records names."""
    stage = Stage(dynamodb, Layout.PACKED)
    (head,) = dynamodb.scan(TableName="records")["Items"]
    dynamodb.put_item(TableName="records", Item={"pk": head["pk"], "sk": head["sk"], "kind": head["kind"]})
    done = stage.forget()
    assert (done.records, done.rejects) == (0, 0)
    assert dynamodb.scan(TableName="records")["Count"] == 0
