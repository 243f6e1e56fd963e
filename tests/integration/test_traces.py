"""What the deployed functions trace is joined into one waterfall, from the splitter to every batch's worker."""

import json
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from tests.integration.support import run_froe, upload_and_settle, wait_for

LINES = b"".join(
    b'{"time": "2026-03-01T10:00:00Z", "level": "info", "message": "line %d"}\n' % n for n in range(12_000)
)


def test_every_batch_is_joined_to_the_splitter_by_its_origin(stack: LocalStack) -> None:
    file = upload_and_settle(stack, "traces/many.jsonl", LINES)
    file_id, batches = file["file_id"], [f"{file['file_id']}-000000-{number:06d}" for number in range(3)]

    def complete() -> dict[str, Any] | None:
        traces = json.loads(run_froe(stack, "traces", file_id, "--json").stdout)
        marked = {stage["batch_id"] for stage in stages_of(traces) if stage["name"] == "mark"}
        return traces if marked == set(batches) else None

    printed = wait_for(complete, "the traces of every batch")
    assert (file["batches"], printed["batches"], printed["more_batches"]) == (3, batches, 0)
    splitter, *workers = printed["invocations"]
    assert (splitter["function"], splitter["origin_trace"]) == ("froe-local-splitter", None)
    assert splitter["trace"] == printed["trace"] == file["trace"]
    assert file["trace_url"] is None
    assert [stage["batch_id"] for stage in splitter["stages"] if stage["name"] == "send"] == [*batches, None]
    assert splitter["stages"][-1]["name"] == "seal"
    assert workers
    for worker in workers:
        assert (worker["function"], worker["origin_trace"]) == ("froe-local-worker", splitter["trace"])
        assert worker["trace"] != splitter["trace"]
    for batch_id, items in zip(batches, (5000, 5000, 2000), strict=True):
        stages = [
            stage
            for worker in workers
            for stage in worker["stages"]
            if stage["batch_id"] == batch_id and stage["name"] != "read"
        ]
        parse, write, mark = stages[-3:]  # on a slow machine a batch may be tried more than once
        assert (parse["name"], write["name"], mark["name"]) == ("parse", "write", "mark")
        assert parse["waited_ms"] >= 0
        assert not any(stage["fault"] for stage in (parse, write, mark))
        assert len(write["threads"]) == 8
        assert sum(thread["items"] for thread in write["threads"]) == items

    drawn = run_froe(stack, "traces", "traces/many.jsonl", "--limit", "2")
    assert drawn.returncode == 0
    assert f"traces/many.jsonl  {file_id}" in drawn.stdout
    assert "in the queue" in drawn.stdout
    assert "… and 1 more batch: --limit 0 shows all." in drawn.stdout


def stages_of(traces: dict[str, Any]) -> list[dict[str, Any]]:
    return [stage for invocation in traces["invocations"] for stage in invocation["stages"]]


def test_a_file_that_nobody_knows_has_no_traces(stack: LocalStack) -> None:
    asked = run_froe(stack, "traces", "traces/nothing.log")
    assert asked.returncode == 1
    assert asked.stderr.startswith("Error: No file has the id or key 'traces/nothing.log'")
