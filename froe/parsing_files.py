"""Parses log files into a table, several at once: a process for each processor, one file at a time.

Promise: the table is the same as if the files were read one by one in their order; if an earlier file changes the names of
a file's columns, the file is read again. Limits: one file is read by one process.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalicelib.core.ledger.accounts import State
from chalicelib.core.reading import Reading
from froe.commands.options import config_of
from froe.log_files import open_reading, opener, watched
from froe.querying import Chunks, LogTable

WORTH_BYTES: Final = 16_000_000
"""Below it a process takes longer to begin than to parse."""
_LOOK_SECONDS: Final = 0.2
_PROCESSES_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read. config_file: as the command was given it."""

    format_name: str | None
    charset: str | None
    config_file: Path | None


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a file. reason: why it is not complete; None where it is."""

    name: str
    bytes: int
    reason: str | None


def read_files(
    table: LogTable,
    files: Sequence[tuple[Path, str]],
    options: ReadOptions,
    advance: Callable[[float], None],
    *,
    processes: int | None = None,
) -> Iterator[Read]:
    """Put files, with their names, into the table; gives each once it is in it. advance: is told of bytes that are read.

    processes: as many as there are processors, unless there is little to read."""
    sizes = [path.stat().st_size for path, _ in files]
    if processes is None:
        processes = min(_available(), _PROCESSES_MAX) if sum(sizes) >= WORTH_BYTES else 1
    processes = min(processes, len(files))
    if processes < 2:
        for path, name in files:
            yield _read(table, path, name, options, advance)
        return
    folders = [table.folder_for(number) for number in range(len(files))]
    context = multiprocessing.get_context(
        "spawn"
    )  # a fork would take the threads of DuckDB with it, half alive
    counter = context.Value("Q", 0)
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_count_in, initargs=(counter,)
    ) as pool:
        jobs = [
            pool.submit(_parse, path, name, options, folder)
            for (path, name), folder in zip(files, folders, strict=True)
        ]
        seen = 0
        try:
            for (path, name), job in zip(files, jobs, strict=True):
                while not job.done():
                    wait([job], _LOOK_SECONDS)
                    seen = _told_since(seen, counter, advance)
                chunks, read = job.result()
                seen = _told_since(seen, counter, advance)
                yield read if table.adopt(chunks) else _read(table, path, name, options, _unwatched)
        finally:
            pool.shutdown(cancel_futures=True)


def _told_since(seen: int, counter: Any, advance: Callable[[float], None]) -> int:
    now = int(counter.value)
    advance(now - seen)
    return now


def _unwatched(_: float) -> None:
    """It was counted before."""


_counter: Any = None
"""Of bytes that all processes have read; in each of them."""


def _count_in(counter: Any) -> None:
    global _counter  # noqa: PLW0603 - a shared number can only be handed over as a process begins
    _counter = counter


def _count(size: float) -> None:
    with _counter.get_lock():
        _counter.value += int(size)


def _read(
    table: LogTable, path: Path, name: str, options: ReadOptions, advance: Callable[[float], None]
) -> Read:
    return _added(table, path, name, _opened(path, name, options, advance))


def _parse(path: Path, name: str, options: ReadOptions, folder: Path) -> tuple[Chunks, Read]:
    """In a process of its own."""
    table = LogTable(folder)
    read = _added(table, path, name, _opened(path, name, options, _count))
    return table.chunks(), read


def _opened(path: Path, name: str, options: ReadOptions, advance: Callable[[float], None]) -> Reading:
    config = config_of(options.config_file)
    open_object = watched(opener(path), advance)
    return open_reading(path, options.format_name, options.charset, config, name, open_object=open_object)


def _added(table: LogTable, path: Path, name: str, reading: Reading) -> Read:
    """Of an archive all members are added, under names of their own."""
    reason: str | None = None
    for each in reading.with_members():
        key, account = each.plan.object.key, each.account if each.plan.archive else None
        if account is None:
            table.add_all(key, each)
            account = each.account
        if account.state is not State.COMPLETE and reason is None:
            of = "" if each is reading else f"{key}: "
            reason = f"{of}{account.reason or account.state.value}"
    return Read(name, path.stat().st_size, reason)


def _available() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
