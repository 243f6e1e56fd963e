"""Redriven messages that got lost: what nothing was heard of for long enough is a dead letter again.

The sweeper does not send it itself: what people have decided on once, they decide on again. Limits: of a
notification that names no version nobody can tell what became of it; it stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core.errors import TransientError, reason_of
from chalicelib.core.letters import DeadLetter, LetterState
from chalicelib.dead_letters.selection import LetterSearch, LettersOfFile
from chalicelib.dead_letters.store import LettersTable
from chalicelib.delivery import Deadline

logger = logging.getLogger("froe")

_PAGE: Final = 100


class LostRedrives:
    """stall_seconds: how long a redriven message may take to be done, or to die again."""

    def __init__(
        self,
        letters: LettersTable,
        search: LetterSearch,
        now: Callable[[], datetime],
        *,
        stall_seconds: int,
    ) -> None:
        self._letters = letters
        self._search = search
        self._now = now
        self._stall = timedelta(seconds=stall_seconds)

    def take_back(self, deadline: Deadline) -> Iterator[DeadLetter]:
        """Make dead again what got lost, and give it; what was done meanwhile is noted as resolved."""
        files: dict[str, LettersOfFile] = {}
        before: str | None = None
        while deadline.seconds_left > 0:
            page = self._letters.by_state(LetterState.REDRIVEN, before=before, since=None, limit=_PAGE)
            for letter in self._as_of_now([each for each in page.letters if self._is_due(each)]):
                try:
                    if self._is_lost(letter, files):
                        yield letter
                except TransientError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it is, it keeps no other back
                    _say_unread(letter, error)
            before = page.reached
            if before is None:
                return

    def _as_of_now(self, letters: list[DeadLetter]) -> Iterator[DeadLetter]:
        """All at once; one by one only where one of them cannot be looked at, which keeps no other back."""
        try:
            yield from self._search.as_of_now(letters)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if len(letters) == 1:
                return _say_unread(letters[0], error)
            for letter in letters:
                yield from self._as_of_now([letter])

    def _is_lost(self, letter: DeadLetter, files: dict[str, LettersOfFile]) -> bool:
        """Whether a redriven letter was made dead again; one whose work is done is noted as resolved."""
        if letter.state is LetterState.RESOLVED:
            self._search.settle_anew(letter)
            self._letters.change(replace(letter, changed_at=self._now()))
            return False
        file_id = letter.subject.file_id
        if file_id is None:
            return False
        if file_id not in files:
            files[file_id] = self._search.letters_of(file_id)
        return not files[file_id].died_again(letter) and self._is_taken_back(letter)

    def _is_due(self, letter: DeadLetter) -> bool:
        is_redriven = letter.state is LetterState.REDRIVEN
        return is_redriven and self._now() - (letter.changed_at or letter.died_at) >= self._stall

    def _is_taken_back(self, letter: DeadLetter) -> bool:
        """Whether it is a dead letter again: somebody may have discarded it."""
        return self._letters.change(replace(letter, state=LetterState.DEAD, changed_at=self._now()))


def _say_unread(letter: DeadLetter, error: Exception) -> None:
    named = {"letter_id": letter.letter_id, "reason": reason_of(error)}
    logger.error("letter_not_looked_at", extra=named, exc_info=error)
