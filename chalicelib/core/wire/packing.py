"""Bytes and text as characters that any JSON may hold: zstd + base64."""

from __future__ import annotations

import base64
from typing import Final

import zstandard

_ZSTD_LEVEL: Final = 1
_MAX_BYTES: Final = 16 * 1024 * 1024


def packed(data: bytes) -> str:
    return base64.b64encode(zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(data)).decode()


def unpacked(text: str) -> bytes:
    """Raises ValueError or ZstdError; so does what declares more than 16 MiB."""
    compressed = base64.b64decode(text, validate=True)
    size = zstandard.frame_content_size(compressed)
    if not 0 <= size <= _MAX_BYTES:
        raise ValueError(f"it declares {size} bytes")
    return zstandard.ZstdDecompressor().decompress(compressed) if size else b""


def packed_text(text: str) -> str:
    return packed(text.encode())


def unpacked_text(text: str) -> str:
    """Raises as `unpacked` does."""
    return unpacked(text).decode()
