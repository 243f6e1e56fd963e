"""`froe destroy`: takes a stage down, and its data only if told twice."""

from __future__ import annotations

import click

from froe.commands.options import json_option, stage_name


@click.command(short_help="Take a stage down; its data stays unless told.")
@stage_name
@click.option(
    "--delete-data", is_flag=True, help="Delete buckets, tables, queues and the key too, with all in them."
)
@click.option("--yes", is_flag=True, help="Do not ask whether the data may go.")
@json_option
def destroy(*, stage: str, delete_data: bool, yes: bool, as_json: bool) -> None:
    """Take down the functions, the API, the alarms and the logs of a stage.

    Buckets, tables, queues and what is in them stay, and `froe deploy` goes on where it was. With
    --delete-data they go too, all versions of all objects included: that cannot be undone. A bucket
    that you brought is never emptied.
    """
    if delete_data and not yes:
        click.confirm(
            f"Delete every object, record and message of the stage {stage}? This cannot be undone",
            abort=True,
            err=True,
        )
    from froe.deployment.destroy import destroy as destroy_stage  # noqa: PLC0415 - imports boto3, which takes a second

    destroy_stage(stage, delete_data=delete_data)
    if as_json:
        from froe.jsonl import print_json  # noqa: PLC0415 - as above

        print_json({"stage": stage, "destroyed": True, "data_deleted": delete_data})
