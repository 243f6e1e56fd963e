"""Zeek's logs: tab-separated behind its header lines, and JSON lines.

``-`` is unset, ``(empty)`` an empty list; types come from ``#types``.
https://docs.zeek.org/en/master/log-formats.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.kinds import decimal, integer, part_icmp
from chalicelib.core.formats.objects import Objects
from chalicelib.core.formats.reasons import BAD_TIME, NO_HEADER, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_NAMES: Final = {
    "id.orig_h": "source.address", "id.orig_p": "source.port", "id.resp_h": "destination.address", "id.resp_p": "destination.port",
    "proto": "network.transport", "service": "network.protocol.name", "method": "http.request.method", "host": "url.domain",
    "uri": "url.path", "referrer": "http.request.header.referer", "user_agent": "user_agent.original",
    "status_code": "http.response.status_code", "request_body_len": "http.request.body.size",
    "response_body_len": "http.response.body.size", "query": "dns.question.name", "username": "user.name", "user": "user.name",
}  # fmt: skip
_ESCAPE: Final = re.compile(r"\\x([0-9a-fA-F]{2})")
_INTS: Final = frozenset(("count", "int", "port"))
_FLOATS: Final = frozenset(("interval", "double"))


def _resolved(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "\\x" in text else text


class _Tsv:
    __slots__ = ("_empty", "_fields", "_path", "_separator", "_set_separator", "_times", "_types", "_unset")

    def __init__(self, context: ParseContext) -> None:
        self._times = Times(context.last_modified)
        headers: dict[str, str] = {}
        for line in context.header.split("\n"):
            name, _, value = line.lstrip("#").replace("\t", " ", 1).partition(" ")
            headers[name] = value
        self._separator = _resolved(headers.get("separator", "\t")) or "\t"
        self._set_separator = headers.get("set_separator", ",") or ","
        self._empty, self._unset = headers.get("empty_field", "(empty)"), headers.get("unset_field", "-")
        self._path = headers.get("path", "")
        self._fields = headers["fields"].split(self._separator) if headers.get("fields") else []
        types = headers.get("types", "").split(self._separator)
        self._types = (*types, *("string",) * (len(self._fields) - len(types)))

    def parse(self, line: str) -> Record | Reject:
        if not self._fields:
            return NO_HEADER
        values = line.split(self._separator)
        if len(values) != len(self._fields):
            return OTHER_SHAPE
        stamp: Stamp | tuple[None, None] | None = (None, None)
        fields: dict[str, Value] = {"zeek.path": self._path} if self._path else {}
        body = None
        for name, kind, text in zip(self._fields, self._types, values, strict=False):
            if text in (self._unset, ""):
                continue
            if name == "ts" and kind in ("time", "string"):
                stamp = self._times.of_number(text) or self._times.of_text(text)
                if stamp is None:
                    return BAD_TIME
                continue
            value = self._typed(kind, text)
            if name in ("msg", "message") and type(value) is str:
                body = value
            fields[_NAMES.get(name, f"zeek.{name}")] = value
        assert stamp is not None
        part_icmp(fields)
        return Record(stamp[0], stamp[1], None, None, body, fields)

    def _typed(self, kind: str, text: str) -> Value:
        if kind.startswith(("set[", "vector[")):
            inner = kind[kind.index("[") + 1 : -1]
            return (
                []
                if text == self._empty
                else [self._typed(inner, each) for each in text.split(self._set_separator)]
            )
        if kind in _INTS and (whole := integer(text)) is not None:
            return whole
        if kind in _FLOATS and (part := decimal(text)) is not None:
            return part
        if kind == "time":
            stamp = self._times.of_number(text)
            return text if stamp is None else stamp[0]
        if kind == "bool" and text in ("T", "F"):
            return text == "T"
        return "" if text == self._empty else _resolved(text)


def _make_tsv(context: ParseContext) -> Parse:
    return _Tsv(context).parse


def _without_ports(fields: dict[str, Value], _body: str | None) -> None:
    part_icmp(fields)


ZEEK: Final = Format(
    name="zeek",
    title="Zeek (Bro) logs, tab-separated with their header",
    source="https://docs.zeek.org/en/master/log-formats.html",
    samples=(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2024-03-14-09-26-53\n"
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\tlocal_orig\ttunnel_parents\n"
        "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tbool\tset[string]\n"
        "1710404813.123456\tCabc1\t192.0.2.17\t51022\t198.51.100.9\t443\ttcp\tssl\t0.25\tT\t(empty)\n"
        "1710404814.000001\tCabc2\t2001:db8::5\t5353\t2001:db8::1\t53\tudp\t-\t-\t-\ta,b",
        "#separator \\x09\n#path\tnotice\n#fields\tts\tnote\tmsg\n#types\ttime\tenum\tstring\n1710404815.5\tScan::Port\t192.0.2.17 scanned",
    ),
    make_parser=_make_tsv,
    specificity=0.99,
    framing=Framing(
        header=r"#(separator|set_separator|empty_field|unset_field|path|open|close|fields|types)[ \t]"
    ),
    sieve=r"#(?:separator|fields)[ \t]",
)
ZEEK_JSON: Final = Objects(
    name="zeek_json",
    title="Zeek (Bro) logs, JSON lines",
    source="https://docs.zeek.org/en/master/log-formats.html#zeek-json-format-logs",
    samples=(
        '{"ts":1710404813.123456,"uid":"Cabc1","id.orig_h":"192.0.2.17","id.orig_p":51022,"id.resp_h":"198.51.100.9","id.resp_p":443,'
        '"proto":"tcp","service":"ssl","duration":0.25,"conn_state":"SF"}',
        '{"_path":"http","ts":"2024-03-14T09:26:54.000001Z","uid":"Cabc2","id.orig_h":"2001:db8::5","id.orig_p":5353,"id.resp_h":"2001:db8::1",'
        '"id.resp_p":80,"method":"GET","host":"example.org","uri":"/a","status_code":200}',
    ),
    specificity=0.995,
    sieve=r"[ \t]*+\{[^\n]{0,200}?\"ts\":",
    required=("ts", "uid|id.orig_h|_path|fuid", "id.orig_h|_path|fuid|peer"),
    time=("ts",),
    usual=frozenset(("level", "body")),
    names=_NAMES,
    prefixes={"_": "zeek.", "": "zeek."},
    finish=_without_ports,
).format()
FORMATS: Final = (ZEEK, ZEEK_JSON)
