"""glog and klog: severity letter, date, time, thread, source line, message; what follows belongs to it.

klog (Kubernetes, Mesos, Impala, TensorFlow) leaves the year out, glog 0.5 and later writes it. In klog's
structured entries the message is quoted and pairs follow: they become attributes.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-instrumentation/logging.md
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.applications.naming import renamed
from chalicelib.core.formats.applications.pairs import pairs_of, unquoted
from chalicelib.core.formats.kinds import add_integer, integer
from chalicelib.core.formats.nested import add_all
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.starts import entry_start
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_CLOCK: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?+"
_KLOG: Final = rf"[IWEFD](?:0[1-9]|1[0-2])[0-3][0-9] {{1,2}}{_CLOCK} {{1,8}}"
_GLOG: Final = rf"[IWEFD](?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])[0-3][0-9] {{1,2}}{_CLOCK} {{1,8}}"
_START: Final = rf"[A-Z](?:[0-9]{{8}}|[0-9]{{4}}) {{1,2}}{_CLOCK} "
_CREATED: Final = "Log file created at: "
_BANNER: Final = (
    rf"{_CREATED}[^\n]*+(?:\n(?:Running on machine|Running duration|Application fingerprint|Binary|Log line format)"
    r"[^\n]*+)*+\s*+"
)
"""What begins every file, https://google.github.io/glog/stable/logging/"""
_HEAD: Final = re.compile(
    r"([IWEFD])([0-9]{8}|[0-9]{4}) {1,2}([0-9:]{8})(?:\.([0-9]{1,9}))?+ {1,8}([0-9]{1,20}|0x[0-9a-f]{1,16}) "
    r"{1,2}([^\s:\]]{1,256}):([0-9]{1,9})\] ?"
)
_QUOTED: Final = re.compile(r'"((?:[^"\\]++|\\.)*+)"(?= [\w.-]{1,128}=| ?$)', re.DOTALL)
_ERRORS: Final = {"err": "error.message"}
_NUMBERS: Final = {"I": 9, "W": 13, "E": 17, "F": 21, "D": 5}


def _parser(context: ParseContext, *, date_digits: int) -> Parse:
    of_text = Times(context.last_modified).of_parts
    months = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

    def parse(entry: str) -> Record | Reject:
        found = _HEAD.match(entry)
        if found is None:
            return OTHER_SHAPE
        letter, date, clock, fraction, thread, path, number = found.groups()
        if len(date) != date_digits:
            return OTHER_SHAPE
        if date_digits == 8:
            when = f"{date[:4]}-{date[4:6]}-{date[6:]} {clock}"
        else:
            month = integer(date[:2]) or 0
            if not 1 <= month <= 12:
                return BAD_TIME
            when = f"{months[month]} {date[2:]} {clock}"
        stamp = of_text(when, fraction)
        if stamp is None:
            return BAD_TIME
        fields: dict[str, Value] = {}
        add_integer(fields, "thread.id", thread)
        fields["code.file.path"], fields["code.line.number"] = path, integer(number)
        body = entry[found.end() :]
        if body[:1] == '"':
            structured = _QUOTED.match(body)
            more = structured and pairs_of(body[structured.end() + 1 :])
            if structured and more is not None:
                body = unquoted(structured[1])
                names = renamed(more, _ERRORS, usual=False)
                add_all(fields, dict(zip(names, more.values(), strict=True)))
        return Record(*stamp, letter, _NUMBERS[letter], body or None, fields)

    return parse


def _klog(context: ParseContext) -> Parse:
    return _parser(context, date_digits=4)


def _glog(context: ParseContext) -> Parse:
    return _parser(context, date_digits=8)


KLOG: Final = Format(
    name="klog",
    title="klog and glog without a year (Kubernetes, Mesos, Impala)",
    source="https://github.com/kubernetes/klog",
    samples=(
        "I0314 09:26:53.123456       1 server.go:129] Serving securely on 192.0.2.10:10250",
        'E0314 09:26:54.000001   28133 kubelet.go:70] "Failed to sync pod" err="back-off 5m0s" pod="shop/web-1" attempt=7',
        "F0314 09:26:55.5   28133 main.cpp:152] Check failed: a == b\n"
        "    @     0x7f51  shop::Pay()\n    @     0x7f52  main",
    ),
    make_parser=_klog,
    specificity=0.98,
    framing=Framing(entry_start=entry_start(f"{_START}|{_CREATED}")),
    sieve=_KLOG,
    alone=True,
    banner=_BANNER,
)
GLOG: Final = Format(
    name="glog",
    title="glog with the year (glog 0.5 and later)",
    source="https://google.github.io/glog/stable/logging/#log-line-prefix",
    samples=(
        "I20240314 09:26:53.123456 15520 main.c++:9] Hello world!",
        "W20240314 09:26:54.000001 400441 config.cc:27] Loading /home/ada/.config/shop: a key is unknown",
    ),
    make_parser=_glog,
    specificity=0.98,
    framing=Framing(entry_start=entry_start(f"{_START}|{_CREATED}")),
    sieve=_GLOG,
    alone=True,
    banner=_BANNER,
)

FORMATS: Final = (KLOG, GLOG)
