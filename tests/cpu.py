"""Where processor time goes: with FROE_CPU_LOG=FILE each test adds a JSON line with its seconds of CPU, those of all processes that it started (and of those that were running, such as a shared local AWS) included.

`python -m tests.cpu FILE` sums them up by file and lists the dearest tests.
"""

import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def spent() -> float:
    """Seconds of CPU of this process, of its children that have ended and of all its descendants that run."""
    ours = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = sum(_ticks(pid) for pid in _descendants(str(os.getpid())))
    return ours.ru_utime + ours.ru_stime + ended.ru_utime + ended.ru_stime + running / _TICK


def _descendants(pid: str) -> Iterator[str]:
    for listed in (_PROC / pid / "task").glob("*/children"):
        try:
            children = listed.read_text().split()
        except OSError:  # it has just ended
            continue
        for child in children:
            yield child
            yield from _descendants(child)


def _ticks(pid: str) -> int:
    try:
        after_name = (_PROC / pid / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, after_name[11:15]))  # utime, stime, cutime, cstime: proc(5)


class Log:
    """A pytest plugin that writes the log."""

    def __init__(self, path: str) -> None:
        self._path = path

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._write("collection", spent(), 0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        before, begun = spent(), time.monotonic()
        result = yield
        self._write(item.nodeid, spent() - before, time.monotonic() - begun)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._write("process", spent(), 0.0)

    def _write(self, what: str, cpu: float, wall: float) -> None:
        line = json.dumps({"what": what, "cpu": round(cpu, 4), "wall": round(wall, 3)}) + "\n"
        with open(self._path, "a", encoding="utf-8") as log:  # noqa: PTH123 - one write, appended whole
            log.write(line)


def report(path: Path) -> Iterator[str]:
    """The lines of a summary: seconds of CPU by file, then by test."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    files, counts, tests = Counter[str](), Counter[str](), Counter[str]()
    for line in lines:
        name = line["what"].partition("::")[0]
        files[name] += line["cpu"]
        counts[name] += 1
        if "::" in line["what"]:
            tests[line["what"].partition("[")[0]] += line["cpu"]
    yield f"{sum(tests.values()):9.1f} s in tests"
    for name, seconds in files.most_common(60):
        yield f"{seconds:9.1f} s {counts[name]:6} of {name}"
    yield ""
    for name, seconds in tests.most_common(80):
        yield f"{seconds:9.1f} s {name}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in report(Path(sys.argv[1])))
