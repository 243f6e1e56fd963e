"""Proposes a custom format for lines that nothing explains: what they have in common, column by column.

A proposal is a template, a beginning for whoever knows the log: names such as `word1` are to be replaced. It holds no dates, numbers or
names with digits as they stand, so that it explains the files of other days too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.notation import expand
from chalicelib.core.formats.promotion import level_members
from froe.line_tokens import Token, tokens_of
from froe.toml_text import literal, sample_lines

_SHARE_MIN: Final = 0.85
_ACTIVE_MIN: Final = 0.6
_SEVERAL_MIN: Final = 0.05
_COLUMNS_MAX: Final = 40
_TIME_COLUMNS: Final = 8
"""Where at the latest the time of an entry stands that its first line is told by."""
_SAME_MIN: Final = 5
"""A word that so many lines have in common is part of the form."""
_LINE_MAX: Final = 8192
_WORD_FIELD: Final = re.compile(r"\{word(?:=.*)?:(word[0-9]+)\}")
_ANYTHING: Final = frozenset(("ip", "number", "quantity", "word", "level", "clock", "date"))
_LEVEL_LETTERS: Final = frozenset("TVDINWEFC")
_BRACKETS: Final = {"<": ">", "[": "]", "(": ")", "|": "|", "{": "}"}
_DELIMITERS: Final = frozenset(";|,")
_BEFORE_NAMES: Final = frozenset(("from", "by"))
_CURRENCIES: Final = frozenset(
    (
        "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF",
        "RON", "TRY", "BRL", "MXN", "ZAR", "KRW", "SGD", "HKD", "ILS", "AED",
    )
)  # fmt: skip
_NAMED_BY: Final = {
    "user": "user.name", "usr": "user.name", "login": "user.name", "host": "host.name", "node": "host.name",
    "pid": "process.pid", "thread": "thread.name", "session": "session.id", "status": "status", "code": "code", "via": "via",
    "order": "order", "account": "account", "service": "service.name", "method": "http.request.method", "path": "url.path",
}  # fmt: skip
"""Words before a value → what the value is called."""
_UNIT_NAMES: Final = {"%": "percent", "µs": "us", "μs": "us"}
_SIZES: Final = re.compile(r"[KMGTkmgt]?i?[Bb]|bytes")
_TIME_SHAPES_MAX: Final = 3
_TIME_PART: Final = re.compile(
    r"(?P<fraction>(?:(?<=:[0-9]{2})|(?<=[0-9]{6}))[.,][0-9]{1,9})|[0-9]+|[A-Za-z]+|."
)
_ISO: Final = re.compile(ISO)
_BEFORE_BLANK: Final = re.compile(r"\{word=\[\^\\s\]\+:([\w.]+)\}(?= |\Z)")
_NAME_PART: Final = re.compile(r"\(\?P<\w+>")
_NO_NAME: Final = re.compile(r"^[\W\d_]+|[^A-Za-z0-9_.]", re.ASCII)
"""What names of attributes cannot begin with, and cannot hold."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A format block. start: the pattern that begins an entry, where entries are of several lines."""

    template: str
    has_time: bool
    start: str | None
    samples: tuple[str, ...]

    def toml(self, name: str) -> str:
        """The block, ready to be pasted."""
        lines = ["[[format]]", f'name = "{name}"', f"template = {literal(self.template)}"]
        if self.start is not None:
            lines.append(f"multiline = {{ start = {literal(self.start)} }}")
        return "\n".join((*lines, sample_lines(self.samples))) + "\n"


def propose(lines: Sequence[str]) -> Proposal | None:
    """A format of most of these lines (no line ends, none blank); None where they have nothing in common."""
    tokens = {line: list(tokens_of(line)) for line in dict.fromkeys(lines) if len(line) < _LINE_MAX}
    rows = [tokens[line] for line in lines if line in tokens]
    first, timed_at = _first_lines(rows)
    if not first:
        return None
    builder = _Builder(first)
    builder.build()
    if not builder.says_something:
        return None
    return builder.proposal(several=len(first) < len(rows), timed_at=timed_at)


def _first_lines(rows: list[list[Token]]) -> tuple[list[list[Token]], int | None]:
    """The lines that begin an entry, all where entries are of one line, and the column of the time that tells them:
    None where they are told by not being indented."""
    places = [_time_column(row) for row in rows]
    common = Counter(place for place in places if place is not None).most_common(1)
    if common:
        place, count = common[0]
        if _SEVERAL_MIN * len(rows) <= count < (1 - _SEVERAL_MIN) * len(rows) and count > 1:
            return [row for row, at in zip(rows, places, strict=True) if at == place], place
    flush = [row for row in rows if row and row[0].kind != "space"]
    is_indented = len(rows) - len(flush) >= _SEVERAL_MIN * len(rows) and rows and rows[0][0].kind != "space"
    return (flush if is_indented else rows), None


def _time_column(row: Sequence[Token]) -> int | None:
    return next((number for number, token in enumerate(row[:_TIME_COLUMNS]) if token.kind == "time"), None)


class _Builder:
    def __init__(self, rows: list[list[Token]]) -> None:
        self._rows = rows
        self._active = rows
        self._made: list[str] = []
        self._counts: Counter[str] = Counter()
        self._time: str | None = None
        self._time_place = 0
        self.fields: list[str] = []

    def build(self) -> None:
        for column in range(_COLUMNS_MAX):
            here = [row[column] if column < len(row) else Token("end", "") for row in self._active]
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
        while self._made and (word := _WORD_FIELD.fullmatch(self._made[-1])):
            self._made.pop()
            self.fields.remove(word[1])
            if len(self._made) > 1 and self._made[-1] == " " and _WORD_FIELD.fullmatch(self._made[-2]):
                self._made.pop()

    def _end_with_message(self) -> None:
        self._made.append("{body}")
        self.fields.append("body")

    @property
    def says_something(self) -> bool:
        """Whether there is more to see than words and blanks."""
        plain = sum(1 for piece in self._made if piece in (" ", r"\s+") or _WORD_FIELD.fullmatch(piece))
        return len(self.fields) > 1 and len(self._made) - plain > ("body" in self.fields)

    def _begins_prose(self, column: int, kind: str) -> bool:
        """Words with blanks between them, different in each line, are a message."""
        if kind not in ("word", "key") or not any(token in self.fields for token in ("time", "level")):
            return False
        words = Counter(row[column].text for row in self._active if column < len(row))
        followed = sum(
            1
            for row in self._active
            if [each.kind for each in row[column + 1 : column + 3]]
            in (["space", "word"], ["space", "number"])
        )
        return (
            kind == "word"
            and len(words) > 1
            and followed > 0.5 * len(self._active)
            and len(words) > 0.2 * len(self._active)
        )

    def _following(self, column: int) -> str:
        """The mark that most lines have next, which a word before it does not hold."""
        marks = Counter(
            row[column].text for row in self._active if column < len(row) and row[column].kind == "mark"
        )
        return marks.most_common(1)[0][0] if marks else ""

    def _name(self, base: str) -> str:
        base = _NO_NAME.sub("", base[:1].lower() + base[1:]) or "field"
        self._counts[base] += 1
        number = self._counts[base]
        name = base if number == 1 and base not in ("word", "number", "text") else f"{base}{number}"
        self.fields.append(name)
        return name

    def _add(self, kind: str, tokens: list[Token], following: str) -> None:
        texts = {token.text for token in tokens}
        key = self._made[-1] if self._made and self._made[-1].endswith("=") else None
        base = re.sub(r"\W+", "_", key.replace("\\", "")[:-1]) if key else self._named_by()
        if kind in ("word", "level") and self._is_level(texts, following):
            self._name("level")
            self._made.append(
                "{level}" if all(3 <= len(text) <= 12 for text in texts) else "{level=[A-Za-z]+}"
            )
        elif kind == "word" and texts <= _CURRENCIES and base is None:
            self._made.append(f"{{word=[A-Z]{{3}}:{self._name('currency')}}}")
        elif kind in ("mark", "key") or (
            kind == "word"
            and _is_form(texts, len(tokens))
            and not self._is_value(next(iter(texts)), base, following)
        ):
            self._made.append(re.escape(tokens[0].text).replace(r"\ ", " "))
        elif kind == "space":
            self._made.append(" " if texts == {" "} else r"\s+")
        elif kind == "time" and self._time is None:
            shapes = Counter(_shape_of(token.text) for token in tokens).most_common(_TIME_SHAPES_MAX)
            self._time = shapes[0][0] if len(shapes) == 1 else f"(?:{'|'.join(shape for shape, _ in shapes)})"
            self._time_place = len(self._made)
            self._name("time")
            is_usual = all(_ISO.fullmatch(text) for text in texts)
            self._made.append("{time}" if is_usual else f"{{time={self._time}}}")
        elif kind in ("quoted", "single"):
            mark = tokens[0].text[0]
            self._made.append(f"{mark}{{text=[^{mark}]*:{self._name(base or 'text')}}}{mark}")
        elif kind == "ip":
            self._made.append(f"{{ip:{self._name(base or 'client.address')}}}")
        elif kind == "clock":
            self._made.append(f"{{text=[0-9]{{1,2}}:[0-9:.,]+:{self._name(base or 'time_of_day')}}}")
        elif kind == "number":
            self._made.append(self._number(base or "number", texts, ""))
        elif kind == "quantity":
            self._add_quantity(base, tokens)
        else:
            self._made.append(f"{{word=[^\\s{re.escape(following)}]+:{self._name(base or 'word')}}}")

    def _named_by(self) -> str | None:
        """What the word before a value says that it is: `user 'ada'`."""
        before = [piece for piece in self._made[-3:] if piece not in (" ", r"\s+", "'", '"', ":", "=")]
        word = before[-1].lower() if before else ""
        name = _NAMED_BY.get(word)
        return None if name is None or name in self.fields else name

    def _is_level(self, texts: set[str], following: str) -> bool:
        """Whether a column is the severity: by its names, or by single letters that differ or stand in brackets."""
        if "level" in self.fields:
            return False
        words = sum(len(text) > 1 and severity.of_word(text) is not None for text in texts)
        key = self._made[-1].replace("\\", "").removesuffix("=") if self._made else ""
        if level_members((key,)) and all(text.isalpha() for text in texts):
            return True
        if words and 2 * words >= len(texts) and all(text.isalpha() for text in texts):
            return True
        boxed = bool(self._made) and _BRACKETS.get(self._made[-1].replace("\\", "")) == following
        return all(text.upper() in _LEVEL_LETTERS and (boxed or text.isupper()) for text in texts) and (
            boxed
            or len(texts) > 1
            or ("time" in self.fields and not any(piece.isalpha() for piece in self._made))
        )

    def _is_value(self, text: str, base: str | None, following: str) -> bool:
        """Whether a word that all lines have is one of many that may stand there: a host, a program, a user. Behind a key or a
        word that says what follows, in brackets, before the level, right behind time and level, or spelt as no word is."""
        before = self._made[-1].replace("\\", "") if self._made else ""
        if text.lower() in _NAMED_BY:
            return False
        if base is not None or before.endswith("=") or (before and _BRACKETS.get(before) == following):
            return True
        if before in _DELIMITERS and following == before:
            return True
        words = [piece.lower() for piece in self._made if piece.isalpha()]
        if (following == ":" and not words) or (
            words and words[-1] in _BEFORE_NAMES and self._made[-2:-1] == [words[-1]]
        ):
            return True
        if not self._made:
            return _time_column(self._active[0]) is not None
        return _is_spelt_as_a_name(text) or self._is_at_the_head()

    def _is_at_the_head(self) -> bool:
        """Whether nothing but columns and blanks stands before, the last of them the time or the level."""
        columns = [piece for piece in self._made if piece not in (" ", r"\s+")]
        behind = bool(self._made) and self._made[-1] in (" ", r"\s+") and bool(columns)
        return behind and columns[-1].startswith(("{time", "{level"))

    def _number(self, base: str, texts: set[str], unit: str) -> str:
        whole = all(re.fullmatch(r"[+-]?[0-9]{1,18}", text.removesuffix(unit)) for text in texts)
        kind, fraction = ("int", "") if whole else ("number", r"(?:\.[0-9]+)?")
        return f"{{{kind}=[+-]?[0-9]+{fraction}:{self._name(base)}}}" + re.escape(unit)

    def _add_quantity(self, base: str | None, tokens: list[Token]) -> None:
        """A number with its unit apart, where that is always the same; else both as a text."""
        units = {token.unit for token in tokens}
        if len(units) > 1:
            self._made.append(f"{{text=[+-]?[0-9.]+[A-Za-zµμ%]+:{self._name(base or 'quantity')}}}")
            return
        unit = units.pop()
        kind = "size" if _SIZES.fullmatch(unit) else "duration"
        name = _UNIT_NAMES.get(unit, unit).lower()
        named = name if unit == "%" and not base else f"{base or kind}_{name}"
        self._made.append(
            self._number(base if base and base.endswith(name) else named, {t.text for t in tokens}, unit)
        )

    def proposal(self, *, several: bool, timed_at: int | None) -> Proposal:
        start = None
        if several:
            if "body" not in self.fields:
                self._end_with_message()
            start = r"\S" if timed_at is None or self._time is None else self._start()
        samples = list(dict.fromkeys("".join(token.text for token in row) for row in self._active))
        return Proposal(
            _BEFORE_BLANK.sub(r"{word:\1}", "".join(self._made)),
            self._time is not None,
            start,
            tuple(samples[:: max(1, len(samples) // 3)][:3]),
        )

    def _start(self) -> str:
        """The pattern up to the time, without names; it sees bytes, so it is ASCII."""
        template = "".join(self._made[: self._time_place + 1])
        start = _NAME_PART.sub("(?:", expand(template).pattern)
        return start if start.isascii() else r"\S"


def _shape_of(time: str) -> str:
    """A time with its digits and names as classes: `[0-9]{1,2}-[A-Za-z]+-[0-9]{2} …`, a fraction of any length."""
    made = []
    for piece in _TIME_PART.finditer(time):
        part = piece[0]
        if piece["fraction"]:
            made.append(rf"{re.escape(part[0])}[0-9]{{1,9}}")
        elif part[0].isdigit():
            made.append("[0-9]{1,2}" if len(part) < 3 else f"[0-9]{{{len(part)}}}")
        else:
            made.append(
                "[A-Za-z]+" if part.isalpha() else re.escape(part).replace(r"\ ", " ").replace(r"\-", "-")
            )
    return "".join(made)


def _is_form(texts: set[str], count: int) -> bool:
    """Whether a column is a word that all lines have; one with digits is a name, a number or a date."""
    return len(texts) == 1 and count > _SAME_MIN and not any(each.isdigit() for each in next(iter(texts)))


def _is_spelt_as_a_name(text: str) -> bool:
    """`db.example.org`, `ada@shop`, `shop_api`, `com/shop/Pay`, `orderService`: marks or capitals inside."""
    inside = text[1:].rstrip(".:-")
    return any(mark in inside for mark in "._@/$#\\-") or (not text.isupper() and inside.lower() != inside)


def _common_kind(tokens: Sequence[Token]) -> str | None:
    """The kind that most lines have at a place; `mark:x` for a mark."""
    kinds = Counter(_kind(token) for token in tokens)
    kind, count = kinds.most_common(1)[0]
    if count >= _SHARE_MIN * len(tokens):
        return kind.split(":", 1)[0] if kind.startswith(("mark", "key")) else kind
    if kinds["level"] >= count / 2 and kinds["level"] + kinds["word"] >= _SHARE_MIN * len(tokens):
        return "word"
    if sum(kinds[each] for each in _ANYTHING) >= _SHARE_MIN * len(tokens):
        return "word"
    return None


def _kind(token: Token) -> str:
    return f"{token.kind}:{token.text}" if token.kind in ("mark", "key") else token.kind


def _fits(token: Token, kind: str) -> bool:
    return token.kind == kind or (kind == "word" and token.kind in _ANYTHING)
