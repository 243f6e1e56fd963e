"""What fails on the deployed pipeline: it is named, kept, and comes back; and what got lost is found."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.ledger.letters import DeadLetter, Kind, LetterState
from chalicelib.core.wire.notifications import Announced, announcement_of
from chalicelib.dead_letters.office import DeadLetterOffice, Pace, Selection
from chalicelib.delivery import Deadline
from froe.local import LocalStack
from tests.faults.inputs import json_lines
from tests.integration.support import (
    Uploaded,
    call_api,
    lose_batches,
    normalised,
    paused,
    queue_depth,
    reach,
    records_of,
    run_froe,
    sealed,
    services_of,
    silenced,
    upload,
    wait_for,
)

LIMITS = {
    "BATCH_MAX_LINES": "20",
    "BATCH_MAX_BYTES": "8192",
    "ENTRY_MAX_BYTES": "1024",
    "SPLIT_BYTES": "3000",
    "SPLIT_DELAY_SECONDS": "3",
    "RETRY_BASE_SECONDS": "1",
    "STALL_SECONDS": "5",
    "SWEEP_MINUTES": "1",
}
IMPATIENT = {
    "SplitVisibilitySeconds": "6",
    "BatchVisibilitySeconds": "6",
    "SplitMaxReceives": "3",
    "BatchMaxReceives": "2",
    "DeletionProtection": "false",
}
TEXT = json_lines(150)


@pytest.fixture(scope="module")
def failing() -> Iterator[LocalStack]:
    """A stack that soon gives up and often sweeps."""
    with LocalStack(settings=LIMITS, parameters=IMPATIENT) as running:
        yield running


def office_of(stack: LocalStack) -> DeadLetterOffice:
    return services_of(stack).dead_letter_office


def letters_of(stack: LocalStack, file_id: str) -> list[DeadLetter]:
    return office_of(stack).page(Selection(file_id=file_id, state=None), limit=100).letters


def file_of(stack: LocalStack, file_id: str) -> dict[str, Any]:
    body = call_api(stack, f"/files/{file_id}").body
    assert isinstance(body, dict)
    return body


def calm(stack: LocalStack, data: bytes) -> Any:
    """What both tables hold of an undisturbed upload of the same bytes."""
    uploaded = upload(stack, "calm.log", data)
    reach(stack, {"COMPLETE"}, uploaded.file_id)
    return normalised(stack, uploaded)


def announce(stack: LocalStack, body: str) -> None:
    stack.client("sqs").send_message(QueueUrl=stack.info.split_queue, MessageBody=body)


def kept_letters(stack: LocalStack, kind: Kind) -> list[DeadLetter] | None:
    page = office_of(stack).page(Selection(), limit=100)
    return [letter for letter in page.letters if letter.subject.kind is kind] or None


def test_a_worker_without_its_table_loses_batches(failing: LocalStack) -> None:
    """They are dead-lettered with that reason, and once the table is back a redrive completes the file."""
    expected = calm(failing, TEXT)
    dynamodb, table = failing.client("dynamodb"), failing.info.records_table
    described = dynamodb.describe_table(TableName=table)["Table"]
    kept = list(dynamodb.scan(TableName=table)["Items"])
    dynamodb.delete_table(TableName=table)
    uploaded = upload(failing, "tableless.log", TEXT)
    reach(failing, {"INCOMPLETE"}, uploaded.file_id)

    file = file_of(failing, uploaded.file_id)
    letters = letters_of(failing, uploaded.file_id)
    assert file["dead"]["bytes"] == file["text_bytes"] == len(TEXT)
    assert file["reason"].startswith(f"{len(letters)} of {file['batches']} batch")
    assert {(letter.code, letter.state) for letter in letters} == {("resource-missing", LetterState.DEAD)}
    assert all(table in letter.reason for letter in letters)
    assert all(letter.receives >= 2 for letter in letters)

    dynamodb.create_table(
        TableName=table,
        KeySchema=described["KeySchema"],
        AttributeDefinitions=described["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
    )
    for item in kept:
        dynamodb.put_item(TableName=table, Item=item)
    redriven = run_froe(failing, "redrive", "--file", uploaded.file_id, "--wait", "--json")
    assert redriven.returncode == 0, redriven.stderr
    assert json.loads(redriven.stdout.splitlines()[0])["redriven"] == len(letters)
    assert file_of(failing, uploaded.file_id)["state"] == "COMPLETE"
    assert normalised(failing, uploaded) == expected


def test_an_object_that_vanishes_while_it_is_read_leaves_a_dead_letter_that_says_so(
    failing: LocalStack,
) -> None:
    """What was read stays; the rest is a dead letter that says why, and the file is INCOMPLETE."""
    data = gzip.compress(json_lines(400), mtime=0)
    bucket = failing.info.input_bucket
    with silenced(failing), paused(failing, "queued_splitter"):
        uploaded = upload(failing, "vanishes.log.gz", data)
        announced = Announced(bucket, uploaded.key, uploaded.version_id)
        services_of(failing).splitter.ingest(announced, Deadline.after(4))  # time for one split only
        failing.client("s3").delete_object(Bucket=bucket, Key=uploaded.key, VersionId=uploaded.version_id)
    reach(failing, {"INCOMPLETE"}, uploaded.file_id)
    file = file_of(failing, uploaded.file_id)
    (letter,) = (each for each in letters_of(failing, uploaded.file_id) if each.state is LetterState.DEAD)
    assert (letter.code, letter.receives, letter.subject.split) == ("object-gone", 1, 1)
    assert file["reason"].startswith("split 1 (all from byte ")
    assert "could not be cut: reading s3://" in file["reason"]
    assert 0 < file["parsed"]["lines"] < 400


def test_an_object_of_an_unversioned_bucket_is_read_on_after_it_was_overwritten(failing: LocalStack) -> None:
    """Its file is SUPERSEDED, and the new object is a file of its own."""
    s3, bucket = failing.client("s3"), "unversioned-logs"
    s3.create_bucket(Bucket=bucket)
    old, new = json_lines(300), json_lines(310)
    etags = []
    with paused(failing, "queued_splitter"):
        for body in (old, new):
            etags.append(s3.put_object(Bucket=bucket, Key="a.log", Body=body)["ETag"].strip('"'))
            opened = [Announced(bucket, "a.log", etag=etag) for etag in etags]
            services_of(failing).splitter.ingest(opened[-1], Deadline.after(60))
    files = services_of(failing).ledger.files_by_key("a.log", before=None, limit=9).files
    second, first = (file for file in files if file.plan.object.bucket == bucket)
    reach(failing, {"SUPERSEDED"}, first.plan.file_id)
    reach(failing, {"COMPLETE"}, second.plan.file_id)
    file = file_of(failing, first.plan.file_id)
    assert "overwritten since" in file["reason"]
    assert file["parsed"]["lines"] > 0
    assert file_of(failing, second.plan.file_id)["parsed"]["lines"] == 310


def test_a_message_that_nobody_understands_is_kept_and_can_only_be_discarded(failing: LocalStack) -> None:
    """It is kept at once, whole, with its reason, and can be discarded but not redriven."""
    body = json.dumps({"hello": ["who", "are", "you"]})
    announce(failing, body)
    (letter,) = wait_for(lambda: kept_letters(failing, Kind.UNKNOWN), "the dead letter")
    _, envelope = office_of(failing).envelope(letter.letter_id)
    assert (envelope["body"], letter.code, letter.receives) == (body, "refused", 1)
    assert "not an S3 notification" in letter.reason
    chosen = Selection(ids=(letter.letter_id,), state=None)
    assert office_of(failing).redrive(chosen, Deadline.after(60), Pace(100)).refused == 1
    answer = call_api(failing, f"/dead-letters/{letter.letter_id}").body
    assert (answer["body"], answer["redrivable"]) == (body, False)
    discarded = call_api(
        failing,
        f"/dead-letters/{letter.letter_id}/discard",
        method="POST",
        body={"by": "ann", "why": "noise"},
    )
    assert (discarded.status, discarded.body["discarded"]) == (200, 1)


def test_an_object_that_does_not_exist_yet_is_given_up_without_a_word(failing: LocalStack) -> None:
    """A notification without a version, of a key that is not there, is a dead letter, and can be redriven."""
    announced = Announced(failing.info.input_bucket, "later.log")
    announce(failing, announcement_of(announced))
    (letter,) = wait_for(lambda: kept_letters(failing, Kind.NOTIFICATION), "the dead letter")
    assert (letter.code, letter.subject.object_key) == ("object-gone", "later.log")
    with silenced(failing):
        uploaded = upload(failing, "later.log", TEXT)
    chosen = Selection(ids=(letter.letter_id,), state=None)
    assert office_of(failing).redrive(chosen, Deadline.after(60), Pace(100)).changed == 1
    reach(failing, {"COMPLETE"}, uploaded.file_id)


def lose_splits(stack: LocalStack, key: str, body: bytes) -> Uploaded:
    """The splitter has opened a file, and dies for good with all its messages."""
    with paused(stack, "queued_splitter"):
        uploaded = upload(stack, key, body)
        reach(stack, {"SPLITTING"}, uploaded.file_id)
        wait_for(lambda: queue_depth(stack, stack.info.split_queue) or None, "the splits to be queued")
        stack.client("sqs").purge_queue(QueueUrl=stack.info.split_queue)
    return uploaded


def test_what_got_lost_ends_complete_without_anyones_help(failing: LocalStack) -> None:
    """A dropped notification, a purged queue and a splitter that died for good each end COMPLETE by the schedule.

    The sweeper's first look at a file only remembers how far that is; here it is taken at once, so that the test
    waits for one tick of the schedule instead of two."""
    expected = calm(failing, TEXT)
    purged = lose_batches(failing, "purged.log", TEXT)
    died = lose_splits(failing, "died.log", TEXT)
    services_of(failing).sweeper.sweep(Deadline.after(60))
    with silenced(failing):
        dropped = upload(failing, "dropped.log", TEXT)
    lost = [dropped, purged, died]
    reach(failing, {"COMPLETE"}, *(each.file_id for each in lost), timeout_seconds=300)
    for each in lost:
        assert normalised(failing, each) == expected
        assert len(records_of(failing, each.file_id)) == 150
    sealed(failing, dropped.file_id)
