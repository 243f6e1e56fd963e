"""From the bytes of an object to its text, block by block: decompression and character set.

The text of an object is the same however its bytes arrive, even if it is damaged: it is always exactly what can be
decoded before the damage. Memory is bounded by a block, whatever
the compression ratio.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final
from zlib import crc32

from chalicelib.core.decoding.charsets import EBCDIC
from chalicelib.core.decoding.checkpoints import Checkpoints
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.decoding.decompressed import Decompressed, MisfitError, OpenObject

__all__ = ["OpenObject", "Text", "charset_of", "marked_charset"]

UTF_8: Final = "utf-8"
BYTE_ORDER_MARK: Final = codecs.BOM_UTF8
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (BYTE_ORDER_MARK, UTF_8),
)
_UNMARKED: Final = (("utf-16-le", 2, 0), ("utf-16-be", 2, 1), ("utf-32-le", 4, 0), ("utf-32-be", 4, 3))
_HOLE: Final = re.compile(rb"\0{64,}")
"""A hole that nobody wrote says nothing about the characters around it. What is left of one keeps the alignment."""
CHARSET_BYTES: Final = 4096
"""How much of the text `charset_of` reads."""
_UNITS_MIN: Final = 2
_NUL_SHARE: Final = 0.25
"""Share of characters that are ASCII: a time and a level in front of a message in any script."""
_ODD_SHARE: Final = 0.02
_PLAIN_SHARE: Final = 0.1
_MOST: Final = 0.8
_WRONG_CRC: Final = "the member has another checksum than the archive gives"


def charset_of(head: bytes) -> str:
    """Recognise UTF-16 and UTF-32 by their byte order mark, or by the NULs that are half or more of mostly ASCII text;
    anything else is taken as it is. head: some thousand bytes."""
    marked = marked_charset(head)
    if marked is not None or b"\0" not in head:
        return marked or UTF_8
    return next((name for name, width, low in _UNMARKED if _is_wide(head, name, width, low)), UTF_8)


def marked_charset(head: bytes) -> str | None:
    """The character set of the byte order mark with which a text begins."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def _is_wide(head: bytes, name: str, width: int, low: int) -> bool:
    """Whether bytes are text in characters of so many bytes, of which the one at `low` has the ASCII code.

    That is so if enough of them have NULs beside that byte, hardly one has a NUL there, and all together are text
    without control characters.
    """
    head = _HOLE.sub(lambda hole: hole[0][: len(hole[0]) % width], head)
    head = head[: len(head) // width * width]
    units = len(head) // width
    narrow = [head[place::width] for place in range(width)]
    ascii_low = narrow.pop(low)
    if units < _UNITS_MIN or ascii_low.count(0) > units * _ODD_SHARE:
        return False
    if any(part.count(0) < units * _NUL_SHARE for part in narrow):
        return False
    if width == 2:
        others = [pair for pair in zip(ascii_low, narrow[0], strict=True) if pair[1]]
        plain = sum(1 for pair in others if all(b" "[0] <= byte <= b"~"[0] for byte in pair))
        if plain >= _PLAIN_SHARE * units and plain >= _MOST * len(others):
            return False  # two ASCII characters, with NULs between words
    characters = codecs.getincrementaldecoder(name)("replace").decode(head)
    odd = sum(1 for character in characters if character < " " and character not in "\b\t\n\v\f\r\x1b")
    odd += characters.count("\x7f") + characters.count("\ufffd")
    return odd <= len(characters) * _ODD_SHARE


class Text:
    """The text of one object from a text offset on; iterate it once, then look at `damage`.

    inner: compressions within the outermost one, from the outside in. expected: how many bytes the object should
    have, if it may have fewer; missing bytes are a damage. crc: the CRC-32 of a zip member; a different one is a
    damage too, if all of it is read. A stored member that is compressed in turn is checked by its own compression.
    most: how many bytes each compression may become; more is a damage. checkpoints: of the object, if it is
    decompressed once and is UTF-8 then; any other text is read from the first byte, and so is a packed member of a
    zip.
    """

    def __init__(
        self,
        open_object: OpenObject,
        compression: Compression,
        charset: str,
        start: int = 0,
        *,
        inner: tuple[Compression, ...] = (),
        expected: int | None = None,
        crc: int | None = None,
        most: int | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.damage: Damage | None = None
        self._outer = (
            Text(open_object, compression, UTF_8, inner=inner[:-1], crc=crc, most=most) if inner else None
        )
        self._expected = expected
        self._crc = None if inner else crc
        self._most = most
        self._open = self._outer._reopened if self._outer else open_object  # noqa: SLF001 - its own kind
        self._compression = inner[-1] if inner else compression
        self._charset = charset
        self._start = start
        has_places = (
            compression not in (Compression.NONE, Compression.DEFLATE) and charset == UTF_8 and not inner
        )
        self._checkpoints = checkpoints if has_places else None

    @property
    def seekable(self) -> bool:
        """Whether text offsets are object offsets, so that any split can be read on its own."""
        return self._compression is Compression.NONE and self._charset == UTF_8

    def __iter__(self) -> Iterator[bytes]:
        if self.seekable:
            yield from self._plain(self._start)
            return
        if self._checkpoints is not None:
            yield from self._resumed(self._checkpoints, self._start)
            return
        skip = self._start
        text_bytes = 0
        for block in self._recoded():
            text_bytes += len(block)
            if skip >= len(block):
                skip -= len(block)
            else:
                yield block[skip:] if skip else block
                skip = 0
        if self._outer and self._outer.damage:
            self.damage = replace(self._outer.damage, text_offset=text_bytes)

    def _reopened(self, _offset: int) -> Iterator[bytes]:
        self.damage = None
        return iter(self)

    def _plain(self, offset: int) -> Iterator[bytes]:
        summed = 0 if self._crc is not None and not offset else None
        for block in self._open(offset):
            offset += len(block)
            if summed is not None:
                summed = crc32(block, summed)
            yield block
        if self._expected is not None and offset < self._expected:
            missing = self._expected - offset
            self.damage = Damage(
                "truncated", f"the archive has {missing:,} bytes less of it than it says", offset, offset
            )
        elif summed not in {None, self._crc}:
            self.damage = Damage("corrupt", _WRONG_CRC, offset, offset)

    def _recoded(self) -> Iterator[bytes]:
        if self._charset == UTF_8:
            yield from self._decompressed()
            return
        decoder = codecs.getincrementaldecoder(self._charset)(errors="replace")
        has_nel = self._charset in EBCDIC
        text_bytes = 0
        for block in self._decompressed():
            characters = decoder.decode(block)
            recoded = (characters.replace("\x85", "\n") if has_nel else characters).encode(UTF_8, "replace")
            text_bytes += len(recoded)
            if recoded:
                yield recoded
        if rest := decoder.decode(b"", final=True).encode(UTF_8, "replace"):
            text_bytes += len(rest)
            yield rest
        if self.damage:
            self.damage = replace(self.damage, text_offset=text_bytes)

    def _decompressed(self) -> Iterator[bytes]:
        if self._compression is Compression.NONE:
            yield from self._plain(0)
            return
        decompressed = Decompressed(self._open, self._compression)
        is_summed = self._crc is not None and self._compression is Compression.DEFLATE
        summed = text_bytes = 0
        for piece in self._bounded(decompressed, 0):
            if is_summed:
                summed = crc32(piece, summed)
            text_bytes += len(piece)
            yield piece
        self.damage = self._damage_of(decompressed)
        if is_summed and not self.damage and summed != self._crc:
            self.damage = Damage("corrupt", _WRONG_CRC, decompressed.fed_bytes, text_bytes)

    def _bounded(self, pieces: Iterable[bytes], at: int) -> Iterator[bytes]:
        """The pieces up to the most that may be read. at: where the first begins."""
        for piece in pieces:
            at += len(piece)
            if self._most is not None and at > self._most:
                detail = f"the {self._compression.value} data become more than {self._most:,} bytes, and are not read on"
                self.damage = Damage("limit", detail, self._most, self._most)
                if kept := piece[: self._most - at]:
                    yield kept
                return
            yield piece

    def _resumed(self, checkpoints: Checkpoints, position: int) -> Iterator[bytes]:
        """The text from a place on, decoded from the last check-point before it that fits. Damage counts only if
        decoding from an earlier check-point, or from the first byte, finds the same: no check-point alone decides that
        an object is damaged."""
        before: Damage | None = None
        for checkpoint in chain(checkpoints.before(position), (None,)):
            decompressed = Decompressed(self._open, self._compression, checkpoint, checkpoints)
            at = decompressed.start
            self.damage = None
            try:
                for block in self._bounded(decompressed, at):
                    at += len(block)
                    if at > position:
                        fresh = block[-(at - position) :]
                        position = at
                        yield fresh
            except MisfitError:
                if checkpoint is not None:
                    checkpoints.refuse(checkpoint)
                continue
            self.damage = self._damage_of(decompressed)
            if self.damage is None or self.damage == before or self.damage.reason == "limit":
                return
            before = self.damage

    def _damage_of(self, decompressed: Decompressed) -> Damage | None:
        """That the bound ended it, or its own."""
        return self.damage or decompressed.damage
