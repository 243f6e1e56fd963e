"""Every item is written: what comes back unprocessed or throttled is sent again while there is time."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib import metrics
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.core.errors import OutOfTimeError, TransientError, UnwrittenError
from chalicelib.core.records import Outcome, Record, Reject, item_of, segments, sort_key
from chalicelib.core.records.segments import Packed, Packer, entries_of, last_key
from chalicelib.core.records.storable import ItemEncoder
from tests.fakes import FakeMeter, in_time
from tests.layouts import entries_in

RECORD = Record("2026-03-01T10:00:00Z", None, "WARN", 13, "héllo \0", {"n": 1.5, "l": [True, None, {"a": 1}]})


def items(count: int) -> list[bytes]:
    return [json.dumps(item).encode() for item in plain_items(count)]


def plain_items(count: int) -> list[dict[str, Any]]:
    return [
        item_of(
            Outcome(n * 10, 10, 1, b"\xffraw\n", Reject("invalid-json") if n % 3 else RECORD, replaced=True),
            file_id="f" * 26,
            batch_id="f-000000-000000",
            format_name="json",
            shards=1,
            expires_at=None,
        )
        for n in range(count)
    ]


def stored(dynamodb: Any) -> list[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName="records")
    return sorted((item for page in pages for item in page["Items"]), key=lambda item: item["sk"]["S"])


class Answers:
    """Answers requests in the place of DynamoDB until its answers run out."""

    def __init__(self, client: Any, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []
        client.meta.events.register_first("before-send.dynamodb.BatchWriteItem", self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        body = json.loads(request.body)
        self.requests.append(body)
        if not self.answers:
            return None
        answer = self.answers.pop(0)
        status, text = answer(body) if callable(answer) else answer
        raw = json.dumps(text).encode()
        response = AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.0"}, None)
        response._content = raw
        return response


def unprocessed(count: int) -> Any:
    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        (requests,) = body["RequestItems"].values()
        return 200, {"UnprocessedItems": {"records": requests[:count]}}

    return answer


THROTTLED = (400, {"__type": "com.amazonaws#ProvisionedThroughputExceededException", "message": "slow down"})


def test_strays_of_a_batch_are_removed_from_every_shard_and_nothing_else(dynamodb) -> None:
    records = DynamoRecords(dynamodb, "records", threads=2)
    records.put(items(60), in_time())
    other = [dict(item) for item in plain_items(60)]
    for shard, item in enumerate(other):
        item |= {"pk": {"S": f"{'f' * 26}#{shard % 7 + 1:02x}"}, "batch_id": {"S": "f-000000-000001"}}
    records.put([json.dumps(item).encode() for item in other], in_time())
    before = stored(dynamodb)
    assert records.remove_strays("f" * 26, "f-000000-000000", (100, 600), items(20), in_time()) == 40
    assert len(stored(dynamodb)) == len(before) - 40
    assert records.remove_strays("f" * 26, "f-000000-000001", (0, 300), [], in_time()) == 30
    assert records.remove_strays("f" * 26, "f-000000-000001", (0, 300), [], in_time()) == 0
    left = {item["sk"]["S"] for item in stored(dynamodb) if item["batch_id"]["S"] == "f-000000-000000"}
    assert left == {f"{n * 10:016d}" for n in range(20)}


def test_every_item_is_written_as_it_is(dynamodb) -> None:
    expected = items(60)
    DynamoRecords(dynamodb, "records", threads=1).put(expected, in_time())
    actual = stored(dynamodb)
    assert len(actual) == 60
    assert actual[0]["attributes"]["M"]["l"]["L"] == [
        {"BOOL": True},
        {"NULL": True},
        {"M": {"a": {"N": "1"}}},
    ]
    assert actual[0]["body"] == {"S": "héllo \0"}
    assert actual[1]["raw"] == {"B": b"\xffraw\n"}


def test_unprocessed_items_are_sent_again_as_they_were(dynamodb) -> None:
    answers = Answers(dynamodb, unprocessed(25), unprocessed(25))
    DynamoRecords(dynamodb, "records", threads=1).put(items(25), in_time())
    assert len(answers.requests) == 3
    assert answers.requests[0] == answers.requests[1] == answers.requests[2]
    assert len(stored(dynamodb)) == 25


def test_throttling_is_waited_out(dynamodb) -> None:
    answers = Answers(dynamodb, THROTTLED, THROTTLED)
    DynamoRecords(dynamodb, "records", threads=1).put(items(5), in_time())
    assert len(answers.requests) == 3
    assert len(stored(dynamodb)) == 5


def test_throttling_to_the_end_of_the_time_is_no_silent_loss(dynamodb) -> None:
    Answers(dynamodb, *[THROTTLED] * 100)
    with pytest.raises(OutOfTimeError, match="records did not take 5 items"):
        DynamoRecords(dynamodb, "records", threads=1).put(items(5), in_time(1.2))


def test_a_table_that_is_gone_is_a_failure_that_may_pass(dynamodb) -> None:
    with pytest.raises(TransientError, match="writing to absent"):
        DynamoRecords(dynamodb, "absent", threads=1).put(items(5), in_time())


def test_requests_hold_at_most_25_items_and_16_mb(dynamodb) -> None:
    answers = Answers(dynamodb)
    large = [json.dumps({**item, "body": {"S": "x" * 390_000}}).encode() for item in plain_items(50)]
    answers.answers = [(200, {})] * 100
    DynamoRecords(dynamodb, "records", threads=1).put(large, in_time())
    sizes = [len(next(iter(body["RequestItems"].values()))) for body in answers.requests]
    assert sum(sizes) == 50
    assert max(sizes) <= 25
    assert max(len(json.dumps(body)) for body in answers.requests[:1]) < 16 << 20


def consumed(units: float, **more: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"ConsumedCapacity": [{"TableName": "records", "CapacityUnits": units}], **more}


def measured(meter: FakeMeter) -> tuple[float, ...]:
    return tuple(
        meter.sum(name) for name in (metrics.WRITE_UNITS, metrics.WRITE_RETRIES, metrics.WRITE_THROTTLES)
    )


def test_units_are_those_that_dynamodb_counts_over_all_requests(dynamodb) -> None:
    answers = Answers(dynamodb, consumed(25), consumed(41), consumed(7))
    meter = FakeMeter()
    DynamoRecords(dynamodb, "records", threads=2, meter=meter).put(items(60), in_time())
    assert {body["ReturnConsumedCapacity"] for body in answers.requests} == {"TOTAL"}
    assert measured(meter) == (73, 0, 0)
    assert [len(values) for values in meter.values.values()] == [1, 1, 1], "once a batch"


def test_a_batch_tells_the_units_that_it_took(dynamodb) -> None:
    Answers(dynamodb, consumed(25), consumed(41), consumed(7))
    assert DynamoRecords(dynamodb, "records", threads=1).put(items(60), in_time(), first=25) == 73


def test_units_that_no_answer_tells_are_a_started_kilobyte_each(dynamodb) -> None:
    left = {"UnprocessedItems": {"records": [{"PutRequest": {"Item": plain_items(1)[0]}}]}}
    Answers(dynamodb, (200, left), (200, {}))
    large = json.dumps({**plain_items(5)[4], "body": {"S": "x" * 2000}}).encode()
    assert DynamoRecords(dynamodb, "records", threads=1).put([*items(4), large], in_time()) == 4 + 3


def test_what_comes_back_counts_as_throttled_and_what_is_sent_again_as_a_retry(dynamodb) -> None:
    left = {"UnprocessedItems": {"records": [{"PutRequest": {"Item": plain_items(1)[0]}}]}}
    Answers(dynamodb, consumed(24, **left), THROTTLED, consumed(1))
    meter = FakeMeter()
    DynamoRecords(dynamodb, "records", threads=1, meter=meter).put(items(25), in_time())
    units, retries, throttles = measured(meter)
    assert (units, throttles) == (25, 2)
    assert retries >= 2, "those of botocore count too"


def test_what_was_written_before_a_failure_is_measured(dynamodb) -> None:
    Answers(dynamodb, consumed(25), *[THROTTLED] * 100)
    meter = FakeMeter()
    with pytest.raises(OutOfTimeError):
        DynamoRecords(dynamodb, "records", threads=1, meter=meter).put(items(50), in_time(1.2))
    units, _, throttles = measured(meter)
    assert units == 25
    assert throttles >= 1


def test_time_that_runs_out_says_what_is_not_written(dynamodb) -> None:
    """The first request goes through, the second is refused until the time is up."""
    records = DynamoRecords(dynamodb, "records", 1)
    throttled = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"})

    def written(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"ConsumedCapacity": [{"CapacityUnits": 25.0}]}

    Answers(dynamodb, written, *[throttled] * 500)
    with pytest.raises(UnwrittenError) as unwritten:
        records.put(items(60), in_time(2))
    assert unwritten.value.unwritten == [(25, 60)]


def test_what_a_request_took_of_its_items_counts_as_written(dynamodb) -> None:
    """AWS gives back any of them, in any order."""
    records = DynamoRecords(dynamodb, "records", 1)
    throttled = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"})

    def half(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        puts = body["RequestItems"]["records"]
        return 200, {"UnprocessedItems": {"records": [*puts[20:], *puts[3:5]][::-1]}}

    Answers(dynamodb, half, *[throttled] * 500)
    with pytest.raises(UnwrittenError) as unwritten:
        records.put(items(30), in_time(2))
    assert unwritten.value.unwritten == [(3, 5), (20, 30)]


def test_items_of_a_stretch_are_counted_in_every_partition_where_they_may_lie(dynamodb) -> None:
    records = DynamoRecords(dynamodb, "records", 1)
    mib = 1024 * 1024
    for offset in (0, mib - 1, mib, 2 * mib - 1, 2 * mib, 3 * mib + 5):
        outcome = Outcome(offset, 1, 1, b"x", RECORD, replaced=False)
        named = {"file_id": "f" * 26, "batch_id": "b", "format_name": "json", "shards": 2, "expires_at": None}
        dynamodb.put_item(TableName="records", Item=item_of(outcome, **named))
    assert records.count("f" * 26, 2, 0, 4 * mib) == 6
    assert records.count("f" * 26, 2, mib - 1, 2 * mib) == 3
    assert records.count("f" * 26, 2, 5, 6) == 0
    assert records.count("g" * 26, 2, 0, 4 * mib) == 0


def packed(large: bool = False) -> Packed:
    """Three segments in two partitions; if large, with continuations."""
    about: Any = {"file_id": "f" * 26, "batch_id": "f-000000-000000", "format_name": "json", "shards": 2}
    packer, encode = Packer(**about, expires_at=None), ItemEncoder(**about, expires_at=None)
    for number in range(30):
        raw = random.Random(number).randbytes(90_000 if large else 9)
        outcome = Outcome(number * 100_000, 90_000, 1, raw, Reject("invalid-json"), replaced=True)
        packer.add(*encode(outcome))
    return packer.packed()


@pytest.fixture(autouse=True)
def _as_moto_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Binary values by their base64."""
    monkeypatch.setattr(segments, "_ITEM_BYTES", 300_000)


@pytest.mark.parametrize("large", [False, True])
def test_segments_are_written_counted_and_read_back(dynamodb, large) -> None:
    records, pack = DynamoRecords(dynamodb, "records", threads=1), packed(large)
    records.put(pack.items, in_time(), pack.first)
    mib = 1024 * 1024
    assert len(stored(dynamodb)) == len(pack.items) == (11 if large else 3)
    assert records.count("f" * 26, 2, 0, 3_000_000) == len(pack.items)
    assert records.count("f" * 26, 2, 0, 1) == (4 if large else 1), (
        "continuations count where their head begins"
    )
    read = []
    for partition, begin in (("f" * 26 + "#00", 0), ("f" * 26 + "#01", mib), ("f" * 26 + "#00", 2 * mib)):
        page = records.segments(partition, sort_key(begin), last_key(begin + mib - 1))
        heads = list(page.segments)
        while page.reached:
            page = records.segments(partition, page.reached + "~", last_key(begin + mib - 1))
            heads += page.segments
        read += [entry for each in heads for entry in entries_of(each, records.continuations(each))]
    assert [int(entry["offset"]["N"]) for entry in read] == [number * 100_000 for number in range(30)]
    assert read == list(entries_in(map(json.loads, pack.items)).values())


def test_a_continuation_that_is_not_there_is_told_from_one_that_is(dynamodb) -> None:
    records, pack = DynamoRecords(dynamodb, "records", threads=1), packed(large=True)
    records.put(pack.items[1:], in_time(), pack.first - 1)
    (segment,) = records.segments("f" * 26 + "#00", sort_key(0), last_key(9)).segments
    missing, *there = records.continuations(segment)
    assert missing is None
    assert all(there)


def test_no_head_is_written_before_all_continuations_are(dynamodb) -> None:
    """Though several threads write: nothing of the heads is sent while a continuation is not taken."""
    records, pack = DynamoRecords(dynamodb, "records", threads=4), packed(large=True)
    throttled = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"})
    answers = Answers(dynamodb, *[throttled] * 500)
    with pytest.raises(UnwrittenError) as unwritten:
        records.put(pack.items, in_time(1.5), pack.first)
    assert unwritten.value.unwritten == [(0, len(pack.items))]
    sent = [
        put["PutRequest"]["Item"]["sk"]["S"]
        for each in answers.requests
        for put in each["RequestItems"]["records"]
    ]
    assert sent
    assert all("#" in sk for sk in sent)


@pytest.mark.parametrize("large", [False, True])
def test_strays_of_a_batch_go_with_their_continuations(dynamodb, large) -> None:
    records, pack = DynamoRecords(dynamodb, "records", threads=1), packed(large)
    records.put(pack.items, in_time(), pack.first)
    own = [item for item in pack.items if not json.loads(item)["sk"]["S"].startswith(sort_key(1_100_000))]
    gone = len(pack.items) - len(own)
    assert records.remove_strays("f" * 26, "f-000000-000000", (0, 3_000_000), own, in_time()) == gone
    assert len(stored(dynamodb)) == len(own)
    assert records.remove_strays("f" * 26, "another", (0, 3_000_000), [], in_time()) == 0
    assert records.remove_strays("f" * 26, "f-000000-000000", (0, 1), [], in_time()) == (4 if large else 1)
