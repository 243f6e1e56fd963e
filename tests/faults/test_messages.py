"""Messages that nobody can obey: refused with a sentence, and never at the cost of their neighbours."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import zstandard

from chalicelib import handlers
from chalicelib.core.errors import (
    AccessDeniedError,
    OutOfTimeError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.letters import Attempt
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import BatchMessage, SplitMessage, encode_split
from chalicelib.delivery import Deadline, Incoming, Outgoing, consume
from tests.fakes import WHEN, Pipeline, in_time
from tests.faults.inputs import json_lines
from tests.layouts import layout, stored_in  # noqa: F401 - each of these holds in both layouts

LIMITS = Limits(batch_max_lines=5, batch_max_bytes=2048, entry_max_bytes=1024, split_bytes=1024)
NOT_THERE = object()


def sent() -> tuple[Pipeline, list[dict[str, Any]], list[dict[str, Any]]]:
    """A pipeline that has cut a file's first split, and the fields of its split and batch messages."""
    pipeline = Pipeline(LIMITS)
    pipeline.splitter.ingest(pipeline.objects.add("a.jsonl", json_lines(60)), in_time())
    splits = [orjson.loads(message.body) for message in pipeline.split_queue.messages]
    batches = [orjson.loads(message.body) for message in pipeline.batch_queue.messages]
    assert len(splits) > 2
    assert len(batches) > 2
    return pipeline, splits, batches


_, SPLITS, BATCHES = sent()
BATCH, SPLIT = BATCHES[1], SPLITS[1]


def changed(fields: dict[str, Any], **changes: Any) -> str:
    kept = fields | changes
    return orjson.dumps({name: value for name, value in kept.items() if value is not NOT_THERE}).decode()


def packed(text: bytes) -> str:
    return base64.b64encode(zstandard.compress(text)).decode()


TEXT = zstandard.decompress(base64.b64decode(BATCH["body"]))
FRAME = base64.b64decode(BATCH["body"])
BROKEN_FRAME = base64.b64encode(FRAME[:-4]).decode()
SIZELESS = base64.b64encode(zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)).decode()
GREEDY = base64.b64encode(zstandard.compress(bytes(64 * 1024 * 1024))).decode()

REFUSED = {
    "empty": ("", "not JSON"),
    "not JSON": ("{not json", "not JSON"),
    "cut JSON": (changed(BATCH)[:-9], "not JSON"),
    "a list": ("[1]", "no object"),
    "a number": ("17", "no object"),
    "no version": (changed(BATCH, v=NOT_THERE), "has no version (`v`)"),
    "an unknown version": (changed(BATCH, v=7), "version 7; this Froe reads 1, 2, 3, 4, 5 and 6"),
    "a version in words": (changed(BATCH, v="1"), "version '1'"),
    "an unknown version of a split": (changed(SPLIT, v=99), "version 99"),
    "no kind": (changed(BATCH, kind=NOT_THERE), "has no `kind`"),
    "an unknown kind": (changed(BATCH, kind="bunch"), "of the kind 'bunch'"),
    "a kind that is no word": (changed(BATCH, kind=["batch"]), "kind"),
    "an unknown encoding": (changed(BATCH, body_encoding="gzip"), "body_encoding 'gzip'"),
    "broken base64": (changed(BATCH, body="!!!" + BATCH["body"]), "broken"),
    "cut base64": (changed(BATCH, body=BATCH["body"][:-3]), "broken"),
    "no zstd": (changed(BATCH, body=base64.b64encode(TEXT).decode()), "broken"),
    "broken zstd": (changed(BATCH, body=BROKEN_FRAME), "broken"),
    "zstd without its size": (changed(BATCH, body=SIZELESS), "broken"),
    "a bomb": (changed(BATCH, body=GREEDY), "67108864 bytes"),
    "a body longer than its length": (changed(BATCH, body=packed(TEXT + b"more\n")), "its body holds"),
    "a body shorter than its length": (changed(BATCH, body=packed(TEXT[:-9])), "its body holds"),
    "an empty body": (changed(BATCH, body=packed(b"")), "its body holds"),
    "a length that contradicts": (changed(BATCH, length=BATCH["length"] + 1), "its body holds"),
    "an id of another file": (changed(BATCH, batch_id="x-000000-000001"), "batch_id"),
    "an id that is none": (changed(BATCH, batch_id="17"), "broken"),
    "an unknown framing": (changed(BATCH, framing={"version": 2, "entry_start": None}), "framing 2"),
    "an unknown layout": (
        changed(BATCH, v=4, layout="woven"),
        "knows items, packed and none: deploy a newer one",
    ),
    "an unknown sink": (changed(BATCH, v=5, sink="iceberg"), "knows none and parquet: deploy a newer one"),
    "no sink where there must be one": (changed(BATCH, v=5), "lacks 'sink'"),
    "no destination": (changed(BATCH, v=4, layout="none"), "it has no destination"),
    "no layout where there must be one": (changed(BATCH, v=4), "lacks 'layout'"),
    "a layout that is no word": (changed(BATCH, v=4, layout=["packed"]), "broken"),
    "an unknown format": (changed(BATCH, format="morse"), "morse"),
    **{
        f"a batch without {name}": (changed(BATCH, **{name: NOT_THERE}), name)
        for name in (
            *("file_id", "bucket", "key", "version_id", "etag", "batch_id", "offset", "length", "lines"),
            *("format", "framing", "charset", "last_modified", "shards", "body_encoding", "body"),
        )
    },
    **{
        f"a batch with {name}: {value!r}": (changed(BATCH, **{name: value}), "")
        for name, value in (
            ("offset", "there"),
            ("offset", None),
            ("offset", -1),
            ("length", [1]),
            ("lines", {}),
            ("lines", BATCH["lines"] + 1),
            ("lines", 0),
            ("format", ["json"]),
            ("format", None),
            ("framing", "none"),
            ("framing", {"version": 1, "entry_start": "("}),
            ("framing", {"version": 1, "entry_start": None, "traces": "("}),
            ("framing", {"version": 1, "entry_start": None, "rules": 1e308}),
            ("framing", {"version": 1, "entry_start": None, "rules": -1}),
            ("framing", {"version": 1, "entry_start": None, "kind": "json", "path": ["a", 7]}),
            ("framing", {"version": 1, "entry_start": None, "kind": "streams"}),
            ("framing", {"version": 1, "entry_start": None, "kind": "streams", "parts": "("}),
            ("framing", {"version": 1, "entry_start": None, "unit_bytes": 1e18}),
            ("last_modified", "yesterday"),
            ("last_modified", "2026-03-01T12:00:00"),
            ("last_modified", 17),
            ("shards", 0),
            ("shards", "many"),
            ("expires_at", "soon"),
            ("file_id", 17),
            ("file_id", ""),
            ("file_id", "no-file"),
            ("bucket", 17),
            ("key", None),
            ("key", "k" * 1025),
            ("etag", ["e"]),
            ("version_id", 5),
            ("charset", 8),
            ("context", {}),
            ("trace", {"Root": 1}),
            ("offset", 1.5),
            ("shards", True),
            ("cuts", [1]),
            ("batch_id", 17),
            ("body", 17),
            ("body", None),
        )
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_batch_message_that_makes_no_sense_is_refused(name: str) -> None:
    """It is a permanent error that names the fault, and nothing of it is stored."""
    body, named = REFUSED[name]
    pipeline, _, _ = sent()
    before = len(stored_in(pipeline))
    with pytest.raises(PermanentError) as raised:
        pipeline.worker.handle(body, in_time())
    assert named in raised.value.reason
    assert len(stored_in(pipeline)) == before


BAD_SPLITS = {
    **{
        f"a split without {name}": (changed(SPLIT, **{name: NOT_THERE}), name)
        for name in ("file_id", "bucket", "key", "version_id", "etag", "split", "start")
    },
    "a split in words": (changed(SPLIT, split="first"), "broken"),
    "a split that is none": (changed(SPLIT, split=None), "broken"),
    "a start that is none": (changed(SPLIT, start=[1]), "broken"),
    "a file that nobody opened": (changed(SPLIT, file_id="z" * 26), "no such file"),
    "a split beyond the last": (changed(SPLIT, split=4711), "4711"),
    **{
        f"a split with {name}: {value!r}": (changed(SPLIT, **{name: value}), name)
        for name, value in (
            ("file_id", 5),
            ("file_id", ""),
            ("file_id", ["x"]),
            ("file_id", "message#1"),
            ("bucket", 7),
            ("key", 8),
            ("key", "k" * 1025),
            ("etag", None),
            ("version_id", [1]),
            ("trace", {"a": 1}),
            ("split", 1e200),
            ("split", True),
        )
    },
    "a split without end": (changed(SPLIT, split=17).replace("17", "1e999"), "not JSON"),
    "a thing to send again that is none": (changed(SPLIT, again=["undone"]), "undone"),
    "a negative split": (changed(SPLIT, split=-1), "-1"),
}


@pytest.mark.parametrize("name", BAD_SPLITS)
def test_a_split_message_that_makes_no_sense_is_refused(name: str) -> None:
    """It is a permanent error that names the fault, and the ledger stays as it is."""
    body, named = BAD_SPLITS[name]
    pipeline, _, _ = sent()
    seals = dict(pipeline.table.seals)
    with pytest.raises(PermanentError) as raised:
        pipeline.splitter.cut(split_of(decode(body)), in_time())
    assert named in raised.value.reason
    assert pipeline.table.seals == seals


def split_of(message: BatchMessage | SplitMessage) -> SplitMessage:
    assert isinstance(message, SplitMessage)
    return message


def test_an_unknown_field_of_a_message_is_ignored() -> None:
    """Extra fields are ignored, in both kinds."""
    assert decode(changed(BATCH, later={"x": 1}, priority=9)) == decode(changed(BATCH))
    assert decode(changed(SPLIT, later=[1])) == decode(changed(SPLIT))


def test_a_message_without_an_optional_field_is_read() -> None:
    """Messages of before `context`, `trace` and retention are read."""
    for name in ("context", "trace", "expires_at"):
        assert decode(changed(BATCH, **{name: NOT_THERE})) == decode(changed(BATCH))


@dataclass
class Redeliveries:
    """Remembers for how long each message was hidden."""

    hidden: dict[str, int] = field(default_factory=dict)
    broken: bool = False
    calls: int = 0

    def delay_redelivery(self, seconds_by_handle: Mapping[str, int]) -> None:
        if self.broken:
            raise TransientError("no answer")
        self.calls += 1
        self.hidden |= seconds_by_handle


def event_of(*bodies: str, receives: int = 1) -> dict[str, Any]:
    """What Lambda gives a function for messages of SQS."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"r{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "eventSource": "aws:sqs",
            }
            for number, body in enumerate(bodies)
        ]
    }


def services_of(pipeline: Pipeline, queue: Redeliveries) -> Any:
    return SimpleNamespace(
        splitter=pipeline.splitter,
        worker=pipeline.worker,
        split_queue=queue,
        batch_queue=queue,
        failures=pipeline.failures,
        meter=pipeline.meter,
        settings=SimpleNamespace(retry_base_seconds=10),
    )


def buried_in(pipeline: Pipeline) -> dict[str, str]:
    """The bodies in the dead-letter queue, by the ids of their messages."""
    return {message.attributes["letter_id"]: message.body for message in pipeline.dead_letter_queue.messages}


CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000, aws_request_id="request-1")
Handler = Callable[[Any, dict[str, Any], Any], dict[str, Any]]


@pytest.mark.parametrize("bad", [*(body for body, _ in REFUSED.values()), changed(SPLIT)])
def test_one_bad_batch_message_does_not_fail_its_neighbours(bad: str) -> None:
    """Exactly the bad one is buried, with its reason, and the others are stored."""
    pipeline, _, batches = sent()
    good = [changed(fields) for fields in batches]
    answer = handlers.on_batch_messages(
        services_of(pipeline, Redeliveries()), event_of(good[0], bad, *good[1:]), CONTEXT
    )
    assert answer == {"batchItemFailures": []}
    assert buried_in(pipeline) == {"m1": bad}
    assert len(stored_in(pipeline)) == sum(fields["entries"] for fields in batches)


@pytest.mark.parametrize(
    "bad",
    [*(body for body, _ in BAD_SPLITS.values()), changed(BATCH), "", "{", '{"v":3}', "[]", "{}", "null"],
)
def test_one_bad_split_message_does_not_fail_its_neighbours(bad: str) -> None:
    """Exactly the bad one is buried, with its reason, and the other splits are cut."""
    pipeline, splits, _ = sent()
    good = [changed(fields) for fields in splits]
    answer = handlers.on_split_messages(services_of(pipeline, Redeliveries()), event_of(bad, *good), CONTEXT)
    assert answer == {"batchItemFailures": []}
    assert buried_in(pipeline) == {"m0": bad}
    assert len(pipeline.table.seals) == len(splits)


@pytest.mark.parametrize(
    ("handler", "fields", "reason"),
    [
        (handlers.on_batch_messages, SPLIT, "a split message has come to the batch queue"),
        (handlers.on_split_messages, BATCH, "a batch message has come to the split queue"),
    ],
)
def test_a_message_in_the_wrong_queue_is_refused(
    handler: Handler, fields: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused with a sentence that says so."""
    pipeline, _, _ = sent()
    queue = Redeliveries()
    answer = handler(services_of(pipeline, queue), event_of(changed(fields)), CONTEXT)
    assert answer == {"batchItemFailures": []}
    assert [vars(record)["reason"] for record in caplog.records if record.message == "message_refused"] == [
        reason
    ]
    (buried,) = pipeline.dead_letter_queue.messages
    assert buried.attributes == {"letter_id": "m0", "code": "refused", "reason": reason, "receives": "1"}
    assert queue.hidden == {}


def hidden_for(error: Exception, receives: int, base_seconds: int = 10) -> int:
    queue = Redeliveries()

    def handle(_: Incoming) -> None:
        raise error

    answer = consume([Incoming("m", "r", "body", receives)], handle, queue, retry_base_seconds=base_seconds)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    return queue.hidden["r"]


@pytest.mark.parametrize("error", [TransientError("throttled"), ZeroDivisionError("a bug")])
def test_a_failing_message_returns_after_a_growing_delay(error: Exception) -> None:
    """Each receive doubles the time that it is hidden, up to a quarter of an hour."""
    hidden = [hidden_for(error, receives) for receives in (1, 2, 3, 4, 7, 8, 100, 10_000)]
    assert hidden == [10, 20, 40, 80, 640, 900, 900, 900]
    assert hidden_for(error, 5, base_seconds=0) == 0
    assert hidden_for(error, 1, base_seconds=900) == 900


def test_what_ran_out_of_time_returns_at_once_unless_it_repeats() -> None:
    """What ran out of time goes on at once, unless it has none again and again: receives are counted."""
    late = [hidden_for(OutOfTimeError("time is up"), receives) for receives in (1, 2, 3, 4, 5, 9, 20)]
    assert late == [0, 0, 0, 10, 20, 320, 900]


def test_the_time_of_one_message_does_not_fail_those_that_were_not_tried() -> None:
    """They go back together, at once, and no failure is noted of them."""
    pipeline, queue = Pipeline(LIMITS), Redeliveries()
    tried = []

    def handle(message: Incoming) -> None:
        tried.append(message.message_id)
        if message.message_id == "m1":
            deadline.pass_by()

    class Passing(Deadline):
        def pass_by(self) -> None:
            self._at = 0.0

    deadline = Passing.after(60)
    messages = [Incoming(f"m{number}", f"r{number}", "body", 1 + 4 * (number == 3)) for number in range(4)]
    answer = consume(
        messages, handle, queue, retry_base_seconds=10, failures=pipeline.failures, deadline=deadline
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m3"}]}
    assert (tried, queue.hidden, queue.calls) == (["m0", "m1"], {"r2": 0, "r3": 20}, 1)
    assert not pipeline.letters.attempts("m2")


class Anew:
    """A queue to which messages are sent anew; broken: it takes none."""

    def __init__(self, *, broken: bool = False) -> None:
        self.sent: list[Outgoing] = []
        self._broken = broken

    def send_group(self, group: Sequence[Outgoing], deadline: Deadline) -> None:
        if self._broken:
            raise TransientError("the queue is down")
        self.sent += group


@pytest.mark.parametrize("error", [OutOfTimeError("time is up"), ThrottledError("rate exceeded")])
def test_what_lacks_time_or_capacity_is_sent_anew_and_counts_no_receive(error: Exception) -> None:
    pipeline, queue, anew = Pipeline(LIMITS), Redeliveries(), Anew()

    def handle(_: Incoming) -> None:
        raise error

    message = Incoming("m", "r", "body", 7, attributes={"own": "x"}, trace="Root=1-2-3")
    answer = consume([message], handle, queue, retry_base_seconds=10, failures=pipeline.failures, anew=anew)
    assert answer == {"batchItemFailures": []}
    (sent,) = anew.sent
    assert (sent.body, sent.trace, sent.attributes) == ("body", "Root=1-2-3", {"own": "x", "put_off": "1"})
    assert queue.hidden == {}
    assert pipeline.letters.notes == {}


def test_a_message_that_is_put_off_again_and_again_waits_longer_and_not_with_the_others() -> None:
    delays = [
        [Incoming(f"m{m}", "r", "b", 1, attributes={"put_off": str(n)}).put_off(10) for m in range(50)]
        for n in (0, 1, 2, 5, 8, 100)
    ]
    seconds = [[each.delay_seconds for each in row if each] for row in delays]
    assert [
        (min(row) >= longest // 2, max(row) <= longest)
        for row, longest in zip(seconds, (20, 40, 80, 640, 900, 900), strict=True)
    ] == [(True, True)] * 6
    assert all(len(set(row)) > 5 for row in seconds)


def test_a_queue_that_takes_nothing_leaves_a_message_to_its_visibility() -> None:
    queue = Redeliveries()

    def handle(_: Incoming) -> None:
        raise OutOfTimeError("time is up")

    answer = consume(
        [Incoming("m", "r", "b", 5)], handle, queue, retry_base_seconds=10, anew=Anew(broken=True)
    )
    assert (answer, queue.hidden) == ({"batchItemFailures": [{"itemIdentifier": "m"}]}, {"r": 20})


def test_what_was_put_off_for_longer_than_sqs_keeps_a_message_counts_its_receives() -> None:
    message = Incoming("m", "r", "b", 5, attributes={"put_off": "2000"})
    assert message.put_off(10) is None
    queue, anew = Redeliveries(), Anew()

    def handle(_: Incoming) -> None:
        raise OutOfTimeError("time is up")

    answer = consume([message], handle, queue, retry_base_seconds=10, anew=anew)
    assert (answer, anew.sent) == ({"batchItemFailures": [{"itemIdentifier": "m"}]}, [])


def test_a_failure_of_another_kind_is_not_put_off() -> None:
    """An outage, a denied access or a bug may be a message's own fault: receives count."""
    for error in (TransientError("no answer"), AccessDeniedError("denied"), ZeroDivisionError("a bug")):
        anew = Anew()

        def handle(_: Incoming, error: Exception = error) -> None:
            raise error

        answer = consume(
            [Incoming("m", "r", "b", 1)], handle, Redeliveries(), retry_base_seconds=10, anew=anew
        )
        assert (answer, anew.sent) == ({"batchItemFailures": [{"itemIdentifier": "m"}]}, [])


def refuse(_: Incoming) -> None:
    raise PermanentError("it is broken")


def test_a_message_is_let_go_only_when_the_dead_letter_queue_has_it() -> None:
    """While that queue takes nothing, what can never succeed is given back like all else."""
    pipeline, queue = Pipeline(LIMITS), Redeliveries()
    message = Incoming("m", "r", "body", 3)

    def fail(_: object) -> None:
        raise TransientError("the queue is down")

    pipeline.dead_letter_queue.send_group = lambda group, deadline: fail(group)  # type: ignore[method-assign]
    answer = consume([message], refuse, queue, retry_base_seconds=10, failures=pipeline.failures)
    assert (answer, queue.hidden) == ({"batchItemFailures": [{"itemIdentifier": "m"}]}, {"r": 40})
    assert pipeline.letters.attempts("m")[0].reason == "it is broken"


def test_a_reason_is_kept_when_a_message_is_given_back() -> None:
    """Every failure is noted under the message's id before that, with its attempt and its time: ours in its
    words, a bug by its kind and place."""
    pipeline = Pipeline(LIMITS)
    errors = [TransientError("no table"), ZeroDivisionError("a bug"), OutOfTimeError("too slow")]
    for number, error in enumerate(errors, 1):

        def handle(_: Incoming, error: Exception = error) -> None:
            raise error

        line = handle.__code__.co_firstlineno + 1
        message = Incoming("m", "r", "body", number)
        consume([message], handle, Redeliveries(), retry_base_seconds=10, failures=pipeline.failures)
    assert pipeline.letters.attempts("m") == [
        Attempt(1, WHEN, "unavailable", "no table"),
        Attempt(2, WHEN, "crashed", f"ZeroDivisionError in handle (faults/test_messages.py:{line})"),
        Attempt(3, WHEN, "out-of-time", "too slow"),
    ]


def test_a_failure_is_given_back_though_the_ledger_is_down() -> None:
    """Noting the reason is a best effort."""
    pipeline, queue = Pipeline(LIMITS), Redeliveries()

    def down(message_id: str, attempt: Attempt) -> None:
        raise TransientError("the ledger is down")

    pipeline.letters.note = down  # type: ignore[method-assign]
    answer = consume(
        [Incoming("m", "r", "body", 1)], refuse, queue, retry_base_seconds=10, failures=pipeline.failures
    )
    assert answer == {"batchItemFailures": []}
    assert buried_in(pipeline) == {"m": "body"}


def test_a_visibility_that_cannot_be_changed_does_not_lose_the_failure() -> None:
    """The message is still given back, and the queue's own visibility holds."""

    def handle(_: Incoming) -> None:
        raise TransientError("throttled")

    messages = [Incoming(f"m{number}", "r", "body", 1) for number in range(3)]
    answer = consume(messages, handle, Redeliveries(broken=True), retry_base_seconds=10)
    assert answer == {"batchItemFailures": [{"itemIdentifier": f"m{number}"} for number in range(3)]}


def test_a_split_message_survives_its_journey() -> None:
    """Encoded and decoded it is the same, whatever its key."""
    message = split_of(decode(changed(SPLIT, key='a "b" \\ \u2028 日本 \x01.log', context="c\n")))
    assert decode(encode_split(message)) == message
