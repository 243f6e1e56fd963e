"""Services with a log file of their own, a time and a phrase a line: each a pattern, its groups typed by a table.

A group's name is an attribute's with ``__`` for a dot; ``time``, ``level`` and ``body`` are the record's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.any_level import with_any_level
from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.kinds import INTEGERS, add_integer
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_IP: Final = r"[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,32})?"
_NUMBERS: Final = frozenset(("endlessh__fd", "sshesame__channel", "endlessh__n", "endlessh__bytes"))


@dataclass(frozen=True, slots=True)
class Service:
    """sieve: what its lines begin with, by `Format.sieve`."""

    name: str
    title: str
    source: str
    pattern: str
    samples: tuple[str, ...]
    sieve: str
    specificity: float = 0.96
    alone: bool = False


def _parser(service: Service) -> Callable[[ParseContext], Parse]:
    match = re.compile(service.pattern, re.DOTALL).fullmatch

    @cache
    def wide_match() -> Callable[[str], re.Match[str] | None] | None:
        wide = with_any_level(service.pattern)
        return re.compile(wide, re.DOTALL).fullmatch if wide else None

    def make(context: ParseContext) -> Parse:
        times = Times(context.last_modified)
        wide = wide_match() if context.decided else None

        def parse(line: str) -> Record | Reject:
            found = match(line) or (wide(line) if wide else None)
            if found is None:
                return OTHER_SHAPE
            fields: dict[str, Value] = {}
            stamp: Stamp | tuple[None, None] | None = (None, None)
            word = number = None
            body: str | None = line
            for name, value in found.groupdict().items():
                base = name.rstrip("234")
                if value is None or value in ("", "-"):
                    if name == "body":
                        body = None if "body2" not in found.groupdict() else body
                elif base == "time":
                    stamp = times.of_value(value)
                    if stamp is None:
                        return BAD_TIME
                elif base == "level":
                    number = severity.of_word(value)
                    word = value
                elif base == "body":
                    body = value
                else:
                    key = base.replace("__", ".")
                    if base in _NUMBERS or key in INTEGERS:
                        add_integer(fields, key, value)
                    else:
                        fields[key] = value
            assert stamp is not None
            return Record(stamp[0], stamp[1], word, number, body, fields)

        return parse

    return make


SERVICES: Final = (
    Service(
        "endlessh",
        "endlessh, the SSH tarpit",
        "https://github.com/skeeto/endlessh",
        rf"(?P<time>{ISO}) (?:(?P<endlessh__event>ACCEPT|CLOSE) host=(?P<client__address>{_IP}) port=(?P<client__port>[0-9]{{1,5}}) fd=(?P<endlessh__fd>[0-9]{{1,6}})"
        r"(?: n=(?P<endlessh__n>[0-9]{1,9})/(?P<endlessh__max>[0-9]{1,9}))?(?: time=(?P<endlessh__duration_s>[0-9.]{1,20}))?(?: bytes=(?P<endlessh__bytes>[0-9]{1,12}))?"
        r"|(?P<body>(?:Port|Delay|MaxLineLength|MaxClients|BindFamily|TOTALS|socket\(|listen\(|SIG[A-Z]+).{0,300}))",
        (
            "2024-03-14T09:26:53.559Z ACCEPT host=::ffff:192.0.2.17 port=24936 fd=4 n=1/4096",
            "2024-03-14T09:27:13.000Z CLOSE host=192.0.2.17 port=24936 fd=4 time=20.015 bytes=24",
        ),
        rf"{ISO} (?:ACCEPT host=|CLOSE host=|Port |Delay |Max|Bind|TOTALS)",
        0.98,
        alone=True,
    ),
    Service(
        "sshesame",
        "sshesame, an SSH honeypot",
        "https://github.com/jaksi/sshesame",
        rf"(?P<time>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?) \[(?P<client__address>{_IP}):(?P<client__port>[0-9]{{1,5}})\] "
        r"(?:\[channel (?P<sshesame__channel>[0-9]{1,9})\] )?(?P<body>authentication for user \"(?P<user__name>(?:[^\"\\]|\\.){0,256})\" (?:with password \"(?P<sshesame__password>(?:[^\"\\]|\\.){0,256})\" |with public key \"(?P<ssh__key__fingerprint>[^\"]{0,200})\" |without credentials )?"
        r"(?P<sshesame__result>accepted|rejected)|command \"(?P<process__command_line>(?:[^\"\\]|\\.)*+)\" requested|input: .*|(?:connection|global|direct|session|new|channel|closed|env|PTY|shell|subsystem|client|signal|X11|TCP/IP|rejected|SSH|terminal|window|tcpip).{0,2000})",
        (
            '2024/03/14 09:26:53 [192.0.2.17:39673] authentication for user "ada" with password "1\\"2" accepted',
            '2024/03/14 09:26:54 [2001:db8::5:7117] [channel 104] input: "GET / HTTP/1.1\\r\\n"',
            '2024/03/14 09:26:55 [192.0.2.17:46374] [channel 0] command "uname -a" requested',
        ),
        r"[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:.]{8,15} \[[0-9A-Fa-f.:]{2,45}(?:%\w+)?:[0-9]{1,5}\] ",
        0.98,
    ),
    Service(
        "samba_auth",
        "Samba, audit of authentication",
        "https://wiki.samba.org/index.php/Setting_up_Audit_Logging",
        r"\s{0,16}Auth: \[(?P<samba__service>[^,\]]{0,64}),(?P<samba__auth>[^\]]{0,64})\] user \[(?P<samba__domain>[^\]]{0,256})\]\\\[(?P<user__name>[^\]]{0,256})\] at \[(?P<time>[^\]]{10,48})\]"
        r" with \[(?P<samba__method>[^\]]{0,64})\] status \[(?P<samba__status>[^\]]{0,64})\] workstation \[(?P<samba__workstation>[^\]]{0,256})\] remote host \[(?:ipv[46]:(?P<client__address>[0-9A-Fa-f.:]{2,45}):(?P<client__port>[0-9]{1,5})|[^\]]{0,256})\]"
        r"(?: (?:became|mapped to) \[(?P<samba__mapped_domain>[^\]]{0,256})\]\\\[(?P<samba__mapped_user>[^\]]{0,256})\](?: \[(?P<samba__sid>[^\]]{0,200})\])?)?\.? (?:local host \[(?:ipv[46]:(?P<server__address>[0-9A-Fa-f.:]{2,45}):(?P<server__port>[0-9]{1,5})|[^\]]{0,256})\]\s{0,8}(?:NETLOGON.{0,512})?)?",
        (
            "Auth: [SMB2,(null)] user [EXAMPLE]\\[ada] at [Thu, 14 Mar 2024 09:26:53.023984 UTC] with [NTLMv2] status [NT_STATUS_NO_SUCH_USER]"
            " workstation [PC-1] remote host [ipv4:192.0.2.17:44890] mapped to [EXAMPLE]\\[ada]. local host [ipv4:198.51.100.9:445] ",
        ),
        r"\s{0,16}Auth: \[[^\]]{0,130}\] user \[",
        0.99,
    ),
    Service(
        "cpanel",
        "cPanel and WHM login log",
        "https://docs.cpanel.net/knowledge-base/cpanel-product/the-cpanel-log-files/",
        rf"\[(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [+-][0-9]{{4}})\] (?P<level>[a-z]{{3,8}}) \[(?P<service__name>cpaneld|whostmgrd|webmaild|cpdavd|cpsrvd|ftpd|pop3d|imapd)\]"
        rf" (?P<client__address>{_IP}) - (?P<user__name>\S{{1,256}}) (?P<body>\"(?P<http__request__method>[A-Z]{{3,10}}) (?P<url__path>[^ ?\"]{{1,4000}})(?:\?(?P<url__query>[^ \"]{{0,4000}}))? HTTP/(?P<network__protocol__version>[0-9.]{{1,3}})\" .*|.*)",
        (
            '[2024-03-14 09:26:53 +1000] info [cpaneld] 192.0.2.17 - root "POST /login/?login_only=1 HTTP/1.1" FAILED LOGIN cpaneld: root login is'
            " not permitted to cpaneld",
        ),
        r"\[[0-9-]{10} [0-9:]{8} [+-][0-9]{4}\] [a-z]{3,8} \[(?:cpaneld|whostmgrd|webmaild|cpdavd|cpsrvd|ftpd|pop3d|imapd)\] ",
        0.99,
        alone=True,
    ),
    Service(
        "webmin",
        "Webmin actions log",
        "https://webmin.com/docs/modules/webmin-actions-log/",
        rf"(?P<webmin__id>[0-9]{{9,11}}\.[0-9]{{1,9}}\.[0-9]{{1,6}}) \[(?P<time>[0-9]{{2}}/[A-Z][a-z]{{2}}/[0-9]{{4}} [0-9:]{{8}})\] (?P<user__name>\S{{1,128}}) (?P<webmin__session>\S{{1,128}})"
        rf" (?P<client__address>{_IP}) (?P<webmin__module>\S{{1,64}}) (?P<webmin__script>\S{{1,64}}) (?P<body>.*)",
        (
            '1710404813.2161960.0 [14/Mar/2024 09:26:53] ada - 192.0.2.17 global miniserv.pl "failed" "-" "wrongpass"',
            '1710404814.2161961.1 [14/Mar/2024 09:26:54] root 7d9e2a 2001:db8::5 useradmin save_user.cgi "modify" "user" "bob"',
        ),
        r"[0-9]{9,11}\.[0-9]{1,9}\.[0-9]{1,6} \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4} ",
        0.99,
    ),
    Service(
        "sssd",
        "SSSD debug logs",
        "https://sssd.io/troubleshooting/basics.html",
        r"\*? {0,4}\((?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} {1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.:][0-9]{1,6})?|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4})\): \[(?P<service__name>[^\s\[\]]{1,64}(?:\[[^\[\]]{1,255}\])?(?:\[[0-9]{1,9}\])?)\]"
        r" \[(?P<code__function__name>[\w.-]{1,128})\] \((?P<sssd__level>0x[0-9a-f]{3,5})\): (?P<body>.*)",
        (
            "(2024-03-14  9:26:53): [be[example.org]] [sysdb_add_user] (0x0040): [RID#3] Group named ada@example.org already exists",
            "(2024-03-14  9:26:54): [nss] [sbus_reconnect_attempt] (0x0020): Unable to connect to D-Bus",
        ),
        r"\*? {0,4}\([^()\n]{16,32}\): \[[^\]\n]{1,200}\]",
        0.98,
        alone=True,
    ),
)


def _format(service: Service) -> Format:
    return Format(
        name=service.name,
        title=service.title,
        source=service.source,
        samples=service.samples,
        make_parser=_parser(service),
        specificity=service.specificity,
        sieve=service.sieve,
        alone=service.alone,
        patterns=(service.pattern,),
    )


FORMATS: Final = tuple(_format(service) for service in SERVICES)
