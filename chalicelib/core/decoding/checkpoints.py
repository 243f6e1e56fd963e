"""Check-points: places within a compressed object from which decoding can continue, as the ledger stores them.

Each has a digest of the text that follows it, so that it is tested before it is used, and belongs to one file. In the middle of a
stream it includes the 32 KiB of text before it, to which the stream refers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from hashlib import blake2b
from typing import Final, Protocol

import orjson
import zstandard

WINDOW_BYTES: Final = 32 * 1024
"""How far deflate refers back (RFC 1951 section 2)."""
_DIGEST_BYTES: Final = 16
_MADE: Final = b"by a proof"
"""How check-points are made: those that were made otherwise are not used."""
_HELD_MAX_BYTES: Final = WINDOW_BYTES + 1024


@dataclass(frozen=True, slots=True)
class StreamState:
    """The stream that a check-point is in the middle of.

    start: in the object. head: its first bytes. text_start: where its text begins. crc: of its text up to the check-point."""

    start: int
    head: bytes
    text_start: int
    crc: int
    window: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """offset: the first byte of the object that is needed. bits: how many bits of it belong to what lies before. streams: how many have
    ended before it. text_offset: where its text begins. tried_until: the text offset at which the text of `digest` ends.
    stream: None if a stream begins here."""

    offset: int
    bits: int
    streams: int
    text_offset: int
    tried_until: int
    digest: str
    stream: StreamState | None = None

    def encode(self, file_id: str) -> bytes:
        """With a digest under the id of the file."""
        stream = self.stream
        numbers = [*astuple(self)[:6]]
        window = b""
        if stream:
            numbers += [stream.start, stream.head.hex(), stream.text_start, stream.crc]
            window = stream.window
        body = zstandard.compress(orjson.dumps(numbers) + b"\n" + window)
        return _digest(file_id, body) + body

    @classmethod
    def decode(cls, data: bytes, file_id: str) -> Checkpoint | None:
        """None if this is not what was encoded for the file."""
        digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if digest != _digest(file_id, body):
            return None
        content = zstandard.ZstdDecompressor().decompress(body, max_output_size=_HELD_MAX_BYTES)
        line, _, window = content.partition(b"\n")
        offset, bits, streams, text_offset, tried_until, text_digest, *rest = orjson.loads(line)
        stream = None
        if rest:
            start, head, text_start, crc = rest
            stream = StreamState(start, bytes.fromhex(head), text_start, crc, window)
        return cls(offset, bits, streams, text_offset, tried_until, text_digest, stream)


def _digest(file_id: str, body: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST_BYTES, key=file_id.encode(), person=_MADE).digest()


def text_digest() -> blake2b:
    """The digest of the text that follows a check-point."""
    return blake2b(digest_size=_DIGEST_BYTES)


class Checkpoints(Protocol):
    """The check-points of one object. spacing_bytes: one is made per that many bytes of text. holds_text: whether they may include text."""

    @property
    def spacing_bytes(self) -> int: ...

    @property
    def holds_text(self) -> bool: ...

    def before(self, text_offset: int) -> Iterator[Checkpoint]:
        """Those whose test ends there or before, the last one first; any may be missing."""

    def keep(self, checkpoint: Checkpoint) -> None: ...

    def refuse(self, checkpoint: Checkpoint) -> None:
        """Note that it does not fit the object."""
