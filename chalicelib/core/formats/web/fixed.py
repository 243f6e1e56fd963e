"""Requests in layouts that nobody can change: HAProxy's variant of the CLF, IIS's own with commas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.patterned import patterned
from chalicelib.core.formats.web.requests import ADDRESS, add_request

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_Q: Final = r'"(?P<{}>[^"\n]*+)"'
_N: Final = r"(?P<{}>\+?-?[0-9]{{1,18}})"
_TEXT: Final = r'"?(?P<{}>[^\s"]{{1,256}})"?'


def _request(fields: dict[str, Value], body: str) -> None:
    add_request(fields, body)


HAPROXY_CLF: Final = patterned(
    "haproxy_clf",
    "HAProxy log, HTTP as CLF (option httplog clf)",
    "https://docs.haproxy.org/2.9/configuration.html#8.2.6",
    samples=(
        '192.0.2.17 - - [14/Mar/2024:09:26:53 +0000] "GET /shop HTTP/1.1" 200 5316 "" "" 51022 123 "www" "shop" "web-1" 0 0 1 12 14'
        ' "----" 1 1 0 0 0 0 0 "" "" "" ""',
        '2001:db8::5 - - [14/Mar/2024:09:26:54 +0000] "<BADREQ>" 400 0 "" "" 51023 456 "www~" "www" "<NOSRV>" -1 -1 -1 -1 6001'
        ' "cR--" 100 89 0 0 0 0 0 "-" "-" "example.org" "nginx"',
    ),
    templates=(
        rf"(?P<client>{ADDRESS}) - - \[(?P<time>[0-9]{{2}}/[A-Z][a-z]{{2}}/[0-9]{{4}}:[0-9:]{{8}} [+-][0-9]{{4}})\] {_Q.format('body')}"
        rf" (?P<status>[0-9]{{3}}|-1) {_N.format('size')} \"[^\"\n]*+\" \"[^\"\n]*+\" (?P<port>[0-9]{{1,5}}) (?P<milliseconds>[0-9]{{1,3}})"
        rf" {_TEXT.format('frontend')} {_TEXT.format('backend')} {_TEXT.format('server_name')}"
        rf" {_N.format('tr')} {_N.format('tw')} {_N.format('tc')} {_N.format('ts')} {_N.format('ta')} {_TEXT.format('state')}"
        rf" {_N.format('ac')} {_N.format('fc')} {_N.format('bc')} {_N.format('sc')} {_N.format('rc')} {_N.format('sq')} {_N.format('bq')}"
        r"(?: \"(?P<request_cookie>[^\"\n]*+)\")?(?: \"(?P<response_cookie>[^\"\n]*+)\")?(?: (?P<captured>[^\n]*+))?",
    ),
    start=rf"(?:{ADDRESS}) - - \[[0-9]{{2}}/[A-Z][a-z]{{2}}/[0-9]{{4}}:[0-9:]{{8}} [+-][0-9]{{4}}\] \"[^\"\n]*+\" (?:[0-9]{{3}}|-1) \+?[0-9]{{1,18}}"
    r" \"[^\"\n]*+\" \"[^\"\n]*+\" [0-9]{1,5} [0-9]{1,3} \"?[^\s\"]{1,256}\"? \"?[^\s\"]{1,256}\"? \"?[^\s\"]{1,256}\"? -?[0-9]",
    specificity=0.986,
    names={
        "milliseconds": "haproxy.accept_ms", "frontend": "haproxy.frontend_name", "backend": "haproxy.backend_name",
        "server_name": "haproxy.server_name", "tr": "haproxy.time_request", "tw": "haproxy.time_queue",
        "tc": "haproxy.time_backend_connect", "ts": "haproxy.time_backend_response", "ta": "haproxy.time_duration",
        "state": "haproxy.termination_state", "ac": "haproxy.actconn", "fc": "haproxy.feconn", "bc": "haproxy.beconn",
        "sc": "haproxy.srv_conn", "rc": "haproxy.retries", "sq": "haproxy.srv_queue", "bq": "haproxy.backend_queue",
        "request_cookie": "haproxy.captured_request_cookie", "response_cookie": "haproxy.captured_response_cookie",
        "captured": "haproxy.captured_headers", "size": "haproxy.bytes_read",
    },
    numbers=frozenset(("size", "milliseconds", "tr", "tw", "tc", "ts", "ta", "ac", "fc", "bc", "sc", "rc", "sq", "bq")),
    details=_request,
    single_line=True,
)  # fmt: skip
_C: Final = r"[^,\n]{1,4096}"
IIS: Final = patterned(
    "iis",
    "Microsoft IIS log file format (commas, fixed)",
    "https://learn.microsoft.com/en-us/previous-versions/iis/6.0-sdk/ms525807(v=vs.90)",
    samples=(
        "192.0.2.17, -, 3/14/2024, 9:26:53, W3SVC2, WEB-1, 198.51.100.9, 4502, 163, 5316, 200, 0, GET, /shop/logo.gif, -,",
        "2001:db8::5, ada, 03/14/2024, 09:26:54, W3SVC2, WEB-1, 198.51.100.9, 15, 275, 0, 404, 2, POST, /pay, order=17,",
        "192.0.2.18, anonymous, 03/14/24, 9:26:55, MSFTPSVC1, WEB-1, 198.51.100.9, 60, 275, 0, 0, 0, PASS, /intro.htm, -,",
    ),
    templates=(
        rf"(?P<client>{ADDRESS}), (?P<user>{_C}), (?P<mo>[0-9]{{1,2}})/(?P<d>[0-9]{{1,2}})/(?P<y>[0-9]{{4}}|[0-9]{{2}}),"
        rf" (?P<h>[0-9]{{1,2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}}), (?P<service>[A-Z0-9]{{4,16}}), (?P<host>{_C}), (?P<server>[^,\n]{{1,64}}),"
        r" (?P<taken>[0-9]{1,18}), (?P<request_size>[0-9]{1,18}), (?P<size>[0-9]{1,18}), (?P<status>[0-9]{1,5}), (?P<win32>[0-9]{1,10}),"
        rf" (?P<method>[^,\n]{{1,32}}), (?P<path>[^,\n]{{1,8192}}), (?P<query>[^\n]{{1,8192}}?),?(?=\n|$)",
    ),
    start=rf"(?:{ADDRESS}), [^,\n]{{1,256}}, [0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{2,4}}, [0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}, [A-Z0-9]{{4,16}}, ",
    specificity=0.985,
    names={"service": "iis.site_name", "taken": "iis.time_taken_ms", "win32": "iis.win32_status"},
    numbers=frozenset(("taken", "win32")),
    single_line=True,
)

FORMATS: Final = (HAPROXY_CLF, IIS)
