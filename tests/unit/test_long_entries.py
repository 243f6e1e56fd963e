"""An object is read twice at most however long its entries are, and no message is larger than SQS takes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Framing
from chalicelib.core.framing.cutting import Cutter, Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead, Plan
from chalicelib.core.plan.layouts import Layout
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import MESSAGE_MAX_BYTES, batch_message, encode_batch, room_in
from tests.fakes import FakeObjects, Pipeline, in_time, opener
from tests.faults.reading import head_of
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout

SPLIT = 32_768
LIMITS = Limits(split_bytes=SPLIT)
START = "2026-03-01 10:00:00,123 INFO shop.Pay - paid\n"


class CountedObjects(FakeObjects):
    """Counts the bytes that were read of objects."""

    read_bytes = 0

    def opener(self, head: ObjectHead) -> OpenObject:
        inner = super().opener(head)

        def open_at(offset: int) -> Iterator[bytes]:
            for piece in inner(offset):
                self.read_bytes += len(piece)
                yield piece

        return open_at


def settled(data: bytes, order: str = "as sent") -> tuple[Pipeline, str, int]:
    """The pipeline with its file cut and parsed; and how many bytes were read after the opening."""
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    counted = CountedObjects(4096)
    pipeline.objects = counted
    pipeline.set_limits(LIMITS)
    announced = counted.add("a.log", data)
    file_id = pipeline.splitter.ingest(announced, in_time())
    messages = [decode(message.body) for message in pipeline.split_queue.messages]
    messages.sort(key=lambda message: message.split, reverse=order == "last first")  # type: ignore[union-attr]
    if order == "shuffled":
        Random(7).shuffle(messages)
    before = counted.read_bytes
    for message in messages:
        pipeline.splitter.cut(message, in_time())  # type: ignore[arg-type]
    read_bytes = counted.read_bytes
    for sent in pipeline.batch_queue.messages:
        pipeline.worker.handle(sent.body, in_time())
    assert before <= read_bytes
    return pipeline, file_id, read_bytes


TEXTS = {
    "one line": b"a\n" * 100 + b"x" * 64 * SPLIT + b"\n" + b"b\n" * 100,
    "one entry of many lines": (START * 20 + "\tat a.B.c\n" * (64 * SPLIT // 10) + START * 20).encode(),
    "a hole": b"a\n" * 100 + b"\0" * 64 * SPLIT + b"b\n" * 100,
    "no line end": b"y" * 64 * SPLIT,
    "two lines": (b"a" * 20 * SPLIT + b"\n") * 3 + b"b\n" * SPLIT,
}


@pytest.mark.parametrize(
    "layout", [Layout.ITEMS], indirect=True
)  # what is read does not depend on the layout
@pytest.mark.parametrize("order", ["as sent", "last first", "shuffled"])
@pytest.mark.parametrize("name", TEXTS)
def test_an_entry_over_64_splits_is_read_twice_at_most(name: str, order: str) -> None:
    data = TEXTS[name]
    pipeline, file_id, read_bytes = settled(data, order)
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    assert stored.account.state is State.COMPLETE
    assert stored.account.text_bytes == stored.account.summary.counts.total.bytes == len(data)
    looked = 64 * 8192
    assert read_bytes <= 2 * len(data) + 300_000 + looked


@pytest.mark.parametrize("layout", [Layout.ITEMS], indirect=True)  # as above
def test_a_split_of_ordinary_lines_is_read_once() -> None:
    data = START.encode() * (64 * SPLIT // len(START))
    pipeline, file_id, read_bytes = settled(data)
    stored = pipeline.ledger.read_file(file_id)
    assert stored
    assert stored.account.state is State.COMPLETE
    assert read_bytes <= len(data) * 1.3 + 300_000


def test_a_split_that_was_passed_by_is_sealed_however_often_it_comes() -> None:
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    announced = pipeline.objects.add("a.log", TEXTS["one line"])
    file_id = pipeline.splitter.ingest(announced, in_time())
    messages = [decode(message.body) for message in pipeline.split_queue.messages]
    for message in [*messages[:9], *messages[:9], *messages, *messages]:
        pipeline.splitter.cut(message, in_time())  # type: ignore[arg-type]
    seals = [pipeline.ledger.read_seal(file_id, split) for split in range(len(messages))]
    assert all(seals)
    assert [seal.start for seal in seals[1:]] == [seal.end for seal in seals[:-1]]  # type: ignore[union-attr]


def test_seals_of_earlier_code_are_gone_on_from() -> None:
    """It sealed the split that holds a long line, and not those behind it."""
    pipeline = Pipeline(LIMITS, piece_bytes=4096)
    file_id = pipeline.splitter.ingest(pipeline.objects.add("a.log", TEXTS["one line"]), in_time())
    for split in range(1, 60):
        pipeline.table.seals.pop((file_id, split), None)
    messages = [decode(message.body) for message in pipeline.split_queue.messages]
    second = next(message for message in messages if message.split == 1)
    pipeline.splitter.cut(second, in_time())  # type: ignore[arg-type]
    assert all(pipeline.ledger.read_seal(file_id, split) for split in range(60))


NOISE = Random(5).randbytes(3_000_000).replace(b"\n", b"\r").replace(b"\0", b"\1")
HOSTILE: dict[str, tuple[bytes, str]] = {
    "W3C under ESC": (b"#Fields: date " + b"\x1b" * 16_000 + b"\n" + NOISE[:900_000] + b"\n" + NOISE[:700_000], "w3c_extended"),
    "W3C under bytes that are not UTF-8": (b"#Fields: " + b"\xff" * 16_000 + b"\n" + NOISE, "w3c_extended"),
    "W3C under NULs": (b"#Fields: a" + b" \0" * 8000 + b"\n" + NOISE, "w3c_extended"),
    "CSV under quotes": (b'"\\"' * 5000 + b"\n" + NOISE, "csv"),
    "noise in lines": (b"\n".join(NOISE[at : at + 700] for at in range(0, 2_900_000, 700)), "text"),
    "lines of one byte": (b"\x01\n" * 900_000, "text"),
    "an array of small values": (b"[" + b",".join(b"%d" % (n % 7) for n in range(400_000)) + b"]", "json_values"),
    "an array of noise": (b"[" + b",".join(b'"%d"' % (n * 7919 % 10**9) for n in range(200_000)) + b"]", "json_values"),
}  # fmt: skip


def noisy_lines(data: bytes) -> bytes:
    head, _, rest = data.partition(b"\n")
    return head + b"\n" + b"\n".join(rest[at : at + 900] for at in range(0, len(rest), 900))


@pytest.mark.parametrize("layout", [Layout.ITEMS], indirect=True)  # nothing of it is stored
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("limits", [Limits(), Limits(batch_max_lines=100_000)], ids=["usual", "many lines"])
def test_no_message_is_larger_than_sqs_takes(name: str, limits: Limits) -> None:
    data, format_name = HOSTILE[name]
    if name.startswith(("W3C", "CSV")):
        data = noisy_lines(data)
    plan = Plan(head_of(data), format_name, 1.0, framing=by_name(format_name).framing, limits=limits)
    cutter = Cutter(
        plan.text(opener(data, 262_144)), plan.framing, limits, 0, aligned=True, room=room_in(plan)
    )
    largest, total, contexts = 0, 0, set()
    for batch in cutter.cut(0):
        encoded = encode_batch(batch_message(plan, batch, trace="t" * 100)).encode()
        assert decode(encoded.decode())
        largest = max(largest, len(encoded))
        total += batch.length
        contexts.add(batch.context)
    assert total == len(data)
    assert (max(len(context or "") for context in contexts) > 4000) is name.startswith(("W3C", "CSV"))
    assert largest <= MESSAGE_MAX_BYTES
    assert MESSAGE_MAX_BYTES < 1024 * 1024


def test_room_depends_on_the_plan_and_the_context_alone() -> None:
    plan = Plan(head_of(b""), "w3c_extended", 1.0)
    room, again = room_in(plan), room_in(plan)
    assert room
    assert again
    assert room.of_context(None) == again.of_context(None) > room.of_context("\x1b" * 1000)
    assert room.of_context(None) >= Limits().batch_max_bytes


def test_a_file_that_was_opened_by_earlier_code_is_cut_without_it() -> None:
    data, _ = HOSTILE["W3C under ESC"]
    framing: Any = Framing(header="#Fields:.*", rules=1)
    assert room_in(Plan(head_of(data), "w3c_extended", 1.0, framing=framing)) is None
