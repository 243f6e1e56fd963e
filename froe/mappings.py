"""What Chalice omits when it maps a queue or the ledger's stream to a function.

Promise: a mapping reports failures one by one, in the very call that creates it, and is never made twice; a deploy
enables or disables it, and sets its maximum concurrency or none, as the configuration says.
Limits: the only stream is the ledger's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

PARTIAL_FAILURES = "ReportBatchItemFailures"
ACCOUNTS_OF_FILES = {"dynamodb": {"Keys": {"sk": {"S": ["file"]}}}}
"""Of the ledger's items the notifier wants to know only those with the account of a file."""
STREAM_RETRIES = 100
"""A stream stands still while it retries: enough for a disturbance of SNS, but a record that breaks the function
must not hold up all others for the 24 hours that the stream remembers them
(https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html)."""
_OF_QUEUES: Mapping[str, Any] = {"FunctionResponseTypes": [PARTIAL_FAILURES]}
_OF_STREAMS: Mapping[str, Any] = {
    "FunctionResponseTypes": [PARTIAL_FAILURES],
    "FilterCriteria": {"Filters": [{"Pattern": json.dumps(ACCOUNTS_OF_FILES, separators=(",", ":"))}]},
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": STREAM_RETRIES,
}


def demanded(event_source_arn: str) -> Mapping[str, Any]:
    """The parameters of a mapping of this source that Chalice leaves out."""
    service = event_source_arn.split(":")[2:3]
    return {"sqs": _OF_QUEUES, "dynamodb": _OF_STREAMS}.get("".join(service), {})


@dataclass(frozen=True, slots=True)
class Feed:
    """How a queue feeds a function. maximum_concurrency: None is no limit; batch_size: None is as Chalice says;
    enabled: false where processes take the queue's messages instead."""

    maximum_concurrency: int | None = None
    batch_size: int | None = None
    enabled: bool = True


def complete(client: Any, feeds: Mapping[str, Feed] | None = None) -> None:
    """Put what is demanded into every call by this Lambda client that creates or updates a mapping.

    `feeds`: by the name of the function.
    """

    def on_create(params: dict[str, Any], **_: Any) -> None:
        params.update(demanded(params["EventSourceArn"]))
        feed = (feeds or {}).get(params["FunctionName"].rsplit(":", 1)[-1], Feed())
        if feed.maximum_concurrency is not None:
            params["ScalingConfig"] = {"MaximumConcurrency": feed.maximum_concurrency}
        if feed.batch_size is not None:
            params["BatchSize"] = feed.batch_size
        if not feed.enabled:
            params["Enabled"] = False

    def on_update(params: dict[str, Any], **_: Any) -> None:
        current = client.get_event_source_mapping(UUID=params["UUID"])
        params.update(demanded(current["EventSourceArn"]), Enabled=True)
        name = current.get("FunctionArn", "").rsplit(":", 1)[-1]
        if feeds is not None and name in feeds and ":sqs:" in current["EventSourceArn"]:
            limit, size = feeds[name].maximum_concurrency, feeds[name].batch_size
            params["ScalingConfig"] = {} if limit is None else {"MaximumConcurrency": limit}
            if size is not None:
                params["BatchSize"] = size
            params["Enabled"] = feeds[name].enabled

    client.meta.events.register("provide-client-params.lambda.CreateEventSourceMapping", on_create)
    client.meta.events.register("provide-client-params.lambda.UpdateEventSourceMapping", on_update)


def existing(client: Any, event_source_arn: str, function_name: str) -> str | None:
    """The UUID of the mapping between this source and this function, if a deploy made one before."""
    reply = client.list_event_source_mappings(EventSourceArn=event_source_arn, FunctionName=function_name)
    for mapping in reply["EventSourceMappings"]:
        if mapping["State"] != "Deleting":
            return str(mapping["UUID"])
    return None


def strays(client: Any, function_name: str, source_arn: str) -> list[dict[str, Any]]:
    """The mappings that feed this function from anything but its source: an earlier table's stream, say.

    Asked for by the function: a stream that is gone is in no other list."""
    return [
        each
        for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=function_name)
        for each in page["EventSourceMappings"]
        if each["EventSourceArn"] != source_arn and each.get("State") != "Deleting"
    ]


def verify(client: Any, uuid: str) -> None:
    """Raise click.ClickException unless Lambda took all that is demanded of a mapping."""
    mapping = client.get_event_source_mapping(UUID=uuid)
    arn = mapping["EventSourceArn"]
    ignored = lacking(mapping)
    if not ignored:
        return
    loss = (
        "failed messages would be deleted" if ":sqs:" in arn else "the notifier would lose or block notices"
    )
    raise click.ClickException(
        f"The mapping of {arn} was made without {', '.join(ignored)}, so that {loss}: "
        "install the botocore and chalice that requirements-dev.txt pins."
    )


def lacking(mapping: Mapping[str, Any]) -> list[str]:
    """The parameters that are demanded of a mapping and that it, as Lambda describes it, has not."""
    expected = demanded(mapping["EventSourceArn"])
    return [name for name, value in expected.items() if not _same(mapping.get(name), value)]


def _same(current: Any, value: Any) -> bool:
    """Whether Lambda holds the value, in whatever spacing it gives a filter's pattern back."""
    return bool(_patterns(current) == _patterns(value))


def _patterns(value: Any) -> Any:
    if isinstance(value, dict) and "Filters" in value:
        return [json.loads(each["Pattern"]) for each in value["Filters"]]
    return value
