"""Reads files again with today's formats: a new generation of a file is made beside the current one, and replaces it.

Promise: readers see the current generation until the new one has settled and is no worse, then the new one at once; an
interrupted reprocessing continues, or is given up as a whole. The steps: `begin` records in the file's item that a
generation is being made, and sends the message of its first split, with which the splitter opens it; whoever settles it
makes it current, or gives it up (`ledger`); the sweeper sends lost messages again, and removes former generations
once nobody can be reading or writing them any more. Each step may be repeated, and any two may race.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol

from chalicelib.core.errors import ObjectChangedError, ObjectGoneError, PermanentError
from chalicelib.core.ledger.generations import Rereading, named, parted
from chalicelib.core.plan import ObjectHead, Plan
from chalicelib.core.wire.messages import SplitMessage, encode_split
from chalicelib.core.wire.notifications import Announced
from chalicelib.delivery import Deadline, Outgoing, Sends
from chalicelib.ledger import Ledger, StoredFile

logger = logging.getLogger("froe")

GRACE: Final = timedelta(minutes=15)
"""Longer than any function runs: for that long, a former generation stays for those who may still read or write it."""
REMEMBERED: Final = timedelta(days=30)
"""How long a removed generation is remembered: longer than a message lives."""
_SEND_SECONDS: Final = 10.0


class RefusedError(PermanentError):
    """A file cannot be read again, or not now."""


class FindsObjects(Protocol):
    def head(self, announced: Announced) -> ObjectHead: ...


class RemovesFiles(Protocol):
    def waits(self, plan: Plan) -> bool:
        """Whether rows of the plan's generation wait to be merged in the sink: until then those of the former one stay."""

    def remove(self, plan: Plan, splits: int, deadline: Deadline) -> None:
        """Remove everything stored under the plan's id except its entry. Raises OutOfTimeError if time is short; a
        repeat removes the rest."""


class Reprocessing:
    """stall: after how long a message counts as lost."""

    def __init__(
        self,
        ledger: Ledger,
        objects: FindsObjects,
        split_queue: Sends,
        removal: RemovesFiles | None,
        now: Callable[[], datetime],
        *,
        stall: timedelta,
    ) -> None:
        self._ledger = ledger
        self._objects = objects
        self._split_queue = split_queue
        self._removal = removal
        self._now = now
        self._stall = stall

    def begin(self, file_id: str, *, forced: bool = False) -> StoredFile | None:
        """Have a file read again. Gives the file as it is now; None if there is none. Raises RefusedError if it cannot
        be read again.

        forced: the new generation replaces the current one even with more rejects, or more lines that filters drop.
        """
        known, _ = parted(file_id)
        stored = self._ledger.read_file(known)
        if stored is None:
            return None
        self._check(stored)
        now = self._now()
        rereading = Rereading(stored.rereading.last + 1, stored.rereading.last + 1, forced, now)
        if not self._ledger.record_generation(stored, rereading):
            raise RefusedError(f"{known} has just changed: look at it, and try again")
        self._announce(stored, rereading.last)
        logger.info("generation_asked_for", extra={"file_id": named(known, rereading.last)})
        return stored._replace(rereading=rereading)

    def _check(self, stored: StoredFile) -> None:
        file_id, state = stored.file_id, stored.account.state
        if stored.rereading.under_way:
            raise RefusedError(
                f"{file_id} is already being read again, as {named(file_id, stored.rereading.under_way)}: wait until"
                " that is settled, or give it up"
            )
        if not state.settled:
            raise RefusedError(f"{file_id} is {state}: wait until it is settled, then have it read again")
        version = stored.plan.object
        if stored.plan.archive:
            raise RefusedError(_why_no_archive(stored))
        if version.member:
            version = version.member.root.version
        try:
            self._objects.head(
                Announced(version.bucket, version.key, version_id=version.version_id, etag=version.etag)
            )
        except ObjectGoneError as error:
            raise RefusedError(f"{version} is gone: what is stored of it stays as it is") from error
        except ObjectChangedError as error:
            raise RefusedError(
                f"{version} was overwritten: what is stored of it stays as it is, and the new object is a file of its own"
            ) from error

    def give_up(self, file_id: str, why: str) -> int:
        """Keep the current generation, whatever becomes of the one being made, and give that one's number. Raises
        RefusedError if none is being made."""
        known, _ = parted(file_id)
        stored = self._ledger.read_file(known)
        number = stored.rereading.under_way if stored else None
        if not number or not self._ledger.give_up_generation(known, number, why):
            raise RefusedError(f"{known} is not being read again: there is nothing to give up")
        return number

    def leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        """The files with more than their current generation, for `advance`."""
        return self._ledger.read_leads(after)

    def advance(
        self, file_id: str, since: datetime, deadline: Deadline, heal: Callable[[StoredFile], None]
    ) -> None:
        """Do the next step for a file with more than its current generation. heal: repairs one that is being made."""
        stored, now = self._ledger.read_file(file_id), self._now()
        number = stored.rereading.under_way if stored else None
        if stored and number:
            made = self._ledger.read_file(named(file_id, number))
            if made is not None:
                heal(made)
            elif (stored.rereading.since or since) <= now - self._stall:
                self._announce(stored, number)
                logger.warning("generation_announced_again", extra={"file_id": named(file_id, number)})
            return
        settled_at = stored.rereading.since if stored else None
        if max(since, settled_at or since) > now - GRACE or self._removal is None:
            return
        if stored is None or self._removed(stored, self._removal, deadline):
            self._ledger.drop_lead(file_id, since)

    def _removed(self, stored: StoredFile, removal: RemovesFiles, deadline: Deadline) -> bool:
        """Remove what is not current. Gives whether nothing is left of it."""
        current = stored.plan.generation
        for generation in range(stored.rereading.last + 1):
            if generation < current and removal.waits(stored.plan):
                return False
            if generation != current:
                self._remove(stored, generation, removal, deadline)
        return True

    def _remove(self, stored: StoredFile, generation: int, removal: RemovesFiles, deadline: Deadline) -> None:
        entry = self._ledger.read_file(named(stored.file_id, generation))
        if entry is None:
            return
        if not generation:
            removal.remove(entry.plan, entry.account.splits, deadline)
            self._ledger.remove_generation(entry.file_id)
        else:
            if entry.plan.failure is None:
                why = (
                    stored.rereading.given_up
                    if generation > stored.plan.generation
                    else f"replaced by generation {stored.plan.generation}"
                )
                self._ledger.retire_generation(entry, why or "given up", self._now() + REMEMBERED)
            removal.remove(entry.plan, entry.account.splits, deadline)
        logger.info("generation_removed", extra={"file_id": named(stored.file_id, generation)})

    def _announce(self, stored: StoredFile, number: int) -> None:
        """Send the message of the first split; the generation is opened with it."""
        message = SplitMessage(stored.plan.object, named(stored.plan.object.file_id, number), 0, 0)
        self._split_queue.send_group([Outgoing(encode_split(message))], Deadline.after(_SEND_SECONDS))


def _why_no_archive(stored: StoredFile) -> str:
    if stored.account.batches > stored.account.splits:
        return (
            f"{stored.file_id} is an archive: have its members read again (`froe reprocess {stored.file_id}`)"
        )
    why = f" ({stored.account.reason})" if stored.account.reason else ""
    return (
        f"{stored.file_id} is an archive without a member that could be read again{why}: upload it again, which makes a new"
        " file"
    )


def is_being_made(stored: StoredFile | None, generation: int) -> bool:
    """Whether a generation should be opened; stored: the file."""
    return stored is not None and stored.rereading.under_way == generation


def is_current(stored: StoredFile | None, file_id: str) -> bool:
    """Whether readers see the generation of that id; stored: the file that people know."""
    return stored is not None and stored.plan.file_id == file_id and stored.plan.failure is None
