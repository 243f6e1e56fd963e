"""Which keys of the input buckets are logs: the settings INPUT_KEYS, for the stage's own bucket, and INPUT_BUCKETS, for
others. Everything that ingests objects obeys them.

Globs separated by commas: `*` stands for any characters (`/` too), `?` for one, `[a-z]` for one of these; a glob after `!`
excludes what it matches. A key is selected if it matches one of the globs (or all of them have `!`) and none
that excludes. INPUT_BUCKETS: `NAME: globs; NAME: globs`, or names alone for all keys. Limits: write `?` for a comma or
semicolon in a key.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Final

from chalicelib.core.plan.globs import is_anything_left

_WILD: Final = re.compile(r"[*?\[]")
_NOTHING: Final = "^$"
"""Matches no key: a key is never empty."""


_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class KeyPatternError(ValueError):
    """What is wrong with a setting, in words that follow `INPUT_KEYS is …:`."""


@dataclass(frozen=True)
class KeyPatterns:
    """text: the setting as it is written; taken, left_out: the globs of both kinds."""

    text: str = ""
    setting: str = "INPUT_KEYS"
    taken: tuple[str, ...] = field(default=(), init=False)
    left_out: tuple[str, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        globs = [each.strip() for each in self.text.split(",")] if self.text.strip() else []
        if not all(each.removeprefix("!").strip() for each in globs):
            raise KeyPatternError("a glob is empty: give globs separated by commas, such as logs/*, !*.tmp")
        object.__setattr__(self, "taken", tuple(each for each in globs if not each.startswith("!")))
        left_out = tuple(each[1:].strip() for each in globs if each.startswith("!"))
        object.__setattr__(self, "left_out", left_out)
        if left_out and not is_anything_left(self.taken or ("*",), left_out):
            raise KeyPatternError(
                "it excludes every key: change the patterns with !, which together match all that the others do"
            )

    def takes(self, key: str) -> bool:
        return not self._left_out.match(key) and bool(self._taken.match(key))

    def refusal(self) -> str:
        """Why a key is not taken, as a clause."""
        return f"the setting {self.setting} ({self.text}) leaves it out"

    def may_take_below(self, prefix: str) -> bool:
        """Whether any key with that prefix may be taken, as far as the beginnings of the globs tell."""
        if any(_covers(each, f"{prefix}*") for each in self.left_out):
            return False
        begins = [_WILD.split(each)[0] for each in self.taken or ("*",)]
        return any(each.startswith(prefix) or prefix.startswith(each) for each in begins)

    @cached_property
    def _taken(self) -> re.Pattern[str]:
        return _any_of(self.taken or ("*",))

    @cached_property
    def _left_out(self) -> re.Pattern[str]:
        return _any_of(self.left_out)

    @property
    def prefix(self) -> str:
        """The common prefix of all keys that are taken. S3's notifications and EventBridge's rules can filter by that
        much."""
        return _common([_WILD.split(each)[0] for each in self.taken])

    @property
    def suffix(self) -> str:
        """The common suffix of all keys that are taken, behind the prefix."""
        ends = [
            _WILD.split(each)[-1] if _WILD.search(each) and "[" not in each else "" for each in self.taken
        ]
        return _common([each[::-1] for each in ends])[::-1]

    @property
    def taken_expression(self) -> str:
        """A regular expression without backslashes, quotes and bare slashes, since it is embedded in other languages.
        Such characters in a glob, and brackets that are no set, become "any character"."""
        return _plain_expression(self.taken) if self.taken else "^"

    @property
    def left_out_expression(self) -> str:
        return _plain_expression(self.left_out) if self.left_out else _NOTHING


EVERY_KEY: Final = KeyPatterns()


def buckets_in(text: str) -> dict[str, KeyPatterns]:
    """Bucket → which of its keys are logs, from INPUT_BUCKETS. Raises KeyPatternError."""
    buckets: dict[str, KeyPatterns] = {}
    for entry in filter(None, (each.strip() for each in text.split(";"))):
        name, _, globs = (part.strip() for part in entry.partition(":"))
        if not _BUCKET.fullmatch(name):
            raise KeyPatternError(
                f"{name!r} is not a bucket name: give names separated by semicolons, such as eu-logs: logs/*, !*.tmp; us-logs"
            )
        if name in buckets:
            raise KeyPatternError(f"it names {name} twice: give all its globs in one place")
        buckets[name] = KeyPatterns(globs, "INPUT_BUCKETS")
    return buckets


def _covers(left_out: str, taken: str) -> bool:
    """Whether one glob excludes everything that another one takes. It is tested with nothing, and with any character,
    in place of the wild characters."""
    if "[" in taken:
        return left_out == taken
    examples = (taken.replace("*", some).replace("?", "\x01") for some in ("", "\x01/\x01"))
    return all(_any_of((left_out,)).match(each) for each in examples)


def _common(beginnings: list[str]) -> str:
    """The common prefix of the texts."""
    same = takewhile(lambda chars: len(set(chars)) == 1, zip(*beginnings, strict=False))
    return "".join(chars[0] for chars in same)


def _any_of(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(each) for each in globs) or "(?!)")


def _plain_expression(globs: Iterable[str]) -> str:
    return f"^({'|'.join(map(_plain, globs))})$"


def _plain(glob: str) -> str:
    made, at = "", 0
    while at < len(glob):
        char = glob[at]
        end = glob.find("]", at + 2)
        if char == "[" and end > 0:
            inner = glob[at + 1 : end]
            made += f"[{'^' + inner[1:] if inner.startswith('!') else inner}]"
            at = end
        elif char in "*?":
            made += ".*" if char == "*" else "."
        elif char in '\\"^()[]{}':
            made += "."
        else:
            made += char if char.isalnum() or char in "_-" or ord(char) > 127 else f"[{char}]"
        at += 1
    return made
