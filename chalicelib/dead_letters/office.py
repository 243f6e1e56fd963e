"""Lists, shows, redrives and discards dead letters, many in one call.

Every step may be repeated, and any two may race: a batch's mark only rises, so a batch that is redriven and
discarded at once ends as done if its redrive succeeds, and as discarded otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from chalicelib.core.ledger.letters import DeadLetter, Kind, LetterState
from chalicelib.core.ledger.marks import Outcome
from chalicelib.core.ledger.seals import Obstacle
from chalicelib.core.wire.bodies import decode, lane_in
from chalicelib.core.wire.messages import Again, SplitMessage, encode_split
from chalicelib.dead_letters.consumer import settle
from chalicelib.dead_letters.failures import flat
from chalicelib.dead_letters.selection import (
    Envelope,
    LetterPage,
    LetterSearch,
    LettersTable,
    Quarantine,
    Selection,
    cursor_after,
    kind_now,
    read_envelope,
    refusal_of,
    refusal_of_body,
)
from chalicelib.delivery import GROUP_MAX_MESSAGES, PROGRESS, Deadline, Outgoing, Sender, Sends
from chalicelib.lanes import NO_OTHERS, BatchQueues
from chalicelib.ledger import Ledger
from chalicelib.pages import BadQueryError

_BY_MAX_CHARS: Final = 100
_WHY_MAX_CHARS: Final = 500
_REFUSALS_KEPT: Final = 20
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """by, why: each one line, without control characters or marks that change the direction of text."""

    by: str
    why: str

    @classmethod
    def of(cls, by: str, why: str) -> Decision:
        """Raises BadQueryError."""
        return cls(_checked("by", by, _BY_MAX_CHARS), _checked("why", why, _WHY_MAX_CHARS))


def _checked(name: str, text: str, max_chars: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadQueryError(f"{name} is {text!r}: that is not UTF-8") from error
    line = flat(text)
    if not line or len(line) > max_chars:
        raise BadQueryError(f"{name} is {line!r}: give {name}, in 1 to {max_chars} characters")
    return line


@dataclass(frozen=True, slots=True)
class Progress:
    """The results of a call.

    changed: redriven or discarded. resolved: already done. refused: how many could not be changed; refusals: the first
    of them, as id and why. files: ids of the files of changed letters. cursor: where to continue if there is more.
    """

    changed: int = 0
    resolved: int = 0
    refused: int = 0
    refusals: tuple[tuple[str, str], ...] = ()
    files: frozenset[str] = frozenset()
    cursor: str | None = None

    def __add__(self, other: Progress) -> Progress:
        return Progress(
            self.changed + other.changed,
            self.resolved + other.resolved,
            self.refused + other.refused,
            (*self.refusals, *other.refusals)[:_REFUSALS_KEPT],
            self.files | other.files,
            other.cursor,
        )


class Pace:
    """Limits the steps per second, by waiting."""

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

    @property
    def steps_at_once(self) -> int:
        """How many steps to take together so that a wait lasts at most a second."""
        return max(1, int(1 / self._seconds_each))

    def take(self, steps: int) -> None:
        wait = self._free_at - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._free_at = max(self._free_at, self._clock()) + steps * self._seconds_each


class DeadLetterOffice:
    """spread: calls a function for each of many, perhaps in parallel, and gives the results in order. lanes: the batch
    queues beside the default one."""

    def __init__(
        self,
        letters: LettersTable,
        quarantine: Quarantine,
        ledger: Ledger,
        batch_queue: Sends,
        split_queue: Sends,
        now: Callable[[], datetime],
        spread: Callable[..., Iterable[Any]] = map,
        lanes: Mapping[str, Sends] = NO_OTHERS,
    ) -> None:
        self._letters = letters
        self._quarantine = quarantine
        self._ledger = ledger
        self._search = LetterSearch(letters, quarantine, ledger, spread)
        self._batch_queues = BatchQueues(batch_queue, lanes)
        self._split_queue = split_queue
        self._now = now
        self._spread = spread

    def page(self, selection: Selection, *, limit: int, cursor: str | None = None) -> LetterPage:
        """One page of the selected letters, newest first (of one file: by id). It may be empty although there is a
        cursor. Raises NoSuchLetterError for an unknown id."""
        page = self._search.page(selection, limit, cursor)
        if page.unknown:
            raise page.unknown[0]
        letters = self._search.as_of_now(page.letters)
        return LetterPage([letter for letter in letters if selection.has(letter)], page.reached)

    def envelope(self, letter_id: str) -> tuple[DeadLetter, Envelope]:
        """A letter as it stands, and what the quarantine stores of its message, body included; nothing if that is gone.
        Raises NoSuchLetterError."""
        letter, envelope = self._search.kept(letter_id)
        return self._search.as_of_now([letter])[0], envelope

    def under_way(self, file_id: str) -> int:
        """How many redriven messages about a file are neither done nor dead again."""
        on_file = self._search.letters_of(file_id)
        letters = [letter for letter in on_file.letters if letter.state is LetterState.REDRIVEN]
        return sum(
            letter.state is LetterState.REDRIVEN and not on_file.died_again(letter)
            for letter in self._search.as_of_now(letters)
        )

    def redrive(
        self,
        selection: Selection,
        deadline: Deadline,
        pace: Pace,
        *,
        cursor: str | None = None,
    ) -> Progress:
        """Send messages again to the queue that they came from; one that fails again becomes a new dead letter. First
        all marks of the file are added up, whether it has letters left or not. Stops at the deadline, with a cursor."""
        if selection.file_id and cursor is None:
            self._ledger.settle_anew(selection.file_id)
        at_once = min(GROUP_MAX_MESSAGES, pace.steps_at_once)
        return self._deal(
            selection, deadline, cursor, at_once, lambda group: self._redriven(group, deadline, pace)
        )

    def discard(
        self, selection: Selection, deadline: Deadline, *, by: str, why: str, cursor: str | None = None
    ) -> Progress:
        """Give messages up for good, in someone's name: their files are complete with discards. Raises BadQueryError,
        before anything is written, if name or reason is wrong."""
        decision = Decision.of(by, why)

        def handle(group: list[DeadLetter]) -> Progress:
            done = Progress()
            for each in self._spread(lambda letter: self._discarded(letter, decision), group):
                done += each
            return done

        return self._deal(selection, deadline, cursor, GROUP_MAX_MESSAGES, handle)

    def _deal(
        self,
        selection: Selection,
        deadline: Deadline,
        cursor: str | None,
        at_once: int,
        handle: Callable[[list[DeadLetter]], Progress],
    ) -> Progress:
        """Page by page, in groups: a page is read at once, since each group would cost a request."""
        size = at_once if selection.ids else _PAGE
        done = Progress(cursor=cursor)
        while True:
            page = self._search.page(selection, size, done.cursor)
            chosen = self._search.as_of_now([letter for letter in page.letters if selection.has(letter)])
            for unknown in page.unknown:
                done += _refused(unknown.letter_id, str(unknown))
            for at in range(0, len(chosen), at_once):
                group, is_last = chosen[at : at + at_once], at + at_once >= len(chosen)
                done += handle(group)
                if not is_last and deadline.seconds_left <= 0:
                    return replace(done, cursor=cursor_after(selection, group[-1]))
            done = replace(done, cursor=page.reached)
            if page.reached is None or deadline.seconds_left <= 0:
                return done

    def _redriven(self, letters: list[DeadLetter], deadline: Deadline, pace: Pace) -> Progress:
        progress = Progress()
        chosen: list[DeadLetter] = []
        for letter in letters:
            if letter.state is LetterState.RESOLVED:
                progress += self._resolved(letter)
            elif refusal := refusal_of(letter):
                progress += _refused(letter.letter_id, refusal)
            else:
                chosen.append(letter)
        pace.take(len(chosen))
        bodies = dict(zip(chosen, self._spread(self._body, chosen), strict=True))
        for letter, body in list(bodies.items()):
            if refusal := refusal_of_body(letter, body):
                progress += _refused(letter.letter_id, refusal)
                del bodies[letter]
        senders: dict[str | None, Sender] = {}
        for letter, body in bodies.items():
            lane = lane_in(body) if kind_now(letter, body) is Kind.BATCH else None
            if lane not in senders:
                file_id = letter.subject.file_id or ""
                queue = self._split_queue if lane is None else self._batch_queues.of_lane(lane, file_id)
                senders[lane] = Sender(queue, deadline)
            attributes = {PROGRESS: letter.progress} if letter.progress else {}
            senders[lane].add(Outgoing(body, trace=letter.subject.origin_trace, attributes=attributes))
        for sender in senders.values():
            sender.flush()
        list(self._spread(self._note_redrive, bodies))
        return progress + Progress(changed=len(bodies), files=_files_of(bodies))

    def _note_redrive(self, letter: DeadLetter) -> None:
        self._change(letter, LetterState.REDRIVEN, redrives=letter.redrives + 1)

    def _discarded(self, letter: DeadLetter, decision: Decision) -> Progress:
        if letter.state is LetterState.RESOLVED:
            return self._resolved(letter)
        if letter.state is LetterState.DISCARDED:
            return _refused(letter.letter_id, f"{letter.by} has discarded it: {letter.why}")
        note = f"discarded by {decision.by}: {decision.why}"
        settle(self._ledger, letter, Outcome.DISCARDED, Obstacle.DISCARDED, note)
        self._change(letter, LetterState.DISCARDED, by=decision.by, why=decision.why)
        return Progress(changed=1, files=_files_of([letter]))

    def _resolved(self, letter: DeadLetter) -> Progress:
        self._search.settle_anew(letter)
        self._change(letter, LetterState.RESOLVED)
        return Progress(resolved=1)

    def _body(self, letter: DeadLetter) -> str | None:
        """The body to send. If a split is sealed, its lost batches are marked as failed, and a redrive is about those."""
        body: str | None = read_envelope(self._quarantine.get(letter.letter_id)).get("body")
        if body is None:
            return None
        if letter.subject.again is Again.NOTHING:
            return body
        message = decode(body)
        assert isinstance(message, SplitMessage), "only split messages ask for something again"
        return encode_split(replace(message, again=Again.UNDONE))

    def _change(self, letter: DeadLetter, state: LetterState, **changes: Any) -> None:
        self._letters.change(replace(letter, state=state, changed_at=self._now(), **changes))


def all_of(
    step: Callable[[str | None], Progress], tell: Callable[[Progress], None] = lambda _: None
) -> Progress:
    """Call a redrive or a discard with its own cursor until everything is done."""
    done = Progress()
    while True:
        done += step(done.cursor)
        tell(done)
        if done.cursor is None:
            return done


def _refused(letter_id: str, why: str) -> Progress:
    return Progress(refused=1, refusals=((letter_id, why),))


def _files_of(letters: Iterable[DeadLetter]) -> frozenset[str]:
    return frozenset(letter.subject.file_id for letter in letters if letter.subject.file_id)
