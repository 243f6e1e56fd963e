"""The running local stack for integration tests; where its packages are missing they are skipped by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from froe.local import LocalStack

MISSING = [name for name in ("chalice", "click", "ministack") if importlib.util.find_spec(name) is None]
# A crash or a deploy in a test must not hide a message for as long as it would on AWS.
QUICK = {"SplitVisibilitySeconds": "30", "BatchVisibilitySeconds": "15"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needed = {"stack", "make_stack"}
    for item in items:
        if needed & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.local_aws)
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(MISSING)}: make setup"))


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """One stack for all tests that share it: they use keys of their own."""
    from froe.local import LocalStack

    with LocalStack(parameters=QUICK) as running:
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
