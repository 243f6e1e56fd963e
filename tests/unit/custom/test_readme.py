"""The configuration in the README does what is shown beside it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.core.custom.loading import load
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from tests.fakes import opener

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
DATA = b"2026-03-14T09:26:53Z|till7|12.50|two coffees for ada@example.org\n2026-03-14T09:26:54Z|till7|0.00|water\n"


def test_the_record_that_is_shown_is_what_its_line_becomes() -> None:
    config = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    printed = re.search(r"^\{\"file\":\"till.log\".*$", README, re.MULTILINE)
    summary = re.search(r"^till.log: till, (\d+) bytes, 2 lines", README, re.MULTILINE)
    assert config is not None
    assert printed is not None
    assert summary is not None
    assert int(summary[1]) == len(DATA)
    head = ObjectHead(
        ObjectVersion("", "till.log", None, ""), len(DATA), "", datetime(2026, 4, 1, tzinfo=UTC)
    )
    first, second = Reading(head, opener(DATA, 1000), config=load(config[1], "README.md"))
    record = json.loads(printed[0])
    assert (first.offset, first.length, first.lines) == (record["offset"], record["length"], record["lines"])
    fields = {name: value for name, value in first.result._asdict().items() if name != "timestamp_assumed"}
    assert fields == {name: record[name] for name in fields}
    assert second.result.reason == "filtered:free"
