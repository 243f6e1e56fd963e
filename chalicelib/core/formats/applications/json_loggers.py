"""What structured loggers of Node, Go, Python, Java and .NET write by themselves, as dialects of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.applications.dialects import Dialect, any_level, format_of

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_BUNYAN_WORDS: Final = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
_EXCEPTION: Final = {
    "err.type": "exception.type", "err.name": "exception.type", "err.message": "exception.message",
    "err.stack": "exception.stacktrace",
}  # fmt: skip
_LOGRUS_LEVELS: Final = frozenset(("trace", "debug", "info", "warning", "warn", "error", "fatal", "panic"))
_ZEROLOG_LEVELS: Final = frozenset(("trace", "debug", "info", "warn", "error", "fatal", "panic"))
_NPM_LEVELS: Final = frozenset(
    ("error", "warn", "info", "http", "verbose", "debug", "silly", "notice", "crit", "alert")
)
_SLOG_LEVELS: Final = ("DEBUG", "INFO", "WARN", "ERROR")
_GO_CALLERS: Final = {
    "caller": "code.file.path", "file": "code.file.path", "func": "code.function.name", "error": "error.message",
    "err": "error.message", "stacktrace": "exception.stacktrace", "stack": "exception.stacktrace",
    "pid": "process.pid", "hostname": "host.name",
}  # fmt: skip


def _bunyan_level(value: Value, name: str) -> tuple[str, int] | None:
    """A number's name; custom numbers stay what they are."""
    word = _BUNYAN_WORDS.get(value) if type(value) is int else None
    return any_level(value, name) if word is None else (word, severity.of_word(word) or 0)


def _slog_level(value: Value, name: str) -> tuple[str, int] | None:
    """`INFO`, or between the names: `INFO+2`, `DEBUG-4` (four steps to the next, as OpenTelemetry's)."""
    if type(value) is not str:
        return None
    word, sign, steps = value.partition("+" if "+" in value else "-")
    number = severity.of_word(word)
    if number is None or not sign:
        return any_level(value, name)
    if not (steps.isdecimal() and steps.isascii() and len(steps) <= 3):
        return None
    offset = int(steps) if sign == "+" else -int(steps)
    return value, min(24, max(1, number + offset))


def _plain(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if "." not in name]


def _level_first(names: tuple[str, ...]) -> bool:
    """zerolog writes the level first and the message last."""
    plain = _plain(names)
    return plain[0] == "level" and plain[-1] == "message"


def _sorted(names: tuple[str, ...]) -> bool:
    """logrus sorts its members."""
    plain = _plain(names)
    return plain == sorted(plain)


def _time_level_message(names: tuple[str, ...]) -> bool:
    """slog writes time, level, perhaps the source, message."""
    plain = [name for name in names if not name.startswith("source")]
    return plain[:3] == ["time", "level", "msg"] or plain[:2] == ["level", "msg"]


def _winston_order(names: tuple[str, ...]) -> bool:
    """winston adds a time stamp behind level and message, or sorts."""
    plain = _plain(names)
    early = set(plain[:2]) == {"level", "message"}
    return early or (plain == sorted(plain) and "timestamp" in plain)


def _is_in(level: str, words: frozenset[str], **types: type) -> object:
    def confirms(fields: dict[str, Value]) -> bool:
        return fields[level] in words and all(type(fields.get(name)) is kind for name, kind in types.items())

    return confirms


def _is_bunyan(fields: dict[str, Value]) -> bool:
    return type(fields["level"]) is int and type(fields["time"]) is str and fields["v"] == 0


def _is_pino(fields: dict[str, Value]) -> bool:
    when, level = fields["time"], fields["level"]
    if type(level) is str:
        return type(when) is int and when > 10**11 and type(fields.get("pid")) is int
    return type(level) is int and 0 < level <= 100 and (
        (type(when) is int and when > 10**11) or (type(when) is str and "pid" in fields and fields.get("v", 1) == 1)
    )  # fmt: skip


def _is_zap(fields: dict[str, Value]) -> bool:
    logger = fields.get("logger")
    if type(logger) is str and logger.startswith(("http.", "tls", "admin")) and "caller" not in fields:
        return False  # Caddy's
    marks = ("caller", "C", "logger", "N", "logging-call-at", "stacktrace", "commit", "L", "S")
    return type(fields.get("ts")) in (int, float) or any(name in fields for name in marks)


def _is_zerolog(fields: dict[str, Value]) -> bool:
    return fields["level"] in _ZEROLOG_LEVELS


def _is_logrus(fields: dict[str, Value]) -> bool:
    return fields["level"] in _LOGRUS_LEVELS and type(fields["time"]) is str


def _is_slog(fields: dict[str, Value]) -> bool:
    level = fields["level"]
    return type(level) is str and level.startswith(_SLOG_LEVELS) and type(fields["msg"]) is str


def _is_structlog(fields: dict[str, Value]) -> bool:
    level = fields["level"]
    return type(level) is str and level.islower() and type(fields["event"]) is str


def _is_winston(fields: dict[str, Value]) -> bool:
    return fields["level"] in _NPM_LEVELS and type(fields.get("timestamp", "")) is str


_PYTHON: Final = {
    "name": "log.logger", "pathname": "code.file.path", "lineno": "code.line.number", "funcName": "code.function.name",
    "process": "process.pid", "processName": "process.name", "thread": "thread.id", "threadName": "thread.name",
    "exc_info": "exception.stacktrace", "taskName": "python.task.name", "module": "python.module",
    "filename": "python.filename", "levelno": "python.levelno", "logger": "log.logger",
    "otelTraceID": "trace_id", "otelSpanID": "span_id", "otelServiceName": "service.name",
    "otelTraceSampled": "trace_sampled",
}  # fmt: skip

FORMATS: Final = tuple(map(format_of, (
    Dialect(
        name="bunyan",
        title="bunyan (Node.js), JSON lines",
        source="https://github.com/trentm/node-bunyan#log-record-fields",
        samples=(
            '{"name":"shop","hostname":"web-1","pid":4711,"level":30,"msg":"ready","time":"2024-03-14T09:26:53.123Z","v":0}',
            '{"name":"shop","hostname":"web-1","pid":4711,"component":"pay","level":50,"err":{"message":"reset",'
            '"name":"Error","stack":"Error: reset\\n    at pay.js:4:2","code":"ECONNRESET"},"msg":"reset",'
            '"time":"2024-03-14T09:26:54.000Z","src":{"file":"/srv/pay.js","line":4,"func":"send"},"v":0}',
        ),
        required=("name", "hostname", "pid", "level", "msg", "time", "v"),
        specificity=0.997,
        time=("time",),
        level=("level",),
        message=("msg",),
        confirms=_is_bunyan,
        levels=_bunyan_level,
        renames={
            "name": "service.name", "hostname": "host.name", "pid": "process.pid", "src.file": "code.file.path",
            "src.line": "code.line.number", "src.func": "code.function.name", "v": "bunyan.version",
            "req.method": "http.request.method", "req.url": "url.original",
            "req.remoteAddress": "client.address", "req.remotePort": "client.port",
            "res.statusCode": "http.response.status_code", **_EXCEPTION,
        },
    ),
    Dialect(
        name="pino",
        contains=(('"pid"', *(f'"level":{space}{digit}' for space in ("", " ") for digit in range(1, 7))),),
        title="pino (Node.js), JSON lines",
        source="https://github.com/pinojs/pino/blob/main/docs/api.md",
        samples=(
            '{"level":30,"time":1710404813123,"pid":4711,"hostname":"web-1","msg":"ready"}',
            '{"level":50,"time":1710404814000,"pid":4711,"hostname":"web-1","name":"shop","err":{"type":"Error",'
            '"message":"reset","stack":"Error: reset\\n    at pay.js:4:2"},"msg":"reset","v":1}',
            '{"level":30,"time":1710404815000,"pid":4711,"hostname":"web-1","req":{"id":7,"method":"GET","url":"/shop?q=1",'
            '"remoteAddress":"192.0.2.17","remotePort":51234},"res":{"statusCode":200},"responseTime":12,'
            '"msg":"request completed"}',
        ),
        required=("level", "time", "msg|pid|err.message"),
        foreign=("message", "thread", "logger", "loggerName"),
        specificity=0.994,
        time=("time",),
        level=("level",),
        message=("msg",),
        confirms=_is_pino,
        levels=_bunyan_level,
        renames={
            "name": "service.name", "hostname": "host.name", "pid": "process.pid",
            "req.method": "http.request.method", "req.url": "url.original", "req.remoteAddress": "client.address",
            "req.remotePort": "client.port", "req.headers.user-agent": "user_agent.original",
            "req.headers.host": "server.address", "res.statusCode": "http.response.status_code", **_EXCEPTION,
        },
    ),
    Dialect(
        name="zap",
        contains=(('"ts"', '"T"', '"commit"'),),
        title="zap (Go), JSON encoder",
        source="https://pkg.go.dev/go.uber.org/zap#NewProductionEncoderConfig",
        samples=(
            '{"level":"info","ts":1710404813.1234567,"caller":"shop/pay.go:42","msg":"ready","port":8080}',
            '{"level":"error","ts":"2024-03-14T09:26:54.000Z","logger":"shop.pay","caller":"shop/pay.go:43",'
            '"msg":"declined","error":"no funds","stacktrace":"shop.Pay\\n\\t/srv/pay.go:43"}',
            '{"L":"WARN","T":"2024-03-14T09:26:55.123+0100","N":"shop","C":"shop/pay.go:44","M":"slow","ms":1042.5}',
        ),
        required=("level|L", "ts|T|time", "msg|M|message"),
        fits=lambda names: "msg" in names or "M" in names or {"logger", "commit"} <= set(names),
        specificity=0.993,
        time=("ts", "T", "time"),
        level=("level", "L"),
        message=("msg", "M", "message"),
        foreign=("request.method", "@timestamp", "v", "levelname", "hostname", "thread"),
        confirms=_is_zap,
        renames={
            **_GO_CALLERS, "C": "code.file.path", "logger": "log.logger", "N": "log.logger", "F": "code.function.name",
            "S": "exception.stacktrace", "logging-call-at": "code.file.path", "function": "code.function.name",
        },
    ),
    Dialect(
        name="zerolog",
        title="zerolog (Go), JSON lines",
        source="https://github.com/rs/zerolog#simple-logging-example",
        samples=(
            '{"level":"info","time":1710404813,"message":"ready"}',
            '{"level":"error","error":"no funds","service":"shop","took":12.5,"time":"2024-03-14T09:26:54+01:00",'
            '"caller":"/srv/shop/pay.go:42","message":"declined"}',
        ),
        required=("level", "time", "message"),
        foreign=("hostname", "timestamp", "@timestamp", "thread"),
        fits=_level_first,
        specificity=0.992,
        time=("time",),
        level=("level",),
        message=("message",),
        confirms=_is_zerolog,
        renames=_GO_CALLERS,
    ),
    Dialect(
        name="logrus_json",
        title="logrus (Go), JSON formatter",
        source="https://pkg.go.dev/github.com/sirupsen/logrus#JSONFormatter",
        samples=(
            '{"level":"info","msg":"ready","port":8080,"time":"2024-03-14T09:26:53+01:00"}',
            '{"animal":"walrus","error":"no funds","file":"/srv/pay.go:42","func":"shop.Pay","level":"warning",'
            '"msg":"declined","time":"2024-03-14T09:26:54Z"}',
        ),
        required=("level", "msg", "time"),
        foreign=("pid", "hostname", "v", "logger", "caller", "thread", "ClientAddr", "DownstreamStatus"),
        fits=_sorted,
        specificity=0.9925,
        time=("time",),
        level=("level",),
        message=("msg",),
        confirms=_is_logrus,
        renames=_GO_CALLERS,
    ),
    Dialect(
        name="slog",
        title="log/slog (Go), JSON handler",
        source="https://pkg.go.dev/log/slog#JSONHandler",
        samples=(
            '{"time":"2024-03-14T09:26:53.123456789+01:00","level":"INFO","msg":"ready","port":8080}',
            '{"time":"2024-03-14T09:26:54.1Z","level":"WARN+2","source":{"function":"shop.Pay","file":"/srv/pay.go",'
            '"line":42},"msg":"declined","order":{"id":17}}',
        ),
        required=("time", "level", "msg"),
        foreign=("pid", "hostname", "logger"),
        fits=_time_level_message,
        specificity=0.992,
        time=("time",),
        level=("level",),
        message=("msg",),
        confirms=_is_slog,
        levels=_slog_level,
        renames={
            "source.function": "code.function.name", "source.file": "code.file.path",
            "source.line": "code.line.number", "error": "error.message", "err": "error.message",
        },
    ),
    Dialect(
        name="structlog",
        title="structlog (Python), JSON renderer",
        source="https://www.structlog.org/en/stable/api.html#structlog.processors.JSONRenderer",
        samples=(
            '{"event": "order accepted", "level": "info", "timestamp": "2024-03-14T09:26:53.123456Z", "order": 17}',
            '{"order": 18, "event": "declined", "logger": "shop.pay", "level": "error", "timestamp": "2024-03-14 09:26:54",'
            ' "exception": "Traceback (most recent call last):\\n  File \\"pay.py\\", line 4\\nValueError: reset"}',
        ),
        required=("event", "level", "timestamp"),
        foreign=("message", "msg"),
        specificity=0.993,
        time=("timestamp",),
        level=("level",),
        message=("event",),
        confirms=_is_structlog,
        renames={
            "logger": "log.logger", "logger_name": "log.logger", "exception": "exception.stacktrace",
            "func_name": "code.function.name", "pathname": "code.file.path", "lineno": "code.line.number",
            "process": "process.pid", "thread": "thread.id", "thread_name": "thread.name", "pid": "process.pid",
            "host": "host.name",
        },
    ),
    Dialect(
        name="python_json",
        title="python-json-logger, JSON lines",
        source="https://nhairs.github.io/python-json-logger/latest/quickstart/",
        samples=(
            '{"asctime": "2024-03-14 09:26:53,123", "levelname": "INFO", "name": "shop", "message": "ready"}',
            '{"levelname": "ERROR", "message": "declined", "timestamp": "2024-03-14T09:26:54.123456+00:00", "name": "shop",'
            ' "pathname": "/srv/pay.py", "lineno": 42, "funcName": "pay", "process": 4711, "threadName": "MainThread",'
            ' "exc_info": "Traceback (most recent call last):\\nValueError: reset"}',
            '{"message": "no time", "levelname": "WARNING"}',
        ),
        required=("levelname", "message"),
        specificity=0.994,
        time=("asctime", "timestamp", "time", "@timestamp", "created"),
        level=("levelname",),
        message=("message",),
        renames=_PYTHON,
    ),
    Dialect(
        name="winston",
        title="winston (Node.js), JSON format",
        source="https://github.com/winstonjs/winston#formats",
        samples=(
            '{"level":"info","message":"ready","service":"shop","timestamp":"2024-03-14T09:26:53.123Z"}',
            '{"message":"declined","level":"error","stack":"Error: reset\\n    at pay.js:4:2","label":"pay",'
            '"timestamp":"2024-03-14 09:26:54"}',
            '{"level":"info","message":"no time"}',
        ),
        required=("level", "message"),
        foreign=("time", "ts", "@timestamp", "msg", "levelname", "event", "logger", "thread", "date", "datetime"),
        fits=_winston_order,
        specificity=0.991,
        time=("timestamp",),
        level=("level",),
        message=("message",),
        confirms=_is_winston,
        renames={"service": "service.name", "label": "log.logger", "stack": "exception.stacktrace"},
    ),
)))  # fmt: skip
