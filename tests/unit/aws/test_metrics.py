"""The lines on standard output from which CloudWatch makes metrics: each is valid, and few are written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.aws.metrics import EmfMeter
from chalicelib.metrics import METRICS
from tests.emf import Document, documents_in


def documents(capsys: pytest.CaptureFixture[str]) -> list[Document]:
    return documents_in(capsys.readouterr().out.splitlines())


def test_an_invocation_writes_one_document_for_each_set_of_dimensions(capsys: Any) -> None:
    meter = EmfMeter("dev")
    for _ in range(3):
        meter.add(metrics.BATCHES_DONE)
        meter.add(metrics.RECORDS_PARSED, 5000)
        meter.add(metrics.PARSED_BY_FORMAT, 5000, format="json")
        meter.add(metrics.STEP_SECONDS, 0.25, step="parse")
    assert capsys.readouterr().out == "", "nothing is written before the invocation ends"
    meter.flush()
    stage, by_format, step = documents(capsys)
    assert stage.dimensions == {"stage": "dev"}
    assert stage.values == {"BatchesDone": [1, 1, 1], "RecordsParsed": [5000] * 3}
    assert (by_format.dimensions, by_format.values) == (
        {"stage": "dev", "format": "json"},
        {"ParsedByFormat": [5000] * 3},
    )
    assert (step.dimensions, step.units) == ({"stage": "dev", "step": "parse"}, {"StepSeconds": "Seconds"})
    meter.flush()
    assert documents(capsys) == [], "what is written is written once"


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_comes_with_its_unit_and_its_dimensions_alone(
    name: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "another")
    unit, dimensions = METRICS[name]
    meter = EmfMeter("dev")
    meter.add(name, 0, **{each: "some" for each in dimensions if each != "stage"})
    meter.flush()
    (document,) = documents(capsys)
    assert tuple(document.dimensions) == dimensions
    assert document.units == {name: unit}
    assert document.values == {name: [0]}


def test_more_values_than_a_document_holds_are_written_in_several(capsys: Any) -> None:
    meter = EmfMeter("dev")
    for number in range(250):
        meter.add(metrics.STEP_SECONDS, number, step="read")
    meter.flush()
    written = [value for document in documents(capsys) for value in document.values["StepSeconds"]]
    assert written == list(range(250))


def test_a_metric_that_is_not_ours_or_lacks_a_dimension_is_a_bug() -> None:
    meter = EmfMeter("dev")
    with pytest.raises(KeyError):
        meter.add("Other")
    with pytest.raises(KeyError):
        meter.add(metrics.STEP_SECONDS)


def test_the_check_of_documents_finds_what_cloudwatch_would_refuse() -> None:
    good = {
        "_aws": {
            "Timestamp": 1,
            "CloudWatchMetrics": [
                {"Namespace": "Froe", "Dimensions": [["stage"]], "Metrics": [{"Name": "n", "Unit": "Count"}]}
            ],
        },
        "stage": "dev",
        "n": [1.0],
    }
    documents_in([json.dumps(good)])
    for wrong in ({"n": ["1"]}, {"n": [1.0] * 101}, {"stage": ""}, {"stage": 7}, {"_aws": {"Timestamp": 1}}):
        with pytest.raises((AssertionError, KeyError)):
            documents_in([json.dumps(good | wrong)])
