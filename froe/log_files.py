"""Local files as objects: the same reading that the pipeline does, with the names that people gave in errors."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import click

from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.decoders import BLOCK_BYTES
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import reason_of
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from froe.terminal import printable

_STANDARD_INPUT: Final = Path("-")
_FAULTS_SHOWN_MAX: Final = 3


def readable(paths: Sequence[Path]) -> Generator[tuple[Path, str], None, None]:
    """Files and their names: those of folders too, and standard input as a temporary file (a head is read twice)."""
    for path in paths:
        if path == _STANDARD_INPUT:
            with tempfile.NamedTemporaryFile(prefix="froe-") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
                copy.flush()
                yield Path(copy.name), str(path)
        elif path.is_dir():
            files = sorted(each for each in path.rglob("*") if each.is_file())
            if not files:
                raise click.UsageError(f"{printable(_text_of(path))} has no files.")
            yield from ((file, _text_of(file)) for file in files)
        else:
            yield path, _text_of(path)


@contextmanager
def readable_at_once(paths: Sequence[Path]) -> Iterator[list[tuple[Path, str]]]:
    """All of them, each as long as the block runs."""
    with ExitStack() as stack:
        texts: list[tuple[Path, str]] = []
        for path in paths:
            files = readable([path])
            stack.callback(files.close)
            texts += (
                [next(files)] if path == _STANDARD_INPUT else files
            )  # its copy goes with the end of `files`
        yield texts


def open_reading(
    path: Path,
    format_name: str | None,
    charset: str | None,
    config: Config,
    name: str | None = None,
    *,
    open_object: OpenObject | None = None,
) -> Reading:
    """What the pipeline would make of the file. name: what it is called; open_object: reads its bytes, if not from the
    file itself."""
    return Reading(
        head_of(path, name),
        open_object or opener(path),
        format_name=format_name,
        charset=charset,
        config=config,
        report=_reporter(path),
    )


def head_of(path: Path, name: str | None = None) -> ObjectHead:
    """What S3 would say of the file as an object. UsageError where it is none."""
    if not path.is_file():
        raise click.UsageError(
            f"{path} is a pipe or a device: feed it to `froe parse -`, or write it into a file first."
        )
    facts = path.stat()
    return ObjectHead(
        version=ObjectVersion(bucket="", key=name or _text_of(path), version_id=None, etag=""),
        size=facts.st_size,
        content_type="",
        last_modified=datetime.fromtimestamp(facts.st_mtime, UTC),
    )


def opener(path: Path) -> Callable[[int], Iterator[bytes]]:
    def read_from(offset: int) -> Iterator[bytes]:
        with path.open("rb", buffering=0) as stream:
            stream.seek(offset)
            while piece := stream.read(BLOCK_BYTES):
                yield piece

    return read_from


def watched(open_object: OpenObject, advance: Callable[[float], None]) -> OpenObject:
    """Says how far reading has come; what is read again does not count."""
    reached = 0

    def read_from(offset: int) -> Iterator[bytes]:
        nonlocal reached
        for piece in open_object(offset):
            offset += len(piece)
            if offset > reached:
                advance(offset - reached)
                reached = offset
            yield piece

    return read_from


def _reporter(path: Path) -> Callable[[int, Exception], None]:
    """Names the first entries on which something failed, and where in Froe that was."""
    places = count(1)

    def report(offset: int, error: Exception) -> None:
        if next(places) <= _FAULTS_SHOWN_MAX:
            click.echo(
                f"{printable(_text_of(path))}: the entry at byte {offset:,} is a reject (internal-error):"
                f" {reason_of(error)}. This is a fault in Froe, not in your input.",
                err=True,
            )

    return report


def _text_of(path: Path) -> str:
    """The path as text; bytes of a name that are not UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")
