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
        got = record("syslog_rfc3164", HEAD + line).attributes
        assert {name: got.get(name) for name in expected} == expected
    tag, _, message = line.partition(": ")
    got = record(
        "syslog_rfc5424", f"<38>1 2024-03-14T09:26:53Z h {tag.partition('[')[0]} - - - {message}"
    ).attributes
    assert {name: got.get(name) for name in expected} == expected


def test_a_file_in_which_several_programs_speak_stays_syslog() -> None:
    sshd = HEAD + "sshd[1]: Connection closed by 192.0.2.17 port 4711 [preauth]\n"
    other = HEAD + "rsyslogd: rsyslogd was HUPed\n"
    when = datetime(2024, 6, 1, tzinfo=UTC)
    assert detect((sshd * 9).encode(), when, complete=True).format.name == "syslog_sshd"
    assert detect((sshd * 9 + other).encode(), when, complete=True).format.name == "syslog_rfc3164"


@pytest.mark.parametrize(
    ("line", "word", "facility"),
    [
        ("Mar 14 09:26:53 gw daemon.err mcad: failed", "err", "daemon"),
        ("Thu Mar 14 09:26:53 2024 daemon.notice netifd: up", "notice", "daemon"),
        ("Mar 14 09:26:53 sun sshd[1]: [ID 800047 auth.info] Accepted x", "info", "auth"),
    ],
)
def test_a_severity_in_words_is_the_severity(record: Explain, line: str, word: str, facility: str) -> None:
    got = record("syslog_rfc3164", line)
    assert (got.severity_text, got.attributes["syslog.facility.name"]) == (word, facility)


@pytest.mark.parametrize("name", ["syslog_rfc3164", "syslog_rfc5424"])
def test_an_octet_count_is_kept_apart(record: Explain, name: str) -> None:
    line = (
        "<34>1 2024-03-14T09:26:53Z h p - - - m" if name == "syslog_rfc5424" else "<34>Mar 14 09:26:53 h p: m"
    )
    got = record(name, f"{len(line)} {line}")
    assert (got.body, got.attributes["syslog.octet_count"]) == ("m", len(line))


def test_a_template_gives_numbers_and_leaves_out_what_is_absent() -> None:
    say = phrases(r"login {name:user.name}(?: port {int:client.port})? took {num:took_s}")
    fields: dict[str, Any] = {}
    assert say("login ada took 1.5", fields)
    assert fields == {"user.name": "ada", "took_s": 1.5}
    assert not say("logout", fields)
