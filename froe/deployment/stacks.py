"""CloudFormation stacks: brought to their template, fixed where something was deleted by hand, taken away.

Promise: running it again changes only what differs; a stack that failed when it was first made and holds nothing is
cleared away by itself. Limits: one CloudFormation operation on a stack at a time, as AWS has it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import botocore.exceptions

from froe.deployment import existing_resources
from froe.deployment.cloud import Cloud
from froe.deployment.templates import StackTemplate, unprotected, without
from froe.errors import FroeError
from froe.resources import Report
from froe.templates import CAPABILITIES

MAX_WAIT_SECONDS: Final = 1800
_GONE: Final = {"DELETE_COMPLETE"}
_UNMADE: Final = {"ROLLBACK_COMPLETE", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}
_STUCK: Final[Mapping[str, str]] = {
    "ROLLBACK_FAILED": "delete it (aws cloudformation delete-stack --stack-name {name})",
    "DELETE_FAILED": "delete it (aws cloudformation delete-stack --stack-name {name})",
    "UPDATE_ROLLBACK_FAILED": "roll it back (aws cloudformation continue-update-rollback --stack-name {name})",
}


def create_or_update(
    cloud: Cloud, stage: str, template: StackTemplate, parameters: Mapping[str, str], report: Report
) -> dict[str, str]:
    """Bring the template's stack of the stage to it and give the stack's outputs.

    A parameter that is not given keeps the value the stack has. What was deleted by hand is made anew.
    Raises FroeError with CloudFormation's reason.
    """
    name = template.stack_name(stage)
    given = template.taken({"Stage": stage, **parameters})
    stack = describe(cloud, name)
    if stack is not None and stack["StackStatus"] in _UNMADE:
        _clear(cloud, name, stack["StackStatus"], report)
        stack = None
    if stack is None:
        first = unprotected(template)
        _call(cloud, "create_stack", name, first, _values(given, ()))
        _wait(cloud, name, "stack_create_complete")
        if first != template:
            _update(cloud, name, template, _values(given, set(template.parameters) - set(given)))
    else:
        _refuse_unusable(name, stack["StackStatus"])
        previous = [each["ParameterKey"] for each in stack.get("Parameters", ())]
        values = _values(given, [each for each in previous if each in template.parameters])
        lost = existing_resources.missing(cloud, name)
        if lost:
            report(f"Recreating what is missing in the stack {name}: {', '.join(sorted(lost))}")
            deployed = deployed_template(cloud, name)
            kept = [each for each in previous if each in deployed.get("Parameters", {})]
            smaller = StackTemplate(template.name, without(deployed, lost))
            _update(cloud, name, smaller, _values({}, kept))
        _update(cloud, name, template, values)
    return outputs(cloud, name)


def describe(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """The stack; None if there is none."""
    try:
        stacks: list[dict[str, Any]] = cloud.client("cloudformation").describe_stacks(StackName=name)[
            "Stacks"
        ]
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stacks[0] if stacks and stacks[0]["StackStatus"] not in _GONE else None


def outputs(cloud: Cloud, name: str) -> dict[str, str]:
    """Output → value; nothing where there is no stack."""
    stack = describe(cloud, name)
    return {each["OutputKey"]: each["OutputValue"] for each in (stack or {}).get("Outputs", ())}


def parameters(cloud: Cloud, name: str) -> dict[str, str]:
    """Parameter → value in force; nothing where there is no stack."""
    stack = describe(cloud, name)
    return {each["ParameterKey"]: str(each["ParameterValue"]) for each in (stack or {}).get("Parameters", ())}


def delete(cloud: Cloud, name: str) -> bool:
    """Delete the stack and wait until it is gone; False if there was none. FroeError with the reason if it stays."""
    stack = describe(cloud, name)
    if stack is None:
        return False
    cloud.client("cloudformation").delete_stack(StackName=name)
    _wait(cloud, name, "stack_delete_complete", "deleted", stack["StackId"])  # its name is soon unknown
    return True


def deployed_template(cloud: Cloud, name: str) -> dict[str, Any]:
    """That of the stack as it is now."""
    body = cloud.client("cloudformation").get_template(StackName=name, TemplateStage="Original")[
        "TemplateBody"
    ]
    deployed: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
    return deployed


def _update(cloud: Cloud, name: str, template: StackTemplate, values: list[dict[str, Any]]) -> None:
    try:
        _call(cloud, "update_stack", name, template, values)
    except FroeError as error:
        if "No updates are to be performed" not in str(error):
            raise
    else:
        _wait(cloud, name, "stack_update_complete", "updated")


def _call(
    cloud: Cloud, operation: str, name: str, template: StackTemplate, values: list[dict[str, Any]]
) -> None:
    call: Callable[..., Any] = getattr(cloud.client("cloudformation"), operation)
    try:
        call(
            StackName=name,
            TemplateBody=template.body,
            Parameters=values,
            Capabilities=CAPABILITIES,
        )
    except botocore.exceptions.ClientError as error:
        reason = error.response["Error"]["Message"].rstrip(".")
        raise FroeError(f"CloudFormation does not accept the stack {name}: {reason}.") from error


def _values(given: Mapping[str, str], kept: Any) -> list[dict[str, Any]]:
    return [
        *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
        *({"ParameterKey": key, "UsePreviousValue": True} for key in sorted(set(kept) - set(given))),
    ]


def _clear(cloud: Cloud, name: str, status: str, report: Report) -> None:
    """Delete a stack that was never made, if nothing is in it."""
    left = sorted(physical for _, physical in existing_resources.resources(cloud, name).values())
    if left:
        raise FroeError(
            f"The stack {name} is {status} and still has {', '.join(left)}: look whether that is needed, delete it "
            f"and the stack (aws cloudformation delete-stack --stack-name {name}), and deploy again."
        )
    report(f"Deleting the empty stack {name}, whose creation failed before")
    delete(cloud, name)


def _refuse_unusable(name: str, status: str) -> None:
    if status in _STUCK:
        remedy = _STUCK[status].format(name=name)
        raise FroeError(f"The stack {name} is {status} and cannot be updated: {remedy} and deploy again.")
    if status.endswith("_IN_PROGRESS"):
        raise FroeError(
            f"The stack {name} is being changed by someone else ({status}): wait and deploy again."
        )


def _wait(
    cloud: Cloud, name: str, condition: str, participle: str = "made", stack_id: str | None = None
) -> None:
    client = cloud.client("cloudformation")
    stack_id = stack_id or name
    try:
        client.get_waiter(condition).wait(
            StackName=stack_id,
            WaiterConfig={
                "Delay": cloud.poll_seconds,
                "MaxAttempts": int(MAX_WAIT_SECONDS / cloud.poll_seconds),
            },
        )
    except botocore.exceptions.WaiterError as error:
        reason = first_failure(client.describe_stack_events(StackName=stack_id)["StackEvents"])
        if "DescribeEvents" in reason:
            reason = first_refusal(client.describe_events(StackName=stack_id)["OperationEvents"]) or reason
        raise FroeError(
            f"The stack {name} was not {participle}: {reason}: {remedy_for(reason)} and run again."
        ) from error


def first_failure(events: list[dict[str, Any]]) -> str:
    """What failed first in the newest operation on a stack, and CloudFormation's reason."""
    newest: list[dict[str, Any]] = []
    for event in sorted(events, key=lambda event: event["Timestamp"], reverse=True):
        newest.append(event)
        begun = event["ResourceStatus"] in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
        if begun and event.get("ResourceType") == "AWS::CloudFormation::Stack":
            break
    for event in reversed(newest):
        if event["ResourceStatus"].endswith("_FAILED"):
            reason = str(event.get("ResourceStatusReason", "no reason given")).rstrip(".")
            return f"{event['LogicalResourceId']}: {reason}"
    return "CloudFormation gave no reason"


def first_refusal(events: list[dict[str, Any]]) -> str | None:
    """What CloudFormation refused before it made anything, and why; None if there is nothing of that kind
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html)."""
    for event in events:
        if event.get("EventType") == "VALIDATION_ERROR":
            return f"{event['LogicalResourceId']}: {str(event.get('ValidationStatusReason')).rstrip('.')}"
    return None


def remedy_for(reason: str) -> str:
    """What to do about a resource that CloudFormation could not make."""
    lowered = reason.lower()
    if "already exist" in lowered or "already owned" in lowered or "bucketalready" in lowered:
        return (
            "the name is taken: delete what bears it, if it is left from an earlier stage and empty, or choose another "
            "stage (a bucket of yours is brought in with ExistingInputBucket in infra/parameters/STAGE.json),"
        )
    if "not authorized" in lowered or "access denied" in lowered or "accessdenied" in lowered:
        return "give the credentials that permission (docs/deployment.md)"
    return "fix that"
