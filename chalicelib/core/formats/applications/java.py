"""What Java programs write: Log4j and Logback layouts, Spring Boot, JBoss, java.util.logging.

The layouts that several of these share are told apart by what stands where: logger before a dash or a
colon, thread before or behind the level.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import ISO_START
from chalicelib.core.formats.patterned import REST, TIME, patterned
from chalicelib.core.formats.starts import CLOCK
from chalicelib.core.formats.times import MONTH

_BRACKETED: Final = r"[^\[\]\n]*+(?:\[[^\[\]\n]*+\][^\[\]\n]*+)*+"
THREAD: Final = rf"\[(?P<thread>{_BRACKETED})\]"
LEVEL: Final = r"(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)"
LOGGER: Final = r"(?P<logger>[A-Za-z_$][\w$.@/-]{0,199})"
_ELAPSED: Final = r"(?:(?P<elapsed>[0-9]{1,18}) (?P<context>[0-9]{1,18}) - )?+"

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
    templates=(
        rf"{TIME} {THREAD} {LEVEL} {{1,2}}{LOGGER}(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}-(?: |(?=\n|$)){_ELAPSED}{REST}",
        rf"{TIME} {{1,2}}{LEVEL} {{1,2}}{LOGGER}(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}-(?: |(?=\n|$)){_ELAPSED}{REST}",
        rf"{TIME} {LEVEL} {{1,2}}{THREAD} {LOGGER}(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}-(?: |(?=\n|$)){REST}",
        rf"{TIME} {LEVEL} {{1,2}}{LOGGER} {THREAD} {REST}",
        rf"{TIME} (?P<thread>[A-Za-z][\w.-]{{0,99}})(?: operationID=(?P<operation>\S{{0,100}}))? {{1,3}}{LEVEL} {{1,2}}(?P<logger>(?:[\w$]{{1,100}}\.){{2,20}}[\w$]{{1,100}}) {REST}",
        rf"{TIME} {LEVEL} {{1,2}}(?P<service>[\w.-]{{1,100}})\[(?P<pid>[0-9]{{1,10}}):(?P<thread>[^\]\n]{{1,100}})\] \[CorId=(?P<operation>[^\]\n]{{0,100}})\] \[(?P<logger>[\w$.]{{1,200}})\] {REST}",
        rf"{TIME} {{0,3}}\| {LEVEL} {{0,2}}\| {LOGGER} - {REST}",
    ),
    start=rf"{ISO_START}[^\s]{{0,16}} [^\n]",
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
    templates=(
        rf"(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[.,][0-9]{{3}}) {THREAD} {LEVEL} {{1,2}}{LOGGER}"
        rf"(?::(?P<line>[0-9]{{1,7}}))?+ {{1,2}}--? {REST}",
    ),
    start=r"[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3} \[",
    specificity=0.9,
    names={"clock": "time_of_day"},
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
    templates=(
        rf"{TIME} {{1,2}}{LEVEL} (?:\[(?P<application>[^\[\],\n]{{0,100}}),(?P<trace>[^\[\],\n]{{0,64}}),(?P<span>[^\[\],\n]{{0,64}})"
        r"(?:,[^\[\]\n]{0,32})?\] )?+(?P<pid>[0-9]{1,10}|\?\?) --- "
        rf"(?:\[(?P<service>[^\[\],\n]{{1,100}})\] (?=\[))?+{THREAD} (?:\[(?P<correlation>[^\[\]\n]{{0,128}})\] )?+"
        rf"(?P<logger>\S{{1,200}}) *+: ?{REST}",
    ),
    start=rf"{ISO_START}[^\s]{{0,16}} {{1,2}}[A-Z]{{4,5}} [^\n]{{0,200}}? --- \[",
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
    templates=(
        rf"(?:{TIME}|(?P<clock>[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}},[0-9]{{3}})) {LEVEL} {{1,2}}\[(?P<logger>[\w$.-]{{1,200}})\] "
        rf"\((?P<thread>[^()\n]{{1,200}}(?:\([^()\n]{{0,100}}\)[^()\n]{{0,100}})?)\) {REST}",
    ),
    start=r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}[,.][0-9]{3} [A-Z]{4,5} {1,2}\[[\w$.-]{1,200}\] \(",
    specificity=0.92,
    names={"clock": "time_of_day"},
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
    templates=(
        rf"(?P<mo>{MONTH}[a-z]{{0,6}}\.?) (?P<d>[0-9]{{1,2}}), (?P<y>[0-9]{{4}}),? (?P<h>[0-9]{{1,2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})"
        rf"[ \u202f](?P<half>[AaPp][Mm]) (?P<logger>[^\s]{{1,200}})(?: (?P<function>[^\s:]{{1,200}}))?+\s(?P<level>[A-Z]{{4,7}}): {REST}",
        rf"(?:[A-Z][a-z]{{2}} )(?P<mo>{MONTH}) (?P<d>[ 0-9]?[0-9]) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}}) (?P<z>[A-Z]{{3,5}}) (?P<y>[0-9]{{4}})"
        rf" (?P<logger>[^\s]{{1,200}})(?: (?P<function>[^\s:]{{1,200}}))?+\s(?P<level>[A-Z]{{4,7}}): {REST}",
    ),
    start=rf"(?:{MONTH}[a-z]{{0,6}}\.? [0-9]{{1,2}}, [0-9]{{4}},? {CLOCK}|[A-Z][a-z]{{2}} {MONTH} [ 0-9]?[0-9] {CLOCK} [A-Z]{{3,5}} [0-9]{{4}} [\w$]+\.)",
    specificity=0.93,
)
JVM_UNIFIED: Final = patterned(
    "jvm_unified",
    "The JVM's unified logging, of garbage collection and others: time, uptime, process, thread, level, tags",
    "https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html#enable-logging-with-the-jvm-unified-logging-framework",
    samples=(
        "[0.005s][info][gc] Using G1",
        "[2024-03-14T09:26:53.123+0100][1.204s][info   ][gc,start    ] GC(0) Pause Young (Normal) (G1 Evacuation Pause)",
        "[2024-03-14T09:26:54.007+0100][4711][5123][warning][safepoint] Timeout detected",
    ),
    templates=(
        rf"(?=\[(?:[0-9]{{4}}-|[0-9.,]{{1,24}}(?:s|ms|ns)\]))(?:\[{TIME}\])?(?:\[{ISO_START}[^\]\n]{{0,16}}\])?(?:\[(?P<uptime>[0-9]{{1,12}}[.,][0-9]{{3}})s\])?"
        r"(?:\[[0-9]{13}ms\])?(?:\[(?P<uptime_ms>[0-9]{1,12})ms\])?(?:\[[0-9]{1,20}ns\]){0,2}"
        r"(?:\[(?P<host>[A-Za-z][\w.-]{0,255})(?<!info)(?<!error)(?<!debug)(?<!trace)(?<!warning)\])?"
        r"(?:\[(?P<pid>[0-9]{1,10})\])?(?:\[(?P<tid>[0-9]{1,10})\])?\[(?P<level>error|warning|info|debug|trace) *\]\[(?P<logger>[a-z0-9]{1,32}(?:,[a-z0-9]{1,32}){0,8}) *\] ?"
        rf"{REST}",
    ),
    start=rf"\[(?:{ISO_START}[^\s\[\]]{{0,16}}|[0-9]{{1,12}}[.,][0-9]{{3}}s|[0-9]{{1,19}}[mn]s)\](?:\[[\w.,:+-]{{1,64}}\]){{0,8}}\[(?:error|warning|info|debug|trace) *\]\[[a-z0-9,]{{1,200}} *\]",
    specificity=0.93,
    names={"uptime": "jvm.uptime_s", "uptime_ms": "jvm.uptime_ms"},
    numbers=frozenset(("uptime", "uptime_ms")),
)

FORMATS: Final = (LOG4J, LOGBACK, SPRING_BOOT, JBOSS, JAVA_UTIL_LOGGING, JVM_UNIFIED)
