"""Subprocesses that cannot outlive this one: each runs under guard.py, in its own session, and logs to a file."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from froe.errors import FroeError

GUARD = Path(__file__).with_name("guard.py")
_POLL_SECONDS = 0.05
_DIRECT = build_opener(ProxyHandler({}))


class Guarded:
    """One command under a guard. Its output goes to `log`; what is still in `sweep` afterwards is removed."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        sweep: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        options = ["--sweep", str(sweep)] if sweep else []
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                [sys.executable, "-I", str(GUARD), *options, "--", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def wait(self, timeout_seconds: float) -> int:
        """The exit code; FroeError, and the command stopped, when it takes too long."""
        try:
            return self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            self.stop()
            raise FroeError(f"{self.name} took more than {timeout_seconds:.0f} s; see {self.log}.") from error

    def stop(self) -> None:
        """End the command and all it started; returns when they are gone."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def await_http(self, url: str, timeout_seconds: float) -> None:
        """Return once `url` answers 200. Raises FroeError when the command ends or the time is up first."""
        await_true(
            lambda: answers(url),
            timeout_seconds,
            give_up=lambda: self.exit_code() is not None,
            complaint=lambda: (
                f"{self.name} ended with code {self.exit_code()}{last_words(self.log)}; see {self.log}."
                if self.exit_code() is not None
                else f"{self.name} did not answer at {url} within {timeout_seconds:.0f} s; see {self.log}."
            ),
        )


def await_true(
    ready: Callable[[], bool],
    timeout_seconds: float,
    *,
    give_up: Callable[[], bool],
    complaint: Callable[[], str],
) -> None:
    """Poll until `ready`; FroeError with the complaint when `give_up` holds or the time is up."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if give_up() or time.monotonic() > deadline:
            raise FroeError(complaint())
        time.sleep(_POLL_SECONDS)


def answers(url: str) -> bool:
    """Whether a GET of `url` gives 200 now, without any proxy."""
    try:
        with _DIRECT.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_taken(port: int) -> bool:
    """Whether something listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def last_words(log: Path) -> str:
    """` (the last line that the command wrote)`, or nothing."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    spoken = [line.strip() for line in lines if re.search(r"\w", line)]
    return f" ({spoken[-1][:300]})" if spoken else ""


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that leads a child to another AWS or another Python."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "PIP_REQUIRE", "MINISTACK_", "LAMBDA_"))
    }
