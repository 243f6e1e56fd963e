"""Lanes that a stage had and has no more.

Promise: a lane goes once nothing waits in its queue, and only after the functions that send to it were deployed anew. A
file that was opened for it goes on in the default lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.exceptions

from chalicelib.core.plan.lanes import SETTING, queue_of, worker_of
from froe.deployment import existing_resources, stacks
from froe.deployment.cloud import Cloud
from froe.deployment.stages import CONFIG, Stage
from froe.deployment.templates import LANES, StackTemplate
from froe.errors import FroeError
from froe.resources import Report

_WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def refuse(cloud: Cloud, stage: Stage) -> None:
    """FroeError where a lane is to go whose worker still has something to do."""
    for lane, url in lanes_left(cloud, stage).items():
        waiting = _waiting(cloud, url) if _has_worker(cloud, stage, lane) else 0
        if waiting:
            raise FroeError(
                f"{SETTING} of stage {stage.name} in {CONFIG} names the lane {lane} no more, and {waiting:,} batches wait in "
                f"its queue: put it back, bind nothing to it, deploy, and take it out once its queue is empty."
            )


def with_left(cloud: Cloud, stage: Stage, template: StackTemplate | None) -> StackTemplate | None:
    """The stack of the lanes with those that are to go, for as long as functions send to them."""
    left = lanes_left(cloud, stage)
    if not left:
        return template
    deployed = stacks.deployed_template(cloud, _stack(stage))
    content = template.content if template else {**deployed, "Resources": {}}
    merged = {
        **content,
        **{
            section: {**deployed.get(section, {}), **content.get(section, {})}
            for section in ("Parameters", "Conditions")
        },
        "Resources": {**_of(deployed, left), **content["Resources"]},
    }
    return StackTemplate(LANES, merged)


def remove(cloud: Cloud, stage: Stage, report: Report) -> None:
    """Take away what is left of lanes that the stage has no more."""
    left = lanes_left(cloud, stage)
    if not left:
        return
    deployed = stacks.deployed_template(cloud, _stack(stage))
    gone = _of(deployed, left)
    kept = {name: each for name, each in deployed["Resources"].items() if name not in gone}
    if kept:
        smaller = StackTemplate(LANES, {**deployed, "Resources": kept})
        stacks.create_or_update(cloud, stage.name, smaller, {}, report)
    else:
        stacks.delete(cloud, _stack(stage))
    report(f"Took away the lanes {', '.join(sorted(left))}, which {SETTING} names no more")


def _stack(stage: Stage) -> str:
    return f"froe-{stage.name}-{LANES}"


def lanes_left(cloud: Cloud, stage: Stage) -> dict[str, str]:
    """Lane → the URL of its queue."""
    begins = queue_of("", f"froe-{stage.name}-batch")
    lanes = {
        physical.rsplit("/", 1)[-1].removeprefix(begins): physical
        for kind, physical in existing_resources.resources(cloud, _stack(stage)).values()
        if kind == "AWS::SQS::Queue"
    }
    return {lane: url for lane, url in lanes.items() if lane not in stage.lanes}


def _of(deployed: Mapping[str, Any], lanes: Mapping[str, str]) -> dict[str, Any]:
    ends = tuple(lane.capitalize() for lane in lanes)
    return {name: each for name, each in deployed["Resources"].items() if name.endswith(ends)}


def _has_worker(cloud: Cloud, stage: Stage, lane: str) -> bool:
    client = cloud.client("lambda")
    try:
        client.get_function_configuration(FunctionName=stage.function_name(worker_of(lane)))
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True


def _waiting(cloud: Cloud, url: str) -> int:
    client = cloud.client("sqs")
    try:
        answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_WAITING))
    except botocore.exceptions.ClientError as error:
        if "NonExistent" in error.response["Error"]["Code"]:
            return 0
        raise
    return sum(int(answer["Attributes"][name]) for name in _WAITING)
