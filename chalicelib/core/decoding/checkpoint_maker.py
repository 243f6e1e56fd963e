"""Makes check-points while an object is decoded. They depend on the object and the spacing alone, so every reader makes the same ones.

A check-point in the middle of a stream is made only where the decoder proves that a block begins: where it does not, LostError says
that it cannot go on. Memory: the text of one piece of the object, up to `TEXT_MAX_BYTES`, while a block is looked for, and a few pieces.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.decoding.block_borders import NoBorderError
from chalicelib.core.decoding.checkpoints import (
    WINDOW_BYTES,
    Checkpoint,
    Checkpoints,
    StreamState,
    text_digest,
)
from chalicelib.core.decoding.compressions import Compression

if TYPE_CHECKING:
    from hashlib import blake2b

    from chalicelib.core.decoding.block_search import Guess
    from chalicelib.core.decoding.decoders import Decoder

_TRIED_BYTES: Final = 4096
"""A check-point is tested by at least that much of the text behind it."""
_TRIES: Final = 8
"""After that many pieces without a block, the next search is twice as far away."""
_MARGIN_BYTES: Final = 2 * 1024 * 1024
_MARGIN_SHARE: Final = 8


class LostError(Exception):
    """The decoder was asked for a border where there is none, which an object can be made for, and has ended."""


@dataclass(slots=True)
class _Begun:
    """A stream that began, or a block; it becomes a check-point once enough of its text is known."""

    checkpoint: Checkpoint
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
        self._places = 1
        self._put_off(checkpoint.tried_until if checkpoint else 0)

    def _put_off(self, text_offset: int) -> None:
        """The next one is due shortly before the next multiple of the spacing, so that a split that begins there can use it."""
        spacing = self._checkpoints.spacing_bytes
        margin = min(3 * spacing // 4, max(spacing // _MARGIN_SHARE, _MARGIN_BYTES))
        self._due = ((text_offset + margin) // spacing + self._places) * spacing - margin
        self._window = b""
        self._guess: Guess | None = None
        self._begun: _Begun | None = None
        self._tries = 0

    def may_rest(self, text_offset: int) -> bool:
        """Whether the next piece of the object, whose text begins there, can be fed past this maker, which costs much where pieces are as
        small as those of zstd. A frame that has begun without any text yet is no check-point then; the next one is."""
        return text_offset < self._due and self._may_rest

    def feed(self, data: bytes, text_offset: int) -> Iterator[bytes]:
        """What the decoder makes of the next piece of the object, whose text begins there. Raises LostError."""
        if text_offset != self._at:  # it was not asked meanwhile
            self._at, self._stream_start = text_offset, self._decoder.stream_start
        if self._at < self._due or not self._is_searched:
            yield from self._taken(data)
        else:
            yield from self._searched(data)
        if self._begun:
            self._keep(self._begun)

    def _taken(self, data: bytes) -> Iterator[bytes]:
        decoder = self._decoder
        for piece in decoder.feed(data):
            if decoder.stream_start != self._stream_start:
                self._stream_start, self._text_start = decoder.stream_start, self._at
                if self._at >= self._due and self._begun is None:
                    place = Checkpoint(decoder.stream_start, 0, decoder.streams, self._at, self._at, "")
                    self._begun = _Begun(place)
            if self._begun:
                self._begun.digest.update(piece)
            self._at += len(piece)
            yield piece

    def _searched(self, data: bytes) -> Iterator[bytes]:
        """As `_taken`, and look for a block."""
        from chalicelib.core.decoding.block_search import TEXT_MAX_BYTES, OutOfWorkError  # noqa: PLC0415 - only long streams

        rest, bit = data, None
        try:
            if self._guess and not self._begun:
                bit = self._guess.border_in(data)
        except OutOfWorkError:
            self._give_up()
            yield from self._taken(data)
            return
        if bit is not None:
            rest = yield from self._entered(data, bit)
        decoder, begin = self._decoder, self._at
        kept: list[bytes] = []
        streams, is_within = decoder.streams, not decoder.has_ended
        for piece in self._taken(rest):
            if self._at - begin > TEXT_MAX_BYTES:
                kept.clear()
            kept.append(piece)
            yield piece
        text = b"".join(kept)
        is_whole = self._at - begin == len(text)
        window, self._window = self._window, ((self._window if is_whole else b"") + text)[-WINDOW_BYTES:]
        if self._begun or self._guess or len(window) < WINDOW_BYTES:
            return
        is_one_stream = is_within and decoder.streams == streams and not decoder.has_ended
        self._look_through(rest, window, text if is_one_stream and is_whole else b"")

    def _look_through(self, data: bytes, window: bytes, text: bytes) -> None:
        """text: of this piece of the object; empty if a stream begins or ends in the piece."""
        from chalicelib.core.decoding.block_search import OutOfWorkError, guess_in  # noqa: PLC0415 - only long streams

        self._tries += 1
        try:
            self._guess = guess_in(data, window, text) if text else None
        except OutOfWorkError:
            self._tries = _TRIES
        if self._tries >= _TRIES and not self._guess:
            self._give_up()

    def _give_up(self) -> None:
        self._places *= 2
        self._put_off(self._at)

    def _entered(self, data: bytes, bit: int) -> Generator[bytes, None, bytes]:
        """The text up to a bit at which a block begins, if the guess was right; gives what of the piece is still to be fed."""
        decoder, streams = self._decoder, self._decoder.streams
        for piece in self._taken(data[: bit // 8]):
            self._window = (self._window + piece)[-WINDOW_BYTES:]
            yield piece
        rest = data[bit // 8 :]
        self._guess = None
        is_within = decoder.streams == streams and not decoder.has_ended
        if self._begun or not is_within or min(len(self._window), self._at - self._text_start) < WINDOW_BYTES:
            return rest
        try:
            border = decoder.proven_border(rest[0], bit % 8, self._at - self._text_start)
        except NoBorderError as error:
            raise LostError from error
        self._at += len(border.text)
        window = (self._window + border.text)[-WINDOW_BYTES:]
        state = StreamState(decoder.stream_start, decoder.stream_head, self._text_start, border.crc, window)
        checkpoint = Checkpoint(decoder.fed, bit % 8, streams, self._at, self._at, "", state)
        decoder.go_on(checkpoint, state)
        self._begun = _Begun(checkpoint)
        if border.text:
            yield border.text
        return rest

    def _keep(self, begun: _Begun) -> None:
        if self._at - begun.checkpoint.text_offset < _TRIED_BYTES:
            return
        self._checkpoints.keep(
            replace(begun.checkpoint, tried_until=self._at, digest=begun.digest.hexdigest())
        )
        self._places = 1
        self._put_off(self._at)
