"""Files, batches, entries and lists in the form of the status API, as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.core.ledger.accounts import FileAccount
from chalicelib.core.ledger.marks import Mark, Outcome, Tally
from chalicelib.core.ledger.used import Used
from chalicelib.core.plan import Member
from chalicelib.core.plan.layouts import Sink
from chalicelib.core.wire.messages import batch_id
from chalicelib.ledger import StoredFile
from chalicelib.tracing import batch_console_url, console_url

_PENDING: Final = "pending"
BATCH_STATES: Final = (_PENDING, *(outcome.name.lower() for outcome in Outcome))


def file_json(stored: StoredFile, account: FileAccount, console_region: str | None) -> dict[str, Any]:
    plan, summary, trace = stored.plan, account.summary, stored.trace
    return {
        "file_id": stored.file_id,
        "generation": plan.generation,
        "next_generation": stored.rereading.under_way,
        "given_up": stored.rereading.given_up,
        "bucket": plan.object.bucket,
        "key": plan.object.key,
        "version_id": plan.object.version_id,
        "etag": plan.object.etag,
        "size": plan.head.size,
        "content_type": plan.head.content_type,
        "last_modified": time_json(plan.head.last_modified),
        "state": account.state.value,
        "reason": account.reason,
        "format": plan.shown_format,
        "format_score": plan.format_score,
        "runner_up": plan.runner_up or None,
        "runner_up_score": plan.runner_up_score,
        "charset": None if plan.failure else plan.charset,
        "charset_guess": plan.charset_guess,
        "configuration": plan.configuration or None,
        "lane": plan.lane,
        "archive": plan.archive.value if plan.archive else None,
        "member": _member_json(plan.object.member),
        "text_bytes": account.text_bytes,
        "splits": account.splits,
        "batches": account.batches,
        "parsed": _tally_json(summary.counts.parsed),
        "rejected": _tally_json(summary.counts.rejected),
        "skipped": _skipped_json(summary.counts.skipped),
        "pending": _tally_json(account.pending),
        "dead": _tally_json(summary.dead),
        "discarded": _tally_json(summary.given_up),
        "used": _used_json(stored.opening + account.used, summary.done if plan.sink is Sink.PARQUET else 0),
        "opened_at": time_json(stored.opened_at),
        "settled_at": time_json(stored.settled_at),
        "trace": trace,
        "trace_url": console_url(trace, console_region) if trace and console_region else None,
    }


def _member_json(member: Member | None) -> dict[str, Any] | None:
    if member is None:
        return None
    return {"file_id": member.archive.version.file_id, "ordinal": member.ordinal, "path": member.path}


def batch_state(mark: Mark | None) -> str:
    """One of `BATCH_STATES`; a batch without a mark is pending."""
    return mark.outcome.name.lower() if mark else _PENDING


def batch_json(
    stored: StoredFile, split: int, number: int, mark: Mark | None, console_region: str | None
) -> dict[str, Any]:
    named = batch_id(stored.plan.file_id, split, number)
    is_shown = stored.trace and console_region
    described: dict[str, Any] = {
        "batch_id": named,
        "split": split,
        "batch": number,
        "state": batch_state(mark),
        "trace": stored.trace,
        "trace_url": batch_console_url(named, stored.opened_at, console_region or "") if is_shown else None,
    }
    if mark and mark.outcome is Outcome.DONE:
        described["parsed"] = _tally_json(mark.counts.parsed)
        described["rejected"] = _tally_json(mark.counts.rejected)
        described["skipped"] = _skipped_json(mark.counts.skipped)
    elif mark:
        described["total"] = _tally_json(mark.total)
        described["reason"] = mark.note
    return described


def entry_json(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in {"pk", "sk"}}


def _tally_json(tally: Tally) -> dict[str, int]:
    return {"entries": tally.entries, "lines": tally.lines, "bytes": tally.bytes}


def _used_json(used: Used, object_writes: int) -> dict[str, float] | None:
    """object_writes: of the sink, one per done batch. None if nothing was recorded: for files of earlier versions."""
    if not used:
        return None
    return {
        "write_units": used.write_units,
        "queue_requests": used.queue_requests,
        "object_reads": used.object_reads,
        "s3_requests": used.s3_requests,
        "object_writes": object_writes,
        "seconds": used.milliseconds / 1000,
    }


def _skipped_json(skipped: Mapping[str, Tally]) -> dict[str, dict[str, int]]:
    return {reason: {"lines": tally.lines, "bytes": tally.bytes} for reason, tally in sorted(skipped.items())}


def time_json(time: datetime | None) -> str | None:
    return time.isoformat().replace("+00:00", "Z") if time else None
