"""Makes records fit what DynamoDB can store: every value has a type that it supports, and the record fits in one item.

A value of another type, or nested too deep, becomes text. A record that is too large loses as little as
possible: first the objects that make it large become JSON text, then the largest attributes are dropped, and their number
is kept in `dropped_attributes_count`. The same record always takes the same form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from chalicelib.core.records import (
    ITEM_MAX_BYTES,
    LEVELS_MAX,
    NUMBER_MAX_DIGITS,
    Outcome,
    Record,
    Skip,
    Value,
    is_storable_float,
    item_of,
)
from chalicelib.core.records.templates import Templates

DROPPED: Final = "dropped_attributes_count"
"""As OpenTelemetry calls it,
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto"""

NAME_MAX: Final = 1024
"""Longest name, in characters; longer ones are cut (DynamoDB's own limit is 65,535 bytes)."""
UNNAMED: Final = "_"
_ITEM_BYTES: Final = ITEM_MAX_BYTES - 1024
_RAW_MAX_BYTES: Final = 380 * 1024
_LARGE_BYTES: Final = 16 * 1024
"""In a record that is too large, larger objects than that become text."""
_LONG_CHARS: Final = 4096
"""Longer texts are left alone: their names are not what makes a record large."""
_TEXT_AND_NUMBERS: Final = frozenset((str, int, bool))
_SMALL_BYTES: Final = 256 * 1024
_OVERHEAD_BYTES: Final = 64
"""What an item has besides the JSON of an attribute."""
_PARTS: Final = (4, 3, 2, 1)
_SPLITS_MAX: Final = 100
"""How deep the JSON text of flat names may nest."""


class TooLargeError(Exception):
    """No form of the record fits in an item."""


class ItemEncoder:
    """Encodes the outcomes of one batch as items, in DynamoDB's typed JSON."""

    def __init__(
        self, *, file_id: str, batch_id: str, format_name: str, shards: int, expires_at: int | None
    ) -> None:
        self._file_id = file_id
        self._batch_id = batch_id
        self._format_name = format_name
        self._shards = shards
        self._expires_at = expires_at
        self._templates = Templates(
            file_id=file_id,
            batch_id=batch_id,
            format_name=format_name,
            shards=shards,
            expires_at=expires_at,
        )

    def __call__(self, outcome: Outcome) -> tuple[Outcome, bytes]:
        """The item of a record or a reject, and the outcome as the item has it.

        Raises TooLargeError if no form of the record fits.
        """
        if isinstance(outcome.result, Record):
            try:
                item = self._templates.item(outcome) or self._item(outcome)
            except (TypeError, ValueError):  # a value of a kind that DynamoDB or JSON does not have
                pass
            else:
                if len(item) <= _ITEM_BYTES:
                    return outcome, item
            return self._fitted(outcome, outcome.result)
        if len(outcome.raw) > _RAW_MAX_BYTES:
            outcome = outcome._replace(raw=outcome.raw[:_RAW_MAX_BYTES])
        return outcome, self._item(outcome)

    def _fitted(self, outcome: Outcome, record: Record) -> tuple[Outcome, bytes]:
        for form in _forms_of(record):
            fitting = outcome._replace(result=form)
            item = self._item(fitting)
            if len(item) <= _ITEM_BYTES or size_of(orjson.loads(item)) <= _ITEM_BYTES:
                return fitting, item
        raise TooLargeError

    def _item(self, outcome: Outcome) -> bytes:
        return orjson.dumps(
            item_of(
                outcome,
                file_id=self._file_id,
                batch_id=self._batch_id,
                format_name=self._format_name,
                shards=self._shards,
                expires_at=self._expires_at,
            )
        )


def is_stored_as_it_is(outcome: Outcome) -> bool:
    """Whether the item would change nothing of an outcome. That of small records with plain values is known without
    encoding them."""
    result = outcome[4]
    if type(result) is not Record:
        return isinstance(result, Skip) or len(outcome[3]) <= _RAW_MAX_BYTES
    timestamp, assumed, word, _, body, attributes = result
    values = attributes.values()
    if not _TEXT_AND_NUMBERS.issuperset(map(type, values)) and not all(map(_is_plain, values)):
        return False
    try:
        size = len(orjson.dumps((timestamp, assumed, word, body, attributes)))
    except TypeError:  # a number or a text that JSON does not have
        return False
    return size + _OVERHEAD_BYTES * len(attributes) <= _SMALL_BYTES and "" not in attributes


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return is_storable_float(value)
    return (
        kind in _TEXT_AND_NUMBERS
        or value is None
        or (kind is list and all(type(each) is str for each in value))
    )


def size_of(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item of typed JSON as DynamoDB counts them, or a few more
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)."""
    return sum(_bytes_in(name) + _size_of_typed(value) for name, value in item.items())


def _size_of_typed(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind == "M":
        return 3 + sum(1 + _bytes_in(name) + _size_of_typed(inner) for name, inner in value.items())
    if kind == "L":
        return 3 + sum(1 + _size_of_typed(inner) for inner in value)
    if kind == "B":
        return len(value) // 4 * 3
    if kind == "N":
        return len(value) // 2 + 2
    return _bytes_in(value) if kind == "S" else 1


def _bytes_in(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _forms_of(record: Record) -> Iterator[Record]:
    """Forms of the record that can be encoded; each is smaller and loses more than the one before."""
    record = storable(record)
    yield record
    attributes = record.attributes
    for parts in _PARTS:
        attributes = _grouped(attributes, parts)
        yield record._replace(attributes=attributes)
    yield record._replace(attributes=_fewer(attributes, _ITEM_BYTES - _size_without(attributes, record)))


def _size_without(attributes: Mapping[str, Value], record: Record) -> int:
    """The size of the item without its attributes, keys and ids included, a few bytes too high."""
    texts = (record.body, record.severity_text, record.timestamp, record.timestamp_assumed)
    return 1024 + sum(_bytes_in(text) for text in texts if text) + 2 * len(attributes)


def _size_of_value(value: Value) -> int:
    return _bytes_in(value if isinstance(value, str) else json_text(value)) + 8


def _grouped(attributes: Mapping[str, Value], parts: int) -> dict[str, Value]:
    """The attributes, with large ones as JSON text, grouped by the first parts of their names."""
    groups: dict[str, dict[str, Value]] = {}
    sizes: dict[str, int] = {}
    for name, value in attributes.items():
        is_nested = name.count(".") >= parts and not (isinstance(value, str) and len(value) > _LONG_CHARS)
        group = ".".join(name.split(".", parts)[:parts]) if is_nested else name
        if is_nested or isinstance(value, list | dict):
            sizes[group] = sizes.get(group, 0) + len(name) + _size_of_value(value)
            groups.setdefault(group, {})[name] = value
    large = {name for group, size in sizes.items() if size > _LARGE_BYTES for name in groups[group]}
    kept: dict[str, Value] = {name: value for name, value in attributes.items() if name not in large}
    for group, members in groups.items():
        if sizes[group] > _LARGE_BYTES:
            alone = members.pop(group, None)
            if alone is not None:
                kept[_free(group, kept)] = json_text(alone)
            if members:
                nested = _nested({name[len(group) + 1 :]: value for name, value in members.items()})
                kept[_free(group, kept)] = json_text(nested)
    return kept


def _free(name: str, taken: Mapping[str, Value]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}#{number}"
    return free


def _nested(flat: Mapping[str, Value]) -> dict[str, Any]:
    """Dotted names as nested objects; a name whose place is taken stays as it is."""
    nested: dict[str, Any] = {}
    made = {id(nested)}
    for name, value in flat.items():
        *outer, last = name.split(".", _SPLITS_MAX)
        place = nested
        for number, part in enumerate(outer):
            inner = place.setdefault(part, {})
            if id(inner) not in made and (inner or not isinstance(inner, dict)):
                last = ".".join((*outer[number:], last))
                break
            made.add(id(inner))
            place = inner
        place[_free(last, place)] = value
    return nested


def _fewer(attributes: Mapping[str, Value], max_bytes: int) -> dict[str, Value]:
    """The attributes without the largest, so that the others fit."""
    sizes = {name: _bytes_in(name) + _size_of_value(value) for name, value in attributes.items()}
    total, dropped = sum(sizes.values()), set()
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        if total <= max_bytes:
            break
        total -= sizes[name]
        dropped.add(name)
    kept: dict[str, Value] = {name: value for name, value in attributes.items() if name not in dropped}
    if dropped:
        kept[_free(DROPPED, kept)] = len(dropped)
    return kept


def storable(record: Record) -> Record:
    """The record with values that DynamoDB can store."""
    timestamp, assumed, word, number, body, attributes = record
    return Record(
        _text(timestamp), _text(assumed), _text(word), number, _text(body), _members(attributes, LEVELS_MAX)
    )


def _text(value: str | None) -> str | None:
    return None if value is None else without_surrogates(str(value))


def without_halves(record: Record) -> Record:
    """The record itself if its strings are valid UTF-8; else in storable form, without halves of surrogate pairs."""
    texts = [text for text in (record.body, record.severity_text) if text is not None]
    values: list[Any] = [record.attributes]
    for value in values:
        if type(value) is str:
            texts.append(value)
        elif isinstance(value, dict):
            texts += value
            values += value.values()
        elif isinstance(value, list):
            values += value
    return storable(record) if any(without_surrogates(text) is not text for text in texts) else record


def _members(members: Mapping[Any, Any], levels: int) -> dict[str, Value]:
    kept: dict[str, Value] = {}
    repeats: dict[str, int] = {}
    for key, value in members.items():
        name = without_surrogates(str(key))[:NAME_MAX] or UNNAMED
        kept[suffixed(name, kept, repeats) if name in kept else name] = _storable_value(value, levels)
    return kept


def suffixed(name: str, taken: Mapping[str, Any], repeats: dict[str, int]) -> str:
    """The first free `name#n`; the counters keep a thousand repetitions linear."""
    number = repeats.get(name, 1) + 1
    while (candidate := f"{name}#{number}") in taken:
        number += 1
    repeats[name] = number
    return candidate


def _storable_value(value: Any, levels: int) -> Value:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 10**NUMBER_MAX_DIGITS else _digits(value)
    if isinstance(value, float):
        return float(value) if is_storable_float(value) else repr(float(value))
    if isinstance(value, Mapping | list | tuple):
        if not levels:
            return without_surrogates(json_text(value))
        if isinstance(value, Mapping):
            return _members(value, levels - 1)
        return [_storable_value(inner, levels - 1) for inner in value]
    return without_surrogates(str(value))


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # of thousands of digits
        return hex(number)


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for unpaired surrogates, which UTF-8 cannot express."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
