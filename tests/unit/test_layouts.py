"""Files of both layouts in one table: each is read, repeated and resumed as it was opened, and answers the same."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import handlers
from chalicelib.core.errors import (
    AccessDeniedError,
    OutOfTimeError,
    PermanentError,
    TransientError,
    UnwrittenError,
)
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.used import MARK_UNITS
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.reading import Reading
from chalicelib.core.records import SHARD_STRIDE_BYTES, Skip, item_of, record_key
from chalicelib.core.records.segments import SegmentError
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.dead_letters.office import Pace
from chalicelib.dead_letters.selection import Selection
from chalicelib.dead_letters.status import letter_json
from chalicelib.delivery import Deadline, Incoming, Outgoing
from chalicelib.status import Status
from tests import fakes
from tests.fakes import Crash, FakeRecords, Pipeline, in_time, opener
from tests.faults.inputs import INPUTS, BadInput
from tests.faults.test_messages import CONTEXT, Redeliveries, event_of, services_of
from tests.layouts import entries_in, stored_in
from tests.unit.test_dead_letter_office import with_dead
from tests.unit.test_deliveries import deliver
from tests.unit.test_status import FakeRecordsReader, everything, ingested

MIB = SHARD_STRIDE_BYTES
LARGE = Limits(batch_max_lines=5000, batch_max_bytes=700_000, entry_max_bytes=256 * 1024, split_bytes=3 << 20)


def noisy(size: int, seed: int) -> str:
    return base64.b64encode(random.Random(seed).randbytes(size)).decode()


def mixed_lines(count: int) -> Iterator[bytes]:
    """Records of every severity and time, rejects, blank lines, lines that hardly compress."""
    dice = random.Random(4)
    for number in range(count):
        kind = dice.random()
        if kind < 0.05:
            yield b"\n"
        elif kind < 0.1:
            yield b'{"broken ' + noisy(dice.randrange(3000), number).encode() + b"\n"
        else:
            fields: dict[str, Any] = {"msg": f"event {number}", "data": noisy(dice.randrange(800), number)}
            if kind > 0.2:
                fields["time"] = (
                    f"2026-02-01T{10 + number // 1000}:{number // 60 % 60:02d}:{number % 60:02d}.{number:09d}Z"
                )
            if kind > 0.3:
                fields["level"] = dice.choice(["debug", "info", "info", "warn", "error"])
            yield json.dumps(fields).encode() + b"\n"


TEXT = b"".join(mixed_lines(7000))


def stage(layout: Layout, text: bytes = TEXT, limits: Limits = LARGE) -> tuple[Pipeline, Status, str]:
    return ingested(text, limits, opened_in=layout)


@pytest.fixture(scope="module")
def both() -> dict[Layout, tuple[Pipeline, Status, str]]:
    return {layout: stage(layout) for layout in Layout}


def test_a_file_has_the_same_account_and_entries_in_every_layout(both: Any) -> None:
    assert len(TEXT) > 3 * MIB
    items, packed, parquet = (both[layout] for layout in Layout)
    answers = [{**status.file(file_id), "used": None} for _, status, file_id in (items, packed, parquet)]
    assert answers[0] == answers[1] == answers[2]
    assert stored_in(parquet[0]) == stored_in(items[0])
    assert not parquet[0].records.items
    assert len(parquet[0].results.objects) == answers[2]["batches"]
    entries = [stored_in(pipeline) for pipeline, _, _ in (items, packed)]
    assert entries[0] == entries[1]
    assert items[0].records.items == entries[0]
    assert len(packed[0].records.items) < len(entries[0]) / 300


@pytest.mark.parametrize(
    "bad", [bad for bad in INPUTS if len(bad.text or bad.data) < 50_000], ids=lambda bad: bad.name
)
def test_a_bad_file_has_the_same_account_and_entries_in_every_layout(bad: BadInput) -> None:
    read = [
        stage(layout, bad.data, replace(LARGE, entry_max_bytes=bad.limits.entry_max_bytes))
        for layout in Layout
    ]
    accounts = [{**status.file(file_id), "used": None} for _, status, file_id in read]
    assert accounts[0] == accounts[1] == accounts[2]
    entries = [stored_in(pipeline) for pipeline, _, _ in read]
    assert entries[0] == entries[1] == entries[2]
    assert_as_reading_says(read[0][0], entries[0])


def assert_as_reading_says(pipeline: Pipeline, entries: dict[tuple[str, str], Any]) -> None:
    """Every field of what is stored of the file, and its account, are what `froe parse` makes of it."""
    (file,) = pipeline.table.files.values()
    plan = file.plan
    reading = Reading(plan.head, opener(pipeline.objects.stored["a.log", "v1"], 1000), limits=plan.limits)
    expected = {}
    for outcome in reading:
        if not isinstance(outcome.result, Skip):
            key = record_key(plan.file_id, plan.shards, outcome.offset)
            expected[key] = item_of(
                outcome,
                file_id=plan.file_id,
                batch_id=entries[key]["batch_id"]["S"],
                format_name=plan.format,
                shards=plan.shards,
                expires_at=None,
            )
    assert entries == expected
    assert (file.account.state, file.account.reason) == (reading.account.state, reading.account.reason)


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"severity": "error"},
    {"severity": "fatal"},
    {"from_": "2026-02-01T12:00:00Z"},
    {"to": "2026-02-01T10:00:30.000000030Z"},
    {"from_": "2026-02-01T11:10:00Z", "to": "2026-02-01T11:12:00.5Z", "severity": "warn"},
    {"from_": "2027-01-01T00:00:00Z"},
    {"to": "2020-01-01T00:00:00Z"},
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_records_are_the_same_from_every_layout(both: Any, question: dict[str, Any]) -> None:
    limit = 149 if question else 1000
    answers = [
        everything(
            lambda file=file, status=status, **page: status.records(file, limit=limit, **page), **question
        )
        for _, status, file in both.values()
    ]
    assert answers[0] == answers[1]


def test_rejects_are_the_same_from_both_layouts(both: Any) -> None:
    answers = [
        everything(lambda file=file, status=status, **page: status.rejects(file, limit=11, **page))
        for _, status, file in both.values()
    ]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 100


def test_a_cursor_may_lie_anywhere(both: Any) -> None:
    for offset in (
        0,
        1,
        MIB - 1,
        MIB,
        MIB + 1,
        699_999,
        700_001,
        2 * MIB + 77_777,
        len(TEXT) - 1,
        len(TEXT) + 5,
    ):
        for ask in ("records", "rejects"):
            pages = [
                getattr(status, ask)(name, limit=3, cursor=str(offset)) for _, status, name in both.values()
            ]
            assert pages[0]["items"] == pages[1]["items"] == pages[2]["items"]
            assert all(each["offset"] >= offset for each in pages[1]["items"])


@pytest.mark.parametrize("question", [{"severity": "fatal"}, {"from_": "2027-01-01T00:00:00Z"}])
def test_segments_that_hold_nothing_wanted_are_not_unpacked(
    both: Any, question: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, status, file_id = both[Layout.PACKED]
    monkeypatch.setattr("chalicelib.record_pages.entries_of", None)
    assert status.records(file_id, **question) == {"items": [], "cursor": None}
    with pytest.raises(TypeError):
        status.records(file_id)


def test_a_page_looks_at_a_bounded_number_of_entries() -> None:
    """Nothing is wanted of many segments that may hold something: the page ends, and the next goes on."""
    line = b'{"time":"2026-02-01T10:00:0%dZ","level":"info","msg":"m"}\n'
    text = b"".join((line % 1) * 2000 + line % 9 + (line % 1) * 1999 for _ in range(40))
    _, status, file_id = stage(Layout.PACKED, text)
    between = {"from_": "2026-02-01T10:00:03Z", "to": "2026-02-01T10:00:04Z"}
    cursor, pages = None, 0
    while True:
        page = status.records(file_id, **between, cursor=cursor)
        assert not page["items"]
        pages += 1
        if page["cursor"] is None:
            break
        assert cursor is None or int(page["cursor"]) > int(cursor)
        cursor = page["cursor"]
    assert 1 < pages < 20


def test_a_segment_over_400_kb_is_read_page_by_page() -> None:
    """Rejects that do not compress, each as large as an entry may be, and records of that size."""
    lines = [b'{"broken' + noisy(190_000, number).encode() + b"\n" for number in range(6)]
    lines += [b'{"msg":"' + noisy(190_000, number).encode() + b'"}\n' for number in range(6)]
    pipeline, packed, file_id = stage(Layout.PACKED, b"".join(lines))
    _, items, other = stage(Layout.ITEMS, b"".join(lines))
    assert any("#" in sk for _, sk in pipeline.records.items)
    for ask in ("rejects", "records"):
        answers = [
            everything(
                lambda status=status, name=name, ask=ask, **page: getattr(status, ask)(name, limit=4, **page)
            )
            for status, name in ((packed, file_id), (items, other))
        ]
        assert answers[0] == answers[1]
        assert len(answers[0]) == 6


def test_a_continuation_that_is_gone_is_an_error_and_never_fewer_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = b"".join(b'{"msg":"' + noisy(190_000, number).encode() + b'"}\n' for number in range(4))
    monkeypatch.setattr("chalicelib.core.records.segments._ITEM_BYTES", 50 * 1024)
    pipeline, status, file_id = stage(Layout.PACKED, lines)
    (gone, *_) = [key for key in pipeline.records.items if "#" in key[1]]
    del pipeline.records.items[gone]
    with pytest.raises(
        SegmentError, match=f"file {file_id} .* lacks its continuation .*`froe forget {file_id}`"
    ):
        everything(lambda **page: status.records(file_id, **page))


def test_a_stale_continuation_is_not_read() -> None:
    """What a head does not name is passed over, by whatever it was left behind."""
    pipeline, status, file_id = stage(Layout.PACKED, b'{"msg":"a"}\n')
    ((pk, sk),) = pipeline.records.items
    head = pipeline.records.items[pk, sk]
    stale = {"pk": {"S": pk}, "sk": {"S": f"{sk}#0001"}, "data": {"B": "Z2FyYmFnZQ=="}}
    pipeline.records.items[pk, f"{sk}#0001"] = stale | {
        "batch_id": head["batch_id"],
        "file_id": head["file_id"],
    }
    assert [item["body"] for item in status.records(file_id)["items"]] == ["a"]


class Slow(FakeRecords):
    """Writes so many items in one invocation, and keeps in which order."""

    room = 2

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__(pipeline.effects)
        self.order: list[str] = []

    def put(self, items: Any, deadline: Deadline, first: int = 0) -> int:
        units = super().put(items[: self.room], deadline, min(first, self.room))
        self.order += [json.loads(item)["sk"]["S"] for item in items[: self.room]]
        if len(items) > self.room:
            raise UnwrittenError("the table did not take them", [(self.room, len(items))], units)
        return units


@pytest.fixture
def packed_batch(monkeypatch: pytest.MonkeyPatch) -> tuple[Pipeline, str]:
    """A batch of two segments, each of several items, as they would be if DynamoDB took items of 50 KB."""
    monkeypatch.setattr("chalicelib.core.records.segments._ITEM_BYTES", 50 * 1024)
    lines = b"".join(b'{"broken' + noisy(50_000, number).encode() + b"\n" for number in range(24))
    pipeline = Pipeline(LARGE, layout=Layout.PACKED, piece_bytes=1 << 20)
    pipeline.splitter.ingest(pipeline.objects.add("a.jsonl", lines), in_time())
    return pipeline, pipeline.batch_queue.messages[1].body


def test_a_worker_that_ran_out_of_time_goes_on_and_writes_heads_last(
    packed_batch: tuple[Pipeline, str],
) -> None:
    pipeline, body = packed_batch
    pipeline.records = slow = Slow(pipeline)
    pipeline.worker._records = slow
    progress, invocations = "", 1
    while True:
        try:
            pipeline.worker.handle(body, in_time(), progress=progress)
            break
        except OutOfTimeError as error:
            progress, invocations = error.progress, invocations + 1
    assert invocations > 2
    assert len(slow.order) == len(set(slow.order)) == len(slow.items), "nothing is written twice"
    is_head = ["#" not in sk for sk in slow.order]
    assert is_head == sorted(is_head)
    assert sum(is_head) == 2
    message = decode(body)
    assert isinstance(message, BatchMessage)
    assert len(entries_in(slow.items)) == message.lines


def test_a_death_between_a_continuation_and_its_head_shows_nothing_of_the_segment(
    packed_batch: tuple[Pipeline, str],
) -> None:
    pipeline, body = packed_batch
    effects, (file_id,) = pipeline.effects, pipeline.table.files
    effects.crash_at, effects.after = effects.count + 1, True
    with pytest.raises(Crash):
        pipeline.worker.handle(body, in_time())
    effects.crash_at = None
    status = Status(pipeline.ledger, FakeRecordsReader(pipeline.records.items))
    assert pipeline.records.items
    assert not stored_in(pipeline)
    assert status.rejects(file_id) == {"items": [], "cursor": None}
    pipeline.worker.handle(body, in_time())
    message = decode(body)
    assert isinstance(message, BatchMessage)
    assert len(everything(lambda **page: status.rejects(file_id, **page))) == message.lines


def test_a_file_keeps_its_layout_when_that_of_the_stage_changes() -> None:
    pipeline = Pipeline(Limits(batch_max_lines=3, split_bytes=50))
    text = b'{"msg":"x"}\n' * 20
    first = pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    pipeline.layout = Layout.PACKED
    pipeline.set_limits(Limits(batch_max_lines=3, split_bytes=50))
    second = pipeline.splitter.ingest(pipeline.objects.add("b.log", text), in_time())
    for queue in (pipeline.split_queue, pipeline.batch_queue):
        while queue.messages:
            deliver(pipeline, queue.messages.pop(0).body)
    kinds = {
        name: {item["kind"]["S"] for item in pipeline.records.items.values() if item["file_id"]["S"] == name}
        for name in (first, second)
    }
    assert kinds == {first: {"record"}, second: {"segment"}}
    assert {file.account.state for file in pipeline.table.files.values()} == {State.COMPLETE}
    status = Status(pipeline.ledger, FakeRecordsReader(pipeline.records.items))
    answers = [
        [
            {**item, "file_id": "", "batch_id": ""}
            for item in everything(lambda name=name, **page: status.records(name, **page))
        ]
        for name in (first, second)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(("first", "then"), [(Layout.ITEMS, Layout.PACKED), (Layout.PACKED, Layout.ITEMS)])
def test_what_is_redriven_after_the_stage_has_changed_keeps_its_layout(
    monkeypatch: pytest.MonkeyPatch, first: Layout, then: Layout
) -> None:
    monkeypatch.setattr(fakes, "LAYOUT", first)
    pipeline = with_dead(8)
    pipeline.layout = then
    pipeline.set_limits(Limits(batch_max_lines=7))
    assert pipeline.office.redrive(Selection(), in_time(), Pace(1e9)).changed == 8
    pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\n"), in_time())
    for queue in (pipeline.split_queue, pipeline.batch_queue):
        while queue.messages:
            deliver(pipeline, queue.messages.pop(0).body)
    kinds = {item["kind"]["S"] for item in pipeline.records.items.values()}
    assert kinds == {"record" if first is Layout.ITEMS else "segment"}
    (file,) = pipeline.table.files.values()
    assert (file.plan.layout, file.account.summary.counts.parsed.entries) == (first, 8)
    assert len(stored_in(pipeline)) == 8


def test_messages_and_plans_of_other_layouts_are_refused_by_code_that_does_not_know_them() -> None:
    sent = {}
    for layout in Layout:
        pipeline = Pipeline(Limits(), layout=layout)
        pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\n"), in_time())
        sent[layout] = pipeline.batch_queue.messages[0].body
        message = decode(sent[layout])
        assert isinstance(message, BatchMessage)
        assert message.layout is layout
    versions = {layout: json.loads(body)["v"] for layout, body in sent.items()}
    assert versions == {Layout.ITEMS: 1, Layout.PACKED: 4, Layout.NONE: 5}
    assert not json.loads(sent[Layout.ITEMS])["layout"]


class Denied:
    """A results bucket to which nothing may be written."""

    def put(self, key: str, data: bytes) -> None:
        raise AccessDeniedError(f"writing s3://results/{key}: denied")

    def get(self, key: str) -> bytes | None:
        return None


@pytest.mark.parametrize("layout", [Layout.ITEMS, Layout.PACKED, Layout.NONE])
def test_a_batch_is_done_when_every_destination_has_it(layout: Layout) -> None:
    """A sink that refuses is a reason to try again, and then of a dead letter; a redrive makes it whole."""
    text = b"".join(b'{"msg":"event %d"}\n' % number for number in range(20))
    calm, denied = (Pipeline(Limits(), layout=layout, sink=Sink.PARQUET) for _ in range(2))
    for pipeline in (calm, denied):
        pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    deliver(calm, calm.batch_queue.messages.pop().body)
    message = denied.batch_queue.messages.pop()
    denied.worker._results = Denied()
    with pytest.raises(AccessDeniedError, match="s3://results/batches/format=json/date="):
        denied.worker.handle(message.body, in_time())
    assert [file.account.state for file in denied.table.files.values()] == [State.PROCESSING]
    denied.dead_letter_consumer.take(Incoming("m", "r", message.body, 3))
    assert [file.account.state for file in denied.table.files.values()] == [State.INCOMPLETE]
    denied.worker._results = denied.results
    assert denied.office.redrive(Selection(), in_time(), Pace(1e9)).changed == 1
    deliver(denied, denied.batch_queue.messages.pop().body)
    assert [file.account.state for file in denied.table.files.values()] == [State.COMPLETE]
    assert stored_in(denied) == stored_in(calm)
    assert denied.results.objects == calm.results.objects
    assert len(calm.results.objects) == 1


@pytest.mark.parametrize("layout", [Layout.ITEMS, Layout.PACKED])
@pytest.mark.parametrize("is_forgotten", [False, True])
def test_what_one_destination_has_is_not_written_there_again(layout: Layout, is_forgotten: bool) -> None:
    """By no receive behind the first, and by no redrive; unless it is gone meanwhile."""
    pipeline = Pipeline(Limits(), layout=layout, sink=Sink.PARQUET)
    text = b"".join(b'{"msg":"event %d"}\n' % number for number in range(20))
    pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    message = pipeline.batch_queue.messages.pop()
    pipeline.worker._records = counting = CountingRecords(pipeline.records)
    pipeline.worker._results = Denied()

    def receive(message: Outgoing, receives: int) -> Any:
        event = event_of(message.body, receives=receives)
        attributes = {name: {"stringValue": value} for name, value in message.attributes.items()}
        event["Records"][0] |= {"messageId": f"m{len(attributes)}", "messageAttributes": attributes}
        return handlers.on_batch_messages(services_of(pipeline, Redeliveries()), event, CONTEXT)

    for receives in (1, 2, 3):
        assert receive(message, receives)["batchItemFailures"]
    pipeline.dead_letter_consumer.take(Incoming("m0", "r", message.body, 4))
    (letter,) = pipeline.office.page(Selection(), limit=9).letters
    answer = letter_json(letter)
    assert (answer["code"], answer["written_to"]) == ("access-denied", ["table"])
    assert answer["reason"].startswith("the table has it, the sink lacks it: writing s3://results/")
    written = len(pipeline.records.items)
    if is_forgotten:
        pipeline.records.items.clear()
    pipeline.office.redrive(Selection(), in_time(), Pace(1e9))
    redriven = pipeline.batch_queue.messages.pop()
    assert receive(redriven, 1)["batchItemFailures"]
    pipeline.worker._results = pipeline.results
    assert receive(redriven, 2) == {"batchItemFailures": []}
    assert counting.written == written * (2 if is_forgotten else 1)
    (file,) = pipeline.table.files.values()
    assert file.account.state is State.COMPLETE
    assert file.account.used.write_units == counting.written + MARK_UNITS
    assert (len(pipeline.records.items), len(pipeline.results.objects)) == (written, 1)


class CountingRecords:
    """written: how many items, each time that they were."""

    def __init__(self, records: FakeRecords) -> None:
        self._records = records
        self.written = 0

    def put(self, items: Any, *arguments: Any) -> int:
        self.written += len(items)
        return self._records.put(items, *arguments)

    def count(self, *arguments: Any) -> int:
        return self._records.count(*arguments)

    def remove_strays(self, *arguments: Any) -> int:
        return self._records.remove_strays(*arguments)


def test_batches_that_earlier_versions_put_into_the_table_are_shown() -> None:
    pipeline, status, file_id = stage(Layout.NONE, text=b"".join(mixed_lines(30)))
    before = everything(lambda **page: status.records(file_id, **page))
    objects = pipeline.results.objects
    for key in list(objects):
        objects[key.replace("batches/", "records/")] = objects.pop(key)
    assert len(before) > 20
    assert everything(lambda **page: status.records(file_id, **page)) == before


def test_a_stage_without_a_results_bucket_says_what_it_lacks() -> None:
    """A file that was opened with a sink is cut and parsed after the setting was taken out."""
    pipeline = Pipeline(Limits(), layout=Layout.NONE)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", b'{"msg":"a"}\n'), in_time())
    pipeline.worker._results = None
    with pytest.raises(TransientError, match="RESULTS_BUCKET is missing: deploy with Sink=parquet"):
        pipeline.worker.handle(pipeline.batch_queue.messages[0].body, in_time())
    pipeline.worker._results = pipeline.results
    deliver(pipeline, pipeline.batch_queue.messages.pop().body)
    status = Status(pipeline.ledger, FakeRecordsReader({}))
    with pytest.raises(SegmentError, match="RESULTS_BUCKET is missing"):
        status.records(file_id)


def test_a_prefix_that_is_bound_to_none_needs_a_sink() -> None:
    pipeline = Pipeline(Limits(), layout=Layout.NONE, sink=Sink.NONE)
    with pytest.raises(PermanentError, match="bound to the layout none, and this stage has no sink"):
        pipeline.splitter.ingest(pipeline.objects.add("a.log", b"x\n"), in_time())
    assert not pipeline.table.files
