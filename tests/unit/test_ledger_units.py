"""What the ledger reads for each split and each batch does not grow with the file, counted in DynamoDB's units."""

from __future__ import annotations

import pytest

from benchmarks.ledger import units_of


@pytest.mark.parametrize("parallel", [True, False])
def test_a_split_takes_as_many_units_in_a_file_of_hundreds_as_in_one_of_sixteen(parallel: bool) -> None:
    few = units_of(16, parallel=parallel)
    for splits in (128, 512):
        many = units_of(splits, parallel=parallel)
        assert many.reads / splits <= 1.2 * few.reads / 16
        assert many.writes / splits <= 1.2 * few.writes / 16


def test_a_batch_takes_as_many_units_in_a_split_of_a_thousand_as_in_one_of_sixteen() -> None:
    few = units_of(1, 16)
    for batches in (256, 1024):
        many = units_of(1, batches)
        assert many.reads / batches <= 1.2 * few.reads / 16
        assert many.writes / batches <= 1.2 * few.writes / 16
