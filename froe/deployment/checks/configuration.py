"""The configuration that was put for the stage, if any: functions can use it, and this Froe compiles it alike."""

from collections.abc import Iterator
from typing import Final

from chalicelib.configuration_versions import UnusableError, Version
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.spec import KEY_SETTING
from chalicelib.core.errors import FroeError as PipelineError
from froe.configuring import Configuring
from froe.deployment import configured
from froe.deployment.checks.examined import Examined
from froe.deployment.findings import Finding, fault, ok, warning
from froe.errors import FroeError
from froe.lanes import unfit_lanes

AREA: Final = "configuration"
_REMEDY: Final = "`froe config put` the file again, or `froe config rollback`"
_READER: Final = "queued_splitter"
"""Of the functions that read it, the one that every stage has."""


def check_configuration(examined: Examined) -> Iterator[Finding]:
    """Says nothing of a stage for which none was put."""
    versions = configured.configuring(examined.cloud, examined.stage)
    try:
        newest = versions.newest() if versions else None
    except PipelineError:
        return  # the ledger's own checks say what is wrong with it
    if versions and newest and not newest.is_deployed:
        yield _checked(examined, versions, newest)


def _checked(examined: Examined, versions: Configuring, newest: Version) -> Finding:
    named = f"version {newest.number}, which {newest.by} put,"
    function = examined.stage.function_name(_READER)
    deployed = examined.ask("lambda", "get_function_configuration", FunctionName=function) or {}
    key = deployed.get("Environment", {}).get("Variables", {}).get(KEY_SETTING, "")
    try:
        config = versions.usable(newest, key)
        anew = versions.compiled_anew()
    except UnusableError as error:
        return fault(AREA, f"{named} is not used: {error}", _REMEDY)
    except ConfigError as error:
        return fault(AREA, f"{named} does not pass the checks of this Froe ({error})", "put a corrected file")
    except (FroeError, PipelineError) as error:
        return fault(AREA, f"{named} cannot be compiled again: {error}", _REMEDY)
    if unfit := unfit_lanes(config, examined.stage.lanes):
        return fault(AREA, f"{named}: {unfit}", "put a corrected file")
    if anew:
        other = f"was compiled by Froe {newest.froe}, and this one compiles it otherwise"
        return warning(AREA, f"{named} {other}", f"{examined.deploy} compiles it anew")
    return ok(AREA, f"{named} is in use in place of the deployed froe.toml")
