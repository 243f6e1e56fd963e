"""The shapes that the status API shows of dead letters, and of what was done about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.core.letters import DeadLetter, Kind
from chalicelib.core.messages import BatchMessage, batch_id
from chalicelib.core.progress import is_whole
from chalicelib.dead_letters.office import Progress
from chalicelib.dead_letters.refusals import is_redrivable, may_be_redriven
from chalicelib.dead_letters.selection import Selection
from chalicelib.status_json import time_json

_BODY_MAX_CHARS: Final = 10_000


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter in a list; what it is not about is null."""
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
    """A dead letter with what the quarantine keeps of it beside its body; nothing, if that is gone."""
    return letter_json(letter) | {
        "attempts": envelope.get("attempts", []),
        "source": envelope.get("source"),
        "redrivable": is_redrivable(letter, envelope.get("body")),
    }


def text_json(message: BatchMessage, first_line: int | None, limit: int) -> dict[str, Any]:
    """The first lines of a batch, without their terminators; `line`: its number in the file, if known.

    Bytes that are not UTF-8 are replaced. `cut`: the message holds only the head of this line's entry.
    """
    lines = message.body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    text: list[dict[str, Any]] = []
    offset = message.offset
    for number, line in enumerate(lines[:limit]):
        text.append(
            {
                "offset": offset,
                "line": None if first_line is None else first_line + number,
                "text": line.removesuffix(b"\r").decode(errors="replace"),
            }
        )
        offset += len(line) + 1
    if len(text) == len(lines) and len(message.body) < message.length:
        text[-1]["cut"] = True
    return {"first_line": first_line, "text": text, "more_lines": message.lines - len(text)}


def body_json(body: str | None) -> dict[str, Any]:
    """A message that is no batch, as it is, from its beginning; None: it is gone."""
    if body is None:
        return {"body": None, "more_characters": 0}
    return {"body": body[:_BODY_MAX_CHARS], "more_characters": max(0, len(body) - _BODY_MAX_CHARS)}


def selection_json(selection: Selection) -> dict[str, Any]:
    """What was selected, for the audit trail."""
    return {
        "ids": list(selection.ids),
        "file_id": selection.file_id,
        "reason": selection.reason,
        "from": time_json(selection.since),
        "to": time_json(selection.before),
    }


def counts_json(done: str, progress: Progress) -> dict[str, int]:
    """What came of it, for the audit trail. done: as for `progress_json`."""
    return {done: progress.changed, "resolved": progress.resolved, "refused": progress.refused}


def progress_json(done: str, progress: Progress) -> dict[str, Any]:
    """done: what became of the changed ones, `redriven` or `discarded`."""
    return {
        done: progress.changed,
        "resolved": progress.resolved,
        "refused": progress.refused,
        "refusals": [{"dead_letter_id": letter_id, "why": why} for letter_id, why in progress.refusals],
        "cursor": progress.cursor,
    }
