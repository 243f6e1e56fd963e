"""A stage on the local AWS whose processes are watched, and killed, while a large file goes through it.

Promise: peak memory is that of each kind of process, as the kernel counts it; what is stored is read from the records table, not from the
accounts. Limits: Linux only; lists of segments are kept in memory, their text is not.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.pipeline import ACCESS
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.layouts import Layout
from froe.local import LocalStack

SETTINGS: Final = {
    "RECORDS_LAYOUT": Layout.PACKED.value,
    "SPLIT_DELAY_SECONDS": "30",
    "RETRY_BASE_SECONDS": "1",
}
MEGABYTE: Final = 1 << 20
SETTLED: Final = frozenset(state.value for state in State if state.settled)
_LINES: Final = ACCESS.splitlines(keepends=True)
_LOOK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 4 * 3600
_TICKS: Final = os.sysconf("SC_CLK_TCK")

Kills = Sequence[tuple[float, tuple[str, ...]]]
"""Once such a share of the work is done, the busiest process of one of these kinds is killed."""
Extent = tuple[int, int, int]
"""Where a segment begins, how many bytes and how many lines of the text it has."""


def lines_of(number: int, count: int) -> Iterator[bytes]:
    """So many lines of access logs, of which each number has others first."""
    for at in range(count):
        yield _LINES[(number * 97 + at) % len(_LINES)]


@dataclass(slots=True)
class Watch:
    """The peak memory of each kind of process, in MiB, and how busy the processes are. running: their pids and kinds."""

    running: Callable[[], Mapping[int, str]]
    peaks: dict[str, float] = field(default_factory=dict)
    _busy: dict[int, tuple[str, float, float]] = field(default_factory=dict)

    def look(self) -> None:
        busy = {}
        for pid, kind in self.running().items():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
            except OSError:
                continue
            if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.peaks[kind] = max(self.peaks.get(kind, 0), int(peak[1]) / 1024)
            spent = sum(map(int, ticks)) / _TICKS
            busy[pid] = kind, spent, spent - self._busy.get(pid, (kind, spent, 0.0))[1]
        self._busy = busy

    def busiest(self, kinds: tuple[str, ...]) -> tuple[int, str] | None:
        """That which took most of the processor since the last look but one."""
        spent = [
            (spent, pid, kind) for pid, (kind, _, spent) in self._busy.items() if kind in kinds and spent
        ]
        return max(spent)[1:] if spent else None


def kind_of(pid: int) -> str | None:
    """What a process was named, without its number; None where it bears the interpreter's name. Raises OSError."""
    name = Path(f"/proc/{pid}/comm").read_text().strip()
    return None if name.startswith("python") else re.sub(r"-\d+$", "", name)


def functions_of(stack: LocalStack) -> dict[int, str]:
    """The processes of the functions of a stack: they run in its folder."""
    running, folder = {}, stack.logs.parent.resolve()  # a link leads there
    for pid in [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]:
        try:
            if Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder) and (kind := kind_of(pid)):
                running[pid] = kind
        except OSError:
            continue
    return running


def upload(stack: LocalStack, path: Path) -> str:
    """Upload a file; gives its `file_id`."""
    bucket, client = stack.info.input_bucket, stack.client("s3")
    client.upload_file(str(path), bucket, path.name)
    head = client.head_object(Bucket=bucket, Key=path.name)
    return ObjectVersion(bucket, path.name, head["VersionId"], head["ETag"].strip('"')).file_id


def state_of(stack: LocalStack, file_id: str) -> str | None:
    key = {"pk": {"S": file_id}, "sk": {"S": "file"}}
    actual = stack.client("dynamodb").get_item(
        TableName=stack.info.ledger_table, Key=key, ConsistentRead=True
    )
    return str(actual["Item"]["state"]["S"]).partition("#")[0] if "Item" in actual else None


def settled(
    stack: LocalStack, file_id: str, watch: Watch, kills: Kills, share_done: Callable[[], float]
) -> list[str]:
    """Wait until the file is settled, and kill meanwhile; gives what was killed."""
    killed: list[str] = []
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while state_of(stack, file_id) not in SETTLED:
        if time.monotonic() > give_up:
            raise SystemExit(
                f"{file_id} is {state_of(stack, file_id)} after {_PATIENCE_SECONDS} s; see {stack.logs}"
            )
        watch.look()
        if len(killed) < len(kills):
            share, kinds = kills[len(killed)]
            done = share_done()
            if done > share and (victim := watch.busiest(kinds)):
                os.kill(victim[0], signal.SIGKILL)
                killed.append(f"{victim[1]} at {done:.0%}")
        time.sleep(_LOOK_SECONDS)
    watch.look()
    return killed


def stored_in(stack: LocalStack) -> Mapping[str, list[Extent]]:
    """The segments of each file, in the order of the text."""
    asked = {
        "TableName": stack.info.records_table,
        "ProjectionExpression": "file_id, kind, #offset, #length, #lines",
        "ExpressionAttributeNames": {f"#{name}": name for name in ("offset", "length", "lines")},
        "ConsistentRead": True,
    }
    collected: dict[str, list[Extent]] = {}
    for page in stack.client("dynamodb").get_paginator("scan").paginate(**asked):
        for item in page["Items"]:
            if "kind" in item:  # what has none goes on with a segment
                offset, length, lines = (int(item[name]["N"]) for name in ("offset", "length", "lines"))
                collected.setdefault(item["file_id"]["S"], []).append((offset, length, lines))
    return {file_id: sorted(extents) for file_id, extents in collected.items()}


def extent_of(segments: Iterable[Extent]) -> tuple[int, int]:
    """The lines and bytes of segments that lie end to end from 0; where they do not, the bytes are negative."""
    end = lines = 0
    for offset, length, count in segments:
        end, lines = end + length if offset == end else -1, lines + count
    return lines, end


def report(state: str | None, seconds: float, killed: Sequence[str], watch: Watch) -> None:
    print(f"{state} after {seconds:,.0f} s; killed: {', '.join(killed) or 'none'}")
    for kind, peak in sorted(watch.peaks.items()):
        print(f"{kind:22} {peak:6,.0f} MiB at most in a process")
