"""What functions ask of AWS only when something is odd: an outage, a message that nobody understands, a bucket
without versions. Late in the run: the functions log errors of it."""

import json
from dataclasses import replace

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.ledger.letters import DeadLetter, Kind
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.records.parquet import ParquetBatch
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, SplitMessage, encode_batch, encode_split
from chalicelib.core.wire.notifications import Announced, announcement_of
from chalicelib.dead_letters.office import Selection
from froe.deployment.cloud import local_cloud
from froe.deployment.emptying import delete_bucket
from froe.local import LocalStack, calls
from froe.local.calls import Access
from tests.faults.inputs import json_lines
from tests.integration.letters import let_die, take_batches
from tests.integration.support import (
    announce,
    call_api,
    paused,
    reach,
    sealed,
    services_of,
    sweep,
    upload,
    wait_for,
)

UNVERSIONED = "rare-unversioned"


def called(stack: LocalStack, function: str, action: str, resource: str) -> bool | None:
    """Whether it was recorded."""
    access = Access(function, action, resource)
    return calls.idle(calls.needs_in(stack.calls), [access]) == [] or None


def wait_for_call(stack: LocalStack, function: str, action: str, resource: str) -> None:
    wait_for(lambda: called(stack, function, action, resource), f"{function} to call {action}")


def send(stack: LocalStack, queue: str, body: str) -> str:
    """The message's id."""
    sent: str = stack.client("sqs").send_message(QueueUrl=queue, MessageBody=body)["MessageId"]
    return sent


def letter_about(stack: LocalStack, kind: Kind, part: str) -> DeadLetter:
    """The dead letter of this kind whose quarantined message has this part in it."""
    office = services_of(stack).dead_letter_office

    def dead_letter() -> DeadLetter | None:
        for letter in office.page(Selection(), limit=100).letters:
            if letter.subject.kind is kind and part in office.envelope(letter.letter_id)[1].get("body", ""):
                return letter
        return None

    return wait_for(dead_letter, f"the dead letter about {part}")


def test_an_object_without_versions_is_never_announced_to_the_splitter(stack: LocalStack) -> None:
    """It is opened by its ETag, and settles."""
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=UNVERSIONED)
    etag = s3.put_object(Bucket=UNVERSIONED, Key="a.log", Body=json_lines(40))["ETag"].strip('"')
    announce(stack, json.loads(announcement_of(Announced(UNVERSIONED, "a.log", etag=etag))))
    file_id = ObjectVersion(UNVERSIONED, "a.log", None, etag).file_id
    reach(stack, {"COMPLETE"}, file_id)
    assert called(stack, "splitter", "s3:GetObject", "${InputBucket.Arn}/*")


def test_an_event_that_the_splitter_does_not_understand_is_lost(stack: LocalStack) -> None:
    """It is buried with its reason."""
    thing = {"bucket": {"name": "rare"}, "object": {"key": "misunderstood.log", "versionId": 5}}
    announce(stack, {"Records": [{"eventSource": "aws:s3", "s3": thing}]})
    letter = letter_about(stack, Kind.UNKNOWN, "misunderstood.log")
    assert letter.code == "refused"
    assert called(stack, "splitter", "sqs:SendMessage", "${DeadLetterQueue.Arn}")


def test_a_batch_of_another_version_is_tried_again_and_again(stack: LocalStack) -> None:
    """The worker buries it at once."""
    send(stack, stack.info.batch_queue, '{"v": 99, "kind": "batch"}')
    assert letter_about(stack, Kind.UNKNOWN, '"v": 99').receives == 1
    assert called(stack, "worker", "sqs:SendMessage", "${DeadLetterQueue.Arn}")


def test_a_split_of_a_file_that_cannot_be_read_is_given_up_at_once(stack: LocalStack) -> None:
    """It is hidden for a while and tried again; once the ledger has no such file it is a dead letter."""
    dynamodb, table = stack.client("dynamodb"), stack.info.ledger_table
    version = ObjectVersion("rare", "unreadable.log", "1", "etag")
    key = {"pk": {"S": version.file_id}, "sk": {"S": "file"}}
    dynamodb.put_item(TableName=table, Item={**key, "plan_version": {"N": "1"}})
    send(stack, stack.info.split_queue, encode_split(SplitMessage(version, version.file_id, 0, 0)))
    wait_for_call(stack, "queued_splitter", "sqs:ChangeMessageVisibility", "${SplitQueue.Arn}")
    dynamodb.delete_item(TableName=table, Key=key)
    assert letter_about(stack, Kind.SPLIT, "unreadable.log").receives > 1


def test_a_dead_letter_without_a_quarantine_is_lost(stack: LocalStack) -> None:
    """It is hidden for a while, and kept once its bucket is back."""
    bucket = stack.info.quarantine_bucket
    delete_bucket(local_cloud(stack.client, stack.info.region), bucket)
    try:
        send(stack, stack.info.dead_letter_queue, '{"patience": 1}')
        wait_for_call(stack, "dead_letter_consumer", "sqs:ChangeMessageVisibility", "${DeadLetterQueue.Arn}")
    finally:
        stack.client("s3").create_bucket(Bucket=bucket)
    letter_about(stack, Kind.UNKNOWN, '"patience"')


def test_a_dead_batch_cannot_be_redriven_over_http(stack: LocalStack) -> None:
    """It goes to the batch queue again, and its file is complete."""
    with paused(stack, "worker"):
        uploaded = upload(stack, "rare/redriven.log", json_lines(30))
        sealed(stack, uploaded.file_id)
        batch_id = f"{uploaded.file_id}-000000-000000"
        died = let_die(stack, take_batches(stack, {batch_id})[batch_id])
    reach(stack, {"INCOMPLETE"}, uploaded.file_id)
    redriven = call_api(stack, f"/dead-letters/{died.letter_id}/redrive", method="POST")
    assert (redriven.status, redriven.body["redriven"]) == (200, 1)
    reach(stack, {"COMPLETE"}, uploaded.file_id)
    assert called(stack, "api_handler", "sqs:SendMessage", "${BatchQueue.Arn}")


def test_a_dead_letter_whose_message_was_deleted_is_forbidden(stack: LocalStack) -> None:
    """It is shown as far as it is known."""
    letter_id = send(stack, stack.info.dead_letter_queue, '{"deleted": 1}')
    letter_about(stack, Kind.UNKNOWN, '"deleted"')
    key = f"dead-letters/{letter_id}.json"
    stack.client("s3").delete_object(Bucket=stack.info.quarantine_bucket, Key=key)
    answer = call_api(stack, f"/dead-letters/{letter_id}")
    assert (answer.status, answer.body["body"]) == (200, None)
    assert called(stack, "api_handler", "s3:ListBucket", "${QuarantineBucket.Arn}")


def test_a_batch_with_another_text_is_taken_for_the_right_one(stack: LocalStack) -> None:
    """The file is INCOMPLETE and names it, until the right one comes; then nothing is left of the other."""
    with paused(stack, "worker"):
        uploaded = upload(stack, "rare/disputed.log", json_lines(30))
        sealed(stack, uploaded.file_id)
        batch_id = f"{uploaded.file_id}-000000-000000"
        right = take_batches(stack, {batch_id})[batch_id]
        message = decode(right)
        assert isinstance(message, BatchMessage)
        text = message.body + message.body
        wrong = replace(
            message, body=text, length=len(text), lines=2 * message.lines, entries=2 * message.entries
        )
        send(stack, stack.info.batch_queue, encode_batch(wrong))
    reach(stack, {"INCOMPLETE"}, uploaded.file_id)
    send(stack, stack.info.batch_queue, right)
    reach(stack, {"COMPLETE"}, uploaded.file_id)
    records = call_api(stack, f"/files/{uploaded.file_id}/records?limit=100").body["items"]
    assert len(records) == 30
    assert called(stack, "worker", "dynamodb:Query", "${RecordsTable.Arn}")


def test_a_batch_that_no_time_is_left_for_is_put_off_and_done_later(stack: LocalStack) -> None:
    """The worker has no second left to begin with it: it goes into the queue anew, and no receive counts."""
    function = {"FunctionName": "froe-local-worker"}
    client = stack.client("lambda")
    usual = client.get_function_configuration(**function)["Timeout"]
    client.update_function_configuration(**function, Timeout=3)
    try:
        uploaded = upload(stack, "rare/put-off.jsonl", json_lines(40))
        wait_for_call(stack, "worker", "sqs:SendMessage", "${BatchQueue.Arn}")
    finally:
        client.update_function_configuration(**function, Timeout=usual)
    reach(stack, {"COMPLETE"}, uploaded.file_id)


def test_a_generation_that_was_given_up_leaves_letters_and_rows_behind(stack: LocalStack) -> None:
    """The sweeper removes them, once nobody can be writing any more."""
    dynamodb, s3, table = stack.client("dynamodb"), stack.client("s3"), stack.info.ledger_table
    uploaded = upload(stack, "rare/given-up.jsonl", json_lines(3))
    reach(stack, {"COMPLETE"}, uploaded.file_id)
    known, made = uploaded.file_id, f"{uploaded.file_id}~1"
    key = {"pk": {"S": known}, "sk": {"S": "file"}}
    entry = dynamodb.get_item(TableName=table, Key=key)["Item"]
    for name in ("opened", "shelf"):
        del entry[name]
    rows = f"records/format=json/date=2026-03-01/{made}-000000.parquet"
    past = {"S": "2026-01-01T00:00:00+00:00"}
    own = {"pk": {"S": made}}
    for item in (
        {**entry, **own, "file_id": {"S": made}, "sink": {"S": "parquet"}, "plan_version": {"N": "6"}},
        {**own, "sk": {"S": "dead#rare-letter"}},
        {**own, "sk": {"S": "merged#000000"}, "object": {"S": rows}},
        {"pk": {"S": "generations"}, "sk": {"S": known}, "since": past},
    ):
        dynamodb.put_item(TableName=table, Item=item)
    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET generation_last = :one, generation_since = :past",
        ExpressionAttributeValues={":one": {"N": "1"}, ":past": past},
    )
    record = {"pk": {"S": f"{made}#00"}, "sk": {"S": "0" * 16}, "kind": {"S": "record"}}
    dynamodb.put_item(TableName=stack.info.records_table, Item=record)
    quarantine, results = stack.info.quarantine_bucket, stack.env["RESULTS_BUCKET"]
    s3.put_object(Bucket=quarantine, Key="dead-letters/rare-letter.json", Body=b"{}")
    written = ParquetBatch(file_id=made, batch_id=f"{made}-000000-000000", format_name="json")
    s3.put_object(Bucket=results, Key=rows, Body=written.data())
    sweep(stack)
    left = dynamodb.query(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": made}}
    )["Items"]
    assert [item["sk"]["S"] for item in left] == ["file"]
    assert "Item" not in dynamodb.get_item(
        TableName=stack.info.records_table, Key={name: record[name] for name in ("pk", "sk")}
    )
    assert not s3.list_object_versions(Bucket=quarantine, Prefix="dead-letters/rare-letter").get("Versions")
    for action, resource in (
        ("dynamodb:BatchWriteItem", "${RecordsTable.Arn}"),
        ("dynamodb:BatchWriteItem", "${LedgerTable.Arn}"),
        ("dynamodb:DeleteItem", "${LedgerTable.Arn}"),
        ("s3:DeleteObjectVersion", "${ResultsBucket.Arn}/records/*"),
        ("s3:ListBucketVersions", "${QuarantineBucket.Arn}"),
        ("s3:DeleteObjectVersion", "${QuarantineBucket.Arn}/dead-letters/*"),
    ):
        assert called(stack, "sweeper", action, resource), action
