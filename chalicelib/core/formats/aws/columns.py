"""Lines of columns, as AWS services write them: what a column's text becomes, by its table.

A setter gets the attributes, the column's name and its text, which is never absent (``-``), and raises
ValueError where the text is none of its kind. Tables are declared by the formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.kinds import add_endpoint
from chalicelib.core.formats.kinds import decimal as decimal_of
from chalicelib.core.formats.kinds import endpoint as endpoint_of
from chalicelib.core.formats.kinds import integer as integer_of

if TYPE_CHECKING:
    from chalicelib.core.records import Value

Fields: TypeAlias = "dict[str, Value]"
Setter: TypeAlias = Callable[["Fields", str, str], None]
Column: TypeAlias = tuple[str, Setter]

_TOKEN: Final = re.compile(
    r'(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?= |$)|"([^\n]*?)"(?= |$)|\[([^\]\n]*+)\](?= |$)|([^ \n]++))(?: |$)',
    re.DOTALL,
)
"""Between quotes (escaped or not), between brackets, or up to a blank."""
_TOKENS_MAX: Final = 64
_BLANK_OR_END: Final = (" ", "")
_ESCAPE: Final = re.compile(r'\\(["\\])')
_ISO_TIME: Final = re.compile(ISO)
_PROTOCOL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+-]{0,15})/([0-9]{1,3}(?:\.[0-9]{1,3})?)")
_KNOWN_MAX: Final = 8192

ABSENT: Final = frozenset(("-", ""))
CODES: Final = {str(code): code for code in range(1000)} | {f"{code:03d}": code for code in range(100)}
PROTOCOLS: Final = {
    f"HTTP/{version}": ("http", version) for version in ("1.1", "1.0", "2.0", "2", "3.0", "3", "0.9")
}


def tokens_of(line: str) -> list[str]:
    """The columns of a line: by blanks, quotes (with what they escape resolved) and brackets.

    Raises ValueError where the line is not made of them.
    """
    return _plain_tokens(line) or tokens_one_by_one(line)


def _plain_tokens(line: str) -> list[str]:
    """The columns of a line in which every quote begins one or ends one, split; none of any other line."""
    parts = line.split('"')
    last = len(parts) - 1
    if last % 2 or "\\" in line or "\n" in line:
        return []
    tokens: list[str] = []
    for number, part in enumerate(parts):
        if number % 2:
            tokens.append(part)
            continue
        begin, end = min(number, 1), len(part) - (number < last)
        if (number and part[:1] not in _BLANK_OR_END) or (number < last and part[-1:] not in _BLANK_OR_END):
            return []
        if begin >= end:
            if part != (" " if 0 < number < last else ""):
                return []
            continue
        inner = part[begin:end]
        if "[" in inner:
            if inner[-1] == " " or inner.rfind("]") < inner.rfind("["):
                return []
            tokens += _bracketed(inner)
        else:
            tokens += inner.split(" ")
    return [] if "" in tokens or len(tokens) > _TOKENS_MAX else tokens


def _bracketed(text: str) -> list[str]:
    before, _, rest = text.partition("[")
    within, _, after = rest.partition("]")
    if before[-1:] not in _BLANK_OR_END or after[:1] not in _BLANK_OR_END or "[" in after or "]" in before:
        return tokens_one_by_one(text)
    return [*(before[:-1].split(" ") if before else ()), within, *(after[1:].split(" ") if after else ())]


def tokens_one_by_one(line: str) -> list[str]:
    """As `tokens_of`, whatever stands in the line."""
    tokens: list[str] = []
    position = 0
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None or len(tokens) == _TOKENS_MAX:
            raise ValueError("no columns")
        position = match.end()
        token = match[match.lastindex or 0]
        tokens.append(_ESCAPE.sub(r"\1", token) if match.lastindex == 1 and "\\" in token else token)
    return tokens


def typed_columns(columns: Sequence[Column], tokens: Sequence[str]) -> Fields:
    """The attributes of the columns that are there; what follows them is `extra`. Raises ValueError."""
    fields: Fields = {}
    for (name, put), token in zip(columns, tokens, strict=False):
        if token not in ABSENT:
            put(fields, name, token)
    extra = " ".join(tokens[len(columns) :])
    if extra.strip("- "):
        fields["extra"] = extra
    return fields


def word(fields: Fields, name: str, text: str) -> None:
    fields[name] = text


def integer(fields: Fields, name: str, text: str) -> None:
    fields[name] = value = integer_of(text)
    if value is None:
        raise ValueError("no integer")


def decimal(fields: Fields, name: str, text: str) -> None:
    fields[name] = value = decimal_of(text)
    if value is None:
        raise ValueError("no number")


def number(fields: Fields, name: str, text: str) -> None:
    """An integer where it is one, else the text."""
    value = integer_of(text)
    fields[name] = text if value is None else value


def status(fields: Fields, name: str, text: str) -> None:
    try:
        fields[name] = CODES[text]
    except KeyError:
        raise ValueError("no status") from None


def iso_time(fields: Fields, name: str, text: str) -> None:
    if not _ISO_TIME.fullmatch(text):
        raise ValueError("no time")
    fields[name] = text


def listed(separator: str) -> Setter:
    """A list of texts."""

    def put(fields: Fields, name: str, text: str) -> None:
        fields[name] = list(text.split(separator))

    return put


def endpoint(fields: Fields, name: str, text: str) -> None:
    """An address and its port → NAME.address, NAME.port; AWS writes a port even behind an address of IPv6."""
    add_endpoint(fields, name, text.removesuffix(":-"), always_port=True)


def request_line(fields: Fields, _name: str, text: str) -> None:
    """Method, target and protocol, as far as they are there.

    A balancer writes ``- http://shop.example.org:80- -`` where it could not read them: the last hyphen
    of the target is the path that is not there.
    """
    method, _, rest = text.strip().partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if not target:
        target, protocol = protocol, ""
    elif method in ABSENT and protocol in ABSENT:
        target = target.removesuffix("-")
    if method not in ABSENT:
        fields["http.request.method"] = method
    if protocol not in ABSENT:
        match = _PROTOCOL.fullmatch(protocol)
        if match:
            fields["network.protocol.name"] = match[1].lower()
            fields["network.protocol.version"] = match[2]
        else:
            target = f"{target} {protocol}"
    if target.strip("- "):
        add_target(fields, target)


def add_target(fields: Fields, target: str) -> None:
    """Types a request's target: origin form or absolute form."""
    if target[:1] == "/":
        path = target
    else:
        fields["url.full"] = target
        scheme, colon, rest = target.partition("://")
        if not colon or not scheme.isalpha():
            return
        slash = rest.find("/")
        authority, path = (rest, "") if slash < 0 else (rest[:slash], rest[slash:])
        fields["url.scheme"] = scheme.lower()
        domain, port = split_authority(authority)
        if domain:
            fields["url.domain"] = domain
        if port is not None:
            fields["url.port"] = port
    if path:
        path, _, query = path.partition("?")
        fields["url.path"] = path
        if query:
            fields["url.query"] = query


def split_authority(authority: str) -> tuple[str, int | None]:
    """The domain and the port of a URL's authority; a port that is none stays with the domain, but for the hyphen behind
    it that a load balancer writes in place of a path."""
    return endpoint_of(authority[:-1] if authority[-1:] == "-" and ":" in authority else authority)


class Decimals(dict[str, float]):
    """Texts of decimals → their floats, kept as they are met. Raises ValueError for any other text."""

    def __missing__(self, text: str) -> float:
        value = decimal_of(text)
        if value is None:
            raise ValueError("no number")
        if len(self) >= _KNOWN_MAX:
            self.clear()
        self[text] = value
        return value


def request_of(fields: Fields, *, otherwise: Value = None) -> str | None:
    """The request as an access log has it: method, path with query, protocol; otherwise: a target where no path is."""
    path, query = fields.get("url.path"), fields.get("url.query")
    version = fields.get("network.protocol.version")
    target = f"{path}?{query}" if path and query else path or otherwise
    parts = (fields.get("http.request.method"), target, version and f"HTTP/{version}")
    return " ".join(str(part) for part in parts if part) or None
