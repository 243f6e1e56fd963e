"""Proposes a custom format for lines that nothing explains: what they have in common, column by column.

A proposal is a beginning for whoever knows the log: names such as `word1` are to be replaced.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from chalicelib.core.formats.severity import WORDS
from chalicelib.core.formats.times import MONTH, ZONE, Times

_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
_TIMES: Final = (
    rf"[0-9]{{4}}[-/.][0-9]{{2}}[-/.][0-9]{{2}}[T ]{_CLOCK}(?: ?{ZONE})?",
    rf"[0-9]{{1,2}}[-/ ]{MONTH}[-/ ][0-9]{{4}}[: ]{_CLOCK}(?: ?{ZONE})?",
    rf"{MONTH} [ 0-9][0-9] {_CLOCK}",
    r"1[0-9]{9}(?:[0-9]{3}|\.[0-9]{1,9})?(?![0-9])",
)
_DATES: Final = {
    rf"[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{4}} {_CLOCK}": "%d.%m.%Y %H:%M:%S",
    rf"[0-9]{{2}}/[0-9]{{2}}/[0-9]{{4}} {_CLOCK}": "%d/%m/%Y %H:%M:%S",
}
_TOKEN: Final = re.compile(
    r"(?P<quoted>\"[^\"]*+\")|(?P<ip>(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.])|(?<![\w:])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]))"
    r"|(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?![\w.-]))|(?P<key>[A-Za-z_][\w.-]*+=)|(?P<word>[\w.$/@%#+-]+)|(?P<space>\s+)|(?P<mark>.)",
    re.DOTALL,
)
_SHARE_MIN: Final = 0.85
_ACTIVE_MIN: Final = 0.6
_COLUMNS_MAX: Final = 40
_SAME_MIN: Final = 5
"""A word that so many lines have in common is part of the form."""
_WORD_FIELD: Final = re.compile(r"\(\?<(word[0-9]+)>.*")
_ANYTHING: Final = frozenset(("ip", "number", "word", "level"))


@dataclass(frozen=True, slots=True)
class _Token:
    """kind: time, level, quoted, ip, number, key, word, space or mark. shape: of a time."""

    kind: str
    text: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A format block. start: the pattern that begins an entry, where entries are of several lines."""

    pattern: str
    types: dict[str, str]
    time_format: str | None
    level: bool
    start: str | None
    samples: tuple[str, ...]

    def toml(self, name: str) -> str:
        """The block, ready to be pasted."""
        lines = ["[[format]]", f'name = "{name}"', f"pattern = {_quoted(self.pattern)}"]
        if self.types:
            types = ", ".join(f'{_key(field)} = "{kind}"' for field, kind in self.types.items())
            lines.append(f"types = {{ {types} }}")
        if self.time_format is not None:
            lines.append(f'time = {{ field = "time", format = "{self.time_format}" }}')
        if self.level:
            lines.append('severity = "level"')
        if self.start is not None:
            lines.append(f"multiline = {{ start = {_quoted(self.start)} }}")
        shown = ",\n".join(f"    {_basic(each)}" for each in self.samples)
        return "\n".join((*lines, f"samples = [\n{shown},\n]")) + "\n"


def propose(lines: Sequence[str]) -> Proposal | None:
    """A format of most of these lines (no line ends, none blank); None where they have nothing in common."""
    tokens = {line: list(_tokens(line)) for line in dict.fromkeys(lines) if len(line) < 8192}
    rows = [tokens[line] for line in lines if line in tokens]
    timed = [row for row in rows if row and row[0].kind == "time"]
    several = bool(timed) and len(timed) < 0.95 * len(rows) and len(timed) >= 0.05 * len(rows)
    if several and len(timed) < _ACTIVE_MIN * len(rows) and len(timed) < 2:
        several = False
    rows = timed if several else rows
    if not rows:
        return None
    builder = _Builder(rows)
    builder.build()
    if not builder.says_something:
        return None
    return builder.proposal(several=several)


class _Builder:
    def __init__(self, rows: list[list[_Token]]) -> None:
        self._rows = rows
        self._active = rows
        self._made: list[str] = []
        self._counts: Counter[str] = Counter()
        self._time: _Token | None = None
        self.fields: list[str] = []
        self.types: dict[str, str] = {}

    def build(self) -> None:
        for column in range(_COLUMNS_MAX):
            here = [row[column] if column < len(row) else _Token("end", "") for row in self._active]
            kind = _common_kind(here)
            if kind == "end":
                return
            if kind is None or self._begins_prose(column, kind):
                break
            kept = [row for row, token in zip(self._active, here, strict=True) if _fits(token, kind)]
            if len(kept) < _ACTIVE_MIN * len(self._rows):
                break
            self._active = kept
            self._add(kind, [row[column] for row in kept], self._following(column + 1))
        self._give_back_words()
        self._end_with_message()

    def _give_back_words(self) -> None:
        """Words before what differs too much are the beginning of it."""
        while self._made and (found := _WORD_FIELD.fullmatch(self._made[-1])):
            self._made.pop()
            self.fields.remove(found[1])
            if len(self._made) > 1 and self._made[-1] == " " and _WORD_FIELD.fullmatch(self._made[-2]):
                self._made.pop()

    def _end_with_message(self) -> None:
        self._made.append(r"(?<message>.*)")
        self.fields.append("message")

    @property
    def says_something(self) -> bool:
        """Whether there is more to see than words and blanks."""
        plain = sum(1 for piece in self._made if piece in (" ", r"\s+") or _WORD_FIELD.fullmatch(piece))
        return len(self.fields) > 1 and len(self._made) - plain > ("message" in self.fields)

    def _begins_prose(self, column: int, kind: str) -> bool:
        """Words with blanks between them, different in each line, are a message."""
        if kind not in ("word", "key") or not any(token in self.fields for token in ("time", "level")):
            return False
        said = Counter(row[column].text for row in self._active if column < len(row))
        followed = sum(
            1
            for row in self._active
            if [each.kind for each in row[column + 1 : column + 3]]
            in (["space", "word"], ["space", "number"])
        )
        return (
            kind == "word"
            and len(said) > 1
            and followed > 0.5 * len(self._active)
            and len(said) > 0.2 * len(self._active)
        )

    def _following(self, column: int) -> str:
        """The mark that most lines have next, which a word before it does not hold."""
        marks = Counter(
            row[column].text for row in self._active if column < len(row) and row[column].kind == "mark"
        )
        return marks.most_common(1)[0][0] if marks else ""

    def _name(self, base: str) -> str:
        self._counts[base] += 1
        number = self._counts[base]
        name = base if number == 1 and base not in ("word", "number", "text") else f"{base}{number}"
        self.fields.append(name)
        return name

    def _add(self, kind: str, tokens: list[_Token], following: str) -> None:
        texts = {token.text for token in tokens}
        key = self._made[-1] if self._made and self._made[-1].endswith("=") else None
        base = re.sub(r"\W+", "_", key.replace("\\", "")[:-1]) if key else None
        if kind in ("mark", "key") or (kind == "word" and len(texts) == 1 and len(tokens) > _SAME_MIN):
            self._made.append(re.escape(tokens[0].text).replace(r"\ ", " "))
        elif kind == "space":
            self._made.append(" " if texts == {" "} else r"\s+")
        elif kind == "time" and self._time is None:
            self._time = tokens[0]
            self._made.append(f"(?<{self._name('time')}>{tokens[0].shape})")
        elif kind == "level" and "level" not in self.fields:
            self._made.append(f"(?<{self._name('level')}>[A-Za-z]+)")
        elif kind == "quoted":
            self._made.append(f'"(?<{self._name(base or "text")}>[^"]*)"')
        elif kind == "ip":
            self._made.append(f"(?<{self._name(base or 'client.address')}>[0-9A-Fa-f:.]+)")
        elif kind == "number":
            whole = all(re.fullmatch(r"[+-]?[0-9]{1,18}", text) for text in texts)
            name = self._name(base or "number")
            self.types[name] = "int" if whole else "float"
            self._made.append(f"(?<{name}>[+-]?[0-9]+" + ("" if whole else r"(?:\.[0-9]+)?") + ")")
        else:
            self._made.append(f"(?<{self._name(base or 'word')}>[^\\s{re.escape(following)}]+)")

    def proposal(self, *, several: bool) -> Proposal:
        shape = self._time.shape if self._time else ""
        if several and "message" not in self.fields:
            self._end_with_message()
        samples = list(dict.fromkeys("".join(token.text for token in row) for row in self._active))
        return Proposal(
            "".join(self._made),
            self.types,
            None if self._time is None else _DATES.get(shape, "auto"),
            "level" in self.fields,
            shape if several else None,
            tuple(samples[:: max(1, len(samples) // 3)][:3]),
        )


def _common_kind(tokens: Sequence[_Token]) -> str | None:
    """The kind that most lines have at a place; `mark:x` for a mark."""
    kinds = Counter(_kind(token) for token in tokens)
    kind, count = kinds.most_common(1)[0]
    if count >= _SHARE_MIN * len(tokens):
        return kind.split(":", 1)[0] if kind.startswith(("mark", "key")) else kind
    if sum(kinds[each] for each in _ANYTHING) >= _SHARE_MIN * len(tokens):
        return "word"
    return None


def _kind(token: _Token) -> str:
    return f"{token.kind}:{token.text}" if token.kind in ("mark", "key") else token.kind


def _fits(token: _Token, kind: str) -> bool:
    return token.kind == kind or (kind == "word" and token.kind in _ANYTHING)


def _tokens(line: str) -> Iterator[_Token]:
    times = Times(datetime(2100, 1, 1, tzinfo=UTC))
    at = 0
    while at < len(line):
        for shape in (*_TIMES, *_DATES):
            found = re.compile(shape).match(line, at)
            if found and (shape in _DATES or times.of_text(found[0]) or times.of_number(found[0])):
                yield _Token("time", found[0], shape)
                break
        else:
            found = _TOKEN.match(line, at)
            assert found is not None, "any character is a mark at least"
            kind = str(found.lastgroup)
            is_level = kind == "word" and found[0].lower() in WORDS
            yield _Token("level" if is_level else kind, found[0])
        at = found.end()


def _quoted(text: str) -> str:
    """A TOML literal, where the text has no quote of its own."""
    return f"'{text}'" if "'" not in text else _basic(text)


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return f'"{name}"' if "." in name else name
