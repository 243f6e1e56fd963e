"""The page in a browser, on the local stack: what people do with it, by mouse and by keyboard, wide and narrow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

pytest.importorskip("playwright", reason="needs playwright: make setup")
pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from playwright.sync_api import Browser, Page, Route, expect

from chalicelib.access import Role
from froe.local import LocalStack
from tests.browser.driver import CHROMIUM, DESK, PHONE, WITHOUT, Visit, chromium, visiting
from tests.integration.letters import let_die, take_batches
from tests.integration.support import (
    call_api,
    paused,
    services_of,
    settle,
    upload,
    upload_and_settle,
    wait_for,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT)
expect.set_options(timeout=60_000)

LEVELS = ("info", "info", "info", "warn", "error")
FORGED = "<img src=x onerror=alert(1)>"


TURNED = "\u202e"
"""What follows it is written from right to left."""


def line(number: int) -> bytes:
    fields = {
        "time": f"2026-09-14T06:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "level": LEVELS[number % len(LEVELS)],
        "msg": f"order {number} {FORGED}{TURNED * (number == 1)}",
        "status": 200 + number % 3 * 100,
    }
    return json.dumps(fields).encode() + b"\n"


def log(lines: int, *broken: bytes) -> bytes:
    return b"".join(map(line, range(lines))) + b"".join(broken)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def files(stack: LocalStack) -> dict[str, str]:
    """Name → id of files that have settled: one with rejects, one damaged, one that lost a batch."""
    uploaded = {}
    broken = (b'{"torn": "' + FORGED.encode() + b"\n", b"\xff\x00{not even text\n")
    uploaded["good"] = upload_and_settle(stack, "page/good.jsonl", log(6000, *broken))["file_id"]
    uploaded["failed"] = upload_and_settle(stack, "page/picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(200)))["file_id"]  # fmt: skip
    with paused(stack, "worker"):
        lost = upload(stack, "page/lost.jsonl", log(6000)).file_id
        batch = f"{lost}-000000-000001"
        taken: dict[str, str] = {}
        wait_for(lambda: taken.update(take_batches(stack, {batch})) or taken or None, "a batch to take")
        uploaded["letter"] = let_die(stack, taken[batch]).letter_id
    settle(stack, lost)
    return {**uploaded, "lost": lost}


@pytest.fixture
def visit(browser: Browser, stack: LocalStack) -> Iterator[Callable[..., Visit]]:
    """Open the page; at the end nothing must have gone wrong on it."""
    with ExitStack() as open_ones:

        def opened(where: str | None = "", **options: object) -> Visit:
            one = open_ones.enter_context(visiting(browser, stack.info, **options))  # type: ignore[arg-type]
            if where is not None:
                one.go(where)
            return one

        yield opened


def test_the_token_is_asked_for_once_and_kept_by_the_tab_alone(
    visit: Callable[..., Visit], stack: LocalStack
) -> None:
    one = visit(None)
    one.refusals_allowed = True
    page = one.page
    page.goto(stack.info.api)
    token = page.get_by_label("Token of the status API")
    expect(token).to_be_focused()
    token.fill("wrong")
    token.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not accept this token")
    token.fill(stack.info.token)
    token.press("Enter")
    expect(page.get_by_role("heading", name="Files", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Files", level=1)).to_be_visible()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    page.get_by_role("button", name="Forget token").click()
    expect(token).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('froe-token')") is None


def test_a_file_is_seen_on_its_way_until_every_line_is_accounted_for(
    visit: Callable[..., Visit], stack: LocalStack
) -> None:
    page = visit("?key=page/live").page
    expect(page.get_by_text("No file")).to_be_visible()
    with paused(stack, "worker"):
        upload(stack, "page/live.jsonl", log(9000))
        row = page.get_by_role("row").filter(has_text="live.jsonl")
        expect(row.get_by_text(re.compile("splitting|processing"))).to_be_visible()
        expect(row.get_by_role("img")).to_have_attribute("aria-label", re.compile("pending"))
    expect(row.get_by_text("complete", exact=True)).to_be_visible()
    expect(row).to_contain_text("9,000 parsed")
    row.get_by_role("link").click()
    expect(page.get_by_text("adds up to the last byte")).to_be_visible()
    expect(page.get_by_role("row", name="the whole text")).to_contain_text("9,000")


def test_all_that_needs_attention_can_be_seen(
    visit: Callable[..., Visit], stack: LocalStack, files: dict[str, str]
) -> None:
    """The API is said to name more than there is room for: of files in a state, and of others."""
    one = visit(None)
    page = one.page
    file = call_api(stack, f"/files/{files['failed']}").body
    whys = ["FAILED"] * 7 + ["stalled"] * 7 + ["rejects"] * 2

    def answered(route: Route) -> None:
        limit = int(re.search(r"limit=(\d+)", route.request.url)[1])  # type: ignore[index]
        detail = {"share": 0.9, "share_of": "entries", "quiet_since": file["opened_at"]}
        given = [(why, at) for at, why in enumerate(whys) if whys[:at].count(why) < limit]
        listed = [
            {"why": why, **detail, "file": {**file, "file_id": f"{at:026d}", "key": f"{why}-{at}"}}
            for why, at in given
        ]
        route.fulfill(json={"dead_letters": {}, "files": listed, "more": len(listed) < len(whys)})

    page.route("**/attention*", answered)
    one.go("")
    attention = page.get_by_role("region", name="Needs attention")
    expect(attention).to_contain_text("5 or more failed")
    expect(attention).to_contain_text("5 or more stalled")
    expect(attention).to_contain_text("2 with many rejects")
    expect(attention.get_by_text("rejects-15")).to_have_count(0)
    attention.get_by_role("button", name="Show more").click()
    for at, why in enumerate(whys):
        expect(attention.get_by_role("link", name=f"{why}-{at}")).to_be_visible()
    expect(attention).to_contain_text("7 stalled")
    attention.get_by_role("link", name="7 failed").click()
    expect(page.get_by_label("State")).to_have_value("FAILED")
    expect(page.locator("table.files")).to_contain_text("picture.png")


def test_each_file_that_moves_is_live_however_many_they_are(
    visit: Callable[..., Visit], stack: LocalStack, files: dict[str, str]
) -> None:
    file = call_api(stack, f"/files/{files['good']}").body
    moving = {f"{at:026d}": {**file, "state": "PROCESSING", "file_id": f"{at:026d}"} for at in range(20)}
    stale = [{**each, "parsed": {"entries": 0, "lines": 0, "bytes": 0}} for each in moving.values()]
    one = visit(None)
    page = one.page
    page.route(re.compile(r"/files[?]"), lambda route: route.fulfill(json={"items": stale, "cursor": None}))
    page.route(
        re.compile(r"/files/0\d+$"),
        lambda route: route.fulfill(json=moving[route.request.url.rpartition("/")[2]]),
    )
    one.go("")
    expect(page.locator("table.files tbody tr").filter(has_text="6,000 parsed")).to_have_count(20)


def test_filters_leave_only_what_is_asked_for(visit: Callable[..., Visit], files: dict[str, str]) -> None:
    page = visit("?key=page/").page
    rows = page.locator("table.files tbody tr")
    expect(rows.filter(has_text="good.jsonl")).to_be_visible()
    page.get_by_label("State").select_option("FAILED")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("picture.png")
    assert "state=FAILED" in page.url
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("searchbox", name="Key").fill("page/good")
    expect(rows).to_have_count(1)
    page.get_by_label("Format").select_option("json")
    expect(rows).to_contain_text("good.jsonl")
    attention = page.get_by_role("region", name="Needs attention")
    expect(attention).to_contain_text("picture.png")
    expect(attention).to_contain_text("dead letter")


def test_a_batch_shows_its_lines_and_content_stays_text(
    visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    page = visit(f"file/{files['good']}").page
    squares = page.get_by_role("group", name="Map of the batches").get_by_role("button")
    expect(squares).to_have_count(2)
    squares.nth(1).click()
    expect(page.get_by_role("heading", name="Batch 0-1")).to_be_visible()
    expect(page.locator(".entries li").first).to_contain_text(FORGED)
    assert page.locator("main img").count() == 0


def test_rejects_are_grouped_with_their_bytes_and_what_was_expected(
    visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    page = visit(f"file/{files['good']}/rejects").page
    group = page.get_by_role("article").first
    expect(group).to_contain_text("invalid-json")
    expect(group).to_contain_text("The format of the file is json")
    entries = page.locator(".entries")
    expect(entries).to_contain_text(FORGED)
    expect(entries).to_contain_text("\\xff\\0{not even text")
    expect(entries.locator(".escape")).to_have_count(2)


def test_records_are_searched_filtered_and_paged(visit: Callable[..., Visit], files: dict[str, str]) -> None:
    page = visit(f"file/{files['good']}/records").page
    rows = page.locator("table.records tbody tr")
    expect(rows).to_have_count(50)
    expect(page.locator("table.records thead")).to_contain_text("statusnumber")
    turned = rows.nth(1).locator(".message")
    expect(turned).to_have_text(f"order 1 {FORGED}\\u202e")
    expect(turned).to_have_attribute("title", f"order 1 {FORGED}\\u202e")
    page.get_by_role("button", name="Next").click()
    expect(rows.first).to_contain_text("order 50 ")
    page.get_by_role("button", name="Previous").click()
    expect(rows.first).to_contain_text("order 0 ")
    page.get_by_label("At least").select_option("ERROR")
    expect(rows.nth(1)).to_contain_text("order 9 ")
    page.get_by_role("searchbox", name="Text").fill("order 4444")
    page.get_by_role("button", name="Search").click()
    expect(rows).to_have_count(1)
    rows.get_by_role("button").click()
    expect(page.locator(".whole")).to_contain_text("bytes")
    page.locator(".chooser summary").click()
    page.get_by_role("checkbox", name="status").uncheck()
    expect(page.locator("table.records thead")).not_to_contain_text("status")


def test_on_a_phone_the_message_of_a_record_is_in_sight(
    visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    one = visit(f"file/{files['good']}/records", width=360)
    row = one.page.locator("table.records tbody tr").first
    message = row.locator(".message")
    expect(message).to_contain_text("order 0 ")
    box = message.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= 360
    expect(row.get_by_role("cell", name="info")).to_be_visible()
    assert one.overflow <= 0


def test_records_over_time_lead_to_those_of_a_bar(visit: Callable[..., Visit], files: dict[str, str]) -> None:
    page = visit(f"file/{files['good']}/time").page
    bars = page.get_by_role("group", name="Records by their own time").get_by_role("button")
    expect(page.get_by_text("All 6,000 records")).to_be_visible()
    expect(bars.first).to_have_attribute("aria-label", re.compile(r"\d+ info, \d+ warn, \d+ error"))
    bars.nth(3).click()
    expect(page.locator("table.records tbody tr").first).to_be_visible()
    assert "from=2026-09-14" in page.url


def test_the_trace_of_a_file_is_a_waterfall(visit: Callable[..., Visit], files: dict[str, str]) -> None:
    page = visit(f"file/{files['good']}/trace").page
    table = page.get_by_role("table", name="Stages of the file by invocation")
    expect(table.get_by_role("row", name=re.compile("^0-0 read"))).to_be_visible()
    expect(table.get_by_role("row", name=re.compile("^0-2 "))).to_have_count(0)  # the end is no batch
    for stage in ("send", "seal", "in the queue", "parse", "write", "mark"):
        expect(table.get_by_role("rowheader", name=re.compile(f"^{stage}")).first).to_be_visible()
    expect(
        table.get_by_role("rowheader", name=re.compile("^froe-local-(queued_)?splitter")).first
    ).to_be_visible()
    expect(table.get_by_role("rowheader", name=re.compile("^froe-local-worker")).first).to_be_visible()


def test_the_reason_of_an_incomplete_file_leads_to_its_batch_and_to_its_dead_letters(
    visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    page = visit(f"file/{files['lost']}").page
    reason = page.locator(".notice").filter(has_text="dead-lettered")
    expect(reason).not_to_contain_text("000000-000001")
    reason.get_by_role("link", name="0-1", exact=True).click()
    expect(page.get_by_role("heading", name="Batch 0-1")).to_be_visible()
    expect(page.get_by_role("link", name="Its dead letter, with its lines and attempts")).to_be_visible()
    expect(page.get_by_role("button", name="batch 0-1: dead-lettered", pressed=True)).to_be_visible()
    page.get_by_role("button", name="batch 0-0: done").click()
    expect(page.get_by_role("heading", name="Batch 0-0")).to_be_visible()
    reason.get_by_role("link", name="0-1", exact=True).click()
    expect(page.get_by_role("heading", name="Batch 0-1")).to_be_visible()
    reason.get_by_role("link", name="See its dead letters and redrive them").click()
    expect(page.get_by_role("link", name="lost.jsonl, batch 0-1")).to_have_count(1)
    expect(page.get_by_role("button", name="Redrive")).to_be_visible()


def test_a_dead_letter_is_read_and_redriven_by_keyboard_alone(
    visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    page = visit("").page
    expect(page.get_by_role("heading", name="Files", level=1)).to_be_visible()
    press = partial(tab_to, page)
    press("Dead letters")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dead letters", level=1)).to_be_visible()
    expect(page.locator("main#main")).to_be_focused()
    expect(page.get_by_role("link", name="lost.jsonl, batch 0-1")).to_be_visible()
    press("lost.jsonl, batch 0-1")
    page.keyboard.press("Enter")
    expect(page.locator(".entries li").first).to_contain_text("order ")
    expect(page.get_by_text("the function was killed before it could")).to_be_visible()
    press("Redrive")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 dead letter redriven")).to_be_visible()
    expect(page.get_by_text("resolved", exact=True)).to_be_visible()
    press("page/lost.jsonl")
    page.keyboard.press("Enter")
    expect(page.get_by_text("adds up to the last byte")).to_be_visible()
    expect(page.get_by_text("complete", exact=True)).to_be_visible()
    press("batch 0-0: done")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Batch 0-1")).to_be_visible()


def test_all_that_match_are_redriven_and_not_only_those_of_the_list(
    visit: Callable[..., Visit], stack: LocalStack, files: dict[str, str]
) -> None:
    """Here the list is said to go on, and the API to need two calls."""
    letters = call_api(stack, "/dead-letters?state=all").body["items"]
    one = visit(None)
    page = one.page
    selections = []

    def redriven(route: Route) -> None:
        selections.append(route.request.post_data_json)
        cursor = "on" if len(selections) == 1 else None
        route.fulfill(json={"redriven": 600, "resolved": 0, "refused": 0, "refusals": [], "cursor": cursor})

    page.route("**/dead-letters?*", lambda route: route.fulfill(json={"items": letters, "cursor": "on"}))
    page.route("**/dead-letters/redrive", redriven)
    one.go("dead-letters?reason=died")
    page.get_by_label("all that match").check()
    page.get_by_role("button", name="Redrive all that match").click()
    expect(page.get_by_text("1,200 dead letters redriven")).to_be_visible()
    assert selections == [{"reason": "died"}, {"reason": "died", "cursor": "on"}]


def tab_to(page: object, name: str, most: int = 80) -> None:
    """Press the tab key until an element of that name has the focus."""
    focused = "() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()"
    for _ in range(most):
        page.keyboard.press("Tab")  # type: ignore[attr-defined]
        if page.evaluate(focused).startswith(name):  # type: ignore[attr-defined]
            return
    raise AssertionError(f"the tab key does not reach {name!r}")


@pytest.mark.parametrize(
    ("width", "scheme", "rules"),
    [(DESK, "light", ()), (PHONE, "dark", ("color-contrast", "scrollable-region-focusable"))],
)
def test_every_screen_fits_and_is_accessible(
    width: int, scheme: str, rules: tuple[str, ...], visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    """By all rules of axe, and once more by those that depend on colours and on room."""
    one = visit("?key=page/", width=width, scheme=scheme)
    screens = {
        "?key=page/": "table.files tbody tr",
        f"file/{files['good']}": ".square",
        f"file/{files['good']}/records": "table.records tbody tr",
        f"file/{files['good']}/rejects": ".entries li",
        f"file/{files['good']}/time": ".chart",
        f"file/{files['good']}/trace": "table.waterfall .stage",
        f"file/{files['failed']}": ".notice.bad",
        "upload": ".drop",
        "audit": "h1",
        "dead-letters?state=all": ".letters li",
        f"dead-letter/{files['letter']}": ".entries li",
    }
    ground = one.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground)[:3])) < 60) == (scheme == "dark")
    violations = {}
    for where, sign in screens.items():
        one.move(where)
        expect(one.page.locator(sign).first).to_be_visible()
        if faults := one.faults_of_access(*rules) + [f"{one.overflow} pixels too wide"] * (one.overflow > 0):
            violations[where] = faults
    assert violations == {}


def drop(page: Page, name: str, content: str) -> None:
    """On the page itself, wherever it is."""
    dropped = page.evaluate_handle(
        "([name, text]) => { const all = new DataTransfer(); all.items.add(new File([text], name)); return all }",
        [name, content],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": dropped})


def test_a_file_that_is_dropped_anywhere_is_uploaded_and_followed_from_screen_to_screen(
    visit: Callable[..., Visit], stack: LocalStack
) -> None:
    page = visit("upload").page
    page.get_by_label("Folder in the bucket").fill("page/dropped")
    page.get_by_role("link", name="Files").click()
    with paused(stack, "worker"):
        drop(page, "drop.jsonl", log(50).decode())
        tray = page.get_by_role("complementary", name="Uploads")
        expect(tray).to_contain_text("1 being read")
        expect(page.get_by_role("heading", name="Files", level=1)).to_be_visible()
        page.get_by_role("link", name="Dead letters").click()
        expect(tray).to_contain_text("1 being read")
        tray.get_by_role("link", name="Show them").click()
        sent = page.get_by_role("list", name="Uploads").get_by_role("listitem")
        expect(sent).to_contain_text("page/dropped/drop.jsonl")
        expect(tray).to_have_count(0)
        page.get_by_role("link", name="Audit").click()
    expect(tray).to_contain_text("1 settled")
    tray.get_by_role("link", name="Show them").click()
    expect(sent.get_by_text("complete", exact=True)).to_be_visible()
    sent.get_by_role("link", name="See its account").click()
    expect(page.get_by_text("adds up to the last byte")).to_be_visible()


def test_a_token_whose_role_is_too_low_is_kept_and_the_role_is_named(
    visit: Callable[..., Visit], stack: LocalStack
) -> None:
    """Where the page knows the role it offers nothing more; here it takes the token for another's at first."""
    reader = services_of(stack).tokens.create("reader", Role.READ, "tests")
    one = visit(None)
    one.refusals_allowed = True
    page = one.page
    one.go(token=reader)
    expect(page.get_by_role("link", name="Dead letters")).to_be_visible()
    expect(page.get_by_text("reader", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Upload")).to_have_count(0)
    drop(page, "drop.jsonl", "not for a reader")
    expect(page.get_by_role("alert")).to_contain_text("needs a token with the role operate")
    as_operator = {"name": "reader", "role": "operate", "queries": False}
    page.route("**/me", lambda route: route.fulfill(json=as_operator), times=1)
    page.reload()
    page.get_by_role("link", name="Upload").click()
    drop(page, "drop.jsonl", "not for a reader")
    sent = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(sent).to_contain_text("This needs a token with the role operate; this one is for read.")
    assert page.evaluate("sessionStorage.getItem('froe-token')") == reader
    one.move("nonsense")
    expect(page.get_by_text("There is no such page.")).to_be_visible()
    one.move(f"file/{'0' * 26}")
    expect(page.get_by_role("alert").last).to_contain_text("; Files lists the files")


def give_parts(page: Page, stack: LocalStack, sizes: list[int]) -> None:
    """The API gives parts from 64 MiB on; here it is said to give some of a small file."""
    s3 = stack.client("s3")

    def begun(route: Route) -> None:
        place = {"Bucket": stack.info.input_bucket, "Key": route.request.post_data_json["key"]}
        upload_id = s3.create_multipart_upload(**place)["UploadId"]
        address = partial(s3.generate_presigned_url, "upload_part")
        parts = [
            {"number": number, "url": address({**place, "UploadId": upload_id, "PartNumber": number})}
            for number in range(1, len(sizes) + 1)
        ]
        route.fulfill(
            json={"key": place["Key"], "upload_id": upload_id, "part_bytes": sizes[0], "parts": parts}
        )

    page.route("**/uploads", begun)


def test_a_large_file_goes_up_in_parts_and_leaves_nothing_where_it_is_stopped(
    visit: Callable[..., Visit], stack: LocalStack
) -> None:
    one = visit("upload")
    one.refusals_allowed = True
    page, s3, bucket = one.page, stack.client("s3"), stack.info.input_bucket
    sizes = [50_000, 50_000, 50_000, 1000]
    page.get_by_label("Folder in the bucket").fill("page/large")
    sent = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    routes: list[Route] = []
    failed: list[str] = []

    def disturbed(route: Route) -> None:
        if "stopped.bin" in route.request.url and "partNumber=4" in route.request.url:
            routes.append(route)  # it never gets there
        elif "whole.bin" in route.request.url and "partNumber=2" in route.request.url and not failed:
            failed.append(route.request.url)
            route.fulfill(status=503, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.continue_()

    give_parts(page, stack, sizes)
    page.route("**/*partNumber=*", disturbed)
    drop(page, "stopped.bin", "\0" * sum(sizes))
    expect(sent.first).to_contain_text(re.compile(r"[1-9]\d*(\.\d)? % of 151 kB"))
    with page.expect_response("**/uploads/abort") as aborted:
        sent.first.get_by_role("button", name="Stop").click()
    assert aborted.value.status == 200
    expect(sent.first.get_by_text("stopped", exact=True)).to_be_visible()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket, Prefix="page/large/")

    drop(page, "whole.bin", "\0" * sum(sizes))
    expect(
        sent.first.get_by_role("link", name=re.compile("Watch it being read|See its account"))
    ).to_be_visible()
    objects = s3.list_objects_v2(Bucket=bucket, Prefix="page/large/")["Contents"]
    assert [(each["Key"], each["Size"]) for each in objects] == [("page/large/whole.bin", sum(sizes))]
    assert objects[0]["ETag"].endswith('-4"'), "of four parts"
    assert len(failed) == 1


@pytest.mark.parametrize("revoked", [False, True], ids=["forgotten", "revoked"])
def test_uploads_end_with_the_token_and_the_api_is_left_alone(
    visit: Callable[..., Visit], stack: LocalStack, revoked: bool
) -> None:
    one = visit("upload")
    one.refusals_allowed = True
    page, s3, bucket = one.page, stack.client("s3"), stack.info.input_bucket
    page.get_by_label("Folder in the bucket").fill("page/left")
    give_parts(page, stack, [1000, 1000])
    page.route(re.compile("partNumber=2"), lambda route: None)
    drop(page, "left.bin", "\0" * 2000)
    sent = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(sent).to_contain_text("50 % of 2.0 kB")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    with page.expect_request("**/uploads/abort") as aborted:
        if revoked:
            page.route(
                re.compile("/(dead-letters|me)([?]|$)"),
                lambda route: route.fulfill(status=403, json={"message": "Forbidden"}),
            )
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        else:
            page.get_by_role("button", name="Forget token").click()
    assert aborted.value.headers["authorization"] == f"Bearer {stack.info.token}"
    assert aborted.value.response().status == 200
    expect(page.get_by_role("alert")).to_contain_text("1 upload had not ended and was stopped")
    page.wait_for_timeout(500)
    assert asked.count("me") <= 1
    assert asked.count("abort") == 1
    assert page.evaluate("sessionStorage.length") == 0
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket, Prefix="page/left/")


def test_the_audit_trail_says_who_had_what_done(visit: Callable[..., Visit], stack: LocalStack) -> None:
    audit = services_of(stack).audit
    with audit.noted("ada", "discard", {"ids": ["m-1"], "why": FORGED}) as note:
        note.update(discarded=1, resolved=0)
    with pytest.raises(RuntimeError), audit.noted("eve", "forget", {"file_id": "f" * 26}):
        raise RuntimeError("it could not be done")
    page = visit("").page
    page.get_by_role("link", name="Audit").click()
    deeds = page.get_by_role("list", name="Audit trail, newest first").get_by_role("listitem")
    ada, eve = deeds.filter(has_text="ada"), deeds.filter(has_text="eve")
    expect(ada).to_contain_text("discarded m-1")
    expect(ada).to_contain_text(FORGED)
    expect(ada).to_contain_text("1 discarded")
    expect(eve.locator(".notice.bad")).to_contain_text("RuntimeError")
    page.get_by_label("Within").select_option("86400")
    expect(ada).to_be_visible()
    assert "within=86400" in page.url


def test_a_bar_holds_whole_buckets_of_what_was_counted(
    visit: Callable[..., Visit], files: dict[str, str]
) -> None:
    buckets = [
        {"from": f"2026-09-14T{second // 3600:02d}:{second // 60 % 60:02d}:00Z", "severities": {"INFO": 10}}
        for second in range(0, 40 * 1200, 1200)
    ]
    counted = {
        "seconds": 1200,
        "buckets": buckets,
        "untimed": 0,
        "records": 400,
        "complete": True,
        "cursor": None,
    }
    one = visit(None)
    one.page.route("**/histogram*", lambda route: route.fulfill(json=counted))
    one.go(f"file/{files['good']}/time")
    bars = one.page.get_by_role("group", name="Records by their own time").get_by_role("button")
    expect(bars).to_have_count(40)
    assert {bar.get_attribute("aria-label").partition(": ")[2] for bar in bars.all()} == {"10 info"}
