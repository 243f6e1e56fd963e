"""What structured loggers of Node.js write in JSON by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.kinds import integer
from chalicelib.core.formats.objects import Objects, undotted

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_BUNYAN_WORDS: Final = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
_BUNYAN_DIGITS: Final = frozenset(map(str, _BUNYAN_WORDS))
_EXCEPTION: Final = {
    "err.type": "exception.type", "err.name": "exception.type", "err.message": "exception.message",
    "err.stack": "exception.stacktrace",
}  # fmt: skip
_NPM_LEVELS: Final = ("error", "warn", "info", "http", "verbose", "debug", "silly", "notice", "crit", "alert")


def _bunyan_level(value: Value) -> tuple[str, int] | None:
    """A number's name; custom numbers stay what they are."""
    number = integer(value) if type(value) is str and value in _BUNYAN_DIGITS else value
    word = _BUNYAN_WORDS.get(number) if type(number) is int else None
    return None if word is None else (word, severity.of_word(word) or 0)


def _winston_order(names: tuple[str, ...]) -> bool:
    """winston adds a time stamp behind level and message, or sorts."""
    plain = undotted(names)
    early = set(plain[:2]) == {"level", "message"}
    return early or (plain == sorted(plain) and "timestamp" in plain)


def _is_bunyan(fields: dict[str, Value]) -> bool:
    return type(fields["level"]) is int and type(fields["time"]) is str and fields["v"] == 0


def _is_pino(fields: dict[str, Value]) -> bool:
    when, level = fields["time"], fields["level"]
    if type(level) is str:
        return type(when) is int and when > 10**11 and type(fields.get("pid")) is int
    return type(level) is int and 0 < level <= 100 and (
        (type(when) is int and when > 10**11) or (type(when) is str and "pid" in fields and fields.get("v", 1) == 1)
    )  # fmt: skip


def _is_winston(fields: dict[str, Value]) -> bool:
    return fields["level"] in _NPM_LEVELS and type(fields.get("timestamp", "")) is str


FORMATS: Final = tuple(map(Objects.format, (
    Objects(
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
        body=("msg",),
        confirms=_is_bunyan,
        levels=_bunyan_level,
        names={
            "name": "service.name", "hostname": "host.name", "pid": "process.pid", "src.file": "code.file.path",
            "src.line": "code.line.number", "src.func": "code.function.name", "v": "bunyan.version",
            "req.method": "http.request.method", "req.url": "url.original",
            "req.remoteAddress": "client.address", "req.remotePort": "client.port",
            "res.statusCode": "http.response.status_code", **_EXCEPTION,
        },
        requests=True,
    ),
    Objects(
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
        body=("msg",),
        confirms=_is_pino,
        levels=_bunyan_level,
        names={
            "name": "service.name", "hostname": "host.name", "pid": "process.pid",
            "req.method": "http.request.method", "req.url": "url.original", "req.remoteAddress": "client.address",
            "req.remotePort": "client.port", "req.headers.user-agent": "user_agent.original",
            "req.headers.host": "server.address", "res.statusCode": "http.response.status_code", **_EXCEPTION,
        },
        requests=True,
    ),
    Objects(
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
        body=("message",),
        confirms=_is_winston,
        names={"service": "service.name", "label": "log.logger", "stack": "exception.stacktrace"},
        requests=True,
    ),
)))  # fmt: skip
