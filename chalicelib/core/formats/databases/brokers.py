"""Logs of message brokers, and of the Erlang stores that log as RabbitMQ does."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.patterned import shaped

_LEVEL: Final = r"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)"

KAFKA: Final = shaped(
    "kafka",
    "Apache Kafka and ZooKeeper (log4j: time, level, message, logger)",
    "https://github.com/apache/kafka/blob/trunk/config/log4j2.yaml",
    samples=(
        "[2024-03-14 09:26:53,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",
        "[2024-03-14 09:26:54,403] INFO Starting ZkClient event thread. (org.I0Itec.zkclient.ZkEventThread)",
        "[2024-03-14 09:26:55,000] ERROR [ReplicaManager broker=1] Error processing append on partition orders-3"
        " (kafka.server.ReplicaManager)\njava.io.IOException: No space left on device\n\tat org.example.Log.append(Log.java:42)",
    ),
    templates=(
        r"\[{time={day} {clock},[0-9]{3}}\] {level=(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)} {1,2}"
        r"(?:\[{text=[^\]\n]{1,256}:kafka.component}\]:? )?{body=[^\n]*?} ?\({logger=[\w$.-]{1,256}}(?::{line=[0-9]{1,6}})?\)"
        r"(?:\n(?:{text={text=[\w$.]{1,256}(?:Exception|Error|Throwable|Failure|Fault)\b[\w$]{0,64}:exception.type}(?::"
        r" {text=[^\n]{0,4096}:exception.message})?(?:\n.*+)?:exception.stacktrace}|{extra=.*+}))?",
        r"\[{time={day} {clock},[0-9]{3}}\] {level=(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)}"
        r" {body=[^\[\n][^\n]*+\n.*\({logger=[\w$]{1,64}(?:\.[\w$]{1,64}){1,16}}\)}",
    ),
    finds=(
        r"^Principal = (?:User:)?{user=[^\s]{1,128}} is {text=Allowed|Denied:kafka.decision} [^\n]{0,24}?Operation ="
        r" {text=\w{1,64}:kafka.operation} .{0,256}?from host = {endpoint=[^\s]{1,64}:client}",
        r"(?:partition |[Tt]opic-partition ){text=[\w.-]{1,249}:messaging.destination.name}-{text=[0-9]{1,6}:messaging.destination"
        r".partition.id}(?![\w.])",
    ),
    specificity=0.95,
    alone=False,
)

_REPORTS: Final = {"CRASH": 17, "SUPERVISOR": 17, "PROGRESS": 9}
RABBITMQ: Final = shaped(
    "rabbitmq",
    "RabbitMQ log, 3.7 and later, and the reports before",
    "https://www.rabbitmq.com/docs/logging",
    samples=(
        "2024-03-14 09:26:53.123456+00:00 [info] <0.8.0> Server startup complete; 4 plugins started.",
        "2024-03-14 09:26:54.215 [warning] <0.715.0> closing AMQP connection <0.715.0> (192.0.2.17:51022 ->"
        " 198.51.100.1:5672, vhost: '/', user: 'ada'):\nclient unexpectedly closed TCP connection",
        "=INFO REPORT==== 14-Mar-2024::09:26:55 ===\n"
        "accepting AMQP connection <0.123.0> (192.0.2.17:51022 -> 198.51.100.1:5672)",
    ),
    templates=(
        r"{time={day} {clock}(?:\.[0-9]{3,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?} \[{level=[a-z]{4,9}}\]"
        r" {text=<[0-9.]{3,32}>:rabbitmq.process}(?: {1,2}|(?=\n)|$){body}",
        r"={level=[A-Z]{4,10}} REPORT==== {time=[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{4}::{clock}(?:\.[0-9]{3,6})?} ===(?:\n{body})?",
    ),
    finds=(
        r"connection {text=<[0-9.]{3,32}>:rabbitmq.connection} \({endpoint=[0-9A-Fa-f.:\[\]]{2,45}:[0-9]{1,5}:client} ->"
        r" {endpoint=[0-9A-Fa-f.:\[\]]{2,45}:[0-9]{1,5}:server}",
        r"[Uu]ser:? '{user=(?:[^'\n]|'(?=\w)){1,128}}'",
        r"vhost:? '{text=[^'\n]{1,128}:rabbitmq.vhost}'",
    ),
    start=rf"=[A-Z]{{4,10}} REPORT====|{DAY} {CLOCK}[^\n]{{0,16}} \[",
    sieve=rf"=[A-Z]{{4,10}} REPORT==== [0-9]|{DAY} {CLOCK}[^ \[\n]{{0,16}} \[[a-z]{{4,9}}\] <[0-9.]{{3,32}}>(?!@)",
    specificity=0.96,
    levels=_REPORTS,
    alone=False,
    whole=True,
)

RIAK: Final = shaped(
    "riak",
    "Riak, VerneMQ and other Erlang logs (lager: console.log, error.log, crash.log)",
    "https://docs.riak.com/riak/kv/latest/using/reference/logging/index.html",
    samples=(
        "2024-03-14 09:26:53.123 [error] <0.330.0>@riak_core_vnode:handle_info:512 gen_fsm terminated with reason: boom",
        "2024-03-14 09:26:54 =ERROR REPORT====\nError in process <0.4330.323> on node 'dev1@127.0.0.1' with exit value",
    ),
    templates=(
        r"{time={day} {clock}(?:\.[0-9]{3,6})?} \[{level=[a-z]{4,9}}\] (?!<[0-9.]{3,32}>@[^:\s]{1,128} )"
        r"(?:{text=<[0-9.]{3,32}>:riak.process}?(?:@{logger=[\w'@]{1,128}}:{function=[\w'<>/-]{1,128}}:{line=[0-9]{1,6}}|(?<=>))"
        r"|{text=emulator:riak.emulator}) {body}",
        r"{time={day} {clock}} ={text={level=[A-Z]{4,10}} REPORT:riak.kind}====(?: {text=[^\n]{0,256}:riak.more})?(?:\n{body})?",
    ),
    sieve=rf"{DAY} {CLOCK}[^ \n]{{0,8}} (?:=[A-Z]{{4,10}} REPORT====|\[[a-z]{{4,9}}\] (?:<[0-9.]{{3,32}}>)?(?:@|emulator ))",
    specificity=0.96,
    levels=_REPORTS,
    alone=False,
    whole=True,
)

HIVEMQ: Final = shaped(
    "hivemq",
    "HiveMQ log",
    "https://docs.hivemq.com/hivemq/latest/user-guide/logging.html",
    samples=(
        "2024-03-14 09:26:53,006 INFO  - HiveMQ version: 4.3.2",
        "2024-03-14 09:26:54,001 WARN  -\n################\n# This deployment is not secure! #\n################",
        "2024-03-14 09:26:55,123 INFO  - Client ID: till-7, IP: 192.0.2.17, disconnected ungracefully.",
    ),
    templates=(
        r"{time={day} {clock},[0-9]{3}} {level=(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)} {1,2}- ?{body}",
    ),
    finds=(
        r"Client ID: {text=[^,\n]{1,256}:hivemq.client_id}, IP: {endpoint=[^,\s]{1,64}:client}",
        r"^Started HiveMQ in {int=[0-9]{1,9}:hivemq.start_ms}ms",
    ),
    sieve=rf"{DAY} {CLOCK},[0-9]{{3}} {_LEVEL} {{1,2}}- ?(?:\n|$|[^\n]{{0,32}}HiveMQ|Client ID: |Extension \"|Log Configuration"
    r"|Start(?:ed|ing) (?:TCP|TLS|Web[Ss]ocket|Secure|extension)|This node)",
    specificity=0.85,
    alone=False,
)

NATS: Final = shaped(
    "nats",
    "NATS server log",
    "https://docs.nats.io/running-a-nats-service/configuration/logging",
    samples=(
        "[1] 2024/03/14 09:26:53.123456 [INF] Starting nats-server",
        '[4711] 2024/03/14 09:26:54.000001 [DBG] 192.0.2.17:51022 - cid:5 - "v1.33.0:go" - Client connection closed',
    ),
    templates=(
        r"\[{pid}\] {time=[0-9]{4}/[0-9]{2}/[0-9]{2} {clock}(?:\.[0-9]{6})?} \[{level=INF|DBG|WRN|ERR|FTL|TRC}\] "
        r"(?:{endpoint=[0-9A-Fa-f.:\[\]]{2,45}:[0-9]{1,5}:client} - {text=[a-z]{3,9}:[0-9]{1,18}:nats.connection} - )?{body}",
    ),
    specificity=0.97,
    single_line=True,
)

MOSQUITTO: Final = shaped(
    "mosquitto",
    "Eclipse Mosquitto log",
    "https://mosquitto.org/man/mosquitto-conf-5.html",
    samples=(
        "1710408413: mosquitto version 2.0.18 starting",
        "1710408414: New connection from 192.0.2.17:51022 on port 1883.",
        "2024-03-14T09:26:55: New client connected from 192.0.2.17:51022 as till-7 (p2, c1, k60, u'ada').",
    ),
    templates=(
        r"{time=[0-9]{10}|{day}T{clock}}: {body=(?:mosquitto version |Config loaded from |Opening ipv[46] |New connection from "
        r"|New (?:client|bridge) connected from |Client |Socket error on client |Saving in-memory |Received |Sending "
        r"|No will message |Bad socket read|Error: |Warning: |OpenSSL Error|Bridge |Connecting bridge |Denied PUBLISH "
        r"|Outgoing messages |mosquitto |Using default |Loading plugin|Starting in local only |Protocol error|Connection error|\t"
        r"|[Uu]nable to ).*+}",
    ),
    finds=(
        r"^New (?:connection|client connected|bridge connected) from {endpoint=[^\s]{1,64}?:client}(?: as"
        r" {text=[^\s]{1,256}:mosquitto.client_id}| on port {server_port})",
        r"^Client {text=[^\s]{1,256}:mosquitto.client_id} (?:disconnected|closed|already|has|\[)",
        r"\bu'{user=(?:[^'\n]|'(?=\w)){1,128}}'",
        r"^(?:Received|Sending) {text=[A-Z]{4,11}:mosquitto.packet} (?:from|to) {text=[^\s]{1,256}:mosquitto.client_id}",
    ),
    start=rf"(?:[0-9]{{10}}|{DAY}T{CLOCK}): [A-Zmu\t]",
    specificity=0.93,
    single_line=True,
    alone=False,
)

FORMATS: Final = (KAFKA, RABBITMQ, RIAK, HIVEMQ, NATS, MOSQUITTO)
