"""The running local stack for integration tests; where its packages are missing they are skipped by name."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from froe.local import LocalStack

MISSING = [name for name in ("chalice", "click", "ministack") if importlib.util.find_spec(name) is None]
# A crash or a deploy in a test must not hide a message for as long as it would on AWS.
QUICK = {"SplitVisibilitySeconds": "30", "BatchVisibilitySeconds": "15"}


HERE = Path(__file__).parent
FIRST = (
    *(
        "test_pipeline.py",
        "test_kills.py",
        "test_packaged_templates.py",
        "test_terraform.py",
        "test_production.py",
    ),
    "test_layouts.py",
)
LAST = ("test_rare_calls.py", "test_permissions.py")


def _place(item: pytest.Item) -> int:
    if item.path.name in FIRST:
        return FIRST.index(item.path.name) - len(FIRST)
    if not item.path.is_relative_to(HERE):
        return 1 + len(LAST)
    return 1 + LAST.index(item.path.name) if item.path.name in LAST else 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, what leaves errors in the logs late, and what judges all calls at the end."""
    items.sort(key=_place)
    needed = {"stack", "make_stack"}
    for item in items:
        if needed & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.local_aws)
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(MISSING)}: make setup"))


@pytest.fixture(scope="session", autouse=True)
def recorded_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the stacks that end leave what their functions asked of AWS; `make test` names one for all processes."""
    if MISSING:
        yield tmp_path_factory.mktemp("calls")
        return
    from froe.local.recording import KEEP_SETTING

    if folder_of_the_run := os.environ.get(KEEP_SETTING):
        Path(folder_of_the_run).mkdir(parents=True, exist_ok=True)
        yield Path(folder_of_the_run)
        return
    folder = tmp_path_factory.mktemp("calls")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(KEEP_SETTING, str(folder))
        yield folder


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """One stack for all tests that share it: they use keys of their own."""
    from froe.local import LocalStack
    from tests.integration.support import OTHER_INPUT

    with LocalStack(
        parameters=QUICK,
        settings={"INPUT_BUCKETS": f"{OTHER_INPUT}: logs/*, !*.tmp", "LANES": "bulk"},
    ) as running:
        yield running


@pytest.fixture
def make_stack() -> Iterator[Callable[..., LocalStack]]:
    """Start a stack of one's own, with the options of LocalStack; it ends with the test."""
    from froe.local import LocalStack

    with ExitStack() as running:

        def make(**options: Any) -> LocalStack:
            options.setdefault("parameters", QUICK)
            return running.enter_context(LocalStack(**options))

        yield make
