"""Where dead letters are kept: beside their files in the ledger, and whole in the quarantine."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeAlias

import orjson

from chalicelib.core.letters import Attempt, DeadLetter, LetterState


class LetterPage(NamedTuple):
    """Letters, and where the list goes on if there may be more."""

    letters: list[DeadLetter]
    reached: str | None


class LettersTable(Protocol):
    def note(self, message_id: str, attempt: Attempt) -> None:
        """Keep an attempt under its number."""

    def attempts(self, message_id: str) -> list[Attempt]: ...

    def put(self, letter: DeadLetter) -> bool:
        """Put the letter unless there is one of its id; whether it was put."""

    def move(self, letter: DeadLetter) -> bool:
        """Make the letter dead again, for a later split than the one that is stored of it; whether that is earlier."""

    def find(self, letter_id: str) -> DeadLetter | None:
        """The letter of that id, whichever file it belongs to."""

    def of_file(self, file_id: str | None, letter_id: str) -> DeadLetter | None:
        """The letter of that id if it belongs to that file; None: to none."""

    def change(self, letter: DeadLetter) -> bool:
        """Assign state, redrives, changed_at, by and why, unless it was discarded, or is gone; whether they were."""

    def by_state(
        self, state: LetterState, *, before: str | None, since: str | None, limit: int
    ) -> LetterPage:
        """Letters of all files, newest first, between two positions (times, perhaps with an id)."""

    def by_file(self, file_id: str, *, after: str | None, limit: int) -> LetterPage:
        """Letters of one file, by their ids, those behind `after`."""


class Quarantine(Protocol):
    def put(self, letter_id: str, envelope: bytes) -> None: ...

    def get(self, letter_id: str) -> bytes | None: ...


Envelope: TypeAlias = dict[str, Any]


def read_envelope(stored: bytes | None) -> Envelope:
    """What the quarantine keeps of a message; nothing where it is gone, or somebody put there what is none."""
    try:
        envelope = orjson.loads(stored or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return envelope if isinstance(envelope, dict) and isinstance(envelope.get("body"), str) else {}
