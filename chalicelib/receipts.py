"""The receipt of a settled file: what was read, what became of it and a digest of its seals, for people to keep and
compare later.

Promise: it stays the same as long as the file does. Two receipts differ only if the file was redriven, discarded or
read again, or if its ledger was changed. Limits: it repeats the ledger; only `froe verify` proves that the records are
stored as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from chalicelib.core.errors import FroeError
from chalicelib.core.ledger.accounts import FileAccount, SplitAccount
from chalicelib.core.ledger.seals import Seal
from chalicelib.ledger_store import StoredFile
from chalicelib.status_json import file_json

VERSION: Final = 1
KEPT: Final = (
    *("file_id", "generation", "bucket", "key", "version_id", "etag", "size", "last_modified", "member"),
    *("format", "charset", "archive", "configuration", "state", "reason", "text_bytes", "splits", "batches"),
    *("parsed", "rejected", "skipped", "dead", "discarded", "settled_at"),
)


class UnsettledError(FroeError):
    """The file has not settled, and only settled files have receipts."""


def receipt_json(stored: StoredFile, account: FileAccount, splits: Iterable[SplitAccount]) -> dict[str, Any]:
    """splits: all that the ledger knows, by number. Raises UnsettledError."""
    file = file_json(stored, account, None)
    if not account.state.settled or stored.settled_at is None:
        raise UnsettledError(f"{stored.file_id} is {account.state.value}: a receipt is of a settled file")
    digest = sha256()
    for split in splits:
        if split.seal:
            digest.update(json.dumps(_sealed(split.seal), separators=(",", ":")).encode() + b"\n")
    return {
        "receipt": VERSION,
        **{name: file[name] for name in KEPT},
        "revision": account.revision,
        "seals_sha256": digest.hexdigest(),
    }


def differences(kept: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Differences between a stored receipt and the current one: name (`parsed.lines`), value then and value now."""
    for name in dict.fromkeys((*kept, *current)):
        then, now = kept.get(name), current.get(name)
        if isinstance(then, Mapping) and isinstance(now, Mapping):
            yield from ((f"{name}.{part}", *values) for part, *values in differences(then, now))
        elif then != now:
            yield name, then, now


def _sealed(seal: Seal) -> list[Any]:
    """Start, end and contents of a split, and the digest of its batches' digests, which may be stored apart."""
    total = seal.total
    batches = seal.digests_in or (sha256(seal.digests.encode()).hexdigest()[:16] if seal.digests else "")
    counts = [total.entries, total.lines, total.bytes]
    return [seal.split, seal.start, seal.end, seal.batches, *counts, seal.last, batches]
