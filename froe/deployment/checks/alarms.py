"""Alarms: they exist, watch the metric of the template at its threshold, and notify the stage's topic."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.templates import LANES, OBSERVABILITY

AREA: Final = "observability"
COMPARED: Final = (
    "Threshold",
    "ComparisonOperator",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "TreatMissingData",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "Period",
    "Metrics",
    "AlarmActions",
)
"""What decides when an alarm rings, and for whom."""
_ABSENT: Final[tuple[Any, ...]] = (None, [], {}, "")


def check_alarms(examined: Examined) -> Iterator[Finding]:
    """Each of the observability stack and of that of the lanes. One that is gone is a finding of the stack's."""
    silent, other, seen = [], {}, 0
    kind = "AWS::CloudWatch::Alarm"
    alarms = {**expected_of(examined, OBSERVABILITY, kind), **expected_of(examined, LANES, kind)}
    for expected in alarms.values():
        name = expected["AlarmName"]
        reply = examined.ask("cloudwatch", "describe_alarms", AlarmNames=[name]) or {}
        for actual in reply.get("MetricAlarms", ()):
            seen += 1
            if not actual.get("ActionsEnabled", True):
                silent.append(name)
            differing = [each for each in COMPARED if not _same(actual.get(each), expected.get(each))]
            if differing:
                other[name] = differing
    if silent:
        yield fault(
            AREA,
            f"the alarms {', '.join(silent)} notify nobody",
            f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(silent)}",
        )
    for name, differing in other.items():
        yield fault(
            AREA,
            f"the alarm {name} has another {', '.join(differing)} than infra/observability.json",
            f"delete it (aws cloudwatch delete-alarms --alarm-names {name}), and {examined.deploy} makes it again",
        )
    if seen and not silent and not other:
        yield ok(AREA, f"{seen} alarms are in place, ring as the template says, and tell of themselves")


def _same(actual: Any, expected: Any) -> bool:
    return (actual in _ABSENT and expected in _ABSENT) or _canonical(actual) == _canonical(expected)


def _canonical(value: Any) -> Any:
    """Without order, and numbers as numbers: a parameter gives them as text."""
    if isinstance(value, list):
        return sorted((_canonical(each) for each in value), key=repr)
    if isinstance(value, Mapping):
        return {name: _canonical(value[name]) for name in sorted(value) if value[name] not in _ABSENT}
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
