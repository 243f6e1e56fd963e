"""Checks what a stage really has, changes nothing, and gives a remedy for each fault.

Limits: it sees what the credentials may see; some things do not exist on a local AWS, and it says which.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from froe.deployment import stacks
from froe.deployment.checks.announcing import check_announcing
from froe.deployment.checks.backfill import check_backfill
from froe.deployment.checks.buckets import check_buckets
from froe.deployment.checks.concurrency import check_concurrency
from froe.deployment.checks.configuration import check_configuration
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.functions import check_functions
from froe.deployment.checks.lanes import check_lanes
from froe.deployment.checks.mappings import check_mappings, check_way_in
from froe.deployment.checks.others import check_others
from froe.deployment.checks.queues import check_queues
from froe.deployment.checks.sink import check_sink
from froe.deployment.checks.stacks import check_key, check_settings, check_stacks
from froe.deployment.checks.tables import check_tables
from froe.deployment.checks.watching import check_watching
from froe.deployment.cloud import Cloud, connect
from froe.deployment.findings import Finding, not_local
from froe.deployment.stage_files import read_stage
from froe.deployment.stages import Stage
from froe.errors import FroeError
from froe.resources import ROOT, read_template

Check = Callable[[Examined], Iterator[Finding]]
FIRST: Final[tuple[Check, ...]] = (check_stacks, check_settings)
"""What tells where the rest is."""
THEN: Final[tuple[Check, ...]] = (
    check_key,
    check_functions,
    check_mappings,
    check_concurrency,
    check_way_in,
    check_others,
    check_announcing,
    check_buckets,
    check_queues,
    check_lanes,
    check_tables,
    check_configuration,
    check_sink,
    check_watching,
    check_backfill,
)
NOT_HELD_LOCALLY: Final = (
    ("functions", "whether a policy is enough: the local AWS permits everything"),
    ("way in", "the REST API: the local AWS does not import its routes"),
)


def doctor(name: str, root: Path = ROOT) -> list[Finding]:
    """What there is to say about a stage. FroeError if it was never deployed."""
    stage = read_stage(name, root)
    if stage is None:
        raise FroeError(
            f"The stage {name} is not in .chalice/config.json: `froe deploy --stage {name}` makes it."
        )
    cloud = connect(name)
    if stacks.describe(cloud, f"froe-{name}") is None and "INPUT_BUCKET" not in stage.settings:
        raise FroeError(f"The stage {name} was never deployed: `froe deploy --stage {name}` does it.")
    return examine(cloud, stage, root)


def examine(cloud: Cloud, stage: Stage, root: Path) -> list[Finding]:
    """The findings of every check, in order; of the first ones alone where the stage does not name its resources."""
    examined = Examined(cloud, stage, root)
    findings = [finding for check in FIRST for finding in check(examined)]
    if all(stage.settings.get(name) for name in read_template(root).required_settings):
        findings += [finding for check in THEN for finding in check(examined)]
    if cloud.local:
        findings += [not_local(area, what) for area, what in NOT_HELD_LOCALLY]
    return findings
