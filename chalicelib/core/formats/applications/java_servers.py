"""What servers written in Java write: Tomcat, WebLogic, ActiveMQ."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.applications.java import LEVEL, THREAD
from chalicelib.core.formats.dates import ISO_START
from chalicelib.core.formats.patterned import REST, TIME, patterned
from chalicelib.core.formats.times import MONTH

TOMCAT: Final = patterned(
    "tomcat_juli",
    "Tomcat's one-line JULI formatter",
    "https://tomcat.apache.org/tomcat-10.1-doc/logging.html",
    samples=(
        "14-Mar-2024 09:26:53.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [520] milliseconds",
        "14-Mar-2024 09:26:54.001 SEVERE [http-nio-8080-exec-1] org.example.Pay.send failed\n\tjava.io.IOException: reset\n\t\tat org.example.Pay.send(Pay.java:42)",
    ),
    templates=(
        rf"(?P<time>[0-9]{{2}}-{MONTH}-[0-9]{{4}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{1,9}}) (?P<level>[A-Z]{{4,7}}) {THREAD} "
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
    templates=(
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
    templates=(
        rf"{TIME} \| {LEVEL} {{0,2}}\| (?P<body>[^\n]*) \| (?P<logger>[\w$./-]{{1,200}}) \| (?P<thread>[^|\n]{{1,200}})(?=\n|$)",
        rf"{LEVEL} {{1,2}}\| (?P<body>(?P<user>\S{{1,200}}+) (?:requested|called) (?P<path>\S{{1,500}}+)[^\n]* from {{1,2}}(?P<client>[^\s]{{1,64}}))"
        r" at (?P<d>[0-9]{2})-(?P<mo>[0-9]{2})-(?P<y>[0-9]{4}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2}),(?P<f>[0-9]{3}) \| (?P<thread>[^|\n]{1,200})(?=\n|$)",
        rf"{LEVEL} {{1,2}}\| (?P<body>(?P<user>\S{{1,200}}+) (?:requested|called) (?P<path>\S{{1,500}}+)[^\n]*)"
        r" at (?P<d>[0-9]{2})-(?P<mo>[0-9]{2})-(?P<y>[0-9]{4}) (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2}),(?P<f>[0-9]{3}) \| (?P<thread>[^|\n]{1,200})(?=\n|$)",
        rf"{TIME} \[(?P<level>AUDIT)\]\((?P<thread>[^\n]{{1,200}}?)\) (?P<event>AMQ[0-9]{{1,9}}): (?P<body>(?:User (?P<user>[^\s@]{{1,200}})@(?P<client>\S{{1,64}}))?[^\n]*+)",
    ),
    start=rf"(?:{ISO_START}[^\s]{{0,16}} (?:\| [A-Z]{{4,5}} {{0,2}}\| |\[AUDIT\]\()|[A-Z]{{4,5}} {{1,2}}\| \S{{1,200}} (?:requested|called) )",
    specificity=0.93,
    levels={"AUDIT": 9},
)

LOGSTASH: Final = patterned(
    "logstash_text",
    "Logstash's own log: time, level, logger, pipeline, plugin",
    "https://www.elastic.co/guide/en/logstash/current/logging.html",
    samples=(
        '[2024-03-14T09:26:53,123][INFO ][logstash.javapipeline    ][main] Pipeline started {"pipeline.id"=>"main"}',
        "[2024-03-14T09:26:54,123][INFO ][logstash.agent           ] Pipelines running {:count=>1, :running_pipelines=>[:main]}",
        "[2024-03-14T09:26:55,123][WARN ][logstash.outputs.elasticsearch][main][0b5c8634ef141ac114100ba36c195cbc17b83124bada1f8e7e4de5cfef180c4a]"
        " Attempted to resurrect connection",
    ),
    templates=(
        rf"\[{TIME}\]\[(?P<level>[A-Z]{{3,8}}) {{0,3}}\]\[(?P<logger>(?:org\.)?logstash\.[\w.$:-]{{1,200}}) *+\](?:\[(?P<pipeline>[^\]\n]{{1,256}})\](?:\[(?P<plugin>[^\]\n]{{1,256}})\])?)? {REST}",
        rf"\[{TIME}\]\[(?P<level>[A-Z]{{3,8}}) {{0,3}}\]\[(?P<logger>(?:org\.)?logstash\.[\w.$:-]{{1,200}}) *+\]{REST}",
    ),
    start=rf"\[{ISO_START},[0-9]{{3}}\]\[[A-Z]{{3,8}} {{0,3}}\]\[(?:org\.)?logstash\.",
    specificity=0.97,
    names={"pipeline": "logstash.pipeline.id", "plugin": "logstash.plugin.id"},
)

FORMATS: Final = (TOMCAT, WEBLOGIC, ACTIVEMQ, LOGSTASH)
