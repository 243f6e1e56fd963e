"""Takes the pictures of the docs: `make screenshots`.

With a folder as its argument it takes every screen there instead, at three widths, light and dark, for people to look at.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from froe.local import LocalStack
from tests.browser.driver import CHROMIUM, DESK, PHONE, TABLET, WITHOUT, chromium, visiting
from tests.browser.scene import stage
from tests.integration.support import call_api

DOCS = Path(__file__).parents[2] / "docs" / "pictures"
_QUALITY = 78


class Screen(NamedTuple):
    """where: behind the "#" of the address. sign: what is there once all is shown. act: what is done then."""

    name: str
    where: str
    sign: str
    act: Callable[[Page], None] = lambda _: None


def screens(names: dict[str, str], letter: str) -> Iterator[Screen]:
    orders, lost = names["orders-2026-09-14.jsonl"], names["payments.jsonl"]
    yield Screen("overview", "", ".attention")
    yield Screen(
        "batches", f"file/{lost}", ".square", lambda page: page.locator(".square.batch-failed").first.click()
    )
    yield Screen("done", f"file/{orders}", ".square", lambda page: page.locator(".square").nth(3).click())
    yield Screen("moving", f"file/{names['moving']}", ".square")
    yield Screen(
        "records", f"file/{orders}/records", ".records", lambda page: page.locator(".opener").nth(2).click()
    )
    yield Screen(
        "columns",
        f"file/{names['shop-access.log.gz']}/records",
        ".records",
        lambda page: page.locator(".chooser summary").click(),
    )
    yield Screen("rejects", f"file/{orders}/rejects", ".reject")
    yield Screen("time", f"file/{orders}/time", ".chart")
    yield Screen("trace", f"file/{orders}/trace", "#trace")
    yield Screen("failed", f"file/{names['till-screen.png']}", ".notice.bad")
    yield Screen("dead-letters", "dead-letters", ".letters li")
    yield Screen("discard", "dead-letters", ".letters li", discard)
    yield Screen("dead-letter", f"dead-letter/{letter}", ".entries li")
    yield Screen("upload", "upload", "h1, .waiting")
    yield Screen("ask", "ask", ".columns li", ask)
    yield Screen("audit", "audit", ".letters li")


def ask(page: Page) -> None:
    page.get_by_label("Format").select_option("json")
    page.get_by_role("button", name="Errors by hour").click()
    page.keyboard.press("Control+Enter")
    page.locator(".answer tbody tr").first.wait_for()
    page.evaluate("document.activeElement.blur()")


def discard(page: Page) -> None:
    page.locator(".check input").check()
    page.get_by_role("button", name="Discard").click()


OF_DOCS = (
    ("overview", DESK, "light", 1080),
    ("batches", DESK, "dark", 900),
    ("rejects", DESK, "light", 900),
    ("ask", DESK, "light", 900),
    ("overview", PHONE, "dark", 844),
)
"""Of which screens, at which width, in which colours, and how high."""


def shoot(
    browser: Browser,
    stack: LocalStack,
    screen: Screen,
    width: int,
    scheme: str,
    target: Path,
    height: int = 0,
) -> None:
    """height: cuts the picture there; 0: the whole page."""
    with visiting(browser, stack.info, width, scheme) as one:
        if height:
            one.page.set_viewport_size({"width": width, "height": height})
        one.go(screen.where)
        one.page.locator(screen.sign).first.wait_for()
        one.page.wait_for_load_state("networkidle")
        one.page.wait_for_timeout(700)
        screen.act(one.page)
        one.page.wait_for_timeout(900)
        if one.overflow > 0:
            print(f"{target.name}: {one.overflow} pixels too wide")  # noqa: T201
        if target.suffix == ".webp":
            session = one.page.context.new_cdp_session(one.page)
            taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
            target.write_bytes(base64.b64decode(taken["data"]))
        else:
            one.page.screenshot(path=target, full_page=True)


def main() -> None:
    if CHROMIUM is None:
        sys.exit(WITHOUT)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    (folder or DOCS).mkdir(parents=True, exist_ok=True)
    with LocalStack(parameters={"Sink": "parquet"}) as stack, chromium() as browser:
        names = stage(stack)
        letters = call_api(stack, "/dead-letters").body["items"]
        known = {each.name: each for each in screens(names, letters[-1]["dead_letter_id"])}
        if folder is None:
            for name, width, scheme, height in OF_DOCS:
                shoot(browser, stack, known[name], width, scheme, DOCS / f"page-{name}-{width}.webp", height)
            return
        for screen in known.values():
            for width in (PHONE, TABLET, DESK):
                for scheme in ("light", "dark"):
                    shoot(
                        browser, stack, screen, width, scheme, folder / f"{screen.name}-{width}-{scheme}.png"
                    )


if __name__ == "__main__":
    main()
