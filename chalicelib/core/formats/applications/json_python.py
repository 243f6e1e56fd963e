"""What structured loggers of Python write in JSON by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.objects import Objects

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_PYTHON: Final = {
    "name": "log.logger", "pathname": "code.file.path", "lineno": "code.line.number", "funcName": "code.function.name",
    "process": "process.pid", "processName": "process.name", "thread": "thread.id", "threadName": "thread.name",
    "exc_info": "exception.stacktrace", "taskName": "python.task.name", "module": "python.module",
    "filename": "python.filename", "levelno": "python.levelno", "logger": "log.logger",
    "otelTraceID": "trace_id", "otelSpanID": "span_id", "otelServiceName": "service.name",
    "otelTraceSampled": "trace_sampled",
}  # fmt: skip


def _is_structlog(fields: dict[str, Value]) -> bool:
    level = fields["level"]
    return type(level) is str and level.islower() and type(fields["event"]) is str


FORMATS: Final = tuple(map(Objects.format, (
    Objects(
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
        body=("event",),
        confirms=_is_structlog,
        names={
            "logger": "log.logger", "logger_name": "log.logger", "exception": "exception.stacktrace",
            "func_name": "code.function.name", "pathname": "code.file.path", "lineno": "code.line.number",
            "process": "process.pid", "thread": "thread.id", "thread_name": "thread.name", "pid": "process.pid",
            "host": "host.name",
        },
        requests=True,
    ),
    Objects(
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
        body=("message",),
        names=_PYTHON,
        requests=True,
    ),
)))  # fmt: skip
