"""infra/parameters/STAGE.json gives the templates values that they take, and nothing that none of them knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.templates import INFRA, read

FILES = sorted((INFRA / "parameters").glob("*.json"))
DECLARED = {
    name: said
    for template in ("data", "observability")
    for name, said in read(template)["Parameters"].items()
}


def values(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["Parameters"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_that_of_its_stage(path: Path) -> None:
    """In the form of `aws cloudformation deploy --parameter-overrides file://…`."""
    assert set(json.loads(path.read_text(encoding="utf-8"))) == {"Parameters"}
    assert values(path)["Stage"] == path.stem
    assert all(isinstance(value, str) for value in values(path).values())


@pytest.mark.parametrize(("path", "name"), [(path, name) for path in FILES for name in values(path)], ids=str)
def test_a_value_is_allowed(path: Path, name: str) -> None:
    said, value = DECLARED[name], values(path)[name]
    if "AllowedValues" in said:
        assert value in {str(allowed) for allowed in said["AllowedValues"]}
    elif "AllowedPattern" in said:
        assert re.fullmatch(said["AllowedPattern"], value)
    else:
        assert said["MinValue"] <= float(value) <= said["MaxValue"]


def test_a_parameter_of_both_templates_is_the_same_in_both() -> None:
    of_data, of_observability = read("data")["Parameters"], read("observability")["Parameters"]
    for name in set(of_data) & set(of_observability):
        assert of_data[name]["AllowedPattern"] == of_observability[name]["AllowedPattern"]
        assert of_data[name]["Default"] == of_observability[name]["Default"]
