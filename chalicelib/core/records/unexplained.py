"""Decides what becomes of an entry that the format of its file does not explain."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format, Parse
from chalicelib.core.formats.continuations import continues
from chalicelib.core.formats.explaining import Explainer
from chalicelib.core.formats.general.text import leveled, plain
from chalicelib.core.formats.reasons import code_of
from chalicelib.core.formats.sieves import sieve_of
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.openings import EVENT_DATA
from chalicelib.core.framing.quotes import DELIMITERS
from chalicelib.core.records import Record, Reject, Skip

PLAIN_TEXT: Final = "text"
_SURELY_OWN: Final = frozenset({"open-quote"})
"""Reasons that only broken entries of the file's own format have."""
_OF_ANY_LINE: Final = ("timestamped", "key_value")
"""Formats that also explain a row with missing fields."""
_OF_ROWS: Final = ("field-count", "short-row", "long-row")
_CLOSING: Final = "]}, \t\r\n"
"""What stands behind the values of a JSON document, and is no value."""
_EVENT: Final = EVENT_DATA.decode()
"""Stands before the object of each event (`journalctl -o json-sse`)."""


class Unexplained:
    """known, framing: of the file. text_too: whether an entry that no format explains is a record of plain text rather than a
    reject. An entry that begins as those of the format do is always a reject; one that continues another never is."""

    def __init__(self, known: Format, framing: Framing, explain: Explainer, *, text_too: bool) -> None:
        prose = known.prose or known.name == PLAIN_TEXT
        self._known = known
        self._explain = explain
        self._text_too = text_too or prose
        self._is_broken = _nothing if prose else sieve_of(known)
        self._holds_json = framing.kind is Kind.JSON or known.name == "json"

    def decide(self, text: str, reject: Reject, parse: Parse) -> tuple[Record | Reject | Skip, str | None]:
        """What becomes of an entry that parse rejected, and its format where that is not the file's."""
        if text.startswith(_EVENT):
            text = text.removeprefix(_EVENT)
            result = parse(text)
            if not isinstance(result, Reject):
                return result, None
        if self._known.is_banner(text):
            return Skip("header"), None
        explained = None if reject.reason in _SURELY_OWN else self._explain(text)
        if explained is not None and not self._is_short_row(text, reject, explained):
            return explained[1], explained[0]
        if reject.reason in _SURELY_OWN:
            return reject, None
        is_text_file = self._known.name == PLAIN_TEXT
        if not is_text_file and not self._is_broken(text) and (record := leveled(text)) is not None:
            return record, PLAIN_TEXT
        if self._is_text(text):
            return plain(text), None if is_text_file else PLAIN_TEXT
        return reject, None

    def _is_short_row(self, text: str, reject: Reject, explained: tuple[str, Record]) -> bool:
        """Whether the entry is a row with other fields than its header, and not a line of another log."""
        name, record = explained
        is_of_any = code_of(reject.reason) in _OF_ROWS and name in _OF_ANY_LINE
        return is_of_any and (not record.body or any(each.decode() in text for each in DELIMITERS))

    def _is_text(self, entry: str) -> bool:
        """Whether an entry that no format explains is plain text rather than a reject."""
        if self._holds_json and not entry.strip(_CLOSING):
            return False
        return (self._text_too and not self._is_broken(entry)) or continues(entry, self._is_broken)


def _nothing(_text: str) -> None:
    return None
