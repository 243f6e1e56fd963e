"""Items of records, written by templates, one per shape: the names of the attributes and the types of all values.

Promise: the bytes of `records.item_of` in JSON, or None if no template can write them. Memory: 2 MiB of templates.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from chalicelib.core.records import SHARD_STRIDE_BYTES, Outcome, Record, is_storable_float, typed

_TEMPLATES_MAX: Final = 512
_TEMPLATES_MAX_BYTES: Final = 1024 * 1024
"""Of literals; the shapes contain the names once more."""
_BETWEEN_NAMES: Final = 16
_BETWEEN: Final = b",\n  "
"""Indented JSON has one line per value of a list, and no line end inside a value."""
_FIELDS: Final = ("timestamp", "timestamp_assumed", "severity_text", "severity_number", "body")
"""The first values of a record; None is not stored."""
_AROUND: Final = {
    str: (b'{"S":', b"}"),
    int: (b'{"N":"', b'"}'),
    float: (b'{"N":', b"}"),  # as text: its digits are Python's
    bool: (b'{"BOOL":', b"}"),
    type(None): (b'{"NULL":true}', b""),
    list: (b"", b""),
    dict: (b"", b""),
}
_NESTED: Final = (list, dict)
_SHARD, _SORT_KEY, _VALUES = 1, 3, 5
"""Positions in a template; values are at every second position."""


class _Template(NamedTuple):
    """pieces: literals, with a place for each value between them. empty: places of values that are not stored. floats,
    nested: which values are of that kind."""

    pieces: list[bytes]
    empty: tuple[int, ...]
    floats: tuple[int, ...]
    nested: tuple[int, ...]


class Templates:
    """The templates of one batch."""

    def __init__(
        self, *, file_id: str, batch_id: str, format_name: str, shards: int, expires_at: int | None
    ) -> None:
        self._file_id = orjson.dumps(file_id)[:-1]
        self._batch_id = orjson.dumps(batch_id)
        self._format_name = format_name
        self._shards = shards
        self._end = b"}" if expires_at is None else b',"expires_at":{"N":"%d"}}' % expires_at
        self._known: dict[tuple[Any, ...], _Template | None] = {}
        self._room = _TEMPLATES_MAX_BYTES

    def item(self, outcome: Outcome) -> bytes | None:
        """outcome: of a record. Raises UnstorableError."""
        offset, length, lines, _, result, replaced, own_format = outcome
        timestamp, assumed, word, number, body, attributes = result  # type: ignore[misc] # it is a record
        values: list[Any] = [
            offset, length, lines, timestamp, assumed, word, number, body, *attributes.values()
        ]  # fmt: skip
        shape = (replaced, own_format, *attributes, *map(type, values))
        try:
            template = self._known[shape]
        except KeyError:
            template = self._learn(shape, outcome, values)
        if template is None:
            return None
        pieces, empty, floats, nested = template
        for place in floats:
            if not is_storable_float(values[place]):
                return None
            values[place] = repr(values[place])
        try:
            for place in nested:
                values[place] = orjson.Fragment(orjson.dumps(typed(values[place])))
            encoded = orjson.dumps(values, option=orjson.OPT_INDENT_2)[4:-2].split(_BETWEEN)
        except TypeError:  # a number or a text that JSON does not have
            return None
        item = pieces[:]
        item[_VALUES::2] = encoded
        item[_SHARD] = b"%02x" % (offset // SHARD_STRIDE_BYTES % self._shards)
        item[_SORT_KEY] = encoded[0].zfill(16)
        for place in empty:
            item[place] = b""
        return b"".join(item)

    def _learn(self, shape: tuple[Any, ...], outcome: Outcome, values: list[Any]) -> _Template | None:
        if len(self._known) >= _TEMPLATES_MAX or self._room <= 0:
            return None
        template = self._known[shape] = self._made(outcome, values)
        self._room -= sum(len(part) + _BETWEEN_NAMES for part in shape if isinstance(part, str))
        return template

    def _made(self, outcome: Outcome, values: list[Any]) -> _Template | None:
        """None for a shape with values of other types, or with a name (of an attribute or format) that DynamoDB cannot
        store."""
        _, _, _, _, result, replaced, own_format = outcome
        assert isinstance(result, Record)
        kinds = [type(value) for value in values]
        if "" in result.attributes or not _AROUND.keys() >= {*kinds}:
            return None
        try:
            names = [orjson.dumps(name) + b":" for name in (*_FIELDS, *result.attributes)]
            format_name = orjson.dumps(own_format or self._format_name)
        except TypeError:
            return None
        pieces = [
            b'{"pk":{"S":%b#' % self._file_id,
            b"",
            b'"},"sk":{"S":"',
            b"",
            b'"},"file_id":{"S":%b"},"batch_id":{"S":%b},"format":{"S":%b},"offset":{"N":"'
            % (self._file_id, self._batch_id, format_name),
            b"",
            b'"},"length":{"N":"',
            b"",
            b'"},"lines":{"N":"',
            b"",
        ]
        ends, comma = b'"},"kind":{"S":"record"}', b","
        empty = []
        first_attribute = 3 + len(_FIELDS)
        for number, (name, kind) in enumerate(zip(names, kinds[3:], strict=True), start=3):
            is_field = number < first_attribute
            if number == first_attribute:
                ends, comma = ends + b',"attributes":{"M":{', b""
            if kind is type(None):
                empty.append(_VALUES + 2 * number)
            if is_field and kind is type(None):
                pieces += [ends, b""]
                ends = b""
                continue
            before, behind = _AROUND[kind]
            pieces += [ends + comma + name + before, b""]
            ends, comma = behind, b","
        if result.attributes:
            ends += b"}}"
        pieces.append(ends + (b',"replaced":{"BOOL":true}' if replaced else b"") + self._end)
        floats = tuple(number for number, kind in enumerate(kinds) if kind is float)
        nested = tuple(number for number, kind in enumerate(kinds) if kind in _NESTED)
        return _Template(pieces, tuple(empty), floats, nested)
