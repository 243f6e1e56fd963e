"""Agreement with what other projects' tests assert, on lines that are not ours.

`FROE_EXAMPLES` names the directory with `lines.jsonl`; without it the test is skipped.
"""

from __future__ import annotations

import pytest

from benchmarks.agreement import EXAMPLES, judged, rows
from benchmarks.neutral_names import NAMED

pytestmark = pytest.mark.skipif(
    not (EXAMPLES / "lines.jsonl").is_file(), reason="optional: no lines.jsonl in FROE_EXAMPLES"
)


def test_97_of_100_asserted_fields_agree_and_every_byte_is_kept() -> None:
    verdicts = judged(rows())
    named = {name: verdict for name, verdict in verdicts.items() if name in NAMED}
    asked = sum(verdict.asked for verdict in named.values())
    misses = [f"{name}: {miss}" for name, verdict in named.items() for miss in verdict.misses]
    assert asked > 1000
    assert len(misses) <= 0.03 * asked, "\n".join(misses)
    assert sum(verdict.agreed for verdict in verdicts.values()) > 2100
    assert all(verdict.kept_bytes == verdict.total_bytes for verdict in verdicts.values())
