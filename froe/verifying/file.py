"""A file verified from its first batch to its account, as far as there is anything to compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.core.amounts import counted
from chalicelib.core.archives.accounts import mark_of
from chalicelib.core.errors import FroeError, ObjectArchivedError, ObjectChangedError, ObjectGoneError
from chalicelib.core.ledger.accounts import State, account_of
from chalicelib.core.ledger.marks import Mark
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.reading import PlanReading
from chalicelib.core.wire.messages import BatchMessage
from chalicelib.core.wire.notifications import Announced
from chalicelib.ledger import StoredFile
from chalicelib.ledger_store import GarbledItemError
from chalicelib.receipts import differences, receipt_json
from chalicelib.services import Services
from chalicelib.worker import parsed
from froe.verifying.ledger import LedgerComparison
from froe.verifying.sink import FindsRows, SinkComparison
from froe.verifying.table import TableComparison
from froe.verifying.verdicts import Verdict

_UNREAD: Final[dict[type[FroeError], str]] = {
    ObjectGoneError: "its object is gone",
    ObjectChangedError: "its object was overwritten",
    ObjectArchivedError: "its object is in Glacier",
}


def verify(
    services: Services,
    stored: StoredFile,
    advance: Callable[[int], None] = lambda _: None,
    sink: FindsRows | None = None,
    receipt: Mapping[str, Any] | None = None,
) -> Verdict:
    """advance: is told of bytes of text that are compared. sink: None where the stage has none. receipt: one that was kept,
    and is compared as well."""
    plan, state = stored.plan, stored.account.state
    verdict = Verdict(plan.file_id, plan.head.version.key, state.value)
    if not state.settled:
        verdict.unproved = f"it is {state.value}, and more may come: wait until it is settled"
        return verdict
    try:
        if receipt is not None:
            _compare_receipt(services, stored, receipt, verdict)
        if plan.expires_at is not None and plan.expires_at <= datetime.now(UTC).timestamp():
            verdict.unproved = "its records have expired (retention)"
            return verdict
        _FileComparison(services, stored, verdict, advance, sink).run()
    except GarbledItemError as error:  # what follows from the item cannot be compared
        verdict.add("ledger", str(error))
    except FroeError as error:
        verdict.unproved = _why_not(error)
    return verdict


def _why_not(error: FroeError) -> str:
    """Why nothing more is compared."""
    what = next((text for kind, text in _UNREAD.items() if isinstance(error, kind)), "it cannot be verified")
    return f"{what}: {error.reason}"


def _compare_receipt(
    services: Services, stored: StoredFile, receipt: Mapping[str, Any], verdict: Verdict
) -> None:
    current = receipt_json(stored, stored.account, services.ledger.read_splits(stored.plan.file_id))
    for name, then, now in differences(receipt, current):
        verdict.add("receipt", f"{name} is not what the receipt says", stored=now, expected=then)


class _FileComparison:
    def __init__(
        self,
        services: Services,
        stored: StoredFile,
        verdict: Verdict,
        advance: Callable[[int], None],
        sink: FindsRows | None,
    ) -> None:
        self._services, self._plan = services, stored.plan
        self._verdict, self._advance = verdict, advance
        self._key = services.settings.redaction_key
        self._ledger = LedgerComparison(services.ledger, stored, verdict)
        self._table = TableComparison(services.records_table, verdict)
        self._sink = SinkComparison(services, stored.plan, sink, verdict)

    def run(self) -> None:
        plan, verdict = self._plan, self._verdict
        if plan.failure:
            end = 0
        elif plan.archive:
            end = self._members()
        else:
            end = self._batches()
        self._table.find_strays(plan, 0 if plan.archive else end)
        self._sink.find_strays(self._ledger.is_done)
        self._ledger.compare_account()
        self._compare_object()
        if verdict.number:
            return
        if plan.failure:
            verdict.unproved = f"it is {verdict.state}, and nothing is stored of it: {plan.failure}"
        elif self._ledger.undone:
            undone = self._ledger.undone
            verdict.unproved = (
                f"{undone:,} of its {counted(verdict.batches, 'batch', 'batches')} {'is' if undone == 1 else 'are'} not"
                " done (dead-lettered, discarded or never cut); all else is as it should be"
            )

    def _state_of(self, stored: StoredFile) -> State:
        """The state of a member: that of its splits, where it is said that nothing could be read."""
        if stored.account.state is not State.FAILED or stored.plan.failure:
            return stored.account.state
        return account_of(stored.plan, self._services.ledger.read_splits(stored.plan.file_id)).state

    def _compare_object(self) -> None:
        """What the ledger says of the object beside its bytes. Of a member that is the outermost archive. Time and type are
        those of a version: where the bucket keeps none, another upload of the same bytes may have replaced it."""
        stored = outermost = self._plan.head
        while outermost.version.member:
            outermost = outermost.version.member.archive
        version = outermost.version
        head = self._services.objects.head(
            Announced(version.bucket, version.key, version_id=version.version_id, etag=version.etag)
        )
        pairs = [("etag", stored.version.etag, head.version.etag)]
        if version.version_id:
            pairs += [
                ("last_modified", stored.last_modified.isoformat(), head.last_modified.isoformat()),
                ("content_type", outermost.content_type, head.content_type),
            ]
        for name, known, expected in pairs:
            if known != expected:
                self._verdict.add("ledger", f"the object has another {name}", None, known, expected)

    def _batches(self) -> int:
        """Compare them all; the size of the text."""
        reading = PlanReading(self._plan, self._services.objects.opener(self._plan.head), self._key)
        split = 0
        self._ledger.begin_split(split)
        for message, _ in reading.batches():
            while split < message.split:
                self._ledger.close_split(reading.seals[split])
                split += 1
                self._ledger.begin_split(split)
            self._batch(message)
        for seal in reading.seals[split:]:
            if seal.split > split:
                self._ledger.begin_split(seal.split)
            self._ledger.close_split(seal)
        return reading.seals[-1].end

    def _batch(self, message: BatchMessage) -> None:
        verdict = self._verdict
        if self._ledger.compare_batch(message):
            result = parsed(message, self._key)
            self._ledger.compare_counts(message, result.mark.counts)
            if message.layout is not Layout.NONE:
                self._table.compare_batch(message, result.items)
            if message.sink is Sink.PARQUET and result.rows is not None:
                self._sink.compare_batch(message, result.rows)
            counts = result.mark.counts
            verdict.entries += counts.parsed.entries + counts.rejected.entries
        else:
            self._table.pass_batch(message)
        verdict.batches += 1
        verdict.bytes += message.length
        self._advance(message.length)

    def _members(self) -> int:
        """Compare what an archive says of them, each of which is a file of its own; the size of the archive."""
        ledger, end = self._services.ledger, 0
        opener = self._services.objects.opener(self._plan.head)
        for (seal, mark), heads in PlanReading(self._plan, opener).archive_splits():
            self._ledger.begin_split(seal.split)
            marks: dict[int, Mark] = {0: mark}
            read_again: set[int] = set()
            for head in heads:
                member = head.version.member
                stored = ledger.read_file(head.version.file_id)
                if stored is None:
                    what = f"the member {head.version.key} ({head.version.file_id}) is not in the ledger"
                    self._verdict.add("ledger", what)
                    continue
                if (state := self._state_of(stored)) is not stored.account.state:
                    what = f"the member {head.version.key} ({head.version.file_id}) has another state"
                    self._verdict.add("ledger", what, None, stored.account.state.value, state.value)
                if member and member.number:
                    marks[member.number] = mark_of(head, stored.account)
                    if stored.plan.generation:
                        read_again.add(member.number)
            self._ledger.compare_members([head.version.file_id for head in heads], marks, read_again)
            self._ledger.close_split(seal)
            self._verdict.batches += seal.batches
            self._verdict.bytes += seal.end - end
            self._advance(seal.end - end)
            end = seal.end
        return end
