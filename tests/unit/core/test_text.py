"""The text of an object is the same however its bytes arrive, up to the very byte of a fault."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import cramjam
import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import Damage, compression_of
from chalicelib.core.decoding.text import Text, charset_of
from tests.fakes import opener

PLAIN = b"".join(b"%d a line of a log\n" % number for number in range(20_000))
PACKERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lambda data: lz4.frame.compress(data, content_checksum=True),
    "zlib": zlib.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress(data)),
    "brotli": lambda data: brotli.compress(data, quality=5),
}


def read(
    data: bytes, piece_bytes: int = 262_144, charset: str = "utf-8", compression: str | None = None
) -> tuple[bytes, Damage | None]:
    kind = Compression(compression) if compression else compression_of(data)
    text = Text(opener(data, piece_bytes), kind, charset)
    return b"".join(text), text.damage


@pytest.mark.parametrize("packer", [name for name in PACKERS if name != "brotli"])
@pytest.mark.parametrize("piece_bytes", [5, 1000, 1 << 20])
def test_members_that_follow_one_another_are_one_text(packer: str, piece_bytes: int) -> None:
    pack = PACKERS[packer]
    data = pack(PLAIN[:100_001]) + pack(b"") + pack(PLAIN[100_001:])
    assert read(data, piece_bytes) == (PLAIN, None)


@pytest.mark.parametrize("packer", [name for name in PACKERS if name != "snappy"])
def test_zero_padding_is_no_damage(packer: str) -> None:
    assert read(PACKERS[packer](PLAIN) + b"\0" * 700, compression=packer) == (PLAIN, None)


@pytest.mark.parametrize("packer", [name for name in PACKERS if name != "snappy"])
@pytest.mark.parametrize("garbage", [b"G", b"garbage", b"\0\0garbage", b"x" * 100_000])
def test_what_follows_the_compressed_data_is_damage_at_its_first_byte(packer: str, garbage: bytes) -> None:
    packed = PACKERS[packer](PLAIN)
    text, damage = read(packed + garbage, compression=packer)
    assert text == PLAIN
    assert damage
    assert damage.reason == "trailing-garbage"
    assert damage.object_offset == len(packed) + len(garbage) - len(garbage.lstrip(b"\0"))


@pytest.mark.parametrize("packer", PACKERS)
@settings(max_examples=12)
@given(data=st.data())
def test_a_fault_gives_the_same_text_and_place_for_every_piece_size(packer: str, data: st.DataObject) -> None:
    plain = PLAIN if packer in ("gzip", "zstd", "lz4") else PLAIN[:100_000]
    packed = bytearray(PACKERS[packer](plain))
    is_cut = data.draw(st.booleans())
    if is_cut:
        del packed[data.draw(st.integers(12, len(packed) - 1)) :]
    else:
        packed[data.draw(st.integers(12, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    expected = read(bytes(packed), compression=packer)
    assert read(bytes(packed), data.draw(st.integers(1, 5000)), compression=packer) == expected
    text, damage = expected
    if is_cut and damage:
        assert plain.startswith(text)
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
def test_recoding_does_not_depend_on_pieces(content: str, charset: str, piece_bytes: int) -> None:
    data = ("\ufeff" + content).encode(charset, "surrogatepass")
    assert charset_of(data) == charset or charset_of(data).startswith("utf-")
    whole, _ = read(data, charset=charset)
    assert read(data, piece_bytes, charset)[0] == whole
    assert whole == ("\ufeff" + content).encode()


def test_a_text_can_be_read_from_any_offset() -> None:
    for data in (PLAIN, PACKERS["gzip"](PLAIN), PACKERS["zstd"](PLAIN)):
        text = Text(opener(data, 10_000), compression_of(data), "utf-8", start=123_456)
        assert b"".join(text) == PLAIN[123_456:]


@pytest.mark.parametrize("packer", PACKERS)
def test_a_compression_is_told_by_how_it_begins_and_brotli_by_its_key(packer: str) -> None:
    data = PACKERS[packer](PLAIN)
    assert compression_of(data, "logs/a.log.BR") == packer
    assert compression_of(data, "logs/a.log.gz") == ("none" if packer == "brotli" else packer)
    if packer != "snappy":  # which makes nothing of nothing
        assert compression_of(PACKERS[packer](b""), "a.br") == packer


@pytest.mark.parametrize("packer", PACKERS)
def test_a_stream_that_is_cut_anywhere_is_truncated(packer: str) -> None:
    packed = PACKERS[packer](PLAIN)
    for size in (len(packed) - 1, len(packed) // 2, 2 * len(packed) // 3):
        text, damage = read(packed[:size], compression=packer)
        assert damage
        assert (damage.reason, damage.object_offset) == ("truncated", size)
        assert PLAIN.startswith(text)


@pytest.mark.parametrize("packer", [name for name in PACKERS if name != "brotli"])
def test_a_wrong_checksum_is_damage(packer: str) -> None:
    packed = bytearray(PACKERS[packer](PLAIN))
    places = {"bzip2": 12, "xz": len(packed) - 20, "snappy": 16}
    packed[places.get(packer, len(packed) - 2)] ^= 1
    _, damage = read(bytes(packed))
    assert damage
    assert damage.reason == "corrupt"


def test_snappy_passes_over_what_says_nothing_and_refuses_what_it_does_not_know() -> None:
    packed = PACKERS["snappy"](PLAIN)
    padding = b"\xfe" + (200_000).to_bytes(3, "little") + bytes(200_000)
    assert read(packed + padding + packed[10:] + packed, 999) == (PLAIN * 3, None)
    _, damage = read(packed + b"\x02\x01\0\0a")
    assert damage
    assert (damage.reason, damage.object_offset) == ("corrupt", len(packed) + 4)
    _, damage = read(packed + b"garbage")
    assert damage
    assert damage.reason == "corrupt"


@pytest.mark.parametrize(
    "text", [b"", b"PK", b";", b"plain text\n" * 90, "größer\n".encode() * 9, b"x" * 4096]
)
def test_text_whose_key_ends_like_brotli_is_text(text: bytes) -> None:
    expected = Compression.BROTLI if text == brotli.compress(b"") else Compression.NONE
    assert compression_of(text, "a.br") is expected


def with_window_of_4_gib() -> bytes:
    packed = bytearray(lzma.compress(PLAIN))
    block = slice(12, 12 + (packed[12] + 1) * 4 - 4)
    packed[packed.index(b"\x21\x01", 12) + 2] = 40
    packed[block.stop : block.stop + 4] = zlib.crc32(packed[block]).to_bytes(4, "little")
    return bytes(packed)


def windowed(window_log: int) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=window_log, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(PLAIN) + packer.flush()


def of_dictionary() -> bytes:
    trained = zstandard.train_dictionary(4096, [b"%d a line, %d of a log" % (n, n * 7) for n in range(2000)])
    return zstandard.ZstdCompressor(dict_data=trained).compress(PLAIN)


def of_window(size: int) -> bytes:
    return lzma.compress(PLAIN, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": size}])


WINDOW = "needs a window of more than 128 MiB, and is refused (compress it with a smaller one)"
REFUSED = [
    ("xz", with_window_of_4_gib, WINDOW),
    ("xz", partial(of_window, 256 << 20), WINDOW),
    ("zstd", partial(windowed, 28), WINDOW),
    ("zstd", of_dictionary, "needs a dictionary that is not in it, and is refused (compress it without one)"),
]


@pytest.mark.parametrize(("packer", "make", "how"), REFUSED)
@pytest.mark.parametrize("before", [b"", PLAIN])
def test_what_needs_too_large_a_window_or_a_dictionary_is_not_called_corrupt(
    packer: str, make: Callable[[], bytes], how: str, before: bytes
) -> None:
    text, damage = read((PACKERS[packer](before) if before else b"") + make())
    assert text == before
    assert damage
    assert (damage.reason, damage.detail) == ("limit", f"the {packer} data {how}")


def test_the_largest_window_is_read() -> None:
    assert read(windowed(27)) == (PLAIN, None)
    assert read(of_window(128 << 20)) == (PLAIN, None)


def skippable(size: int, kind: int = 0x50) -> bytes:
    """A frame without text."""
    return (
        bytes([kind])
        + b"\x2a\x4d\x18"
        + size.to_bytes(4, "little")
        + b"\x04\x22\x4d\x18"[:size].ljust(size, b"#")
    )


@pytest.mark.parametrize("packer", ["zstd", "lz4"])
@pytest.mark.parametrize(
    "before", [skippable(0), skippable(90, 0x5F), skippable(4, 0x52) + skippable(100_000)]
)
@pytest.mark.parametrize("piece_bytes", [5, 1 << 20])
def test_the_first_frame_with_text_tells_how_an_object_is_compressed(
    packer: str, before: bytes, piece_bytes: int
) -> None:
    data = before + PACKERS[packer](PLAIN[:30_000]) + before + PACKERS[packer](PLAIN[30_000:])
    assert compression_of(data) is Compression(packer)
    assert read(data, piece_bytes) == (PLAIN, None)
    text, damage = read(data + before[:-1])
    assert text == PLAIN
    assert damage
    assert damage.reason == "truncated"


def test_the_extension_decides_where_a_head_has_only_frames_without_text() -> None:
    assert compression_of(skippable(10_000)[:1024], "a.log.lz4") is Compression.LZ4
    assert compression_of(skippable(10_000)[:1024], "a.log.zst") is Compression.ZSTD


def test_compression_is_not_told_by_less_than_its_magic() -> None:
    assert compression_of(b"\x1f\x8b") is Compression.NONE
    assert compression_of(b"") is Compression.NONE
    assert compression_of(b"\x50\x2a\x4d\x18") is Compression.ZSTD


@pytest.mark.parametrize("packer", PACKERS)
def test_a_block_stays_small_whatever_the_ratio(packer: str) -> None:
    bomb = PACKERS[packer](b"\0" * (16 << 20))
    text = Text(opener(bomb, 262_144), Compression(packer), "utf-8")
    assert max(map(len, text)) <= 262_144


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("gzip", "gzip"), ("zstd", "gzip"), ("gzip", "xz"), ("bzip2", "zlib"), ("lz4", "snappy")],
)
def test_what_is_compressed_twice_is_read_through_both(outer: str, inner: str) -> None:
    twice = PACKERS[outer](PACKERS[inner](PLAIN))
    text = Text(opener(twice, 999), Compression(outer), "utf-8", 7, inner=(Compression(inner),))
    assert b"".join(text) == PLAIN[7:]
    assert text.damage is None


@pytest.mark.parametrize("piece_bytes", [1, 100, 100_000])
def test_damage_to_the_outer_compression_is_that_of_the_object(piece_bytes: int) -> None:
    twice = PACKERS["gzip"](PACKERS["gzip"](PLAIN))[:-500]
    text = Text(opener(twice, piece_bytes), Compression.GZIP, "utf-8", inner=(Compression.GZIP,))
    decoded = b"".join(text)
    assert PLAIN.startswith(decoded)
    assert text.damage == Damage("truncated", "the gzip data ends in the middle", len(twice), len(decoded))
