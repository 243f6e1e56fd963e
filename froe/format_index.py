"""The index of formats: what detection needs to know of each before it imports any.

python -m froe.format_index > chalicelib/core/formats/index.json
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from chalicelib.core.formats.registry import all_formats
from chalicelib.core.formats.sieve_trees import traits_of


def text() -> str:
    """JSON, a row per line.

    traits: of each sieve, with which characters a text may begin that matches (hexadecimal, a bit for each of ASCII and one
    for all others), which of the marks of `sieve_trees` it may lack (a bit for each), and strings of which it contains one.
    formats: in the order in which detection breaks a tie; the members are those of `sieves.Candidate`.
    """
    traits = []
    for sieve in dict.fromkeys(known.sieve or "" for known in all_formats()):
        begins, lacks, needs = traits_of(sieve)
        traits.append((sieve, f"{begins:x}", lacks, needs))
    formats = [
        (known.name, known.sieve, known.contains, known.alone, known.specificity, known.programs)
        for known in all_formats()
    ]
    return f'{{"traits":{_rows(traits)},\n"formats":{_rows(formats)}}}\n'


def _rows(rows: Iterable[Any]) -> str:
    return "[\n" + ",\n".join(orjson.dumps(row).decode() for row in rows) + "]"


if __name__ == "__main__":
    print(text(), end="")
