"""infra/parameters/STAGE.json gives the templates values that they take, and nothing that none of them knows."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from tests.templates import INFRA, read

TEMPLATES = ("data", "observability", "backfill", "processes")
FILES = sorted((INFRA / "parameters").glob("*.json"))
DECLARED = {name: about for template in TEMPLATES for name, about in read(template)["Parameters"].items()}


def values(path: Path) -> dict[str, str]:
    parameters: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["Parameters"]
    return parameters


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_that_of_its_stage(path: Path) -> None:
    """In the form of `aws cloudformation deploy --parameter-overrides file://…`."""
    assert set(json.loads(path.read_text(encoding="utf-8"))) == {"Parameters"}
    assert values(path)["Stage"] == path.stem
    assert all(isinstance(value, str) for value in values(path).values())


@pytest.mark.parametrize(("path", "name"), [(path, name) for path in FILES for name in values(path)], ids=str)
def test_a_value_is_allowed(path: Path, name: str) -> None:
    declaration, value = DECLARED[name], values(path)[name]
    if "AllowedValues" in declaration:
        assert value in {str(allowed) for allowed in declaration["AllowedValues"]}
    elif "AllowedPattern" in declaration:
        assert re.fullmatch(declaration["AllowedPattern"], value)
    else:
        assert declaration["MinValue"] <= float(value) <= declaration["MaxValue"]


@pytest.mark.parametrize(("one", "other"), list(combinations(TEMPLATES, 2)))
def test_a_parameter_of_two_templates_is_the_same_in_both(one: str, other: str) -> None:
    of_one, of_other = read(one)["Parameters"], read(other)["Parameters"]
    for name in set(of_one) & set(of_other):
        for member in ("AllowedPattern", "AllowedValues", "ConstraintDescription", "Default"):
            assert of_one[name].get(member) == of_other[name].get(member)
