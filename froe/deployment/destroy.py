"""Takes a stage down, in an order that loses nothing: first what reads, then what watches, and data only if told to.

Promise: a second run continues where the first stopped, even if half is gone. Limits: the user's own input bucket
is never emptied or deleted; KMS deletes a key after its waiting time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import botocore.exceptions

from froe.deployment import event_sources, existing_resources, notifications, others, record, stacks
from froe.deployment.chalice_runs import run_chalice
from froe.deployment.cloud import Cloud, connect
from froe.deployment.deploy import EXISTING_BUCKET, KEY_SETTING, announced_to, existing_bucket_of, say
from froe.deployment.emptying import delete_bucket, delete_table, schedule_key_deletion
from froe.deployment.stage_files import read_stage, without_settings, write_stage
from froe.deployment.stages import DIRECT, Stage
from froe.errors import FroeError
from froe.resources import ROOT, TOKEN_SETTING, Report, read_template

BUCKETS: Final = ("input", "quarantine", "results", "trail")
"""What the buckets of infra/data.json are called after the stage."""
EXTRAS: Final = ("processes", "backfill", "observability", "lanes")
_LOG_GROUP: Final = "/aws/lambda/froe-{}"


def destroy(name: str, *, delete_data: bool = False, report: Report = say, root: Path = ROOT) -> None:
    """Take the stage down. FroeError in one sentence if something stays that should not."""
    stage = read_stage(name, root)
    if stage is None:
        raise FroeError(f"The stage {name} is not in .chalice/config.json: there is nothing to take down.")
    cloud = connect(name)
    if stacks.describe(cloud, f"froe-{name}") is None and "INPUT_BUCKET" not in stage.settings:
        raise FroeError(f"The stage {name} was never deployed: there is nothing to take down.")
    try:
        _silence(cloud, stage, report)
        event_sources.remove_strays(cloud, stage, report)  # Chalice's record does not name them
        _remove_functions(cloud, stage, report, root)
        for extra in EXTRAS:
            if stacks.delete(cloud, f"froe-{name}-{extra}"):
                report(f"Deleted the stack froe-{name}-{extra}")
        if delete_data:
            delete_data_of(cloud, stage, report)
            names = {*read_template(root).settings.values(), TOKEN_SETTING, KEY_SETTING}
            write_stage(without_settings(stage, names), root)
            report(f"The stage {name} is gone; its place in .chalice/config.json stays, without settings.")
        else:
            _say_what_stays(cloud, stage, report)
    except botocore.exceptions.ClientError as error:
        raise FroeError(
            f"AWS refused {error.operation_name} ({error.response['Error']['Message'].rstrip('.')}): "
            f"fix that, and `froe destroy --stage {name}` continues."
        ) from error


def _silence(cloud: Cloud, stage: Stage, report: Report) -> None:
    """Our entry goes from the notifications of buckets that the user brought; in direct mode Chalice removes it."""
    for each in stage.others.buckets if stage.settings.get("SPLIT_QUEUE") else ():
        others.withdraw(cloud, stage, each, report)
    bucket = existing_bucket_of(cloud, stage)
    if bucket and stage.ingest != DIRECT:
        current = notifications.read(cloud, bucket)
        remaining = notifications.merged(current, stage.name, DIRECT, announced_to(cloud, stage))
        if remaining != current:
            cloud.client("s3").put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=remaining, SkipDestinationValidation=True
            )
            report(f"Removed Froe's entry from the notifications of your bucket {bucket}")


def _remove_functions(cloud: Cloud, stage: Stage, report: Report, root: Path) -> None:
    if not record.bring_up_to_date(cloud, stage, root):
        report("No functions are left to remove")
        return
    report(f"Removing the functions with chalice delete --stage {stage.name}")
    run_chalice("delete", stage.name, root, f"`froe destroy --stage {stage.name}`")
    if record.bring_up_to_date(cloud, stage, root):
        raise FroeError(
            f"Not all functions of {stage.name} are gone: `froe destroy --stage {stage.name}` continues."
        )


def delete_data_of(cloud: Cloud, stage: Stage, report: Report) -> None:
    """What the stack holds and, by their names and by the settings, what it held when a run before deleted it."""
    name = f"froe-{stage.name}"
    resources = existing_resources.resources(cloud, name)
    own_buckets = {existing_bucket_of(cloud, stage), stage.parameters.get(EXISTING_BUCKET, "")}
    buckets = {physical for kind, physical in resources.values() if kind == "AWS::S3::Bucket"} | _own_buckets(
        cloud, stage
    )
    tables = {physical for kind, physical in resources.values() if kind == "AWS::DynamoDB::Table"} | set(
        _leftovers(stage, ("RECORDS_TABLE", "LEDGER_TABLE"))
    )
    keys = {physical.rsplit("/", 1)[-1] for kind, physical in resources.values() if kind == "AWS::KMS::Key"}
    if stage.settings.get(KEY_SETTING):
        keys.add(stage.settings[KEY_SETTING].rsplit("/", 1)[-1])
    for bucket in sorted(buckets - own_buckets):
        report(f"Deleting the bucket {bucket} and every version in it")
        delete_bucket(cloud, bucket)
    for table in sorted(tables):
        report(f"Deleting the table {table}")
        delete_table(cloud, table)
    if stacks.delete(cloud, name):
        report(f"Deleted the stack {name}")
    for key in sorted(keys):
        days = schedule_key_deletion(cloud, key)
        if days:
            report(
                f"KMS deletes the key {key} in {days} days, until then it can be kept (cancel-key-deletion)"
            )
    for group in _own_log_groups(cloud, stage):
        cloud.client("logs").delete_log_group(logGroupName=group)
        report(f"Deleted the log group {group}")


def _own_buckets(cloud: Cloud, stage: Stage) -> set[str]:
    """Those that are there of the names which the template gives: they stay when a stack is gone."""
    names = {f"froe-{stage.name}-{each}-{cloud.account}-{cloud.region}" for each in BUCKETS}
    return {name for name in names if _is_there(cloud, name)}


def _is_there(cloud: Cloud, bucket: str) -> bool:
    try:
        cloud.client("s3").head_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def _leftovers(stage: Stage, settings: tuple[str, ...]) -> Iterator[str]:
    """What the settings name and bears the stage's name: of a stack that is gone already."""
    for setting in settings:
        value = stage.settings.get(setting, "")
        if value.startswith(f"froe-{stage.name}-"):
            yield value


def _own_log_groups(cloud: Cloud, stage: Stage) -> list[str]:
    """Those that Lambda made by itself before there were any of ours."""
    names = {f"/aws/lambda/{stage.function_name(each)}" for each in stage.known_functions}
    pages: Any = (
        cloud.client("logs")
        .get_paginator("describe_log_groups")
        .paginate(logGroupNamePrefix=_LOG_GROUP.format(stage.name))
    )
    return sorted(
        each["logGroupName"] for page in pages for each in page["logGroups"] if each["logGroupName"] in names
    )


def _say_what_stays(cloud: Cloud, stage: Stage, report: Report) -> None:
    kinds = {
        "AWS::S3::Bucket": "buckets",
        "AWS::DynamoDB::Table": "tables",
        "AWS::SQS::Queue": "queues",
        "AWS::KMS::Key": "key",
        "AWS::SNS::Topic": "topic",
    }
    kept_by_kind: dict[str, list[str]] = {}
    for kind, physical in existing_resources.resources(cloud, f"froe-{stage.name}").values():
        if kind in kinds:
            kept_by_kind.setdefault(kinds[kind], []).append(physical.rsplit("/", 1)[-1].rsplit(":", 1)[-1])
    for kind, names in kept_by_kind.items():
        report(f"Kept the {kind} {', '.join(sorted(names))}")
    report(
        "What is kept costs by its size (S3 about $0.023, DynamoDB about $0.25 per GB a month in us-east-1; a key $1 a "
        f"month); queues cost nothing while nobody reads them, but forget messages after their retention. `froe deploy "
        f"--stage {stage.name}` goes on where it was, `froe destroy --stage {stage.name} --delete-data` deletes it all."
    )
