"""The members of an archive go through the pipeline each for itself, and the archive settles when all of them have."""

from __future__ import annotations

import gzip
from contextlib import suppress
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.archives.accounts import OF_MEMBERS
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State, account_of
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record, Reject
from chalicelib.delivery import Incoming
from chalicelib.ledger import StoredFile
from chalicelib.status import Status
from tests.fakes import Crash, Pipeline, in_time
from tests.tars import header, size_of, tar
from tests.unit.test_dead_letters import EVERYTHING, UNPACED
from tests.unit.test_deliveries import deliver, drain, run_in_order, run_quietly
from tests.unit.test_verifying import verdict_of
from tests.zips import zipped

LIMITS = Limits(batch_max_lines=5, batch_max_bytes=1200, entry_max_bytes=400, split_bytes=1500)
LINES = b"".join(b"2026-09-14T08:00:%02dZ INFO hello %d\n" % (n % 60, n) for n in range(30))
MEMBERS = [
    ("a.log", LINES * 2), ("a.log", LINES[:70]), ("empty", b""), ("core", bytes(range(256))), ("b.gz", gzip.compress(LINES, mtime=0)),
    ("c.log", ("\ufeff" + LINES.decode()).encode("utf-16-le")), ("in.tgz", gzip.compress(tar([("d.log", LINES)]), mtime=0)),
    ("last.log", LINES[:-1]),
]  # fmt: skip
WHOLE = tar(MEMBERS)
LYING = size_of(
    header("a.log", 70) + LINES[:70] + bytes(442) + header("b.log", 500) + LINES[:500] + bytes(12), 1024, 9999
)


def changed(data: bytes) -> bytes:
    """A zip whose directory gives another checksum for its first member."""
    place = data.index(b"PK\x01\x02") + 16
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def misplaced(data: bytes) -> bytes:
    """A zip whose directory gives a false size for one member, and for another one a false place."""
    for name, field, value in ((b"b.gz", 20, 10**6), (b"core", 42, 60)):
        place = data.rindex(name) - 46 + field
        data = data[:place] + value.to_bytes(4, "little") + data[place + 4 :]
    return data


FORMS = {
    "tar": WHOLE, "tar.gz": gzip.compress(WHOLE, mtime=0), "cut.tar": WHOLE[:9000], "cut.tgz": gzip.compress(WHOLE, mtime=0)[:-300],
    "zip.gz": gzip.compress(zipped(MEMBERS), mtime=0), "cut.zip": zipped(MEMBERS, streamed=True)[:1100], "changed.zip": changed(zipped(MEMBERS)),
    "misplaced.zip": misplaced(zipped(MEMBERS)), "zip": zipped(MEMBERS), "stored.zip": zipped(MEMBERS, 0), "lying": LYING, "lying.gz": gzip.compress(LYING, mtime=0),
}  # fmt: skip

TWO = [("a.log", LINES[:700]), ("b.log", LINES)]
ENDING_WITHIN = {
    "tar": tar(TWO)[:2800], "tgz": gzip.compress(tar(TWO), mtime=0)[:-60], "zip": zipped(TWO, 0)[:1300], "deflate.zip": zipped(TWO)[:300],
    "zip.gz": gzip.compress(zipped(TWO, 0), mtime=0)[:-90], "header alone": tar(TWO)[:1536 + 512], "claiming.tar": size_of(tar(TWO), 1536, 10**6),
    "claiming.tgz": gzip.compress(size_of(tar(TWO), 1536, 10**6)), "core.tgz": gzip.compress(tar([*TWO[:1], ("core", bytes(range(256)) * 9)])[:3000]),
    "nested.tgz": gzip.compress(tar([("in.tar", tar(TWO))])[:2900]), "nested.tar": tar([("in.tar", tar(TWO))])[:2900],
}  # fmt: skip


def poured(data: bytes) -> Pipeline:
    pipeline = Pipeline(LIMITS, piece_bytes=100)
    run_quietly(pipeline, pipeline.objects.add("a", data))
    return pipeline


def files_of(pipeline: Pipeline) -> dict[str, StoredFile]:
    return pipeline.table.files


def archive_in(pipeline: Pipeline) -> StoredFile:
    (archive,) = (file for file in files_of(pipeline).values() if file.plan.object.member is None)
    return archive


@pytest.mark.parametrize("form", ENDING_WITHIN)
@pytest.mark.parametrize("last_first", [False, True])
def test_an_archive_that_ends_within_a_member_waits_for_it_too(form: str, last_first: bool) -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=100)
    archive_id = pipeline.splitter.ingest(pipeline.objects.add("a", ENDING_WITHIN[form]), in_time())
    while queue := pipeline.split_queue.messages or pipeline.batch_queue.messages:
        deliver(pipeline, queue.pop(-1 if last_first else 0).body)
        members = [file for file in files_of(pipeline).values() if file.plan.object.member]
        assert len({file.account.state.settled for file in members} - {True}) <= (
            not files_of(pipeline)[archive_id].account.state.settled
        )
    archive = files_of(pipeline)[archive_id]
    account = archive.account
    listed = [
        each for split in range(account.splits) for each in pipeline.ledger.read_members(archive_id, split)
    ]
    assert account.state is State.DAMAGED
    assert len(listed) == account.batches - account.splits == (1 if "nested" in form else 2)
    assert account.summary.counts.total.bytes == account.text_bytes
    counted = pipeline.ledger.read_account(archive).summary.counts.skipped
    of_members = sum((counted.get(reason, Tally()) for reason in OF_MEMBERS), Tally())
    assert of_members.entries == len(listed)
    assert len(files_of(pipeline)) > len(listed)
    for file in files_of(pipeline).values():
        verdict = verdict_of(pipeline, file.plan.file_id)
        assert verdict.number == 0, verdict.differences
        assert verdict.result == ("unproved" if file.plan.failure else "proved")


@pytest.mark.parametrize("form", ["tar", "tgz"])
def test_an_archive_that_ends_within_a_member_waits_for_its_redrive(form: str) -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    archive_id = pipeline.splitter.ingest(pipeline.objects.add("a", ENDING_WITHIN[form]), in_time())
    while pipeline.split_queue.messages:
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    dead = pipeline.batch_queue.messages.pop().body
    drain(pipeline, Random(1), repeats=0)
    assert files_of(pipeline)[archive_id].account.state is State.PROCESSING
    pipeline.dead_letter_consumer.take(Incoming("dead", "r", dead, 10))
    archive = files_of(pipeline)[archive_id]
    assert archive.account.state is State.INCOMPLETE
    assert archive.account.summary.total.bytes == archive.account.text_bytes
    assert not verdict_of(pipeline, archive_id).number
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline, Random(1), repeats=0)
    assert pipeline.tables == poured(ENDING_WITHIN[form]).tables


@pytest.mark.parametrize("form", FORMS)
def test_the_pipeline_makes_of_an_archive_what_a_reading_makes_of_it(form: str) -> None:
    pipeline = poured(FORMS[form])
    head = archive_in(pipeline).plan.head
    read = Reading(head, pipeline.objects.opener(head), limits=LIMITS)
    seen = {}
    for reading in read.with_members():
        entries = [each for each in reading if isinstance(each.result, Record | Reject)]
        account = reading.account
        seen[reading.plan.file_id] = (
            account.state,
            account.reason,
            account.text_bytes,
            account.summary.counts,
            len(entries),
        )
    stored = {
        file.plan.file_id: (
            file.account.state,
            file.account.reason,
            file.account.text_bytes,
            file.account.summary.counts,
            sum(item["file_id"]["S"] == file.plan.file_id for item in pipeline.records.items.values()),
        )
        for file in files_of(pipeline).values()
    }
    assert stored == seen
    assert len(seen) > 2


@pytest.mark.parametrize(
    "form", ["tar", "tar.gz", "zip.gz", "cut.zip", "cut.tgz", "lying.gz", "misplaced.zip"]
)
def test_a_death_at_any_effect_leaves_the_tables_of_an_undisturbed_run(form: str) -> None:
    quiet = poured(FORMS[form])
    effects = quiet.effects.count
    assert effects > 30
    for place in Random(5).sample(range(1, effects + 1), 12):
        dying = Pipeline(LIMITS, piece_bytes=4096)
        dying.effects.crash_at, dying.effects.after = place, place % 2 == 0
        run_in_order(dying, dying.objects.add("a", FORMS[form]), retry_late=place % 3 == 0)
        assert dying.tables == quiet.tables


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_each_line_of_two_hundred_members_is_there_once_though_two_functions_died(pack) -> None:  # type: ignore[no-untyped-def]
    members = [(f"{number}.log", b"2026-09-14T08:00:00Z INFO %d\n" % number * 3) for number in range(200)]
    pipeline = Pipeline(Limits(split_bytes=40_000), piece_bytes=65_536, layout=Layout.PACKED)
    pipeline.effects.crash_at = 300
    announced = pipeline.objects.add("a", pack(tar(members)))
    with suppress(Crash):
        pipeline.splitter.ingest(announced, in_time())
    assert pipeline.effects.count == 300
    pipeline.effects.crash_at = 900
    assert run_in_order(pipeline, announced, retry_late=True) == 1
    assert archive_in(pipeline).account.state is State.COMPLETE
    collected = {}
    for file in files_of(pipeline).values():
        if file.plan.object.member:
            assert file.account.state is State.COMPLETE
            collected[file.plan.object.member.path] = [
                (item["offset"]["N"], item["records"]["N"])
                for item in pipeline.records.items.values()
                if item["file_id"]["S"] == file.plan.file_id
            ]
    assert collected == {name: [("0", "3")] for name, _ in members}


@given(
    st.sampled_from(["tar", "tar.gz", "zip", "zip.gz", "cut.zip", "cut.tgz", "lying"]), st.integers(0, 2**32)
)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=8, deadline=None)
def test_repeated_and_reordered_messages_and_short_invocations_leave_the_tables_of_one_delivery(
    form: str, seed: int
) -> None:
    noisy, random = Pipeline(LIMITS, piece_bytes=4096), Random(seed)
    announced = noisy.objects.add("a", FORMS[form])
    for _ in range(3):
        noisy.splitter.ingest(announced, in_time(random.choice([60.0, 4.0])))
    drain(noisy, random, repeats=20)
    assert noisy.tables == poured(FORMS[form]).tables


def test_an_invocation_without_time_for_more_leaves_the_rest_to_the_next() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.splitter.ingest(pipeline.objects.add("a", FORMS["tar.gz"]), in_time(4.0))
    opened = [len(files_of(pipeline))]
    while pipeline.split_queue.messages:
        assert len(opened) < 40
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body, 4.0)
        opened.append(len(files_of(pipeline)))
    assert opened[0] < 4
    drain(pipeline, Random(1), repeats=0)
    assert pipeline.tables == poured(FORMS["tar.gz"]).tables


def test_what_is_decompressed_once_is_not_decompressed_again_for_each_member() -> None:
    pipeline = Pipeline(LIMITS)
    data = gzip.compress(tar([(f"{number}.log", LINES) for number in range(50)]))
    read = 0
    opener = pipeline.objects.opener

    def counting(head):  # type: ignore[no-untyped-def]
        def open_at(offset: int):  # type: ignore[no-untyped-def]
            nonlocal read
            for piece in opener(head)(offset):
                read += len(piece)
                yield piece

        return open_at

    pipeline.objects.opener = counting  # type: ignore[method-assign]
    pipeline.splitter.ingest(pipeline.objects.add("a", data), in_time())
    assert len(files_of(pipeline)) == 51
    assert read < 3 * len(data)


def test_an_archive_waits_for_a_dead_lettered_member_and_completes_with_its_redrive() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.splitter.ingest(
        pipeline.objects.add("a", tar([("a.log", LINES[:70]), ("b.log", LINES[:70])])), in_time()
    )
    dead, alive = (message.body for message in pipeline.batch_queue.messages)
    pipeline.batch_queue.messages.clear()
    pipeline.worker.handle(alive, in_time())
    assert archive_in(pipeline).account.state is State.PROCESSING
    pipeline.dead_letter_consumer.take(Incoming("dead", "r", dead, 10))
    archive = archive_in(pipeline)
    assert archive.account.state is State.INCOMPLETE
    assert archive.account.reason == "1 of its members is INCOMPLETE: 70 bytes"
    pipeline.office.redrive(EVERYTHING, in_time(), UNPACED)
    drain(pipeline, Random(1), repeats=0)
    assert archive_in(pipeline).account.state is State.COMPLETE
    assert {file.account.state for file in files_of(pipeline).values()} == {State.COMPLETE}


@pytest.mark.parametrize("lost", ["split", "batch"])
def test_a_sweep_moves_what_lost_its_messages_within_an_archive(lost: str) -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.splitter.ingest(pipeline.objects.add("a", FORMS["tar"]), in_time())
    if lost == "batch":
        while pipeline.split_queue.messages:
            deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    getattr(pipeline, f"{lost}_queue").messages.clear()
    for _ in range(4):
        pipeline.sweeper.sweep(in_time())
        pipeline.clock.advance(20_000)
        drain(pipeline, Random(1), repeats=0)
    assert pipeline.tables[0] == poured(FORMS["tar"]).tables[0]
    assert {file.account.state for file in files_of(pipeline).values()} == {State.COMPLETE, State.FAILED}


def test_a_member_that_settled_unseen_is_seen_by_the_message_of_its_archive() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.splitter.ingest(pipeline.objects.add("a", tar([("a.log", LINES[:70])])), in_time())
    record = pipeline.ledger.record_member
    pipeline.ledger.record_member = lambda plan, account: None  # type: ignore[method-assign]
    drain(pipeline, Random(1), repeats=0)
    pipeline.ledger.record_member = record  # type: ignore[method-assign]
    assert archive_in(pipeline).account.state is State.PROCESSING
    pipeline.clock.advance(20_000)
    for _ in range(2):
        pipeline.sweeper.sweep(in_time())
        pipeline.clock.advance(20_000)
    drain(pipeline, Random(1), repeats=0)
    assert archive_in(pipeline).account.state is State.COMPLETE


def test_an_archive_that_waits_for_a_member_has_not_stalled() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.splitter.ingest(pipeline.objects.add("a", tar([("a.log", LINES[:70])])), in_time())
    pipeline.sweeper.sweep(in_time())
    pipeline.clock.advance(20_000)
    healed = pipeline.sweeper.sweep(in_time())
    (member,) = (file.plan.file_id for file in files_of(pipeline).values() if file.plan.object.member)
    assert healed.files == (member,)


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_the_members_of_an_archive_are_listed_in_its_order(limit: int) -> None:
    pipeline = poured(WHOLE)
    status = Status(pipeline.ledger, pipeline.records)  # type: ignore[arg-type]
    archive = status.file(archive_in(pipeline).plan.file_id)
    assert (archive["archive"], archive["member"]) == ("tar", None)
    members, cursor = [], None
    while True:
        page = status.members(archive["file_id"], limit=limit, cursor=cursor)
        members += page["items"]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert [file["member"]["path"] for file in members] == [name for name, _ in MEMBERS]
    assert {file["member"]["file_id"] for file in members} == {archive["file_id"]}
    assert [file["key"] for file in members] == [f"a/{name}" for name, _ in MEMBERS]
    assert status.members(members[0]["file_id"]) == {"items": [], "cursor": None}


def test_a_hundred_thousand_empty_members_cost_two_writes_each() -> None:
    count = 100_000
    pipeline = Pipeline(Limits(), piece_bytes=1 << 20)
    announced = pipeline.objects.add("a", header() * count + bytes(1024))
    pipeline.splitter.ingest(announced, in_time(10_000))
    archive = archive_in(pipeline).account
    assert (archive.state, archive.text_bytes) == (State.COMPLETE, 512 * count + 1024)
    assert len(files_of(pipeline)) == count + 1
    assert {file.account.state for file in files_of(pipeline).values()} == {State.COMPLETE}
    (empty, *_) = (file for file in files_of(pipeline).values() if file.plan.object.member)
    assert empty.account == account_of(empty.plan, pipeline.table.read_splits(empty.plan.file_id))
    assert pipeline.effects.count < 2.1 * count


def test_a_member_with_a_batch_costs_eight_writes_to_the_ledger() -> None:
    def writes(count: int) -> int:
        pipeline = Pipeline(Limits(), piece_bytes=1 << 20)
        members = [(f"{number}.log", LINES) for number in range(count)]
        run_quietly(pipeline, pipeline.objects.add("a", tar(members)))
        assert archive_in(pipeline).account.state is State.COMPLETE
        return pipeline.effects.count - 2 * count  # the message and the records

    assert (writes(48) - writes(32)) / 16 <= 8
