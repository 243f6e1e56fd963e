"""What Chalice cannot say of a function: its ephemeral storage, how many copies of it a queue may feed, tracing off, and
what fits the workers to the records table.

Promise: what .chalice/config.json says under a function is what Lambda is told in the very call that creates or changes
it; what it no longer says is taken back; where it says nothing of the worker, it is fitted (`deployment.fitting`).
Limits: `ephemeral_storage` (MB, 512 to 10,240) and, for functions that a queue feeds, `maximum_concurrency` (2 to 1,000)
and `mapping_enabled` (false: processes take the queue's messages, see `froe consume`).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.plan.lanes import lane_of
from froe.deployment.fitting import CONCURRENCY
from froe.deployment.stages import QUEUES, Stage
from froe.resources import LOCAL_STAGE

EPHEMERAL_MB: Final = (512, 10_240)
"""https://docs.aws.amazon.com/lambda/latest/api/API_EphemeralStorage.html"""


@dataclass(frozen=True, slots=True)
class FunctionOptions:
    """ephemeral_mb: the size of /tmp; timeout_seconds: a worker's alone, None is as Chalice has it;
    maximum_concurrency: None is without a limit of its own; batch_size: messages of an event, None is as app.py says."""

    ephemeral_mb: int = EPHEMERAL_MB[0]
    maximum_concurrency: int | None = None
    timeout_seconds: int | None = None
    batch_size: int | None = None
    mapping_enabled: bool = True


def read_options(stage: Stage) -> dict[str, FunctionOptions]:
    """The options of each function, by the name that Lambda knows. FroeError for one out of its range."""
    return {stage.function_name(function): _options(stage, function) for function in stage.known_functions}


def _options(stage: Stage, function: str) -> FunctionOptions:
    ephemeral_mb = stage.whole(function, "ephemeral_storage", EPHEMERAL_MB) or EPHEMERAL_MB[0]
    lane = lane_of(function)
    if function not in QUEUES and lane is None:
        return FunctionOptions(ephemeral_mb)
    concurrency = stage.whole(function, "maximum_concurrency", CONCURRENCY)
    enabled = stage.flag(function, "mapping_enabled", default=True)
    if lane is None:
        return FunctionOptions(ephemeral_mb, concurrency, mapping_enabled=enabled)
    fit = stage.fit_of(lane)
    if stage.name != LOCAL_STAGE:
        concurrency = fit.maximum_concurrency
    return FunctionOptions(ephemeral_mb, concurrency, fit.timeout_seconds, fit.batch_size, enabled)


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
    if own is None:
        return {}
    timeout = {} if own.timeout_seconds is None else {"Timeout": own.timeout_seconds}
    return {"EphemeralStorage": {"Size": own.ephemeral_mb}, **timeout}


def has_code(configuration: Mapping[str, Any], package: bytes, architecture: str | None) -> bool:
    """Whether a function, as Lambda describes it, has this very package."""
    digest = base64.b64encode(hashlib.sha256(package).digest()).decode()
    settled = configuration.get("LastUpdateStatus", "Successful") == "Successful"
    return (
        settled
        and configuration.get("CodeSha256") == digest
        and configuration.get("Architectures") == [architecture]
    )
