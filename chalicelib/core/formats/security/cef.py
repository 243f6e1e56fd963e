"""CEF and LEEF (1.0, 2.0), with or without a syslog header.

Extension values keep their spaces: a value ends where another name= begins. ``\\=``, ``\\|``, ``\\\\``, ``\\n``
are resolved. https://docs.nxlog.co/integrate/cef.html, https://www.ibm.com/docs/en/dsm?topic=overview-leef-event-components
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.kinds import TEXT_SUFFIX, figure, integer, is_nothing, number, transport_of
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.security.kv import Headed
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_CEF: Final = re.compile(
    r"\"?CEF: ?([0-9]{1,2}(?:\.[0-9])?)\|"
    + r"((?:[^|\\]|\\.)*+)\|" * 5
    + r"(?:((?:[^|\\]|\\.)*+)\| *(.*)|([0-9]{1,2}|[A-Za-z-]{3,9})\"?\s*\Z)",
    re.DOTALL,
)
"""The last bar may be missing where no extension stands behind it."""
_LEEF: Final = re.compile(
    r"LEEF: ?(1\.0|2\.0)\|"
    + r"((?:[^|\\]|\\.)*+)\|" * 3
    + r"((?:[^|\\]|\\.)*+)(?:\||\Z)(?:(x?[0-9A-Fa-f]{2,4}|0x[0-9A-Fa-f]{1,4}|[^\w\s|]|\t|\\t|)\|)?(.*)",
    re.DOTALL,
)
_MARK: Final = re.compile(r"\b(?:CEF: ?[0-9]|LEEF: ?[12]\.0)(?:\.[0-9])?\|")
_NAME: Final = re.compile(r"(?:^|[ \t])([\w.\[\]-]{1,100})(?<!\\)=")
_ESCAPE: Final = re.compile(r"\\([\\|=nrt])")
_RESOLVED: Final = {"n": "\n", "r": "\r", "t": "\t"}
_HEADER: Final = (
    "device_vendor",
    "device_product",
    "device_version",
    "device_event_class_id",
    "name",
    "severity",
)
_NAMES: Final = {
    "src": "source.address", "dst": "destination.address", "spt": "source.port", "dpt": "destination.port",
    "sourceAddress": "source.address", "destinationAddress": "destination.address", "sourcePort": "source.port",
    "destinationPort": "destination.port", "srcPort": "source.port", "dstPort": "destination.port",
    "suser": "user.name", "usrName": "user.name", "dvchost": "host.name", "dvc": "host.ip", "request": "url.full",
    "requestMethod": "http.request.method", "requestClientApplication": "user_agent.original", "proto": "network.transport",
    "shost": "source.domain", "dhost": "destination.domain",
}  # fmt: skip
_TEXTS: Final = frozenset(
    ("user.name", "host.name", "source.domain", "destination.domain", "url.full", "user_agent.original")
)
_ADDRESSES: Final = frozenset(
    ("src", "dst", "dvc", "agt", "sourceAddress", "destinationAddress", "sourceTranslatedAddress", "destinationTranslatedAddress",
     "deviceTranslatedAddress", "agentTranslatedAddress", "c6a1", "c6a2", "c6a3", "c6a4", "srcPreNAT", "dstPreNAT", "srcPostNAT", "dstPostNAT")
)  # fmt: skip
_NUMBERS: Final = frozenset(
    ("cn1", "cn2", "cn3", "cfp1", "cfp2", "cfp3", "cfp4", "cnt", "in", "out", "fsize", "oldFileSize", "spid", "dpid", "dvcpid",
     "sourceTranslatedPort", "destinationTranslatedPort", "srcPreNATPort", "dstPreNATPort", "srcPostNATPort", "dstPostNATPort",
     "srcBytes", "dstBytes", "srcPackets", "dstPackets", "totalPackets")
)  # fmt: skip
"""The extensions that the dictionaries of CEF and LEEF type; a text in them stands at NAME.text."""
_TIMES: Final = ("rt", "devTime", "deviceReceiptTime", "start", "end")
_WORDS: Final = {
    "unknown": None,
    "low": "info",
    "medium": "warning",
    "high": "error",
    "very-high": "critical",
    "very high": "critical",
}
_PAIRS_MAX: Final = 400


def _resolved(text: str) -> str:
    return _ESCAPE.sub(lambda match: _RESOLVED.get(match[1], match[1]), text) if "\\" in text else text


def _typed(name: str, key: str, text: str) -> tuple[str, Value] | None:
    """Attribute and value of an extension; None where it says that it is empty."""
    text = _resolved(text)
    if name in _ADDRESSES:
        return None if is_nothing(text) else (key, text)
    if name in _NUMBERS:
        value = figure(text)
        if type(value) is str:
            return None if is_nothing(text) else (key + TEXT_SUFFIX, text)
        return key, value
    if key == "network.transport":
        return None if is_nothing(text) else (key, transport_of(text))
    if key in _TEXTS or name.endswith(("Id", "ID", "Label", "Version", "version")):
        return key, text
    return key, number(text)


def _pairs_of(text: str) -> list[tuple[str, str]]:
    marks = list(_NAME.finditer(text))
    pairs = [
        (
            mark[1],
            text[mark.end() : marks[number + 1].start() if number + 1 < len(marks) else len(text)].rstrip(
                " \r\n"
            ),
        )
        for number, mark in enumerate(marks[:_PAIRS_MAX])
    ]
    before = text[: marks[0].start()].strip() if marks else text.strip()
    if before:
        pairs.insert(0, ("extra", before))
    if len(marks) > _PAIRS_MAX:
        pairs.append(("extra", text[marks[_PAIRS_MAX].start() :]))
    return pairs


def _add(
    fields: dict[str, Value],
    repeats: dict[str, int],
    seen: dict[str, str],
    names: tuple[str, str, str],
    value: Value,
) -> None:
    """Adds an extension: its attribute, or its own name where another extension or the header has that attribute.

    names: of the extension, the same as an attribute of its own, and the attribute that it becomes. seen: extension →
    what it became; one that comes again is ``NAME#2`` of that.
    """
    name, own, key = names
    if name in seen:
        add(fields, repeats, seen[name], value)
        return
    seen[name] = key = own if key in fields else key
    add(fields, repeats, key, value)


def _level(text: str) -> tuple[str | None, int | None]:
    """https://docs.nxlog.co/integrate/cef.html: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high."""
    rank = integer(text)
    if rank is not None and 0 <= rank <= 10:
        return text, (9, 13, 17, 21)[(rank > 3) + (rank > 6) + (rank > 8)]
    word = _WORDS.get(text.lower(), text)
    level = severity.of_word(word) if word else None
    return (text, level) if level is not None or severity.is_word(text) else (None, None)


class _Parser:
    __slots__ = ("_headed", "_leef", "_times")

    def __init__(self, context: ParseContext, *, leef: bool) -> None:
        self._times, self._headed, self._leef = Times(context.last_modified), Headed(context), leef

    def parse(self, line: str) -> Record | Reject:
        mark = _MARK.search(line, 0, 400)
        if mark is None or (mark[0][0] == "L") != self._leef:
            return OTHER_SHAPE
        at = mark.start()
        stamp: tuple[str | None, str | None] = None, None
        fields: dict[str, Value] = {}
        if at and line[:at].strip(' "'):
            header = self._headed.head(line[:at])
            if header is None:
                return OTHER_SHAPE
            stamp, fields, extension = header
            if extension:
                fields["extra"] = extension
        match = (_LEEF if self._leef else _CEF).match(line, at)
        if match is None:
            return OTHER_SHAPE
        record = self._typed_leef(match, fields) if self._leef else self._typed_cef(match, fields)
        own = next(
            (
                time
                for name in _TIMES
                if (time := self._time(fields.get(f"{'leef' if self._leef else 'cef'}.{name}")))
            ),
            None,
        )
        return record._replace(timestamp=(own or stamp)[0], timestamp_assumed=(own or stamp)[1])

    def _time(self, value: Value) -> tuple[str, str | None] | None:
        if type(value) is int:
            return self._times.of_number(value)
        return self._times.of_text(value) if type(value) is str else None

    def _typed_cef(self, match: re.Match[str], fields: dict[str, Value]) -> Record:
        fields["cef.version"] = match[1]
        header = (*match.groups()[1:6], match[7] if match[9] is None else match[9])
        for name, text in zip(_HEADER, header, strict=True):
            if text.strip():
                fields[f"cef.{name}"] = _resolved(text.strip())
        pairs = [(name, text) for name, text in _pairs_of(match[8] or "") if text and text != "-"]
        extension = dict(reversed(pairs))
        repeats: dict[str, int] = {}
        seen: dict[str, str] = {}
        for name, text in pairs:
            if name.endswith("Label") and name[:-5] in extension:
                continue
            key = _NAMES.get(name)
            if key is None:
                label = extension.get(name + "Label")
                key = f"cef.{_resolved(label)[:200] if label else name}"
            typed = _typed(name, key, text)
            if typed is None:
                continue
            key, value = typed
            _add(fields, repeats, seen, (name, f"cef.{name}", key), value)
        word, level = _level(header[5].strip())
        return Record(
            None,
            None,
            word,
            level,
            _resolved(extension["msg"]) if "msg" in extension else _resolved(match[6]) or None,
            fields,
        )

    def _typed_leef(self, match: re.Match[str], fields: dict[str, Value]) -> Record:
        version, *header = match.groups()[:5]
        fields["leef.version"] = version
        for name, text in zip(("vendor", "product", "product_version", "event_id"), header, strict=True):
            if text:
                fields[f"leef.{name}"] = _resolved(text)
        delimiter, text = match[6], match[7]
        separator = "\t"
        if delimiter:
            code = delimiter.lower().removeprefix("0x").removeprefix("x")
            if delimiter != "\\t":
                separator = chr(int(code, 16)) if len(delimiter) > 1 else delimiter
        pairs = (
            [pair.partition("=")[::2] for pair in text.split(separator, _PAIRS_MAX)]
            if separator in text
            else _pairs_of(text)
        )
        word = level = body = None
        repeats: dict[str, int] = {}
        seen: dict[str, str] = {}
        for padded, value in pairs:
            name = padded.strip()
            if not value or not name or value.strip() == "-":
                if (not value and name) or (value and not name):
                    add(fields, repeats, "leef.extra", name or value)
                continue
            if name == "sev" and word is None:
                word, level = _level(value)
            if name == "msg" and body is None:
                body = _resolved(value)
            typed = _typed(name, _NAMES.get(name, f"leef.{name[:200]}"), value)
            if typed is None:
                continue
            _add(fields, repeats, seen, (name, f"leef.{name[:200]}", typed[0]), typed[1])
        return Record(None, None, word, level, body or _resolved(header[3]) or None, fields)


def _cef(context: ParseContext) -> Parse:
    return _Parser(context, leef=False).parse


def _leef(context: ParseContext) -> Parse:
    return _Parser(context, leef=True).parse


CEF: Final = Format(
    name="cef",
    title="ArcSight Common Event Format (CEF), with or without a syslog header",
    source="https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/cef-implementation-standard/",
    samples=(
        "CEF:0|Example|Gate|1.0|100|login failed|5|src=192.0.2.17 spt=51022 dst=198.51.100.9 request=https://example.org/a?b=c&d=e"
        " msg=two words cs1Label=Rule cs1=deny all",
        "<134>Mar 14 09:26:53 fw-1 CEF:0|Example|Gate \\| Co|1.0|101|a \\\\ b|High|rt=1710404813123 suser=ada act=blocked a\\=b",
        "2024-03-14T09:26:54Z fw-1 CEF:1|Example|Gate|1.0|102|started|0|",
    ),
    make_parser=_cef,
    specificity=0.99,
    sieve=r"[^\n]{0,400}?\bCEF: ?[0-9](?:\.[0-9])?\|",
    alone=True,
)
LEEF: Final = Format(
    name="leef",
    title="IBM QRadar Log Event Extended Format (LEEF 1.0 and 2.0), with or without a syslog header",
    source="https://www.ibm.com/docs/en/dsm?topic=overview-leef-event-components",
    samples=(
        "LEEF:1.0|Example|Gate|1.0|login|src=192.0.2.17\tdst=198.51.100.9\tsev=5\tcat=auth\tusrName=ada\tmsg=two words",
        "Mar 14 09:26:53 fw-1 LEEF:2.0|Example|Gate|2.1|deny|^|src=192.0.2.17^srcPort=51022^proto=TCP^devTime=Mar 14 2024 09:26:53",
        "<13>1 2024-03-14T09:26:54Z fw-1 gate - - - LEEF:2.0|Example|Gate|2.1|up|x7C|sev=2|cat=system",
    ),
    make_parser=_leef,
    specificity=0.99,
    sieve=r"[^\n]{0,400}?\bLEEF: ?[12]\.0\|",
    alone=True,
)
FORMATS: Final = (CEF, LEEF)
