"""The content of a compressed object, from its first byte or from a check-point.

It does not depend on how the bytes arrive or where reading begins, even if the object is damaged: the result is always exactly what can be
decoded before the damage. Memory is bounded by a block, whatever the compression ratio, and by what `checkpoint_maker` needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from chalicelib.core.decoding.checkpoint_maker import CheckpointMaker, LostError
from chalicelib.core.decoding.checkpoints import Checkpoint, Checkpoints, text_digest
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import BrokenStreamError, Damage, Decoder

OpenObject: TypeAlias = Callable[[int], Iterator[bytes]]
"""Gives the object's bytes from an offset on, in pieces of any size. May be called again."""


class MisfitError(Exception):
    """A check-point does not belong to this object."""


class Decompressed:
    """Iterate it once, then look at `damage`. start: where its text begins. fed_bytes: how much of the object was
    decoded. checkpoints: where those made on the way are kept.

    Raises MisfitError, and then has given nothing."""

    def __init__(
        self,
        open_object: OpenObject,
        compression: Compression,
        checkpoint: Checkpoint | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.damage: Damage | None = None
        self.fed_bytes = 0
        self.start = checkpoint.tried_until if checkpoint else 0
        self._open = open_object
        self._compression = compression
        self._checkpoint = checkpoint
        self._checkpoints = checkpoints
        self._begin = checkpoint.text_offset if checkpoint else 0
        self._decoded = self._begin

    def __iter__(self) -> Iterator[bytes]:
        checkpoint = self._checkpoint
        if checkpoint is None:
            yield from self._pieces()
            return
        digest, at = text_digest(), self._begin
        for piece in self._pieces():
            tried = piece[: self.start - at] if at < self.start else b""
            if tried:
                digest.update(tried)
                if at + len(tried) == self.start and digest.hexdigest() != checkpoint.digest:
                    raise MisfitError
            at += len(piece)
            if len(tried) < len(piece):
                yield piece[len(tried) :]
        if at < self.start:
            raise MisfitError

    def _pieces(self) -> Iterator[bytes]:
        """From where the check-point's text begins."""
        decoder = Decoder(self._compression, self._checkpoint)
        maker = None
        if self._checkpoints is not None:
            maker = CheckpointMaker(decoder, self._compression, self._checkpoints, self._checkpoint)
        try:
            for data in self._fed():
                if maker is None or maker.may_rest(self._decoded):
                    pieces = decoder.feed(data)
                else:
                    pieces = maker.feed(data, self._decoded)
                for piece in pieces:
                    self._decoded += len(piece)
                    yield piece
                self.fed_bytes += len(data)
            decoder.finish()
        except LostError:
            self._checkpoints = None
            yield from self._again()
        except BrokenStreamError as broken:
            yield from self._broken(broken, self.fed_bytes)

    def _broken(self, broken: BrokenStreamError, good_bytes: int) -> Iterator[bytes]:
        if broken.damage.reason == "truncated":
            self.damage = replace(broken.damage, text_offset=self._decoded)
        else:
            yield from self._again(good_bytes)

    def _fed(self) -> Iterator[bytes]:
        """The object in pieces whose borders do not depend on where reading begins."""
        offset, size = self._checkpoint.offset if self._checkpoint else 0, self._compression.feed_bytes
        return _in_pieces_of(size, self._open(offset), size - offset % size)

    def _again(self, good_bytes: int | None = None) -> Iterator[bytes]:
        """Read again what is given already, and then the rest.

        good_bytes: up to the piece that failed, which is gone through byte by byte: a decoder that fails drops
        what it had decoded in that call, and where calls begin must not decide what is text."""
        decoder = Decoder(self._compression, self._checkpoint)
        self.fed_bytes, decoded = 0, self._begin
        try:
            for data in self._fed():
                step = len(data) if good_bytes is None or self.fed_bytes < good_bytes else 1
                for at in range(0, len(data), step):
                    for piece in decoder.feed(data[at : at + step]):
                        decoded += len(piece)
                        if decoded > self._decoded:
                            fresh = piece[-(decoded - self._decoded) :]
                            self._decoded = decoded
                            yield fresh
                self.fed_bytes += len(data)
            decoder.finish()
        except BrokenStreamError as broken:
            if good_bytes is None:
                yield from self._broken(broken, self.fed_bytes)
            else:
                self.damage = replace(broken.damage, text_offset=self._decoded)


def _in_pieces_of(size: int, pieces: Iterator[bytes], first: int) -> Iterator[bytes]:
    """first: how large the first one is."""
    kept, size_now = b"", first
    for piece in pieces:
        kept = kept + piece if kept else piece
        at = 0
        while len(kept) - at >= size_now:
            yield kept[at : at + size_now]
            at, size_now = at + size_now, size
        kept = kept[at:]
    if kept:
        yield kept
