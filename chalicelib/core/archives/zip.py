"""The members of a zip, as its directory has them: stored and deflate, zip64, sizes behind the data.

Members lie one behind the other in the order of their local headers; two that overlap break the archive. What is encrypted,
or compressed otherwise, is named. Limits: the directory is held, of at most `_DIRECTORY_MAX_BYTES`; a member's CRC is not looked at.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from chalicelib.core.archives.found import HEADERS, BrokenArchiveError, Found, broken_at
from chalicelib.core.archives.source import Source
from chalicelib.core.decoding.compressions import Compression

DIRECTORY: Final = "archive-directory"
GAPS: Final = "archive-gaps"
_DIRECTORY_MAX_BYTES: Final = 64 * 1024 * 1024
_DESCRIPTOR_MAX_BYTES: Final = 24
_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_COMMENT_MAX_BYTES: Final = 65_535
_PACKED: Final = {0: Compression.NONE, 8: Compression.DEFLATE}
_METHODS: Final = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
_ENCRYPTED: Final = 1
_UTF_8: Final = 0x800
_IN_ZIP64: Final = 0xFFFFFFFF
_UNIX: Final = 3


class _Entry(NamedTuple):
    offset: int
    size: int
    path: str
    method: int
    flags: int
    is_link: bool


class Directory(NamedTuple):
    """entries: by their place. start: of the directory itself."""

    entries: list[_Entry]
    start: int


class _End(NamedTuple):
    """What the end of a directory says of it. at: where that end begins."""

    disk: int
    members: int
    length: int
    start: int
    at: int


def directory_of(read: Callable[[int, int], bytes], size: int) -> Directory:
    """read: so many bytes from a place on. Raises BrokenArchiveError where there is none."""
    end = _end_of(read, size)
    if end.disk:
        raise BrokenArchiveError("corrupt", "the archive is one of several volumes", end.at)
    if end.length > _DIRECTORY_MAX_BYTES:
        raise BrokenArchiveError(
            "limit", f"the directory of the archive is {end.length:,} bytes long", end.start
        )
    if end.start + end.length != end.at:
        raise BrokenArchiveError("corrupt", "the directory of the archive is not where it says", end.at)
    entries = sorted(_entries(read(end.start, end.length), end.start))
    if len(entries) & 0xFFFF != end.members & 0xFFFF:
        detail = f"the directory of the archive has {len(entries):,} members, not {end.members:,}"
        raise BrokenArchiveError("corrupt", detail, end.start)
    for one, two in pairwise([*entries, _Entry(end.start, 0, "", 0, 0, is_link=False)]):
        if one.offset + _LOCAL.size + one.size > two.offset:
            raise BrokenArchiveError("corrupt", "two members of the archive overlap", two.offset)
    return Directory(entries, end.start)


def _end_of(read: Callable[[int, int], bytes], size: int) -> _End:
    at = max(0, size - _END.size - _COMMENT_MAX_BYTES)
    tail = read(at, size - at)
    place = tail.rfind(_END_MAGIC)
    while place >= 0 and not _ends(tail, place):
        place = tail.rfind(_END_MAGIC, 0, place)
    if place < 0:
        raise BrokenArchiveError("truncated", "the archive has no directory at its end", 0)
    locator = tail[max(0, place - _LOCATOR64.size) : place]
    if not locator.startswith(b"PK\x06\x07"):
        _, disk, _, _, count, length, start, _ = _END.unpack_from(tail, place)
        return _End(disk, count, length, start, at + place)
    until = _LOCATOR64.unpack(locator)[2]
    end64 = read(until, _END64.size)
    if len(end64) < _END64.size or not end64.startswith(b"PK\x06\x06"):
        raise BrokenArchiveError("corrupt", "the end of the directory of the archive is broken", until)
    _, _, _, _, disk, _, _, count, length, start = _END64.unpack(end64)
    return _End(disk, count, length, start, until)


def _ends(tail: bytes, place: int) -> bool:
    """Whether an end of a directory that begins there is the end of all, its comment included."""
    is_whole = len(tail) - place >= _END.size
    return is_whole and place + _END.size + _END.unpack_from(tail, place)[7] == len(tail)


def _entries(data: bytes, start: int) -> Iterator[_Entry]:
    at = 0
    while at < len(data):
        if len(data) - at < _ENTRY.size or not data.startswith(b"PK\x01\x02", at):
            raise BrokenArchiveError("corrupt", "the directory of the archive is broken", start + at)
        fields = _ENTRY.unpack_from(data, at)
        flags, method, packed_bytes, size = fields[3], fields[4], fields[8], fields[9]
        name_end = at + _ENTRY.size + fields[10]
        name, extra = data[at + _ENTRY.size : name_end], data[name_end : name_end + fields[11]]
        offset = fields[16]
        if _IN_ZIP64 in (packed_bytes, size, offset):
            packed_bytes, offset = _from_zip64(extra, size, packed_bytes, offset, start + at)
        is_link = fields[1] >> 8 == _UNIX and stat.S_ISLNK(fields[15] >> 16)
        path = name.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
        yield _Entry(offset, packed_bytes, path, method, flags, is_link)
        at = name_end + fields[11] + fields[12]


def _from_zip64(extra: bytes, size: int, packed_bytes: int, offset: int, at: int) -> tuple[int, int]:
    """Section 4.5.3: those of the numbers that are too large for their fields, in this order."""
    place = 0
    while len(extra) - place >= 4:
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            numbers = [
                int.from_bytes(extra[n : n + 8], "little") for n in range(place + 4, place + 4 + length, 8)
            ]
            found = [
                numbers.pop(0) if each == _IN_ZIP64 and numbers else each
                for each in (size, packed_bytes, offset)
            ]
            return found[1], found[2]
        place += 4 + length
    raise BrokenArchiveError("corrupt", "the directory of the archive lacks a size", at)


def zip_members(source: Source, directory: Callable[[], Directory]) -> Iterator[Found | dict[str, int]]:
    """As `tar_members`, from the place on at which the source stands. Folders and links are headers."""
    reached = source.position
    entries, start = directory()
    skipped: dict[str, int] = {}
    for entry in entries:
        if entry.offset < reached:
            continue
        _pass_to(source, entry.offset, skipped)
        header = source.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise BrokenArchiveError("corrupt", "a member is not where the directory says", entry.offset)
        fields = _LOCAL.unpack(header)
        begin = source.position + fields[9] + fields[10]
        is_file = not (entry.is_link or entry.path.endswith("/"))
        behind = begin if is_file else begin + entry.size
        if begin + entry.size > start or not source.pass_to(behind):
            raise broken_at(source, entry.offset, "a member")
        skipped[HEADERS] = skipped.get(HEADERS, 0) + behind - entry.offset
        if is_file:
            packed = _PACKED.get(entry.method, Compression.NONE)
            yield Found(entry.path, begin, entry.size, 0, _unread(entry), skipped, packed)
            skipped = {}
    _pass_to(source, start, skipped)
    while source.read(1 << 16):
        pass
    skipped[DIRECTORY] = source.position - start
    yield skipped


def _pass_to(source: Source, place: int, skipped: dict[str, int]) -> None:
    """What lies between members is a descriptor (section 4.3.9), or nobody knows what."""
    gap = place - source.position
    if gap < 0 or not source.pass_to(place):
        raise broken_at(source, place, "a member")
    if gap:
        reason = HEADERS if gap <= _DESCRIPTOR_MAX_BYTES else GAPS
        skipped[reason] = skipped.get(reason, 0) + gap


def _unread(entry: _Entry) -> str | None:
    if entry.flags & _ENCRYPTED:
        return "encrypted"
    if entry.method not in _PACKED:
        return f"compressed by {_METHODS.get(entry.method, f'method {entry.method}')}"
    return None
