"""MySQL and MariaDB: the error log and the general query log, from 5.1 on."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.databases.shapes import Shapes
from chalicelib.core.formats.dates import DAY
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.framing import Framing

_OLD: Final = r"[0-9]{6} {1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
_DATE: Final = rf"{DAY}(?:T| {{1,2}})[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
_WHEN: Final = rf"(?P<when>{_DATE}|{_OLD})"
_LEVEL: Final = r"\[(?P<level>System|Note|Warning|ERROR|Error|Info|Debug|Warn|WARNING)\]"
_ERROR: Final = Shapes(
    patterns=(
        rf"(?P<when>{_DATE}(?= {{1,2}}[0-9]{{1,18}} \[| \[\w{{4,7}}\] \[Entrypoint\])|{_OLD}) {{1,2}}(?:(?P<tid>[0-9]{{1,18}}) )?{_LEVEL} "
        r"(?:\[(?P<code>MY-[0-9]{6})\] )?"
        r"(?:\[(?P<subsystem>[A-Za-z_ ]{1,32})\]:? )?(?P<body>.*+)",
        rf"{_WHEN} (?P<program>mysqld_safe) (?P<body>.*+)",
        rf"{_WHEN} {{1,2}}(?:(?P<thread>[0-9a-f]{{1,18}}) )?(?P<body>InnoDB: .*+)",
    ),
    prefix="mysql.",
    names={"code": "mysql.error_code", "program": "service.name", "host": "client.address"},
    texts=frozenset(("program",)),
    finds=(
        r"Access denied for user '(?P<user>(?:[^'\n]|'(?=\w)){0,128})'@'(?P<host>[^'\n]{0,255})'",
        r"Aborted connection (?P<connection_id>[0-9]{1,18}) to db: '(?P<db>[^'\n]{0,128})' user: '(?P<user>(?:[^'\n]|'(?=\w)){0,128})' "
        r"host: '(?P<host>[^'\n]{0,255})'",
    ),
    levels={"System": 9},
)
ERROR: Final = Format(
    name="mysql_error",
    title="MySQL and MariaDB error log",
    source="https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html",
    samples=(
        "2024-03-14T09:26:53.123456Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.0.36) starting as process 1",
        "2024-03-14  9:26:54 8 [Warning] Access denied for user 'ada'@'192.0.2.17' (using password: NO)",
        "240314  9:26:55 [Note] Event Scheduler: Loaded 0 events",
        "240314 09:26:56 mysqld_safe Starting mysqld daemon with databases from /var/lib/mysql",
        "2024-03-14T09:26:57.000001+01:00 12 [Note] Aborted connection 12 to db: 'shop' user: 'ada' host: '192.0.2.17'"
        " (Got timeout reading communication packets)",
    ),
    programs=("mysqld", "mysql", "mariadbd", "mariadb", "mysqld_safe"),
    unstamped="240101 00:00:00 ",
    make_parser=_ERROR.parser,
    patterns=_ERROR.patterns,
    specificity=0.96,
    framing=Framing(
        entry_start=entry_start(
            rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T| {{1,2}})[0-9]{{1,2}}:[0-9]{{2}}:|{_OLD}"
        )
    ),
    sieve=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T| {1,2})|[0-9]{6} {1,2})[0-9]{1,2}:[0-9]{2}:[0-9]{2}[^ \n]{0,13} {1,2}"
    r"(?:[0-9a-f]{1,18} )?(?:\[[SNWEID]|mysqld_safe|InnoDB: )",
    alone=True,
)

_COMMANDS: Final = (
    r"Query|Connect|Quit|Init DB|Field List|Prepare|Execute|Close stmt|Reset stmt|Statistics|Ping|Refresh|Shutdown|Processlist"
    r"|Kill|Change user|Binlog Dump(?: GTID)?|Register Slave|Register Replica|Table Dump|Delayed insert|Daemon|Sleep|Create DB"
    r"|Drop DB|Debug|Time|Connect Out|Long Data|Set option|Fetch|Error|Reset Connection|Bulk_execute"
)
_GENERAL: Final = Shapes(
    patterns=(
        rf"{_WHEN}[ \t]{{1,24}}(?P<connection_id>[0-9]{{1,18}}) (?P<command>{_COMMANDS})"
        r"(?:[ \t]{1,24}(?P<body>[^ \t].*+)?)?",
        rf"\t\t? {{0,16}}(?P<connection_id>[0-9]{{1,18}}) (?P<command>{_COMMANDS})(?:[ \t]{{1,24}}(?P<body>[^ \t].*+)?)?",
    ),
    prefix="mysql.",
    finds=(
        r"^(?P<user>[^\s@]{1,128})@(?P<address>[^\s]{1,255}) (?:as anonymous )?on (?P<db>[^\s]{0,128})(?: using (?P<transport>[^\n]{1,32}))?$",
    ),
    names={"address": "client.address"},
    texts=frozenset(("address", "transport", "command")),
)
GENERAL: Final = Format(
    name="mysql_general",
    title="MySQL and MariaDB general query log",
    source="https://dev.mysql.com/doc/refman/8.4/en/query-log.html",
    samples=(
        "2024-03-14T09:26:53.095243Z         2 Query     SELECT * FROM orders WHERE id = 17",
        "2024-03-14T09:26:54.000001Z\t   17 Connect\tada@192.0.2.17 on shop using TCP/IP",
        "240314  9:26:55\t    3 Quit\t",
    ),
    make_parser=_GENERAL.parser,
    patterns=_GENERAL.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"{_DATE}|{_OLD}|\t\t? {{0,16}}[0-9]{{1,18}} [A-Z][a-z]")),
    sieve=rf"(?:{_DATE}|{_OLD}|\t)[ \t]{{1,24}}[0-9]{{1,18}} (?:{_COMMANDS})(?:[ \t\n]|$)",
    whole=True,
)

FORMATS: Final = (ERROR, GENERAL)
