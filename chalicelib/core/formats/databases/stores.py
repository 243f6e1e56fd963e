"""Logs of databases and stores whose lines have one shape each."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.patterned import shaped

CASSANDRA: Final = shaped(
    "cassandra",
    "Apache Cassandra and DataStax system.log and debug.log",
    "https://cassandra.apache.org/doc/latest/cassandra/troubleshooting/reading_logs.html",
    samples=(
        "INFO  [main] 2024-03-14 09:26:53,123 CassandraDaemon.java:507 - Hostname: db-1.example.org",
        "WARN  [Native-Transport-Requests-3] 2024-03-14 09:26:54,000  SelectStatement.java:557 - Aggregation query",
        "ERROR [MutationStage:12] 2024-03-14 09:26:55,001 CassandraDaemon.java (line 187) Exception in thread\n"
        "java.lang.OutOfMemoryError: Java heap space\n\tat org.example.Memtable.put(Memtable.java:42)",
    ),
    templates=(
        r" ?{level=[A-Z]{3,8}} {1,2}\[{thread=[^\]\n]{1,256}?}(?::{tid})?\] {time={day} {clock},[0-9]{3}} {1,2}"
        r"{file=[\w$]{1,128}\.(?:java|kt|scala)}:? ?(?:\(line )?{line=[0-9]{1,6}}\)?(?: - ?| ){body}",
    ),
    start=rf" ?[A-Z]{{3,8}} {{1,2}}\[[^\]\n]{{1,256}}\] {DAY} {CLOCK},",
    specificity=0.97,
)

CLICKHOUSE: Final = shaped(
    "clickhouse",
    "ClickHouse server log",
    "https://clickhouse.com/docs/en/operations/server-configuration-parameters/settings#logger",
    samples=(
        "2024.03.14 09:26:53.473780 [ 7 ] {} <Trace> shop.orders (ReplicatedMergeTreeQueue): Loaded queue",
        "2024.03.14 09:26:54.000001 [ 4711 ] {0b5c-17} <Debug> executeQuery: (from 192.0.2.17:51022, user: ada) SELECT 1",
        "2024.03.14 09:26:55.120000 [ 48 ] <Information> Application: Ready for connections.",
    ),
    templates=(
        r"{time=[0-9]{4}\.[0-9]{2}\.[0-9]{2} {clock}(?:\.[0-9]{1,9})?}(?: \[{host=[^\]\n]{1,128}}\](?= \[))? \[ {tid} \] "
        r"(?:\{{text=[^}\n]{0,256}:clickhouse.query_id}\} )?<{level=[A-Z][a-z]{1,12}}> (?:{logger=[^:\n]{1,256}}: )?{body}",
    ),
    finds=(
        r"^\(from {endpoint=[^,)\s]{1,64}:client}(?:, user: {user=[^,)]{1,128}})?",
        r"^Code: {text=[0-9]{1,5}:db.response.status_code}\.",
    ),
    specificity=0.98,
    levels={"Test": 1},
    whole=True,
)

COUCHDB: Final = shaped(
    "couchdb",
    "Apache CouchDB log, 1.x and later",
    "https://docs.couchdb.org/en/stable/config/logging.html",
    samples=(
        "[Thu, 14 Mar 2024 09:26:53 GMT] [info] [<0.404.0>] 192.0.2.17 - - DELETE /shop/order?rev=2-4c 200",
        "[notice] 2024-03-14T09:26:54.056264Z nonode@nohost <0.17607.12> 46803c7caa db.example.org 192.0.2.17"
        " undefined GET /shop 404 ok 2",
        "[info] 2024-03-14T09:26:55.000000Z couchdb@127.0.0.1 <0.9.0> -------- Application couch_log started",
    ),
    templates=(
        r"\[{level=[a-z]{4,9}}\] {time} {text=[^\s@]{1,128}@[^\s]{1,128}:couchdb.node} {text=<[0-9.]{3,32}>:couchdb.process}"
        r" {text=[0-9a-f]{10}:couchdb.request_id} {server=[^\s]{1,255}} {client=[0-9A-Fa-f.:]{2,45}} {user=[^\s]{1,255}}"
        r" {body={method} {path}(?:\?{query})?} {status} {text=[a-z_]{1,32}:couchdb.outcome} {int=[0-9]{1,10}:couchdb.duration_ms}",
        r"\[{level=[a-z]{4,9}}\] {time} {text=[^\s@]{1,128}@[^\s]{1,128}:couchdb.node}"
        r" {text=<[0-9.]{3,32}>|[^\s]{1,64}:couchdb.process} {text=[0-9a-f]{10}|-{1,16}:couchdb.request_id} {body}",
        r"\[{time=[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} {clock} [A-Z]{3}}\] \[{level=[a-z]{4,9}}\]"
        r" \[{text=<[0-9.]{3,32}>:couchdb.process}\] {client=[0-9A-Fa-f.:]{2,45}} - {user=[^\s]{1,255}} {body={method} {path}"
        r"(?:\?{query})? {status}}",
        r"\[{time=[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} {clock} [A-Z]{3}}\] \[{level=[a-z]{4,9}}\]"
        r" \[{text=<[0-9.]{3,32}>:couchdb.process}\] {body}",
    ),
    specificity=0.98,
)

ARANGODB: Final = shaped(
    "arangodb",
    "ArangoDB log",
    "https://docs.arangodb.com/stable/operations/administration/log-levels/",
    samples=(
        "2024-03-14T09:26:53Z [1] INFO [prepare@EngineSelectorFeature.cpp:187] [144fe] using storage engine 'rocksdb'",
        "2024-03-14T09:26:54Z [4711] WARNING [ad4b2] {memory} maximum number of memory mappings is too low",
        "2024-03-14T09:26:55.123456+01:00 [4711-3] ERROR [0f1c7] {general} cannot open the journal",
    ),
    templates=(
        r"{time} \[{pid}(?:[/-]{thread=[^\]\n]{1,128}})?\] {level=[A-Z]{4,7}} "
        r"(?:\[{function=[\w~<>]{1,128}}@{file=[^\]\n:]{1,256}}:{line}\] )?\[{text=[0-9a-f]{5}:arangodb.id}\] "
        r"(?:\{{text=[\w-]{1,64}:arangodb.topic}\} )?{body}",
    ),
    specificity=0.97,
)

RETHINKDB: Final = shaped(
    "rethinkdb",
    "RethinkDB log_file",
    "https://rethinkdb.com/docs/config-file/",
    samples=(
        "2024-03-14T09:26:53.426623100 0.017351s notice: Loading data from directory /data/rethinkdb_data",
        "2024-03-14T09:26:54.000000001 3600.000000s error: Cannot bind to [::]:29015",
    ),
    templates=(
        r"{time={day}T{clock}\.[0-9]{1,9}} {number=[0-9]{1,12}(?:\.[0-9]{1,9})?:rethinkdb.uptime_s}s"
        r" {level=debug|info|notice|warn|error}: {body}",
    ),
    specificity=0.97,
)

VOLTDB: Final = shaped(
    "voltdb",
    "VoltDB server log",
    "https://docs.voltactivedata.com/AdminGuide/LogConfig.php",
    samples=(
        "2024-03-14 09:26:53,881   DEBUG [Periodic Priority Work] GC: GC for ParNew: 5 ms for 1 collections",
        "2024-03-14 09:26:54,000   INFO  [qtp2074658615-90] AUTH: Authenticated user ada from 192.0.2.17. And so on.",
    ),
    templates=(
        r"{time={day} {clock},[0-9]{3}} {3}{level=[A-Z]{4,5}} {1,2}\[{thread=[^\n]{1,256}?}\] {logger=[A-Z][\w.-]{0,63}}: {body}",
    ),
    finds=(r"^Authenticated user {user=[^\s]{1,128}} from {endpoint=[^\s]{1,64}?:client}[.,]?(?: |$)",),
    specificity=0.96,
    alone=False,
)

SINGLESTORE: Final = shaped(
    "singlestore",
    "SingleStore (MemSQL) trace log",
    "https://docs.singlestore.com/db/latest/user-and-cluster-administration/cluster-health-and-performance/using-trace-logs/",
    samples=(
        "2024-03-14 09:26:53.500   INFO: Thread 114994: AddInstance: Adding new partition instance (partition main:2)",
        "4711 2024-03-14 09:26:54.123   WARN: Thread 7: ntp reports a large offset",
    ),
    templates=(
        r"(?:{int=[0-9]{1,20}:singlestore.uptime_us} )?{time={day} {clock}\.[0-9]{3,6}}:? {1,3}{level=[A-Z]{4,7}}: (?:"
        r"(?:Thread|thread) {tid}(?: \([^)\n]{0,256}\))?: )?{body=(?:{function=[A-Za-z_][\w:~]{0,127}}: )?.*+}",
    ),
    sieve=rf"(?:[0-9]{{1,20}} )?{DAY} {CLOCK}\.[0-9]{{3,6}}:? {{1,3}}[A-Z]{{4,7}}: [Tt]hread ",
    specificity=0.95,
    alone=False,
)

CEPH: Final = shaped(
    "ceph",
    "Ceph daemon and cluster log",
    "https://docs.ceph.com/en/latest/rados/troubleshooting/log-and-debug/",
    samples=(
        "2024-03-14 09:26:53.025198 mon.node-1 unknown.0 - 0 :  [INF] mkfs 9f7d54f4-56b0-4f37-ab0a-eeaf198fd8f6",
        "2024-03-14 09:26:54.471 7f26c2813700  1 mon.node-1@0(leader).log v15 check_sub sending message to mgr.4110",
        "2024-03-14T09:26:55.123456+0000 mgr.node-1 (mgr.4110) 87 : cluster [DBG] pgmap v61: 33 pgs",
        "2024-03-14T09:26:56.123+0000 7f26c2813700 -1 osd.3 12 heartbeat_check: no reply from 192.0.2.17:6806",
    ),
    templates=(
        r"{time={day}[T ]{clock}\.[0-9]{3,6}(?:[+-][0-9]{4})?} {thread=[0-9a-f]{8,16}} {1,2}"
        r"{number=-1|[0-9]{1,2}:ceph.level_number} {body}",
        r"{time={day}[T ]{clock}\.[0-9]{3,6}(?:[+-][0-9]{4})?} {text=[a-z]{2,12}\.[^\s]{1,128}:ceph.daemon}"
        r" {text=\([^)\n]{1,64}\)|[^\s]{1,64}:ceph.rank}(?: {text=[^\s]{1,128}:ceph.address})? {int=[0-9]{1,18}:ceph.sequence} :"
        r" {text=[a-z]{0,16}:ceph.channel} ?\[{level=DBG|INF|SEC|WRN|ERR}\] {body}",
    ),
    specificity=0.96,
    levels={"SEC": 10},
    alone=False,
)

ETCD: Final = shaped(
    "etcd",
    "etcd log before 3.4 (capnslog)",
    "https://etcd.io/docs/v3.3/op-guide/configuration/",
    samples=(
        "2024-03-14 09:26:53.714594 W | rafthttp: lost the TCP streaming connection with peer d282ac2ce600c1ce",
        "2024-03-14 09:26:54.000000 I | etcdserver/api: enabled capabilities for version 3.3",
    ),
    templates=(r"{time={day} {clock}\.[0-9]{6}} {level=[CEWNIDT]} \| {logger=[\w/.-]{1,64}}: {body}",),
    specificity=0.97,
    single_line=True,
)

FORMATS: Final = (CASSANDRA, CLICKHOUSE, COUCHDB, ARANGODB, RETHINKDB, VOLTDB, SINGLESTORE, CEPH, ETCD)
