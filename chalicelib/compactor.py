"""The compactor: merges the batches of the sink into larger objects for SQL engines, so that no reader sees a row twice.

Batches are stored where no engine reads (`batches/`) until their split has settled; then one write makes its rows visible in
an object of the table (`records/`). The ledger decides once for each split, by a conditional write, which object that is:
repeated or late rows go there and nowhere else, and replace those of the same batch. An object is replaced
only by a writer that has read what it replaces. So two compactors may work on it at once, and may die after any step:
batches stay until the merged object is written, and the next run does the same again. Small files share an object;
they wait for others as long as `patience` says. If a file is forgotten meanwhile, whichever writes last notices it:
the compactor claims, then looks at the file; `forget` records it in the ledger, then replaces what was claimed.
Batches of a new generation wait until it is current. If its format is that of the former generation, its rows replace the
former rows in one write; otherwise the former rows are removed right after.
Memory: one object, and the batches that are merged into it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple, Protocol

from chalicelib.core.errors import OutOfTimeError, reason_of
from chalicelib.core.ledger.generations import named, parted
from chalicelib.core.ledger.marks import Mark, Outcome
from chalicelib.delivery import Deadline
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.reprocessing import is_being_made, is_current

OBJECT_BYTES: Final = 8 * 1024 * 1024
"""An object of this size waits for no more batches: about a split of 64 MiB. The API reads one in one page."""
OBJECT_BYTES_MAX: Final = 2 * OBJECT_BYTES
"""Only a split that is larger by itself exceeds it."""

logger = logging.getLogger("froe")


class Waiting(NamedTuple):
    """A batch that is to be merged. versions: ids, newest first; the first counts. size: of that version, in bytes."""

    key: str
    versions: Sequence[str]
    size: int
    written_at: datetime

    @property
    def folder(self) -> str:
        return self.key.rpartition("/")[0] + "/"

    @property
    def batch_id(self) -> str:
        return self.key.rpartition("/")[2].partition(".")[0]

    @property
    def split(self) -> tuple[str, int]:
        """File id and number."""
        file_id, split, _ = self.batch_id.rsplit("-", 2)
        return file_id, int(split)

    @property
    def number(self) -> int:
        """Its number within its split."""
        return int(self.batch_id.rsplit("-", 1)[1])


class MergesResults(Protocol):
    """The results bucket."""

    def waiting(self, prefix: str) -> Iterator[Waiting]:
        """Batches whose keys have that prefix, in the order of the keys."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys of objects with that prefix."""

    def get_waiting(self, batches: Sequence[Waiting]) -> dict[str, bytes]:
        """Batch id → object, in the version that was listed. Objects that are gone are left out."""

    def delete_waiting(self, batches: Sequence[Waiting]) -> None:
        """Delete the versions that were listed, and none that was written since."""

    def versioned(self, key: str) -> tuple[bytes, str] | None:
        """An object and its ETag; None if there is none."""

    def replace(self, key: str, data: bytes, seen: str | None) -> bool:
        """Write an object if it still has this ETag (None: if there is none yet). Gives whether it was written."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What was done. objects: written; bytes: of these; left: batches that wait, because their splits are not settled
    or because small files wait for others; failed: batches that could not be merged."""

    objects: int = 0
    batches: int = 0
    bytes: int = 0
    left: int = 0
    failed: int = 0

    def __add__(self, other: Merged) -> Merged:
        return Merged(
            self.objects + other.objects,
            self.batches + other.batches,
            self.bytes + other.bytes,
            self.left + other.left,
            self.failed + other.failed,
        )


class _Former(NamedTuple):
    """The rows of a split that a former generation has merged. batches: prefix of their ids; key: of their object."""

    batches: str
    key: str

    def is_in(self, folder: str) -> bool:
        """Whether its object is in the folder of the table into which batches of this folder are merged."""
        return self.key.partition("/")[2].startswith(folder.partition("/")[2])


class _Split(NamedTuple):
    """A settled split with waiting batches. key: of the object that it belongs to; None: none yet. formers: generations
    whose rows are to be removed."""

    file_id: str
    split: int
    key: str | None
    batches: Sequence[Waiting]
    expires_at: int | None
    formers: Sequence[_Former] = ()

    @property
    def place(self) -> str | None:
        """The object that its rows go to; None: any. If former rows are in the same folder, the new ones replace them
        in one write."""
        beside = (former.key for former in self.formers if former.is_in(self.batches[0].folder))
        return self.key or next(beside, None)

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(batch.size for batch in self.batches)

    @property
    def oldest(self) -> datetime:
        return min(batch.written_at for batch in self.batches)


class Compactor:
    """now: the time of day, aware. patience: how long small files wait for others of their day."""

    def __init__(
        self,
        results: MergesResults,
        ledger: Ledger,
        now: Callable[[], datetime],
        patience: timedelta = timedelta(hours=1),
    ) -> None:
        self._results = results
        self._ledger = ledger
        self._now = now
        self._patience = patience

    def compact(self, deadline: Deadline, patience: timedelta | None = None) -> Merged:
        """Merge what waits, as far as there is time; the next call does the rest. A batch that cannot be merged stays,
        and does not hold up the others."""
        from chalicelib.core.records.parquet import BATCHES  # noqa: PLC0415 - only a stage with a sink pays for it

        since = self._now() - (self._patience if patience is None else patience)
        done = Merged()
        for _, batches in groupby(self._results.waiting(BATCHES), lambda batch: batch.folder):
            waiting = self._unmerged(list(batches))
            left = len(waiting)
            try:
                for group in _groups(self._settled(waiting, deadline), since):
                    left -= sum(len(split.batches) for split in group)
                    done += self._tried(group, deadline)
            except OutOfTimeError as error:
                done += Merged(left=left)
                logger.warning("batches_not_merged_yet", extra=asdict(done) | {"reason": error.reason})
                return done
            done += Merged(left=left)
        logger.info("batches_merged", extra=asdict(done))
        return done

    def _unmerged(self, batches: Sequence[Waiting]) -> list[Waiting]:
        """The batches of a folder that earlier versions did not put into the table; the others are deleted."""
        from chalicelib.core.records.parquet import former_batches  # noqa: PLC0415 - as above

        folder = batches[0].folder
        former = former_batches(folder, self._results.keys)
        self._results.delete_waiting([batch for batch in batches if batch.batch_id in former])
        return [batch for batch in batches if batch.batch_id not in former]

    def _settled(self, waiting: Iterable[Waiting], deadline: Deadline) -> Iterator[_Split]:
        """The settled splits of a folder, with their done batches: the rows of other splits are in no account yet.
        Batches of a forgotten file or of a former generation are deleted; those of a generation that is not current yet
        wait."""
        stored: StoredFile | None = None
        for (file_id, split), group in groupby(waiting, lambda batch: batch.split):
            deadline.check("finding what is to be merged")
            known, generation = parted(file_id)
            if stored is None or stored.file_id != known:
                stored = self._ledger.read_file(known)
            batches = list(group)
            if stored is None or is_being_made(stored, generation):
                continue
            if not is_current(stored, file_id):
                self._results.delete_waiting(batches)
                continue
            account = self._ledger.read_split(file_id, split)
            if account is None or account.seal is None or not account.is_settled:
                continue
            if account.summary.contradicted:  # which rows are of what was cut shows once it is cut again
                continue
            marks, count = self._ledger.read_marks(file_id, split), account.seal.batches
            done = [batch for batch in batches if batch.number < count and _is_done(marks.get(batch.number))]
            if done:
                key = self._ledger.read_merged(file_id, split)
                formers = self._formers(file_id, split) if generation else []
                yield _Split(file_id, split, key, done, stored.plan.expires_at, formers)

    def _formers(self, file_id: str, split: int) -> list[_Former]:
        """The former generations whose rows of a split are merged, the last one first."""
        known, generation = parted(file_id)
        ids = [known, *(named(known, number) for number in range(1, generation))]
        return [
            _Former(f"{each}-{split:06d}-", key)
            for each in reversed(ids)
            if (key := self._ledger.read_merged(each, split))
        ]

    def _tried(self, group: Sequence[_Split], deadline: Deadline) -> Merged:
        try:
            return self._merge(group, deadline)
        except OutOfTimeError:
            raise
        except Exception as error:
            logger.exception(
                "batches_not_merged",
                extra={"reason": reason_of(error), "batch_id": group[0].batches[0].batch_id},
            )
            return Merged(failed=sum(len(split.batches) for split in group))

    def _merge(self, group: Sequence[_Split], deadline: Deadline) -> Merged:
        """Write each split into the object that it belongs to. Splits without one share an object, named after the
        first of them."""
        from chalicelib.core.records.parquet import merged_key  # noqa: PLC0415 - as above

        first = group[0]
        name = first.place or merged_key(first.batches[0].folder, first.file_id, first.split)
        into: dict[str, list[_Split]] = {}
        for split in group:
            key = split.key or self._ledger.claim_merged(
                split.file_id, split.split, split.place or name, split.expires_at
            )
            into.setdefault(key, []).append(split)
        done = Merged()
        for key, splits in into.items():
            deadline.check("merging batches")
            done += self._write(key, splits)
        return done

    def _write(self, key: str, splits: Sequence[_Split]) -> Merged:
        """Add the batches to an object, in place of what it has of them and of former generations, and delete them. If
        a former generation is in another object, its rows are removed after the new ones are written."""
        from chalicelib.core.records.parquet import merged  # noqa: PLC0415 - as above

        formers = [former for split in splits for former in split.formers]
        listed = [batch for split in splits for batch in split.batches]
        while True:
            old = self._results.versioned(key)
            parts = self._results.get_waiting(listed)
            forgotten = {split.file_id for split in splits if self._is_forgotten(split)}
            kept = {
                batch_id: part
                for batch_id, part in parts.items()
                if batch_id.rsplit("-", 2)[0] not in forgotten
            }
            gone = tuple(former.batches for former in formers if former.key == key)
            data = merged(kept, old[0] if old else None, gone) if kept else b""
            if not kept or self._results.replace(key, data, old[1] if old else None):
                break
        for former in formers:
            if former.key != key:
                self._take_out(former)
        self._results.delete_waiting([batch for batch in listed if batch.batch_id in parts])
        return Merged(bool(kept), len(kept), len(data), 0, 0)

    def _take_out(self, former: _Former) -> None:
        from chalicelib.core.records.parquet import without  # noqa: PLC0415 - as above

        while True:
            data, seen = self._results.versioned(former.key) or (None, None)
            if data is None or self._results.replace(former.key, without(data, former.batches), seen):
                return

    def _is_forgotten(self, split: _Split) -> bool:
        """Called after the claim, and again after the object was read: whoever forgets the file later finds the claim,
        and replaces the object."""
        return not is_current(self._ledger.read_file(parted(split.file_id)[0]), split.file_id)


def _is_done(mark: Mark | None) -> bool:
    return mark is not None and mark.outcome is Outcome.DONE


def _groups(splits: Iterable[_Split], since: datetime) -> Iterator[Sequence[_Split]]:
    """Splits for one object each. Small ones that have not waited since then are left out."""
    group: list[_Split] = []
    size = 0
    placed: dict[str, list[_Split]] = {}
    for split in splits:
        if split.place is not None:
            placed.setdefault(split.place, []).append(split)
            continue
        if group and size + split.size > OBJECT_BYTES_MAX:
            yield group
            group, size = [], 0
        group.append(split)
        size += split.size
        if size >= OBJECT_BYTES:
            yield group
            group, size = [], 0
    if group and min(split.oldest for split in group) <= since:
        yield group
    for place in placed.values():
        yield from _parts(place)


def _parts(splits: Iterable[_Split]) -> Iterator[Sequence[_Split]]:
    """The splits of an object, in parts that fit into memory."""
    part: list[_Split] = []
    for split in splits:
        if part and sum(each.size for each in part) + split.size > OBJECT_BYTES_MAX:
            yield part
            part = []
        part.append(split)
    yield part
