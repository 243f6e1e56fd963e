"""The path from a JSON object to the array that has its entries: `resourceLogs[].scopeLogs[].logRecords[]`.

The context of the entries is the text of the objects around them, from the outermost to the bracket of the array,
without elements that have ended. If that is too long, only names and brackets are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from chalicelib.core.framing import HEADER_MAX_BYTES

_MARK: Final = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?|[\[\]{}]', re.DOTALL)
"""A string, which ends with its line at the latest, or a bracket."""
BEHIND_MAX_BYTES: Final = HEADER_MAX_BYTES
_ALTERNATIVE: Final = "|"
_OPTIONAL: Final = "?"
ANY: Final = "*"
_CLOSERS: Final = {"{": "}", "[": "]"}


class JsonPath:
    """path: the names of the members on the way. Each is one name or several with bars between; one with a question
    mark at its end may be left out. A member on the way is an object or an array of objects, the last an array.

    A star is any name: by itself, or behind names, where it holds once an array of entries was there. By it lead
    objects, and the last array, which is not empty; where the last name has none, that array is one of objects."""

    def __init__(self, path: tuple[str, ...]) -> None:
        alternatives = [each.removesuffix(_OPTIONAL).split(_ALTERNATIVE) for each in path]
        self._leads_always = [names == [ANY] for names in alternatives]
        self._leads_again = [ANY in names for names in alternatives]
        self._names = [[name for name in names if name != ANY] for names in alternatives]
        self._optional = sum(each.endswith(_OPTIONAL) for each in path)
        self._levels: list[dict[bytes, int]] = []
        for level in range(len(path)):
            known: dict[bytes, int] = {}
            for further in range(level, len(path)):
                for name in self._names[further]:
                    known.setdefault(name.encode(), further + 1)
                if not path[further].endswith(_OPTIONAL):
                    break
            self._levels.append(known)
        self._keys = [_keys(known) for known in self._levels]

    @property
    def depth(self) -> int:
        return len(self._names)

    @property
    def levels(self) -> int:
        """How many objects are around the array where the members that may be left out are."""
        return len(self._names) - self._optional

    @property
    def leads_on(self) -> bool:
        """Whether an object in which an array of entries was may hold others of any name."""
        return any(self._leads_again)

    @property
    def outermost_names(self) -> Iterable[bytes]:
        """The names of the members that may lead on from an object that is in no other."""
        return self._levels[0]

    def level_behind(self, before: bytes, level: int) -> int | None:
        """How far on the way a bracket leads that stands behind these bytes, in an object of that level."""
        match = self._keys[level].search(before) if self._levels[level] else None
        return self._levels[level][match[1]] if match else None

    def leads_by_any_name(self, level: int, *, again: bool) -> bool:
        """Whether any member of an object of that level leads on. again: whether an array of entries was there."""
        return self._leads_always[level] or (again and self._leads_again[level])

    def may_be_in(self, data: bytes, begin: int, end: int) -> bool:
        """Whether an object in these bytes may lead to entries."""
        return self._leads_always[0] or any(
            data.find(b'"' + name + b'"', begin, end) >= 0 for name in self._levels[0]
        )

    def leads_to_some(self, value: dict[str, Any]) -> bool:
        """Whether an object leads to arrays of entries that are not all empty."""
        return any(name.decode() in value for name in self._levels[0]) and not self.leads_to_nothing(value)

    def leads_to_nothing(self, value: Any, level: int = 0) -> bool:
        """Whether an object leads to arrays of entries, and all of them are empty."""
        if not isinstance(value, dict) or level >= self.depth:
            return False
        led = [
            (value[name.decode()], further)
            for name, further in self._levels[level].items()
            if name.decode() in value
        ]
        return bool(led) and all(self._is_empty(each, further) for each, further in led)

    def _is_empty(self, value: Any, level: int) -> bool:
        if isinstance(value, list):
            return all(self.leads_to_nothing(each, level) for each in value)
        return self.leads_to_nothing(value, level)

    def opened(self, in_force: str | None, gap: bytes | None) -> str:
        """What is in force behind a gap that ends with the bracket of the array. gap: None where it is long."""
        if gap is not None:
            text = (in_force or "").encode() + gap
            starts = _open_in(text)
            for keep in (True, False) if starts else ():
                made = b"".join(_pieces(text, starts, whole=keep))
                if len(made) <= HEADER_MAX_BYTES and made.endswith(b"["):
                    return made.decode(errors="replace")
        return "".join(f'{{"{(names or [ANY])[0]}":[' for names in self._names)

    def steps_to(self, in_force: str) -> list[tuple[str, int]]:
        """The brackets of the members on the way that are open, and the level of the object that each is in. Broken
        text may have more of them than the way."""
        text = in_force.encode()
        brackets = [text[start : start + 1].decode() for start in _open_in(text)]
        steps = []
        place = 1
        while place < len(brackets):
            steps.append(brackets[place])
            place += 2 if brackets[place] == "[" else 1
        skipped = max(self.depth - len(steps), 0) if self._optional else 0
        return [
            (step, min(number + skipped, self.depth - 1) if number else 0)
            for number, step in enumerate(steps)
        ]


@lru_cache(64)
def json_path(path: tuple[str, ...]) -> JsonPath:
    """The way of these names: making one takes longer than what is asked of it."""
    return JsonPath(path)


def says_more_than_a_name(name: str) -> bool:
    """Whether a way cannot name a member so."""
    return _ALTERNATIVE in name or name.endswith(_OPTIONAL) or name == ANY


def path_of(field: str) -> tuple[str, ...]:
    """The way that a field names: `a[].b[]`, `a.b`; one name where it names no way."""
    return tuple(part.removesuffix("[]") for part in field.split("."))


def with_members_behind(in_force: str, gaps: Iterable[bytes], levels: int) -> str:
    """What is in force for an array and, of the objects around it, also the members behind it, as far as they go.

    gaps: those behind the array, from its closing bracket on; `BEHIND_MAX_BYTES` of them are looked at. levels: of how
    many objects, from the innermost. The text stays as it is where no member follows."""
    text = in_force.encode()
    around = [text[start : start + 1] for start in _open_in(text)]
    depth, outermost = len(around), max(0, len(around) - 2 * levels)
    behind: list[bytes] = []
    looked_at = 0
    for gap in gaps:
        begin = 0
        for mark in _MARK.finditer(gap):
            if mark[0] in (b"{", b"["):
                depth += 1
            elif mark[0] in (b"}", b"]") and depth > outermost:
                depth -= 1
                if depth < len(around):
                    members = gap[begin : mark.start()] if around.pop() == b"{" else b""
                    behind += (members, mark[0])
                    begin = mark.end()
        looked_at += len(gap)
        if len(around) <= outermost or looked_at > BEHIND_MAX_BYTES:
            break
    members = b"".join(behind)
    return in_force + members.decode(errors="replace") if b":" in members else in_force


def completed(in_force: str) -> str:
    """What is in force as a whole value, its arrays empty of the entries."""
    text = in_force.encode()
    closers = [_CLOSERS[text[start : start + 1].decode()] for start in _open_in(text)]
    return in_force + "".join(reversed(closers))


def _keys(known: dict[bytes, int]) -> re.Pattern[bytes]:
    return re.compile(rb'"(' + b"|".join(map(re.escape, known)) + rb')"[ \t\r\n]*+:[ \t\r\n]*+\Z')


@lru_cache(16)
def _open_in(text: bytes) -> tuple[int, ...]:
    """Where the brackets begin that are open at the end of a text; asked again and again of what is in force."""
    starts: list[int] = []
    for mark in _MARK.finditer(text):
        if mark[0] in (b"{", b"["):
            starts.append(mark.start())
        elif mark[0] in (b"}", b"]") and starts:
            starts.pop()
    return tuple(starts)


def _pieces(text: bytes, starts: tuple[int, ...], *, whole: bool) -> list[bytes]:
    """Of each open object what stands before the next bracket, all of it or the name alone; of arrays the bracket."""
    pieces = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end] if text[start : start + 1] == b"{" else b"["
        pieces.append(piece if whole or piece == b"[" else b"{" + _last_member(piece))
    return pieces


def _last_member(piece: bytes) -> bytes:
    """The name before the next bracket, with its colon."""
    names = [mark for mark in _MARK.finditer(piece) if mark[0].startswith(b'"')]
    return names[-1][0] + b":" if names else b""
