"""Proves that a decoder is at the border between two blocks of a gzip member (RFC 1951).

At such a border, and nowhere else, a decoder takes what follows for the header of a block. So it is fed a last block that holds
random bytes, and a trailer: if it then has given these bytes and come to its end, it stood at the border. Anywhere else, in stored bytes or among
codes, what is fed would have to be text by chance, or codes for bytes that nobody knew. The decoder has ended either way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from secrets import token_bytes
from typing import Any, Final, NamedTuple

from isal import isal_zlib

from chalicelib.core.decoding.compressions import Compression, Stream, faults_of

_NONCE_BYTES: Final = 16
_PIECE_BYTES: Final = 256 * 1024
_LAST_STORED: Final = 0b00_1, 3
"""The header of a last, stored block, and of how many bits it is."""


class NoBorderError(Exception):
    """No block begins there."""


class Border(NamedTuple):
    """text: what the bits before it yielded. crc: of the text of the member up to it."""

    text: bytes
    crc: int


def proven_border(stream: Any, byte: int, bits: int, text_bytes: int) -> Border:
    """stream: a decoder of gzip that was fed up to a byte. bits: how many bits of this byte lie before the border. text_bytes: of the member
    that it has given. Raises NoBorderError."""
    nonce = token_bytes(_NONCE_BYTES)
    header, size = _LAST_STORED
    begin = byte & (1 << bits) - 1 | header << bits
    block = begin.to_bytes((bits + size + 7) // 8, "little")
    block += struct.pack("<HH", _NONCE_BYTES, 0xFFFF - _NONCE_BYTES) + nonce
    crc = stream.crc
    try:
        given = b"".join(fed(stream, block))
        if not given.endswith(nonce):
            raise NoBorderError
        trailer = isal_zlib.crc32(given, crc), (text_bytes + len(given)) % 2**32
        beyond = b"".join(fed(stream, struct.pack("<II", *trailer)))
    except faults_of(Compression.GZIP) as error:
        raise NoBorderError from error
    if beyond or not stream.eof or stream.unused_data:
        raise NoBorderError
    text = given[:-_NONCE_BYTES]
    return Border(text, isal_zlib.crc32(text, crc))


def fed(stream: Stream, data: bytes) -> Iterator[bytes]:
    """What a decoder makes of a piece of input."""
    while True:
        yield stream.decompress(data, _PIECE_BYTES)
        if stream.eof or stream.needs_input:
            return
        data = b""
