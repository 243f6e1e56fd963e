"""How quick the page is with 100,000 files in the ledger and a file of 10,000 batches: `python -m benchmarks.page`.

The real application answers, on a DynamoDB in memory whose requests take as long as DynamoDB's do; a headless Chromium
looks. Medians, in milliseconds, from what somebody does until it is shown. `python -m benchmarks.page DIR` takes pictures of
the screens instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

from chalice.config import Config
from chalice.local import LocalGateway, LocalGatewayException
from playwright.sync_api import Browser, Page

from benchmarks.big_ledger import BATCHES_A_SPLIT, FILES, LEDGER, SPLITS, Store, filled
from chalicelib.audit import Audit
from chalicelib.core.errors import PermanentError
from chalicelib.services import Services
from chalicelib.settings import Settings
from froe.local.info import StackInfo
from tests.browser.driver import CHROMIUM, DESK, PHONE, WITHOUT, chromium, visiting
from tests.soak.dynamodb import meta

TIMES: Final = 5
TOKEN: Final = "benchmark"
ENVIRONMENT: Final[Mapping[str, str]] = {
    "INPUT_BUCKET": "input", "SPLIT_QUEUE": "https://sqs/1/split", "BATCH_QUEUE": "https://sqs/1/batch",
    "DEAD_LETTER_QUEUE": "https://sqs/1/dead", "RECORDS_TABLE": "records", "LEDGER_TABLE": LEDGER,
    "LEDGER_STREAM_ARN": "arn:aws:dynamodb:eu-west-1:1:table/ledger/stream/1", "QUARANTINE_BUCKET": "quarantine",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:eu-west-1:1:notices", "TRACING": "off", "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "API_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(), "AWS_DEFAULT_REGION": "eu-west-1",
}  # fmt: skip


class Session:
    """What a boto3 session is to the services; but for DynamoDB nothing is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def client(self, service: str, **_: Any) -> Any:
        return self._store if service == "dynamodb" else Nothing()


class Nothing:
    meta = meta()


@contextmanager
def served(store: Store) -> Iterator[tuple[StackInfo, Audit]]:
    """The application, as the local gateway answers for it, and its audit trail."""
    os.environ.update(ENVIRONMENT)
    application: Any = import_module("app")
    services = Services(Settings.from_environment(), Session(store))
    application.services = lambda: services
    gateway = LocalGateway(application.app, Config.create(lambda_timeout=30))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = gateway.handle_request("GET", self.path, headers, b"")
            except LocalGatewayException as error:
                answer = {"statusCode": error.CODE, "headers": error.headers, "body": error.body}
            body = answer["body"] if isinstance(answer["body"], bytes) else (answer["body"] or "").encode()
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # the browser has gone elsewhere
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    names = dict.fromkeys(StackInfo.__dataclass_fields__, "")
    try:
        yield StackInfo(**{**names, "api": address, "endpoint": address, "token": TOKEN}), services.audit
    finally:
        server.shutdown()


WAIT: Final = """() => new Promise((done) => {
  const begun = performance.now();
  const seen = () => ((%s) ? done(performance.now() - begun) : requestAnimationFrame(seen));
  %s;
  requestAnimationFrame(seen);
})"""


def main() -> None:
    if CHROMIUM is None:
        sys.exit(WITHOUT)
    begun = time.monotonic()
    store, large = filled()
    print(
        f"{FILES:,} files and {SPLITS * BATCHES_A_SPLIT:,} batches, made in {time.monotonic() - begun:.0f} s"
    )
    with served(store) as (info, audit), chromium() as browser:
        if len(sys.argv) > 1:
            noted(audit, large)
            shoot(browser, info, large, Path(sys.argv[1]))
            return
        for name, measured in measures(browser, info, large).items():
            print(f"{name:<44} {median(measured):7,.0f} ms   ({min(measured):,.0f} to {max(measured):,.0f})")


def measures(browser: Browser, info: StackInfo, large: str) -> dict[str, list[float]]:
    samples: defaultdict[str, list[float]] = defaultdict(list)
    rows, squares = "table.files tbody tr", ".square"
    day = f"{datetime.now(UTC) - timedelta(days=9):%Y/%m/%d}"
    steps = (
        ("files, filtered by state", _choose("State", "FAILED"), _all_rows("failed")),
        ("files, filtered by state and format", _choose("Format", "log4j"), _all_rows("failed", "log4j")),
        (
            "files, without filters again",
            "document.querySelector('.filters button').click()",
            _count(rows, 50),
        ),
        ("files, by the beginning of the key", _type(f"shop/{day}"), _all_rows(day)),
    )
    for _ in range(TIMES):
        with visiting(browser, info) as one:
            begun = time.monotonic()
            one.go("")
            one.page.locator(rows).first.wait_for()
            samples["first view: the files"].append(1000 * (time.monotonic() - begun))
            one.page.wait_for_load_state("networkidle")
            for name, act, sign in steps:
                samples[name].append(_timed(one.page, act, sign))
                one.page.wait_for_timeout(300)
            moves = (
                ("a file of 10,000 batches: its account", f"location.hash = '#/file/{large}'", _count(".legend tbody tr", 1)),
                ("its map of batches: the first squares", "0", _count(squares, 50)),
                ("its map of batches: all of them", "0", "document.querySelector('.keys')?.textContent.includes('9,89')"),
                ("a closer look at 17 of them", f"document.querySelectorAll('{squares}')[5].click()", "document.querySelector('.few')"),
                ("a batch of them", f"document.querySelectorAll('{squares}')[3].click()", "document.querySelector('article.card')"),
                ("back to the files", "location.hash = '#/'", _count(rows, 50)),
            )  # fmt: skip
            for name, act, sign in moves:
                samples[name].append(_timed(one.page, act, sign))
    return samples


def _timed(page: Page, act: str, sign: str) -> float:
    return float(page.evaluate(WAIT % (sign, act)))


def _count(selector: str, least: int) -> str:
    return f"document.querySelectorAll('{selector}').length >= {least}"


def _all_rows(*words: str) -> str:
    rows = "[...document.querySelectorAll('table.files tbody tr')]"
    return f"{rows}.length && {rows}.every((row) => {json.dumps(words)}.every((word) => row.textContent.includes(word)))"


def _choose(label: str, value: str) -> str:
    script = f"[...document.querySelectorAll('.filters label')].find((each) => each.textContent.startsWith('{label}')).querySelector('select')"
    return f"{{ const field = {script}; field.value = '{value}'; field.dispatchEvent(new Event('change', {{bubbles: true}})) }}"


def _type(text: str) -> str:
    return f"{{ const field = document.querySelector('.filters input'); field.value = '{text}'; field.dispatchEvent(new Event('input', {{bubbles: true}})) }}"


def noted(audit: Audit, large: str) -> None:
    """What somebody had done."""
    for number, who in enumerate(("ada", "grace", "deploys")):
        ids = [f"a1b2c3d4-0000-4000-8000-{each:012d}" for each in range(1 + 39 * number)]
        with audit.noted(who, "redrive", {"ids": ids}) as note:
            note.update(redriven=len(ids), resolved=number, refused=0)
    with audit.noted(
        "ada", "discard", {"ids": ids[:1], "by": "Ada Lovelace", "why": "<b>a test file</b>"}
    ) as note:
        note.update(discarded=1)
    with audit.noted("ada", "token-create", {"name": "grafana", "role": "read"}):
        pass
    with suppress(PermanentError), audit.noted("eve", "forget", {"file_id": large, "with_object": True}):
        raise PermanentError("the object is held by a lock until 2027")


def shoot(browser: Browser, info: StackInfo, large: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, where in {
        "files": "",
        "batches": f"file/{large}",
        "audit": "audit",
        "upload": "upload",
    }.items():
        for width in (DESK, PHONE):
            for scheme in ("light", "dark"):
                with visiting(browser, info, width, scheme) as one:
                    one.go(where)
                    one.page.wait_for_load_state("networkidle")
                    one.page.wait_for_timeout(800)
                    assert urlsplit(one.page.url).fragment.strip("/") == where
                    one.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    main()
