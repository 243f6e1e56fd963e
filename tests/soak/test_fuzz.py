"""A bounded share of the spoilt inputs, with fixed seeds; `make soak` tries others."""

from __future__ import annotations

import pytest

pytest.importorskip("click", reason="click is not installed")

from chalicelib.core.custom.loading import load
from tests.soak.fuzz import CONFIGURATION, READERS, fault

SEEDS = {
    "text": 120,
    "compressed": 5,
    "envelope": 400,
    "notification": 1000,
    "configuration": 600,
    "body": 300,
}


@pytest.mark.parametrize("reader", READERS)
def test_whatever_a_reader_gets_only_errors_of_ours_come_out(reader: str) -> None:
    faults = [misreading for seed in range(SEEDS[reader]) if (misreading := fault(reader, seed))]
    assert not faults, "\n".join(faults)


def test_the_configuration_that_is_spoilt_is_right_before() -> None:
    assert load(CONFIGURATION, "froe.toml").rules
