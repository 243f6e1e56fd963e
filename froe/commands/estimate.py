"""`froe estimate`: what logs would cost, by layout and service, measured on a sample of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

import click

from chalicelib.aws.clients import make_client
from chalicelib.aws.objects import S3Objects
from froe.backfilling import current_objects
from froe.commands.options import config_of, config_option, json_option
from froe.costs import GB, Estimate, Sample, estimates
from froe.errors import FroeError
from froe.estimating import Measured, Source, measure, ordinary_source, spread
from froe.jsonl import print_json
from froe.log_files import head_of, opener
from froe.prices import read_prices
from froe.terminal import Column, print_table, printable, sized

_LISTED_MAX = 10_000
_SMALL_BYTES = 1_000_000
_FEW_FILES = 3
_FEW_FILES_BYTES = 32 * 1024 * 1024


@click.command()
@click.argument("what", metavar="[PATH...|s3://BUCKET/PREFIX]", nargs=-1)
@click.option(
    "--gb-per-day",
    metavar="N",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Text per day, after decompression.",
)
@click.option(
    "--kept-days",
    metavar="N",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Days for which records and objects are kept.",
)
@click.option(
    "--prices",
    "prices_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A price table in the form of froe/prices.toml.  [default: us-east-1, on demand]",
)
@config_option
@json_option
def estimate(
    *,
    what: Sequence[str],
    gb_per_day: float,
    kept_days: int,
    prices_file: Path | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Estimate what logs would cost, in each layout of the records.

    Reads some of the files in PATH or the objects below s3://BUCKET/PREFIX (20 at most, the first 32 MiB of
    text of each) as the pipeline would, and assumes that the others have the same lines, sizes and
    compression. Each file in an archive counts as a file. Without PATH it assumes an access log of 250-byte lines in files
    of 64 MiB. Files need no AWS.
    """
    if not isfinite(gb_per_day):
        raise click.UsageError(f"--gb-per-day is {gb_per_day}: give a number of GB, such as 12.5.")
    prices = read_prices(prices_file)
    measured = measure(_sources(what), config_of(config_file))
    results = estimates(measured.sample, prices, gb_per_day=gb_per_day, kept_days=kept_days)
    if as_json:
        for each in results:
            print_json(_for_programs(each, measured, gb_per_day, kept_days))
        return
    click.echo(_sentence(measured))
    _print_table(results, gb_per_day, kept_days)


def _sources(what: Sequence[str]) -> Iterator[Source]:
    if not what:
        yield ordinary_source()
    for each in what:
        if each.startswith("s3://"):
            yield from _objects(each)
        else:
            yield from (Source(head_of(path), opener(path)) for path in spread(_files(Path(each))))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else []
    if not files:
        raise FroeError(f"{printable(str(path))} is neither a file nor a folder with files.")
    return files


def _objects(url: str) -> Iterator[Source]:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise FroeError(f"{printable(url)} names no bucket: give s3://BUCKET or s3://BUCKET/PREFIX.")
    client = make_client("s3")
    listed = islice(current_objects(client, bucket, prefix), _LISTED_MAX)
    heads = [each.head for each in listed if not each.is_archived]
    if not heads:
        raise FroeError(f"There is no object below {printable(url)} that can be read.")
    objects = S3Objects(client)
    for head in spread(heads):
        yield Source(head, objects.opener(head))


def _for_programs(each: Estimate, measured: Measured, gb_per_day: float, kept_days: int) -> dict[str, Any]:
    return {
        "layout": each.layout,
        "sink": each.sink,
        "dollars_per_gb": round(each.dollars_per_gb, 6),
        "dollars_per_month": round(each.dollars_per_month, 4),
        "by_service": {name: round(value, 6) for name, value in each.processing.items()},
        "month_by_service": {name: round(value, 4) for name, value in each.month.items()},
        "write_units_per_gb": round(each.write_units_per_gb),
        "lines_per_gb": round(measured.sample.lines * GB / measured.sample.text_bytes),
        "gb_per_day": gb_per_day,
        "kept_days": kept_days,
    }


def _sentence(measured: Measured) -> str:
    sample = measured.sample
    of = ", ".join(sorted(measured.formats, key=lambda name: -measured.formats[name]))
    each = sample.text_bytes / max(sample.lines, 1)
    return (
        f"Measured: {sample.lines:,} lines of {each:,.0f} bytes ({printable(of)}); {sized(sample.text_bytes)} of text,"
        f" {sized(sample.object_bytes)} as objects, of {sized(round(sample.object_bytes / sample.files))} each."
        f"{_warning(sample)}"
    )


def _warning(sample: Sample) -> str:
    """How a small sample affects the figures; empty for a large one. A part of a file counts as large."""
    few = 1 <= sample.files < _FEW_FILES and sample.text_bytes < _FEW_FILES_BYTES
    if sample.text_bytes >= _SMALL_BYTES and not few:
        return ""
    return (
        " This sample is small: what each file costs by itself, however long it is, dominates the figures for a GB."
        " Measure a day's files for yours."
    )


def _print_table(results: Sequence[Estimate], gb_per_day: float, kept_days: int) -> None:
    services = list(dict.fromkeys(name for each in results for name in each.processing))
    columns = [
        Column("layout"),
        Column("sink"),
        Column("write units\na GB", number=True),
        *(Column(f"{name}\n$ a GB", number=True, optional=True) for name in services),
        Column("all\n$ a GB", number=True),
        Column(f"$ a month\nof {gb_per_day:g} GB a day,\nkept {kept_days} days", number=True),
    ]
    rows = [
        [
            each.layout,
            each.sink,
            f"{each.write_units_per_gb:,.0f}",
            *(f"{each.processing[name]:.4f}" for name in services),
            f"{each.dollars_per_gb:.3f}",
            f"{each.dollars_per_month:,.2f}",
        ]
        for each in results
    ]
    print_table(columns, rows)
