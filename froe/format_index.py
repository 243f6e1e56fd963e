"""The index of formats: what detection asks of each before it imports any.

python -m froe.format_index > chalicelib/core/formats/index.py
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.formats.sieve_trees import traits_of

_HEAD = '''"""What detection asks of formats before it imports any. Made from them by `make docs`.

TRAITS: of each sieve, with which characters a text may begin that matches (a bit for each of ASCII, and one for all
beyond), which of the marks of `sieve_trees` it may lack (a bit for each), and texts of which it holds one.
FORMATS: in the order in which detection breaks a tie; the members are those of `sieves.Candidate`.
"""
# fmt: off
# ruff: noqa: Q000

from __future__ import annotations

from typing import Final
'''


def text() -> str:
    """The module, as Python."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "TRAITS: Final[dict[str, tuple[int, int, tuple[str, ...]]]] = {"
    for sieve in dict.fromkeys(known.sieve or "" for known in all_formats()):
        begins, lacks, needs = traits_of(sieve)
        yield f"    {sieve!a}: ({begins:#x}, {lacks:#x}, {needs!a}),"
    yield "}"
    yield ""
    rows = "tuple[str, str | None, tuple[tuple[str, ...], ...], bool, float, tuple[str, ...]]"
    yield f"FORMATS: Final[tuple[{rows}, ...]] = ("
    for known in all_formats():
        row = (known.name, known.sieve, known.contains, known.alone, known.specificity, known.programs)
        yield f"    {row!a},"
    yield ")"


if __name__ == "__main__":
    print(text(), end="")
