"""The README says what is so: its commands exist, and its line becomes its row."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import item_of, untyped
from chalicelib.core.wire.messages import batch_id
from tests.fakes import opener

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_line_that_is_followed_becomes_the_row_that_is_shown() -> None:
    followed = README[README.index("### One line followed") :]
    line, row = re.findall(r"```(?:json)?\n(.*?)\n```", followed, re.DOTALL)[:2]
    data = f"{line}\n".encode()
    version = ObjectVersion("logs", "access.log", "v1", "e")
    head = ObjectHead(version, len(data), "", datetime(2026, 9, 15, tzinfo=UTC))
    reading = Reading(head, opener(data, 100))
    (outcome,) = reading
    item = item_of(
        outcome,
        file_id=version.file_id,
        batch_id=batch_id(version.file_id, 0, 0),
        format_name=reading.plan.format,
        shards=reading.plan.shards,
        expires_at=reading.plan.expires_at,
    )
    assert {name: untyped(value) for name, value in item.items()} == json.loads(row)


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+(?:-[a-z]+)?)", README)) <= targets


def test_every_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for link, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([a-z0-9-]+))?\)", text):
            target = page.parent / link if link else page
            assert target.exists(), f"{page.name} links to {link}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = {
                    re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
                }
                assert anchor in slugs, f"{page.name} links to {link}#{anchor}"


def test_every_setting_is_documented() -> None:
    from chalicelib.settings import RESOURCE_NAMES, TUNING_DEFAULTS

    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name in RESOURCE_NAMES:
        assert f"`{name}`" in page
    for name, default in TUNING_DEFAULTS.items():
        assert f"`{name}` {default}" in page
