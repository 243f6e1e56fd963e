"""glog and klog: severity letter, date, time, thread, source line, message; what follows belongs to it.

klog (Kubernetes, Mesos, Impala, TensorFlow) leaves the year out, glog 0.5 and later writes it. In klog's
structured entries the message is quoted and pairs follow: they become attributes.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-instrumentation/logging.md
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.applications.naming import renamed
from chalicelib.core.formats.applications.pairs import pairs_of, unquoted
from chalicelib.core.formats.nested import add_all
from chalicelib.core.formats.patterned import shaped

if TYPE_CHECKING:
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
_QUOTED: Final = re.compile(r'"((?:[^"\\]++|\\.)*+)"(?= [\w.-]{1,128}=| ?$)', re.DOTALL)
_ERRORS: Final = {"err": "error.message"}
_NUMBERS: Final = {"I": 9, "W": 13, "E": 17, "F": 21, "D": 5}


def _structured(fields: dict[str, Value], body: str) -> str:
    """The message, without the pairs behind one in quotes."""
    match = _QUOTED.match(body) if body[0] == '"' else None
    pairs = pairs_of(body[match.end() + 1 :]) if match else None
    if match is None or pairs is None:
        return body
    add_all(fields, dict(zip(renamed(pairs, _ERRORS, usual=False), pairs.values(), strict=True)))
    return unquoted(match[1])


def _template(day: str) -> str:
    return (
        rf"{{level=[IWEFD]}}{{time={day}[0-9]{{2}} {{1,2}}{_CLOCK}}} {{1,8}}{{tid=[0-9]{{1,20}}|0x[0-9a-f]{{1,16}}}} {{1,2}}"
        r"{file=[^\s:\]]{1,256}}:{line=[0-9]{1,9}}\] ?{body}"
    )


_format: Final = partial(
    shaped, specificity=0.98, start=f"{_START}|{_CREATED}", levels=_NUMBERS, rewrite=_structured
)
KLOG: Final = _format(
    "klog",
    "klog and glog without a year (Kubernetes, Mesos, Impala)",
    "https://github.com/kubernetes/klog",
    samples=(
        "I0314 09:26:53.123456       1 server.go:129] Serving securely on 192.0.2.10:10250",
        'E0314 09:26:54.000001   28133 kubelet.go:70] "Failed to sync pod" err="back-off 5m0s" pod="shop/web-1" attempt=7',
        "F0314 09:26:55.5   28133 main.cpp:152] Check failed: a == b\n"
        "    @     0x7f51  shop::Pay()\n    @     0x7f52  main",
    ),
    templates=(_template(r"[0-9]{2}"),),
    sieve=_KLOG,
)
GLOG: Final = _format(
    "glog",
    "glog with the year (glog 0.5 and later)",
    "https://google.github.io/glog/stable/logging/#log-line-prefix",
    samples=(
        "I20240314 09:26:53.123456 15520 main.c++:9] Hello world!",
        "W20240314 09:26:54.000001 400441 config.cc:27] Loading /home/ada/.config/shop: a key is unknown",
    ),
    templates=(_template(r"[0-9]{6}"),),
    sieve=_GLOG,
)

FORMATS: Final = (replace(KLOG, banner=_BANNER), replace(GLOG, banner=_BANNER))
