"""Archives in the pipeline: each member is opened and cut when the reader of the archive reaches it.

Durable before done: a split of an archive is sealed once all its members are in the ledger, and are cut or queued. Nothing
is decompressed twice for a member; only another invocation starts again. Writes to the ledger: docs/costs.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from chalicelib.checkpoints import FileCheckpoints
from chalicelib.core.archives.members import Opened, Unpacker
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.used import Used
from chalicelib.core.plan import Plan
from chalicelib.delivery import Deadline
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.opening import Counted, Opening
from chalicelib.tracing import Tracer, trace_id_of

_MARGIN_SECONDS: Final = 5.0

logger = logging.getLogger("froe")


class Rest(NamedTuple):
    """Where another invocation continues. start: in the text."""

    split: int
    start: int
    delay_seconds: int = 0


class Cuts(Protocol):
    def begin_member(self, plan: Plan, open_object: OpenObject, deadline: Deadline) -> bool:
        """Cut a member or queue it. Gives whether the reader of the archive has nothing more to do for it."""

    def rest_behind(self, seal: Seal, began: float, deadline: Deadline, *, is_news: bool) -> Rest | None:
        """What to leave to another invocation after a seal."""


class Unpacking:
    """clock: seconds, monotonic."""

    def __init__(
        self, ledger: Ledger, opening: Opening, cuts: Cuts, tracer: Tracer, clock: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._opening = opening
        self._cuts = cuts
        self._tracer = tracer
        self._clock = clock

    def cut_on(
        self, plan: Plan, opener: Counted, split: int, before: Seal | None, deadline: Deadline
    ) -> Rest | None:
        """Cut an archive from behind a sealed split. Gives what is left to another invocation."""
        unpacker = Unpacker(plan, opener, before, FileCheckpoints(self._ledger, plan))
        start, has_opened = before.end if before else 0, False
        while True:
            begun = self._clock()
            file_ids: list[str] = []
            for member in unpacker.members(split):
                if deadline.seconds_left < _MARGIN_SECONDS and has_opened:
                    return Rest(split, start)
                stored = self._ledger.read_file(member.head.version.file_id)
                if stored is None:
                    stored, has_opened = self._opened(member), True
                file_ids.append(stored.file_id)
                if not self._begun(stored, member, deadline):
                    return Rest(split, start)
            seal, mark = unpacker.closed
            used = Used(0, 0, opener.taken(), 0, round(1000 * (self._clock() - begun)))
            is_news = self._ledger.record_archive_seal(plan, seal, mark, file_ids, used)
            named = {"file_id": plan.file_id, "split": split, "members": len(file_ids)}
            logger.info("archive_split_sealed", extra=named)
            if seal.last:
                return None
            split, start = split + 1, seal.end
            if rest := self._cuts.rest_behind(seal, begun, deadline, is_news=is_news):
                return rest

    def _opened(self, member: Opened) -> StoredFile:
        plan = self._opening.plan_of_member(member)
        return self._ledger.open(plan, trace_id_of(self._tracer.header()))[0]

    def _begun(self, stored: StoredFile, member: Opened, deadline: Deadline) -> bool:
        """Whether nothing of a member is left to cut here."""
        if stored.account.state.settled:
            self._ledger.record_member(stored.plan, stored.account)
            return True
        return self._cuts.begin_member(stored.plan, member.open_object, deadline)
