"""What the sweeper asks of the ledger is what is new: not again what a round has found to be known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from chalicelib.announcing import Unannounced
from chalicelib.core.errors import TransientError
from chalicelib.core.plan import HeadsPage, ObjectHead, ObjectVersion
from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.rounds import FULL_ROUND_EVERY, SECONDS_A_PAGE, Round
from chalicelib.stalls import Stalls
from tests.fakes import WHEN, Clock, Effects, FakeQueue, FakeWatches, in_time

STALL, REACH = timedelta(hours=1), timedelta(days=7)
QUARTER = 15 * 60
PAGE = 1000


class Bucket:
    """Objects in the order of their keys, a thousand a page, and the files that the ledger knows."""

    def __init__(self) -> None:
        self.heads: list[ObjectHead] = []
        self.known: set[str] = set()
        self.letters: set[str] = set()
        self.asked = self.confirmed = self.listed = 0
        self.fails_at: int | None = None
        self.behind: set[str] = set()
        self.page = PAGE

    def add(self, key: str, at: datetime, *, known: bool = True) -> str:
        head = ObjectHead(ObjectVersion("logs", key, "v1", "e"), 10, "", at)
        self.heads = sorted([*self.heads, head], key=lambda each: each.version.key)
        if known:
            self.known.add(head.version.file_id)
        return head.version.file_id

    def versions(self, bucket: str, after: str | None) -> HeadsPage:
        assert bucket == "logs"
        begin = int(after or 0)
        if self.fails_at is not None and begin >= self.fails_at:
            raise TransientError("S3 is away")
        self.listed += 1
        end = begin + self.page
        return HeadsPage(self.heads[begin:end], str(end) if end < len(self.heads) else None)

    def probably_known_files(self, file_ids: Iterable[str]) -> set[str]:
        asked = set(file_ids)
        self.asked += len(asked)
        return (asked & self.known) - self.behind

    def known_files(self, file_ids: Iterable[str]) -> set[str]:
        asked = set(file_ids)
        self.confirmed += len(asked)
        return asked & self.known

    def has_letters(self, file_id: str) -> bool:
        return file_id in self.letters


class Sweeping:
    def __init__(self, bucket: Bucket) -> None:
        self.clock, self.bucket = Clock(WHEN), bucket
        self.queue, watches = FakeQueue(Effects()), FakeWatches()
        self.walk = Unannounced(
            bucket,
            watches,
            Stalls(watches, self.clock, STALL),
            bucket,
            bucket,
            self.queue,
            self.clock,
            bucket="logs",
            stall=STALL,
            reach=REACH,
            keys=KeyPatterns(),
        )

    def sweep(self) -> list[str]:
        """The objects that a sweep announces."""
        self.clock.advance(QUARTER)
        return [name for healed in self.walk.announce_all(in_time()) for name in healed.objects]


def with_settled(number: int) -> Bucket:
    bucket = Bucket()
    bucket.heads = [
        ObjectHead(
            ObjectVersion("logs", f"{each:06d}.log", "v1", "e"), 10, "", WHEN - timedelta(hours=2 + each % 24)
        )
        for each in range(number)
    ]
    bucket.known = {head.version.file_id for head in bucket.heads}
    return bucket


def test_ten_thousand_settled_objects_are_asked_for_once_a_day_and_not_in_every_sweep() -> None:
    bucket = with_settled(10_000)
    sweeping = Sweeping(bucket)
    assert sweeping.sweep() == []
    assert (bucket.asked, bucket.confirmed) == (10_000, 0)
    for _ in range(90):  # 22 and a half hours
        assert sweeping.sweep() == []
    assert (bucket.asked, bucket.confirmed) == (10_000, 0)
    for _ in range(12):
        assert sweeping.sweep() == []
    assert (bucket.asked, bucket.confirmed) == (20_000, 0)


def test_what_is_new_is_asked_for_until_it_is_known() -> None:
    bucket = with_settled(2500)
    sweeping = Sweeping(bucket)
    sweeping.sweep()
    bucket.asked = 0
    bucket.add("0000-new.log", sweeping.clock() - timedelta(minutes=10))
    lost = bucket.add("9999-lost.log", sweeping.clock() - timedelta(minutes=5), known=False)
    announced = [name for _ in range(8) for name in sweeping.sweep()]
    assert announced == ["s3://logs/9999-lost.log (version v1)"]
    bucket.known.add(lost)
    for _ in range(3):
        assert sweeping.sweep() == []
    before = bucket.asked
    assert before < 40
    for _ in range(30):
        assert sweeping.sweep() == []
    assert bucket.asked - before <= 2


def test_an_object_that_nobody_opens_is_announced_again_though_all_around_it_is_known() -> None:
    bucket = with_settled(1500)
    bucket.add("lost.log", WHEN - timedelta(hours=3), known=False)
    sweeping = Sweeping(bucket)
    announced = [len(sweeping.sweep()) for _ in range(4 * 16)]
    assert sum(announced) == 4


def test_an_object_that_is_left_to_people_does_not_hold_the_others_back() -> None:
    bucket = with_settled(1500)
    bucket.letters.add(bucket.add("dead.log", WHEN - timedelta(days=3), known=False))
    sweeping = Sweeping(bucket)
    sweeping.sweep()
    bucket.asked = 0
    assert [sweeping.sweep() for _ in range(20)] == [[]] * 20
    assert bucket.asked == 0


def test_a_multipart_upload_that_ends_long_after_its_time_is_found_by_the_full_round() -> None:
    """S3 gives it the time at which it was begun."""
    bucket = with_settled(10)
    sweeping = Sweeping(bucket)
    sweeping.sweep()
    bucket.add("large.log", WHEN - timedelta(hours=5), known=False)
    names = [name for _ in range(97) for name in sweeping.sweep()]
    assert names == ["s3://logs/large.log (version v1)"]


def test_a_read_that_lags_behind_announces_nothing_that_is_known() -> None:
    bucket = with_settled(10)
    bucket.behind = set(bucket.known)
    assert Sweeping(bucket).sweep() == []
    assert bucket.confirmed == 10


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_round_that_was_cut_short_counts_for_nothing_until_it_has_seen_the_end(page: int) -> None:
    bucket = with_settled(2500)
    sweeping = Sweeping(bucket)
    bucket.fails_at = page * PAGE
    with pytest.raises(TransientError):
        sweeping.sweep()
    bucket.add(f"{page * PAGE:06d}-lost.log", WHEN - timedelta(hours=5), known=False)
    bucket.fails_at = None
    names = [name for _ in range(2) for name in sweeping.sweep()]
    assert len(names) == 1


def test_a_large_bucket_is_listed_at_a_bounded_rate() -> None:
    bucket = with_settled(1_000 * 10)
    bucket.page = 10
    sweeping = Sweeping(bucket)
    for _ in range(40):
        sweeping.sweep()
    seconds = 40 * QUARTER
    assert bucket.listed <= seconds / SECONDS_A_PAGE + 1_000
    assert bucket.listed >= 10 * 1_000


def test_a_round_is_remembered_whole_and_what_cannot_be_read_is_none() -> None:
    whole = Round(WHEN, WHEN - timedelta(hours=3), WHEN - timedelta(hours=2), WHEN, 7, ended=True)
    for each in (whole, Round.first(WHEN)):
        assert Round.decode(each.encode()) == each
    for text in (None, "", "{", "[]", "7", '{"begun": 1}', '{"begun": "yesterday"}', "null"):
        assert Round.decode(text) is None


def test_a_full_round_comes_after_a_day() -> None:
    finished = Round.first(WHEN).with_page(None, is_last=True)
    later = finished.following(WHEN + FULL_ROUND_EVERY - timedelta(seconds=1), STALL)
    assert later.asked_from == WHEN - STALL
    assert later.following(WHEN + FULL_ROUND_EVERY, STALL).asked_from is None
