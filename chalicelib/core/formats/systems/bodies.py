"""What syslog carries: a message, read by the format of the program that wrote it.

The envelope keeps its time, host and program; the body and all other attributes are the
message's, and so is its severity where it has one: that of the envelope is `syslog.severity.code` as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.nested import carried, of_both
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Explain
    from chalicelib.core.formats.nested import When
    from chalicelib.core.records import Value

_CEE: Final = "@cee:"
"""Says that JSON follows: https://cee.mitre.org/language/1.0-beta1/clt.html"""


_ODD_FIRST: Final = "@\ufeff \t\n\v\f\r\x1b"
"""A message that begins with one of them, or with none, takes a closer look: it may be JSON of CEE, blank or coloured."""
_new: Final = tuple.__new__


class Enveloped:
    """Give it a message in an envelope, with what the envelope says; it gives the record."""

    __slots__ = ("explain",)

    def __init__(self, explain: Explain) -> None:
        self.explain = explain

    def __call__(
        self,
        message: str,
        program: str | None,
        stamp: When,
        word: str | None,
        number: int | None,
        fields: dict[str, Value],
    ) -> Record:
        """stamp, word, number (of the severity) and fields are those of the envelope."""
        if "\n" in message or "\x1b" in message or message[:1] in _ODD_FIRST or message.isspace():
            if message.startswith(_CEE):
                message = message.removeprefix(_CEE).lstrip()
            record = carried(self.explain, message, stamp, fields, program)
        elif explained := self.explain(message, program):
            record = of_both(explained, message, stamp, fields)
        else:
            word = None if number is None else word
            return _new(Record, (stamp[0], stamp[1], word, number, message or None, fields))
        return record if number is None else with_severity(record, word, number)


def with_severity(record: Record, word: str | None, number: int) -> Record:
    """The record with the severity of its envelope, unless it has one of its own; a word of its own that nobody knows
    is `log.level`."""
    if record.severity_number is not None:
        return record
    if record.severity_text is not None:
        record.attributes.setdefault("log.level", record.severity_text)
    return record._replace(severity_text=word, severity_number=number)
