"""The page of costs, with the figures that `froe estimate` gives.

python -m froe.costs_page > docs/costs.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template
from typing import Final

from froe.costs import Estimate, Sample, Stored, dollars, estimates, idle, stored_bytes, sweeps, used
from froe.estimating import measure, ordinary_source
from froe.prices import Prices, read_prices

_STAGES: Final = {"1 GB a day": 1, "10 GB a day": 10, "1 TB a day": 1000}
_SWEPT: Final = {
    "100,000 objects": (100_000, 100_000, 15_000),
    "10 million objects": (10_000_000, 1_000_000, 150_000),
}
_NEW_TABLE: Final = 4000
"""Write units a second."""
_PAGE: Final = Template(
    """\
# What it costs

On-demand prices of us-east-1, as AWS published them in 2026, without free tiers and taxes. This page is made by the code of
`froe estimate` (`make docs`), which measures logs of your own (lines, sizes, compression, small files) and takes your
prices. It needs no stage:

```
froe estimate /var/log/nginx --gb-per-day 20
froe estimate s3://old-logs/web/ --gb-per-day 20 --prices my-prices.toml --json
```

A model, no bill: the metrics `WriteUnits`, `Lines` and `TextBytes` ([observability.md](observability.md#metrics)) say what
really happened.

## An access log

$lines lines a GB, in files of 64 MiB. Dollars for a GB of text, by service, and for keeping it and its records for a month (table,
recovery, input object):

$processing

**In one sentence**: you pay for DynamoDB write units, one for each started KB of an item. In the layout `items` each entry is
an item; in `packed` the entries of a batch lie compressed in a few.

Dollars a month, records and objects kept for 30 days:

$months

| assumption | from |
|---|---|
| a batch is a message: sent and received for each started 64 KiB, deleted once | measured, message by message |
| the ledger takes 1.1 write units a batch, and 12 a file | counted by a test |
| a member of an archive takes one write of the ledger more than a file does, an empty one two in all | counted by a test |
| a worker writes 12,000 items a second at 1,769 MB, and parses and packs 40,000 entries | `make bench`, the slower half |
| a splitter reads 75 MB/s on one connection | S3: 85 to 90 MB/s |
| a file takes half a second of functions beside its text | measured locally |
| an invocation of a worker logs 2.5 KB, metrics included; Lambda traces 5 % | measured; default |
| DynamoDB adds 100 bytes to an item for what is stored; recovery costs by size, whatever `RecoveryDays` says | AWS |

**Small files** cost by their number: a file some $$$file, whatever its size; a million small files are $$$million.

**While nothing comes** you pay what is stored, and $$$standing a month: polling, key, alarms, dashboard, metrics (some of
each are free in an account).

## The sweeper

Every `SWEEP_MINUTES` it lists the input bucket and asks the ledger for what it does not know to be opened. What a round
through the listing has found known is not asked for by the next ones, but for one full round a day (S3 counts a multipart
upload from its beginning, so that an object can come later than its time says). Reads are eventually consistent, and
confirmed only where an object seems to be new.

$sweeper

A page of the listing is read in 2 seconds on the average, which bounds its cost: a bucket of 10 million versions takes 5 to
6 hours a round, which is then how long an object that was never announced may wait to be found.

## What moves the bill

| knob | effect |
|---|---|
| [`RecordsLayout`](#the-layout-of-the-records) | `packed` takes a small part of the write units and of the space of `items` |
| [filters](custom-formats.md#filters) | a filtered entry is counted, and not stored: no write unit |
| `RETENTION_DAYS` | records expire, which costs nothing; without it the table grows forever, and storing soon costs more than writing |
| `RecordsMaxWriteUnits` | bounds the dollars of an hour: 4,000 units a second are at most $$9.00, 20,000 at most $$45.00. More work waits in the queue |
| `ArchiveAfterDays`, `InputExpiryDays` | input objects in Glacier, or gone |
| `TRACING=off`, `TraceRate`, `LogRetentionDays` | cents |
| `DataEventsTrail`, `ReplicaBucketArn`, `AccessLogsBucket` | off unless you say so; each costs by requests or by bytes |
| `froe forget` | a deleted item costs a write unit, as it did to write it |

## The layout of the records

`items` stores each entry as an item; `packed` stores the entries of a batch as one to three compressed items. Of a GB of that
access log:

$layouts

A program of yours that reads the table queries items; segments it unpacks ([contract](architecture.md#records-table)), or it
asks the status API.

Take `packed` wherever there is much to write: it is what `prod` ships with. Take `items` where people look into the table
itself, in the console or with queries of their own, and where files are few: `dev` and a local stage do. The status API and
the command line answer the same from both; a page of records of a packed file unpacks its segments, which takes some
milliseconds.

A stage may change its layout at any time: `RecordsLayout` in `infra/parameters/STAGE.json`, then `froe deploy`. It holds for
files that are opened from then on; those that were opened before keep theirs, whether they are under way, redriven or
done. `layout` of a [`[[bind]]`](custom-formats.md#a-key-prefix-bound-to-a-format) says otherwise for a prefix.

## Parquet beside the table, or instead of it

With `Sink` `parquet` each batch is a Parquet object in the results bucket as well, for a put (half a cent a GB), a get when it is
[merged](query.md#what-is-merged-when), and a seventh of the text in S3, and [SQL](query.md#what-a-stage-has-in-its-sink) reads it. With `RecordsLayout` `none` beside it the table holds nothing but
the ledger: the cheapest way to keep logs of which one asks questions, and single records seldom. The status API shows
records of such files too: it reads the objects of their batches, a tenth of a megabyte each, or what these are merged into, 8 to 16 MB. Objects expire by
`ResultsExpiryDays`; `RETENTION_DAYS` is of items.

## What a file really used

`froe status FILE_ID` and `GET /files/{file_id}` tell it (`used`), and the command line what it costs at the prices of
`froe/prices.toml` (`cost`; null for files of earlier versions):

| | counts |
|---|---|
| `write_units` | of the records, as DynamoDB counts them (where its answer does not say, as on a local AWS, one for each started KB of an item), and one for each mark |
| `queue_requests` | of each message of a split or a batch that was queued, by its size: sent, received, deleted; had it come once |
| `object_reads`, `s3_requests` | how often the object was read, and with what it was asked for besides |
| `object_writes` | Parquet objects of the sink, one a batch |
| `seconds` | of functions, as measured: until a file was opened, a split cut, a batch written |

It includes what is written again, where a batch took several attempts for lack of time. It rides on writes that happen anyway:
an attempt that was killed, a repeat that found all done, and a failed attempt to cut are missing, and so are the ledger's writes
for a file as such (some 12 units), logs, traces, requests of functions and what is stored. It is no part of the account, and
nothing depends on it. The dollars take functions as they ship (1,769 MB).

## When it is the wrong tool

1 TB a day is 46,300 lines a second on average. As `items` that is more than the default quota of a DynamoDB table (40,000 write
units a second), and a bill as above: take `packed`. Where nobody asks for single lines take
`none` and `parquet`. The naive design, a message and a put for every line with everything traced, is $$6.64 a GB.
"""
)


def page() -> str:
    """The whole page, in Markdown."""
    prices = read_prices()
    sample = measure([ordinary_source()]).sample
    stages = {name: estimates(sample, prices, gb_per_day=gb, kept_days=30) for name, gb in _STAGES.items()}
    ordinary = stages["1 GB a day"]
    a_file = sum(dollars(_of_a_file(), prices).values())
    return _PAGE.substitute(
        lines=f"{sample.lines * 1e9 / sample.text_bytes / 1e6:.1f} million",
        processing=_processing(ordinary),
        layouts=_layouts(sample, ordinary),
        months=_months(stages),
        file=f"{a_file:.5f}",
        million=f"{a_file * 1e6:,.0f}",
        standing=f"{sum(dollars(idle(), prices).values()):.2f}",
        sweeper=_sweeper(prices),
    )


def _processing(found: Sequence[Estimate]) -> str:
    services = list(found[0].processing)
    rows = [
        [_named(each), f"{each.write_units_per_gb:,.0f}", *(f"{each.processing[name]:.4f}" for name in services),
         f"**{each.dollars_per_gb:.3f}**", f"{each.kept:.2f}"]
        for each in found
    ]  # fmt: skip
    return _table(["records", "write units", *services, "all", "kept a month"], rows)


def _layouts(sample: Sample, found: Sequence[Estimate]) -> str:
    lines_per_gb = sample.lines * 1e9 / sample.text_bytes
    units = [each.write_units_per_gb for each in found]
    stored = [sample.layouts[each.layout] for each in found]
    rows = [
        ["write units, of records and ledger", *(f"{each / 1e6:.2f} million" for each in units)],
        ["dollars for them", *(f"{each.processing['DynamoDB']:.2f}" for each in found)],
        [
            "lines a second that a new table takes (4,000 units)",
            *(f"{_NEW_TABLE * lines_per_gb / each:,.0f}" for each in units),
        ],
        ["bytes stored, a line", *(f"{stored_bytes(each) / sample.lines:.0f}" for each in stored)],
    ]
    return _table(["", *map(_named, found)], rows)


def _months(stages: Mapping[str, Sequence[Estimate]]) -> str:
    rows = [[name, *(f"{each.dollars_per_month:,.0f}" for each in found)] for name, found in stages.items()]
    return _table(["text", *map(_named, next(iter(stages.values())))], rows)


def _named(each: Estimate) -> str:
    """Where records go."""
    names = (each.layout, each.sink)
    return " and ".join(name for name in names if name != "none")


def _sweeper(prices: Prices) -> str:
    rows = []
    for name, (versions, recent, new_per_day) in _SWEPT.items():
        bill = dollars(sweeps(versions, recent, new_per_day), prices)
        rows.append([name, f"{recent:,}", *(f"{bill[service]:.2f}" for service in ("S3", "DynamoDB"))])
    return _table(["bucket", "of the last `SWEEP_DAYS`", "listings, $ a month", "reads, $ a month"], rows)


def _of_a_file() -> dict[str, float]:
    """What a file uses beside its lines."""
    return used(Sample(1, 0, 0, 0, 0, 0, 0, {"items": Stored()}), "items")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(page(), end="")
