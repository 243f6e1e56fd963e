"""Mail servers: Postfix, Dovecot, Exim."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.systems.by_program import Program, format_of

FORMATS: Final = tuple(map(format_of, (
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
)))  # fmt: skip
