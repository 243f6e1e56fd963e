"""A headless Chromium that looks at the page of a stack, and notices whatever should not happen there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from froe.local.info import StackInfo

CHROMIUM = os.environ.get("FROE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WITHOUT = "optional: no Chromium on this machine (Debian, Ubuntu: apt-get install chromium; FROE_CHROMIUM names another)"
PHONE, TABLET, DESK = 390, 800, 1440
_SECONDS = 60
_TOKEN = "froe-token"
_ALSO = {"rules": {"target-size": {"enabled": True}}}
"""Of WCAG 2.2, which axe does not check by default."""


@contextmanager
def chromium() -> Iterator[Browser]:
    assert CHROMIUM, WITHOUT
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            # In a container Chromium's own sandbox cannot be set up; it opens nothing but the page.
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """Somebody in front of the page. problems: errors of the console, and what was asked of other hosts."""

    page: Page
    info: StackInfo
    problems: list[str] = field(default_factory=list)
    refusals_allowed: bool = False

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_SECONDS * 1000)
        self.page.on("console", lambda message: self._noted(message.type, message.text))
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _noted(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not (
            self.refusals_allowed and "the server responded with" in text
        ):
            self.problems.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        hosts = {urlsplit(known).netloc for known in (self.info.api, self.info.endpoint)}
        if urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc not in hosts:
            self.problems.append(f"asked {url}")
        if self.info.token in url:
            self.problems.append("the token is in an address")

    def go(self, where: str = "", token: str | None = None) -> None:
        """Open the page there with the token known, as in a tab that was opened before. token: the administrator's by default."""
        self.page.add_init_script(f"sessionStorage.setItem({_TOKEN!r}, {(token or self.info.token)!r})")
        self.page.goto(f"{self.info.api}/#/{where}")
        self.page.locator("main#main").wait_for()

    def move(self, where: str) -> None:
        """To another screen of the page, without loading it again."""
        self.page.evaluate("where => { location.hash = where }", f"#/{where}")

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        width: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width

    def faults_of_access(self, *rules: str) -> list[str]:
        """What axe finds (https://github.com/dequelabs/axe-core). rules: those only; by default all."""
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else _ALSO
        actual: dict[str, Any] = (
            Axe().run(self.page, options={"resultTypes": ["violations"], **only}).response
        )
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in actual["violations"]
            for node in each["nodes"]
        ]


@contextmanager
def visiting(browser: Browser, info: StackInfo, width: int = DESK, scheme: Any = "light") -> Iterator[Visit]:
    """A window of its own, with nothing kept from others; afterwards nothing must have gone wrong."""
    height = 844 if width == PHONE else 900
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    try:
        visit = Visit(context.new_page(), info)
        yield visit
        assert visit.problems == []
    finally:
        context.close()
