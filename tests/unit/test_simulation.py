"""The model of loads stays within the limits that it models, and loses no file."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.simulate import GB, MB, STAGES, burst, evenly
from benchmarks.simulation import FIRST_POLLERS, MORE_POLLERS_A_SECOND, Load, Result, Simulation, Stage
from chalicelib.core.plan.layouts import Layout
from froe import costs
from froe.costs import Sample
from froe.estimating import ordinary_sample
from froe.prices import read_prices


@cache
def sample() -> Sample:
    return ordinary_sample()


def run(load: Load, stage: Stage) -> Result:
    return Simulation(load, stage, sample()).run()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: f"{stage.layout}-{stage.table_units}")
@pytest.mark.parametrize(
    "load",
    [
        Load("many", evenly(300, 2 * MB, 60)),
        Load("small, by S3", evenly(500, 10_000, 5), ingest="direct"),
        Load("one", evenly(1, GB, 1)),
        Load("one gzip", evenly(1, GB, 1), compressed=True),
        Load("a burst", burst(200_000, 0.02, 10, [2])),
    ],
    ids=lambda load: load.name,
)
def test_every_byte_of_a_load_settles_no_faster_than_any_limit_allows(load: Load, stage: Stage) -> None:
    result = run(load, stage)
    arrivals = list(load.arrivals())
    assert (result.files, result.text_bytes) == (len(arrivals), sum(size for _, size in arrivals))
    entries = result.text_bytes / sample().text_bytes * sample().entries
    assert result.seconds >= entries / costs.PARSED_A_SECOND / max(1, result.peak_workers)
    assert result.peak_workers <= Simulation(load, stage, sample()).fit.maximum_concurrency
    units = result.text_bytes / sample().text_bytes * sample().layouts[stage.layout.value].write_units
    if not stage.grows:
        assert result.seconds >= units / stage.table_units
    assert result.median_seconds <= result.slowest_seconds <= result.seconds + 1


def test_a_table_that_grows_takes_twice_as_much_every_half_hour() -> None:
    load = Load("long", evenly(1, 20 * GB, 1))
    grown, bound = (run(load, Stage(Layout.ITEMS, 4000, grows=grows)) for grows in (True, False))
    units = 20 * GB / sample().text_bytes * sample().layouts["items"].write_units
    assert bound.seconds == pytest.approx(units / 4000, rel=0.05)
    assert bound.seconds / 2 > grown.seconds > 1800 + (units - 1800 * 4000) / 40_000
    assert bound.binding == "the write units of the table"


def test_pollers_grow_as_lambda_adds_them() -> None:
    load = Load("a wall", evenly(4000, 2 * MB, 1))
    result = run(load, Stage(Layout.PACKED, 40_000, grows=False, queued_splitters=200))
    assert FIRST_POLLERS < result.peak_splitters <= FIRST_POLLERS + MORE_POLLERS_A_SECOND * result.seconds
    assert result.peak_splitters + result.peak_workers <= 1000


def test_an_account_with_little_concurrency_is_what_binds() -> None:
    load = Load("a wall", evenly(2000, 2 * MB, 1))
    few = run(load, Stage(Layout.PACKED, 40_000, grows=False, account=10))
    many = run(load, Stage(Layout.PACKED, 40_000, grows=False))
    assert few.seconds > 2 * many.seconds
    assert few.peak_workers + few.peak_splitters <= 20
    assert few.binding == "the account's concurrency"


def test_dollars_are_those_of_the_cost_model() -> None:
    for stage in STAGES:
        result = run(Load("like the sample", evenly(20, sample().text_bytes, 60)), stage)
        used = costs.used(sample(), stage.layout.value)
        expected = 20 * sum(costs.dollars(used, read_prices()).values())
        assert result.dollars == pytest.approx(expected, rel=0.2)
