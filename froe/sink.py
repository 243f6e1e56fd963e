"""The Parquet objects of a stage on this machine: listed, selected by format and time, and cached in a folder.

Unmerged batches are listed before the merged objects. A batch that is merged meanwhile is in both lists, and readers
ignore its own object (`froe.querying`); no batch is missing from both. If one disappears between the listing and the
reading, it has been merged: then everything is listed again.
A cached object is used only while S3 lists the same object under the same key; objects that S3 does not list any more are
deleted here too. For an object outside of a time range only the footer is read, once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import duckdb
import orjson

from chalicelib.core.records.parquet import BATCHES, RECORDS
from froe.errors import FroeError
from froe.terminal import ProgressBar

_LISTINGS_MAX: Final = 5
_AT_ONCE: Final = 16
_FOOTER_BYTES: Final = 64 * 1024
"""The end of an object that holds most footers: of some 40 columns they take 8 KB a row group."""
_FOOTER_END: Final = 8
"""Bytes at the very end: how long the footer before them is, in four, and the magic number."""
_RANGES: Final = "time-ranges.json"

Client: TypeAlias = Any
"""A low-level boto3 client, which has no static type."""
Range: TypeAlias = "tuple[int, int] | None"
"""Least and greatest time of the records, microseconds since 1970; None: they have none."""


@dataclass(frozen=True, slots=True)
class SinkObject:
    key: str
    etag: str
    size: int

    @property
    def name(self) -> str:
        """What it is called in the cache."""
        return f"{self.key.removeprefix(RECORDS)}.{self.etag}"

    @property
    def waits(self) -> bool:
        """For being merged."""
        return self.key.startswith(BATCHES)


@dataclass(frozen=True, slots=True)
class SinkFiles:
    """Files on this machine. waiting: of batches that may be in merged ones, too."""

    merged: Sequence[Path]
    waiting: Sequence[Path] = ()


class ReplacedError(FroeError):
    """An object is not as it was listed."""


def cache_folder(bucket: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "froe", bucket)


class SinkCache:
    """client: a low-level S3 client. folder: where objects are kept."""

    def __init__(self, client: Client, bucket: str, folder: Path) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder
        self._ids: dict[str, tuple[str, str] | None] = {}

    def current(
        self,
        format_name: str | None,
        begin: datetime | None,
        end: datetime | None,
        bar: Callable[[int], AbstractContextManager[ProgressBar]],
    ) -> SinkFiles:
        """Of all records of a time range, each once. bar: of so many bytes."""
        for listing in range(1, _LISTINGS_MAX + 1):
            try:
                objects = self.within(self.listed(format_name), begin, end)
                with bar(sum(one.size for one in objects)) as progress:
                    paths = self.fetch(objects, progress.advance)
                pairs = list(zip(objects, paths, strict=True))
                return SinkFiles(
                    [path for one, path in pairs if not one.waits], [path for one, path in pairs if one.waits]
                )
            except ReplacedError:
                if listing == _LISTINGS_MAX:
                    raise
        raise AssertionError("it returns or raises")

    def listed(self, format_name: str | None = None) -> list[SinkObject]:
        """Those of a format, or all; what is kept here of others under that prefix is deleted. FroeError where there
        are none."""
        folder = f"format={format_name}/" if format_name else ""
        objects = [*self._listed(f"{BATCHES}{folder}"), *self._listed(f"{RECORDS}{folder}")]
        if not objects:
            of = f" of format {format_name}" if format_name else ""
            raise FroeError(
                f"s3://{self._bucket}/{RECORDS}{folder} has no objects{of}: only files that are opened while the stage has"
                " Sink=parquet are stored there; query other files with --stored FILE_ID."
            )
        self._forget(folder, {one.name for one in objects})
        return objects

    def waiting_of(self, folder: str, begins: str) -> list[str]:
        """Ids of batches of a folder that wait for being merged, and begin so."""
        listed = self._listed(f"{BATCHES}{folder}{begins}")
        return [each.key.rpartition("/")[2].removesuffix(".parquet") for each in listed]

    def holding(self, folder: str, begins: str) -> list[SinkObject]:
        """The merged objects of a folder that may hold batches whose ids begin so, by their footers."""
        objects = list(self._listed(f"{RECORDS}{folder}"))
        new = [each for each in objects if each.name not in self._ids]
        if new:
            with self._footers(new) as paths:
                batches = _batches_in(paths)
            self._ids |= {each.name: batches.get(str(path)) for each, path in zip(new, paths, strict=True)}
        last = begins + "~"
        ranges = [(each, self._ids[each.name]) for each in objects]
        return [each for each, ids in ranges if ids is None or (ids[0] <= last and ids[1] >= begins)]

    def _listed(self, prefix: str) -> Iterator[SinkObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for one in page.get("Contents", ()):
                yield SinkObject(one["Key"], one["ETag"].strip('"'), one["Size"])

    def within(
        self, objects: Sequence[SinkObject], begin: datetime | None, end: datetime | None
    ) -> list[SinkObject]:
        """Those that may hold records of that time range; end: excluded."""
        if begin is None and end is None:
            return list(objects)
        first = _microseconds(begin) if begin else None
        last = _microseconds(end) if end else None
        ranges = self._ranges(objects)
        return [each for each in objects if _overlaps(ranges[each.name], first, last)]

    def fetch(self, objects: Sequence[SinkObject], advance: Callable[[int], object]) -> list[Path]:
        """Their files here; advance: is told of bytes as they are there."""

        def fetched(each: SinkObject) -> Path:
            path = self._folder / each.name
            if not path.exists():
                self._keep(path, self._get(each))
            advance(each.size)
            return path

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(fetched, objects))

    def _get(self, each: SinkObject, **options: str) -> bytes:
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=each.key, IfMatch=f'"{each.etag}"', **options
            )
        except self._client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("NoSuchKey", "PreconditionFailed", "412", "404"):
                raise ReplacedError(
                    f"s3://{self._bucket}/{each.key} was just replaced: run the query again."
                ) from error
            raise
        return bytes(answer["Body"].read())

    def _ranges(self, objects: Sequence[SinkObject]) -> dict[str, Range]:
        """Of each by its name; what is not known yet is read from its footer, and kept."""
        store = self._folder / _RANGES
        known: dict[str, Range] = orjson.loads(store.read_bytes()) if store.exists() else {}
        names = {each.name for each in objects}
        new = [each for each in objects if each.name not in known]
        if new:
            with self._footers(new) as paths:
                ranges = _times_in(paths)
            known |= {each.name: ranges.get(str(path)) for each, path in zip(new, paths, strict=True)}
            kept = {
                name: times
                for name, times in known.items()
                if name in names or (self._folder / name).exists()
            }
            self._keep(store, orjson.dumps(kept))
        return {name: known[name] for name in names}

    @contextmanager
    def _footers(self, objects: Sequence[SinkObject]) -> Iterator[list[Path]]:
        """Files of which the footers are there, as long as they are wanted."""
        with tempfile.TemporaryDirectory(prefix="froe-footers-") as scratch:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                paths = list(pool.map(lambda each: self._footer(each, Path(scratch)), objects))
            yield paths

    def _footer(self, each: SinkObject, scratch: Path) -> Path:
        """A file whose end is the object's, with nothing before it: all that metadata are read of."""
        kept = self._folder / each.name
        if kept.exists():
            return kept
        path = scratch / each.name.replace("/", "-")
        tail = self._get(each, Range=f"bytes=-{_FOOTER_BYTES}")
        needed = int.from_bytes(tail[-_FOOTER_END:-4], "little") + _FOOTER_END
        if needed > len(tail) and needed <= each.size:
            tail = self._get(each, Range=f"bytes=-{needed}")
        with path.open("wb") as file:
            file.write(b"PAR1")
            file.seek(max(each.size - len(tail), 0))
            file.write(tail)
        return path

    def _keep(self, path: Path, data: bytes) -> None:
        """Whole or not at all, whoever else does the same."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_bytes(data)
        part.replace(path)

    def _forget(self, folder: str, names: set[str]) -> None:
        for place in {self._folder / folder, self._folder / BATCHES / folder}:
            for path in place.rglob("*.parquet.*") if place.is_dir() else ():
                if str(path.relative_to(self._folder)) not in names:
                    path.unlink(missing_ok=True)


def _times_in(paths: Sequence[Path]) -> dict[str, Range]:
    """Path → range, of Parquet files of which only the footers need to be there."""
    rows = (
        duckdb.connect()
        .execute(
            "SELECT file_name, min(epoch_us(stats_min_value::TIMESTAMP)), max(epoch_us(stats_max_value::TIMESTAMP))"
            " FROM parquet_metadata(?) WHERE path_in_schema = 'time' GROUP BY 1",
            [list(map(str, paths))],
        )
        .fetchall()
    )
    return {name: None if first is None else (first, last) for name, first, last in rows}


def _batches_in(paths: Sequence[Path]) -> dict[str, tuple[str, str]]:
    """Path → least and greatest batch id, likewise; nothing of one that does not say."""
    rows = (
        duckdb.connect()
        .execute(
            "SELECT file_name, min(stats_min_value), max(stats_max_value), count(*) = count(stats_min_value)"
            " FROM parquet_metadata(?) WHERE path_in_schema = 'batch_id' GROUP BY 1",
            [list(map(str, paths))],
        )
        .fetchall()
    )
    return {name: (first, last) for name, first, last, are_told in rows if are_told}


def _overlaps(times: Range, first: int | None, last: int | None) -> bool:
    if times is None:
        return False
    return (first is None or times[1] >= first) and (last is None or times[0] < last)


def _microseconds(time: datetime) -> int:
    return round(time.timestamp() * 1_000_000)
