"""Where people deal with dead letters: list, show, redrive, discard; many in one call.

Every step may be repeated and any two may race: a batch's mark only rises, so that what is redriven and
discarded at once ends as done where its redrive succeeds, and as discarded otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

import orjson

from chalicelib.core.letters import DeadLetter, Kind, LetterState
from chalicelib.core.marks import Obstacle, Outcome
from chalicelib.core.messages import Again, SplitMessage, decode, encode_split
from chalicelib.dead_letters import LetterPage, LettersTable, Quarantine, settle
from chalicelib.delivery import GROUP_MAX_MESSAGES, Deadline, Outgoing, Sender, Sends
from chalicelib.ledger import Ledger

_PAGE: Final = 100
_REFUSALS_KEPT: Final = 20
_FAR_FUTURE: Final = "9999"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters: those of a list of ids; or of a file, of all files, and of these those whose
    code is `reason`, or whose reason holds it, in one state, that died within bounds (aware times)."""

    ids: tuple[str, ...] = ()
    file_id: str | None = None
    reason: str | None = None
    state: LetterState | None = LetterState.DEAD
    since: datetime | None = None
    before: datetime | None = None

    def has(self, letter: DeadLetter) -> bool:
        reason = self.reason.lower() if self.reason else ""
        return (
            (self.state is None or letter.state is self.state)
            and (letter.code == reason or reason in letter.reason.lower())
            and (self.since is None or letter.died_at >= self.since)
            and (self.before is None or letter.died_at < self.before)
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the letters that a call dealt with.

    changed: redriven or discarded. resolved: their work was done already. refused: how many could not
    be; refusals: the first of them, as id and why. cursor: where to go on if there is more.
    """

    changed: int = 0
    resolved: int = 0
    refused: int = 0
    refusals: tuple[tuple[str, str], ...] = ()
    cursor: str | None = None

    def __add__(self, other: Progress) -> Progress:
        return Progress(
            self.changed + other.changed,
            self.resolved + other.resolved,
            self.refused + other.refused,
            (*self.refusals, *other.refusals)[:_REFUSALS_KEPT],
            other.cursor,
        )


class NoSuchLetterError(Exception):
    """There is no dead letter of that id; the message says so."""


class KnowsDone(Protocol):
    def done_among(self, batches: list[tuple[str, int, int]]) -> set[tuple[str, int, int]]: ...

    def sealed_among(self, splits: list[tuple[str, int]]) -> set[tuple[str, int]]: ...


class Pace:
    """Keeps to so many steps a second, by waiting."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_each = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    def take(self, steps: int) -> None:
        wait = self._free_at - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._free_at = max(self._free_at, self._clock()) + steps * self._seconds_each


class DeadLetterOffice:
    def __init__(
        self,
        letters: LettersTable,
        quarantine: Quarantine,
        ledger: Ledger,
        known: KnowsDone,
        batch_queue: Sends,
        split_queue: Sends,
        now: Callable[[], datetime],
    ) -> None:
        self._letters = letters
        self._quarantine = quarantine
        self._ledger = ledger
        self._known = known
        self._batch_queue = batch_queue
        self._split_queue = split_queue
        self._now = now

    def page(self, selection: Selection, *, limit: int, cursor: str | None = None) -> LetterPage:
        """One page of the letters selected, newest first (of one file: by id). It may be empty while
        there is a cursor."""
        page = self._page(selection, limit, cursor)
        letters = self._as_of_now(page.letters)
        return LetterPage([letter for letter in letters if selection.has(letter)], page.reached)

    def envelope(self, letter_id: str) -> tuple[DeadLetter, dict[str, Any]]:
        """A letter as it stands, and what the quarantine keeps of its message, the body included."""
        letter, envelope = self._kept(letter_id)
        return self._as_of_now([letter])[0], envelope

    def _kept(self, letter_id: str) -> tuple[DeadLetter, dict[str, Any]]:
        held = self._quarantine.get(letter_id)
        envelope = orjson.loads(held) if held else {}
        letter = self._letters.letter(envelope.get("file_id"), letter_id) if held else None
        if letter is None:
            raise NoSuchLetterError(
                f"no dead letter {letter_id!r}; `froe dead-letters` lists those there are"
            )
        return letter, envelope

    def redrive(
        self,
        selection: Selection,
        deadline: Deadline,
        pace: Pace,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Progress:
        """Send messages again to the queue that they came from; a redriven one that fails again is a new
        dead letter. Stops at the deadline, or after about `limit` letters, with a cursor."""
        return self._deal(
            selection, deadline, cursor, limit, lambda group: self._redriven(group, deadline, pace)
        )

    def discard(
        self,
        selection: Selection,
        deadline: Deadline,
        *,
        by: str,
        why: str,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Progress:
        """Give messages up for good, in someone's name: their files are complete with discards."""
        return self._deal(
            selection, deadline, cursor, limit, lambda group: self._discarded(group, by=by, why=why)
        )

    def _deal(
        self,
        selection: Selection,
        deadline: Deadline,
        cursor: str | None,
        limit: int | None,
        handle: Callable[[list[DeadLetter]], Progress],
    ) -> Progress:
        done = Progress(cursor=cursor)
        dealt = 0
        while True:
            page = self._page(selection, GROUP_MAX_MESSAGES, done.cursor)
            wanted = self._as_of_now([letter for letter in page.letters if selection.has(letter)])
            done += replace(handle(wanted), cursor=page.reached)
            dealt += len(wanted)
            if page.reached is None or deadline.seconds_left <= 0 or (limit and dealt >= limit):
                return done

    def _page(self, selection: Selection, limit: int, cursor: str | None) -> LetterPage:
        if selection.ids:
            return self._page_of_ids(selection.ids, limit, cursor)
        if selection.file_id:
            return self._letters.by_file(selection.file_id, after=cursor, limit=limit)
        since = selection.since.isoformat() if selection.since else None
        before = selection.before.isoformat() if selection.before else _FAR_FUTURE
        before = min(before, cursor) if cursor else before
        states = [selection.state] if selection.state else list(LetterState)
        pages = [self._letters.by_state(each, before=before, since=since, limit=limit) for each in states]
        reached = max((page.reached for page in pages if page.reached), default="")
        found = {letter.letter_id: letter for page in pages for letter in page.letters}
        newest = sorted(
            (letter for letter in found.values() if _position(letter) >= reached), key=_position, reverse=True
        )
        more = _position(newest[limit - 1]) if len(newest) > limit else reached or None
        return LetterPage(newest[:limit], more)

    def _page_of_ids(self, ids: tuple[str, ...], limit: int, cursor: str | None) -> LetterPage:
        begin = int(cursor or 0)
        end = begin + limit
        letters = [self._kept(letter_id)[0] for letter_id in ids[begin:end]]
        return LetterPage(letters, str(end) if end < len(ids) else None)

    def _as_of_now(self, letters: list[DeadLetter]) -> list[DeadLetter]:
        """Letters whose work has been done meanwhile are resolved, whatever is stored of them."""
        batches = [batch for letter in letters if (batch := _batch_of(letter))]
        splits = [split for letter in letters if (split := _split_of(letter))]
        done = self._known.done_among(batches) if batches else set()
        sealed = self._known.sealed_among(splits) if splits else set()
        return [
            replace(letter, state=LetterState.RESOLVED)
            if _batch_of(letter) in done or _split_of(letter) in sealed
            else letter
            for letter in letters
        ]

    def _redriven(self, letters: list[DeadLetter], deadline: Deadline, pace: Pace) -> Progress:
        progress = Progress()
        to_send: list[tuple[DeadLetter, Sends, Outgoing]] = []
        for letter in letters:
            if letter.state is LetterState.RESOLVED:
                progress += self._resolved(letter)
            elif refusal := self._refusal(letter):
                progress += _refused(letter, refusal)
            elif (body := self._body(letter.letter_id)) is None:
                progress += _refused(letter, "its message is gone from the quarantine bucket")
            else:
                queue = self._batch_queue if letter.subject.kind is Kind.BATCH else self._split_queue
                body = self._with_what_is_missing(letter, body)
                to_send.append((letter, queue, Outgoing(body, trace=letter.subject.origin_trace)))
        pace.take(len(to_send))
        for queue in (self._batch_queue, self._split_queue):
            sender = Sender(queue, deadline)
            for _, wanted, message in to_send:
                if wanted is queue:
                    sender.add(message)
            sender.flush()
        for letter, _, _ in to_send:
            self._change(letter, LetterState.REDRIVEN, redrives=letter.redrives + 1)
        return progress + Progress(changed=len(to_send))

    def _with_what_is_missing(self, letter: DeadLetter, body: str) -> str:
        """Of a split that is sealed its lost batches are marked as failed: a redrive means those."""
        if letter.subject.again is Again.NOTHING:
            return body
        message = decode(body)
        assert isinstance(message, SplitMessage), "only split messages ask for something again"
        return encode_split(replace(message, again=Again.UNDONE))

    def _discarded(self, letters: list[DeadLetter], *, by: str, why: str) -> Progress:
        progress = Progress()
        for letter in letters:
            if letter.state is LetterState.RESOLVED:
                progress += self._resolved(letter)
                continue
            if letter.state is LetterState.DISCARDED:
                progress += _refused(letter, f"{letter.by} has discarded it")
                continue
            settle(self._ledger, letter, Outcome.DISCARDED, Obstacle.DISCARDED, f"discarded by {by}: {why}")
            self._change(letter, LetterState.DISCARDED, by=by, why=why)
            progress += Progress(changed=1)
        return progress

    def _resolved(self, letter: DeadLetter) -> Progress:
        self._change(letter, LetterState.RESOLVED)
        return Progress(resolved=1)

    def _refusal(self, letter: DeadLetter) -> str | None:
        if letter.state is LetterState.DISCARDED:
            return f"{letter.by} has discarded it: {letter.why}"
        if letter.subject.kind is Kind.UNKNOWN:
            return f"nobody understands it ({letter.subject.why_unknown}); it can be discarded"
        return None

    def _body(self, letter_id: str) -> str | None:
        held = self._quarantine.get(letter_id)
        return str(orjson.loads(held)["body"]) if held else None

    def _change(self, letter: DeadLetter, state: LetterState, **changes: Any) -> None:
        self._letters.change(replace(letter, state=state, changed_at=self._now(), **changes))


def all_of(
    step: Callable[[str | None], Progress], tell: Callable[[Progress], None] = lambda _: None
) -> Progress:
    """Call a redrive or a discard with its own cursor until it has dealt with everything."""
    done = Progress()
    while True:
        done += step(done.cursor)
        tell(done)
        if done.cursor is None:
            return done


def _refused(letter: DeadLetter, why: str) -> Progress:
    return Progress(refused=1, refusals=((letter.letter_id, why),))


def _position(letter: DeadLetter) -> str:
    return f"{letter.died_at.isoformat(timespec='microseconds')}#{letter.letter_id}"


def _batch_of(letter: DeadLetter) -> tuple[str, int, int] | None:
    subject = letter.subject
    if subject.file_id is None or subject.split is None or subject.batch is None:
        return None
    return subject.file_id, subject.split, subject.batch


def _split_of(letter: DeadLetter) -> tuple[str, int] | None:
    subject = letter.subject
    is_split = subject.kind is Kind.SPLIT and subject.again is Again.NOTHING
    if not is_split or subject.file_id is None or subject.split is None:
        return None
    return subject.file_id, subject.split
