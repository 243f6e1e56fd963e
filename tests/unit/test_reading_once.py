"""Whoever cuts a file asks the ledger for nothing that it knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import Again, SplitMessage
from tests.fakes import Pipeline, in_time
from tests.unit.test_dead_letters import account_in, drain

LIMITS = Limits(split_bytes=200, batch_max_lines=3)
LINES = b"2026-03-01T12:00:00Z INFO one line of many\n" * 20


class Watched:
    """A pipeline that writes down what is read of its ledger."""

    def __init__(self) -> None:
        self.pipeline = Pipeline(LIMITS)
        self.reads: list[tuple[Any, ...]] = []
        self.names: list[str] = []
        for name in dir(self.pipeline.table):
            if name.startswith("read_"):
                self._watch(name)
            elif name.startswith(("put_", "raise_", "replace_")):
                self._forget_after(name)

    def _watch(self, name: str) -> None:
        read, reads = getattr(self.pipeline.table, name), self.reads

        def watched(*arguments: Any) -> Any:
            place = len(reads)
            answer = read(*arguments)
            del reads[place:]  # what the fake itself reads by another name
            reads.append((name, *arguments))
            return answer

        setattr(self.pipeline.table, name, watched)

    def _forget_after(self, name: str) -> None:
        """What was read before a write may have changed since."""
        write = getattr(self.pipeline.table, name)

        def watched(*arguments: Any) -> Any:
            self.expect_nothing_twice()
            return write(*arguments)

        setattr(self.pipeline.table, name, watched)

    def expect_nothing_twice(self) -> None:
        """But for the file itself: whoever settles looks whether it is current still."""
        reads = [read for read in self.reads if read[0] != "read_file"]
        assert len(set(reads)) == len(reads), reads
        self.names += [name for name, *_ in self.reads]
        self.reads.clear()

    def taken(self) -> list[str]:
        """The names of what was read since the last time; nothing of it twice without a write between."""
        self.expect_nothing_twice()
        names, self.names = self.names, []
        return names


def test_a_new_file_is_read_once_before_it_is_opened_and_its_first_split_once_before_it_is_cut() -> None:
    watched = Watched()
    pipeline = watched.pipeline
    announced = pipeline.objects.add("a.log", LINES)
    pipeline.splitter.ingest(announced, in_time())
    assert watched.taken() == ["read_file", "read_split", "read_marks_and_use", "read_file", "read_splits"]
    pipeline.splitter.ingest(announced, in_time())
    assert watched.taken() == ["read_file", "read_split"]
    message = decode(pipeline.split_queue.messages.pop(0).body)
    assert isinstance(message, SplitMessage)
    pipeline.splitter.cut(message, in_time())
    assert watched.taken() == ["read_file", "read_split", "read_marks_and_use", "read_file", "read_splits"]
    drain(pipeline)
    assert account_in(pipeline).state is State.COMPLETE


@pytest.mark.parametrize("split", [0, 3])
def test_a_split_that_is_cut_again_for_its_missing_batches_is_read_once(split: int) -> None:
    watched = Watched()
    pipeline = watched.pipeline
    pipeline.splitter.ingest(pipeline.objects.add("a.log", LINES), in_time())
    messages = [decode(message.body) for message in pipeline.split_queue.messages]
    for message in messages:
        assert isinstance(message, SplitMessage)
        pipeline.splitter.cut(message, in_time())
    watched.taken()
    (again,) = [message for message in messages if message.split == split]
    pipeline.splitter.cut(replace(again, again=Again.UNMARKED), in_time())
    names = watched.taken()
    assert names[:3] == ["read_file", "read_split", "read_marks"]
    assert names.count("read_marks") == 1
