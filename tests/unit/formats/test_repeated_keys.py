"""A key that comes again, or has the name of something in the header, loses neither value."""

from __future__ import annotations

import pytest

from tests.lines_of_formats import record_of

LINES = {
    "cef": ("CEF:0|Check Point|VPN-1|R81|Log|https|Unknown|src=192.0.2.1 version=5 product=FireWall name=http severity=2 act=a act=b act=c",
            {"cef.version": "0", "cef.version#2": "5", "cef.name": "https", "cef.name#2": "http", "cef.severity": "Unknown", "cef.severity#2": 2,
             "cef.product": "FireWall", "cef.act": "a", "cef.act#2": "b", "cef.act#3": "c"}),
    "leef": ("LEEF:1.0|Example|Gate|1.0|login|version=5\tvendor=other\tsrc=192.0.2.1\tsrc=192.0.2.2\tcat=a\tcat=b\tsev=5\tsev=9",
             {"leef.version": "1.0", "leef.version#2": "5", "leef.vendor": "Example", "leef.vendor#2": "other", "source.address": "192.0.2.1",
              "source.address#2": "192.0.2.2", "leef.cat": "a", "leef.cat#2": "b", "leef.sev": 5, "leef.sev#2": 9}),
    "fortinet": ('date=2024-03-14 time=09:26:53 devname="fw" devid="F" logid="1" type="traffic" level="notice" user="ada" user="bob" user="eve"',
                 {"host.name": "fw", "user.name": "ada", "fortinet.user#2": "bob", "fortinet.user#3": "eve"}),
    "logfmt": ("time=2024-03-14T09:26:53Z level=info msg=a free=1 free=2 free=3", {"free": 1, "free#2": 2, "free#3": 3}),
    "access_combined": ('192.0.2.1 - - [14/Mar/2024:09:26:53 +0100] "GET / HTTP/1.1" 200 1 "-" "-" a=1 a=2', {"extra.a": 1, "extra.a#2": 2}),
    "syslog_rfc5424": ('<34>1 2024-03-14T08:26:54Z web-1 shop 1 - [a@1 x="1" x="2" x="3"] no',
                       {"syslog.structured_data.a@1.x": "1", "syslog.structured_data.a@1.x#2": "2", "syslog.structured_data.a@1.x#3": "3"}),
    "auditd": ("type=SYSCALL msg=audit(1710404813.123:30828): pid=1 pid=2 type=x serial=9",
               {"process.pid": 1, "process.pid#2": 2, "audit.type": "SYSCALL", "audit.type#2": "x", "audit.serial": 30828, "audit.serial#2": 9}),
    "json": ('{"time":"2024-03-14T09:26:53Z","msg":"a","free":1,"free":2}', {"free": 1, "free#2": 2}),
    "syslog_rfc3164": ("Mar 14 09:26:53 fw-1 kernel: IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=40 LEN=20 LEN=10 PROTO=UDP SPT=1 DPT=2",
                       {"netfilter.len": 40, "netfilter.len#2": 20, "netfilter.len#3": 10}),
    "postfix": ("Mar 14 09:26:53 mail postfix/smtp[1]: 4F2C1A0: to=<a@example.org>, to=<b@example.org>, relay=none, delay=1, status=sent (ok)",
                {"postfix.to": "a@example.org", "postfix.to#2": "b@example.org"}),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_both_values_are_kept(name: str) -> None:
    line, values = LINES[name]
    attributes = record_of(name, line).attributes
    assert {key: attributes.get(key) for key in values} == values
