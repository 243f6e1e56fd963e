"""Lanes: those that the configuration file binds are there, and none is left that the stage has no more."""

from collections.abc import Iterator
from typing import Final

from chalicelib.configuration import PACKAGED, read_config
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.plan.lanes import SETTING
from froe.deployment import leftovers
from froe.deployment.checks.examined import Examined
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.stages import CONFIG
from froe.lanes import unfit_lanes

AREA: Final = "lanes"


def check_lanes(examined: Examined) -> Iterator[Finding]:
    """Nothing where the stage has the default lane alone, and never had another."""
    stage, left = examined.stage, sorted(leftovers.lanes_left(examined.cloud, examined.stage))
    if left:
        yield fault(
            AREA,
            f"{SETTING} names {', '.join(left)} no more, and the queue is still there",
            f"{examined.deploy} takes it away once nothing waits in it",
        )
    try:
        packaged = examined.root / "chalicelib" / PACKAGED.name
        config = read_config(environment=stage.settings, packaged=packaged)
    except ConfigError:
        return  # who deploys is told
    if unfit := unfit_lanes(config, stage.lanes, PACKAGED.name):
        yield fault(
            AREA,
            f"{unfit}; until then they go to the default lane",
            f"change {SETTING} of the stage in {CONFIG}, or {PACKAGED.name}, then {examined.deploy}",
        )
    elif stage.lanes:
        yield ok(AREA, f"beside the default lane there are {', '.join(stage.lanes)}")
