"""The slow query log of MySQL, MariaDB and Percona Server: comment lines of figures, then the statement.

Figures are attributes under their own names (`mysql.query_time`, in seconds). The body is the statement without the
`use` and `SET timestamp` before it, which are fields too. A block without `# Time` has the time of its statement.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import flag, integer, number
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import MARK, own_start
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_BANNER: Final = r"[^\s#]{1,255}, Version: |Tcp port: |TCP Port: |Time  +Id +Command"
_SPLIT: Final = re.compile(r"\n| {1,2}(?=# [A-Z][\w@]{1,32}: )| (?=SET timestamp=[0-9]| use [^\s;]{1,128};)")
"""Line ends; or blanks where some collector has put the block on one line."""
_TIME: Final = re.compile(r"# Time: (.{10,40})")
_USER: Final = re.compile(
    r"# User@Host: ([^\[\n]{0,128})\[([^\]\n]{0,128})\] @ ([^\[\n]{0,255})\[([^\]\n]{0,64})\](?: {1,8}Id: {1,12}([0-9]{1,18}))?(.*+)"
)
_FIGURE: Final = re.compile(
    r"(?<!\w)([A-Za-z_][\w]{0,63}):(?: {1,12}(?![A-Za-z_]\w{0,63}:(?: |$))([^\s]{0,255})|(?= {1,12}[A-Za-z_]|$))"
)
"""A name and what it is; another name behind it says that it is nothing."""
_SET: Final = re.compile(r"SET timestamp=([0-9]{9,12}(?:\.[0-9]{1,6})?);", re.IGNORECASE)
_USE: Final = re.compile(r"use `?([^`;\n]{1,128})`?;", re.IGNORECASE)
_NAMES: Final = {"thread_id": "mysql.connection_id", "id": "mysql.connection_id", "schema": "db.namespace"}


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        if entry[:1] != "#":
            return _banner(entry)
        fields: dict[str, Value] = {}
        when = None
        rest: list[str] = []
        first, _, _ = entry.partition("\n")
        lines = _SPLIT.split(entry) if first.count("# ") > 1 else entry.split("\n")
        figures = list(takewhile(lambda line: line[:1] == "#", lines))
        for line in figures:
            if match := _TIME.fullmatch(line.rstrip()):
                when = match[1]
            elif match := _USER.fullmatch(line):
                _add_user(fields, match)
                if match[6].strip() and not _add_figures(fields, match[6]):
                    rest.append(match[6].strip())
            elif not _add_figures(fields, line[1:]):
                rest.append(line)
        if "mysql.query_time" not in fields and "user.name" not in fields:
            return OTHER_SHAPE
        statement = "\n".join(lines[len(figures) :])
        epoch = None
        while True:
            if match := _USE.match(statement):
                fields.setdefault("db.namespace", match[1])
            elif match := _SET.match(statement):
                epoch = match[1]
            else:
                break
            statement = statement[match.end() :].lstrip()
        stamp: tuple[str | None, str | None] | None = (None, None)
        if when is not None:
            stamp = times.of_text(when)
            if epoch is not None:
                fields["mysql.timestamp"] = number(epoch)
                if stamp is not None and stamp[1] is not None:
                    stamp = (
                        times.of_number(epoch) or stamp
                    )  # the head has no zone, and the statement says when it was
        elif epoch is not None:
            stamp = times.of_number(epoch)
        if stamp is None:
            return BAD_TIME
        if statement and not statement.startswith("# administrator"):
            fields["db.query.text"] = statement
        if rest:
            fields["extra"] = "\n".join(rest)
        return Record(*stamp, None, None, statement or None, fields)

    return parse


def _add_user(fields: dict[str, Value], match: re.Match[str]) -> None:
    user, host = match[1].strip(), match[3].strip()
    fields["user.name"] = user or match[2]
    if match[2] and match[2] != user:
        fields["mysql.privilege_user"] = match[2]
    if match[4] or host:
        fields["client.address"] = match[4] or host
    if host and match[4]:
        fields["mysql.client_host"] = host
    if match[5]:
        fields["mysql.connection_id"] = integer(match[5])


def _add_figures(fields: dict[str, Value], text: str) -> bool:
    """Adds the figures of a comment line; False where there is anything else in it."""
    figures = _FIGURE.findall(text)
    if not figures or _FIGURE.sub("", text).strip():
        return False
    for name, value in figures:
        if value:
            lower = name.lower()
            known: Value = flag(value) if value[0] in "YNyn" else number(value)
            fields[_NAMES.get(lower, f"mysql.{lower}")] = (
                value if known is None or lower == "schema" else known
            )
    return True


def _banner(entry: str) -> Record | Reject:
    """What a server writes at the top of the file when it starts."""
    return Record(None, None, None, None, entry, {}) if re.match(_BANNER, entry) else OTHER_SHAPE


SLOW: Final = Format(
    name="mysql_slow",
    title="MySQL, MariaDB and Percona Server slow query log",
    source="https://dev.mysql.com/doc/refman/8.4/en/slow-query-log.html",
    samples=(
        "# Time: 2024-03-14T09:26:53.123456Z\n# User@Host: ada[ada] @ shop.example.org [192.0.2.17]  Id:    42\n"
        "# Query_time: 2.000154  Lock_time: 0.000328 Rows_sent: 1  Rows_examined: 1543720\n"
        "use shop;\nSET timestamp=1710408411;\nSELECT *\nFROM orders WHERE id = 17;",
        "# Time: 240314  9:26:54\n# User@Host: root[root] @ localhost []\n# Thread_id: 8  Schema: shop  QC_hit: No\n"
        "# Query_time: 7.725616  Lock_time: 0.000328  Rows_sent: 4  Rows_examined: 15\n"
        "# Full_scan: Yes  Full_join: No  Merge_passes: 0\nSET timestamp=1710408414;\nSELECT SLEEP(7);",
        "# User@Host: ada[ada] @  [192.0.2.17]  Id:     9\n# Query_time: 11.5  Lock_time: 0.000000 Rows_sent: 0"
        "  Rows_examined: 0\nSET timestamp=1710408415;\n# administrator command: Quit;",
    ),
    make_parser=_make_parser,
    specificity=0.98,
    framing=Framing(
        entry_start=own_start(rf"# Time: |# User@Host: |{_BANNER}"),
        joins=rf"(?:{MARK})?# Time: [^\n]*\n# User@Host: |[^#\n][^\n]*, Version: [^\n]*\n(?:Tcp port|TCP Port)|(?:Tcp port|TCP Port)[^\n]*\nTime ",
    ),
    sieve=r"# (?:Time: [0-9]|User@Host: |Query_time: )",
    whole=True,
)

FORMATS: Final = (SLOW,)
