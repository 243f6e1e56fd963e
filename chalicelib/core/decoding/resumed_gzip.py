"""Decodes the rest of a gzip member."""

from __future__ import annotations

from typing import Any, Final

from isal import igzip_lib, isal_zlib

from chalicelib.core.decoding.block_starts import aligned
from chalicelib.core.decoding.checkpoints import Checkpoint, StreamState
from chalicelib.core.decoding.compressions import Compression, faults_of

_TRAILER_BYTES: Final = 8
"""CRC-32 and size of the text (RFC 1952 section 2.3.1)."""


class ResumedGzip:
    """Decodes from a check-point, and verifies checksum and size at the end of the member as if it had decoded all of
    it."""

    def __init__(self, checkpoint: Checkpoint, stream: StreamState) -> None:
        self._inflate: Any = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE, zdict=stream.window)
        self._bits = checkpoint.bits
        self._has_begun = False
        self._size = checkpoint.text_offset - stream.text_start
        self._trailer = b""
        self.crc = stream.crc
        self.eof = False
        self.unused_data = b""

    @property
    def needs_input(self) -> bool:
        return not self.eof and (self._inflate.eof or self._inflate.needs_input)

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if data and not self._has_begun:
            data, self._has_begun = aligned(data, self._bits), True
        if self._inflate.eof:
            self._take_trailer(data)
            return b""
        piece: bytes = self._inflate.decompress(data, max_length)
        self._size += len(piece)
        self.crc = isal_zlib.crc32(piece, self.crc)
        if self._inflate.eof:
            self._take_trailer(self._inflate.unused_data)
        return piece

    def _take_trailer(self, data: bytes) -> None:
        self._trailer += data
        if len(self._trailer) < _TRAILER_BYTES:
            return
        crc, size = self._trailer[:4], self._trailer[4:_TRAILER_BYTES]
        if crc != self.crc.to_bytes(4, "little") or size != (self._size % 2**32).to_bytes(4, "little"):
            raise faults_of(Compression.GZIP)[0]("Error -6 Incorrect checksum found")
        self.eof, self.unused_data = True, self._trailer[_TRAILER_BYTES:]
