"""What Java programs write: Log4j and Logback layouts, Hadoop's family, Spring Boot, JBoss, java.util.logging.

The layouts that several of these share are told apart by what stands where: logger before a dash or a
colon, thread before or behind the level.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.patterned import ISO, REST, patterned
from chalicelib.core.formats.starts import CLOCK
from chalicelib.core.formats.times import MONTH

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_TIME: Final = rf"(?P<time>{ISO})"
_BRACKETED: Final = r"[^\[\]\n]*+(?:\[[^\[\]\n]*+\][^\[\]\n]*+)*+"
_THREAD: Final = rf"\[(?P<thread>{_BRACKETED})\]"
_LEVEL: Final = r"(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)"
_LOGGER: Final = r"(?P<logger>[A-Za-z_$][\w$.@/-]{0,199})"
_PLACE: Final = r"\((?P<file>[\w$.<>-]{1,100}):(?P<function>[\w$<>]{1,100})\((?P<line>[0-9]{1,7})\)\)"
_ELAPSED: Final = r"(?:(?P<elapsed>[0-9]{1,18}) (?P<context>[0-9]{1,18}) - )?+"
_START: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"

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


LOG4J: Final = patterned(
    "log4j",
    "Log4j and Logback: time, thread, level, logger, message",
    "https://logging.apache.org/log4j/2.x/manual/pattern-layout.html",
    samples=(
        "2024-03-14 09:26:53,123 [main] INFO  org.example.Shop - order 17 accepted",
        "2024-03-14 09:26:54.007 [pool-1-thread-2] ERROR o.e.Pay - payment failed\n"
        "java.io.IOException: reset\n"
        "\tat org.example.Pay.send(Pay.java:42)\n"
        "Caused by: java.net.SocketException: closed\n"
        "\t... 12 more",
        "2024-03-14 09:26:55 WARN  org.example.Stock:217 - only 3 left",
        "2024-03-14 09:26:56,000 INFO  org.example.Shop  - shift 7 ends",
    ),
    patterns=(
        rf"{_TIME} {_THREAD} {_LEVEL} {{1,2}}{_LOGGER}(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}-(?: |(?=\n|$)){_ELAPSED}{REST}",
        rf"{_TIME} {{1,2}}{_LEVEL} {{1,2}}{_LOGGER}(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}-(?: |(?=\n|$)){_ELAPSED}{REST}",
        rf"{_TIME} {_LEVEL} {{1,2}}{_THREAD} {_LOGGER}(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}-(?: |(?=\n|$)){REST}",
        rf"{_TIME} {_LEVEL} {{1,2}}{_LOGGER} {_THREAD} {REST}",
        rf"{_TIME} (?P<thread>[A-Za-z][\w.-]{{0,99}})(?: operationID=(?P<operation>\S{{0,100}}))? {{1,3}}{_LEVEL} {{1,2}}(?P<logger>(?:[\w$]{{1,100}}\.){{2,20}}[\w$]{{1,100}}) {REST}",
        rf"{_TIME} {_LEVEL} {{1,2}}(?P<service>[\w.-]{{1,100}})\[(?P<pid>[0-9]{{1,10}}):(?P<thread>[^\]\n]{{1,100}})\] \[CorId=(?P<operation>[^\]\n]{{0,100}})\] \[(?P<logger>[\w$.]{{1,200}})\] {REST}",
        rf"{_TIME} {{0,3}}\| {_LEVEL} {{0,2}}\| {_LOGGER} - {REST}",
    ),
    start=rf"{_START}[^\s]{{0,16}} [^\n]",
    specificity=0.84,
    names={"elapsed": "log4j.elapsed_ms", "context": "log4j.context", "operation": "vmware.operation_id"},
    numbers=frozenset(("elapsed",)),
)
LOGBACK: Final = patterned(
    "logback",
    "Logback's own layout: time of day, thread, level, logger, message",
    "https://logback.qos.ch/manual/configuration.html",
    samples=(
        "09:26:53.123 [main] DEBUG org.example.Shop - opening",
        "09:26:53.129 [main] ERROR org.example.Shop -- order 17 failed\n"
        "java.lang.IllegalStateException: no stock\n"
        "\tat org.example.Shop.sell(Shop.java:17)",
    ),
    patterns=(
        rf"(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[.,][0-9]{{3}}) {_THREAD} {_LEVEL} {{1,2}}{_LOGGER}"
        rf"(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}--? {REST}",
    ),
    start=r"[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3} \[",
    specificity=0.9,
    names={"clock": "time_of_day"},
)
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
    patterns=(
        rf"{_TIME} {_LEVEL} {{1,2}}(?:{_THREAD}:? )?+{_LOGGER} {_PLACE} - {REST}",
        rf"{_TIME} {_LEVEL} {{1,2}}{_THREAD}:? {_LOGGER}:(?: |(?=\n|$)){REST}",
        rf"{_TIME} {_LEVEL} {{1,2}}(?P<logger>[A-Za-z_$][\w$@/-]{{0,99}}(?:\.[\w$@/-]{{1,99}}){{1,20}}):(?: |(?=\n|$)){REST}",
    ),
    start=rf"{_START}[^\s]{{0,16}} (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) ",
    specificity=0.85,
    details=_add_audit,
)
SPRING_BOOT: Final = patterned(
    "spring_boot",
    "Spring Boot console",
    "https://docs.spring.io/spring-boot/reference/features/logging.html#features.logging.log-format",
    samples=(
        "2024-03-14T09:26:53.123+01:00  INFO 4711 --- [shop] [           main] org.example.ShopApplication  : Starting",
        "2024-03-14 09:26:54.123 ERROR 4711 --- [nio-8080-exec-1] o.e.Pay                                  : no money\n"
        "org.example.PayException: no money\n"
        "\tat org.example.Pay.send(Pay.java:42) ~[shop.jar:1.2]",
        "2024-03-14 09:26:55.123  WARN [shop,463ac35c9f6413ad,a2fb4a1d1a96d312] 4711 --- [pool-1] o.e.Stock : low",
    ),
    patterns=(
        rf"{_TIME} {{1,2}}{_LEVEL} (?:\[(?P<application>[^\[\],\n]{{0,100}}),(?P<trace>[^\[\],\n]{{0,64}}),(?P<span>[^\[\],\n]{{0,64}})"
        r"(?:,[^\[\]\n]{0,32})?\] )?+(?P<pid>[0-9]{1,10}|\?\?) --- "
        rf"(?:\[(?P<service>[^\[\],\n]{{1,100}})\] (?=\[))?+{_THREAD} (?:\[(?P<correlation>[^\[\]\n]{{0,128}})\] )?+"
        rf"(?P<logger>\S{{1,200}}) *+: ?{REST}",
    ),
    start=rf"{_START}[^\s]{{0,16}} {{1,2}}[A-Z]{{4,5}} [^\n]{{0,200}}? --- \[",
    specificity=0.95,
    names={"application": "service.name", "correlation": "spring.correlation"},
)
JBOSS: Final = patterned(
    "jboss",
    "JBoss, WildFly, Keycloak: time, level, [logger], (thread), message",
    "https://docs.wildfly.org/32/Admin_Guide.html#Logging",
    samples=(
        "2024-03-14 09:26:53,123 INFO  [org.jboss.as] (Controller Boot Thread) WFLYSRV0025: started in 1807ms",
        "09:26:53,129 ERROR [org.example.Pay] (default task-1) no money: java.lang.RuntimeException: no\n\tat org.example.Pay.send(Pay.java:42)",
    ),
    patterns=(
        rf"(?:{_TIME}|(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}},[0-9]{{3}})) {_LEVEL} {{1,2}}\[(?P<logger>[\w$.-]{{1,200}})\] "
        rf"\((?P<thread>[^()\n]{{1,200}}(?:\([^()\n]{{0,100}}\)[^()\n]{{0,100}})?)\) {REST}",
    ),
    start=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}[,.][0-9]{3} [A-Z]{4,5} {1,2}\[[\w$.-]{1,200}\] \(",
    specificity=0.92,
    names={"clock": "time_of_day"},
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
    patterns=(
        rf"{_TIME} (?:\[myid:(?P<peer>[^\[\]\n]{{0,20}})\] )?+- {_LEVEL} {{1,2}}"
        rf"\[(?P<thread>(?:[^\[\]\n:@]|\[[^\[\]\n]{{0,100}}\]|:(?=[^\n@]{{0,200}}:)){{0,200}}+):(?P<logger>[\w$.]{{1,200}})@(?P<line>[0-9]{{1,7}})\] - {REST}",
    ),
    start=rf"{_START}[^\s]{{0,16}} (?:\[myid:[^\n\]]{{0,20}}\] )?- [A-Z]{{4,5}} {{1,2}}\[",
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
    patterns=(
        rf"(?P<time>[0-9]{{2}}/[0-9]{{2}}/[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}) {_LEVEL} {{1,2}}{_LOGGER}:(?: |(?=\n|$)){REST}",
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
    patterns=(
        r"(?P<y>[0-9]{2})(?P<mo>[0-9]{2})(?P<d>[0-9]{2}) (?P<h>[0-9]{2})(?P<mi>[0-9]{2})(?P<s>[0-9]{2}) "
        rf"(?P<pid>[0-9]{{1,10}}) {_LEVEL} {{1,2}}{_LOGGER}:(?: |(?=\n|$)){REST}",
    ),
    start=r"[0-9]{6} [0-9]{6} [0-9]{1,10} [A-Z]{4,5} ",
    specificity=0.95,
)
JAVA_UTIL_LOGGING: Final = patterned(
    "java_util_logging",
    "java.util.logging: time, class and method; level and message below or behind",
    "https://docs.oracle.com/en/java/javase/21/docs/api/java.logging/java/util/logging/SimpleFormatter.html",
    samples=(
        "Mar 14, 2024 9:26:53 AM org.example.Shop open\nINFO: the shop is open",
        "Mar 14, 2024 9:26:54 PM org.example.Pay send\nSEVERE: payment failed\n"
        "java.io.IOException: reset\n"
        "\tat org.example.Pay.send(Pay.java:42)",
        "Thu Mar 14 09:26:55 CET 2024 org.example.Shop close INFO: closing",
        "Mar 14, 2024, 9:26:56 AM org.example.Shop open\nWARNING: late",
    ),
    patterns=(
        rf"(?P<mo>{MONTH}[a-z]{{0,6}}\.?) (?P<d>[0-9]{{1,2}}), (?P<y>[0-9]{{4}}),? (?P<h>[0-9]{{1,2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})"
        rf"[ \u202f](?P<half>[AaPp][Mm]) (?P<logger>[^\s]{{1,200}})(?: (?P<function>[^\s:]{{1,200}}))?+\s(?P<level>[A-Z]{{4,7}}): {REST}",
        rf"(?:[A-Z][a-z]{{2}} )(?P<mo>{MONTH}) (?P<d>[ 0-9]?[0-9]) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}}) (?P<z>[A-Z]{{3,5}}) (?P<y>[0-9]{{4}})"
        rf" (?P<logger>[^\s]{{1,200}})(?: (?P<function>[^\s:]{{1,200}}))?+\s(?P<level>[A-Z]{{4,7}}): {REST}",
    ),
    start=rf"(?:{MONTH}[a-z]{{0,6}}\.? [0-9]{{1,2}}, [0-9]{{4}},? {CLOCK}|[A-Z][a-z]{{2}} {MONTH} [ 0-9]?[0-9] {CLOCK} [A-Z]{{3,5}} [0-9]{{4}} [\w$]+\.)",
    specificity=0.93,
)
TOMCAT: Final = patterned(
    "tomcat_juli",
    "Tomcat's one-line JULI formatter",
    "https://tomcat.apache.org/tomcat-10.1-doc/logging.html",
    samples=(
        "14-Mar-2024 09:26:53.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [520] milliseconds",
        "14-Mar-2024 09:26:54.001 SEVERE [http-nio-8080-exec-1] org.example.Pay.send failed\n\tjava.io.IOException: reset\n\t\tat org.example.Pay.send(Pay.java:42)",
    ),
    patterns=(
        rf"(?P<time>[0-9]{{2}}-{MONTH}-[0-9]{{4}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{1,9}}) (?P<level>[A-Z]{{4,7}}) {_THREAD} "
        rf"(?P<logger>[\w$.]{{1,200}})\.(?P<function>[\w$<>]{{1,100}})(?: |(?=\n|$)){REST}",
    ),
    start=rf"[0-9]{{2}}-{MONTH}-[0-9]{{4}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{1,9}} [A-Z]{{4,7}} \[",
    specificity=0.95,
)
WEBLOGIC: Final = patterned(
    "weblogic",
    "Oracle WebLogic server",
    "https://docs.oracle.com/en/middleware/standalone/weblogic-server/14.1.1.0/wllog/logging_services.html",
    samples=(
        "####<Mar 14, 2024, 9:26:53,123 AM EST> <Info> <WebLogicServer> <shop-1> <AdminServer> <main> <<WLS Kernel>> <>"
        " <d77d9327-0000007e> <1710426413123> <[severity-value: 64] [rid: 0] > <BEA-000238> <Shutdown has completed.>",
        "####<Mar 14, 2024 9:26:54 PM GMT> <Error> <Socket> <shop-1> <AdminServer> <[ACTIVE] ExecuteThread: '1'> <ada>"
        " <> <> <1710451614000> <BEA-000449> <Closing the socket.>",
    ),
    patterns=(
        rf"####<(?P<mo>{MONTH}) (?P<d>[0-9]{{1,2}}), (?P<y>[0-9]{{4}}),? (?P<h>[0-9]{{1,2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})(?:,(?P<f>[0-9]{{1,9}}))?+"
        r"[ \u202f](?P<half>[AP]M)(?: (?P<z>[A-Z]{3,5}|GMT[+-][0-9:]{4,6}))?> <(?P<level>[A-Za-z]{1,20})> <(?P<subsystem>[^<>\n]{0,100})> "
        r"<(?P<host>[^<>\n]{0,200})> <(?P<server>[^<>\n]{0,200})> <(?P<thread>[^\n]{0,300}?)> <(?P<user>[^<>\n]{0,200}|<[^<>\n]{0,200}>)> "
        r"<(?P<transaction>[^<>\n]{0,200})> <(?P<diagnostic>[^<>\n]{0,200})> <(?P<millis>[0-9]{1,18})> (?:<(?P<extra>[^<>\n]{0,500})> )?"
        r"<(?P<event>[^<>\n]{0,64})> <(?P<body>[^\n]*?)> ?(?=\n|$)",
        rf"####<(?P<mo>{MONTH}) (?P<d>[0-9]{{1,2}}), (?P<y>[0-9]{{4}}),? (?P<h>[0-9]{{1,2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})(?:,(?P<f>[0-9]{{1,9}}))?+"
        rf"[ \u202f](?P<half>[AP]M)(?: (?P<z>[A-Z]{{3,5}}))?> <(?P<level>[A-Za-z]{{1,20}})> {REST}",
    ),
    start=r"####<[A-Z][a-z]{2} ",
    specificity=0.98,
    names={
        "subsystem": "weblogic.subsystem", "server": "weblogic.server", "transaction": "weblogic.transaction_id",
        "diagnostic": "weblogic.diagnostic_context_id", "millis": "weblogic.raw_time", "event": "weblogic.message_id",
    },
    numbers=frozenset(("millis",)),
)  # fmt: skip
ACTIVEMQ: Final = patterned(
    "activemq",
    "ActiveMQ: parts between bars; its audit log",
    "https://activemq.apache.org/components/classic/documentation/how-do-i-change-the-logging",
    samples=(
        "2024-03-14 09:26:53,123 | INFO  | Connector openwire started | org.apache.activemq.broker.TransportConnector | main",
        "INFO  | admin requested /admin/createDestination.action [JMSDestination='[Test]' ] from  192.0.2.17 at 14-03-2024 09:26:53,123 | qtp10-40",
        "2024-03-14 09:26:54,573 [AUDIT](RMI TCP Connection(15)-192.0.2.77) AMQ601170: User ada@192.0.2.77 is getting messages",
    ),
    patterns=(
        rf"{_TIME} \| {_LEVEL} {{0,2}}\| (?P<body>[^\n]*) \| {_LOGGER} \| (?P<thread>[^|\n]{{1,200}})(?=\n|$)",
        rf"{_LEVEL} {{1,2}}\| (?P<body>(?P<user>\S{{1,200}}+) (?:requested|called) (?P<path>\S{{1,500}}+)[^\n]* from {{1,2}}(?P<client>[^\s]{{1,64}}))"
        r" at (?P<d>[0-9]{2})-(?P<mo>[0-9]{2})-(?P<y>[0-9]{4}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2}),(?P<f>[0-9]{3}) \| (?P<thread>[^|\n]{1,200})(?=\n|$)",
        rf"{_LEVEL} {{1,2}}\| (?P<body>(?P<user>\S{{1,200}}+) (?:requested|called) (?P<path>\S{{1,500}}+)[^\n]*)"
        r" at (?P<d>[0-9]{2})-(?P<mo>[0-9]{2})-(?P<y>[0-9]{4}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2}),(?P<f>[0-9]{3}) \| (?P<thread>[^|\n]{1,200})(?=\n|$)",
        rf"{_TIME} \[(?P<level>AUDIT)\]\((?P<thread>[^\n]{{1,200}}?)\) (?P<event>AMQ[0-9]{{1,9}}): (?P<body>(?:User (?P<user>[^\s@]{{1,200}})@(?P<client>\S{{1,64}}))?[^\n]*+)",
    ),
    start=rf"(?:{_START}[^\s]{{0,16}} (?:\| [A-Z]{{4,5}} {{0,2}}\| |\[AUDIT\]\()|[A-Z]{{4,5}} {{1,2}}\| \S{{1,200}} (?:requested|called) )",
    specificity=0.93,
    levels={"AUDIT": 9},
)
PRESTO_HTTP: Final = patterned(
    "presto_http",
    "Presto and Trino HTTP requests, tab-separated",
    "https://prestodb.io/docs/current/admin/properties.html",
    samples=(
        "2024-03-14T09:26:53.123-08:00\t192.0.2.17\tGET\t/v1/service/presto/general\tnull\t303d05b6-54f6\t200\t0\t40\t390\t80a8b225\tHTTP/1.1\t0\t0\t0\tnull",
        "2024-03-14T09:26:54.123Z\t2001:db8::5\tPOST\t/v1/statement\tada\tcli/1\t200\t17\t940\t12\t80a8b226\tHTTP/1.1\t0\t1\t2\tnull",
    ),
    patterns=(
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

FORMATS: Final = (
    LOG4J, LOGBACK, HADOOP, SPRING_BOOT, JBOSS, ZOOKEEPER, SPARK, HDFS_COMPACT, JAVA_UTIL_LOGGING, TOMCAT, WEBLOGIC,
    ACTIVEMQ, PRESTO_HTTP,
)  # fmt: skip
