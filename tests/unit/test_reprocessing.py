"""Reading files again: the new generation replaces the former one at once, or is given up whole, whatever dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Final

import pytest

from chalicelib.compactor import Compactor
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records.parquet import RECORDS, batches_of
from chalicelib.ledger import StoredFile
from chalicelib.pages import BadQueryError
from chalicelib.reprocessing import RefusedError
from chalicelib.status import NotFoundError, Status
from tests import fakes
from tests.fakes import Crash, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout
from tests.unit.test_deliveries import deliver
from tests.unit.test_status import FakeRecordsReader

LIMITS: Final = Limits(batch_max_lines=3, batch_max_bytes=1200, entry_max_bytes=400, split_bytes=240)
FORMAT: Final = r"""
[[format]]
name = "till"
pattern = '(?P<till>{}) (?P<amount>\d+) (?P<message>.*)'
body = "message"
samples = ["till7 12 two coffees"]

[[bind]]
prefix = "tills/"
format = "till"
"""
BROKEN: Final = FORMAT.format("till7")
FIXED: Final = FORMAT.format(r"till\d+")
DROPPING: Final = """
[[filter]]
name = "noise"
exclude = { pattern = '.' }
"""
TEXT: Final = b"".join(b"till%d %d coffees and a cake\n" % (7 + number % 2, number) for number in range(20))
GRACE: Final = timedelta(hours=2).total_seconds()


def config_of(text: str) -> Config:
    return load(text, "froe.toml")


def pipeline_with(text: str, data: bytes = TEXT, *, keys: int = 1) -> Pipeline:
    """All of its files read with this configuration."""
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.set_limits(LIMITS, config_of(text))
    for number in range(keys):
        pipeline.splitter.ingest(pipeline.objects.add(f"tills/{number}.log", data), in_time())
        drain(pipeline)
    return pipeline


def drain(pipeline: Pipeline, each: Callable[[], None] = lambda: None) -> None:
    while pipeline.split_queue.messages or pipeline.batch_queue.messages:
        queue = pipeline.split_queue if pipeline.split_queue.messages else pipeline.batch_queue
        deliver(pipeline, queue.messages.pop(0).body)
        each()


def sweep(pipeline: Pipeline) -> None:
    pipeline.clock.advance(GRACE)
    pipeline.sweeper.sweep(in_time())
    drain(pipeline)


def status_of(pipeline: Pipeline) -> Status:
    return Status(pipeline.ledger, FakeRecordsReader(pipeline.records.items), results=pipeline.results)


def ids_in(pipeline: Pipeline) -> list[str]:
    """As people see them."""
    return [file["file_id"] for file in status_of(pipeline).files()["items"]]


def read(pipeline: Pipeline, file_id: str) -> tuple[Counter[str], int]:
    """What a reader gets of a file: its kinds of entries, and how many rejects its account says."""
    status = status_of(pipeline)
    kinds: Counter[str] = Counter()
    for what in (status.records, status.rejects):
        kinds.update(entry["kind"] for entry in what(file_id, limit=1000)["items"])
    return kinds, status.file(file_id)["rejected"]["entries"]


def current(pipeline: Pipeline, file_id: str) -> StoredFile:
    stored = pipeline.table.read_file(file_id)
    assert stored
    return stored


BEFORE: Final = Counter(record=10, reject=10), 10
AFTER: Final = Counter(record=20), 0


def test_readers_see_the_former_generation_then_the_new_one_and_never_both_or_neither() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    assert read(pipeline, file_id) == BEFORE
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    seen = []

    def look() -> None:
        seen.append(read(pipeline, file_id))
        assert ids_in(pipeline) == [file_id]

    drain(pipeline, look)
    assert len(seen) > 5
    assert [each for number, each in enumerate(seen) if seen[number - 1 : number] != [each]] == [
        BEFORE,
        AFTER,
    ]
    file = status_of(pipeline).file(file_id)
    assert (file["generation"], file["next_generation"], file["state"]) == (1, None, "COMPLETE")
    assert status_of(pipeline).file(f"{file_id}~1")["parsed"] == file["parsed"]


def test_what_is_not_current_goes_once_nobody_can_read_it_any_more() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    sizes = len(pipeline.table.seals), len(pipeline.records.items)
    pipeline.clock.advance(60)
    pipeline.sweeper.sweep(in_time())
    assert (len(pipeline.table.seals), len(pipeline.records.items)) == sizes, "it stays for whoever reads it"
    if pipeline.sink is Sink.PARQUET:
        compact(pipeline)
    sweep(pipeline)
    assert read(pipeline, file_id) == AFTER
    assert {name for name, _ in pipeline.table.seals} == {f"{file_id}~1"}
    assert {pk.partition("#")[0] for pk, _ in pipeline.records.items} <= {f"{file_id}~1"}
    assert set(pipeline.table.files) == {file_id, f"{file_id}~1"}
    assert not pipeline.table.leading


def test_a_late_message_of_a_former_generation_writes_nothing() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    pipeline.set_limits(LIMITS, config_of(BROKEN))
    announced = pipeline.objects.add("tills/0.log", TEXT)
    file_id = pipeline.splitter.ingest(announced, in_time())
    late = []
    while pipeline.split_queue.messages or pipeline.batch_queue.messages:
        queue = pipeline.split_queue if pipeline.split_queue.messages else pipeline.batch_queue
        late.append(queue.messages.pop(0))
        deliver(pipeline, late[-1].body)
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    sweep(pipeline)
    before = pipeline.tables
    for message in late:
        deliver(pipeline, message.body)
    pipeline.splitter.ingest(announced, in_time())
    drain(pipeline)
    assert pipeline.tables == before
    assert read(pipeline, file_id) == AFTER


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_step_leaves_one_generation_whole(after: bool) -> None:
    undisturbed: Pipeline | None = None
    before, after_it = (Counter(record=5, reject=5), 5), (Counter(record=10), 0)
    for crash_at in count(1, 3 if fakes.LAYOUT in fakes.SINKS else 1):  # there it takes longer
        pipeline = pipeline_with(BROKEN, b"".join(TEXT.splitlines(keepends=True)[:10]))
        (file_id,) = ids_in(pipeline)
        pipeline.set_limits(LIMITS, config_of(FIXED))
        pipeline.effects.count = 0
        pipeline.effects.crash_at, pipeline.effects.after = crash_at, after
        died = []

        def survive(work: Callable[[], Any], died: list[int] = died) -> None:
            try:
                work()
            except Crash:
                died.append(1)

        survive(partial(pipeline.reprocessing.begin, file_id))
        for _ in range(6):
            for queue in (pipeline.split_queue, pipeline.batch_queue):
                for _ in range(len(queue.messages)):
                    message = queue.messages.pop(0)
                    deaths = len(died)
                    survive(partial(deliver, pipeline, message.body))
                    if len(died) > deaths:
                        queue.messages.append(message)
            assert read(pipeline, file_id) in (before, after_it)
        for _ in range(4):
            if pipeline.sink is Sink.PARQUET:
                survive(partial(compact, pipeline))
            pipeline.clock.advance(GRACE)
            survive(partial(pipeline.sweeper.sweep, in_time()))
            survive(partial(drain, pipeline))
            assert read(pipeline, file_id) in (before, after_it)
        if not died:
            assert undisturbed is None or crash_at > 20
            break
        stored = current(pipeline, file_id)
        assert stored.rereading.under_way is None
        if stored.rereading.last:
            assert read(pipeline, file_id) == after_it, f"it goes on after a death at effect {crash_at}"
            assert {name for name, _ in pipeline.table.seals} == {f"{file_id}~1"}
        else:
            assert read(pipeline, file_id) == before
        assert not pipeline.table.leading
        undisturbed = pipeline


def test_a_generation_that_is_worse_is_given_up_and_says_why() -> None:
    pipeline = pipeline_with(FIXED)
    (file_id,) = ids_in(pipeline)
    pipeline.set_limits(LIMITS, config_of(BROKEN))
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    assert read(pipeline, file_id) == AFTER
    file = status_of(pipeline).file(file_id)
    assert (file["generation"], file["next_generation"]) == (0, None)
    assert file["given_up"] == "10 lines of it are no records, and before it were 0"
    sweep(pipeline)
    assert {name for name, _ in pipeline.table.seals} == {file_id}
    assert read(pipeline, file_id) == AFTER
    assert status_of(pipeline).file(f"{file_id}~1")["reason"] == file["given_up"]
    pipeline.reprocessing.begin(file_id, forced=True)
    drain(pipeline)
    assert read(pipeline, file_id) == BEFORE, "with force it is taken all the same"
    assert status_of(pipeline).file(file_id)["generation"] == 2


def test_a_generation_of_which_filters_drop_more_is_given_up_unless_it_is_forced() -> None:
    pipeline = pipeline_with(FIXED)
    (file_id,) = ids_in(pipeline)
    pipeline.set_limits(LIMITS, config_of(FIXED + DROPPING))
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    assert read(pipeline, file_id) == AFTER
    assert (
        status_of(pipeline).file(file_id)["given_up"] == "filters drop 20 lines of it, and before it were 0"
    )
    pipeline.reprocessing.begin(file_id, forced=True)
    drain(pipeline)
    assert read(pipeline, file_id) == (Counter(), 0), "with force it is taken all the same"
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    assert status_of(pipeline).file(file_id)["generation"] == 3, "as many lines are dropped as before"


def test_rejects_that_become_records_do_not_make_up_for_records_that_filters_drop() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    pipeline.set_limits(LIMITS, config_of(FIXED + DROPPING.replace("'.'", "'^till7'")))
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    assert read(pipeline, file_id) == BEFORE


def test_one_that_is_under_way_is_given_up_on_request() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    assert pipeline.reprocessing.give_up(file_id, "by hand") == 1
    drain(pipeline)
    assert read(pipeline, file_id) == BEFORE
    sweep(pipeline)
    assert {name for name, _ in pipeline.table.seals} == {file_id}
    with pytest.raises(RefusedError, match="is not being read again"):
        pipeline.reprocessing.give_up(file_id, "by hand")


def test_twice_at_once_is_one_generation() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    pipeline.reprocessing.begin(file_id)
    with pytest.raises(RefusedError, match=r"is already being read again, as .*~1"):
        pipeline.reprocessing.begin(file_id)
    stale = current(pipeline, file_id)._replace(rereading=current(pipeline, file_id).rereading)
    assert not pipeline.table.reserve_generation(stale, stale.rereading._replace(under_way=2))
    drain(pipeline)
    assert current(pipeline, file_id).plan.generation == 1


def test_a_file_under_way_or_without_its_object_is_refused_and_an_unknown_one_is_none() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("tills/0.log", TEXT), in_time())
    with pytest.raises(RefusedError, match=r"is (SPLITTING|PROCESSING): wait until it is settled"):
        pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    del pipeline.objects.stored["tills/0.log", "v1"]
    with pytest.raises(RefusedError, match="is gone: what is stored of it stays"):
        pipeline.reprocessing.begin(file_id)
    assert pipeline.reprocessing.begin("a" * 26) is None
    assert current(pipeline, file_id).rereading.last == 0


def test_an_object_that_goes_meanwhile_leaves_what_is_stored() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    pipeline.reprocessing.begin(file_id)
    del pipeline.objects.stored["tills/0.log", "v1"]
    drain(pipeline)
    assert read(pipeline, file_id) == BEFORE
    assert "does not exist" in str(current(pipeline, file_id).rereading.given_up)
    sweep(pipeline)
    assert not pipeline.table.leading


def test_a_lost_message_is_sent_again() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    pipeline.split_queue.messages.clear()
    sweep(pipeline)
    assert read(pipeline, file_id) == AFTER


def test_a_cursor_of_a_former_generation_says_that_the_file_was_read_again() -> None:
    pipeline = pipeline_with(BROKEN)
    (file_id,) = ids_in(pipeline)
    cursor = status_of(pipeline).records(file_id, limit=2)["cursor"]
    pipeline.set_limits(LIMITS, config_of(FIXED))
    pipeline.reprocessing.begin(file_id)
    drain(pipeline)
    status = status_of(pipeline)
    with pytest.raises(BadQueryError, match="read again meanwhile; start again"):
        status.records(file_id, cursor=cursor)
    page = status.records(file_id, limit=2)
    assert page["cursor"].endswith("~1")
    following = status.records(file_id, limit=100, cursor=page["cursor"])
    assert len(page["items"]) + len(following["items"]) == 20
    for ask in (status.batches, status.rejects):
        with pytest.raises(BadQueryError):
            ask(file_id, cursor="0-1")
    with pytest.raises(BadQueryError):
        status.records(file_id, cursor="12~x")
    with pytest.raises(NotFoundError):
        status.file(f"{file_id}~2")


def compact(pipeline: Pipeline) -> None:
    Compactor(pipeline.results, pipeline.ledger, pipeline.clock, timedelta()).compact(in_time(), timedelta())


def merged_rows(pipeline: Pipeline) -> Counter[str]:
    """What an engine sees: kinds of entries by the id that they are filed under."""
    counts: Counter[str] = Counter()
    for key, data in pipeline.results.objects.items():
        if key.startswith(RECORDS):
            for batch_id, entries in batches_of(data):
                name = batch_id.rsplit("-", 2)[0]
                counts.update(f"{name[26:]} {entry['kind']}" for entry in entries)
    return counts


@pytest.mark.parametrize("layout", [Layout.NONE], indirect=True)
def test_in_the_sink_the_rows_of_a_split_change_in_one_write() -> None:
    pipeline = pipeline_with(BROKEN, keys=2)
    for each in list(pipeline.table.files):
        assert current(pipeline, each).account.state is State.COMPLETE
    compact(pipeline)
    assert merged_rows(pipeline) == {" record": 20, " reject": 20}
    pipeline.set_limits(LIMITS, config_of(FIXED))
    for file_id in ids_in(pipeline):
        pipeline.reprocessing.begin(file_id)
        drain(pipeline, lambda: compact(pipeline) if len(pipeline.batch_queue.messages) > 1 else None)
    compact(pipeline)
    assert merged_rows(pipeline) == {"~1 record": 40}
    assert not [key for key in pipeline.results.objects if not key.startswith(RECORDS)]


@pytest.mark.parametrize("layout", [Layout.PACKED], indirect=True)
def test_1_000_files_read_with_a_broken_format_have_no_rejects_once_they_are_read_again() -> None:
    data = b"till7 1 coffee\ntill8 2 cakes\n"
    before, after = (Counter(record=1, reject=1), 1), (Counter(record=2), 0)
    for _ in range(20):  # the tables of fakes are slow when they are full
        pipeline = pipeline_with(BROKEN, data, keys=50)
        files = list(pipeline.table.files)
        assert len(files) == 50
        pipeline.set_limits(LIMITS, config_of(FIXED))
        for file_id in files:
            assert current(pipeline, file_id).account.summary.counts.rejected.entries == 1
            pipeline.reprocessing.begin(file_id)
        turn = count()

        def look(pipeline: Pipeline = pipeline, files: list[str] = files, turn: Iterator[int] = turn) -> None:
            if (at := next(turn)) % 4 == 0:
                assert read(pipeline, files[at // 2 % len(files)]) in (before, after)

        drain(pipeline, look)
        assert all(read(pipeline, file_id) == after for file_id in files[::5])
        if pipeline.sink is Sink.PARQUET:
            compact(pipeline)
        sweep(pipeline)
        assert not pipeline.table.leading
        assert all("~1" in name for name, _ in pipeline.table.seals)
