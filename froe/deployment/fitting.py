"""Limits for a stage's workers and batch queue, so that the records table can write what the workers send in their time.

Promise: deploy, doctor and the tests with throttling all take their numbers from `fitted`. Workers that share a table's
units all need `seconds_a_batch` for a batch each; beyond their timeout all would write, and none would finish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records import ITEM_MAX_BYTES
from chalicelib.settings import tuning_number

CONCURRENCY: Final = (2, 1000)
"""https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html"""
TIMEOUT_SECONDS: Final = (60, 900)
"""Least that a worker gets, and the most that Lambda gives."""
BATCH_SIZE: Final = (1, 4)
"""Messages of an event: those behind one that uses up the time were received in vain."""
VISIBILITIES: Final = 6
"""A message stays hidden for so many timeouts of its function
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html)."""
VISIBILITY_MOST_SECONDS: Final = 43_200
PARTITION_UNITS: Final = 1000
NEW_TABLE_UNITS: Final = 4 * PARTITION_UNITS
"""Write units a second that a new on-demand table takes
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""
_UNITS_OF_A_WORKER: Final = 1000
"""A second. Of items it could write ten times as many; of segments this is what its processor packs."""
_SPARE: Final = 2
"""A batch's time over what its share of the table needs: entries that take two units, partitions loaded unevenly."""
_UNIT_BYTES: Final = 1024
UNITS_AT_ONCE: Final[Mapping[Layout, int]] = {Layout.ITEMS: 1, Layout.PACKED: ITEM_MAX_BYTES // _UNIT_BYTES}
"""Of the largest items that are usual in a layout: a table that takes less in a second never takes such a one."""


@dataclass(frozen=True, slots=True)
class Fit:
    """units_per_second: of the records table. units_per_batch: that a full batch takes, at most, where entries are of a
    unit each. other_workers: of other lanes, which write to the same table. The rest is what Lambda and SQS are told;
    batch_size: messages of an event."""

    units_per_second: int
    units_per_batch: int
    maximum_concurrency: int
    timeout_seconds: int
    batch_size: int
    other_workers: int = 0

    @property
    def seconds_a_batch(self) -> float:
        """That each of all workers needs to write a batch, when they share what the table takes."""
        return (self.maximum_concurrency + self.other_workers) * self.units_per_batch / self.units_per_second

    @property
    def holds(self) -> bool:
        """Whether every worker can write a batch in its time; else what all write is mostly in vain."""
        return self.seconds_a_batch <= self.timeout_seconds

    @property
    def fitting_concurrency(self) -> int:
        """How many workers could at most; 0: not even one."""
        fed = self.units_per_second * self.timeout_seconds // self.units_per_batch
        return max(0, fed - self.other_workers)

    @property
    def fitting_units(self) -> int:
        """Write units a second with which the workers that there are could."""
        workers = self.maximum_concurrency + self.other_workers
        return -(-workers * self.units_per_batch // self.timeout_seconds)


def fitted(
    units_per_second: int,
    units_per_batch: int,
    *,
    timeout_seconds: int | None = None,
    maximum_concurrency: int | None = None,
    others: int = 0,
) -> Fit:
    """As many workers as the table feeds, with time for a batch each, and events that they finish.

    timeout_seconds, maximum_concurrency: as the configuration has them; None: chosen here. others: workers of other lanes."""
    units = max(1, units_per_second)
    workers = maximum_concurrency or workers_fed(units)
    needed = -(-_SPARE * (workers + others) * units_per_batch // units)
    timeout = timeout_seconds or _within(TIMEOUT_SECONDS, needed)
    messages = _within(BATCH_SIZE, timeout * units // ((workers + others) * units_per_batch))
    return Fit(units, units_per_batch, workers, timeout, messages, others)


def workers_fed(units_per_second: int, lanes: int = 1) -> int:
    """As many workers as the table feeds, in each of so many lanes."""
    return _within(CONCURRENCY, -(-max(1, units_per_second) // (_UNITS_OF_A_WORKER * lanes)))


def units_per_batch(layout: Layout, settings: Mapping[str, str]) -> int:
    """Write units of a full batch: `items` takes one for each line, of up to 1 KB as it is stored; `packed` one for
    each started KB, were it no smaller than the text, of which usually an eighth is left. settings: of the functions."""
    if layout is Layout.PACKED:
        return -(-tuning_number(settings, "BATCH_MAX_BYTES") // _UNIT_BYTES)
    return tuning_number(settings, "BATCH_MAX_LINES")


def table_units(parameters: Mapping[str, str]) -> int:
    """Write units a second of the records table, by the parameters of the data template: its bound, else what it is
    warmed for or new with."""
    given = (int(parameters.get(f"Records{name}WriteUnits", 0)) for name in ("Max", "Warm"))
    return next((units for units in given if units), NEW_TABLE_UNITS)


def held_units(table: Mapping[str, object]) -> int:
    """The same of a table as DynamoDB describes it: bound, provisioned, or warm."""
    places = (
        ("OnDemandThroughput", "MaxWriteRequestUnits"),
        ("ProvisionedThroughput", "WriteCapacityUnits"),
        ("WarmThroughput", "WriteUnitsPerSecond"),
    )
    limits = (_number(table.get(place), name) for place, name in places)
    return next((units for units in limits if units > 0), NEW_TABLE_UNITS)


def visibility_of(timeout_seconds: int) -> int:
    """Seconds for which a queue hides a message from others than the function that has it."""
    return min(VISIBILITY_MOST_SECONDS, VISIBILITIES * timeout_seconds)


def _number(place: object, name: str) -> int:
    return int(place.get(name) or 0) if isinstance(place, Mapping) else 0


def _within(reach: tuple[int, int], number: int) -> int:
    return min(reach[1], max(reach[0], number))
