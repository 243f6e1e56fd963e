"""Who tried to log in, and from where, as the messages of applications say it.

A message is looked into only where it speaks of logging in; nothing is taken out of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_TOPICS: Final = (
    "ogin",
    "uthent",
    "assword",
    "redential",
    "ign-in",
    "ogged in",
    "Auth-Failure",
    "uthoriz",
    "connexion",
)
_ADDRESS: Final = re.compile(
    r"(?:\b(?:from|de)(?: ip)?(?: address)?|\b[iI][pP](?:[ -][aA]ddress)?|\bclient(?:_ip)?|\brhost|\bAUTH-ERROR|\bremote(?: host|_addr|_ip)?|\baddress|(?=\([0-9A-Fa-f.:]{3,39} -> ))"
    r"[\"'`]?(?: ?[:=] ?(?!:)| )?[\[(\"'`]{0,2}(?:[\w.-]{1,253} \()?(?:ipv[46]:)?(?:::ffff:)?"
    r"([0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\.[0-9.]{5,11})?)"
    r"(?:\]?:([0-9]{1,5}))?(?![\w])"
)
_FORWARDED: Final = re.compile(r"\(X-Forwarded-For: ([0-9A-Fa-f:.]{3,39})")
_USER: Final = re.compile(
    r"(?:\b[fF]or (?:user(?:name)? )?|\b[uU]ser(?:[nN]ame)?(?:: ?|=| (?=[\"'`]))|\"(?:email|user|username)\":|\blogin:|\bby (?=\S{1,128} from )|\b(?:from|by|denied) user |\b[uU]ser (?!or\b|name\b))[\"'`]?"
    r"((?<=[\"'`])[^\"'`\n]{1,128}(?=[\"'`])|[^\s\"'`,()]{1,128})"
)
_NO_USERS: Final = frozenset(
    (
        "user",
        "username",
        "credentials",
        "from",
        "with",
        "the",
        "a",
        "an",
        "in",
        "is",
        "was",
        "has",
        "not",
        "to",
        "or",
        "does",
    )
)
_AGENT: Final = re.compile(
    r"[\[(]((?:Mozilla|curl|Wget|python-requests|okhttp|Go-http-client)/[^\n]{1,512}?)[\])](?:\.|$)"
)
_WINDOW: Final = 2048


def add_login(fields: dict[str, Value], body: str) -> None:
    """Adds client.address, client.port and user.name where the message says them."""
    for topic in _TOPICS:
        if topic in body:
            break
    else:
        return
    body = body[:_WINDOW]
    if "client.address" not in fields:
        found = _FORWARDED.search(body) or _ADDRESS.search(body)
        if found is not None:
            fields["client.address"] = found[1].rstrip(".")
            if found.re is _ADDRESS and found[2]:
                fields["client.port"] = int(found[2])
    if "user.name" not in fields:
        for named in _USER.finditer(body):
            word = named[1].rstrip(".:;") or named[1]
            if word.lower() not in _NO_USERS and ":" not in word:
                fields["user.name"] = word
                break
    if "user_agent.original" not in fields:
        agent = _AGENT.search(body)
        if agent is not None:
            fields["user_agent.original"] = agent[1]
