"""What structured loggers of Go write in JSON by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.objects import Objects, undotted

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_LOGRUS_LEVELS: Final = ("trace", "debug", "info", "warning", "warn", "error", "fatal", "panic")
_ZEROLOG_LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal", "panic")
_SLOG_LEVELS: Final = ("DEBUG", "INFO", "WARN", "ERROR")
_GO_CALLERS: Final = {
    "caller": "code.file.path", "file": "code.file.path", "func": "code.function.name", "error": "error.message",
    "err": "error.message", "stacktrace": "exception.stacktrace", "stack": "exception.stacktrace",
    "pid": "process.pid", "hostname": "host.name",
}  # fmt: skip


def _level_first(names: tuple[str, ...]) -> bool:
    """zerolog writes the level first and the message last."""
    plain = undotted(names)
    return plain[0] == "level" and plain[-1] == "message"


def _sorted(names: tuple[str, ...]) -> bool:
    """logrus sorts its members."""
    plain = undotted(names)
    return plain == sorted(plain)


def _time_level_message(names: tuple[str, ...]) -> bool:
    """slog writes time, level, perhaps the source, message."""
    plain = [name for name in names if not name.startswith("source")]
    return plain[:3] == ["time", "level", "msg"] or plain[:2] == ["level", "msg"]


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


FORMATS: Final = tuple(map(Objects.format, (
    Objects(
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
        body=("msg", "M", "message"),
        foreign=("request.method", "@timestamp", "v", "levelname", "hostname", "thread"),
        confirms=_is_zap,
        names={
            **_GO_CALLERS, "C": "code.file.path", "logger": "log.logger", "N": "log.logger", "F": "code.function.name",
            "S": "exception.stacktrace", "logging-call-at": "code.file.path", "function": "code.function.name",
        },
        requests=True,
    ),
    Objects(
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
        body=("message",),
        confirms=_is_zerolog,
        names=_GO_CALLERS,
        requests=True,
    ),
    Objects(
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
        body=("msg",),
        confirms=_is_logrus,
        names=_GO_CALLERS,
        requests=True,
    ),
    Objects(
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
        body=("msg",),
        confirms=_is_slog,
        names={
            "source.function": "code.function.name", "source.file": "code.file.path",
            "source.line": "code.line.number", "error": "error.message", "err": "error.message",
        },
        requests=True,
    ),
)))  # fmt: skip
