"""What the status API shows, page by page: everything once, in the order of the text, and quickly."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib import record_sums
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import Plan
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.records import untyped
from chalicelib.core.records.segments import SEGMENT, Segment, binary_of, continuation_key, segment_of
from chalicelib.ledger import FilePage, Ledger
from chalicelib.pages import BadQueryError
from chalicelib.record_pages import RecordPage, SegmentPage, Walk
from chalicelib.record_sums import Histogram, Reasons
from chalicelib.status import NotFoundError, Status
from tests.fakes import WHEN, Pipeline, in_time
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout

LIMITS = Limits(batch_max_lines=10, batch_max_bytes=2000, entry_max_bytes=400, split_bytes=3000)
LINES = [
    json.dumps(
        {
            "time": f"2026-02-01T10:{number // 60:02d}:{number % 60:02d}Z",
            "level": "error" if number % 10 == 0 else "info",
            "msg": f"event {number}",
        }
    )
    for number in range(300)
]


class FakeRecordsReader:
    """Pages of the records that the fake table holds; counts the questions."""

    def __init__(self, items: dict[tuple[str, str], dict[str, Any]]) -> None:
        self.items = items
        self.questions = 0

    def page(self, partition: str, first: str, last: str, kind: str, limit: int) -> RecordPage:
        self.questions += 1
        keys = sorted(sk for pk, sk in self.items if pk == partition and first <= sk <= last)
        looked_at = keys[:limit]
        items = [
            {name: untyped(value) for name, value in self.items[partition, sk].items()} for sk in looked_at
        ]
        reached = looked_at[-1] if len(keys) > limit else None
        return RecordPage([item for item in items if item.get("kind") == kind], len(looked_at), reached)

    def segments(self, partition: str, first: str, last: str) -> SegmentPage:
        """Three items a page, so that what lies in one MiB takes several."""
        self.questions += 1
        keys = sorted(sk for pk, sk in self.items if pk == partition and first <= sk <= last)
        items = [self.items[partition, sk] for sk in keys[:3]]
        heads = [segment_of(item) for item in items if item.get("kind") == {"S": SEGMENT}]
        return SegmentPage(heads, len(items), keys[2] if len(keys) > 3 else None)

    def continuations(self, segment: Segment) -> list[bytes | None]:
        self.questions += bool(segment.continuations)
        keys = [
            (segment.pk, continuation_key(segment.sk, number + 1)) for number in range(segment.continuations)
        ]
        return [binary_of(self.items[key]) if key in self.items else None for key in keys]


def ingested(
    text: bytes, limits: Limits = LIMITS, *, deliver: bool = True, opened_in: Layout | None = None
) -> tuple[Pipeline, Status, str]:
    pipeline = Pipeline(limits, piece_bytes=1000, layout=opened_in)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", text), in_time())
    from tests.unit.test_deliveries import deliver as deliver_one

    for queue in (pipeline.split_queue, pipeline.batch_queue):
        while deliver and queue.messages:
            deliver_one(pipeline, queue.messages.pop(0).body)
    status = Status(
        pipeline.ledger,
        FakeRecordsReader(pipeline.records.items),
        results=pipeline.results,
    )
    return pipeline, status, file_id


def everything(ask: Any, **options: Any) -> list[Any]:
    items, cursor = [], None
    while True:
        page = ask(**options, cursor=cursor)
        items += page["items"]
        cursor = page["cursor"]
        if cursor is None:
            return items


@pytest.fixture(scope="module")
def events() -> tuple[Pipeline, Status, str]:
    lines = list(LINES)
    lines[123] = "broken {"
    lines[250] = ""
    return ingested(("\n".join(lines) + "\n").encode(), opened_in=Layout.ITEMS)


@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_every_record_comes_once_and_in_order(events, limit) -> None:
    _, status, file_id = events
    listed = everything(lambda **page: status.records(file_id, limit=limit, **page))
    assert [item["body"] for item in listed] == [f"event {n}" for n in range(300) if n not in {123, 250}]


def test_records_are_filtered_by_severity_and_time(events) -> None:
    _, status, file_id = events
    severe = everything(lambda **page: status.records(file_id, severity="error", **page))
    assert len(severe) == 29
    part = everything(
        lambda **page: status.records(
            file_id, from_="2026-02-01T10:01:00Z", to="2026-02-01T12:02:00+01:00", **page
        )
    )
    assert [item["body"] for item in part] == [
        f"event {n}" for n in range(60, 3660) if n < 300 and n not in {123, 250}
    ]


MIXED = (
    '{"message": "Disk FULL on straße", "level": "error", "disk": {"name": "sda1"}, "free": 0.5}\n'
    '{"message": "all is well", "level": "info", "who": ["Ann", "bob"], "count": 1234}\n'
    '192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /full HTTP/1.1" 200 5\n'
) * 40


@pytest.fixture(scope="module")
def mixed(layout: Layout) -> tuple[Status, str]:  # noqa: F811 - the fixture
    _, status, file_id = ingested(MIXED.encode())
    return status, file_id


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"text": "full"}, [0, 2]),
        ({"text": "FULL on STRASSE"}, [0]),
        ({"text": "SDA1"}, [0]),
        ({"text": "bob"}, [1]),
        ({"text": "1234"}, [1]),
        ({"text": "message"}, []),
        ({"format_name": "access_common"}, [2]),
        ({"format_name": "syslog"}, []),
        ({"text": "full", "severity": "ERROR"}, [0]),
        ({"text": "", "format_name": ""}, [0, 1, 2]),
        ({"where": ["disk.name=sda1"]}, [0]),
        ({"where": ["free<1"]}, [0]),
        ({"where": ["count>=1234", "who=bob"]}, [1]),
        ({"where": ["count>=1234", "who=eve"]}, []),
        ({"where": ["body~STRASSE"]}, [0]),
        ({"where": ["http.response.status_code=200"]}, [2]),
        ({"where": ["http.response.status_code>=500"]}, []),
        ({"where": ["who!=bob", "severity_number>=9"]}, [0]),
        ({"where": ["who", "timestamp<2027"]}, []),
        ({"where": ["timestamp>=2026-02-01"]}, [2]),
    ],
)
def test_records_are_filtered_by_format_and_text(
    mixed: tuple[Status, str], asked: dict[str, str], expected: list[int]
) -> None:
    status, file_id = mixed
    lines = [len(line) + 1 for line in MIXED.encode().split(b"\n")[:3]]
    items = everything(lambda **page: status.records(file_id, **asked, limit=23, **page))
    begins = [0, lines[0], lines[0] + lines[1]]
    assert [each["offset"] for each in items] == [
        block * sum(lines) + begins[number] for block in range(40) for number in expected
    ]


@pytest.mark.parametrize(
    ("stamps", "bounds", "expected"),
    [
        (["10.500", "10.5", "10.499"], {"from_": "2026-02-01T10:00:10.5Z"}, 2),
        (["10.500", "10.5", "10.499999"], {"to": "2026-02-01T10:00:10.50Z"}, 1),
        (["10", "10.000", "10.001", "09.999"], {"from_": "2026-02-01T10:00:10Z"}, 3),
    ],
)
def test_times_of_another_precision_are_the_same_times(stamps, bounds, expected) -> None:
    lines = "".join(f'{{"time":"2026-02-01T10:00:{stamp}Z","msg":"x"}}\n' for stamp in stamps)
    _, status, file_id = ingested(lines.encode())
    assert len(status.records(file_id, **bounds)["items"]) == expected


@pytest.fixture(scope="module")
def files(events) -> tuple[Pipeline, Status]:
    """60 files a second apart, of two folders, two formats and two states."""
    pipeline, _, file_id = events
    stored, listing = pipeline.table.files[file_id], Pipeline(LIMITS)
    for number in range(60):
        version = replace(stored.plan.head.version, key=f"{'web' if number % 3 else 'app'}/{number}")
        head = replace(stored.plan.head, version=version)
        plan = replace(stored.plan, head=head, format="syslog" if number % 2 else "json_lines")
        account = replace(stored.account, state=State.FAILED if number % 10 == 9 else State.COMPLETE)
        opened_at = WHEN + timedelta(seconds=number)
        listing.table.files[plan.file_id] = stored._replace(
            plan=plan, account=account, opened_at=opened_at, settled_at=opened_at + timedelta(hours=1)
        )
    return listing, Status(listing.ledger, FakeRecordsReader({}))


@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, range(60)),
        ({"state": "FAILED"}, range(9, 60, 10)),
        ({"state": "failed", "prefix": "app/"}, [9, 39]),
        ({"state": "COMPLETE", "prefix": "app/"}, [n for n in range(0, 60, 3) if n not in {9, 39}]),
        ({"prefix": "app/", "format_name": "syslog"}, range(3, 60, 6)),
        ({"state": "FAILED", "format_name": "json_lines"}, []),
        ({"key": "web/7"}, [7]),
        ({"key": "web/7", "state": "FAILED"}, []),
        ({"prefix": "\ud800"}, []),
        ({"from_": "2026-03-01T12:00:10Z", "to": "2026-03-01T13:00:12+01:00"}, [10, 11]),
        ({"state": "FAILED", "from_": "2026-03-01T12:00:10Z"}, range(19, 60, 10)),
        ({"time": "settled", "from_": "2026-03-01T13:00:10Z", "to": "2026-03-01T13:00:13Z"}, [10, 11, 12]),
        ({"time": "settled", "state": "COMPLETE", "to": "2026-03-01T13:00:10Z"}, range(9)),
    ],
)
def test_files_are_listed_newest_first_by_what_is_asked_for(files, asked, numbers, limit) -> None:
    _, status = files
    listed = everything(status.files, limit=limit, **asked)
    assert [int(item["key"][4:]) for item in listed] == sorted(numbers, reverse=True)


def test_a_page_of_files_asks_the_table_a_bounded_number_of_times(files) -> None:
    pipeline, status = files
    for asked, times in (
        ({}, 1),
        ({"state": "COMPLETE", "format_name": "none_such"}, 5),
        ({"prefix": "x"}, 5),
    ):
        pipeline.table.lists = 0
        status.files(limit=2, **asked)
        assert pipeline.table.lists <= times


def test_a_file_that_an_index_still_has_under_another_state_is_not_listed_there(files) -> None:
    pipeline, _ = files
    listed = pipeline.table.files_by_state(State.FAILED, before=None, limit=9)

    class Behind(type(pipeline.table)):  # type: ignore[misc]
        def files_by_state(self, *_: Any, **__: Any) -> FilePage:
            return listed

    status = Status(Ledger(Behind(), pipeline.clock), FakeRecordsReader({}))
    assert everything(status.files, state="PROCESSING") == []


def test_rejects_are_found_without_walking_the_whole_file(events) -> None:
    pipeline, _, file_id = events
    reader = FakeRecordsReader(pipeline.records.items)
    page = Status(pipeline.ledger, reader).rejects(file_id)
    assert [item["reason"] for item in page["items"]] == ["invalid-json"]
    assert page["cursor"] is None
    assert reader.questions == 1


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walks end soon, so that it takes several."""
    monkeypatch.setattr(Histogram, "effort_max", 60)
    monkeypatch.setattr(Reasons, "effort_max", 60)
    monkeypatch.setattr(record_sums, "_ITEMS_AT_ONCE", 1)


def test_a_histogram_adds_up_to_all_records_whatever_its_parts_are(hasty) -> None:
    lines = [*LINES[:123], "broken {", *LINES[124:]]
    _, status, file_id = ingested(("\n".join(lines) + "\n").encode())
    for buckets, seconds in ((1000, 1), (60, 10), (5, 60), (1, 600)):
        parts, cursor = [], None
        while True:
            part = status.histogram(file_id, buckets=buckets, cursor=cursor)
            assert len(part["buckets"]) <= buckets
            assert part["complete"] is (part["cursor"] is None)
            assert not parts or part["seconds"] >= parts[-1]["seconds"]
            parts.append(part)
            cursor = part["cursor"]
            if cursor is None:
                break
        assert len(parts) > 1
        assert sum(part["records"] for part in parts) == 299
        counted: Counter[str] = Counter()
        for bucket in (each for part in parts for each in part["buckets"]):
            counted.update(bucket["severities"])
        assert counted == {"ERROR": 30, "INFO": 269}
        assert parts[-1]["seconds"] <= seconds


def test_a_histogram_of_some_time_says_which_second_holds_how_many(events) -> None:
    _, status, file_id = events
    part = status.histogram(file_id, from_="2026-02-01T10:02:00Z", to="2026-02-01T10:02:06Z", buckets=10)
    buckets_shown = [(each["from"][11:], each["severities"]) for each in part["buckets"]]
    assert buckets_shown[0] == ("10:02:00Z", {"ERROR": 1})
    assert [time for time, _ in buckets_shown] == [f"10:02:0{second}Z" for second in (0, 1, 2, 4, 5)]
    assert (part["records"], part["untimed"], part["complete"]) == (5, 0, True)


def test_records_without_a_time_or_from_the_ends_of_time_are_counted() -> None:
    times = ("0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-02-01T10:00:00")
    lines = "".join(f'{{"time":"{time}Z","msg":"x"}}\n' for time in times) + '{"msg":"x"}\n'
    _, status, file_id = ingested(lines.encode())
    part = status.histogram(file_id, buckets=2)
    assert (part["records"], part["complete"]) == (4, True)
    assert sum(sum(each["severities"].values()) for each in part["buckets"]) + part["untimed"] == 4
    assert part["untimed"] >= 1


def test_rejects_are_grouped_by_reason_with_an_example(hasty) -> None:
    lines = [*LINES[:100], "broken {" + "x" * 300, *LINES[100:200], "{broken", "[1]"]
    _, status, file_id = ingested(("\n".join(lines) + "\n").encode())
    listed = everything(lambda **page: status.rejects(file_id, **page))
    groups: dict[str, list[Any]] = {}
    cursor = None
    while True:
        part = status.reasons(file_id, cursor=cursor)
        for each in part["items"]:
            groups.setdefault(each["reason"], []).append(each)
        cursor = part["cursor"]
        assert part["complete"] is (cursor is None)
        if cursor is None:
            break
    assert {reason: sum(each["entries"] for each in parts) for reason, parts in groups.items()} == Counter(
        item["reason"] for item in listed
    )
    firsts = {item["reason"]: item for item in reversed(listed)}
    assert {reason: parts[0]["first"] for reason, parts in groups.items()} == firsts
    assert sum(each["bytes"] for parts in groups.values() for each in parts) == sum(
        item["length"] for item in listed
    )


def test_batches_come_once_and_in_order(events) -> None:
    _, status, file_id = events
    listed = everything(lambda **page: status.batches(file_id, limit=4, **page))
    assert len(listed) == status.file(file_id)["batches"]
    assert [(item["split"], item["batch"]) for item in listed] == sorted(
        (i["split"], i["batch"]) for i in listed
    )
    assert sum(item["parsed"]["lines"] for item in listed) == 298
    assert {item["state"] for item in listed} == {"done"}


def test_a_file_adds_up_while_it_is_under_way() -> None:
    text = ("\n".join(LINES) + "\n").encode()
    pipeline, status, file_id = ingested(text, deliver=False)
    seen = status.file(file_id)
    assert (seen["state"], seen["parsed"]["lines"]) == ("SPLITTING", 0)
    assert seen["pending"]["bytes"] > 0
    from tests.unit.test_deliveries import deliver

    while pipeline.split_queue.messages:
        deliver(pipeline, pipeline.split_queue.messages.pop(0).body)
    while pipeline.batch_queue.messages:
        seen = status.file(file_id)
        assert seen["state"] == "PROCESSING"
        assert seen["text_bytes"] == len(text)
        assert seen["parsed"]["bytes"] + seen["pending"]["bytes"] == len(text)
        assert seen["parsed"]["entries"] + seen["pending"]["entries"] == 300
        deliver(pipeline, pipeline.batch_queue.messages.pop(0).body)
    seen = status.file(file_id)
    assert (seen["state"], seen["parsed"]["lines"], seen["pending"]["lines"]) == ("COMPLETE", 300, 0)
    assert seen["settled_at"] == WHEN.isoformat().replace("+00:00", "Z")


def test_a_huge_file_that_has_nothing_yet_does_not_take_for_ever() -> None:
    pipeline, _, file_id = ingested(b"x\n", deliver=False)
    stored = pipeline.table.files[file_id]
    head = stored.plan.head
    huge = Plan(type(head)(head.version, 1 << 40, "", WHEN), "text", 0.1)
    pipeline.table.files[file_id] = stored._replace(plan=huge)
    pipeline.table.seals.clear()
    reader = FakeRecordsReader({})
    page = Status(pipeline.ledger, reader).records(file_id)
    assert page["items"] == []
    assert page["cursor"]
    assert reader.questions < 500


def test_a_search_that_is_out_of_time_ends_its_page_a_little_further(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [*LINES[:123], "broken {", *LINES[124:250], "[1]", *LINES[251:]]
    _, status, file_id = ingested(("\n".join(lines) + "\n").encode())
    asked: dict[str, Any] = {
        "search": partial(status.records, file_id, text="event 299"),
        "rejects": partial(status.rejects, file_id),
        "reasons": partial(status.reasons, file_id),
    }
    at_leisure = {name: everything(ask) for name, ask in asked.items()}
    assert [len(items) for items in at_leisure.values()] == [1, 2, 2]

    monkeypatch.setattr(Walk, "seconds_max", 0.0)
    monkeypatch.setattr(record_sums, "_ITEMS_AT_ONCE", 1)
    first = asked["search"]()
    assert (first["items"], int(first["cursor"]) > 0) == ([], True)
    assert {name: everything(ask) for name, ask in asked.items()} == at_leisure
    records, parts, cursor = 0, 0, None
    while parts == 0 or cursor:
        part = status.histogram(file_id, cursor=cursor)
        records, parts, cursor = records + part["records"], parts + 1, part["cursor"]
    assert (records, parts > 1) == (298, True)


def test_a_page_of_batches_that_is_out_of_time_ends_a_little_further(
    monkeypatch: pytest.MonkeyPatch, events: tuple[Pipeline, Status, str]
) -> None:
    _, status, file_id = events
    at_leisure = everything(partial(status.batches, file_id, state="done"))
    assert len(at_leisure) > 9
    monkeypatch.setattr("chalicelib.status.SECONDS_PER_PAGE", 0.0)
    page = status.batches(file_id, state="pending")
    assert (page["items"], page["cursor"]) == ([], "0-0")
    assert everything(partial(status.batches, file_id, state="done")) == at_leisure


def test_wrong_questions_name_themselves_and_the_remedy(events) -> None:
    _, status, file_id = events
    with pytest.raises(NotFoundError, match="no file 'nope'"):
        status.file("nope")
    for ask, message in (
        (lambda: status.records(file_id, limit=0), "limit is 0"),
        (lambda: status.records(file_id, severity="loud"), "severity is 'loud'"),
        (lambda: status.records(file_id, severity="²"), "severity is '²'"),
        (lambda: status.records(file_id, text="x" * 201), "text has 201 characters"),
        (lambda: status.records(file_id, from_="yesterday"), "from is 'yesterday'"),
        (lambda: status.records(file_id, cursor="x"), "cursor is 'x'"),
        (lambda: status.records(file_id, cursor="9" * 40), "cursor is '9"),
        (lambda: status.records(file_id, severity="9" * 5000), "severity is '9"),
        (lambda: status.records(file_id, from_="0001-01-01T00:00:00+10:00"), "from is '0001"),
        (lambda: status.records(file_id, to="2026-02-01T10:00:00 02:00"), "%2B"),
        (lambda: status.batches(file_id, cursor="9" * 5000 + "-1"), "cursor is '9"),
        (lambda: status.batches(file_id, cursor="1"), "cursor is '1'"),
        (lambda: status.files(state="DONE"), "state is 'DONE'"),
        (lambda: status.files(time="closed"), "time is 'closed': give one of opened, settled"),
        (lambda: status.records(file_id, where=["=5"]), "where is '=5'"),
        (lambda: status.records(file_id, where=["a=b"] * 9), "where is given 9 times"),
        (lambda: status.histogram(file_id, buckets=0), "buckets is 0"),
        (lambda: status.histogram(file_id, cursor="99-0"), "cursor is '99-0'"),
        (lambda: status.reasons(file_id, cursor="x"), "cursor is 'x'"),
    ):
        with pytest.raises(BadQueryError, match=message):
            ask()
