"""PostgreSQL's server log on standard error, with whatever `log_line_prefix` its server has.

A line is told by the severity and the two spaces behind its colon. What stands before is read by its look:
time, process id in brackets, `user@database`, `address(port)`, `name=value`, session id; what is none of these
stays in `postgresql.prefix`. DETAIL, HINT, CONTEXT and STATEMENT are records of their own, with that word as
severity: each has its own prefix. Lines that begin with a tab belong to the entry before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.dates import ISO_START
from chalicelib.core.formats.kinds import LOCAL, add_integer, add_peer, integer, number, put, whole
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import ZONE, Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

SEVERITIES: Final = {
    "DEBUG": 5, "DEBUG1": 5, "DEBUG2": 5, "DEBUG3": 5, "DEBUG4": 5, "DEBUG5": 5, "LOG": 9, "INFO": 9, "NOTICE": 10,
    "WARNING": 13, "ERROR": 17, "FATAL": 21, "PANIC": 21,
    "DETAIL": 9, "HINT": 9, "CONTEXT": 9, "STATEMENT": 9, "QUERY": 9, "LOCATION": 9, "BACKTRACE": 9,
}  # fmt: skip
"""https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS;
the parts of a message that are lines of their own inform."""
_PARTS: Final = "DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE"
_MARK: Final = rf"(?:DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|{_PARTS}):  "
_WORD: Final = re.compile(r"[A-Z]{3,10}[1-5]?$")
_CODE: Final = re.compile(r"([0-9A-Z]{5}): ")
_PREFIX_MAX: Final = 400
_CACHE_MAX: Final = 4096
_TIME: Final = re.compile(
    rf"{ISO_START}(?:\.[0-9]{{1,6}})?"
    rf"(?: ?{ZONE}| [A-Z]{{2,5}}(?![A-Za-z0-9]))?|(?<![0-9.])1[0-9]{{9}}(?:\.[0-9]{{3}})?(?![0-9.])"
)
_SYSLOG: Final = re.compile(r"^<[0-9]|^[A-Z][a-z]{2} [ 0-9][0-9] |[\w./-]\[[0-9]{1,9}\]: ")
"""A header of syslog before the prefix: then it is a syslog line."""
_KNOWN: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\[(?P<pid>[0-9]{1,9})\] (?P<db>[^\s]{1,128}) (?P<app>[^\n]{1,128}?) (?P<user>[^\s]{1,128}) (?P<host>[^\s]{1,255}) "
        r"(?P<session>[0-9a-f]{6,8}\.[0-9a-f]{1,8})",
        r"(?P<session>[0-9a-f]{6,8}\.[0-9a-f]{1,8}) (?P<xid>[0-9]{1,12}) (?P<db>[^\s]{1,128}) (?P<user>[^\s]{1,128}) "
        r"(?P<host>[^\s]{1,255}) (?P<pid>[0-9]{1,9}) (?P<line>[0-9]{1,9})",
    )
)
"""Prefixes of words alone: ``%m [%p] %d %a %u %h %c`` and ``%m %c %x %d %u %r %p %l``."""
_PAIR: Final = re.compile(r"([A-Za-z_]{1,32})=([^,\s]{0,256})")
_TOKEN: Final = re.compile(
    r"\[(?P<line>[0-9]{1,9})-[0-9]{1,9}\]|\[(?P<pid>[0-9]{1,9})\]|(?<![\w.])(?P<peer>[0-9A-Za-z_][0-9A-Za-z_.:-]{0,254})\((?P<port>[0-9]{1,5})\)"
    r"|(?P<local>\[local\])|(?P<session>[0-9a-f]{6,8}\.[0-9a-f]{1,8})(?![\w.])|(?P<virtual>[0-9]{1,6}/[0-9]{1,12})(?![\w.])"
    r"|(?P<user>[^\s@:,<>\[\]()=]{1,128})@(?P<database>[^\s@:,<>\[\]()/=]{1,128})"
    r"|(?<![\w.:])(?P<address>(?:[0-9]{1,3}\.){3}[0-9]{1,3}|(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f:.]{0,20}|::1)(?![\w.])"
)
_NAMES: Final = {
    "user": "user.name", "usr": "user.name", "db": "db.namespace", "database": "db.namespace",
    "app": "postgresql.application_name", "application": "postgresql.application_name", "pid": "process.pid",
    "client": "client", "host": "client", "remote": "client", "session": "postgresql.session_id",
    "line": "postgresql.session_line", "xid": "postgresql.transaction_id",
}  # fmt: skip
_SEPARATORS: Final = " ,:<>|-[]"
_DURATION: Final = re.compile(
    r"duration: (?P<ms>[0-9.]{1,20}) ms(?:  (?:(?:statement|(?P<step>parse|bind|execute|fetch|plan) ?(?P<name>[^\n:]{0,128})): ?(?P<sql>.*+))?)?",
    re.DOTALL,
)
_STATEMENT: Final = re.compile(r"(?:statement|execute [^\n:]{1,128}): (.*+)", re.DOTALL)
_CONNECTION: Final = re.compile(r"(?:re)?(?:connection received|connection authorized|disconnection): ")
_AUTHENTICATION: Final = re.compile(
    r"(?:[\w-]{1,32} authentication failed for|role|no pg_hba\.conf entry for host \"(?P<host>[^\"\n]{1,255})\",) "
    r"(?:user )?\"(?P<user>[^\"\n]{1,128})\"(?:, database \"(?P<database>[^\"\n]{1,128})\")?"
)
_SEARCHED_MAX: Final = 1024

_PID_DIGITS_MAX: Final = 9
_WORDS_MAX: Final = 8
_OF_A_MESSAGE: Final = frozenset(_PARTS.split("|"))
_OWN_WORDS: Final = _OF_A_MESSAGE | {"LOG", "PANIC"}
"""Words that are proof even where the prefix is a time and nothing else."""


def _split(entry: str, *, decided: bool) -> tuple[str, str, str] | None:
    """Prefix, severity and message; None where there is no severity near the beginning of the first line.

    decided: whether a severity may be one that PostgreSQL does not have.
    """
    colon = entry.find(":  ", 0, _PREFIX_MAX)
    while colon > 0:
        word = _WORD.search(entry, max(0, colon - 11), colon)
        if word is not None and (decided or word[0] in SEVERITIES):
            prefix = entry[: word.start()]
            return None if "\t" in prefix or "\n" in prefix else (prefix, word[0], entry[colon + 3 :])
        colon = entry.find(":  ", colon + 1, _PREFIX_MAX)
    return None


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    prefixes: dict[str, tuple[dict[str, Value], str] | None] = {}

    def known(text: str) -> tuple[dict[str, Value], str] | None:
        """What a prefix without its time says; None where it is none."""
        try:
            return prefixes[text]
        except KeyError:
            if len(prefixes) >= _CACHE_MAX:
                prefixes.clear()
            fields: dict[str, Value] = {}
            rest = _prefix(text, fields)
            prefixed = None if _SYSLOG.search(text) or rest.count(" ") > _WORDS_MAX else (fields, rest)
            prefixes[text] = prefixed
            return prefixed

    def parse(entry: str) -> Record | Reject:
        parts = _split(entry, decided=context.decided)
        if parts is None:
            return OTHER_SHAPE
        prefix, word, body = parts
        stamp: tuple[str | None, str | None] = (None, None)
        when = _TIME.search(prefix)
        if when is not None:
            text = when[0]
            reading = times.of_value(text) or times.of_text(text.rpartition(" ")[0])
            if reading is None:
                return BAD_TIME
            stamp = reading
            prefix = f"{prefix[: when.start()]} {prefix[when.end() :]}"
        prefixed = known(prefix)
        if prefixed is None or (not prefixed[0] and (when is None or word not in _OWN_WORDS)):
            return OTHER_SHAPE
        fields = prefixed[0].copy()
        if prefixed[1]:
            fields["postgresql.prefix"] = prefixed[1]
        if code := _CODE.match(body):
            fields["db.response.status_code"] = code[1]
            body = body[code.end() :]
        if word in ("STATEMENT", "QUERY"):
            fields["db.query.text"] = body
        elif word not in _OF_A_MESSAGE:
            add_message_fields(fields, body)
        return Record(*stamp, word, SEVERITIES.get(word), body or None, fields)

    return parse


def _prefix(text: str, fields: dict[str, Value]) -> str:
    """Types what it knows of a prefix without its time; returns the rest."""
    prefixed = text.strip()
    for known in _KNOWN:
        if matched := known.fullmatch(prefixed):
            for name, value in matched.groupdict().items():
                if value == "[unknown]":
                    continue
                if name == "host":
                    add_peer(fields, "client", value.replace("(", ":").rstrip(")"))
                else:
                    fields[_NAMES[name]] = integer(value) if name in ("pid", "line", "xid") else value
            return ""
    if "=" in text:
        for name, value in _PAIR.findall(text):
            attribute = _NAMES.get(name, f"postgresql.{name.lower()}")
            if not value or value == "[unknown]":
                continue
            if attribute == "client":
                add_peer(fields, "client", value.replace("(", ":").rstrip(")"))
            else:
                put(fields, attribute, value)
        text = _PAIR.sub("", text)
    for match in _TOKEN.finditer(text):
        parts = match.groupdict()
        if parts["line"]:
            fields["postgresql.session_line"] = integer(parts["line"])
        elif parts["pid"]:
            fields["process.pid"] = integer(parts["pid"])
        elif parts["peer"]:
            add_peer(fields, "client", f"{parts['peer']}:{parts['port']}")
        elif parts["local"]:
            add_peer(fields, "client", LOCAL)
        elif parts["session"]:
            fields["postgresql.session_id"] = parts["session"]
        elif parts["virtual"]:
            fields["postgresql.virtual_transaction_id"] = parts["virtual"]
        elif parts["address"]:
            fields["client.address"] = parts["address"]
        else:
            for name, attribute in (("user", "user.name"), ("database", "db.namespace")):
                if parts[name] != "[unknown]":
                    fields[attribute] = parts[name]
    rest = _TOKEN.sub(" ", text).replace("[unknown]", " ").split()
    words = [word for word in rest if word.strip(_SEPARATORS + "@=;#()")]
    if "process.pid" not in fields:
        numbers = [word for word in words if len(word) <= _PID_DIGITS_MAX and whole(word)]
        if numbers:
            fields["process.pid"] = integer(numbers[0])
            words.remove(numbers[0])
    return " ".join(words)


def add_message_fields(fields: dict[str, Value], body: str) -> None:
    """Types durations, statements, connections and failed log-ins of a message."""
    if body.startswith("duration: "):
        match = _DURATION.match(body)
        if match is not None:
            fields["postgresql.duration_ms"] = number(match["ms"])
            if match["step"]:
                fields["postgresql.step"] = match["step"]
            if match["sql"]:
                fields["db.query.text"] = match["sql"]
    elif match := _STATEMENT.match(body):
        fields["db.query.text"] = match[1]
    elif _CONNECTION.match(body):
        for name, reading in _PAIR.findall(body, 0, _SEARCHED_MAX):
            value = reading.rstrip(")")
            if name == "port":
                add_integer(fields, "client.port", value)
            elif name in _NAMES and value:
                attribute = _NAMES[name]
                if value == LOCAL:
                    add_peer(fields, "client", value)
                else:
                    fields["client.address" if attribute == "client" else attribute] = value
            elif value:
                fields[f"postgresql.{name.lower()}"] = value
    elif '"' in body and (match := _AUTHENTICATION.match(body)):
        fields.setdefault("user.name", match["user"])
        for name, attribute in (("host", "client.address"), ("database", "db.namespace")):
            if match[name] == LOCAL:
                add_peer(fields, "client", LOCAL)
            elif match[name]:
                fields.setdefault(attribute, match[name])


POSTGRESQL: Final = Format(
    name="postgresql",
    title="PostgreSQL server log (stderr), any log_line_prefix",
    source="https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX",
    samples=(
        "2024-03-14 09:26:53.123 UTC [4711] LOG:  database system is ready to accept connections",
        '2024-03-14 09:26:54.000 UTC [4712] ada@shop ERROR:  relation "orders" does not exist at character 15',
        "2024-03-14 09:26:54.000 UTC [4712] ada@shop STATEMENT:  SELECT *\n\tFROM orders",
        "2024-03-14 09:26:55 UTC:192.0.2.17(51022):ada@shop:[4713]:LOG:  duration: 12.345 ms  statement: SELECT 1",
        "2024-03-14 09:26:56 UTC [20]: [1-1] user=ada,db=shop,app=psql,client=192.0.2.17 FATAL:  role missing",
        "2024-03-14 09:26:57.790 UTC 64bf2ff1.21fc1e 0 SHOP ada [local] 2227230 5LOG:  disconnection: session time:"
        " 0:00:00.012 user=ada database=SHOP host=[local]",
    ),
    programs=("postgres", "postgresql"),
    unstamped="2024-01-01 00:00:00 UTC ",
    make_parser=_make_parser,
    specificity=0.97,
    framing=Framing(entry_start=r"[^\t]"),
    sieve=rf"[^\t\n]{{0,400}}?{_MARK}",
    alone=True,
)

FORMATS: Final = (POSTGRESQL,)
