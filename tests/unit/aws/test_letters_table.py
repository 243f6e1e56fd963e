"""Letters, attempts, watches and quarantined messages keep their promises on DynamoDB and S3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.aws.letters_table import DynamoLetters
from chalicelib.aws.objects import S3Objects
from chalicelib.aws.quarantine import S3Quarantine
from chalicelib.aws.watches_table import DynamoWatches
from chalicelib.core.errors import MissingResourceError
from chalicelib.core.ledger.letters import Attempt, DeadLetter, Kind, LetterState, Subject
from chalicelib.core.ledger.marks import Tally
from chalicelib.core.wire.messages import Again
from chalicelib.stalls import Watch
from tests.fakes import WHEN, FakeLetters, FakeWatches

FILE = "f" * 26
SUBJECT = Subject(
    Kind.BATCH,
    file_id=FILE,
    bucket="logs",
    object_key="dir/a b.log",
    split=1,
    batch=2,
    offset=30,
    total=Tally(3, 4, 5),
    expires_at=99,
    origin_trace="Root=1-2",
)
LETTER = DeadLetter("m1", SUBJECT, LetterState.DEAD, "crashed", "it broke", 7, WHEN, progress="1a::5:7")


def numbered(number: int, **changed: Any) -> DeadLetter:
    died_at = WHEN + timedelta(seconds=number)
    return replace(LETTER, letter_id=f"m{number:03d}", died_at=died_at, **changed)


@pytest.fixture(params=["fake", "dynamodb"])
def letters(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return FakeLetters()
    return DynamoLetters(request.getfixturevalue("dynamodb"), "ledger")


@pytest.fixture(params=["fake", "dynamodb"])
def watches(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return FakeWatches()
    return DynamoWatches(request.getfixturevalue("dynamodb"), "ledger")


@pytest.fixture
def s3(dynamodb: Any) -> Iterator[Any]:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="input")
    return client


class TestLetters:
    @pytest.mark.parametrize(
        "letter",
        [
            LETTER,
            replace(LETTER, subject=Subject(Kind.UNKNOWN, why_unknown="no JSON")),
            replace(LETTER, subject=Subject(Kind.SPLIT, file_id=FILE, split=0, again=Again.UNDONE)),
            replace(LETTER, subject=Subject(Kind.NOTIFICATION, bucket="logs", object_key="k")),
            replace(LETTER, redrives=2, changed_at=WHEN, by="ann", why="old"),
        ],
    )
    def test_a_letter_is_read_back_whole(self, letters: Any, letter: DeadLetter) -> None:
        assert letters.put(letter)
        assert letters.find("m1") == letter

    def test_the_first_letter_of_an_id_stays(self, letters: Any) -> None:
        assert letters.put(LETTER)
        assert not letters.put(replace(LETTER, reason="another"))
        assert letters.find("m1") == LETTER
        assert letters.find("m2") is None
        other = replace(LETTER, subject=Subject(Kind.UNKNOWN))
        letters.put(other)
        assert letters.find("m1") == LETTER

    def test_a_change_is_listed_under_its_new_state_only(self, letters: Any) -> None:
        letters.put(LETTER)
        changed = replace(LETTER, state=LetterState.REDRIVEN, redrives=1, changed_at=WHEN)
        assert letters.change(changed)
        listed = {
            state: letters.by_state(state, before=None, since=None, limit=9).letters for state in LetterState
        }
        assert listed == {state: [] for state in LetterState} | {LetterState.REDRIVEN: [changed]}

    def test_what_was_discarded_is_not_changed_any_more(self, letters: Any) -> None:
        letters.put(LETTER)
        discarded = replace(LETTER, state=LetterState.DISCARDED, by="ann", why="old", changed_at=WHEN)
        assert letters.change(discarded)
        assert not letters.change(replace(LETTER, state=LetterState.REDRIVEN, redrives=1))
        assert letters.find("m1") == discarded

    def test_pages_of_a_state_go_from_the_newest_to_the_oldest_within_bounds(self, letters: Any) -> None:
        for number in range(8):
            letters.put(numbered(number))
        since = (WHEN + timedelta(seconds=2)).isoformat(timespec="microseconds")
        before = (WHEN + timedelta(seconds=6)).isoformat(timespec="microseconds")
        letters_read, position = [], before
        for _ in range(9):
            page = letters.by_state(LetterState.DEAD, before=position, since=since, limit=2)
            letters_read += [letter.letter_id for letter in page.letters]
            if page.reached is None:
                break
            position = page.reached
        assert letters_read == ["m005", "m004", "m003", "m002"]

    def test_pages_of_a_file_hold_each_letter_once_and_no_other_file_has_them(self, letters: Any) -> None:
        for number in range(7):
            letters.put(numbered(number))
        letters.put(replace(LETTER, subject=replace(SUBJECT, file_id="g" * 26)))
        letters_read, after = [], None
        for _ in range(9):
            page = letters.by_file(FILE, after=after, limit=3)
            letters_read += [letter.letter_id for letter in page.letters]
            after = page.reached
            if after is None:
                break
        assert letters_read == [f"m{number:03d}" for number in range(7)]
        assert letters.has_letters(FILE)
        assert not letters.has_letters("h" * 26)

    def test_a_letter_whose_work_is_done_is_none_that_people_decide_on(self, letters: Any) -> None:
        letters.put(LETTER)
        letters.put(numbered(1))
        for letter in (LETTER, numbered(1)):
            assert letters.has_letters(FILE)
            assert letters.change(replace(letter, state=LetterState.RESOLVED))
        assert not letters.has_letters(FILE)

    def test_attempts_come_in_their_order_and_one_that_is_noted_twice_counts_once(self, letters: Any) -> None:
        first, second = (
            Attempt(1, WHEN, "throttled", "slow down", "1a::5:7"),
            Attempt(2, WHEN, "crashed", "oh"),
        )
        for attempt in (second, first, second):
            letters.note("m1", attempt)
        assert letters.attempts("m1") == [first, second]
        assert letters.attempts("m2") == []

    def test_a_note_expires_and_a_huge_reason_is_cut(self, dynamodb: Any) -> None:
        letters = DynamoLetters(dynamodb, "ledger")
        letters.note("m1", Attempt(1, WHEN, "crashed", "x" * 100_000))
        letters.put(replace(LETTER, reason="x" * 100_000))
        assert len(letters.attempts("m1")[0].reason) == len(letters.find("m1").reason) == 1000
        (item,) = [item for item in dynamodb.scan(TableName="ledger")["Items"] if "expires_at" in item]
        assert int(item["expires_at"]["N"]) == int((WHEN + timedelta(days=30)).timestamp())

    def test_letters_are_no_files(self, dynamodb: Any) -> None:
        DynamoLetters(dynamodb, "ledger").put(LETTER)
        listed = dynamodb.scan(TableName="ledger", IndexName="by_key")["Items"]
        assert listed == []


class TestWatches:
    def test_only_one_of_two_sweepers_that_saw_the_same_puts_its_watch(self, watches: Any) -> None:
        first = Watch("f", 3, WHEN)
        assert watches.put_watch(first, None)
        assert not watches.put_watch(first, None)
        later = Watch("f", 3, WHEN + timedelta(hours=1), heals=1)
        assert watches.put_watch(later, first)
        assert not watches.put_watch(replace(later, heals=2), first)
        assert watches.watch("f") == later
        assert watches.watch("g") is None

    def test_the_place_in_the_listing_is_remembered_and_forgotten(self, watches: Any) -> None:
        assert watches.position("listing") is None
        watches.put_position("listing", '{"KeyMarker":"a"}')
        watches.put_position("files", "PROCESSING 2026")
        assert watches.position("listing") == '{"KeyMarker":"a"}'
        watches.put_position("listing", None)
        assert (watches.position("listing"), watches.position("files")) == (None, "PROCESSING 2026")


class TestQuarantine:
    def test_a_message_is_kept_and_kept_again(self, s3: Any) -> None:
        quarantine = S3Quarantine(s3, "input")
        assert quarantine.get("m1") is None
        for envelope in (b"{}", b'{"body":"x"}'):
            quarantine.put("m1", envelope)
            assert quarantine.get("m1") == envelope

    def test_a_bucket_that_is_missing_may_be_put_back(self, s3: Any) -> None:
        with pytest.raises(MissingResourceError):
            S3Quarantine(s3, "no-such-bucket").get("m1")


class TestVersions:
    def every_page(self, s3: Any) -> tuple[list[Any], int]:
        heads, after, pages = [], None, 0
        while True:
            page = S3Objects(s3).versions("input", after)
            heads += page.heads
            after, pages = page.reached, pages + 1
            if after is None:
                return heads, pages

    def test_every_version_is_listed_with_the_identity_that_reading_it_gives(self, s3: Any) -> None:
        s3.put_bucket_versioning(Bucket="input", VersioningConfiguration={"Status": "Enabled"})
        put = [s3.put_object(Bucket="input", Key="a b.log", Body=body) for body in (b"1", b"22")]
        heads, _ = self.every_page(s3)
        sizes = {(head.version.key, head.version.version_id): head.size for head in heads}
        assert [sizes["a b.log", answer["VersionId"]] for answer in put] == [1, 2]
        assert len(sizes) == 2
        assert all(head.last_modified.tzinfo for head in heads)

    @pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
    def test_no_version_of_a_deleted_object_is_listed_however_short_the_pages(
        self, s3: Any, size: int
    ) -> None:
        s3.put_bucket_versioning(Bucket="input", VersioningConfiguration={"Status": "Enabled"})
        for key in ("a.log", "gone.log", "gone.log", "here.log", "here.log"):
            s3.put_object(Bucket="input", Key=key, Body=b"1")
        s3.delete_object(Bucket="input", Key="gone.log")
        s3.delete_object(Bucket="input", Key="here.log")
        s3.put_object(Bucket="input", Key="here.log", Body=b"back")
        heads, _ = self.every_page(Limited(s3, size))
        assert [head.version.key for head in heads] == ["a.log", *["here.log"] * 3]

    def test_without_versions_an_object_is_known_by_its_etag(self, s3: Any) -> None:
        answer = s3.put_object(Bucket="input", Key="a.log", Body=b"1")
        ((head,), _) = self.every_page(s3)
        assert (head.version.version_id, head.version.etag) == (None, answer["ETag"].strip('"'))

    def test_a_listing_goes_on_page_by_page(self, s3: Any) -> None:
        client = Limited(s3, 2)
        for number in range(5):
            s3.put_object(Bucket="input", Key=f"{number}.log", Body=b"1")
        heads, pages = self.every_page(client)
        assert [head.version.key for head in heads] == [f"{number}.log" for number in range(5)]
        assert pages == 3

    def test_an_empty_bucket_has_none(self, s3: Any) -> None:
        assert self.every_page(s3) == ([], 1)


class Limited:
    """An S3 client whose pages are short."""

    def __init__(self, client: Any, size: int) -> None:
        self.client, self.size = client, size

    def list_object_versions(self, **request: Any) -> dict[str, Any]:
        return self.client.list_object_versions(**request, MaxKeys=self.size)


def test_a_letter_moves_to_a_later_split_and_is_dead_again(letters: Any) -> None:
    letter = replace(LETTER, subject=replace(SUBJECT, kind=Kind.SPLIT, batch=None, split=4))
    letters.put(letter)
    assert letters.change(replace(letter, state=LetterState.DISCARDED, by="ann", why="gone", changed_at=WHEN))
    assert not letters.move(letter)
    later = replace(
        letter, subject=replace(letter.subject, split=5), reason="it broke again", changed_at=WHEN
    )
    assert letters.move(later)
    assert letters.find("m1") == later


def test_a_letter_that_is_gone_is_not_made_anew_by_a_change(letters: Any) -> None:
    assert not letters.change(replace(LETTER, state=LetterState.REDRIVEN, redrives=1, changed_at=WHEN))
    assert letters.find("m1") is None
    assert letters.by_file(FILE, after=None, limit=9).letters == []


def test_a_letter_stays_listed_though_the_items_of_its_file_expire(dynamodb: Any) -> None:
    """Only a forget removes it (docs/privacy.md); its message lies in the quarantine as long as that keeps it."""
    DynamoLetters(dynamodb, "ledger").put(LETTER)
    listed = [
        item for item in dynamodb.scan(TableName="ledger")["Items"] if item["sk"]["S"].startswith("dead#")
    ]
    assert LETTER.subject.expires_at
    assert [item["sk"]["S"] for item in listed] == ["dead#m1"]
    assert "expires_at" not in listed[0]
