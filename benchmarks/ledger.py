"""`python -m benchmarks.ledger`: units of DynamoDB that the ledger takes, for files of few and of many splits and batches.

Each split is cut and each batch is done as the functions do it, in an order drawn from a seed, against a DynamoDB in
memory that counts as AWS bills: no clock, so that the figures are the same on every machine.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Final, NamedTuple

from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.marks import Counts, Mark, Tally
from chalicelib.core.ledger.seals import Seal
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.ledger import Ledger
from tests.metered import MeteredDynamoDB

SPLITS: Final = (16, 256, 4_096, 16_384)
BATCHES: Final = (16, 256, 1_024, 4_096)
_WHEN: Final = datetime(2026, 3, 1, tzinfo=UTC)
_BATCH_BYTES: Final = 100
_DIGEST: Final = "x" * 8


class Units(NamedTuple):
    """Of one file, from its opening until it is COMPLETE."""

    reads: int
    writes: int


def units_of(splits: int, batches: int = 1, *, parallel: bool = True, seed: int = 1) -> Units:
    """batches: of each split. Raises AssertionError where the file does not end as it should."""
    size = batches * _BATCH_BYTES
    head = ObjectHead(ObjectVersion("logs", "a.log", "v1", "e"), splits * size, "text/plain", _WHEN)
    plan = Plan(head, "text", 0.1, limits=Limits(split_bytes=size), parallel=parallel)
    client = MeteredDynamoDB()
    ledger = Ledger(DynamoLedger(client, "ledger"), lambda: _WHEN)
    ledger.open(plan)
    for split, batch in _steps(splits, batches, Random(seed), parallel=parallel):
        ledger.read_file(plan.file_id) if batch is None else ledger.read_leaf(plan.file_id, split, batch)
        if batch is None:
            ledger.read_seal(plan.file_id, split)
            ledger.record_seal(plan, _seal(split, splits, batches))
        else:
            start = split * size + batch * _BATCH_BYTES
            mark = Mark.done(Counts(parsed=Tally(2, 2, _BATCH_BYTES)), start, _DIGEST)
            ledger.record_mark(plan.file_id, split, batch, mark, None)
    units = Units(client.reads, client.writes)
    stored = ledger.read_file(plan.file_id)
    assert stored is not None, "its item is gone"
    account = stored.account
    assert (account.state, account.splits, account.summary.done) == (
        State.COMPLETE,
        splits,
        splits * batches,
    ), account
    return units


def _seal(split: int, splits: int, batches: int) -> Seal:
    size = batches * _BATCH_BYTES
    total, is_last = Tally(2 * batches, 2 * batches, size), split == splits - 1
    return Seal(split, split * size, (split + 1) * size, batches, total, is_last, digests=_DIGEST * batches)


def _steps(splits: int, batches: int, random: Random, *, parallel: bool) -> list[tuple[int, int | None]]:
    """Seals (None) and batches, in any order; those of a text that is cut in sequence are sealed in it."""
    seals = [(random.uniform(0, splits) if parallel else split, split, None) for split in range(splits)]
    marks = [
        (random.uniform(0 if parallel else split, splits), split, batch)
        for split in range(splits)
        for batch in range(batches)
    ]
    return [(split, batch) for _, split, batch in sorted([*seals, *marks], key=lambda step: step[0])]


def main() -> None:
    print("units of the ledger                       reads   writes   reads against the first")
    for name, parallel in (("cut in parallel", True), ("cut in sequence", False)):
        _table(f"a split, {name}", {n: (units_of(n, parallel=parallel), n) for n in SPLITS}, "splits")
    _table("a batch of one split", {n: (units_of(1, n), n) for n in BATCHES}, "batches")


def _table(title: str, measured: dict[int, tuple[Units, int]], unit: str) -> None:
    first = None
    for number, (units, parts) in measured.items():
        reads, writes = units.reads / parts, units.writes / parts
        first = first or reads
        print(f"{title}: {number:>6,} {unit:8} {reads:>8.2f} {writes:>8.2f} {reads / first:>10.2f} x")


if __name__ == "__main__":
    main()
