"""What is found in an archive, and what breaks one."""

from __future__ import annotations

from typing import Final, NamedTuple

from chalicelib.core.decoding.compressions import Compression

HEADERS: Final = "archive-headers"
PADDING: Final = "archive-padding"


class BrokenArchiveError(Exception):
    """reason: as of `Damage`. at: the place in the text of the archive that cannot be read."""

    def __init__(self, reason: str, detail: str, at: int) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.at = reason, detail, at


class PackedFile(NamedTuple):
    """A file in an archive, at whose bytes the source stands: who takes it goes on at its end. unread: what it is, if it
    is nothing that is read. skipped: bytes by reason that were passed over since the one before it. packed: how it is compressed.
    crc: what the CRC-32 of its bytes is to be then, where the archive says so. claimed: how many bytes it is to have, where there
    is no room for them."""

    path: str
    start: int
    size: int
    padding: int
    unread: str | None
    skipped: dict[str, int]
    packed: Compression = Compression.NONE
    crc: int | None = None
    claimed: int | None = None

    @property
    def whole(self) -> int:
        """How many bytes it is to have."""
        return self.size if self.claimed is None else self.claimed


def followed(at: int) -> BrokenArchiveError:
    """The error for an archive behind which there is something else than NULs, from a place on."""
    return BrokenArchiveError("trailing-garbage", "the archive is followed by something else", at)


def ends_in(what: str, at: int) -> BrokenArchiveError:
    """The error for an archive that ends in the middle of something which begins at a place."""
    return BrokenArchiveError("truncated", f"the archive ends in the middle of {what}", at)
