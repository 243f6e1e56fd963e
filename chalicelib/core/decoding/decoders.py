"""Decodes compressed bytes, stream after stream, and finds where they break.

Everything before a fault is decoded, block by block.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib.core.decoding.block_borders import Border, proven_border
from chalicelib.core.decoding.checkpoints import Checkpoint, StreamState
from chalicelib.core.decoding.compressions import Compression, Snappy, Stream, fault_in, faults_of, stream_of
from chalicelib.core.decoding.resumed_gzip import ResumedGzip

BLOCK_BYTES: Final = 256 * 1024
_MAGIC_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Damage:
    """Where and how an object breaks: everything before is text, nothing after is.

    reason: ``truncated``, ``corrupt``, ``trailing-garbage`` or, of what is refused, ``limit``. object_offset: bytes of
    the object up to the fault. text_offset: bytes of text before it.
    """

    reason: str
    detail: str
    object_offset: int
    text_offset: int


_MAGICS: Final = (
    (Compression.GZIP, rb"\x1f\x8b\x08"),  # RFC 1952 section 2.3.1
    (Compression.ZSTD, rb"\x28\xb5\x2f\xfd"),  # RFC 8878 section 3.1
    (Compression.BZIP2, rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    (Compression.XZ, rb"\xfd7zXZ\0"),  # https://tukaani.org/xz/xz-file-format.txt section 2.1.1.1
    (Compression.LZ4, rb"\x04\x22\x4d\x18"),  # https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
    (
        Compression.SNAPPY,
        rb"\xff\x06\0\0sNaPpY",
    ),  # https://github.com/google/snappy/blob/main/framing_format.txt
)
_COMPILED: Final = tuple((kind, re.compile(magic).match) for kind, magic in _MAGICS)
_SKIPPABLE: Final = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18([\0-\xff]{4})?")
"""A frame without text, which zstd and lz4 have alike (RFC 8878 section 3.1.2), with its size."""
_WITH_SKIPPABLE: Final = (Compression.ZSTD, Compression.LZ4)
_SHORT_MAGICS: Final = {Compression.BZIP2: b"BZh", Compression.XZ: b"\xfd7zXZ"}
"""Enough of a magic to recognise that another stream follows, of which only the first bytes may be there."""
LOOK_BYTES: Final = 1024
"""How much of an object without a magic is decoded to recognise it, …"""
_LOOK_HELD_BYTES: Final = 4 * BLOCK_BYTES
"""… up to so many bytes of its content."""
_CONTROL: Final = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def compression_of(head: bytes, key: str = "") -> Compression:
    """How an object with that beginning is compressed. key: its extension decides about brotli, if the head can be
    that, and about frames without text behind which the head has no other."""
    if _SKIPPABLE.match(head):
        return _behind_skippable(head, key)
    for kind, match in _COMPILED:
        if match(head):
            return kind
    if _is_zlib(head[:LOOK_BYTES]):
        return Compression.ZLIB
    return Compression.BROTLI if key.lower().endswith(".br") and _is_brotli(head) else Compression.NONE


def _behind_skippable(head: bytes, key: str) -> Compression:
    """Which of the two that have such frames it is, by the first other frame."""
    at = 0
    while (frame := _SKIPPABLE.match(head, at)) and frame[1]:
        at = frame.end() + int.from_bytes(frame[1], "little")
    for kind, match in _COMPILED:
        if kind in _WITH_SKIPPABLE and match(head, at):
            return kind
    return Compression.LZ4 if key.lower().endswith(".lz4") else Compression.ZSTD


def _is_zlib_header(head: bytes) -> bool:
    """RFC 1950 section 2.2: a window of 32 KiB, no dictionary, and together a multiple of 31."""
    return head[:1] == b"\x78" and (len(head) < 2 or not ((0x7800 + head[1]) % 31 or head[1] & 0x20))


def _is_zlib(head: bytes) -> bool:
    """Whether the data behind the header can be decoded."""
    if len(head) < 8 or not _is_zlib_header(head):
        return False
    decoder = zlib.decompressobj()
    try:
        return bool(decoder.decompress(head, 64)) or decoder.eof
    except zlib.error:
        return False


def _is_brotli(head: bytes) -> bool:
    """Nothing marks brotli: the head must decode as far as it goes, to its end or with bytes that no text has. Data
    that breaks has such bytes too, but something before them breaks."""
    decoder, look, held_bytes = Decoder(Compression.BROTLI), head[:LOOK_BYTES], 0
    is_odd = _CONTROL.search(look) is not None
    try:
        for at in range(len(look)):
            for piece in decoder.feed(look[at : at + 1]):
                held_bytes += len(piece)
                if held_bytes >= _LOOK_HELD_BYTES:
                    return True
    except BrokenStreamError:
        return is_odd and held_bytes > 0
    return bool(head) and (is_odd or decoder.has_ended)


class BrokenStreamError(Exception):
    def __init__(self, damage: Damage) -> None:
        super().__init__(damage.detail)
        self.damage = damage


class Decoder:
    """Decodes streams (gzip: members, zstd: frames) that follow one another; zero bytes between them are padding.

    checkpoint: where the input begins. fed: up to which byte of the object. streams: how many have ended; stream_start,
    stream_head: where the last one began in the object, and its first bytes.
    """

    def __init__(self, compression: Compression, checkpoint: Checkpoint | None = None) -> None:
        self._compression = compression
        self._name = compression.value
        self._stream: Stream | None = None
        self.streams = 0
        self.stream_start = 0
        self.stream_head = b""
        self.fed = 0
        if checkpoint:
            self.fed = self.stream_start = checkpoint.offset
            self.streams = checkpoint.streams
            if within := checkpoint.stream:
                self.stream_start, self.stream_head = within.start, within.head
                self._stream = ResumedGzip(checkpoint, within)

    def proven_border(self, byte: int, bits: int, text_bytes: int) -> Border:
        """Whether a block of the member begins at that bit of the byte that comes next; text_bytes: of the member so far. Nothing can be
        fed any more until `go_on`. Raises NoBorderError."""
        return proven_border(self._stream, byte, bits, text_bytes)

    def go_on(self, checkpoint: Checkpoint, stream: StreamState) -> None:
        """Take another decoder for the rest of the member: what is fed next begins at the check-point, where this one is."""
        self._stream = ResumedGzip(checkpoint, stream)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises BrokenStreamError; the output of the step that failed is lost."""
        self.fed += len(data)
        while data:
            if self._stream is None:
                if self.streams and not (data := data.lstrip(b"\0")):
                    return
                self.stream_start = self.fed - len(data)
                self.stream_head = b""
                if self.streams and self._compression in (Compression.BROTLI, Compression.DEFLATE):
                    raise self._broken("trailing-garbage", "is followed by something else")
                self._stream = stream_of(self._compression)
            self.stream_head += data[: _MAGIC_BYTES - len(self.stream_head)]
            yield from self._pieces(self._stream, data)
            if not self._stream.eof:
                return
            data = self._stream.unused_data
            self._stream = None
            self.streams += 1

    @property
    def has_ended(self) -> bool:
        """Whether the input is complete."""
        return self._stream is None or (isinstance(self._stream, Snappy) and self._stream.may_end)

    def finish(self) -> None:
        """Raises BrokenStreamError if a stream has not ended."""
        if self.has_ended:
            return
        if self._follows_something_else():
            raise self._broken("trailing-garbage", "is followed by something else")
        raise self._broken("truncated", "ends in the middle")

    def _follows_something_else(self) -> bool:
        if not self.streams:
            return False
        if self._compression is Compression.ZLIB:
            return not _is_zlib_header(self.stream_head)
        short = _SHORT_MAGICS.get(self._compression)
        if short is not None:
            return not self.stream_head.startswith(short)
        if self._compression in _WITH_SKIPPABLE and _SKIPPABLE.match(self.stream_head):
            return False
        return compression_of(self.stream_head) is not self._compression

    def _broken(self, reason: str, how: str) -> BrokenStreamError:
        offset = self.stream_start if reason == "trailing-garbage" else self.fed
        return BrokenStreamError(Damage(reason, f"the {self._name} data {how}", offset, 0))

    def _pieces(self, stream: Stream, data: bytes) -> Iterator[bytes]:
        try:
            while True:
                piece = stream.decompress(data, BLOCK_BYTES)
                for at in range(0, len(piece), BLOCK_BYTES):
                    yield piece[at : at + BLOCK_BYTES]
                if stream.eof or stream.needs_input:
                    return
                data = b""
        except faults_of(self._compression) as error:
            if self._follows_something_else():
                raise self._broken("trailing-garbage", "is followed by something else") from error
            raise self._broken(*fault_in(error)) from error
