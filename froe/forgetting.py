"""Forgets one file: its records, its account, its dead letters and their messages, and its object if told to.

Promise: what is said to be gone is gone from the tables and buckets, and does not come back: until every message about
the file has expired, and the sweeper looks at its object no more, the ledger remembers that it was forgotten. Running
it again takes what was left. Limits: only what has settled; backups, logs and mails are not reached (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.aws.ledger_items import from_account, from_rereading
from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.plan_items import from_plan
from chalicelib.aws.removal import Places, Removal
from chalicelib.core.ledger.accounts import account_of
from chalicelib.core.ledger.generations import has_entry_of_its_own, named, parted
from chalicelib.core.plan import ObjectVersion, failed_plan
from chalicelib.core.plan.afterwards import FORGOTTEN
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records import typed
from chalicelib.ledger import StoredFile, opened_position
from froe.errors import FroeError

REASON: Final = FORGOTTEN
MESSAGES_LIVE: Final = timedelta(days=30)
"""Longer than a message can: 4 days in its queue, 14 in the dead-letter queue."""
_GONE: Final = ("404", "412", "NoSuchKey", "NoSuchVersion", "PreconditionFailed")


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
        self._removal = Removal(dynamodb, s3, places)
        self._ledger = DynamoLedger(dynamodb, places.ledger_table)
        self._memory = max(MESSAGES_LIVE, timedelta(days=sweep_days + 1))

    def find(self, file_id: str) -> StoredFile:
        """The file, as it may be forgotten. FroeError if there is none, or if work on it is under way."""
        stored = self._ledger.read_file(file_id)
        if stored is None:
            raise FroeError(f"No file has the id {file_id!r}: `froe status` lists those known.")
        if has_entry_of_its_own(file_id):
            raise FroeError(
                f"{file_id} is a generation of {parted(file_id)[0]}: forget the file, and all of them go."
            )
        if stored.rereading.under_way:
            raise FroeError(
                f"{file_id} is being read again: wait until that is settled, or give it up"
                f" (`froe reprocess --give-up {file_id}`), then forget it."
            )
        if not stored.account.state.settled:
            raise FroeError(
                f"{file_id} is {stored.account.state}: what is under way would be written again. "
                f"Wait until it is settled (`froe status {file_id}`), then forget it."
            )
        return stored

    def forget(self, stored: StoredFile, now: datetime, *, with_object: bool) -> Forgotten:
        """Remove everything, of an archive its members first; FroeError if the file changed since it was found."""
        plan = stored.plan
        if plan.object.member and with_object:
            raise FroeError(
                f"{plan.file_id} is a member of an archive, whose object holds others too: forget it without --object, or"
                f" the archive with it (`froe forget {plan.object.member.archive.version.file_id} --object`)."
            )
        inner = [self.forget(member, now, with_object=False) for member in self._members(stored)]
        until = now + self._memory
        self._remember(stored, now, until)
        deleted = self._delete_object(plan.object) if with_object else None
        records, rejects = self._removal.records(plan)
        if plan.layout is Layout.NONE:
            counts = stored.account.summary.counts
            records, rejects = records + counts.parsed.entries, rejects + counts.rejected.entries
        parquet_objects = self._removal.rows(plan, stored.account.splits)
        letters, messages, items = self._removal.account(plan.file_id, until)
        for number in range(stored.rereading.last + 1):
            former = self._ledger.read_file(named(stored.file_id, number))
            if former is not None and number != plan.generation:
                self._removal.remove(former.plan, former.account.splits)
        return Forgotten(
            file_id=stored.file_id,
            object=str(plan.object),
            records=records + sum(each.records for each in inner),
            rejects=rejects + sum(each.rejects for each in inner),
            parquet_objects=parquet_objects + sum(each.parquet_objects for each in inner),
            dead_letters=letters + sum(each.dead_letters for each in inner),
            messages=messages + sum(each.messages for each in inner),
            ledger_items=items + sum(each.ledger_items for each in inner),
            object_deleted=deleted,
            remembered_until=until,
        )

    def _members(self, stored: StoredFile) -> Iterator[StoredFile]:
        """Those of an archive. One of which work is under way, since the archive could not be read to its end, is an
        error."""
        split = 0
        while file_ids := self._ledger.read_members(stored.file_id, split):
            yield from (self.find(file_id) for file_id in file_ids if self._ledger.read_file(file_id))
            split += 1

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
            generation=known.generation,
        )
        own = self._ledger.read_file(plan.file_id) if stored.is_replaced else None
        if own is not None:
            self._ledger.retire(own, reason, now, until)
        item = from_plan(plan) | from_account(stored.file_id, account_of(plan, ()), now)
        item |= from_rereading(stored.rereading._replace(given_up=None))
        item |= {
            "pk": stored.file_id,
            "sk": "file",
            "opened_at": stored.opened_at.isoformat(),
            "opened": opened_position(stored.opened_at, stored.file_id),
            "expires_at": int(until.timestamp()),
        }
        try:
            self._dynamodb.put_item(
                TableName=self._places.ledger_table,
                Item={name: typed(value) for name, value in item.items() if value is not None},
                ConditionExpression="revision = :seen AND attribute_not_exists(generation_next)",
                ExpressionAttributeValues={":seen": typed(stored.account.revision)},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise FroeError(
                f"{stored.file_id} has just changed: look at it (`froe status {stored.file_id}`), and try again."
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
