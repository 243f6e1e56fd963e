"""What would change if a file were read again with today's formats: reads its object, and writes nothing.

Memory: a batch, and a page of what is stored. Limits: today's formats are those of the configuration at hand, which a
stage has once it is deployed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from chalicelib.core.archives.members import obstacle_to_rereading
from chalicelib.core.custom.spec import Config
from chalicelib.core.errors import PermanentError
from chalicelib.core.reading import Reading
from chalicelib.core.records import FILTERED, Skip, untyped
from chalicelib.core.records.parsing import stored_of
from chalicelib.core.records.segments import offset_in
from chalicelib.ledger import StoredFile
from chalicelib.services import Services
from froe.stored import entries_of

_OWN: Final = frozenset({"pk", "sk", "file_id", "batch_id", "expires_at"})
"""Of a generation, not of what it says."""
_DROPPED: Final = "dropped"
"""The kind of an entry that is not stored since a filter drops it."""

Entry = dict[str, Any]


@dataclass(slots=True)
class Changes:
    """Of a file. same: entries that stay as they are. explained: rejects that become records; lost: records that become
    rejects; reasons: rejects with another reason; filtered, filtered_rejects: records and rejects that a filter drops now; changed: records with other fields, which fields says how often. moved:
    bytes that belong to another entry, or to none, since they are cut otherwise."""

    file_id: str
    key: str
    format_before: str | None
    format_after: str | None = None
    same: int = 0
    explained: int = 0
    lost: int = 0
    reasons: int = 0
    filtered: int = 0
    filtered_rejects: int = 0
    changed: int = 0
    moved: int = 0
    rejected_before: int = 0
    rejected_after: int = 0
    fields: Counter[str] = field(default_factory=Counter)

    @property
    def is_nothing(self) -> bool:
        dropped = self.filtered or self.filtered_rejects
        return not (self.explained or self.lost or self.reasons or dropped or self.changed or self.moved)


def changes_of(
    services: Services,
    stored: StoredFile,
    config: Config,
    advance: Callable[[int], None] = lambda _: None,
) -> Changes:
    """advance: is told of bytes of text that are compared. Raises what reading the object raises."""
    settings, plan = services.settings, stored.plan
    if why := obstacle_to_rereading(plan):
        raise PermanentError(why)
    reading = Reading(
        plan.head,
        services.objects.opener(plan.head),
        limits=settings.limits,
        config=replace(config, key=settings.redaction_key),
    )
    if why := obstacle_to_rereading(plan, reading.plan):
        raise PermanentError(why)
    changes = Changes(stored.file_id, plan.object.key, plan.shown_format, reading.plan.shown_format)
    nothing_stored = plan.failure is not None
    before = iter(()) if nothing_stored else map(_plain, entries_of(services.status, stored.file_id))
    _compare(changes, before, _entries(reading, settings.redaction_key, advance))
    return changes


def _entries(reading: Reading, key: str, advance: Callable[[int], None]) -> Iterator[Entry]:
    for message, _ in reading.batches():
        for outcome, item in stored_of(message, key):
            if isinstance(outcome.result, Skip) and outcome.result.reason.startswith(FILTERED):
                yield {"kind": _DROPPED, "offset": outcome.offset, "length": outcome.length}
            elif item:
                yield _plain({name: untyped(value) for name, value in orjson.loads(item).items()})
        advance(message.length)


def _plain(entry: Entry) -> Entry:
    offset = entry["offset"] if "offset" in entry else offset_in(entry["sk"])
    return {name: value for name, value in entry.items() if name not in _OWN} | {"offset": int(offset)}


def _compare(changes: Changes, before: Iterator[Entry], after: Iterator[Entry]) -> None:
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if old is not None and new is not None and _place(old) == _place(new):
            _count(changes, old, new)
            _tell(changes, old, new)
            old, new = next(before, None), next(after, None)
        elif new is None or (old is not None and _place(old) < _place(new)):
            assert old is not None
            changes.moved += old["length"]
            _count(changes, old, None)
            old = next(before, None)
        else:
            _count(changes, None, new)
            if old is None and new["kind"] != _DROPPED:
                changes.moved += new["length"]
            new = next(after, None)


def _count(changes: Changes, old: Entry | None, new: Entry | None) -> None:
    changes.rejected_before += old is not None and old["kind"] == "reject"
    changes.rejected_after += new is not None and new["kind"] == "reject"


def _tell(changes: Changes, old: Entry, new: Entry) -> None:
    if old == new:
        changes.same += 1
    elif new["kind"] == _DROPPED:
        changes.filtered += old["kind"] == "record"
        changes.filtered_rejects += old["kind"] == "reject"
    elif old["kind"] != new["kind"]:
        changes.explained += new["kind"] == "record"
        changes.lost += new["kind"] == "reject"
    elif new["kind"] == "reject":
        changes.reasons += 1
    else:
        changes.changed += 1
        before, after = dict(_flat(old)), dict(_flat(new))
        names = sorted(before.keys() | after.keys())
        changes.fields.update(name for name in names if before.get(name) != after.get(name))


def _flat(entry: Entry) -> Iterator[tuple[str, Any]]:
    for name, value in entry.items():
        if name == "attributes":
            yield from value.items()
        else:
            yield name, value


def _place(entry: Entry) -> tuple[int, int]:
    return entry["offset"], entry["length"]
