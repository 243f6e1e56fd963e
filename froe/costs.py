"""What a stage costs: billed quantities, extrapolated from a measured sample, times their prices.

A model, not a bill; the metrics `WriteUnits`, `Lines` and `TextBytes` show the real quantities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.core.plan.layouts import Layout, Sink
from froe.prices import Prices

Quantities = Mapping[str, float]
"""Of what AWS bills, by the name of its price."""

DESTINATIONS: Final = (
    (Layout.ITEMS, Sink.NONE),
    (Layout.PACKED, Sink.NONE),
    (Layout.PACKED, Sink.PARQUET),
    (Layout.NONE, Sink.PARQUET),
)
"""Where records may go, of which costs are told."""
GB: Final = 1e9
DAYS_A_MONTH: Final = 30
_FUNCTION_GB: Final = 1769 / 1024
ITEMS_A_SECOND: Final = 12_000
"""That a worker writes on 8 threads: half of what it does with answers in 5 ms (`make bench`)."""
PARSED_A_SECOND: Final = 40_000
"""Entries that a worker parses and packs: the slower half of the formats in `make bench`."""
CUT_BYTES_A_SECOND: Final = 75e6
LEDGER_UNITS_A_BATCH: Final = 1.1
"""A leaf holds the marks of 16 batches in at most 1 KB; splits and sums are a few more."""
_LEDGER_UNITS_A_FILE: Final = 14
"""Its plan, splits, seals, sums and account, in the table and in the indexes; counted by a test."""
_QUEUE_REQUESTS_A_FILE: Final = 4
_GETS_A_FILE: Final = 3
SECONDS_A_FILE: Final = 0.5
_LOGGED_BYTES_A_BATCH: Final = 2500
_LOGGED_BYTES_A_FILE: Final = 3000
_TRACED_SHARE: Final = 0.05
_ADDED_BYTES_AN_ITEM: Final = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
_POLLS_A_MONTH: Final = 1_950_000
"""Lambda's, of three queues that are empty."""
_ALARMS: Final = 39
_METRICS: Final = 35


@dataclass(frozen=True, slots=True)
class Stored:
    """What the records of a text are in the table: items, bytes in them, write units to put them there."""

    items: int = 0
    bytes: int = 0
    write_units: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.items + other.items, self.bytes + other.bytes, self.write_units + other.write_units
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """Some text, measured. object_bytes: as they lie in S3, compressed or not. files: how many objects, or which part
    of one. chunks: of 64 KiB of batch messages. layouts: name → what its records are in the table.
    sink_bytes: of its records as Parquet, an object a batch."""

    files: float
    object_bytes: int
    text_bytes: int
    lines: int
    entries: int
    batches: int
    chunks: int
    layouts: Mapping[str, Stored]
    sink_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars of one layout and sink. processing: of a GB of text, by service, without what is stored; kept: of storing
    that GB and its records for a month; month: of a month, by service, what is stored and what a stage costs while
    nothing comes included."""

    layout: str
    sink: str
    write_units_per_gb: float
    processing: Mapping[str, float]
    kept: float
    month: Mapping[str, float]

    @property
    def dollars_per_gb(self) -> float:
        return sum(self.processing.values())

    @property
    def dollars_per_month(self) -> float:
        return sum(self.month.values())


def estimates(sample: Sample, prices: Prices, *, gb_per_day: float, kept_days: int) -> list[Estimate]:
    """One for each of `DESTINATIONS` whose layout was measured. gb_per_day: text, after decompression. kept_days: how long records and
    objects are kept, 0: forever, of which the first month is told."""
    return [
        _estimate(sample, *each, prices, gb_per_day, kept_days)
        for each in DESTINATIONS
        if each[0] in sample.layouts
    ]


def _estimate(
    sample: Sample, layout: Layout, sink: Sink, prices: Prices, gb_per_day: float, kept_days: int
) -> Estimate:
    a_gb = {name: amount * GB / sample.text_bytes for name, amount in used(sample, layout, sink).items()}
    gb = gb_per_day * DAYS_A_MONTH
    month = Counter({name: amount * gb for name, amount in a_gb.items()})
    month.update(_kept(sample, layout, sink, gb_per_day * (kept_days or DAYS_A_MONTH)))
    month.update(idle())
    month["metrics"] += _METRICS  # counted by the hour in which something comes
    kept = sum(dollars(_kept(sample, layout, sink, 1), prices).values())
    return Estimate(
        layout.value,
        sink.value,
        a_gb["dynamodb-writes"],
        dollars(a_gb, prices),
        kept,
        dollars(month, prices),
    )


def used(sample: Sample, layout: str, sink: Sink = Sink.NONE) -> dict[str, float]:
    """What the pipeline uses to take that text."""
    stored, files, batches = sample.layouts[layout], sample.files, sample.batches
    seconds = (
        sample.text_bytes / CUT_BYTES_A_SECOND
        + max(stored.items / ITEMS_A_SECOND, sample.entries / PARSED_A_SECOND)
        + files * SECONDS_A_FILE
    )
    return {
        "dynamodb-writes": stored.write_units + batches * LEDGER_UNITS_A_BATCH + files * _LEDGER_UNITS_A_FILE,
        "sqs-requests": 2 * sample.chunks
        + batches
        + files * _QUEUE_REQUESTS_A_FILE,  # sent, received; deleted
        "lambda-gb-seconds": seconds * _FUNCTION_GB,
        "lambda-requests": batches + files * _GETS_A_FILE,
        "s3-gets": files * _GETS_A_FILE + (batches if sink is Sink.PARQUET else 0),  # to merge them
        "s3-puts": batches if sink is Sink.PARQUET else 0,
        "logs": (batches * _LOGGED_BYTES_A_BATCH + files * _LOGGED_BYTES_A_FILE) / GB,
        "traces": (batches + files) * _TRACED_SHARE,
    }


def dollars_of_file(used: Mapping[str, float] | None, prices: Prices) -> float | None:
    """Of what a file really used, as the status has it; None where nothing of it is known. Functions as they ship: of
    the same memory as in the estimate."""
    if used is None:
        return None
    quantities = {
        "dynamodb-writes": used["write_units"],
        "sqs-requests": used["queue_requests"],
        "s3-gets": used["s3_requests"],
        "s3-puts": used["object_writes"],
        "lambda-gb-seconds": used["seconds"] * _FUNCTION_GB,
    }
    return sum(dollars(quantities, prices).values())


def _kept(sample: Sample, layout: str, sink: Sink, gb_of_text: float) -> dict[str, float]:
    """What is stored of so much text, for a month."""
    stored, share = sample.layouts[layout], gb_of_text / sample.text_bytes
    gb = stored_bytes(stored) * share
    objects = sample.object_bytes + (sample.sink_bytes if sink is Sink.PARQUET else 0)
    return {"dynamodb-stored": gb, "dynamodb-recovery": gb, "s3-stored": objects * share}


def stored_bytes(stored: Stored) -> int:
    """As DynamoDB bills them."""
    return stored.bytes + stored.items * _ADDED_BYTES_AN_ITEM


def idle() -> dict[str, float]:
    """What a stage uses in a month in which nothing comes."""
    return {
        "sqs-requests": _POLLS_A_MONTH,
        "keys": 1,
        "alarms": _ALARMS,
        "dashboards": 1,
    }


def sweeps(versions: int, recent: int, new_per_day: int) -> dict[str, float]:
    """What the sweeper uses in a month. versions: in the bucket; recent: objects of the last SWEEP_DAYS; new_per_day:
    objects. It lists the bucket each 15 minutes, at most a page in 2 seconds on the average, and asks for all that is
    recent once a day, for what is younger than an hour or so in some sweeps more."""
    pages = versions / 1000
    rounds = min(2880, DAYS_A_MONTH * 86_400 / max(1, 2 * pages))
    reads = DAYS_A_MONTH * (recent + 6 * new_per_day)
    return {"s3-lists": rounds * pages, "dynamodb-reads": reads / 2}


def dollars(quantities: Quantities, prices: Prices) -> dict[str, float]:
    """By service, the dearest first."""
    bill: Counter[str] = Counter()
    for name, amount in quantities.items():
        bill[prices[name].service] += amount * prices[name].dollars / prices[name].per  # type: ignore[assignment]
    return dict(sorted(bill.items(), key=lambda each: -each[1]))
