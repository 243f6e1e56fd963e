"""``python -m benchmarks.simulate``: how long loads of any size would take on AWS, what it costs, and which limit binds.

The model is in `benchmarks.simulation`; `--page docs` writes docs/scale.md, `--local` compares it with the local AWS.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.simulation import Load, Result, Simulation, Stage
from chalicelib.core.plan.layouts import Layout
from froe.costs import Sample
from froe.estimating import measure, ordinary_source
from froe.terminal import Column, print_table

MB, GB, TB = 10**6, 10**9, 10**12


def evenly(files: int, size: int, seconds: float) -> Callable[[], Iterator[tuple[float, int]]]:
    """So many files of a size, spread over a time."""
    return lambda: ((number * seconds / files, size) for number in range(files))


def burst(
    size: int, a_second: float, factor: int, hours: Iterable[int]
) -> Callable[[], Iterator[tuple[float, int]]]:
    """A steady flow that is `factor` times as much in some of six hours."""
    loud = set(hours)

    def arrivals() -> Iterator[tuple[float, int]]:
        seconds = 0.0
        while seconds < 6 * 3600:
            yield seconds, size
            seconds += 1 / (a_second * (factor if int(seconds // 3600) in loud else 1))

    return arrivals


A_DAY: Final = 86_400
LOADS: Final = (
    Load("1 TB a day in files of 5 MB", evenly(TB // (5 * MB), 5 * MB, A_DAY)),
    Load("one file of 1 TB", evenly(1, TB, 1)),
    Load("one gzip of 20 GB of text", evenly(1, 20 * GB, 1), compressed=True),
    Load("a million files of 10 kB in an hour", evenly(1_000_000, 10_000, 3600)),
    Load("100 GB a day, one hour of six tenfold", burst(5 * MB, 100 * GB / (5 * MB) / A_DAY, 10, [1])),
)
STAGES: Final = (Stage(Layout.ITEMS), Stage(Layout.PACKED), Stage(Layout.PACKED, 40_000, grows=False))
_COLUMNS: Final = (
    "load", "layout", "units/s", "settled after", "a file, median", "slowest", "workers", "splitters",
    "messages waiting", "throttled", "dollars", "what binds",
)  # fmt: skip


def duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"


def row(result: Result, stage: Stage) -> tuple[str, ...]:
    units = f"{stage.table_units:,}" + ("+" if stage.grows else "")
    return (
        result.load, result.layout, units, duration(result.seconds), duration(result.median_seconds),
        duration(result.slowest_seconds), f"{result.peak_workers:,}", f"{result.peak_splitters:,}",
        f"{result.backlog:,}", f"{result.throttled:,}", f"{result.dollars:,.2f}", result.binding,
    )  # fmt: skip


def picture(results: Iterable[Result]) -> str:
    """Lines over time as SVG: messages that wait, each load as high as its most."""
    drawn = list(results)
    width, height, band = 720, 110 * len(drawn) + 10, 110
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    )
    parts = [opening]
    for number, result in enumerate(drawn):
        top, end = number * band + 24, max(result.series[-1][0], 1.0)
        parts.append(
            f'<text x="8" y="{top - 8}" fill="#222">{result.load}: {result.backlog:,} messages wait at most, '
            f"{result.peak_workers} workers, settled after {duration(result.seconds)}</text>"
        )
        for values, colour in (
            ([each[1] for each in result.series], "#c2410c"),
            ([each[3] for each in result.series], "#1d4ed8"),
        ):
            most = max(*values, 1)
            points = " ".join(
                f"{8 + (width - 16) * each[0] / end:.1f},{top + 76 - 74 * value / most:.1f}"
                for each, value in zip(result.series, values, strict=True)
            )
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<line x1="8" x2="{width - 8}" y1="{top + 77}" y2="{top + 77}" stroke="#999"/>')
    return "".join(parts) + "</svg>\n"


def page(done: Iterable[tuple[Result, Stage]]) -> str:
    """The page of docs."""
    lines = [
        "# Scale: what a model of AWS's limits says",
        "",
        "This page is made by `make simulate`. A [discrete-event model](../benchmarks/simulate.py) sends loads through a stage: files",
        "arrive, functions take them within Lambda's limits, and the table takes what DynamoDB takes. The speeds of cutting and parsing are",
        "those of [the cost model](costs.md), the sizes of records are measured on an access log with lines of 250 bytes, and workers,",
        "timeouts and events are those that `froe deploy` chooses. It is a model: nothing here was measured on AWS.",
        "",
        "`units/s` is what the records table takes at the beginning. A new on-demand table (`4,000+`) grows to at most twice its former peak",
        "every half hour; `40,000` is a table that was warmed, with the workers that fit it. A batch is `throttled` here if it had to wait for",
        "the table. Dollars are of all services but what is stored, at the prices of us-east-1.",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|" + "---|" * len(_COLUMNS),
        *("| " + " | ".join(row(*each)) + " |" for each in done),
        "",
        "What to do about a limit that binds: for the write units of the table take the layout `packed`, or [warm it](deployment.md#workers-that-fit-the-table);",
        "for `maximum_concurrency` of a function raise it in `.chalice/config.json`, within the account's concurrency. A file that is not compressed",
        "is cut in parallel by up to `maximum_concurrency` of `queued_splitter`; a compressed one in sequence.",
        "",
        "![Messages that wait (orange) and write units a second (blue) over time, in the layout packed on a new table](pictures/simulated.svg)",
        "",
        "**Checked** by `python -m benchmarks.simulate --local`: the local AWS is measured with a few files, and what the model then says of four",
        "times as many is compared with the run.",
        "",
    ]
    return "\n".join(lines)


def local(sample: Sample) -> None:
    """Measure the local AWS with a few files, then compare four times as many with what the model says of them."""
    from froe.local import LocalStack  # noqa: PLC0415 - needs Chalice

    few, size = 4, 2 * MB
    source = b"".join(itertools.islice(ordinary_source().open(0), 1))
    with LocalStack() as stack, tempfile.TemporaryDirectory() as folder:

        def seconds_of(name: str, files: int, length: int) -> float:
            """Of the upload and all that follows."""
            text = (source * (length // len(source) + 1))[:length]
            place = Path(folder) / name
            place.mkdir()
            for number in range(files):
                (place / f"{number}.log").write_bytes(text[: text.rindex(b"\n") + 1])
            begun = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "froe", "upload", str(place), "--wait"],
                env={**os.environ, **stack.env},
                check=True,
                capture_output=True,
            )
            return time.monotonic() - begun

        seconds_of("warm", 1, 100_000)
        least = seconds_of("least", 1, 1_000)
        measured = seconds_of("few", few, size)
        items = few * size * sample.layouts["items"].write_units / sample.text_bytes
        stage = Stage(Layout.ITEMS, max(1, int(items / max(0.1, measured - least))), grows=False)
        result = Simulation(Load("many", evenly(4 * few, size, 1), ingest="direct"), stage, sample).run()
        real = seconds_of("many", 4 * few, size)
    print(f"a file of 1 kB: {least:.1f} s; {few} of 2 MB: {measured:.1f} s, so {stage.table_units:,} items/s")
    print(
        f"{4 * few} of 2 MB: the model says {least + result.seconds:.1f} s, the local AWS took {real:.1f} s"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a JSON object for each load and stage")
    parser.add_argument("--page", type=Path, help="write the page of docs and its picture to this folder")
    parser.add_argument("--local", action="store_true", help="compare the model with the local AWS instead")
    asked = parser.parse_args(arguments)
    sample = measure([ordinary_source()]).sample
    if asked.local:
        local(sample)
        return
    done = []
    for load, stage in itertools.product(LOADS, STAGES):
        result = Simulation(load, stage, sample).run()
        done.append((result, stage))
        if asked.json:
            values = {
                name: getattr(result, name) for name in Result.__slots__ if name not in ("series", "waits")
            }
            print(
                json.dumps(values | {"table_units": stage.table_units, "binding": result.binding}), flush=True
            )
    if asked.page:
        (asked.page / "scale.md").write_text(page(done), encoding="utf-8")
        shown = [result for result, stage in done if stage == STAGES[1]]
        (asked.page / "pictures" / "simulated.svg").write_text(picture(shown), encoding="utf-8")
    elif not asked.json:
        print_table([Column(name) for name in _COLUMNS], [row(*each) for each in done])


if __name__ == "__main__":
    main()
