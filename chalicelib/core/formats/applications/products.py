"""Single applications whose lines have a shape of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.dates import ISO, ISO_START
from chalicelib.core.formats.patterned import LEVEL, REST, TIME, patterned
from chalicelib.core.formats.times import MONTH

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_ADDRESS: Final = r"[0-9A-Fa-f.:]{3,45}"
_REQUEST: Final = r"\"(?P<method>[A-Z]{3,10}) (?P<path>[^\s?\"]{1,4000})(?:\?(?P<query>[^\s\"]{0,4000}))?(?: HTTP/(?P<version>[0-9.]{1,4}))?\""

_BACULA: Final = tuple(
    (f"bacula.{name}", re.compile(pattern))
    for name, pattern in (
        ("client", r"\bClient: ([\w.-]{1,128})"),
        ("volume", r"\bVolume \"([^\"\n]{1,128})\""),
        ("error", r"\bERR=([^\n]{1,300})"),
    )
)


def _add_bacula(fields: dict[str, Value], body: str) -> None:
    for name, pattern in _BACULA:
        if match := pattern.search(body):
            fields[name] = match[1]


AMBARI: Final = patterned(
    "ambari_alerts",
    "Apache Ambari alerts",
    "https://docs.cloudera.com/HDPDocuments/Ambari-2.7.5.0/managing-and-monitoring-ambari/content/amb_managing_alerts.html",
    samples=(
        "2024-03-14 09:26:53,799 [OK] [HARD] [HDFS] [datanode_webui] (DataNode Web UI) HTTP 200 response in 0.000s",
        "2024-03-14 09:26:54,799 [CRITICAL] [SOFT] [YARN] [yarn_nodemanager] (NodeManager Health) Connection refused",
    ),
    templates=(
        rf"{TIME} \[(?P<level>OK|WARNING|CRITICAL|UNKNOWN|SKIPPED)\] \[(?P<firmness>[A-Z]{{1,10}})\] \[(?P<service>[^\]\n]{{1,64}})\] \[(?P<alert>[^\]\n]{{1,100}})\] \((?P<label>[^)\n]{{1,200}})\) {REST}",
    ),
    start=rf"{ISO_START}[^\s]{{0,8}} \[(?:OK|WARNING|CRITICAL|UNKNOWN|SKIPPED)\] \[[A-Z]{{1,10}}\] \[",
    specificity=0.97,
    names={"firmness": "ambari.firmness", "alert": "ambari.alert", "label": "ambari.alert_label"},
    levels={"OK": 9, "SKIPPED": 9, "UNKNOWN": 13},
)
TORCHSERVE: Final = patterned(
    "torchserve",
    "TorchServe: access, metrics and model logs",
    "https://pytorch.org/serve/logging.html",
    samples=(
        '2024-03-14T09:26:53,817 [INFO ] W-9003-shop_1 ACCESS_LOG - /192.0.2.17:65308 "POST /predictions/shop HTTP/1.1" 200 12',
        "2024-03-14T09:26:54,817 [INFO ] pool-3-thread-1 TS_METRICS - CPUUtilization.Percent:0.0|#Level:Host|#hostname:web-1,timestamp:1710408414",
        "2024-03-14T09:26:55,817 [ERROR] W-9000-shop_1.0 org.pytorch.serve.wlm.WorkerThread - Backend worker error",
    ),
    templates=(
        rf"{TIME} \[(?P<level>[A-Z]{{4,5}}) {{0,1}}\] (?P<thread>[^\n]{{1,128}}?) (?P<logger>ACCESS_LOG) - (?P<body>/\[?(?P<client>[^\s\[\]]{{1,45}})\]?:(?P<port>[0-9]{{1,5}}) {_REQUEST} (?P<status>[0-9]{{3}}) (?P<took>[0-9]{{1,18}})[^\n]*+)",
        rf"{TIME} \[(?P<level>[A-Z]{{4,5}}) {{0,1}}\] (?P<thread>[^\n]{{1,128}}?) (?P<logger>[A-Za-z_][\w.$]{{0,199}}) - {REST}",
    ),
    start=rf"{ISO_START}[^\s]{{1,8}} \[(?:[A-Z]{{5}}|[A-Z]{{4}} )\] ",
    specificity=0.91,
    names={"took": "torchserve.duration_ms"},
    numbers=frozenset(("took",)),
)
ZONEMINDER: Final = patterned(
    "zoneminder",
    "ZoneMinder",
    "https://zoneminder.readthedocs.io/en/stable/userguide/logging.html",
    samples=(
        '03/14/24 09:26:53.359785 web_php[118919].ERR [192.0.2.17] [Login denied for user "ada"] at /srv/auth.php line 313',
        "03/14/24, 09:26:54 PM MST.557710 zmc_m1[254894].INF [zm_monitor.cpp:42] [images: 17]",
    ),
    templates=(
        r"(?P<mo>[0-9]{2})/(?P<d>[0-9]{2})/(?P<y>[0-9]{2}),? (?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})(?: (?P<half>[AP]M))?(?: (?P<z>[A-Z]{3,4}))?\.(?P<f>[0-9]{1,6}) (?P<service>[\w-]{1,64})\[(?P<pid>[0-9]{1,10})\]\.(?P<level>[A-Z]{2,3}[0-9]?) "
        rf"(?:\[(?P<client>{_ADDRESS})\] )?{REST}",
    ),
    start=r"[0-9]{2}/[0-9]{2}/[0-9]{2},? [0-9:]{7,8}(?: [AP]M)?(?: [A-Z]{3,4})?\.[0-9]{1,6} [\w-]{1,64}\[",
    specificity=0.97,
    levels={"ERR": 17, "WAR": 13, "INF": 9, "FAT": 21, "PNC": 24, "DB1": 5, "DB2": 5, "DB3": 5, "DB4": 5},
)
THEHIVE: Final = patterned(
    "thehive",
    "TheHive, Play framework: [level] logger [trace] message",
    "https://docs.strangebee.com/",
    samples=(
        "[info] o.t.s.AccessLogFilter [1e60d1e5e2a1741f|2989d0704d3c364c] 192.0.2.17 POST /api/v1/login took 8ms and returned 401 65 bytes",
        "[warn] o.t.s.u.Retry [1e60d1e5e2a1741f|2989d0704d3c364d] try again",
    ),
    templates=(
        rf"\[(?P<level>[a-z]{{4,5}})\] (?P<logger>[\w.$]{{1,200}}) \[(?P<trace>[0-9a-f]{{1,32}})?\|(?P<span>[0-9a-f]{{1,32}})?\] (?P<body>(?P<client>{_ADDRESS}) (?P<method>[A-Z]{{3,10}}) (?P<path>[^\s?]{{1,4000}})(?:\?(?P<query>\S{{0,4000}}))? took (?P<took>[0-9]{{1,12}})ms and returned (?P<status>[0-9]{{3}}) (?P<size>[0-9]{{1,18}}) bytes)",
        rf"\[(?P<level>[a-z]{{4,5}})\] (?P<logger>[\w.$]{{1,200}}) \[(?P<trace>[0-9a-f]{{1,32}})?\|(?P<span>[0-9a-f]{{1,32}})?\] {REST}",
    ),
    start=r"\[(?:trace|debug|info|warn|error)\] [\w.$]{1,200} \[[0-9a-f]{0,32}\|[0-9a-f]{0,32}\] ",
    specificity=0.97,
    names={"took": "thehive.duration_ms"},
    numbers=frozenset(("took",)),
)
STATSD: Final = patterned(
    "statsd",
    "StatsD and Node's util.log: day month time - message",
    "https://nodejs.org/docs/latest-v18.x/api/util.html#utillogstring",
    samples=("9 Mar 09:26:53 - DEBUG: flushing stats", "14 Mar 09:26:54 - server is up"),
    templates=(
        rf"(?P<d>[0-9]{{1,2}}) (?P<mo>{MONTH}) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}}) - (?:(?P<level>{LEVEL}|LOG): )?{REST}",
    ),
    start=rf"[0-9]{{1,2}} {MONTH} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} - ",
    specificity=0.94,
)
BACULA: Final = patterned(
    "bacula",
    "Bacula",
    "https://www.bacula.org/documentation/documentation/",
    samples=(
        "14-Mar 09:26 dc0-dir JobId 13: Error: Could not stat /srv/a.sql: ERR=No such file or directory",
        '14-Mar 09:27 dc0-sd: All records pruned from Volume "06D125L3"; marking it "Purged"',
        "14-Mar 09:28 bacula-dir JobId 11: Fatal error: bsock.c:133 Unable to connect to Client: dc0-fd on dc0.example.org:9102. ERR=Connection refused",
    ),
    templates=(
        rf"(?P<d>[0-9]{{2}})-(?P<mo>{MONTH})(?:-(?P<y>[0-9]{{4}}))? (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}})(?::(?P<s>[0-9]{{2}}))? (?P<host>[\w.-]{{1,128}})(?: JobId (?P<job>[0-9]{{1,12}}))?: *+"
        r"(?P<body>(?:(?P<level>Fatal error|Error|Warning|Warn): )?[^\n]*+)",
    ),
    start=rf"[0-9]{{2}}-{MONTH}(?:-[0-9]{{4}})? [0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})? [\w.-]{{1,128}}(?: JobId [0-9]{{1,12}})?:",
    specificity=0.95,
    names={"job": "bacula.job_id"},
    details=_add_bacula,
    numbers=frozenset(("job",)),
    levels={"Fatal error": 21},
)
KATELLO: Final = patterned(
    "puppet_kafo",
    "Kafo installers (Katello, Foreman): [LEVEL time logger] message",
    "https://github.com/theforeman/kafo",
    samples=(
        "[DEBUG 2024-03-14 09:26:53 main]  /Stage[main]/Certs/Exec[create exchange]: Failed: ConnectError",
        "[ERROR 2024-03-14T09:26:54 verbose]  qpid-config returned 1 instead of one of [0]",
    ),
    templates=(rf"\[ ?(?P<level>[A-Z]{{4,6}}) {TIME} (?P<logger>[\w.-]{{1,64}})\] {{0,2}}{REST}",),
    start=rf"\[ ?[A-Z]{{4,6}} {ISO_START} [\w.-]{{1,64}}\] ",
    specificity=0.93,
)
EXCHANGE_SMTP: Final = patterned(
    "exchange_smtp",
    "Exchange SMTP protocol log lines without their header",
    "https://learn.microsoft.com/en-us/exchange/mail-flow/connectors/protocol-logging",
    samples=(
        "2024-03-14T09:26:53.270Z,EXCHANGE-1\\Default Frontend,08DA4F7C11473A60,9,192.0.2.1:25,198.51.100.7:53722,>,535 5.7.3 Authentication unsuccessful,",
        '2024-03-14T09:26:54.270Z,EXCHANGE-1\\Default Frontend,08DA4F7C11473A60,10,192.0.2.1:25,[2001:db8::5]:53722,<,"MAIL FROM:<ada@example.org>, SIZE=17",',
    ),
    templates=(
        rf"{TIME},(?P<connector>[^,\n]{{0,200}}),(?P<session>[0-9A-F]{{8,32}}),(?P<sequence>[0-9]{{1,9}}),\[?(?P<server>[^,\n]{{0,64}}?)\]?(?::(?P<server_port>[0-9]{{1,5}}))?,\[?(?P<client>[^,\n]{{0,64}}?)\]?(?::(?P<port>[0-9]{{1,5}}))?,"
        r"(?P<event>[+<>*-]?),\"?(?P<body>[^\n]*?)\"?,(?P<context>[^,\n]{0,500})(?=\n|$)",
    ),
    start=rf"{ISO_START}\.[0-9]{{3}}Z,[^,\n]{{0,200}},[0-9A-F]{{8,32}},[0-9]{{1,9}},",
    specificity=0.97,
    names={
        "connector": "exchange.connector_id",
        "session": "session.id",
        "sequence": "exchange.sequence_number",
        "context": "exchange.context",
        "event": "exchange.event",
    },
    numbers=frozenset(("sequence",)),
    single_line=True,
)
EXCHANGE_CONNECTIVITY: Final = patterned(
    "exchange_connectivity",
    "Exchange connectivity log lines without their header",
    "https://learn.microsoft.com/en-us/exchange/mail-flow/transport-logs/connectivity-logging",
    samples=(
        "2024-03-14T09:26:53.093Z,,Transport,,*,service started; MaxConcurrentSubmissions=80",
        "2024-03-14T09:26:54.093Z,08D1,SMTP,example.org,+,DnsConnectorDelivery 8a54",
    ),
    templates=(
        rf"{TIME},(?P<session>[0-9A-F]{{0,32}}),(?P<source>[A-Za-z]{{1,32}}),(?P<destination>[^,\n]{{0,255}}),(?P<event>[+*>-]),\"?{REST}",
    ),
    start=rf"{ISO_START}\.[0-9]{{3}}Z,[0-9A-F]{{0,32}},[A-Za-z]{{1,32}},[^,\n]{{0,255}},[+*>-],",
    specificity=0.96,
    names={
        "session": "session.id",
        "source": "exchange.source",
        "destination": "destination.address",
        "event": "exchange.direction",
    },
    single_line=True,
)
REQUEST_LINES: Final = patterned(
    "bracketed_requests",
    "Requests of Baserow and Joplin Server",
    "https://joplinapp.org/help/dev/spec/architecture/",
    samples=(
        ' [BACKEND][2024-03-14 09:26:53] 192.0.2.17:0 - "POST /api/user/token-auth/ HTTP/1.1" 401',
        "09:26:54 1|app  | 2024-03-14 09:26:54: App: 192.0.2.17: 38 B: POST /login (403) (1ms)",
        "2024-03-14 09:26:55: App: 2001:db8::5: 1.2 KB: GET /api/items?limit=1 (200) (12ms)",
    ),
    templates=(
        rf" ?\[(?P<service>[\w -]{{1,32}})\] ?\[(?P<time>{ISO})\] (?P<body>(?P<client>{_ADDRESS}?):(?P<port>[0-9]{{1,5}}) - {_REQUEST} (?P<status>[0-9]{{3}})[^\n]*+)",
        rf"(?:[0-9:]{{8}} [0-9]{{1,3}}\|[^\n|]{{1,32}}\| )?(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}}): (?P<logger>\w{{1,32}}): (?P<body>(?P<client>{_ADDRESS}): (?P<bytes>[0-9.]{{1,12}}) (?P<unit>[kKMG]?B): (?P<method>[A-Z]{{3,10}}) (?P<path>[^\s?]{{1,4000}})(?:\?(?P<query>\S{{0,4000}}))? \((?P<status>[0-9]{{3}})\) \((?P<took>[0-9]{{1,12}})ms\))(?=\n|$)",
    ),
    start=rf"(?: ?\[[\w -]{{1,32}}\] ?\[{ISO_START}[^\]\n]{{0,8}}\] {_ADDRESS} - \"|(?:[0-9:]{{8}} [0-9]{{1,3}}\|[^\n|]{{1,32}}\| )?[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}}: \w{{1,32}}: {_ADDRESS}: [0-9.]{{1,12}} [kKMG]?B: )",
    specificity=0.97,
    names={"bytes": "joplin.size", "unit": "joplin.size_unit", "took": "joplin.duration_ms"},
    numbers=frozenset(("took", "bytes")),
)
WEAVE: Final = patterned(
    "weave_npc",
    "Weave network policy controller",
    "https://github.com/weaveworks/weave",
    samples=(
        "WARN: 2024/03/14 09:26:53.228275 UDP connection from 192.0.2.17:68 to 198.51.100.7:67 blocked by Weave NPC.",
        "WARN: 2024/03/14 09:26:54.228275 TCP connection from 192.0.2.17:6800 to 198.51.100.7:80 blocked by Weave NPC.",
    ),
    templates=(
        r"(?P<level>[A-Z]{4,5}): (?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9}) (?P<body>(?P<transport>[A-Z]{3,6}) connection from (?P<client>[0-9A-Fa-f.:]{3,45}?):(?P<port>[0-9]{1,5}) to (?P<destination>[0-9A-Fa-f.:]{3,45}?):(?P<destination_port>[0-9]{1,5}) blocked[^\n]*+)",
    ),
    start=r"[A-Z]{4,5}: [0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}\.[0-9]{1,9} [A-Z]{3,6} connection from ",
    specificity=0.97,
    names={
        "transport": "network.transport",
        "destination": "destination.address",
        "destination_port": "destination.port",
    },
    numbers=frozenset(("destination_port",)),
)
TCF: Final = patterned(
    "tcf",
    "Eclipse target communication framework",
    "https://eclipse.dev/tcf/",
    samples=(
        'TCF 30:11.475: 0: ---> C 4 RunControl getChildren "P1" <eom>',
        "TCF 30:11.476: Server-Properties: {}",
    ),
    templates=(
        r"TCF (?P<clock>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?\.[0-9]{3}): (?:(?P<channel>[0-9]{1,6}): (?P<direction>--->|<---) )?(?P<body>[^\n]*+)",
    ),
    start=r"TCF [0-9]{2}:[0-9]{2}(?::[0-9]{2})?\.[0-9]{3}: ",
    specificity=0.97,
    names={"clock": "time_of_day", "channel": "tcf.channel", "direction": "tcf.direction"},
)
FORMATS: Final = (
    AMBARI, TORCHSERVE, ZONEMINDER, THEHIVE, STATSD, BACULA, KATELLO, EXCHANGE_SMTP, EXCHANGE_CONNECTIVITY,
    REQUEST_LINES, WEAVE, TCF,
)  # fmt: skip
