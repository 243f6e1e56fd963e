"""The workgroups of the sink, where the stage has one: there, and with the bounds that the template sets."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import botocore.exceptions

from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.findings import Finding, fault, ok
from froe.deployment.templates import DATA

AREA: Final = "sink"


def check_sink(examined: Examined) -> Iterator[Finding]:
    """Nothing where there is no sink."""
    for expected in expected_of(examined, DATA, "AWS::Athena::WorkGroup").values():
        name, bounds = expected["Name"], _bounds(expected["State"], expected["WorkGroupConfiguration"])
        workgroup = _workgroup(examined, name)
        if workgroup is None:
            yield fault(
                AREA,
                f"the workgroup {name} was deleted",
                f"set the parameter Sink to none, {examined.deploy}, and the same with Sink parquet, make it again",
            )
            continue
        actual = _bounds(workgroup["State"], workgroup.get("Configuration", {}))
        wrong = [each for each, value in bounds.items() if actual[each] != value]
        if wrong:
            yield fault(
                AREA,
                f"the workgroup {name} has not what the template says: {', '.join(wrong)}",
                f"aws athena update-work-group --work-group {name} --state {bounds['State']} --configuration-updates"
                f" EnforceWorkGroupConfiguration={bounds['EnforceWorkGroupConfiguration']},"
                f"BytesScannedCutoffPerQuery={bounds['BytesScannedCutoffPerQuery']},"
                f"ResultConfigurationUpdates={{OutputLocation={bounds['OutputLocation']}}}",
            )
        else:
            yield ok(AREA, f"the workgroup {name} is as the template asks")


def _bounds(state: str, configuration: Mapping[str, Any]) -> dict[str, str]:
    """As texts: the template has numbers as such."""
    return {
        "State": state,
        "EnforceWorkGroupConfiguration": str(configuration.get("EnforceWorkGroupConfiguration")).lower(),
        "BytesScannedCutoffPerQuery": str(configuration.get("BytesScannedCutoffPerQuery")),
        "OutputLocation": str(configuration.get("ResultConfiguration", {}).get("OutputLocation")),
    }


def _workgroup(examined: Examined, name: str) -> dict[str, Any] | None:
    try:
        answer = examined.ask("athena", "get_work_group", WorkGroup=name)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRequestException":
            return None
        raise
    return answer["WorkGroup"] if answer else None
