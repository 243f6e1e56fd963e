"""Changes by hand that a deploy does not write back by itself, and what the doctor should say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ALARM = "froe-local-worker-errors"
FUNCTION = "froe-local-sweeper"


@contextmanager
def changed_by_hand(client: Callable[[str], Any], split_queue: str, bucket: str) -> Iterator[tuple[str, ...]]:
    """The stage local with them; gives the parts of the remedies. Afterwards policy and bucket are as they were, the
    alarm is gone and the setting still there: these a deploy puts right."""
    queues, buckets, watch, functions = map(client, ("sqs", "s3", "cloudwatch", "lambda"))
    attributes = queues.get_queue_attributes(QueueUrl=split_queue, AttributeNames=["Policy"])["Attributes"]
    closed = buckets.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    queues.set_queue_attributes(QueueUrl=split_queue, Attributes={"Policy": ""})
    buckets.delete_public_access_block(Bucket=bucket)
    watch.put_metric_alarm(
        AlarmName=ALARM,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1_000_000,
    )
    variables = functions.get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=FUNCTION, Environment={"Variables": {**variables, "RETENTION_DAYS": "1"}}
    )
    yield (
        f"aws sqs set-queue-attributes --queue-url {split_queue}",
        f"aws s3api put-public-access-block --bucket {bucket}",
        f"the alarm {ALARM} has another Threshold",
        f"{FUNCTION} has settings that .chalice/config.json does not give it (RETENTION_DAYS)",
    )
    queues.set_queue_attributes(QueueUrl=split_queue, Attributes=attributes)
    buckets.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)
    watch.delete_alarms(AlarmNames=[ALARM])
