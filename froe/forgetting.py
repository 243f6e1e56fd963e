"""Forgets one file: its records, its account, its dead letters and their messages, and its object if told to.

Promise: what is said to be gone is gone from the tables and buckets, and does not come back: until every message about
the file has expired, and the sweeper looks at its object no more, the ledger remembers that it was forgotten. Running
it again takes what was left. Limits: only what has settled; backups, logs and mails are not reached (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from boto3.dynamodb.table import BatchWriter
from botocore.exceptions import ClientError

from chalicelib.aws.ledger_items import from_account, from_plan, to_file
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.objects import delete_versions
from chalicelib.aws.results import S3Results
from chalicelib.core.accounts import account_of
from chalicelib.core.layouts import Layout, Sink
from chalicelib.core.marks import MARKS_PER_LEAF, Counts, Mark
from chalicelib.core.parquet import former_key, object_key, without
from chalicelib.core.plan import ObjectVersion, Plan, failed_plan
from chalicelib.core.records import partition_key, typed, untyped
from chalicelib.core.segments import SEGMENT
from chalicelib.ledger import StoredFile, opened_position
from froe.errors import FroeError

REASON: Final = "forgotten"
"""How the reason of a file begins that was forgotten."""
MESSAGES_LIVE: Final = timedelta(days=30)
"""Longer than a message can: 4 days in its queue, 14 in the dead-letter queue."""
_DONE: Final = Mark.done(Counts()).encode()
_NONE: Final = {"N": "0"}
"""Of a head that is damaged: that is a reason to forget a file, and must not keep it from being forgotten."""
_GONE: Final = ("404", "412", "NoSuchKey", "NoSuchVersion", "PreconditionFailed")

Key = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Places:
    """The names of the tables and of the quarantine and results buckets of a stage."""

    records_table: str
    ledger_table: str
    quarantine_bucket: str
    results_bucket: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed. parquet_objects: versions in the results bucket, which hold the same records and rejects;
    one that holds those of other files, too, was replaced.
    messages: versions in the quarantine bucket. object_deleted: None if it was not to be.
    remembered_until: when the last trace of the file, that it was forgotten, goes."""

    file_id: str
    object: str
    records: int
    rejects: int
    parquet_objects: int
    dead_letters: int
    messages: int
    ledger_items: int
    object_deleted: bool | None
    remembered_until: datetime


class Forgetting:
    """dynamodb, s3: low-level clients. sweep_days: as the setting."""

    def __init__(self, dynamodb: Any, s3: Any, places: Places, *, sweep_days: int) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._places = places
        self._memory = max(MESSAGES_LIVE, timedelta(days=sweep_days + 1))

    def find(self, file_id: str) -> StoredFile:
        """The file, as it may be forgotten. FroeError if there is none, or if work on it is under way."""
        key = {"pk": {"S": file_id}, "sk": {"S": "file"}}
        answer = self._dynamodb.get_item(TableName=self._places.ledger_table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise FroeError(f"No file has the id {file_id!r}: `froe status` lists those known.")
        stored = to_file({name: untyped(value) for name, value in answer["Item"].items()})
        if not stored.account.state.settled:
            raise FroeError(
                f"{file_id} is {stored.account.state}: what is under way would be written again. "
                f"Wait until it is settled (`froe status {file_id}`), then forget it."
            )
        return stored

    def forget(self, stored: StoredFile, now: datetime, *, with_object: bool) -> Forgotten:
        """Remove everything; FroeError if the file changed since it was found."""
        plan = stored.plan
        until = now + self._memory
        self._remember(stored, now, until)
        deleted = self._delete_object(plan.object) if with_object else None
        records, rejects = self._delete_records(plan)
        if plan.layout is Layout.NONE:
            counts = stored.account.summary.counts
            records, rejects = records + counts.parsed.entries, rejects + counts.rejected.entries
        parquet_objects = self._delete_rows(plan, stored.account.splits)
        letters, messages, items = self._delete_account(plan.file_id, until)
        return Forgotten(
            file_id=plan.file_id,
            object=str(plan.object),
            records=records,
            rejects=rejects,
            parquet_objects=parquet_objects,
            dead_letters=letters,
            messages=messages,
            ledger_items=items,
            object_deleted=deleted,
            remembered_until=until,
        )

    def _remember(self, stored: StoredFile, now: datetime, until: datetime) -> None:
        """In place of the plan and the account: nothing can be read of this file. All that comes late obeys it."""
        reason = f"{REASON} at {now:%Y-%m-%dT%H:%M:%SZ}"
        known = stored.plan  # where its records are stays, for whoever takes what was left
        plan = replace(
            failed_plan(known.head, reason),
            shards=known.shards,
            format=known.format,
            layout=known.layout,
            sink=known.sink,
        )
        item = from_plan(plan) | from_account(plan.file_id, account_of(plan, ()), now)
        item |= {
            "pk": plan.file_id,
            "sk": "file",
            "opened_at": stored.opened_at.isoformat(),
            "opened": opened_position(stored.opened_at, plan.file_id),
            "expires_at": int(until.timestamp()),
        }
        try:
            self._dynamodb.put_item(
                TableName=self._places.ledger_table,
                Item={name: typed(value) for name, value in item.items() if value is not None},
                ConditionExpression="revision = :seen",
                ExpressionAttributeValues={":seen": typed(stored.account.revision)},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise FroeError(
                f"{plan.file_id} has changed in this moment: look at it (`froe status {plan.file_id}`), and try again."
            ) from error

    def _delete_object(self, version: ObjectVersion) -> bool:
        """Whether it was there; of an unversioned key only what was read, not what overwrote it."""
        named = {"Bucket": version.bucket, "Key": version.key}
        exactly = (
            {"VersionId": version.version_id} if version.version_id else {"IfMatch": f'"{version.etag}"'}
        )
        try:
            self._s3.head_object(**named, **exactly)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return False
            raise
        self._s3.delete_object(**named, **exactly)
        return True

    def _delete_records(self, plan: Plan) -> tuple[int, int]:
        """How many records and rejects were deleted, whatever layout they had."""
        records = rejects = 0
        with self._writer(self._places.records_table) as writer:
            for shard in range(plan.shards):
                partition = partition_key(plan.file_id, shard)
                for item in self._items(self._places.records_table, partition, "kind", "records", "rejects"):
                    writer.delete_item(Key=_key(item))
                    kind = item.get("kind", {}).get("S")
                    if kind == SEGMENT:
                        records += int(item.get("records", _NONE)["N"])
                        rejects += int(item.get("rejects", _NONE)["N"])
                    records += kind == "record"
                    rejects += kind == "reject"
        return records, rejects

    def _delete_account(self, file_id: str, until: datetime) -> tuple[int, int, int]:
        """How many dead letters, quarantined messages and other items were deleted. Marks stay as long as the file is
        remembered, emptied: a batch that comes once more is done."""
        letters = messages = others = 0
        table = self._places.ledger_table
        with self._writer(table) as writer:
            for item in self._items(table, file_id):
                kind, _, name = item["sk"]["S"].partition("#")
                if kind == "file":
                    continue
                if kind == "leaf":
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

    def _delete_rows(self, plan: Plan, splits: int) -> int:
        """Since what is claimed is replaced, whatever else it holds, whoever merges rows of this file in this moment has
        to look again, and finds it forgotten."""
        if plan.sink is Sink.NONE:
            return 0
        results = S3Results(self._s3, self._places.results_bucket)
        count = 0
        for key in DynamoLedger(self._dynamodb, self._places.ledger_table).read_all_merged(plan.file_id):
            while True:
                old = results.versioned(key)
                data, seen = old or (None, None)
                if results.replace(key, without(data, plan.file_id), seen):
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

    def _items(self, table: str, partition: str, *attributes: str) -> Iterator[dict[str, Any]]:
        """All items of a partition; of each only these attributes and its key, if any are named."""
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
