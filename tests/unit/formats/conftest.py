"""Parsers by format name, over one LastModified."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.formats import ParseContext
from chalicelib.core.formats.registry import by_name
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

LAST_MODIFIED = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def record() -> Callable[[str, str], Record]:
    """Parses an entry that its format must explain."""

    def parse(name: str, entry: str) -> Record:
        parsed = by_name(name).make_parser(ParseContext(LAST_MODIFIED))(entry)
        assert isinstance(parsed, Record), parsed
        return parsed

    return parse


@pytest.fixture
def reason() -> Callable[[str, str], str]:
    """The reason for which a format rejects an entry."""

    def parse(name: str, entry: str) -> str:
        parsed = by_name(name).make_parser(ParseContext(LAST_MODIFIED))(entry)
        assert isinstance(parsed, Reject), parsed
        return parsed.reason

    return parse


@pytest.fixture
def context() -> ParseContext:
    return ParseContext(LAST_MODIFIED)
