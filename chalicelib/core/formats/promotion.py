"""Which member of an object, or column of a table, is its time, its severity or its message: told by names.

Names are compared without case and separators (`eventTime`, `EVENT_TIME`, `event-time`), and without what
they say of a unit or a zone (`timestamp_ms`). A name that is in no table is the time only if it ends as times
do and says nothing of another time than the event's: a wrong time is worse than none. Members of objects
count where the object is an envelope, such as `event` or `metadata`; whatever else nests is about something else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from unicodedata import combining, normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UNITS: Final = frozenset(
    (
        "ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds", "us", "usec", "micro", "micros",
        "microseconds", "ns", "nsec", "nano", "nanos", "nanoseconds", "s", "sec", "secs", "second", "seconds", "in",
        "utc", "gmt", "local", "z", "iso", "8601", "rfc", "3339", "unix", "str", "string", "formatted",
    )
)  # fmt: skip
_NO_SEGMENTS: Final = frozenset(("$date", "$numberLong", "$timestamp"))
"""What MongoDB's extended JSON puts around a value."""
_ENVELOPES: Final = frozenset(
    (
        "event", "log", "record", "entry", "meta", "metadata", "header", "headers", "context", "properties", "detail",
        "details", "data", "payload", "message", "msg", "attributes", "fields", "source", "jsonpayload", "protopayload",
        "json", "body", "info", "envelope", "audit", "system", "logevent", "timecreated", "id", "time", "timestamp",
        "datetime", "instant", "timing",
    )
)  # fmt: skip

_EVENT_TIMES: Final = (
    "timestamp", "time", "ts", "datetime", "eventtime", "eventtimestamp", "eventdatetime", "eventts", "eventdate", "t",
    "asctime", "date", "calendartime", "logtime", "logtimestamp", "logdatetime", "logdate", "logts", "messagetime",
    "messagetimestamp", "msgtime", "recordtime", "recordtimestamp", "entrytime", "when", "occurred", "occurredat",
    "occurredon", "occurrencetime", "occurrencedatetime", "happenedat", "happened", "activitydatetime", "activitytime",
    "activitydate", "logged", "loggedat", "loggedon", "recorded", "recordedat", "recordedon", "observedat", "emittedat",
    "firedat", "triggeredat", "raisedat", "detectedat", "reportedat", "published", "publishedat", "publishtime",
    "timegenerated", "generatedtime", "generatedat", "timecreated", "systemtime", "timestampderived",
    "eventcreationtime", "starttime", "startedat", "start", "started", "submit", "starttimestamp", "startdatetime", "startdate",
    "begintime", "begin", "timestart", "requestreceived", "requestreceivedtimestamp", "requesttime", "requestdate",
    "requesttimestamp", "requestdatetime", "reqtime", "timestampreceived", "utctime", "utctimestamp", "timestamputc",
    "epoch", "epochtime", "unixtime", "unixtimestamp", "unixepoch", "unix", "unixms", "unixsec", "unixmillis", "unixnano",
    "msec", "utc", "realtimetimestamp", "lasttimestamp",
)  # fmt: skip
"""In order of preference."""
_LATER_TIMES: Final = (
    "created", "createdat", "createdon", "createdtime", "createdtimestamp", "createddatetime", "createddate",
    "createdts", "creationtime", "creationtimestamp", "creationdate", "creationdatetime", "datecreated", "datecreate",
    "createtime", "createtimestamp", "createdate", "observedtime", "observedtimestamp", "received", "receivedat",
    "receivedtime", "receivetime", "receivetimestamp", "receiveddate", "ingesttime", "ingesttimestamp", "ingestedat",
    "ingestiontime", "ingestiontimestamp", "insertedat", "indexedat", "collectedat", "processedat", "endtime",
    "endtimestamp", "enddate", "enddatetime", "endedat", "end", "stoptime", "finishedat", "completedat", "firsttimestamp",
)  # fmt: skip
"""Times of what was done with the event: the record's, where it has no better one."""
_TRANSLATED_TIMES: Final = (
    "zeitstempel",
    "zeitpunkt",
    "datumuhrzeit",
    "zeit",
    "datum",
    "horodatage",
    "dateheure",
    "fechahora",
    "fecha",
    "marcadetiempo",
    "datahora",
    "dataora",
)
"""German, French, Spanish, Portuguese, Italian; accents left out."""
_ORDER: Final = {name: (0, place) for place, name in enumerate((*_EVENT_TIMES, *_TRANSLATED_TIMES))} | {
    name: (4, place) for place, name in enumerate(_LATER_TIMES)
}
_ENDS: Final = frozenset(
    ("time", "timestamp", "date", "datetime", "at", "on", "ts", "epoch", "when", "stamp", "dt")
)
_LONG_ENDS: Final = ("timestamp", "datetime", "time", "date")
_OTHER_TIMES: Final = frozenset(
    (
        "expire", "expires", "expired", "expiry", "expiration", "exp", "valid", "validity", "until", "not", "before", "after",
        "birth", "birthday", "born", "dob", "death", "due", "deadline", "last", "next", "previous", "prev", "first", "renew",
        "renewal", "renewed", "schedule", "scheduled", "planned", "eta", "estimated", "expected", "target", "retention",
        "retain", "delete", "deleted", "deletion", "update", "updated", "modified", "modification", "modify", "changed", "edited",
        "elapsed", "duration", "took", "latency", "response", "resp", "processing", "process", "wait", "queue", "uptime", "up",
        "run", "runtime", "cpu", "build", "built", "release", "released", "compile", "boot", "install", "installed", "hire",
        "hired", "join", "joined", "registered", "registration", "signup", "subscription", "subscribed", "cert",
        "certificate", "token", "cookie", "password", "pwd", "license", "licence", "trial", "invoice", "payment", "billing",
        "delivery", "departure", "arrival", "checkin", "checkout", "booking", "lifetime", "downtime", "read", "write", "idle",
        "max", "min", "avg", "total", "mean", "ttl", "timeout", "reset", "verified", "confirmed", "accepted", "approved",
        "activated", "migration", "backup", "membership", "member", "monotonic", "user", "customer", "owner", "file", "document", "video",
    )
)  # fmt: skip
_OTHER_BEGINNINGS: Final = (
    "expir",
    "birth",
    "updat",
    "modif",
    "valid",
    "run",
    "up",
    "life",
    "down",
    "over",
    "last",
    "cand",
    "consoli",
    "mand",
)
_OF_EVENTS: Final = frozenset(
    (
        "event", "evt", "log", "logged", "record", "recorded", "entry", "message", "msg", "alert", "activity", "action",
        "access", "request", "req", "audit", "occurred", "happened", "observed", "detected", "detection", "capture",
        "captured", "generated", "reported", "start", "started", "begin", "published", "trigger", "triggered", "raised",
        "fired", "query", "connect", "transaction", "txn", "call", "edge", "source", "origin", "sample", "measurement",
        "scan", "incident", "sensor", "device", "trace", "sent",
    )
)  # fmt: skip
_OF_HANDLING: Final = frozenset(
    (
        "created", "create", "creation", "received", "receive", "receipt", "ingest", "ingested", "ingestion", "indexed",
        "stored", "collected", "uploaded", "inserted", "submission", "submitted", "export", "exported", "end", "ended",
        "finish", "finished", "completed", "complete", "stop", "stopped", "close", "closed", "processed", "disconnect",
    )
)  # fmt: skip

_LEVELS: Final = frozenset(("level", "severity", "lvl", "sev", "loglevel", "levelname", "severityname", "severitytext", "logseverity", "prio", "priority", "loglvl",
    "stufe", "schweregrad", "prioritat", "niveau", "gravite", "severite", "nivel", "gravedad", "severidad", "gravidade", "severidade",
    "livello", "gravita", "niva", "taso", "poziom", "seviye", "uroven"))  # fmt: skip
_AROUND_LEVELS: Final = frozenset(
    ("log", "event", "msg", "message", "alert", "error", "syslog", "name", "text", "string", "str", "label", "record", "app", "application", "display")
)  # fmt: skip
_MESSAGES: Final = (
    "message", "msg", "displaymessage", "logmessage", "logmsg", "eventmessage", "messagetext", "msgtext", "textmessage",
    "messagebody", "logtext", "logline", "logentry", "shortmessage", "fullmessage", "formattedmessage", "renderedmessage",
    "txt", "content", "description", "summary", "meldung", "nachricht", "meldungstext", "mensaje", "mensagem", "messaggio", "beschreibung",
)  # fmt: skip
_MESSAGE_ORDER: Final = {name: place for place, name in enumerate(_MESSAGES)}
_DATES: Final = frozenset(("date", "eventdate", "logdate", "startdate", "requestdate", "datum", "fecha"))
_CLOCKS: Final = frozenset(
    (
        "time",
        "eventtime",
        "logtime",
        "starttime",
        "requesttime",
        "clock",
        "timeofday",
        "uhrzeit",
        "zeit",
        "heure",
        "hora",
    )
)


def time_members(names: Iterable[str]) -> tuple[str, ...]:
    """The names that may be the time, the best first. Their values decide: a number may be a duration."""
    ranked = sorted(
        (rank, name not in _FIRST, place, name)
        for place, name in enumerate(names)
        if (rank := _time_rank(name)) is not None
    )
    vague = [name for rank, _, _, name in ranked if rank[0] == _VAGUE]
    return tuple(name for *_, name in ranked if len(vague) < 2 or name not in vague)


def is_guessed_time(name: str) -> bool:
    """Whether only its end says that a name is a time's."""
    rank = _time_rank(name)
    return rank is not None and rank[0] in (_VAGUE, _VAGUE + 2)


def level_members(names: Iterable[str]) -> tuple[str, ...]:
    """The names that may be the severity, if their value is a severity's name."""
    return tuple(name for name in names if _is_level(name))


def message_members(names: Iterable[str]) -> tuple[str, ...]:
    """The names that may be the message, the best first."""
    ranked = sorted((rank, name) for name in names if (rank := _message_rank(name)) is not None)
    return tuple(name for _, name in ranked)


def date_and_clock(names: Iterable[str]) -> tuple[str, str] | None:
    """The names of a day and of a time of that day, where an object has both."""
    date = clock = None
    for name in names:
        plain = "".join(_tokens(name)) if "." not in name else ""
        if date is None and plain in _DATES:
            date = name
        elif clock is None and plain in _CLOCKS:
            clock = name
    return (date, clock) if date is not None and clock is not None else None


_FIRST: Final = frozenset(("@timestamp", "timestamp", "time", "event_time"))
"""Of names that are alike but for case and separators, these come first."""
_VAGUE: Final = 3
_Rank = tuple[int, int]


@lru_cache(4096)
def _time_rank(name: str) -> _Rank | None:
    """Less is better: 0 the event's time by its whole name, 1 the same in an envelope, 2 and 3 a name that ends
    like a time's, 4 and 5 the time of what was done with the event."""
    segments = _segments(name)
    if not segments:
        return None
    last = segments[-1]
    nested = len(segments) > 1
    if nested and not all("".join(each) in _ENVELOPES for each in segments[:-1]):
        return None
    known = _ORDER.get("".join(last))
    if known is not None:
        return known[0] + nested, known[1]
    tokens = set(last)
    if last[-1] not in _ENDS and not last[-1].endswith(_LONG_ENDS):
        return None
    if tokens & _OTHER_TIMES or any(
        token.startswith(_OTHER_BEGINNINGS) for token in tokens if token not in _ENDS
    ):
        return None
    if tokens & _OF_HANDLING:
        return None if nested else (5, 0)
    if tokens & _OF_EVENTS:
        return 2, int(nested)
    return None if nested else (_VAGUE, 0)


def _segments(name: str) -> list[list[str]]:
    """The names of the objects around a member and its own, each in words, units left out."""
    parts = [part for part in name.split(".") if part and part not in _NO_SEGMENTS]
    segments = [words for part in parts if (words := _tokens(part))]
    kept = [segment for part in segments if (segment := [word for word in part if word not in _UNITS])]
    return kept or segments[-1:]


def _tokens(name: str) -> list[str]:
    if not name.isascii():
        name = "".join(each for each in normalize("NFKD", name) if not combining(each))
    return [token.lower() for token in _TOKEN.findall(name)]


@lru_cache(4096)
def _is_level(name: str) -> bool:
    *around, last = name.split(".")
    tokens = set(_tokens(last))
    return (
        bool(tokens & _LEVELS)
        and tokens <= _LEVELS | _AROUND_LEVELS
        and all("".join(_tokens(each)) in _ENVELOPES for each in around)
    )


@lru_cache(4096)
def _message_rank(name: str) -> tuple[int, int] | None:
    *around, last = name.split(".")
    if not all("".join(_tokens(each)) in _ENVELOPES for each in around):
        return None
    place = _MESSAGE_ORDER.get("".join(_tokens(last)))
    return None if place is None else (len(around), place)
