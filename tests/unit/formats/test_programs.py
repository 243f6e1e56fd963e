"""What programs say inside syslog, and files of one program's lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.formats.detection import detect
from chalicelib.core.formats.systems.phrases import phrases
from chalicelib.core.records import Record

Explain = Callable[[str, str], Record]
HEAD = "Mar 14 09:26:53 web-1 "


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "sshd[1]: Disconnected from authenticating user root 192.0.2.17 port 59402 [preauth]",
            {"client.address": "192.0.2.17", "client.port": 59402, "user.name": "root"},
        ),
        (
            "sshd[1]: message repeated 2 times: [ Failed password for root from 192.0.2.17 port 22 ssh2]",
            {
                "syslog.repeated": 2,
                "client.address": "192.0.2.17",
                "user.name": "root",
                "ssh.auth.method": "password",
            },
        ),
        (
            "named[1]: client @0x7f 192.0.2.17#5 (example.org): query: example.org IN AAAA +E(0)K (198.51.100.9)",
            {
                "dns.question.name": "example.org",
                "dns.question.type": "AAAA",
                "server.address": "198.51.100.9",
            },
        ),
        (
            "sudo:   ada : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls -l",
            {"user.name": "ada", "sudo.user": "root", "process.command_line": "/bin/ls -l"},
        ),
        ("CRON[1]: (root) CMD (run-parts /etc/cron.hourly)", {"user.name": "root"}),
        (
            "ovpn-server[1]: ada/192.0.2.17:51022 MULTI: Learn",
            {"user.name": "ada", "client.address": "192.0.2.17"},
        ),
    ],
)
def test_a_program_is_typed_by_its_tag_in_both_syslog_formats(
    record: Explain, line: str, expected: dict[str, Any]
) -> None:
    for _ in range(2):
        attributes = record("syslog_rfc3164", HEAD + line).attributes
        assert {name: attributes.get(name) for name in expected} == expected
    tag, _, message = line.partition(": ")
    attributes = record(
        "syslog_rfc5424", f"<38>1 2024-03-14T09:26:53Z h {tag.partition('[')[0]} - - - {message}"
    ).attributes
    assert {name: attributes.get(name) for name in expected} == expected


_FORGED = [
    ("sshd", "Failed password for invalid user a from 9.9.9.9 port 1 ssh2 from 192.0.2.17 port 22 ssh2", 22),
    ("sshd", "Invalid user root from 9.9.9.9 from 192.0.2.17 port 22", 22),
    ("sshd", "Invalid user  from 192.0.2.17 port 22", 22),
    ("sshd", "Connection closed by invalid user a 9.9.9.9 port 1 192.0.2.17 port 22 [preauth]", 22),
    ("sshd", "Disconnecting authenticating user a 192.0.2.17 port 22: Change of username or service not allowed: (b 9.9.9.9 port 1: c,ssh-connection) -> (d,ssh-connection) [preauth]", 22),
    ("sshd", "Bad protocol version identification 'a' from 9.9.9.9 port 1' from 192.0.2.17 port 22", 22),
    ("sshd", "error: maximum authentication attempts exceeded for invalid user a from 9.9.9.9 port 1 ssh2 from 192.0.2.17 port 22 ssh2", 22),
    ("sshd", "Accepted publickey for ada from 192.0.2.17 port 22 ssh2: RSA-CERT SHA256:x ID a from 9.9.9.9 port 1 (serial 0)", 22),
    ("sshd", "pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.17 user=a rhost=9.9.9.9", None),
    ("dropbear", "Bad password attempt for 'a' from 9.9.9.9:1' from 192.0.2.17:22", 22),
    ("dovecot", "pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=a rhost=9.9.9.9 rhost=192.0.2.17", None),
    ("dovecot", "pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser= rhost=9.9.9.9 rhost=192.0.2.17", None),
    ("dovecot", "auth-worker(1): pam(a,9.9.9.9,192.0.2.17,<abc>): unknown user", None),
    ("dovecot", "imap-login: Disconnected (auth failed): user=<a>, rip=9.9.9.9, x=<y>, method=PLAIN, rip=192.0.2.17", None),
    ("postfix/smtpd", "warning: unknown[192.0.2.17]: SASL LOGIN authentication failed: x, sasl_username=from a[9.9.9.9]", None),
    ("vsftpd", '[a] FAIL LOGIN: Client "9.9.9.9"] FAIL LOGIN: Client "192.0.2.17"', None),
    ("proftpd", "h (192.0.2.17[192.0.2.17]) - USER a (9.9.9.9[9.9.9.9]) - USER b: no such user found", None),
    ("php-fpm", "/index.php: webConfigurator authentication error for user 'a' from: 9.9.9.9' from: 192.0.2.17", None),
    ("asterisk", "NOTICE[1]: chan_sip.c:1 in f: Registration from 'a' failed for '9.9.9.9:1' b' failed for '192.0.2.17:22' - Wrong", 22),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "message", "port"), _FORGED)
def test_a_name_that_looks_like_an_address_hides_no_client(
    record: Explain, tag: str, message: str, port: int | None
) -> None:
    attributes = record("syslog_rfc3164", f"{HEAD}{tag}[1]: {message}").attributes
    assert (attributes["client.address"], attributes.get("client.port")) == ("192.0.2.17", port)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dnsmasq-dhcp: DHCPACK(eth0) 10.0.0.5 aa:bb:cc:dd:ee:ff pc", {"message": "ACK", "interface": "eth0", "mac": "aa:bb:cc:dd:ee:ff", "host": "pc"}),
        ("dnsmasq-dhcp: DHCPREQUEST(eth0) 10.0.0.5 aa:bb:cc:dd:ee:ff", {"message": "REQUEST", "interface": "eth0", "mac": "aa:bb:cc:dd:ee:ff"}),
        ("dnsmasq-dhcp: DHCPRELEASE(eth0) 10.0.0.5 unknown lease", {"message": "RELEASE", "interface": "eth0", "host": "unknown lease"}),
        ("dhclient: DHCPACK of 10.0.0.5 from 10.0.0.1", {"message": "ACK", "server": "10.0.0.1"}),
        ("dhclient: DHCPREQUEST for 10.0.0.5 on eth0 to 10.0.0.1 port 67", {"message": "REQUEST", "interface": "eth0", "server": "10.0.0.1"}),
        ("dhcpd: DHCPREQUEST for 10.0.0.5 (10.0.0.1) from aa:bb:cc:dd:ee:ff via 10.0.0.254", {"message": "REQUEST", "mac": "aa:bb:cc:dd:ee:ff", "gateway": "10.0.0.254", "server": "10.0.0.1"}),
        ("dhcpd: DHCPACK on 10.0.0.5 to aa:bb:cc:dd:ee:ff (pc) via eth0", {"message": "ACK", "mac": "aa:bb:cc:dd:ee:ff", "host": "pc", "interface": "eth0"}),
    ],
)  # fmt: skip
def test_a_lease_names_client_server_and_interface(
    record: Explain, line: str, expected: dict[str, Any]
) -> None:
    attributes = record("syslog_rfc3164", HEAD + line).attributes
    server = {"server": attributes.pop("server.address")} if "server.address" in attributes else {}
    assert attributes["client.address"] == "10.0.0.5"
    assert {
        name[5:]: value for name, value in attributes.items() if name.startswith("dhcp.")
    } | server == expected


def test_the_interface_of_a_discovery_ends_before_the_colon(record: Explain) -> None:
    line = "dhcpd: DHCPDISCOVER from aa:bb:cc:dd:ee:ff via eth0: network 10.0.0.0/24: no free leases"
    attributes = record("syslog_rfc3164", HEAD + line).attributes
    assert (attributes["dhcp.mac"], attributes["dhcp.interface"]) == ("aa:bb:cc:dd:ee:ff", "eth0")


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("(root) CMD (/usr/lib/sa/sa1 1 1)", "/usr/lib/sa/sa1 1 1"),
        ("(root) CMD (   (cd / && run) )", "(cd / && run) "),
        ("(root) CMD (cut of", "cut of"),
        ("(root) CMDEND (true)", "true"),
    ],
)
def test_the_command_of_cron_is_what_its_brackets_hold(record: Explain, message: str, command: str) -> None:
    attributes = record("syslog_rfc3164", f"{HEAD}CRON[1]: {message}").attributes
    assert attributes["process.command_line"] == command


def test_a_view_of_bind_is_not_the_name_that_was_asked_for(record: Explain) -> None:
    client = "named[9]: client @0x7f 192.0.2.17#5353 (example.com): "
    query = "query: example.com IN AAAA +E(0)K (10.0.0.1)"
    for words, view in (("view internal: ", "internal"), ("", None)):
        attributes = record("syslog_rfc3164", HEAD + client + words + query).attributes
        assert (attributes.get("bind.view"), attributes["dns.question.name"]) == (view, "example.com")
        assert "bind.view_name" not in attributes


def test_a_file_in_which_several_programs_speak_stays_syslog() -> None:
    sshd = HEAD + "sshd[1]: Connection closed by 192.0.2.17 port 4711 [preauth]\n"
    other = HEAD + "rsyslogd: rsyslogd was HUPed\n"
    when = datetime(2024, 6, 1, tzinfo=UTC)
    assert detect((sshd * 9).encode(), when, complete=True).format.name == "syslog_sshd"
    assert detect((sshd * 9 + other * 3).encode(), when, complete=True).format.name == "syslog_rfc3164"


@pytest.mark.parametrize(
    ("line", "word", "facility"),
    [
        ("Mar 14 09:26:53 gw daemon.err mcad: failed", "err", "daemon"),
        ("Thu Mar 14 09:26:53 2024 daemon.notice netifd: up", "notice", "daemon"),
        ("Mar 14 09:26:53 sun sshd[1]: [ID 800047 auth.info] Accepted x", "info", "auth"),
    ],
)
def test_a_severity_in_words_is_the_severity(record: Explain, line: str, word: str, facility: str) -> None:
    parsed = record("syslog_rfc3164", line)
    assert (parsed.severity_text, parsed.attributes["syslog.facility.name"]) == (word, facility)


@pytest.mark.parametrize("name", ["syslog_rfc3164", "syslog_rfc5424"])
def test_an_octet_count_is_kept_apart(record: Explain, name: str) -> None:
    line = (
        "<34>1 2024-03-14T09:26:53Z h p - - - m" if name == "syslog_rfc5424" else "<34>Mar 14 09:26:53 h p: m"
    )
    parsed = record(name, f"{len(line)} {line}")
    assert (parsed.body, parsed.attributes["syslog.octet_count"]) == ("m", len(line))


def test_a_template_gives_numbers_and_leaves_out_what_is_absent() -> None:
    say = phrases(r"login {name:user.name}(?: port {int:client.port})? took {num:took_s}")
    fields: dict[str, Any] = {}
    assert say("login ada took 1.5", fields)
    assert fields == {"user.name": "ada", "took_s": 1.5}
    assert not say("logout", fields)
