"""Compares what functions asked of AWS with what their policies allow, both by the names of infra/data.json.

Source: the lines of recording.py, from stacks of any stage. Limits: conditions are not looked at; a bucket that
is none of ours is a brought input bucket.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from froe.resources import FUNCTIONS, ROOT

_FORMS: Final[Mapping[str, str]] = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Calls without an action of their own
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html)."""

_READS: Final = {"s3:GetObject", "s3:GetObjectVersion"}
_NAMES: Final = {"s3": "BucketName", "sqs": "QueueName", "dynamodb": "TableName", "sns": "TopicName"}
_WORKER_OF_LANE: Final = re.compile(r"-worker_[a-z0-9]+$")
_QUEUE_OF_LANE: Final = re.compile(r"(-batch)-[a-z0-9]+$")
_INPUT: Final = "InputBucket"


class Access(NamedTuple):
    """An action of a function on a resource, written as in a policy (`${BatchQueue.Arn}`): called for or allowed."""

    function: str
    action: str
    resource: str


def needs_in(calls: Path, root: Path = ROOT) -> set[Access]:
    """What the recorded calls need, by the names of the template at `root`; nothing before the first call."""
    if not calls.exists():
        return set()
    names = _logical_ids(root)
    needs = set()
    for line in calls.read_bytes().splitlines():
        call = orjson.loads(line)
        stage, function = _split(call["function"])
        action = _FORMS.get(call["action"], call["action"])
        resource = _named(call["resource"], stage, names)
        needs.add(Access(function, action, resource))
        if action in _READS and call["status"] == 404:
            # Who may not list gets 403 for an object that is not there, as if it were forbidden
            # (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
            needs.add(Access(function, "s3:ListBucket", resource.partition("/")[0]))
    return needs


def grants_of(function: str, document: Mapping[str, Any]) -> list[Access]:
    """Every action on every resource that a policy allows, in its order."""
    return [
        Access(function, action, resource)
        for statement in document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


def lacking(needs: Iterable[Access], grants: Iterable[Access]) -> list[Access]:
    """What was called for and is not allowed."""
    allowed = list(grants)
    return sorted(need for need in needs if not any(_covers(grant, need) for grant in allowed))


def idle(needs: Iterable[Access], grants: Iterable[Access]) -> list[Access]:
    """What is allowed and was never called for."""
    called = list(needs)
    return sorted(grant for grant in grants if not any(_covers(grant, need) for need in called))


def _covers(grant: Access, need: Access) -> bool:
    same = (grant.function, grant.action) == (need.function, need.action)
    pattern = ".*".join(map(re.escape, grant.resource.split("*")))
    return same and re.fullmatch(pattern, need.resource, re.DOTALL) is not None


def _split(lambda_name: str) -> tuple[str, str]:
    """`froe-dev-worker` → stage and function; `froe-dev` is the HTTP function, the worker of a lane the worker."""
    lambda_name = _WORKER_OF_LANE.sub("-worker", lambda_name)
    for function in FUNCTIONS:
        if lambda_name.endswith(f"-{function}"):
            return lambda_name.removeprefix("froe-").removesuffix(f"-{function}"), function
    return lambda_name.removeprefix("froe-"), "api_handler"


def _logical_ids(root: Path) -> dict[tuple[str, str], str]:
    """Service and last part of the name, `("sqs", "batch")`, → logical id."""
    template = json.loads((root / "infra" / "data.json").read_text(encoding="utf-8"))
    return {
        (service, part): logical_id
        for logical_id, resource in template["Resources"].items()
        for service, part in _name_parts(resource)
    }


def _name_parts(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for service, name in _NAMES.items():
        text = json.dumps(resource.get("Properties", {}).get(name, ""))
        match = re.search(r"froe-\$\{Stage\}-([a-z-]*[a-z])", text)
        if match:
            yield service, match[1]


def _named(arn: str, stage: str, names: Mapping[tuple[str, str], str]) -> str:
    """`arn:aws:sqs:us-east-1:1:froe-dev-batch` → `${BatchQueue.Arn}`, with what follows the name."""
    if arn == "*":
        return arn
    _, _, service, _, _, rest = arn.split(":", 5)
    name, slash, tail = rest.removeprefix("table/").partition("/")
    name = _QUEUE_OF_LANE.sub(r"\1", name) if service == "sqs" else name
    for (known, part), logical_id in names.items():
        own = f"froe-{stage}-{part}"
        if known == service and (name == own or (service == "s3" and name.startswith(f"{own}-"))):
            return f"${{{logical_id}{'' if service == 'sns' else '.Arn'}}}{slash}{tail}"
    if service == "events":  # no resource of a stage: the account's own bus
        return f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"
    if service == "athena":  # named without a resource of the template
        named = rest.replace(f"froe-{stage}", "froe-${Stage}")
        return f"arn:${{AWS::Partition}}:athena:${{AWS::Region}}:${{AWS::AccountId}}:{named}"
    return f"${{{_INPUT}.Arn}}{slash}{tail}" if service == "s3" else arn
