"""Concurrency: whether the pollers of the stage's queues could use up the account's limit."""

from collections.abc import Iterator, Mapping
from typing import Final

import botocore.exceptions

from froe.deployment.checks.examined import Examined
from froe.deployment.findings import Finding, not_local, ok, warning
from froe.deployment.stages import Stage
from froe.function_options import read_options

AREA: Final = "concurrency"
UNBOUNDED: Final = 1250
"""What the pollers of one queue go up to without a maximum
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html)."""
QUOTA: Final = "L-B99A9384"
"""Concurrent executions, in Service Quotas."""


def check_concurrency(examined: Examined) -> Iterator[Finding]:
    """Asked before the first load: what is taken here is missing to every other function of the account."""
    if examined.cloud.local:
        yield not_local(AREA, "how many copies of functions the account may run")
        return
    try:
        reply = examined.ask("lambda", "get_account_settings") or {}
    except botocore.exceptions.ClientError as error:
        yield warning(
            AREA,
            f"what the account may run is not known ({error.response['Error']['Code']})",
            "allow lambda:GetAccountSettings, as infra/policies/people/deploy-functions.json does",
        )
        return
    limit = reply.get("AccountLimit", {})
    free = limit.get("UnreservedConcurrentExecutions", limit.get("ConcurrentExecutions"))
    if free is None:
        return
    most = pollers(examined.stage)
    shares = ", ".join(f"{function} {number or 'without a maximum'}" for function, number in most.items())
    taken = sum(number or UNBOUNDED for number in most.values())
    if taken < free:
        yield ok(
            AREA,
            f"the queues feed at most {taken:,} copies of functions, of the {free:,} that the account has",
        )
        return
    yield warning(
        AREA,
        f"the queues of {examined.stage.name} may take all of the {free:,} copies of functions that the account can run at once "
        f"({shares}), and leave none to its API and to other functions",
        "lower maximum_concurrency of these functions in .chalice/config.json, or have the account's quota raised: aws "
        f"service-quotas request-service-quota-increase --service-code lambda --quota-code {QUOTA} --desired-value 1000",
    )


def pollers(stage: Stage) -> Mapping[str, int | None]:
    """Function that a queue feeds → how many of it at once, by its maximum or by what is reserved for it."""
    options = read_options(stage)
    return {
        function: _least(
            options[stage.function_name(function)].maximum_concurrency,
            stage.option(function, "reserved_concurrency"),
        )
        for function in stage.queues
    }


def _least(*numbers: int | None) -> int | None:
    return min((each for each in numbers if each is not None), default=None)
