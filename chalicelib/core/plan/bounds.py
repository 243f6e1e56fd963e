"""How large an object may become when it is decompressed, so that a bomb ends soon, however it is nested.

The bound follows from the object and the archives around it alone, so that whoever reads it again stops at the same byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.plan import ObjectHead

FREE_BYTES: Final = 1024 * 1024 * 1024
RATIO_MAX: Final = 4000
"""Four times what a deflate can do at best, which makes 258 bytes of two bits: a plain gzip is always read to its end."""


def most_bytes(head: ObjectHead) -> int:
    """How many bytes each compression of an object or member may become.

    Of an object it is `FREE_BYTES` and `RATIO_MAX` for each of its bytes. A member has that part of what its archive has that its bytes are of
    the archive's; where these are known only by reading, of those up to its end."""
    member = head.version.member
    if member is None:
        return FREE_BYTES + RATIO_MAX * head.size
    whole = max(member.archive.size, member.start + head.size)
    return most_bytes(member.archive) * head.size // max(1, whole)
