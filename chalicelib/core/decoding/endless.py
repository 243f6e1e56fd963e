"""Compressed objects that no function can finish, recognised by their size when they are opened.

Where nothing can be entered but the first byte, whoever continues decompresses from there, so nothing beyond what one
function decompresses in its time is ever reached. Limits: the assumed rates are above those measured, so that no object is
refused that could be finished; an object slightly below the limit may still use up its messages' receives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chalicelib.core.decoding.checkpoints import Checkpoint
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decompressed import Decompressed, OpenObject

READ_MB_PER_SECOND: Final = 100
"""One connection to S3 gives 85 to 90."""
TEXT_MB_PER_SECOND: Final[Mapping[Compression, int]] = {
    Compression.GZIP: 1800,
    Compression.ZSTD: 540,
    Compression.BZIP2: 100,
    Compression.XZ: 300,
    Compression.LZ4: 1800,
    Compression.ZLIB: 1800,
    Compression.SNAPPY: 1800,
    Compression.BROTLI: 1400,
    Compression.DEFLATE: 1800,
}
"""A quarter more than was measured on one processor, cutting included."""
_RATIO_MAX: Final = 10
"""The head of a file may be far more compressible than the rest."""
_ANSWER_SECONDS: Final = 3
_LOOK_BYTES: Final = 1024 * 1024


def endless(
    size: int,
    compressions: tuple[Compression, ...],
    seconds: int | None,
    ratio_of_head: Callable[[], float],
    goes_on: Callable[[], bool] = lambda: False,
) -> str | None:
    """Why an object of that size cannot be finished in functions with so many seconds (None: unlimited); None if it
    can.

    compressions: the outermost first. ratio_of_head: bytes of text per byte of the object, goes_on: whether it can be
    continued elsewhere than at its first byte; both are called only if they matter.
    """
    if compressions[0] is Compression.NONE or seconds is None:
        return None
    if size <= reach_bytes(compressions, seconds, _RATIO_MAX):
        return None
    reach = reach_bytes(compressions, seconds, ratio_of_head())
    if size <= reach or goes_on():
        return None
    kind = " in ".join(each.value for each in reversed(compressions) if each is not Compression.NONE)
    return (
        f"too large to be decompressed: {size / 1e9:,.1f} GB of {kind}, of which a function of {seconds} s gets through"
        f" {reach / 1e9:,.1f} GB at most, and each begins at the first byte, as nothing else of it can be entered; split it into several"
        " objects, compress it in frames or members of some MB, upload it uncompressed, raise lambda_timeout of queued_splitter (to 900 s"
        " at most), or let `froe consume` open and cut it (INGEST=queue), which has hours; then upload it again"
    )


class _Places:
    """Counts the check-points of a begin. spacing_bytes: small, so that all of it is searched."""

    spacing_bytes = 64 * 1024

    def __init__(self, *, holds_text: bool) -> None:
        self.holds_text = holds_text
        self.count = 0

    def before(self, _text_offset: int) -> Iterator[Checkpoint]:
        return iter(())

    def keep(self, _checkpoint: Checkpoint) -> None:
        self.count += 1

    def refuse(self, _checkpoint: Checkpoint) -> None:
        """No check-point is tried."""


def has_places(open_object: OpenObject, compression: Compression, *, holds_text: bool) -> bool:
    """Whether an object can be continued elsewhere than at its first byte, judging by its first MiB. holds_text: whether check-points may
    include text."""

    def begin(offset: int) -> Iterator[bytes]:
        left = _LOOK_BYTES
        for piece in open_object(offset):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return

    places = _Places(holds_text=holds_text)
    return any(places.count for _ in Decompressed(begin, compression, None, places))


def reach_bytes(compressions: tuple[Compression, ...], seconds: int, ratio: float) -> int:
    """How much of an object one function gets through at most."""
    text_rate = min(TEXT_MB_PER_SECOND.get(each, READ_MB_PER_SECOND) for each in compressions)
    rate = min(READ_MB_PER_SECOND, text_rate / min(max(ratio, 1), _RATIO_MAX))
    return int(rate * 1e6 * max(0, seconds - _ANSWER_SECONDS))
