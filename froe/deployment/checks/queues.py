"""Queues: they exist, hide messages long enough for their functions, have a dead-letter queue that keeps messages longer,
are encrypted, and have the policy of the template.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.core.plan.lanes import DEFAULT, lane_of, worker_of
from froe.deployment.checks.access import as_argument, same_policy
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.fitting import VISIBILITIES, visibility_of
from froe.deployment.stage_files import parameters_file
from froe.deployment.stages import QUEUES, VISIBILITIES_OF
from froe.deployment.templates import DATA, LANES

AREA: Final = "queues"
LEAST_RECEIVES: Final = 5
"""Throttled receives count too (as above)."""
DEAD_LETTER_SECONDS: Final = 14 * 86_400
_PARAMETERS: Final[Mapping[str, str]] = {
    "SPLIT_QUEUE": "Split",
    "BATCH_QUEUE": "Batch",
    "DEAD_LETTER_QUEUE": "DeadLetter",
}


def check_queues(examined: Examined) -> Iterator[Finding]:
    """Each of the stage's three, and those of its lanes."""
    expected = {each["QueueName"]: each for each in _expected(examined, "AWS::SQS::Queue")}
    policies = {
        url.rsplit("/", 1)[-1]: each["PolicyDocument"]
        for each in _expected(examined, "AWS::SQS::QueuePolicy")
        for url in each["Queues"]
    }
    for function, url in examined.stage.queues.items():
        name = url.rsplit("/", 1)[-1]
        reply = examined.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
        if reply is None:
            yield fault(
                AREA,
                f"the queue {name} was deleted",
                f"{examined.deploy} makes it again, and the sweeper sends again what was in it",
            )
            continue
        faults = list(_faults(examined, function, name, reply["Attributes"]))
        faults += _drift(examined, name, expected.get(name, {}), reply["Attributes"])
        faults += _policy(name, url, policies.get(name), reply["Attributes"])
        yield from faults or [
            ok(AREA, f"{name} hides messages long enough, keeps them, is encrypted and has its policy")
        ]


def _expected(examined: Examined, kind: str) -> Iterator[dict[str, Any]]:
    for template in (DATA, LANES):
        yield from expected_of(examined, template, kind).values()


def _faults(examined: Examined, function: str, name: str, actual: Mapping[str, str]) -> Iterator[Finding]:
    source = parameters_file(examined.stage.name)
    base = function if lane_of(function) is None else worker_of(DEFAULT)
    setting, parameter = QUEUES[base], VISIBILITIES_OF[base]
    prefix = _PARAMETERS[setting]
    timeout = examined.stage.timeout_seconds(function)
    visible = int(actual["VisibilityTimeout"])
    if visible < visibility_of(timeout):
        given = parameter in examined.stage.parameters
        remedy = f"remove {parameter} from {source}, or set it to {visibility_of(timeout)} or more, then "
        yield fault(
            AREA,
            f"{name} hides a message for {visible} s, less than {VISIBILITIES} x the {timeout} s of {function}",
            f"{remedy if given else ''}{examined.deploy}{'' if given else ' sets it'}",
        )
    kept = int(actual["MessageRetentionPeriod"])
    if setting == "DEAD_LETTER_QUEUE":
        if kept < DEAD_LETTER_SECONDS:
            yield fault(
                AREA, f"{name} keeps messages for {kept} s, not 14 days", f"{examined.deploy} sets it"
            )
    else:
        yield from _redrive(examined, prefix, name, actual)
        if kept >= DEAD_LETTER_SECONDS:
            yield fault(
                AREA,
                f"{name} keeps messages as long as its dead-letter queue, which would delete them at once",
                f"{examined.deploy} sets it",
            )


def _drift(
    examined: Examined, name: str, expected: Mapping[str, Any], actual: Mapping[str, str]
) -> Iterator[Finding]:
    asked, kept = expected.get("MessageRetentionPeriod"), int(actual["MessageRetentionPeriod"])
    if asked is not None and kept != int(asked) and kept < DEAD_LETTER_SECONDS > int(asked):
        yield fault(AREA, f"{name} keeps messages for {kept} s, not {asked}", f"{examined.deploy} sets it")
    key, own = (str(each.get("KmsMasterKeyId", "")).rsplit("/", 1)[-1] for each in (expected, actual))
    managed = actual.get("SqsManagedSseEnabled") == "true"
    if own != key if key else not own and not managed:
        yield fault(AREA, f"{name} is not encrypted with the stage's key", f"{examined.deploy} sets its key")


def _policy(
    name: str, url: str, expected: Mapping[str, Any] | None, actual: Mapping[str, str]
) -> Iterator[Finding]:
    if expected is None or same_policy(actual.get("Policy"), expected):
        return
    attributes = as_argument({"Policy": json.dumps(expected)})
    yield fault(
        AREA,
        f"{name} does not have the policy of infra/data.json, which says who may send to it, and only by HTTPS",
        f"aws sqs set-queue-attributes --queue-url {url} --attributes {attributes}",
    )


def _redrive(examined: Examined, prefix: str, name: str, actual: Mapping[str, str]) -> Iterator[Finding]:
    policy = json.loads(actual.get("RedrivePolicy") or "{}")
    target = examined.stage.settings.get("DEAD_LETTER_QUEUE", "").rsplit("/", 1)[-1]
    if str(policy.get("deadLetterTargetArn", "")).rsplit(":", 1)[-1] != target:
        yield fault(AREA, f"{name} sends nothing to {target}", f"{examined.deploy} sets its redrive policy")
        return
    receives = int(policy.get("maxReceiveCount", 0))
    if receives < LEAST_RECEIVES:
        yield fault(
            AREA,
            f"{name} gives up a message after {receives} receives, and throttled ones count",
            f"set {prefix}MaxReceives in {parameters_file(examined.stage.name)} to {LEAST_RECEIVES} or more",
        )
