"""PostgreSQL's csvlog and jsonlog: the same fields, as columns or as members.

The columns are those of PostgreSQL 9.0 (23), 13 (24) or 14 (26); 8.4 has one less (22).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.databases.postgresql import SEVERITIES, add_message_fields
from chalicelib.core.formats.kinds import add_peer, integer
from chalicelib.core.formats.objects import Objects, graded
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_COLUMNS: Final = (
    "log_time", "user.name", "db.namespace", "process.pid", "connection_from", "postgresql.session_id",
    "postgresql.session_line", "postgresql.command_tag", "postgresql.session_start_time",
    "postgresql.virtual_transaction_id", "postgresql.transaction_id", "error_severity", "db.response.status_code",
    "message", "postgresql.detail", "postgresql.hint", "postgresql.internal_query", "postgresql.internal_query_pos",
    "postgresql.context", "db.query.text", "postgresql.query_pos", "postgresql.location",
    "postgresql.application_name", "postgresql.backend_type", "postgresql.leader_pid", "postgresql.query_id",
)  # fmt: skip
"""https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG"""
_NUMBERS: Final = frozenset(
    (
        "process.pid", "postgresql.session_line", "postgresql.transaction_id", "postgresql.internal_query_pos",
        "postgresql.query_pos", "postgresql.leader_pid", "postgresql.query_id",
    )
)  # fmt: skip
_FIELD: Final = re.compile(r'(?:"((?:[^"]++|"")*+)"|([^",\n]*+))(,|$)')
_COUNTS: Final = frozenset((22, 23, 24, 26))


def _values(entry: str) -> list[str] | None:
    """The fields of a line; None where it is no line of fields, or has more than there are columns."""
    values: list[str] = []
    position = 0
    while len(values) <= len(_COLUMNS):
        match = _FIELD.match(entry, position)
        if match is None:
            return None
        quoted = match[1]
        values.append(match[2] if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if not match[3]:
            return values
    return None


def _make_csv_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        values = _values(entry)
        if values is None or len(values) not in _COUNTS:
            return OTHER_SHAPE
        word = values[11]
        if word not in SEVERITIES and not (context.decided and severity.is_word(word)):
            return OTHER_SHAPE
        stamp = times.of_text(values[0])
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        for name, value in zip(_COLUMNS, values, strict=False):
            if not value or name in ("log_time", "error_severity", "message"):
                continue
            if name == "connection_from":
                add_peer(fields, "client", value)
            else:
                fields[name] = integer(value) if name in _NUMBERS else value
        add_message_fields(fields, values[13])
        return Record(*stamp, word, SEVERITIES.get(word), values[13] or None, fields)

    return parse


_MEMBERS: Final = {
    "user": "user.name", "dbname": "db.namespace", "pid": "process.pid", "remote_host": "client.address",
    "remote_port": "client.port", "state_code": "db.response.status_code", "statement": "db.query.text",
    "line_num": "postgresql.session_line", "ps": "postgresql.command_tag", "session_start": "postgresql.session_start_time",
    "vxid": "postgresql.virtual_transaction_id", "txid": "postgresql.transaction_id",
    "func_name": "code.function.name", "file_name": "code.file.path", "file_line_num": "code.line.number",
    "cursor_position": "postgresql.query_pos", "internal_position": "postgresql.internal_query_pos",
}  # fmt: skip
"""https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG"""


def _message_fields(fields: dict[str, Value], body: str | None) -> None:
    if body is not None:
        add_message_fields(fields, body)


CSV: Final = Format(
    name="postgresql_csv",
    title="PostgreSQL csvlog",
    source="https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG",
    samples=(
        '2024-03-14 09:26:53.123 UTC,"ada","shop",4711,"192.0.2.17:51022",65f2c1ad.1267,3,"SELECT",2024-03-14 09:20:00 UTC,'
        '3/17,0,ERROR,42P01,"relation ""orders"" does not exist",,,,,,"SELECT *\nFROM orders",15,,"psql","client backend",,0',
        '2024-03-14 09:26:54.000 UTC,,,4712,,65f2c1ad.1268,1,,2024-03-14 09:26:54 UTC,,0,LOG,00000,"checkpoint starting: time"'
        ',,,,,,,,,"","checkpointer"',
        '2024-03-14 09:26:55.000 CET,"ada","shop",4713,"[local]",65f2c1ad.1269,1,"idle",2024-03-14 09:26:54 CET,2/5,0,LOG,'
        '00000,"duration: 12.5 ms  statement: SELECT 1",,,,,,,,,"psql"',
    ),
    make_parser=_make_csv_parser,
    specificity=0.99,
    framing=Framing(kind=Kind.QUOTED_LINES),
    sieve=r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[^,\n]{0,16},(?:\"[^\"\n]{0,128}\")?,(?:\"[^\"\n]{0,128}\")?,[0-9]{1,10},",
)
JSON: Final = Objects(
    name="postgresql_json",
    title="PostgreSQL jsonlog",
    source="https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG",
    samples=(
        '{"timestamp":"2024-03-14 09:26:53.123 UTC","user":"ada","dbname":"shop","pid":4711,"remote_host":"192.0.2.17",'
        '"remote_port":51022,"session_id":"65f2c1ad.1267","line_num":3,"ps":"SELECT","session_start":"2024-03-14 09:20:00 UTC",'
        '"vxid":"3/17","txid":0,"error_severity":"ERROR","state_code":"42P01","message":"relation \\"orders\\" does not exist",'
        '"statement":"SELECT *\\nFROM orders","cursor_position":15,"application_name":"psql","backend_type":"client backend","query_id":0}',
        '{"timestamp":"2024-03-14 09:26:54.000 UTC","pid":4712,"session_id":"65f2c1ad.1268","line_num":1,'
        '"session_start":"2024-03-14 09:26:54 UTC","txid":0,"error_severity":"LOG","message":"checkpoint starting: time",'
        '"backend_type":"checkpointer","query_id":0}',
    ),
    specificity=0.995,
    sieve=r"\{\"timestamp\":",
    required=("timestamp", "error_severity", "pid"),
    confirms=lambda members: severity.is_word(str(members["error_severity"])),
    time=("timestamp",),
    timeless=BAD_TIME,
    level=("error_severity",),
    levels=graded(SEVERITIES),
    body=("message",),
    names=_MEMBERS,
    prefixes={"": "postgresql."},
    finish=_message_fields,
).format()

FORMATS: Final = (CSV, JSON)
