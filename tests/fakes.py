"""In-memory stand-ins with the promises of the real ones: conditional writes, at-least-once queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.audit import Audit, Deed
from chalicelib.compactor import Waiting
from chalicelib.core.archives.openers import opener_of
from chalicelib.core.custom.spec import Config
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import AccessDeniedError, ObjectGoneError
from chalicelib.core.ledger.accounts import FileAccount, SplitAccount, State, account_of
from chalicelib.core.ledger.generations import Rereading, has_entry_of_its_own, named
from chalicelib.core.ledger.letters import Attempt, DeadLetter, LetterState
from chalicelib.core.ledger.marks import DISPUTED, MARKS_PER_LEAF, Mark, Outcome
from chalicelib.core.ledger.seals import Seal, Setback
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.core.plan import HeadsPage, ObjectHead, ObjectVersion, Plan
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records import record_key, strides
from chalicelib.core.records.parquet import BATCHES, object_key, without
from chalicelib.core.records.segments import last_key, offset_in
from chalicelib.core.wire.notifications import Announced
from chalicelib.dead_letters.consumer import DeadLetterConsumer
from chalicelib.dead_letters.failures import LostRedrives, NotedFailures
from chalicelib.dead_letters.office import DeadLetterOffice
from chalicelib.dead_letters.selection import LetterPage, LetterSearch
from chalicelib.delivery import Deadline, Outgoing
from chalicelib.ledger import FilePage, Ledger, StoredFile, opened_position
from chalicelib.metrics import METRICS
from chalicelib.notices import Notice
from chalicelib.notifier import Notifier
from chalicelib.reprocessing import Reprocessing
from chalicelib.splitter import Splitter
from chalicelib.stalls import Watch
from chalicelib.sums import FAN_OUT
from chalicelib.sweeper import Sweeper
from chalicelib.tracing import NoTracer
from chalicelib.worker import Worker

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BUCKET = "logs"
LAYOUT = Layout.ITEMS
"""Of the files that a pipeline opens, unless it is told otherwise."""
SINKS: Mapping[Layout, Sink] = {Layout.NONE: Sink.PARQUET}
"""Of pipelines that are not told another."""


class Crash(BaseException):
    """The function dies: nothing catches it."""


class Effects:
    """Counts effects on the outside; dies before or after a chosen one."""

    def __init__(self) -> None:
        self.crash_at: int | None = None
        self.after = False
        self.count = 0

    def around(self, effect: Callable[[], Any]) -> Any:
        self.count += 1
        if self.crash_at == self.count and not self.after:
            raise Crash
        result = effect()
        if self.crash_at == self.count:
            raise Crash
        return result


class FakeObjects:
    def __init__(self, piece_bytes: int = 7) -> None:
        self.stored: dict[tuple[str, str], bytes] = {}
        self.content_types: dict[str, str] = {}
        self.denied: set[str] = set()
        self.piece_bytes = piece_bytes

    def add(
        self, key: str, data: bytes, version_id: str = "v1", content_type: str = "text/plain"
    ) -> Announced:
        self.stored[key, version_id] = data
        self.content_types[key] = content_type
        return Announced(BUCKET, key, version_id=version_id, etag="e")

    def head(self, announced: Announced) -> ObjectHead:
        data = self._data(announced.key, announced.version_id)
        version = ObjectVersion(announced.bucket, announced.key, announced.version_id, "e")
        return ObjectHead(version, len(data), self.content_types.get(announced.key, "text/plain"), WHEN)

    def versions(self, bucket: str, after: str | None) -> HeadsPage:
        """One version a page, and the same of every bucket."""
        if bucket in self.denied:
            raise AccessDeniedError(f"listing s3://{bucket}: denied")
        names = sorted(self.stored)
        at = int(after or 0)
        heads = [
            ObjectHead(
                ObjectVersion(bucket, key, version_id, "e"), len(self.stored[key, version_id]), "", WHEN
            )
            for key, version_id in names[at : at + 1]
        ]
        return HeadsPage(heads, str(at + 1) if at + 1 < len(names) else None)

    def opener(self, head: ObjectHead) -> OpenObject:
        return opener_of(head, self._opener)

    def _opener(self, head: ObjectHead) -> OpenObject:
        return opener(self._data(head.version.key, head.version.version_id), self.piece_bytes)

    def _data(self, key: str, version_id: str | None) -> bytes:
        if (key, version_id or "") not in self.stored:
            raise ObjectGoneError(f"{key} does not exist")
        return self.stored[key, version_id or ""]


def opener(data: bytes, piece_bytes: int) -> OpenObject:
    def open_at(offset: int) -> Iterator[bytes]:
        for at in range(offset, len(data), piece_bytes):
            yield data[at : at + piece_bytes]

    return open_at


class FakeQueue:
    """Keeps what was sent; a test delivers from it in whatever order and as often as it likes."""

    def __init__(self, effects: Effects) -> None:
        self.messages: list[Outgoing] = []
        self.hidden: dict[str, int] = {}
        self._effects = effects

    def delay_redelivery(self, seconds_by_handle: Mapping[str, int]) -> None:
        self.hidden |= seconds_by_handle

    def send_group(self, group: Sequence[Outgoing], deadline: Deadline) -> None:
        self._effects.around(lambda: self.messages.extend(group))


class FakeRecords:
    def __init__(self, effects: Effects) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self._effects = effects

    def put(self, items: Sequence[bytes], deadline: Deadline, first: int = 0) -> int:
        for part in (items[:first], items[first:]) if first else (items,):
            for at in range(0, max(len(part), 1), 25):
                self._effects.around(lambda part=part, at=at: self._put(part[at : at + 25]))
        return len(items)

    def remove_strays(
        self, file_id: str, batch_id: str, reach: tuple[int, int], items: Sequence[bytes], deadline: Deadline
    ) -> int:
        own = {(item["pk"]["S"], item["sk"]["S"]) for item in map(json.loads, items)}
        strays = [
            key
            for key, item in self.items.items()
            if item["batch_id"]["S"] == batch_id
            and reach[0] <= offset_in(key[1]) < reach[1]
            and key not in own
        ]
        for key in strays:
            self._effects.around(lambda key=key: self.items.pop(key))
        return len(strays)

    def _put(self, items: Sequence[bytes]) -> None:
        for encoded in items:
            item = json.loads(encoded)
            self.items[item["pk"]["S"], item["sk"]["S"]] = item

    def count(self, file_id: str, shards: int, begin: int, end: int) -> int:
        return sum(1 for _ in self.everything(file_id, shards, begin, end))

    def everything(self, file_id: str, shards: int, begin: int, end: int) -> Iterator[dict[str, Any]]:
        for first, last in strides(begin, end):
            partition, least = record_key(file_id, shards, first)
            for pk, sk in sorted(self.items):
                if pk == partition and least <= sk <= last_key(last - 1):
                    yield self.items[pk, sk]

    def count_all(self, file_id: str) -> int:
        return len(list(self.keys(file_id)))

    def keys(self, file_id: str) -> Iterator[tuple[str, str]]:
        return (key for key in sorted(self.items) if key[0].startswith(f"{file_id}#"))


class FakeResults:
    """A bucket whose versions are numbers."""

    def __init__(self, effects: Effects) -> None:
        self.objects: dict[str, bytes] = {}
        self.versions: dict[str, int] = {}
        self._effects = effects

    def put(self, key: str, data: bytes) -> None:
        self._effects.around(lambda: self._put(key, data))

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def waiting(self, prefix: str) -> Iterator[Waiting]:
        for key in sorted(filter(lambda key: key.startswith(prefix), self.objects)):
            yield Waiting(key, [str(self.versions[key])], len(self.objects[key]), WHEN)

    def keys(self, prefix: str) -> Iterator[str]:
        yield from (key for key in self.objects if key.startswith(prefix))

    def get_waiting(self, batches: Sequence[Waiting]) -> dict[str, bytes]:
        return {batch.batch_id: self.objects[batch.key] for batch in batches if self._is_current(batch)}

    def delete_waiting(self, batches: Sequence[Waiting]) -> None:
        for batch in batches:
            if self._is_current(batch):
                self._effects.around(lambda batch=batch: self.objects.pop(batch.key))

    def versioned(self, key: str) -> tuple[bytes, str] | None:
        return (self.objects[key], str(self.versions[key])) if key in self.objects else None

    def replace(self, key: str, data: bytes, seen: str | None) -> bool:
        if seen != (str(self.versions[key]) if key in self.objects else None):
            return False
        self._effects.around(lambda: self._put(key, data))
        return True

    def _put(self, key: str, data: bytes) -> None:
        self.objects[key] = data
        self.versions[key] = self.versions.get(key, 0) + 1

    def _is_current(self, batch: Waiting) -> bool:
        return batch.key in self.objects and batch.versions[0] == str(self.versions[batch.key])


class FakeLedgerTable:
    def __init__(self, effects: Effects | None = None) -> None:
        self.files: dict[str, StoredFile] = {}
        self.seals: dict[tuple[str, int], Seal] = {}
        self.setbacks: dict[tuple[str, int], Setback] = {}
        self.summaries: dict[tuple[str, int], Summary] = {}
        self.leaves: dict[tuple[str, int, int], dict[int, Mark]] = {}
        self.tree: dict[tuple[str, int, int], SplitAccount] = {}
        self.merged: dict[tuple[str, int], str] = {}
        self.leading: dict[str, datetime] = {}
        self.full: dict[tuple[str, int], set[int]] = {}
        self.held_members: dict[tuple[str, int], list[str]] = {}
        self.checkpoints: dict[tuple[str, int], bytes] = {}
        self.cutting: dict[tuple[str, int], Used] = {}
        self.marking: dict[tuple[str, int], Used] = {}
        self.lists = 0
        self.shelved: list[str] = []
        self.reads = 0
        self._effects = effects or Effects()

    def put_plan(
        self,
        plan: Plan,
        account: FileAccount,
        now: datetime,
        trace: str | None = None,
        used: Used = NOTHING,
    ) -> StoredFile | None:
        def effect() -> StoredFile | None:
            if plan.file_id not in self.files:
                settled_at = now if account.state.settled else None
                self.files[plan.file_id] = StoredFile(
                    plan, account, now, settled_at, trace, used, kept_as=plan.file_id
                )
                return None
            return self.files[plan.file_id]

        return self._effects.around(effect)  # type: ignore[no-any-return]

    def put_checkpoint(self, file_id: str, tried_until: int, data: bytes, expires_at: int) -> None:
        self._effects.around(lambda: self.checkpoints.update({(file_id, tried_until): data}))

    def read_checkpoint(self, file_id: str, text_offset: int) -> tuple[int, bytes] | None:
        places = [place for owner, place in self.checkpoints if owner == file_id and place <= text_offset]
        return (max(places), self.checkpoints[file_id, max(places)]) if places else None

    def read_merged(self, file_id: str, split: int) -> str | None:
        return self.merged.get((file_id, split))

    def claim_merged(self, file_id: str, split: int, key: str, expires_at: int | None) -> str:
        return str(self._effects.around(lambda: self.merged.setdefault((file_id, split), key)))

    def read_file(self, file_id: str) -> StoredFile | None:
        self.reads += 1
        return self.files.get(file_id)

    def replace_generation(self, former: StoredFile, made: StoredFile, now: datetime) -> None:
        known, number = former.file_id, made.plan.generation

        def keep() -> None:
            self.files.setdefault(named(known, 0), former._replace(kept_as=named(known, 0)))

        def effect() -> None:
            current = self.files[known]
            if current.rereading.under_way == number:
                self.files[known] = current._replace(
                    plan=made.plan,
                    account=made.account,
                    settled_at=now,
                    trace=made.trace,
                    opening=made.opening,
                    rereading=Rereading(current.rereading.last, since=now),
                )

        if not former.plan.generation:
            self._effects.around(keep)
        self._effects.around(effect)

    def give_up_generation(self, file_id: str, generation: int, why: str, now: datetime) -> bool:
        def effect() -> bool:
            current = self.files[file_id]
            if current.rereading.under_way != generation:
                return False
            last = current.rereading.last
            self.files[file_id] = current._replace(rereading=Rereading(last, since=now, given_up=why))
            return True

        return bool(self._effects.around(effect))

    def reserve_generation(self, stored: StoredFile, rereading: Rereading) -> bool:
        def effect() -> bool:
            current = self.files[stored.file_id]
            if current.rereading.under_way or current.account.revision != stored.account.revision:
                return False
            self.files[stored.file_id] = current._replace(rereading=rereading)
            return True

        return bool(self._effects.around(effect))

    def retire(self, stored: StoredFile, reason: str, now: datetime, until: datetime) -> None:
        plan = replace(stored.plan, failure=reason)
        retired = stored._replace(plan=plan, account=account_of(plan, ()))
        self._effects.around(lambda: self.files.update({stored.file_id: retired}))

    def remove_entry(self, file_id: str) -> None:
        self._effects.around(lambda: self.files.pop(file_id, None))

    def put_lead(self, file_id: str, now: datetime) -> None:
        self._effects.around(lambda: self.leading.update({file_id: now}))

    def read_leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        yield from sorted(lead for lead in self.leading.items() if lead[0] > (after or ""))

    def drop_lead(self, file_id: str, since: datetime) -> None:
        def effect() -> None:
            if self.leading.get(file_id) == since:
                del self.leading[file_id]

        self._effects.around(effect)

    def put_seal(self, file_id: str, seal: Seal, expires_at: int | None, used: Used = NOTHING) -> Seal | None:
        def effect() -> Seal | None:
            current = self.seals.get((file_id, seal.split))
            if current is None:
                self.seals[file_id, seal.split] = seal
                self.cutting[file_id, seal.split] = used
                self.setbacks.pop((file_id, seal.split), None)
            return current

        return self._effects.around(effect)  # type: ignore[no-any-return]

    def raise_setback(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        def effect() -> None:
            current = self.setbacks.get((file_id, split))
            if (file_id, split) not in self.seals and (
                current is None or current.obstacle < setback.obstacle
            ):
                self.setbacks[file_id, split] = Setback.decode(setback.encode())

        self._effects.around(effect)

    def read_split(self, file_id: str, split: int) -> SplitAccount | None:
        return next(iter(self.read_splits(file_id, split, split + 1)), None)

    def raise_mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mapping[int, Mark]:
        def effect() -> Mapping[int, Mark]:
            leaf = self.leaves.setdefault((file_id, split, batch // MARKS_PER_LEAF), {})
            seen = leaf[batch].encode() if batch in leaf else ""
            if seen < mark.floor and not seen.startswith(DISPUTED):
                leaf[batch] = Mark.decode(mark.encode())
                self.marking[file_id, split] = self.marking.get((file_id, split), NOTHING) + used
            return dict(leaf)

        return self._effects.around(effect)  # type: ignore[no-any-return]

    def replace_mark(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        def effect() -> bool:
            leaf = self.leaves.get((file_id, split, batch // MARKS_PER_LEAF), {})
            if batch not in leaf or leaf[batch].encode() != seen.encode():
                return False
            leaf[batch] = Mark.decode(mark.encode())
            return True

        return bool(self._effects.around(effect))

    def read_mark(self, file_id: str, split: int, batch: int) -> Mark | None:
        return self.leaves.get((file_id, split, batch // MARKS_PER_LEAF), {}).get(batch)

    def read_leaf(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None:
        leaf = self.leaves.get((file_id, split, batch // MARKS_PER_LEAF))
        seen = self.read_mark(file_id, split, batch)
        return None if leaf is None else leaf if seen is None else {**leaf, batch: seen}

    def read_marks(
        self, file_id: str, split: int, first: int = 0, until: int | None = None
    ) -> Mapping[int, Mark]:
        marks: dict[int, Mark] = {}
        for (file, of_split, _), leaf in self.leaves.items():
            if (file, of_split) == (file_id, split):
                self.reads += 1
                marks |= leaf
        return {
            number: mark
            for number, mark in marks.items()
            if number >= first and (until is None or number < until)
        }

    def put_full_group(self, file_id: str, split: int, group: int, expires_at: int | None) -> None:
        self._effects.around(lambda: self.full.setdefault((file_id, split), set()).add(group))

    def read_full_groups(self, file_id: str, split: int) -> set[int]:
        return set(self.full.get((file_id, split), ()))

    def read_digests(self, file_id: str, split: int, place: str) -> str:
        raise AssertionError("all seals have their digests here")

    def read_marks_and_use(self, file_id: str, split: int) -> tuple[Mapping[int, Mark], Used]:
        return self.read_marks(file_id, split), self.marking.get((file_id, split), NOTHING)

    def put_members(self, file_id: str, split: int, file_ids: Sequence[str], expires_at: int | None) -> None:
        self._effects.around(lambda: self.held_members.update({(file_id, split): list(file_ids)}))

    def read_members(self, file_id: str, split: int) -> Sequence[str]:
        return self.held_members.get((file_id, split), [])

    def put_summary(self, file_id: str, split: int, summary: Summary) -> None:
        def effect() -> None:
            current = self.summaries.get((file_id, split))
            if (file_id, split) not in self.seals.keys() | self.setbacks.keys():
                return
            if current is None or current.revision < summary.revision:
                self.summaries[file_id, split] = summary

        self._effects.around(effect)

    def read_splits(self, file_id: str, first: int = 0, until: int | None = None) -> list[SplitAccount]:
        if until is None:
            keys = (*self.seals, *self.summaries, *self.setbacks)
            numbers = sorted({split for file, split in keys if file == file_id and split >= first})
        else:
            stored = self.seals, self.summaries, self.setbacks
            numbers = [
                number for number in range(first, until) if any((file_id, number) in each for each in stored)
            ]
        self.reads += max(1, len(numbers))
        return [
            SplitAccount(
                number,
                self.seals.get((file_id, number)),
                self.summaries.get((file_id, number), Summary()),
                self.setbacks.get((file_id, number)),
                used=self.cutting.get((file_id, number), NOTHING),
            )
            for number in numbers
        ]

    def read_sums(
        self, file_id: str, level: int, first: int = 0, until: int | None = None
    ) -> list[SplitAccount]:
        numbers = sorted(
            number
            for file, of_level, number in self.tree
            if (file, of_level) == (file_id, level) and first <= number and (until is None or number < until)
        )
        self.reads += max(1, len(numbers))
        return [self.tree[file_id, level, number] for number in numbers]

    def put_sum(self, file_id: str, level: int, account: SplitAccount, expires_at: int | None) -> None:
        key = file_id, level, account.split // FAN_OUT**level

        def effect() -> None:
            current = self.tree.get(key)
            if current is None or current.revision < account.revision:
                self.tree[key] = account

        self._effects.around(effect)

    def known_files(self, file_ids: Iterable[str]) -> set[str]:
        return self.files.keys() & set(file_ids)

    def probably_known_files(self, file_ids: Iterable[str]) -> set[str]:
        return self.known_files(file_ids)

    def done_among(self, batches: list[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        marks = {batch: self.read_mark(*batch) for batch in batches}
        return {batch for batch, mark in marks.items() if mark and mark.outcome is Outcome.DONE}

    def sealed_among(self, splits: list[tuple[str, int]]) -> set[tuple[str, int]]:
        return self.seals.keys() & set(splits)

    def files_by_state(
        self, state: State, *, before: str | None, limit: int, since: str | None = None
    ) -> FilePage:
        return self._listed(lambda file: file.account.state is state, before, since, limit)

    def files_by_key(self, key: str, *, before: str | None, limit: int, since: str | None = None) -> FilePage:
        return self._listed(lambda file: file.plan.object.key == key, before, since, limit)

    def files_opened(
        self,
        *,
        before: str | None,
        limit: int,
        since: str | None = None,
        prefix: str | None = None,
        format_name: str | None = None,
    ) -> FilePage:
        return self._listed(
            lambda file: (
                file.plan.object.key.startswith(prefix or "") and format_name in {None, file.plan.format}
            ),
            before,
            since,
            limit,
        )

    def misplaced(self, file_id: str) -> Mapping[str, tuple[str, str]]:
        """It has no indexes."""
        return {}

    def read_files(self, file_ids: Sequence[str]) -> list[StoredFile]:
        return [self.files[file_id] for file_id in file_ids if file_id in self.files]

    def shelve(self, file_id: str) -> None:
        self.shelved.append(file_id)

    def _listed(
        self, condition: Callable[[StoredFile], bool], before: str | None, since: str | None, limit: int
    ) -> FilePage:
        self.lists += 1
        files = {
            opened_position(file.opened_at, file.file_id): file
            for file in self.files.values()
            if condition(file) and not has_entry_of_its_own(file.file_id)
        }
        positions = sorted(
            (each for each in files if (since or "") <= each < (before or "9999")), reverse=True
        )
        reached = positions[limit - 1] if len(positions) > limit else None
        return FilePage([files[each] for each in positions[:limit]], reached)

    def put_account(self, file_id: str, account: FileAccount, now: datetime) -> None:
        def effect() -> None:
            current = self.files.get(file_id)
            if current and current.account.revision < account.revision:
                settled_at = now if account.state.settled else None
                self.files[file_id] = current._replace(account=account, settled_at=settled_at)

        self._effects.around(effect)


class FakeTrail:
    """The table of the audit trail."""

    def __init__(self) -> None:
        self.stored: dict[str, Deed] = {}

    def put(self, deed: Deed) -> None:
        self.stored[deed.place] = deed

    def put_result(self, place: str, result: Mapping[str, Any]) -> None:
        self.stored[place] = self.stored[place]._replace(result=dict(result))

    def deeds(self, month: str, *, before: str, since: str) -> list[Deed]:
        places = sorted(place for place in self.stored if place.startswith(month) and since <= place < before)
        return [self.stored[place] for place in reversed(places)]


class FakeLetters:
    def __init__(self, effects: Effects | None = None) -> None:
        self.notes: dict[str, dict[int, Attempt]] = {}
        self.stored: dict[tuple[str | None, str], DeadLetter] = {}
        self._effects = effects or Effects()

    def note(self, message_id: str, attempt: Attempt) -> None:
        self._effects.around(lambda: self.notes.setdefault(message_id, {}).update({attempt.number: attempt}))

    def attempts(self, message_id: str) -> list[Attempt]:
        return [attempt for _, attempt in sorted(self.notes.get(message_id, {}).items())]

    def put(self, letter: DeadLetter) -> bool:
        key = letter.subject.file_id, letter.letter_id

        def effect() -> bool:
            return self.stored.setdefault(key, letter) is letter

        return bool(self._effects.around(effect))

    def move(self, letter: DeadLetter) -> bool:
        key = letter.subject.file_id, letter.letter_id

        def effect() -> bool:
            stored = self.stored[key]
            if (stored.subject.split or 0) >= (letter.subject.split or 0):
                return False
            subject = replace(stored.subject, split=letter.subject.split)
            self.stored[key] = replace(letter, subject=subject, redrives=stored.redrives)
            return True

        return bool(self._effects.around(effect))

    def find(self, letter_id: str) -> DeadLetter | None:
        return next((letter for (_, held_id), letter in self.stored.items() if held_id == letter_id), None)

    def of_file(self, file_id: str | None, letter_id: str) -> DeadLetter | None:
        return self.stored.get((file_id, letter_id))

    def change(self, letter: DeadLetter) -> bool:
        key = letter.subject.file_id, letter.letter_id

        def effect() -> bool:
            if key not in self.stored or self.stored[key].state is LetterState.DISCARDED:
                return False
            self.stored[key] = letter
            return True

        return bool(self._effects.around(effect))

    def by_state(
        self, state: LetterState, *, before: str | None, since: str | None, limit: int
    ) -> LetterPage:
        positions = {
            opened_position(letter.died_at, letter.letter_id): letter
            for letter in self.stored.values()
            if letter.state is state
        }
        selected = sorted(
            (each for each in positions if (since or "") <= each < (before or "9999")), reverse=True
        )
        reached = selected[limit - 1] if len(selected) > limit else None
        return LetterPage([positions[each] for each in selected[:limit]], reached)

    def by_file(self, file_id: str, *, after: str | None, limit: int) -> LetterPage:
        ids = sorted(
            letter_id for file, letter_id in self.stored if file == file_id and letter_id > (after or "")
        )
        letters = [self.stored[file_id, letter_id] for letter_id in ids[:limit]]
        return LetterPage(letters, ids[limit - 1] if len(ids) > limit else None)

    def has_letters(self, file_id: str) -> bool:
        return any(
            file == file_id and letter.state is not LetterState.RESOLVED
            for (file, _), letter in self.stored.items()
        )


class FakeQuarantine:
    def __init__(self, effects: Effects | None = None) -> None:
        self.stored: dict[str, bytes] = {}
        self._effects = effects or Effects()

    def put(self, letter_id: str, envelope: bytes) -> None:
        self._effects.around(lambda: self.stored.update({letter_id: envelope}))

    def get(self, letter_id: str) -> bytes | None:
        return self.stored.get(letter_id)


class FakeTopic:
    """Keeps what was published; error: what it fails with, if it does."""

    def __init__(self, effects: Effects | None = None) -> None:
        self.notices: list[Notice] = []
        self.error: Exception | None = None
        self._effects = effects or Effects()

    def publish(self, notice: Notice) -> None:
        if self.error:
            raise self.error
        self._effects.around(lambda: self.notices.append(notice))


class FakeMeter:
    """Keeps every value under the metric's name and its dimensions but for the stage; flushed: how often."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], list[float]] = {}
        self.flushed = 0

    def add(self, name: str, value: float = 1, **dimensions: str) -> None:
        assert tuple(dimensions) == tuple(each for each in METRICS[name].dimensions if each != "stage"), name
        self.values.setdefault((name, *dimensions.values()), []).append(value)

    def flush(self) -> None:
        self.flushed += 1

    def sum(self, name: str, *dimensions: str) -> float:
        return sum(self.values.get((name, *dimensions), ()))


class FakeWatches:
    def __init__(self) -> None:
        self.stored: dict[str, Watch] = {}
        self.positions: dict[str, str | None] = {}

    def watch(self, file_id: str) -> Watch | None:
        return self.stored.get(file_id)

    def put_watch(self, watch: Watch, seen: Watch | None) -> bool:
        current = self.stored.get(watch.file_id)
        if (current and current.since) != (seen and seen.since):
            return False
        self.stored[watch.file_id] = watch
        return True

    def touch(self, file_id: str, now: datetime) -> None:
        if watch := self.stored.get(file_id):
            self.stored[file_id] = replace(watch, since=max(watch.since, now))

    def position(self, name: str) -> str | None:
        return self.positions.get(name)

    def put_position(self, name: str, position: str | None) -> None:
        self.positions[name] = position


class Clock:
    """The time of day, as a test sets it."""

    def __init__(self, now: datetime = WHEN) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeRemoval:
    """Removes from the tables of a pipeline, item by item."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def remove(self, plan: Plan, splits: int, deadline: Deadline) -> None:
        pipeline, table = self._pipeline, self._pipeline.table
        records = [key for key in pipeline.records.items if key[0].startswith(f"{plan.file_id}#")]
        for key in records:
            pipeline.effects.around(lambda key=key: pipeline.records.items.pop(key))
        store: Any
        for store in (
            table.seals,
            table.setbacks,
            table.summaries,
            table.leaves,
            table.tree,
            table.cutting,
            table.marking,
            table.checkpoints,
        ):
            for key in [key for key in store if key[0] == plan.file_id]:
                del store[key]
        self._remove_rows(plan)

    def waits(self, plan: Plan) -> bool:
        waiting = object_key(plan.format, plan.head.last_modified, f"{plan.file_id}-").removesuffix(
            ".parquet"
        )
        return any(key.startswith(waiting) for key in self._pipeline.results.objects)

    def _remove_rows(self, plan: Plan) -> None:
        pipeline, table = self._pipeline, self._pipeline.table
        if plan.sink is Sink.NONE:
            return
        for name, key in [each for each in table.merged.items() if each[0][0] == plan.file_id]:
            data, seen = pipeline.results.versioned(key) or (None, None)
            pipeline.results.replace(key, without(data, f"{plan.file_id}-"), seen)
            del table.merged[name]
        for key in [key for key in pipeline.results.objects if f"/{plan.file_id}-" in key]:
            if key.startswith(BATCHES):
                del pipeline.results.objects[key]


class Pipeline:
    """The whole pipeline in memory, with every external effect countable."""

    def __init__(
        self,
        limits: Any,
        *,
        piece_bytes: int = 7,
        retention_days: int = 0,
        keys: KeyPatterns = EVERY_KEY,
        other_keys: Mapping[str, KeyPatterns] | None = None,
        layout: Layout | None = None,
        sink: Sink | None = None,
    ) -> None:
        self.layout = layout or LAYOUT
        self.sink = sink or SINKS.get(self.layout, Sink.NONE)
        self.keys, self.other_keys = keys, other_keys or {}
        self.effects = Effects()
        self.objects = FakeObjects(piece_bytes)
        self.split_queue = FakeQueue(self.effects)
        self.batch_queue = FakeQueue(self.effects)
        self.lanes = {"bulk": FakeQueue(self.effects)}
        self.records = FakeRecords(self.effects)
        self.results = FakeResults(self.effects)
        self.table = FakeLedgerTable(self.effects)
        self.letters = FakeLetters(self.effects)
        self.quarantine = FakeQuarantine(self.effects)
        self.topic = FakeTopic(self.effects)
        self.dead_letter_queue = FakeQueue(self.effects)
        self.watches = FakeWatches()
        self.clock = Clock()
        self.meter = FakeMeter()
        self.ledger = Ledger(self.table, self.clock)
        self.retention_days = retention_days
        self.set_limits(limits)
        self.worker = Worker(self.records, self.ledger, NoTracer(), meter=self.meter, results=self.results)
        self.failures = NotedFailures(self.letters, self.dead_letter_queue, self.clock)
        self.dead_letter_consumer = DeadLetterConsumer(
            self.letters, self.quarantine, self.ledger, self.topic, self.clock, meter=self.meter
        )
        self.notifier = Notifier(self.topic, self.meter)
        self.trail = FakeTrail()
        self.audit = Audit(self.trail, self.clock)
        self.office = DeadLetterOffice(
            self.letters,
            self.quarantine,
            self.ledger,
            self.batch_queue,
            self.split_queue,
            self.clock,
            lanes=self.lanes,
        )
        search = LetterSearch(self.letters, self.quarantine, self.ledger)
        self.reprocessing = Reprocessing(
            self.ledger,
            self.objects,
            self.split_queue,
            FakeRemoval(self),
            self.clock,
            stall=timedelta(seconds=3600),
        )
        self.sweeper = Sweeper(
            self.ledger,
            self.watches,
            self.letters,
            self.objects,
            self.split_queue,
            self.topic,
            self.clock,
            redriven=LostRedrives(self.letters, search, self.clock, stall_seconds=3600),
            bucket=BUCKET,
            stall_seconds=3600,
            sweep_days=7,
            retention_days=retention_days,
            keys=keys,
            others=self.other_keys,
            reprocessing=self.reprocessing,
            meter=self.meter,
        )

    def set_limits(self, limits: Any, config: Config | Callable[[], Config] = Config) -> None:
        """limits, config: of files that are opened from now on."""
        self.splitter = Splitter(
            self.objects,
            self.ledger,
            self.split_queue,
            self.batch_queue,
            NoTracer(),
            limits=limits,
            retention_days=self.retention_days,
            split_delay_seconds=300,
            config=(lambda: config) if isinstance(config, Config) else config,
            keys=self.keys,
            other_keys=self.other_keys,
            seconds=300,
            meter=self.meter,
            layout=self.layout,
            sink=self.sink,
            lanes=self.lanes,
        )

    @property
    def tables(self) -> tuple[Any, ...]:
        """All that the two tables hold."""
        table = self.table
        files = {file_id: replace_times(file) for file_id, file in table.files.items()}
        return (
            self.records.items,
            self.results.objects,
            files,
            table.seals,
            table.setbacks,
            table.summaries,
            table.leaves,
            table.tree,
            table.leading,
            table.held_members,
        )


def replace_times(file: StoredFile) -> StoredFile:
    settled_at = None if file.settled_at is None else WHEN
    return file._replace(settled_at=settled_at, opened_at=WHEN, opening=NOTHING)


def in_time(seconds: float = 60.0) -> Deadline:
    return Deadline.after(seconds)
