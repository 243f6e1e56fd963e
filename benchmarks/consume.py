"""A large file through `froe consume` on the local AWS, while a process that cuts it, or one that parses it, is killed.

Prints the time, the kill, the peak memory of each kind of process, and the lines and bytes of the file, of its account and of the
records table. Ends with 1 where they differ, where nobody was killed, or where a process took more than `BOUND_MIB`. Linux only. Limits: the local
AWS keeps the object, while it is uploaded twice, and the records in memory; the benchmark itself keeps the file on disk.
"""

from __future__ import annotations

import argparse
import gzip
import json
import signal
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from random import randbytes
from typing import Any, Final

from benchmarks.watched_stage import (
    MEGABYTE,
    SETTINGS,
    Watch,
    extent_of,
    kind_of,
    lines_of,
    report,
    settled,
    stored_in,
    upload,
)
from chalicelib.services import Services
from chalicelib.settings import Settings
from froe.local import LocalStack
from froe.target import target_of
from tests.integration.support import paused
from tests.integration.test_consume import FED, consuming

BOUND_MIB: Final = 320
"""A worker grows to some 260 MiB within its first minutes, and stays there, whatever the size of the object."""
KILLED_AT: Final = {"worker": 1 / 3, "splitter": 0}
"""The share of the text that is stored. Whoever cuts is far ahead of those who parse."""
_SIGNATURE_BYTES: Final = 64
_LINES_AT_ONCE: Final = 2_000
_STOP_SECONDS: Final = 120


def _sign(line: bytes) -> bytes:
    """The line with a signature in its URL, as those of a CDN have: text that compresses about as logs do, not a hundredfold."""
    return line.replace(
        b" HTTP/", b"&signature=" + urlsafe_b64encode(randbytes(_SIGNATURE_BYTES)) + b" HTTP/", 1
    )


def write_file(path: Path, form: str, megabytes: float) -> tuple[int, int]:
    """Write a file of this size; gives the lines and bytes of its text. Memory: some 500 KB."""
    lines = size = number = 0
    with path.open("wb") as file:
        packed: Any = gzip.GzipFile("", "wb", 1, file, mtime=0) if form == "gzip" else file
        while file.tell() < megabytes * MEGABYTE:
            text = b"".join(map(_sign, lines_of(number, _LINES_AT_ONCE)))
            packed.write(text)
            lines, size, number = lines + _LINES_AT_ONCE, size + len(text), number + 1
        packed.close()
    return lines, size


def processes_of(process: subprocess.Popen[str]) -> dict[int, str]:
    """`froe consume` and those that it has started."""
    if process.poll() is not None:
        raise SystemExit(f"froe consume ended with {process.returncode}: {process.communicate()[1]}")
    running = {process.pid: "froe consume"}
    for pid in map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()):
        try:
            if kind := kind_of(pid):
                running[pid] = kind
        except OSError:
            continue
    return running


def share_stored(stack: LocalStack, size: int) -> float:
    """About how much of the text lies in the records table, where a batch is an item. The local AWS counts items as it goes."""
    table = stack.client("dynamodb").describe_table(TableName=stack.info.records_table)["Table"]
    batch_bytes = Settings.from_environment(stack.env).limits.batch_max_bytes
    return int(table["ItemCount"]) * batch_bytes / size


def run(options: argparse.Namespace, path: Path, size: int) -> tuple[Watch, list[str], tuple[Any, ...]]:
    """What was killed, and the state, lines and bytes of the account, and the lines and bytes that are stored."""
    with LocalStack(settings={**SETTINGS, "INGEST": "queue"}) as stack, paused(stack, *FED):
        with consuming(stack, "--workers", str(options.workers)) as process:
            watch = Watch(lambda: processes_of(process))
            begun = time.monotonic()
            file_id = upload(stack, path)
            print(f"uploaded after {time.monotonic() - begun:,.0f} s", flush=True)
            begun = time.monotonic()
            kills = [(KILLED_AT[options.kill], (options.kill,))]
            killed = settled(stack, file_id, watch, kills, lambda: share_stored(stack, size))
            seconds = time.monotonic() - begun
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=_STOP_SECONDS)
        file = Services(Settings.from_environment(stack.env), target_of(stack.info, stack.env)).status.file(
            file_id
        )
        stored = extent_of(stored_in(stack).get(file_id, []))
    report(file["state"], seconds, killed, watch)
    print(f"started again: {errors.count('starting it again')}; messages: {json.loads(output)}")
    return watch, killed, ((file["state"], file["parsed"]["lines"], file["text_bytes"]), stored)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consume", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=5120, help="of the object, in MiB (5120)")
    parser.add_argument("--form", choices=("plain", "gzip"), default="plain")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kill", choices=tuple(KILLED_AT), default="worker")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("access.log.gz" if options.form == "gzip" else "access.log")
        lines, size = write_file(path, options.form, options.megabytes)
        print(
            f"{options.form}, {path.stat().st_size / MEGABYTE:,.0f} MB:"
            f" {lines:,} lines, {size / MEGABYTE:,.0f} MB of text",
            flush=True,
        )
        watch, killed, (account, stored) = run(options, path, size)
    print(f"put in:  {lines:,} lines, {size:,} bytes")
    print(f"account: {account[1]:,} lines, {account[2] or 0:,} bytes, {account[0]}")
    print(f"stored:  {stored[0]:,} lines, {stored[1]:,} bytes in the records table")
    lean = max(watch.peaks.values()) <= BOUND_MIB
    return int(account != ("COMPLETE", lines, size) or stored != (lines, size) or not killed or not lean)


if __name__ == "__main__":
    sys.exit(main())
