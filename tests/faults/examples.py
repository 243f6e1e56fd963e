"""The real inputs that lie beside the project: FROE_EXAMPLES names their folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(os.environ.get("FROE_EXAMPLES") or ROOT.parent / "shared" / "examples") / "hard"


def example_rows(name: str) -> list[Any]:
    """A test parameter for each row of a list of them; where the list is absent, one that is skipped by name."""
    listed = EXAMPLES / name
    if not listed.exists():
        reason = f"optional: no examples in {EXAMPLES}; FROE_EXAMPLES names their folder"
        return [pytest.param({}, id="none", marks=pytest.mark.skip(reason=reason))]
    rows = map(json.loads, listed.read_text("utf-8").splitlines())
    return [pytest.param(row, id=Path(row["file"]).name) for row in rows]
