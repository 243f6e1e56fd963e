"""A file's account as people read it: what it is, its bar, and its table of entries, lines and bytes."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

import click

from chalicelib.core.decoding.guessing import on_guess
from chalicelib.core.decoding.text import UTF_8
from chalicelib.core.plan.lanes import DEFAULT
from froe.costs import dollars_of_file
from froe.inquiry import SETTLED_BADLY, ItemJson
from froe.prices import read_prices
from froe.shares import bytes_of, drawn, legend, percent
from froe.terminal import printable, sized

_BAR_MAX: Final = 100
_LABEL_CHARS: Final = 10


def account_lines(file: ItemJson, width: int) -> Iterator[str]:
    """With colours; width: in columns, of which the bar takes 100 at most."""
    colour = "red" if file["state"] in SETTLED_BADLY else "green" if file["state"] == "COMPLETE" else "yellow"
    yield _line("file", file["file_id"])
    yield _line("object", printable(f"s3://{file['bucket']}/{file['key']}"))
    yield _line("version", printable(file["version_id"] or f"ETag {file['etag']}"))
    yield _line("size", f"{sized(file['size'])}, changed {file['last_modified']}")
    yield _line("state", click.style(file["state"], fg=colour, bold=True))
    if file["reason"]:
        yield _line("reason", printable(file["reason"]))
    yield from _lines_on_generations(file)
    if file.get("archive"):
        yield _line("members", f"froe status {file['file_id']} --members")
    elif member := file.get("member"):
        yield _line("archive", f"{member['file_id']}, of which it is member {member['ordinal']:,}")
    yield from _lines_on_content(file)
    unknown = "of unknown size: not all of it could be read" if file["settled_at"] else "not known yet"
    text_bytes = unknown if file["text_bytes"] is None else f"{file['text_bytes']:,} bytes"
    yield _line("text", text_bytes)
    yield _line(
        "times",
        f"opened {file['opened_at']}, " + (f"settled {file['settled_at']}" if file["settled_at"] else "…"),
    )
    if file["trace_url"]:
        yield _line("trace", file["trace_url"])
    if file["used"]:
        yield _line("used", _used(file["used"]))
        yield _line("cost", f"about ${_small(dollars_of_file(file['used'], read_prices()) or 0)} to take it")
    yield ""
    if any(amounts := bytes_of(file)):
        yield f"{drawn(amounts, min(width, _BAR_MAX) - 6)} {percent(amounts):>5}"
        yield legend(amounts)
        yield ""
    yield (f"{'':<22}{'entries':>12}{'lines':>12}{'bytes':>16}")
    tallies = _tallies(file)
    yield from (_tally(label, tally) for label, tally in tallies.items())
    sums = {unit: sum(tally.get(unit, 0) for tally in tallies.values()) for unit in ("lines", "bytes")}
    yield _tally("in all", sums)


def _tallies(file: ItemJson) -> dict[str, Mapping[str, int]]:
    """The parts of the text by what became of them; they add up to what is known of it."""
    tallies = {outcome: file[outcome] for outcome in ("parsed", "rejected")}
    tallies |= {f"skipped: {reason}": tally for reason, tally in sorted(file["skipped"].items())}
    tallies |= {
        outcome: file[outcome] for outcome in ("pending", "dead", "discarded") if any(file[outcome].values())
    }
    rest = (file["text_bytes"] or 0) - sum(tally["bytes"] for tally in tallies.values())
    return tallies | ({"not cut yet": {"bytes": rest}} if rest > 0 else {})


def folded(line: str, width: int) -> str:
    """A line of the account in so many columns: its value goes on under its beginning."""
    if len(line) <= width or len(click.unstyle(line)) <= width:
        return line
    room = max(width - _LABEL_CHARS, 1)
    value = textwrap.wrap(line[_LABEL_CHARS:], room, break_on_hyphens=False)
    return line[:_LABEL_CHARS] + f"\n{'':{_LABEL_CHARS}}".join(value)


def _lines_on_content(file: ItemJson) -> Iterator[str]:
    if file.get("lane", DEFAULT) != DEFAULT:
        yield _line("lane", printable(file["lane"]))
    if file.get("charset_guess"):
        yield _line("charset", printable(on_guess(file["charset_guess"])))
    elif file.get("charset") not in (None, UTF_8):
        yield _line("charset", printable(file["charset"]))
    if file["format"]:
        second = f"; next {file['runner_up']}, {file['runner_up_score']}" if file["runner_up"] else ""
        yield _line("format", printable(f"{file['format']} (score {file['format_score']}{second})"))
    if file.get("configuration"):
        yield _line("config", f"version {file['configuration']}")


def _used(used: Mapping[str, float]) -> str:
    counts = (
        ("write_units", "write unit"),
        ("queue_requests", "queue request"),
        ("s3_requests", "S3 request"),
    )
    named = (f"{used[name]:,} {unit}{'' if used[name] == 1 else 's'}" for name, unit in counts)
    return f"{', '.join(named)}, functions {used['seconds']:,.1f} s"


def _small(amount: float) -> str:
    """Two digits of it that are no zeros, and at least cents: 0.000031."""
    decimals = 2 if amount <= 0 else max(2, 1 - math.floor(math.log10(amount)))
    return f"{amount:.{decimals}f}"


def _lines_on_generations(file: ItemJson) -> Iterator[str]:
    """Dead letters are those of the current one; an archive's are its members'."""
    if file["state"] == "INCOMPLETE" and not file.get("archive"):
        generation = f"~{file['generation']}" if file.get("generation") else ""
        yield _line("more", f"froe dead-letters --file {file['file_id'].partition('~')[0]}{generation}")
    if again := _generations_text(file):
        yield _line("again", printable(again))


def _generations_text(file: ItemJson) -> str | None:
    """None of a file that was read once."""
    if number := file.get("next_generation"):
        return f"being read again as generation {number}: froe status {file['file_id']}~{number}"
    if file.get("given_up"):
        return f"reading it again was given up: {file['given_up']}"
    return f"this is generation {file['generation']} of it" if file.get("generation") else None


def _line(label: str, value: str) -> str:
    return f"{label:<{_LABEL_CHARS}}{value}"


def _tally(label: str, tally: Mapping[str, int]) -> str:
    entries, lines = (f"{tally[unit]:,}" if unit in tally else "" for unit in ("entries", "lines"))
    return f"{label:<22}{entries:>12}{lines:>12}{tally['bytes']:>16,}"
