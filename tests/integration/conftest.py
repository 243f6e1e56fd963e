"""The running local stack for integration tests; where its packages are missing they are skipped by name."""

from __future__ import annotations

import importlib.util
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
LAST = (HERE / "test_rare_calls.py", HERE / "test_permissions.py")
WHOLE_FOLDER = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What leaves errors in the logs comes late, and what judges all calls of the run at the very end."""
    items.sort(key=lambda item: LAST.index(item.path) if item.path in LAST else -1)
    needed = {"stack", "make_stack"}
    for item in items:
        if needed & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.local_aws)
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(MISSING)}: make setup"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """A run is of the whole folder if a test of each of its files is left and none was chosen by name."""
    options = session.config.option
    chosen = (
        options.keyword
        or options.markexpr
        or options.deselect
        or any("::" in each for each in session.config.args)
    )
    files = {item.path for item in session.items}
    session.config.stash[WHOLE_FOLDER] = not chosen and files >= set(HERE.glob("test_*.py"))


@pytest.fixture
def whole_folder(request: pytest.FixtureRequest) -> bool:
    return request.config.stash[WHOLE_FOLDER] and not request.session.testsfailed


@pytest.fixture(scope="session", autouse=True)
def recorded_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the stacks that end leave what their functions asked of AWS."""
    folder = tmp_path_factory.mktemp("calls")
    if MISSING:
        yield folder
        return
    from froe.local.recording import KEEP_SETTING

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(KEEP_SETTING, str(folder))
        yield folder


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
