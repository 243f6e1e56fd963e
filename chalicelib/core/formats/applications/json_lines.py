"""JSON lines: one object a line, flattened to dotted names, with the usual names of time, level, message.

Nothing is dropped: a clash of names keeps all under ``name``, ``name#2`` …; numbers that DynamoDB or a
double cannot hold are strings; unpaired surrogates are U+FFFD. A promoted field leaves the attributes
only if it was used. Nesting deeper than 200 is a reject.
"""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.objects import USUAL, Objects

OBJECT: Final = Objects(
    name="json",
    title="JSON lines",
    source="https://jsonlines.org/",
    samples=(
        '{"time":"2024-03-14T09:26:53.123Z","level":"info","msg":"order accepted",'
        '"order":{"id":17,"lines":[{"sku":"F-1"}]}}',
        '{"@timestamp":"2024-03-14T09:26:53+01:00","log.level":"WARN","message":"slow","took_ms":1042.5}',
        '{"id":"a-17","created_at":1710404813123,"priority":4,"text":"slow","user":{"name":"ada"},"tags":["a",null]}',
    ),
    specificity=0.9,
    usual=USUAL,
    timeless=None,
)

FORMATS: Final = (OBJECT.format(),)
