"""CloudWatch metrics in its embedded metric format: lines on standard output, so that no call waits for them.

The library writes a document for each set of dimensions when an invocation ends, and earlier if a
metric has 100 values, the most that one document may have
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import EphemeralMetrics

from chalicelib.metrics import METRICS, NAMESPACE


class EmfMeter:
    """stage: the deployment's, a dimension of every metric."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._sets: dict[tuple[str, ...], EphemeralMetrics] = {}

    def add(self, name: str, value: float = 1, **dimensions: str) -> None:
        metric = METRICS[name]
        values = tuple(
            self._stage if dimension == "stage" else dimensions[dimension] for dimension in metric.dimensions
        )
        key = *metric.dimensions, *values
        kept = self._sets.get(key)
        if kept is None:
            kept = self._sets[key] = EphemeralMetrics(namespace=NAMESPACE, service="")
            for dimension, dimension_value in zip(metric.dimensions, values, strict=True):
                kept.add_dimension(dimension, dimension_value)
        kept.add_metric(name, metric.unit, value)

    def flush(self) -> None:
        for kept in self._sets.values():
            if kept.metric_set:
                kept.flush_metrics()
        self._sets.clear()
