"""MySQL and MariaDB: the error log and the general query log, from 5.1 on."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import DAY
from chalicelib.core.formats.patterned import shaped

_OLD: Final = r"[0-9]{6} {1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
_DATE: Final = rf"{DAY}(?:T| {{1,2}})[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
_WHEN: Final = "{time=" + _DATE + "|" + _OLD + "}"
ERROR: Final = shaped(
    "mysql_error",
    "MySQL and MariaDB error log",
    "https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html",
    samples=(
        "2024-03-14T09:26:53.123456Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.0.36) starting as process 1",
        "2024-03-14  9:26:54 8 [Warning] Access denied for user 'ada'@'192.0.2.17' (using password: NO)",
        "240314  9:26:55 [Note] Event Scheduler: Loaded 0 events",
        "240314 09:26:56 mysqld_safe Starting mysqld daemon with databases from /var/lib/mysql",
        "2024-03-14T09:26:57.000001+01:00 12 [Note] Aborted connection 12 to db: 'shop' user: 'ada' host: '192.0.2.17'"
        " (Got timeout reading communication packets)",
    ),
    templates=(
        "{time="
        + _DATE
        + r"(?= {1,2}[0-9]{1,18} \[| \[\w{4,7}\] \[Entrypoint\])|"
        + _OLD
        + r"} {1,2}(?:{tid} )?"
        r"\[{level=System|Note|Warning|ERROR|Error|Info|Debug|Warn|WARNING}\] "
        r"(?:\[{text=MY-[0-9]{6}:mysql.error_code}\] )?(?:\[{text=[A-Za-z_ ]{1,32}:mysql.subsystem}\]:? )?{body}",
        _WHEN + " {service=mysqld_safe} {body}",
        _WHEN + " {1,2}(?:{thread=[0-9a-f]{1,18}} )?{body=InnoDB: .*+}",
    ),
    finds=(
        r"Access denied for user '{user=(?:[^'\n]|'(?=\w)){0,128}}'@'{client=[^'\n]{0,255}}'",
        r"Aborted connection {int=[0-9]{1,18}:mysql.connection_id} to db: '{text=[^'\n]{0,128}:db.namespace}' user: '{user="
        r"(?:[^'\n]|'(?=\w)){0,128}}' host: '{client=[^'\n]{0,255}}'",
    ),
    start=rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T| {{1,2}})[0-9]{{1,2}}:[0-9]{{2}}:|{_OLD}",
    sieve=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T| {1,2})|[0-9]{6} {1,2})[0-9]{1,2}:[0-9]{2}:[0-9]{2}[^ \n]{0,13} {1,2}"
    r"(?:[0-9a-f]{1,18} )?(?:\[[SNWEID]|mysqld_safe|InnoDB: )",
    specificity=0.96,
    levels={"System": 9},
    programs=("mysqld", "mysql", "mariadbd", "mariadb", "mysqld_safe"),
    unstamped="240101 00:00:00 ",
)

_COMMANDS: Final = (
    r"Query|Connect|Quit|Init DB|Field List|Prepare|Execute|Close stmt|Reset stmt|Statistics|Ping|Refresh|Shutdown|Processlist"
    r"|Kill|Change user|Binlog Dump(?: GTID)?|Register Slave|Register Replica|Table Dump|Delayed insert|Daemon|Sleep|Create DB"
    r"|Drop DB|Debug|Time|Connect Out|Long Data|Set option|Fetch|Error|Reset Connection|Bulk_execute"
)
_COMMAND: Final = (
    "{int:mysql.connection_id} {text=" + _COMMANDS + r":mysql.command}(?:[ \t]{1,24}{body=[^ \t].*+}?)?"
)
GENERAL: Final = shaped(
    "mysql_general",
    "MySQL and MariaDB general query log",
    "https://dev.mysql.com/doc/refman/8.4/en/query-log.html",
    samples=(
        "2024-03-14T09:26:53.095243Z         2 Query     SELECT * FROM orders WHERE id = 17",
        "2024-03-14T09:26:54.000001Z\t   17 Connect\tada@192.0.2.17 on shop using TCP/IP",
        "240314  9:26:55\t    3 Quit\t",
    ),
    templates=(
        _WHEN + r"[ \t]{1,24}" + _COMMAND,
        r"\t\t? {0,16}" + _COMMAND,
    ),
    finds=(
        r"^{user=[^\s@]{1,128}}@{client=[^\s]{1,255}} (?:as anonymous )?on {text=[^\s]{0,128}:db.namespace}(?: using"
        r" {text=[^\n]{1,32}:mysql.transport})?$",
    ),
    start=rf"{_DATE}|{_OLD}|\t\t? {{0,16}}[0-9]{{1,18}} [A-Z][a-z]",
    sieve=rf"(?:{_DATE}|{_OLD}|\t)[ \t]{{1,24}}[0-9]{{1,18}} (?:{_COMMANDS})(?:[ \t\n]|$)",
    specificity=0.97,
    alone=False,
    whole=True,
)

FORMATS: Final = (ERROR, GENERAL)
