"""The resources of a stage: infra/data.json as a CloudFormation stack, its outputs as settings.

The output `InputBucket` is the setting `INPUT_BUCKET`, and so on: the template is the only list of names. What is
exported is for other stacks and no setting.
The same calls make the local and the real resources; only the poll interval differs.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.exceptions

from froe.errors import FroeError
from froe.templates import CAPABILITIES, read_body

LOCAL_STAGE = "local"
CHALICE = (
    sys.executable,
    "-c",
    "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())",
)
ROOT = Path(__file__).resolve().parent.parent
TOKEN_SETTING = "API_TOKEN_SHA256"  # noqa: S105 - the name of a setting, not a secret

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Template:
    """infra/data.json: `body` is its text without its spaces, `settings` what its outputs are called as settings."""

    body: str
    settings: Mapping[str, str]
    ttl_attributes: Mapping[str, str]

    @property
    def required_settings(self) -> tuple[str, ...]:
        """Every setting that a deployed function cannot do without."""
        return (*self.settings.values(), TOKEN_SETTING)


def read_template(root: Path = ROOT) -> Template:
    """The template of the checkout at `root`. Raises FroeError where there is none."""
    body = read_body(root / "infra" / "data.json").text
    content = json.loads(body)
    return Template(
        body=body,
        settings={
            output: setting_name(output)
            for output, value in content["Outputs"].items()
            if "Export" not in value
        },
        ttl_attributes={
            setting_name(name): resource["Properties"]["TimeToLiveSpecification"]["AttributeName"]
            for name, resource in content["Resources"].items()
            if "TimeToLiveSpecification" in resource.get("Properties", {})
        },
    )


def setting_name(output: str) -> str:
    """`LedgerStreamArn` → `LEDGER_STREAM_ARN`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def create_or_update(
    cloudformation: Any,
    stage: str,
    template: Template,
    *,
    parameters: Mapping[str, str] | None = None,
    poll_seconds: float = 5,
) -> dict[str, str]:
    """Bring the stack `froe-<stage>` to the template and give its outputs as settings.

    A parameter that is not given keeps the value the stack has. Raises FroeError with CloudFormation's reason.
    """
    name = f"froe-{stage}"
    given = {"Stage": stage, **(parameters or {})}
    existing = _describe(cloudformation, name)
    if existing is None:
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=template.body,
            Capabilities=CAPABILITIES,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )
        _wait(cloudformation, name, "stack_create_complete", poll_seconds)
    else:
        _refuse_unusable(name, existing["StackStatus"])
        kept = {parameter["ParameterKey"] for parameter in existing.get("Parameters", ())} - set(given)
        known = json.loads(template.body)["Parameters"]
        try:
            cloudformation.update_stack(
                StackName=name,
                TemplateBody=template.body,
                Capabilities=CAPABILITIES,
                Parameters=[
                    *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
                    *({"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept & set(known))),
                ],
            )
        except botocore.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
        else:
            _wait(cloudformation, name, "stack_update_complete", poll_seconds)
    stack = _describe(cloudformation, name)
    outputs = {} if stack is None else {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}
    missing = sorted(set(template.settings) - set(outputs))
    if missing:
        raise FroeError(f"The stack {name} lacks the outputs {', '.join(missing)}: look at its events.")
    return {setting: outputs[output] for output, setting in template.settings.items()}


def _describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    try:
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stacks[0] if stacks else None


def _refuse_unusable(name: str, status: str) -> None:
    if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        raise FroeError(
            f"The stack {name} is {status} and cannot be updated: "
            f"delete it (aws cloudformation delete-stack --stack-name {name}) and deploy again."
        )
    if status.endswith("_IN_PROGRESS"):
        raise FroeError(
            f"The stack {name} is being changed by someone else ({status}): wait and deploy again."
        )


def _wait(cloudformation: Any, name: str, condition: str, poll_seconds: float) -> None:
    try:
        cloudformation.get_waiter(condition).wait(
            StackName=name, WaiterConfig={"Delay": poll_seconds, "MaxAttempts": int(1800 / poll_seconds)}
        )
    except botocore.exceptions.WaiterError as error:
        raise FroeError(f"The stack {name} was not made: {_first_failure(cloudformation, name)}") from error


def _first_failure(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    for event in sorted(events, key=lambda event: event["Timestamp"]):
        if event["ResourceStatus"].endswith("_FAILED"):
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
    return "CloudFormation gave no reason"
