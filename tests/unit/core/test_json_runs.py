"""Values that are split together are those that are found one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.framing.json.runs import Runs
from tests.unit.core.test_framing import cut_in_one_pass

TEXTS = st.sampled_from(["", "x", "},{", '},{"id":1', '"', "\\", "{", "]", "\n", "é", "Records", "a" * 40])
VALUES = st.recursive(
    TEXTS | st.integers(0, 99) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "m", "Records"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ELEMENTS = st.builds(lambda number, value: {"id": number, "m": value}, st.integers(0, 99), VALUES) | VALUES
ALIKE = st.integers(2, 30).map(
    lambda count: [{"id": number, "r": [{"id": 1}, {"id": 2}][: number % 3]} for number in range(count)]
)
STYLES = st.sampled_from(
    [
        {"separators": (",", ":")},
        {"separators": (", ", ": ")},
        {"indent": 1},
        {"separators": (",\n", ":"), "ensure_ascii": False},
    ]
)
ROUND = st.sampled_from(["[%s]", '{"Records":[%s],"more":[{"id":1}]}', '{"a":{"b":[%s]}}'])
DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 9),
        st.sampled_from([b"", b"\0" * 5, b"\xef\xbb\xbf", b"words\n", b"\n", b'"', b"{", b"[", b"{}," * 17]),
    ),
    max_size=2,
)
FRAMINGS = st.builds(
    lambda where, uniform, rules: Framing(kind=Kind.JSON, uniform=uniform, rules=rules, **where),
    st.sampled_from(
        [{}, {"member": "Records"}, {"path": ("a", "b")}, {"path": ("a", "b"), "every_array": True}]
    ),
    st.booleans(),
    st.sampled_from([3, 3, 1]),
)
LIMITS = st.builds(
    Limits,
    batch_max_lines=st.sampled_from([3, 100]),
    batch_max_bytes=st.sampled_from([300, 100_000]),
    entry_max_bytes=st.sampled_from([12, 40, 5000]),
    split_bytes=st.sampled_from([200, 100_000]),
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    style = draw(STYLES)
    parts = []
    for elements in draw(st.lists(st.lists(ELEMENTS, max_size=8) | ALIKE, min_size=1, max_size=2)):
        texts_of: list[Any] = [json.dumps(each, **style) for each in elements]
        if draw(st.booleans()):
            between = "," if "indent" not in style else ",\n "
            parts.append(draw(ROUND).replace("%s", between.join(texts_of)))
        else:
            parts.append(draw(st.sampled_from(["\n", "\r\n", "", "\n\n", " \n"])).join(texts_of))
    text = "\n".join(parts).encode()
    for place, length, instead in draw(DAMAGE):
        at = int(place * len(text))
        text = text[:at] + instead + text[at + length :]
    return text


@given(texts(), FRAMINGS, LIMITS, st.lists(st.sampled_from([1, 9, 100, 10_000]), min_size=1, max_size=2))
def test_runs_of_values_change_no_cut(
    text: bytes, framing: Framing, limits: Limits, sizes: list[int]
) -> None:
    actual = cut_in_one_pass(text, sizes, framing, limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runs, "behind", lambda *_, **__: None)
        assert actual == cut_in_one_pass(text, sizes, framing, limits)


def test_values_that_are_alike_are_split_together_and_others_end_a_run() -> None:
    alike = b"".join(b'{"id":%d,"m":"},{"},' % number for number in range(50))
    text = b'{"id":0},' + alike + b'{"id":oops},' + alike
    run = Runs(1000).behind(text, 0, len(b'{"id":0}'), in_array=True, but=())
    assert run is not None
    assert len(run.sizes) == 50
    assert Runs(1000).behind(text, 0, len(b'{"id":0}'), in_array=True, but=(b'"m"',)) is None
    assert Runs(15).behind(text, 0, len(b'{"id":0}'), in_array=True, but=()) is None
