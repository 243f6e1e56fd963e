"""A ledger in memory with 100,000 files and a file of 10,000 batches, whose requests take as long as DynamoDB's do."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.aws import ledger_items, plan_items
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.statistics_table import DynamoStatistics
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.ledger.marks import Counts, Mark, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.ledger.summaries import Summary, summary_of
from chalicelib.core.ledger.used import Used
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.core.records import typed
from chalicelib.ledger import Ledger, StoredFile, opened_position
from chalicelib.statistics import row_of
from tests.soak import dynamodb as in_memory
from tests.soak.world import World

FILES: Final = 100_000
OVER: Final = timedelta(days=30)
SPLITS, BATCHES_A_SPLIT = 100, 100
LEDGER: Final = "ledger"
_REQUEST_SECONDS: Final = 0.004
_ITEMS_A_PAGE: Final = 600
"""Of 1 MB."""
_FORMATS: Final = ("access_combined", "json", "log4j", "syslog_rfc5424")


class Store(in_memory.DynamoDB):
    """With indexes that are sorted once, and requests that take their time."""

    def __init__(self) -> None:
        super().__init__(World("calm"), lambda *_: None)
        self._sorted: dict[tuple[str, str], tuple[list[str], list[Any]]] = {}
        self._lock = threading.Lock()
        self.seconds = 0.0

    def sort(self) -> None:
        """All that is written is in the indexes from now on, and requests take their time."""
        sorted_items: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        for item in self.table(LEDGER).items.values():
            for index, name in in_memory.INDEXES.items():
                if "opened" in item and name in item:
                    sorted_items[index, item[name]["S"]].append(item)
        for key, items in sorted_items.items():
            items.sort(key=lambda item: str(item["opened"]["S"]))
            self._sorted[key] = [item["opened"]["S"] for item in items], items
        self.table(LEDGER).lagging.clear()
        self.seconds = _REQUEST_SECONDS

    def query(self, **request: Any) -> dict[str, Any]:
        with self._lock:
            if "IndexName" not in request:
                return super().query(**request)
            values = request["ExpressionAttributeValues"]
            places, items = self._sorted.get((request["IndexName"], values[":value"]["S"]), ([], []))
            first = bisect_left(places, values[":since"]["S"]) if ":since" in values else 0
            includes = bisect_right if ":since" in values else bisect_left
            end = includes(places, values[":before"]["S"]) if ":before" in values else len(places)
            chosen = items[max(first, end - request["Limit"]) : end][::-1]
            names = request["ExpressionAttributeNames"]
            condition = request.get("FilterExpression")
            if (
                condition == "begins_with(#0, :0)"
            ):  # a thousand at once, which DynamoDB does not take long for
                name, beginning = names["#0"], values[":0"]["S"]
                kept = [each for each in chosen if each[name]["S"].startswith(beginning)]
            else:
                kept = [each for each in chosen if in_memory.holds(condition, each, names, values)]
            answer: dict[str, Any] = {"Items": kept, "Count": len(kept), "ScannedCount": len(chosen)}
            if end - first > request["Limit"]:
                answer["LastEvaluatedKey"] = chosen[-1]
            return answer

    def _read(self, _doing: str, apply: Callable[[], Any]) -> Any:
        return apply()

    def _change(self, _doing: str, apply: Callable[[], Any]) -> Any:
        return apply()

    def __getattribute__(self, name: str) -> Any:
        attribute = super().__getattribute__(name)
        if name not in {"query", "get_item", "batch_get_item", "update_item", "put_item"}:
            return attribute

        def timed(**request: Any) -> Any:
            time.sleep(self.seconds)
            return attribute(**request)

        return timed


def a_file(number: int, opened_at: datetime) -> StoredFile:
    state = (
        State.COMPLETE if number % 50 else (State.FAILED, State.DAMAGED, State.INCOMPLETE)[number // 50 % 3]
    )
    key = f"shop/{opened_at:%Y/%m/%d}/orders-{number:06d}.jsonl"
    head = ObjectHead(ObjectVersion("input", key, "v1", "e"), 1_234_567, "text/plain", opened_at)
    plan = Plan(head, _FORMATS[number % len(_FORMATS)], 0.998)
    rejected = Tally(number % 7, number % 7, number % 7 * 100)
    counts = Counts(Tally(5000, 5000, 1_234_567 - rejected.bytes), rejected)
    account = FileAccount(
        state=state,
        reason=None if state is State.COMPLETE else "the gzip data ends early at byte 1,000",
        revision=3,
        text_bytes=counts.total.bytes,
        splits=1,
        batches=1,
        cut=counts.total,
        summary=Summary(1, done=1, counts=counts),
        used=Used(5200, 6, 1, 2, 900),
    )
    return StoredFile(plan, account, opened_at, opened_at + timedelta(seconds=3 + number % 5))


def filled() -> tuple[Store, str]:
    """A ledger, and the id of its file of very many batches."""
    in_memory.PAGE_ITEMS = _ITEMS_A_PAGE  # type: ignore[misc]
    store, now = Store(), datetime.now(UTC)
    ledger, statistics = DynamoLedger(store, LEDGER), DynamoStatistics(store, LEDGER)
    table = store.table(LEDGER)
    slots = set()
    for number in range(FILES):
        file = a_file(number, now - OVER * (number / FILES) - timedelta(minutes=1))
        item = plan_items.from_plan(file.plan) | ledger_items.from_account(
            file.plan.file_id, file.account, file.settled_at or now
        )
        item |= {"pk": file.plan.file_id, "sk": "file", "opened_at": file.opened_at.isoformat()}
        item["opened"] = opened_position(file.opened_at, file.plan.file_id)
        table.put(
            (file.plan.file_id, "file"),
            {name: typed(each) for name, each in item.items() if each is not None},
        )
        row = row_of(file)
        slots.add(row.slot)
        statistics.put_row(row)
    for slot in slots:
        statistics.touch(slot, now - timedelta(hours=1))
    large = large_file(ledger, now)
    store.sort()
    return store, large


def large_file(table: DynamoLedger, now: datetime) -> str:
    batch, split_bytes = 600_000, BATCHES_A_SPLIT * 600_000
    version = ObjectVersion("input", "shop/large.jsonl", "v1", "e")
    head = ObjectHead(version, SPLITS * split_bytes, "text/plain", now)
    plan = Plan(head, "json", 1.0, shards=256, limits=Limits(split_bytes=split_bytes))
    ledger = Ledger(table, lambda: now)
    ledger.open(plan)
    for split in range(SPLITS):
        start = split * split_bytes
        marks = {}
        for number in range(BATCHES_A_SPLIT):
            rejected = Tally(1, 1, 100) if (split * 7 + number) % 97 == 0 else Tally()
            counts = Counts(Tally(4000, 4000, batch - rejected.bytes), rejected)
            marks[number] = Mark.done(counts, start + number * batch, "0" * 8)
            table.raise_mark(plan.file_id, split, number, marks[number], None)
        total = sum((mark.total for mark in marks.values()), Tally())
        seal = Seal(split, start, start + split_bytes, BATCHES_A_SPLIT, total, split == SPLITS - 1)
        table.put_seal(plan.file_id, seal, None)
        table.put_summary(plan.file_id, split, summary_of(split, marks, seal))
    ledger.settle_anew(plan.file_id)
    return plan.file_id
