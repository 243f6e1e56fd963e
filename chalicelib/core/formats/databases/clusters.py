"""Logs of distributed and of large commercial databases: a pattern each, and what its groups become."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.databases.shapes import Shapes
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.starts import entry_start, own_start
from chalicelib.core.framing import Framing

_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

_COUCHBASE: Final = Shapes(
    patterns=(
        rf"\[(?P<component>[\w.-]{{1,64}}):(?P<level>[a-z]{{4,9}}),(?P<when>{DAY}T{CLOCK}\.[0-9]{{3}}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?),"
        r"(?P<node>[^:\s]{1,128}):(?P<process>[^:\n]{1,128}(?:<[0-9.]{3,32}>)?):(?P<module>\w{1,64}):(?P<function>[\w'/-]{1,64}):(?P<line>[0-9]{1,6})\](?P<body>.*+)",
    ),
    prefix="couchbase.",
    names={"module": "log.logger"},
    texts=frozenset(("module", "process")),
)
COUCHBASE: Final = Format(
    name="couchbase",
    title="Couchbase Server (ns_server) log",
    source="https://docs.couchbase.com/server/current/manage/manage-logging/manage-logging.html",
    samples=(
        "[ns_server:info,2024-03-14T09:26:53.123Z,ns_1@127.0.0.1:<0.123.0>:ns_config_log:log_common:231]config change",
        "[stats:error,2024-03-14T09:26:54.000+01:00,ns_1@db-1.example.org:stats_collector<0.7.0>:stats:get:12]no stats",
    ),
    make_parser=_COUCHBASE.parser,
    patterns=_COUCHBASE.patterns,
    specificity=0.98,
    framing=Framing(entry_start=entry_start(rf"\[[\w.-]{{1,64}}:[a-z]{{4,9}},{DAY}T")),
    sieve=rf"\[[\w.-]{{1,64}}:[a-z]{{4,9}},{DAY}T{CLOCK}",
    alone=True,
)

_COCKROACH: Final = Shapes(
    patterns=(
        rf"(?P<level>[IWEF])(?P<when>[0-9]{{6}} {CLOCK}\.[0-9]{{6}}) (?P<goroutine>[0-9]{{1,12}}) (?:(?P<channel>[0-9]{{1,3}})@)?"
        r"(?:\(gostd\) )?(?P<file>[\w./+-]{1,256}):(?P<line>[0-9]{1,7}) {1,2}(?:⋮ )?(?:\[(?P<tags>[^\]\n]{0,512})\] ?)?(?:(?P<counter>[0-9]{1,18}) [ =+|])?(?P<body>.*+)",
    ),
    prefix="cockroachdb.",
    texts=frozenset(("tags",)),
)
COCKROACH: Final = Format(
    name="cockroachdb",
    title="CockroachDB log (crdb-v1, crdb-v2)",
    source="https://www.cockroachlabs.com/docs/stable/log-formats",
    samples=(
        "I240314 09:26:53.123456 17 1@server/node.go:533 ⋮ [n1,client=192.0.2.17:51022] 42  node connected via gossip",
        "W240314 09:26:54.000001 4711 kv/kvserver/store.go:1234  [n1,s1] slow heartbeat",
    ),
    make_parser=_COCKROACH.parser,
    patterns=_COCKROACH.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"[IWEF][0-9]{{6}} {CLOCK}")),
    sieve=rf"[IWEF][0-9]{{6}} {CLOCK}\.[0-9]{{6}} [0-9]{{1,12}} ",
    alone=True,
)

_TIDB: Final = Shapes(
    patterns=(
        rf"\[(?P<when>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {CLOCK}\.[0-9]{{3}} [+-][0-9]{{2}}:[0-9]{{2}})\] \[(?P<level>[A-Z]{{4,8}})\] "
        r"\[(?P<file>[\w./-]{1,256}):(?P<line>[0-9]{1,7})\] \[\"?(?P<body>(?:[^\"\]\\\n]|\\.){0,8192}+)\"?\](?: (?P<fields>.*+))?",
    ),
    prefix="tidb.",
    texts=frozenset(("fields",)),
)
TIDB: Final = Format(
    name="tidb",
    title="TiDB, TiKV and PD log",
    source="https://github.com/tikv/rfcs/blob/master/text/0018-unified-log-format.md",
    samples=(
        '[2024/03/14 09:26:53.123 +08:00] [INFO] [server.go:245] ["server is running MySQL protocol"] [addr=0.0.0.0:4000]',
        '[2024/03/14 09:26:54.000 +00:00] [WARN] [domain/domain.go:17] [reload] [err="timeout, no leader"] [conn=7]',
    ),
    make_parser=_TIDB.parser,
    patterns=_TIDB.patterns,
    specificity=0.98,
    framing=Framing(entry_start=entry_start(rf"\[[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {CLOCK}")),
    sieve=rf"\[[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {CLOCK}\.[0-9]{{3}} [+-][0-9:]{{5}}\] \[",
    alone=True,
)

_AEROSPIKE: Final = Shapes(
    patterns=(
        rf"(?P<when>{_MONTH} [0-9]{{2}} [0-9]{{4}} {CLOCK}(?:\.[0-9]{{3}})? GMT(?:[+-][0-9]{{1,4}})?): (?P<level>[A-Z]{{4,8}}) "
        r"\((?P<logger>[\w-]{1,32})\): \((?P<file>[\w./-]{1,128}):(?P<line>[0-9]{1,7})\) (?P<body>.*+)",
    ),
)
AEROSPIKE: Final = Format(
    name="aerospike",
    title="Aerospike server log",
    source="https://aerospike.com/docs/server/operations/monitor/logs/",
    samples=(
        "Mar 14 2024 09:26:53 GMT: INFO (info): (ticker.c:171) NODE-ID bb9f00f01142 CLUSTER-SIZE 1",
        "Mar 14 2024 09:26:54.123 GMT+0100: WARNING (as): (as.c:421) could not bind",
    ),
    make_parser=_AEROSPIKE.parser,
    patterns=_AEROSPIKE.patterns,
    specificity=0.98,
    sieve=rf"{_MONTH} [0-9]{{2}} [0-9]{{4}} {CLOCK}(?:\.[0-9]{{3}})? GMT[^:\n]{{0,5}}: ",
    alone=True,
)

_SCYLLA: Final = Shapes(
    patterns=(
        rf"(?P<level>TRACE|DEBUG|INFO|WARN|ERROR) {{1,2}}(?P<when>{DAY} {CLOCK},[0-9]{{3}}) \[shard {{1,3}}(?P<shard>[0-9]{{1,5}})"
        r"(?::(?P<group>[\w-]{1,32}))?\] (?P<logger>[\w.-]{1,64}) - (?P<body>.*+)",
    ),
    prefix="scylla.",
)
SCYLLA: Final = Format(
    name="scylladb",
    title="ScyllaDB log",
    source="https://docs.scylladb.com/manual/stable/getting-started/logging.html",
    samples=(
        "INFO  2024-03-14 09:26:53,123 [shard 0] compaction - Compacted 2 sstables to [shop/orders]",
        "ERROR 2024-03-14 09:26:54,000 [shard 12:stmt] storage_proxy - exception during mutation write",
    ),
    make_parser=_SCYLLA.parser,
    patterns=_SCYLLA.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"[A-Z]{{4,5}} {{1,2}}{DAY} {CLOCK}")),
    sieve=rf"[A-Z]{{4,5}} {{1,2}}{DAY} {CLOCK},[0-9]{{3}} \[shard ",
    alone=True,
    whole=True,
)

_VERTICA: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK}\.[0-9]{{3}}) (?P<thread>[^\n]{{1,128}}?):(?P<tid>0x[0-9a-f]{{4,16}}|[0-9a-f]{{6,16}})(?:-(?P<transaction>[0-9a-f]{{1,20}}))? "
        r"(?:\[(?P<component>[\w ]{1,32})\] )?<(?P<level>[A-Z]{3,10})>(?: @(?P<node>[\w.-]{1,64}):)? (?P<body>.*+)",
    ),
    prefix="vertica.",
    names={"tid": "vertica.thread"},
    texts=frozenset(("tid", "transaction")),
    levels={"LOG": 9, "ROLLBACK": 17, "INTERNAL": 17, "TIMER": 9},
)
VERTICA: Final = Format(
    name="vertica",
    title="Vertica vertica.log",
    source="https://docs.vertica.com/latest/en/admin/monitoring/monitoring-log-files/",
    samples=(
        "2024-03-14 09:26:53.003 TM Moveout:0x7f2f5bfff700-a0000000011 [Txn] <INFO> Begin Txn: a0000000011 'Moveout'",
        "2024-03-14 09:26:54.123 Init Session:7f8e2a7fc700 <LOG> @v_shop_node0001: 00000/2705: Connection received",
    ),
    make_parser=_VERTICA.parser,
    patterns=_VERTICA.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"{DAY} {CLOCK}")),
    sieve=rf"{DAY} {CLOCK}\.[0-9]{{3}} [^\n:]{{1,128}}:(?:0x)?[0-9a-f]{{4,16}}",
)

_ORACLE: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY}T{CLOCK}\.[0-9]{{6}}[+-][0-9]{{2}}:[0-9]{{2}})\n(?P<body>.*+)",
        rf"(?P<when>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} [ 0-9][0-9] {CLOCK} [0-9]{{4}})\n(?P<body>.*+)",
    ),
    finds=(r"(?P<code>\b(?:ORA|TNS|RMAN)-[0-9]{4,5})(?![0-9])",),
)
ORACLE: Final = Format(
    name="oracle_alert",
    title="Oracle Database alert log, text",
    source="https://docs.oracle.com/en/database/oracle/oracle-database/19/admin/managing-diagnostic-data.html",
    samples=(
        "2024-03-14T09:26:53.123456+01:00\nThread 1 advanced to log sequence 17 (LGWR switch)\n"
        "  Current log# 2 seq# 17 mem# 0: /u01/redo02.log",
        "Thu Mar 14 09:26:54 2024\nErrors in file /u01/trace/orcl_ora_4711.trc:\nORA-00600: internal error code",
    ),
    make_parser=_ORACLE.parser,
    patterns=_ORACLE.patterns,
    specificity=0.9,
    framing=Framing(
        entry_start=own_start(
            rf"{DAY}T{CLOCK}\.[0-9]{{6}}[+-][0-9]{{2}}:[0-9]{{2}}\r?$|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} [ 0-9][0-9] {CLOCK} [0-9]{{4}}\r?$"
        )
    ),
    sieve=rf"{DAY}T{CLOCK}\.[0-9]{{6}}[+-][0-9]{{2}}:[0-9]{{2}}(?:$|\n)|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} [ 0-9][0-9] {CLOCK} [0-9]{{4}}(?:$|\n)",
    whole=True,
)

FORMATS: Final = (COUCHBASE, COCKROACH, TIDB, AEROSPIKE, SCYLLA, VERTICA, ORACLE)
