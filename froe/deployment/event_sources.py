"""What feeds the functions of a stage, and that nothing else does.

Limits: how objects are announced is handled elsewhere (notifications.py).
"""

from collections.abc import Mapping

import botocore.exceptions

from froe import mappings
from froe.deployment.cloud import Cloud
from froe.deployment.stages import Stage
from froe.resources import Report


def sources(cloud: Cloud, stage: Stage) -> Mapping[str, str]:
    """Function → ARN of the one queue or stream that feeds it."""
    queues = {function: cloud.arn("sqs", url.rsplit("/", 1)[-1]) for function, url in stage.queues.items()}
    return {**queues, "notifier": stage.settings.get("LEDGER_STREAM_ARN", "")}


def remove_strays(cloud: Cloud, stage: Stage, report: Report) -> None:
    """Delete the mappings that feed a function from anything else: the stream of a table that was deleted."""
    client = cloud.client("lambda")
    for function, source in sources(cloud, stage).items():
        name = stage.function_name(function)
        try:
            for each in mappings.strays(client, name, source) if source else ():
                client.delete_event_source_mapping(UUID=each["UUID"])
                report(
                    f"Deleted the mapping of {each['EventSourceArn']} to {name}, which is fed from {source}"
                )
        except botocore.exceptions.ClientError as error:
            if (
                error.response["Error"]["Code"] != "ResourceNotFoundException"
            ):  # no such function, so no strays
                raise
