"""Check-points: places within a compressed object at which decoding can begin, as an item of the ledger holds them.

One says what the text behind it is, so that it is never believed without being tried, and which file it is of. Where it
begins in the middle of a stream it holds the 32 KiB of text before it, which the stream refers to.
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
_HELD_MAX_BYTES: Final = WINDOW_BYTES + 1024


@dataclass(frozen=True, slots=True)
class StreamState:
    """The one that a check-point is in the middle of.

    start: in the object. head: its first bytes. text_start: where its text begins. crc: of that up to where the check-point is tried."""

    start: int
    head: bytes
    text_start: int
    crc: int
    window: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """offset: the first byte of the object that is needed. bits: how many of it are passed. streams: how many have ended before it.
    text_offset: where the text behind it begins. tried_until: the text offset up to which `digest` says what that is.
    stream: None where one begins here."""

    offset: int
    bits: int
    streams: int
    text_offset: int
    tried_until: int
    digest: str
    stream: StreamState | None = None

    def encode(self, file_id: str) -> bytes:
        """For one file, and with a digest of its own."""
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
        """None where it is not what was encoded for this file."""
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
    return blake2b(body, digest_size=_DIGEST_BYTES, key=file_id.encode()).digest()


def text_digest() -> blake2b:
    """What tells texts apart that a check-point may have behind it."""
    return blake2b(digest_size=_DIGEST_BYTES)


class Checkpoints(Protocol):
    """Those of one object. spacing_bytes: one is made for each so many bytes of text. holds_text: whether it may hold some."""

    @property
    def spacing_bytes(self) -> int: ...

    @property
    def holds_text(self) -> bool: ...

    def before(self, text_offset: int) -> Iterator[Checkpoint]:
        """Those that are tried by there, the last first; any may be missing."""

    def keep(self, checkpoint: Checkpoint) -> None: ...

    def refuse(self, checkpoint: Checkpoint) -> None:
        """It does not fit the object."""
