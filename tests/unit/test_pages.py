"""Pages of lists: they end where Lambda's answer would be too large, and go on exactly behind their last item."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.letters import LETTER_ID
from chalicelib.dead_letters.status import LetterStatus
from chalicelib.pages import (
    PAGE_MAX_BYTES,
    BadQueryError,
    Page,
    checked_batch,
    checked_offset,
    checked_position,
)
from chalicelib.status import NotFoundError, Status
from tests.fakes import Pipeline
from tests.layouts import layout  # noqa: F401 - each of these holds in every layout
from tests.unit.test_dead_letter_office import with_dead
from tests.unit.test_status import FakeRecordsReader, ingested

ANSWER_MAX_BYTES = 6_291_556
FILE_ID = "a" * 26
LARGE = Limits(batch_max_lines=50, batch_max_bytes=700_000, entry_max_bytes=256 * 1024, split_bytes=64 << 20)


def answer_bytes(page: dict[str, Any]) -> tuple[int, int]:
    """Of the body, and of what Lambda returns with it."""
    body = json.dumps(page, separators=(",", ":"))
    return len(body), len(json.dumps({"statusCode": 200, "headers": {}, "body": body}))


def walked(ask: Callable[..., dict[str, Any]], **options: Any) -> tuple[list[Any], int]:
    """All items, and over how many pages; each page is one that Lambda can answer."""
    items: list[Any] = []
    cursor, pages = None, 0
    while True:
        page = ask(**options, cursor=cursor)
        body, answer = answer_bytes(page)
        assert body <= PAGE_MAX_BYTES + 1000
        assert answer <= ANSWER_MAX_BYTES
        items += page["items"]
        cursor, pages = page["cursor"], pages + 1
        if cursor is None:
            return items, pages


@pytest.mark.parametrize("filling", ["x", '"', "\\", "\x01", "é", "棚", "😀"])
@pytest.mark.parametrize("size", [8_000, 80_000])
def test_a_page_of_large_items_ends_before_the_answer_is_too_large(filling: str, size: int) -> None:
    text = filling * (size // len(filling.encode()))
    given = 0
    page = Page(1000)
    while page.add({"number": given, "body": text}):
        given += 1
    body, answer = answer_bytes(page.listed("c"))
    assert given == min(1000, given)
    assert body <= PAGE_MAX_BYTES + 100
    assert answer <= ANSWER_MAX_BYTES
    assert body > 2_000_000 or given == 1000


def test_an_item_that_is_larger_than_a_page_has_one_of_its_own() -> None:
    page = Page(10)
    assert page.add({"body": "x" * 5_000_000})
    assert not page.add({"body": "y"})


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1_000, lambda n: '{"msg":"' + f"{n:05d} " + "m" * 8_000 + '"}'),
        (500, lambda n: '{"msg":"' + f"{n:05d} " + "\\u0001" * 2_000 + '"}'),
        (100, lambda n: '{"msg":"' + f"{n:05d} " + '\\"' * 40_000 + '"}'),
    ],
)
def test_large_records_come_once_and_in_order_page_after_page(count: int, line: Callable[[int], str]) -> None:
    _, status, file_id = ingested("".join(f"{line(n)}\n" for n in range(count)).encode(), LARGE)
    items, pages = walked(lambda **page: status.records(file_id, limit=1000, **page))
    assert [int(item["body"][:5]) for item in items] == list(range(count))
    assert pages > 1


def test_large_rejects_come_once_and_in_order_page_after_page() -> None:
    good = '{"msg":"fine"}\n' * 200
    bad = "".join('{"broken' + f" {n:05d} " + "x" * 80_000 + "\n" for n in range(100))
    _, status, file_id = ingested((good + bad).encode(), LARGE)
    items, pages = walked(lambda **page: status.rejects(file_id, limit=1000, **page))
    assert len({item["offset"] for item in items}) == len(items) == 100
    assert pages > 1


def test_files_with_long_reasons_come_once_page_after_page() -> None:
    pipeline, status, file_id = ingested(b'{"msg":"x"}\n')
    stored = pipeline.table.files.pop(file_id)
    for number in range(60):
        name = f"{'abcdefghij'[number // 10] * 25}{'abcdefghij'[number % 10]}"
        version = replace(stored.plan.head.version, version_id=name)
        plan = replace(stored.plan, head=replace(stored.plan.head, version=version))
        account = replace(stored.account, state=State.FAILED, reason="é" * 100_000)
        pipeline.table.files[plan.file_id] = stored._replace(plan=plan, account=account, kept_as=plan.file_id)
    items, pages = walked(status.files, limit=1000)
    assert len({item["file_id"] for item in items}) == len(items) == 60
    assert pages > 1


def test_dead_letters_with_long_reasons_come_once_page_after_page() -> None:
    pipeline = with_dead(12)
    for key, letter in pipeline.letters.stored.items():
        pipeline.letters.stored[key] = replace(letter, reason="\\" * 700_000)
    status = LetterStatus(pipeline.office, pipeline.ledger)
    (file_id,) = {letter.subject.file_id for letter in pipeline.letters.stored.values()}
    for file in (None, file_id):
        items, pages = walked(status.letters, file=file, limit=1000)
        assert len({item["dead_letter_id"] for item in items}) == len(items) == 12
        assert pages > 1


POSITION = f"2026-03-01T12:00:00.000000+00:00#{FILE_ID}"


@pytest.mark.parametrize("cursor", [POSITION, POSITION.replace("+", " "), POSITION + "~3"])
def test_a_position_that_a_page_gave_is_taken(cursor: str) -> None:
    assert checked_position(cursor) == cursor.replace(" ", "+")


@pytest.mark.parametrize(
    "cursor",
    [
        "xx",
        "x" * 3000,
        "#",
        FILE_ID,
        POSITION + "/",
        "2026-03-01#" + FILE_ID,
        "\udc80",
        "٣-٣x",
    ],
)
def test_a_cursor_of_another_form_is_refused_by_every_list(cursor: str) -> None:
    pipeline = Pipeline(LARGE)
    status = Status(pipeline.ledger, FakeRecordsReader({}))
    letters = LetterStatus(pipeline.office, pipeline.ledger)
    for ask in (
        lambda: status.files(cursor=cursor),
        lambda: status.files(key="a", cursor=cursor),
        lambda: letters.letters(cursor=cursor),
        lambda: checked_position(cursor, LETTER_ID),
        lambda: checked_batch(cursor),
        lambda: checked_offset(cursor),
    ):
        with pytest.raises(BadQueryError, match="cursor is"):
            ask()


@pytest.mark.parametrize(
    "file_id", ["x" * 3000, "x", "", "A" * 26, FILE_ID + "~", FILE_ID + "/", "\udc80", "é" * 26]
)
def test_what_is_no_file_id_is_not_found_and_never_asked_for(file_id: str) -> None:
    status = Status(Pipeline(LARGE).ledger, None)  # type: ignore[arg-type]
    for ask in (status.file, status.records, status.rejects, status.batches):
        with pytest.raises(NotFoundError, match="no file"):
            ask(file_id)


@pytest.mark.parametrize("key", ["k" * 3000, "é" * 513, "\udc80"])
def test_a_key_that_no_object_can_have_has_no_files(key: str) -> None:
    status = Status(Pipeline(LARGE).ledger, None)  # type: ignore[arg-type]
    assert status.files(key=key) == {"items": [], "cursor": None}
