"""A compressed file that is interrupted goes on near where it was, to the same batches and tables."""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.checkpoints import FileCheckpoints
from chalicelib.core.archives import source
from chalicelib.core.custom.spec import Config, RedactionSpec, Rules, encoded
from chalicelib.core.decoding.text import OpenObject
from chalicelib.core.errors import OutOfTimeError, ThrottledError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectHead
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import SplitMessage
from chalicelib.delivery import Deadline
from chalicelib.ledger import CHECKPOINTS_LIVE
from tests.checkpoints import CountedObject, in_streams, lines
from tests.fakes import WHEN, Crash, Pipeline, in_time
from tests.tars import tar

SPLIT = 1024 * 1024
LIMITS = Limits(batch_max_lines=20_000, batch_max_bytes=400_000, entry_max_bytes=4000, split_bytes=SPLIT)
TEXT = lines(14 * SPLIT)
GZIP = gzip.compress(TEXT, 1)
SMALL = lines(3 * SPLIT + 1000, seed=2)
FORMS = {"gzip": gzip.compress(SMALL, 1), "zstd": in_streams(SMALL, 300_000, zstandard.compress)}
SPLIT_OF_GZIP = SPLIT / len(TEXT) * len(GZIP)


class Ticking(Deadline):
    """Has a second less each time that somebody looks."""

    def __init__(self, looks: float) -> None:
        self.looks = looks

    @property
    def seconds_left(self) -> float:
        self.looks -= 1
        return self.looks


class Brief(Deadline):
    """Always has the time for one split, and never for another."""

    def __init__(self) -> None:
        super().__init__(0)

    @property
    def seconds_left(self) -> float:
        return 4.0


BRIEF = Brief()


class Run:
    """A pipeline with one compressed object; read_bytes: how much of it was read, its opening apart."""

    def __init__(self, data: bytes, key: str = "a.log.gz", limits: Limits = LIMITS) -> None:
        self.pipeline = Pipeline(limits)
        self.announced = self.pipeline.objects.add(key, data)
        self.object = CountedObject(data)
        self.pipeline.objects.opener = self.opener  # type: ignore[method-assign]
        self.batches: dict[str, str] = {}

    def opener(self, head: ObjectHead) -> OpenObject:
        return self.object

    @property
    def read_bytes(self) -> int:
        return self.object.read_bytes - 256 * 1024 - 2 * self.object.piece_bytes

    @property
    def file(self):  # type: ignore[no-untyped-def]
        (file,) = self.pipeline.table.files.values()
        return file

    def ingest(self, deadline: Deadline | None = None) -> None:
        self.pipeline.splitter.ingest(self.announced, deadline or in_time(600))

    def take_batches(self) -> None:
        """Keep what each batch holds; what is sent again is the same."""
        queue = self.pipeline.batch_queue
        for message in queue.messages:
            batch = decode(message.body)
            assert self.batches.setdefault(batch.batch_id, message.body) == message.body  # type: ignore[union-attr]
        queue.messages.clear()

    def cut(self, deadline: Deadline | None = None) -> bool:
        """Deliver the newest message of a split once; whether there was one that is not the first's."""
        queue = self.pipeline.split_queue
        if not queue.messages:
            return False
        message = decode(queue.messages[-1].body)
        assert isinstance(message, SplitMessage)
        last = queue.messages.pop()
        try:
            self.pipeline.splitter.cut(message, deadline or in_time(600))
        except BaseException:
            queue.messages.append(last)
            raise
        self.take_batches()
        return True

    def cut_all(self) -> None:
        while self.cut():
            pass
        self.take_batches()


def quiet(data: bytes, key: str = "a.log.gz") -> Run:
    run = Run(data, key)
    run.ingest()
    run.cut_all()
    return run


QUIET = quiet(GZIP)
QUIET_SMALL = {form: quiet(data, form) for form, data in FORMS.items()}


def test_an_invocation_for_each_split_reads_little_more_than_the_object() -> None:
    run = Run(GZIP)
    run.ingest(BRIEF)  # what is left behind a border
    interruptions = 0
    while run.cut(BRIEF):
        interruptions += 1
    assert interruptions >= 13
    assert run.batches == QUIET.batches
    assert run.pipeline.table.seals == QUIET.pipeline.table.seals
    assert run.read_bytes < len(GZIP) + interruptions * SPLIT_OF_GZIP
    assert QUIET.read_bytes <= len(GZIP)


def test_ten_kills_anywhere_cost_two_splits_each_at_most() -> None:
    run, kills = Run(GZIP), 0
    effects = run.pipeline.effects
    effects.crash_at = 8
    while not run.pipeline.table.files or run.pipeline.split_queue.messages:
        try:
            run.cut_all() if run.pipeline.table.files else run.ingest()
        except Crash:
            kills += 1
            effects.crash_at = effects.count + 6 if kills < 10 else None
            effects.after = bool(kills % 2)
    run.take_batches()
    assert kills == 10
    assert run.batches == QUIET.batches
    assert run.pipeline.table.seals == QUIET.pipeline.table.seals
    assert run.read_bytes < len(GZIP) + 10 * 2 * SPLIT_OF_GZIP


@settings(max_examples=12, deadline=None)
@given(data=st.data(), form=st.sampled_from([*FORMS]), after=st.booleans())
def test_a_death_at_any_effect_leaves_the_same_batches_and_seals(
    data: st.DataObject, form: str, after: bool
) -> None:
    calm, run = QUIET_SMALL[form], Run(FORMS[form], form)
    effects = run.pipeline.effects
    effects.crash_at = data.draw(st.integers(1, calm.pipeline.effects.count))
    effects.after = after
    for _ in range(2):
        try:
            run.ingest()
            run.cut_all()
        except Crash:
            run.take_batches()
    assert run.batches == calm.batches
    assert run.pipeline.table.seals == calm.pipeline.table.seals


def test_what_must_be_passed_over_is_passed_over_in_several_invocations_if_one_has_not_the_time() -> None:
    run = Run(GZIP)
    run.ingest(BRIEF)
    while run.cut(BRIEF) and len(run.pipeline.table.seals) < 12:
        pass
    run.pipeline.table.checkpoints.clear()  # as if they had expired
    attempts = 0
    while run.pipeline.split_queue.messages:
        attempts += 1
        assert attempts < 10
        try:
            run.cut(deadline=Ticking(len(GZIP) / run.object.piece_bytes / 2))
        except OutOfTimeError:
            continue
    run.take_batches()
    assert attempts > 2
    assert run.batches == QUIET.batches


@pytest.mark.parametrize("form", FORMS)
def test_garbled_check_points_change_nothing(form: str, caplog: pytest.LogCaptureFixture) -> None:
    run = Run(FORMS[form], form)
    run.ingest(BRIEF)
    points = run.pipeline.table.checkpoints
    with caplog.at_level(logging.WARNING, "froe"):
        while run.cut(BRIEF):
            for key in points:
                points[key] = points[key][:-1] + b"!"
    assert "checkpoint_refused" in caplog.messages
    assert run.batches == QUIET_SMALL[form].batches
    assert run.pipeline.table.seals == QUIET_SMALL[form].pipeline.table.seals


def test_a_ledger_that_refuses_check_points_only_costs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(FORMS["gzip"], "gzip")

    def refuse(*_: object) -> None:
        raise ThrottledError("the ledger is throttled")

    monkeypatch.setattr(run.pipeline.table, "put_checkpoint", refuse)
    monkeypatch.setattr(run.pipeline.table, "read_checkpoint", refuse)
    run.ingest(BRIEF)
    while run.cut(BRIEF):
        pass
    assert run.batches == QUIET_SMALL["gzip"].batches


def test_a_split_that_is_cut_again_begins_at_a_check_point() -> None:
    run = quiet(GZIP)
    before = run.object.read_bytes
    split = max(number for _, number in run.pipeline.table.seals)
    version = run.file.plan.object
    from chalicelib.core.wire.messages import Again

    message = SplitMessage(version, run.file.plan.file_id, split, None, again=Again.UNMARKED)
    run.pipeline.splitter.cut(message, in_time())
    assert len(run.pipeline.batch_queue.messages) > 0
    run.take_batches()
    assert run.batches == QUIET.batches
    assert run.object.read_bytes - before < 3 * SPLIT_OF_GZIP


def test_a_file_whose_lines_are_redacted_keeps_none_of_its_text() -> None:
    for form, count in (("gzip", 0), ("zstd", 2)):
        run = Run(FORMS[form], form)
        rules = Rules(redactions=(RedactionSpec(name="people", kinds=("ip",)),))
        run.pipeline.set_limits(LIMITS, Config(rules, text=encoded(rules)))
        run.ingest()
        run.cut_all()
        points = run.pipeline.table.checkpoints
        assert len(points) >= count if count else not points
        assert all(len(each) < 200 for each in points.values())


def test_check_points_expire_within_a_week_and_with_the_file() -> None:
    run = QUIET_SMALL["gzip"]
    expiries: list[int] = []
    put = run.pipeline.table.put_checkpoint
    run.pipeline.table.put_checkpoint = (  # type: ignore[method-assign]
        lambda file_id, place, data, expires_at: expiries.append(expires_at)
    )
    plan = run.file.plan
    for days in (0, 1, 30):
        run.pipeline.ledger.record_checkpoint(replace(plan, retention_days=days), 1, b"x")
    run.pipeline.table.put_checkpoint = put  # type: ignore[method-assign]
    week = int((WHEN + CHECKPOINTS_LIVE).timestamp())
    assert expiries == [week, int((WHEN + timedelta(days=1)).timestamp()), week]


def test_generations_have_check_points_of_their_own() -> None:
    run = QUIET_SMALL["gzip"]
    plan = run.file.plan
    assert list(FileCheckpoints(run.pipeline.ledger, plan).before(3 * SPLIT))
    assert not list(FileCheckpoints(run.pipeline.ledger, replace(plan, generation=1)).before(3 * SPLIT))


def test_a_compressed_archive_goes_on_at_a_check_point_too(monkeypatch: pytest.MonkeyPatch) -> None:
    size = SPLIT + 10_000
    data = gzip.compress(tar([(f"{at}.log", TEXT[at : at + size]) for at in range(0, 6 * size, size)]), 1)
    read_bytes = []
    for keeps in (True, False):
        run = Run(data, "a.tar.gz")
        if not keeps:
            monkeypatch.setattr(run.pipeline.table, "read_checkpoint", lambda *_: None)
        run.ingest(BRIEF)
        while run.cut(BRIEF):
            pass
        assert len(run.pipeline.table.files) == 7
        assert {file.account.state for file in run.pipeline.table.files.values()} == {State.PROCESSING}
        read_bytes.append(run.read_bytes)
    assert 1.5 * read_bytes[0] < read_bytes[1]


@pytest.mark.parametrize("form", ["a member of a tar.gz", "a gzip in a tar", "a gzip in a tar.gz"])
def test_a_large_member_goes_on_near_where_it_was_killed(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it and behind it lie others, of which nothing is lost or cut twice."""
    monkeypatch.setattr(source, "_LEAP_BYTES", SPLIT // 4)  # splits are as much smaller here
    large = TEXT if form == "a member of a tar.gz" else GZIP
    archive = tar([("a.log", SMALL[:2000]), ("large.log", large), ("z.log", SMALL[:3000])])
    data = archive if form == "a gzip in a tar" else gzip.compress(archive, 1)
    calm, run, kills = quiet(data, "a.tar"), Run(data, "a.tar"), 0
    effects = run.pipeline.effects
    effects.crash_at = 12
    while not run.pipeline.table.files or run.pipeline.split_queue.messages:
        try:
            run.cut_all() if run.pipeline.table.files else run.ingest()
        except Crash:
            kills += 1
            effects.crash_at = effects.count + 9 if kills < 5 else None
            effects.after = bool(kills % 2)
    run.take_batches()
    assert kills == 5
    assert run.batches == calm.batches
    assert run.pipeline.table.seals == calm.pipeline.table.seals
    if form != "a gzip in a tar.gz":  # only the archive of it is entered in the middle
        assert run.read_bytes < len(data) + 5 * 2.5 * SPLIT_OF_GZIP


def test_an_archive_keeps_no_text_of_members_whose_lines_are_redacted() -> None:
    run = Run(gzip.compress(tar([("a.log", TEXT[: 5 * SPLIT])]), 1), "a.tar.gz")
    rules = Rules(redactions=(RedactionSpec(name="people", kinds=("ip",)),))
    run.pipeline.set_limits(LIMITS, Config(rules, text=encoded(rules)))
    run.ingest()
    run.cut_all()
    assert run.batches
    assert not run.pipeline.table.checkpoints


def test_a_truncated_gzip_is_damaged_at_the_same_place_however_often_it_is_interrupted() -> None:
    data = FORMS["gzip"][:-5000]
    calm, run = quiet(data), Run(data)
    run.ingest(BRIEF)
    while run.cut(BRIEF):
        pass
    assert run.batches == calm.batches
    assert run.pipeline.table.seals == calm.pipeline.table.seals
    assert run.pipeline.table.seals[run.file.plan.file_id, 2].damage
    assert run.file.account.state in {State.PROCESSING, State.SPLITTING}
