"""`froe forget`: removes what is stored of one file."""

from __future__ import annotations

import click

from froe.commands.options import json_option, stage_option


@click.command(short_help="Remove what is stored of one file.")
@click.argument("name", metavar="FILE_ID")
@click.option(
    "--object", "with_object", is_flag=True, help="Delete the object in the input bucket too, this version."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@stage_option
@json_option
def forget(*, name: str, with_object: bool, yes: bool, stage: str | None, as_json: bool) -> None:
    """Remove the records, rejects, dead letters and account of one settled file, for good.

    The ledger remembers for 30 days (or one day more than SWEEP_DAYS) that it was forgotten, so that nothing
    late writes it again. FILE_ID may be shortened, or a key that has one file. Backups, logs and mails are
    not changed.
    """
    from dataclasses import asdict  # noqa: PLC0415 - with what follows
    from datetime import UTC, datetime  # noqa: PLC0415 - with what follows

    from chalicelib.audit import Audit  # noqa: PLC0415 - with what follows
    from chalicelib.aws.access_table import DynamoAudit  # noqa: PLC0415 - with what follows
    from chalicelib.aws.removal import Places  # noqa: PLC0415 - with what follows
    from chalicelib.settings import Settings  # noqa: PLC0415 - imports boto3, which takes a second
    from froe.forgetting import Forgetting  # noqa: PLC0415 - as above
    from froe.inquiry import only_file_id, status_of  # noqa: PLC0415 - as above
    from froe.jsonl import print_json  # noqa: PLC0415 - as above
    from froe.selecting import who_asks  # noqa: PLC0415 - as above
    from froe.target import find_target  # noqa: PLC0415 - as above
    from froe.terminal import printable  # noqa: PLC0415 - as above

    target = find_target(stage)
    settings = Settings.from_environment(target.settings_env)
    places = Places(
        settings.records_table,
        settings.ledger_table,
        settings.quarantine_bucket,
        settings.results_bucket,
    )
    forgetting = Forgetting(
        target.client("dynamodb"), target.client("s3"), places, sweep_days=settings.sweep_days
    )
    stored = forgetting.find(only_file_id(status_of(target), name))
    if not yes:
        also = ", and the object itself" if with_object else ""
        click.confirm(
            f"Remove what is stored of {printable(str(stored.plan.object))}{also}? This cannot be undone",
            abort=True,
            err=True,
        )
    trail = Audit(
        DynamoAudit(target.client("dynamodb"), settings.ledger_table), lambda: datetime.now(UTC), "froe"
    )
    subject = {"file_id": stored.file_id, "with_object": with_object}  # no key: it may be why
    with trail.noted(who_asks(), "forget", subject) as note:
        done = forgetting.forget(stored, datetime.now(UTC), with_object=with_object)
        note.update(records=done.records, rejects=done.rejects)
    if as_json:
        print_json(asdict(done) | {"remembered_until": done.remembered_until.isoformat()})
        return
    was = {None: "stays", True: "is deleted", False: "was not there any more"}[done.object_deleted]
    click.echo(f"Forgot {done.file_id}, {printable(done.object)}:")
    click.echo(f"  records         {done.records:,} records, {done.rejects:,} rejects")
    if done.parquet_objects:
        click.echo(f"  Parquet         {done.parquet_objects:,} objects, with old versions")
    click.echo(f"  quarantine      {done.messages:,} messages of {done.dead_letters:,} dead letters")
    click.echo(f"  ledger          {done.ledger_items:,} items; marks are emptied")
    click.echo(f"  object          {was}")
    click.echo(f"Froe remembers until {done.remembered_until:%Y-%m-%d} that it was forgotten.")
