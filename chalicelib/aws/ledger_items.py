"""Seals, summaries and accounts as the attributes of ledger items, and back."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from chalicelib.aws.plan_items import to_plan
from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.ledger.accounts import FileAccount, SplitAccount, State
from chalicelib.core.ledger.generations import Rereading, has_entry_of_its_own
from chalicelib.core.ledger.marks import Counts, Tally
from chalicelib.core.ledger.seals import Seal, Setback
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.ledger_store import GarbledItemError, StoredFile

_STATE_PARTITIONS: Final = 16
"""DynamoDB writes at most 1,000 units a second to one partition key, in an index too
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html)."""


SHELVES: Final = tuple(f"{number:02d}" for number in range(8))
"""The partitions of the index `by_opened`: so many thousand files can be opened per second."""


def shelf_of(file_id: str) -> str:
    return SHELVES[zlib.crc32(file_id.encode()) % len(SHELVES)]


def stored_state(state: State, file_id: str) -> str:
    """The state in a file's item, `COMPLETE#07`: the file's id spreads the index `by_state`."""
    return f"{state.value}#{zlib.crc32(file_id.encode()) % _STATE_PARTITIONS:02d}"


def stored_states(state: State) -> list[str]:
    """All values that items of a state may have. Earlier versions stored the state alone."""
    return [state.value, *(f"{state.value}#{number:02d}" for number in range(_STATE_PARTITIONS))]


def to_state(stored: str) -> State:
    return State(stored.partition("#")[0])


_Read = TypeVar("_Read")


def read_item(item: Mapping[str, Any], read: Callable[[Mapping[str, Any]], _Read]) -> _Read:
    """Raises GarbledItemError for an item that Froe did not write, PermanentError for one of a newer Froe."""
    try:
        return read(item)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise GarbledItemError(f"the item {item['sk']} is garbled: {error!r}") from error


def from_account(file_id: str, account: FileAccount, now: datetime) -> dict[str, Any]:
    return {
        "state": stored_state(account.state, file_id),
        **({} if has_entry_of_its_own(file_id) else {"shelf": shelf_of(file_id)}),
        "reason": account.reason,
        "revision": account.revision,
        "text_bytes": account.text_bytes,
        "splits": account.splits,
        "batches": account.batches,
        "cut": _from_tally(account.cut),
        "summary": from_summary(account.summary),
        "settled_at": now.isoformat() if account.state.settled else None,
        "used": from_used(account.used),
    }


def to_file(item: Mapping[str, Any]) -> StoredFile:
    settled_at = item.get("settled_at")
    account = FileAccount(
        state=to_state(item["state"]),
        reason=item.get("reason"),
        revision=item["revision"],
        text_bytes=item.get("text_bytes"),
        splits=item["splits"],
        batches=item["batches"],
        cut=Tally(*item["cut"]),
        summary=to_summary(item["summary"]),
        used=to_used(item.get("used")),
    )
    return StoredFile(
        plan=to_plan(item),
        account=account,
        opened_at=datetime.fromisoformat(item["opened_at"]),
        settled_at=datetime.fromisoformat(settled_at) if settled_at else None,
        trace=item.get("trace"),
        opening=to_used(item.get("opening_used")),
        kept_as=item["pk"],
        rereading=to_rereading(item),
    )


def from_rereading(rereading: Rereading) -> dict[str, Any]:
    return {
        "generation_last": rereading.last or None,
        "generation_next": rereading.under_way,
        "generation_forced": rereading.forced or None,
        "generation_since": rereading.since.isoformat() if rereading.since else None,
        "generation_given_up": rereading.given_up,
    }


def to_rereading(item: Mapping[str, Any]) -> Rereading:
    since = item.get("generation_since")
    return Rereading(
        item.get("generation_last", 0),
        item.get("generation_next"),
        item.get("generation_forced", False),
        datetime.fromisoformat(since) if since else None,
        item.get("generation_given_up"),
    )


def from_seal(seal: Seal) -> dict[str, Any]:
    return {
        "sealed": True,
        "start": seal.start,
        "end": seal.end,
        "batches": seal.batches,
        "total": _from_tally(seal.total),
        "last": seal.last,
        "damage": asdict(seal.damage) if seal.damage else None,
        "context": seal.context,
        "digests": None if seal.digests_in else seal.digests or None,
        "digests_in": seal.digests_in or None,
        "cut_short": seal.cut_short,
    }


def to_seal(item: Mapping[str, Any]) -> Seal:
    return Seal(
        split=int(item["sk"].rsplit("#", 1)[1]),
        start=item["start"],
        end=item["end"],
        batches=item["batches"],
        total=Tally(*item["total"]),
        last=item["last"],
        damage=Damage(**item["damage"]) if item.get("damage") else None,
        context=item.get("context"),
        digests=item.get("digests", ""),
        digests_in=item.get("digests_in", ""),
        cut_short=item.get("cut_short"),
    )


def to_split(item: Mapping[str, Any]) -> SplitAccount:
    return SplitAccount(
        split=int(item["sk"].rsplit("#", 1)[1]),
        seal=to_seal(item) if "sealed" in item else None,
        summary=to_summary(item["summary"]) if "summary" in item else Summary(),
        setback=Setback.decode(item["setback"]) if "setback" in item else None,
        used=to_used(item.get("used")),
    )


def from_sum(account: SplitAccount) -> dict[str, Any]:
    """account: of several sealed splits."""
    assert account.seal is not None, "only what is sealed is added up"
    return from_seal(account.seal) | {
        "first": account.split,
        "width": account.width,
        "revision": account.revision,
        "summary": from_summary(account.summary),
        "used": from_used(account.used),
    }


def to_sum(item: Mapping[str, Any]) -> SplitAccount:
    seal = replace(to_seal(item), split=item["first"])
    return SplitAccount(
        item["first"],
        seal,
        to_summary(item["summary"]),
        width=item["width"],
        used=to_used(item.get("used")),
    )


def from_summary(summary: Summary) -> dict[str, Any]:
    counts = summary.counts
    return {
        "revision": summary.revision,
        "done": summary.done,
        "failed": summary.failed,
        "discarded": summary.discarded,
        "parsed": _from_tally(counts.parsed),
        "rejected": _from_tally(counts.rejected),
        "skipped": {reason: _from_tally(tally) for reason, tally in sorted(counts.skipped.items())},
        "dead": _from_tally(summary.dead),
        "given_up": _from_tally(summary.given_up),
        "dead_batches": list(summary.dead_batches),
        "unmeasured": summary.unmeasured,
        **_of_contradicted(summary),
        **({"used": from_used(summary.used)} if summary.used else {}),
    }


def _of_contradicted(summary: Summary) -> dict[str, Any]:
    if not summary.contradicted:
        return {}
    return {
        "contradicted": summary.contradicted,
        "contradicted_batches": list(summary.contradicted_batches),
    }


def to_summary(stored: Mapping[str, Any]) -> Summary:
    skipped = {reason: Tally(*tally) for reason, tally in stored["skipped"].items()}
    return Summary(
        revision=stored["revision"],
        done=stored["done"],
        failed=stored["failed"],
        discarded=stored["discarded"],
        counts=Counts(Tally(*stored["parsed"]), Tally(*stored["rejected"]), skipped),
        dead=Tally(*stored["dead"]),
        given_up=Tally(*stored["given_up"]),
        dead_batches=tuple(stored.get("dead_batches", ())),
        unmeasured=stored.get("unmeasured", 0),
        contradicted=stored.get("contradicted", 0),
        contradicted_batches=tuple(stored.get("contradicted_batches", ())),
        used=to_used(stored.get("used")),
    )


def from_used(used: Used) -> list[int] | None:
    """The numbers in the order of `Used`; None if unknown, as in items of earlier versions."""
    return list(astuple(used)) if used else None


def to_used(stored: Sequence[int] | None) -> Used:
    return Used(*stored) if stored else NOTHING


def _from_tally(tally: Tally) -> list[int]:
    return [tally.entries, tally.lines, tally.bytes]
