"""What the AWS provider 5.x does not support, done with the AWS command line.

The provider accepts queues with messages of 1 MiB from 6.8.0 on, and supports neither Contributor Insights for throttled
keys only nor warm throughput.
"""

from __future__ import annotations

from typing import Any, Final

from froe.resources import snake_case
from froe.terraform.hcl import LABEL, Block, Call, Expr
from froe.terraform.values import NOTHING, OF_LANE, RESOURCES, value

CLI: Final = Block(
    description="The AWS command line, 2.31 or newer, with credentials for the same account as the provider; empty to go"
    " without: then set BATCH_MAX_BYTES to 180000, as messages over 256 KiB are refused",
    type=Expr("string"),
    default="aws",
    nullable=False,
)


_MESSAGE_BYTES_OF_LANES: Final = f'{{ for lane in keys(var.lanes) : "batch_queue_${{lane}}" => {RESOURCES["BatchQueue"]["Properties"]["MaximumMessageSize"]} }}'
_URLS_OF_LANES: Final = (
    '{ for lane, queue in aws_sqs_queue.batch_queue_of_lane : "batch_queue_${lane}" => queue.url }'
)


def beyond_the_provider() -> dict[str, dict[str, Any]]:
    """Local value → resource → its value, of what aws_sqs_queue and aws_dynamodb_table do not take."""
    gaps: dict[str, dict[str, Any]] = {"message_bytes": {}, "insights_modes": {}, "warm_write_units": {}}
    for name, resource in RESOURCES.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::SQS::Queue" and not name.endswith(OF_LANE):
            gaps["message_bytes"][snake_case(name)] = properties["MaximumMessageSize"]
        elif resource["Type"] == "AWS::DynamoDB::Table":
            gaps["insights_modes"][snake_case(name)] = properties["ContributorInsightsSpecification"]["Mode"]
            _, warm, nothing = properties["WarmThroughput"]["Fn::If"]
            assert nothing == NOTHING
            gaps["warm_write_units"][snake_case(name)] = value(warm["WriteUnitsPerSecond"])
    return gaps


def local_values() -> dict[str, Any]:
    gaps = beyond_the_provider()
    queues, tables = gaps["message_bytes"], gaps["insights_modes"]
    return {
        **gaps,
        "message_bytes": Call("merge", [queues, Expr(_MESSAGE_BYTES_OF_LANES)]),
        "has_cli": Expr('var.aws_cli != ""'),
        "queue_urls": Call(
            "merge",
            [{name: Expr(f"aws_sqs_queue.{name}.url") for name in queues}, Expr(_URLS_OF_LANES)],
        ),
        "table_names": {name: Expr(f"aws_dynamodb_table.{name}.name") for name in tables},
    }


def resources() -> dict[str, Block]:
    """Address → body."""
    insights = [
        Expr(f"aws_dynamodb_contributor_insights.{name}") for name in beyond_the_provider()["insights_modes"]
    ]
    return {
        "terraform_data.message_bytes": _command(
            "local.message_bytes",
            "queue_urls",
            'sqs set-queue-attributes --queue-url "$TARGET" --attributes "MaximumMessageSize=$VALUE"',
        ),
        "terraform_data.insights_modes": _command(
            "local.insights_modes",
            "table_names",
            'dynamodb update-contributor-insights --table-name "$TARGET" --contributor-insights-action ENABLE'
            ' --contributor-insights-mode "$VALUE"',
            after=insights,
        ),
        "terraform_data.warm_write_units": _command(
            "{ for table, units in local.warm_write_units : table => units if units > 0 }",
            "table_names",
            'dynamodb update-table --table-name "$TARGET" --warm-throughput "WriteUnitsPerSecond=$VALUE"',
        ),
    }


def _command(values: str, targets: str, arguments: str, *, after: list[Expr] | None = None) -> Block:
    """The command line with arguments, for each of the values. after: what must be there before."""
    return Block(
        **({"depends_on": after} if after else {}),
        for_each=Expr(f"local.has_cli ? {values} : {{}}"),
        triggers_replace=[Expr(f"local.{targets}[each.key]"), Expr("each.value")],
        provisioner=[
            Block(
                {LABEL: "local-exec"},
                command=f'"$AWS_CLI" {arguments}',
                environment={
                    "AWS_CLI": Expr("var.aws_cli"),
                    "AWS_DEFAULT_REGION": Expr("local.region"),
                    "TARGET": Expr(f"local.{targets}[each.key]"),
                    "VALUE": Expr("each.value"),
                },
            )
        ],
    )
