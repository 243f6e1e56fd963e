"""What must hold at every write, and of every file in the end, by an independent reading of its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.ledger.generations import named, parted
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.records.parquet import BATCHES, RECORDS
from chalicelib.core.records.segments import (
    SEGMENT,
    SegmentError,
    binary_of,
    continuation_key,
    entries_of,
    segment_of,
)
from tests.layouts import rows_in
from tests.soak.aws import DAY, RESULTS
from tests.soak.dynamodb import Table
from tests.soak.stage import Stage, Uploaded, members_of
from tests.soak.texts import Entry, LogFile

SETTLED: Final = ("COMPLETE", "INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED")


class Checks:
    """Looks at every write of the stage. What was done to a file by hand or by others excuses some of it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._complete: dict[str, str] = {}
        """Of files, by which id their current generation goes."""
        stage.hears.append(self.look)

    def look(self, table: str, key: tuple[str, str], old: Any, new: Any) -> None:
        if table == "records":
            self._look_at_record(key[0].partition("#")[0], key, old, new)
        elif key[1] == "file":
            self._look_at_file(key[0], old, new)

    def _look_at_record(self, file_id: str, key: tuple[str, str], old: Any, new: Any) -> None:
        known, _ = parted(file_id)
        uploaded = self._stage.uploads.get(known)
        if uploaded is None or new is None or "forged" in uploaded.spoilt or self._has_expired(uploaded):
            return
        if "forgotten" in uploaded.spoilt:
            self._stage.violate("wrong", known, "a record is written though the file is forgotten")
        elif self._complete.get(known) == file_id and old != new:
            self._stage.violate("wrong", known, "a record is written after the file was complete")

    def _look_at_file(self, file_id: str, old: Any, new: Any) -> None:
        uploaded = self._stage.uploads.get(file_id)
        if uploaded is None:
            return
        self._complete.pop(file_id, None)
        if new is None:
            return
        if "plan_version" not in new:
            self._stage.violate("wrong", file_id, "an item without a plan")
            return
        if new.get("reason", {}).get("S", "").startswith("forgotten"):
            uploaded.spoilt.add("forgetting")
            return
        if old and "revision" in old and int(old["revision"]["N"]) > int(new["revision"]["N"]):
            self._stage.violate("wrong", file_id, "the revision goes back")
        was, state = state_in(old), state_in(new)
        # A file complete with discards goes on where a message that was given up for lost comes after all.
        if was == "COMPLETE" and not has_discards(old) and state not in SETTLED:
            self._stage.violate("wrong", file_id, f"COMPLETE becomes {state}")
        if state == "COMPLETE" and not self._has_expired(uploaded):
            self._look_at_complete(uploaded, new)

    def _look_at_complete(self, uploaded: Uploaded, new: Any) -> None:
        file_id = uploaded.file_id
        discards = has_discards(new)
        counted = {
            name: Tally(*_numbers(new["summary"]["M"][name]))
            for name in ("parsed", "rejected", "dead", "given_up")
        }
        skipped = [Tally(*_numbers(each)) for each in new["summary"]["M"]["skipped"]["M"].values()]
        total = sum(skipped, sum(counted.values(), Tally()))
        size = sum(entry.length for entry in uploaded.log.entries)
        lines = uploaded.log.lines
        if not discards and (total.lines, total.bytes) != (lines, size):
            self._stage.violate(
                "wrong",
                file_id,
                f"COMPLETE with {total.lines} of {lines} lines, {total.bytes} of {size} bytes",
            )
        elif not discards:
            stored = self._stage.stored(file_id)
            self._complete[file_id] = stored.plan.file_id if stored else file_id
            for kind, number, what in compared(self._stage, uploaded):
                if not self._is_about_to_be_corrected(uploaded, kind):
                    self._stage.violate(kind, file_id, f"{number} {what} of a COMPLETE file")

    def _is_about_to_be_corrected(self, uploaded: Uploaded, kind: str) -> bool:
        """Whoever writes what was forged finds out behind that, and takes it away again; who dies in between comes
        back while the message is in the queue."""
        if "forged" not in uploaded.spoilt:
            return False
        queued = (
            message.body for queue in self._stage.aws.queues.values() for message in queue.messages.values()
        )
        if "forgery lost" in uploaded.spoilt:  # docs/security.md says what this does to records
            return True
        return kind == "doubled" or any(body in uploaded.forged for body in queued)

    def at_the_end(self, uploaded: Uploaded) -> None:
        """Once all is healed and every dead letter was dealt with."""
        stage, file_id, spoilt = self._stage, uploaded.file_id, uploaded.spoilt
        stored = stage.stored(file_id)
        if "forgotten" in spoilt:
            for _, number, what in compared(stage, uploaded, nothing=True):
                stage.violate("wrong", file_id, f"{number} {what}: it was forgotten")
        elif self._has_expired(uploaded):
            self._look_for_remains(file_id)
        elif stored is not None:
            self._look_at_end(uploaded, stored.account)
            for each in (file_id, *members_of(stage, file_id)):
                self._look_at_generations(each)
        elif not spoilt & {"deleted", "overwritten", "discarded"} and not (
            "removed" in spoilt and has_dead_letter(stage, file_id)
        ):
            stage.violate("lost", file_id, f"{uploaded.key} was never opened")

    def _look_at_end(self, uploaded: Uploaded, account: FileAccount) -> None:
        stage, file_id, spoilt = self._stage, uploaded.file_id, uploaded.spoilt
        state = account.state.value
        if not account.state.settled:
            stage.violate("stuck", file_id, f"it stays {state}")
            return
        own_and_members = (file_id, *members_of(stage, file_id))
        if state == "INCOMPLETE" and not any(has_dead_letter(stage, each) for each in own_and_members):
            stage.violate("stuck", file_id, f"INCOMPLETE without a dead letter: {account.reason}")
        elif not spoilt & {"deleted", "overwritten", "discarded"}:
            self._look_at_whole(uploaded, account)
        elif "forged" not in spoilt:
            for kind, number, what in compared(stage, uploaded):
                if kind == "doubled":
                    stage.violate(kind, file_id, f"{number} {what} of a file {state}")
        notices = [each for each in stage.aws.sns.published if each.get("file_id") == file_id]
        if not any(each.get("state") == state for each in notices):
            stage.violate("lost", file_id, f"no notice says that it is {state}")
        emitted = [each for each in stage.aws.events.taken if each["file_id"] == file_id]
        if not any(each["state"] == state for each in emitted):
            stage.violate("lost", file_id, f"no event says that it is {state}")

    def _look_at_generations(self, file_id: str) -> None:
        """None is under way for ever, and nothing is left of those that are not current."""
        stage, stored = self._stage, self._stage.stored(file_id)
        if stored is None:
            return
        number = stored.rereading.under_way
        if number is not None:
            if not has_dead_letter(stage, named(file_id, number)):
                stage.violate("stuck", file_id, f"generation {number} is under way for ever")
            return
        left = {pk.partition("#")[0] for pk, _ in stage.aws.dynamodb.table("records").items}
        left |= {row["file_id"]["S"] for row in _rows(stage)}
        for each in sorted(left - {stored.plan.file_id}):
            if parted(each)[0] == file_id:
                stage.violate(
                    "doubled", file_id, f"something is left of {each[26:] or 'the first generation'}"
                )

    def _look_at_whole(self, uploaded: Uploaded, account: FileAccount) -> None:
        """Of a file that nothing keeps from being whole."""
        state = account.state.value
        if state != uploaded.log.state:
            complaint = f"it ends as {state}, not {uploaded.log.state}: {account.reason}"
            self._stage.violate("stuck", uploaded.file_id, complaint)
        elif state == "COMPLETE":
            self._look_at_account(uploaded, account)

    def _has_expired(self, uploaded: Uploaded) -> bool:
        days = self._stage.retention_days
        return bool(days) and self._stage.world.now > uploaded.version.at.timestamp() + days * DAY

    def _look_for_remains(self, file_id: str) -> None:
        """What expires goes whole: nothing may be left that never will."""
        for table in self._stage.aws.dynamodb.tables.values():
            for (pk, sk), item in table.items.items():
                if (
                    pk.partition("#")[0] == file_id
                    and "expires_at" not in item
                    and not sk.startswith("dead#")
                ):
                    self._stage.violate("wrong", file_id, f"{sk} is left for ever of a file that has expired")

    def _look_at_account(self, uploaded: Uploaded, account: FileAccount) -> None:
        stage, file_id = self._stage, uploaded.file_id
        for kind, number, what in compared(stage, uploaded):
            if not (kind == "wrong" and "forgery lost" in uploaded.spoilt):
                stage.violate(kind, file_id, f"{number} {what}")
        for member_id in members_of(stage, file_id):
            stored = stage.stored(member_id)
            if stored is None or (
                stored.account.state is State.COMPLETE and not stored.account.summary.discarded
            ):
                for kind, number, what in compared(stage, Member(member_id, uploaded.log)):
                    stage.violate(kind, file_id, f"{number} {what} of its member")
        counts = account.summary.counts
        totals = {
            "record": counts.parsed,
            "reject": counts.rejected,
            "skipped": sum(counts.skipped.values(), Tally()),
        }
        for kind, tally in totals.items():
            entries = [each for each in uploaded.log.entries if each.kind == kind]
            expected = sum(each.lines for each in entries), sum(each.length for each in entries)
            if (tally.lines, tally.bytes) != expected:
                stage.violate("wrong", file_id, f"{kind}: {tally.lines}, {tally.bytes} where {expected} are")
        if account.pending != Tally() and account.pending.lines:
            stage.violate("wrong", file_id, f"COMPLETE, and {account.pending.lines} lines are pending")


def has_discards(item: Any) -> bool:
    """Whether people have given up a part of a COMPLETE file."""
    return bool("complete with discards" in (item or {}).get("reason", {}).get("S", ""))


def has_dead_letter(stage: Stage, file_id: str) -> bool:
    """Whether people can decide about a message of the file."""
    items = stage.aws.dynamodb.table("ledger").items
    return any(
        pk == file_id and sk.startswith("dead#") and state_in(item) in ("DEAD", "REDRIVEN")
        for (pk, sk), item in items.items()
    )


class Member(NamedTuple):
    """The file in an archive. of: the archive."""

    file_id: str
    of: LogFile

    @property
    def log(self) -> LogFile:
        return LogFile(b"", "COMPLETE", self.of.member)


def compared(
    stage: Stage, uploaded: Uploaded | Member, *, nothing: bool = False
) -> list[tuple[str, int, str]]:
    """How the destinations of a file differ from its text (nothing: from none): kind of violation, how many, what."""
    stored = stage.stored(uploaded.file_id)
    file_id = stored.plan.file_id if stored else uploaded.file_id
    entries = [each for each in uploaded.log.entries if each.kind != "skipped"]
    in_table = stored is None or stored.plan.layout is not Layout.NONE
    # A file whose item was removed may be opened anew when its object is gone: then nothing says that it had a sink.
    in_sink = stored is not None and (stored.plan.sink is Sink.PARQUET or bool(stored.plan.failure))
    table = stage.aws.dynamodb.table("records")
    partitions = {pk: sks for pk, sks in table.partitions.items() if pk.startswith(f"{file_id}#")}
    items = [item for pk, sks in partitions.items() for sk in sks for item in _entries(table, pk, sk)]
    rows = [row for row in _rows(stage) if row["file_id"]["S"] == file_id]
    return [
        *_differences("items", items, entries if in_table and not nothing else []),
        *_differences("rows", rows, entries if in_sink and not nothing else []),
    ]


@lru_cache(1000)
def _rows_of(data: bytes) -> list[Any]:
    return list(rows_in(data))


def _rows(stage: Stage) -> Iterator[Any]:
    """Those of merged objects, and of the batches that no merged one has."""
    merged: set[str] = set()
    for prefix in (RECORDS, BATCHES):
        seen: set[str] = set()
        for (bucket, key), versions in stage.aws.s3.stored.items():
            if bucket != RESULTS or not key.startswith(prefix) or not versions:
                continue
            for row in _rows_of(versions[0].data):
                seen.add(row["batch_id"]["S"])
                if row["batch_id"]["S"] not in merged:
                    yield row
        merged |= seen


def _differences(what: str, items: list[Any], entries: list[Entry]) -> list[tuple[str, int, str]]:
    expected = {each.offset: each for each in entries}
    offsets = Counter(int(item["offset"]["N"]) for item in items)
    missing = len(expected.keys() - offsets.keys())
    strays = sum(number - (offset in expected) for offset, number in offsets.items())
    wrong = sum(not _is(item, entry) for item in items if (entry := expected.get(int(item["offset"]["N"]))))
    differences = [
        ("lost", missing, f"{what} are missing"),
        ("doubled", strays, f"{what} are of nowhere or twice"),
        ("wrong", wrong, f"{what} say something else"),
    ]
    return [each for each in differences if each[1]]


def _entries(table: Table, pk: str, sk: str) -> list[Any]:
    """The entries that are read of an item: of a continuation none, of a head that cannot be unpacked none."""
    item = table.items[pk, sk]
    if "kind" not in item:
        return []
    if item["kind"]["S"] != SEGMENT:
        return [item]
    segment = segment_of(item)
    keys = [(pk, continuation_key(sk, number + 1)) for number in range(segment.continuations)]
    try:
        return list(
            entries_of(segment, [binary_of(table.items[key]) if key in table.items else None for key in keys])
        )
    except SegmentError:
        return []


def _is(item: Any, entry: Entry) -> bool:
    measured = int(item["length"]["N"]), int(item["lines"]["N"])
    body = item.get("body", {}).get("S") if entry.kind == "record" else None
    return item["kind"]["S"] == entry.kind and measured == (entry.length, entry.lines) and body == entry.body


def state_in(item: Any) -> str:
    """A state as it is stored: files of one state lie in several places of the index."""
    return str((item or {}).get("state", {}).get("S", "")).partition("#")[0]


def _numbers(value: Any) -> list[int]:
    return [int(each["N"]) for each in value["L"]]
