"""`froe deploy`: the resources of a stage and the functions on them."""

from __future__ import annotations

import click


@click.command(short_help="Create or update a stage in your AWS account.")
@click.option("--stage", required=True, help="A stage of .chalice/config.json, such as dev.")
def deploy(*, stage: str) -> None:
    """Create or update everything that a stage needs, in your AWS account.

    The resources come from infra/data.json, the functions from Chalice. Running it again changes
    only what differs.
    """
    from froe.deploy import deploy as deploy_stage  # noqa: PLC0415 - imports Chalice, which takes a second

    deploy_stage(stage)
