"""What Chalice cannot say of a function: its ephemeral storage, how many copies of it a queue may feed, tracing off.

Promise: what .chalice/config.json says under a function is what Lambda is told in the very call that creates or changes
it; what it no longer says is taken back; workers are as many as the records table takes, where it says nothing of
them. Limits: `ephemeral_storage` (MB, 512 to 10,240) and `maximum_concurrency` (2 to 1,000, functions that a queue feeds).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from froe.deployment.stages import QUEUES, Stage
from froe.errors import FroeError
from froe.resources import FUNCTIONS, LOCAL_STAGE

EPHEMERAL_MB: Final = (512, 10_240)
"""https://docs.aws.amazon.com/lambda/latest/api/API_EphemeralStorage.html"""
CONCURRENCY: Final = (2, 1000)
"""https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html"""


NEW_TABLE_UNITS: Final = 4000
"""Write units a second that a new on-demand table takes
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""
_UNITS_OF_A_WORKER: Final = 1000
"""A worker alone writes ten times as many: with one for each partition's worth, no unit stays unused."""


@dataclass(frozen=True, slots=True)
class FunctionOptions:
    """ephemeral_mb: the size of /tmp; maximum_concurrency: None is without a limit of its own."""

    ephemeral_mb: int = EPHEMERAL_MB[0]
    maximum_concurrency: int | None = None


def read_options(stage: Stage) -> dict[str, FunctionOptions]:
    """The options of each function, by the name that Lambda knows. FroeError for one out of its range."""
    return {
        stage.function_name(function): FunctionOptions(
            ephemeral_mb=_whole(stage, function, "ephemeral_storage", EPHEMERAL_MB) or EPHEMERAL_MB[0],
            maximum_concurrency=_concurrency(stage, function) if function in QUEUES else None,
        )
        for function in FUNCTIONS
    }


def table_units(stage: Stage) -> int:
    """Write units a second that the stage's records table takes: its bound, else what it is warmed for or new with."""
    given = (int(stage.parameters.get(f"Records{name}WriteUnits", 0)) for name in ("Max", "Warm"))
    return next((units for units in given if units), NEW_TABLE_UNITS)


def _concurrency(stage: Stage, function: str) -> int | None:
    """What the configuration says; else as many workers as the table takes, and no limit for others."""
    configured = _whole(stage, function, "maximum_concurrency", CONCURRENCY)
    if configured is not None or function != "worker" or stage.name == LOCAL_STAGE:
        return configured
    return min(CONCURRENCY[1], max(CONCURRENCY[0], -(-table_units(stage) // _UNITS_OF_A_WORKER)))


def complete(client: Any, options: Mapping[str, FunctionOptions]) -> None:
    """Put what Chalice leaves out into every call by this Lambda client that creates or changes a function."""

    def on_create(params: dict[str, Any], **_: Any) -> None:
        params.update(demanded(params, options))

    def on_update(params: dict[str, Any], **_: Any) -> None:
        params.update(demanded(params, options))
        params.setdefault("TracingConfig", {"Mode": "PassThrough"})  # Chalice only ever switches it on

    client.meta.events.register("provide-client-params.lambda.CreateFunction", on_create)
    client.meta.events.register("provide-client-params.lambda.UpdateFunctionConfiguration", on_update)


def demanded(params: Mapping[str, Any], options: Mapping[str, FunctionOptions]) -> dict[str, Any]:
    """The parameters for a function that Chalice leaves out; none for a function that is not ours."""
    own = options.get(params["FunctionName"])
    return {"EphemeralStorage": {"Size": own.ephemeral_mb}} if own else {}


def has_code(held: Mapping[str, Any], package: bytes, architecture: str | None) -> bool:
    """Whether a function, as Lambda describes it, has this very package."""
    digest = base64.b64encode(hashlib.sha256(package).digest()).decode()
    settled = held.get("LastUpdateStatus", "Successful") == "Successful"
    return settled and held.get("CodeSha256") == digest and held.get("Architectures") == [architecture]


def _whole(stage: Stage, function: str, name: str, reach: tuple[int, int]) -> int | None:
    value = stage.option(function, name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not reach[0] <= value <= reach[1]:
        raise FroeError(
            f"{name} of {function} in stage {stage.name} is {value!r}: "
            f"set it to a whole number from {reach[0]} to {reach[1]}, or take it out."
        )
    return value
