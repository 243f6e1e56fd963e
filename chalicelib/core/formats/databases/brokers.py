"""Logs of message brokers, and of the Erlang stores that log as RabbitMQ does."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.databases.shapes import Shapes
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.framing import Framing

_LEVEL: Final = r"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"

_KAFKA: Final = Shapes(
    patterns=(
        rf"\[(?P<when>{DAY} {CLOCK},[0-9]{{3}})\] (?P<level>{_LEVEL}) {{1,2}}"
        r"(?:\[(?P<component>[^\]\n]{1,256})\]:? )?(?P<body>[^\n]*?) ?\((?P<logger>[\w$.-]{1,256})(?::(?P<line>[0-9]{1,6}))?\)"
        r"(?:\n(?:(?P<trace>(?P<exception>[\w$.]{1,256}(?:Exception|Error|Throwable|Failure|Fault)\b[\w$]{0,64})(?:: (?P<because>[^\n]{0,4096}))?(?:\n.*+)?)|(?P<extra>.*+)))?",
        rf"\[(?P<when>{DAY} {CLOCK},[0-9]{{3}})\] (?P<level>{_LEVEL}) (?P<body>[^\[\n][^\n]*+\n.*\((?P<logger>[\w$]{{1,64}}(?:\.[\w$]{{1,64}}){{1,16}})\))",
    ),
    prefix="kafka.",
    names={
        "operation": "kafka.operation",
        "destination": "messaging.destination.name",
        "partition": "messaging.destination.partition.id",
    },
    texts=frozenset(("component", "operation", "destination", "partition")),
    finds=(
        r"^Principal = (?:User:)?(?P<user>[^\s]{1,128}) is (?P<decision>Allowed|Denied) [^\n]{0,24}?Operation = (?P<operation>\w{1,64}) .{0,256}?from host = (?P<client>[^\s]{1,64})",
        r"(?:partition |[Tt]opic-partition )(?P<destination>[\w.-]{1,249})-(?P<partition>[0-9]{1,6})(?![\w.])",
    ),
)
KAFKA: Final = Format(
    name="kafka",
    title="Apache Kafka and ZooKeeper (log4j: time, level, message, logger)",
    source="https://github.com/apache/kafka/blob/trunk/config/log4j2.yaml",
    samples=(
        "[2024-03-14 09:26:53,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",
        "[2024-03-14 09:26:54,403] INFO Starting ZkClient event thread. (org.I0Itec.zkclient.ZkEventThread)",
        "[2024-03-14 09:26:55,000] ERROR [ReplicaManager broker=1] Error processing append on partition orders-3"
        " (kafka.server.ReplicaManager)\njava.io.IOException: No space left on device\n\tat org.example.Log.append(Log.java:42)",
    ),
    make_parser=_KAFKA.parser,
    patterns=_KAFKA.patterns,
    specificity=0.95,
    framing=Framing(entry_start=entry_start(rf"\[{DAY} {CLOCK},")),
    sieve=rf"\[{DAY} {CLOCK},[0-9]{{3}}\] {_LEVEL} ",
)

_PEER: Final = r"[0-9A-Fa-f.:\[\]]{2,45}:[0-9]{1,5}"
_CONNECTION: Final = (
    rf"connection (?P<connection><[0-9.]{{3,32}}>) \((?P<client>{_PEER}) -> (?P<server>{_PEER})",
    r"[Uu]ser:? '(?P<user>(?:[^'\n]|'(?=\w)){1,128})'",
    r"vhost:? '(?P<vhost>[^'\n]{1,128})'",
)
_REPORTS: Final = {"CRASH": 17, "SUPERVISOR": 17, "PROGRESS": 9}
_RABBITMQ: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK}(?:\.[0-9]{{3,6}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?) \[(?P<level>[a-z]{{4,9}})\] "
        r"(?P<process><[0-9.]{3,32}>)(?: {1,2}|(?=\n)|$)(?P<body>.*+)",
        rf"=(?P<level>[A-Z]{{4,10}}) REPORT==== (?P<when>[0-9]{{1,2}}-[A-Z][a-z]{{2}}-[0-9]{{4}}::{CLOCK}(?:\.[0-9]{{3,6}})?) ===(?:\n(?P<body>.*+))?",
    ),
    prefix="rabbitmq.",
    names={"vhost": "rabbitmq.vhost", "connection": "rabbitmq.connection"},
    texts=frozenset(("process", "connection", "vhost")),
    finds=_CONNECTION,
    levels=_REPORTS,
)
RABBITMQ: Final = Format(
    name="rabbitmq",
    title="RabbitMQ log, 3.7 and later, and the reports before",
    source="https://www.rabbitmq.com/docs/logging",
    samples=(
        "2024-03-14 09:26:53.123456+00:00 [info] <0.8.0> Server startup complete; 4 plugins started.",
        "2024-03-14 09:26:54.215 [warning] <0.715.0> closing AMQP connection <0.715.0> (192.0.2.17:51022 ->"
        " 198.51.100.1:5672, vhost: '/', user: 'ada'):\nclient unexpectedly closed TCP connection",
        "=INFO REPORT==== 14-Mar-2024::09:26:55 ===\n"
        "accepting AMQP connection <0.123.0> (192.0.2.17:51022 -> 198.51.100.1:5672)",
    ),
    make_parser=_RABBITMQ.parser,
    patterns=_RABBITMQ.patterns,
    specificity=0.96,
    framing=Framing(entry_start=entry_start(rf"=[A-Z]{{4,10}} REPORT====|{DAY} {CLOCK}[^\n]{{0,16}} \[")),
    sieve=rf"=[A-Z]{{4,10}} REPORT==== [0-9]|{DAY} {CLOCK}[^ \[\n]{{0,16}} \[[a-z]{{4,9}}\] <[0-9.]{{3,32}}>(?!@)",
    whole=True,
)

_LAGER: Final = Shapes(
    patterns=(
        rf"(?P<when>{DAY} {CLOCK}(?:\.[0-9]{{3,6}})?) \[(?P<level>[a-z]{{4,9}})\] (?!<[0-9.]{{3,32}}>@[^:\s]{{1,128}} )(?:(?P<process><[0-9.]{{3,32}}>)?"
        r"(?:@(?P<module>[\w'@]{1,128}):(?P<function>[\w'<>/-]{1,128}):(?P<line>[0-9]{1,6})|(?<=>))|(?P<emulator>emulator)) (?P<body>.*+)",
        rf"(?P<when>{DAY} {CLOCK}) =(?P<kind>(?P<level>[A-Z]{{4,10}}) REPORT)====(?: (?P<more>[^\n]{{0,256}}))?(?:\n(?P<body>.*+))?",
    ),
    prefix="riak.",
    names={"module": "log.logger"},
    texts=frozenset(("process", "module", "emulator")),
    levels=_REPORTS,
)
RIAK: Final = Format(
    name="riak",
    title="Riak, VerneMQ and other Erlang logs (lager: console.log, error.log, crash.log)",
    source="https://docs.riak.com/riak/kv/latest/using/reference/logging/index.html",
    samples=(
        "2024-03-14 09:26:53.123 [error] <0.330.0>@riak_core_vnode:handle_info:512 gen_fsm terminated with reason: boom",
        "2024-03-14 09:26:54 =ERROR REPORT====\nError in process <0.4330.323> on node 'dev1@127.0.0.1' with exit value",
    ),
    make_parser=_LAGER.parser,
    patterns=_LAGER.patterns,
    specificity=0.96,
    framing=Framing(entry_start=entry_start(rf"{DAY} {CLOCK}")),
    sieve=rf"{DAY} {CLOCK}[^ \n]{{0,8}} (?:=[A-Z]{{4,10}} REPORT====|\[[a-z]{{4,9}}\] (?:<[0-9.]{{3,32}}>)?(?:@|emulator ))",
    whole=True,
)

_HIVEMQ: Final = Shapes(
    patterns=(rf"(?P<when>{DAY} {CLOCK},[0-9]{{3}}) (?P<level>{_LEVEL}) {{1,2}}- ?(?P<body>.*+)",),
    finds=(
        r"Client ID: (?P<client_id>[^,\n]{1,256}), IP: (?P<client>[^,\s]{1,64})",
        r"^Started HiveMQ in (?P<start_ms>[0-9]{1,9})ms",
    ),
    prefix="hivemq.",
    texts=frozenset(("client_id",)),
)
HIVEMQ: Final = Format(
    name="hivemq",
    title="HiveMQ log",
    source="https://docs.hivemq.com/hivemq/latest/user-guide/logging.html",
    samples=(
        "2024-03-14 09:26:53,006 INFO  - HiveMQ version: 4.3.2",
        "2024-03-14 09:26:54,001 WARN  -\n################\n# This deployment is not secure! #\n################",
        "2024-03-14 09:26:55,123 INFO  - Client ID: till-7, IP: 192.0.2.17, disconnected ungracefully.",
    ),
    make_parser=_HIVEMQ.parser,
    patterns=_HIVEMQ.patterns,
    specificity=0.85,
    framing=Framing(entry_start=entry_start(rf"{DAY} {CLOCK},")),
    sieve=rf"{DAY} {CLOCK},[0-9]{{3}} {_LEVEL} {{1,2}}- ?(?:\n|$|[^\n]{{0,32}}HiveMQ|Client ID: |Extension \"|Log Configuration"
    r"|Start(?:ed|ing) (?:TCP|TLS|Web[Ss]ocket|Secure|extension)|This node)",
)

_NATS: Final = Shapes(
    patterns=(
        rf"\[(?P<pid>[0-9]{{1,10}})\] (?P<when>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {CLOCK}(?:\.[0-9]{{6}})?) \[(?P<level>INF|DBG|WRN|ERR|FTL|TRC)\] "
        r"(?:(?P<client>[0-9A-Fa-f.:\[\]]{2,45}:[0-9]{1,5}) - (?P<connection>[a-z]{3,9}:[0-9]{1,18}) - )?(?P<body>.*+)",
    ),
    prefix="nats.",
    texts=frozenset(("connection",)),
)
NATS: Final = Format(
    name="nats",
    title="NATS server log",
    source="https://docs.nats.io/running-a-nats-service/configuration/logging",
    samples=(
        "[1] 2024/03/14 09:26:53.123456 [INF] Starting nats-server",
        '[4711] 2024/03/14 09:26:54.000001 [DBG] 192.0.2.17:51022 - cid:5 - "v1.33.0:go" - Client connection closed',
    ),
    make_parser=_NATS.parser,
    patterns=_NATS.patterns,
    specificity=0.97,
    sieve=rf"\[[0-9]{{1,10}}\] [0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {CLOCK}(?:\.[0-9]{{6}})? \[(?:INF|DBG|WRN|ERR|FTL|TRC)\]",
    alone=True,
)

_MOSQUITTO: Final = Shapes(
    patterns=(
        rf"(?P<when>[0-9]{{10}}|{DAY}T{CLOCK}): (?P<body>(?:mosquitto version |Config loaded from |Opening ipv[46] |New connection from "
        r"|New (?:client|bridge) connected from |Client |Socket error on client |Saving in-memory |Received |Sending |No will message "
        r"|Bad socket read|Error: |Warning: |OpenSSL Error|Bridge |Connecting bridge |Denied PUBLISH |Outgoing messages |mosquitto |Using default "
        r"|Loading plugin|Starting in local only |Protocol error|Connection error|\t|[Uu]nable to ).*+)",
    ),
    finds=(
        r"^New (?:connection|client connected|bridge connected) from (?P<client>[^\s]{1,64}?)(?: as (?P<client_id>[^\s]{1,256})| on port (?P<port>[0-9]{1,5}))",
        r"^Client (?P<client_id>[^\s]{1,256}) (?:disconnected|closed|already|has|\[)",
        r"\bu'(?P<user>(?:[^'\n]|'(?=\w)){1,128})'",
        r"^(?:Received|Sending) (?P<packet>[A-Z]{4,11}) (?:from|to) (?P<client_id>[^\s]{1,256})",
    ),
    prefix="mosquitto.",
    names={"port": "server.port"},
    texts=frozenset(("client_id",)),
)
MOSQUITTO: Final = Format(
    name="mosquitto",
    title="Eclipse Mosquitto log",
    source="https://mosquitto.org/man/mosquitto-conf-5.html",
    samples=(
        "1710408413: mosquitto version 2.0.18 starting",
        "1710408414: New connection from 192.0.2.17:51022 on port 1883.",
        "2024-03-14T09:26:55: New client connected from 192.0.2.17:51022 as till-7 (p2, c1, k60, u'ada').",
    ),
    make_parser=_MOSQUITTO.parser,
    patterns=_MOSQUITTO.patterns,
    specificity=0.93,
    sieve=rf"(?:[0-9]{{10}}|{DAY}T{CLOCK}): [A-Zmu\t]",
)

FORMATS: Final = (KAFKA, RABBITMQ, RIAK, HIVEMQ, NATS, MOSQUITTO)
