"""The notifier: one notice a settling, told in words that hold, and no record that keeps others back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import ledger_items, plan_items
from chalicelib.aws.ledger_stream import changes_in
from chalicelib.core.custom.loading import load
from chalicelib.core.errors import FroeError, MissingResourceError, PermanentError, ThrottledError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import FileAccount, State
from chalicelib.core.ledger.marks import Counts, Tally
from chalicelib.core.ledger.summaries import Summary
from chalicelib.core.plan import ObjectHead, ObjectVersion, Plan
from chalicelib.core.plan.notice_scope import NoticeScope
from chalicelib.core.records import typed
from chalicelib.core.wire.notifications import Announced
from chalicelib.delivery import Deadline
from chalicelib.events import Event, settled_event
from chalicelib.handlers import on_ledger_records
from chalicelib.ledger import Ledger, StoredFile
from chalicelib.metrics import FILES_SETTLED
from chalicelib.notices import Notice, file_notice, files_notice
from chalicelib.notifier import Change, Notifier
from chalicelib.opening import Opening
from chalicelib.status_json import file_json
from froe import events_page
from froe.events_page import schema
from tests.fakes import WHEN, Effects, FakeLedgerTable, FakeMeter, FakeObjects, in_time
from tests.schemas import faults
from tests.templates import ROOT

SETTLED = [state for state in State if state.settled]


class Logged(logging.Handler):
    """What was logged, event by event."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def named(self, event: str) -> list[dict[str, Any]]:
        return [vars(record) for record in self.records if record.getMessage() == event]


@pytest.fixture
def log() -> Iterator[Logged]:
    handler = Logged()
    logger = logging.getLogger("froe")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


class FakeTopic:
    """Keeps what was published; some keys, or kinds, make it fail."""

    def __init__(self, failures: dict[str, Exception] | None = None) -> None:
        self.published: list[Notice] = []
        self.failures = failures or {}

    def publish(self, notice: Notice) -> None:
        if error := self.failures.get(notice.attributes.get("key", notice.kind)):
            raise error
        self.published.append(notice)


def file(key: str = "logs/a.log", state: State = State.COMPLETE, **fields: Any) -> StoredFile:
    head = ObjectHead(ObjectVersion("b", key, "v1", "e"), 1000, "text/plain", WHEN)
    plan = Plan(head, "json", 0.998, notices=fields.get("notices", NoticeScope.ALL))
    account = FileAccount(
        state=state,
        reason=fields.get("reason"),
        revision=fields.get("revision", 4),
        text_bytes=fields.get("text_bytes", 1000),
        splits=1,
        batches=3,
        cut=fields.get("cut", Tally(12, 14, 1000)),
        summary=fields.get(
            "summary",
            Summary(
                done=3,
                counts=Counts(Tally(9, 10, 900), Tally(1, 1, 60), {"blank": Tally(2, 3, 40)}),
            ),
        ),
    )
    settled_at = WHEN + timedelta(seconds=7.25) if state.settled else None
    return StoredFile(plan, account, WHEN, settled_at)


def image(stored: StoredFile) -> dict[str, Any]:
    """The file's item as the table, and so the stream, holds it."""
    item = {"pk": stored.plan.file_id, "sk": "file", "opened_at": stored.opened_at.isoformat()}
    item |= plan_items.from_plan(stored.plan)
    item |= ledger_items.from_account(stored.plan.file_id, stored.account, stored.settled_at or WHEN)
    return {name: typed(value) for name, value in item.items() if value is not None}


def record(number: int, new: StoredFile | None, old: StoredFile | None = None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "Keys": {"pk": {"S": (new or old or file()).plan.file_id}, "sk": {"S": "file"}},
        "SequenceNumber": f"{number:021d}",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if new:
        described["NewImage"] = image(new)
    if old:
        described["OldImage"] = image(old)
    name = "REMOVE" if new is None else "MODIFY" if old else "INSERT"
    return {"eventName": name, "eventSource": "aws:dynamodb", "dynamodb": described}


def tell(topic: FakeTopic, *records: Any, seconds: float = 60) -> list[str]:
    return Notifier(topic).tell(changes_in({"Records": list(records)}), in_time(seconds))


def test_a_file_that_settles_is_told() -> None:
    topic = FakeTopic()
    settled = file()
    assert tell(topic, record(1, settled, file(state=State.PROCESSING, revision=3))) == []
    (notice,) = topic.published
    assert (notice.kind, notice.notice_id) == ("file", f"{settled.plan.file_id}-4")
    assert notice.subject == "Froe: COMPLETE logs/a.log"
    assert notice.attributes == {
        "state": "COMPLETE",
        "bucket": "b",
        "key": "logs/a.log",
        "file_id": settled.plan.file_id,
        "format": "json",
    }


@pytest.mark.parametrize("state", SETTLED)
def test_a_file_that_is_settled_from_the_start_is_told(state: State) -> None:
    topic = FakeTopic()
    tell(topic, record(1, file(state=state, revision=0)))
    assert [notice.attributes["state"] for notice in topic.published] == [state.value]


def test_what_is_no_settling_is_not_told() -> None:
    topic = FakeTopic()
    moving, settled = file(state=State.PROCESSING), file()
    leaf = record(4, settled)
    leaf["dynamodb"]["Keys"]["sk"] = {"S": "leaf#000000#000000"}
    assert (
        tell(topic, record(1, moving), record(2, settled, settled), record(3, None, settled), leaf, seconds=0)
        == []
    )
    assert topic.published == []


def incomplete(revision: int, failed: int) -> StoredFile:
    summary = Summary(done=3, failed=failed)
    return file(state=State.INCOMPLETE, revision=revision, summary=summary, reason=f"{failed} are dead")


def told_of(*steps: StoredFile) -> list[str]:
    """The revisions that are told of a file that goes through these accounts."""
    topic = FakeTopic()
    before: list[StoredFile | None] = [None, *steps]
    tell(topic, *(record(number, *pair) for number, pair in enumerate(zip(steps, before, strict=False))))
    return [notice.notice_id.rsplit("-", 1)[1] for notice in topic.published]


def test_a_redrive_of_many_batches_tells_only_of_its_end() -> None:
    steps = [incomplete(3 + step, 8 - step) for step in range(8)]
    assert told_of(*steps, file(revision=11)) == ["3", "11"]


def test_a_file_that_gets_worse_is_told_again() -> None:
    assert told_of(incomplete(4, 1), incomplete(5, 2), incomplete(6, 1)) == ["4", "5"]


def test_a_file_that_moves_again_and_settles_anew_is_told_again() -> None:
    moving = file(state=State.PROCESSING, revision=5)
    assert told_of(incomplete(4, 1), moving, incomplete(6, 1)) == ["4", "6"]


def test_a_file_whose_last_discard_is_made_good_is_told_as_plainly_complete() -> None:
    discards = [file(revision=4 + step, reason=f"complete with {2 - step} discards") for step in range(2)]
    assert told_of(*discards, file(revision=6)) == ["4", "6"]


def test_a_repeated_delivery_is_the_same_notice() -> None:
    topic = FakeTopic()
    delivered = record(1, file(), file(state=State.PROCESSING, revision=3))
    tell(topic, delivered)
    tell(topic, delivered)
    assert topic.published[0] == topic.published[1]


def test_a_failure_that_may_pass_gives_back_that_record_alone_and_the_others_are_told() -> None:
    topic = FakeTopic({"b": MissingResourceError("the topic is not there")})
    failed = tell(topic, *(record(number, file(key)) for number, key in enumerate("abc")))
    assert failed == [f"{1:021d}"]
    assert [notice.attributes["key"] for notice in topic.published] == ["a", "c"]


def test_a_bug_in_publishing_gives_the_record_back_and_the_others_are_told() -> None:
    topic = FakeTopic({"a": RuntimeError("a bug")})
    assert tell(topic, record(0, file("a")), record(1, file("b"))) == [f"{0:021d}"]
    assert [notice.attributes["key"] for notice in topic.published] == ["b"]


def test_a_refusal_for_good_is_logged_and_let_go(log: Logged) -> None:
    topic = FakeTopic({"a": PermanentError("too long")})
    assert tell(topic, record(0, file("a")), record(1, file("b"))) == []
    assert [notice.attributes["key"] for notice in topic.published] == ["b"]
    (refused,) = log.named("notice_refused")
    assert refused["notice_id"] == file_notice(file("a")).notice_id
    assert refused["reason"] == "too long"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"dynamodb": None},
        {"dynamodb": {"Keys": {"pk": {"S": "f"}, "sk": {"S": "file"}}, "NewImage": {"state": {"S": "ODD"}}}},
        {"dynamodb": {"Keys": [], "SequenceNumber": 7}},
        "nonsense",
    ],
)
def test_a_record_that_nobody_understands_is_logged_and_blocks_no_other(broken: Any, log: Logged) -> None:
    topic = FakeTopic()
    assert tell(topic, broken, record(1, file())) == []
    assert len(topic.published) == 1
    (refused,) = log.named("notice_refused")
    assert refused["reason"].startswith("the stream's record is not understood")


def test_an_unreadable_account_is_logged_with_its_file(log: Logged) -> None:
    broken = record(7, file())
    del broken["dynamodb"]["NewImage"]["framing"]
    assert tell(FakeTopic(), broken) == []
    (refused,) = log.named("notice_refused")
    assert (refused["file_id"], refused["sequence_number"]) == (file().plan.file_id, f"{7:021d}")


def test_what_no_time_is_left_for_is_given_back() -> None:
    topic = FakeTopic()
    assert tell(topic, record(1, file("a")), record(2, file("b")), seconds=0) == [f"{n:021d}" for n in (1, 2)]
    assert topic.published == []


def named(key: str, rejected: int = 0, **fields: Any) -> StoredFile:
    counts = Counts(Tally(90, 90, 900), Tally(rejected, rejected, rejected))
    cut = Tally(90 + rejected, 90 + rejected, 900 + rejected)
    return file(key, cut=cut, summary=Summary(done=3, counts=counts), **fields)


def test_many_files_that_settle_at_once_are_one_notice_of_each_state() -> None:
    topic = FakeTopic()
    files = [named(f"logs/{number:04d}.log", rejected=number % 7) for number in range(3000)]
    files[1234] = named("logs/worst.log", rejected=80)
    bad = [file(f"bad/{number}", State.FAILED, reason="not text", summary=Summary()) for number in range(9)]
    assert tell(topic, *(record(number, each) for number, each in enumerate([*files, *bad]))) == []
    many, *each = topic.published
    assert (many.kind, many.subject) == ("files", "Froe: 3,000 files COMPLETE")
    assert many.attributes == {"state": "COMPLETE", "files": "3000"}
    lines = many.text.splitlines()
    assert lines[0] == "3,000 files are COMPLETE"
    assert "parsed: 270,000 entries, 270,000 lines, 2,700,000 bytes" in lines
    rejected = sum(number % 7 for number in range(3000)) - 1234 % 7 + 80
    assert f"rejected: {rejected:,} entries, {rejected:,} lines, {rejected:,} bytes" in lines
    worst = lines.index("The worst 20 of them:") + 1
    assert lines[worst].endswith("s3://b/logs/worst.log (version v1): 80 lines rejected (47.1% of the lines)")
    assert lines[-1] == "More: froe status --state COMPLETE"
    assert len(many.text) < 5000
    assert [one.attributes["key"] for one in each] == [f"bad/{number}" for number in range(9)]


def test_a_group_of_files_with_the_longest_names_and_reasons_fits_a_message() -> None:
    files = [file("\x1b" * 1000 + str(n), State.DAMAGED, reason="\x00" * 5000) for n in range(1000)]
    assert len(files_notice(files).text.encode()) < 262_144 / 2


def test_the_same_group_is_the_same_notice_and_another_group_is_another() -> None:
    files = [file(f"logs/{number}") for number in range(20)]
    assert files_notice(files) == files_notice(files)
    assert files_notice(files).notice_id == files_notice(files[::-1]).notice_id
    assert files_notice(files).notice_id != files_notice(files[1:]).notice_id


def test_a_group_that_could_not_be_told_is_given_back_whole_and_told_once() -> None:
    topic, meter = FakeTopic({"files": MissingResourceError("the topic is not there")}), FakeMeter()
    records = [record(number, file(f"logs/{number}")) for number in range(12)]
    notifier = Notifier(topic, meter)
    assert notifier.tell(changes_in({"Records": records}), in_time()) == [f"{n:021d}" for n in range(12)]
    topic.failures.clear()
    for _ in range(2):
        assert notifier.tell(changes_in({"Records": records}), in_time()) == []
    assert [notice.attributes["files"] for notice in topic.published] == ["12"]
    assert meter.sum(FILES_SETTLED, "COMPLETE") == 12


def test_what_follows_a_failure_and_is_delivered_again_is_not_told_again() -> None:
    """By the same process: another one tells it under the same id."""
    topic = FakeTopic({"b": MissingResourceError("the topic is not there")})
    records = [record(number, file(key)) for number, key in enumerate("abc")]
    notifier = Notifier(topic)
    notifier.tell(changes_in({"Records": records}), in_time())
    topic.failures.clear()
    assert notifier.tell(changes_in({"Records": records[1:]}), in_time()) == []
    assert [notice.attributes["key"] for notice in topic.published] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("notices", "expected"),
    [
        (NoticeScope.ALL, ["COMPLETE", "DAMAGED"]),
        (NoticeScope.ATTENTION, ["DAMAGED"]),
        (NoticeScope.NONE, []),
    ],
)
def test_a_file_that_is_bound_to_be_quiet_is_told_by_its_event_and_counted(
    notices: NoticeScope, expected: list[str]
) -> None:
    topic, meter, bus = FakeTopic(), FakeMeter(), FakeBus()
    states = (State.COMPLETE, State.DAMAGED)
    records = [record(n, file(f"{n}", state, notices=notices)) for n, state in enumerate(states)]
    for _ in range(2):
        assert Notifier(topic, meter, events=bus).tell(changes_in({"Records": records}), in_time()) == []
        assert [notice.attributes["state"] for notice in topic.published] == expected
        assert [event.detail["state"] for event in bus.events] == list(states)
        assert meter.sum(FILES_SETTLED, "COMPLETE") == 1
        topic.published.clear(), bus.events.clear(), meter.values.clear()


def test_what_a_prefix_is_bound_to_is_decided_when_a_file_is_opened_and_kept() -> None:
    config = load("[[bind]]\nprefix='quiet/'\nnotices='none'\n", "x")
    effects, objects = Effects(), FakeObjects()
    opening = Opening(
        objects,
        Ledger(FakeLedgerTable(effects), lambda: WHEN),
        limits=Limits(),
        retention_days=0,
        config=lambda: config,
    )
    for key, data in {"quiet/a": b"x\n", "quiet/b": b"\0\1" * 500, "loud/c": b"x\n"}.items():
        objects.add(key, data)
    plans = [
        opening.plan_of(Announced("logs", key, "v1", "e"))[0] for key in ("quiet/a", "quiet/b", "loud/c")
    ]
    plans.append(opening.plan_of(Announced("logs", "quiet/gone", "v1", "e"))[0])
    assert [plan.failure is not None for plan in plans] == [False, True, False, True]
    expected = [NoticeScope.NONE, NoticeScope.NONE, NoticeScope.ALL, NoticeScope.NONE]
    assert [plan.notices for plan in plans] == expected
    stored = [plan_items.from_plan(plan) for plan in plans]
    assert [plan_items.to_plan(item).notices for item in stored] == expected
    assert "notices" not in stored[2]
    assert plan_items.to_plan(stored[0] | {"notices": "of newer code"}).notices is NoticeScope.ALL


def test_a_change_does_not_carry_the_configuration_of_its_file() -> None:
    """Unpacked a thousand of them would be more than the function has memory for."""
    stored = file()
    configured = stored._replace(plan=replace(stored.plan, custom="x" * 100_000))
    (change,) = changes_in({"Records": [record(1, configured)]})
    assert isinstance(change, Change)
    assert change.after.plan == stored.plan


class FakeBus:
    """Keeps the events that it takes; failures: what becomes of those of a key."""

    def __init__(self, failures: dict[str, FroeError] | None = None) -> None:
        self.events: list[Event] = []
        self.failures = failures or {}

    def emit(self, events: Sequence[Event], deadline: Deadline) -> dict[str, FroeError]:
        failed = {
            each.event_id: self.failures[each.detail["key"]]
            for each in events
            if each.detail["key"] in self.failures
        }
        self.events += [each for each in events if each.event_id not in failed]
        return failed


def test_every_settled_file_has_an_event_with_the_id_of_its_notice() -> None:
    topic, bus = FakeTopic(), FakeBus()
    files = [file(f"logs/{number}") for number in range(30)]
    moving = file("moving", State.PROCESSING, revision=1)
    records = [record(number, each) for number, each in enumerate([*files, moving])]
    Notifier(topic, events=bus, stage="prod").tell(changes_in({"Records": records}), in_time())
    assert [event.event_id for event in bus.events] == [file_notice(each).notice_id for each in files]
    event = bus.events[0]
    assert event.time == files[0].settled_at
    assert event.detail == {
        "notice_id": file_notice(files[0]).notice_id,
        "stage": "prod",
        **file_json(files[0], files[0].account, None),
    }
    assert list(faults(event.detail, schema())) == []


def test_the_page_of_events_has_the_schema_of_the_code() -> None:
    """`make docs` rewrites it."""
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == events_page.page()


def test_the_check_of_schemas_finds_what_does_not_fit() -> None:
    good = settled_event(file(), "prod", None).detail
    spoilt = [
        {**good, "state": "ODD"},
        {**good, "splits": -1},
        {**good, "file_id": "x"},
        {**good, "parsed": {"entries": 1}},
        {**good, "reason": 7},
        {name: value for name, value in good.items() if name != "stage"},
    ]
    assert [len(list(faults(each, schema()))) > 0 for each in spoilt] == [True] * len(spoilt)


def test_an_event_that_is_not_taken_yet_is_sent_again_and_no_notice_is_repeated(log: Logged) -> None:
    topic, bus = FakeTopic(), FakeBus({"b": ThrottledError("slow"), "c": PermanentError("malformed")})
    notifier = Notifier(topic, events=bus)
    records = [record(number, file(key)) for number, key in enumerate("abcd")]
    assert notifier.tell(changes_in({"Records": records}), in_time()) == [f"{1:021d}"]
    assert [each["reason"] for each in log.named("event_refused")] == ["malformed"]
    bus.failures.pop("b")
    assert notifier.tell(changes_in({"Records": records[1:]}), in_time()) == []
    assert sorted(event.detail["key"] for event in bus.events) == ["a", "b", "d"]
    assert sorted(notice.attributes["key"] for notice in topic.published) == ["a", "b", "c", "d"]


def test_a_topic_that_fails_keeps_no_event_back_and_a_bug_in_events_no_notice() -> None:
    topic, bus = FakeTopic({"a": MissingResourceError("gone")}), FakeBus()
    assert Notifier(topic, events=bus).tell(changes_in({"Records": [record(1, file("a"))]}), in_time())
    assert len(bus.events) == 1

    class Broken:
        def emit(self, events: Sequence[Event], deadline: Deadline) -> dict[str, FroeError]:
            raise RuntimeError("a bug")

    topic = FakeTopic()
    records = {"Records": [record(1, file("a"))]}
    assert Notifier(topic, events=Broken()).tell(changes_in(records), in_time()) == [f"{1:021d}"]
    assert len(topic.published) == 1


def test_the_handler_answers_in_the_shape_that_mappings_understand() -> None:
    class Services:
        meter = FakeMeter()
        notifier = Notifier(FakeTopic({"b": MissingResourceError("the topic is not there")}), meter)

    class Context:
        aws_request_id = "request-1"

        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    event = {"Records": [record(1, file("a")), record(2, file("b"))]}
    answer = on_ledger_records(Services(), event, Context())  # type: ignore[arg-type]
    assert answer == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}
    assert Services.meter.sum(FILES_SETTLED, "COMPLETE") == 1, "what is not told yet is not counted yet"
    assert Services.meter.flushed == 1


COMPLETE = """COMPLETE: every line is accounted for

file: s3://b/logs/a.log (version v1)
file id: {file_id}
format: json, score 0.998
object: 1,000 bytes, last modified 2026-03-01T12:00:00Z
text: 1,000 bytes
parsed: 9 entries, 10 lines, 900 bytes
rejected: 1 entry, 1 line, 60 bytes
skipped, blank: 3 lines, 40 bytes
batches: 3 in 1 split
opened: 2026-03-01T12:00:00Z
settled: 2026-03-01T12:00:07Z, after 7.2 s

More: froe status {file_id}
Rejects: froe rejects {file_id}
"""


def test_the_text_says_all_that_became_of_the_file() -> None:
    settled = file()
    assert file_notice(settled).text == COMPLETE.format(file_id=settled.plan.file_id)


def test_the_text_of_an_incomplete_file_says_what_is_dead_and_where_to_look() -> None:
    summary = Summary(
        done=1,
        failed=1,
        discarded=1,
        counts=Counts(Tally(5, 5, 500)),
        dead=Tally(3, 4, 300),
        given_up=Tally(4, 5, 200),
    )
    incomplete = file(state=State.INCOMPLETE, reason="1 of 3 batches are dead-lettered", summary=summary)
    lines = file_notice(incomplete).text.splitlines()
    assert lines[0] == "INCOMPLETE: 1 of 3 batches are dead-lettered"
    assert "dead-lettered: 3 entries, 4 lines, 300 bytes" in lines
    assert "discarded: 4 entries, 5 lines, 200 bytes" in lines
    assert not [line for line in lines if line.startswith("pending")]
    assert lines[-1] == f"Dead letters: froe dead-letters --file {incomplete.plan.file_id}"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.DAMAGED, "the gzip data ends early at byte 1,000 (text offset 5,000)"),
        (State.FAILED, "not text: it looks like xz"),
        (State.SUPERSEDED, "the object was overwritten while it was read"),
        (State.COMPLETE, "complete but for 2 discarded batches"),
    ],
)
def test_the_text_begins_with_state_and_reason(state: State, reason: str) -> None:
    lines = file_notice(file(state=state, reason=reason, text_bytes=None)).text.splitlines()
    assert lines[0] == f"{state}: {reason}"
    assert "text: unknown" in lines


def test_a_key_cannot_forge_lines_of_the_text() -> None:
    odd = file("a\nCOMPLETE: all is well\x1b[2J\u202e")
    notice = file_notice(odd)
    assert r"file: s3://b/a\nCOMPLETE: all is well\x1b[2J\u202e (version v1)" in notice.text.splitlines()
    assert notice.attributes["key"] == odd.plan.object.key


def test_a_long_key_shows_its_end_in_the_subject() -> None:
    assert file_notice(file("k" * 1000 + "/app.log")).subject.endswith("kkk/app.log")
