"""Reads as much of a text as decides its plan: its head, what is behind padding, and more where the head decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final

from chalicelib.core.decoding.text import OpenObject, Text
from chalicelib.core.formats.detection import HEAD_BYTES
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.around import begin_lines
from chalicelib.core.framing.json.collections import HEAD_BYTES as SHAPE_BYTES
from chalicelib.core.framing.json.collections import is_uniform
from chalicelib.core.framing.padding import NUL, behind_padding

PADDING_LOOK_BYTES: Final = 64 * 1024 * 1024
"""How much padding is read to find what is behind it. Behind more, places are tried, each twice as far as the last."""
_LINE_LOOK_BYTES: Final = 4 * 1024 * 1024
"""How far to look for the end of a first line that is longer than an entry may be."""


def take(blocks: Iterable[bytes], size: int) -> bytes:
    taken = b""
    for block in blocks:
        taken += block
        if len(taken) >= size:
            break
    return taken[:size]


def up_to(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        yield block
        size -= len(block)
        if size <= 0:
            return


def start_of(text: Text) -> bytes:
    """The first bytes of a text behind its padding: those that detection reads, and one more where there are more."""
    return take(behind_padding(up_to(text, PADDING_LOOK_BYTES)), HEAD_BYTES + 1)


def far_sample(text: Text, open_object: OpenObject, size: int) -> bytes:
    """What is behind padding longer than the head; if the padding does not end soon, what lies further on."""
    sample = start_of(text)
    places = [PADDING_LOOK_BYTES << power for power in range(40)]
    for place in [place for place in places if place < size - HEAD_BYTES] + [max(0, size - HEAD_BYTES)]:
        if sample or not text.seekable:
            break
        sample = take(open_object(place), HEAD_BYTES + 1).strip(NUL).partition(b"\n")[2]
    return sample


class WideHead:
    """More of a text than detection reads. It is read on first use.

    raw: how the object begins; whole: whether that is all of it."""

    def __init__(
        self, raw: bytes, text: Callable[[OpenObject], Text], open_object: OpenObject, *, whole: bool
    ) -> None:
        self._raw, self._text, self._open_object, self._whole = raw, text, open_object, whole

    @cached_property
    def _taken(self) -> bytes:
        return take(self._blocks(lambda _: iter([self._raw])), SHAPE_BYTES + 1)

    @property
    def head(self) -> bytes:
        return self._taken[:SHAPE_BYTES]

    @property
    def is_all(self) -> bool:
        return self._whole and len(self._taken) <= SHAPE_BYTES

    def behind_line(self) -> bytes:
        """What is behind the first line, as much as detection needs; empty if the line does not end soon."""
        behind = b""
        for block in up_to(self._blocks(self._open_object), _LINE_LOOK_BYTES):
            behind += block
            if b"\n" in behind and len(behind) - behind.index(b"\n") > HEAD_BYTES:
                break
        return behind.partition(b"\n")[2][:HEAD_BYTES]

    def fitted(self, framing: Framing) -> Framing:
        """The framing. For arrays it also says whether each object with one begins a line, and whether the elements are
        objects without arrays."""
        if framing.kind is not Kind.JSON:
            return framing
        has_way = bool(framing.member or framing.path)
        return replace(
            framing,
            by_line=has_way and begin_lines(self.head, complete=self.is_all),
            uniform=is_uniform(self.head, framing),
        )

    def _blocks(self, open_object: OpenObject) -> Iterator[bytes]:
        return behind_padding(up_to(self._text(open_object), PADDING_LOOK_BYTES))
