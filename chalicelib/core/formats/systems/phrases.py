"""What programs say in prose, as templates: literal text and ``{kind:attribute}`` for what varies.

A template is a regular expression otherwise; ``{kind}`` without a name stands for text that is not typed.
Templates are tried by the first word of a text, in their order; the first that matches gives the fields. What is
no address where one belongs is another phrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from chalicelib.core.formats.kinds import BEGINS_NOTHING, TEXTS, is_ip, is_nothing, port

if TYPE_CHECKING:
    from chalicelib.core.records import Value

Say: TypeAlias = "Callable[[str, dict[str, Value]], bool]"
"""Adds to the fields what a text says; returns whether it was understood."""

KINDS: Final = {
    "word": r"\S++",
    "host": r"(?:[^\s\[\](){}<>,;\"':]|:(?=[0-9A-Fa-f:]))++",
    "iface": r"[^\s:/()]++",
    "face": r"(?:NP Identity Ifc|[^\s:/()]++)",
    "unit": r"[\w:@.\\-]{1,255}?\.(?:service|socket|target|timer|mount|automount|device|path|scope|slice|swap|snapshot)(?![\w-])",
    "file": r"[\w./-]++",
    "path": r"/[^\s:]*+",
    "segment": r"[^\s/:]{1,64}+",
    "letters": r"[A-Za-z]++",
    "local": r"[^\s@()]++",
    "name": r"[^\s,;:()\[\]<>\"']++",
    "stem": r"[^\s,;:()\[\]<>\"']{0,256}[^\s,;:()\[\]<>\"'.]",
    "int": r"[0-9]{1,18}+(?![0-9])",
    "num": r"[0-9]{1,12}+(?:\.[0-9]{1,9}+)?+(?![0-9])",
    "ip": r"(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])"
    r"|(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{1,44}[0-9A-Fa-f:](?:%[\w.-]{1,32}+)?+)",
    "proto": r"(?i:tcp|udp|icmp(?:v?6)?|ipv6-icmp|igmp|ipinip|ipip|ipv6|ip|gre|esp|ah|eigrp|ospf|pim|vrrp|sctp|nos|pcp|snp|[0-9]{1,3})(?![\w-])",
    "direction": r"(?i:inbound|outbound)(?!\w)",
    "some": r".{0,256}?",
    "most": r".*",
    "rest": r".*+",
    "mac": r"(?:[0-9A-Fa-f]{2}[:-]){2,19}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])",
    "quoted": r'[^"]*+',
    "single": r"(?:[^']|'(?=\w))*+",
    "square": r"[^\]]*+",
    "round": r"[^()]*+",
    "angle": r"[^<>]*+",
}
_PART: Final = re.compile(r"\{([a-z]+)(?::([a-z0-9_.]+))?\}")
_FIRST_WORD: Final = re.compile(r"([A-Za-z][A-Za-z0-9_/%-]*)(?= |: )")
_NUMBERS: Final = {"int": int, "num": float}
"""Their expressions let nothing else through."""

_Phrase: TypeAlias = "tuple[Callable[[str], re.Match[str] | None], tuple[tuple[str, Callable[[str], Value | None] | None], ...], tuple[int, ...]]"


def _address(text: str) -> str | None:
    return None if text[0] in BEGINS_NOTHING and is_nothing(text) else text


def expression(template: str) -> str:
    """The regular expression of a template, without groups' names."""
    return _PART.sub(lambda part: f"({KINDS[part[1]]})" if part[2] else KINDS[part[1]], template)


def _phrase(template: str) -> _Phrase:
    parts = [(kind, name) for kind, name in _PART.findall(template) if name]
    names = tuple((name, _reader(kind, name)) for kind, name in parts)
    places = tuple(place for place, (kind, _) in enumerate(parts) if kind == "ip")
    return re.compile(expression(template), re.DOTALL).match, names, places


def _reader(kind: str, name: str) -> Callable[[str], Value | None] | None:
    if name.endswith(".port"):
        return port
    if name.endswith(".address") and kind != "ip":
        return _address
    return None if name in TEXTS else _NUMBERS.get(kind)


def phrases(*templates: str) -> Say:
    """A speaker of these templates; their own groups must not capture."""
    by_word: dict[str, list[str]] = {"": []}
    for template in templates:
        first = _FIRST_WORD.match(template)
        by_word.setdefault(first[1] if first else "", []).append(template)
    # There are hundreds: those of a first word (an empty one for those of none) are compiled when a text begins with it.
    made: dict[str, tuple[_Phrase, ...] | None] = dict.fromkeys(by_word)

    def say(text: str, fields: dict[str, Value]) -> bool:
        word = text.partition(" ")[0].removesuffix(":")
        for first_word in (word, "") if word else ("",):
            known = made.get(first_word, ())
            if known is None:
                known = made[first_word] = tuple(map(_phrase, by_word[first_word]))
            for match, names, places in known:
                matched = match(text)
                if matched:
                    values = matched.groups()
                    for place in places:
                        if values[place] and not is_ip(values[place]):
                            break
                    else:
                        for value, (name, typed) in zip(values, names, strict=True):
                            if value and value != "-":
                                if typed is None:
                                    fields[name] = value
                                elif (known_value := typed(value)) is not None:
                                    fields[name] = known_value
                        return True
        return False

    return say


def first_of(*sayers: Say) -> Say:
    """What the first that understands says."""

    def say(text: str, fields: dict[str, Value]) -> bool:
        return any(each(text, fields) for each in sayers)

    return say
