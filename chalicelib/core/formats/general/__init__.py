"""What explains lines of no particular origin, the last resort among them."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "json_values": ("azure_records", "json_values"),
    "json_rows": ("json_rows",),
    "delimited": ("csv", "tsv"),
    "clocked": ("time_of_day",),
    "timestamped": ("timestamped",),
    "stack_traces": ("stack_trace",),
    "text": ("text",),
}
"""Module of this package → the formats in its `FORMATS`."""
