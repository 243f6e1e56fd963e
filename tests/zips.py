"""Zips that tests are made of."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable


class Stream(io.RawIOBase):
    """What cannot be gone back in: sizes are then written behind the data."""

    def __init__(self, into: io.BytesIO) -> None:
        self._into = into

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._into.write(data)


def zipped(
    members: Iterable[tuple[str, bytes]],
    method: int = zipfile.ZIP_DEFLATED,
    *,
    streamed: bool = False,
    zip64: bool = False,
    comment: bytes = b"",
) -> bytes:
    packed = io.BytesIO()
    into = Stream(packed) if streamed else packed
    with warnings.catch_warnings(), zipfile.ZipFile(into, "w", method) as writer:  # type: ignore[arg-type]
        warnings.simplefilter("ignore", UserWarning)
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with writer.open(info, "w", force_zip64=zip64) as file:
                file.write(data)
        writer.comment = comment
    return packed.getvalue()
