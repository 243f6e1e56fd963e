"""The plan: what is decided once per file, and obeyed ever after. `planning` decides it."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from chalicelib.core.decoding.checkpoints import Checkpoints
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.text import UTF_8, OpenObject, Text
from chalicelib.core.framing import Framing
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.bounds import most_bytes
from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.plan.notice_scope import NoticeScope

PLAN_VERSIONS: Final = (1, 2, 3, 4, 5, 6)
"""Versions that are read. A plan is written in the lowest that can express it: 1 has lines, and entries that
`entry_start` begins; 2 every framing but those below, text beside the format, compression within compression,
configuration; 3 entries in an array below the first level, interleaved streams, elements of XML, an order of dates, and
objects that begin lines; 4 a layout other than `items`; 5 a sink; 6 compressions other than gzip and zstd, text in the
bytes of a character set, archives and their members, and later generations."""
_COMPRESSED_BOUND: Final = 20
_SHARD_BOUND_BYTES: Final = 1024 * 1024
MAX_SHARDS: Final = 256


@lru_cache(1024)
def _hashed(names: tuple[str, str, str]) -> str:
    return b32encode(hashlib.sha256("\0".join(names).encode()).digest()).decode().lower()[:26]


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of one S3 object.

    version_id: None if the bucket keeps no versions (S3 gives none, or ``null``); there the ETag, without quotes,
    distinguishes uploads. member: the place in an archive, whose version these fields name; the key is the archive's
    key and the path in it.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    member: Member | None = None

    @property
    def file_id(self) -> str:
        """26 lower-case base32 characters of SHA-256 over bucket, key and version id (or ETag); for a member, over the
        id of its archive, its ordinal and its path."""
        names = (self.bucket, self.key, self.version_id or self.etag)
        if self.member:
            names = (self.member.archive.version.file_id, str(self.member.ordinal), self.member.path)
        return _hashed(names)

    def __str__(self) -> str:
        version = f" (version {self.version_id})" if self.version_id else ""
        return f"s3://{self.bucket}/{self.key}{version}"


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What S3 tells about an object besides its bytes. size: bytes. last_modified: aware, UTC."""

    version: ObjectVersion
    size: int
    content_type: str
    last_modified: datetime


class HeadsPage(NamedTuple):
    """Versions of objects (without their content type), and where the listing continues, if there are more."""

    heads: list[ObjectHead]
    reached: str | None


class Archive(StrEnum):
    """The kind of an object that contains files."""

    TAR = "tar"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    archive: it may be a member in turn. compressions: of the archive, the outermost first. ordinal: among all members.
    path: as the archive names it. start: where its bytes begin in the text of the archive. claimed: how many
    bytes the archive says it has. split, number: of the batch that stands for it in the account of the archive. packed: how
    the archive has compressed it. crc: of its bytes once they are unpacked; None if the archive has none.
    """

    archive: ObjectHead
    compressions: tuple[Compression, ...]
    ordinal: int
    path: str
    start: int
    claimed: int
    split: int
    number: int
    packed: Compression = Compression.NONE
    crc: int | None = None

    @property
    def depth(self) -> int:
        """The number of archives around it."""
        outer = self.archive.version.member
        return 1 + (outer.depth if outer else 0)

    @property
    def seekable(self) -> bool:
        """Whether it can be read from any byte: no archive around it is compressed."""
        outer = self.archive.version.member
        return self.compressions == (Compression.NONE,) and (outer is None or outer.seekable)

    @property
    def root(self) -> ObjectHead:
        """The object in the bucket."""
        outer = self.archive.version.member
        return outer.root if outer else self.archive


@dataclass(frozen=True, slots=True)
class Plan:
    """What every invocation obeys for one file.

    runner_up: the second-best format; empty if there was none. text_too: whether lines that no format explains are
    plain text, because the head mixes it with lines of the format; otherwise they are rejects. inner: compressions
    within the outermost one (a gzip of a gzip). parallel: whether each split can be cut on its own. failure: why
    nothing of the object can be read; such a file has no splits. custom: the configuration that applies to the file, as
    `custom.spec` writes it; None: nothing is configured. date_order: which number of its dates is the day, as
    `day_order` writes it; None: it has no such dates. layout: of its records and rejects in the records table. sink:
    where else they go. archive: the file contains files and has no text of its own. charset_guess: a guess at the
    character set of a text that is read as UTF-8 (`guessing`); nothing obeys it. notices: which of its settlings become
    notices. lane: whose queue takes its batches. generation: how often the object was read before this plan.
    configuration: the version of the stage's configuration with which it was opened; 0: the deployed one.
    """

    head: ObjectHead
    format: str
    format_score: float
    compression: Compression = Compression.NONE
    charset: str = UTF_8
    framing: Framing = field(default_factory=Framing)
    limits: Limits = field(default_factory=Limits)
    shards: int = 1
    parallel: bool = True
    retention_days: int = 0
    failure: str | None = None
    runner_up: str = ""
    runner_up_score: float = 0.0
    text_too: bool = False
    inner: tuple[Compression, ...] = ()
    custom: str | None = None
    date_order: str | None = None
    layout: Layout = Layout.ITEMS
    sink: Sink = Sink.NONE
    charset_guess: str | None = None
    archive: Archive | None = None
    notices: NoticeScope = NoticeScope.ALL
    lane: str = DEFAULT
    generation: int = 0
    configuration: int = 0

    @property
    def version(self) -> int:
        is_compressed_anew = not all(each.is_of_first_version for each in (self.compression, *self.inner))
        is_of_archive = self.archive is not None or self.object.member is not None
        if is_compressed_anew or is_of_archive or self.framing.charset is not None or self.generation:
            return 6
        if self.sink is not Sink.NONE:
            return 5
        if self.layout is not Layout.ITEMS:
            return 4
        is_first = self.framing.is_of_first_version and not (self.text_too or self.inner or self.custom)
        if self.date_order or not self.framing.is_of_second_version:
            return 3
        return 1 if is_first else 2

    @property
    def shown_format(self) -> str | None:
        """None if nothing can be read; earlier versions stored such files as text."""
        return None if self.failure else self.format

    @property
    def object(self) -> ObjectVersion:
        return self.head.version

    @property
    def file_id(self) -> str:
        """The id of this generation, under which its records and its part of the ledger are stored."""
        known = self.head.version.file_id
        return f"{known}~{self.generation}" if self.generation else known

    @property
    def expires_at(self) -> int | None:
        """The time (seconds since 1970) after which the file's items expire; None: never."""
        if not self.retention_days:
            return None
        return int((self.head.last_modified + timedelta(days=self.retention_days)).timestamp())

    @property
    def known_splits(self) -> int | None:
        """How many splits the text has; None if only reading it tells."""
        if not self.parallel:
            return None
        return split_count(self.head.size, self.limits.split_bytes)

    def text(self, open_object: OpenObject, start: int = 0, checkpoints: Checkpoints | None = None) -> Text:
        """checkpoints: of the object, for whoever cuts it."""
        charset = self.charset if self.framing.charset is None else UTF_8
        member = self.object.member
        return Text(
            open_object,
            self.compression,
            charset,
            start,
            inner=self.inner,
            expected=member.claimed if member else None,
            crc=member.crc if member and self._is_read_whole(member) else None,
            most=most_bytes(self.head),
            checkpoints=checkpoints,
        )

    def _is_read_whole(self, member: Member) -> bool:
        """Whether reaching the end of a member means that all of it was read, however it is cut."""
        if member.packed is not Compression.NONE:
            return True
        return self.archive is None and self.head.size <= self.limits.split_bytes


def split_count(text_bytes: int, split_bytes: int) -> int:
    """The number of splits of a text of that size; an empty one has a split too."""
    return max(1, -(-text_bytes // split_bytes))


def failed_plan(
    head: ObjectHead,
    reason: str,
    *,
    compression: Compression = Compression.NONE,
    charset: str = UTF_8,
    inner: tuple[Compression, ...] = (),
    retention_days: int = 0,
) -> Plan:
    """The plan of an object of which nothing can be read; it has no format."""
    return Plan(
        head=head,
        format="",
        format_score=0.0,
        compression=compression,
        charset=charset,
        shards=shard_count(head.size, compression),
        retention_days=retention_days,
        failure=reason,
        inner=inner,
    )


def shard_count(size: int, compression: Compression) -> int:
    """The number of shards for the records of an object of that size: one per started MiB of its upper bound, at most
    256. A DynamoDB partition takes 1,000 write units a second (docs: developer guide, "Burst and adaptive capacity")."""
    bound = size if compression is Compression.NONE else size * _COMPRESSED_BOUND
    return min(max(1, -(-bound // _SHARD_BOUND_BYTES)), MAX_SHARDS)
