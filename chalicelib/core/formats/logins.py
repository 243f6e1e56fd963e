"""Who tried to log in, and from where, as the messages of applications say it.

Only phrases that programs are known to use are read, and only in their known places: a message that speaks of logging in
is prose otherwise, and a name or an address invented from prose is worse than none. Nothing is taken out of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.kinds import endpoint, is_ip
from chalicelib.core.formats.kinds import port as port_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.records import Value

_TOPICS: Final = (
    "ogin", "uthent", "assword", "redential", "ign-in", "ogged in", "Auth-Failure", "uthoriz", "connexion", "Logon",
)  # fmt: skip
_NOUN: Final = r"(?:log-?(?:in|on)|sign-in|authenti\w{2,16}|password|credentials|connexion)"
_WORDS: Final = r"[\W_]{1,4}+(?:[^\W_]{1,32}+(?:['`\"-][^\W_]{1,32}+)?[\W_]{1,4}+){0,4}?"
"""Up to four words. No character is of a word and between words alike: a row of quotes is read in one way only."""
_EVENT: Final = re.compile(
    rf"\b(?:(?:un)?successful(?:ly)?|failed|invalid|incorrect|wrong|fehlerhafter|echec){_WORDS}{_NOUN}"
    rf"|\b{_NOUN}{_WORDS}(?:fail(?:ed|ure)|denied|rejected|refused|succeeded|successful|accepted|incorrect|invalid|attempt)\b"
    r"|\bauth(?:entication)?-(?:failure|error)\b|\bauthenticated user |\bauthentication (?:for user \"|request for )"
    r"|\baccess denied for user |\bprincipal = user:|\bauthori[sz]ed: user=",
    re.IGNORECASE,
)
"""A login attempt and its result."""
_MOVES: Final = re.compile(
    r"\b(?:(?:down|up)?load|fetch|retriev|import|cop(?:y|ied)|sync|pull|obtain|upgrad|updat|migrat|restor|versions?\b|listen|bound|bind)",
    re.IGNORECASE,
)
"""With these words an address is where something comes from or goes to, or it is a version."""
_AT: Final = r"(?:ipv[46]:)?\[?([0-9A-Fa-f.:]{2,64}+)(?:\](?::([0-9]{1,5}))?)?(?![\w/-])"
_FORWARDED: Final = re.compile(rf"\(X-Forwarded-For: {_AT}")
_CLIENT: Final = re.compile(rf"\[client {_AT}|\bclient IP=\"{_AT}")
_ADDRESSES: Final = (
    re.compile(
        r"\b(?:[fF]rom|von|connexion de)(?: (?:[iI][pP](?: address)?|address|client|remote host|host))?:? "
        rf"(?:[\w.-]{{1,253}} (?=\())?[\[(\"'`]{{0,2}}{_AT}"
    ),
    re.compile(
        rf"\b(?:IP|ip|IP[ -][aA]ddress|CLIENT|rhost|remote_addr|remote_ip|client_ip)(?:\": ?|: ?|=)[(\"'`]{{0,2}}{_AT}"
    ),
    re.compile(rf"\bAuth-Failure ip {_AT}|\bAUTH-ERROR {_AT}"),
    re.compile(rf"\({_AT} -> "),
)
_HARDWARE: Final = re.compile(r"(?:[0-9A-Fa-f]{2}:){7}[0-9A-Fa-f]{2}")
"""A hardware address of eight bytes, which would also be one of IPv6."""
_QUOTED: Final = r"([\"'`])(?![\"'`])((?:(?!\1)[^\n]|\1(?=\w)){1,128}?)\1(?!\w)"
_NAME: Final = r"(?P<name>[^\s\"'`,;:()<>\[\]=]{1,128})"
_FROM: Final = r" from (?:(?:ip|IP)(?: address)? )?\[?(?P<at>[0-9A-Fa-f.:]{2,45})"
_USERS: Final = (
    re.compile(rf"\b[uU]ser(?:[nN]ame)? {_QUOTED}"),
    re.compile(rf"\b[aA]uthentication request for {_QUOTED} has been denied"),
    re.compile(r"\"(?:email|user|username)\": ?\"(?P<name>[^\"\n]{1,128})\""),
    re.compile(rf"(?:^|[\s,;(\[])(?:user|username)=[\"']?{_NAME}"),
    re.compile(rf"\bIP: [0-9A-Fa-f.:]{{2,45}}[.,] [uU]sername: {_NAME}"),
    re.compile(
        r"\b(?:[fF]ailed (?:login|logon|sign-in|authentication)(?: attempt)? for|[aA]uthentication (?:of|(?:finally )?failed for)"
        rf"|[lL]ogin (?:failed|denied|succeeded) for|Authenticated)(?: user)? {_NAME}{_FROM}"
    ),
    re.compile(rf"\b[aA]uthentication request for {_NAME} has been denied"),
    re.compile(r"\bFailed login for (?P<name>[^\s\"'`,;:()<>]{1,64}@[^\s\"'`,;:()<>]{1,128})"),
    re.compile(rf"\buser {_NAME} authentication failure for Baikal"),
    re.compile(rf"\bauthenticated as principal {_NAME} on "),
    re.compile(rf"\bPrincipal = User:{_NAME} is "),
)
_NO_USERS: Final = frozenset((
    "user", "username", "credentials", "from", "with", "the", "a", "an", "in", "is", "was", "has", "not", "to", "or", "does",
    "login", "logon", "authentication", "authorization", "password", "request", "service", "session", "connection", "access",
    "client", "server", "host", "unknown", "invalid", "all", "any", "this", "that", "each", "every", "no", "users",
))  # fmt: skip
_AGENT: Final = re.compile(
    r"[\[(]((?:Mozilla|curl|Wget|python-requests|okhttp|Go-http-client)/[^\n]{1,512}?)[\])](?:\.|$)"
)
_WINDOW: Final = 2048


def add_login(fields: dict[str, Value], body: str) -> None:
    """Add client.address, client.port and user.name if the message has them."""
    for topic in _TOPICS:
        if topic in body:
            break
    else:
        return
    body = body[:_WINDOW].lstrip("\n").partition("\n")[0]
    if _EVENT.search(body) is not None and _MOVES.search(body) is None:
        if "client.address" not in fields:
            _add_address(fields, _heads_of(body))
        if "user.name" not in fields:
            _add_user(fields, body)
    elif "client.address" not in fields and ("[client " in body or " IP=" in body):
        _add_address(fields, _CLIENT.finditer(body))
    if "user_agent.original" not in fields:
        agent = _AGENT.search(body)
        if agent is not None:
            fields["user_agent.original"] = agent[1]


def _heads_of(body: str) -> Iterator[re.Match[str]]:
    """Places where an address may be, the best first. Whoever logs in chooses the name, which may look like an address:
    the program's own comes last."""
    yield from _CLIENT.finditer(body)
    yield from _FORWARDED.finditer(body)
    yield from sorted(
        (match for pattern in _ADDRESSES for match in pattern.finditer(body)),
        key=re.Match.start,
        reverse=True,
    )


def _add_address(fields: dict[str, Value], places: Iterator[re.Match[str]]) -> None:
    for place in places:
        text, port = next((place[n], place[n + 1]) for n in range(1, len(place.groups()), 2) if place[n])
        host, number = endpoint(_trimmed(text)) if port is None else (text, port_of(port))
        if is_ip(host) and not _HARDWARE.fullmatch(host):
            mapped = host.removeprefix("::ffff:")
            fields["client.address"] = mapped if is_ip(mapped) else host
            if number is not None:
                fields["client.port"] = number
            return


def _trimmed(text: str) -> str:
    """An address or endpoint without the full stop or colon of the sentence."""
    text = text.rstrip(".")
    return text[:-1] if text.endswith(":") and not text.endswith("::") else text


def _add_user(fields: dict[str, Value], body: str) -> None:
    for pattern in _USERS:
        for match in pattern.finditer(body):
            name = match["name"] if "name" in pattern.groupindex else match[2]
            name = name.rstrip(".") or name
            at = _trimmed(match["at"]) if "at" in pattern.groupindex else None
            if name.lower() not in _NO_USERS and (at is None or is_ip(endpoint(at)[0])):
                fields["user.name"] = name
                return
