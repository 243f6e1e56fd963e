"""MongoDB: structured logs (4.4 and later), and the text before: 3.x, and 2.x without a severity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.dates import CLOCK
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.kinds import add_peer, integer, number
from chalicelib.core.formats.objects import Objects, graded
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.member_names import Target
    from chalicelib.core.records import Value

_WHEN: Final = (
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{CLOCK}\.[0-9]{{3}}(?:[+-][0-9]{{2}}:?[0-9]{{2}}|Z)"
    rf"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {MONTH} [ 0-9][0-9] {CLOCK}(?:\.[0-9]{{3}})?"
)
_OPERATIONS: Final = (
    "query|command|getmore|insert|update|remove|delete|killcursors|find|aggregate|count|distinct"
)
_LINE: Final = re.compile(
    rf"(?:(?P<when>{_WHEN}) )?(?:(?P<level>[FEWI]|D[1-5]?) {{1,2}}(?P<component>[A-Z_]{{1,12}}|-) {{1,8}})?\[(?P<context>[^\]\n]{{1,128}})\] ?(?P<body>.*+)",
    re.DOTALL,
)
_OWN_THREAD: Final = re.compile(
    r"conn[0-9]{1,18}|initandlisten|mongosMain|websvr|(?:signalProcessing|interrupt|migrate)Thread|journal(?: writer)?|FileAllocator|DataFileSync"
    r"|TTLMonitor|clientcursormon|snapshotthread|PeriodicTask(?:::)?Runner|rs[A-Z][A-Za-z]{2,40}|Balancer|LockPinger|CheckConfigServers|slaveTracking"
    r"|repl(?:[A-Z][A-Za-z]{2,40}(?:-[0-9]{1,9})?|slave|master| (?:index )?(?:writer|prefetch) worker(?: [0-9]{1,9})?)|ReplExecNetThread-[0-9]{1,9}"
    r"|ReplicaSetMonitorWatcher|UserCacheInvalidator(?:Thread)?|WriteBackListener(?:-\S{1,100})?|cleanupOldData(?:-[0-9a-f]{1,32})?|ClusterCursorCleanupJob"
)
"""The threads of mongod and mongos before 3.0, whose lines name neither severity nor component."""
_OPERATION: Final = re.compile(
    rf"(?:(?P<kind>{_OPERATIONS}) )(?P<db>[^\s.]{{1,64}})\.(?P<collection>[^\s]{{1,128}}) ?(?:appName: \"(?P<application>[^\"\n]{{0,128}})\" )?"
    r"(?:command: (?P<command>\w{1,64}) |(?:query|planSummary|ntoreturn|update|keysExamined|cursorid|ninserted|q): |(?=[0-9]{{1,12}}ms$))"
)
_FIGURE: Final = re.compile(
    r"(?:^| )(ntoreturn|ntoskip|nscanned|nscannedObjects|nreturned|reslen|numYields|keysExamined|docsExamined|nMatched|nModified"
    r"|ninserted|ndeleted|keyUpdates|writeConflicts|cursorid|planSummary|protocol|queryHash|planCacheKey|idhack|scanAndOrder"
    r"|upsert|hasSortStage|cursorExhausted|keysInserted|keysDeleted): ?([^\s{,}]{1,64})"
)
_QUERY: Final = re.compile(r"(?:\b(?:query|q): ?|\bcommand: \w{1,64} )\{")
_CAPITAL: Final = re.compile(r"(?<=[a-z])([A-Z])")
_MILLISECONDS: Final = re.compile(r" ([0-9]{1,12})ms$")
_REMOTE: Final = re.compile(
    r"(?:connection accepted from|[Ee]nd connection|received client metadata from|from client:?|for \S{1,128} from client:?) (?P<client>[^\s,]{1,64}:[0-9]{1,5})"
    r"(?: #(?P<number>[0-9]{1,18}))?"
)
_PRINCIPAL: Final = re.compile(
    r"(?:(?:[Aa]uthenticated as principal|authentication failed for|principal) ?(?=[\w.@-]{1,128} (?:on|from) )|authenticate db: \w{1,64} \{[^}\n]{0,256}user: \") ?(?P<user>[\w.@-]{1,128})(?: on (?P<db>\w{1,64}))?"
)
_SEARCHED_MAX: Final = 65536


_LEVELS: Final = {"F": 21, "E": 17, "W": 13, "I": 9, **dict.fromkeys(("D", "D1", "D2", "D3", "D4", "D5"), 5)}
"""D is the least detailed of the debug levels, D5 the most."""


def _is_thread(name: str) -> bool:
    """Whether brackets may hold a thread, in a file that is mongod's: a level is none."""
    return severity.of_word(name) is None


def _make_text_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    is_own = _is_thread if context.decided else _OWN_THREAD.fullmatch

    def parse(line: str) -> Record | Reject:
        match = _LINE.fullmatch(line)
        if match is None:
            return OTHER_SHAPE
        when, word, component, thread, body = match.groups()
        operation = _OPERATION.match(body)
        if (when is None and (operation is None or _MILLISECONDS.search(body) is None)) or (
            word is None and when is not None and not is_own(thread)
        ):
            return OTHER_SHAPE
        stamp: tuple[str | None, str | None] = (None, None)
        if when is not None:
            parsed = times.of_text(when)
            if parsed is None:
                return BAD_TIME
            stamp = parsed
        fields: dict[str, Value] = {"thread.name": thread}
        if component is not None and component != "-":
            fields["mongodb.component"] = component
        if operation is not None:
            _add_operation(fields, operation, body[:_SEARCHED_MAX])
        elif remote := _REMOTE.search(body, 0, _SEARCHED_MAX):
            add_peer(fields, "client", remote["client"])
            if remote["number"]:
                fields["mongodb.connection_id"] = integer(remote["number"])
        if operation is None and (principal := _PRINCIPAL.search(body, 0, _SEARCHED_MAX)):
            fields["user.name"] = principal["user"]
            if principal["db"]:
                fields["db.namespace"] = principal["db"]
        return Record(*stamp, word, _LEVELS.get(word) if word else None, body or None, fields)

    return parse


def _add_operation(fields: dict[str, Value], operation: re.Match[str], body: str) -> None:
    """Types a slow operation: what, where, its query and its figures."""
    fields["db.operation.name"] = operation["command"] or operation["kind"]
    fields["db.namespace"], fields["db.collection.name"] = operation["db"], operation["collection"]
    if operation["application"]:
        fields["mongodb.application_name"] = operation["application"]
    query = _QUERY.search(body)
    end = operation.end()
    if query is not None:
        end = _closing(body, query.end() - 1)
        fields["db.query.text"] = body[query.end() - 1 : end]
    for name, value in _FIGURE.findall(body, end if query is not None else 0):
        attribute = "mongodb." + _CAPITAL.sub(r"_\1", name).lower()
        fields.setdefault(attribute, number(value))
    if duration := _MILLISECONDS.search(body[-20:]):
        fields["mongodb.duration_ms"] = integer(duration[1])


def _closing(text: str, start: int) -> int:
    """Behind the brace that closes the one at `start`, outside of double quotes; the end where there is none."""
    depth = 0
    for match in re.finditer(r'[{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+"', text[start:]):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth -= 1
            if not depth:
                return start + match.end()
    return len(text)


def _add_namespace(fields: dict[str, Value], name: str, text: str) -> None:
    database, dot, collection = text.partition(".")
    if dot:
        fields["db.namespace"], fields["db.collection.name"] = database, collection
    else:
        fields[name] = text


_ATTRIBUTES: Final[dict[str, str | Target]] = {
    "c": "mongodb.component", "id": "mongodb.id", "ctx": "thread.name", "svc": "mongodb.service", "tags": "mongodb.tags",
    "attr.durationMillis": "mongodb.duration_ms", "attr.appName": "mongodb.application_name",
    "attr.planSummary": "mongodb.plan_summary", "attr.db": "db.namespace", "attr.authenticationDatabase": "db.namespace",
    "attr.principalName": "user.name", "attr.user": "user.name", "attr.connectionId": "mongodb.connection_id",
    "attr.remote": "endpoint:client", "attr.client": "endpoint:client",
    "attr.ns": ("mongodb.attr.ns", _add_namespace, "mongodb.attr.ns"),
}  # fmt: skip

TEXT: Final = Format(
    name="mongodb_text",
    title="MongoDB log before 4.4",
    source="https://www.mongodb.com/docs/v4.2/reference/log-messages/",
    samples=(
        "2024-03-14T09:26:53.256+0200 I JOURNAL  [journal writer] Journal writer thread started",
        '2024-03-14T09:26:54.741+0000 I  COMMAND  [conn26] command shop.orders command: find { find: "orders", filter:'
        " { id: 17 } } planSummary: IXSCAN { id: 1 } keysExamined:1 docsExamined:1 nreturned:1 reslen:188 protocol:op_msg 284ms",
        "Thu Mar 14 09:26:55.123 [initandlisten] connection accepted from 192.0.2.17:51022 #12 (3 connections now open)",
        "[conn11] query shop.User query: { clientId: 12345 } ntoreturn:0 nscanned:287011 nreturned:18 reslen:14019 2340ms",
    ),
    make_parser=_make_text_parser,
    specificity=0.96,
    framing=Framing(entry_start=entry_start(rf"{_WHEN}|\[[^\]]{{1,128}}\] (?:{_OPERATIONS}) ")),
    sieve=rf"(?:{_WHEN}) (?:(?:[FEWI]|D[1-5]?) {{1,2}}[A-Z_-]{{1,12}} {{1,8}})?\[|\[[^\]\n]{{1,128}}\] (?:{_OPERATIONS}) ",
    alone=True,
)
JSON: Final = Objects(
    name="mongodb_json",
    title="MongoDB structured log, 4.4 and later",
    source="https://www.mongodb.com/docs/manual/reference/log-messages/",
    samples=(
        '{"t":{"$date":"2024-03-14T09:26:53.466+02:00"},"s":"I",  "c":"ACCESS",   "id":20249,   "ctx":"conn12",'
        '"msg":"Authentication failed","attr":{"mechanism":"SCRAM-SHA-256","principalName":"ada",'
        '"authenticationDatabase":"admin","remote":"[2001:db8::7]:1053","extraInfo":{}}}',
        '{"t":{"$date":"2024-03-14T09:26:54.000Z"},"s":"W","c":"COMMAND","id":51803,"ctx":"conn17","msg":"Slow query",'
        '"attr":{"type":"command","ns":"shop.orders","command":{"find":"orders"},"durationMillis":284}}',
    ),
    specificity=0.995,
    sieve=r"\{ ?\"t\" ?: ?\{ ?\"\$date\"",
    required=("t.$date", "s", "msg"),
    time=("t.$date",),
    timeless=BAD_TIME,
    level=("s",),
    levels=graded(_LEVELS),
    read=flat_object,
    body=("msg",),
    names=_ATTRIBUTES,
    prefixes={"": "mongodb."},
).format()

FORMATS: Final = (TEXT, JSON)
