"""Looks for a block of a gzip member by its text, and for the border behind it that `block_borders` can prove.

What is found by its text alone may be false: bytes in a stored block can be the blocks of another gzip that give the same text. So it
serves for nothing but to choose where the decoder of the member is asked. The work is counted in bytes, so that every reader gives up at the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from isal import igzip_lib

from chalicelib.core.decoding.block_borders import NoBorderError, fed, proven_border
from chalicelib.core.decoding.block_starts import aligned, possible_starts
from chalicelib.core.decoding.checkpoints import WINDOW_BYTES, Checkpoint, StreamState
from chalicelib.core.decoding.compressions import Compression, faults_of
from chalicelib.core.decoding.resumed_gzip import ResumedGzip

_TEXT_MIN_BYTES: Final = 4096
"""A block that gives less of the text of a piece is passed over."""
TEXT_MAX_BYTES: Final = 4 * 1024 * 1024
"""A piece that holds more is not searched."""
_PIECES: Final = 8
_PIECE_BYTES: Final = 256 * 1024
_FIRST_FED_BYTES: Final = 512
"""A candidate is fed so much, then twice as much, and so on: most fail at once."""
_WORK_MAX: Final = 32 * 1024 * 1024
_WORK_PER_FED_BYTE: Final = 16
"""The work of looking through one piece: bytes decoded, and bytes fed, which cost more as headers can be dense."""


class OutOfWorkError(Exception):
    """A piece has so many candidates that it is not looked through to its end."""


class _Work:
    """What may still be done for a piece."""

    def __init__(self) -> None:
        self._left = _WORK_MAX

    def spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise OutOfWorkError


class Guess:
    """A block that seems to begin in a piece of the object, data: from its first byte on."""

    def __init__(self, data: bytes, bits: int, window: bytes) -> None:
        self._state = StreamState(0, b"", 0, 0, window)
        self._checkpoint = Checkpoint(0, bits, 0, 0, 0, "", self._state)
        self._pieces = [data]

    def border_in(self, data: bytes) -> int | None:
        """The first bit of the next piece of the object at which another block begins, if the guess is right. Raises OutOfWorkError."""
        work = _Work()
        for bit, _ in _likely_starts(data, TEXT_MAX_BYTES, work):
            if self._leads_to(data, bit, work):
                return bit
        if len(self._pieces) >= _PIECES:
            raise OutOfWorkError
        self._pieces.append(data)
        return None

    def _leads_to(self, data: bytes, bit: int, work: _Work) -> bool:
        stream = ResumedGzip(self._checkpoint, self._state)
        text_bytes = 0
        try:
            for each in (*self._pieces, data[: bit // 8]):
                work.spend(_WORK_PER_FED_BYTE * len(each))
                for piece in fed(stream, each):
                    work.spend(len(piece))
                    text_bytes += len(piece)
            proven_border(stream, data[bit // 8], bit % 8, text_bytes)
        except NoBorderError:
            return False
        except faults_of(Compression.GZIP):
            return False
        return True


def guess_in(data: bytes, window: bytes, text: bytes) -> Guess | None:
    """text: of this piece of the object. window: what is before it. Raises OutOfWorkError."""
    work = _Work()
    for bit, size in _likely_starts(data, len(text), work):
        place = len(text) - size
        before = text_before(window, text, place)
        at, is_same = place, True
        for piece in _decoded(aligned(data[bit // 8 :], bit % 8), before, size, work):
            is_same = is_same and piece == text[at : at + len(piece)]
            at += len(piece)
        if is_same and at == len(text):
            return Guess(data[bit // 8 :], bit % 8, before)
    return None


def text_before(window: bytes, text: bytes, place: int) -> bytes:
    """What a block refers to that begins at a place in a text."""
    if place >= WINDOW_BYTES:
        return text[place - WINDOW_BYTES : place]
    return (window + text[:place])[-WINDOW_BYTES:]


def _likely_starts(data: bytes, most: int, work: _Work) -> Iterator[tuple[int, int]]:
    """The bits from which the data can be decoded to its end, and how many bytes of text that gives."""
    for bit in possible_starts(data):
        rest = aligned(data[bit // 8 :], bit % 8)
        size = sum(map(len, _decoded(rest, bytes(WINDOW_BYTES), most, work)))
        if _TEXT_MIN_BYTES <= size <= most:
            yield bit, size


def _decoded(data: bytes, window: bytes, most: int, work: _Work) -> Iterator[bytes]:
    """The text of the data, up to a little more than `most` bytes; nothing if no block begins here, or the stream ends."""
    inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE, zdict=window)
    pieces, size, at, step, taken = [], 0, 0, _FIRST_FED_BYTES, b""
    try:
        while not inflate.eof and size <= most:
            if inflate.needs_input or not at:
                if at >= len(data):
                    break
                taken = data[at : at + step]
                at, step = at + step, 2 * step
                work.spend(_WORK_PER_FED_BYTE * max(len(taken), _FIRST_FED_BYTES))
            piece = inflate.decompress(taken, _PIECE_BYTES)
            taken = b""
            pieces.append(piece)
            size += len(piece)
            work.spend(len(piece))
    except faults_of(Compression.GZIP):
        return
    if not inflate.eof:
        yield from pieces
