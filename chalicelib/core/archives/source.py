"""The text of an archive, read once from front to back, however many members are opened and cut on the way.

What was just read can be read again, as the head of a member is once a plan was made of it. Memory: `_KEPT_BYTES` and a
block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.decoding.text import OpenObject, Text

_KEPT_BYTES: Final = 1024 * 1024
"""More than the head from which a plan is made."""
_LEAP_BYTES: Final = 4 * 1024 * 1024
"""What is not read through where it can be passed over, by another request or from a check-point."""


class Source:
    """open_text: gives the text from an offset on. position: where the next byte is that nobody has taken. size: of a text
    that can be read from any byte on; else None. known_before: of one that cannot, the last place up to another that was read
    before, and from which reading it costs little."""

    def __init__(
        self,
        open_text: Callable[[int], Text],
        position: int,
        size: int | None,
        known_before: Callable[[int], int] = lambda _: 0,
    ) -> None:
        self._open_text = open_text
        self._size = size
        self._known_before = known_before
        self.position = position
        self._begin(position)

    def _begin(self, position: int) -> None:
        self._text = self._open_text(position)
        self._blocks = iter(self._text)
        self._buffer = bytearray()
        self._buffer_at = position
        self._has_ended = False

    @property
    def damage(self) -> Damage | None:
        """Where the text breaks, once all of it was read."""
        return self._text.damage

    def read(self, size: int) -> bytes:
        """The next bytes; fewer where the text ends."""
        taken = b""
        while len(taken) < size and (piece := self._from(self.position, size - len(taken))):
            self.position += len(piece)
            taken += piece
        return taken

    def pass_to(self, place: int) -> bool:
        """Go on at a place further on; False, and no further than that, where the text ends before it."""
        if self._size is None or place <= self._size:
            self._leap(place)
        while self._held_end < place and self._more():
            pass
        self.position = min(place, self._held_end)
        return self.position == place

    def read_through(self) -> int:
        """The end of the text; one that can be read from any byte on is not read for it."""
        while self._size is None and self._more():
            pass
        return self._held_end if self._size is None else self._size

    def opener(self, start: int, size: int, otherwise: OpenObject) -> OpenObject:
        """Opens so many bytes from a place on that was not passed yet. otherwise: opens what is not held any more."""

        def open_at(offset: int) -> Iterator[bytes]:
            at, end = start + offset, start + size
            if at < self._buffer_at:
                yield from otherwise(offset)
                return
            self._leap(at)
            while at < end and (piece := self._from(at, end - at)):
                at += len(piece)
                yield piece

        return open_at

    def _leap(self, place: int) -> None:
        """Leave out what lies before a place further on, if it need not be read."""
        if self._held_end + _LEAP_BYTES < place:
            begin = self._known_before(place) if self._size is None else min(place, self._size)
            if self._held_end + _LEAP_BYTES < begin:
                self._begin(begin)

    @property
    def _held_end(self) -> int:
        return self._buffer_at + len(self._buffer)

    def _from(self, at: int, size: int) -> bytes:
        """Some of so many bytes from a place on; none where the text ends before."""
        while at >= self._held_end:
            if not self._more():
                return b""
        begin = at - self._buffer_at
        return bytes(self._buffer[begin : begin + size])

    def _more(self) -> bool:
        block = None if self._has_ended else next(self._blocks, None)
        if block is None:
            self._has_ended = True
            return False
        if len(self._buffer) >= _KEPT_BYTES:
            self._buffer_at = self._held_end
            self._buffer.clear()
        self._buffer += block
        return True
