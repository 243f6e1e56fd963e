"""`froe doctor`: what is wrong with a stage, or with this machine, and what to do about it."""

from __future__ import annotations

import click

from froe.commands.options import json_option


@click.command(short_help="Check this machine, or a stage.")
@click.option(
    "--stage",
    metavar="STAGE",
    help="A stage, such as dev; local is the one on a local AWS.  [default: this machine]",
)
@json_option
def doctor(*, stage: str | None, as_json: bool) -> None:
    """Check this machine: Python, packages, configuration, disk, ports, endpoint, region, credentials. With
    --stage check a stage: stacks, functions, mappings, queues, tables, policies, alarms.

    It changes nothing. Each fault is one line with its remedy; the exit code is 1 if there is one.
    """
    from froe.deployment.doctor import doctor as examine_stage  # noqa: PLC0415 - imports boto3, which takes a second
    from froe.deployment.findings import print_for_people, print_for_programs, stop_at_faults  # noqa: PLC0415 - as above
    from froe.deployment.machine import examine_machine  # noqa: PLC0415 - as above

    findings = examine_machine() if stage is None else examine_stage(stage)
    if as_json:
        print_for_programs(findings)
    else:
        print_for_people(findings)
    stop_at_faults("This machine" if stage is None else f"The stage {stage}", findings)
