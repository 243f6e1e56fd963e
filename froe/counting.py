"""An independent count of a local file, for comparison with the pipeline's account.

It shares no code with the pipeline and is naive on purpose: the standard library's gzip, zstandard's
own reader, one loop. It counts the text: decompressed, and recoded to UTF-8 if it is UTF-16 or UTF-32.
A damaged file cannot be counted.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

_PIECE = 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UncountableError(Exception):
    """The file cannot be decompressed to its end."""


@dataclass(frozen=True, slots=True)
class Count:
    """text_bytes: size of the text. lines: its newlines, plus one for an unterminated end."""

    text_bytes: int
    lines: int


def count_file(path: Path) -> Count:
    """Count a file's text. Raises OSError if it cannot be read, UncountableError if it is damaged."""
    text_bytes = newlines = 0
    last = b"\n"
    try:
        for piece in _utf8_pieces(path):
            text_bytes += len(piece)
            newlines += piece.count(b"\n")
            last = piece[-1:] or last
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise UncountableError(f"{path} is damaged: {error}") from error
    return Count(text_bytes, newlines + (last != b"\n"))


def _utf8_pieces(path: Path) -> Iterator[bytes]:
    with ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(path.open("rb"))
        magic = stream.read(4)
        stream.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            stream = cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=stream)))
        elif magic == b"\x28\xb5\x2f\xfd":
            reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
            stream = cast("BinaryIO", stack.enter_context(reader))
        head = stream.read(4)
        encoding = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        piece = head
        while piece:
            yield decoder.decode(piece).encode() if decoder else piece
            piece = stream.read(_PIECE)
        if decoder:
            yield decoder.decode(b"", final=True).encode()
