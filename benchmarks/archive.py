"""An archive through the whole pipeline on the local AWS, while a function that cuts it and one that writes it are killed.

Prints the kills, the peak memory of each function's processes, and what the tables hold of every member against what was put
in; ends with 1 where a line is missing or there twice, or where nobody was killed. Linux only. Limits: the local AWS keeps tables
and queues in memory, about as much as the object and its segments; 1 GB takes some minutes of two processors.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import signal
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from benchmarks.pipeline import ACCESS
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.layouts import Layout
from chalicelib.services import Services
from chalicelib.settings import Settings
from froe.local import LocalStack
from froe.target import target_of

CUTTING: Final = ("splitter", "queued_splitter")
WRITING: Final = ("worker",)
KILLS: Final = ((1 / 3, CUTTING), (2 / 3, WRITING))
"""Once so many members are opened, the busiest process of one of these functions is killed."""
SETTINGS: Final = {
    "RECORDS_LAYOUT": Layout.PACKED.value,
    "SPLIT_DELAY_SECONDS": "30",
    "RETRY_BASE_SECONDS": "1",
}
SETTLED: Final = frozenset(state.value for state in State if state.settled)
_LOOK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 3600
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_NAMED: Final = re.compile(rb"\0AWS_LAMBDA_FUNCTION_NAME=froe-local-(\w+)\0")


def member_of(number: int, lines: list[bytes], count: int) -> Iterator[bytes]:
    """So many lines, of which each member has others first."""
    for at in range(count):
        yield lines[(number * 97 + at) % len(lines)]


def write_archive(path: Path, form: str, members: int, megabytes: float) -> dict[str, tuple[int, int]]:
    """Write the archive; gives the lines and bytes of each member. Memory: a member."""
    lines = ACCESS.splitlines(keepends=True)
    count = round(megabytes * 1_000_000 / members / (len(ACCESS) / len(lines)))
    known = {}
    with path.open("wb") as file, _Archive(file, form) as archive:
        for number in range(members):
            text = b"".join(member_of(number, lines, count))
            name = f"web/{number:05d}.log"
            archive.add(name, text)
            known[name] = count, len(text)
    return known


class _Archive:
    """A tar, a tar.gz or a zip that is written member by member."""

    def __init__(self, file: Any, form: str) -> None:
        self._zip = (
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) if form == "zip" else None
        )
        self._packed = (
            gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) if form == "tar.gz" else None
        )
        self._tar = None if self._zip else tarfile.TarFile(fileobj=self._packed or file, mode="w")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._zip, self._tar, self._packed):
            if each:
                each.close()

    def add(self, name: str, text: bytes) -> None:
        if self._zip:
            self._zip.writestr(name, text)
        elif self._tar:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            self._tar.addfile(member, BytesIO(text))


@dataclass(slots=True)
class Watch:
    """The processes of the functions of one stack: their peak memory, and how busy they are."""

    endpoint: str
    peaks: dict[str, float] = field(default_factory=dict)
    _busy: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)

    def look(self) -> None:
        busy = {}
        for pid in [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]:
            try:
                if (name := self._names.get(pid) or self._function(pid)) is None:
                    continue
                self._names[pid] = name
                status = Path(f"/proc/{pid}/status").read_text()
                ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
            except OSError:
                continue
            if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.peaks[name] = max(self.peaks.get(name, 0), int(peak[1]) / 1024)
            spent = sum(map(int, ticks)) / _TICKS
            busy[pid] = name, spent, spent - self._busy.get(pid, (name, spent, 0.0))[1]
        self._busy = busy

    def _function(self, pid: int) -> str | None:
        """The function of this stack that runs in a process."""
        environment = b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
        match = _NAMED.search(environment)
        return match[1].decode() if match and self.endpoint.encode() in environment else None

    def busiest(self, functions: tuple[str, ...]) -> tuple[int, str] | None:
        """That which took most of the processor since the last look but one."""
        spent = [
            (spent, pid, name) for pid, (name, _, spent) in self._busy.items() if name in functions and spent
        ]
        return max(spent)[1:] if spent else None


def opened_in(stack: LocalStack) -> int:
    """How many files the ledger has."""
    asked = {
        "TableName": stack.info.ledger_table,
        "FilterExpression": "sk = :file",
        "ExpressionAttributeValues": {":file": {"S": "file"}},
        "Select": "COUNT",
        "ConsistentRead": True,
    }
    return sum(page["Count"] for page in stack.client("dynamodb").get_paginator("scan").paginate(**asked))


def state_of(stack: LocalStack, file_id: str) -> str | None:
    key = {"pk": {"S": file_id}, "sk": {"S": "file"}}
    actual = stack.client("dynamodb").get_item(
        TableName=stack.info.ledger_table, Key=key, ConsistentRead=True
    )
    return str(actual["Item"]["state"]["S"]).partition("#")[0] if "Item" in actual else None


def settled(stack: LocalStack, file_id: str, members: int, watch: Watch) -> list[str]:
    """Wait until the archive is settled, and kill meanwhile; gives what was killed."""
    killed: list[str] = []
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while state_of(stack, file_id) not in SETTLED:
        if time.monotonic() > give_up:
            raise SystemExit(
                f"{file_id} is {state_of(stack, file_id)} after {_PATIENCE_SECONDS} s; see {stack.logs}"
            )
        watch.look()
        if len(killed) < len(KILLS):
            share, functions = KILLS[len(killed)]
            opened = opened_in(stack)
            if opened > share * members and (victim := watch.busiest(functions)):
                os.kill(victim[0], signal.SIGKILL)
                killed.append(f"{victim[1]} when {opened} files were open")
        time.sleep(_LOOK_SECONDS)
    watch.look()
    return killed


def stored_in(stack: LocalStack) -> Mapping[str, list[tuple[int, int, int]]]:
    """Where each segment of each file begins, how long it is, and how many lines it has."""
    asked = {
        "TableName": stack.info.records_table,
        "ProjectionExpression": "file_id, kind, #offset, #length, #lines",
        "ExpressionAttributeNames": {f"#{name}": name for name in ("offset", "length", "lines")},
        "ConsistentRead": True,
    }
    collected: dict[str, list[tuple[int, int, int]]] = {}
    for page in stack.client("dynamodb").get_paginator("scan").paginate(**asked):
        for item in page["Items"]:
            if "kind" in item:  # what has none goes on with a segment
                extent = tuple(int(item[name]["N"]) for name in ("offset", "length", "lines"))
                collected.setdefault(item["file_id"]["S"], []).append(extent)  # type: ignore[arg-type]
    return {file_id: sorted(extents) for file_id, extents in collected.items()}


def faults_of(stack: LocalStack, archive: str, known: Mapping[str, tuple[int, int]]) -> list[str]:
    """The members whose lines are not all stored once, by their accounts and by what lies in the records table."""
    services = Services(Settings.from_environment(stack.env), target_of(stack.info, stack.env))
    segments, seen, faults, cursor = stored_in(stack), set(), [], None
    while True:
        page = services.status.members(archive, limit=1000, cursor=cursor)
        for file in page["items"]:
            path = file["member"]["path"]
            lines, size = known[path]
            end = stored = 0
            for offset, length, count in segments.get(file["file_id"], []):
                end, stored = end + length if offset == end else -1, stored + count
            account = file["state"], file["parsed"]["lines"], file["text_bytes"]
            if path in seen or account != ("COMPLETE", lines, size) or (stored, end) != (lines, size):
                faults.append(
                    f"{path}: {account}, {stored:,} lines and {end:,} bytes stored; put in: {lines:,}, {size:,}"
                )
            seen.add(path)
        if (cursor := page["cursor"]) is None:
            return faults + [f"{path} is missing" for path in known.keys() - seen]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1000, help="of text in all (1000)")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--form", choices=("tar.gz", "tar", "zip"), default="tar.gz")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"logs.{options.form}"
        known = write_archive(path, options.form, options.members, options.megabytes)
        size, lines = path.stat().st_size, sum(count for count, _ in known.values())
        print(
            f"{options.members} members in a {options.form} of {size / 1e6:,.0f} MB:"
            f" {lines:,} lines, {sum(each for _, each in known.values()) / 1e6:,.0f} MB of text",
            flush=True,
        )
        with LocalStack(settings=SETTINGS) as stack:
            watch, begun = Watch(urlsplit(stack.info.endpoint).netloc), time.monotonic()
            bucket, client = stack.info.input_bucket, stack.client("s3")
            client.upload_file(str(path), bucket, path.name)
            head = client.head_object(Bucket=bucket, Key=path.name)
            archive = ObjectVersion(bucket, path.name, head["VersionId"], head["ETag"].strip('"')).file_id
            killed = settled(stack, archive, options.members, watch)
            seconds = time.monotonic() - begun
            state, faults = state_of(stack, archive), faults_of(stack, archive, known)
    print(f"{state} after {seconds:,.0f} s; killed: {', '.join(killed) or 'none'}")
    for name, peak in sorted(watch.peaks.items()):
        print(f"{name:22} {peak:6,.0f} MiB at most in a process")
    print(f"{options.members - len(faults)} members have each of their lines once, {len(faults)} have not")
    for fault in faults[:10]:
        print(f"  {fault}")
    return int(bool(faults) or state != "COMPLETE" or len(killed) < len(KILLS))


if __name__ == "__main__":
    sys.exit(main())
