"""The page lets nothing in but what was built, and what was built is of the sources that are here."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from chalice.test import Client

import app as application
from chalicelib import page
from froe import page_facts

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "page"
ASSET = ROOT / "chalicelib" / "page"
MAX_BYTES = 200_000
FORBIDDEN = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "localStorage",
)


class Parsed(HTMLParser):
    """The elements of the page, with their attributes, and the text in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.is_inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        self.is_inside = True

    def handle_endtag(self, tag: str) -> None:
        self.is_inside = False

    def handle_data(self, data: str) -> None:
        if self.is_inside:
            self.elements[-1][2].append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return ["".join(data) for name, own, data in self.elements if name == tag and own == attributes]


def policy(environment: dict[str, str]) -> dict[str, list[str]]:
    text = page.headers(environment)["Content-Security-Policy"]
    return {name: values for name, *values in (part.split() for part in text.split(";"))}


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_only_the_script_and_the_style_of_the_page_are_let_in() -> None:
    parsed = Parsed(page.document().text)
    (script,), (style,) = parsed.texts("script"), parsed.texts("style")
    allowed = policy({})
    assert allowed["script-src"] == [hash_of(script)]
    assert allowed["style-src"] == [hash_of(style)]
    assert allowed["default-src"] == allowed["form-action"] == allowed["base-uri"] == ["'none'"]
    assert allowed["frame-ancestors"] == allowed["trusted-types"] == ["'none'"]
    assert allowed["connect-src"] == ["'self'"]
    attributes = {name for _, own, _ in parsed.elements for name in own}
    assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
    assert [own["href"][:5] for tag, own, _ in parsed.elements if tag == "link"] == ["data:"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("environment", "origins"),
    [
        ({"INPUT_BUCKET": "in", "AWS_REGION": "eu-west-1"}, ["https://in.s3.eu-west-1.amazonaws.com", "https://in.s3.amazonaws.com"]),
        ({"INPUT_BUCKET": "a.b", "AWS_REGION": "eu-west-1"}, ["https://s3.eu-west-1.amazonaws.com"]),
        ({"INPUT_BUCKET": "in", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566/x"}, ["http://127.0.0.1:4566"]),
    ],
)  # fmt: skip
def test_uploads_may_go_to_the_input_bucket_and_nowhere_else(
    environment: dict[str, str], origins: list[str]
) -> None:
    assert policy(environment)["connect-src"] == ["'self'", *origins]


def test_log_content_can_become_nothing_but_text() -> None:
    places = [
        f"{source.name}: {word}"
        for source in sorted((SOURCES / "src").iterdir())
        for word in (*FORBIDDEN, "dangerouslySetInnerHTML")
        if word in source.read_text(encoding="utf-8")
    ]
    assert places == []
    assert policy({})["require-trusted-types-for"] == ["'script'"]


def test_the_built_page_is_of_these_sources() -> None:
    """What does not agree is fixed by `make page`."""
    names = [
        "build.js",
        "package-lock.json",
        *sorted(f"src/{each.name}" for each in (SOURCES / "src").iterdir()),
    ]
    sources = hashlib.sha256()
    for name in names:
        sources.update(f"{name}\0".encode() + (SOURCES / name).read_bytes() + b"\0")
    built = [f"sources {sources.hexdigest()}"]
    built += [
        f"{name} {hashlib.sha256((ASSET / name).read_bytes()).hexdigest()}"
        for name in ("page.css", "page.html", "page.js")
    ]
    assert (SOURCES / "built.txt").read_text().splitlines() == built


def test_what_the_page_knows_of_the_code_is_what_the_code_says() -> None:
    """What does not agree is fixed by `make docs`."""
    assert (ASSET / "facts.json").read_text(encoding="utf-8") == page_facts.text() + "\n"
    (block,) = Parsed(page.document().text).texts("script", type="application/json", id="facts")
    assert json.loads(block) == page_facts.facts()


def test_the_page_is_small() -> None:
    assert len(gzip.compress(page.document().text.encode(), 6)) < MAX_BYTES / 2


def test_the_lock_pins_each_package_by_its_digest_and_names_no_address() -> None:
    text = (SOURCES / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert all(own["integrity"].startswith("sha512-") for name, own in packages.items() if name)
    assert not re.search(r'"https?://', text.replace('"https://opencollective.com', ""))


def test_the_page_is_open_and_sent_once() -> None:
    with Client(application.app) as client:
        first = client.http.get("/")
        assert (first.status_code, first.body.decode()) == (200, page.document().text)
        assert {"Content-Security-Policy", "ETag", "Referrer-Policy"} <= first.headers.keys()
        assert first.headers["Content-Type"] == "text/html; charset=utf-8"
        again = client.http.get("/", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.body) == (304, b"")
