"""The check-points of a file in the ledger, so that a compressed object is not decompressed again from its first byte.

They are disposable: if one is lost or wrong, or the ledger refuses it, the text is read from an earlier one or from the
first byte. Nothing is compared with them, and no cut depends on them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Final

from chalicelib.core.custom.spec import decoded
from chalicelib.core.decoding.checkpoints import Checkpoint
from chalicelib.core.errors import FroeError
from chalicelib.core.plan import Plan
from chalicelib.ledger import Ledger

_SPACING_MIN_BYTES: Final = 1024 * 1024
_READ_MAX: Final = 8
"""After that many misfits, reading starts at the first byte."""

logger = logging.getLogger("froe")


class FileCheckpoints:
    """One check-point is made per split, shortly before the next split begins. A redacted file has only check-points
    without text, at starts of members or frames."""

    def __init__(self, ledger: Ledger, plan: Plan) -> None:
        self._ledger = ledger
        self._plan = plan
        self.spacing_bytes = max(plan.limits.split_bytes, _SPACING_MIN_BYTES)
        self.holds_text = plan.custom is None or not decoded(plan.custom).redactions

    def before(self, text_offset: int) -> Iterator[Checkpoint]:
        if text_offset >= self.spacing_bytes // 2:
            yield from islice(self._read(text_offset), _READ_MAX)

    def _read(self, text_offset: int) -> Iterator[Checkpoint]:
        file_id, place = self._plan.file_id, text_offset
        while place >= 0:
            try:
                stored = self._ledger.read_checkpoint(file_id, place)
            except FroeError as error:
                logger.warning("checkpoint_unread", extra={"file_id": file_id, "reason": error.reason})
                return
            if stored is None:
                return
            place = stored[0] - 1
            checkpoint = Checkpoint.decode(stored[1], file_id)
            if checkpoint and checkpoint.tried_until == stored[0]:
                yield checkpoint
            else:
                self._tell_refused(stored[0])

    def keep(self, checkpoint: Checkpoint) -> None:
        file_id = self._plan.file_id
        try:
            self._ledger.record_checkpoint(self._plan, checkpoint.tried_until, checkpoint.encode(file_id))
        except FroeError as error:
            logger.warning("checkpoint_unwritten", extra={"file_id": file_id, "reason": error.reason})

    def refuse(self, checkpoint: Checkpoint) -> None:
        self._tell_refused(checkpoint.tried_until)

    def _tell_refused(self, tried_until: int) -> None:
        logger.warning(
            "checkpoint_refused", extra={"file_id": self._plan.file_id, "text_offset": tried_until}
        )
