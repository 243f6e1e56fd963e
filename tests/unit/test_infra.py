"""infra/data.json gives the functions every setting that they need."""

import pytest

from chalicelib.settings import RESOURCE_NAMES


def test_the_outputs_are_the_settings() -> None:
    resources = pytest.importorskip("froe.resources", reason="needs click: make setup", exc_type=ImportError)
    assert set(resources.read_template().required_settings) == {
        *RESOURCE_NAMES,
        "STAGE",
        "RECORDS_LAYOUT",
        "SINK",
        "RESULTS_BUCKET",
    }
