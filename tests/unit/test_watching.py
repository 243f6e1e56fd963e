"""What is watched is asked again in measured steps, survives throttling, and ends when it is settled."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")
pytest.importorskip("rich", reason="rich is not installed")

from rich.console import Console
from rich.live import Live

from chalicelib.core.errors import AccessDeniedError, ThrottledError, TransientError
from froe import inquiry
from froe.account import folded
from froe.inquiry import LIVE_FIRST, LIVE_IN_TURN, LiveList
from froe.live import Pace, Screen
from froe.watching import Rate, again_and_again, lasting
from tests.unit.test_cli_inquiry import FILE_ID, OTHER_ID, FakeStatus, file_json, froe, json_lines


def answers(*given: Any) -> Any:
    """Asks for each in turn, raising those that are errors."""
    left = iter(given)

    def ask() -> Any:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


class TestAsking:
    def test_throttling_is_waited_out_twice_as_long_each_time(self) -> None:
        slept: list[float] = []
        lines: list[str] = []
        throttled = [ThrottledError("reading: slow down")] * 7
        asked = again_and_again(
            answers("a", *throttled, "b", "c"), 1.0, refused=lines.append, sleep=slept.append
        )

        assert list(itertools.islice(asked, 3)) == ["a", "b", "c"]
        assert slept == [1, 2, 4, 8, 16, 30, 30, 30, 1]
        assert lines[0] == "reading: slow down; asked again in 2 s"

    def test_a_network_that_fails_is_waited_for_once_it_was_there(self) -> None:
        asked = again_and_again(answers("a", TransientError("gone"), "b"), 0, sleep=lambda _: None)
        assert list(itertools.islice(asked, 2)) == ["a", "b"]
        with pytest.raises(TransientError):
            next(again_and_again(answers(TransientError("nothing there")), 0))

    def test_it_ends_at_its_deadline_though_nothing_is_answered(self) -> None:
        throttled = [ThrottledError("slow down")] * 9
        asked = again_and_again(answers(*throttled, "a"), 0, sleep=lambda _: None, deadline=time.monotonic())
        assert list(asked) == []

    def test_waiting_for_files_survives_throttling(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.sleep", lambda _: None)
        ledger: Any = Moving(UNDER_WAY, ThrottledError("slow down"), file_json())
        monkeypatch.setattr(inquiry, "POLL_SECONDS", 0)
        states = [files[FILE_ID]["state"] for files in inquiry.watch(ledger, [FILE_ID])]
        assert states == ["PROCESSING", "COMPLETE"]

    def test_what_no_waiting_mends_is_raised(self) -> None:
        asked = again_and_again(answers("a", AccessDeniedError("no")), 0, sleep=lambda _: None)
        assert next(asked) == "a"
        with pytest.raises(AccessDeniedError):
            next(asked)


class TestRate:
    def test_it_is_that_of_the_last_half_minute(self) -> None:
        now = itertools.count(0, 10)
        rate = Rate(clock=lambda: next(now))
        for amount in (0, 1000, 1100, 1200, 1300, 1400):
            rate.reach(amount)
        assert rate.per_second == pytest.approx(10)
        assert rate.left(100) == pytest.approx(10)

    def test_it_is_unknown_at_first_and_while_nothing_moves(self) -> None:
        rate = Rate(clock=iter((0.0, 1.0)).__next__)
        rate.reach(5)
        assert rate.left(1) is None
        rate.reach(5)
        assert rate.left(1) is None

    @pytest.mark.parametrize(
        ("seconds", "expected"), [(0.4, "0 s"), (99, "99 s"), (600, "10 min"), (12_000, "3 h 20 min")]
    )
    def test_times_are_for_people(self, seconds: float, expected: str) -> None:
        assert lasting(seconds) == expected


class Moving(FakeStatus):
    """A file whose accounts come one after the other; afterwards Ctrl-C is pressed."""

    def __init__(self, *accounts: dict[str, Any] | Exception) -> None:
        super().__init__([account for account in accounts if isinstance(account, dict)][:1])
        self._accounts = list(accounts)

    def file(self, file_id: str) -> dict[str, Any]:
        if not self._accounts:
            raise KeyboardInterrupt
        account = self._accounts.pop(0)
        if isinstance(account, Exception):
            raise account
        return account


UNDER_WAY = file_json(state="PROCESSING", text_bytes=200, settled_at=None)


class TestPace:
    def test_time_in_which_nothing_moved_does_not_slow_it_down(self) -> None:
        times = [0.0, 10.0, 20.0, 21.0, 22.0, 23.0]
        clock = iter([time for time in times for _rate in range(2)])
        pace = Pace(lambda: next(clock))
        idle = file_json(
            state="INCOMPLETE", dead={"entries": 1, "lines": 400, "bytes": 1000}, text_bytes=1110
        )
        for _ in range(3):
            pace.reach([idle])
            assert pace.text() == ""
        for done in (0, 100, 200):
            parsed = {"entries": 8, "lines": 9 + done, "bytes": 100 + 2 * done}
            pending = {"entries": 1, "lines": 400 - done, "bytes": 1000 - 2 * done}
            pace.reach([UNDER_WAY | {"text_bytes": 1110, "parsed": parsed, "pending": pending}])
        assert pace.text() == "100 lines/s, 3 s left"


class Lagging(FakeStatus):
    """A list in which nothing was settled yet of files of which half is parsed."""

    def __init__(self, count: int) -> None:
        super().__init__([file_json(f"{number:a>26}", **AT_FIRST) for number in range(count)])
        self.read: list[str] = []

    def file(self, file_id: str) -> dict[str, Any]:
        self.read.append(file_id)
        return super().file(file_id) | HALF_DONE


NO_LINES = {"entries": 0, "lines": 0, "bytes": 0}
AT_FIRST = {
    "state": "PROCESSING",
    "text_bytes": 200,
    "settled_at": None,
    "parsed": NO_LINES,
    "rejected": NO_LINES,
    "skipped": {},
}
HALF_DONE = {"parsed": {"entries": 50, "lines": 50, "bytes": 100}}


class TestLiveList:
    @pytest.mark.parametrize("also", [(), ("--state", "processing")])
    def test_files_under_way_are_listed_with_what_is_done_by_now(
        self, monkeypatch: pytest.MonkeyPatch, also: tuple[str, ...]
    ) -> None:
        row = froe(monkeypatch, Lagging(1), "status", *also).stdout.splitlines()[-1]
        assert row.split()[2:7] == ["50", "0", "PROCESSING", "50", "%"]

    def test_a_file_of_another_state_by_now_is_none_of_the_state_that_was_asked_for(self) -> None:
        ledger = Lagging(1)
        ledger.file = lambda file_id: ledger.by_id[file_id] | {"state": "COMPLETE"}  # type: ignore[method-assign]
        assert LiveList(ledger, "PROCESSING", 0).read() == []  # type: ignore[arg-type]
        assert len(LiveList(ledger, None, 0).read()) == 1  # type: ignore[arg-type]

    def test_of_many_the_first_are_read_each_time_and_the_others_in_turn_and_remembered(self) -> None:
        ledger = Lagging(LIVE_FIRST + 2 * LIVE_IN_TURN)
        ids = list(ledger.by_id)
        listing = LiveList(ledger, None, 0)  # type: ignore[arg-type]
        for begin, done in ((0, 1), (1, 2), (0, 2)):
            ledger.read.clear()
            files = listing.read()
            first = LIVE_FIRST + begin * LIVE_IN_TURN
            assert ledger.read == ids[:LIVE_FIRST] + ids[first : first + LIVE_IN_TURN]
            assert sum(file["parsed"]["lines"] == 50 for file in files) == LIVE_FIRST + done * LIVE_IN_TURN


class TestStatusWatched:
    def test_a_file_is_watched_until_it_is_settled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = Moving(UNDER_WAY, UNDER_WAY, ThrottledError("slow down"), UNDER_WAY, file_json())
        monkeypatch.setattr("time.sleep", lambda _: None)

        result = froe(monkeypatch, ledger, "status", FILE_ID, "--watch")

        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            f"{FILE_ID}  PROCESSING  55 %  11 lines, 1 rejected  web/access.log",
            f"{FILE_ID}  COMPLETE  100 %  11 lines, 1 rejected  web/access.log",
        ]
        assert result.stderr.startswith("slow down; asked again")

    def test_each_change_is_an_object_for_programs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = Moving(UNDER_WAY, UNDER_WAY, UNDER_WAY, file_json(state="DAMAGED", reason="it broke"))

        result = froe(monkeypatch, ledger, "status", FILE_ID, "--watch", "--json")

        assert [one["state"] for one in json_lines(result)] == ["PROCESSING", "DAMAGED"]
        assert result.exit_code == 1

    def test_ctrl_c_ends_it_quietly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = froe(monkeypatch, Moving(UNDER_WAY, UNDER_WAY), "status", FILE_ID, "--watch")

        assert result.exit_code == 0
        assert "Aborted" not in result.output

    def test_a_long_value_goes_on_under_its_beginning(self) -> None:
        line = f"object    s3://logs/{'x' * 90}"
        first, second = folded(line, 80).split("\n")
        assert (len(first), second) == (80, " " * 10 + line[80:])
        assert folded(line, 160) == line

    @pytest.mark.parametrize("width", [80, 160])
    @pytest.mark.parametrize("alone", [True, False])
    def test_the_screen_fits_and_its_bar_is_as_wide(self, width: int, alone: bool) -> None:
        console = Console(width=width, height=24, force_terminal=True, no_color=True, record=True)
        files = [UNDER_WAY | {"key": "long/" * 40}, *((file_json(OTHER_ID),) * 40 if not alone else ())]
        pace = Pace()
        pace.reach(files)
        with console.capture() as capture, Live(console=console, auto_refresh=False) as live:
            Screen(live, alone=alone).show(files, pace)

        lines = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", capture.get().split("\x1b[2K")[-1]).splitlines()
        assert max(map(len, lines)) <= width
        bar = next(line for line in lines if "·" in line and line.startswith("█"))
        assert len(bar) == (min(width, 100) if alone else width)
        assert len(lines) <= 25
