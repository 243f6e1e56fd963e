"""Logs of distributed and of large commercial databases."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import CLOCK, DAY, MONTH
from chalicelib.core.formats.patterned import shaped

COUCHBASE: Final = shaped(
    "couchbase",
    "Couchbase Server (ns_server) log",
    "https://docs.couchbase.com/server/current/manage/manage-logging/manage-logging.html",
    samples=(
        "[ns_server:info,2024-03-14T09:26:53.123Z,ns_1@127.0.0.1:<0.123.0>:ns_config_log:log_common:231]config change",
        "[stats:error,2024-03-14T09:26:54.000+01:00,ns_1@db-1.example.org:stats_collector<0.7.0>:stats:get:12]no stats",
    ),
    templates=(
        r"\[{text=[\w.-]{1,64}:couchbase.component}:{level=[a-z]{4,9}},{time={day}T{clock}\.[0-9]{3}"
        r"(?:Z|[+-][0-9]{2}:[0-9]{2})?},{text=[^:\s]{1,128}:couchbase.node}:{text=[^:\n]{1,128}"
        r"(?:<[0-9.]{3,32}>)?:couchbase.process}:{logger=\w{1,64}}:{function=[\w'/-]{1,64}}:{line=[0-9]{1,6}}\]{body}",
    ),
    start=rf"\[[\w.-]{{1,64}}:[a-z]{{4,9}},{DAY}T{CLOCK}",
    specificity=0.98,
)

COCKROACH: Final = shaped(
    "cockroachdb",
    "CockroachDB log (crdb-v1, crdb-v2)",
    "https://www.cockroachlabs.com/docs/stable/log-formats",
    samples=(
        "I240314 09:26:53.123456 17 1@server/node.go:533 ⋮ [n1,client=192.0.2.17:51022] 42  node connected via gossip",
        "W240314 09:26:54.000001 4711 kv/kvserver/store.go:1234  [n1,s1] slow heartbeat",
    ),
    templates=(
        r"{level=[IWEF]}{time=[0-9]{6} {clock}\.[0-9]{6}} {int=[0-9]{1,12}:cockroachdb.goroutine} "
        r"(?:{int=[0-9]{1,3}:cockroachdb.channel}@)?(?:\(gostd\) )?{file=[\w./+-]{1,256}}:{line} {1,2}(?:⋮ )?"
        r"(?:\[{text=[^\]\n]{0,512}:cockroachdb.tags}\] ?)?(?:{int=[0-9]{1,18}:cockroachdb.counter} [ =+|])?{body}",
    ),
    start=rf"[IWEF][0-9]{{6}} {CLOCK}",
    sieve=rf"[IWEF][0-9]{{6}} {CLOCK}\.[0-9]{{6}} [0-9]{{1,12}} ",
    specificity=0.97,
)

TIDB: Final = shaped(
    "tidb",
    "TiDB, TiKV and PD log",
    "https://github.com/tikv/rfcs/blob/master/text/0018-unified-log-format.md",
    samples=(
        '[2024/03/14 09:26:53.123 +08:00] [INFO] [server.go:245] ["server is running MySQL protocol"] [addr=0.0.0.0:4000]',
        '[2024/03/14 09:26:54.000 +00:00] [WARN] [domain/domain.go:17] [reload] [err="timeout, no leader"] [conn=7]',
    ),
    templates=(
        r"\[{time=[0-9]{4}/[0-9]{2}/[0-9]{2} {clock}\.[0-9]{3} [+-][0-9]{2}:[0-9]{2}}\] \[{level=[A-Z]{4,8}}\]"
        r" \[{file=[\w./-]{1,256}}:{line}\] \[\"?{body=(?:[^\"\]\\\n]|\\.){0,8192}+}\"?\](?: {text=.*+:tidb.fields})?",
    ),
    specificity=0.98,
)

AEROSPIKE: Final = shaped(
    "aerospike",
    "Aerospike server log",
    "https://aerospike.com/docs/server/operations/monitor/logs/",
    samples=(
        "Mar 14 2024 09:26:53 GMT: INFO (info): (ticker.c:171) NODE-ID bb9f00f01142 CLUSTER-SIZE 1",
        "Mar 14 2024 09:26:54.123 GMT+0100: WARNING (as): (as.c:421) could not bind",
    ),
    templates=(
        r"{time={month} [0-9]{2} [0-9]{4} {clock}(?:\.[0-9]{3})? GMT(?:[+-][0-9]{1,4})?}:"
        r" {level=[A-Z]{4,8}} \({logger=[\w-]{1,32}}\): \({file=[\w./-]{1,128}}:{line}\) {body}",
    ),
    specificity=0.98,
    single_line=True,
)

SCYLLA: Final = shaped(
    "scylladb",
    "ScyllaDB log",
    "https://docs.scylladb.com/manual/stable/getting-started/logging.html",
    samples=(
        "INFO  2024-03-14 09:26:53,123 [shard 0] compaction - Compacted 2 sstables to [shop/orders]",
        "ERROR 2024-03-14 09:26:54,000 [shard 12:stmt] storage_proxy - exception during mutation write",
    ),
    templates=(
        r"{level=TRACE|DEBUG|INFO|WARN|ERROR} {1,2}{time={day} {clock},[0-9]{3}} \[shard {1,3}{int=[0-9]{1,5}:scylla.shard}"
        r"(?::{text=[\w-]{1,32}:scylla.group})?\] {logger=[\w.-]{1,64}} - {body}",
    ),
    specificity=0.97,
    whole=True,
)

VERTICA: Final = shaped(
    "vertica",
    "Vertica vertica.log",
    "https://docs.vertica.com/latest/en/admin/monitoring/monitoring-log-files/",
    samples=(
        "2024-03-14 09:26:53.003 TM Moveout:0x7f2f5bfff700-a0000000011 [Txn] <INFO> Begin Txn: a0000000011 'Moveout'",
        "2024-03-14 09:26:54.123 Init Session:7f8e2a7fc700 <LOG> @v_shop_node0001: 00000/2705: Connection received",
    ),
    templates=(
        r"{time={day} {clock}\.[0-9]{3}} {thread=[^\n]{1,128}?}:{text=0x[0-9a-f]{4,16}|[0-9a-f]{6,16}:vertica.thread}"
        r"(?:-{text=[0-9a-f]{1,20}:vertica.transaction})? (?:\[{text=[\w ]{1,32}:vertica.component}\] )?<{level=[A-Z]{3,10}}>"
        r"(?: @{text=[\w.-]{1,64}:vertica.node}:)? {body}",
    ),
    specificity=0.97,
    levels={"LOG": 9, "ROLLBACK": 17, "INTERNAL": 17, "TIMER": 9},
    alone=False,
)

ORACLE: Final = shaped(
    "oracle_alert",
    "Oracle Database alert log, text",
    "https://docs.oracle.com/en/database/oracle/oracle-database/19/admin/managing-diagnostic-data.html",
    samples=(
        "2024-03-14T09:26:53.123456+01:00\nThread 1 advanced to log sequence 17 (LGWR switch)\n"
        "  Current log# 2 seq# 17 mem# 0: /u01/redo02.log",
        "Thu Mar 14 09:26:54 2024\nErrors in file /u01/trace/orcl_ora_4711.trc:\nORA-00600: internal error code",
    ),
    templates=(
        r"{time={day}T{clock}\.[0-9]{6}[+-][0-9]{2}:[0-9]{2}}\n{body}",
        r"{time=(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {month} [ 0-9][0-9] {clock} [0-9]{4}}\n{body}",
    ),
    finds=(r"{text=\b(?:ORA|TNS|RMAN)-[0-9]{4,5}:db.response.status_code}(?![0-9])",),
    start=rf"{DAY}T{CLOCK}\.[0-9]{{6}}[+-][0-9]{{2}}:[0-9]{{2}}\r?$|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {MONTH} [ 0-9][0-9] {CLOCK} [0-9]{{4}}\r?$",
    sieve=rf"{DAY}T{CLOCK}\.[0-9]{{6}}[+-][0-9]{{2}}:[0-9]{{2}}(?:$|\n)|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {MONTH} [ 0-9][0-9] {CLOCK} [0-9]{{4}}(?:$|\n)",
    own_lines=True,
    specificity=0.9,
    alone=False,
    whole=True,
)

FORMATS: Final = (COUCHBASE, COCKROACH, TIDB, AEROSPIKE, SCYLLA, VERTICA, ORACLE)
