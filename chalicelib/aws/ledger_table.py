"""The ledger's table: every write is conditional, and every read that decides something is strongly consistent.

One partition per file: ``file`` (plan, state, account); ``split#000000`` (seal or setback, summary); in files
of more than 16 splits ``sum#1#000000`` (16 splits added up; ``sum#2#…``: 16 of those);
``leaf#000000#000000`` (the marks of 16 batches of a split, each under its number in the leaf; ``u``
and ``t`` add up what was used for them: write units, and hundredths of a second; a leaf has no room for more than these
ten bytes, since it must cost one write unit, up to 1 KB). For splits with many batches, ``digests#000000#…`` has what does
not fit in their seal, and ``full#000000`` which groups of leaves are full (`leaves.py`). For files with a sink,
``merged#000000`` names the object that the rows of a split are merged into. For archives,
``members#000000`` names the files of the members of a split. For compressed files, ``checkpoint#0000000000000000`` is a
check-point, kept for a week (`checkpoints.py`). Files and their lists: `files_table`; generations:
`generations_table`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from chalicelib.aws import ledger_items
from chalicelib.aws.files_table import DynamoFiles
from chalicelib.aws.items import Key
from chalicelib.core.ledger.accounts import SplitAccount
from chalicelib.core.ledger.marks import DISPUTED, MARKS_PER_LEAF, Mark, Outcome
from chalicelib.core.ledger.seals import Seal, Setback
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.ledger_store import GarbledItemError
from chalicelib.sums import FAN_OUT

_UNITS: Final = "u"
_TIME: Final = "t"
_MERGED: Final = "merged#"
_DIGESTS_BESIDE: Final = 8 * 128
"""Up to so many characters of digests are stored in the seal's item, which every mark of its split reads."""


class DynamoLedger(DynamoFiles):
    """client: a low-level DynamoDB client. side_by_side: as for `Items`."""

    def put_seal(self, file_id: str, seal: Seal, expires_at: int | None, used: Used = NOTHING) -> Seal | None:
        if len(seal.digests) > _DIGESTS_BESIDE:
            seal = replace(seal, digests_in=sha256(seal.digests.encode()).hexdigest()[:16])
            digests = {"digests": seal.digests, "expires_at": expires_at}
            self._items.put_new(Key(file_id, _digests_key(seal.split, seal.digests_in)), digests)
        attributes = ledger_items.from_seal(seal) | {"setback": None, "expires_at": expires_at}
        attributes["used"] = ledger_items.from_used(used)
        key = Key(file_id, _split_key(seal.split))
        old = self._items.update(key, attributes, unless="attribute_exists(sealed)")
        return ledger_items.to_seal(old) if old else None

    def read_digests(self, file_id: str, split: int, place: str) -> str:
        item = self._items.get(Key(file_id, _digests_key(split, place)))
        return str(item["digests"]) if item else ""

    def raise_setback(self, file_id: str, split: int, setback: Setback, expires_at: int | None) -> None:
        self._items.update(
            Key(file_id, _split_key(split)),
            {"setback": setback.encode(), "expires_at": expires_at},
            unless="attribute_exists(sealed) OR #0 >= :floor",
            values={":floor": f"{setback.obstacle:d}"},
        )

    def read_split(self, file_id: str, split: int) -> SplitAccount | None:
        item = self._items.get(Key(file_id, _split_key(split)))
        return ledger_items.read_item(item, ledger_items.to_split) if item else None

    def raise_mark(
        self,
        file_id: str,
        split: int,
        batch: int,
        mark: Mark,
        expires_at: int | None,
        used: Used = NOTHING,
    ) -> Mapping[int, Mark]:
        leaf, place = divmod(batch, MARKS_PER_LEAF)
        item = self._items.update(
            Key(file_id, _leaf_key(split, leaf)),
            {str(place): mark.encode(), "expires_at": expires_at},
            unless="#0 >= :floor OR begins_with(#0, :disputed) OR begins_with(#0, :given_up)",
            values={":floor": mark.floor, ":disputed": DISPUTED[0], ":given_up": DISPUTED[1]},
            give_new=True,
            added={_UNITS: used.write_units, _TIME: round(used.milliseconds / 10)},
        )
        return dict(_marks_in(item or {}, leaf))

    def replace_mark(self, file_id: str, split: int, batch: int, seen: Mark, mark: Mark) -> bool:
        leaf, place = divmod(batch, MARKS_PER_LEAF)
        changed = self._items.update(
            Key(file_id, _leaf_key(split, leaf)),
            {str(place): mark.encode()},
            unless="attribute_not_exists(#0) OR #0 <> :seen",
            values={":seen": seen.encode()},
        )
        return changed is None

    def read_mark(self, file_id: str, split: int, batch: int) -> Mark | None:
        leaf, place = divmod(batch, MARKS_PER_LEAF)
        item = self._items.get(Key(file_id, _leaf_key(split, leaf)))
        encoded = item and item.get(str(place))
        return Mark.decode(encoded) if encoded else None

    def read_leaf(self, file_id: str, split: int, batch: int) -> Mapping[int, Mark] | None:
        leaf = batch // MARKS_PER_LEAF
        item = self._items.get(Key(file_id, _leaf_key(split, leaf)))
        return dict(_marks_in(item, leaf)) if item else None

    def read_marks(
        self, file_id: str, split: int, first: int = 0, until: int | None = None
    ) -> Mapping[int, Mark]:
        begin = _leaf_key(split, first // MARKS_PER_LEAF)
        end = f"leaf#{split:06d}#~" if until is None else _leaf_key(split, (until - 1) // MARKS_PER_LEAF)
        marks: dict[int, Mark] = {}
        for item in self._items.between(file_id, begin, end):
            marks.update(_marks_in(item, int(item["sk"].rsplit("#", 1)[1])))
        return {
            number: mark
            for number, mark in marks.items()
            if number >= first and (until is None or number < until)
        }

    def read_marks_and_use(self, file_id: str, split: int) -> tuple[Mapping[int, Mark], Used]:
        marks: dict[int, Mark] = {}
        used = NOTHING
        for item in self._items.of_partition(file_id, f"leaf#{split:06d}#"):
            marks.update(_marks_in(item, int(item["sk"].rsplit("#", 1)[1])))
            used += Used(item.get(_UNITS, 0), milliseconds=10 * item.get(_TIME, 0))
        return marks, used

    def put_full_group(self, file_id: str, split: int, group: int, expires_at: int | None) -> None:
        self._items.update(Key(file_id, _full_key(split)), {str(group): True, "expires_at": expires_at})

    def read_full_groups(self, file_id: str, split: int) -> set[int]:
        item = self._items.get(Key(file_id, _full_key(split)))
        return {int(name) for name in item or () if name.isdecimal()}

    def done_among(self, batches: list[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        """Which of the batches (file, split, number) are marked as done."""
        keys = list(batches)
        leaves = self._items.get_all(
            [Key(file_id, _leaf_key(split, batch // MARKS_PER_LEAF)) for file_id, split, batch in keys]
        )
        done = {
            (key.pk, int(key.sk.split("#")[1]), number)
            for key, item in leaves.items()
            for number, mark in _marks_in(item, int(key.sk.split("#")[2]))
            if mark.outcome is Outcome.DONE
        }
        return done.intersection(keys)

    def sealed_among(self, splits: list[tuple[str, int]]) -> set[tuple[str, int]]:
        """Which of the splits (file, number) are sealed."""
        items = self._items.get_all([Key(file_id, _split_key(split)) for file_id, split in splits])
        return {(key.pk, int(key.sk.split("#")[1])) for key, item in items.items() if "sealed" in item}

    def put_members(self, file_id: str, split: int, file_ids: Sequence[str], expires_at: int | None) -> None:
        self._items.update(
            Key(file_id, _members_key(split)), {"files": " ".join(file_ids), "expires_at": expires_at}
        )

    def read_members(self, file_id: str, split: int) -> Sequence[str]:
        item = self._items.get(Key(file_id, _members_key(split)))
        return str(item["files"]).split() if item else []

    def put_summary(self, file_id: str, split: int, summary: Summary) -> None:
        self._items.update(
            Key(file_id, _split_key(split)),
            {"summary": ledger_items.from_summary(summary)},
            unless="summary.revision >= :revision OR (attribute_not_exists(sealed) AND attribute_not_exists(setback))",
            values={":revision": summary.revision},
        )

    def read_splits(self, file_id: str, first: int = 0, until: int | None = None) -> list[SplitAccount]:
        last = "split#~" if until is None else _split_key(until - 1)
        items = self._items.between(file_id, _split_key(first), last)
        return [ledger_items.read_item(item, ledger_items.to_split) for item in items]

    def read_sums(
        self, file_id: str, level: int, first: int = 0, until: int | None = None
    ) -> list[SplitAccount]:
        last = f"sum#{level}#~" if until is None else _sum_key(level, until - 1)
        items = self._items.between(file_id, _sum_key(level, first), last)
        return [ledger_items.read_item(item, ledger_items.to_sum) for item in items]

    def claim_merged(self, file_id: str, split: int, key: str, expires_at: int | None) -> str:
        claim = {"object": key, "expires_at": expires_at}
        old = self._items.update(Key(file_id, _merged_key(split)), claim, unless="attribute_exists(#0)")
        return str(old["object"]) if old else key

    def read_merged(self, file_id: str, split: int) -> str | None:
        item = self._items.get(Key(file_id, _merged_key(split)))
        return str(item["object"]) if item else None

    def read_all_merged(self, file_id: str) -> set[str]:
        return {str(item["object"]) for item in self._items.of_partition(file_id, _MERGED)}

    def put_checkpoint(self, file_id: str, tried_until: int, data: bytes, expires_at: int) -> None:
        self._items.update(
            Key(file_id, _checkpoint_key(tried_until)),
            {"data": b64encode(data).decode(), "expires_at": expires_at},
        )

    def read_checkpoint(self, file_id: str, text_offset: int) -> tuple[int, bytes] | None:
        item = self._items.last(file_id, _checkpoint_key(0), _checkpoint_key(text_offset))
        return (int(item["sk"].rsplit("#", 1)[1]), b64decode(item["data"])) if item else None

    def put_sum(self, file_id: str, level: int, account: SplitAccount, expires_at: int | None) -> None:
        self._items.update(
            Key(file_id, _sum_key(level, account.split // FAN_OUT**level)),
            ledger_items.from_sum(account) | {"expires_at": expires_at},
            unless="revision >= :revision",
            values={":revision": account.revision},
        )


def _split_key(split: int) -> str:
    return f"split#{split:06d}"


def _digests_key(split: int, place: str) -> str:
    """Named after the digests, so that a seal refers to its own, whoever else put some."""
    return f"digests#{split:06d}#{place}"


def _full_key(split: int) -> str:
    return f"full#{split:06d}"


def _merged_key(split: int) -> str:
    return f"{_MERGED}{split:06d}"


def _checkpoint_key(tried_until: int) -> str:
    return f"checkpoint#{tried_until:016d}"


def _members_key(split: int) -> str:
    return f"members#{split:06d}"


def _sum_key(level: int, number: int) -> str:
    return f"sum#{level}#{number:06d}"


def _leaf_key(split: int, leaf: int) -> str:
    return f"leaf#{split:06d}#{leaf:06d}"


def _marks_in(item: Mapping[str, Any], leaf: int) -> Iterator[tuple[int, Mark]]:
    for place in range(MARKS_PER_LEAF):
        if encoded := item.get(str(place)):
            try:
                mark = Mark.decode(encoded)
            except (IndexError, TypeError, ValueError) as error:
                raise GarbledItemError(f"the mark {place} of {item['sk']} is garbled: {encoded!r}") from error
            yield leaf * MARKS_PER_LEAF + place, mark
