"""Embedded metric format as CloudWatch takes it, checked by the rules of its specification.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MAX_DIMENSIONS = 30
MAX_NAME_CHARACTERS = 1024
MAX_METRICS = 100
MAX_VALUES = 100
UNITS = {
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Count",
    "Percent",
    "None",
}


@dataclass(frozen=True, slots=True)
class Document:
    """The metrics of one document, all under the same dimensions."""

    namespace: str
    dimensions: dict[str, str]
    units: dict[str, str]
    values: dict[str, list[float]]


def documents_in(lines: Iterable[str]) -> list[Document]:
    """Those of the lines that are documents; an AssertionError or KeyError where one is not valid."""
    documents = [json.loads(line) for line in lines if line]
    return [_checked(document) for document in documents if "_aws" in document]


def _checked(document: dict[str, Any]) -> Document:
    assert isinstance(document["_aws"]["Timestamp"], int)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert 1 <= len(directive["Namespace"]) <= MAX_NAME_CHARACTERS
    (names,) = directive["Dimensions"]
    assert len(names) <= MAX_DIMENSIONS
    dimensions = {name: document[name] for name in names}
    for name, value in dimensions.items():
        assert 1 <= len(name) <= 250, name
        assert isinstance(value, str), name
        assert 1 <= len(value) <= MAX_NAME_CHARACTERS, name
    units: dict[str, str] = {}
    values: dict[str, list[float]] = {}
    for metric in directive["Metrics"]:
        name = metric["Name"]
        assert 1 <= len(name) <= MAX_NAME_CHARACTERS, name
        assert metric["Unit"] in UNITS, name
        numbers = document[name] if isinstance(document[name], list) else [document[name]]
        assert 1 <= len(numbers) <= MAX_VALUES, name
        assert all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers), name
        units[name], values[name] = metric["Unit"], numbers
    assert 1 <= len(units) <= MAX_METRICS
    assert set(document) == {"_aws", *dimensions, *units}, "what is no dimension and no metric is not sent"
    return Document(directive["Namespace"], dimensions, units, values)
