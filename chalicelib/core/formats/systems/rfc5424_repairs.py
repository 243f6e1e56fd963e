"""What senders make of RFC 5424 against its letter: a time without a year, `tag[pid]:` instead of the fields behind the
host, fields or structured data left out, quotes and brackets that are not escaped.

The header fields that can be told are kept; what cannot stays in the message, and broken structured data as one text.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chalicelib.core.formats.times import MONTH

_LINE: Final = re.compile(
    r"(<[0-9]{1,3}>[1-9][0-9]{0,2}) +"
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.,]{0,10}(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
    rf"|{MONTH} [ 0-9]?[0-9] (?:[0-9]{{4}} )?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,9}})?(?: [0-9]{{4}}(?= ))?|-) +"
    r"([^\s\[\]]{1,255})(?: +(.*))?",
    re.DOTALL,
)
"""Header, time, host, rest."""
_TAG: Final = re.compile(r"([\w./-]{1,48})(?:\[([^\]\s]{1,64})\])?:(?: (.*)|)", re.DOTALL)
_MESSAGE_ID: Final = re.compile(r"-|[A-Z0-9][A-Z0-9_.:-]{0,31}")
_DATA: Final = re.compile(r"(\[[^\s=\]\"]{1,256} .*?\"\]|\[[^\s=\]\"]{1,256}\])(?: (.*)|)", re.DOTALL)


class Repaired(NamedTuple):
    """line: in the order of RFC 5424, without time and structured data."""

    when: str
    line: str
    data: str


def repaired(line: str) -> Repaired | None:
    """What a line says that breaks the format; None where not even its time and host stand where they belong."""
    match = _LINE.fullmatch(line)
    if match is None or (match[2] == "-" and not match[4]):
        return None
    header, when, host, rest = match[1], match[2], match[3], match[4] or ""
    application = process = message_id = "-"
    data = ""
    tag = _TAG.fullmatch(rest)
    if tag is not None:
        application, process, message = tag[1], tag[2] or "-", tag[3] or ""
    else:
        name, _, behind = rest.partition(" ")
        number, _, message = behind.partition(" ")
        if number == "-" or (number.isdecimal() and number.isascii()):
            application, process = name, number
            identifier, _, more = message.partition(" ")
            if _MESSAGE_ID.fullmatch(identifier):
                message_id, message = identifier, more
            data, message = _without_data(message)
        else:
            message = rest
    return Repaired(when, f"{header} - {host} {application} {process} {message_id} - {message}", data)


def _without_data(text: str) -> tuple[str, str]:
    if text == "-" or text.startswith("- "):
        return "", text[2:]
    match = _DATA.fullmatch(text)
    return (match[1], match[2] or "") if match else ("", text)
