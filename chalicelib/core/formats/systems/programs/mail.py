"""Mail servers: Postfix, Dovecot, Exim, sendmail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import add_integer, is_ip, number, whole
from chalicelib.core.formats.nested import add
from chalicelib.core.formats.systems.phrases import Say, phrases
from chalicelib.core.formats.systems.programs.logins import PAM

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_LEVEL: Final = re.compile(
    r"(?:\w[\w-]{0,30}(?:\([^()]{0,200}\))?: )?(Info|Warning|Error|Fatal|Panic|Debug): "
)
_QUEUE_ID: Final = re.compile(r"([0-9A-F]{5,15}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}|NOQUEUE): ")
_PAIR: Final = re.compile(
    r"(?<![^\s,;(])([a-z][a-z0-9_-]{0,30}+)=(?:<([^<>]{0,2000}+)>|([^\s,;]{1,2000}+))(?=[,;\s]|$)"
)
_PAIRS_MAX: Final = 40
_CLIENT: Final = re.compile(
    r"(?:client=|from |to |by |of |with |,? ?connect from |disconnect from )([^\s\[\]<>,]{1,255})\[([0-9A-Fa-f.:]{2,45})\](?::([0-9]{1,5}))?"
)
_OF_MAIL: Final = re.compile(r"(?:[a-z]{3,9}: )?(?:(?:mime|nested)[- ])?(?:header|body) ")
"""https://www.postfix.org/header_checks.5.html"""
_PEER: Final = re.compile(r"([^\s\[\]<>,]{1,255})\[([0-9A-Fa-f.:]{2,45})\](?::([0-9]{1,5}))?: ")
_REJECT: Final = re.compile(
    r"(?:milter-)?(reject|hold|discard|filter|redirect|warn|reject_warning)(?::|-\w+:) ([A-Z][A-Z -]{2,30}) from [^:]{1,300}: "
    r"(?:([0-9]{3}) )?(?:([245]\.[0-9]{1,3}\.[0-9]{1,3}) )?"
)
_SCREENED: Final = re.compile(
    r"(?:CONNECT from|PASS (?:NEW|OLD)|DISCONNECT|HANGUP (?:after [0-9.]{1,12} )?from|PREGREET \d{1,6} after [0-9.]{1,12} from|WHITELISTED|ALLOWLISTED"
    r"|BLACKLISTED|DENYLISTED|DNSBL rank [0-9]{1,6} for|WHITELIST VETO|ALLOWLIST VETO) \[([0-9A-Fa-f.:]{2,45})\]:([0-9]{1,5})"
    r"(?: to \[([0-9A-Fa-f.:]{2,45})\]:([0-9]{1,5}))?"
)
"""https://www.postfix.org/POSTSCREEN_README.html"""
_TRIED: Final = re.compile(r"connect to ([^\s\[\]]{1,255})\[([0-9A-Fa-f.:]{2,45})\]:([0-9]{1,5}): ")
_STATUS: Final = re.compile(r"status=([a-z-]{1,32}) \((.*)\)", re.DOTALL)
_RELAY: Final = re.compile(r"([^\s\[\]]{1,255})\[([^\s\[\]]{1,255})\](?::([0-9]{1,5}))?")
_NUMBERS: Final = frozenset(
    (
        "size",
        "nrcpt",
        "delay",
        "ehlo",
        "helo",
        "lhlo",
        "mail",
        "rcpt",
        "data",
        "bdat",
        "rset",
        "noop",
        "quit",
        "auth",
        "starttls",
        "commands",
        "unknown",
    )
)
_WORDS: Final = re.compile(r"(warning|error|fatal|panic): ")


def _add_peer(fields: dict[str, Value], side: str, address: str | None, port: str | None) -> None:
    if address:
        fields[f"{side}.address"] = address
    if port:
        add_integer(fields, f"{side}.port", port)


def _client_of(text: str, begin: int, end: int) -> re.Match[str] | None:
    """The peer that a message names; the last where it quotes a line of the mail, which its sender wrote."""
    if _OF_MAIL.match(text, begin) is None:
        return _CLIENT.search(text, begin, end)
    last = None
    for last in _CLIENT.finditer(text, begin):  # noqa: B007 - the last is what counts
        pass
    return last


def _postfix(text: str, fields: dict[str, Value]) -> bool:
    """https://www.postfix.org/postconf.5.html and the postfix daemons' manual pages."""
    begin = 0
    match = _QUEUE_ID.match(text)
    if match:
        fields["postfix.queue_id"] = match[1]
        begin = match.end()
    else:
        level = _WORDS.match(text)
        if level:
            fields["log.level"] = level[1]
            begin = level.end()
    status = _STATUS.search(text, begin)
    if screened := _SCREENED.match(text, begin):
        _add_peer(fields, "client", screened[1], screened[2])
        _add_peer(fields, "server", screened[3], screened[4])
    client = _PEER.match(text, begin) or _client_of(
        text, begin, min(begin + 2000, status.start(2) if status else len(text))
    )
    if client:
        if client[1] != "unknown":
            fields["client.domain"] = client[1]
        _add_peer(fields, "client", client[2], client[3])
    reject = _REJECT.match(text, begin)
    if reject:
        fields["postfix.action"], fields["postfix.stage"] = reject[1], reject[2]
        if reject[3]:
            fields["smtp.response.status_code"] = whole(reject[3])
        if reject[4]:
            fields["postfix.dsn"] = reject[4]
    if status:
        fields["postfix.status"], fields["postfix.response"] = status[1], status[2]
        if tried := _TRIED.match(status[2]):
            fields["server.domain"] = tried[1]
            _add_peer(fields, "server", tried[2], tried[3])
    end = status.start() if status else len(text)
    repeats: dict[str, int] = {}
    for count, pair in enumerate(_PAIR.finditer(text, begin, end)):
        if count >= _PAIRS_MAX:
            break
        name, angled, plain = pair.groups()
        value = plain if angled is None else angled
        if name == "client" and client:
            continue
        if name == "relay" and plain and (relay := _RELAY.fullmatch(plain)):
            fields["server.domain"] = relay[1]
            _add_peer(fields, "server", relay[2], relay[3])
        elif name == "sasl_username":
            fields["user.name"] = value
        else:
            add(
                fields,
                repeats,
                f"postfix.{name.replace('-', '_')}",
                number(value) if name in _NUMBERS else value,
            )
    return begin > 0 or client is not None or screened is not None


_EXIM_HOST: Final = re.compile(
    r"(?:H=|for |from |connection from )(?:([^\s()\[\]=]{1,255}) )?(?:\(([^()\s]{1,255})\) )?\[([0-9A-Fa-f.:]{2,45})\](?::([0-9]{1,5}))?"
)
_EXIM_ID: Final = re.compile(
    r"([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (?:(<=|=>|->|>>|\*>|\*\*|==|Completed)(?: (?:<([^<>]{0,320})>|([^\s<>]{1,320})))?)?"
)
_EXIM_PAIR: Final = re.compile(
    r"(?<= )([A-Z]{1,3}|id|from|for|dn|set_id)=(?:\"([^\"]{0,1000})\"|<([^<>]{0,1000})>|(\S{1,1000}))"
)
_EXIM_SET_ID: Final = re.compile(r"\(set_id=([^()]{1,320})\)")
_EXIM_RCPT: Final = re.compile(r"rejected (?:RCPT|MAIL|EHLO or HELO|AUTH|VRFY|EXPN) ?<?([^\s<>:]{1,320})>?")
_EXIM_AUTH: Final = re.compile(r"(\w{1,64}) authenticator failed for |no (?:host name|IP address) found for ")
_EXIM_NAMES: Final = {
    "P": "network.protocol.name", "S": "exim.size", "U": "user.name", "F": "exim.from", "X": "tls.cipher",
    "T": "exim.transport", "R": "exim.router", "C": "exim.confirmation", "A": "exim.authenticator",
}  # fmt: skip


def exim(text: str, fields: dict[str, Value]) -> bool:
    """https://www.exim.org/exim-html-current/doc/html/spec_html/ch-log_files.html"""
    known = False
    head = _EXIM_ID.match(text)
    if head:
        known = True
        fields["exim.message_id"] = head[1]
        if head[2]:
            fields["exim.flag"] = head[2]
        if head[3] or head[4]:
            fields["exim.address"] = head[3] or head[4]
    host = _EXIM_HOST.search(text, 0, 2000)
    if host:
        known = True
        if host[1]:
            fields["client.domain"] = host[1]
        if host[2]:
            fields["exim.helo"] = host[2]
        _add_peer(fields, "client", host[3], host[4])
    repeats: dict[str, int] = {}
    for count, pair in enumerate(_EXIM_PAIR.finditer(text)):
        if count >= _PAIRS_MAX:
            break
        name = pair[1]
        if name != "H":
            value = next(group for group in pair.groups()[1:] if group is not None)
            key = _EXIM_NAMES.get(name, f"exim.{name.lower()}")
            add(fields, repeats, key, number(value) if name == "S" else value.rstrip(","))
    failed = _EXIM_AUTH.match(text)
    if failed and failed[1]:
        known = True
        fields["exim.authenticator"] = failed[1]
    user = _EXIM_SET_ID.search(text) or _EXIM_RCPT.search(text)
    if user:
        known = True
        fields["user.name"] = user[1]
    return known or text.startswith(("SMTP ", "Start queue run", "End queue run", "exim ", "daemon "))


_DOVECOT: Final = re.compile(
    r"([a-z0-9][a-z0-9-]{1,31})(?:\(([^()]{0,320})\))?(?:<([0-9]{1,10})>)?(?:<([^<>]{1,64})>)?(?:\(([^()]{0,64})\))?: "
    r"(?:(Info|Warning|Error|Fatal|Panic|Debug): )?"
)
_DOVECOT_PAIR: Final = re.compile(r"(?<=[ ,(])([a-z_-]{2,24})=(?:<([^<>]{0,400})>|([^\s,)]{1,400}))")
_DOVECOT_NAMES: Final = {
    "user": "user.name", "rip": "client.address", "lip": "server.address", "rport": "client.port",
    "lport": "server.port", "mpid": "dovecot.mail_pid", "tls": "tls.cipher",
}  # fmt: skip
_ATTEMPTS: Final = re.compile(r"auth failed, ([0-9]{1,9}) attempts(?: in ([0-9]{1,9}) secs)?")
_AUTH_WORKER: Final = re.compile(r"conn unix:[^:\n]{1,200}: auth-worker<[0-9]{1,10}>: ")
_AUTH_PEER: Final = re.compile(
    r"(?:\w[\w-]{0,30}\(([^()]{0,320}),(?=[0-9A-Fa-f]{0,4}[.:])([0-9A-Fa-f.:]{2,45})(?:,[^()]{0,100})?\)"
    r"|(?:pam|passwd-file|passwd|shadow|sql|ldap|static|lua|dict|checkpassword|vpopmail|bsdauth)\(([^(),]{1,320})\))"
)
_OF_ONE_USER: Final = frozenset(("imap", "pop3", "managesieve", "submission", "lda"))


def _process_and_user(service: str, text: str) -> tuple[int | None, str]:
    """What stands between the brackets behind a service: a process id (but for the services of one user, whose
    name may be a number), a user, or both."""
    first, comma, rest = text.partition(", ")
    if comma and (process := whole(first)) is not None:
        return process, rest
    process = None if service in _OF_ONE_USER else whole(text)
    return process, text if process is None else ""


def _dovecot(text: str, fields: dict[str, Value]) -> bool:
    """https://doc.dovecot.org/2.3/admin_manual/logging/"""
    match = _DOVECOT.match(text)
    begin = 0
    if match:
        begin = match.end()
        process, user = _process_and_user(match[1], match[2] or "")
        if process is not None:
            fields["dovecot.service_pid"] = process
        details = {
            "dovecot.service": match[1],
            "user.name": user,
            "dovecot.session": match[4] or match[5],
            "log.level": match[6],
        }
        fields.update({name: value for name, value in details.items() if value})
        if match[3]:
            fields["dovecot.mail_pid"] = whole(match[3])
        worker = _AUTH_WORKER.match(text, begin)
        peer = _AUTH_PEER.match(text, worker.end() if worker else begin)
        if peer:
            fields["user.name"] = peer[1] or peer[3] or ""
            if peer[2] and is_ip(peer[2]):
                fields["client.address"] = peer[2]
    attempts = _ATTEMPTS.search(text, begin, begin + 500)
    if attempts:
        fields["dovecot.attempts"] = whole(attempts[1])
    repeats: dict[str, int] = {}
    for count, pair in enumerate(_DOVECOT_PAIR.finditer(text, begin)):
        if count >= _PAIRS_MAX:
            break
        value = pair[3] if pair[2] is None else pair[2]
        if value and pair[1] not in ("uid", "gid"):
            name = _DOVECOT_NAMES.get(pair[1], f"dovecot.{pair[1].replace('-', '_')}")
            if name in ("user.name", "client.address"):
                fields[name] = value
            else:
                add(fields, repeats, name, number(value))
    if ", TLS" in text:
        fields["dovecot.tls"] = True
    return match is not None


def _mail(text: str, fields: dict[str, Value]) -> bool:
    return PAM(text, fields) if text.startswith("pam_") else _dovecot(text, fields)


_SENDMAIL: Final = phrases(r"{name:sendmail.queue_id}: {rest:sendmail.message}")
PROGRAMS: Final[dict[str, Say]] = {
    "postfix": _postfix,
    "dovecot": _mail,
    "exim": exim,
    "exim4": exim,
    "sendmail": _SENDMAIL,
    "sm-mta": _SENDMAIL,
}
"""Program → what it says."""
