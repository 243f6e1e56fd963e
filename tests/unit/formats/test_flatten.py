"""An object with nothing unusual in it is flattened on a way of its own: to the same attributes in the same order."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.formats.flatten import NeedsExact, Pairs, TooDeep, flatten

NAMES = st.sampled_from(["", "a", "b", "a.b", "c", ".", "x" * 130, "y" * 1100])
SCALARS = st.one_of(
    st.sampled_from([None, True, 0, -7, 1.5, -1.5, 0.0, 1e-120, 1e120, 1e-140, "", "é", "text"]),
    st.integers(-(2**63), 2**64),
)
OBJECTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


@given(OBJECTS)
def test_usual_objects_become_what_all_objects_become(loaded: dict[str, Any]) -> None:
    plain = flatten(Pairs(deepcopy(loaded)))
    try:
        fields, members = flatten(deepcopy(loaded))
    except NeedsExact:
        return
    assert (list(fields.items()), members) == (list(plain[0].items()), plain[1])


@pytest.mark.parametrize(("levels", "name"), [(100, "a"), (199, "a"), (100, "long"), (127, "")])
def test_objects_within_one_another_become_what_all_objects_become(levels: int, name: str) -> None:
    loaded: dict[str, Any] = {"last": 1}
    for _ in range(levels):
        loaded = {name: loaded}
    assert flatten(deepcopy(loaded)) == flatten(Pairs(deepcopy(loaded)))


def test_an_object_that_nests_too_deep_is_refused() -> None:
    loaded: dict[str, Any] = {"last": 1}
    for _ in range(250):
        loaded = {"a": loaded}
    with pytest.raises(TooDeep):
        flatten(loaded)
