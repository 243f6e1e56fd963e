"""The configuration that `froe config put` put for a stage, at a deploy: what another Froe compiled is compiled anew.

Functions of the new version read what the one before compiled, so that the stage is never without it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chalicelib.audit import Audit
from chalicelib.aws.access_table import DynamoAudit
from chalicelib.aws.versions_store import StoredVersions
from chalicelib.core.errors import AccessDeniedError, MissingResourceError
from froe.deployment.cloud import Cloud
from froe.deployment.stages import Stage
from froe.errors import FroeError
from froe.resources import Report

if TYPE_CHECKING:
    from froe.configuring import Configuring, Written


def configuring(cloud: Cloud, stage: Stage) -> Configuring | None:
    """None where the stage has no resources yet."""
    from froe.configuring import Configuring  # noqa: PLC0415 - imports what takes long
    from froe.selecting import who_asks  # noqa: PLC0415 - it imports this module

    table, bucket = (stage.settings.get(name) for name in ("LEDGER_TABLE", "QUARANTINE_BUCKET"))
    if not (table and bucket):
        return None
    client = cloud.client("dynamodb")
    audit = Audit(DynamoAudit(client, table), lambda: datetime.now(UTC), "froe")
    store = StoredVersions(client, table, cloud.client("s3"), bucket)
    return Configuring(store, audit, who_asks(), lanes=stage.lanes)


def check(cloud: Cloud, stage: Stage, report: Report) -> Written | None:
    """What is to be put anew once the functions are deployed. Raises ConfigError for what does not pass any more, and
    FroeError for a binding to a lane that the stage does not have."""
    versions = configuring(cloud, stage)
    try:
        newest = versions.newest() if versions else None
    except MissingResourceError:
        return None
    except AccessDeniedError as error:
        report(
            f"Whether a configuration was put for the stage is not known ({error}): give who deploys what"
            " infra/policies/people/deploy-functions.json allows"
        )
        return None
    if versions is None or newest is None or newest.is_deployed:
        return None
    report(
        f"Version {newest.number} of the configuration, which {newest.by} put, stays in use; froe.toml is deployed beside it"
        " (`froe config diff` compares them)"
    )
    try:
        written = versions.written(newest)
    except FroeError as error:  # what is compiled goes on being used; the doctor names it
        report(f"It is not compiled anew: {error.message}")
        return None
    versions.check_fit(written)
    return None if written.digest == newest.digest else written


def put_anew(cloud: Cloud, stage: Stage, written: Written, report: Report) -> None:
    versions = configuring(cloud, stage)
    assert versions
    version = versions.put_anew(written)
    report(
        f"Compiled the configuration anew, as version {version.number}: another Froe compiled the one before"
    )
