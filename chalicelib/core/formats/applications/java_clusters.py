"""What Hadoop's family and its neighbours write: HDFS, ZooKeeper, Spark, Presto."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.applications.java import LEVEL, LOGGER, THREAD
from chalicelib.core.formats.dates import ISO_START
from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.patterned import REST, TIME, patterned

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_PLACE: Final = r"\((?P<file>[\w$.<>-]{1,100}):(?P<function>[\w$<>]{1,100})\((?P<line>[0-9]{1,7})\)\)"

_AUDIT: Final = re.compile(
    r"\b(allowed|ugi|ip|cmd|src|dst|perm|proto)=(?:/(?=[0-9]))?([^\t\n]*?)(?=[\t ][a-z]{2,12}=|\t|\n|$)"
)
_AUDIT_NAMES: Final = {"ugi": "user.name", "ip": "client.address", "src": "file.path"}


def _add_audit(fields: dict[str, Value], body: str) -> None:
    """The parts of a line of HDFS's audit log; as `add_login` else."""
    if not body.startswith("allowed="):
        add_login(fields, body)
        return
    for name, value in _AUDIT.findall(body[:4096]):
        if value and value != "null":
            fields[_AUDIT_NAMES.get(name, f"hdfs.{name}")] = value


HADOOP: Final = patterned(
    "hadoop",
    "Hadoop, HDFS, YARN, HBase, Hive: time, level, thread, logger, message",
    "https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-common/ClusterSetup.html#Logging",
    samples=(
        "2024-03-14 09:26:53,123 INFO org.apache.hadoop.hdfs.server.datanode.DataNode: Receiving block blk_17",
        "2024-03-14 09:26:53,123 WARN  datanode.DataNode (BlockReceiver.java:flushOrSync(419)) - Slow flush took 318ms",
        "2024-03-14 09:26:54,000 INFO [Thread-106 #3] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: killed 17",
        "2024-03-14T09:26:55,000 INFO  [main]: service.AbstractService (AbstractService.java:start(104)) - started",
        "2024-03-14 09:26:56,500 ERROR org.example.Job: lost\norg.example.LostException: gone\n\tat org.example.Job.run(Job.java:7)",
    ),
    templates=(
        rf"{TIME} {LEVEL} {{1,2}}(?:{THREAD}:? )?+{LOGGER} {_PLACE} - {REST}",
        rf"{TIME} {LEVEL} {{1,2}}{THREAD}:? {LOGGER}:(?: |(?=\n|$)){REST}",
        rf"{TIME} {LEVEL} {{1,2}}(?P<logger>[A-Za-z_$][\w$@/-]{{0,99}}(?:\.[\w$@/-]{{1,99}}){{1,20}}):(?: |(?=\n|$)){REST}",
    ),
    start=rf"{ISO_START}[^\s]{{0,16}} (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) ",
    specificity=0.85,
    details=_add_audit,
)
ZOOKEEPER: Final = patterned(
    "zookeeper",
    "ZooKeeper: time - level [thread:class@line] - message",
    "https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_logging",
    samples=(
        "2024-03-14 09:26:53,123 - INFO  [QuorumPeer[myid=1]/0.0.0.0:2181:FastLeaderElection@774] - Notification time out: 3200",
        "2024-03-14 09:26:54,123 [myid:1] - WARN  [SendWorker:188978561024:QuorumCnxManager$SendWorker@679] - Interrupted",
        "2024-03-14 09:26:55,500 [myid:] - INFO  [main:o.a.z.s.ZooKeeperServer@260] - tickTime set",
    ),
    templates=(
        rf"{TIME} (?:\[myid:(?P<peer>[^\[\]\n]{{0,20}})\] )?+- {LEVEL} {{1,2}}"
        rf"\[(?P<thread>(?:[^\[\]\n:@]|\[[^\[\]\n]{{0,100}}\]|:(?=[^\n@]{{0,200}}:)){{0,200}}+):(?P<logger>[\w$.]{{1,200}})@(?P<line>[0-9]{{1,7}})\] - {REST}",
    ),
    start=rf"{ISO_START}[^\s]{{0,16}} (?:\[myid:[^\n\]]{{0,20}}\] )?- [A-Z]{{4,5}} {{1,2}}\[",
    specificity=0.93,
    names={"peer": "zookeeper.myid"},
)
SPARK: Final = patterned(
    "spark",
    "Spark: two-digit year, level, logger, message",
    "https://spark.apache.org/docs/latest/configuration.html#configuring-logging",
    samples=(
        "24/03/14 09:26:53 INFO executor.CoarseGrainedExecutorBackend: Got assigned task 87",
        "24/03/14 09:26:54 ERROR Executor: Exception in task 1.0\njava.lang.OutOfMemoryError: heap\n\tat org.example.Job.run(Job.java:7)",
    ),
    templates=(
        rf"(?P<time>[0-9]{{2}}/[0-9]{{2}}/[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}) {LEVEL} {{1,2}}{LOGGER}:(?: |(?=\n|$)){REST}",
    ),
    start=r"[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [A-Z]{4,5} ",
    specificity=0.9,
)
HDFS_COMPACT: Final = patterned(
    "hdfs_compact",
    "HDFS with a compact time: yymmdd hhmmss pid level logger: message",
    "https://github.com/logpai/loghub/tree/master/HDFS",
    samples=(
        "240314 092653 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_38 terminating",
        "240314 092654 26 WARN dfs.FSNamesystem: over replicated: 192.0.2.7:50010",
    ),
    templates=(
        r"(?P<y>[0-9]{2})(?P<mo>[0-9]{2})(?P<d>[0-9]{2}) (?P<h>[0-9]{2})(?P<mi>[0-9]{2})(?P<s>[0-9]{2}) "
        rf"(?P<pid>[0-9]{{1,10}}) {LEVEL} {{1,2}}{LOGGER}:(?: |(?=\n|$)){REST}",
    ),
    start=r"[0-9]{6} [0-9]{6} [0-9]{1,10} [A-Z]{4,5} ",
    specificity=0.95,
)
PRESTO_HTTP: Final = patterned(
    "presto_http",
    "Presto and Trino HTTP requests, tab-separated",
    "https://prestodb.io/docs/current/admin/properties.html",
    samples=(
        "2024-03-14T09:26:53.123-08:00\t192.0.2.17\tGET\t/v1/service/presto/general\tnull\t303d05b6-54f6\t200\t0\t40\t390\t80a8b225\tHTTP/1.1\t0\t0\t0\tnull",
        "2024-03-14T09:26:54.123Z\t2001:db8::5\tPOST\t/v1/statement\tada\tcli/1\t200\t17\t940\t12\t80a8b226\tHTTP/1.1\t0\t1\t2\tnull",
    ),
    templates=(
        r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[^\t\n]{8,30})\t(?P<client>[^\t\n]{1,64})\t(?P<body>(?P<method>[A-Z]{3,10})\t(?P<path>[^\t\n?]{1,4000})(?:\?(?P<query>[^\t\n]{0,4000}))?)"
        r"\t(?P<user>[^\t\n]{0,200})\t(?P<agent>[^\t\n]{0,1000})\t(?P<status>[0-9]{3})\t(?P<request_size>[0-9-]{1,18})\t(?P<size>[0-9-]{1,18})\t(?P<took>[0-9-]{1,18})"
        r"(?:\t(?P<token>[^\t\n]{0,200})(?:\t(?:HTTP/)?(?P<version>[^\t\n]{0,16})(?:\t(?P<extra>[^\n]*+))?)?)?(?=\n|$)",
    ),
    start=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^\t\n]{8,30}\t[0-9A-Fa-f.:]{3,45}\t[A-Z]{3,10}\t/",
    specificity=0.97,
    names={"took": "presto.time_to_last_byte_ms", "token": "presto.trace_token", "extra": "extra"},
    numbers=frozenset(("took",)),
    single_line=True,
)

FORMATS: Final = (HADOOP, ZOOKEEPER, SPARK, HDFS_COMPACT, PRESTO_HTTP)
