"""Tars that tests are made of."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from typing import Final

NAME: Final = slice(0, 100)
SIZE: Final = slice(124, 136)


def tar(members: Iterable[tuple[str, bytes]], kind: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=kind) as writer:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            writer.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def header(name: str = "a.log", size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Of a member that need not have so many bytes."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.USTAR_FORMAT)


def pax(name: str, data: bytes, size: int) -> bytes:
    """A member of which an extended header gives another size."""
    record = b"size=%d\n" % size
    record = b"%d %s" % (len(record) + len(str(len(record) + 3)) + 1, record)
    extended = header("pax", len(record), tarfile.XHDTYPE) + record + bytes(-len(record) % 512)
    return extended + header(name, len(data)) + data + bytes(-len(data) % 512)


def v7(name: bytes, data: bytes) -> bytes:
    """As old tar wrote it: no magic, the sum of its bytes alone tells it."""
    block = bytearray(512)
    block[: len(name)], block[100:107], block[108:115] = name, b" 644 \0 ", b"     0 "
    block[124:136], block[136:148] = b"%11o " % len(data), b"14600000000 "
    block[148:156] = b" " * 8
    block[148:156] = b"%6o\0 " % sum(block)
    return bytes(block) + data + bytes(-len(data) % 512 + 1024)


def size_of(archive: bytes, at: int, size: int) -> bytes:
    """The archive whose header at that place gives another size."""
    return with_field(archive, at, SIZE, b"%011o\0" % size)


def with_field(archive: bytes, at: int, field: slice, stored: bytes) -> bytes:
    """The archive whose header at that place has another field, and a checksum that is right."""
    block = bytearray(archive[at : at + 512])
    block[field] = stored.ljust(field.stop - field.start, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return archive[:at] + bytes(block) + archive[at + 512 :]
