"""`froe doctor`: what of a stage is not as the checkout says, and what to do about it."""

from __future__ import annotations

import click

from froe.commands.options import stage_name


@click.command(short_help="Name each fault of a stage, with its remedy.")
@stage_name
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(*, stage: str, as_json: bool) -> None:
    """Check what a stage really has: stacks, functions, mappings, queues, tables, policies, alarms.

    It changes nothing. Each fault is one line with its remedy; the exit code is 1 if there is one.
    """
    from froe.deployment.doctor import doctor as examine_stage  # noqa: PLC0415 - imports boto3, which takes a second
    from froe.deployment.findings import print_for_people, print_for_programs, stop_at_faults  # noqa: PLC0415 - as above

    findings = examine_stage(stage)
    if as_json:
        print_for_programs(findings)
    else:
        print_for_people(findings)
    stop_at_faults(stage, findings)
