"""What kind of binary an object is, recognised by its beginning: archives, other compressions, data files, programs.

Nothing is unpacked. Only beginnings that no log has are recognised, so that text is never taken for a binary.
"""

from __future__ import annotations

import re
from typing import Final

from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import compression_of

_TAR_BLOCK_BYTES: Final = 512
_TAR_CHECKSUM: Final = slice(148, 156)
_TAR_NUMBERS: Final = (slice(100, 108), slice(124, 136), slice(136, 148))
"""Mode, size and time, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06."""
_OCTAL: Final = re.compile(rb"[ \0]*+[0-7]*+[ \0]*+|[\x80\xff].*+", re.DOTALL)
"""GNU tar and star write large numbers in base 256."""
_TAR_FIELDS: Final = (slice(100, 108), slice(108, 116), slice(116, 124), *_TAR_NUMBERS[1:], _TAR_CHECKSUM)
_TAR_FIELD: Final = re.compile(rb"[ \0]*+(?:[0-7]++[ \0]++)?+")
_ASCII: Final = bytes(range(128))
_USTAR: Final = b"ustar"
_USTAR_OFFSET: Final = 257
_USTAR_MAGIC: Final = re.compile(rb"ustar(?:\0[0-9]{2}|\0{3}| {1,2}\0)")
"""With its version; GNU tar ends it with blanks."""
_ZIP_MEMBER: Final = re.compile(
    rb"PK\x03\x04[\x0a-\x3f][\0-\x1e][\0-\xff]{2}[\0\x08\x09\x0c\x0e\x14\x5d\x5f\x62\x63]\0[\0-\xff]{16}[\0-\xff][\0-\x03]"
)
"""A local header, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT section 4.3.7, with plausible version,
method and length of the name."""
_ODD_BYTES: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

_EBCDIC: Final = bytes(
    byte for byte in range(256) if bytes((byte,)).decode("cp037").isalnum() or byte in b"\x40\x15\x25\x0d"
) + ".,:;-/()<>'\"=+*%_?#@&$|[]{}\\!".encode("cp037")
"""Letters, digits, blanks, line ends and the usual marks."""
_EBCDIC_BYTES_MIN: Final = 32
_EBCDIC_BLANKS_MIN: Final = 0.02
_ASCII_BLANKS_MAX: Final = 0.005
_ODD_SHARE_MAX: Final = 0.02

_UNPACK: Final = "unpack it and upload the files in it"
_RECOMPRESS: Final = "decompress it, or compress it with gzip or zstd instead"
_EXPORT: Final = "export it as text"

_KINDS: Final = (
    (rb"PK\x05\x06[\0-\xff]{18}", "a zip archive without files", "there is nothing in it to read"),
    (rb"PK\x07\x08PK\x03\x04", "a zip archive in volumes", "join them (`zip -s 0`) and upload the result"),
    (rb"PK(?:\x03\x04|\x05\x06|\x07\x08|00PK\x03\x04|\x06\x08)", "a zip archive", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (rb"07070[12][0-9A-Fa-f]{104}|070707[0-7]{70}|\xc7\x71|\x71\xc7", "a cpio archive", _UNPACK),
    (rb"!<(?:arch|thin)>\n", "an ar archive", _UNPACK),
    (rb"\xed\xab\xee\xdb", "an RPM package", _UNPACK),
    (rb"MSCF\0\0\0\0", "a cabinet archive", _UNPACK),
    (rb"xar!\0", "a xar archive", _UNPACK),
    (rb"..-lh[0-7d]-", "an LHA archive", _UNPACK),
    (rb"hsqs[\0-\xff]{4}[\0-\x1f]|sqsh\0", "a squashfs image", _UNPACK),
    (rb"[\x03\x02]\x22\x4d\x18|\x02\x21\x4c\x18", "lz4 of its first versions", _RECOMPRESS),
    (rb"\x5d\0\0[\0-\xff]{2}(?:\xff{8}|[\0-\xff]{5}\0{3})", "lzma", _RECOMPRESS),
    (rb"LZIP[\0\x01]", "lzip", _RECOMPRESS),
    (rb"\x89LZO\0\r\n\x1a\n", "lzop", _RECOMPRESS),
    (rb"\x1f[\x9d\xa0\x1e\x9e]", "compress (.Z)", _RECOMPRESS),
    (rb"PAR[1E][\x00-\x08\x0e-\x1f]", "a Parquet file", _EXPORT),
    (rb"Obj\x01", "an Avro file", _EXPORT),
    (rb"SQLite format 3\0", "a SQLite database", _EXPORT),
    (rb"ARROW1\0\0|FEA1", "an Arrow file", _EXPORT),
    (rb"SEQ[\x00-\x06]|RCF\x01", "a Hadoop sequence file", _EXPORT),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", _EXPORT),
    (rb"ElfFile\0", "a Windows event log (.evtx)", "export it as XML or text"),
    (rb"LPKSHHRH", "a journal of systemd", "export it with journalctl"),
    (rb"REDIS[0-9]{4}[\xf5-\xff]", "a Redis dump", _EXPORT),
    (rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d|\x0a\x0d\x0d\x0a", "a packet capture", _EXPORT),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", _EXPORT),
    (rb"%PDF-[12]\.", "PDF", _EXPORT),
    (rb"\x7fELF", "an executable", ""),
    (rb"\xca\xfe\xba\xbe", "a Java class", ""),
    (rb"\x89PNG\r\n\x1a\n", "a PNG image", ""),
    (rb"\xff\xd8\xff", "a JPEG image", ""),
    (rb"GIF8[79]a", "a GIF image", ""),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(magic, re.DOTALL).match, name, remedy) for magic, name, remedy in _KINDS)
_READS: Final = (
    "Froe reads plain text, tar, zip, and gzip, zstd, bzip2, xz, lz4, zlib, snappy frames and brotli (`.br`)"
)


def binary_in(head: bytes) -> str | None:
    """The kind of data with that beginning, and what to do about it; None for text and for data of no known kind."""
    if tar := _tar_in(head):
        return _sentence(tar, _UNPACK)
    for match, name, remedy in _COMPILED:
        if match(head):
            return _sentence(name, remedy)
    if head.startswith(b"ORC") and _ODD_BYTES.search(head, 0, 64):
        return _sentence("an ORC file", _EXPORT)
    if compression_of(head) is not Compression.NONE:
        return _sentence("many compressions in one another", _RECOMPRESS)
    if inside := _ZIP_MEMBER.search(head):
        return _sentence(f"a zip archive behind {inside.start():,} bytes of something else", _UNPACK)
    return None


def is_ebcdic(head: bytes) -> bool:
    """Whether a head is text of a mainframe: letters, digits and blanks at EBCDIC's codes, and hardly a blank or a line
    end at ASCII's, which any other text has."""
    if len(head) < _EBCDIC_BYTES_MIN or head.isascii():
        return False
    ascii_blanks = head.count(b" ") + head.count(b"\n")
    if head.count(b"\x40") < len(head) * _EBCDIC_BLANKS_MIN or ascii_blanks > len(head) * _ASCII_BLANKS_MAX:
        return False
    return len(head.translate(None, _EBCDIC)) <= len(head) * _ODD_SHARE_MAX


def ebcdic() -> str:
    return _sentence(
        "EBCDIC", "name its character set, such as cp037 (`--charset`, or `charset` in `[[bind]]`)"
    )


def too_deep(archives: int) -> str:
    return _sentence(f"an archive within {archives} others", _UNPACK)


def unknown_binary() -> str:
    return _sentence("binary data", "")


def _sentence(name: str, remedy: str) -> str:
    return f"not text: it looks like {name}; {f'{remedy}: ' if remedy else ''}{_READS}"


def is_zip(head: bytes) -> bool:
    """Whether a member of a zip begins so."""
    return _ZIP_MEMBER.match(head) is not None


def _tar_in(head: bytes) -> str | None:
    """A tar is recognised by the checksum of its header, at the beginning or, if it has a magic, anywhere; with a wrong
    checksum by its magic or its numbers, so that it is not taken for text with padding."""
    if is_tar(head):
        return "a tar archive"
    if _USTAR_MAGIC.match(head, _USTAR_OFFSET) or _has_tar_numbers(head[:_TAR_BLOCK_BYTES]):
        return "a tar archive with a damaged header"
    at = head.find(_USTAR)
    while at >= 0:
        if at >= _USTAR_OFFSET and is_tar(head[at - _USTAR_OFFSET :][:_TAR_BLOCK_BYTES]):
            return f"a tar archive behind {at - _USTAR_OFFSET:,} bytes of something else"
        at = head.find(_USTAR, at + 1)
    return None


def _has_tar_numbers(block: bytes) -> bool:
    """Whether all numbers of a header are at their places: terminated by NULs or blanks, the last three not empty."""
    fields = [block[field] for field in _TAR_FIELDS]
    if not all(_TAR_FIELD.fullmatch(field) for field in fields) or b"\0" not in b"".join(fields):
        return False
    return all(field.strip(b" \0") for field in fields[3:])


def is_tar(head: bytes) -> bool:
    """Every kind of tar (v7, ustar, GNU, pax) has a checksum of its header, computed with blanks in its place. What looks
    like one in text has no NUL around it: there its numbers must be right too."""
    block = head[:_TAR_BLOCK_BYTES]
    checksum = block[_TAR_CHECKSUM].strip(b" \0")
    if len(block) < _TAR_BLOCK_BYTES or not checksum or checksum.strip(b"01234567"):
        return False
    if b"\0" not in block and not all(_OCTAL.fullmatch(block[number]) for number in _TAR_NUMBERS):
        return False
    summed = block[: _TAR_CHECKSUM.start] + b" " * 8 + block[_TAR_CHECKSUM.stop :]
    unsigned = sum(summed)
    return int(checksum, 8) in (unsigned, unsigned - 256 * len(summed.translate(None, _ASCII)))
