"""Broken rules: each mutant breaks one rule of the design on purpose, and the schedules must notice.

A mutant patches the very method that keeps the rule; where the method is gone the mutant fails, and is to be made anew.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from threading import get_ident
from typing import Any, Final

from chalicelib import handlers
from chalicelib.aws.files_table import DynamoFiles
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.aws.records_writer import RecordsWriter
from chalicelib.core.ledger import summaries
from chalicelib.core.ledger.accounts import SplitAccount
from chalicelib.core.ledger.marks import Mark
from chalicelib.core.plan import ObjectVersion
from chalicelib.healed import Healed
from chalicelib.healer import Healer
from chalicelib.ledger import Ledger
from chalicelib.sealer import Sealer

Patch = tuple[Any, str, Any]


def _mark_before_write() -> list[Patch]:
    """The worker marks a batch, then writes its records."""
    late: dict[int, list[tuple[Any, ...]]] = {}
    put, mark = DynamoRecords.put, Ledger.record_mark

    def put_later(self: DynamoRecords, *arguments: Any) -> int:
        late.setdefault(get_ident(), []).append((self, *arguments))
        return 0

    def mark_first(self: Ledger, *arguments: Any) -> Mark:
        stands = mark(self, *arguments)
        for each in late.pop(get_ident(), []):
            put(*each)
        return stands

    return [(DynamoRecords, "put", put_later), (Ledger, "record_mark", mark_first)]


def _seal_before_send() -> list[Patch]:
    """The splitter seals a split, and what it sends is lost on the way without its noticing."""
    send_group = SqsQueue.send_group

    def send_in_vain(self: SqsQueue, group: Any, deadline: Any) -> None:
        with suppress(Exception):
            send_group(self, group, deadline)

    return [(SqsQueue, "send_group", send_in_vain)]


def _count_up_blindly() -> list[Patch]:
    """Every mark adds to the account, whether its batch was marked before or not."""
    put_account = DynamoFiles.put_account

    def add(self: DynamoFiles, file_id: str, account: Any, now: Any) -> None:
        stored = self.read_file(file_id)
        if stored is not None:
            before = stored.account.summary
            added = replace(before + account.summary, revision=account.summary.revision)
            account = replace(account, summary=added if before.marked else account.summary)
        put_account(self, file_id, account, now)

    return [(DynamoFiles, "put_account", add)]


def _forget_to_look_again() -> list[Patch]:
    """Nobody adds up what somebody marked who died before he did."""

    def nothing(*_: Any, **__: Any) -> None:
        return None

    return [(Ledger, "resettle", nothing), (Ledger, "settle_anew", nothing)]


def _never_sweep() -> list[Patch]:
    """Lost messages are lost."""
    return [(Healer, "heal", lambda *_: Healed())]


def _trust_a_failed_answer() -> list[Patch]:
    """What the records table leaves over is taken for written."""
    unprocessed = RecordsWriter._unprocessed_of

    def none_left(self: RecordsWriter, group: Any, count: Any) -> list[bytes]:
        unprocessed(self, group, count)
        return []

    return [(RecordsWriter, "_unprocessed_of", none_left)]


def _sum_without_comparing() -> list[Patch]:
    """Marks are added up, whatever was cut."""
    return [(summaries, "contradicted", lambda *_: frozenset()), (Mark, "agrees_with", lambda *_: True)]


def _seal_again() -> list[Patch]:
    """Who cuts a split decides where it ends, whatever was sealed before; the cut depends on settings of today."""
    cutter = Sealer.cutter

    def cut_by_today(self: Sealer, plan: Any, *arguments: Any) -> Any:
        return cutter(self, replace(plan, limits=self._opening._limits), *arguments)

    return [(Sealer, "cutter", cut_by_today)]


def _complete_by_number() -> list[Patch]:
    """A split is settled by the number of its marks, wherever they lie."""

    def settled(self: Any) -> bool:
        return self.setback is not None if self.seal is None else self.summary.marked >= self.seal.batches - 1

    return [(SplitAccount, "is_settled", property(settled))]


def _take_a_name_for_the_thing() -> list[Patch]:
    """A file is known by its key alone: another upload of it is taken for the same."""

    def file_id(self: ObjectVersion) -> str:
        named = f"{self.bucket}\0{self.key}"
        return b32encode(sha256(named.encode()).digest()).decode().lower()[:26]

    return [(ObjectVersion, "file_id", property(file_id))]


def _acknowledge_what_failed() -> list[Patch]:
    """A message is let go though its work was not done."""
    consume = handlers.consume

    def let_go(*arguments: Any, **named: Any) -> Any:
        consume(*arguments, **named)
        return {"batchItemFailures": []}

    return [(handlers, "consume", let_go), *_never_sweep()]


MUTANTS: Final[dict[str, Callable[[], list[Patch]]]] = {
    "mark-before-write": _mark_before_write,
    "seal-before-send": _seal_before_send,
    "count-up-blindly": _count_up_blindly,
    "forget-to-look-again": _forget_to_look_again,
    "never-sweep": _never_sweep,
    "trust-a-failed-answer": _trust_a_failed_answer,
    "sum-without-comparing": _sum_without_comparing,
    "cut-by-settings-of-today": _seal_again,
    "complete-but-one": _complete_by_number,
    "a-name-for-the-thing": _take_a_name_for_the_thing,
    "acknowledge-what-failed": _acknowledge_what_failed,
}


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Within, a rule is broken."""
    patches = MUTANTS[name]()
    kept = [(owner, attribute, vars(owner)[attribute]) for owner, attribute, _ in patches]
    for owner, attribute, stand_in in patches:
        setattr(owner, attribute, stand_in)
    try:
        yield
    finally:
        for owner, attribute, former in kept:
            setattr(owner, attribute, former)
