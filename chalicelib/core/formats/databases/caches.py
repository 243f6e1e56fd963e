"""Logs of key-value stores: Redis and its kin, memcached, Kyoto Tycoon."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.databases.shapes import Shapes
from chalicelib.core.formats.dates import CLOCK
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.framing import Framing

_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_REDIS: Final = Shapes(
    patterns=(
        r"(?:\[(?P<pid>[0-9]{1,10})\]|(?P<pid2>[0-9]{1,10})(?::(?P<tid>[0-9]{1,10}))?:(?P<role>[A-Z])) "
        rf"(?P<when>[0-9]{{1,2}} {_MONTH}(?: [0-9]{{4}})? {CLOCK}(?:\.[0-9]{{3,6}})?) (?P<level>[.*#-]) (?P<body>.*+)",
        r"(?P<pid>[0-9]{1,10}):signal-handler \((?P<when>[0-9]{9,10})\) (?P<body>.*+)",
    ),
    prefix="redis.",
    finds=(
        r"^Accepted (?P<client>[^\s]{1,64}:[0-9]{1,5})$|^(?:Replica|Slave) (?P<client2>[^\s]{1,64}:[0-9]{1,5}) asks",
        r"^DB (?P<db>[0-9]{1,4}): (?P<keys>[0-9]{1,18}) keys",
    ),
    words={".": "debug", "-": "verbose", "*": "notice", "#": "warning"},
    levels={"verbose": 6},
)
REDIS: Final = Format(
    name="redis",
    title="Redis, Valkey, KeyDB and Sentinel log",
    source="https://github.com/redis/redis/blob/unstable/src/server.c",
    samples=(
        "4711:M 14 Mar 2024 09:26:53.123 * Ready to accept connections",
        "4711:S 14 Mar 2024 09:26:54.000 # Error condition on socket for SYNC: Connection refused",
        "[812] 14 Mar 09:26:55.001 - Accepted 192.0.2.17:51022",
        "4711:signal-handler (1710408416) Received SIGTERM scheduling shutdown...",
    ),
    make_parser=_REDIS.parser,
    patterns=_REDIS.patterns,
    specificity=0.97,
    framing=Framing(entry_start=r"[^ \t]"),
    sieve=rf"(?:\[[0-9]{{1,10}}\]|[0-9]{{1,10}}(?::[0-9]{{1,10}})?:[A-Z]) [0-9]{{1,2}} {_MONTH} |[0-9]{{1,10}}:signal-handler \(",
    alone=True,
)

_MEMCACHED: Final = Shapes(
    patterns=(
        r"(?P<body>slab class {1,3}(?P<slab_class>[0-9]{1,4}): chunk size {1,12}(?P<chunk_size>[0-9]{1,12}) perslab [ \t]{0,12}(?P<perslab>[0-9]{1,12}))",
        r"(?P<body>(?P<direction>[<>])(?P<fd>[0-9]{1,7}) (?P<operation>get|gets|set|add|replace|append|prepend|cas|delete|incr|decr|touch|gat|gats|mg|ms|md|ma) "
        r"(?P<key>[^\s]{1,250})(?: [^\n]{0,512})?)",
        r"(?P<body>(?P<direction>[<>])(?P<fd>[0-9]{1,7}) (?:new (?:\w{1,32} )?[\w -]{0,32}client connection|server listening|connection closed|send buffer was"
        r"|sending key|STORED|NOT_STORED|NOT_FOUND|EXISTS|END|DELETED|OK|TOUCHED|ERROR|CLIENT_ERROR|SERVER_ERROR|quit|stats|version|VERSION|flush_all|verbosity)"
        r"[^\n]{0,1024})",
        r"(?P<body>(?P<fd>[0-9]{1,7}): (?:going from conn_\w{1,32} to conn_\w{1,32}|Client using the \w{1,32} protocol))",
    ),
    prefix="memcached.",
    names={"operation": "db.operation.name"},
    texts=frozenset(("key",)),
)
MEMCACHED: Final = Format(
    name="memcached",
    title="memcached, verbose output",
    source="https://github.com/memcached/memcached/wiki/ConfiguringServer#verbosity",
    samples=(
        "slab class  39: chunk size 458992 perslab \t2",
        "<27 new auto-negotiating client connection",
        "<27 get order:17",
        "27: going from conn_parse_cmd to conn_new_cmd",
        ">27 STORED",
    ),
    make_parser=_MEMCACHED.parser,
    patterns=_MEMCACHED.patterns,
    specificity=0.9,
    sieve=r"slab class |[<>][0-9]{1,7} [A-Za-z]|[0-9]{1,7}: (?:going from conn_|Client using)",
)

_KYOTO: Final = Shapes(
    patterns=(
        rf"(?P<when>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{CLOCK}\.[0-9]{{6}}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})): \[(?P<level>[A-Z]{{4,8}})\]: (?P<body>.*+)",
    ),
    finds=(r"^(?:connected|disconnected): expr=(?P<client>[^\s]{1,64})", r"pid=(?P<pid>[0-9]{1,10})"),
    levels={"SYSTEM": 9},
)
KYOTOTYCOON: Final = Format(
    name="kyototycoon",
    title="Kyoto Tycoon server log",
    source="https://dbmx.net/kyototycoon/command.html",
    samples=(
        "2024-03-14T09:26:53.063390Z: [SYSTEM]: ================ [START]: pid=1",
        "2024-03-14T09:26:54.000000+01:00: [INFO]: connected: expr=192.0.2.17:51022",
    ),
    make_parser=_KYOTO.parser,
    patterns=_KYOTO.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")),
    sieve=rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{CLOCK}\.[0-9]{{6}}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}}): \[",
    alone=True,
)

FORMATS: Final = (REDIS, MEMCACHED, KYOTOTYCOON)
