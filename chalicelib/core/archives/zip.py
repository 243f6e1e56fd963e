"""The members of a zip, as its directory has them: stored and deflate, zip64, sizes behind the data.

Members lie one behind the other in the order of their local headers. One whose size or place is false is damaged alone. Where the directory is broken or missing, they are read by
those headers alone up to it, and the archive is broken there; that a member's size is behind it is then found out by reading it
once more. What is encrypted, or compressed otherwise, is named. A zip that can only be read from front to back is read once
more to find its directory.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from chalicelib.core.archives.found import HEADERS, PADDING, BrokenArchiveError, PackedFile, ends_in, followed
from chalicelib.core.archives.source import Source
from chalicelib.core.archives.zip_directory import (
    LOCAL,
    LOCAL_MAGIC,
    Directory,
    Entry,
    OverlapError,
    directory_of,
    entry_of,
)
from chalicelib.core.decoding.compressions import Compression, faults_of, stream_of
from chalicelib.core.decoding.decoders import BLOCK_BYTES
from chalicelib.core.decoding.text import Text
from chalicelib.core.ledger.accounts import DAMAGED_REST

DIRECTORY: Final = "archive-directory"
GAPS: Final = "archive-gaps"
_TAIL_BYTES: Final = 1024 * 1024
"""What is kept of the end of a zip that is read through to find its directory: most are within it."""
_DOUBTFUL_MAX: Final = 3
"""Of a zip that can only be read from front to back each place that is looked at costs that anew."""
_PACKED: Final = {0: Compression.NONE, 8: Compression.DEFLATE}
_METHODS: Final = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
_ENCRYPTED: Final = 1
_SIZED_BEHIND: Final = 8
_MAGICS: Final = (LOCAL_MAGIC, b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08")
"""Of what may follow a member and its descriptor, …"""
_LOST: Final = "not where the directory of the archive says"
_DESCRIPTORS: Final = (0, 12, 16, 20, 24)
"""… which is so long, or missing (section 4.3.9)."""


class ZipText(NamedTuple):
    """open_text: gives the text of a zip from an offset on. size: None where only reading it tells. is_seekable: whether reading can begin anywhere."""

    open_text: Callable[[int], Text]
    size: int | None
    is_seekable: bool

    def directory(self) -> Directory:
        if self.size is not None:
            return directory_of(self._read, self.size)
        size, tail = self._read_through()

        def read(place: int, length: int) -> bytes:
            begin = place - size + len(tail)
            return self._read(place, length) if begin < 0 else tail[begin : begin + length]

        return directory_of(read, size, _DOUBTFUL_MAX)

    def _read(self, place: int, size: int) -> bytes:
        taken = b""
        for block in self.open_text(place) if size else ():
            taken += block
            if len(taken) >= size:
                break
        return taken[:size]

    def _read_through(self) -> tuple[int, bytes]:
        """The size of the text, and its end."""
        text, size, tail = self.open_text(0), 0, bytearray()
        for block in text:
            size += len(block)
            tail += block
            del tail[:-_TAIL_BYTES]
        if text.damage:
            raise BrokenArchiveError(text.damage.reason, text.damage.detail, size)
        return size, bytes(tail)

    def deflated_bytes(self, place: int) -> int | None:
        """How long the deflate data is that begins there; None where it does not end, or nobody can begin there."""
        if not self.is_seekable:
            return None
        stream, fed = stream_of(Compression.DEFLATE), 0
        try:
            for block in self.open_text(place):
                fed += len(block)
                stream.decompress(block, BLOCK_BYTES)
                while not (stream.eof or stream.needs_input):
                    stream.decompress(b"", BLOCK_BYTES)
                if stream.eof:
                    return fed - len(stream.unused_data)
        except faults_of(Compression.DEFLATE):
            return None
        return None


def zip_members(source: Source, text: ZipText, first: int) -> Iterator[PackedFile | dict[str, int]]:
    """As `tar_members`, from the place on at which the source stands, behind so many members. Folders and links are headers."""
    try:
        directory = text.directory()
    except OverlapError:
        raise
    except BrokenArchiveError as broken:
        yield from _without_directory(source, text, broken)
        return
    yield from _by_directory(source, directory, first)


def _by_directory(source: Source, directory: Directory, first: int) -> Iterator[PackedFile | dict[str, int]]:
    entries, lost, start, end_of_directory = directory
    reached = source.position
    skipped: dict[str, int] = {}
    for entry, end in zip(entries, [*(each.offset for each in entries[1:]), start], strict=True):
        if entry.offset < reached:
            continue
        _pass_to(source, entry.offset, skipped)
        header = source.read(min(LOCAL.size, end - entry.offset))
        if len(header) < LOCAL.size or not header.startswith(LOCAL_MAGIC):
            size = min(LOCAL.size + entry.size, end - entry.offset)
            yield PackedFile(entry.path, entry.offset, size, 0, _LOST, skipped)
            skipped = {}
            continue
        fields = LOCAL.unpack(header)
        begin = min(source.position + fields[9] + fields[10], end)
        size = min(entry.size, end - begin)
        behind = begin if entry.is_file else begin + size
        if not source.pass_to(behind):
            raise ends_in("a member", entry.offset)
        skipped[HEADERS] = skipped.get(HEADERS, 0) + behind - entry.offset
        if entry.is_file:
            is_stored = _PACKED.get(entry.method) is Compression.NONE
            claimed = max(entry.size, entry.whole) if is_stored else entry.size
            yield _member_file(entry, begin, entry.crc, skipped)._replace(size=size, claimed=claimed)
            skipped = {}
    files = sum(entry.is_file for entry in entries)
    for entry in lost[max(0, first - files) :]:
        yield PackedFile(entry.path, source.position, 0, 0, _LOST, skipped)
        skipped = {}
    _pass_to(source, start, skipped)
    behind = _behind(source, end_of_directory)
    if source.damage:
        raise ends_in("the directory", start)
    yield skipped | {DIRECTORY: end_of_directory - start} | behind
    if lost:
        detail = f"{len(lost):,} of the members that the directory names are not where it says"
        raise BrokenArchiveError("corrupt", detail, start)
    if DAMAGED_REST in behind:
        raise followed(end_of_directory)


def _behind(source: Source, place: int) -> dict[str, int]:
    """What there is behind the directory, which ends at a place, by reason: NULs, or something else."""
    source.pass_to(place)
    is_padding = True
    while block := source.read(1 << 16):
        is_padding = is_padding and not block.strip(b"\0")
    size = source.position - place
    return {PADDING if is_padding else DAMAGED_REST: size} if size > 0 else {}


def _without_directory(
    source: Source, text: ZipText, broken: BrokenArchiveError
) -> Iterator[PackedFile | dict[str, int]]:
    """By the headers in front of the members, up to where none follows: there the archive is broken."""
    skipped: dict[str, int] = {}
    while True:
        at, passed = _next_header(source)
        if at is None:
            raise BrokenArchiveError(broken.reason, broken.detail, max(broken.at, source.position))
        if passed:
            skipped[HEADERS] = skipped.get(HEADERS, 0) + passed
        rest = source.read(LOCAL.size - len(LOCAL_MAGIC))
        header = LOCAL_MAGIC + rest
        names = LOCAL.unpack(header)[9:11] if len(header) == LOCAL.size else (1, 0)
        name_and_extra = source.read(sum(names))
        if len(name_and_extra) < sum(names):
            raise ends_in("a header", at)
        entry, begin = entry_of(header, name_and_extra, at), source.position
        is_folder = entry.path.endswith("/")
        if entry.flags & _SIZED_BEHIND and not entry.size:
            is_deflated = _PACKED.get(entry.method) is Compression.DEFLATE
            size = text.deflated_bytes(begin) if is_deflated else 0 if is_folder else None
            if size is None:
                raise ends_in("a member, whose size is behind it", at)
            entry = entry._replace(size=size)
        behind = begin + entry.size if is_folder else begin
        if not source.pass_to(behind):
            raise ends_in("a member", at)
        skipped[HEADERS] = skipped.get(HEADERS, 0) + behind - at
        if is_folder:
            continue
        yield _member_file(entry, begin, None if entry.flags & _SIZED_BEHIND else entry.crc, skipped)
        skipped = {}


def _next_header(source: Source) -> tuple[int | None, int]:
    """Where the next member begins, behind whose magic the source then stands, and how many bytes a descriptor in front of it
    has; None where none follows."""
    begin, taken = source.position, b""
    for length in _DESCRIPTORS:
        taken += source.read(length + len(LOCAL_MAGIC) - len(taken))
        magic = taken[length:]
        if magic == LOCAL_MAGIC:
            return begin + length, length
        if magic in _MAGICS:
            break
    return None, 0


def _member_file(entry: Entry, begin: int, crc: int | None, skipped: dict[str, int]) -> PackedFile:
    packed = _PACKED.get(entry.method, Compression.NONE)
    return PackedFile(entry.path, begin, entry.size, 0, _unread(entry), skipped, packed, crc)


def _pass_to(source: Source, place: int, skipped: dict[str, int]) -> None:
    """What lies between members is a descriptor (section 4.3.9), or nobody knows what."""
    gap = place - source.position
    if gap < 0 or not source.pass_to(place):
        raise ends_in("a member", place)
    if gap:
        reason = HEADERS if gap <= _DESCRIPTORS[-1] else GAPS
        skipped[reason] = skipped.get(reason, 0) + gap


def _unread(entry: Entry) -> str | None:
    if entry.flags & _ENCRYPTED:
        return "encrypted"
    if entry.method not in _PACKED:
        return f"compressed by {_METHODS.get(entry.method, f'method {entry.method}')}"
    return None
