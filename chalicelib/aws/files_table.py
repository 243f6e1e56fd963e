"""Files in the ledger's table: their items (``file``: plan, state, account), and lists by its indexes.

Limits: an index may be behind the table; the items of a list are read from the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.aws import ledger_items, plan_items
from chalicelib.aws.generations_table import FILE as _FILE
from chalicelib.aws.generations_table import DynamoGenerations
from chalicelib.aws.items import NO_SIEVE, Key, Sieve, readable
from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.ledger.generations import has_entry_of_its_own
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.core.plan import Plan
from chalicelib.ledger_store import FilePage, StoredFile, opened_position

BY_STATE_INDEX: Final = "by_state"
BY_KEY_INDEX: Final = "by_key"
BY_OPENED_INDEX: Final = "by_opened"
_PLAN: Final = "plan_version"
"""An attribute of every file's item that has a plan. An item without it is no file, and is replaced by a plan."""


class Bounds(NamedTuple):
    """Bounds of positions in lists; before: excluded."""

    before: str | None
    since: str | None


class DynamoFiles(DynamoGenerations):
    """client: a low-level DynamoDB client. side_by_side: as for `Items`."""

    def put_plan(
        self,
        plan: Plan,
        account: FileAccount,
        now: datetime,
        trace: str | None = None,
        used: Used = NOTHING,
    ) -> StoredFile | None:
        item = plan_items.from_plan(plan) | ledger_items.from_account(plan.file_id, account, now)
        item |= {"opened_at": now.isoformat(), "trace": trace}
        if not has_entry_of_its_own(plan.file_id):
            item["opened"] = opened_position(now, plan.file_id)
        item["opening_used"] = ledger_items.from_used(used)
        there = self._items.put_new(
            Key(plan.file_id, _FILE), item, in_place_of=f"attribute_not_exists({_PLAN})"
        )
        return None if there is None else ledger_items.to_file(there)

    def put_account(self, file_id: str, account: FileAccount, now: datetime) -> None:
        self._items.update(
            Key(file_id, _FILE),
            ledger_items.from_account(file_id, account, now),
            unless=f"revision >= :revision OR attribute_not_exists({_PLAN})",
            values={":revision": account.revision},
        )

    def read_file(self, file_id: str) -> StoredFile | None:
        item = self._items.get(Key(file_id, _FILE))
        return ledger_items.read_item(item, ledger_items.to_file) if item and _PLAN in item else None

    def misplaced(self, file_id: str) -> Mapping[str, tuple[str, str]]:
        item = self._items.get(Key(file_id, _FILE)) or {}
        if has_entry_of_its_own(file_id) or _PLAN not in item:
            return {}
        state = ledger_items.to_state(item["state"])
        opened = opened_position(datetime.fromisoformat(item["opened_at"]), file_id)
        derived = {
            "state": ledger_items.stored_state(state, file_id),
            "shelf": ledger_items.shelf_of(file_id),
            "opened": opened,
        }
        earlier = {"state": state.value}
        return {
            name: (item[name], value)
            for name, value in derived.items()
            if name in item and item[name] not in (value, earlier.get(name))
        }

    def read_files(self, file_ids: Sequence[str]) -> list[StoredFile]:
        keys = [Key(file_id, _FILE) for file_id in file_ids]
        by_key = self._items.get_all(keys)
        items = [by_key[key] for key in keys if _PLAN in by_key.get(key, {})]
        return list(readable(items, ledger_items.to_file))

    def known_files(self, file_ids: Iterable[str]) -> set[str]:
        """Which of the files were opened."""
        return self._known(file_ids, consistent=True)

    def probably_known_files(self, file_ids: Iterable[str]) -> set[str]:
        """The same at half the price; a file that was just opened may be missing."""
        return self._known(file_ids, consistent=False)

    def _known(self, file_ids: Iterable[str], *, consistent: bool) -> set[str]:
        keys = [Key(file_id, _FILE) for file_id in file_ids]
        items = self._items.get_all(keys, consistent=consistent)
        return {key.pk for key, item in items.items() if _PLAN in item}

    def shelve(self, file_id: str) -> None:
        """List a file of an earlier version by its time of opening."""
        self._items.update(
            Key(file_id, _FILE),
            {"shelf": ledger_items.shelf_of(file_id)},
            unless=f"attribute_exists(#0) OR attribute_not_exists({_PLAN})",
        )

    def files_by_state(
        self, state: State, *, before: str | None, limit: int, since: str | None = None
    ) -> FilePage:
        """Files in a state, newest first; `before`: the position of the last one seen."""
        states = ledger_items.stored_states(state)
        return self._listed(BY_STATE_INDEX, "state", states, Bounds(before, since), limit)

    def files_by_key(self, key: str, *, before: str | None, limit: int, since: str | None = None) -> FilePage:
        """The files of one key, newest first; `before`: the position of the last one seen."""
        return self._listed(BY_KEY_INDEX, "key", [key], Bounds(before, since), limit)

    def files_opened(
        self,
        *,
        before: str | None,
        limit: int,
        since: str | None = None,
        prefix: str | None = None,
        format_name: str | None = None,
    ) -> FilePage:
        """Files of any state, newest first; prefix: of their keys. The index has state and key, so other files are not
        read. A page searches up to a thousand of each shelf, and may be short although there are more."""
        sieve = Sieve(
            prefix={"key": prefix} if prefix else {}, same={"format": format_name} if format_name else {}
        )
        bounds = Bounds(before, since)
        return self._listed(BY_OPENED_INDEX, "shelf", ledger_items.SHELVES, bounds, limit, sieve)

    def _listed(
        self,
        index: str,
        name: str,
        values: Sequence[str],
        bounds: Bounds,
        limit: int,
        sieve: Sieve = NO_SIEVE,
    ) -> FilePage:
        listed = self._items.by_index(
            index, name, values, before=bounds.before, since=bounds.since, limit=limit, sieve=sieve
        )
        files = list(readable(listed.items, ledger_items.to_file))
        known = {file.kept_as for file in files}
        unreadable = [item["pk"] for item in listed.items if item["pk"] not in known]
        return FilePage(files, listed.reached, unreadable)
