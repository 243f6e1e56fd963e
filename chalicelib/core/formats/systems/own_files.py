"""Services with a log file of their own, a time and a phrase a line."""

from __future__ import annotations

from functools import partial
from typing import Final

from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.patterned import shaped

_format: Final = partial(shaped, specificity=0.98, single_line=True, alone=False)

FORMATS: Final = (
    _format(
        "endlessh",
        "endlessh, the SSH tarpit",
        "https://github.com/skeeto/endlessh",
        samples=(
            "2024-03-14T09:26:53.559Z ACCEPT host=::ffff:192.0.2.17 port=24936 fd=4 n=1/4096",
            "2024-03-14T09:27:13.000Z CLOSE host=192.0.2.17 port=24936 fd=4 time=20.015 bytes=24",
        ),
        templates=(
            r"{time} {text=ACCEPT|CLOSE:endlessh.event} host={client} port={port} fd={int:endlessh.fd}"
            r"(?: n={int:endlessh.n}/{text=[0-9]{1,9}:endlessh.max})?(?: time={text=[0-9.]{1,20}:endlessh.duration_s})?(?: bytes={int:endlessh.bytes})?{body=}",
            r"{time} {body=(?:Port|Delay|MaxLineLength|MaxClients|BindFamily|TOTALS|socket\(|listen\(|SIG[A-Z]+).{0,300}}",
        ),
        start=rf"{ISO} (?:ACCEPT host=|CLOSE host=|Port |Delay |Max|Bind|TOTALS)",
        alone=True,
    ),
    _format(
        "sshesame",
        "sshesame, an SSH honeypot",
        "https://github.com/jaksi/sshesame",
        samples=(
            '2024/03/14 09:26:53 [192.0.2.17:39673] authentication for user "ada" with password "1\\"2" accepted',
            '2024/03/14 09:26:54 [2001:db8::5:7117] [channel 104] input: "GET / HTTP/1.1\\r\\n"',
            '2024/03/14 09:26:55 [192.0.2.17:46374] [channel 0] command "uname -a" requested',
        ),
        templates=(
            r"{time=[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?} \[{client}:{port}\] (?:\[channel {int:sshesame.channel}\] )?"
            r'{body=authentication for user "{text=(?:[^"\\]|\\.){0,256}:user.name}" (?:with password "{text=(?:[^"\\]|\\.){0,256}:sshesame.password}" '
            r'|with public key "{text=[^"]{0,200}:ssh.key.fingerprint}" |without credentials )?{text=accepted|rejected:sshesame.result}'
            r'|command "{text=(?:[^"\\]|\\.)*+:process.command_line}" requested|input: .*'
            r"|(?:connection|global|direct|session|new|channel|closed|env|PTY|shell|subsystem|client|signal|X11|TCP/IP|rejected|SSH|terminal|window|tcpip).{0,2000}}",
        ),
    ),
    _format(
        "samba_auth",
        "Samba, audit of authentication",
        "https://wiki.samba.org/index.php/Setting_up_Audit_Logging",
        samples=(
            "Auth: [SMB2,(null)] user [EXAMPLE]\\[ada] at [Thu, 14 Mar 2024 09:26:53.023984 UTC] with [NTLMv2] status [NT_STATUS_NO_SUCH_USER]"
            " workstation [PC-1] remote host [ipv4:192.0.2.17:44890] mapped to [EXAMPLE]\\[ada]. local host [ipv4:198.51.100.9:445] ",
        ),
        templates=(
            r"\s{0,16}Auth: \[{text=[^,\]]{0,64}:samba.service},{text=[^\]]{0,64}:samba.auth}\] user \[{text=[^\]]{0,256}:samba.domain}\]\\\[{text=[^\]]{0,256}:user.name}\]"
            r" at \[{time=[^\]]{10,48}}\] with \[{text=[^\]]{0,64}:samba.method}\] status \[{text=[^\]]{0,64}:samba.status}\] workstation \[{text=[^\]]{0,256}:samba.workstation}\]"
            r" remote host \[(?:ipv[46]:{client}:{port}|[^\]]{0,256})\]"
            r"(?: (?:became|mapped to) \[{text=[^\]]{0,256}:samba.mapped_domain}\]\\\[{text=[^\]]{0,256}:samba.mapped_user}\](?: \[{text=[^\]]{0,200}:samba.sid}\])?)?\.?"
            r" (?:local host \[(?:ipv[46]:{server}:{server_port}|[^\]]{0,256})\]\s{0,8}(?:NETLOGON.{0,512})?)?",
        ),
        specificity=0.99,
    ),
    _format(
        "cpanel",
        "cPanel and WHM login log",
        "https://docs.cpanel.net/knowledge-base/cpanel-product/the-cpanel-log-files/",
        samples=(
            '[2024-03-14 09:26:53 +1000] info [cpaneld] 192.0.2.17 - root "POST /login/?login_only=1 HTTP/1.1" FAILED LOGIN cpaneld: root login is'
            " not permitted to cpaneld",
        ),
        templates=(
            r"\[{time}\] {level=[a-z]{3,8}} \[{service=cpaneld|whostmgrd|webmaild|cpdavd|cpsrvd|ftpd|pop3d|imapd}\] {client} - {user} "
            r'{body="{method} {text=[^ ?"]{1,4000}:url.path}(?:\?{text=[^ "]{0,4000}:url.query})? HTTP/{version}" .*|.*}',
        ),
        specificity=0.99,
        alone=True,
    ),
    _format(
        "webmin",
        "Webmin actions log",
        "https://webmin.com/docs/modules/webmin-actions-log/",
        samples=(
            '1710404813.2161960.0 [14/Mar/2024 09:26:53] ada - 192.0.2.17 global miniserv.pl "failed" "-" "wrongpass"',
            '1710404814.2161961.1 [14/Mar/2024 09:26:54] root 7d9e2a 2001:db8::5 useradmin save_user.cgi "modify" "user" "bob"',
        ),
        templates=(
            r"{text=[0-9]{9,11}\.[0-9]{1,9}\.[0-9]{1,6}:webmin.id} \[{time=[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4} [0-9:]{8}}\] {user} {word:webmin.session} {client}"
            r" {word:webmin.module} {word:webmin.script} {body}",
        ),
        specificity=0.99,
    ),
    _format(
        "sssd",
        "SSSD debug logs",
        "https://sssd.io/troubleshooting/basics.html",
        samples=(
            "(2024-03-14  9:26:53): [be[example.org]] [sysdb_add_user] (0x0040): [RID#3] Group named ada@example.org already exists",
            "(2024-03-14  9:26:54): [nss] [sbus_reconnect_attempt] (0x0020): Unable to connect to D-Bus",
        ),
        templates=(
            r"\*? {0,4}\({time=[0-9]{4}-[0-9]{2}-[0-9]{2} {1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.:][0-9]{1,6})?|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}}\):"
            r" \[{service=[^\s\[\]]{1,64}(?:\[[^\[\]]{1,255}\])?(?:\[[0-9]{1,9}\])?}\] \[{name:code.function.name}\] \({text=0x[0-9a-f]{3,5}:sssd.level}\): {body}",
        ),
        alone=True,
    ),
)
