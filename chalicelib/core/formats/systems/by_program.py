"""Files of one program's syslog lines: what `syslog_rfc3164` says of them, told by the program's name.

A file in which several programs speak is `syslog_rfc3164`. Lines without a syslog header are explained where the
program's words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.systems.programs import program_of, say_of
from chalicelib.core.formats.systems.syslog_rfc3164 import RFC3164
from chalicelib.core.formats.times import MONTH, Times
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.systems.phrases import Say
    from chalicelib.core.formats.times import Stamp
    from chalicelib.core.records import Value

_NOT_OF_PROGRAM: Final = Reject("not-of-that-program")
_BAD_TIME: Final = Reject("invalid-timestamp")
_TIME: Final = (
    r"(?:\[?([0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
    rf"|[A-Z][a-z]{{2}} {MONTH} [ 0-9][0-9] [0-9:]{{8}} [0-9]{{4}}|[0-9]{{1,2}}-{MONTH}-[0-9]{{4}} [0-9:]{{8}}(?:\.[0-9]{{1,6}})?"
    rf"|{MONTH} [ 0-9][0-9] [0-9:]{{8}})\]?:? ++)?+"
)
"""The time at the beginning of a line of a program's own file."""


@dataclass(frozen=True, slots=True)
class Program:
    """Whose lines a format explains.

    names: the programs, as `program_of` gives them. bare: what a line without a syslog header begins with behind its
    time; groups that it names become fields (``__`` is a dot), that of ``message`` holds what the program says.
    needs: what the message of a syslog line holds, where the program's name alone says too little.
    """

    name: str
    title: str
    source: str
    names: frozenset[str]
    samples: tuple[str, ...]
    bare: str | None = None
    bare_say: str | None = None
    needs: str | None = None
    specificity: float = 0.93


def _parser(program: Program) -> Callable[[ParseContext], Parse]:
    needs = program.needs and re.compile(program.needs, re.DOTALL)
    bare = program.bare and re.compile(_TIME + program.bare, re.DOTALL)

    def make(context: ParseContext) -> Parse:
        parse_syslog = RFC3164.make_parser(context)
        times = Times(context.last_modified)
        say = say_of(program.bare_say or next(iter(sorted(program.names)), ""))
        known: dict[str, bool] = {}

        def is_of_program(tag: str) -> bool:
            if len(known) > 1000:
                known.clear()
            answer = known[tag] = program_of(tag) in program.names
            return answer

        def parse(line: str) -> Record | Reject:
            record = parse_syslog(line)
            if isinstance(record, Record):
                tag = record.attributes.get("service.name")
                named = not program.names or (type(tag) is str and (known.get(tag) or is_of_program(tag)))
                if named and (not needs or needs.search(record.body or "")):
                    return record
            return _parse_bare(line, times, say) if bare else _NOT_OF_PROGRAM

        return parse

    def _parse_bare(line: str, times: Times, say: Say | None) -> Record | Reject:
        assert bare
        found = bare.match(line)
        if found is None:
            return _NOT_OF_PROGRAM
        stamp: Stamp | tuple[None, None] | None = (
            (None, None) if found[1] is None else times.of_text(found[1])
        )
        if stamp is None:
            return _BAD_TIME
        fields: dict[str, Value] = {}
        message = line[found.end(1) :].lstrip("]: ") if found[1] else line
        for name, value in found.groupdict().items():
            if name == "message":
                message = value
            elif name == "when":
                stamp = times.of_text(value) if value else stamp
            elif value:
                number = value.isdecimal() and value.isascii() and len(value) <= 18
                fields[name.replace("__", ".")] = int(value) if number else value
        if say is not None:
            say(message, fields)
        if stamp is None:
            return _BAD_TIME
        word = fields.pop("log.level", None)
        level = severity.of_word(word) if type(word) is str else None
        if level is None and type(word) is str:
            fields["log.level"] = word
        return Record(
            stamp[0],
            stamp[1],
            word if level is not None and type(word) is str else None,
            level,
            message or None,
            fields,
        )

    return make


_SYSLOG: Final = rf"(?:<[0-9]{{1,3}}>)?+(?:{MONTH} [ 0-9]?[0-9] |[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)"


def format_of(program: Program) -> Format:
    return Format(
        name=program.name,
        title=program.title,
        source=program.source,
        samples=program.samples,
        make_parser=_parser(program),
        specificity=program.specificity,
        sieve=_SYSLOG if program.bare is None else rf"{_SYSLOG}|{_TIME}{program.bare}",
    )


PROGRAMS: Final = (
    Program(
        "syslog_sshd",
        "OpenSSH and Dropbear servers, as syslog has them",
        "https://github.com/openssh/openssh-portable",
        frozenset(("sshd", "sshd-session", "sshd-auth", "dropbear")),
        (
            "Mar 14 09:26:53 web-1 sshd[4711]: Accepted publickey for ada from 192.0.2.17 port 51022 ssh2: ED25519 SHA256:abcd",
            "<38>Mar 14 09:26:54 web-1 sshd[4712]: Failed password for invalid user bob from 2001:db8::5 port 51023 ssh2",
            "Bad PAM password attempt for 'ada' from 192.0.2.17:51024",
        ),
        bare=r"(?=(?:\[[0-9]{1,9}\] )?(?:Bad (?:PAM )?password attempt for '|Login attempt (?:for|with) |Child connection from [0-9]|Exit before auth"
        r"|Exit \([^()]{1,64}\)|(?:PAM )?[Pp]assword auth succeeded for '|Pubkey auth succeeded for '))(?:\[(?P<process__pid>[0-9]{1,9})\] )?(?P<message>.*)",
        bare_say="dropbear",
    ),
    Program(
        "syslog_sudo",
        "sudo, as syslog has it",
        "https://www.sudo.ws/docs/man/sudoers.man/#LOG_FORMAT",
        frozenset(("sudo",)),
        (
            "Mar 14 09:26:53 web-1 sudo:      ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/usr/bin/apt update",
            "Mar 14 09:26:54 web-1 sudo: pam_unix(sudo:session): session opened for user root(uid=0) by ada(uid=1000)",
        ),
    ),
    Program(
        "syslog_cron",
        "cron, as syslog has it",
        "https://man7.org/linux/man-pages/man8/cron.8.html",
        frozenset(("cron", "crond", "anacron")),
        (
            "Mar 14 09:26:01 web-1 CRON[4711]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.daily)",
            "Mar 14 09:26:02 web-1 crond[812]: (ada) RELOAD (/var/spool/cron/ada)",
        ),
    ),
    Program(
        "iptables",
        "Packets that netfilter logs (iptables, nftables, UFW), as syslog or the kernel has them",
        "https://man7.org/linux/man-pages/man8/iptables-extensions.8.html",
        frozenset(),
        (
            "Mar 14 09:26:53 web-1 kernel: [ 1042.117] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00"
            " SRC=192.0.2.17 DST=198.51.100.9 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=37308 DF PROTO=TCP SPT=51022 DPT=22 WINDOW=1024"
            " RES=0x00 SYN URGP=0",
            'Mar 14 09:26:54 gw [WAN_LOCAL-A-1] DESCR="[WAN_LOCAL]Block" IN=eth8 OUT= MAC= SRC=192.0.2.17 DST=198.51.100.9 LEN=122'
            " TOS=00 PREC=0x00 TTL=49 ID=45366 DF PROTO=UDP SPT=38451 DPT=54329 LEN=102 MARK=1a0000",
            "0 3 PVEFW-HOST-IN 20/Jun/2022:13:09:14 +0200 policy DROP: IN=vmbr0 MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00"
            " SRC=192.0.2.17 DST=198.51.100.9 LEN=52 TOS=0x00 PREC=0xC0 TTL=255 ID=64317 DF PROTO=UDP SPT=49152 DPT=3784 LEN=32",
        ),
        bare=r"(?:(?P<proxmox__vmid>[0-9]{1,9}) (?P<proxmox__level>[0-7]) (?P<netfilter__chain>[\w-]{1,64})"
        r" (?P<when>[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}) |\[ *[0-9]{1,12}\.[0-9]{1,9}\] )?(?P<message>[^=\n]{0,100}?\bIN=\S{0,40} (?:OUT=\S{0,40} )?(?:MAC=\S{0,80} )?SRC=[0-9A-Fa-f.:]+ DST=.*)",
        bare_say="ulogd",
        needs=r"\bIN=.*\bSRC=[0-9A-Fa-f.:]+ DST=",
        specificity=0.95,
    ),
    Program(
        "postfix",
        "Postfix, as syslog has it",
        "https://www.postfix.org/documentation.html",
        frozenset(("postfix",)),
        (
            "Mar 14 09:26:53 mx postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[192.0.2.17]: 454 4.7.1 <ada@example.org>: Relay"
            " access denied; from=<bob@example.net> to=<ada@example.org> proto=ESMTP helo=<mail.example.net>",
            "Mar 14 09:26:54 mx postfix/smtp[4712]: 4F3A21C0D2: to=<ada@example.org>, relay=mail.example.org[198.51.100.9]:25,"
            " delay=0.42, delays=0.1/0/0.2/0.12, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7B)",
            "2024-03-14T09:26:55.123456+01:00 mx postfix/qmgr[812]: 4F3A21C0D2: from=<bob@example.net>, size=1234, nrcpt=1 (queue active)",
        ),
    ),
    Program(
        "dovecot",
        "Dovecot, as syslog or its own file has it",
        "https://doc.dovecot.org/2.3/admin_manual/logging/",
        frozenset(("dovecot",)),
        (
            "Mar 14 09:26:53 mx dovecot: imap-login: Login: user=<ada@example.org>, method=PLAIN, rip=192.0.2.17, lip=198.51.100.9,"
            " mpid=4711, TLS, session=<abcDEF123>",
            "Mar 14 09:26:54 imap-login: Info: Disconnected (auth failed, 2 attempts in 4 secs): user=<bob>, method=PLAIN, rip=192.0.2.17,"
            " lip=198.51.100.9",
        ),
        bare=r"(?:(?P<host__name>[\w.-]{1,64}) dovecot: )?(?P<message>(?:(?:imap|pop3|lmtp|managesieve|submission|auth|master|config|anvil|log|doveadm|dict"
        r"|indexer|stats|lda|ssl-params)(?:-\w{1,16})?(?:\([^()]{0,320}\))?(?:<[^<>]{0,64}>){0,2}: (?:Info|Warning|Error|Fatal|Panic|Debug): ).*)",
        bare_say="dovecot",
    ),
    Program(
        "bind",
        "BIND name server: queries and other channels, as syslog or its own files have them",
        "https://bind9.readthedocs.io/en/latest/reference.html#logging-block-grammar",
        frozenset(("named",)),
        (
            "14-Mar-2024 09:26:53.123 queries: info: client @0x7f8ac00071e8 192.0.2.17#51022 (example.org): query: example.org IN A +E(0)K"
            " (198.51.100.9)",
            "Mar 14 09:26:54 ns named[4711]: client @0x7f6520147ae8 192.0.2.17#55590 (example.org): zone transfer 'example.org/AXFR/IN' denied",
            "client @0x7f8ac00071e8 2001:db8::5#62524 (example.org): zone transfer 'example.org/AXFR/IN' denied",
        ),
        bare=r"(?P<message>(?:[a-z][a-z-]{2,24}: )?(?:(?:critical|error|warning|notice|info|debug(?: [0-9]{1,3})?): )?"
        r"(?:client (?:@0x[0-9a-f]{1,16} )?[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,32})?#[0-9]{1,5}[ :]|zone \S{1,255}/IN|lame server resolving '|network unreachable resolving '"
        r"|connection refused resolving '|validating \S|transfer of ').*)",
        bare_say="named",
    ),
    Program(
        "exim",
        "Exim, as syslog or its main and reject logs have it",
        "https://www.exim.org/exim-html-current/doc/html/spec_html/ch-log_files.html",
        frozenset(("exim", "exim4")),
        (
            "2024-03-14 09:26:53 1rkgGZ-000Abc-1X <= ada@example.org H=mail.example.org [192.0.2.17]:51022 P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256"
            " CV=no S=1234 id=abc@example.org",
            "2024-03-14 09:26:54.345 login authenticator failed for (pc) [192.0.2.17]:5432: 535 Incorrect authentication data (set_id=ada)",
            "Mar 14 09:26:55 mx exim[4711]: H=(pc) [192.0.2.17]:17125 F=<bob@example.net> rejected RCPT <ada@example.org>: relay not permitted",
        ),
        bare=r"(?:\[(?P<process__pid>[0-9]{1,9})\] )?(?P<message>(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} (?:<=|=>|->|>>|\*>|\*\*|==|Completed|H=|\S)"
        r"|\w{1,32} authenticator failed for |H=\S|no (?:host name|IP address) found for |SMTP (?:connection|call|protocol|syntax|command|data)"
        r"|(?:Start|End) queue run|unexpected disconnection while reading SMTP|rejected (?:EHLO|HELO)|exim \S{1,16} daemon started).*)",
        bare_say="exim",
    ),
    Program(
        "vsftpd",
        "vsftpd, as its own log or syslog has it",
        "https://security.appspot.com/vsftpd.html",
        frozenset(("vsftpd",)),
        (
            'Thu Mar 14 09:26:53 2024 [pid 4711] [ada] OK LOGIN: Client "192.0.2.17"',
            'Thu Mar 14 09:26:54 2024 [pid 4711] CONNECT: Client "::ffff:192.0.2.17"',
            'Thu Mar 14 09:26:55 2024 [pid 4711] [ada] FTP response: Client "192.0.2.17", "530 Permission denied."',
        ),
        bare=r"(?P<message>\[pid [0-9]{1,9}\] (?:\[[^\]]{0,64}\] )?(?:(?:OK|FAIL|FTP) [A-Za-z]{2,16}|[A-Z]{3,16}): Client \".*)",
        bare_say="vsftpd",
        specificity=0.96,
    ),
    Program(
        "proftpd",
        "ProFTPD, as its own log or syslog has it",
        "http://www.proftpd.org/docs/howto/Logging.html",
        frozenset(("proftpd",)),
        (
            "2024-03-14 09:26:53,399 files proftpd[4711] files (192.0.2.17[192.0.2.17]): USER ada (Login failed): Incorrect password",
            "Mar 14 09:26:54 files proftpd[4711]: 198.51.100.9 (192.0.2.17[192.0.2.17]) - USER bob: no such user found from 192.0.2.17",
        ),
        bare=r"(?P<host__name>[\w.-]{1,255}) (?P<service__name>proftpd)\[(?P<process__pid>[0-9]{1,9})\]:? (?P<message>.*)",
        bare_say="proftpd",
        specificity=0.96,
    ),
    Program(
        "pureftpd",
        "Pure-FTPd, as syslog has it",
        "https://www.pureftpd.org/project/pure-ftpd/doc/",
        frozenset(("pure-ftpd",)),
        (
            "Mar 14 09:26:53 files pure-ftpd: (?@192.0.2.17) [WARNING] Authentication failed for user [ada]",
            "Mar 14 09:26:54 files pure-ftpd[4711]: (ada@192.0.2.17) [NOTICE] /home/ada/a.txt uploaded  (12 bytes, 1.50KB/sec)",
        ),
    ),
    Program(
        "openvpn",
        "OpenVPN, as its own log or syslog has it",
        "https://community.openvpn.net/",
        frozenset(("openvpn", "ovpn-server")),
        (
            "2024-03-14 09:26:53 192.0.2.17:52234 TLS Error: tls-crypt unwrapping failed from [AF_INET]192.0.2.17:52234",
            "Thu Mar 14 09:26:54 2024 ada/192.0.2.17:51022 MULTI: Learn: 10.8.0.2 -> ada/192.0.2.17:51022",
            "Mar 14 09:26:55 vpn ovpn-server[4711]: TCP connection established with [AF_INET]192.0.2.17:51022",
        ),
        bare=r"(?:us=(?P<openvpn__us>[0-9]{1,6}) )?(?P<message>(?:(?:[\w.@-]{1,64}/)?[0-9A-Fa-f.:]{3,45}:[0-9]{1,5} (?:\[\w{0,64}\] )?(?:TLS|VERIFY|MULTI|Peer Connection|SIGUSR1|SIGTERM|PUSH|"
        r"SENT CONTROL|Control Channel|Data Channel|Connection reset|peer info:|Outgoing Data|Incoming Data|AUTH|\[)|OpenVPN [0-9]\S* |"
        r"(?:TCP|UDP)(?:v[46])? (?:connection established with|link (?:local|remote))|Initialization Sequence Completed|MULTI: |library versions: OpenSSL).*)",
        bare_say="openvpn",
    ),
    Program(
        "syslog_pam",
        "What PAM's modules say, as syslog has it",
        "https://github.com/linux-pam/linux-pam",
        frozenset(),
        (
            "Mar 14 09:26:53 web-1 su: pam_unix(su:auth): authentication failure; logname=ada uid=1000 euid=0 tty=/dev/pts/0 ruser=ada"
            " rhost=  user=root",
            "Mar 14 09:26:54 web-1 login: pam_tally2(login:auth): user ada (4001) tally 6, deny 5",
        ),
        needs=r"^pam_\w{2,24}\(",
        specificity=0.92,
    ),
    Program(
        "proxmox",
        "Proxmox VE and Backup Server: authentication, as syslog or its own file has it",
        "https://pve.proxmox.com/wiki/Fail2ban",
        frozenset(("pvedaemon", "pveproxy", "proxmox-backup-proxy")),
        (
            "Mar 14 09:26:53 pve pvedaemon[4711]: authentication failure; rhost=2001:db8::5 user=ada@pam msg=no such user ('ada@pam')",
            "2024-03-14T09:26:54+01:00: authentication failure; rhost=[::ffff:192.0.2.17]:47416 user=root@pbs msg=user account disabled or expired.",
        ),
        bare=r"(?P<message>(?:authentication failure; rhost=|successful auth for user ').*)",
        bare_say="pvedaemon",
    ),
    Program(
        "asterisk",
        "Asterisk, as its own log or syslog has it",
        "https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Security-Event-Framework/",
        frozenset(("asterisk",)),
        (
            "Mar 14 09:26:53 pbx asterisk[4711]: SECURITY[4712]: res_security_log.c:114 in security_event_stasis_cb:"
            ' SecurityEvent="ChallengeResponseFailed",EventTV="2024-03-14T09:26:53.470+0100",Severity="Error",Service="PJSIP",'
            'AccountID="ada",LocalAddress="IPV4/TCP/198.51.100.9/5060",RemoteAddress="IPV4/TCP/192.0.2.17/46417"',
            "[2024-03-14 09:26:54] NOTICE[4711] chan_sip.c: Registration from '<sip:100@198.51.100.9>' failed for '192.0.2.17:5060' - Wrong password",
        ),
        bare=r"(?P<message>(?:NOTICE|WARNING|ERROR|VERBOSE|DEBUG|SECURITY|DTMF|FAX)\[[0-9]{1,9}\](?:\[C-[0-9a-f]{1,16}\])?:? [\w./-]{1,64}\.c:.*)",
        bare_say="asterisk",
        specificity=0.96,
    ),
    Program(
        "junos_flow",
        "Juniper SRX session logs, as syslog has them",
        "https://www.juniper.net/documentation/us/en/software/junos/network-mgmt/topics/topic-map/security-system-log-messages.html",
        frozenset(("rt_flow",)),
        (
            "Mar 14 09:26:53 srx-1 RT_FLOW: RT_FLOW_SESSION_CREATE: session created 192.0.2.17/51022->198.51.100.9/22 junos-ssh"
            " 192.0.2.17/51022->198.51.100.9/22 None None 6 allow-ssh untrust junos-host 5 N/A(N/A) ge-0/0/1.0",
            "Mar 14 09:26:54 RT_FLOW: RT_FLOW_SESSION_DENY: session denied 192.0.2.17/54924->198.51.100.9/53 junos-dns-udp 17(0)"
            " default-deny(global) trust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 UNKNOWN policy deny",
        ),
        specificity=0.96,
    ),
)
FORMATS: Final = tuple(format_of(program) for program in PROGRAMS)
