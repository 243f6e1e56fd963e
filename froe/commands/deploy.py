"""`froe deploy`: the resources of a stage, the functions on them, and a check of the result."""

from __future__ import annotations

import sys

import click

from froe.commands.options import json_option, stage_name


@click.command(short_help="Create or update a stage in your AWS account.")
@stage_name
@click.option("--backfill", is_flag=True, help="Include the state machine of infra/backfill.json.")
@click.option("--new", is_flag=True, help="Create the stage if it does not exist, without asking.")
@json_option
def deploy(*, stage: str, backfill: bool, new: bool, as_json: bool) -> None:
    """Create or update everything that a stage needs, in your AWS account.

    The resources come from infra/*.json with the parameters of infra/parameters/STAGE.json, the functions
    from Chalice; at the end it checks the stage as `froe doctor` does. A second run changes only what
    differs, and continues where the first stopped. A stage that is not in .chalice/config.json starts as a
    copy of dev; the command asks before it creates one, or needs --new. --json prints each finding of the
    check; progress goes to standard error.
    """
    deploy_stage(stage, with_backfill=backfill, new=new, as_json=as_json)


def _is_new(sentence: str) -> bool:
    """Whether to make a new stage; asks if somebody can answer."""
    return sys.stdin.isatty() and click.confirm(f"{sentence} Make it, as a copy of dev?", err=True)


def deploy_stage(
    stage: str,
    *,
    with_backfill: bool = False,
    new_token: bool = False,
    new: bool = False,
    as_json: bool = False,
) -> None:
    from froe.deployment.deploy import deploy as deployed  # noqa: PLC0415 - imports boto3, which takes a second
    from froe.deployment.doctor import examine  # noqa: PLC0415 - as above
    from froe.deployment.findings import print_for_people, print_for_programs, stop_at_faults  # noqa: PLC0415 - as above
    from froe.resources import ROOT  # noqa: PLC0415 - as above

    prepared = deployed(
        stage, with_backfill=with_backfill, new_token=new_token, is_new=(lambda _: True) if new else _is_new
    )
    findings = examine(prepared.cloud, prepared.stage, ROOT)
    if as_json:
        print_for_programs(findings)
    else:
        print_for_people(findings, only_faults=True)
    stop_at_faults(f"The stage {stage}", findings)
