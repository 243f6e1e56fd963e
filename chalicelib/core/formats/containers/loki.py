"""Grafana Loki's streams, as they are pushed and as its query API gives them: each value is an entry.

A value is `["<nanoseconds>","<line>",{structured metadata}?]`. The labels of its stream, before the array of values or
behind it in the same batch, are on each record. The line is parsed again by its own format; where that tells no
severity, the stream's level is the record's.
https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.formats import Format, severity
from chalicelib.core.formats.general.json_rows import cells_of
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.member_names import Naming
from chalicelib.core.formats.nested import add_all, carried
from chalicelib.core.formats.objects import holding
from chalicelib.core.formats.reasons import BAD_TIME, OTHER_SHAPE
from chalicelib.core.formats.times import Times
from chalicelib.core.framing import Framing, Kind
from chalicelib.core.framing.json.paths import completed
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields

_LABELS: Final = {
    "service_name": "service.name",
    "namespace": "k8s.namespace.name",
    "pod": "k8s.pod.name",
    "container": "k8s.container.name",
    "host": "host.name",
    "hostname": "host.name",
    "filename": "log.file.path",
}
_LEVELS: Final = ("level", "detected_level", "severity")
_CELLS: Final = (2, 3)


def _make_parser(context: ParseContext) -> Parse:
    times = Times(context.last_modified)
    labels = _labels_in(context.header)
    names = Naming("loki.label", _LABELS)
    around = {names[name][0]: value for name, value in labels.items()}
    word = next(
        (str(labels[name]) for name in _LEVELS if severity.of_word(str(labels.get(name))) is not None), None
    )
    number = None if word is None else severity.of_word(word)
    of_metadata = Naming("loki.metadata", {})

    def parse(text: str) -> Record | Reject:
        cells = cells_of(text)
        if not labels or cells is None or len(cells) not in _CELLS or cells[1][:1] != '"':
            return OTHER_SHAPE
        stamp = times.of_number(cells[0].strip('"'))
        if stamp is None:
            return BAD_TIME
        fields: Fields = dict(around)
        if len(cells) > _CELLS[0]:
            metadata = flat_object(cells[2])
            if isinstance(metadata, Reject):
                return metadata
            add_all(fields, of_metadata.fields_of(metadata))
        record = carried(context.explain, json.loads(cells[1]).rstrip("\r\n"), stamp, fields)
        if record.severity_number is None and word is not None:
            return record._replace(severity_text=word, severity_number=number)
        return record

    return parse


def _labels_in(header: str) -> dict[str, Any]:
    """The labels of the stream whose values these are."""
    try:
        value = json.loads(completed(header.lstrip("\ufeff"))) if header else None
    except (ValueError, RecursionError):
        return {}
    return _stream_in(value)


def _stream_in(value: Any) -> dict[str, Any]:
    stream = value.get("stream") if isinstance(value, dict) and "values" in value else None
    if isinstance(stream, dict):
        return stream
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((deeper for each in inner if (deeper := _stream_in(each))), {})


LOKI: Final = Format(
    name="loki",
    title="Grafana Loki, streams of its push and query API",
    source="https://grafana.com/docs/loki/latest/reference/loki-http-api/",
    samples=(
        '{"streams":[{"stream":{"service_name":"shop","level":"warn"},"values":[["1710404813123456789","cart 17 was not paid"],'
        '["1710404814123456789","{\\"level\\":\\"error\\",\\"msg\\":\\"cart 18 was lost\\"}",{"trace_id":"0af7651916cd43dd"}]]}]}',
        '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"pod":"shop-7"},"values":'
        '[["1710404815123456789","order accepted"]]}]}}',
    ),
    make_parser=_make_parser,
    specificity=0.996,
    bare=1.0,
    framing=Framing(kind=Kind.JSON, path=("data?", "streams|result", "values")),
    sieve=holding("stream"),
)

FORMATS: Final = (LOKI,)
