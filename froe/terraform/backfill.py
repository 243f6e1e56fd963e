"""The state machine of infra/backfill.json in Terraform; its definition is read from there."""

from __future__ import annotations

from typing import Any, Final

from froe.resources import snake_case
from froe.terraform.data import Built, Properties
from froe.terraform.hcl import Block, Expr, expression
from froe.terraform.values import value

DEFINITION: Final = Expr(
    'jsonencode(jsondecode(file("${path.module}/../backfill.json")).Resources.Backfill.Properties.Definition)'
)


def state_machine(name: str, properties: Properties) -> Built:
    logging = properties.pop("LoggingConfiguration")
    (destination,) = logging["Destinations"]
    log_group = value(destination["CloudWatchLogsLogGroup"]["LogGroupArn"])
    yield (
        f"aws_sfn_state_machine.{name}",
        Block(
            name=value(properties.pop("StateMachineName")),
            type=properties.pop("StateMachineType"),
            role_arn=value(properties.pop("RoleArn")),
            definition=_filled_in(properties.pop("DefinitionSubstitutions")),
            logging_configuration=[
                Block(
                    level=logging["Level"],
                    include_execution_data=logging["IncludeExecutionData"],
                    log_destination=f"${{{log_group}}}:*",
                )
            ],
            tracing_configuration=[Block(enabled=properties.pop("TracingConfiguration")["Enabled"])],
            depends_on=[Expr("aws_iam_role_policy.backfill_role")],
        ),
    )
    value(properties.pop("Definition"))  # the module reads it from the template


def _filled_in(substitutions: dict[str, Any]) -> Expr:
    """The definition with a value in each of its gaps, as DefinitionSubstitutions does it."""
    made = "local.backfill_definition"
    for gap, substitute in substitutions.items():
        made = f'replace({made}, "$${{{gap}}}", {expression(value(substitute))})'
    return Expr(made)


def output() -> Block:
    return Block(
        description="The ARN that `aws stepfunctions start-execution` takes; null without a state machine",
        value=Expr(f"var.backfill ? aws_sfn_state_machine.{snake_case('Backfill')}[0].arn : null"),
    )
