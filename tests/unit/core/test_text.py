"""The text of an object is the same however its bytes arrive, up to the very byte of a fault."""

from __future__ import annotations

import gzip

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.text import Compression, Damage, Text, charset_of, compression_of
from tests.fakes import opener

PLAIN = b"".join(b"%d a line of a log\n" % number for number in range(20_000))
PACKERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}


def read(data: bytes, piece_bytes: int = 262_144, charset: str = "utf-8") -> tuple[bytes, Damage | None]:
    text = Text(opener(data, piece_bytes), compression_of(data), charset)
    return b"".join(text), text.damage


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("piece_bytes", [5, 1000, 1 << 20])
def test_members_that_follow_one_another_are_one_text(packer: str, piece_bytes: int) -> None:
    pack = PACKERS[packer]
    data = pack(PLAIN[:100_001]) + pack(b"") + pack(PLAIN[100_001:])
    assert read(data, piece_bytes) == (PLAIN, None)


@pytest.mark.parametrize("packer", PACKERS)
def test_zero_padding_is_no_damage(packer: str) -> None:
    assert read(PACKERS[packer](PLAIN) + b"\0" * 700) == (PLAIN, None)


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("garbage", [b"G", b"garbage", b"\0\0garbage", b"x" * 100_000])
def test_what_follows_the_compressed_data_is_damage_at_its_first_byte(packer: str, garbage: bytes) -> None:
    packed = PACKERS[packer](PLAIN)
    text, damage = read(packed + garbage)
    assert text == PLAIN
    assert damage
    assert damage.reason == "trailing-garbage"
    assert damage.object_offset == len(packed) + len(garbage) - len(garbage.lstrip(b"\0"))


@pytest.mark.parametrize("packer", PACKERS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_fault_gives_the_same_text_and_place_for_every_piece_size(packer: str, data: st.DataObject) -> None:
    packed = bytearray(PACKERS[packer](PLAIN))
    if data.draw(st.booleans()):
        del packed[data.draw(st.integers(12, len(packed) - 1)) :]
    else:
        packed[data.draw(st.integers(12, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    expected = read(bytes(packed))
    assert read(bytes(packed), data.draw(st.integers(1, 5000))) == expected
    text, damage = expected
    if damage and damage.reason == "truncated":
        assert PLAIN.startswith(text)
        assert damage.object_offset == len(packed)
        assert damage.text_offset == len(text)


def test_everything_before_a_fault_is_text() -> None:
    packed = bytearray(PACKERS["gzip"](PLAIN))
    packed[-8] ^= 1
    text, damage = read(bytes(packed))
    assert text == PLAIN
    assert damage == Damage(
        "corrupt", "the gzip data is corrupt (Error -6 Incorrect checksum found)", len(packed), len(PLAIN)
    )


@given(st.text(max_size=300), st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le"]), st.integers(1, 9))
def test_recoding_does_not_depend_on_pieces(said: str, charset: str, piece_bytes: int) -> None:
    data = ("\ufeff" + said).encode(charset, "surrogatepass")
    assert charset_of(data) == charset or charset_of(data).startswith("utf-")
    whole, _ = read(data, charset=charset)
    assert read(data, piece_bytes, charset)[0] == whole
    assert whole == ("\ufeff" + said).encode()


def test_a_text_can_be_read_from_any_offset() -> None:
    for data in (PLAIN, PACKERS["gzip"](PLAIN), PACKERS["zstd"](PLAIN)):
        text = Text(opener(data, 10_000), compression_of(data), "utf-8", start=123_456)
        assert b"".join(text) == PLAIN[123_456:]


def test_compression_is_not_told_by_less_than_its_magic() -> None:
    assert compression_of(b"\x1f\x8b") is Compression.NONE
    assert compression_of(b"") is Compression.NONE
    assert compression_of(b"\x50\x2a\x4d\x18") is Compression.ZSTD


def test_a_block_stays_small_whatever_the_ratio() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20), mtime=0)
    text = Text(opener(bomb, 262_144), Compression.GZIP, "utf-8")
    assert max(map(len, text)) <= 262_144


@pytest.mark.parametrize("outer", ["gzip", "zstd"])
@pytest.mark.parametrize("held", ["gzip", "zstd"])
def test_what_is_compressed_twice_is_read_through_both(outer: str, held: str) -> None:
    twice = PACKERS[outer](PACKERS[held](PLAIN))
    text = Text(opener(twice, 999), Compression(outer), "utf-8", 7, inner=(Compression(held),))
    assert b"".join(text) == PLAIN[7:]
    assert text.damage is None


@pytest.mark.parametrize("piece_bytes", [1, 100, 100_000])
def test_damage_to_the_outer_compression_is_that_of_the_object(piece_bytes: int) -> None:
    twice = PACKERS["gzip"](PACKERS["gzip"](PLAIN))[:-500]
    text = Text(opener(twice, piece_bytes), Compression.GZIP, "utf-8", inner=(Compression.GZIP,))
    found = b"".join(text)
    assert PLAIN.startswith(found)
    assert text.damage == Damage("truncated", "the gzip data ends in the middle", len(twice), len(found))
