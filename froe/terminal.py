"""Terminal output: tables and progress with rich, and text that cannot control a terminal.

rich is imported only when something is drawn, so commands that draw nothing work without
it. Progress goes to standard error: a bar on a terminal, elsewhere a line every few seconds.
"""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from froe.watching import Rate, lasting

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.table import Table

CONTROLS: Final = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
"""What a terminal may obey instead of showing it: C0, DEL, C1, and what turns the direction of writing (UAX #9);
as a class of a regular expression."""

_CONTROLS = re.compile(f"[{CONTROLS}]")
_BUT_LINES = re.compile(f"(?!\n)[{CONTROLS}]")

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_WIDTH_OF_FILES: Final = 1_000_000
"""Columns of a table that goes to a file or a pipe: nothing of it is shortened or left out."""
_ID_CHARS: Final = 8
"""Of an id that is shortened, or as many as tell it from others."""

_SHORTEST = 8
_NARROW = 20
_ENOUGH = 32
LINES_SECONDS: Final = 10.0
"""What takes less than that says nothing where there is no terminal."""

_LINES_MAX_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2


def printable(text: str) -> str:
    """`text` on one line, its control characters escaped: a log must not drive the terminal."""
    return _CONTROLS.sub(_escape, text)


def harmless(text: str) -> str:
    """`text` with its lines as they are; its other control characters escaped as JSON and TOML have it."""
    return _BUT_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return {9: " ", 10: "⏎ "}.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def shortened(styled: str, columns: int | None) -> str:
    """A line, with its colours, cut where the terminal ends; None: as it is."""
    if columns is None:
        return styled
    plain = _COLOURS.sub("", styled)
    if plain.isascii() and len(plain) <= columns:
        return styled
    from rich.text import Text  # noqa: PLC0415 - see the docstring of the module

    text = Text.from_ansi(styled, no_wrap=True)
    if text.cell_len <= columns:
        return styled
    from rich.console import Console  # noqa: PLC0415

    text.truncate(columns, overflow="ellipsis")
    console = Console(width=columns, color_system="standard", force_terminal=True)
    with console.capture() as capture:
        console.print(text, end="", soft_wrap=True)
    return capture.get()


def width_of_output(of_files: int) -> int:
    """The columns of the terminal that standard output is; of_files: where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else of_files


def sized(size_bytes: int) -> str:
    """A size for people: 980 B, 1.5 MB."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column. A heading may hold a line break.

    number: aligned right. optional: left out where the table would be too wide, the last one first.
    shrinks: its cells are shortened where even that is not enough, those of the widest columns alike; very wide ones
    are shortened before anything is left out. is_id: first of all its cells become their beginnings, which stand for the
    whole wherever an id is given. is_key: what is cut out of its cells is their middle, as keys differ at their ends.
    """

    heading: str
    number: bool = False
    optional: bool = False
    shrinks: bool = False
    is_id: bool = False
    is_key: bool = False


def print_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, marked: Sequence[bool] = ()
) -> None:
    """Draw a table on standard output; marked rows stand out. In a file or a pipe no blanks follow a line, and the rule ends
    with the heading."""
    from rich.console import Console  # noqa: PLC0415 - see the docstring of the module

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
    table = table_of(columns, rows, console.width, marked=marked)
    if sys.stdout.isatty() or console.color_system:
        console.print(table)
        return
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip(" ") for line in capture.get().split("\n")]
    rule = next((number for number, line in enumerate(lines) if line and not line.strip("─")), None)
    if rule is not None:
        lines[rule] = lines[rule][: max(map(len, lines[:rule]))]
    sys.stdout.write("\n".join(lines))


def table_of(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, *, marked: Sequence[bool] = ()
) -> Table:
    """A table for that many columns of the screen."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - see the docstring of the module
    from rich.cells import cell_len  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    cells = [[printable(cell) for cell in row] for row in rows]

    def widths_of() -> list[int]:
        return [
            max(map(cell_len, (*column.heading.split("\n"), *(row[number] for row in cells))))
            for number, column in enumerate(columns)
        ]

    widths = widths_of()
    needed = [each + 1 for each, column in zip(widths, columns, strict=True) if not column.optional]
    if sum(needed) - 1 > width and any(column.is_id for column in columns):
        for number in (number for number, column in enumerate(columns) if column.is_id):
            for row, beginning in zip(cells, _beginnings([row[number] for row in cells]), strict=True):
                row[number] = beginning
        widths = widths_of()
    fitted = _fitted(columns, widths, width)
    roomy = sum(fitted.values()) + 2 * (len(fitted) - 1) <= width
    padding = (0, int(roomy), 0, 0)
    table = Table(box=SIMPLE_HEAD, padding=padding, pad_edge=False, header_style="bold", show_edge=False)
    for number, room in fitted.items():
        column = columns[number]
        if column.is_key:
            for row in cells:
                row[number] = _without_middle(row[number], room)
        table.add_column(
            column.heading,
            justify="right" if column.number else "left",
            vertical="bottom",
            width=room,
            no_wrap=True,
            overflow="ellipsis",
        )
    for number, row in enumerate(cells):
        style = "bold red" if number < len(marked) and marked[number] else None
        table.add_row(*(Text(row[kept]) for kept in fitted), style=style)
    return table


def _without_middle(text: str, room: int) -> str:
    """The text in so many columns, a third of them for its beginning."""
    from rich.cells import cell_len  # noqa: PLC0415 - see the docstring of the module

    if cell_len(text) <= room:
        return text
    head, tail = text[: max(room - 1, 0) // 3], text[-room:]
    while tail and cell_len(head) + 1 + cell_len(tail) > room:
        tail = tail[1:]
    return f"{head}…{tail}"


def _beginnings(ids: Sequence[str]) -> list[str]:
    """As long as it takes to tell them apart."""
    different, length = len(set(ids)), _ID_CHARS
    while len({each[:length] for each in ids}) < different:
        length += 1
    return [each[:length] for each in ids]


def _fitted(columns: Sequence[Column], widths: Sequence[int], room: int) -> dict[int, int]:
    """Which columns are shown, and how wide, so that they fit with a blank between them."""
    fitted = dict(enumerate(widths))
    least = {
        number: min(width, _NARROW if columns[number].optional else _SHORTEST)
        for number, width in fitted.items()
        if columns[number].shrinks
    }

    def excess() -> int:
        return sum(fitted.values()) + len(fitted) - 1 - room

    def spare() -> int:
        """What shortening gives that hurts less than leaving a column out."""
        floors = {n: width if columns[n].optional else max(width, _ENOUGH) for n, width in least.items()}
        return sum(max(fitted[n] - floor, 0) for n, floor in floors.items() if n in fitted)

    for number in reversed(range(len(columns))):
        if excess() > spare() and columns[number].optional:
            del fitted[number]
    while excess() > 0 and (wide := [n for n in least if n in fitted and fitted[n] > least[n]]):
        widest = max(wide, key=lambda number: fitted[number])
        others = [fitted[number] for number in wide if number != widest]
        floor = max(least[widest], min(fitted[widest] - 1, max(others, default=0)))
        fitted[widest] = max(floor, fitted[widest] - excess())
    return fitted


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being done; without a terminal a new one now and then."""
    if not sys.stderr.isatty():
        with told_in_lines() as lines:
            yield lines.say
        return
    from rich.console import Console  # noqa: PLC0415 - see the docstring of the module

    with Console(stderr=True).status("Starting") as line:
        yield lambda step: line.update(f"{step} …")


class Lines:
    """What is being done, for whoever reads a log: the newest word of it, now and then."""

    def __init__(self, first_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._next = first_seconds
        self._text = ""

    def say(self, text: str) -> None:
        self._text = text

    def due(self) -> str | None:
        """The line that is to be written by now, if one is; later ones take ever longer, a minute at most."""
        seconds = self._clock() - self._begun
        if not self._text or seconds < self._next:
            return None
        self._next = seconds + min(max(LINES_SECONDS, seconds / 6), _LINES_MAX_SECONDS)
        return printable(f"[{seconds:.0f} s] {self._text}")


@contextmanager
def told_in_lines(first_seconds: float | None = None) -> Iterator[Lines]:
    """Writes to standard error while the block runs, whatever holds the block up; quick work says nothing."""
    lines = Lines(LINES_SECONDS if first_seconds is None else first_seconds)
    done = threading.Event()

    def write() -> None:
        while not done.wait(_LOOK_SECONDS):
            if line := lines.due():
                print(line, file=sys.stderr, flush=True)

    thread = threading.Thread(target=write, name="progress", daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        done.set()
        thread.join()


class ProgressBar:
    """A bar that is told how far things are."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def advance(self, amount: float) -> None:
        """May be called from any thread."""
        self._progress.advance(self._task, amount)

    def reach(self, amount: float, note: str = "") -> None:
        self._progress.update(self._task, completed=amount, note=note)

    def say(self, sentence: str) -> None:
        """A line of its own that stays."""
        self._progress.console.print(printable(sentence), markup=False, highlight=False)


class ProgressLines(ProgressBar):
    """The same where there is no terminal."""

    def __init__(self, lines: Lines, description: str, total: int, unit: str) -> None:
        self._lines = lines
        self._description, self._total, self._unit = description, total, unit
        self._reached = 0.0
        self._rate = Rate()
        self._lock = threading.Lock()

    def advance(self, amount: float) -> None:
        with self._lock:
            self.reach(self._reached + amount)

    def reach(self, amount: float, note: str = "") -> None:
        self._reached = amount
        amounts = [
            sized(int(each)) if self._unit == "bytes" else f"{each:,.0f}" for each in (amount, self._total)
        ]
        unit = "" if self._unit == "bytes" else f" {self._unit}"
        self._rate.reach(amount)
        left = self._rate.left(self._total - amount) if self._unit == "bytes" else None
        pace = [f"{sized(int(self._rate.per_second))}/s, {lasting(left)} left"] if left else []
        text = ", ".join((" of ".join(amounts) + unit, *((note,) if note else ()), *pace))
        self._lines.say(f"{self._description}: {text}")

    def say(self, sentence: str) -> None:
        print(printable(sentence), file=sys.stderr, flush=True)


@contextmanager
def progress_bar(description: str, total: int, *, unit: str) -> Iterator[ProgressBar]:
    """A bar on standard error while the block runs, or lines without a terminal. unit: `bytes`, or what else is
    counted."""
    if not sys.stderr.isatty():
        with told_in_lines() as lines:
            bar = ProgressLines(lines, description, total, unit)
            bar.reach(0)
            yield bar
        return
    from rich import progress as parts  # noqa: PLC0415 - see the docstring of the module
    from rich.console import Console  # noqa: PLC0415

    amount = (
        (parts.DownloadColumn(), parts.TransferSpeedColumn(), parts.TimeRemainingColumn())
        if unit == "bytes"
        else (
            parts.TextColumn(f"{{task.completed:,.0f}} of {{task.total:,.0f}} {unit}  {{task.fields[note]}}"),
        )
    )
    with parts.Progress(
        parts.TextColumn("{task.description}"),
        parts.BarColumn(),
        *amount,
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        yield ProgressBar(progress, progress.add_task(description, total=total, note=""))
