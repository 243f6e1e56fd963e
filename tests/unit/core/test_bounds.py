"""A bomb ends at a byte that follows from its object alone, however it is nested, and what lies beside it is read."""

from __future__ import annotations

import bz2
import gzip
import struct
import zipfile
from collections.abc import Callable, Iterator

import pytest
import zstandard

from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import Text
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import bounds
from chalicelib.core.plan.bounds import most_bytes
from chalicelib.core.reading import Reading
from tests.checkpoints import HeldCheckpoints, lines
from tests.fakes import Pipeline, opener
from tests.faults.reading import head_of
from tests.tars import tar
from tests.unit.core.test_archives import SHORT, alone, files_in
from tests.unit.test_deliveries import run_in_order, run_quietly
from tests.zips import zipped

LINE = b"2026-09-14T08:00:00Z INFO hello\n"
FREE = 30_000


@pytest.fixture(autouse=True)
def _low(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "FREE_BYTES", FREE)
    monkeypatch.setattr(bounds, "RATIO_MAX", 1)


def many(data: bytes, count: int) -> list[tuple[str, bytes]]:
    return [(f"{number}", data) for number in range(count)]


def thrice(pack: Callable[[bytes], bytes], data: bytes) -> bytes:
    return pack(pack(pack(data)))


TEXT = LINE * 8_000
BOMBS = {
    "gzip in gzip in gzip": thrice(gzip.compress, TEXT),
    "bzip2": bz2.compress(TEXT),
    "gzip in zstd": zstandard.compress(gzip.compress(TEXT)),
    "zip in zip in zip": zipped(many(zipped(many(zipped(many(TEXT, 2)), 4)), 4)),
    "stored zips": zipped(many(zipped(many(zipped(many(TEXT, 2)), 4), 0), 4), 0),
    "gzip in gzip in zip": zipped(many(gzip.compress(gzip.compress(TEXT)), 8)),
    "gzip in tar.gz in zip": zipped(many(gzip.compress(tar(many(gzip.compress(TEXT), 4))), 4)),
    "zip in tar in gzip": gzip.compress(tar(many(zipped(many(TEXT, 4)), 8))),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_read_up_to_its_bound_and_adds_up(bomb: str) -> None:
    """Text of all files; without the bound it is many times that."""
    data, states, text_bytes = BOMBS[bomb], set(), 0
    for reading in Reading(head_of(data, "a"), opener(data, 65_536)).with_members():
        entries = list(reading)
        account = reading.account
        assert account.summary.counts.total.bytes == (account.text_bytes or 0)
        assert account.state.settled
        if account.state is State.DAMAGED and not reading.plan.archive:
            assert "become more than" in (account.reason or "")
            assert b"".join(entry.raw for entry in entries) == TEXT[: account.text_bytes]
        states.add(account.state)
        text_bytes += 0 if reading.plan.archive else account.text_bytes or 0
    assert State.DAMAGED in states
    assert text_bytes < 5 * (FREE + len(data)) < 2 * len(TEXT)


def test_what_lies_beside_a_bomb_is_read() -> None:
    files = files_in(zipped([("a.log", SHORT), ("bomb", TEXT), ("b.log", SHORT)]))
    assert files["a/bomb"].account.state is State.DAMAGED
    assert files["a/a.log"].outcomes == files["a/b.log"].outcomes == alone(SHORT)
    assert files["a"].account.state is State.COMPLETE


@pytest.mark.parametrize("bomb", ["gzip in tar.gz in zip", "zip in tar in gzip", "gzip in gzip in gzip"])
def test_a_bomb_leaves_the_same_tables_when_a_function_dies_on_it(bomb: str) -> None:
    quiet, dying = Pipeline(Limits(), piece_bytes=100), Pipeline(Limits(), piece_bytes=65_536)
    run_quietly(quiet, quiet.objects.add("a", BOMBS[bomb]))
    dying.effects.crash_at, dying.effects.after = quiet.effects.count // 3, True
    run_in_order(dying, dying.objects.add("a", BOMBS[bomb]), retry_late=True)
    assert dying.tables == quiet.tables
    assert State.DAMAGED in {file.account.state for file in quiet.table.files.values()}


def test_a_text_as_long_as_the_bound_is_whole() -> None:
    for most, reason in ((len(TEXT), None), (len(TEXT) - 1, "limit")):
        text = Text(opener(gzip.compress(TEXT), 65_536), Compression.GZIP, "utf-8", 0, most=most)
        assert b"".join(text) == TEXT[:most]
        assert (text.damage.reason if text.damage else None) == reason


def in_members(text: bytes) -> bytes:
    return b"".join(gzip.compress(text[at : at + 20_000]) for at in range(0, len(text), 20_000))


def test_the_bound_lies_at_the_same_byte_from_any_checkpoint() -> None:
    text, most = lines(2_000_000), 1_500_000
    kept, data = HeldCheckpoints(50_000), opener(in_members(text), 65_536)
    whole = Text(data, Compression.GZIP, "utf-8", 0, most=most, checkpoints=kept)
    assert b"".join(whole) == text[:most]
    assert len(kept.encoded) > 2
    for start in (0, 1, 300_000, 1_000_000, most - 1, most, most + 1):
        again = Text(data, Compression.GZIP, "utf-8", start, most=most, checkpoints=kept)
        assert b"".join(again) == text[start:most]
        assert again.damage == whole.damage is not None


def test_damage_that_only_a_checkpoint_leads_to_is_none() -> None:
    text, kept = lines(600_000), HeldCheckpoints(50_000)
    data = in_members(text)
    assert b"".join(Text(opener(data, 65_536), Compression.GZIP, "utf-8", checkpoints=kept)) == text

    def changed_behind_checkpoints(offset: int) -> Iterator[bytes]:
        yield from opener(data if not offset else data[:-8] + bytes(8), 65_536)(offset)

    again = Text(changed_behind_checkpoints, Compression.GZIP, "utf-8", 300_000, checkpoints=kept)
    assert b"".join(again) == text[300_000:]
    assert again.damage is None


def test_members_of_a_plain_archive_share_its_bound() -> None:
    data = tar(many(gzip.compress(SHORT), 9))
    readings = Reading(head_of(data, "a"), opener(data, 65_536)).with_members()
    heads = [reading.plan.head for reading in readings]
    *members, archive = heads
    assert 0 < sum(most_bytes(member) for member in members) < most_bytes(archive) == FREE + len(data)


def test_members_that_share_their_bytes_do_not_make_more_of_them() -> None:
    """Each entry of the directory gives the same place, or one within the bytes of the one before it."""
    members = many(TEXT[:10_000], 20)
    for step in (0, 31):
        data = bytearray(zipped(members, zipfile.ZIP_DEFLATED))
        at, start = data.index(b"PK\x01\x02"), 0
        for _ in members:
            struct.pack_into("<L", data, at + 42, start)
            start, at = start + step, data.find(b"PK\x01\x02", at + 4)
        total = sum(
            file.account.text_bytes or 0 for file in files_in(bytes(data)).values() if not file.plan.archive
        )
        assert total <= 10_000
