"""Makes check-points while an object is decoded. They depend on the object and the spacing alone, so every reader makes the same ones.

Memory: the text of one piece of the object, up to `_TEXT_MAX_BYTES`, while a block is looked for. A check-point in the middle of a stream is
kept only after decoding from it gave the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from isal import igzip_lib

from chalicelib.core.decoding.checkpoints import (
    WINDOW_BYTES,
    Checkpoint,
    Checkpoints,
    StreamState,
    text_digest,
)
from chalicelib.core.decoding.compressions import Compression, faults_of

if TYPE_CHECKING:
    from hashlib import blake2b

    from chalicelib.core.decoding.decoders import Decoder

_TRIED_BYTES: Final = 4096
"""A check-point is tested by at least that much of the text behind it."""
_TEXT_MAX_BYTES: Final = 4 * 1024 * 1024
_TRIES: Final = 8
"""After that many pieces without a block, the next search is twice as far away."""
_MARGIN_BYTES: Final = 2 * 1024 * 1024
_MARGIN_SHARE: Final = 8
_PIECE_BYTES: Final = 256 * 1024
_FIRST_FED_BYTES: Final = 512
"""A candidate is fed so much, then twice as much, and so on: most fail at once."""
_WORK_MAX: Final = 32 * 1024 * 1024
_WORK_PER_FED_BYTE: Final = 16
"""The work of looking through one piece: bytes decoded, and bytes fed, which cost more as headers can be dense."""


class _OutOfWorkError(Exception):
    """A piece has so many candidates that it is not looked through to its end."""


class _Work:
    """What may still be done for a piece. It counts bytes, so that every reader gives up at the same place."""

    def __init__(self) -> None:
        self._left = _WORK_MAX

    def spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise _OutOfWorkError


@dataclass(slots=True)
class _Begun:
    """A stream that began; it becomes a check-point once enough of its text is known."""

    offset: int
    streams: int
    text_offset: int
    digest: blake2b = field(default_factory=text_digest)


class CheckpointMaker:
    """checkpoint: where the decoder started; None: at the first byte."""

    def __init__(
        self,
        decoder: Decoder,
        compression: Compression,
        checkpoints: Checkpoints,
        checkpoint: Checkpoint | None,
    ) -> None:
        self._decoder = decoder
        self._checkpoints = checkpoints
        self._is_searched = compression is Compression.GZIP and checkpoints.holds_text
        self._may_rest = compression is Compression.ZSTD
        self._stream_start = decoder.stream_start
        self._text_start = self._at = checkpoint.text_offset if checkpoint else 0
        if checkpoint and checkpoint.stream:
            self._text_start = checkpoint.stream.text_start
        self._window: bytes | None = None
        self._begun: _Begun | None = None
        self._places = 1
        self._put_off(checkpoint.tried_until if checkpoint else 0)

    def _put_off(self, text_offset: int) -> None:
        """The next one is due shortly before the next multiple of the spacing, so that a split that begins there can use it."""
        spacing = self._checkpoints.spacing_bytes
        margin = min(spacing // 2, max(spacing // _MARGIN_SHARE, _MARGIN_BYTES))
        self._due = ((text_offset + margin) // spacing + self._places) * spacing - margin
        self._window, self._begun, self._tries = None, None, 0

    def may_rest(self, text_offset: int) -> bool:
        """Whether the next piece of the object, whose text begins there, can be fed past this maker, which costs much where pieces are as
        small as those of zstd. A frame that has begun without any text yet is no check-point then; the next one is."""
        return text_offset < self._due and self._may_rest

    def feed(self, data: bytes, text_offset: int) -> Iterator[bytes]:
        """What the decoder makes of the next piece of the object, whose text begins there."""
        decoder = self._decoder
        if text_offset != self._at:  # it was not asked meanwhile
            self._at, self._stream_start = text_offset, decoder.stream_start
        streams, is_within = decoder.streams, not decoder.has_ended
        kept: list[bytes] | None = [] if self._at >= self._due and self._is_searched else None
        begin = self._at
        for piece in decoder.feed(data):
            if decoder.stream_start != self._stream_start:
                self._stream_start, self._text_start = decoder.stream_start, self._at
                if self._at >= self._due and self._begun is None:
                    self._begun = _Begun(decoder.stream_start, decoder.streams, self._at)
            if self._begun:
                self._begun.digest.update(piece)
            if kept is not None:
                if self._at - begin > _TEXT_MAX_BYTES:
                    kept.clear()
                kept.append(piece)
            self._at += len(piece)
            yield piece
        if self._begun:
            self._keep_begun(self._begun)
        elif kept is not None:
            is_one_stream = is_within and decoder.streams == streams and not decoder.has_ended
            self._look_through(data, b"".join(kept), begin if is_one_stream else None)

    def _keep_begun(self, begun: _Begun) -> None:
        if self._at - begun.text_offset < _TRIED_BYTES:
            return
        self._keep(
            Checkpoint(begun.offset, 0, begun.streams, begun.text_offset, self._at, begun.digest.hexdigest())
        )

    def _keep(self, checkpoint: Checkpoint) -> None:
        self._checkpoints.keep(checkpoint)
        self._places = 1
        self._put_off(self._at)

    def _look_through(self, data: bytes, text: bytes, begin: int | None) -> None:
        """text: of this piece of the object, or the end of it. begin: where it begins; None if a stream begins or ends in the piece."""
        window, self._window = self._window, text[-WINDOW_BYTES:]
        if window is None or len(window) < WINDOW_BYTES:
            return
        self._tries += 1
        if begin is not None and self._at - begin == len(text) <= _TEXT_MAX_BYTES:
            try:
                start = _block_start(data, window, text)
            except _OutOfWorkError:
                start, self._tries = None, _TRIES
            if start:
                self._keep(self._within(start, len(data), window, text))
                return
        if self._tries >= _TRIES:
            self._places *= 2
            self._put_off(self._at)

    def _within(self, start: tuple[int, int], size: int, window: bytes, text: bytes) -> Checkpoint:
        bit, place = start
        decoder = self._decoder
        digest = text_digest()
        digest.update(memoryview(text)[place:])
        state = StreamState(
            decoder.stream_start,
            decoder.stream_head,
            self._text_start,
            decoder.crc,
            _before(window, text, place),
        )
        return Checkpoint(
            decoder.fed - size + bit // 8,
            bit % 8,
            decoder.streams,
            self._at - len(text) + place,
            self._at,
            digest.hexdigest(),
            state,
        )


def _before(window: bytes, text: bytes, place: int) -> bytes:
    return (
        text[place - WINDOW_BYTES : place]
        if place >= WINDOW_BYTES
        else (window + text[:place])[-WINDOW_BYTES:]
    )


def _block_start(data: bytes, window: bytes, text: bytes) -> tuple[int, int] | None:
    """The first bit at which a block begins, and its place in the text. Raises _OutOfWorkError."""
    from chalicelib.core.decoding.block_starts import aligned, possible_starts  # noqa: PLC0415 - only long streams

    work = _Work()
    for bit in possible_starts(data):
        rest = aligned(data[bit // 8 :], bit % 8)
        size = sum(map(len, _decoded(rest, bytes(WINDOW_BYTES), len(text), work)))
        if not _TRIED_BYTES <= size <= len(text):
            continue
        place = len(text) - size
        at, is_same = place, True
        for piece in _decoded(rest, _before(window, text, place), size, work):
            is_same = is_same and piece == text[at : at + len(piece)]
            at += len(piece)
        if is_same and at == len(text):
            return bit, place
    return None


def _decoded(data: bytes, window: bytes, most: int, work: _Work) -> Iterator[bytes]:
    """The text of the data, up to a little more than `most` bytes; nothing if no block begins here, or the stream ends."""
    inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE, zdict=window)
    pieces, size, at, step, fed = [], 0, 0, _FIRST_FED_BYTES, b""
    try:
        while not inflate.eof and size <= most:
            if inflate.needs_input or not at:
                if at >= len(data):
                    break
                fed = data[at : at + step]
                at, step = at + step, 2 * step
                work.spend(_WORK_PER_FED_BYTE * max(len(fed), _FIRST_FED_BYTES))
            piece = inflate.decompress(fed, _PIECE_BYTES)
            fed = b""
            pieces.append(piece)
            size += len(piece)
            work.spend(len(piece))
    except faults_of(Compression.GZIP):
        return
    if not inflate.eof:
        yield from pieces
