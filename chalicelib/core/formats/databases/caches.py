"""Logs of key-value stores: Redis and its kin, memcached, Kyoto Tycoon."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import MONTH
from chalicelib.core.formats.patterned import shaped

REDIS: Final = shaped(
    "redis",
    "Redis, Valkey, KeyDB and Sentinel log",
    "https://github.com/redis/redis/blob/unstable/src/server.c",
    samples=(
        "4711:M 14 Mar 2024 09:26:53.123 * Ready to accept connections",
        "4711:S 14 Mar 2024 09:26:54.000 # Error condition on socket for SYNC: Connection refused",
        "[812] 14 Mar 09:26:55.001 - Accepted 192.0.2.17:51022",
        "4711:signal-handler (1710408416) Received SIGTERM scheduling shutdown...",
    ),
    templates=(
        r"(?:\[{pid}\]|{pid}(?::{tid=[0-9]{1,10}})?:{text=[A-Z]:redis.role}) {time=[0-9]{1,2} {month}(?: [0-9]{4})? {clock}"
        r"(?:\.[0-9]{3,6})?} {level=[.*#-]} {body}",
        r"{pid}:signal-handler \({time=[0-9]{9,10}}\) {body}",
    ),
    finds=(
        r"^Accepted {endpoint=[^\s]{1,64}:[0-9]{1,5}:client}$|^(?:Replica|Slave) {endpoint=[^\s]{1,64}:[0-9]{1,5}:client} asks",
        r"^DB {text=[0-9]{1,4}:db.namespace}: {int=[0-9]{1,18}:redis.keys} keys",
    ),
    start=r"[^ \t]",
    sieve=rf"(?:\[[0-9]{{1,10}}\]|[0-9]{{1,10}}(?::[0-9]{{1,10}})?:[A-Z]) [0-9]{{1,2}} {MONTH} |[0-9]{{1,10}}:signal-handler \(",
    own_lines=True,
    specificity=0.97,
    levels={"verbose": 6},
    words={".": "debug", "-": "verbose", "*": "notice", "#": "warning"},
)

MEMCACHED: Final = shaped(
    "memcached",
    "memcached, verbose output",
    "https://github.com/memcached/memcached/wiki/ConfiguringServer#verbosity",
    samples=(
        "slab class  39: chunk size 458992 perslab \t2",
        "<27 new auto-negotiating client connection",
        "<27 get order:17",
        "27: going from conn_parse_cmd to conn_new_cmd",
        ">27 STORED",
    ),
    templates=(
        r"{body=slab class {1,3}{int=[0-9]{1,4}:memcached.slab_class}: chunk size {1,12}"
        r"{int=[0-9]{1,12}:memcached.chunk_size} perslab [ \t]{0,12}{int=[0-9]{1,12}:memcached.perslab}}",
        r"{body={text=[<>]:memcached.direction}{int=[0-9]{1,7}:memcached.fd}"
        r" {text=get|gets|set|add|replace|append|prepend|cas|delete|incr|decr|touch|gat|gats|mg|ms|md|ma:db.operation.name}"
        r" {text=[^\s]{1,250}:memcached.key}(?: [^\n]{0,512})?}",
        r"{body={text=[<>]:memcached.direction}{int=[0-9]{1,7}:memcached.fd} (?:new "
        r"(?:\w{1,32} )?[\w -]{0,32}client connection|server listening|connection closed|send buffer was|sending key|STORED"
        r"|NOT_STORED|NOT_FOUND|EXISTS|END|DELETED|OK|TOUCHED|ERROR|CLIENT_ERROR|SERVER_ERROR|quit|stats|version|VERSION|flush_all"
        r"|verbosity)[^\n]{0,1024}}",
        r"{body={int=[0-9]{1,7}:memcached.fd}: (?:going from conn_\w{1,32} to conn_\w{1,32}|Client using the \w{1,32} protocol)}",
    ),
    start=r"slab class |[<>][0-9]{1,7} [A-Za-z]|[0-9]{1,7}: (?:going from conn_|Client using)",
    specificity=0.9,
    single_line=True,
    alone=False,
)

KYOTOTYCOON: Final = shaped(
    "kyototycoon",
    "Kyoto Tycoon server log",
    "https://dbmx.net/kyototycoon/command.html",
    samples=(
        "2024-03-14T09:26:53.063390Z: [SYSTEM]: ================ [START]: pid=1",
        "2024-03-14T09:26:54.000000+01:00: [INFO]: connected: expr=192.0.2.17:51022",
    ),
    templates=(r"{time={day}T{clock}\.[0-9]{6}(?:Z|[+-][0-9]{2}:[0-9]{2})}: \[{level=[A-Z]{4,8}}\]: {body}",),
    finds=(
        r"^(?:connected|disconnected): expr={endpoint=[^\s]{1,64}:client}",
        r"pid={pid}",
    ),
    specificity=0.97,
    levels={"SYSTEM": 9},
)

FORMATS: Final = (REDIS, MEMCACHED, KYOTOTYCOON)
