"""What ministack's Step Functions lacks for the state machine of backfills, added to it when it starts.

Promise: a Distributed Map in JSONata reads, selects, batches and bounds its items as AWS documents, so that the
definition in infra/backfill.json runs here as it is. Limits: no ResultWriter, no redrive of a map run.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def batch_items(stepfunctions: Any) -> None:
    """Have `ministack.services.stepfunctions` obey a map's expressions and its ItemBatcher.

    ministack takes a map's fields for JSONPath and gives every item a child of its own; and it speaks the query
    protocol to SQS, in which batches of messages get lost.
    """
    run = stepfunctions._run_distributed_map  # noqa: SLF001 - the version is pinned
    evaluate = stepfunctions._apply_jsonata_template  # noqa: SLF001 - as above

    def run_in_jsonata(
        state: Mapping[str, Any], given: Any, effective: Any, processor: Any, execution: Any, context: Any
    ) -> tuple[Any, Any]:
        if stepfunctions._state_query_language(state, context) != "JSONata":  # noqa: SLF001 - as above
            unchanged: tuple[Any, Any] = run(state, given, effective, processor, execution, context)
            return unchanged
        reader = state["ItemReader"]
        asked = {**reader, "Arguments": evaluate(reader["Arguments"], given, context)}
        items = [
            evaluate(
                state["ItemSelector"], given, {**context, "Map": {"Item": {"Index": index, "Value": item}}}
            )
            for index, item in enumerate(stepfunctions._read_map_items(asked, given, context))  # noqa: SLF001
        ]
        batcher = evaluate(state["ItemBatcher"], given, context)
        plain = {
            **{name: state[name] for name in ("Label", "Next", "End") if name in state},
            "ItemsPath": "$.items",
            "MaxConcurrency": evaluate(state["MaxConcurrency"], given, context),
        }
        batches = {"items": list(_batches(items, batcher))}
        # A child execution sees no variables of its parent.
        result, following = run(plain, given, batches, processor, execution, {**context, "variables": {}})
        output = stepfunctions._apply_jsonata_output(state, given, context, result=result, default=result)  # noqa: SLF001
        return output, following

    stepfunctions._run_distributed_map = run_in_jsonata  # noqa: SLF001 - as above
    stepfunctions._AWS_SDK_SERVICE_MAP["sqs"] = {  # noqa: SLF001 - as above
        "target_prefix": "AmazonSQS",
        "protocol": "json",
    }


def count_own_time(timebox: Any) -> None:
    """Have `jsonata.timebox` bound what an expression takes of the processor: by the clock, Step Functions' second
    (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html) is soon over on a busy machine. How deep
    an expression calls itself, which ministack leaves open, is not bounded."""
    by_the_clock = timebox.Timebox

    class OwnTime(by_the_clock):  # type: ignore[misc, valid-type]
        def __init__(self, frame: Any, timeout: int | None = None, max_depth: int | None = None) -> None:
            self._end = time.thread_time() + timeout / 1000 if timeout else math.inf
            super().__init__(frame, timeout, max_depth)

        def check_runaway(self) -> None:
            if time.thread_time() > self._end:
                raise timebox.jexception.JException("D1012", -1, self.timeout)

    timebox.Timebox = OwnTime


def _batches(items: Sequence[Any], batcher: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Inputs of children: as many items as both bounds allow (bytes: of JSON, with what all children get)."""
    most, room = batcher["MaxItemsPerBatch"], batcher["MaxInputBytesPerBatch"]
    shared = {"BatchInput": batcher["BatchInput"]}
    batch: list[Any] = []
    for item in items:
        if batch and (len(batch) == most or len(json.dumps({**shared, "Items": [*batch, item]})) > room):
            yield {**shared, "Items": batch}
            batch = []
        batch.append(item)
    if batch:
        yield {**shared, "Items": batch}
