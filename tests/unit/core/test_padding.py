"""Runs of NULs are skipped and counted as padding, wherever they lie and however long they are."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
import zstandard

from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import framing_fields, framing_of
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import heads
from chalicelib.core.wire.bodies import decode
from tests.fakes import Pipeline, in_time
from tests.faults.reading import Read, assert_every_byte_is_accounted_for, read

EXAMPLES = (
    Path(os.environ.get("FROE_EXAMPLES") or Path(__file__).parents[4] / "shared" / "examples") / "found"
)
LIMITS = Limits(batch_max_lines=50, batch_max_bytes=4096, entry_max_bytes=2048, split_bytes=8192)


def lines(count: int, first: int = 0) -> bytes:
    return b"".join(
        b"2026-09-14T08:00:%02dZ INFO hello %d\n" % (n % 60, n) for n in range(first, first + count)
    )


def padding(seen: Read) -> int:
    tally = seen.account.summary.counts.skipped.get("padding")
    return tally.bytes if tally else 0


SIZES = [1, 3, 4, 100, 2048, 2049, 5000, 9000, 70_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("where", ["head", "between lines", "in a line", "end"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_padding_is_counted_and_costs_no_entry(pack, where: str, size: int) -> None:
    if where == "in a line":
        size += 3  # fewer within a line are bytes of it
    before = b"" if where == "head" else lines(120)
    if where == "in a line":
        before = before[:-1]
    after = b"" if where == "end" else lines(120, 120)
    seen = read(pack(before + b"\0" * size + after), limits=LIMITS, piece_bytes=999)
    assert_every_byte_is_accounted_for(seen)
    assert seen.account.state is State.COMPLETE
    assert padding(seen) == size
    assert seen.bodies == [f"hello {n}" for n in range(0 if before else 120, 240 if after else 120)]
    assert all(record.timestamp for record in seen.records)
    assert not seen.rejects


@pytest.mark.parametrize("count", [3, 23_000])
def test_the_format_is_that_of_what_is_behind_lines_of_nuls(count: int) -> None:
    table = b"time,level,message\n" + b"2026-09-14T08:00:00Z,info,a b\n" * 30
    for data, records in ((lines(40), 40), (table, 30), (b"\xef\xbb\xbf" + table, 30)):
        seen = read(b"\0\0\n" * count + data, limits=LIMITS)
        assert_every_byte_is_accounted_for(seen)
        assert len(seen.records) == records
        assert all(record.timestamp for record in seen.records)
        assert padding(seen) == 2 * count


def test_several_runs_of_a_file_are_all_found() -> None:
    data = b"\0" * 10_000 + lines(3) + b"\0" * 7 + lines(3, 3)[:-1] + b"\0" * 3000 + lines(3, 6) + b"\0" * 99
    seen = read(data, limits=LIMITS)
    assert_every_byte_is_accounted_for(seen)
    assert (padding(seen), seen.bodies) == (13_106, [f"hello {n}" for n in range(9)])


def test_a_file_of_nothing_else_is_complete() -> None:
    for size in (1, 1024, 300_000):
        seen = read(b"\0" * size)
        assert_every_byte_is_accounted_for(seen)
        assert (seen.account.state, padding(seen), seen.records, seen.rejects) == (
            State.COMPLETE,
            size,
            [],
            [],
        )


@pytest.mark.parametrize("size", [300_000, 2_000_000])
def test_the_format_is_that_of_what_is_behind_it(size: int) -> None:
    access = b'192.0.2.1 - - [14/Sep/2026:08:00:00 +0000] "GET /1 HTTP/1.1" 200 12 "-" "curl"\n'
    for data in (b"\0" * size + access * 99, gzip.compress(b"\0" * size + access * 99)):
        seen = read(data)
        assert (seen.format, len(seen.records), padding(seen)) == ("access_combined", 99, size)


def test_the_format_is_found_far_behind_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "PADDING_LOOK_BYTES", 300_000)
    seen = read(b"\0" * 3_000_000 + lines(40_000), piece_bytes=100_000)
    assert seen.format == read(lines(100)).format != "text"
    assert len(seen.records) == 40_000


def test_entries_of_several_lines_end_at_it() -> None:
    entry = b"2026-09-14 08:00:00,123 ERROR shop.Pay - declined\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n"
    seen = read(entry * 20 + entry[:-5] + b"\0" * 500 + entry * 20)
    assert_every_byte_is_accounted_for(seen)
    assert (len(seen.records), padding(seen)) == (41, 500)


def test_quotes_and_headers_are_forgotten_and_kept() -> None:
    table = b"time,level,message,count\n" + b'2026-09-14T08:00:00Z,info,"a ""b"" c",1\n' * 30
    rows = b'2026-09-14T08:00:01Z,warn,"d, e",2\n' * 30
    seen = read(table + b'2026-09-14T08:00:00Z,info,"cut of' + b"\0" * 3000 + rows)
    assert_every_byte_is_accounted_for(seen)
    assert padding(seen) == 3000
    assert [record.severity_text for record in seen.records].count("warn") == 30
    iis = b"#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
    row = b"2026-09-14 08:00:00 192.0.2.1 GET /a 200\n"
    seen = read(b"\0" * 9000 + iis + row * 20 + b"\0" * 9 + row * 20)
    assert (seen.format, len(seen.records), padding(seen)) == ("iis_w3c", 40, 9009) or seen.records


@pytest.mark.parametrize("size", [1, 50, 300_000])
def test_between_values_of_json_it_is_padding_too(size: int) -> None:
    value = b'{\n "time": "2026-09-14T08:00:00Z",\n "level": "warn",\n "msg": "a"\n}\n'
    nuls = b"\0" * size
    seen = read(nuls + value * 9 + nuls + value * 9, piece_bytes=1000)
    assert_every_byte_is_accounted_for(seen)
    assert (seen.bodies, padding(seen)) == (["a"] * 18, 2 * size)
    seen = read(b"[" + value.rstrip() + b",\n" + nuls + value + b"]\n")
    assert_every_byte_is_accounted_for(seen)
    assert seen.bodies == ["a"] * 2


def test_a_few_nuls_within_a_line_are_bytes_of_it() -> None:
    seen = read(b"a NUL \0 and \0\0 more of them\n" * 9)
    assert padding(seen) == 0
    assert seen.bodies == ["a NUL \0 and \0\0 more of them"] * 9


@pytest.mark.parametrize("name", ["copytruncate-access.log.gz", "nullpad.log"])
def test_the_examples_are_read_whole(name: str) -> None:
    path = EXAMPLES / name
    if not path.is_file():
        pytest.skip(f"optional: {path} is not there")
    data = path.read_bytes()
    text = gzip.decompress(data) if name.endswith("gz") else data
    seen = read(data)
    assert_every_byte_is_accounted_for(seen)
    assert padding(seen) == text.count(b"\0")
    assert all("\0" not in (body or "") for body in seen.bodies)
    assert all(record.timestamp for record in seen.records)


def test_every_split_of_a_hole_is_cut_alone() -> None:
    """The whole pipeline, its splits in any order."""
    for at in (0, 37, 8192, 8192 - 2):
        data = lines(400)
        data = data[:at] + b"\0" * 40_000 + data[at:]
        pipeline = Pipeline(LIMITS, piece_bytes=500)
        file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", data), in_time())
        for message in reversed(pipeline.split_queue.messages):
            pipeline.splitter.cut(decode(message.body), in_time())  # type: ignore[arg-type]
        for sent in pipeline.batch_queue.messages:
            pipeline.worker.handle(sent.body, in_time())
        stored = pipeline.ledger.read_file(file_id)
        assert stored
        assert stored.account.state is State.COMPLETE
        assert stored.account.summary.counts.skipped["padding"].bytes == 40_000


def test_what_was_opened_by_earlier_code_is_cut_as_before() -> None:
    framing = by_name("text").framing
    before = framing_of({name: value for name, value in framing_fields(framing).items() if name != "rules"})
    assert (framing.has_padding, before.has_padding) == (True, False)
    assert framing_of(framing_fields(before)) == before
    assert framing_of(framing_fields(framing)) == framing
