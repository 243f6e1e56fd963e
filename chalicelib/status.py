"""Answers questions about the ledger and the records: files, their batches, records and rejects.

Every list is a page: ``{"items": […], "cursor": …}``; a page may be empty and still have a cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any, Final

from chalicelib.core.errors import TransientError
from chalicelib.core.ledger.accounts import SplitAccount
from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.wire.fields import FILE_ID, quoted
from chalicelib.core.wire.messages import batch_id
from chalicelib.delivery import Deadline
from chalicelib.file_lists import FileLists, WantedFiles
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.pages import (
    DEFAULT_LIMIT,
    BadQueryError,
    Page,
    bad_cursor,
    checked_batch,
    checked_limit,
    checked_offset,
    is_number,
)
from chalicelib.questions import (
    checked_batch_state,
    checked_kind_of_time,
    checked_severity,
    checked_state,
    checked_text,
    checked_time,
    checked_where,
)
from chalicelib.receipts import receipt_json
from chalicelib.record_pages import (
    EFFORT_PER_PAGE,
    EFFORT_PER_QUERY,
    SECONDS_PER_PAGE,
    Paging,
    ReadsRecords,
    RecordPages,
    RecordQuery,
    Walk,
)
from chalicelib.record_sums import DEFAULT_BUCKETS, WIDTHS, Histogram, Reasons
from chalicelib.sink_rows import ReadsResults, StoredBatch
from chalicelib.status_json import batch_json, batch_state, file_json

_GENERATION_MAX_DIGITS: Final = 9


class NotFoundError(Exception):
    """There is no such file."""


def _of(stored: StoredFile, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, with a later generation named in its cursor: in another generation the cursor would mean another
    place."""
    if answer["cursor"] is not None and stored.plan.generation:
        answer["cursor"] += f"~{stored.plan.generation}"
    return answer


class Status:
    """results: where the sink is; None if the stage has none. console_region: where the AWS console shows traces; None
    if there is no console."""

    def __init__(
        self,
        ledger: Ledger,
        records: ReadsRecords,
        *,
        results: ReadsResults | None = None,
        console_region: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._pages = RecordPages(records, ledger, results)
        self._lists = FileLists(ledger, console_region)
        self._console_region = console_region

    def file(self, file_id: str) -> dict[str, Any]:
        """One file, with its account as of now; raises NotFoundError."""
        stored = self._stored(file_id)
        return file_json(stored, self._ledger.read_account(stored), self._console_region)

    def receipt(self, file_id: str) -> dict[str, Any]:
        """The receipt of a settled file; raises NotFoundError, UnsettledError."""
        stored = self._stored(file_id)
        return receipt_json(
            stored, self._ledger.read_account(stored), self._ledger.read_splits(stored.plan.file_id)
        )

    def files(
        self,
        *,
        state: str | None = None,
        key: str | None = None,
        prefix: str | None = None,
        format_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        time: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """Files, the last opened first, with their accounts as of their last settled split.

        prefix: of the key. from_, to: ISO 8601 bounds of the time, `to` excluded: that of opening, or with `settled` as
        `time` that of settling.
        """
        query = WantedFiles(
            checked_state(state) if state else None,
            key or None,
            prefix or None,
            format_name or None,
            checked_time("from", from_),
            checked_time("to", to),
            checked_kind_of_time(time) == "settled",
        )
        return self._lists.page(query, limit, cursor)

    def members(
        self, file_id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> dict[str, Any]:
        """The files in an archive, in its order; those of a split appear once it is completely cut."""
        page = Page(limit)
        self._stored(file_id)
        split, first = checked_batch(cursor) if cursor else (0, 0)
        while file_ids := self._ledger.read_members(file_id, split)[first : first + limit]:
            files = {file.file_id: file for file in self._ledger.read_files(file_ids)}
            for number, each in enumerate(file_ids, start=first):
                file = files.get(each)
                if file and not page.add(file_json(file, file.account, self._console_region)):
                    return page.listed(f"{split}-{number}")
            first += len(file_ids)
            if not self._ledger.read_members(file_id, split)[first:]:
                split, first = split + 1, 0
        return page.listed(None)

    def batches(
        self,
        file_id: str,
        *,
        state: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """The batches of a file, in the order of the text; state: only these."""
        page = Page(limit)
        query = checked_batch_state(state) if state else None
        stored, cursor = self._continued(file_id, cursor)
        after = checked_batch(cursor) if cursor else (0, -1)
        effort, reached = 0, after
        deadline = Deadline.after(SECONDS_PER_PAGE)
        for split, number, mark in self._batches(stored, after):
            is_late = reached != after and deadline.seconds_left <= 0
            if page.is_full or is_late or effort >= EFFORT_PER_PAGE:
                return _of(stored, page.listed(f"{reached[0]}-{reached[1]}"))
            effort += 1 if split == reached[0] else EFFORT_PER_QUERY
            if query in {None, batch_state(mark)} and not page.add(
                batch_json(stored, split, number, mark, self._console_region)
            ):
                return _of(stored, page.listed(f"{reached[0]}-{reached[1]}"))
            reached = split, number
        return page.listed(None)

    def records(
        self,
        file_id: str,
        *,
        severity: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        format_name: str | None = None,
        text: str | None = None,
        where: Sequence[str] = (),
        until: int | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """The records of a file, in the order of the text.

        severity: the lowest (TRACE to FATAL, or 1 to 24). from_, to: ISO 8601 bounds of the timestamp, `to` excluded;
        records without a timestamp are outside any bounds. format_name: the record's own. text: what its body or an
        attribute contains, in any case. where: conditions (`Condition.of`) that must all hold. until: a text offset;
        records that begin there or later are not read.
        """
        least = checked_severity(severity) if severity else 0
        begin, end = checked_time("from", from_), checked_time("to", to)
        query = RecordQuery(
            "record", least, begin, end, format_name, checked_text(text or ""), checked_where(where)
        )
        stored, cursor = self._continued(file_id, cursor)
        after = checked_offset(cursor) if cursor else 0
        walk = Paging(stored.plan, query, checked_limit(limit), after)
        return _of(stored, walk.answer(self._walk(stored, walk, self._text_so_far, until)))

    def histogram(
        self,
        file_id: str,
        *,
        buckets: int = DEFAULT_BUCKETS,
        from_: str | None = None,
        to: str | None = None,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """A file's records over time, by severity; with a cursor, a part of them."""
        stored, cursor = self._continued(file_id, cursor)
        level, after = checked_batch(cursor) if cursor else (0, 0)
        if level >= len(WIDTHS):
            raise bad_cursor(cursor or "")
        query = RecordQuery("record", begin=checked_time("from", from_), end=checked_time("to", to))
        walk = Histogram(stored.plan, query, after, buckets, level)
        return _of(stored, walk.answer(self._walk(stored, walk, self._text_so_far)))

    def reasons(self, file_id: str, *, cursor: str | None = None) -> dict[str, Any]:
        """The rejects of a file by reason, most frequent first; with a cursor, a part of them."""
        stored, cursor = self._continued(file_id, cursor)
        walk = Reasons(stored.plan, checked_offset(cursor) if cursor else 0)
        return _of(stored, walk.answer(self._walk(stored, walk, self._text_with_rejects)))

    def rejects(
        self, file_id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> dict[str, Any]:
        """The rejects of a file, in the order of the text; `raw` in base64."""
        stored, cursor = self._continued(file_id, cursor)
        after = checked_offset(cursor) if cursor else 0
        walk = Paging(stored.plan, RecordQuery("reject"), checked_limit(limit), after)
        return _of(stored, walk.answer(self._walk(stored, walk, self._text_with_rejects)))

    def _walk(
        self,
        stored: StoredFile,
        walk: Walk,
        stretches: Callable[[StoredFile, Walk], Iterator[tuple[int, int]]],
        until: int | None = None,
    ) -> int | None:
        """Where the walk continues, or None at the end."""
        if stored.plan.layout is Layout.NONE:
            batches = self._batches_done(stored, walk)
            following = self._pages.walk_over_batches(
                walk, takewhile(lambda batch: until is None or batch.offset < until, batches)
            )
            self._check_current(stored)
            return following
        parts = stretches(stored, walk)
        if until is not None:
            parts = (
                (begin, min(end, until)) for begin, end in takewhile(lambda each: each[0] < until, parts)
            )
        return self._pages.walk(walk, parts)

    def _check_current(self, stored: StoredFile) -> None:
        """In the sink, rows of a former generation go at once; in the table they stay until nobody reads them."""
        if stored.rereading.under_way and self._stored(stored.file_id).plan.file_id != stored.plan.file_id:
            raise TransientError(f"{stored.file_id} has just been read again: ask again")

    def _continued(self, file_id: str, cursor: str | None) -> tuple[StoredFile, str | None]:
        """The file, and the place in it at which a page begins. The cursor must be of its current generation."""
        stored, generation = self._stored(file_id), 0
        position, tilde, number = (cursor or "").partition("~")
        if tilde:
            if not is_number(number) or len(number) > _GENERATION_MAX_DIGITS:
                raise bad_cursor(cursor or "")
            generation = int(number)
        if cursor and generation != stored.plan.generation:
            raise BadQueryError(
                f"cursor is {quoted(cursor)}: the file was read again meanwhile; start again without a cursor"
            )
        return stored, position or None

    def _stored(self, file_id: str) -> StoredFile:
        stored = self._ledger.read_file(file_id) if FILE_ID.fullmatch(file_id) else None
        if stored is None:
            raise NotFoundError(f"no file {quoted(file_id)}; GET /files lists the files")
        return stored

    def _batches(self, stored: StoredFile, after: tuple[int, int]) -> Iterator[tuple[int, int, Mark | None]]:
        file_id = stored.plan.file_id
        seals = {split.split: split.seal for split in self._ledger.read_splits(file_id)}
        expected = 0 if stored.plan.failure else stored.plan.known_splits or len(seals) + 1
        for split in range(after[0], expected):
            marks = self._ledger.read_marks(file_id, split)
            seal = seals.get(split)
            count = seal.batches if seal else max(marks, default=-1) + 1
            first = after[1] + 1 if split == after[0] else 0
            for number in range(first, count):
                yield split, number, marks.get(number)

    def _splits_holding(self, stored: StoredFile, walk: Walk) -> Iterator[SplitAccount]:
        """The splits behind the offset that may have entries of the kind, in the order of the text. Taking one reads
        its marks, which counts as a query."""
        for split in self._ledger.read_splits(stored.plan.file_id):
            if split.seal and split.seal.end <= walk.after:
                continue
            if split.is_done and not _of_kind(split.summary.counts, walk.query.kind).entries:
                continue
            walk.effort += EFFORT_PER_QUERY
            yield split

    def _batches_done(self, stored: StoredFile, walk: Walk) -> Iterator[StoredBatch]:
        """The batches that have entries of a kind and end behind the offset, in the order of the text. A walk that ends
        is given the place of its current split."""
        file_id = stored.plan.file_id
        for split in self._splits_holding(stored, walk):
            if split.seal and walk.is_over(split.seal.start):
                yield StoredBatch("", split.split, split.seal.start)
            for number, mark in sorted(self._ledger.read_marks(file_id, split.split).items()):
                if mark.outcome is not Outcome.DONE or mark.reach is None or mark.reach[1] <= walk.after:
                    continue
                if _of_kind(mark.counts, walk.query.kind).entries:
                    yield StoredBatch(batch_id(file_id, split.split, number), split.split, mark.reach[0])

    def _text_so_far(self, stored: StoredFile, _walk: Walk) -> Iterator[tuple[int, int]]:
        """The part of the text that may have records so far."""
        plan, account = stored.plan, self._ledger.read_account(stored)
        yield 0, account.text_bytes or (plan.head.size if plan.parallel else account.cut.bytes)

    def _text_with_rejects(self, stored: StoredFile, walk: Walk) -> Iterator[tuple[int, int]]:
        """The parts of the text that may have rejects, from the marks of the batches."""
        file_id = stored.plan.file_id
        for split in self._splits_holding(stored, walk):
            if split.seal is None:
                continue
            begin = split.seal.start
            if walk.is_over(begin):
                yield begin, split.seal.end
            marks = self._ledger.read_marks(file_id, split.split)
            for number in range(split.seal.batches):
                mark = marks.get(number)
                if mark is None:
                    yield begin, split.seal.end
                    break
                end = begin + mark.total.bytes
                if mark.counts.rejected.entries:
                    yield begin, end
                begin = end


def _of_kind(counts: Counts, kind: str) -> Tally:
    return counts.parsed if kind == "record" else counts.rejected
