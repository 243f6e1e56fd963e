"""Processes of functions that are forked are, to those who start them, what new ones are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from froe.local import forking
from froe.local.unpacking import unpack_once

SCRIPT = """
import json, os, sys
print("to stderr", file=sys.stderr, flush=True)
for line in sys.stdin:
    if line.startswith("exit"):
        sys.exit(int(line.split()[1]))
    if line.startswith("raise"):
        raise ValueError("of the function")
    names = json.loads(line)
    print(json.dumps({
        "environment": {name: os.environ.get(name) for name in names},
        "is_loaded": "orjson" in sys.modules,
        "argv": sys.argv,
        "path": sys.path[:2],
        "folder": os.getcwd(),
        "main": [sys.modules["__main__"].__name__, __file__],
        "parent": os.getppid(),
        "name": open("/proc/self/comm").read().strip(),
        "open": sorted(map(int, os.listdir("/proc/self/fd")))[:4],
    }), flush=True)
"""

Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a process as ministack does."""
    for name in [name for name in os.environ if name.startswith(("PYTHON", "LD_", "LC_", "LANG"))]:
        monkeypatch.delenv(name)
    runtime = SimpleNamespace(subprocess=subprocess)
    parents = forking.fork_processes(runtime)
    package = tmp_path / "package"
    package.mkdir()
    (package / "orjson.py").write_text("")
    running = []

    def started(name: str = "a", **environment: str) -> Any:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "code").symlink_to(package)
        (folder / "_worker.py").write_text(SCRIPT)
        process = runtime.subprocess.Popen(
            [sys.executable, str(folder / "_worker.py")],
            cwd=str(folder / "code"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, **environment},
        )
        running.append(process)
        return process

    yield started
    for process in running:
        process.kill()
        process.wait(60)
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
    for parent in parents.values():
        parent.end()


def asked(process: Any, *names: str) -> dict[str, Any]:
    process.stdin.write(json.dumps(names) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_a_process_has_its_own_environment_folder_and_arguments(start: Start, tmp_path: Path) -> None:
    first = start("a", OF_ONE="1", AWS_LAMBDA_FUNCTION_NAME="froe-local-queued_splitter")
    second = start("b", OF_OTHER="2", AWS_LAMBDA_FUNCTION_NAME="froe-local-worker", PYTHONPATH="/elsewhere")
    answers = [asked(process, "OF_ONE", "OF_OTHER") for process in (first, second)]
    assert [answer["environment"] for answer in answers] == [
        {"OF_ONE": "1", "OF_OTHER": None},
        {"OF_ONE": None, "OF_OTHER": "2"},
    ]
    assert [answer["name"] for answer in answers] == ["queued_splitter", "worker"], "as ps shows them"
    assert answers[0]["parent"] == answers[1]["parent"] != os.getpid(), "both are forks of one process"
    for name, answer in zip("ab", answers, strict=True):
        script = str(tmp_path / name / "_worker.py")
        assert answer["argv"] == [script]
        assert answer["main"] == ["__main__", script]
        assert answer["path"][0] == str(tmp_path / name)
        assert answer["folder"] == str(tmp_path / "package")
        assert answer["is_loaded"]
        assert answer["open"] == [0, 1, 2, 3], "and 3 lists the folder"
    assert answers[1]["path"][1] == "/elsewhere"
    assert first.stderr.readline() == "to stderr\n"


def test_the_end_of_a_process_is_noticed_however_it_comes(start: Start) -> None:
    ends = {"exits": 7, "raises": 1, "killed": -signal.SIGKILL, "terminated": -signal.SIGTERM, "left": 0}
    processes = {name: start(name) for name in ends}
    assert [asked(process)["environment"] for process in processes.values()] == [{}] * len(ends)
    assert {process.poll() for process in processes.values()} == {None}
    with pytest.raises(subprocess.TimeoutExpired):
        processes["left"].wait(0.01)
    for name, line in (("exits", "exit 7\n"), ("raises", "raise\n")):
        processes[name].stdin.write(line)
        processes[name].stdin.flush()
    os.kill(processes["killed"].pid, signal.SIGKILL)
    processes["terminated"].terminate()
    processes["left"].stdin.close()
    assert {name: process.wait(60) for name, process in processes.items()} == ends
    assert "ValueError: of the function" in processes["raises"].stderr.read()
    assert processes["exits"].stdout.readline() == ""


def test_a_process_that_asks_something_of_its_interpreter_is_started_anew(start: Start) -> None:
    answer = asked(start(PYTHONHASHSEED="7"), "PYTHONHASHSEED")
    assert answer["environment"] == {"PYTHONHASHSEED": "7"}
    assert answer["parent"] == os.getpid()
    assert not answer["is_loaded"]


def test_a_process_is_started_anew_where_none_can_be_forked(start: Start) -> None:
    parent = asked(start("a"))["parent"]
    os.kill(parent, signal.SIGKILL)
    assert asked(start("b"))["parent"] == os.getpid()


HANDLER = """
import os, sys

def handler(event, context):
    if event == "die":
        os._exit(3)
    return {"pid": os.getpid(), "parent": os.getppid(), "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "event": event}
"""


# ministack leaves the pipes of a process that died to the garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ministack_calls_kills_and_replaces_them_as_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = pytest.importorskip("ministack.core.lambda_runtime", reason="needs ministack: make setup")
    for name in ("subprocess", "zipfile"):
        monkeypatch.setattr(runtime, name, getattr(runtime, name))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        monkeypatch.delenv(name)
    unpack_once(runtime)
    parents = forking.fork_processes(runtime)
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", HANDLER)
    code = (tmp_path / "code.zip").read_bytes()
    arn, workers = "arn:aws:lambda:us-east-1:000000000000:function:", []
    for name in ("a", "b"):
        config = {
            "FunctionName": name,
            "FunctionArn": arn + name,
            "Runtime": "python3.11",
            "Handler": "app.handler",
        }
        workers.append(runtime.Worker(name, config, code))
    first, second = (worker.invoke({"n": 1}, "id")["result"] for worker in workers)
    assert (first["name"], second["name"], first["event"]) == ("a", "b", {"n": 1})
    assert first["pid"] != second["pid"]
    assert first["parent"] == second["parent"] != os.getpid()
    assert workers[0].invoke("again", "id")["result"]["pid"] == first["pid"]
    assert workers[0].invoke("die", "id")["status"] == "error"
    assert workers[0].invoke("after", "id")["result"]["pid"] != first["pid"]
    processes = [worker._proc for worker in workers]
    runtime.kill_workers(workers)
    assert [process.poll() for process in processes] == [-signal.SIGTERM] * 2
    for process in processes:
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
    for parent in parents.values():
        parent.end()
