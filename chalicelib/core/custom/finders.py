"""What redaction finds on its own: IP addresses, e-mail addresses, card numbers, tokens.

In doubt a text counts as one: it is better to hide too much than too little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

Spans: TypeAlias = "Iterator[tuple[int, int]]"
"""Stretches of a text, in order, that do not overlap."""

_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"
_IPV4: Final = re.compile(rf"(?<![0-9.])(?:{_OCTET}\.){{3}}{_OCTET}(?![0-9]|\.[0-9])")
_HEX: Final = "[0-9A-Fa-f]{1,4}"
_V4: Final = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_IPV6: Final = re.compile(
    rf"(?<![0-9A-Fa-f])(?:(?:{_HEX}(?::{_HEX}){{0,6}})?::(?:(?:{_HEX}:){{0,5}}{_V4}|{_HEX}(?::{_HEX}){{0,6}})?"
    rf"|(?:{_HEX}:){{6}}(?:{_V4}|{_HEX}:{_HEX}))"
)
_HEX_GROUP: Final = re.compile("[0-9A-Fa-f]+")
_ZONE: Final = re.compile(r"%[0-9A-Za-z_.-]{1,32}")
_AT: Final = r"(?:@|%40|\\u0040|&#64;)"
_EMAIL: Final = re.compile(
    rf"[\w.+'%!#$&*/=?^`{{|}}~-]{{1,64}}{_AT}(?:[\w-]{{1,63}}\.){{1,8}}[^\W\d_][\w-]{{0,62}}"
)
_SEPARATOR: Final = r"(?:[ +\xa0-]|%20)"
_DIGITS: Final = re.compile(rf"(?<![0-9])[0-9]++(?:{_SEPARATOR}[0-9]++)*+")
_BETWEEN: Final = re.compile(_SEPARATOR)
_NAMES: Final = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret(?:[_.-]?key)?|token|(?:set-)?cookie|api[_.-]?key|access[_.-]?key|private[_.-]?key"
    r"|client[_.-]?secret|session[_.-]?id|jsessionid|phpsessid|authorization|credential|sig(?:nature)?|x-amz-(?:signature|security-token|credential))"
)
SECRET_NAME: Final = re.compile(rf"(?i)(?:^|[^A-Za-z])[\w-]{{0,32}}{_NAMES}$")
"""Names of fields whose values are secrets, whatever they look like."""
_TOKENS: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*+(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+){1,4}+"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[0-9A-Z]{16}"
    r"|(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-|[sr]k_(?:live|test)_|AIza|ya29\.|SG\.|npm_|dop_v1_|hf_)[A-Za-z0-9_.-]{16,}+"
    r"|(?i:\b(?:bearer|basic|digest|negotiate))[ +](?P<scheme>[A-Za-z0-9+/=_.~-]{8,}+)"
    r"|(?i:(?<![A-Za-z])(?:set-)?cookie)[\"']?[ ]{0,4}[:=][ ]{0,4}[\"']?(?P<cookie>[^\r\n\"']++)"
    r"|(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,19}://[^\s/:@\"'<>]{0,128}:(?P<of_user>[^\s/@\"'<>]{1,256})@"
    r"|(?<![\w-])--?(?i:[a-z-]{0,32}" + _NAMES + r")[ ]{1,4}[\"']?(?P<option>[^\s\"'-][^\s\"']*+)"
    r"|(?i:" + _NAMES + r")[\"']?[ ]{0,4}(?:=>|=|:|%3[Dd]|\\?\"[ ]{0,4}:)[ ]{0,4}"
    r"(?:\\\"(?P<escaped>(?:[^\"\\]|\\\\(?:\\\"|[^\\\"])?|\\[^\"\\])++)|\"(?P<quoted>(?:[^\"\\]|\\.)++)|'(?P<single>(?:[^'\\]|\\.)++)"
    r"|(?:(?i:bearer|basic|digest|negotiate|token)[ +])?(?P<value>[^\s\"'&,;\\]++))"
)


def _ip_addresses(text: str) -> Spans:
    if ":" in text:
        match = sorted({*_ipv6(text), *(each.span() for each in _IPV4.finditer(text))})
        end = 0
        for begin, until in match:
            if begin >= end:
                yield begin, until
                end = until
    elif text.count(".") > 2:
        for each in _IPV4.finditer(text):
            yield each.span()


def _ipv6(text: str) -> Spans:
    """A short address (``::1``) must be a word of its own: ``std::string`` contains none."""
    if text.count(":") < 2:
        return
    for match in _IPV6.finditer(text):
        begin, end = match.span()
        around = text[max(begin - 1, 0) : begin] + text[end : end + 1]
        if len(_HEX_GROUP.findall(match[0])) >= 3 or not any(
            each.isalnum() or each == "_" for each in around
        ):
            zone = _ZONE.match(text, end)
            yield begin, zone.end() if zone else end


def _emails(text: str) -> Spans:
    if "@" in text or "%40" in text or "u0040" in text or "&#64;" in text:
        for each in _EMAIL.finditer(text):
            yield each.span()


def _cards(text: str) -> Spans:
    """Numbers of 13 to 19 digits, in one or in groups, whose last digit is the check digit (ISO/IEC 7812, Luhn).

    Numbers that begin with 0, or with 1 unless they have 15 digits, do not count: they are times.
    """
    if len(text) < 13:
        return
    for run in _DIGITS.finditer(text):
        if run.end() - run.start() < 13:
            continue
        groups = _groups(text, *run.span())
        first = 0
        while first < len(groups):
            last = _card_end(text, groups, first)
            if last is None:
                first += 1
            else:
                yield groups[first][0], groups[last][1]
                first = last + 1


def _groups(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """The runs of digits between separators."""
    groups = []
    for separator in _BETWEEN.finditer(text, begin, end):
        groups.append((begin, separator.start()))
        begin = separator.end()
    return [*groups, (begin, end)]


def _card_end(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of the longest card number that begins with a group."""
    digits, end_of_card = "", None
    for number in range(first, len(groups)):
        digits += text[slice(*groups[number])]
        if len(digits) > 19:
            break
        if len(digits) >= 13 and _is_card(digits):
            end_of_card = number
    return end_of_card


def _is_card(digits: str) -> bool:
    if digits[0] == "0" or (digits[0] == "1" and len(digits) != 15):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_TOKEN_HINTS: Final = (
    "pass", "pwd", "secret", "token", "key", "session", "sessid", "authorization", "credential", "sig", "bearer", "basic",
    "digest", "negotiate", "cookie", "eyj", "akia", "asia", "agpa", "aida", "aroa", "anpa", "gh", "github_pat_", "glpat-", "xox",
    "sk-", "k_live_", "k_test_", "aiza", "ya29.", "sg.", "npm_", "dop_v1_", "hf_",
)  # fmt: skip
"""Every text with a token contains one of these, in lower case, so most texts are skipped quickly."""


def _has_token_hint(text: str) -> bool:
    lower = text.lower()
    for hint in _TOKEN_HINTS:
        if hint in lower:
            return True
    return "@" in text and "://" in text


def _tokens(text: str) -> Spans:
    if not _has_token_hint(text):
        return
    for each in _TOKENS.finditer(text):
        group = each.lastgroup
        yield each.span(group) if group else each.span()


FINDERS: Final[dict[str, Callable[[str], Spans]]] = {
    "ip": _ip_addresses,
    "email": _emails,
    "card": _cards,
    "token": _tokens,
}


_DOTTED: Final = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_COLONS: Final = re.compile(rf"::|:(?:{_HEX}:){{5}}")
_LONG_NUMBER: Final = re.compile(rf"(?<![0-9])[0-9](?:{_SEPARATOR}?[0-9]){{12}}")


def _may_hold_ip(text: str) -> bool:
    return (text.count(".") > 2 and _DOTTED.search(text) is not None) or (
        ":" in text and _COLONS.search(text) is not None
    )


def _may_hold_email(text: str) -> bool:
    return "@" in text or "%40" in text or "u0040" in text or "&#64;" in text


def _may_hold_card(text: str) -> bool:
    return _LONG_NUMBER.search(text) is not None


def _may_hold_token(text: str) -> bool:
    return _has_token_hint(text) and _TOKENS.search(text) is not None


MAY_HOLD: Final[dict[str, Callable[[str], bool]]] = {
    "ip": _may_hold_ip,
    "email": _may_hold_email,
    "card": _may_hold_card,
    "token": _may_hold_token,
}
"""Quickly excludes a kind from a text, or from several joined by NULs."""
