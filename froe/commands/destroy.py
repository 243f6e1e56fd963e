"""`froe destroy`: takes a stage down, and deletes its data only if told to twice."""

from __future__ import annotations

import click

from froe.commands.options import json_option, stage_name


@click.command(short_help="Take a stage down; its data stays by default.")
@stage_name
@click.option(
    "--delete-data", is_flag=True, help="Also delete buckets, tables, queues and the key, with their content."
)
@click.option("--yes", is_flag=True, help="Do not ask before the data is deleted.")
@json_option
def destroy(*, stage: str, delete_data: bool, yes: bool, as_json: bool) -> None:
    """Take down the functions, the API, the alarms and the logs of a stage.

    Buckets, tables, queues and their content stay, and `froe deploy` continues where the stage stopped. With
    --delete-data they are deleted too, with all versions of all objects: that cannot be undone. Your own
    bucket is never emptied.
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
