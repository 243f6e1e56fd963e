"""Harbor's registry: its containers' lines as rsyslog writes them, one file a component.

The carrier is syslog with the component as its program; what nginx (`proxy`), the core's router and its
loggers write is typed, other lines are tried by themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, ParseContext, severity
from chalicelib.core.formats.applications.naming import split_values
from chalicelib.core.formats.applications.pairs import typed
from chalicelib.core.formats.kinds import add_client, integer
from chalicelib.core.formats.nested import carried
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.registry import by_name
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse
    from chalicelib.core.formats.nested import When
    from chalicelib.core.records import Value

_COMPONENTS: Final = (
    "proxy|core|registryctl|registry|jobservice|portal|chartmuseum|postgresql|redis|log|clair|clair-adapter|trivy-adapter"
    "|notary-server|notary-signer|exporter|adminserver|ui"
)
_PROXY: Final = re.compile(
    r'(\S{1,64}) - (?:(?P<user>[^" ]{1,128}) )?"(?:([A-Z]{1,32}) (\S{1,8192}) )?([^"\\]*+(?:\\.[^"\\]*+)*+)" ([0-9]{3}) ([0-9]{1,18}) '
    r'"([^"\\]*+(?:\\.[^"\\]*+)*+)" "([^"\\]*+(?:\\.[^"\\]*+)*+)" ([0-9.]{1,20}) ([0-9., -]{1,64}) ([.p])'
)
"""https://github.com/goharbor/harbor/blob/main/make/photon/prepare/templates/nginx/nginx.http.conf.jinja"""
_COLOUR: Final = re.compile(r"#033\[[0-9;]{0,16}m")
_ROUTED: Final = re.compile(
    r"(?P<when>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8})(?:\.[0-9]{1,6})? (?P<level>\[[A-Z]\]) +\[(?P<file>[^\]:]{1,256}):"
    r"(?P<line>[0-9]{1,7})\] +\| *(?P<client>[^ |]{1,64}) *\| *(?P<status>[0-9]{3}) *\| *(?P<took>[^ |]{1,32}) *\|"
    r" *(?P<match>[^ |]{1,16}) *\| *(?P<method>[A-Z]{1,32}) +(?P<path>\S{1,8192})(?: +r:(?P<route>\S{1,1024}))?+ *"
)
_LOGGED: Final = re.compile(
    r"(?P<when>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z) \[(?P<level>[A-Z]{4,8})\] \[(?P<file>[^\]:]{1,256}):(?P<line>[0-9]{1,7})\]"
    r"(?:\[client IP=\"(?P<client>[^\"]{1,256})\" requestID=\"(?P<request>[^\"]{1,128})\"(?: user agent=\"(?P<agent>"
    r"[^\"\\]*+(?:\\.[^\"\\]*+)*+)\")?\]|\[(?P<context>[^\]]{0,1024})\])?: (?P<message>.*)",
    re.DOTALL,
)
_POSTGRES: Final = re.compile(
    r"(?:(?P<when>[0-9-]{10} [0-9:.]{8,12} [A-Z]{3}) \[\S{1,32}\] )?(?P<level>[A-Z]{3,12}): {1,2}(?P<message>.*)",
    re.DOTALL,
)
_OF_USER: Final = re.compile(r"\buser:([^\s,]{1,256})")


def _make_parser(context: ParseContext) -> Parse:
    of_syslog = by_name("syslog_rfc3164").make_parser(ParseContext(context.last_modified))
    times = Times(context.last_modified)
    is_component = re.compile(_COMPONENTS).fullmatch

    def parse(entry: str) -> Record | Reject:
        outer = of_syslog(entry)
        if isinstance(outer, Reject) or outer.body is None:
            return OTHER_SHAPE
        fields, text = outer.attributes, outer.body
        component = str(fields.get("service.name"))
        if is_component(component) is None:
            return OTHER_SHAPE
        stamp: When = (outer.timestamp, outer.timestamp_assumed)
        if component == "proxy" and _add_request(fields, text):
            return outer
        plain = _COLOUR.sub("", text)
        match = _ROUTED.fullmatch(plain) or _LOGGED.fullmatch(plain)
        if match is None and component == "postgresql":
            match = _POSTGRES.fullmatch(plain)
        if match is None:
            return carried(context.explain, text, stamp, fields)
        groups = match.groupdict()
        word = groups["level"].strip("[]")
        for group, name in _NAMES.items():
            if groups.get(group):
                fields[name] = typed(groups[group]) if name in _NUMBERS else groups[group]
        if groups.get("client"):
            add_client(fields, groups["client"])
        own = times.of_text(groups["when"]) if groups.get("when") else None
        if own is not None and own[1] is None and outer.timestamp is not None:
            fields["syslog.timestamp"] = outer.timestamp
            stamp = own
        elif own is not None and own[0] != outer.timestamp:
            fields["log.record.timestamp"] = own[0]
        body = groups.get("message")
        if body and (user := _OF_USER.search(body)):
            fields["user.name"] = user[1]
        split_values(fields)
        if body != text:
            fields["log.record.original"] = text
        return Record(*stamp, word, severity.of_word(word), body or plain, fields)

    return parse


_NUMBERS: Final = frozenset(("code.line.number", "http.response.status_code"))
_NAMES: Final = {
    "file": "code.file.path", "line": "code.line.number", "status": "http.response.status_code",
    "took": "harbor.took", "match": "harbor.match", "method": "http.request.method", "path": "url.path",
    "route": "http.route", "request": "http.request.id", "agent": "user_agent.original", "context": "harbor.context",
}  # fmt: skip


def _add_request(fields: dict[str, Value], text: str) -> bool:
    """Adds what nginx says of a request; whether it is such a line."""
    match = _PROXY.fullmatch(text)
    if match is None:
        return False
    client, user, method, target, protocol, status, size, referer, agent, took, upstream, pipe = (
        match.groups()
    )
    fields["client.address"] = client
    if method:
        fields["http.request.method"] = method
        fields["url.path"] = target
    if protocol:
        fields["network.protocol"] = protocol
    fields["http.response.status_code"] = integer(status)
    fields["http.response.body.size"] = integer(size)
    for name, value in (
        ("user.name", user), ("http.request.header.referer", referer), ("user_agent.original", agent),
        ("nginx.request_time", typed(took)), ("nginx.upstream_response_time", typed(upstream)), ("nginx.pipe", pipe),
    ):  # fmt: skip
        if value not in (None, "", "-", "."):
            fields[name] = value  # noqa: PERF403 - several kinds of values
    split_values(fields)
    return True


HARBOR: Final = Format(
    name="harbor",
    title="Harbor registry, components behind rsyslog",
    source="https://goharbor.io/docs/main/install-config/",
    samples=(
        'Mar 14 09:26:53 198.51.100.1 proxy[1297]: 192.0.2.17 - "GET /api/health HTTP/1.1" 308 172 "-" "insomnia/6.5.3" 0.000 - .',
        "Mar 14 09:26:54 198.51.100.1 core[1297]: 2024/03/14 09:26:54 #033[1;44m[D] [server.go:2619] |      192.0.2.17|#033[42m"
        " 200 #033[0m|     9.9379ms|   match|#033[44m GET     #033[0m /api/ping   r:/api/ping#033[0m",
        "Mar 14 09:26:55 198.51.100.1 core[1160]: 2024-03-14T09:26:55Z [ERROR] [/server/basic_auth.go:72][client"
        ' IP="192.0.2.17" requestID="dfdf" user agent="docker/23.0.6"]: failed to authenticate user:ada, error: no',
        'Mar 14 09:26:56 198.51.100.1 registryctl[1297]: 192.0.2.17 - - [14/Mar/2024:09:26:56 +0000] "GET /health HTTP/1.1" 200 9',
    ),
    make_parser=_make_parser,
    specificity=0.96,
    sieve=rf"(?:<[0-9]{{1,3}}>)?[A-Z][a-z]{{2}} [ 0-9][0-9] [0-9:]{{8}} [0-9.]{{7,15}} (?:{_COMPONENTS})\[",
)

FORMATS: Final = (HARBOR,)
