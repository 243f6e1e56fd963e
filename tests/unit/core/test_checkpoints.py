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

from chalicelib.core.decoding import block_search, decompressed
from chalicelib.core.decoding.block_borders import Border
from chalicelib.core.decoding.block_starts import aligned, possible_starts
from chalicelib.core.decoding.checkpoints import WINDOW_BYTES, Checkpoint, StreamState
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import Decoder
from chalicelib.core.decoding.text import UTF_8, Text
from tests.checkpoints import FILE_ID, CountedObject, HeldCheckpoints, in_streams, lines

SPACING = 1024 * 1024
TEXT = lines(4_000_000)
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


class Members:
    """Writes gzip members block by block: data, and the text that it holds."""

    def __init__(self) -> None:
        self.data, self.text, self._member = b"", b"", b""

    def begin(self, data: bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff") -> None:
        self.data += data
        self._member = b""

    def stored(self, text: bytes, *, last: bool = False) -> None:
        for at in range(0, len(text), 65_535) or (0,):
            part = text[at : at + 65_535]
            is_last = last and at + 65_535 >= len(text)
            self.data += bytes([is_last]) + struct.pack("<HH", len(part), 65_535 - len(part)) + part
        self.text += text
        self._member += text

    def packed(self, text: bytes, level: int = 6, flush: int = zlib.Z_FULL_FLUSH) -> None:
        deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
        self.data += deflate.compress(text) + deflate.flush(flush)
        self.text += text
        self._member += text

    def end(self) -> None:
        self.stored(b"", last=True)
        self.data += struct.pack("<II", zlib.crc32(self._member), len(self._member) % 2**32)


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
    assert b"".join(Text(counted, kind, UTF_8, 3_500_000, checkpoints=points)) == TEXT[3_500_000:]
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

    monkeypatch.setattr(block_search, "igzip_lib", Library)
    assert read(data, HeldCheckpoints(SPACING)) == (text, None)
    assert 0 < sum(fed) < 8 * 1024 * 1024


def forging(length: int, false: bytes) -> bytes:
    """Bytes that are text where they are stored, and are a block and then stored false text to whoever takes them for blocks.

    The block has codes of its own that give these bytes themselves, so that its text is that of the stored block, over and over."""
    bits: list[int] = []

    def put(value: int, count: int) -> None:
        bits.extend(value >> place & 1 for place in range(count))

    def zeros(count: int) -> None:
        bits.append(1)
        put(count - 11, 7)

    for value, count in ((0, 1), (2, 2), (29, 5), (24, 5), (14, 4)):
        put(value, count)
    for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1):
        put(symbol in (18, 1), 3)
    zeros(138)
    zeros(118)
    bits.append(0)
    zeros(28)
    bits.append(0)
    zeros(24)
    bits.append(0)
    for _ in range(17):
        bits.extend((1, 0))
        put(0, 11)
    bits = [0] * (-len(bits) % 8) + bits
    header = bytes(sum(bits[at + place] << place for place in range(8)) for at in range(0, len(bits), 8))
    period = (b"\x0c" + b"a log line\n" * 400)[: 4097 - len(header)] + header
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    stored = b"\0" + struct.pack("<HH", len(false), 65_535 - len(false)) + false
    packed = deflate.compress(TEXT[:90_000]) + deflate.flush(zlib.Z_FULL_FLUSH)
    open_end = b"\0" + struct.pack("<HH", 65_000, 535)
    return (period * (length // len(period) + 1))[-length:] + stored + packed + open_end


def forged_in(begin: int, copies: int) -> Members:
    """forging: up to the end of a piece of the object, so that a decoder which is tried on the piece gives its text."""
    forged = Members()
    forged.begin()
    forged.stored(b"ordinary text...\n" * (begin // 17))
    for _ in range(copies):
        room = -(len(forged.data) + 5) % (64 * 1024)
        if room > 30_000:
            forged.stored(b"a log line\n"[:11] * ((room - 20_000) // 11))
            room = -(len(forged.data) + 5) % (64 * 1024)
        forged.stored((forging(room, b"never in the text\n" * 80) + b"honest\n" * 9000)[:65_535])
    forged.stored(b"honest line\n" * 20_000)
    forged.end()
    assert gzip.decompress(forged.data) == forged.text
    return forged


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("begin", [240_000, 310_000])
def test_a_block_that_is_forged_in_stored_bytes_changes_no_text(begin: int, copies: int) -> None:
    forged = forged_in(begin, copies)
    points = HeldCheckpoints(64 * 1024)
    assert read(forged.data, points) == (forged.text, None)
    for place in (*points.encoded, 200_000, len(forged.text) - 100_000):
        assert read(forged.data, points, place) == (forged.text[place:], None)
    assert not points.refused


def test_a_border_that_is_forged_too_is_found_out_by_the_decoder_of_the_member(monkeypatch) -> None:
    asked: list[bool] = []

    class Asked(Decoder):
        def proven_border(self, byte: int, bits: int, text_bytes: int) -> Border:
            asked.append(False)
            border = super().proven_border(byte, bits, text_bytes)
            asked[-1] = True
            return border

    monkeypatch.setattr(decompressed, "Decoder", Asked)
    forged = forged_in(240_000, 1)
    assert read(forged.data, HeldCheckpoints(64 * 1024)) == (forged.text, None)
    assert asked == [False]
    assert read(GZIP, HeldCheckpoints(SPACING)) == (TEXT, None)
    assert len(asked) > 3
    assert all(asked[1:])


def test_a_search_that_is_given_up_leaves_nothing_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it kept of the text would not be what lies before the next block."""
    given_up: list[bytes] = []
    looked_through: list[bytes] = []
    guess_in = block_search.guess_in

    def give_up(self: block_search.Guess, data: bytes) -> None:
        given_up.append(data)
        raise block_search.OutOfWorkError

    def look(data: bytes, window: bytes, text: bytes) -> block_search.Guess | None:
        looked_through.append(data)
        at = TEXT.index(text)
        assert window == TEXT[at - WINDOW_BYTES : at]
        return guess_in(data, window, text)

    monkeypatch.setattr(block_search.Guess, "border_in", give_up)
    monkeypatch.setattr(block_search, "guess_in", look)
    points = HeldCheckpoints(64 * 1024)
    assert read(GZIP, points) == (TEXT, None)
    assert not points.encoded
    assert len(given_up) > 2
    assert not set(given_up) & set(looked_through)


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(["packed", "stored", "gzip stored", "forged", "empty", "final inside", "member"]),
            st.integers(1, 150_000),
            st.sampled_from([zlib.Z_FULL_FLUSH, zlib.Z_SYNC_FLUSH]),
        ),
        min_size=4,
        max_size=14,
    ),
    start=st.floats(0, 1),
)
def test_text_is_the_same_from_any_check_point_however_the_members_were_made(parts, start: float) -> None:
    made = Members()
    made.begin()
    for number, (kind, size, flush) in enumerate(parts):
        text = TEXT[number * 300_000 :][: 2 * size]
        if kind == "packed":
            made.packed(text, flush=flush)
        elif kind == "stored":
            made.stored(text)
        elif kind == "gzip stored":
            made.stored(gzip.compress(text, 1))
        elif kind == "forged":
            made.stored(forging(size, b"false\n" * 99))
        elif kind == "empty":
            made.stored(b"")
        elif kind == "final inside":
            made.stored(b"\x01\0\0\xff\xff\x03\0" * (size // 7))
        else:
            made.end()
            made.begin()
    made.packed(TEXT[:400_000])
    made.end()
    points = HeldCheckpoints(64 * 1024)
    assert read(made.data, points) == (made.text, None)
    for place in (int(start * len(made.text)), *points.encoded):
        assert read(made.data, points, place) == (made.text[place:], None)
    assert not points.refused
