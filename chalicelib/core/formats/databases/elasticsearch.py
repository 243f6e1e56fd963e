"""Elasticsearch and OpenSearch: the bracketed text (slow logs too), and JSON: 7.x's own and 8.x's by ECS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.dates import CLOCK, DAY
from chalicelib.core.formats.kinds import add_endpoint, add_integer, integer, is_ip, number
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.member_names import Target
    from chalicelib.core.records import Value

_WHEN: Final = rf"{DAY}[T ]{CLOCK},[0-9]{{3}}"
_HEAD: Final = re.compile(
    rf"\[({_WHEN})\]\[(TRACE|DEBUG|INFO|WARN|ERROR|FATAL|CRITICAL|DEPRECATION) *+\]\[([^\]\n]{{1,256}})\]"
    r"(?: ?\[([^\]\n]{1,256})\])?(?: ?\[(?!gc\])([^\]\[\s/]{1,256})(?:/[\w-]{22}\](?:\[([0-9]{1,6})\])?|\]\[([0-9]{1,6})\]))?+ ?"
)
_ANY_HEAD: Final = re.compile(re.sub(r"\(TRACE[A-Z|]*\)", "([A-Z]{3,16})", _HEAD.pattern))
_INDEX: Final = re.compile(
    r"\[([^\]\[\s/]{1,256})\] (?=creating index|deleting index|create_mapping|update_mapping|update_settings)"
)
_PAIR: Final = re.compile(r"([a-z_]{2,32})\[((?:[^\[\]]|\[[^\[\]]{0,256}\]){0,512})\]")
_SOURCE: Final = re.compile(r"source\[(.*+)", re.DOTALL)
_USER: Final = re.compile(
    r"Authentication (?:of|finally failed for|failed for) (?:\[([^\s\]]{1,128})\]|([^\s\]]{1,128})(?= from [0-9A-Fa-f]{0,4}[.:]|$))"
    r"(?: from ([0-9A-Fa-f.:]{2,45}?)(?::([0-9]{1,5}))?(?:\s|$))?"
)
_EXCEPTION: Final = re.compile(
    r"\n((?:[a-z][\w$]{0,63}\.){1,16}[A-Z][\w$]{0,127})(?:: ([^\n]{0,4096}))?(?:\n|$)"
)
_AUDIT: Final = re.compile(
    rf"\[({_WHEN})\](?: \[([^\]\n]{{1,256}})\])? \[(rest|transport|ip_filter|security_config_change)\] {{1,4}}\[([a-z_]{{3,64}})\]\s*(.*)",
    re.DOTALL,
)
_AUDITED: Final = re.compile(r"([a-z_.]{2,40})=\[((?:[^\[\]]|\[[^\]\n]{0,256}\]){0,4096})\](?=,|\s*$)")
_AUDIT_NAMES: Final = {
    "principal": "user.name", "realm": "elasticsearch.audit.realm", "uri": "url.path", "request_method": "http.request.method",
    "request_id": "http.request.id",
}  # fmt: skip
"""https://www.elastic.co/guide/en/elasticsearch/reference/6.8/audit-log-output.html"""
_LOGSTASH: Final = ("logstash.", "org.logstash.")
"""Loggers of a program whose lines look alike, but for what stands in the brackets."""
_SEARCHED_MAX: Final = 65536


def _number(word: str) -> int | None:
    return 13 if word == "DEPRECATION" else severity.of_word(word)


def _make_text_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)

    def parse(entry: str) -> Record | Reject:
        match = _HEAD.match(entry) or (_ANY_HEAD.match(entry) if context.decided else None)
        if match is None:
            audit = _AUDIT.fullmatch(entry)
            return OTHER_SHAPE if audit is None else _audited(audit, times)
        when, word, logger, node, index, shard, shard_too = match.groups()
        if logger.startswith(_LOGSTASH):
            return OTHER_SHAPE
        shard = shard or shard_too
        stamp = times.of_text(when)
        if stamp is None:
            return BAD_TIME
        body = entry[match.end() :]
        if index is None and (named := _INDEX.match(body)):
            index, body = named[1], body[named.end() :]
        fields: dict[str, Value] = {"log.logger": logger.rstrip()}
        if node is not None:
            fields["elasticsearch.node.name"] = node
        if index is not None:
            fields["elasticsearch.index"] = index
        if shard is not None:
            fields["elasticsearch.shard"] = integer(shard)
        if "took[" in body:
            _add_slow(fields, body)
        elif message := _USER.search(body, 0, _SEARCHED_MAX):
            fields["user.name"] = message[1] or message[2]
            if message[3] and is_ip(message[3]):
                fields["client.address"] = message[3]
                if message[4]:
                    add_integer(fields, "client.port", message[4])
        elif "\n" in body and (thrown := _EXCEPTION.search(body, 0, _SEARCHED_MAX)):
            fields["exception.type"] = thrown[1]
            if thrown[2]:
                fields["exception.message"] = thrown[2]
            fields["exception.stacktrace"] = body[thrown.start() + 1 :]
            body = body[: thrown.start()]
        return Record(*stamp, word, _number(word), body or None, fields)

    return parse


def _audited(match: re.Match[str], times: Times) -> Record | Reject:
    """What X-Pack writes to its audit log as text: ``name=[value], …``."""
    when, node, layer, event, message = match.groups()
    stamp = times.of_text(when)
    if stamp is None:
        return BAD_TIME
    fields: dict[str, Value] = {"event.name": event, "elasticsearch.audit.layer": layer}
    if node is not None:
        fields["elasticsearch.node.name"] = node
    for name, value in _AUDITED.findall(message[:_SEARCHED_MAX]):
        if value and name == "origin_address":
            add_endpoint(fields, "client", value, always_port=True)
        elif value:
            add(fields, {}, _AUDIT_NAMES.get(name, f"elasticsearch.audit.{name}"), value)
    return Record(*stamp, None, None, f"[{event}] {message}".rstrip(), fields)


def _add_slow(fields: dict[str, Value], body: str) -> None:
    """Types `name[value], …` of a slow log; the query is what stands in `source[…]`."""
    source = _SOURCE.search(body)
    for name, value in _PAIR.findall(body[:_SEARCHED_MAX] if source is None else body[: source.start()]):
        if value:
            fields[f"elasticsearch.slowlog.{name}"] = number(value)
    if source is not None:
        query, mark, rest = source[1].rpartition("], id[")
        if not mark:
            query, rest = source[1].rstrip(", ").removesuffix("]"), ""
        if query:
            fields["db.query.text"] = query
        if rest.rstrip(", ]"):
            fields["elasticsearch.slowlog.id"] = rest.rstrip(", ]")


def _add_origin(fields: dict[str, Value], name: str, text: str) -> None:
    add_endpoint(fields, name, text, always_port=True)


_OWN: Final[dict[str, str | Target]] = {
    "component": "log.logger", "logger": "log.logger", "log.logger": "log.logger", "process.thread.name": "thread.name",
    "cluster.name": "elasticsearch.cluster.name", "cluster_name": "elasticsearch.cluster.name",
    "node.name": "elasticsearch.node.name", "node_name": "elasticsearch.node.name",
    "cluster.uuid": "elasticsearch.cluster.uuid", "cluster_uuid": "elasticsearch.cluster.uuid",
    "node.id": "elasticsearch.node.id", "node_id": "elasticsearch.node.id", "type": "elasticsearch.type",
    "stacktrace": "exception.stacktrace", "error.stack_trace": "exception.stacktrace", "error.type": "exception.type",
    "error.message": "exception.message", "source": "db.query.text", "elasticsearch.slowlog.source": "db.query.text",
    "user.name": "user.name", "service.name": "service.name", "event.dataset": "event.dataset", "trace.id": "trace_id",
    "origin.address": ("client.address", _add_origin, "client"), "host.name": "host.name", "host.ip": "host.ip", "url.path": "url.path",
    "request.method": "http.request.method", "took_millis": "number:elasticsearch.took_millis",
    "elasticsearch.slowlog.took_millis": "number:elasticsearch.slowlog.took_millis",
}  # fmt: skip


_MARKS: Final = ('"elasticsearch.', '"cluster.', '"cluster_', '"node.')


def _is_own(members: dict[str, Value]) -> bool:
    """Whether the names are those of a node's log, of its slow logs, or of its audit log."""
    if any(name.startswith("elasticsearch.") for name in members):
        return True
    if "event.action" in members and members.get("type") == "audit":
        return True
    return not members.keys().isdisjoint(("cluster.name", "cluster_name", "cluster.uuid")) and not (
        members.keys().isdisjoint(("node.name", "node_name", "node.id", "component"))
    )


def _graded(value: Value) -> tuple[str, int | None] | None:
    return ("DEPRECATION", _number("DEPRECATION")) if value == "DEPRECATION" else None


def _whole_trace(fields: dict[str, Value], _body: str | None) -> None:
    """A trace is a list of its lines in version 7."""
    trace = fields.get("exception.stacktrace")
    if type(trace) is list:
        fields["exception.stacktrace"] = "\n".join(map(str, trace))


TEXT: Final = Format(
    name="elasticsearch",
    title="Elasticsearch and OpenSearch log and slow log, text",
    source="https://www.elastic.co/guide/en/elasticsearch/reference/current/logging.html",
    samples=(
        "[2024-03-14T09:26:53,123][INFO ][o.e.n.Node               ] [node-1] initialized",
        "[2024-03-14T09:26:54,000][WARN ][index.search.slowlog.query] [node-1] [orders][0] took[1.2s], took_millis[1200],"
        ' total_hits[3 hits], types[], stats[], search_type[QUERY_THEN_FETCH], total_shards[5], source[{"size":10,"a":[1]}], id[t-17], ',
        "[2024-03-14 09:26:55,001][ERROR][bootstrap                ] [Blob] Exception\njava.io.IOException: no space\n"
        "\tat org.example.Store.open(Store.java:42)",
        "[2024-03-14T09:26:56,123][WARN ][o.o.s.a.BackendRegistry  ] [node-1] Authentication finally failed for ada from 192.0.2.17:51022",
    ),
    make_parser=_make_text_parser,
    specificity=0.97,
    framing=Framing(entry_start=entry_start(rf"\[{_WHEN}\](?:\[| \[)")),
    sieve=rf"\[{_WHEN}\](?:\[[A-Z]{{4,11}} {{0,4}}\]\[|(?: \[[^\]\n]{{1,256}}\])? \[(?:rest|transport|ip_filter|security_config_change)\] )",
    alone=True,
)
JSON: Final = Objects(
    name="elasticsearch_json",
    title="Elasticsearch and OpenSearch log, JSON (7 and ECS)",
    source="https://www.elastic.co/guide/en/elasticsearch/reference/current/logging.html#json-format",
    samples=(
        '{"type": "server", "timestamp": "2024-03-14T09:26:53,123Z", "level": "INFO", "component": "o.e.n.Node",'
        ' "cluster.name": "shop", "node.name": "node-1", "message": "started", "cluster.uuid": "pTz0", "node.id": "8zVl"  }',
        '{"type": "server", "timestamp": "2024-03-14T09:26:54,000+01:00", "level": "ERROR", "component": "o.e.b.Bootstrap",'
        ' "cluster.name": "shop", "node.name": "node-1", "message": "failed", \n"stacktrace": ["java.io.IOException: no space",\n'
        '"at org.example.Store.open(Store.java:42)"] }',
        '{"@timestamp":"2024-03-14T09:26:55.255Z", "log.level": "WARN", "elasticsearch.slowlog.message": "[orders][0]",'
        '"elasticsearch.slowlog.source":"{\\"size\\":10}","elasticsearch.slowlog.took":"747.3micros",'
        '"elasticsearch.slowlog.took_millis":"0" , "ecs.version": "1.2.0","service.name":"ES_ECS","event.dataset":'
        '"elasticsearch.index_search_slowlog","process.thread.name":"search-7","log.logger":"index.search.slowlog.query",'
        '"elasticsearch.node.name":"node-1","elasticsearch.cluster.name":"shop"}',
    ),
    specificity=0.998,
    framing=Framing(kind=Kind.JSON),
    sieve=r"[ \t]{0,8}\{\s{0,8}\"(?:type|timestamp|@timestamp|component|log\.level|cluster\.)",
    contains=(_MARKS,),
    required=("timestamp|@timestamp",),
    confirms=_is_own,
    time=("timestamp", "@timestamp"),
    timeless=BAD_TIME,
    level=("level", "log.level"),
    levels=_graded,
    body=("message", "elasticsearch.slowlog.message"),
    names=_OWN,
    prefixes={"elasticsearch.": "elasticsearch.", "": "elasticsearch."},
    finish=_whole_trace,
).format()

FORMATS: Final = (TEXT, JSON)
