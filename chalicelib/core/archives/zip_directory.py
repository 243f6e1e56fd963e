"""The directory of a zip, zip64 too: where its members are, and what is said of them.

Limits: it is held, of at most `_DIRECTORY_MAX_BYTES`. What follows it, its comment included, is at most 64 KiB. A member whose header is not where the directory says is lost, and one ends
where the next begins; where more than 100 are to overlap, the archive is a bomb.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from chalicelib.core.archives.found import BrokenArchiveError

_DIRECTORY_MAX_BYTES: Final = 64 * 1024 * 1024
DOUBTFUL_MAX: Final = 100
"""So many headers are looked at ahead, each by a request."""
_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_NAME_LOOK_BYTES: Final = 256
LOCAL_MAGIC: Final = b"PK\x03\x04"
LOCAL: Final = struct.Struct("<4s5H3L2H")
"""The header in front of a member's bytes, section 4.3.7."""
_COMMENT_MAX_BYTES: Final = 65_535
_FOLLOWED_MAX: Final = 10
"""Where something follows the archive, so many ends of a directory are tried."""
_UTF_8: Final = 0x800
_IN_ZIP64: Final = 0xFFFFFFFF
_UNIX: Final = 3


class Entry(NamedTuple):
    """A member, as its header or the directory says. offset: of its header. size: of its bytes as they are packed. whole: as they
    are not."""

    offset: int
    size: int
    path: str
    method: int
    flags: int
    crc: int
    whole: int
    is_link: bool = False

    @property
    def is_file(self) -> bool:
        return not (self.is_link or self.path.endswith("/"))

    @property
    def end(self) -> int:
        """Behind its bytes, or in front of their end by its name and extra field."""
        return self.offset + LOCAL.size + self.size


class Directory(NamedTuple):
    """entries: by their place. lost: those whose place has no header, or is another's. start, end: of the directory itself."""

    entries: list[Entry]
    lost: list[Entry]
    start: int
    end: int


class OverlapError(BrokenArchiveError):
    """Members overlap: the archive is to become far larger than it is."""


class _End(NamedTuple):
    """What the end of a directory says of it. at: where that end begins. behind: where its comment ends."""

    disk: int
    members: int
    length: int
    start: int
    at: int
    behind: int

    @property
    def follows(self) -> bool:
        """Whether it lies behind the directory that it tells of."""
        return self.start + self.length == self.at


def directory_of(read: Callable[[int, int], bytes], size: int, doubtful_max: int = DOUBTFUL_MAX) -> Directory:
    """read: so many bytes from a place on. doubtful_max: how many members may overlap. Raises BrokenArchiveError where there is none."""
    end = _end_of(read, size)
    if end.disk:
        raise BrokenArchiveError("corrupt", "the archive is one of several volumes", end.at)
    if end.length > _DIRECTORY_MAX_BYTES:
        raise BrokenArchiveError(
            "limit", f"the directory of the archive is {end.length:,} bytes long", end.start
        )
    if not end.follows:
        raise BrokenArchiveError("corrupt", "the directory of the archive is not where it says", end.at)
    entries = sorted(_entries(read(end.start, end.length), end.start))
    if len(entries) & 0xFFFF != end.members & 0xFFFF:
        detail = f"the directory of the archive has {len(entries):,} members, not {end.members:,}"
        raise BrokenArchiveError("corrupt", detail, end.start)
    return Directory(*_placed(entries, end.start, read, doubtful_max), end.start, end.behind)


def _placed(
    entries: list[Entry], start: int, read: Callable[[int, int], bytes], doubtful_max: int
) -> tuple[list[Entry], list[Entry]]:
    """Those that lie behind one another, and those that are lost."""
    placed: list[Entry] = []
    lost: list[Entry] = []
    doubtful = 0
    for entry in entries:
        before = placed[-1] if placed else None
        if entry.end <= start and (before is None or before.end <= entry.offset):
            placed.append(entry)
            continue
        doubtful += 1
        if doubtful > doubtful_max:
            raise OverlapError("corrupt", "members of the archive overlap", entry.offset)
        if not _has_header(entry, read):
            lost.append(entry)
            continue
        if before and before.end > entry.offset and not _has_header(before, read):
            lost.append(placed.pop())
        elif before and before.offset + LOCAL.size > entry.offset:
            lost.append(entry)
            continue
        placed.append(entry)
    return placed, lost


def _has_header(entry: Entry, read: Callable[[int, int], bytes]) -> bool:
    """Whether the header of a member lies at its place."""
    header = read(entry.offset, LOCAL.size + _NAME_LOOK_BYTES)
    if len(header) < LOCAL.size or not header.startswith(LOCAL_MAGIC):
        return False
    name = header[LOCAL.size :][: min(LOCAL.unpack_from(header)[9], _NAME_LOOK_BYTES)]
    return entry.path.startswith(_path(name, entry.flags).rstrip("\ufffd"))


def _end_of(read: Callable[[int, int], bytes], size: int) -> _End:
    at = max(0, size - _END.size - _COMMENT_MAX_BYTES)
    tail = read(at, size - at)
    places = dict(_ends(tail))
    for place, behind in places.items():
        if behind == len(tail):
            return _end_at(read, tail, at, place, behind)
    for place, behind in islice(places.items(), _FOLLOWED_MAX):
        end = _end_at(read, tail, at, place, behind)
        if end.follows:
            return end
    raise BrokenArchiveError("truncated", "the archive has no directory at its end", size)


def _end_at(read: Callable[[int, int], bytes], tail: bytes, at: int, place: int, behind: int) -> _End:
    """at: where the tail begins; place, behind: in it."""
    locator = tail[max(0, place - _LOCATOR64.size) : place]
    if not locator.startswith(b"PK\x06\x07"):
        _, disk, _, _, count, length, start, _ = _END.unpack_from(tail, place)
        return _End(disk, count, length, start, at + place, at + behind)
    until = _LOCATOR64.unpack(locator)[2]
    end64 = read(until, _END64.size)
    if len(end64) < _END64.size or not end64.startswith(b"PK\x06\x06"):
        raise BrokenArchiveError("corrupt", "the end of the directory of the archive is broken", until)
    _, _, _, _, disk, _, _, count, length, start = _END64.unpack(end64)
    return _End(disk, count, length, start, until, at + behind)


def _ends(tail: bytes) -> Iterator[tuple[int, int]]:
    """Where an end of a directory may begin, and where it ends with its comment, the last first."""
    place = tail.rfind(_END_MAGIC)
    while place >= 0:
        if len(tail) - place >= _END.size:
            behind = place + _END.size + _END.unpack_from(tail, place)[7]
            if behind <= len(tail):
                yield place, behind
        place = tail.rfind(_END_MAGIC, 0, place)


def _entries(data: bytes, start: int) -> Iterator[Entry]:
    at = 0
    while at < len(data):
        if len(data) - at < _ENTRY.size or not data.startswith(b"PK\x01\x02", at):
            raise BrokenArchiveError("corrupt", "the directory of the archive is broken", start + at)
        fields = _ENTRY.unpack_from(data, at)
        packed_bytes, size = fields[8], fields[9]
        name_end = at + _ENTRY.size + fields[10]
        name, extra = data[at + _ENTRY.size : name_end], data[name_end : name_end + fields[11]]
        offset = fields[16]
        if _IN_ZIP64 in (packed_bytes, size, offset):
            size, packed_bytes, offset = _from_zip64(extra, size, packed_bytes, offset, start + at)
        is_link = fields[1] >> 8 == _UNIX and stat.S_ISLNK(fields[15] >> 16)
        yield Entry(
            offset, packed_bytes, _path(name, fields[3]), fields[4], fields[3], fields[7], size, is_link
        )
        at = name_end + fields[11] + fields[12]


def entry_of(header: bytes, name_and_extra: bytes, offset: int) -> Entry:
    """What the header in front of a member says, which knows of no links. offset: where it lies."""
    _, _, flags, method, _, _, crc, packed_bytes, size, name_bytes, _ = LOCAL.unpack(header)
    if _IN_ZIP64 in (packed_bytes, size):
        size, packed_bytes, _ = _from_zip64(name_and_extra[name_bytes:], size, packed_bytes, 0, offset)
    return Entry(offset, packed_bytes, _path(name_and_extra[:name_bytes], flags), method, flags, crc, size)


def _path(name: bytes, flags: int) -> str:
    return name.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")


def _from_zip64(extra: bytes, size: int, packed_bytes: int, offset: int, at: int) -> tuple[int, int, int]:
    """Section 4.5.3: those of the numbers that are too large for their fields, in this order."""
    place = 0
    while len(extra) - place >= 4:
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            numbers = [
                int.from_bytes(extra[n : n + 8], "little") for n in range(place + 4, place + 4 + length, 8)
            ]
            values = [
                numbers.pop(0) if each == _IN_ZIP64 and numbers else each
                for each in (size, packed_bytes, offset)
            ]
            return values[0], values[1], values[2]
        place += 4 + length
    raise BrokenArchiveError("corrupt", "the directory of the archive lacks a size", at)
