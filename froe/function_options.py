"""What Chalice cannot say of a function: its ephemeral storage, how many copies of it a queue may feed, tracing off.

Promise: what .chalice/config.json says under a function is what Lambda is told in the very call that creates or changes
it; what it no longer says is taken back. Limits: `ephemeral_storage` (MB, 512 to 10,240) and `maximum_concurrency`
(2 to 1,000, functions that a queue feeds).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from froe.deployment.stages import QUEUES, Stage
from froe.errors import FroeError
from froe.resources import FUNCTIONS

EPHEMERAL_MB: Final = (512, 10_240)
"""https://docs.aws.amazon.com/lambda/latest/api/API_EphemeralStorage.html"""
CONCURRENCY: Final = (2, 1000)
"""https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html"""


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
            maximum_concurrency=_whole(stage, function, "maximum_concurrency", CONCURRENCY)
            if function in QUEUES
            else None,
        )
        for function in FUNCTIONS
    }


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
