"""An archive through the whole pipeline on the local AWS, while a function that cuts it and one that writes it are killed.

Prints the kills, the peak memory of each function's processes, and what the tables hold of every member against what was put
in; ends with 1 where a line is missing or there twice, or where nobody was killed. Linux only. Limits: the local AWS keeps tables
and queues in memory, about as much as the object and its segments; 1 GB takes some minutes of two processors.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.pipeline import ACCESS
from benchmarks.watched_stage import (
    MEGABYTE,
    SETTINGS,
    Watch,
    extent_of,
    functions_of,
    lines_of,
    report,
    settled,
    state_of,
    stored_in,
    upload,
)
from chalicelib.services import Services
from chalicelib.settings import Settings
from froe.local import LocalStack
from froe.target import target_of

CUTTING: Final = ("splitter", "queued_splitter")
WRITING: Final = ("worker",)
KILLS: Final = ((1 / 3, CUTTING), (2 / 3, WRITING))
"""Once such a share of the members is opened, the busiest process of one of these functions is killed."""


def write_archive(path: Path, form: str, members: int, megabytes: float) -> dict[str, tuple[int, int]]:
    """Write the archive; gives the lines and bytes of each member. Memory: a member."""
    count = round(megabytes * MEGABYTE / members / (len(ACCESS) / ACCESS.count(b"\n")))
    known = {}
    with path.open("wb") as file, _Archive(file, form) as archive:
        for number in range(members):
            text = b"".join(lines_of(number, count))
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


def faults_of(stack: LocalStack, archive: str, known: Mapping[str, tuple[int, int]]) -> list[str]:
    """The members whose lines are not all stored once, by their accounts and by what lies in the records table."""
    services = Services(Settings.from_environment(stack.env), target_of(stack.info, stack.env))
    segments, seen, faults, cursor = stored_in(stack), set(), [], None
    while True:
        page = services.status.members(archive, limit=1000, cursor=cursor)
        for file in page["items"]:
            path = file["member"]["path"]
            lines, size = known[path]
            stored, end = extent_of(segments.get(file["file_id"], []))
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
            f"{options.members} members in a {options.form} of {size / MEGABYTE:,.0f} MB:"
            f" {lines:,} lines, {sum(each for _, each in known.values()) / MEGABYTE:,.0f} MB of text",
            flush=True,
        )
        with LocalStack(settings=SETTINGS) as stack:
            watch, begun = Watch(lambda: functions_of(stack)), time.monotonic()
            archive = upload(stack, path)
            killed = settled(stack, archive, watch, KILLS, lambda: opened_in(stack) / options.members)
            seconds = time.monotonic() - begun
            state, faults = state_of(stack, archive), faults_of(stack, archive, known)
    report(state, seconds, killed, watch)
    print(f"{options.members - len(faults)} members have each of their lines once, {len(faults)} have not")
    for fault in faults[:10]:
        print(f"  {fault}")
    return int(bool(faults) or state != "COMPLETE" or len(killed) < len(KILLS))


if __name__ == "__main__":
    sys.exit(main())
