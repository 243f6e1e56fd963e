"""Bad input that is a file: every byte of it is accounted for, however it arrives."""

from __future__ import annotations

import gzip
import tracemalloc
from collections import Counter
from itertools import chain, islice

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.formats.registry import NAMES, all_formats
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.reading import Reading
from chalicelib.core.records import ITEM_MAX_BYTES, Record, Reject, item_of
from tests.fakes import opener
from tests.faults import inputs
from tests.faults.inputs import HUGE, INPUTS, BadInput, made
from tests.faults.reading import Read, assert_every_byte_is_accounted_for, head_of, read

MIB = 1024 * 1024
CHOPPED = [each.name for each in INPUTS if len(each.data) <= 1_000_000]


def assert_as_the_catalogue_says(bad: BadInput, seen: Read) -> None:
    account, counts = seen.account, seen.account.summary.counts
    assert account.state is bad.state, account.reason
    assert account.text_bytes == (None if bad.text is None else len(bad.text))
    assert counts.parsed.entries == bad.parsed
    assert counts.rejected.entries == bad.rejected
    assert {why: (tally.lines, tally.bytes) for why, tally in counts.skipped.items()} == dict(bad.skipped)
    assert counts.total.lines == bad.lines
    if bad.reasons:
        assert Counter(seen.rejects) == dict(bad.reasons)
    if bad.format:
        assert seen.format == bad.format
    if bad.why:
        assert bad.why in (account.reason or "")
    elif counts.rejected.bytes > counts.parsed.bytes:
        assert str(account.reason).startswith("most of it was not explained: ")
    else:
        assert account.reason is None
    assert (seen.damage.reason if seen.damage else None) == bad.damage
    if seen.damage:
        assert seen.damage.text_offset == len(bad.text or b"")
        assert 0 < seen.damage.object_offset <= len(bad.data)
        assert bad.broken_at in {None, seen.damage.object_offset}


@pytest.fixture(scope="module", params=inputs.NAMES)
def whole(request: pytest.FixtureRequest) -> tuple[BadInput, Read]:
    """A bad file, and what comes out of it where it arrives in large pieces: read once for all that is asked of it."""
    bad = made(request.param)
    return bad, read(bad.data, head=head_of(bad.data, bad.name), limits=bad.limits)


def test_a_bad_file_loses_or_doubles_nothing(whole: tuple[BadInput, Read]) -> None:
    """State, counts and reasons are those that follow from how the input was made."""
    bad, seen = whole
    assert_every_byte_is_accounted_for(seen)
    assert_as_the_catalogue_says(bad, seen)


def test_an_entry_of_a_bad_file_is_the_bytes_at_its_offset(whole: tuple[BadInput, Read]) -> None:
    """Offset and length find the exact bytes of each entry again, or its head where it is too long."""
    bad, seen = whole
    for outcome in seen.outcomes:
        assert bad.text is not None
        stretch = bad.text[outcome.offset : outcome.offset + outcome.length]
        if outcome.result == Reject("too-long"):
            assert outcome.length > bad.limits.entry_max_bytes
            assert stretch.startswith(outcome.raw)
            assert 0 < len(outcome.raw) <= 4096
        else:
            assert outcome.raw == stretch


def test_the_way_a_bad_file_arrives_does_not_change_the_result(whole: tuple[BadInput, Read]) -> None:
    """Reads of any size give the same outcomes, account and damage."""
    bad, seen = whole
    for piece_bytes in piece_sizes(bad):
        assert (
            read(bad.data, head=head_of(bad.data, bad.name), limits=bad.limits, piece_bytes=piece_bytes)
            == seen
        ), piece_bytes


def piece_sizes(bad: BadInput) -> list[int]:
    """Sizes that cut the object, so that it does not arrive as a whole; of an object that unpacks to megabytes, one."""
    size = len(bad.data)
    if bad.name not in CHOPPED:
        return [65_537] if size > MIB else [701]
    sizes = [1, 7] if size <= 40_000 else []
    return [*sizes, *(each for each in (4096, 65_536, 262_143) if each < size)]


@pytest.mark.parametrize("name", CHOPPED)
def test_limits_of_batches_and_splits_do_not_change_entries(name: str) -> None:
    """What an entry is, and what becomes of it, depends on the limit of entries alone."""
    bad = made(name)
    limits = Limits(
        batch_max_lines=7,
        batch_max_bytes=max(2000, bad.limits.entry_max_bytes),
        entry_max_bytes=bad.limits.entry_max_bytes,
        split_bytes=4096,
    )
    assert (
        read(bad.data, head=head_of(bad.data, bad.name), limits=limits).outcomes
        == read(bad.data, head=head_of(bad.data, bad.name), limits=bad.limits).outcomes
    )


@pytest.mark.parametrize("name", [each.name for each in INPUTS])
def test_every_record_of_a_bad_file_fits_an_item(name: str) -> None:
    """DynamoDB takes items of 400 KB, with names in UTF-8 and at most 32 levels."""
    for outcome in read(made(name).data).outcomes:
        if isinstance(outcome.result, Record | Reject):
            item = item_of(
                outcome, file_id="f" * 26, batch_id="b" * 40, format_name="text", shards=1, expires_at=None
            )
            assert sum(len(key.encode()) + item_bytes(value) for key, value in item.items()) <= ITEM_MAX_BYTES


def item_bytes(value: dict[str, object], level: int = 1) -> int:
    """The size of a typed value (docs: developer guide, "DynamoDB item sizes and formats")."""
    assert level <= 32
    ((kind, value_of_type),) = value.items()
    if kind == "M":
        assert isinstance(value_of_type, dict)
        assert "" not in value_of_type
        return 3 + sum(
            1 + len(key.encode()) + item_bytes(each, level + 1) for key, each in value_of_type.items()
        )
    if kind == "L":
        assert isinstance(value_of_type, list)
        return 3 + sum(1 + item_bytes(each, level + 1) for each in value_of_type)
    if kind == "N":
        assert isinstance(value_of_type, str)
        assert len(value_of_type.lstrip("-").replace(".", "").split("e")[0]) <= 38
        return len(value_of_type)
    if kind == "B":
        assert isinstance(value_of_type, str)
        return len(value_of_type) * 3 // 4
    return len(value_of_type.encode()) if isinstance(value_of_type, str) else 1


@pytest.mark.parametrize("name", ["bomb.gz", "bomb.zst"])
def test_a_bomb_does_not_fill_the_memory(name: str) -> None:
    """Thirty kilobytes that unpack to thirty megabytes are read in the memory of a block and a batch."""
    bad = made(name)
    assert len(bad.data) < len(bad.text or b"") // 800
    assert peak_bytes(bad) < 24 * MIB


def test_a_few_packed_bytes_of_line_ends_do_not_fill_the_memory() -> None:
    """Two kilobytes of zstd hold millions of line ends: no more than a block of them is looked at at once."""
    data = zstandard.compress(b"\n" * 8 * MIB)
    assert peak_bytes_until(data, 1000) < 64 * MIB


def test_an_entry_of_32_mib_is_never_in_memory_whole() -> None:
    """Of an entry over its limit no more than its head is held, and looked at to see what it is."""
    peak_bytes(BadInput("warm.jsonl", b'{"a":1}\n', b"", 1))
    assert peak_bytes(HUGE["entry-of-32-mib.jsonl"]()) < 6 * MIB


def peak_bytes(bad: BadInput) -> int:
    return peak_bytes_until(bad.data, None)


def peak_bytes_until(data: bytes, outcomes: int | None) -> int:
    """The most memory that Python held while so many outcomes were read (None: all)."""
    tracemalloc.start()
    try:
        for _ in islice(Reading(head_of(data), opener(data, 65_536)), outcomes):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_stack_trace_is_whole_across_block_batch_and_split_borders() -> None:
    """Each entry keeps its five other lines, wherever the borders lie."""
    text = inputs.traces(200)
    limits = Limits(batch_max_lines=11, batch_max_bytes=1500, entry_max_bytes=1024, split_bytes=1024)
    for piece_bytes in (100, 191, 262_144):
        outcomes = read(text, limits=limits, piece_bytes=piece_bytes).outcomes
        assert [outcome.lines for outcome in outcomes] == [6] * 200


def test_a_character_across_a_block_border_is_kept() -> None:
    """Bytes are cut, never characters."""
    for number in range(6):
        seen = read(made(f"straddling-character-{number}.log").data)
        assert "é€😀" * 10 in seen.bodies
        assert not any(outcome.replaced for outcome in seen.outcomes)


def test_bytes_that_are_not_utf_8_are_neither_lost_nor_hidden() -> None:
    """They are shown as U+FFFD, said to be, and found again by offset and length."""
    seen = read(made("latin-1.log").data)
    assert all(outcome.replaced for outcome in seen.outcomes)
    assert seen.bodies == ["Gr\ufffd\ufffde aus K\ufffdln, Stra\ufffde 5, caf\ufffd"] * 8
    assert b"".join(outcome.raw for outcome in seen.outcomes) == made("latin-1.log").data


def test_odd_json_values_are_kept() -> None:
    """NaN, numbers out of range, surrogates, clashes and repetitions all leave a trace."""
    fields = {record.body: record.attributes for record in read(made("odd-values.jsonl").data).records}
    assert fields["nan"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity"}
    assert fields["numbers"] == {"big": "1234567890123456789012345678901234567890123", "neg": 0}
    assert fields["edges"] == {"edge": int("9" * 38), "max": 9223372036854775808}
    assert fields["floats"] == {"huge": "1e400", "tiny": "1e-200", "float": "1.7976931348623157e308"}
    assert fields["surrogates \ufffd and \ufffd\ufffd"] == {"\ufffd": 1}
    assert set(fields["clash"].values()) == {1, 2, 3}
    assert sorted(map(repr, fields["twice"].values())) == ["1", "1", "2", "[3]"]
    assert set(map(repr, fields["no name"].values())) == {"1", "2", "{}", "[[], {}]"}
    assert fields["lists"] == {"l": [1, [2, [3, {"x": [4]}]], None, True, "s"]}
    assert fields["nul \x00 esc \x1b line \u2028 \n \r end"] == {}
    assert None in fields


FRAGMENTS = st.sampled_from(
    [
        b'{"time":"2026-02-01T10:00:00Z","level":"warn","msg":"slow","ms":12}\n',
        b'{"msg":"crlf"}\r\n',
        b'{"a":NaN,"a":1}\n',
        b"2026-02-01 10:00:00,123 INFO [main] app.Shop - open\n",
        b"java.lang.IllegalStateException: closed\n\tat app.Shop.open(Shop.java:12)\n",
        b'10.0.0.1 - - [01/Feb/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 12\n',
        b"<34>Oct 11 22:14:15 host su: 'su root' failed\n",
        b"\n",
        b" \t\r\n",
        b"\r",
        b"\0\x1b[31m\x1b[0m\n",
        b"\x1b[0m\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe \x80\n",
        "ünïcode \u2028 \x85 \x0b \x0c 😀\n".encode(),
        b"x" * 700 + b"\n",
        b"\tat " + b"y" * 1100 + b"\n",
        b" " * 1100 + b"\n",
        b"no line end",
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.binary(max_size=12)), max_size=30).map(b"".join)
SAMPLES = {known.name: [sample.encode() + b"\n" for sample in known.samples] for known in all_formats()}
"""Of every format: with its header lines, brackets, quotes and continuations."""


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """Lines of a format or two, with damage and lines of others between them."""
    of = draw(st.lists(st.sampled_from(sorted(SAMPLES)), min_size=1, max_size=2))
    own = st.sampled_from([sample for name in of for sample in SAMPLES[name]])
    noise = st.one_of(FRAGMENTS, st.binary(max_size=9), st.sampled_from(list(chain(*SAMPLES.values()))))
    lines = draw(st.lists(st.one_of(own, own, own, noise), max_size=24))
    return b"".join(line[:-1] if draw(st.integers(0, 15)) == 0 else line for line in lines)


CHARSETS = st.sampled_from(["utf-8", "utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
COMPRESSIONS = st.sampled_from(["none", "gzip", "members", "stored", "zstd", "frames"])
DAMAGES = st.sampled_from(["none", "none", "cut", "flip", "tail", "zeros", "hole"])
LIMITS = st.builds(
    Limits,
    batch_max_lines=st.integers(1, 9),
    batch_max_bytes=st.just(1024) | st.integers(1024, 3000),
    entry_max_bytes=st.just(1024),
    split_bytes=st.integers(1024, 5000),
)


@given(logs(), LIMITS, st.integers(1, 900), st.none() | st.sampled_from(NAMES))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_log_of_any_format_read_as_any_other_loses_or_doubles_no_byte(
    text: bytes, limits: Limits, piece_bytes: int, format_name: str | None
) -> None:
    """What comes out depends neither on blocks nor on batches and splits, headers and arrays among them."""
    seen = read(text, limits=limits, format_name=format_name)
    assert_every_byte_is_accounted_for(seen)
    assert read(text, limits=limits, piece_bytes=piece_bytes, format_name=format_name) == seen
    whole = read(text, limits=Limits(entry_max_bytes=1024), format_name=format_name)
    assert whole.outcomes == seen.outcomes
    if seen.account.state is not State.FAILED and seen.charset == "utf-8":
        for outcome in seen.outcomes:
            assert text[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


def packed(text: bytes, compression: str) -> bytes:
    third = len(text) // 3
    if compression == "gzip":
        return gzip.compress(text, mtime=0)
    if compression == "stored":
        return gzip.compress(text, 0, mtime=0)
    if compression == "members":
        return gzip.compress(text[:third], mtime=0) + gzip.compress(text[third:], mtime=0)
    if compression == "zstd":
        return zstandard.ZstdCompressor(write_checksum=True).compress(text)
    if compression == "frames":
        return zstandard.compress(text[:third]) + zstandard.compress(text[third:])
    return text


def hurt(data: bytes, damage: str, at: int) -> bytes:
    at = at % (len(data) + 1)
    if damage == "cut":
        return data[:at]
    if damage == "flip" and at < len(data):
        return inputs.flipped(data, at, at % 8)
    if damage == "hole":
        return data[:at] + data[at + 9 :]
    return data + {"tail": b"#tail", "zeros": bytes(40)}.get(damage, b"")


@given(TEXTS, CHARSETS, COMPRESSIONS, DAMAGES, st.integers(0, 2**16), LIMITS, st.integers(1, 900))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_mixture_of_bad_input_loses_or_doubles_a_byte(
    text: bytes, charset: str, compression: str, damage: str, at: int, limits: Limits, piece_bytes: int
) -> None:
    """Any mixture of lines, charset, compression and damage is tiled exactly and raises nothing."""
    if charset != "utf-8":
        text = ("\ufeff" + text.decode(errors="replace")).encode(charset)
    data = hurt(packed(text, compression), damage, at)
    seen = read(data, limits=limits)
    assert_every_byte_is_accounted_for(seen)
    assert read(data, limits=limits, piece_bytes=piece_bytes) == seen
    assert read(data, limits=Limits(entry_max_bytes=1024)).outcomes == seen.outcomes
    as_it_is = charset == "utf-8" and damage == "none" and seen.charset == "utf-8"
    if as_it_is and seen.account.state is not State.FAILED:
        assert seen.account.text_bytes == len(text)
        for outcome in seen.outcomes:
            assert text[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw
