"""Runs one command and lets nothing of it outlive its owner.

Promise: once the owner closes the pipe to standard input, or dies in whatever way, or the command ends, the
whole process group of the command is killed and the --sweep folder removed. The commands keep nothing worth a
graceful end. Limits: should the guard itself be killed, only Linux ends the command with it.
A script for `python -I`: standard library only, starts in milliseconds.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.2


def main(arguments: list[str]) -> int:
    """`[--sweep FOLDER] -- COMMAND…`: the exit code is the command's (128 + n for signal n)."""
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    child = subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_tied_to(os.getpid()),  # noqa: PLW1509 - this process has a single thread
    )
    try:
        while child.poll() is None:
            if select.select([sys.stdin], [], [], POLL_SECONDS)[0] and not os.read(sys.stdin.fileno(), 64):
                break
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
        if options[:1] == ["--sweep"]:
            shutil.rmtree(options[1], ignore_errors=True)
    return 128 - code if code < 0 else code


def _tied_to(guard: int) -> Callable[[], None]:
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)

    return tie


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
