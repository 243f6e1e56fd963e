"""Runs a local stack for the duration of a block, shows its steps, and ends it on any usual signal."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from froe.local import LocalStack
from froe.terminal import steps

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGINT too: a shell that starts a program in the background lets it ignore that one."""


@contextmanager
def running_stack(port: int | None = None, *, bare: bool = False) -> Iterator[LocalStack]:
    """A stack that is up; `bare`: the local AWS of one, without resources and functions. Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt in the block."""
    before = {number: signal.signal(number, _interrupt) for number in _ENDING}
    try:
        with ExitStack() as up:
            with steps() as report:
                stack = up.enter_context(LocalStack(port=port, bare=bare, report=report))
            yield stack
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def program_name() -> str:
    """What to type for `froe` in this folder: the name alone where the shell finds it."""
    if shutil.which("froe"):
        return "froe"
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "froe" else f"{Path(sys.executable).name} -m froe"
