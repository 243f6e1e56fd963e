"""AWS's prices: one table, which `froe estimate`, the status and docs/costs.md share."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from froe.errors import FroeError, suggestion

PRICES_FILE: Final = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Price:
    """dollars for so many units (`per`) of a service."""

    service: str
    dollars: float
    per: float


Prices = Mapping[str, Price]


def read_prices(path: Path | None = None) -> Prices:
    """The table of that file, which must name every price that the shipped one names; by default the shipped one.

    Raises FroeError, which names the file, the price and the remedy."""
    shipped = dict(_prices_in(PRICES_FILE))
    if path is None:
        return shipped
    prices = dict(_prices_in(path))
    for name in prices:
        if name not in shipped:
            raise FroeError(f"{path} has a price {name!r} that nothing uses.{suggestion(name, shipped)}")
    for name in shipped:
        if name not in prices:
            raise FroeError(
                f"{path} lacks the price {name!r}: copy its table from {PRICES_FILE}, and change that."
            )
    return prices


def _prices_in(path: Path) -> Iterator[tuple[str, Price]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FroeError(f"{path} cannot be read as TOML: {error}.") from error
    for name, table in tables.items():
        yield name, _price_of(path, name, table)


def _price_of(path: Path, name: str, table: Any) -> Price:
    if not isinstance(table, dict):
        raise FroeError(f"{path}: {name} is not a table with service, dollars and per.")
    numbers = table.get("dollars"), table.get("per")
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
        raise FroeError(f"{path}: [{name}] needs numbers as dollars and per.")
    if not (table["dollars"] >= 0 and table["per"] > 0):
        raise FroeError(f"{path}: [{name}] has dollars below 0, or per of 0 or less.")
    return Price(str(table.get("service", name)), float(table["dollars"]), float(table["per"]))
