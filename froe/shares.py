"""What became of a file's text, as one bar that always adds up: each byte of it is in exactly one share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import click

from froe.inquiry import SETTLED, ItemJson, skipped
from froe.terminal import sized


@dataclass(frozen=True, slots=True)
class Share:
    """glyph: tells the share without colours too."""

    name: str
    glyph: str
    colour: str


SHARES: Final = (
    Share("parsed", "█", "green"),
    Share("rejected", "▓", "yellow"),
    Share("skipped", "▒", "cyan"),
    Share("discarded", "░", "magenta"),
    Share("dead", "x", "red"),
    Share("pending", "·", "blue"),
)
_DEAD: Final = 4
"""Shares from there on are not done."""


def bytes_of(file: ItemJson) -> tuple[int, ...]:
    """The bytes of the text in each of `SHARES`. Pending is the rest of the text, cut or not; before the end of the text
    is known the object's size stands for it, or what is cut where that is more, as of a compressed one."""
    known = (
        file["parsed"]["bytes"],
        file["rejected"]["bytes"],
        skipped(file, "bytes"),
        file["discarded"]["bytes"],
        file["dead"]["bytes"],
    )
    whole = sum(known) + file["pending"]["bytes"]
    if file["text_bytes"] is not None:
        whole = max(whole, file["text_bytes"])
    elif file["state"] not in SETTLED:
        whole = max(whole, file["size"])
    return (*known, whole - sum(known))


def added(files: Iterable[ItemJson]) -> tuple[int, ...]:
    """The shares of several files together."""
    return tuple(map(sum, zip((0,) * len(SHARES), *map(bytes_of, files), strict=True)))


def cells(amounts: Sequence[int], width: int) -> list[int]:
    """How many of `width` cells each amount gets: together all of them, and one at least for what is not zero."""
    total = sum(amounts)
    if not total:
        return [0] * len(amounts)
    given = [max(int(amount > 0), amount * width // total) for amount in amounts]
    remainders = [amount * width % total if amount * width >= total else -1 for amount in amounts]
    while sum(given) < width:
        number = max(range(len(amounts)), key=remainders.__getitem__)
        given[number] += 1
        remainders[number] = -1
    while sum(given) > width:
        given[max(range(len(given)), key=given.__getitem__)] -= 1
    return given


def drawn(amounts: Sequence[int], width: int) -> str:
    """The bar, with its colours; blank where there is nothing to share."""
    if not sum(amounts):
        return " " * width
    parts = zip(SHARES, cells(amounts, width), strict=True)
    return "".join(click.style(share.glyph * count, fg=share.colour) for share, count in parts if count)


def percent(amounts: Sequence[int]) -> str:
    """How much is neither pending nor dead; 100 only when nothing is."""
    total = sum(amounts)
    if not total:
        return ""
    rest = sum(amounts[_DEAD:])
    return f"{min(99, 100 * (total - rest) // total) if rest else 100} %"


def legend(amounts: Sequence[int]) -> str:
    """What the bar's glyphs stand for and how much it is, of those that are there."""
    parts = zip(SHARES, amounts, strict=True)
    return "  ".join(
        f"{click.style(share.glyph, fg=share.colour)} {share.name} {sized(amount)}"
        for share, amount in parts
        if amount
    )
