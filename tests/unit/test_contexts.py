"""Files whose entries hang on what stands before them: cut in sequence, lost, cut again, the tables are those of
one reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.reading import Reading
from chalicelib.core.records import Skip
from tests.fakes import Pipeline, in_time, opener
from tests.layouts import layout, stored_in  # noqa: F401 - each of these holds in every layout
from tests.unit.test_dead_letters import account_in, drain, stored, sweep_twice, work

LIMITS = Limits(batch_max_lines=9, batch_max_bytes=2000, entry_max_bytes=1500, split_bytes=4000)


def _csv() -> bytes:
    rows = (f'2026-02-01T10:00:{n % 60:02d}Z,INFO,"order {n},\nin two lines",{n}\n' for n in range(200))
    return ("timestamp,level,message,order\n" + "".join(rows)).encode()


def _w3c() -> bytes:
    head = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
    first = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status time-taken\n"
    second = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
    before = (
        f"2026-02-01 10:00:{n % 60:02d} 192.0.2.1 GET /a/{n} - 443 198.51.100.7 200 {n}\n" for n in range(90)
    )
    after = (f"2026-02-01 11:00:{n % 60:02d} 198.51.100.7 GET /b/{n} 404\n" for n in range(90))
    return (head + first + "".join(before) + head + second + "".join(after)).encode()


def _cloudtrail() -> bytes:
    events = [
        {"eventVersion": "1.08", "eventTime": f"2026-02-01T10:00:{n % 60:02d}Z", "eventSource": "s3.amazonaws.com",
         "eventName": "GetObject", "awsRegion": "eu-central-1", "sourceIPAddress": "198.51.100.7",
         "requestParameters": {"key": f"a/{n}"}, "eventID": f"00000000-0000-4000-8000-{n:012d}"}
        for n in range(150)
    ]  # fmt: skip
    return json.dumps({"Records": events}).encode()


def _pretty() -> bytes:
    return b"".join(
        json.dumps(
            {"time": f"2026-02-01T10:00:{n % 60:02d}Z", "level": "info", "msg": f"order {n}"}, indent=2
        ).encode()
        + b"\n"
        for n in range(150)
    )


def _cri() -> bytes:
    lines = []
    for n in range(150):
        at = f"2026-02-01T10:00:{n % 60:02d}.{n:09d}Z stdout"
        lines += [f"{at} P the first part of {n}, \n", f"{at} F and the second\n"]
    return "".join(lines).encode()


def _loki() -> bytes:
    values = [
        [str(1_769_940_000_000_000_000 + n), f"order {n} was paid, and sent to the customer"]
        for n in range(150)
    ]
    streams = [{"stream": {"app": f"shop{n}"}, "values": values[n::2]} for n in range(2)]
    return json.dumps({"status": "success", "data": {"resultType": "streams", "result": streams}}).encode()


def _rows() -> bytes:
    rows = [[f"2026-02-01T10:00:{n % 60:02d}Z", "info", f"order {n} was paid", n] for n in range(150)]
    columns = [{"name": name} for name in ("time", "level", "message", "order")]
    return json.dumps({"meta": columns, "data": rows, "rows": 150}).encode()


def _strings() -> bytes:
    lines = [f"2026-03-01 10:00:{n % 60:02d},123 INFO shop.Pay - order {n} was paid" for n in range(150)]
    return json.dumps({"host": "a", "lines": lines}, indent=1).encode()


def _beside() -> bytes:
    lines = [
        {"name": "shop", "hostname": "web", "pid": 7, "level": 30, "msg": f"order {n} was paid",
         "time": f"2026-02-01T10:00:{n % 60:02d}.000Z", "v": 0}
        for n in range(150)
    ]  # fmt: skip
    return json.dumps({"a": {"items": lines[:70]}, "b": {"n": 7, "rest": lines[70:]}}).encode()


FILES: dict[str, Callable[[], bytes]] = {
    "csv": _csv,
    "w3c_extended": _w3c,
    "aws_cloudtrail": _cloudtrail,
    "json_values": _pretty,
    "k8s_cri": _cri,
    "loki": _loki,
    "json_rows": _rows,
    "log4j": _strings,
    "bunyan": _beside,
}


def begun(data: bytes) -> Pipeline:
    pipeline = Pipeline(LIMITS, piece_bytes=700)
    pipeline.splitter.ingest(pipeline.objects.add("a.log", data), in_time())
    return pipeline


@pytest.mark.parametrize(
    "layout", [Layout.ITEMS], indirect=True
)  # tests/unit/test_layouts.py compares the others
@pytest.mark.parametrize("name", FILES)
def test_the_pipeline_stores_what_one_reading_gives(name: str) -> None:
    data = FILES[name]()
    pipeline = begun(data)
    drain(pipeline)
    account = account_in(pipeline)
    assert account.state is State.COMPLETE
    assert account.splits > 2
    (file,) = pipeline.table.files.values()
    assert file.plan.format == name
    assert not file.plan.parallel
    reading = Reading(file.plan.head, opener(data, 999), limits=LIMITS)
    outcomes = [outcome for outcome in reading if not isinstance(outcome.result, Skip)]
    assert len(outcomes) == len(stored_in(pipeline)) >= 150
    assert account.summary.counts.parsed.entries == len(outcomes)
    stored, read = (replace(each.summary, revision=0) for each in (account, reading.account))
    assert stored == read, "only how often it was written differs"
    whole = Reading(file.plan.head, opener(data, 999))
    assert [outcome for outcome in whole if not isinstance(outcome.result, Skip)] == outcomes


@pytest.mark.parametrize("layout", [Layout.ITEMS], indirect=True)  # the text is cut alike in every layout
@pytest.mark.parametrize("name", FILES)
def test_what_got_lost_is_cut_again_as_it_was(name: str) -> None:
    data = FILES[name]()
    calm = begun(data)
    drain(calm)
    pipeline = begun(data)
    while pipeline.split_queue.messages:
        work(pipeline, pipeline.split_queue)
    work(pipeline, pipeline.batch_queue, 5)
    pipeline.batch_queue.messages.clear()
    sweep_twice(pipeline)
    drain(pipeline)
    assert account_in(pipeline).state is State.COMPLETE
    assert stored(pipeline) == stored(calm)
