"""What is dropped into an inbox is sent once, when it is whole, and moved only when that was asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="click is not installed")

from chalicelib.core.plan import ObjectVersion
from froe.inbox import Inbox
from froe.inquiry import ItemJson
from froe.uploading import Source, Uploaded
from tests.unit.test_cli_inquiry import file_json


class Stage:
    """Takes what is sent; clock in seconds."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.now = 100.0
        self.events: list[tuple[str, ...]] = []
        self.refuses = False
        self.state: str | None = "COMPLETE"
        self.inbox = Inbox(folder, self.send, self.account, self, clock=lambda: self.now, **options)

    def send(self, source: Source) -> Uploaded:
        if self.refuses:
            raise ConnectionError("nothing answers")
        return Uploaded(source, ObjectVersion("input", source.key, source.path.read_text(), "e"))

    def account(self, file_id: str) -> ItemJson | None:
        return file_json(file_id, state=self.state) if self.state else None

    def sent(self, one: Uploaded) -> None:
        self.events.append(("sent", one.source.key, one.source.path.read_text()))

    def settled(self, one: Uploaded, file: ItemJson, moved: Path | None) -> None:
        self.events.append(
            ("settled", one.source.key, file["state"], *((moved.as_posix(),) if moved else ()))
        )

    def failed(self, path: Path, reason: str) -> None:
        self.events.append(("failed", path.name, reason))

    def after(self, seconds: float) -> list[tuple[str, ...]]:
        """What is said in so many seconds, looked at each of them."""
        before = len(self.events)
        for _ in range(round(seconds)):
            self.now += 1
            self.inbox.step()
        return self.events[before:]


def test_a_file_is_sent_once_when_it_has_stopped_changing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    (tmp_path / "web").mkdir()
    growing = tmp_path / "web" / "a.log"
    for number in range(5):
        growing.write_text("x" * (number + 1))
        assert stage.after(1) == []
    assert stage.after(3) == [("sent", "web/a.log", "xxxxx"), ("settled", "web/a.log", "COMPLETE")]
    assert stage.after(50) == []
    assert growing.exists(), "nothing is moved unless told to"

    growing.write_text("other")
    assert [event for event, *_ in stage.after(5)] == ["sent", "settled"]


def test_a_file_that_takes_the_place_of_another_of_its_size_is_sent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    (tmp_path / "a.log").write_text("one")
    stage.after(5)
    times = (tmp_path / "a.log").stat()
    (tmp_path / ".new").write_text("two")
    os.utime(tmp_path / ".new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (tmp_path / ".new").rename(tmp_path / "a.log")
    assert stage.after(5)[0] == ("sent", "a.log", "two")


def test_what_is_not_whole_or_not_meant_is_passed_over(tmp_path: Path) -> None:
    for name in (".hidden", "a.log.part", "b.tmp", "empty.log", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("" if name == "empty.log" else "x")
    (tmp_path / "link.log").symlink_to("/etc/hostname")
    assert Stage(tmp_path).after(10) == []


def test_only_what_is_complete_is_moved_and_nothing_is_overwritten(tmp_path: Path) -> None:
    done = tmp_path / "done"
    stage = Stage(tmp_path, move_to=done)
    for content in ("one", "two"):
        (tmp_path / "a.log").write_text(content)
        stage.after(6)
    assert not (tmp_path / "a.log").exists()
    assert (done / "a.log").read_text() == "one"
    assert sorted(path.read_text() for path in done.iterdir()) == ["one", "two"]

    stage.state = "DAMAGED"
    (tmp_path / "b.log").write_text("x")
    assert stage.after(6)[-1] == ("settled", "b.log", "DAMAGED")
    assert (tmp_path / "b.log").exists()
    assert stage.after(30) == [], "what was moved is not taken for new"


def test_a_file_that_changed_before_it_settled_is_not_moved(tmp_path: Path) -> None:
    stage = Stage(tmp_path, move_to=tmp_path / "done")
    stage.state = None
    (tmp_path / "a.log").write_text("one")
    stage.after(4)
    (tmp_path / "a.log").write_text("another")
    stage.state = "COMPLETE"
    assert stage.after(1) == [("settled", "a.log", "COMPLETE")]
    assert (tmp_path / "a.log").read_text() == "another"


def test_what_cannot_be_sent_is_said_and_tried_again_later(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.refuses = True
    (tmp_path / "a.log").write_text("x")
    assert stage.after(10) == [("failed", "a.log", "nothing answers")]
    stage.refuses = False
    assert [event for event, *_ in stage.after(40)] == ["sent", "settled"]
