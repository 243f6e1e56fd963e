"""Removes what is stored under the id of a file: its records, its rows in the sink, its items in the ledger, and its
quarantined messages. A repeat removes what was left. The file's own item stays: it says why nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.table import BatchWriter

from chalicelib.aws.errors import translated
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.objects import delete_versions
from chalicelib.aws.results import S3Results
from chalicelib.core.ledger.marks import MARKS_PER_LEAF, Counts, Mark
from chalicelib.core.plan import Plan
from chalicelib.core.plan.layouts import Sink
from chalicelib.core.records import partition_key, typed
from chalicelib.core.records.segments import SEGMENT
from chalicelib.delivery import Deadline

_DONE: Final = Mark.done(Counts()).encode()
_NONE: Final = {"N": "0"}
"""For a damaged head: damage is a reason to remove a file, and must not prevent that."""
_CHECK_EVERY: Final = 500
"""Items."""

Key = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Places:
    """The names of the tables and of the quarantine and results buckets of a stage."""

    records_table: str
    ledger_table: str
    quarantine_bucket: str
    results_bucket: str


class Removal:
    """dynamodb, s3: low-level clients."""

    def __init__(self, dynamodb: Any, s3: Any, places: Places) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._places = places

    def remove(self, plan: Plan, splits: int, deadline: Deadline | None = None) -> None:
        """Remove everything stored under the plan's id. splits: of its account. Raises OutOfTimeError if time is short."""
        with translated(f"removing what is stored of {plan.file_id}"):
            self.records(plan, deadline)
            if deadline:
                deadline.check(f"removing the rows of {plan.file_id}")
            self.rows(plan, splits)
            self.account(plan.file_id, None)

    def records(self, plan: Plan, deadline: Deadline | None = None) -> tuple[int, int]:
        """Gives how many records and rejects were deleted, in any layout."""
        records = rejects = looked_at = 0
        with self._writer(self._places.records_table) as writer:
            for shard in range(plan.shards):
                partition = partition_key(plan.file_id, shard)
                for item in self._items(self._places.records_table, partition, "kind", "records", "rejects"):
                    looked_at += 1
                    if deadline and looked_at % _CHECK_EVERY == 0:
                        deadline.check(f"removing the records of {plan.file_id}")
                    writer.delete_item(Key=_key(item))
                    kind = item.get("kind", {}).get("S")
                    if kind == SEGMENT:
                        records += int(item.get("records", _NONE)["N"])
                        rejects += int(item.get("rejects", _NONE)["N"])
                    records += kind == "record"
                    rejects += kind == "reject"
        return records, rejects

    def account(self, file_id: str, until: datetime | None) -> tuple[int, int, int]:
        """Gives how many dead letters, quarantined messages and other items were deleted. until: marks are kept that
        long, emptied, so that a batch that comes again counts as done; None: they are deleted too."""
        letters = messages = others = 0
        table = self._places.ledger_table
        with self._writer(table) as writer:
            for item in self._items(table, file_id):
                kind, _, name = item["sk"]["S"].partition("#")
                if kind == "file":
                    continue
                if kind == "leaf" and until:
                    writer.put_item(Item=_emptied(item, until))
                    continue
                if kind == "dead":
                    letters += 1
                    messages += self._delete_message(name)
                    for noted in self._items(table, f"message#{name}"):
                        writer.delete_item(Key=_key(noted))
                else:
                    others += 1
                writer.delete_item(Key=_key(item))
        return letters, messages, others

    def _delete_message(self, letter_id: str) -> int:
        return delete_versions(self._s3, self._places.quarantine_bucket, f"dead-letters/{letter_id}.json")

    def rows(self, plan: Plan, splits: int) -> int:
        """Gives how many objects of the sink were deleted or replaced. Everything that was claimed is replaced, so a
        compactor that merges rows of this file at the same moment has to look again, and finds them unwanted."""
        if plan.sink is Sink.NONE:
            return 0
        from chalicelib.core.records.parquet import former_key, object_key, without  # noqa: PLC0415 - only a sink pays for it

        results = S3Results(self._s3, self._places.results_bucket)
        count = 0
        for key in DynamoLedger(self._dynamodb, self._places.ledger_table).read_all_merged(plan.file_id):
            while True:
                old = results.versioned(key)
                data, seen = old or (None, None)
                if results.replace(key, without(data, f"{plan.file_id}-"), seen):
                    break
            count += delete_versions(self._s3, self._places.results_bucket, key, but_newest=True)
        named = plan.format, plan.head.last_modified
        prefixes = [
            object_key(*named, f"{plan.file_id}-"),
            *(former_key(*named, f"{plan.file_id}-{split:06d}-") for split in range(splits)),
        ]
        return count + sum(
            delete_versions(self._s3, self._places.results_bucket, prefix.removesuffix(".parquet"))
            for prefix in prefixes
        )

    def waits(self, plan: Plan) -> bool:
        """Whether rows of the plan's generation wait to be merged in the sink."""
        if plan.sink is Sink.NONE:
            return False
        from chalicelib.core.records.parquet import object_key  # noqa: PLC0415 - as above

        prefix = object_key(plan.format, plan.head.last_modified, f"{plan.file_id}-").removesuffix(".parquet")
        return any(True for _ in S3Results(self._s3, self._places.results_bucket).keys(prefix))

    def _items(self, table: str, partition: str, *attributes: str) -> Iterator[dict[str, Any]]:
        """All items of a partition; if attributes are named, only these and the key of each."""
        names = dict(enumerate(("pk", "sk", *attributes))) if attributes else {}
        projection: dict[str, Any] = (
            {
                "ProjectionExpression": ", ".join(f"#{number}" for number in names),
                "ExpressionAttributeNames": {f"#{number}": name for number, name in names.items()},
            }
            if names
            else {}
        )
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
            **projection,
        )
        for page in pages:
            yield from page["Items"]

    def _writer(self, table: str) -> AbstractContextManager[Any]:
        writer: AbstractContextManager[Any] = BatchWriter(table, self._dynamodb)
        return writer


def _key(item: Mapping[str, Any]) -> Key:
    return {"pk": item["pk"], "sk": item["sk"]}


def _emptied(leaf: Mapping[str, Any], until: datetime) -> dict[str, Any]:
    places = [str(place) for place in range(MARKS_PER_LEAF)]
    expiry = {"expires_at": typed(int(until.timestamp()))}
    return {**_key(leaf), **dict.fromkeys(places, typed(_DONE)), **expiry}
