"""The members of a tar: v7, ustar, GNU (long names) and pax.

Every header is held against its checksum. What has no bytes of its own (directories, links, devices, labels of volumes) is passed over; what has
bytes of a kind that is not read, such as a sparse file, is named. Tars behind one another are read as one. Limits: an
extended header is at most `_EXTENDED_MAX_BYTES` long.
https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from chalicelib.core.archives.found import HEADERS, PADDING, BrokenArchiveError, PackedFile, ends_in, followed
from chalicelib.core.archives.source import Source
from chalicelib.core.decoding.binaries import is_tar

BLOCK: Final = 512
_EXTENDED_MAX_BYTES: Final = 8 * 1024 * 1024
_FILES: Final = frozenset((b"0", b"\0", b"7"))
_WITHOUT_BYTES: Final = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))
_UNREAD: Final = {
    b"S": "a sparse file of GNU tar",
    b"D": "a directory of an incremental GNU tar",
    b"M": "a file that goes on in another volume",
    b"V": "the label of a volume",
    b"N": "names of an old GNU tar",
}
_EXTENSIONS: Final = frozenset((b"L", b"K", b"x", b"X", b"g"))


@dataclass(slots=True)
class _Extra:
    """What the headers before a member say of it."""

    path: str | None = None
    sparse_path: str | None = None
    size: int | None = None
    unread: str | None = None
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str, size: int) -> None:
        if size:
            self.skipped[reason] = self.skipped.get(reason, 0) + size


def tar_members(source: Source) -> Iterator[PackedFile | dict[str, int]]:
    """Each file; at last the bytes that were skipped behind the last one, by reason. Raises BrokenArchiveError."""
    extra, is_behind_end = _Extra(), False
    while True:
        at = source.position
        header = source.read(BLOCK)
        if not header.strip(b"\0"):
            extra.skip(PADDING, len(header))
            if len(header) < BLOCK:
                if source.damage:
                    raise ends_in("the padding", at)
                yield extra.skipped
                return
            is_behind_end = True
            continue
        if len(header) < BLOCK:
            raise ends_in("a header", at)
        if not is_tar(header):
            raise _no_header(at, is_behind_end=is_behind_end)
        extra.skip(HEADERS, BLOCK)
        kind = header[156:157]
        if kind in _EXTENSIONS:
            _extend(extra, kind, _extended(source, _number(header[124:136], at), at), at)
            continue
        size = _number(header[124:136], at) if extra.size is None else extra.size
        named = extra.sparse_path or extra.path
        path = _path(header) if named is None else named
        is_folder = kind == b"\0" and path.endswith("/") and not size
        is_label = kind == b"V" and not size
        if kind in _WITHOUT_BYTES or is_folder or is_label:
            extra = _Extra(skipped=extra.skipped)
            continue
        unread = extra.unread or _UNREAD.get(kind)
        if kind not in _FILES and unread is None:
            unread = f"of kind {kind.decode('ascii', 'backslashreplace')!r}, which is not known"
        if kind == b"S":
            extra.skip(HEADERS, _sparse_headers(source, header, at))
        yield PackedFile(path, source.position, size, -size % BLOCK, unread, extra.skipped)
        extra, is_behind_end = _Extra(), False


def _no_header(at: int, *, is_behind_end: bool) -> BrokenArchiveError:
    if is_behind_end:
        return followed(at)
    return BrokenArchiveError("corrupt", "the header of a member is broken: its checksum is wrong", at)


def _number(stored: bytes, at: int) -> int:
    """Octal, or to the base of 256 where the first bit is set. Raises BrokenArchiveError."""
    broken = BrokenArchiveError("corrupt", "the header of a member gives no size that there can be", at)
    if stored[0] & 0x80:
        number = int.from_bytes(bytes([stored[0] & 0x7F]) + stored[1:], "big")
        if stored[0] & 0x40 or number >= 1 << 63:
            raise broken
        return number
    digits = stored.strip(b" \0")
    if digits.strip(b"01234567"):
        raise broken
    return int(digits or b"0", 8)


def _path(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0" and (prefix := header[345:500].partition(b"\0")[0]):
        name = prefix + b"/" + name
    return name.decode("utf-8", "replace")


def _extended(source: Source, size: int, at: int) -> bytes:
    if size > _EXTENDED_MAX_BYTES:
        raise BrokenArchiveError("limit", f"an extended header claims {size:,} bytes", at)
    padded = size + -size % BLOCK
    data = source.read(padded)
    if len(data) < padded:
        raise ends_in("an extended header", at)
    return data[:size]


def _extend(extra: _Extra, kind: bytes, data: bytes, at: int) -> None:
    extra.skip(HEADERS, len(data) + -len(data) % BLOCK)
    if kind == b"L":
        extra.path = data.rstrip(b"\0").decode("utf-8", "replace")
    if kind not in (b"x", b"X", b"g"):
        return
    for name, value in _records(data):
        if kind == b"g" and (name in (b"path", b"size") or name.startswith(b"GNU.sparse.")):
            detail = f"a header for all members gives the {name.decode('ascii', 'replace')} of one"
            raise BrokenArchiveError("corrupt", detail, at)
        if name == b"path":
            extra.path = value.decode("utf-8", "replace")
        elif name == b"size" and value.isdigit() and len(value) < 20:
            extra.size = int(value)
        elif name.startswith(b"GNU.sparse."):
            if name == b"GNU.sparse.name":
                extra.sparse_path = value.decode("utf-8", "replace")
            extra.unread = "a sparse file of GNU tar"


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Of a pax header: `length name=value`, up to the first that is none."""
    at = 0
    while at < len(data):
        digits, blank, _ = data[at : at + 20].partition(b" ")
        if not blank or not digits.isdigit() or not len(digits) < int(digits) <= len(data) - at:
            return
        name, _, value = data[at + len(digits) + 1 : at + int(digits) - 1].partition(b"=")
        yield name, value
        at += int(digits)


def _sparse_headers(source: Source, header: bytes, at: int) -> int:
    """Pass over the blocks in which the map of an old sparse file goes on; how many bytes they are."""
    passed = 0
    goes_on = header[482]
    while goes_on:
        block = source.read(BLOCK)
        if len(block) < BLOCK:
            raise ends_in("a header", at)
        passed += BLOCK
        goes_on = block[504]
    return passed
