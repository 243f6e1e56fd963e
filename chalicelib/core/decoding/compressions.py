"""Compressions, and a decoder for one stream of each, with the interface of the standard library's.

Memory is bounded by a block and the decoder's window, whatever the ratio. Decoders other than gzip and zstd are imported
with the first object that needs them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Protocol, cast

import zstandard
from isal import igzip_lib

_FEED_BYTES: Final = 64 * 1024
_ZSTD_FEED_BYTES: Final = 256
"""zstandard cannot bound its output; an RLE block turns 4 bytes into 128 KiB, so this many into 8 MiB."""
XZ_MEMORY_BYTES: Final = 129 * 1024 * 1024
"""Memory that a decoder of xz may take, of a function's 512 MB: enough for a window of 128 MiB, the most that a decoder of zstd
takes too. `xz -9` needs 65 MiB."""
_WINDOW: Final = "needs a window of more than 128 MiB, and is refused (compress it with a smaller one)"
_REFUSALS: Final = (
    ("Memory usage limit", _WINDOW),
    ("requires too much memory", _WINDOW),
    ("Dictionary mismatch", "needs a dictionary that is not in it, and is refused (compress it without one)"),
)
"""What messages of the decoders contain of data that may be whole, and what that means."""


class Compression(StrEnum):
    """How an object is compressed: recognised by its first bytes alone, but for brotli, which has no magic."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"
    LZ4 = "lz4"
    ZLIB = "zlib"
    SNAPPY = "snappy"
    BROTLI = "brotli"
    DEFLATE = "deflate"
    """Without a header of its own: a member of a zip."""

    @property
    def is_of_first_version(self) -> bool:
        """Whether the first version of plans knows it."""
        return self in {Compression.NONE, Compression.GZIP, Compression.ZSTD}

    @property
    def feed_bytes(self) -> int:
        """The size of the pieces in which a decoder gets an object: the text before a fault depends on it."""
        return _ZSTD_FEED_BYTES if self is Compression.ZSTD else _FEED_BYTES


class Stream(Protocol):
    """One stream of a compression, as the standard library's decoders have it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def stream_of(compression: Compression) -> Stream:
    """A decoder of one stream."""
    # ruff: noqa: PLC0415 - see the docstring of the module
    made: Any
    match compression:
        case Compression.GZIP:
            made = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        case Compression.ZLIB:
            made = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_ZLIB)
        case Compression.DEFLATE:
            made = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
        case Compression.ZSTD:
            made = _Zstd()
        case Compression.BZIP2:
            import bz2

            made = bz2.BZ2Decompressor()
        case Compression.XZ:
            import lzma

            made = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES)
        case Compression.LZ4:
            import lz4.frame

            made = lz4.frame.LZ4FrameDecompressor()
        case Compression.SNAPPY:
            made = Snappy()
        case Compression.BROTLI:
            made = _Brotli()
        case Compression.NONE:
            raise AssertionError("what is not compressed has no decoder")
    return cast("Stream", made)


def faults_of(compression: Compression) -> tuple[type[Exception], ...]:
    """The exceptions of a decoder for broken data."""
    match compression:
        case Compression.ZSTD:
            return (zstandard.ZstdError,)
        case Compression.BZIP2:
            return (OSError,)
        case Compression.XZ:
            import lzma

            return (lzma.LZMAError,)
        case Compression.LZ4:
            return (RuntimeError,)
        case Compression.BROTLI:
            import brotli

            return (brotli.error,)
        case Compression.SNAPPY:
            return (ValueError,)
        case _:
            return (cast("type[Exception]", igzip_lib.IsalError),)


def fault_in(error: Exception) -> tuple[str, str]:
    """The reason of `Damage` for an exception of a decoder, and how the data is."""
    refusals = (("limit", how) for words, how in _REFUSALS if words in str(error))
    return next(refusals, ("corrupt", f"is corrupt ({error})"))


class _Zstd:
    """A frame; its output is bounded by its input."""

    needs_input = True

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data

    def decompress(self, data: bytes, _max_length: int, /) -> bytes:
        return self._frame.decompress(data)


class _Brotli:
    """RFC 7932. What follows its end in the same piece of input is an error, so the end is found byte by byte."""

    unused_data = b""

    def __init__(self) -> None:
        import brotli

        self._decoder = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        return bool(self._decoder.is_finished())

    @property
    def needs_input(self) -> bool:
        return bool(self._decoder.can_accept_more_data())

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return bytes(self._decoder.process(data, output_buffer_limit=max_length))


class Snappy:
    """Chunks of at most 64 KiB of text each, with a checksum; they have no end but that of the data.

    https://github.com/google/snappy/blob/main/framing_format.txt"""

    _IDENTIFIER: Final = b"\xff\x06\0\0sNaPpY"
    _CHUNK_MAX_BYTES: Final = 8 + 76_490
    """Its header, the checksum, and what 64 KiB may become."""

    eof = False
    unused_data = b""

    def __init__(self) -> None:
        self._pending = b""
        self._skip = 0

    @property
    def may_end(self) -> bool:
        return not self._pending and not self._skip

    @property
    def needs_input(self) -> bool:
        return self._whole() is None

    def _whole(self) -> int | None:
        """The length of the next chunk with its header, if all of it is there; else None. A chunk without data is
        skipped. Raises ValueError."""
        while True:
            passed = min(self._skip, len(self._pending))
            self._pending, self._skip = self._pending[passed:], self._skip - passed
            if self._skip or len(self._pending) < 4:
                return None
            kind, size = self._pending[0], 4 + int.from_bytes(self._pending[1:4], "little")
            if kind < 2:
                if size > self._CHUNK_MAX_BYTES:
                    raise ValueError(f"a chunk of {size:,} bytes")
                return size if len(self._pending) >= size else None
            if kind == 0xFF:
                if not self._IDENTIFIER.startswith(self._pending[:10]):
                    raise ValueError("a stream identifier that is none")
                if len(self._pending) < 10:
                    return None
            elif kind < 0x80:
                raise ValueError(f"a chunk of unknown kind {kind}")
            self._skip = size

    def decompress(self, data: bytes, _max_length: int, /) -> bytes:
        self._pending += data
        size = self._whole()
        if size is None:
            return b""
        from cramjam import DecompressionError, snappy

        chunk, self._pending = self._pending[:size], self._pending[size:]
        try:
            return bytes(snappy.decompress(self._IDENTIFIER + chunk))
        except DecompressionError as error:
            raise ValueError(str(error)) from error
