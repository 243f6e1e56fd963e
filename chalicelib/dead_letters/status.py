"""What people ask about dead letters: lists, one letter's story, and what a question selects.

Wrong questions are `BadQueryError`s that name the parameter and the remedy.
"""

from __future__ import annotations

import re
from typing import Any, Final

from chalicelib.core.errors import PermanentError
from chalicelib.core.fields import FILE_ID, shown
from chalicelib.core.letters import LETTER_ID, Kind, LetterState
from chalicelib.core.messages import BatchMessage, decode
from chalicelib.dead_letters.office import DeadLetterOffice
from chalicelib.dead_letters.selection import Selection, cursor_after
from chalicelib.dead_letters.shapes import body_json, letter_json, story_json, text_json
from chalicelib.ledger import Ledger
from chalicelib.pages import DEFAULT_LIMIT, BadQueryError, Page, bad_cursor, checked_position
from chalicelib.questions import checked_time

DEFAULT_LINES: Final = 20
MAX_LINES: Final = 1000
MAX_IDS: Final = 1000
STATES: Final = (*(state.value.lower() for state in LetterState), "all")
_INDEX: Final = re.compile(r"[0-9]{1,6}")


class LetterStatus:
    def __init__(self, office: DeadLetterOffice, ledger: Ledger) -> None:
        self._office = office
        self._ledger = ledger

    def letters(
        self,
        *,
        file: str | None = None,
        reason: str | None = None,
        state: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """Dead letters, newest first (of one file: by id). state: `dead` by default, or `all`."""
        selection = Selection(
            file_id=_checked_file(file),
            reason=reason or None,
            state=_checked_state(state) if state else LetterState.DEAD,
            since=checked_time("from", from_),
            before=checked_time("to", to),
        )
        listed = Page(limit)
        page = self._office.page(selection, limit=limit, cursor=checked_cursor(selection, cursor))
        last = None
        for letter in page.letters:
            if not listed.add(letter_json(letter)):
                return listed.listed(last)
            last = cursor_after(selection, letter)
        return listed.listed(page.reached)

    def letter(self, letter_id: str, lines: int = DEFAULT_LINES) -> dict[str, Any]:
        """One dead letter's story, with the first lines of its batch or the body of its message; raises
        NoSuchLetterError."""
        if not 1 <= lines <= MAX_LINES:
            raise BadQueryError(f"lines is {lines}: give a number from 1 to {MAX_LINES}")
        letter, envelope = self._office.envelope(letter_id)
        story, body = story_json(letter, envelope), envelope.get("body")
        try:
            message = decode(body) if body and letter.subject.kind is Kind.BATCH else None
        except PermanentError:  # a later Froe may not understand it any more
            message = None
        if not isinstance(message, BatchMessage):
            return story | {"first_line": None} | body_json(body)
        before = self._ledger.lines_before(message.file_id, message.split, message.number)
        return story | text_json(message, None if before is None else before + 1, lines)


def checked_selection(
    *,
    ids: tuple[str, ...] = (),
    file: str | None = None,
    reason: str | None = None,
    everything: bool = False,
    from_: str | None = None,
    to: str | None = None,
) -> Selection:
    """The dead letters that are to be dealt with: those named, whatever their state, or all dead ones
    that match. An empty selection is refused: nothing is ever dealt with by a slip."""
    since, before = checked_time("from", from_), checked_time("to", to)
    if ids:
        if file or reason or everything or since or before:
            raise BadQueryError("ids do not combine with anything: leave them out, or the rest")
        if len(ids) > MAX_IDS:
            raise BadQueryError(f"ids are {len(ids)}: give at most {MAX_IDS} at once")
        return Selection(ids=tuple(dict.fromkeys(ids)), state=None)
    if everything and (file or reason):
        raise BadQueryError("all does not combine with file or reason: leave it out, or them")
    if not (everything or file or reason):
        raise BadQueryError("nothing is selected: give ids, a file, a reason, or all for all that are dead")
    return Selection(file_id=_checked_file(file), reason=reason or None, since=since, before=before)


def checked_cursor(selection: Selection, cursor: str | None) -> str | None:
    if not cursor:
        return None
    if selection.ids or selection.file_id:
        if not (_INDEX if selection.ids else LETTER_ID).fullmatch(cursor):
            raise bad_cursor(cursor)
        return cursor
    return checked_position(cursor, LETTER_ID)


def _checked_file(file: str | None) -> str | None:
    if file and not FILE_ID.fullmatch(file):
        raise BadQueryError(
            f"file is {shown(file)}: give a file_id, 26 letters and digits, as GET /files lists"
        )
    return file or None


def _checked_state(state: str) -> LetterState | None:
    if state.lower() not in STATES:
        raise BadQueryError(f"state is {shown(state)}: give one of {', '.join(STATES)}")
    return None if state.lower() == "all" else LetterState(state.upper())
