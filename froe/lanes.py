"""What the templates of a stage have for its worker and batch queue, once more for each lane beside the default one.

Promise: a stage without such lanes has the templates as they are written; what a lane has differs from what the default
one has in names, timeouts and visibility alone. `template` is the stack of the lanes; `widened` puts them beside the
worker in the lists of the other templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from chalicelib.core.custom.spec import Config
from chalicelib.core.plan.lanes import DEFAULT, SETTING, queue_of, worker_of
from froe.errors import FroeError

Template = Mapping[str, Any]

_COPIED: Final = frozenset(
    (
        "BatchQueue",
        "BatchQueuePolicy",
        "WorkerLogs",
        "BatchQueueOld",
        "WorkerErrors",
        "PatientNearTimeout",
        "FunctionsThrottled",
    )
)
_LOGS: Final = {"Ref": "WorkerLogs"}
_LISTED: Final = (
    _LOGS,
    {"Fn::Sub": 'service("froe-${Stage}-worker")'},
    {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:froe-${Stage}-batch"},
    ["...", {"Fn::Sub": "froe-${Stage}-batch"}],
)
"""Members of lists that stand for the worker or its queue: beside each there is one for every lane."""
_NAMED: Final = re.compile(r"(froe-\$\{Stage\}-)(batch|worker)(?![a-z_-])")
_OF_WORKER: Final = re.compile(r"of_worker / \$\{WorkerTimeoutSeconds\} / 10")
_OUTSIDE: Final[Mapping[tuple[str, str], Any]] = {
    ("Key", "Arn"): {"Fn::ImportValue": {"Fn::Sub": "froe-${Stage}-key"}},
    ("DeadLetterQueue", "Arn"): {
        "Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:froe-${Stage}-dead-letter"
    },
}
"""What a stack beside the data stack says for a resource of it."""
_INSIDE: Final[Mapping[str, Any]] = {
    "froe-${Stage}-key": {"Fn::GetAtt": ["Key", "Arn"]},
    "froe-${Stage}-alarms": {"Ref": "AlarmsTopic"},
}
"""Export of the data stack → what the same stack says for it."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """timeout: of the lane's worker. visibility: how long its queue hides a message. Numbers, or names of parameters."""

    timeout: int | str
    visibility: int | str


NO_LANES: Final[Mapping[str, Seconds]] = MappingProxyType({})


def unfit_lanes(config: Config, lanes: Iterable[str], file: str = "froe.toml") -> str | None:
    """What is wrong where the configuration binds files to lanes that the stage does not have, and the remedy; None where it
    does not. lanes: those of the stage beside the default one."""
    known = (DEFAULT, *lanes)
    unknown = sorted({each.lane for each in config.bindings if each.lane} - {*known})
    if not unknown:
        return None
    lane = f"the lane {unknown[0]}" if len(unknown) == 1 else f"the lanes {' and '.join(unknown)}"
    there = f"the lane {DEFAULT} alone" if known == (DEFAULT,) else f"the lanes {', '.join(known)}"
    add = f"name {'it' if len(unknown) == 1 else 'them'} in {SETTING} and deploy"
    return f"{file} binds files to {lane}, which the stage does not have: it has {there}; bind one of those, or {add}"


def template(
    data: Template, observability: Template, lanes: Mapping[str, Seconds], *, inside: bool = False
) -> dict[str, Any]:
    """The stack of these lanes. inside: its resources are to stand beside those of `data`, in one stack."""
    resources: dict[str, Any] = {}
    for lane, seconds in lanes.items():
        added = copies((data, observability), lane, lane.capitalize(), seconds)
        if twins := sorted(added.keys() & {*data["Resources"], *observability["Resources"], *resources}):
            raise FroeError(
                f"{SETTING} has the lane {lane}, whose {twins[0]} a stage has already: rename the lane"
            )
        resources |= added
    resources = _among_themselves(resources) if inside else _from_outside(resources)
    named, parameters = str(resources), {**observability["Parameters"], **data["Parameters"]}
    conditions = {**observability.get("Conditions", {}), **data.get("Conditions", {})}
    kept = {name: condition for name, condition in conditions.items() if f"'Fn::If': ['{name}'" in named}
    named += str(kept)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Froe: the lanes of a stage beside the default one, each a batch queue and what watches its worker.",
        "Parameters": {
            name: each
            for name, each in parameters.items()
            if f"'Ref': '{name}'" in named or f"${{{name}}}" in named
        },
        **({"Conditions": kept} if kept else {}),
        "Resources": resources,
    }


def copies(
    templates: Iterable[Template], lane: str, suffix: str, seconds: Seconds
) -> dict[str, dict[str, Any]]:
    """Logical name → resource of one lane. suffix: of the logical names. lane: its name, or `${…}` of a parameter."""
    originals = {
        name: resource
        for each in templates
        for name, resource in each["Resources"].items()
        if name in _COPIED or (resource["Type"] == "AWS::Logs::MetricFilter" and _is_of_worker(resource))
    }

    def of_lane(value: Any) -> Any:
        if isinstance(value, list):
            return [of_lane(each) for each in value]
        if not isinstance(value, dict):
            return value
        if value == {"Ref": "BatchVisibilitySeconds"}:
            return _number(seconds.visibility)
        if value.keys() == {"Ref"} and value["Ref"] in originals:
            return {"Ref": value["Ref"] + suffix}
        if value.keys() == {"Fn::GetAtt"} and value["Fn::GetAtt"][0] in originals:
            return {"Fn::GetAtt": [value["Fn::GetAtt"][0] + suffix, *value["Fn::GetAtt"][1:]]}
        if value.keys() == {"Fn::Sub"}:
            return _substituted(_named(value["Fn::Sub"], lane))
        return {name: of_lane(each) for name, each in value.items()}

    copied = {}
    for name, resource in originals.items():
        properties = of_lane(_of_worker_alone(resource["Properties"], seconds))
        if "AlarmName" in properties:
            properties["AlarmName"] = {"Fn::Sub": f"{properties['AlarmName']['Fn::Sub']}-{lane}"}
            properties["AlarmDescription"] = _substituted(f"Lane {lane}. {properties['AlarmDescription']}")
        copied[name + suffix] = {**resource, "Properties": properties}
    return copied


def widened(value: Any, lanes: Iterable[str]) -> Any:
    """The part of a template with a member for each lane behind what is listed for the worker."""
    names = list(lanes)
    if isinstance(value, list):
        return [each for member in value for each in (widened(member, names), *listed(member, names))]
    if isinstance(value, dict):
        return {name: widened(each, names) for name, each in value.items()}
    return value


def listed(member: Any, lanes: Iterable[str]) -> Iterator[Any]:
    """What stands in a list for each of these lanes, if the member stands for the worker or its queue."""
    if member in _LISTED:
        of_worker = {"Fn::Sub": "/aws/lambda/froe-${Stage}-worker"} if member == _LOGS else member
        for lane in lanes:
            yield _of_lane(of_worker, lane)


def _of_lane(member: Any, lane: str) -> Any:
    if isinstance(member, list):
        return [_of_lane(each, lane) for each in member]
    return {"Fn::Sub": _named(member["Fn::Sub"], lane)} if isinstance(member, dict) else member


def _named(text: str, lane: str) -> str:
    """Names of the batch queue and the worker as those of the lane."""
    return _NAMED.sub(
        lambda match: match[1] + (queue_of(lane, "batch") if match[2] == "batch" else worker_of(lane)), text
    )


def _number(seconds: int | str) -> Any:
    return seconds if isinstance(seconds, int) else {"Ref": seconds}


def _substituted(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text


def _is_of_worker(resource: Mapping[str, Any]) -> bool:
    return bool(resource["Properties"]["LogGroupName"] == _LOGS)


def _of_worker_alone(properties: Mapping[str, Any], seconds: Seconds) -> dict[str, Any]:
    """An alarm on the metrics of several functions, on those of the worker alone."""
    if "Metrics" not in properties:
        return dict(properties)
    metrics = []
    for each in properties["Metrics"]:
        if "MetricStat" in each and each["Id"] != "of_worker":
            continue
        match = _OF_WORKER.search(str(each.get("Expression", "")))
        timeout = seconds.timeout if isinstance(seconds.timeout, int) else f"${{{seconds.timeout}}}"
        metrics.append({**each, "Expression": _substituted(f"of_worker / {timeout} / 10")} if match else each)
    return {**properties, "Metrics": metrics}


def _from_outside(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_outside(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Fn::GetAtt"} and tuple(value["Fn::GetAtt"]) in _OUTSIDE:
        return _OUTSIDE[tuple(value["Fn::GetAtt"])]
    return {name: _from_outside(each) for name, each in value.items()}


def _among_themselves(value: Any) -> Any:
    if isinstance(value, list):
        return [_among_themselves(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Fn::ImportValue"}:
        return _INSIDE[value["Fn::ImportValue"]["Fn::Sub"]]
    return {name: _among_themselves(each) for name, each in value.items()}
