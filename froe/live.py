"""Files as they go on: redrawn in place on a terminal, elsewhere a line or a JSON object for each that has changed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from froe import inquiry
from froe.account import account_lines, folded
from froe.files_list import files_table, marked
from froe.inquiry import SETTLED, ItemJson, accounted
from froe.jsonl import print_json
from froe.shares import added, drawn, legend, percent
from froe.terminal import LINES_SECONDS, printable, table_of
from froe.watching import Rate, again_and_again, lasting

if TYPE_CHECKING:
    from rich.live import Live

_BESIDE_ROWS: Final = 8
"""Lines of the screen that the list has besides its rows."""


class Shows(Protocol):
    def show(self, files: Sequence[ItemJson], pace: Pace) -> None:
        """What is known by now."""

    def refused(self, reason: str) -> None:
        """AWS wants to be asked later."""


def watch_files(
    ask: Callable[[], list[ItemJson]], for_programs: Callable[[ItemJson], ItemJson] | None, *, ends: bool
) -> list[ItemJson]:
    """Show what `ask` gives until Ctrl-C, or where it `ends` until all of it is settled; what was seen last.

    for_programs: what is printed as JSON of each file; None: for people."""
    files: list[ItemJson] = []
    pace = Pace()
    try:
        with _screen(for_programs, alone=ends) as screen:
            for files in again_and_again(ask, inquiry.POLL_SECONDS, refused=screen.refused):
                pace.reach(files)
                screen.show(files, pace)
                if ends and all(file["state"] in SETTLED for file in files):
                    break
    except KeyboardInterrupt:
        pass
    return files


class Pace:
    """How fast files go on, together and each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bytes, self._lines = Rate(clock), Rate(clock)
        self._done = self._pending = 0

    def reach(self, files: Sequence[ItemJson]) -> None:
        if not self._pending:  # nothing moved: how long it did not is no part of how fast it goes
            self._bytes, self._lines = Rate(self._clock), Rate(self._clock)
        amounts = added(files)
        self._done, self._pending = sum(amounts) - amounts[-1], amounts[-1]
        self._known = all(file["text_bytes"] is not None or file["state"] in SETTLED for file in files)
        self._bytes.reach(self._done)
        self._lines.reach(sum(accounted(file, "lines") for file in files))

    def text(self) -> str:
        """A rate and what time is left, as far as they are known: empty while nothing moves."""
        if not self._pending:
            return ""
        rate = self._lines.per_second
        left = self._bytes.left(self._pending) if self._known else None
        return ", ".join(
            (
                *((f"{rate:,.0f} lines/s",) if rate else ()),
                *((f"{lasting(left)} left",) if left is not None else ()),
            )
        )


@contextmanager
def _screen(for_programs: Callable[[ItemJson], ItemJson] | None, *, alone: bool) -> Iterator[Shows]:
    if for_programs or not sys.stdout.isatty():
        yield Changes(for_programs)
        return
    from rich.live import Live  # noqa: PLC0415 - as in froe.terminal

    with Live(auto_refresh=False, vertical_overflow="crop") as live:
        yield Screen(live, alone=alone)


class Changes:
    """Prints each file when its state changes, and now and then when its numbers do; as JSON at each change."""

    def __init__(
        self,
        for_programs: Callable[[ItemJson], ItemJson] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._for_programs = for_programs
        self._clock = clock
        self._last: dict[str, tuple[ItemJson, float]] = {}

    def show(self, files: Sequence[ItemJson], pace: Pace) -> None:
        for file in reversed(files):
            before, at = self._last.get(file["file_id"], (None, 0.0))
            if file == before:
                continue
            now = self._clock()
            if self._for_programs:
                print_json(self._for_programs(file))
            elif before is None or before["state"] != file["state"] or now - at >= LINES_SECONDS:
                pace_text = pace.text() if len(files) == 1 else ""
                click.echo(_line(file) + (f", {pace_text}" if pace_text else ""))
            else:
                continue
            self._last[file["file_id"]] = file, now
        sys.stdout.flush()

    def refused(self, reason: str) -> None:
        click.echo(printable(reason), err=True)


def _line(file: ItemJson) -> str:
    reason = f": {file['reason']}" if file["reason"] else ""
    return printable(
        f"{file['file_id']}  {file['state']}  {percent(added([file])) or '-'}  {accounted(file, 'lines'):,} lines,"
        f" {file['rejected']['lines']:,} rejected  {file['key']}{reason}"
    )


class Screen:
    """alone: the files were named, and one of them is shown whole."""

    def __init__(self, live: Live, *, alone: bool) -> None:
        self._live = live
        self._alone = alone
        self._drawn: list[Any] = []

    def show(self, files: Sequence[ItemJson], pace: Pace) -> None:
        width = self._live.console.width
        pace_text = pace.text()
        if self._alone and len(files) == 1:
            lines = (folded(line, width) for line in account_lines(files[0], width))
            self._drawn = [*lines, *(("", pace_text) if pace_text else ())]
        else:
            self._drawn = self._list(files, width, pace_text)
        self._draw()

    def refused(self, reason: str) -> None:
        self._draw(click.style(printable(reason), fg="yellow"))

    def _list(self, files: Sequence[ItemJson], width: int, pace_text: str) -> list[Any]:
        amounts = added(files)
        room = max(self._live.console.height - _BESIDE_ROWS, 1)
        first = sorted(files, key=lambda file: file["state"] in SETTLED)[:room]
        under_way = sum(file["state"] not in SETTLED for file in files)
        more = [f"… and {len(files) - room:,} more"] if len(files) > room else []
        counted = f"{len(files):,} file{'' if len(files) == 1 else 's'}, {under_way:,} under way"
        return [
            f"{drawn(amounts, max(width - 6, 1))} {percent(amounts):>5}",
            legend(amounts),
            ", ".join((counted, *((pace_text,) if pace_text else ()))),
            "",
            table_of(*files_table(first), width, marked=marked(first)),
            *more,
        ]

    def _draw(self, *also: str) -> None:
        from rich.console import Group  # noqa: PLC0415 - as in froe.terminal
        from rich.text import Text  # noqa: PLC0415

        parts = [Text.from_ansi(part) if isinstance(part, str) else part for part in (*self._drawn, *also)]
        self._live.update(Group(*parts), refresh=True)
