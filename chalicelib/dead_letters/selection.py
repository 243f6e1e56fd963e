"""Selects dead letters by ids, file, reason, state and time, in their current state, and decides which may be redriven.

They are listed beside their files in the ledger, and kept whole in the quarantine. The stored state of a letter may be
behind the ledger: if a repeat of its message has done the work, it is resolved, whatever its item says. A message that
could not be understood may have come from newer code: it is read again. Limits: an index that is
behind may omit the newest letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import orjson

from chalicelib.core.ledger.letters import LETTER_ID, Attempt, DeadLetter, Kind, LetterState, subject_of
from chalicelib.core.wire.fields import quoted
from chalicelib.core.wire.messages import Again
from chalicelib.ledger import Ledger, opened_position

_FAR_FUTURE: Final = "9999"
_PAGE: Final = 100


class LetterPage(NamedTuple):
    """Letters, and where the list continues if there may be more."""

    letters: list[DeadLetter]
    reached: str | None


class LettersTable(Protocol):
    def note(self, message_id: str, attempt: Attempt) -> None:
        """Record an attempt under its number."""

    def attempts(self, message_id: str) -> list[Attempt]: ...

    def put(self, letter: DeadLetter) -> bool:
        """Put the letter unless there is one of its id. Gives whether it was put."""

    def move(self, letter: DeadLetter) -> bool:
        """Make the letter dead again, for a later split than the stored one. Gives whether the stored one is earlier."""

    def find(self, letter_id: str) -> DeadLetter | None:
        """The letter of that id, whichever file it belongs to."""

    def of_file(self, file_id: str | None, letter_id: str) -> DeadLetter | None:
        """The letter of that id if it belongs to that file; None: to no file."""

    def change(self, letter: DeadLetter) -> bool:
        """Set state, redrives, changed_at, by and why, unless it was discarded or is gone. Gives whether they were set."""

    def by_state(
        self, state: LetterState, *, before: str | None, since: str | None, limit: int
    ) -> LetterPage:
        """Letters of all files, newest first, between two positions (times, perhaps with an id)."""

    def by_file(self, file_id: str, *, after: str | None, limit: int) -> LetterPage:
        """Letters of one file, by id, those behind `after`."""


class Quarantine(Protocol):
    def put(self, letter_id: str, envelope: bytes) -> None: ...

    def get(self, letter_id: str) -> bytes | None: ...


Envelope: TypeAlias = dict[str, Any]


def read_envelope(stored: bytes | None) -> Envelope:
    """What the quarantine stores of a message; empty if it is gone, or if somebody put something else there."""
    try:
        envelope = orjson.loads(stored or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return envelope if isinstance(envelope, dict) and isinstance(envelope.get("body"), str) else {}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters: those with these ids; or those of a file, or of all files, whose code is `reason` or whose
    reason contains it, in one state, that died within bounds (aware times)."""

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


class NoSuchLetterError(Exception):
    """There is no dead letter of that id; the message says so."""

    def __init__(self, letter_id: str) -> None:
        super().__init__(f"no dead letter {quoted(letter_id)}; `froe dead-letters` lists those there are")
        self.letter_id = letter_id


class FoundPage(NamedTuple):
    """Letters as they are stored, where the search continues if there may be more, and ids of letters that do not
    exist."""

    letters: list[DeadLetter]
    reached: str | None
    unknown: tuple[NoSuchLetterError, ...] = ()


class LettersOfFile:
    """All letters of one file, by what they are about."""

    def __init__(self, letters: Iterable[DeadLetter]) -> None:
        self.letters = tuple(letters)
        self._last_died: dict[object, datetime] = {}
        for letter in self.letters:
            known = self._last_died.get(_about(letter), letter.died_at)
            self._last_died[_about(letter)] = max(known, letter.died_at)

    def died_again(self, letter: DeadLetter) -> bool:
        """Whether a letter about the same died after this one was redriven, and so stands for it."""
        return self._last_died[_about(letter)] > (letter.changed_at or letter.died_at)


class LetterSearch:
    """spread: calls a function for each of many, perhaps in parallel, and gives the results in order."""

    def __init__(
        self,
        letters: LettersTable,
        quarantine: Quarantine,
        ledger: Ledger,
        spread: Callable[..., Iterable[Any]] = map,
    ) -> None:
        self._letters = letters
        self._quarantine = quarantine
        self._ledger = ledger
        self._spread = spread

    def kept(self, letter_id: str) -> tuple[DeadLetter, Envelope]:
        """A letter as it is stored, and what the quarantine stores of its message, nothing if that is gone. Raises
        NoSuchLetterError."""
        return self._stored(letter_id), read_envelope(self._quarantine.get(letter_id))

    def _stored(self, letter_id: str) -> DeadLetter:
        letter = None
        if LETTER_ID.fullmatch(letter_id):
            letter = self._letters.find(letter_id) or self._first_kept(letter_id)
        if letter is None:
            raise NoSuchLetterError(letter_id)
        return letter

    def _first_kept(self, letter_id: str) -> DeadLetter | None:
        """In earlier versions only the quarantine had the file of a letter's id."""
        stored = self._quarantine.get(letter_id)
        return self._letters.of_file(read_envelope(stored).get("file_id"), letter_id) if stored else None

    def page(self, selection: Selection, limit: int, cursor: str | None) -> FoundPage:
        """Candidates, newest first (of one file: by id); `Selection.has` may still refuse some."""
        if selection.ids:
            return self._page_of_ids(selection.ids, limit, cursor)
        if selection.file_id:
            return FoundPage(*self._letters.by_file(selection.file_id, after=cursor, limit=limit))
        since = _moment(selection.since) if selection.since else None
        before = _moment(selection.before) if selection.before else _FAR_FUTURE
        before = min(before, cursor) if cursor else before
        if since and before <= since:
            return FoundPage([], None)
        pages = [
            self._letters.by_state(each, before=before, since=since, limit=limit)
            for each in _states_to_search(selection.state)
        ]
        reached = max((page.reached for page in pages if page.reached), default="")
        letters = {letter.letter_id: letter for page in pages for letter in page.letters}
        newest = sorted(
            (letter for letter in letters.values() if _position(letter) >= reached),
            key=_position,
            reverse=True,
        )
        more = _position(newest[limit - 1]) if len(newest) > limit else reached or None
        return FoundPage(newest[:limit], more)

    def letters_of(self, file_id: str) -> LettersOfFile:
        """As they are stored."""
        letters: list[DeadLetter] = []
        after: str | None = None
        while True:
            page = self._letters.by_file(file_id, after=after, limit=_PAGE)
            letters += page.letters
            after = page.reached
            if after is None:
                return LettersOfFile(letters)

    def _page_of_ids(self, ids: tuple[str, ...], limit: int, cursor: str | None) -> FoundPage:
        begin = int(cursor or 0)
        end = begin + limit
        letters = list(self._spread(self._stored_or_not, ids[begin:end]))
        return FoundPage(
            [each for each in letters if isinstance(each, DeadLetter)],
            str(end) if end < len(ids) else None,
            tuple(each for each in letters if isinstance(each, NoSuchLetterError)),
        )

    def _stored_or_not(self, letter_id: str) -> DeadLetter | NoSuchLetterError:
        try:
            return self._stored(letter_id)
        except NoSuchLetterError as error:
            return error

    def as_of_now(self, letters: list[DeadLetter]) -> list[DeadLetter]:
        """The letters in their current state: those whose work is done are resolved, whatever is stored of them."""
        batches = [batch for letter in letters if (batch := _batch_of(letter))]
        splits = [split for letter in letters if (split := _split_of(letter))]
        files = [file for letter in letters if (file := _file_of(letter))]
        done = self._ledger.done_among(batches) if batches else set()
        sealed = self._ledger.sealed_among(splits) if splits else set()
        opened = self._ledger.known_files(files) if files else set()
        return [
            replace(letter, state=LetterState.RESOLVED)
            if _batch_of(letter) in done
            or _split_of(letter) in sealed
            or _file_of(letter) in opened
            or self._is_filled(letter)
            else letter
            for letter in letters
        ]

    def settle_anew(self, letter: DeadLetter) -> None:
        """Check that the work of a letter, which is done, is in its file's account: its writer may have died."""
        subject = letter.subject
        if subject.file_id is not None and subject.split is not None:
            self._ledger.resettle(subject.file_id, subject.split)

    def _is_filled(self, letter: DeadLetter) -> bool:
        """Whether a split that had lost batches and requested them again has them all by now, or other letters stand
        for them."""
        subject = letter.subject
        if subject.again is Again.NOTHING or letter.state is LetterState.DISCARDED:
            return False
        if subject.file_id is None or subject.split is None:
            return False
        is_sealed = self._ledger.read_seal(subject.file_id, subject.split) is not None
        return is_sealed and not self._ledger.lost_batches(subject.file_id, subject.split)


def _about(letter: DeadLetter) -> object:
    """What distinguishes the work of two letters of one file."""
    subject = letter.subject
    return subject.kind, subject.split, subject.batch


def cursor_after(selection: Selection, letter: DeadLetter) -> str:
    """Where a search that is not by ids continues behind a letter."""
    return letter.letter_id if selection.file_id else _position(letter)


def _states_to_search(state: LetterState | None) -> list[LetterState]:
    """The states in which the selected letters may be stored: any letter may have been resolved meanwhile."""
    return [state] if state and state is not LetterState.RESOLVED else list(LetterState)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _position(letter: DeadLetter) -> str:
    return opened_position(letter.died_at, letter.letter_id)


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


def _file_of(letter: DeadLetter) -> str | None:
    """The file that a notification announces; once it is open, the sweeper looks after its splits."""
    return letter.subject.file_id if letter.subject.kind is Kind.NOTIFICATION else None


def kind_now(letter: DeadLetter, body: str) -> Kind:
    """The kind of its message, as this code reads it."""
    kind = letter.subject.kind
    return subject_of(body).kind if kind is Kind.UNKNOWN else kind


def refusal_of(letter: DeadLetter) -> str | None:
    if letter.state is LetterState.DISCARDED:
        return f"{letter.by} has discarded it: {letter.why}"
    return None


def refusal_of_body(letter: DeadLetter, body: str | None) -> str | None:
    """body: its message; None if it is gone."""
    if body is None:
        return "its message is gone from the quarantine bucket"
    if kind_now(letter, body) is Kind.UNKNOWN:
        return f"Froe cannot read it ({subject_of(body).why_unknown}); it can be discarded"
    return None


def may_be_redriven(letter: DeadLetter) -> bool:
    """Whether a redrive would send its message, as far as its state and kind show."""
    is_open = letter.state is not LetterState.RESOLVED and refusal_of(letter) is None
    return is_open and letter.subject.kind is not Kind.UNKNOWN


def is_redrivable(letter: DeadLetter, body: str | None) -> bool:
    """Whether a redrive would send its message, which is `body`."""
    is_open = letter.state is not LetterState.RESOLVED and refusal_of(letter) is None
    return is_open and refusal_of_body(letter, body) is None
