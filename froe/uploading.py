"""Uploads local files to the input bucket and reports which file each becomes.

The file id comes from the version id in S3's own answer to the upload, so another upload of the same
key at the same time is not mistaken for this one. Large files are uploaded in parts, by boto3's manager.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
from boto3.s3.transfer import S3UploadFailedError, TransferConfig

from chalicelib.core.plan import ObjectVersion
from froe.comparing import SHA256, digests_of
from froe.errors import FroeError

_FILES_AT_ONCE: Final = 4
_PART_BYTES: Final = 8 * 1024 * 1024
_KEY_MAX_BYTES: Final = 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

Client: TypeAlias = Any
"""A low-level boto3 client, which has no static type."""


@dataclass(frozen=True, slots=True)
class Source:
    """A local file and the key that it gets."""

    path: Path
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A source that is in the bucket now, as this version. sent: it was not there before."""

    source: Source
    version: ObjectVersion
    sent: bool = True

    @property
    def file_id(self) -> str:
        return self.version.file_id


def find_sources(paths: Sequence[Path], prefix: str, hidden: list[Path] | None = None) -> list[Source]:
    """Every file among and below `paths`; a folder's files keep its name in their keys. A path that is not there may be a
    pattern, as the shell has them, with ** for folders within one another. hidden: gets the files below folders that are
    left out, as a pattern leaves them out: their name, or that of a folder on the way, begins with a point.

    Raises UsageError for a path that is none of these, FroeError for a key that S3 refuses, or two files with one key.
    """
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    collected: dict[str, Source] = {}
    for path in paths:
        for file, name in _files_of(path, hidden) if path.exists() else _files_like(path, hidden):
            source = Source(file, checked_key(prefix + name, file), file.stat().st_size)
            if source.key in collected and not file.samefile(collected[source.key].path):
                raise FroeError(
                    f"{collected[source.key].path} and {file} would both become {source.key!r};"
                    " upload them one by one, with another --prefix each."
                )
            collected[source.key] = source
    return list(collected.values())


def _files_of(path: Path, hidden: list[Path] | None) -> Iterator[tuple[Path, str]]:
    if path.is_dir():
        root = path.resolve()
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            below = file.relative_to(path)
            if not any(part.startswith(".") for part in below.parts):
                yield file, f"{root.name}/{below.as_posix()}".lstrip("/")
            elif hidden is not None:
                hidden.append(file)
    elif path.is_file():
        yield path, path.name
    else:
        raise FroeError(f"{path} is neither a file nor a folder.")


def _files_like(pattern: Path, hidden: list[Path] | None) -> Iterator[tuple[Path, str]]:
    """Those that match are named as if each had been: by its name, or with ** by its way from the folder before it."""
    parts = pattern.parts
    deep = parts.index("**") if "**" in parts else None
    actual = [Path(each) for each in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207 - it may be absolute
    if not actual:
        raise click.UsageError(f"There is no file {str(pattern)!r}, and none that it matches as a pattern.")
    for path in actual:
        if deep is None:
            yield from _files_of(path, hidden)
        elif path.is_file():
            yield path, "/".join(path.parts[max(deep - 1, 0) :]).lstrip("/.")


def checked_key(key: str, path: Path) -> str:
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise FroeError(f"the name of {str(path)!r} is not UTF-8, as S3 wants it; rename it.") from None
    if size > _KEY_MAX_BYTES:
        raise FroeError(f"{path} would get a key of {size:,} bytes; S3 allows {_KEY_MAX_BYTES:,}.")
    return key


def content_type_of(charset: str | None) -> str | None:
    """What says the character set; None: S3's own."""
    return None if charset is None else f"text/plain; charset={charset}"


def upload_all(
    client: Client,
    bucket: str,
    sources: Sequence[Source],
    progress: Callable[[int], None],
    charset: str | None = None,
    unreadable: list[FroeError] | None = None,
) -> Iterator[Uploaded]:
    """Upload, a few at once, and give each source when it is in the bucket.

    progress: called with each number of bytes sent, from any thread. charset: what the texts are in, which their Content-Type
    then says; None: nobody says so. unreadable: gets the errors of files that cannot be read, while the others go on;
    without it the first one is raised.
    """
    extra: dict[str, Any] = {
        "ChecksumAlgorithm": "CRC32"
    }  # S3 refuses what arrives otherwise than it was sent
    if content_type := content_type_of(charset):
        extra["ContentType"] = content_type
    config = TransferConfig(multipart_chunksize=_PART_BYTES, multipart_threshold=_PART_BYTES)

    def upload(source: Source) -> Source:
        try:
            own = extra | {"Metadata": {SHA256: digests_of(source.path).sha256}}
            client.upload_file(
                str(source.path), bucket, source.key, ExtraArgs=own, Callback=progress, Config=config
            )
        except S3UploadFailedError as error:
            raise (error.__cause__ or error.__context__ or error) from None
        except OSError as error:
            raise FroeError(f"{source.path} cannot be read: {error.strerror or error}.") from error
        return source

    with _versions_seen(client) as versions, ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        futures = [pool.submit(upload, source) for source in sources]
        try:
            for future in as_completed(futures):
                try:
                    source = future.result()
                except FroeError as error:
                    if unreadable is None:
                        raise
                    unreadable.append(error)
                    continue
                version_id, etag = versions[source.key]
                yield Uploaded(source, ObjectVersion(bucket, source.key, version_id, etag))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def upload_one_by_one(
    client: Client,
    bucket: str,
    sources: Sequence[Source],
    progress: Callable[[int], None],
    wait_until_cut: Callable[[str], None],
    charset: str | None = None,
    unreadable: list[FroeError] | None = None,
) -> Iterator[Uploaded]:
    """Upload, each once the file before is cut: the local AWS starts a function for every object that
    arrives while none is free, and a small machine has more to do with the starts than with the files.

    wait_until_cut: called with a file id. The rest is as with `upload_all`.
    """
    for number, source in enumerate(sources, start=1):
        for one in upload_all(client, bucket, [source], progress, charset, unreadable):
            yield one
            if number < len(sources):
                wait_until_cut(one.file_id)


@contextmanager
def _versions_seen(client: Client) -> Iterator[dict[str, tuple[str | None, str]]]:
    """Version id and ETag by key, of what the client uploads in the block."""
    versions: dict[str, tuple[str | None, str]] = {}

    def remember_key(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["froe_key"] = params.get("Key")

    def remember_version(parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        if "ETag" in parsed:
            version_id = parsed.get("VersionId")
            known = None if version_id == "null" else version_id
            versions[context["froe_key"]] = known, parsed["ETag"].strip('"')

    operations = ("PutObject", "CompleteMultipartUpload")
    for operation in operations:
        client.meta.events.register(f"provide-client-params.s3.{operation}", remember_key)
        client.meta.events.register(f"after-call.s3.{operation}", remember_version)
    try:
        yield versions
    finally:
        for operation in operations:
            client.meta.events.unregister(f"provide-client-params.s3.{operation}", remember_key)
            client.meta.events.unregister(f"after-call.s3.{operation}", remember_version)
