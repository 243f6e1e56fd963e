"""What a running local stack is, and where other terminals find it.

Every stack has the folder `.froe/<port>`, held by a file lock that the kernel drops when its owner ends: a
folder without a holder is a leftover, whatever became of the process. What changes while it runs is outside the
checkout, behind the link `work`, as `chalice local` starts anew with every file that changes beside app.py.
Limits: not for network file systems.
"""

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from froe.errors import FroeError
from froe.resources import ROOT


@dataclass(frozen=True, slots=True)
class StackInfo:
    """What `froe up --json` prints. Queues are URLs."""

    endpoint: str
    region: str
    input_bucket: str
    records_table: str
    ledger_table: str
    split_queue: str
    batch_queue: str
    dead_letter_queue: str
    quarantine_bucket: str
    api: str
    token: str


@dataclass(frozen=True, slots=True)
class LiveStack:
    """A stack that some process holds at this moment, and the environment that leads to it."""

    info: StackInfo
    env: Mapping[str, str]
    env_file: Path


class Folder:
    """The claimed folder of one stack; `release` gives it up, and removes it unless told to keep it."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @property
    def work(self) -> Path:
        """Logs, the emulator's data and the copy of the checkout."""
        return self.path / "work"

    @property
    def env_file(self) -> Path:
        """Sourced with `set -a; . FILE; set +a`."""
        return self.path / "env"

    def publish(self, info: StackInfo, env: Mapping[str, str]) -> None:
        """Write the environment file, then what `live_stacks` reads; both for the owner's eyes only."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(env.items())]
        _write_private(self.env_file, "unset AWS_PROFILE AWS_SESSION_TOKEN\n" + "".join(lines))
        content = json.dumps({"info": asdict(info), "env": dict(env)}, indent=2)
        _write_private(self.path / "stack.json", content + "\n")

    def release(self, *, keep: bool = False) -> None:
        """Idempotent."""
        if self._lock < 0:
            return
        (self.path / "stack.json").unlink(missing_ok=True)
        if not keep:
            _remove(self.path)
        os.close(self._lock)
        self._lock = -1


def claim(port: int, root: Path = ROOT) -> Folder:
    """Take the folder of `port`, after removing what ended stacks left. FroeError if a live one has it."""
    home = root / ".froe"
    home.mkdir(exist_ok=True)
    with _locked(home / "lock"):
        for path in _folders(home):
            if not _is_locked(path):
                _remove(path)
        path = home / str(port)
        if path.exists():
            raise FroeError(f"Port {port} belongs to a running `froe up`: choose another --port, or none.")
        path.mkdir()
        # Functions take some 80 MB each: not in /tmp, which may be memory.
        on_disk = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None  # noqa: S108 - mkdtemp makes it private
        work = tempfile.mkdtemp(prefix=f"froe-{port}-", dir=os.environ.get("TMPDIR") or on_disk)
        (path / "work").symlink_to(work, target_is_directory=True)
        folder = Folder(path, _hold(path))
        _register(path)
        return folder


def live_stacks(root: Path = ROOT) -> list[LiveStack]:
    """Every stack that is up, the newest first."""
    stacks = []
    for path in _folders(root / ".froe"):
        published = path / "stack.json"
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            if _is_locked(path):
                content = json.loads(published.read_text(encoding="utf-8"))
                live = LiveStack(StackInfo(**content["info"]), content["env"], path / "env")
                stacks.append((published.stat().st_mtime_ns, live))
    return [live for _, live in sorted(stacks, key=lambda pair: pair[0], reverse=True)]


def stacks_elsewhere(root: Path = ROOT) -> list[Path]:
    """The folders of this user's stacks that run from another folder, or are not up yet."""
    registry = _registry()
    known = [*_folders(root / ".froe"), *(link.resolve() for link in registry.glob("*"))] if registry else []
    return [path for path in dict.fromkeys(known) if path.is_dir() and _is_locked(path)]


def _registry() -> Path | None:
    """A folder of this user alone with a link to the folder of each stack; None where there can be none."""
    home = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), f"froe-{os.getuid()}")
    with contextlib.suppress(OSError):
        home.mkdir(mode=0o700, exist_ok=True)
        facts = home.lstat()
        if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077:
            return home
    return None


def _register(path: Path) -> None:
    if registry := _registry():
        with contextlib.suppress(OSError):
            for link in registry.glob("*"):
                if not _is_locked(link):
                    link.unlink(missing_ok=True)
            (registry / path.name).symlink_to(path.resolve(), target_is_directory=True)


def _remove(path: Path) -> None:
    work = path / "work"
    if work.is_symlink():
        shutil.rmtree(work.resolve(), ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def _folders(home: Path) -> list[Path]:
    return [path for path in home.glob("*") if path.name.isdigit() and path.is_dir()]


def _hold(path: Path) -> int:
    lock = os.open(path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _is_locked(path: Path) -> bool:
    try:
        lock = os.open(path / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
