"""The character set of a text: as the configuration or the upload says, where the bytes do not say it themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.charsets import charset_in, charset_named
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.places import ConfigError
from chalicelib.core.plan import ObjectHead, ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Record
from tests.fakes import opener

LINE = "2026-09-14 08:00:00 INFO Grüße\n"


def read(
    data: bytes, toml: str = "", content_type: str = "text/plain", key: str = "branch/a.log"
) -> tuple[str, list[str | None]]:
    head = ObjectHead(
        ObjectVersion("logs", key, "v1", "e"), len(data), content_type, datetime(2026, 11, 1, tzinfo=UTC)
    )
    reading = Reading(head, opener(data, 7), config=load(toml, "froe.toml"))
    outcomes = list(reading)
    assert reading.account.text_bytes == sum(outcome.length for outcome in outcomes)
    return reading.plan.charset, [each.result.body for each in outcomes if isinstance(each.result, Record)]


@pytest.mark.parametrize("charset", ["latin-1", "cp1252", "utf-16-le", "ISO-8859-15"])
def test_a_binding_names_the_character_set(charset: str) -> None:
    toml = f'[[bind]]\nprefix = "branch/"\ncharset = "{charset}"\n'
    plan_charset, bodies = read((LINE * 3).encode(charset), toml)
    assert plan_charset == charset_named(charset)
    assert bodies == ["Grüße"] * 3
    assert read(LINE.encode(), toml, key="other/a.log") == ("utf-8", ["Grüße"])


def test_a_binding_may_name_format_and_character_set_apart() -> None:
    toml = '[[bind]]\nprefix = "branch/"\nformat = "text"\n[[bind]]\nprefix = "br"\ncharset = "latin-1"\n'
    assert read(LINE.encode("latin-1"), toml) == ("iso8859-1", ["Grüße"])


def test_an_upload_names_it_by_its_content_type_unless_the_text_is_utf_8() -> None:
    said = "text/plain; charset=ISO-8859-1"
    assert read(LINE.encode("latin-1"), content_type=said) == ("iso8859-1", ["Grüße"])
    assert read(LINE.encode(), content_type=said) == ("utf-8", ["Grüße"])
    assert read(LINE.encode(), content_type="text/plain; charset=us-ascii") == ("utf-8", ["Grüße"])
    assert read(LINE.encode("utf-16"), content_type=said) == ("utf-16-le", ["Grüße"])


@pytest.mark.parametrize(
    "name", ["nonsense", "hex", "idna", "utf-16", "utf-7", "iso2022_jp", "hz", "rot13", ""]
)
def test_what_cannot_be_read_piece_by_piece_is_no_character_set(name: str) -> None:
    assert charset_named(name) is None
    assert charset_in(f"text/plain; charset={name}") is None
    if name:
        with pytest.raises(ConfigError, match=r"line 3.*cannot be read piece by piece"):
            load(f'[[bind]]\nprefix = "a"\ncharset = "{name}"\n', "froe.toml")


def test_a_binding_needs_a_format_a_mapping_or_a_character_set() -> None:
    with pytest.raises(ConfigError, match="it has no `format`"):
        load('[[bind]]\nprefix = "a"\n', "froe.toml")
