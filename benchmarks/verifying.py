"""`froe verify` against parsing the same text: what comparing costs beside it, and how much memory it takes. The store's own work
is left out: items, marks and rows are at hand. CPU time, medians of runs in turn.

`python -m benchmarks.verifying [MEBIBYTES]`: of text in the large files (32); 1024 takes some twenty minutes.
"""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson

from benchmarks.pipeline import ACCESS, HEAD, blocks, median_cpu_seconds
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import SplitAccount, account_of
from chalicelib.core.ledger.marks import Mark
from chalicelib.core.ledger.summaries import summary_of
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.reading import PlanReading
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.services import Services
from chalicelib.worker import parsed
from froe.verifying import verify

Item = dict[str, Any]


class Stored:
    """What is stored of a file of this layout, as `verify` asks for it. is_kept: all of it is in memory; else items are
    made of a second reading as they are asked for."""

    def __init__(self, layout: Layout, opener: OpenObject, size: int, *, is_kept: bool = True) -> None:
        sink = Sink.PARQUET if layout is Layout.NONE else Sink.NONE
        self.opener = opener
        plan = make_plan(replace(HEAD, size=size), opener, Limits())
        self.plan = replace(plan, layout=layout, sink=sink)
        self.reading = PlanReading(self.plan, opener)
        self.items: dict[int, list[Item]] = {}
        self.rows: dict[str, bytes] = {}
        self.marks: dict[int, dict[int, Mark]] = {}
        self.count = 0
        for message, _ in self.reading.batches():
            batch = parsed(message)
            mark = replace(batch.mark, start=message.offset, digest=message.digest)
            self.marks.setdefault(message.split, {})[message.number] = mark
            self.count += len(batch.items)
            if is_kept:
                self.items[message.offset] = list(map(orjson.loads, batch.items))
            if is_kept and batch.rows is not None:
                self.rows[message.batch_id] = batch.rows
        self.again = None if is_kept else PlanReading(self.plan, opener).batches()
        account = account_of(self.plan, self.read_splits(""))
        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.file = StoredFile(self.plan, account, now, now)

    # The ledger, the tables and the buckets
    def read_marks(self, _file_id: str, split: int) -> Mapping[int, Mark]:
        return self.marks.get(split, {})

    def read_splits(self, _file_id: str) -> list[Any]:
        return [
            SplitAccount(seal.split, seal, summary_of(seal.split, self.marks.get(seal.split, {}), seal))
            for seal in self.reading.seals
        ]

    def read_seal(self, _file_id: str, split: int) -> Any:
        return self.reading.seals[split]

    def read_sums(self, _file_id: str, _level: int) -> list[Any]:
        return []

    def read_merged(self, _file_id: str, _split: int) -> None:
        return None

    def everything(self, _file_id: str, _shards: int, begin: int, _end: int) -> Iterator[Item]:
        if self.again is None:
            yield from self.items[begin]
        else:
            yield from map(orjson.loads, parsed(next(self.again)[0]).items)

    def count_all(self, _file_id: str) -> int:
        return self.count

    def get(self, key: str) -> bytes | None:
        return self.rows.get(key.rpartition("/")[2].removesuffix(".parquet"))

    def verify(self) -> None:
        services = SimpleNamespace(
            ledger=cast(Ledger, self),
            records_table=self,
            results=self,
            objects=SimpleNamespace(opener=lambda _head: self.opener),
            settings=SimpleNamespace(redaction_key=""),
        )
        verdict = verify(cast(Services, services), self.file)
        assert verdict.result == "proved", verdict.differences

    def parse(self) -> None:
        for message, _ in PlanReading(self.plan, self.opener).batches():
            parsed(message)


def text_of(mebibytes: int) -> Iterator[bytes]:
    for _ in range(mebibytes * 1024 * 1024 // len(ACCESS) + 1):
        yield from blocks(ACCESS)


def gzip_of(mebibytes: int) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    for block in text_of(mebibytes):
        if piece := packer.compress(block):
            yield piece
    yield packer.flush()


def behind(pieces: Iterator[bytes], offset: int) -> Iterator[bytes]:
    for piece in pieces:
        if offset < len(piece):
            yield piece[offset:]
        offset = max(0, offset - len(piece))


def verify_large(form: str, mebibytes: int) -> None:
    """And print how much memory that takes at most, in MiB, beside what the process has before."""
    pieces = partial({"plain": text_of, "gzip": gzip_of}[form], mebibytes)
    size = sum(map(len, pieces()))
    stored = Stored(Layout.ITEMS, lambda offset: behind(pieces(), offset), size, is_kept=False)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of from now on
    before = kibibytes("VmRSS")
    stored.verify()
    print((kibibytes("VmHWM") - before) / 1024)


def kibibytes(name: str) -> int:
    """https://www.kernel.org/doc/html/latest/filesystems/proc.html"""
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith(name)]
    return int(line.split()[1])


def peak_mebibytes(form: str, mebibytes: int) -> float:
    script = f"from benchmarks.verifying import verify_large; verify_large({form!r}, {mebibytes})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(mebibytes: int = 32) -> None:
    for layout in Layout:
        stored = Stored(layout, lambda offset: blocks(ACCESS[offset:]), len(ACCESS))
        proving, parsing = median_cpu_seconds(stored.verify, stored.parse)
        print(f"{f'verify, layout {layout}':28} {proving / parsing:>10.2f} of the CPU of parsing")
    for form in ("plain", "gzip"):
        small, large = peak_mebibytes(form, 4), peak_mebibytes(form, mebibytes)
        print(
            f"{f'verify, {form}':28} {small:>10.0f} MiB of memory for 4 MiB of text, {large:.0f} for {mebibytes:,}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
