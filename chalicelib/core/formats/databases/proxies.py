"""Logs of what stands between applications and their databases."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.databases.shapes import Shapes
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.framing import Framing

_PGBOUNCER: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK}\.[0-9]{{3}}(?: (?:[A-Z]{{3,5}}|[+-][0-9]{{2,4}}))?) (?:(?P<pid>[0-9]{{1,10}})|\[(?P<pid2>[0-9]{{1,10}})\]) "
        r"(?P<level>LOG|ERROR|WARNING|FATAL|NOISE|DEBUG|INFO) "
        r"(?:(?P<connection>C-0x[0-9a-f]{1,16}): (?:\(nodb\)|(?P<db>[^/\n]{1,128}))/(?:\(nouser\)|(?P<user>[^@\n]{1,128}))"
        r"@(?:unix\((?P<peer_pid>[0-9]{1,10})\):[0-9]{1,5}|(?P<client>[^\s]{1,128})) "
        r"|(?P<connection2>S-0x[0-9a-f]{1,16}): (?:\(nodb\)|(?P<db2>[^/\n]{1,128}))/(?:\(nouser\)|(?P<user2>[^@\n]{1,128}))"
        r"@(?:unix\((?P<peer_pid2>[0-9]{1,10})\):[0-9]{1,5}|(?P<server>[^\s]{1,128})) )?(?P<body>.*+)",
    ),
    prefix="pgbouncer.",
    texts=frozenset(("connection",)),
    finds=(
        r"^(?:[Ss]tats|STATS): (?P<xacts_per_s>[0-9]{1,18}) xacts/s, (?P<queries_per_s>[0-9]{1,18}) queries/s"
        r"(?:, [0-9]{1,18} client parses/s, [0-9]{1,18} server parses/s, [0-9]{1,18} binds/s)?"
        r", in (?P<in_bytes_per_s>[0-9]{1,18}) B/s, out (?P<out_bytes_per_s>[0-9]{1,18}) B/s, xact (?P<xact_us>[0-9]{1,18}) us, "
        r"query (?P<query_us>[0-9]{1,18}) us,? wait(?: time)? (?P<wait_us>[0-9]{1,18}) us",
    ),
    names={"query_us": "pgbouncer.query_us"},
    levels={"LOG": 9, "NOISE": 1},
)
PGBOUNCER: Final = Format(
    name="pgbouncer",
    title="PgBouncer log",
    source="https://www.pgbouncer.org/config.html#log-settings",
    samples=(
        "2024-03-14 09:26:53.250 12 LOG Stats: 0 xacts/s, 0 queries/s, in 0 B/s, out 0 B/s, xact 0 us, query 0 us wait time 52 us",
        "2024-03-14 09:26:54.314 UTC [4711] LOG C-0x5581d8c0: shop/ada@192.0.2.17:51022 login attempt: db=shop user=ada tls=no",
        "2024-03-14 09:26:55.000 UTC [4711] WARNING C-0x5581d8c0: (nodb)/(nouser)@unix(812):6432 pooler error: no such user",
    ),
    make_parser=_PGBOUNCER.parser,
    patterns=_PGBOUNCER.patterns,
    specificity=0.915,
    sieve=rf"{DAY} {CLOCK}\.[0-9]{{3}}(?: [A-Z]{{3,5}}| [+-][0-9]{{2,4}})? (?:[0-9]{{1,10}}|\[[0-9]{{1,10}}\]) "
    r"(?:LOG|ERROR|WARNING|FATAL|NOISE|DEBUG|INFO) ",
    alone=True,
)

_PROXYSQL: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK}) (?:(?P<file>\w{{1,64}}\.(?:cpp|c|h|hpp)):(?P<line>[0-9]{{1,6}}):(?P<function>[\w:~]{{1,128}})\(\): )?"
        r"\[(?P<level>INFO|ERROR|WARNING|DEBUG|FATAL)\] (?P<body>.*+)",
    ),
    finds=(
        r"Access denied for user '(?P<user>(?:[^'\n]|'(?=\w)){1,128})'@'(?P<address>[^'\n]{1,128})'",
        r" for (?P<host>[\w.-]{1,128}):(?P<port>[0-9]{1,5}) after ",
    ),
    names={"address": "client.address", "host": "server.address", "port": "server.port"},
    texts=frozenset(("address",)),
)
PROXYSQL: Final = Format(
    name="proxysql",
    title="ProxySQL error log",
    source="https://proxysql.com/documentation/error-log/",
    samples=(
        "2024-03-14 09:26:53 MySQL_Monitor.cpp:960:monitor_read_only_thread(): [ERROR] Timeout on read_only check for"
        " db.example.org:3306 after 2ms. Unable to create a connection.",
        "2024-03-14 09:26:54 MySQL_Session.cpp:5456:handler_connect(): [ERROR] ProxySQL Error: Access denied for user"
        " 'ada'@'192.0.2.17' (using password: YES)",
    ),
    make_parser=_PROXYSQL.parser,
    patterns=_PROXYSQL.patterns,
    specificity=0.93,
    framing=Framing(entry_start=entry_start(rf"{DAY} {CLOCK} (?:\w{{1,64}}\.|\[)")),
    sieve=rf"{DAY} {CLOCK} (?:\w{{1,64}}\.(?:cpp|c|h|hpp):[0-9]|\[INFO\] (?:New mysql_|ProxySQL ))",
)

_TWEMPROXY: Final = Shapes(
    patterns=(
        rf"\[(?P<when>[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ 0-9][0-9] {CLOCK} [0-9]{{4}}|{DAY} {CLOCK}\.[0-9]{{3}})\] "
        r"(?P<file>nc(?:_\w{1,32})?\.[ch]):(?P<line>[0-9]{1,6}) (?P<body>.*+)",
    ),
)
TWEMPROXY: Final = Format(
    name="twemproxy",
    title="twemproxy (nutcracker) log",
    source="https://github.com/twitter/twemproxy/blob/master/notes/debug.txt",
    samples=(
        "[Thu Mar 14 09:26:53 2024] nc_proxy.c:206 p 5 listening on '0.0.0.0:6100' in redis pool 0 'shop' with 2 servers",
        "[2024-03-14 09:26:54.387] nc_util.c:505 address resolution of node 'invalid' service '11213' failed",
        "[2024-03-14 09:26:55.000] nc.c:187 nutcracker-0.4.1 built for Linux 5.10 x86_64 started on pid 4711",
    ),
    make_parser=_TWEMPROXY.parser,
    patterns=_TWEMPROXY.patterns,
    specificity=0.97,
    sieve=r"\[[^\]\n]{23,24}\] nc(?:_\w{1,32})?\.[ch]:[0-9]",
    alone=True,
)

FORMATS: Final = (PGBOUNCER, PROXYSQL, TWEMPROXY)
