"""The state machine of backfills, if the stage has one; its stack is checked like every stack."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import botocore.exceptions

from froe.deployment import existing_resources
from froe.deployment.checks.examined import Examined
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.templates import BACKFILL

AREA: Final = "backfill"


def check_backfill(examined: Examined) -> Iterator[Finding]:
    """Nothing where the stage was deployed without it."""
    stack = f"froe-{examined.stage.name}-{BACKFILL}"
    again = (
        f"delete its stack (aws cloudformation delete-stack --stack-name {stack}), and "
        f"{replace(examined, with_backfill=True).deploy} makes it again"
    )
    for kind, physical in existing_resources.resources(examined.cloud, stack).values():
        if kind == "AWS::StepFunctions::StateMachine":
            machine = _machine(examined, physical)
            if machine is None:
                yield fault(AREA, f"the state machine {physical} was deleted", again)
            elif machine.get("status", "ACTIVE") != "ACTIVE":
                yield fault(AREA, f"the state machine {physical} is {machine['status']}", again)
            else:
                yield ok(AREA, f"the state machine {physical.rsplit(':', 1)[-1]} is there")
        elif kind == "AWS::IAM::Role" and examined.ask("iam", "get_role", RoleName=physical) is None:
            yield fault(AREA, f"the role {physical} of the state machine was deleted", again)


def _machine(examined: Examined, arn: str) -> dict[str, Any] | None:
    try:
        return examined.ask("stepfunctions", "describe_state_machine", stateMachineArn=arn)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "StateMachineDoesNotExist":
            return None
        raise
