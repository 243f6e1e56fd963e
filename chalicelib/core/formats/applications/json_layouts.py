"""What log shippers and the layouts of Java and .NET loggers write in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.severity import SYSLOG

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_INFORMATION: Final = 9


def _syslog_level(value: Value) -> tuple[str, int] | None:
    return SYSLOG[value] if type(value) is int and 0 <= value < len(SYSLOG) else None


def _is_clef(fields: dict[str, Value]) -> bool:
    return type(fields["@t"]) is str


def _is_gelf(fields: dict[str, Value]) -> bool:
    return fields["version"] in ("1.1", "1.0", 1.1, 1.0)


def _is_ecs(fields: dict[str, Value]) -> bool:
    return type(fields["@timestamp"]) is str


_JAVA: Final = {
    "logger_name": "log.logger", "thread_name": "thread.name", "stack_trace": "exception.stacktrace",
    "caller_class_name": "code.namespace", "caller_method_name": "code.function.name",
    "caller_file_name": "code.file.path", "caller_line_number": "code.line.number",
    "level_value": "logback.level_value", "HOSTNAME": "host.name", "source_host": "host.name", "host": "host.name",
    "host.name": "host.name", "tags": "tags",
}  # fmt: skip

FORMATS: Final = tuple(map(Objects.format, (
    Objects(
        name="serilog_clef",
        title="Serilog (.NET), compact JSON (CLEF)",
        source="https://clef-json.org/",
        samples=(
            '{"@t":"2024-03-14T09:26:53.1234567Z","@mt":"Order {OrderId} accepted","OrderId":17,"SourceContext":"Shop.Pay"}',
            '{"@t":"2024-03-14T09:26:54.1234567+01:00","@m":"declined","@i":"f0a3b5c1","@l":"Error",'
            '"@x":"System.IO.IOException: reset\\n   at Shop.Pay()","@tr":"0af7651916cd43dd8448eb211c80319c",'
            '"@sp":"b7ad6b7169203331"}',
        ),
        required=("@t", "@m|@mt|@i|@x|@l"),
        specificity=0.998,
        time=("@t",),
        level=("@l",),
        body=("@m", "@mt"),
        confirms=_is_clef,
        unleveled=_INFORMATION,
        names={
            "@x": "exception.stacktrace", "@i": "serilog.event_id", "@r": "serilog.renderings",
            "@mt": "serilog.message_template", "@tr": "trace_id", "@sp": "span_id", "@ps": "parent_span_id",
            "SourceContext": "log.logger", "ThreadId": "thread.id", "ThreadName": "thread.name",
            "MachineName": "host.name", "ProcessId": "process.pid", "RequestMethod": "http.request.method",
            "RequestPath": "url.path", "StatusCode": "http.response.status_code", "ClientIp": "client.address",
            "Application": "service.name",
        },
        requests=True,
    ),
    Objects(
        name="serilog_json",
        title="Serilog (.NET), JSON formatter",
        source="https://github.com/serilog/serilog/wiki/Formatting-Output#formatting-json",
        samples=(
            '{"Timestamp":"2024-03-14T09:26:53.1234567+01:00","Level":"Information","MessageTemplate":"Order {OrderId} accepted",'
            '"Properties":{"OrderId":17,"SourceContext":"Shop.Pay"}}',
            '{"Timestamp":"2024-03-14T09:26:54.1Z","Level":"Error","MessageTemplate":"declined","RenderedMessage":"declined",'
            '"Exception":"System.IO.IOException: reset","Properties":{}}',
        ),
        required=("Timestamp", "Level", "MessageTemplate"),
        specificity=0.998,
        time=("Timestamp",),
        level=("Level",),
        body=("RenderedMessage", "MessageTemplate"),
        names={
            "MessageTemplate": "serilog.message_template", "Exception": "exception.stacktrace",
            "TraceId": "trace_id", "SpanId": "span_id", "Properties.SourceContext": "log.logger",
            "Properties.ThreadId": "thread.id", "Properties.MachineName": "host.name",
            "Properties.ProcessId": "process.pid", "Properties.RequestMethod": "http.request.method",
            "Properties.RequestPath": "url.path", "Properties.StatusCode": "http.response.status_code",
        },
        prefixes={"Properties.": ""},
        requests=True,
    ),
    Objects(
        name="ecs",
        title="Elastic Common Schema, JSON lines",
        source="https://www.elastic.co/guide/en/ecs-logging/overview/current/intro.html",
        samples=(
            '{"@timestamp":"2024-03-14T09:26:53.123Z","log.level":"INFO","message":"ready","ecs.version":"1.2.0",'
            '"service.name":"shop","event.dataset":"shop","process.thread.name":"main","log.logger":"org.example.Shop"}',
            '{"@timestamp":"2024-03-14T09:26:54.000Z","log":{"level":"error","logger":"shop"},"message":"declined",'
            '"ecs":{"version":"8.10.0"},"error":{"type":"ValueError","message":"reset","stack_trace":"Traceback …"},'
            '"http":{"request":{"method":"GET"},"response":{"status_code":500}},"source":{"ip":"192.0.2.17"}}',
        ),
        required=("@timestamp", "ecs.version|ecs"),
        specificity=0.997,
        time=("@timestamp",),
        level=("log.level",),
        body=("message",),
        confirms=_is_ecs,
        names={
            "process.thread.name": "thread.name", "process.thread.id": "thread.id", "error.type": "exception.type",
            "error.message": "exception.message", "error.stack_trace": "exception.stacktrace",
            "log.origin.file.name": "code.file.path", "log.origin.file.line": "code.line.number",
            "log.origin.function": "code.function.name", "trace.id": "trace_id", "span.id": "span_id",
            "host.hostname": "host.name", "source.ip": "source.address", "client.ip": "client.address",
            "destination.ip": "destination.address", "server.ip": "server.address", "url.original": "url.original",
            "host.name": "host.name", "user_agent.original": "user_agent.original",
            "http.request.bytes": "http.request.size", "http.request.body.bytes": "http.request.body.size",
            "http.response.bytes": "http.response.size", "http.response.body.bytes": "http.response.body.size",
            "http.request.referrer": "http.request.header.referer", "http.version": "network.protocol.version",
            "process.executable": "process.executable.path",
        },
    ),
    Objects(
        name="logstash",
        title="Logstash events and logstash-logback-encoder, JSON lines",
        source="https://github.com/logfellow/logstash-logback-encoder#standard-fields",
        samples=(
            '{"@timestamp":"2024-03-14T09:26:53.123+01:00","@version":"1","message":"ready","logger_name":"org.example.Shop",'
            '"thread_name":"main","level":"INFO","level_value":20000}',
            '{"@version":"1","@timestamp":"2024-03-14T09:26:54.000Z","message":"declined","host":"web-1","tags":["pay"],'
            '"path":"/var/log/shop.log","type":"shop"}',
        ),
        required=("@timestamp", "@version"),
        specificity=0.996,
        time=("@timestamp",),
        level=("level", "severity", "log.level", "loglevel"),
        body=("message",),
        confirms=_is_ecs,
        names={**_JAVA, "path": "log.file.path", "log.file.path": "log.file.path"},
        requests=True,
    ),
    Objects(
        name="gelf",
        title="Graylog Extended Log Format (GELF), JSON lines",
        source="https://go2docs.graylog.org/current/getting_in_log_data/gelf.html",
        samples=(
            '{"version":"1.1","host":"web-1","short_message":"declined","full_message":"declined\\nat Shop.pay",'
            '"timestamp":1710404813.123,"level":3,"_order":17,"_facility":"shop"}',
            '{"version":"1.1","host":"web-1","short_message":"ready","level":6,"timestamp":1710404814}',
        ),
        required=("version", "host", "short_message"),
        specificity=0.998,
        time=("timestamp",),
        level=("level",),
        body=("short_message",),
        confirms=_is_gelf,
        levels=_syslog_level,
        names={
            "host": "host.name", "full_message": "gelf.full_message", "version": "gelf.version",
            "facility": "syslog.facility.name", "file": "code.file.path", "line": "code.line.number",
            "_file": "code.file.path", "_line": "code.line.number", "_logger": "log.logger",
            "_LoggerName": "log.logger", "_thread": "thread.name", "_pid": "process.pid",
            "_container_id": "container.id", "_container_name": "container.name", "_image_name": "container.image.name",
        },
        prefixes={"_": ""},
        requests=True,
    ),
    Objects(
        name="log4j2_json",
        title="Log4j 2, JSON layout",
        source="https://logging.apache.org/log4j/2.x/manual/json-layout.html",
        samples=(
            '{"instant":{"epochSecond":1710404813,"nanoOfSecond":123456000},"thread":"main","level":"INFO",'
            '"loggerName":"org.example.Shop","message":"ready","endOfBatch":false,'
            '"loggerFqcn":"org.apache.logging.slf4j.Log4jLogger","threadId":1,"threadPriority":5}',
            '{"timeMillis":1710404814123,"thread":"pay-1","level":"ERROR","loggerName":"org.example.Pay","message":"declined",'
            '"thrown":{"commonElementCount":0,"name":"java.io.IOException","message":"reset","extendedStackTrace":'
            '[{"class":"org.example.Pay","method":"send","file":"Pay.java","line":42}]},"endOfBatch":true}',
        ),
        required=("level", "loggerName", "message", "thread|threadId", "instant.epochSecond|timeMillis|timestamp"),
        specificity=0.998,
        time=("timeMillis", "instant.epochSecond", "timestamp"),
        level=("level",),
        body=("message",),
        names={
            "thread": "thread.name", "loggerName": "log.logger", "threadId": "thread.id",
            "loggerFqcn": "log4j.logger_fqcn", "threadPriority": "log4j.thread_priority",
            "endOfBatch": "log4j.end_of_batch", "thrown.name": "exception.type", "thrown.message": "exception.message",
            "thrown.extendedStackTrace": "exception.stacktrace", "source.class": "code.namespace",
            "source.method": "code.function.name", "source.file": "code.file.path", "source.line": "code.line.number",
        },
        prefixes={"contextMap.": ""},
        requests=True,
    ),
)))  # fmt: skip
