"""The record store against its goals, in one table: what it takes under a table that throttles, what it costs, how fast a
question is answered. Each row has the plain way, an item an entry, beside it.

The throttling is the scenario of the tests, by a simulated clock. CPU times are medians of turns; on a shared machine only
their ratios mean something.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Final

import orjson

from benchmarks.pipeline import ACCESS, HEAD, blocks, median_cpu_seconds, table_process
from chalicelib.aws.clients import make_client
from chalicelib.aws.records_table import DynamoRecords
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.plan.layouts import Layout, Sink
from chalicelib.core.plan.planning import make_plan
from chalicelib.core.records.parquet import merged
from chalicelib.core.records.storable import size_of
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, batch_message, encode_batch
from chalicelib.delivery import Deadline
from chalicelib.worker import Parsed, parsed
from froe.costs import LEDGER_UNITS_A_BATCH, estimates
from froe.estimating import measure, ordinary_source
from froe.prices import read_prices
from froe.querying import StoredTable
from tests.throttling.scenario import MIB, Outcome, Shipped, log_of, play

QUESTION: Final = (
    "select client_address, count(*) as n from records where http_response_status_code = 404 "
    "group by 1 order by 2 desc limit 9"
)
_MERGED_BYTES: Final = 9_000_000
"""Of an object of the sink once batches are merged."""


def main() -> None:
    print(f"{'the record store':58} {'items':>12} {'packed':>12} {'parquet':>12}   goal")
    for layout_row in (_throttled, _priced, _written, _asked):
        layout_row()


def _row(what: str, items: str, packed: str, parquet: str, goal: str) -> None:
    print(f"{what:58} {items:>12} {packed:>12} {parquet:>12}   {goal}")


def _throttled() -> None:
    items, packed = (_played(layout) for layout in (Layout.ITEMS, Layout.PACKED))
    what = "64 MiB log, 1,000 units/s a partition, as shipped:"
    _row(f"{what} dead", f"{items.dead} of {items.batches}", f"{packed.dead} of {packed.batches}", "", "0")
    ratios = f"{items.units_ratio:.3f}", f"{packed.units_ratio:.3f}"
    _row("  write units per unit needed", *ratios, "", "<= 1.05 in both")


def _played(layout: Layout) -> Outcome:
    logging.getLogger("froe").setLevel(logging.CRITICAL)
    return play(log_of(64 * MIB), Shipped.read(), layout=layout)


def _priced() -> None:
    measured = measure([ordinary_source()])
    prices = {
        (each.layout, each.sink): each.dollars_per_gb
        for each in estimates(measured.sample, read_prices(), gb_per_day=1, kept_days=30)
    }
    dollars = (
        prices[Layout.ITEMS, Sink.NONE],
        prices[Layout.PACKED, Sink.NONE],
        prices[Layout.NONE, Sink.PARQUET],
    )
    items, packed, parquet = (f"{each:.3f}" for each in dollars)
    _row(
        "dollars per GB of access log, without storage",
        items,
        packed,
        parquet,
        "packed <= 0.18, parquet <= 0.05",
    )


def _written() -> None:
    """What a worker does with each batch, the table being a process of its own; of Parquet without its writing to S3."""
    bodies, lines = _bodies(), ACCESS.count(b"\n")
    with table_process():
        records = DynamoRecords(make_client("dynamodb", connections=10), "records", threads=8)
        ways: list[Callable[[], object]] = [partial(_write_all, records, bodies, layout) for layout in Layout]
        seconds = dict(zip(Layout, median_cpu_seconds(*ways), strict=True))
    layouts = (Layout.ITEMS, Layout.PACKED, Layout.NONE)
    units = [
        (_units_of(bodies, each) + LEDGER_UNITS_A_BATCH * len(bodies)) * 1e9 / len(ACCESS) for each in layouts
    ]
    rates = [4e12 / each / len(ACCESS) * lines for each in units]
    share = [seconds[each] / seconds[Layout.ITEMS] for each in layouts]
    _row("write units per GB, records and ledger", *(f"{each:,.0f}" for each in units), "packed <= 200,000")
    _row(
        "lines/s of one file that 4,000 units/s allow",
        *(f"{each:,.0f}" for each in rates),
        "packed >= 80,000",
    )
    _row("worker CPU a record, against items", *(f"{each:.2f}" for each in share), "packed <= 0.6")


def _asked() -> None:
    """Over 1 GB of log text in the sink, its objects being here, merged and as batches; and the obvious loop over a tenth of the
    text."""
    batches = [_found_in(body, Layout.NONE).rows or b"" for body in _bodies()]
    times = round(1e9 / len(ACCESS))
    size = sum(map(len, batches))
    together = max(1, round(_MERGED_BYTES / size))
    object_ = merged({f"f-{n:06d}-{m:06d}": rows for n in range(together) for m, rows in enumerate(batches)})
    by_objects = _seconds_of([object_] * round(times / together))
    by_batches = _seconds_of(batches * times)
    begun = time.perf_counter()
    counts: Counter[bytes] = Counter()
    for _ in range(times // 10):
        for line in ACCESS.splitlines():
            fields = line.split(b" ")
            if fields[8] == b"404":
                counts[fields[0]] += 1
    loop = (time.perf_counter() - begun) * 10
    _row(
        "SQL over 1 GB of text, seconds (a loop over the lines)",
        f"{loop:.1f}",
        "",
        f"{by_objects:.2f}",
        "<= 2",
    )
    _row(f"  before its {len(batches) * times:,} batches are merged", "", "", f"{by_batches:.2f}", "")


def _seconds_of(objects: list[bytes]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:06d}.parquet") for number in range(len(objects))]
        for path, data in zip(paths, objects, strict=True):
            path.write_bytes(data)
        begun = time.perf_counter()
        assert list(StoredTable(Path(folder), paths).ask(QUESTION))
        return time.perf_counter() - begun


@cache
def _bodies() -> list[str]:
    plan = make_plan(HEAD, lambda offset: blocks(ACCESS[offset:]), Limits())
    cutter = Cutter(blocks(ACCESS), plan.framing, plan.limits, 0, aligned=True)
    return [encode_batch(batch_message(plan, batch)) for batch in cutter.cut(0)]


def _units_of(bodies: list[str], layout: Layout) -> int:
    """Write units of the records, one for each started KB of an item."""
    items = [item for body in bodies for item in _found_in(body, layout).items]
    return sum(-(-size_of(orjson.loads(item)) // 1024) for item in items)


def _found_in(body: str, layout: Layout) -> Parsed:
    message = decode(body)
    assert isinstance(message, BatchMessage)
    return parsed(replace(message, layout=layout, sink=Sink.PARQUET if layout is Layout.NONE else Sink.NONE))


def _write_all(records: DynamoRecords, bodies: list[str], layout: Layout) -> None:
    """What a worker does with each batch, the ledger apart."""
    for body in bodies:
        items = _found_in(body, layout)
        if layout is not Layout.NONE:
            records.put(items.items, Deadline.after(60), items.first)
