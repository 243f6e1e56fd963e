"""Finds where blocks of deflate begin (RFC 1951), and lets a decoder start at one of them.

A block with dynamic codes begins with a header that random bits rarely look like. All bits of a step of the data are tested at once, by
arithmetic on integers of that many bits; nothing but the decoder that comes from before proves a candidate (`block_borders`). A decoder starts at a byte, so empty blocks in front of the
first byte stand for the bits of it that belong to the block before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_FIXED_EMPTY: Final = 0b0000000_01_0, 10
"""A block with the fixed codes and nothing but its end: its bits from the lowest on, and how many."""
_DYNAMIC_EMPTY: Final = 0x05FE17F200000000000A1C004, 97
"""The same with codes of its own: an odd number of bits."""
_CODE_LENGTHS_AT: Final = 17
_MOST_LENGTHS: Final = 19
_STEP_BYTES: Final = 8 * 1024
_HEADER_BYTES: Final = 16
"""More than what is looked at behind a bit."""
_WHOLE: Final = 7
"""Code lengths are of at most so many bits: a code of n bits takes 2 to the power of (7 - n) of the 128 there are."""


def aligned(data: bytes, bits: int) -> bytes:
    """Data that decodes like the given data without its first bits (0 to 7). data: not empty."""
    filled, count = _DYNAMIC_EMPTY if bits % 2 else (0, 0)
    for _ in range(bits // 2):
        filled |= _FIXED_EMPTY[0] << count
        count += _FIXED_EMPTY[1]
    begin = filled | data[0] >> bits << count
    return begin.to_bytes(count // 8 + 1, "little") + data[1:]


def possible_starts(data: bytes) -> Iterator[int]:
    """The bits at which a block with dynamic codes may begin that is not the last one: a few hundred in 64 KiB."""
    for at in range(0, len(data), _STEP_BYTES):
        size = 8 * min(_STEP_BYTES, len(data) - at)
        everywhere = (1 << size) - 1
        bits = int.from_bytes(data[at : at + _STEP_BYTES + _HEADER_BYTES], "little")
        is_block = ~bits & ~(bits >> 1) & (bits >> 2)
        starts = is_block & ~_are_set(bits >> 4) & ~_are_set(bits >> 9) & _have_whole_codes(bits, everywhere)
        starts &= everywhere
        while starts:
            lowest = starts & -starts
            yield 8 * at + lowest.bit_length() - 1
            starts ^= lowest


def _are_set(bits: int) -> int:
    """Where four bits are set: no header counts 30 or 31 codes more than the least."""
    return bits & bits >> 1 & bits >> 2 & bits >> 3


def _have_whole_codes(bits: int, everywhere: int) -> int:
    """Where the code of code lengths that a header holds is complete: its parts sum up to one."""
    sums = [0] * (_WHOLE + 1)
    is_over = 0
    for number in range(_MOST_LENGTHS):
        is_there = _at_least(bits >> 13, number - 3) & everywhere
        at = _CODE_LENGTHS_AT + 3 * number
        low, middle, high = bits >> at & is_there, bits >> at + 1 & is_there, bits >> at + 2 & is_there
        carry = 0
        for place, part in enumerate(_parts(low, middle, high)):
            both = sums[place] & part
            differ = sums[place] ^ part
            sums[place], carry = differ ^ carry, both | carry & differ
        is_over |= sums[_WHOLE] & carry
        sums[_WHOLE] ^= carry
    whole = sums.pop() & ~is_over
    for each in sums:
        whole &= ~each
    return whole


def _parts(low: int, middle: int, high: int) -> tuple[int, ...]:
    """Where a length of three bits is 7, 6, … 1."""
    return (
        low & middle & high,
        ~low & middle & high,
        low & ~middle & high,
        ~low & ~middle & high,
        low & middle & ~high,
        ~low & middle & ~high,
        low & ~middle & ~high,
    )


def _at_least(bits: int, least: int) -> int:
    """Where four bits are no less than a number."""
    above, equal = 0, -1
    for place in (3, 2, 1, 0):
        here = bits >> place
        if max(least, 0) >> place & 1:
            equal &= here
        else:
            above |= equal & here
            equal &= ~here
    return above | equal
