"""A compressed text is the same from any check-point on as from its first byte, its damage included."""

from __future__ import annotations

import bz2
import gzip
import struct
import zlib
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import igzip, igzip_lib

from chalicelib.core.decoding import checkpoint_maker
from chalicelib.core.decoding.block_starts import aligned, possible_starts
from chalicelib.core.decoding.checkpoints import WINDOW_BYTES, Checkpoint, StreamState
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import UTF_8, Text
from tests.checkpoints import FILE_ID, CountedObject, HeldCheckpoints, in_streams, lines

SPACING = 512 * 1024
TEXT = lines(3_000_000)
GZIP = gzip.compress(TEXT, 6)
MEMBERS = in_streams(TEXT, 300_000)
LEVELS = {
    "fast": gzip.compress(TEXT, 1),
    "default": GZIP,
    "best": gzip.compress(TEXT, 9),
    "igzip": igzip.compress(TEXT, 2),
    "members": MEMBERS,
    "a few members": in_streams(TEXT, 1_400_000),
}


def text_of(
    data: bytes, points: HeldCheckpoints | None, start: int = 0, kind: Compression = Compression.GZIP
) -> Text:
    return Text(CountedObject(data), kind, UTF_8, start, checkpoints=points)


def read(
    data: bytes, points: HeldCheckpoints | None, start: int = 0, kind: Compression = Compression.GZIP
) -> object:
    text = text_of(data, points, start, kind)
    return b"".join(text), text.damage


def made_of(data: bytes, kind: Compression = Compression.GZIP, *, holds_text: bool = True) -> HeldCheckpoints:
    points = HeldCheckpoints(SPACING, holds_text=holds_text)
    for _ in text_of(data, points, kind=kind):
        pass
    return points


POINTS = made_of(GZIP)


@pytest.mark.parametrize("level", LEVELS)
def test_text_from_any_place_on_is_that_of_the_whole(level: str) -> None:
    data = LEVELS[level]
    points = made_of(data)
    assert len(points.encoded) >= 3
    made = dict(points.encoded)
    for start in (0, 600_000, 1_500_000, 2_999_999, len(TEXT), len(TEXT) + 5):
        counted = CountedObject(data)
        text = Text(counted, Compression.GZIP, UTF_8, start, checkpoints=points)
        assert b"".join(text) == TEXT[start:]
        assert text.damage is None
        assert counted.read_bytes < (len(TEXT) - start + 3 * SPACING) / len(TEXT) * len(data)
    assert points.encoded == made, "whoever decodes makes the same ones"
    assert not points.refused


@pytest.mark.parametrize(
    ("kind", "compress"), [(Compression.ZSTD, zstandard.compress), (Compression.BZIP2, bz2.compress)]
)
def test_frames_and_streams_are_entered_where_they_begin_and_hold_no_text(kind, compress) -> None:
    data = in_streams(TEXT, 400_000, compress)
    points = made_of(data, kind, holds_text=False)
    assert len(points.encoded) >= 3
    assert all(len(each) < 200 for each in points.encoded.values())
    counted = CountedObject(data)
    assert b"".join(Text(counted, kind, UTF_8, 2_500_000, checkpoints=points)) == TEXT[2_500_000:]
    assert counted.read_bytes < len(data) / 2


def test_what_has_no_places_to_begin_at_is_read_from_its_first_byte() -> None:
    text = TEXT[:1_200_000]
    for data, kind in (
        (gzip.compress(text, 0), Compression.GZIP),
        (zstandard.compress(text), Compression.ZSTD),
    ):
        points = made_of(data, kind)
        assert not points.encoded
        assert read(data, points, 1_000_000, kind) == (text[1_000_000:], None)


def test_where_no_text_may_be_kept_only_begins_of_members_are() -> None:
    assert not made_of(GZIP, holds_text=False).encoded
    assert made_of(MEMBERS, holds_text=False).encoded


def test_a_file_in_characters_of_two_bytes_or_compressed_twice_is_read_from_its_first_byte() -> None:
    points = HeldCheckpoints(SPACING)
    wide = gzip.compress(TEXT[:1_000_000].decode().encode("utf-16-le"), 1)
    text = Text(CountedObject(wide), Compression.GZIP, "utf-16-le", 900_000, checkpoints=points)
    assert b"".join(text) == TEXT[900_000:1_000_000]
    twice = gzip.compress(gzip.compress(TEXT[:1_000_000], 1), 1)
    inner = (Compression.GZIP,)
    text = Text(CountedObject(twice), Compression.GZIP, UTF_8, 900_000, inner=inner, checkpoints=points)
    assert b"".join(text) == TEXT[900_000:1_000_000]
    assert not points.encoded


@settings(max_examples=8, deadline=None)
@given(
    place=st.floats(0, 0.9999),
    start=st.integers(0, len(TEXT)),
    spoil=st.sampled_from(["flip", "cut", "zeros", "garbage"]),
    level=st.sampled_from(["default", "a few members"]),
)
def test_damage_is_the_same_behind_a_check_point(place: float, start: int, spoil: str, level: str) -> None:
    data = LEVELS[level]
    at = int(place * len(data))
    spoilt = {
        "flip": data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :],
        "cut": data[:at],
        "zeros": data[:at] + bytes(1000) + data[at + 1000 :],
        "garbage": data + b"no gzip at all",
    }[spoil]
    whole, damage = read(spoilt, None)  # type: ignore[misc]
    points = HeldCheckpoints(SPACING)
    assert read(spoilt, points) == (whole, damage)
    assert read(spoilt, points, start) == (whole[start:], damage)
    assert not points.refused


@pytest.mark.parametrize("at", [-8, -1])
def test_a_wrong_checksum_or_size_shows_behind_a_check_point(at: int) -> None:
    spoilt = bytearray(GZIP)
    spoilt[at] ^= 1
    text = text_of(bytes(spoilt), POINTS, 2_500_000)
    assert b"".join(text) == TEXT[2_500_000:]
    assert text.damage is not None
    assert text.damage == read(bytes(spoilt), None)[1]  # type: ignore[index]


def test_a_check_point_of_another_object_is_refused_and_changes_nothing() -> None:
    other = lines(3_000_000, seed=2)
    points = HeldCheckpoints(SPACING)
    points.encoded = dict(POINTS.encoded)
    assert read(gzip.compress(other), points, 2_500_000) == (other[2_500_000:], None)
    assert len(points.refused) >= 2


@pytest.mark.parametrize("change", ["offset", "bits", "window", "digest", "text_offset"])
def test_a_check_point_that_does_not_fit_is_refused_and_an_earlier_one_taken(change: str) -> None:
    place = max(POINTS.encoded)
    checkpoint = Checkpoint.decode(POINTS.encoded[place], FILE_ID)
    assert checkpoint
    assert checkpoint.stream
    window = bytes(WINDOW_BYTES)
    forged = {
        "offset": replace(checkpoint, offset=checkpoint.offset + 1),
        "bits": replace(checkpoint, bits=(checkpoint.bits + 1) % 8),
        "window": replace(checkpoint, stream=replace(checkpoint.stream, window=window)),
        "digest": replace(checkpoint, digest="0" * 32),
        "text_offset": replace(checkpoint, text_offset=checkpoint.text_offset + 1),
    }[change]
    points = HeldCheckpoints(SPACING)
    points.encoded = POINTS.encoded | {place: forged.encode(FILE_ID)}
    counted = CountedObject(GZIP)
    text = Text(counted, Compression.GZIP, UTF_8, place + 10, checkpoints=points)
    assert b"".join(text) == TEXT[place + 10 :]
    assert text.damage is None
    assert points.refused == [place]
    assert counted.read_bytes < 0.8 * len(GZIP)


def test_what_is_garbled_or_of_another_file_is_no_check_point() -> None:
    encoded = POINTS.encoded[max(POINTS.encoded)]
    assert Checkpoint.decode(encoded, FILE_ID)
    assert Checkpoint.decode(encoded, f"{FILE_ID}~1") is None
    for spoilt in (b"", encoded[:10], encoded[:-1], encoded + b"x", bytes([encoded[0] ^ 1]) + encoded[1:]):
        assert Checkpoint.decode(spoilt, FILE_ID) is None
    assert Checkpoint.decode(encoded[:200] + bytes([encoded[200] ^ 1]) + encoded[201:], FILE_ID) is None


@given(
    numbers=st.tuples(*[st.integers(0, 2**50)] * 5),
    stream=st.none()
    | st.builds(
        StreamState,
        st.integers(0, 2**50),
        st.binary(max_size=16),
        st.integers(0, 2**50),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=99),
    ),
)
def test_what_is_encoded_is_decoded(numbers: tuple[int, ...], stream: StreamState | None) -> None:
    checkpoint = Checkpoint(*numbers, digest="ab" * 16, stream=stream)
    assert Checkpoint.decode(checkpoint.encode(FILE_ID), FILE_ID) == checkpoint


def test_a_check_point_fits_an_item_whatever_its_text_is() -> None:
    state = StreamState(
        0, bytes(16), 0, 0, TEXT[:1000].hex().encode()[:0] + zlib.compress(TEXT)[:WINDOW_BYTES]
    )
    assert len(Checkpoint(0, 0, 0, 0, 0, "ab" * 16, state).encode(FILE_ID)) < 40_000


def test_a_gzip_that_lies_about_its_blocks_is_read_as_what_it_is() -> None:
    def claiming(text: bytes) -> bytes:
        """A member that says in the field of BGZF that it is 8 bytes long."""
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = deflate.compress(text) + deflate.flush()
        extra = b"BC" + struct.pack("<HH", 2, 7)
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + struct.pack("<H", len(extra)) + extra
        return head + body + struct.pack("<II", zlib.crc32(text), len(text))

    data = in_streams(TEXT, 300_000, claiming)
    points = made_of(data)
    assert read(data, points, 2_000_000) == (TEXT[2_000_000:], None)


@pytest.mark.parametrize("bits", range(8))
def test_a_decoder_begins_at_any_bit(bits: int) -> None:
    stored = b"\x01\x05\x00\xfa\xffhello"
    moved = (int.from_bytes(stored[:1], "little") << bits) | (1 << bits) - 1
    # Behind the three bits of a stored block the rest of their byte is passed.
    tail = stored[1:] if bits <= 5 else b"\x00" + stored[1:]
    data = (moved & 0xFF).to_bytes(1, "little") + tail
    assert zlib.decompressobj(-15).decompress(aligned(data, bits)) == b"hello"


def test_every_block_with_codes_of_its_own_is_among_the_possible_starts() -> None:
    """Each flush ends a block at a byte, so that it is known where the next one begins."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    starts, data = [], b""
    for at in range(0, 400_000, 40_000):
        starts.append(8 * len(data))
        data += deflate.compress(TEXT[at : at + 40_000]) + deflate.flush(zlib.Z_FULL_FLUSH)
    possible = list(possible_starts(data))
    assert set(starts) <= set(possible)
    assert len(possible) < len(data) / 50


def test_a_piece_full_of_false_headers_is_given_up_after_limited_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    header = 0x05FE17F200000000000A1C004  # an empty block of 97 bits
    repeated = sum(header << 97 * place for place in range(8)).to_bytes(97, "little")
    text = TEXT[:600_000] + repeated * 12_000
    begin = zlib.compressobj(6, wbits=31)
    data = begin.compress(TEXT[:600_000]) + begin.flush(zlib.Z_FULL_FLUSH)
    for at in range(600_000, len(text), 65_535):
        stored = text[at : at + 65_535]
        data += b"\0" + struct.pack("<HH", len(stored), 65_535 - len(stored)) + stored
    data += b"\1\0\0\xff\xff" + struct.pack("<II", zlib.crc32(text), len(text))
    fed: list[int] = []

    class Counted:
        def __init__(self, **options: object) -> None:
            self._inflate = igzip_lib.IgzipDecompressor(**options)

        def decompress(self, piece: bytes, most: int) -> bytes:
            fed.append(len(piece))
            return self._inflate.decompress(piece, most)

        def __getattr__(self, name: str) -> object:
            return getattr(self._inflate, name)

    class Library:
        DECOMP_DEFLATE = igzip_lib.DECOMP_DEFLATE
        IgzipDecompressor = Counted

    monkeypatch.setattr(checkpoint_maker, "igzip_lib", Library)
    assert read(data, HeldCheckpoints(SPACING)) == (text, None)
    assert 0 < sum(fed) < 8 * 1024 * 1024
