"""Compressed objects that no function can finish, recognised by their size when they are opened.

Compressed text has no entry points: whoever continues decompresses it from its first byte, so nothing beyond what one
function decompresses in its time is ever reached. Limits: the assumed rates are above those measured, so that no object is
refused that could be finished; an object slightly below the limit may still use up its messages' receives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chalicelib.core.decoding.compressions import Compression

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
"""A quarter more than what was measured on one processor, cutting included."""
_RATIO_MAX: Final = 10
"""The head of a file may be far more compressible than the rest."""
_ANSWER_SECONDS: Final = 3


def endless(
    size: int, compressions: tuple[Compression, ...], seconds: int | None, ratio_of_head: Callable[[], float]
) -> str | None:
    """Why an object of that size cannot be finished in functions that have so many seconds (None: as many as it takes); None if it can.

    compressions: the outermost first. ratio_of_head: how many bytes of text one of the object is, asked where it matters."""
    if compressions[0] is Compression.NONE or seconds is None:
        return None
    if size <= reach_bytes(compressions, seconds, _RATIO_MAX):
        return None
    reach = reach_bytes(compressions, seconds, ratio_of_head())
    if size <= reach:
        return None
    kind = " in ".join(each.value for each in reversed(compressions) if each is not Compression.NONE)
    return (
        f"too large to be decompressed: {size / 1e9:,.1f} GB of {kind}, of which a function of {seconds} s gets through"
        f" {reach / 1e9:,.1f} GB at most, and each begins at the first byte; split it into several objects or upload it"
        " uncompressed, or raise lambda_timeout of queued_splitter (to 900 s at most), and upload it again"
    )


def reach_bytes(compressions: tuple[Compression, ...], seconds: int, ratio: float) -> int:
    """How much of an object one function gets through at most."""
    text_rate = min(TEXT_MB_PER_SECOND.get(each, READ_MB_PER_SECOND) for each in compressions)
    rate = min(READ_MB_PER_SECOND, text_rate / min(max(ratio, 1), _RATIO_MAX))
    return int(rate * 1e6 * max(0, seconds - _ANSWER_SECONDS))
