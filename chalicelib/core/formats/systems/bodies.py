"""What syslog carries: a message, read by the format of the program that wrote it.

The envelope keeps its time, host, program and severity; the body and all other attributes are the
message's. A severity of the message that is another than the envelope's is `log.level`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.nested import carried
from chalicelib.core.records import Record

if TYPE_CHECKING:
    from chalicelib.core.formats import Explain
    from chalicelib.core.formats.nested import When
    from chalicelib.core.records import Value

_CEE: Final = "@cee:"
"""Says that JSON follows: https://cee.mitre.org/language/1.0-beta1/clt.html"""


def enveloped(
    explain: Explain,
    message: str,
    program: str | None,
    stamp: When,
    severity: tuple[str | None, int | None],
    fields: dict[str, Value],
) -> Record:
    """The record of a message in an envelope; severity and fields are those of the envelope."""
    word, number = severity
    if message.startswith(_CEE):
        message = message.removeprefix(_CEE).lstrip()
    record = carried(explain, message, stamp, fields, program)
    if number is None:
        return record
    own, of_own = record.severity_text, record.severity_number
    if own is not None and of_own != number:
        fields.setdefault("log.level", own)
    return record._replace(severity_text=word, severity_number=number)
