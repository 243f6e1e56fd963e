"""Dead letters in the ledger's table, beside their files.

``dead#{letter id}`` in the partition of its file (``no-file`` if it has none), listed by the index ``by_state`` under
states of their own; in the partition ``message#{message id}`` the ``attempts`` of the message, and ``letter``, which
names its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from chalicelib.aws.files_table import BY_STATE_INDEX
from chalicelib.aws.items import Item, Items, Key, readable
from chalicelib.core.ledger.letters import ATTEMPTS_KEPT, Attempt, DeadLetter, Kind, LetterState, Subject
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.wire.messages import Again
from chalicelib.dead_letters.selection import LetterPage
from chalicelib.ledger import opened_position

_NO_FILE: Final = "no-file"
_ATTEMPTS_KEPT_FOR: Final = timedelta(days=30)
"""Longer than a message can live in its queue and then in the dead-letter queue (4 and 14 days)."""

_REASON_MAX_CHARS: Final = 1000


class DynamoLetters:
    """client: a low-level DynamoDB client. table: the ledger's."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def note(self, message_id: str, attempt: Attempt) -> None:
        number = min(attempt.number, ATTEMPTS_KEPT)
        entry = {
            "at": attempt.at.isoformat(),
            "code": attempt.code,
            "reason": attempt.reason[:_REASON_MAX_CHARS],
        } | ({"progress": attempt.progress} if attempt.progress else {})
        expires_at = int((attempt.at + _ATTEMPTS_KEPT_FOR).timestamp())
        self._items.update(_attempts_key(message_id), {f"{number:03d}": entry, "expires_at": expires_at})

    def attempts(self, message_id: str) -> list[Attempt]:
        item = self._items.get(_attempts_key(message_id)) or {}
        return [
            Attempt(
                int(number),
                datetime.fromisoformat(entry["at"]),
                entry["code"],
                entry["reason"],
                entry.get("progress", ""),
            )
            for number, entry in sorted(item.items())
            if number.isdecimal()
        ]

    def put(self, letter: DeadLetter) -> bool:
        """The entry by id is written first, so that every listed letter can be found by its id."""
        file_id = letter.subject.file_id
        self._items.put_new(_place_key(letter.letter_id), {"file_id": file_id})
        return self._items.put_new(_key(file_id, letter.letter_id), _item(letter)) is None

    def move(self, letter: DeadLetter) -> bool:
        changed = _item(letter)
        names = ("split", "state", "code", "reason", "changed_at", "by", "why")
        old = self._items.update(
            _key(letter.subject.file_id, letter.letter_id),
            {name: changed[name] for name in names},
            unless="attribute_not_exists(pk) OR #0 >= :0",
        )
        return old is None

    def find(self, letter_id: str) -> DeadLetter | None:
        place = self._items.get(_place_key(letter_id))
        return self.of_file(place.get("file_id"), letter_id) if place else None

    def of_file(self, file_id: str | None, letter_id: str) -> DeadLetter | None:
        item = self._items.get(_key(file_id, letter_id))
        return _letter(item) if item else None

    def change(self, letter: DeadLetter) -> bool:
        changed = _item(letter)
        names = ("state", "redrives", "changed_at", "by", "why")
        old = self._items.update(
            _key(letter.subject.file_id, letter.letter_id),
            {name: changed[name] for name in names},
            unless="attribute_not_exists(pk) OR #0 = :discarded",
            values={":discarded": LetterState.DISCARDED.value},
        )
        return old is None

    def by_state(
        self, state: LetterState, *, before: str | None, since: str | None, limit: int
    ) -> LetterPage:
        listed = self._items.by_index(
            BY_STATE_INDEX, "state", [state.value], before=before, since=since, limit=limit
        )
        return LetterPage(list(readable(listed.items, _letter)), listed.reached)

    def by_file(self, file_id: str, *, after: str | None, limit: int) -> LetterPage:
        start = _key(file_id, after).sk if after else None
        items = list(islice(self._items.of_partition(file_id, "dead#", after=start, at_once=limit), limit))
        reached = items[-1]["sk"].removeprefix("dead#") if len(items) == limit else None
        return LetterPage(list(readable(items, _letter)), reached)

    def has_letters(self, file_id: str) -> bool:
        letters = readable(self._items.of_partition(file_id, "dead#"), _letter)
        return any(letter.state is not LetterState.RESOLVED for letter in letters)


def _key(file_id: str | None, letter_id: str) -> Key:
    return Key(file_id or _NO_FILE, f"dead#{letter_id}")


def _attempts_key(message_id: str) -> Key:
    return Key(f"message#{message_id}", "attempts")


def _place_key(letter_id: str) -> Key:
    return Key(f"message#{letter_id}", "letter")


def _item(letter: DeadLetter) -> dict[str, Any]:
    """The attributes of a letter; the index on object keys lists files only, so `key` is not among them."""
    subject = letter.subject
    return {
        "letter_id": letter.letter_id,
        "state": letter.state.value,
        "opened": opened_position(letter.died_at, letter.letter_id),
        "died_at": letter.died_at.isoformat(),
        "code": letter.code,
        "reason": letter.reason[:_REASON_MAX_CHARS],
        "receives": letter.receives,
        "redrives": letter.redrives,
        "changed_at": letter.changed_at.isoformat() if letter.changed_at else None,
        "by": letter.by,
        "why": letter.why,
        "progress": letter.progress or None,
        "kind": subject.kind.value,
        "file_id": subject.file_id,
        "bucket": subject.bucket,
        "object_key": subject.object_key,
        "split": subject.split,
        "batch": subject.batch,
        "offset": subject.offset,
        "total": [subject.total.entries, subject.total.lines, subject.total.bytes],
        "digest": subject.digest or None,
        "batch_expires_at": subject.expires_at,
        "origin_trace": subject.origin_trace,
        "why_unknown": subject.why_unknown,
        "again": subject.again.value,
    }


def _letter(item: Item) -> DeadLetter:
    return DeadLetter(
        letter_id=item["letter_id"],
        subject=_subject(item),
        state=LetterState(item["state"]),
        code=item["code"],
        reason=item["reason"],
        receives=item["receives"],
        died_at=datetime.fromisoformat(item["died_at"]),
        redrives=item["redrives"],
        changed_at=datetime.fromisoformat(item["changed_at"]) if item.get("changed_at") else None,
        by=item.get("by"),
        why=item.get("why"),
        progress=item.get("progress", ""),
    )


def _subject(item: Mapping[str, Any]) -> Subject:
    return Subject(
        kind=Kind(item["kind"]),
        file_id=item.get("file_id"),
        bucket=item.get("bucket"),
        object_key=item.get("object_key"),
        split=item.get("split"),
        batch=item.get("batch"),
        offset=item.get("offset"),
        total=Tally(*item["total"]),
        digest=item.get("digest", ""),
        expires_at=item.get("batch_expires_at"),
        origin_trace=item.get("origin_trace"),
        why_unknown=item.get("why_unknown"),
        again=Again(item["again"]),
    )
