"""Starts processes of functions as forks of one that has imported what every function imports.

Promise: a process starts in the environment, folder and arguments that it is given, reads the same files, and ends as a child
would; its name, in `ps` and `top`, is the function's; importing boto3, most of a start, is done once a package. Limits: Linux and the unpacked package of `unpacking`; where
a process cannot be forked, or asks something of the interpreter itself, it is started as ever. What runs in the
first process is this file as a script: standard library only.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

IMPORTED: Final = (
    "boto3",
    "boto3.session",
    "botocore.session",
    "botocore.endpoint",
    "botocore.signers",
    "orjson",
    "zstandard",
)
"""What functions import of their package, whatever their settings are: nothing of it reads the environment."""
_MESSAGE_BYTES: Final = 1 << 20
_PIPES: Final = 4
"""Standard input, output and error, and where the end is reported."""
_SCRIPT: Final = "_worker.py"
_OF_THE_INTERPRETER: Final = ("PYTHON", "LD_", "LC_", "LANG")
PATH: Final = "PYTHONPATH"
_NAME: Final = "AWS_LAMBDA_FUNCTION_NAME"
_REPORT_BYTES: Final = 12
"""A process id, and later an exit code, in decimal digits with spaces before them."""


def fork_processes(runtime: Any) -> "dict[str, Parent]":
    """Have `ministack.core.lambda_runtime` start processes of functions so (the version is pinned). Gives the first process of
    each package, once there are some."""
    parents: dict[str, Parent] = {}
    lock = threading.Lock()

    def popen(command: list[str], **options: Any) -> Any:
        if len(command) == 2 and command[1].endswith(_SCRIPT) and Path(options["cwd"]).is_symlink():
            package = os.path.realpath(options["cwd"])
            with lock, contextlib.suppress(OSError, ValueError):
                if package not in parents:
                    parents[package] = Parent(command[0], package)
                if parents[package].suits(options["env"]):
                    return parents[package].start(command[1], options["cwd"], options["env"])
        return subprocess.Popen(command, **options)  # noqa: S603 - the command is ministack's

    runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": popen})
    return parents


class Parent:
    """The process that the processes of a package are forked from. It ends with this one."""

    def __init__(self, interpreter: str, package: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                # The last one is not read: it says in `ps` whose local AWS it is.
                [
                    interpreter,
                    "-P",
                    __file__,
                    str(theirs.fileno()),
                    package,
                    os.path.realpath(tempfile.gettempdir()),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._socket = ours

    def end(self) -> None:
        """What was forked lives on."""
        self._socket.close()
        self._process.wait()

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether the interpreter would be started with the settings that it was started with."""
        asked, ours = (
            {
                name: value
                for name, value in each.items()
                if name.startswith(_OF_THE_INTERPRETER) and name != PATH
            }
            for each in (environment, os.environ)
        )
        return asked == ours

    def start(self, script: str, folder: str, environment: Mapping[str, str]) -> "Forked":
        """Raises OSError where it has ended."""
        pipes = [os.pipe() for _ in range(_PIPES)]
        (stdin, write), (read, stdout), (errors, stderr), (report, end) = pipes
        theirs, ours = (stdin, stdout, stderr, end), (write, read, errors, report)
        request = json.dumps({"script": script, "folder": folder, "environment": dict(environment)}).encode()
        try:
            try:
                socket.send_fds(self._socket, [request], theirs)
            finally:  # who reads of an end that is open here waits for ever
                for each in theirs:
                    os.close(each)
            return Forked(*ours)
        except BaseException:
            for each in ours:
                os.close(each)
            raise


class Forked:
    """What a `subprocess.Popen` with pipes of text is to those who start it."""

    def __init__(self, stdin: int, stdout: int, stderr: int, report: int) -> None:
        """Raises OSError where there is no process."""
        begun = os.read(report, _REPORT_BYTES)
        if not begun:
            raise OSError("no process was forked")
        self.pid = int(begun)
        self.returncode: int | None = None
        self.stdin = open(stdin, "w", buffering=1)  # noqa: SIM115 - as Popen has it
        self.stdout = open(stdout)  # noqa: SIM115 - as above
        self.stderr = open(stderr)  # noqa: SIM115 - as above
        self._report = open(report, "rb", buffering=0)  # noqa: SIM115 - as above
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit code (-n for signal n); None while it runs."""
        with self._lock:
            if self.returncode is None and self._is_reported(0):
                self.returncode = int(self._report.read(_REPORT_BYTES) or -signal.SIGKILL)
                self._report.close()
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        while (code := self.poll()) is None:
            left = end - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self._is_reported(min(left, 0.1))
        return code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _is_reported(self, seconds: float) -> bool:
        if self._report.closed:
            return True
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        return bool(poll.poll(seconds * 1000))


class _Forks:
    """In the first process: forks one for each request, and reports how each ends."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._living: dict[int, int] = {}
        self._woken, self._wake = socket.socketpair()
        for each in (self._woken, self._wake):
            each.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> Iterator[tuple[dict[str, Any], list[int]]]:
        """In each child its request and pipes; in the first process nothing, until those who ask are gone."""
        while True:
            ready, _, _ = select.select([self._requests, self._woken], [], [])
            if self._woken in ready:
                self._woken.recv(4096)
                self._report()
            if self._requests not in ready:
                continue
            request, pipes, _, _ = socket.recv_fds(self._requests, _MESSAGE_BYTES, _PIPES)
            if not request:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                yield json.loads(request), pipes
                return
            *standard, report = pipes
            for each in standard:
                os.close(each)
            os.write(report, b"%12d" % pid)
            self._living[pid] = report

    def _report(self) -> None:
        while self._living:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if (report := self._living.pop(pid, None)) is not None:
                with contextlib.suppress(OSError):
                    os.write(report, b"%12d" % os.waitstatus_to_exitcode(status))
                os.close(report)


def _become(request: Mapping[str, Any], pipes: list[int]) -> str:
    """Make of this process what a new one would be; gives the script to run."""
    for number, pipe in enumerate(pipes[:3]):
        os.dup2(pipe, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    sys.argv[:] = [request["script"]]
    with contextlib.suppress(OSError):  # so that it can be told from the first process
        Path("/proc/self/comm").write_text(os.environ.get(_NAME, "").rpartition("-")[2])
    folders = [each for each in os.environ.get(PATH, "").split(os.pathsep) if each]
    sys.path[:0] = [str(Path(request["script"]).parent), *folders]
    return str(request["script"])


def _main(descriptor: int, package: str) -> None:
    sys.path.insert(0, package)
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.path.remove(package)
    gc.collect()
    gc.freeze()
    for request, pipes in _Forks(socket.socket(fileno=descriptor)).serve():
        script = _become(request, pipes)
        main = sys.modules["__main__"] = ModuleType("__main__")
        main.__file__ = script
        with open(script, "rb") as source:  # noqa: PTH123 - as the interpreter does
            code = compile(source.read(), script, "exec")
        exec(code, vars(main))  # noqa: S102 - what the interpreter was asked to run


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
