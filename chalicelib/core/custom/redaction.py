"""Redaction: removes values from records and rejects before anything is stored.

A keyed hash (HMAC-SHA-256) keeps equal values equal without revealing them. A value that a rule of fields redacts
is also redacted in the rest of its record, wherever it is a word of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from chalicelib.core.custom.finders import FINDERS, MAY_HOLD
from chalicelib.core.custom.members import Hiding
from chalicelib.core.custom.spec import FLAGS, RedactionSpec
from chalicelib.core.records import Outcome, Record, Reject, Value

_HASH_CHARS: Final = 16
_CUT_END_CHARS: Final = 64
"""The end of the head of an entry that is too long is cut by so much: half a secret would not be recognised."""
_RAW_MAX_BYTES: Final = 380 * 1024
_WORDS_MAX: Final = 200
_NAMES_MAX: Final = 4096
_CARD_MIN_CHARS: Final = 13
"""A number with fewer digits is of no kind."""
_SHORT_NUMBER: Final = 10 ** (_CARD_MIN_CHARS - 2)
"""Whole numbers nearer to 0 have fewer digits."""
_BETWEEN: Final = "\0"

_PLAIN_TEXT: Final = "text"
"""The format of entries that no format explains."""

_Change = Callable[[str], str]


class Redactions:
    def __init__(self, specs: Iterable[RedactionSpec], key: str) -> None:
        self._rules = [_Rule(each, key.encode()) for each in specs]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def applied(self, outcome: Outcome, format_name: str, of_file: str) -> Outcome:
        """The outcome without what the rules hide; its offset, length and lines stay the source's.

        format_name: the outcome's format; of_file: its file's, for which unexplained entries may have been meant.
        """
        result = outcome.result
        unexplained = isinstance(result, Reject) or format_name == _PLAIN_TEXT
        rules = [
            each
            for each in self._rules
            if not each.formats
            or format_name in each.formats
            or (unexplained and each.has_fields and of_file in each.formats)
        ]
        if not rules:
            return outcome
        if isinstance(result, Record) and unexplained and (name := _removed_by(rules)):
            return outcome._replace(result=result._replace(body=f"[{name}]", attributes={}))
        if isinstance(result, Record):
            for rule in rules:
                result = rule.in_record(result)
            return outcome if result is outcome.result else outcome._replace(result=result)
        if isinstance(result, Reject):
            return outcome._replace(raw=_in_raw(outcome, rules))
        return outcome


def _in_raw(outcome: Outcome, rules: list[_Rule]) -> bytes:
    if name := _removed_by(rules):
        return f"[{name}]\n".encode()
    text = outcome.raw.decode(errors="surrogateescape")
    for rule in rules:
        text = rule.in_text(text)
    if len(outcome.raw) < outcome.length:
        text = text[:-_CUT_END_CHARS]
    return text.encode(errors="surrogateescape")[:_RAW_MAX_BYTES]


def _removed_by(rules: list[_Rule]) -> str | None:
    """A rule whose fields may be anywhere in an entry that no format explains."""
    return next((each.name for each in rules if each.whole_rejects), None)


class _Rule:
    def __init__(self, spec: RedactionSpec, key: bytes) -> None:
        self.name = spec.name
        self.formats = frozenset(spec.formats)
        self.whole_rejects = spec.whole_rejects
        self._key = key
        self._spec = spec
        self.has_fields = bool(spec.fields)
        self._exact = frozenset(spec.fields)
        self._hiding = Hiding(spec.fields, secrets="token" in spec.kinds)
        self._kinds = [(kind, FINDERS[kind], MAY_HOLD[kind]) for kind in spec.kinds]
        self._patterns = [re.compile(each, FLAGS) for each in spec.patterns]
        self._names: dict[str, tuple[str, bool]] = {}
        self._plain_names: set[str] = set()
        self._hides_text = bool(self._exact & {"body", "severity_text"})

    def in_record(self, record: Record) -> Record:
        """The record itself if nothing in it is hidden; all its strings are checked at once."""
        if not self._hides_text and record.attributes.keys() <= self._plain_names:
            texts = self._texts_of(record)
            if texts is not None and not self._may_hold(texts):
                return record
        return self._redacted(record)

    def _may_hold(self, texts: list[str]) -> bool:
        whole = _BETWEEN.join(texts)
        return any(may_hold(whole) for _, _, may_hold in self._kinds) or any(
            pattern.search(text) for pattern in self._patterns for text in texts
        )

    def _texts_of(self, record: Record) -> list[str] | None:
        """All strings that patterns and kinds would see, if no name of a field hides anything; None if names of members
        may."""
        texts = [each for each in (record.body, record.severity_text) if each is not None]
        values: list[Any] = list(record.attributes.values())
        for value in values:
            kind = type(value)
            if kind is str:
                texts.append(value)
            elif kind is int:
                if self._patterns or not -_SHORT_NUMBER < value < _SHORT_NUMBER:
                    texts.append(str(value))
            elif kind is float:
                texts.append(repr(value))
            elif isinstance(value, dict):
                if self._hiding:
                    return None
                texts += value
                values += value.values()
            elif isinstance(value, list):
                values += value
        return texts

    def _redacted(self, record: Record) -> Record:
        """Fields first; then their values are removed from the rest, and patterns come last."""
        stamp, assumed, word, number, body, attributes = record
        words: list[str] = []
        made: dict[str, Value] = {}

        def hide(value: Value) -> Value:
            return self._hidden(value, words)

        for name, value in attributes.items():
            name_shown, hidden = self._names.get(name) or self._name(name)
            if hidden:
                made[name_shown] = self._hidden(value, words)
            elif self._hiding and isinstance(value, list | dict):
                made[name_shown] = self._hiding.inside(value, (name,), hide)
            else:
                made[name_shown] = value
        if body is not None and "body" in self._exact:
            body = str(self._hidden(body, words))
        if word is not None and "severity_text" in self._exact:
            word = str(self._hidden(word, words))
        change = self._with(words)
        made = {name: self._changed(value, change) for name, value in made.items()}
        body = None if body is None else change(body)
        word = None if word is None else change(word)
        return Record(stamp, assumed, word, number, body, made)

    def _name(self, name: str) -> tuple[str, bool]:
        """The name of a field, and whether its value is hidden; cached, since few names have many values."""
        if len(self._names) >= _NAMES_MAX:
            self._names.clear()
            self._plain_names.clear()
        hidden = self._names[name] = (self.in_text(name), self._hiding.hides(name))
        if hidden == (name, False):
            self._plain_names.add(name)
        return hidden

    def _hidden(self, value: Value, words: list[str]) -> Value:
        if isinstance(value, list):
            return [self._hidden(each, words) for each in value]
        if isinstance(value, dict):
            return {name: self._hidden(each, words) for name, each in value.items()}
        if value is None or isinstance(value, bool) or value == "":
            return value
        text = str(value)
        words.append(text)
        return self._instead(self.name, text)

    def _with(self, words: list[str]) -> _Change:
        """A change of strings by the rule's patterns, and by the words that it has hidden in fields."""
        known = sorted({each for each in words if each.strip()}, key=len, reverse=True)[:_WORDS_MAX]
        if not known:
            return self.in_text
        any_word = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)")

        def change(text: str) -> str:
            return self.in_text(any_word.sub(lambda match: self._instead(self.name, match[0]), text))

        return change

    def _changed(self, value: Any, change: _Change) -> Value:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, list):
            return [self._changed(each, change) for each in value]
        if isinstance(value, dict):
            return {self.in_text(name): self._changed(each, change) for name, each in value.items()}
        text = repr(value) if isinstance(value, float) else str(value)
        if len(text) < _CARD_MIN_CHARS and change == self.in_text and not self._patterns:
            return value  # type: ignore[no-any-return] # a number
        changed = change(text)
        return value if changed == text else changed

    def in_text(self, text: str) -> str:
        for kind, find, may_hold in self._kinds:
            if not may_hold(text):
                continue
            pieces: list[str] = []
            done = 0
            for begin, end in find(text):
                pieces += text[done:begin], self._instead(kind, text[begin:end])
                done = end
            if pieces:
                text = "".join((*pieces, text[done:]))
        for pattern in self._patterns:
            text = pattern.sub(lambda match: self._instead(self.name, match[0]) if match[0] else "", text)
        return text

    def _instead(self, kind: str, text: str) -> str:
        if self._spec.hashed:
            digest = hmac.new(self._key, text.encode(errors="surrogateescape"), hashlib.sha256).hexdigest()
            return f"[{kind}:{digest[:_HASH_CHARS]}]"
        return f"[{kind}]" if self._spec.replacement is None else self._spec.replacement
