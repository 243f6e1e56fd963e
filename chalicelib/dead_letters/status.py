"""Answers questions about dead letters: lists, the history of one letter, and the letters that match a question.

Wrong questions are `BadQueryError`s that name the parameter and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.core.errors import PermanentError
from chalicelib.core.ledger.letters import LETTER_ID, DeadLetter, Kind, LetterState
from chalicelib.core.records.progress import is_whole
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.fields import FILE_ID, quoted
from chalicelib.core.wire.messages import BatchMessage, batch_id
from chalicelib.dead_letters.office import DeadLetterOffice, Progress
from chalicelib.dead_letters.selection import Selection, cursor_after, is_redrivable, may_be_redriven
from chalicelib.ledger import Ledger
from chalicelib.pages import DEFAULT_LIMIT, BadQueryError, Page, bad_cursor, checked_position
from chalicelib.questions import checked_time
from chalicelib.status_json import time_json

DEFAULT_LINES: Final = 20
MAX_LINES: Final = 1000
MAX_IDS: Final = 1000
STATES: Final = (*(state.value.lower() for state in LetterState), "all")
_INDEX: Final = re.compile(r"[0-9]{1,6}")
_BODY_MAX_CHARS: Final = 10_000


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
        """One dead letter with its history, and the first lines of its batch or the body of its message; raises
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
    """The selected letters: those named, in any state, or all dead ones that match. An empty selection is refused, so
    that nothing is changed by mistake."""
    since, before = checked_time("from", from_), checked_time("to", to)
    if ids:
        if file or reason or everything or since or before:
            raise BadQueryError("ids cannot be combined with other fields: leave out either")
        if len(ids) > MAX_IDS:
            raise BadQueryError(f"ids are {len(ids)}: give at most {MAX_IDS} at once")
        return Selection(ids=tuple(dict.fromkeys(ids)), state=None)
    if everything and (file or reason):
        raise BadQueryError("all cannot be combined with file or reason: leave out either")
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
            f"file is {quoted(file)}: give a file_id, 26 letters and digits, as GET /files lists"
        )
    return file or None


def _checked_state(state: str) -> LetterState | None:
    if state.lower() not in STATES:
        raise BadQueryError(f"state is {quoted(state)}: give one of {', '.join(STATES)}")
    return None if state.lower() == "all" else LetterState(state.upper())


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter in a list; fields that do not apply are null."""
    subject = letter.subject
    is_batch = subject.kind is Kind.BATCH
    named = (subject.file_id, subject.split, subject.batch)
    return {
        "dead_letter_id": letter.letter_id,
        "kind": subject.kind.value,
        "state": letter.state.value.lower(),
        "code": letter.code,
        "reason": letter.reason,
        "receives": letter.receives,
        "died_at": time_json(letter.died_at),
        "file_id": subject.file_id,
        "bucket": subject.bucket,
        "key": subject.object_key,
        "split": subject.split,
        "batch_id": batch_id(*named) if None not in named else None,  # type: ignore[arg-type]
        "offset": subject.offset,
        "entries": subject.total.entries if is_batch else None,
        "lines": subject.total.lines if is_batch else None,
        "bytes": subject.total.bytes if is_batch else None,
        "trace": subject.origin_trace,
        "redrives": letter.redrives,
        "changed_at": time_json(letter.changed_at),
        "by": letter.by,
        "why": letter.why,
        "written_to": ["table"] if is_whole(letter.progress) else [],
        "redrivable": may_be_redriven(letter),
    }


def story_json(letter: DeadLetter, envelope: Mapping[str, Any]) -> dict[str, Any]:
    """A dead letter with what the quarantine stores of it beside its body; nothing, if that is gone."""
    return letter_json(letter) | {
        "attempts": envelope.get("attempts", []),
        "source": envelope.get("source"),
        "redrivable": is_redrivable(letter, envelope.get("body")),
    }


def text_json(message: BatchMessage, first_line: int | None, limit: int) -> dict[str, Any]:
    """The first lines of a batch, as many as an answer has room for, without their terminators; `line`: its number in the
    file, if known.

    Bytes that are not UTF-8 are replaced. `cut`: the message has only the head of this line's entry.
    """
    lines = message.body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    page = Page(limit)
    offset = message.offset
    for number, line in enumerate(lines[:limit]):
        is_added = page.add(
            {
                "offset": offset,
                "line": None if first_line is None else first_line + number,
                "text": line.removesuffix(b"\r").decode(errors="replace"),
            }
        )
        if not is_added:
            break
        offset += len(line) + 1
    text = page.listed(None)["items"]
    if len(text) == len(lines) and len(message.body) < message.length:
        text[-1]["cut"] = True
    return {"first_line": first_line, "text": text, "more_lines": message.lines - len(text)}


def body_json(body: str | None) -> dict[str, Any]:
    """The beginning of a message that is not a batch; None: it is gone."""
    if body is None:
        return {"body": None, "more_characters": 0}
    return {"body": body[:_BODY_MAX_CHARS], "more_characters": max(0, len(body) - _BODY_MAX_CHARS)}


def selection_json(selection: Selection) -> dict[str, Any]:
    """The selection, for the audit trail."""
    return {
        "ids": list(selection.ids),
        "file_id": selection.file_id,
        "reason": selection.reason,
        "from": time_json(selection.since),
        "to": time_json(selection.before),
    }


def counts_json(done: str, progress: Progress) -> dict[str, int]:
    """The results, for the audit trail. done: as for `progress_json`."""
    return {done: progress.changed, "resolved": progress.resolved, "refused": progress.refused}


def progress_json(done: str, progress: Progress) -> dict[str, Any]:
    """done: the name of the changed ones, `redriven` or `discarded`."""
    return {
        done: progress.changed,
        "resolved": progress.resolved,
        "refused": progress.refused,
        "refusals": [{"dead_letter_id": letter_id, "why": why} for letter_id, why in progress.refusals],
        "cursor": progress.cursor,
    }
