"""The JVM's unified logging: brackets in a fixed order, of which any may be missing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lines_of_formats import records


@pytest.mark.parametrize(
    ("line", "timestamp", "fields"),
    [
        ("[2026-09-14T08:00:00.123+0200][0.005s][info][gc] Using G1", "2026-09-14T06:00:00.123Z", {"jvm.uptime_s": 0.005, "log.logger": "gc"}),
        ("[2026-09-14T08:00:00.123+0200][info   ][gc,start   ] Using G1", "2026-09-14T06:00:00.123Z", {"log.logger": "gc,start"}),
        ("[0.005s][info][gc] Using G1", None, {"jvm.uptime_s": 0.005, "log.logger": "gc"}),
        ("[5ms][info][gc] Using G1", None, {"jvm.uptime_ms": 5, "log.logger": "gc"}),
        ("[2026-09-14T08:00:00.123+0200][0.005s][web-1][7][8][info][gc] Using G1", "2026-09-14T06:00:00.123Z",
         {"jvm.uptime_s": 0.005, "host.name": "web-1", "process.pid": 7, "thread.id": 8, "log.logger": "gc"}),
    ],
)  # fmt: skip
def test_the_brackets_of_the_jvm(line: str, timestamp: str | None, fields: dict[str, Any]) -> None:
    (record,) = records(line)
    assert (record.timestamp, record.severity_text, record.severity_number, record.body) == (
        timestamp,
        "info",
        9,
        "Using G1",
    )
    assert record.attributes == fields
