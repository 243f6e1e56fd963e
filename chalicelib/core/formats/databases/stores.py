"""Logs of databases and stores whose lines have one shape each: a pattern, and what its groups become."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.databases.shapes import Shapes
from chalicelib.core.formats.dates import CLOCK, DAY, ISO
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.framing import Framing

_CASSANDRA: Final = Shapes(
    patterns=(
        rf" ?(?P<level>[A-Z]{{3,8}}) {{1,2}}\[(?P<thread>[^\]\n]{{1,256}}?)(?::(?P<tid>[0-9]{{1,18}}))?\] "
        rf"(?P<when>{DAY} {CLOCK},[0-9]{{3}}) {{1,2}}"
        r"(?P<file>[\w$]{1,128}\.(?:java|kt|scala)):? ?(?:\(line )?(?P<line>[0-9]{1,6})\)?(?: - ?| )(?P<body>.*+)",
    ),
)
CASSANDRA: Final = Format(
    name="cassandra",
    title="Apache Cassandra and DataStax system.log and debug.log",
    source="https://cassandra.apache.org/doc/latest/cassandra/troubleshooting/reading_logs.html",
    samples=(
        "INFO  [main] 2024-03-14 09:26:53,123 CassandraDaemon.java:507 - Hostname: db-1.example.org",
        "WARN  [Native-Transport-Requests-3] 2024-03-14 09:26:54,000  SelectStatement.java:557 - Aggregation query",
        "ERROR [MutationStage:12] 2024-03-14 09:26:55,001 CassandraDaemon.java (line 187) Exception in thread\n"
        "java.lang.OutOfMemoryError: Java heap space\n\tat org.example.Memtable.put(Memtable.java:42)",
    ),
    make_parser=_CASSANDRA.parser,
    patterns=_CASSANDRA.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf" ?[A-Z]{{3,8}} {{1,2}}\[[^\]]{{1,256}}\] {DAY} ")),
    sieve=rf" ?[A-Z]{{3,8}} {{1,2}}\[[^\]\n]{{1,256}}\] {DAY} {CLOCK},",
    alone=True,
)

_CLICKHOUSE: Final = Shapes(
    patterns=(
        rf"(?P<when>[0-9]{{4}}\.[0-9]{{2}}\.[0-9]{{2}} {CLOCK}(?:\.[0-9]{{1,9}})?)(?: \[(?P<host>[^\]\n]{{1,128}})\](?= \[))?"
        r" \[ (?P<tid>[0-9]{1,18}) \] (?:\{(?P<query_id>[^}\n]{0,256})\} )?<(?P<level>[A-Z][a-z]{1,12})> "
        r"(?:(?P<logger>[^:\n]{1,256}): )?(?P<body>.*+)",
    ),
    prefix="clickhouse.",
    texts=frozenset(("query_id",)),
    finds=(
        r"^\(from (?P<client>[^,)\s]{1,64})(?:, user: (?P<user>[^,)]{1,128}))?",
        r"^Code: (?P<code>[0-9]{1,5})\.",
    ),
    levels={"Test": 1},
)
CLICKHOUSE: Final = Format(
    name="clickhouse",
    title="ClickHouse server log",
    source="https://clickhouse.com/docs/en/operations/server-configuration-parameters/settings#logger",
    samples=(
        "2024.03.14 09:26:53.473780 [ 7 ] {} <Trace> shop.orders (ReplicatedMergeTreeQueue): Loaded queue",
        "2024.03.14 09:26:54.000001 [ 4711 ] {0b5c-17} <Debug> executeQuery: (from 192.0.2.17:51022, user: ada) SELECT 1",
        "2024.03.14 09:26:55.120000 [ 48 ] <Information> Application: Ready for connections.",
    ),
    make_parser=_CLICKHOUSE.parser,
    patterns=_CLICKHOUSE.patterns,
    specificity=0.98,
    framing=Framing(entry_start=entry_start(rf"[0-9]{{4}}\.[0-9]{{2}}\.[0-9]{{2}} {CLOCK}")),
    sieve=rf"[0-9]{{4}}\.[0-9]{{2}}\.[0-9]{{2}} {CLOCK}(?:\.[0-9]{{1,9}})? \[",
    alone=True,
    whole=True,
)

_COUCHDB: Final = Shapes(
    patterns=(
        rf"\[(?P<level>[a-z]{{4,9}})\] (?P<when>{ISO}) (?P<node>[^\s@]{{1,128}}@[^\s]{{1,128}}) (?P<process><[0-9.]{{3,32}}>) "
        r"(?P<request_id>[0-9a-f]{10}) (?P<authority>[^\s]{1,255}) (?P<address>[0-9A-Fa-f.:]{2,45}) "
        r"(?P<user>[^\s]{1,255}) (?P<body>(?P<method>[A-Z]{3,16}) (?P<path>[^\s?]{1,8192})(?:\?(?P<query>[^\s]{0,8192}))?) "
        r"(?P<status>[0-9]{3}) (?P<outcome>[a-z_]{1,32}) (?P<duration_ms>[0-9]{1,10})",
        rf"\[(?P<level>[a-z]{{4,9}})\] (?P<when>{ISO}) (?P<node>[^\s@]{{1,128}}@[^\s]{{1,128}}) (?P<process><[0-9.]{{3,32}}>|[^\s]{{1,64}}) "
        r"(?P<request_id>[0-9a-f]{10}|-{1,16}) (?P<body>.*+)",
        rf"\[(?P<when>[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} [0-9]{{4}} {CLOCK} [A-Z]{{3}})\] "
        r"\[(?P<level>[a-z]{4,9})\] \[(?P<process><[0-9.]{3,32}>)\] (?P<address>[0-9A-Fa-f.:]{2,45}) - "
        r"(?P<user>[^\s]{1,255}) (?P<body>(?P<method>[A-Z]{3,16}) (?P<path>[^\s?]{1,8192})(?:\?(?P<query>[^\s]{0,8192}))? "
        r"(?P<status>[0-9]{3}))",
        rf"\[(?P<when>[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} [0-9]{{4}} {CLOCK} [A-Z]{{3}})\] "
        r"\[(?P<level>[a-z]{4,9})\] \[(?P<process><[0-9.]{3,32}>)\] (?P<body>.*+)",
    ),
    prefix="couchdb.",
    names={"address": "client.address", "authority": "server.address"},
    texts=frozenset(("address", "request_id", "process", "authority")),
)
COUCHDB: Final = Format(
    name="couchdb",
    title="Apache CouchDB log, 1.x and later",
    source="https://docs.couchdb.org/en/stable/config/logging.html",
    samples=(
        "[Thu, 14 Mar 2024 09:26:53 GMT] [info] [<0.404.0>] 192.0.2.17 - - DELETE /shop/order?rev=2-4c 200",
        "[notice] 2024-03-14T09:26:54.056264Z nonode@nohost <0.17607.12> 46803c7caa db.example.org 192.0.2.17"
        " undefined GET /shop 404 ok 2",
        "[info] 2024-03-14T09:26:55.000000Z couchdb@127.0.0.1 <0.9.0> -------- Application couch_log started",
    ),
    make_parser=_COUCHDB.parser,
    patterns=_COUCHDB.patterns,
    specificity=0.98,
    framing=Framing(
        entry_start=entry_start(rf"\[[a-z]{{4,9}}\] {DAY}T|\[[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} ")
    ),
    sieve=r"\[(?:[a-z]{4,9}\] [0-9]{4}-[0-9]{2}-[0-9]{2}T[^ \n]{1,40} [^\s@]{1,128}@|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [^\]\n]{1,16}\] \[[a-z]{4,9}\] \[<)",
    alone=True,
)

_ARANGODB: Final = Shapes(
    patterns=(
        rf"(?P<when>{ISO}) \[(?P<pid>[0-9]{{1,10}})(?:[/-](?P<thread>[^\]\n]{{1,128}}))?\] (?P<level>[A-Z]{{4,7}}) "
        r"(?:\[(?P<function>[\w~<>]{1,128})@(?P<file>[^\]\n:]{1,256}):(?P<line>[0-9]{1,7})\] )?"
        r"\[(?P<id>[0-9a-f]{5})\] (?:\{(?P<topic>[\w-]{1,64})\} )?(?P<body>.*+)",
    ),
    prefix="arangodb.",
    texts=frozenset(("id",)),
)
ARANGODB: Final = Format(
    name="arangodb",
    title="ArangoDB log",
    source="https://docs.arangodb.com/stable/operations/administration/log-levels/",
    samples=(
        "2024-03-14T09:26:53Z [1] INFO [prepare@EngineSelectorFeature.cpp:187] [144fe] using storage engine 'rocksdb'",
        "2024-03-14T09:26:54Z [4711] WARNING [ad4b2] {memory} maximum number of memory mappings is too low",
        "2024-03-14T09:26:55.123456+01:00 [4711-3] ERROR [0f1c7] {general} cannot open the journal",
    ),
    make_parser=_ARANGODB.parser,
    patterns=_ARANGODB.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"{DAY}T{CLOCK}")),
    sieve=rf"{ISO} \[[0-9]{{1,10}}(?:[/-][^\]\n]{{1,128}})?\] [A-Z]{{4,7}} \[",
    alone=True,
)

_RETHINKDB: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY}T{CLOCK}\.[0-9]{{1,9}}) (?P<uptime_s>[0-9]{{1,12}}(?:\.[0-9]{{1,9}})?)s "
        r"(?P<level>debug|info|notice|warn|error): (?P<body>.*+)",
    ),
    prefix="rethinkdb.",
)
RETHINKDB: Final = Format(
    name="rethinkdb",
    title="RethinkDB log_file",
    source="https://rethinkdb.com/docs/config-file/",
    samples=(
        "2024-03-14T09:26:53.426623100 0.017351s notice: Loading data from directory /data/rethinkdb_data",
        "2024-03-14T09:26:54.000000001 3600.000000s error: Cannot bind to [::]:29015",
    ),
    make_parser=_RETHINKDB.parser,
    patterns=_RETHINKDB.patterns,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"{DAY}T{CLOCK}\.")),
    sieve=rf"{DAY}T{CLOCK}\.[0-9]{{1,9}} [0-9]{{1,12}}(?:\.[0-9]{{1,9}})?s (?:debug|info|notice|warn|error): ",
    alone=True,
)

_VOLTDB: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK},[0-9]{{3}}) {{3}}(?P<level>[A-Z]{{4,5}}) {{1,2}}\[(?P<thread>[^\n]{{1,256}}?)\] "
        r"(?P<logger>[A-Z][\w.-]{0,63}): (?P<body>.*+)",
    ),
    finds=(r"^Authenticated user (?P<user>[^\s]{1,128}) from (?P<client>[^\s]{1,64}?)[.,]?(?: |$)",),
)
VOLTDB: Final = Format(
    name="voltdb",
    title="VoltDB server log",
    source="https://docs.voltactivedata.com/AdminGuide/LogConfig.php",
    samples=(
        "2024-03-14 09:26:53,881   DEBUG [Periodic Priority Work] GC: GC for ParNew: 5 ms for 1 collections",
        "2024-03-14 09:26:54,000   INFO  [qtp2074658615-90] AUTH: Authenticated user ada from 192.0.2.17. And so on.",
    ),
    make_parser=_VOLTDB.parser,
    patterns=_VOLTDB.patterns,
    specificity=0.96,
    framing=Framing(entry_start=entry_start(rf"{DAY} {CLOCK},")),
    sieve=rf"{DAY} {CLOCK},[0-9]{{3}} {{3}}[A-Z]{{4,5}} {{1,2}}\[",
)

_SINGLESTORE: Final = Shapes(
    patterns=(
        rf"(?:(?P<uptime_us>[0-9]{{1,20}}) )?(?P<when>{DAY} {CLOCK}\.[0-9]{{3,6}}):? {{1,3}}(?P<level>[A-Z]{{4,7}}): "
        r"(?:(?:Thread|thread) (?P<tid>[0-9]{1,18})(?: \([^)\n]{0,256}\))?: )?(?P<body>(?:(?P<function>[A-Za-z_][\w:~]{0,127}): )?.*+)",
    ),
    prefix="singlestore.",
)
SINGLESTORE: Final = Format(
    name="singlestore",
    title="SingleStore (MemSQL) trace log",
    source="https://docs.singlestore.com/db/latest/user-and-cluster-administration/cluster-health-and-performance/using-trace-logs/",
    samples=(
        "2024-03-14 09:26:53.500   INFO: Thread 114994: AddInstance: Adding new partition instance (partition main:2)",
        "4711 2024-03-14 09:26:54.123   WARN: Thread 7: ntp reports a large offset",
    ),
    make_parser=_SINGLESTORE.parser,
    patterns=_SINGLESTORE.patterns,
    specificity=0.95,
    framing=Framing(entry_start=entry_start(rf"(?:[0-9]{{1,20}} )?{DAY} {CLOCK}")),
    sieve=rf"(?:[0-9]{{1,20}} )?{DAY} {CLOCK}\.[0-9]{{3,6}}:? {{1,3}}[A-Z]{{4,7}}: [Tt]hread ",
)

_CEPH_TIME: Final = rf"{DAY}[T ]{CLOCK}\.[0-9]{{3,6}}(?:[+-][0-9]{{4}})?"
_CEPH: Final = Shapes(
    patterns=(
        rf"(?P<when>{_CEPH_TIME}) (?P<thread>[0-9a-f]{{8,16}}) {{1,2}}(?P<level_number>-1|[0-9]{{1,2}}) (?P<body>.*+)",
        rf"(?P<when>{_CEPH_TIME}) (?P<daemon>[a-z]{{2,12}}\.[^\s]{{1,128}}) (?P<rank>\([^)\n]{{1,64}}\)|[^\s]{{1,64}})"
        r"(?: (?P<address>[^\s]{1,128}))? (?P<sequence>[0-9]{1,18}) : (?P<channel>[a-z]{0,16}) ?"
        r"\[(?P<level>DBG|INF|SEC|WRN|ERR)\] (?P<body>.*+)",
    ),
    prefix="ceph.",
    texts=frozenset(("daemon", "rank", "address")),
    levels={"SEC": 10},
)
CEPH: Final = Format(
    name="ceph",
    title="Ceph daemon and cluster log",
    source="https://docs.ceph.com/en/latest/rados/troubleshooting/log-and-debug/",
    samples=(
        "2024-03-14 09:26:53.025198 mon.node-1 unknown.0 - 0 :  [INF] mkfs 9f7d54f4-56b0-4f37-ab0a-eeaf198fd8f6",
        "2024-03-14 09:26:54.471 7f26c2813700  1 mon.node-1@0(leader).log v15 check_sub sending message to mgr.4110",
        "2024-03-14T09:26:55.123456+0000 mgr.node-1 (mgr.4110) 87 : cluster [DBG] pgmap v61: 33 pgs",
        "2024-03-14T09:26:56.123+0000 7f26c2813700 -1 osd.3 12 heartbeat_check: no reply from 192.0.2.17:6806",
    ),
    make_parser=_CEPH.parser,
    patterns=_CEPH.patterns,
    specificity=0.96,
    framing=Framing(entry_start=entry_start(rf"{DAY}[T ]{CLOCK}\.")),
    sieve=rf"{_CEPH_TIME} (?:[0-9a-f]{{8,16}} {{1,2}}(?:-1|[0-9]{{1,2}}) |[a-z]{{2,12}}\.)",
)

_ETCD: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK}\.[0-9]{{6}}) (?P<level>[CEWNIDT]) \| (?P<package>[\w/.-]{{1,64}}): (?P<body>.*+)",
    ),
    names={"package": "log.logger"},
)
ETCD: Final = Format(
    name="etcd",
    title="etcd log before 3.4 (capnslog)",
    source="https://etcd.io/docs/v3.3/op-guide/configuration/",
    samples=(
        "2024-03-14 09:26:53.714594 W | rafthttp: lost the TCP streaming connection with peer d282ac2ce600c1ce",
        "2024-03-14 09:26:54.000000 I | etcdserver/api: enabled capabilities for version 3.3",
    ),
    make_parser=_ETCD.parser,
    patterns=_ETCD.patterns,
    specificity=0.97,
    sieve=rf"{DAY} {CLOCK}\.[0-9]{{6}} [CEWNIDT] \| ",
    alone=True,
)

FORMATS: Final = (CASSANDRA, CLICKHOUSE, COUCHDB, ARANGODB, RETHINKDB, VOLTDB, SINGLESTORE, CEPH, ETCD)
