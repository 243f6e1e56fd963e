"""Check-points in memory, and compressed texts to make them of."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator

from chalicelib.core.decoding.checkpoints import Checkpoint
from chalicelib.core.decoding.text import OpenObject

FILE_ID = "6p6c2h6trpunwicftgvj6w2uw6"


class HeldCheckpoints:
    """As the ledger keeps them, for one file."""

    def __init__(self, spacing_bytes: int, *, holds_text: bool = True, file_id: str = FILE_ID) -> None:
        self.spacing_bytes = spacing_bytes
        self.holds_text = holds_text
        self.file_id = file_id
        self.encoded: dict[int, bytes] = {}
        self.refused: list[int] = []

    def before(self, text_offset: int) -> Iterator[Checkpoint]:
        for place in sorted((place for place in self.encoded if place <= text_offset), reverse=True):
            checkpoint = Checkpoint.decode(self.encoded[place], self.file_id)
            if checkpoint:
                yield checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        self.encoded[checkpoint.tried_until] = checkpoint.encode(self.file_id)

    def refuse(self, checkpoint: Checkpoint) -> None:
        self.refused.append(checkpoint.tried_until)


class CountedObject:
    """Opens an object of these bytes; read_bytes: how many it gave."""

    def __init__(self, data: bytes, piece_bytes: int = 50_000) -> None:
        self.data = data
        self.piece_bytes = piece_bytes
        self.read_bytes = 0

    def __call__(self, offset: int) -> Iterator[bytes]:
        for at in range(offset, len(self.data), self.piece_bytes):
            piece = self.data[at : at + self.piece_bytes]
            self.read_bytes += len(piece)
            yield piece

    @property
    def opener(self) -> OpenObject:
        return self


def lines(size: int, seed: int = 1) -> bytes:
    """So many bytes of lines, of which gzip makes a third to a half."""
    made = random.Random(seed)
    noise = made.randbytes(size // 6).hex()
    text, at = [], 0
    length = 0
    while length < size:
        line = f"192.0.2.{at % 250} GET /items/{noise[at : at + 16]} 200 {noise[at + 16 : at + 20]} curl/8.9\n".encode()
        text.append(line)
        length += len(line)
        at = (at + 20) % (len(noise) - 20)
    return b"".join(text)[: size - 1] + b"\n"


def in_streams(text: bytes, size: int, compress=gzip.compress) -> bytes:  # type: ignore[no-untyped-def]
    """A stream for each so many bytes."""
    return b"".join(compress(text[at : at + size]) for at in range(0, len(text), size))
