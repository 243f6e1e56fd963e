"""Faults that other log shippers have or had: each test names the one that it excludes."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import orjson
import pytest

from chalicelib.core.errors import TransientError
from chalicelib.core.framing import Framing
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, batch_message, encode_batch
from chalicelib.core.wire.notifications import Announced, Ignored, announced_in, announced_in_body
from chalicelib.delivery import GROUP_MAX_BYTES, Deadline, Incoming, Outgoing, Sender, consume
from tests.fakes import BUCKET, WHEN, Pipeline, in_time, opener
from tests.faults.inputs import json_lines, made, text_lines, zipped
from tests.faults.reading import assert_every_byte_is_accounted_for, head_of, read
from tests.layouts import layout, stored_in  # noqa: F401 - each of these holds in every layout

MIB = 1024 * 1024
LIMITS = Limits(batch_max_lines=5, batch_max_bytes=2048, entry_max_bytes=1024, split_bytes=1024)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
QUEUE_ALLOWS = ((0x9, 0xA), (0xD, 0xD), (0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))


def s3_record(key: str, **changed: Any) -> dict[str, Any]:
    """One record of S3's notification, as S3 sends it."""
    described = {"key": key, "size": 9, "eTag": "e", "versionId": "v1", "sequencer": "0055AED6DCD90281E5"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-03-01T12:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": BUCKET, "arn": f"arn:aws:s3:::{BUCKET}"},
            "object": described | changed,
        },
    }


def run_all(pipeline: Pipeline) -> int:
    """Deliver whatever is queued until nothing is left, what failed again; how many deliveries it took."""
    deliveries = 0
    while pipeline.split_queue.messages or pipeline.batch_queue.messages:
        queue = pipeline.split_queue if pipeline.split_queue.messages else pipeline.batch_queue
        message = queue.messages.pop(0)
        deliveries += 1
        try:
            decoded = decode(message.body)
            if isinstance(decoded, BatchMessage):
                pipeline.worker.handle(message.body, in_time())
            else:
                pipeline.splitter.cut(decoded, in_time())
        except TransientError:
            queue.messages.append(message)
    return deliveries


def states(pipeline: Pipeline) -> list[State]:
    return [file.account.state for file in pipeline.table.files.values()]


# Faults found by running or reading other shippers.


def test_one_text_line_among_json_costs_no_other_line() -> None:
    """After one line that is not JSON the rest of the file is still read."""
    seen = read(made("one-text-line-among-json.jsonl").data)
    assert seen.bodies == [f"line {number:06d}" for number in range(1000)]
    assert seen.rejects == ["invalid-json"]


def test_a_truncated_last_line_of_json_is_kept() -> None:
    """What is there of it is stored raw and counted."""
    bad = made("truncated-last-line.jsonl")
    last = read(bad.data).outcomes[-1]
    assert bad.data.endswith(last.raw)
    assert (last.raw[:8], last.lines) == (b'{"time":', 1)


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x0c"])
def test_unicode_line_separators_do_not_cut_a_line(mark: str) -> None:
    """Two lines stay two lines: only a line feed ends one."""
    text = f"first{mark}half{mark}x\nsecond{mark}\n"
    assert read(text.encode()).bodies == text.removesuffix("\n").split("\n")


def test_a_lone_carriage_return_does_not_cut_a_line() -> None:
    """Two lines stay two lines, and the carriage return stays in its line."""
    assert read(b"10%\r20%\r30%\ndone\n").bodies == ["10%\r20%\r30%", "done"]


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 5])
def test_a_character_across_a_chunk_edge_is_kept(piece_bytes: int) -> None:
    """However the object arrives, its characters come out whole."""
    text = "日本語 €uro 😀 straße\n" * 5
    assert "".join(f"{body}\n" for body in read(text.encode(), piece_bytes=piece_bytes).bodies) == text


@pytest.mark.parametrize(
    "data",
    [
        "Gr\xfc\xdfe\nK\xf6ln\nStra\xdfe\ncaf\xe9\nabc\n\xe9\xe8\xe0\nna\xefve\nend\n".encode("latin-1"),
        b"name;value\r\n" + b"".join(b"row %d;1\n" % number for number in range(7)),
    ],
    ids=["latin-1", "crlf-header-then-lf"],
)
def test_resuming_at_a_reported_offset_loses_or_tears_no_line(data: bytes) -> None:
    """Offsets count bytes as they are: reading on from any of them gives exactly the lines that follow."""
    outcomes = read(data).outcomes
    lines = data.splitlines(keepends=True)
    assert [data[each.offset : each.offset + each.length] for each in outcomes] == lines
    for number, each in enumerate(outcomes):
        cutter = Cutter([data[each.offset :]], Framing(), Limits(), each.offset, aligned=True)
        (batch,) = cutter.cut(0)
        assert (batch.offset, batch.body) == (each.offset, b"".join(lines[number:]))


PRETTY = b"".join(
    orjson.dumps({"n": n, "m": n, "at": {"b": n}}, option=orjson.OPT_INDENT_2) + b"\n" for n in range(172)
)


def test_no_line_of_pretty_json_is_lost() -> None:
    """All 1,204 lines are stored and counted, though a format that joins them comes later."""
    seen = read(PRETTY)
    assert_every_byte_is_accounted_for(seen)
    assert seen.account.cut.lines == PRETTY.count(b"\n") == 1204


def test_one_line_of_32_mib_takes_linear_time() -> None:
    """It is counted as it passes and never put together, and the lines around it are intact."""
    bad = made("entry-of-32-mib.jsonl")
    seen = read(bad.data, piece_bytes=16_384)
    assert (len(seen.records), seen.rejects) == (100, ["too-long"])


def test_a_line_over_64_kib_does_not_end_the_file() -> None:
    """A long line is a record, and what follows it is read."""
    data = text_lines(2) + b"w" * 70_000 + b"\n" + text_lines(2)
    assert [len(body or "") for body in read(data).bodies] == [43, 43, 70_000, 43, 43]


@pytest.mark.parametrize("name", ["bit-flipped-in-the-middle.gz", "wrong-checksum.gz", "corrupt-block.zst"])
def test_corrupt_compression_is_named(name: str) -> None:
    """The file is DAMAGED and says where, and all before is stored."""
    seen = read(made(name).data)
    assert seen.account.state is State.DAMAGED
    assert seen.damage
    assert "corrupt" in (seen.account.reason or "")
    assert f"at byte {seen.damage.object_offset:,}" in (seen.account.reason or "")
    assert seen.account.text_bytes == seen.damage.text_offset > 0


def test_a_truncated_gzip_does_not_pass_for_the_whole_file() -> None:
    """The file is DAMAGED and says where, and all before is stored."""
    bad = made("truncated.gz")
    seen = read(bad.data)
    assert seen.account.state is State.DAMAGED
    assert f"at byte {len(bad.data):,}" in (seen.account.reason or "")
    assert len(seen.records) == bad.parsed


@pytest.mark.parametrize("gigabytes", [0.45, 1.2])
def test_a_large_file_is_not_given_up(gigabytes: float) -> None:
    """A file of more than 400 MB, or 1 GB, is read to its end."""
    block = b"z" * (4 * MIB - 1) + b"\n"
    blocks = int(gigabytes * 1e9) // len(block)
    size = blocks * len(block) + 18

    def open_at(offset: int) -> Iterator[bytes]:
        assert not offset
        yield from (block for _ in range(blocks))
        yield b"the very last one\n"

    plan = make_plan(ObjectHead(ObjectVersion(BUCKET, "k", "v", "e"), size, "", WHEN), open_at, Limits())
    assert not plan.failure
    cutter = Cutter(plan.text(open_at), plan.framing, plan.limits, 0, aligned=True)
    batches = [batch for split in range(plan.known_splits or 0) for batch in cutter.cut(split)]
    assert cutter.position == size
    assert sum(batch.length for batch in batches) == size
    assert batches[-1].body == b"the very last one\n"


def test_two_events_of_one_sequencer_and_other_keys_are_two_files() -> None:
    """Sequencers compare uploads of one key only; each object is a file of its own."""
    pipeline = Pipeline(LIMITS)
    for key in ("a.log", "b.log"):
        pipeline.objects.add(key, b"one line\n")
        pipeline.splitter.ingest_each(announced_in({"Records": [s3_record(key)]}), in_time())
    run_all(pipeline)
    assert states(pipeline) == [State.COMPLETE] * 2


def test_every_record_of_a_notification_is_read() -> None:
    """Each record of it is ingested."""
    pipeline = Pipeline(LIMITS)
    keys = [f"{number}.log" for number in range(5)]
    for key in keys:
        pipeline.objects.add(key, b"one line\n")
    pipeline.splitter.ingest_each(announced_in({"Records": [s3_record(key) for key in keys]}), in_time())
    run_all(pipeline)
    assert [file.plan.object.key for file in pipeline.table.files.values()] == keys
    assert states(pipeline) == [State.COMPLETE] * 5


# What users of other shippers report.


def test_a_new_field_in_s3_events_stops_nothing() -> None:
    """Fields that nobody knows yet are tolerated at every level."""
    record = s3_record("a.log", newInObject={"x": [1]})
    record |= {"eventVersion": "9.0", "newAtTop": {"y": 1}}
    record["s3"]["newInS3"] = 1
    record["s3"]["bucket"]["newInBucket"] = None
    (announced,) = announced_in({"Records": [record], "newBeside": 1})
    assert isinstance(announced, Announced)
    assert (announced.key, announced.version_id) == ("a.log", "v1")


@pytest.mark.parametrize("data", [json_lines(3), zipped(json_lines(3))], ids=["plain", "packed"])
@pytest.mark.parametrize("content_type", ["application/gzip", "text/plain", "image/png", ""])
@pytest.mark.parametrize("key", ["a.gz", "a.zst", "a", "AWSLogs/b.png"])
def test_wrong_metadata_or_an_unusual_name_changes_nothing(data: bytes, content_type: str, key: str) -> None:
    """What an object is, its first bytes say, not its name, its prefix or its content type."""
    assert len(read(data, head=head_of(data, key, content_type)).records) == 3


class FailingRecords:
    """Refuses the first writes, as a table that is throttled, and keeps the others."""

    def __init__(self, kept: Any, failures: int) -> None:
        self.kept = kept
        self.failures = failures

    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        self.failures -= 1
        if self.failures >= 0:
            raise TransientError("the table is throttled")
        return int(self.kept.put(items, deadline, first))


class FailingResults(FailingRecords):
    def put(self, key: str, data: bytes) -> None:  # type: ignore[override]
        self.failures -= 1
        if self.failures >= 0:
            raise TransientError("the bucket is throttled")
        self.kept.put(key, data)


def test_what_could_not_be_stored_is_tried_again() -> None:
    """A failed write fails its message, which comes back until it is stored."""
    calm, throttled = Pipeline(LIMITS), Pipeline(LIMITS)
    if throttled.layout is Layout.NONE:
        throttled.worker._results = FailingResults(throttled.results, failures=17)
    else:
        throttled.worker._records = FailingRecords(throttled.records, failures=17)
    for pipeline in (calm, throttled):
        pipeline.splitter.ingest(pipeline.objects.add("a.log", text_lines(100)), in_time())
    assert run_all(throttled) == run_all(calm) + 17
    assert throttled.tables == calm.tables
    assert states(throttled) == [State.COMPLETE]


def test_an_error_does_not_end_the_run_for_the_messages_after_it() -> None:
    """A message that fails, and one that crashes the handler, leave their neighbours handled."""
    handled = []

    def handle(message: Incoming) -> None:
        if message.body == "throttled":
            raise TransientError("later")
        if message.body == "bug":
            raise ZeroDivisionError
        handled.append(message.body)

    bodies = ["a", "throttled", "b", "bug", "c"]
    messages = [Incoming(f"id-{body}", body, body, 1) for body in bodies]
    answer = consume(messages, handle, Silent(), retry_base_seconds=1)
    assert handled == ["a", "b", "c"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-throttled"}, {"itemIdentifier": "id-bug"}]}


class Silent:
    def delay_redelivery(self, seconds_by_handle: Mapping[str, int]) -> None:
        pass


def test_retries_store_the_records_under_the_same_names() -> None:
    """Every delivery of a batch, of whatever function, gives the same items under the same keys."""
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", text_lines(3)), in_time())
    (message,) = (sent for sent in pipeline.batch_queue.messages)
    pipeline.worker.handle(message.body, in_time())
    whole = stored_in(pipeline)
    other = Pipeline(LIMITS)
    for _ in range(3):
        other.worker.handle(message.body, in_time())
    assert (other.records.items, other.results.objects) == (pipeline.records.items, pipeline.results.objects)
    assert len(whole) == 3


def test_the_space_of_ids_is_large_and_its_parts_are_apart() -> None:
    """130 bits, and the parts of an identity cannot be taken for one another."""
    parts = [("a", "bc", "d"), ("ab", "c", "d"), ("a", "b", "cd"), ("a", "bcd", ""), ("a", "b", "c")]
    ids = {ObjectVersion(bucket, key, version or None, "e").file_id for bucket, key, version in parts}
    assert len(ids) == len(parts)
    assert all(len(each) == 26 and each.isalnum() and each.islower() for each in ids)


def test_a_file_longer_than_an_invocation_is_continued() -> None:
    """When the time is nearly up the rest is queued, from the border that was reached."""
    pipeline = Pipeline(LIMITS)
    announced = pipeline.objects.add("a.gz", zipped(text_lines(200)))
    pipeline.splitter.ingest(announced, in_time(4.0))
    assert states(pipeline) == [State.SPLITTING]
    while pipeline.split_queue.messages:
        message = decode(pipeline.split_queue.messages.pop().body)
        assert not isinstance(message, BatchMessage)
        pipeline.splitter.cut(message, in_time(4.0))
    run_all(pipeline)
    assert states(pipeline) == [State.COMPLETE]
    assert len(stored_in(pipeline)) == 200


def test_a_line_of_400_kb_does_not_exhaust_the_memory() -> None:
    """It is a reject with its head and its full length."""
    seen = read(text_lines(2) + b"w" * 400_000 + b"\n" + text_lines(2))
    assert [(each.length, len(each.raw)) for each in seen.outcomes if each.length > 100] == [(400_001, 4096)]


@pytest.mark.parametrize("name", ["zero-byte.gz", "empty.log", "nothing-in-it.gz"])
def test_an_empty_object_is_complete(name: str) -> None:
    """It is COMPLETE with nothing in it, and no message of it is left."""
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest(pipeline.objects.add(name, made(name).data), in_time())
    assert run_all(pipeline) <= 1
    assert states(pipeline) == [State.COMPLETE]
    assert not pipeline.records.items


def test_the_test_event_of_s3_is_ignored() -> None:
    """It is ignored, directly and in a message."""
    event = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-03-01T12:00:00Z",
        "Bucket": BUCKET,
    }
    for announced in (announced_in(event), announced_in_body(orjson.dumps(event).decode())):
        assert [type(each) for each in announced] == [Ignored]
        Pipeline(LIMITS).splitter.ingest_each(announced, in_time())


def test_a_deleted_object_is_not_tried_for_ever() -> None:
    """The file is FAILED once, says why, and further notifications change nothing."""
    pipeline = Pipeline(LIMITS)
    announced = announced_in({"Records": [s3_record("gone.log")]})
    for _ in range(3):
        pipeline.splitter.ingest_each(announced, in_time())
    (file,) = pipeline.table.files.values()
    assert file.account.state is State.FAILED
    assert file.account.reason == "the object was deleted before it could be read"
    assert not pipeline.split_queue.messages
    assert not pipeline.batch_queue.messages


@pytest.mark.parametrize(
    "key",
    [
        "plain.log",
        "a\x01b\x1f.log",
        "日本語 \U0001f600.log",
        "del\x7f\x85.log",
        "not a character \uffff\ufffe.log",
    ],
)
def test_an_illegal_character_does_not_make_the_queue_refuse_a_message(key: str) -> None:
    """Whatever bytes the log and the key hold, the message consists of characters that SQS takes."""
    data = bytes(range(256)) * 4 + "\uffff\ufffe\U0001ffff".encode()
    pipeline = Pipeline(Limits())
    pipeline.splitter.ingest(pipeline.objects.add(key, text_lines(200) + data), in_time())
    sent = [message.body for message in (*pipeline.split_queue.messages, *pipeline.batch_queue.messages)]
    assert len(sent) == 2
    illegal = [c for c in "".join(sent) if not any(low <= ord(c) <= high for low, high in QUEUE_ALLOWS)]
    assert not illegal


@pytest.mark.parametrize("key", ["a.log", "k" * 1024, "\x01" * 1024, "😀" * 256])
def test_no_payload_is_over_the_limit_of_the_queue(key: str) -> None:
    """A full batch of incompressible text, under the longest key, fits a message."""
    random = Random(1)
    lines = (random.randbytes(998).replace(b"\n", b"x") + b"\n" for _ in range(3000))
    data = text_lines(1600) + b"".join(lines)
    head = ObjectHead(ObjectVersion("b" * 63, key, "v" * 100, "e" * 40), len(data), "", WHEN)
    plan = make_plan(head, opener(data, 65_536), Limits())
    assert not plan.failure
    cutter = Cutter(plan.text(opener(data, 65_536)), plan.framing, plan.limits, 0, aligned=True)
    messages = [encode_batch(batch_message(plan, batch, trace="t" * 100)) for batch in cutter.cut(0)]
    assert len(messages) > 3
    assert 950_000 < max(len(message.encode()) for message in messages) <= GROUP_MAX_BYTES

    class Queue:
        def send_group(self, group: Sequence[Outgoing], deadline: Deadline) -> None:
            assert len(group) <= 10
            assert sum(len(each.body.encode()) for each in group) <= GROUP_MAX_BYTES

    sender = Sender(Queue(), in_time())
    for message in messages:
        sender.add(Outgoing(message))
    sender.flush()


def test_gzip_in_gzip_is_read() -> None:
    """It is said to be no text, not stored as a million fragments."""
    seen = read(gzip.compress(gzip.compress(Random(2).randbytes(30_000))))
    assert seen.account.state is State.FAILED
    assert "not text" in (seen.account.reason or "")


@pytest.mark.parametrize("packed", [lzma.compress(text_lines(900))])
def test_another_compression_is_not_stored_as_text(packed: bytes) -> None:
    """It is read, and gives what is in it."""
    assert read(packed).records == read(text_lines(900)).records


def test_objects_on_one_line_without_a_line_end_are_kept() -> None:
    """Two objects on a line are no JSON line: the line is kept whole as a reject."""
    data = json_lines(10) + b'{"a":1}{"b":2}\n' + json_lines(10)
    seen = read(data)
    assert [each.raw for each in seen.outcomes if each.length < 20] == [b'{"a":1}{"b":2}\n']
    assert len(seen.records) == 20


def test_bytes_that_are_not_utf_8_neither_stop_the_file_nor_vanish() -> None:
    """Their line is a record that says so, and its bytes are found again."""
    data = text_lines(3) + b"caf\xe9 \xff\xfe\n" + text_lines(3)
    seen = read(data)
    assert [each.replaced for each in seen.outcomes] == [False] * 3 + [True] + [False] * 3
    assert seen.bodies[3] == "caf\ufffd \ufffd\ufffd"


def test_the_account_says_whether_a_file_was_read() -> None:
    """At any moment what is cut is what is done and what is pending, to the byte."""
    pipeline = Pipeline(LIMITS)
    data = text_lines(100)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", data), in_time())
    done = -1
    while pipeline.batch_queue.messages or pipeline.split_queue.messages:
        queue = pipeline.batch_queue if pipeline.batch_queue.messages else pipeline.split_queue
        body = queue.messages.pop().body
        if isinstance(message := decode(body), BatchMessage):
            pipeline.worker.handle(body, in_time())
        else:
            pipeline.splitter.cut(message, in_time())
        stored = pipeline.ledger.read_file(file_id)
        assert stored
        account = pipeline.ledger.read_account(stored)
        parsed = account.summary.counts.parsed.bytes
        assert account.cut.bytes == parsed + account.pending.bytes
        assert parsed >= done
        done = parsed
    assert done == len(data)
