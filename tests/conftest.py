"""Shared by all tests: with FROE_NO_SKIP=1 (`make test`) a skip is a failure, so that nothing hides.

Where a package for development is not installed, the modules that import it are skipped by name. What depends on example files that are not part of the project may be skipped; its reason begins "optional:".
"""

import gc
import os
import re
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings

from chalicelib.aws.clients import INVOCATION

settings.register_profile("froe", deadline=None)  # the machines are shared: nothing is timed in a test
settings.load_profile("froe")


def pytest_configure(config: pytest.Config) -> None:
    if path := os.environ.get("FROE_CPU_LOG"):
        from tests.cpu import Log

        config.pluginmanager.register(Log(path))


_load_file = JSONFileLoader.load_file


@cache
def _loaded(path: str) -> object:
    return _load_file(JSONFileLoader(), path)


_list_services = Loader.list_available_services


@cache
def _listed(type_name: str, paths: tuple[str, ...]) -> list[str]:
    return _list_services(Loader(extra_search_paths=paths, include_default_search_paths=False), type_name)


# The descriptions of AWS services are read and listed once a process: each client of each test did so for itself.
JSONFileLoader.load_file = lambda _, path: _loaded(path)
Loader.list_available_services = lambda self, type_name: _listed(type_name, tuple(self.search_paths))

UNIT = Path(__file__).parent / "unit"

OPTIONAL = "optional:"
LONG = frozenset((
    "test_archives", "test_archives_in_the_pipeline", "test_blocks", "test_collections", "test_compactor", "test_contexts",
    "test_costs", "test_dead_letters", "test_deliveries", "test_detection", "test_entry_borders", "test_forgetting",
    "test_format_block", "test_generations", "test_infra_backfill", "test_inventions", "test_json_around",
    "test_json_collections", "test_json_elements", "test_json_repairs", "test_kinds", "test_layouts", "test_ledger_table",
    "test_ledger_units", "test_letters_table", "test_line_ends", "test_lines_of_others", "test_long_entries", "test_merging",
    "test_padding", "test_pages", "test_properties", "test_queries", "test_query", "test_records_table", "test_redaction",
    "test_reprocessing", "test_route_calls", "test_safety", "test_short_lines", "test_simulation", "test_steps",
    "test_storable", "test_stray_starts", "test_sums", "test_tail", "test_text", "test_tracing", "test_unknown_levels",
    "test_verifying", "test_versions", "test_zips",
))  # fmt: skip
"""The modules of unit tests that take three quarters of the time of all: `make check` leaves them to `make test`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem in LONG and item.path.is_relative_to(UNIT):
            item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """What was imported and collected lives as long as the process: no search for garbage goes through it again, and a
    thirtieth as many searches take a twentieth of the processor time less."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _no_invocation() -> None:
    """No deadline of a handler that an earlier test called holds for the calls of this one."""
    INVOCATION.deadline = None


_MISSING = re.compile(r"ModuleNotFoundError: No module named '(chalice|click|hcl2|ministack|rich)[.']")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    missing = _MISSING.search(str(report.longrepr)) if report.failed else None
    if missing:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 1, f"needs {missing[1]}: make setup")
    if report.skipped:
        _refuse(report)
    return report


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if os.environ.get("FROE_NO_SKIP") == "1" and OPTIONAL not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped although FROE_NO_SKIP=1: {reason}"
