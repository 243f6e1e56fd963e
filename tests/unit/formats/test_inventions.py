"""Prose without users and addresses gives none, in whatever form it is written: names and addresses are not invented."""

from __future__ import annotations

import re

import pytest

from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.systems.programs import PROGRAMS
from chalicelib.core.records import Value
from tests.lines_of_formats import records
from tests.prose import PROSE

WHO = re.compile(
    r"(?:user\.name|user\.id|.*(?:^|\.)(?:client|source|destination|server|peer)\.(?:address|port)|.*_user|.*\.ip)"
)


def who(attributes: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if WHO.fullmatch(name)}


def test_the_corpus_is_several_hundred_sentences() -> None:
    assert len(set(PROSE)) == len(PROSE) > 200


FORMS = (
    "{}",
    "2026-02-03 10:11:00,123 INFO  [main] com.shop.Auth - {}",
    "2026-02-03T10:11:00.123Z ERROR {}",
    "2026/02/03 10:11:00 [error] 31#31: *1 {}",
    "[2026-02-03 10:11:00 +0000] [4711] [WARNING] {}",
    "[Tue Feb 03 10:11:00.123456 2026] [core:error] [pid 4711:tid 7] {}",
    "WARNING:shop.auth:{}",
    "I, [2026-02-03T10:11:00.123456 #819]  INFO -- : {}",
    "[2026-02-03 10:11:00] local.ERROR: {} [] []",
    "2026-02-03 10:11:00.123 | INFO     | shop.api:pay:42 - {}",
    "I0203 10:11:00.123456       1 pay.go:42] {}",
    "2026-02-03 10:11:00.12 Logon       {}",
    'time="2026-02-03T10:11:00Z" level=info msg="{}"',
    '{{"time":"2026-02-03T10:11:00Z","level":"info","msg":"{}"}}',
    "Feb  3 10:11:00 web-1 shop[4711]: {}",
    "<38>1 2026-02-03T10:11:00Z web-1 shop 4711 - - {}",
)


@pytest.mark.parametrize("form", FORMS)
def test_prose_in_an_application_log_names_nobody(form: str) -> None:
    lines = [form.format(sentence) for sentence in PROSE]
    invented = [
        (line, who(record.attributes)) for line, record in zip(lines, records("\n".join(lines)), strict=True)
    ]
    assert [(line, actual) for line, actual in invented if actual] == []


PREFIXED = (
    "Feb  3 10:11:00 web-1 sshd[4711]: pam_unix(sshd:auth): {}",
    "Feb  3 10:11:00 web-1 sshd[4711]: error: PAM: {}",
    "Feb  3 10:11:00 web-1 sshd[4711]: fatal: {}",
    "Feb  3 10:11:00 web-1 login[4711]: FAILED LOGIN 1 FROM tty1 FOR UNKNOWN, {}",
    "Feb  3 10:11:00 mail dovecot: imap-login: Info: {}",
    "Feb  3 10:11:00 mail postfix/smtpd[4711]: NOQUEUE: {}",
    "Feb  3 10:11:00 web-1 kernel: [ 12.345678] {}",
    "Feb  3 10:11:00 web-1 asterisk[4711]: NOTICE[12]: {}",
    "Feb  3 10:11:00 fw-1 29: %SYS-5-CONFIG_I: {}",
    "Feb 03 2026 10:11:00 fw-1 : %ASA-6-302013: {}",
    "2026-02-03T10:11:00.123+0000 I NETWORK  [conn7] {}",
    "[2026-02-03T10:11:00,123][INFO ][o.e.n.Node               ] [node-1] {}",
    "2026-02-03T10:11:00.123456Z 0 [Warning] [MY-010116] [Server] {}",
    "2026-02-03 10:11:00.123 UTC [4711] LOG:  {}",
    "CEF:0|Example|Gate|1.0|100|login|5|msg={}",
)


@pytest.mark.parametrize("form", PREFIXED)
def test_prose_behind_what_a_program_says_first_names_nobody(form: str) -> None:
    lines = [form.format(sentence) for sentence in PROSE]
    actual = [who(record.attributes) for record in records("\n".join(lines))]
    assert [(line, names) for line, names in zip(lines, actual, strict=True) if names] == []


@pytest.mark.parametrize("program", sorted(PROGRAMS))
@pytest.mark.parametrize(
    "form", ["Feb  3 10:11:00 web-1 {}[4711]: {}", "<38>1 2026-02-03T10:11:00Z web-1 {} 4711 - - {}"]
)
def test_prose_of_a_program_in_syslog_names_nobody(program: str, form: str) -> None:
    lines = [form.format(program, sentence) for sentence in PROSE]
    invented = [
        (line, who(record.attributes)) for line, record in zip(lines, records("\n".join(lines)), strict=True)
    ]
    assert [(line, actual) for line, actual in invented if actual] == []


KNOWN = {
    "Login failed for user 'SA'. Reason: Password did not match. [CLIENT: 172.17.0.3]": ("SA", "172.17.0.3"),
    "Failed login attempt for user ada@example.org from ip address 192.0.2.7": ("ada@example.org", "192.0.2.7"),
    'Authentication request for "ada" has been denied (IP: "192.0.2.7").': ("ada", "192.0.2.7"),
    "Username or password is incorrect. Try again. IP: 192.0.2.7. Username: ada.": ("ada", "192.0.2.7"),
    "Failed authentication attempt for ada from 192.0.2.7:48860: unknown": ("ada", "192.0.2.7"),
    "authentication failure; rhost=[::ffff:192.0.2.7]:47416 user=root@pbs msg=no": ("root@pbs", "192.0.2.7"),
    "Access denied for user 'O'Hara'@'192.0.2.7' (using password: YES)": ("O'Hara", None),
    "Failed login attempt from IP: [2001:db8::5]": (None, "2001:db8::5"),
    "Failed login attempt from 2001:0db8:85a3:0000:0000:8a2e:0370:7334": (None, "2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
    "Unsuccessful login attempt from 192.0.2.17 (X-Forwarded-For: 198.51.100.7) [Mozilla/5.0 (X11)]": (None, "198.51.100.7"),
}  # fmt: skip


@pytest.mark.parametrize(("message", "named"), KNOWN.items())
def test_what_known_programs_say_of_a_login_is_typed(
    message: str, named: tuple[str | None, str | None]
) -> None:
    fields: dict[str, Value] = {}
    add_login(fields, message)
    assert (fields.get("user.name"), fields.get("client.address")) == named
