"""Shared libraries without the parts that only a debugger reads.

Limits: 64-bit little-endian ELF, which both processors of Lambda use; anything else stays as it is.
"""

import struct
from typing import Final

_HEADER_BYTES: Final = 64
_ELF64_LITTLE: Final = b"\x7fELF\x02\x01"


def without_sections(library: bytes) -> bytes:
    """The library up to the end of what its program headers map: a loader reads nothing else, neither debugging
    information nor the section table (https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html)."""
    if not library.startswith(_ELF64_LITTLE):
        return library
    headers_at = struct.unpack_from("<Q", library, 32)[0]
    header_bytes, headers = struct.unpack_from("<HH", library, 54)
    end = max(_HEADER_BYTES, headers_at + header_bytes * headers)
    for index in range(headers):
        at, in_file = struct.unpack_from("<Q16xQ", library, headers_at + index * header_bytes + 8)
        end = max(end, at + in_file)
    head = bytearray(library[:_HEADER_BYTES])
    struct.pack_into("<Q", head, 40, 0)  # where the section table is: nowhere
    struct.pack_into("<HH", head, 60, 0, 0)  # how many sections, and which of them names the others
    return bytes(head) + library[_HEADER_BYTES:end]
