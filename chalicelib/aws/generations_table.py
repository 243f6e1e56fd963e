"""Generations in the ledger's table.

The item of a file has the plan and the account of its current generation, and attributes ``generation_…`` about the
others. A generation that is being made, or that is left over, has an item of its own under `file_id~N`, which is in no
list: it has no ``opened``. The partition ``generations`` names every file with more than the current generation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from chalicelib.aws import ledger_items, plan_items
from chalicelib.aws.items import Items, Key, SideBySide
from chalicelib.core.ledger.accounts import account_of
from chalicelib.core.ledger.generations import Rereading, named, parted
from chalicelib.core.plan import failed_plan
from chalicelib.ledger_store import StoredFile

FILE: Final = "file"
_LEADS: Final = "generations"
_IF_ANY: Final = ("charset_guess", "notices", "configuration")
"""Attributes that a plan's item has only if they are set."""


class DynamoGenerations:
    """client: a low-level DynamoDB client. table: the ledger's. side_by_side: as for `Items`."""

    def __init__(self, client: Any, table: str, side_by_side: SideBySide = map) -> None:
        self._items = Items(client, table, side_by_side)

    def replace_generation(self, former: StoredFile, made: StoredFile, now: datetime) -> None:
        known, number = former.file_id, made.plan.generation
        if not former.plan.generation:
            # By an update: the worker, which may be the one that settles, may not put items.
            self._items.update(Key(named(known, 0), FILE), _entry_of(former), unless="attribute_exists(pk)")
        rereading = Rereading(former.rereading.last, since=now)
        item = (
            plan_items.from_plan(made.plan)
            | ledger_items.from_account(known, made.account, now)
            | ledger_items.from_rereading(rereading)
        )
        item |= {"trace": made.trace, "opening_used": ledger_items.from_used(made.opening)}
        self._items.update(
            Key(known, FILE),
            dict.fromkeys(_IF_ANY) | item,
            unless="attribute_not_exists(generation_next) OR generation_next <> :number",
            values={":number": number},
        )

    def give_up_generation(self, file_id: str, generation: int, why: str, now: datetime) -> bool:
        changed = self._items.update(
            Key(file_id, FILE),
            {
                "generation_next": None,
                "generation_forced": None,
                "generation_since": now.isoformat(),
                "generation_given_up": why,
            },
            unless="attribute_not_exists(#0) OR #0 <> :number",
            values={":number": generation},
        )
        return changed is None

    def reserve_generation(self, stored: StoredFile, rereading: Rereading) -> bool:
        """Record that a generation is being made, unless one is, or the file has changed since it was read. Gives
        whether it was recorded."""
        changed = self._items.update(
            Key(stored.file_id, FILE),
            ledger_items.from_rereading(rereading),
            unless="attribute_exists(generation_next) OR attribute_not_exists(revision) OR revision <> :seen",
            values={":seen": stored.account.revision},
        )
        return changed is None

    def retire(self, stored: StoredFile, reason: str, now: datetime, until: datetime) -> None:
        """Record in the entry of a generation that it is not to be read any more, and until when the entry is kept. Its
        records stay findable."""
        self._items.put_new(
            Key(stored.file_id, FILE),
            _entry_of(_retired(stored, reason, now)) | {"expires_at": int(until.timestamp())},
            in_place_of="attribute_exists(pk)",
        )

    def remove_entry(self, file_id: str) -> None:
        """Remove the entry of a generation."""
        self._items.delete(Key(file_id, FILE))

    def put_lead(self, file_id: str, now: datetime) -> None:
        """Record that a file has, or will have, more than its current generation."""
        self._items.update(Key(_LEADS, file_id), {"since": now.isoformat()})

    def read_leads(self, after: str | None = None) -> Iterator[tuple[str, datetime]]:
        """File id and since when, sorted by id."""
        for item in self._items.between(_LEADS, f"{after or ''}!", "~"):
            yield item["sk"], datetime.fromisoformat(item["since"])

    def drop_lead(self, file_id: str, since: datetime) -> None:
        """Remove a file from these, unless it was put again since then."""
        self._items.delete(
            Key(_LEADS, file_id),
            unless="#0 <> :since",
            names=("since",),
            values={":since": since.isoformat()},
        )


def _entry_of(stored: StoredFile) -> dict[str, Any]:
    """The item of a generation: as that of a file, but in no list."""
    item = plan_items.from_plan(stored.plan) | ledger_items.from_account(
        named(*parted(stored.file_id)), stored.account, stored.settled_at or stored.opened_at
    )
    return item | {"opened_at": stored.opened_at.isoformat(), "trace": stored.trace}


def _retired(stored: StoredFile, reason: str, now: datetime) -> StoredFile:
    known = stored.plan
    plan = replace(
        failed_plan(known.head, reason),
        shards=known.shards,
        format=known.format,
        layout=known.layout,
        sink=known.sink,
        generation=known.generation,
    )
    return stored._replace(plan=plan, account=account_of(plan, ()), settled_at=now)
