"""Tables: they exist, and have the properties of the template: expiry, the ledger's stream, recovery, key, protection."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.findings import Finding, fault, not_local, ok
from froe.deployment.templates import DATA

AREA: Final = "tables"
LOGICAL: Final[Mapping[str, str]] = {"RECORDS_TABLE": "RecordsTable", "LEDGER_TABLE": "LedgerTable"}


def check_tables(examined: Examined) -> Iterator[Finding]:
    """Each of the stage's two."""
    expected = expected_of(examined, DATA, "AWS::DynamoDB::Table")
    for setting, logical in LOGICAL.items():
        name = examined.stage.settings.get(setting, "")
        reply = examined.ask("dynamodb", "describe_table", TableName=name)
        if reply is None:
            yield fault(
                AREA,
                f"the table {name} does not exist",
                f"restore it from a backup, or {examined.deploy} makes it again, empty",
            )
            continue
        faults = list(_faults(examined, name, expected.get(logical, {}), reply["Table"]))
        yield from faults or [ok(AREA, f"{name} is as the template asks")]
        if examined.cloud.local:
            yield not_local(AREA, f"point-in-time recovery, key and deletion protection of {name}")


def _faults(
    examined: Examined, name: str, asked: Mapping[str, Any], actual: Mapping[str, Any]
) -> Iterator[Finding]:
    sets = f"{examined.deploy} sets it"
    if actual["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        yield fault(AREA, f"{name} is {actual['TableStatus']}", "wait until it is ACTIVE")
    expiry = (examined.ask("dynamodb", "describe_time_to_live", TableName=name) or {}).get(
        "TimeToLiveDescription", {}
    )
    attribute = asked.get("TimeToLiveSpecification", {}).get("AttributeName")
    enabled = expiry.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    if attribute and not (enabled and expiry.get("AttributeName") == attribute):
        yield fault(AREA, f"{name} does not expire items by {attribute}", sets)
    if "StreamSpecification" in asked:
        stream = examined.stage.settings.get("LEDGER_STREAM_ARN")
        if actual.get("LatestStreamArn") != stream or not actual.get("StreamSpecification", {}).get(
            "StreamEnabled"
        ):
            yield fault(
                AREA,
                f"the stream of {name} is {actual.get('LatestStreamArn')}, not {stream}",
                f"switch it on (aws dynamodb update-table --table-name {name} --stream-specification "
                "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES), then change RecoveryDays in "
                f"infra/parameters/{examined.stage.name}.json by a day and run {examined.deploy}: the stack learns of a "
                "new stream when the table changes",
            )
    if examined.cloud.local:
        return
    if "SSESpecification" in asked and actual.get("SSEDescription", {}).get("SSEType") != "KMS":
        yield fault(AREA, f"{name} is not encrypted with the stage's key", sets)
    if asked.get("DeletionProtectionEnabled") is True and not actual.get("DeletionProtectionEnabled"):
        yield fault(AREA, f"{name} is not protected from deletion", sets)
    if "PointInTimeRecoverySpecification" in asked:
        reply = examined.ask("dynamodb", "describe_continuous_backups", TableName=name) or {}
        backups = reply.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
        if backups.get("PointInTimeRecoveryStatus") != "ENABLED":
            yield fault(AREA, f"{name} cannot be restored to a point in time", sets)
