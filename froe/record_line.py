"""A record on one line, coloured by its severity."""

from __future__ import annotations

from typing import Final

import click
import orjson

from froe.inquiry import ItemJson
from froe.terminal import printable

_COLOURS: Final = ((21, "bright_red"), (17, "red"), (13, "yellow"))
"""From which severity number on: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber"""
_INFO: Final = 9


def record_line(record: ItemJson) -> str:
    """Nothing in it drives a terminal but the colours."""
    number = record.get("severity_number") or _INFO
    colour = next((colour for least, colour in _COLOURS if number >= least), None)
    severity = printable(record.get("severity_text") or "")
    pairs = "  ".join(f"{name}={_value(value)}" for name, value in (record.get("attributes") or {}).items())
    return "  ".join(
        (
            click.style(f"{record.get('timestamp') or '-':<24}", dim=True),
            click.style(f"{severity:<5}", fg=colour, bold=colour is not None, dim=number < _INFO),
            click.style(printable(record.get("body") or ""), fg=colour, dim=number < _INFO),
            click.style(printable(pairs), dim=True),
        )
    ).rstrip()


def _value(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
