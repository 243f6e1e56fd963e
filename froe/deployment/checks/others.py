"""Whether each further input bucket exists, and announces its objects to the split queue once."""

from collections.abc import Iterator

from froe.deployment import others
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.mappings import WAY_IN
from froe.deployment.findings import Finding, fault, ok, warning
from froe.errors import FroeError


def check_others(examined: Examined) -> Iterator[Finding]:
    """Nothing where INPUT_BUCKETS names none."""
    cloud, stage = examined.cloud, examined.stage
    try:
        for other, ways in others.ways_in(cloud, stage):
            yield _of(examined, other, ways, others.unreachable(cloud, stage, other))
    except FroeError as error:
        yield fault(WAY_IN, error.message.rstrip("."), "INPUT_BUCKETS is in .chalice/config.json")


def _of(examined: Examined, other: others.Other, ways: list[str] | None, unreachable: str) -> Finding:
    bucket = other.bucket
    if ways is None or other.region is None:
        return warning(
            WAY_IN,
            f"what {bucket} announces may not be seen with these credentials",
            f"ask its owner whether it announces to the split queue ({others.GUIDE})",
        )
    if unreachable:
        what, _, remedy = unreachable.partition(": ")
        return warning(WAY_IN, what, remedy)
    if other.region != examined.cloud.region:
        return ok(WAY_IN, f"{bucket} is in {other.region}, and a topic there is named")
    if ways == [others.WAY_IN]:
        return ok(WAY_IN, f"{bucket} announces its objects to the split queue")
    if not ways:
        return fault(
            WAY_IN, f"{bucket} does not announce its objects to this stage", f"{examined.deploy} fixes it"
        )
    return fault(WAY_IN, f"{bucket} announces its objects {len(ways)} times", "remove the spare entries")
