"""Proposes how JSON that no format knows is mapped: the array of its entries, its time, severity and message.

What a member is, is told by its name where that is usual, else by what all its values look like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from chalicelib.core.formats import severity
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.promotion import time_members
from chalicelib.core.formats.times import Times
from chalicelib.core.formats.usual_members import usual_members
from chalicelib.core.records import Reject, Value
from froe.toml_text import basic, literal, sample_lines

_SHARE_MIN: Final = 0.85
_SAMPLES: Final = 2
_WORDS_MAX: Final = 12
_USUAL: Final = {
    "svc": "service.name", "service": "service.name", "servicename": "service.name", "app": "service.name",
    "application": "service.name", "host": "host.name", "hostname": "host.name", "node": "host.name",
    "pid": "process.pid", "thread": "thread.name", "logger": "log.logger", "user": "user.name", "usr": "user.name",
    "username": "user.name", "clientip": "client.address", "remoteip": "client.address", "ip": "client.address",
    "remoteaddr": "client.address", "srcip": "source.address", "dstip": "destination.address",
    "method": "http.request.method", "httpmethod": "http.request.method", "path": "url.path", "uri": "url.path",
    "status": "http.response.status_code", "statuscode": "http.response.status_code", "useragent": "user_agent.original",
    "traceid": "trace_id", "spanid": "span_id", "requestid": "http.request.id",
}  # fmt: skip
"""Names, lower case and without separators → the attributes that they usually are."""


@dataclass(frozen=True, slots=True)
class JsonProposal:
    """The mapping of a file's objects; names of members as records show them. way: the array that holds them."""

    time: str | None
    severity: str | None
    body: str | None
    renames: Mapping[str, str]
    way: str | None
    samples: tuple[str, ...]

    def toml(self, name: str) -> str:
        """The blocks, ready to be pasted."""
        pairs = [
            *((role, member) for role, member in self._roles if member is not None),
            *self.renames.items(),
        ]
        mapped = ", ".join(f"{_key(member)} = {_text(attribute)}" for member, attribute in pairs)
        lines = [] if self.way is None else ["[[collection]]", f"field = {_text(self.way)}", ""]
        lines += ["[[format]]", f'name = "{name}"', f"json = {{ {mapped} }}", sample_lines(self.samples)]
        return "\n".join(lines) + "\n"

    @property
    def _roles(self) -> tuple[tuple[str, str | None], ...]:
        return ("time", self.time), ("severity", self.severity), ("body", self.body)


def propose_mapping(objects: Sequence[str], way: str | None) -> JsonProposal | None:
    """A mapping of most of these objects; None where there is nothing to map."""
    flat = [members for each in objects if not isinstance(members := flat_object(each), Reject)]
    if not flat:
        return None
    columns: dict[str, list[Value]] = {}
    for members in flat:
        for name, value in members.items():
            columns.setdefault(name, []).append(value)
    enough = _SHARE_MIN * len(flat)
    columns = {name: values for name, values in columns.items() if len(values) >= enough}
    time = _first(columns, [*time_members(columns), *columns], _is_time)
    shape = usual_members(tuple(name for name in columns if name != time))
    level = _first(columns, [*shape.levels, *usual_members(tuple(columns)).levels, *columns], _is_level, time)
    body = _body(columns, shape.messages, {time, level})
    renames: dict[str, str] = {}
    for name in columns:
        attribute = _USUAL.get("".join(each for each in name.lower() if each.isalnum()))
        if name not in (time, level, body) and attribute not in (None, name, *renames.values()):
            renames[name] = str(attribute)
    if time is None and level is None and body is None and not renames:
        return None
    samples = [each for each in objects if time is None or time in _members(each)]
    return JsonProposal(time, level, body, renames, way, tuple(dict.fromkeys(samples))[:_SAMPLES])


def _members(text: str) -> Mapping[str, Value]:
    members = flat_object(text)
    return {} if isinstance(members, Reject) else members


def _first(
    columns: Mapping[str, list[Value]], names: Sequence[str], fits: object, *taken: str | None
) -> str | None:
    assert callable(fits)
    return next(
        (name for name in names if name in columns and name not in taken and fits(columns[name])), None
    )


def _is_time(values: Sequence[Value]) -> bool:
    times = Times(datetime(2100, 1, 1, tzinfo=UTC))
    return all(times.of_moment(value, past=True) is not None for value in values)


def _is_level(values: Sequence[Value]) -> bool:
    """Whether all are words for severities; single letters only in capitals, as `I` may be anything."""
    words = {value for value in values if isinstance(value, str)}
    return (
        len(words) == len(set(map(str, values)))
        and 0 < len(words) <= _WORDS_MAX
        and all(severity.of_word(word) is not None and (len(word) > 1 or word.isupper()) for word in words)
    )


def _body(columns: Mapping[str, list[Value]], usual: Sequence[str], taken: set[str | None]) -> str | None:
    texts = {
        name: [value for value in values if isinstance(value, str)]
        for name, values in columns.items()
        if name not in taken and any(isinstance(value, str) and value for value in values)
    }
    if named := [name for name in usual if name in texts]:
        return named[0]
    wordy = {name: sum(" " in value.strip() for value in values) for name, values in texts.items()}
    best = max(wordy, key=lambda name: (wordy[name], sum(map(len, texts[name]))), default=None)
    return best if best is not None and wordy[best] > 0 else None


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "a").replace("-", "a").isalnum() else _text(name)


def _text(text: str) -> str:
    return literal(text) if '"' in text else basic(text)
