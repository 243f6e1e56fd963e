"""The templates in infra/, as they are sent to CloudFormation.

Promise: what is sent equals the file, except for what the local AWS does not support: that is omitted there,
and reported.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from froe.errors import FroeError

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
"""The templates make a role, and use AWS's own transform (AWS::LanguageExtensions)."""

UNKNOWN_LOCALLY = frozenset({"AWS::Logs::QueryDefinition", "AWS::XRay::Group", "AWS::XRay::SamplingRule"})
"""Types of resources that ministack refuses."""


@dataclass(frozen=True, slots=True)
class Body:
    """text: JSON without spaces, as CloudFormation takes 51,200 bytes. parameters: the names of those it
    declares. left_out: logical ids of what is not in it."""

    text: str
    parameters: frozenset[str]
    left_out: tuple[str, ...] = ()


def read_body(path: Path, *, local: bool = False) -> Body:
    """The template at `path`; `local` leaves out what ministack refuses, to which nothing else refers. Raises
    FroeError where there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FroeError(
            f"{path} cannot be read ({error.strerror}): run froe in a project folder (`froe init DIR` makes one) or a checkout."
        ) from error
    resources = content["Resources"]
    left_out = tuple(name for name in resources if local and not _is_known_locally(resources[name]))
    content["Resources"] = {name: resources[name] for name in resources if name not in left_out}
    return Body(json.dumps(content, separators=(",", ":")), frozenset(content["Parameters"]), left_out)


def _is_known_locally(resource: Mapping[str, Any]) -> bool:
    """ministack raises alarms on metrics, not on metric math (the property `Metrics`)."""
    if resource["Type"] == "AWS::CloudWatch::Alarm":
        return "Metrics" not in resource["Properties"]
    return resource["Type"] not in UNKNOWN_LOCALLY
