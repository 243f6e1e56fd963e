"""A discrete-event model of a stage: files arrive, functions take them within Lambda's limits, a table takes what DynamoDB takes. Speeds are
those of the cost model (`froe.costs`), which `make bench` measures; sizes of records are measured on an access log; workers,
timeouts and events are those that a deploy chooses (`froe.deployment.fitting`). Limits are AWS's documented ones: Lambda's
pollers of a queue grow by 5 a second, an account has 1,000 concurrent executions, a new on-demand table takes 4,000 write units a
second and at most twice its former peak within 30 minutes
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html).
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.plan.layouts import Layout
from froe import costs
from froe.costs import Sample, Stored
from froe.deployment.fitting import NEW_TABLE_UNITS, Fit, fitted, units_per_batch
from froe.prices import read_prices

FIRST_POLLERS: Final = 5
MORE_POLLERS_A_SECOND: Final = 5
ACCOUNT_CONCURRENCY: Final = 1000
TABLE_QUOTA_UNITS: Final = 40_000
DOUBLED_EVERY_SECONDS: Final = 1800
QUEUED_SPLITTERS: Final = 10
"""`maximum_concurrency` of `queued_splitter` unless the configuration has another."""
COLD_START_SECONDS: Final = 0.5
HOP_SECONDS: Final = 0.1
"""From a message that is sent to the function that has it, while nothing waits."""
DECOMPRESSED_BYTES_A_SECOND: Final = 1.4e9
CHAIN_SECONDS: Final = 288
"""That an invocation of the queued splitter cuts, before another goes on."""
LEAST_SECONDS_A_BATCH: Final = 0.05
LOOK_SECONDS: Final = 0.2
"""How often a queue with work that waits is looked at, for more pollers or for room in the account."""


@dataclass(frozen=True, slots=True)
class Load:
    """arrivals: seconds and bytes of text of each file, in the order of time. compressed: as gzip, so in sequence."""

    name: str
    arrivals: Callable[[], Iterator[tuple[float, int]]]
    ingest: str = "queue"
    compressed: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """table_units: a second, when it begins. grows: an on-demand table without a bound."""

    layout: Layout
    table_units: int = NEW_TABLE_UNITS
    grows: bool = True
    account: int = ACCOUNT_CONCURRENCY
    queued_splitters: int = QUEUED_SPLITTERS


@dataclass(slots=True)
class Result:
    """seconds: from the first arrival until all is settled. waits: seconds that work waited, by what for. series: time,
    messages that wait, workers, write units a second."""

    load: str
    layout: str
    files: int = 0
    text_bytes: int = 0
    seconds: float = 0.0
    median_seconds: float = 0.0
    slowest_seconds: float = 0.0
    peak_workers: int = 0
    peak_splitters: int = 0
    backlog: int = 0
    oldest_seconds: float = 0.0
    throttled: int = 0
    batches: int = 0
    dollars: float = 0.0
    waits: Counter[str] = field(default_factory=Counter)
    series: list[tuple[float, int, int, float]] = field(default_factory=list)

    @property
    def binding(self) -> str:
        (worst, seconds), *_ = self.waits.most_common(1) or [("nothing", 0.0)]
        return worst if seconds > 0.05 * self.batches else "nothing"


class Clock:
    """Events in the order of time, those of one time in the order in which they were set."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(seconds, self.now), next(self._numbers), event))

    def run(self) -> None:
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()


class Table:
    """Write units in the order in which they are asked for."""

    def __init__(self, clock: Clock, stage: Stage) -> None:
        self._clock = clock
        self._grows = stage.grows
        self.units_a_second = float(stage.table_units)
        self.written = 0.0
        self._free_at = 0.0
        self._window = (0.0, 0.0)

    def wait_for(self, units: float) -> float:
        """Seconds until the last of them is written."""
        now = self._clock.now
        self._grow(now)
        self._free_at = max(now, self._free_at) + units / self.units_a_second
        self.written += units
        return self._free_at - now

    def _grow(self, now: float) -> None:
        begun, written = self._window
        if not self._grows or now - begun < DOUBLED_EVERY_SECONDS:
            return
        if self.written - written > 0.5 * self.units_a_second * (now - begun):
            self.units_a_second = min(2 * self.units_a_second, TABLE_QUOTA_UNITS)
        self._window = (now, self.written)


class Account:
    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.busy = 0


Job = tuple[float, Any]


class Function:
    """A function that a queue feeds, or S3 (`polled` False, which Lambda scales at once)."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        account: Account,
        work: Callable[[list[Any]], float],
        result: Result,
        *,
        most: int,
        polled: bool = True,
        event_size: int = 1,
    ) -> None:
        """work: takes the jobs of an event and gives the seconds that they need."""
        self.name, self.most, self.busy, self.peak = name, most, 0, 0
        self.waiting: deque[Job] = deque()
        self._clock, self._account, self._work, self._result = clock, account, work, result
        self._polled, self._event_size = polled, event_size
        self._warm = 0
        self._allowed, self._seen_at, self._due = float(FIRST_POLLERS), 0.0, 0.0

    def send(self, job: Any) -> None:
        self.waiting.append((self._clock.now, job))
        self._clock.at(self._clock.now + HOP_SECONDS, self.take)

    def take(self) -> None:
        now = self._clock.now
        if self._polled:
            if self.waiting and self.busy >= int(self._allowed):
                self._allowed = min(self.most, self._allowed + MORE_POLLERS_A_SECOND * (now - self._seen_at))
            self._seen_at = now
        allowed = min(self.most, int(self._allowed)) if self._polled else self.most
        while self.waiting and self.busy < allowed and self._account.busy < self._account.concurrency:
            self._invoke()
        if self.waiting and self.busy < self.most and now >= self._due:
            self._due = now + LOOK_SECONDS
            self._clock.at(self._due, self.take)

    def _invoke(self) -> None:
        now = self._clock.now
        jobs = [self.waiting.popleft() for _ in range(min(self._event_size, len(self.waiting)))]
        oldest = now - jobs[0][0]
        if oldest > 2 * HOP_SECONDS:
            self._result.waits[self._reason()] += sum(now - sent for sent, _ in jobs)
        self._result.oldest_seconds = max(self._result.oldest_seconds, oldest)
        self.busy += 1
        self._account.busy += 1
        self.peak = max(self.peak, self.busy)
        cold = COLD_START_SECONDS if self.busy > self._warm else 0.0
        self._warm = max(self._warm, self.busy)
        self._clock.at(now + cold + self._work([job for _, job in jobs]), self._end)

    def _reason(self) -> str:
        if self._account.busy >= self._account.concurrency - 1:
            return "the account's concurrency"
        if self._polled and int(self._allowed) < self.most:
            return f"how fast Lambda adds pollers of {self.name}"
        return f"maximum_concurrency of {self.name}"

    def _end(self) -> None:
        self.busy -= 1
        self._account.busy -= 1
        self.take()


@dataclass(slots=True)
class _File:
    """left: messages of it that are under way or wait."""

    arrived: float
    size: int
    left: int


class Simulation:
    """One load on one stage."""

    def __init__(self, load: Load, stage: Stage, sample: Sample) -> None:
        limits = Limits()
        self._load, self._stage, self._sample = load, stage, sample
        self._line_bytes = sample.text_bytes / sample.lines
        lines = min(limits.batch_max_lines, int(limits.batch_max_bytes / self._line_bytes))
        self._batch_bytes = int(lines * self._line_bytes)
        self._split_bytes = limits.split_bytes
        stored: Stored = sample.layouts[stage.layout.value]
        self._units_a_byte = stored.write_units / sample.text_bytes
        settings = {
            "BATCH_MAX_LINES": str(limits.batch_max_lines),
            "BATCH_MAX_BYTES": str(limits.batch_max_bytes),
        }
        self.fit: Fit = fitted(stage.table_units, units_per_batch(stage.layout, settings))
        self.result = Result(load.name, stage.layout.value)
        self._clock, account = Clock(), Account(stage.account)
        self._table = Table(self._clock, stage)
        self._worker = Function(
            "worker", self._clock, account, self._parse, self.result,
            most=self.fit.maximum_concurrency, event_size=self.fit.batch_size,
        )  # fmt: skip
        self._queued = Function(
            "queued_splitter", self._clock, account, self._cut, self.result, most=stage.queued_splitters
        )
        self._direct = Function(
            "splitter", self._clock, account, self._cut, self.result, most=stage.account, polled=False
        )
        self._latencies: list[float] = []
        self._arrivals = load.arrivals()
        self._table_seconds = self._worker_seconds = 0.0
        self._sampled = (0.0, 0.0)
        self._every = 1.0

    def run(self) -> Result:
        self._next_arrival()
        self._clock.at(0, self._sample_series)
        self._clock.run()
        self._finish()
        return self.result

    def _next_arrival(self) -> None:
        arrival = next(self._arrivals, None)
        if arrival is not None:
            seconds, size = arrival
            self._clock.at(seconds, lambda: self._arrive(size))

    def _arrive(self, size: int) -> None:
        self.result.files += 1
        self.result.text_bytes += size
        file = _File(self._clock.now, size, 1)
        function = self._direct if self._load.ingest == "direct" else self._queued
        function.send((file, 0, True))
        self._next_arrival()

    def _cut(self, jobs: list[Any]) -> float:
        """Of one split, or, of a compressed file, as far as an invocation comes."""
        ((file, start, opens),) = jobs
        seconds = costs.SECONDS_A_FILE / 2 if opens else LEAST_SECONDS_A_BATCH
        room = file.size - start if self._load.compressed else self._split_bytes
        if self._load.compressed:
            seconds += start / DECOMPRESSED_BYTES_A_SECOND
            room = min(room, int(max(0.0, CHAIN_SECONDS - seconds) * costs.CUT_BYTES_A_SECOND))
        end = min(file.size, start + room)
        if opens and not self._load.compressed:
            for further in range(self._split_bytes, file.size, self._split_bytes):
                file.left += 1
                self._queued.send((file, further, False))
        position = start
        while position < end:
            size = min(self._batch_bytes, end - position)
            position += size
            file.left += 1
            sent_at = self._clock.now + seconds + (position - start) / costs.CUT_BYTES_A_SECOND
            self._clock.at(sent_at, lambda size=size: self._worker.send((file, size)))
        seconds += (end - start) / costs.CUT_BYTES_A_SECOND
        goes_on = self._load.compressed and end < file.size
        self._clock.at(self._clock.now + seconds, lambda: self._end_of_cut(file, end if goes_on else None))
        return seconds

    def _end_of_cut(self, file: _File, further: int | None) -> None:
        if further is None:
            self._done(file)
        else:
            self._queued.send((file, further, False))

    def _parse(self, jobs: list[Any]) -> float:
        """Batches one after another: parsing, then the share of the table."""
        seconds = 0.0
        for file, size in jobs:
            entries = size / self._line_bytes
            work = LEAST_SECONDS_A_BATCH + entries / costs.PARSED_A_SECOND
            if self._stage.layout is Layout.ITEMS:
                work = max(work, entries / costs.ITEMS_A_SECOND)
            wait = self._table.wait_for(size * self._units_a_byte)
            if wait > work:
                self.result.throttled += 1
                self._table_seconds += wait - work
            self._worker_seconds += work
            seconds += max(work, wait - seconds)
            self.result.batches += 1
            self._clock.at(self._clock.now + seconds, lambda file=file: self._done(file))
        self.result.backlog = max(self.result.backlog, self._waiting())
        return seconds

    def _waiting(self) -> int:
        return len(self._worker.waiting) + len(self._queued.waiting)

    def _done(self, file: _File) -> None:
        file.left -= 1
        if file.left == 0:
            self._latencies.append(self._clock.now - file.arrived + HOP_SECONDS)
            self.result.seconds = self._clock.now

    def _sample_series(self) -> None:
        now, written = self._clock.now, self._table.written
        then, before = self._sampled
        rate = (written - before) / (now - then) if now > then else 0.0
        self._sampled = (now, written)
        self.result.series.append((now, self._waiting(), self._worker.busy, rate))
        if len(self.result.series) > 400:  # half of them, twice as far apart
            self.result.series = self.result.series[::2]
            self._every *= 2
        if self._clock._events:  # noqa: SLF001 - whether anything is still to come
            self._clock.at(now + self._every, self._sample_series)

    def _finish(self) -> None:
        result = self.result
        result.peak_workers = self._worker.peak
        result.peak_splitters = self._queued.peak + self._direct.peak
        ordered = sorted(self._latencies)
        assert len(ordered) == result.files, "every file settles"
        result.median_seconds, result.slowest_seconds = ordered[len(ordered) // 2], ordered[-1]
        if self._table_seconds > self._worker_seconds:
            waits = result.waits.pop("maximum_concurrency of worker", 0.0)
            result.waits["the write units of the table"] += waits + self._table_seconds
        share = result.text_bytes / self._sample.text_bytes
        scaled = _scaled(self._sample, share, result.files, result.batches)
        result.dollars = sum(
            costs.dollars(costs.used(scaled, self._stage.layout.value), read_prices()).values()
        )


def _scaled(sample: Sample, share: float, files: int, batches: int) -> Sample:
    chunks = max(batches, round(sample.chunks * share))
    layouts = {
        name: Stored(*(round(amount * share) for amount in (stored.items, stored.bytes, stored.write_units)))
        for name, stored in sample.layouts.items()
    }
    sizes = (sample.object_bytes, sample.text_bytes, sample.lines, sample.entries)
    return Sample(files, *(round(size * share) for size in sizes), batches, chunks, layouts)
