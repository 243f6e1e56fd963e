"""Logs of what stands between applications and their databases."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.patterned import shaped

PGBOUNCER: Final = shaped(
    "pgbouncer",
    "PgBouncer log",
    "https://www.pgbouncer.org/config.html#log-settings",
    samples=(
        "2024-03-14 09:26:53.250 12 LOG Stats: 0 xacts/s, 0 queries/s, in 0 B/s, out 0 B/s, xact 0 us, query 0 us wait time 52 us",
        "2024-03-14 09:26:54.314 UTC [4711] LOG C-0x5581d8c0: shop/ada@192.0.2.17:51022 login attempt: db=shop user=ada tls=no",
        "2024-03-14 09:26:55.000 UTC [4711] WARNING C-0x5581d8c0: (nodb)/(nouser)@unix(812):6432 pooler error: no such user",
    ),
    templates=(
        r"{time={day} {clock}\.[0-9]{3}(?: (?:[A-Z]{3,5}|[+-][0-9]{2,4}))?} (?:{pid}|\[{pid}\])"
        r" {level=LOG|ERROR|WARNING|FATAL|NOISE|DEBUG|INFO} (?:{text=C-0x[0-9a-f]{1,16}:pgbouncer.connection}: "
        r"(?:\(nodb\)|{text=[^/\n]{1,128}:db.namespace})/(?:\(nouser\)|{user=[^@\n]{1,128}})@"
        r"(?:unix\({int=[0-9]{1,10}:pgbouncer.peer_pid}\):[0-9]{1,5}|{endpoint=[^\s]{1,128}:client}) "
        r"|{text=S-0x[0-9a-f]{1,16}:pgbouncer.connection}: (?:\(nodb\)|{text=[^/\n]{1,128}:db.namespace})/"
        r"(?:\(nouser\)|{user=[^@\n]{1,128}})@(?:unix\({int=[0-9]{1,10}:pgbouncer.peer_pid}\):[0-9]{1,5}"
        r"|{endpoint=[^\s]{1,128}:server}) )?{body}",
    ),
    finds=(
        r"^(?:[Ss]tats|STATS): {int=[0-9]{1,18}:pgbouncer.xacts_per_s} xacts/s,"
        r" {int=[0-9]{1,18}:pgbouncer.queries_per_s} queries/s(?:, [0-9]{1,18} client parses/s, [0-9]{1,18} server parses/s, [0-9]"
        r"{1,18} binds/s)?, in {int=[0-9]{1,18}:pgbouncer.in_bytes_per_s} B/s, out"
        r" {int=[0-9]{1,18}:pgbouncer.out_bytes_per_s} B/s, xact {int=[0-9]{1,18}:pgbouncer.xact_us} us, query"
        r" {int=[0-9]{1,18}:pgbouncer.query_us} us,? wait(?: time)? {int=[0-9]{1,18}:pgbouncer.wait_us} us",
    ),
    specificity=0.915,
    single_line=True,
    levels={"LOG": 9, "NOISE": 1},
)

PROXYSQL: Final = shaped(
    "proxysql",
    "ProxySQL error log",
    "https://proxysql.com/documentation/error-log/",
    samples=(
        "2024-03-14 09:26:53 MySQL_Monitor.cpp:960:monitor_read_only_thread(): [ERROR] Timeout on read_only check for"
        " db.example.org:3306 after 2ms. Unable to create a connection.",
        "2024-03-14 09:26:54 MySQL_Session.cpp:5456:handler_connect(): [ERROR] ProxySQL Error: Access denied for user"
        " 'ada'@'192.0.2.17' (using password: YES)",
    ),
    templates=(
        r"{time={day} {clock}} (?:{file=\w{1,64}\.(?:cpp|c|h|hpp)}:{line=[0-9]{1,6}}:{function=[\w:~]{1,128}}\(\): )?\[{level=INFO"
        r"|ERROR|WARNING|DEBUG|FATAL}\] {body}",
    ),
    finds=(
        r"Access denied for user '{user=(?:[^'\n]|'(?=\w)){1,128}}'@'{client=[^'\n]{1,128}}'",
        r" for {server=[\w.-]{1,128}}:{server_port} after ",
    ),
    sieve=rf"{DAY} {CLOCK} (?:\w{{1,64}}\.(?:cpp|c|h|hpp):[0-9]|\[INFO\] (?:New mysql_|ProxySQL ))",
    specificity=0.93,
    alone=False,
)

TWEMPROXY: Final = shaped(
    "twemproxy",
    "twemproxy (nutcracker) log",
    "https://github.com/twitter/twemproxy/blob/master/notes/debug.txt",
    samples=(
        "[Thu Mar 14 09:26:53 2024] nc_proxy.c:206 p 5 listening on '0.0.0.0:6100' in redis pool 0 'shop' with 2 servers",
        "[2024-03-14 09:26:54.387] nc_util.c:505 address resolution of node 'invalid' service '11213' failed",
        "[2024-03-14 09:26:55.000] nc.c:187 nutcracker-0.4.1 built for Linux 5.10 x86_64 started on pid 4711",
    ),
    templates=(
        r"\[{time=[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] {clock} [0-9]{4}|{day} {clock}\.[0-9]{3}}\] {file=nc"
        r"(?:_\w{1,32})?\.[ch]}:{line=[0-9]{1,6}} {body}",
    ),
    specificity=0.97,
    single_line=True,
)

FORMATS: Final = (PGBOUNCER, PROXYSQL, TWEMPROXY)
