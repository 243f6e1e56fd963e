"""The state machine of infra/backfill.json: whether a stage has it; starts it, follows it, reads its report.

Limits: a report has about two thousand objects that are not COMPLETE (256 KiB, as much as Step Functions passes on).
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.settings import Settings
from froe import inquiry
from froe.backfilling import Client, Report
from froe.errors import FroeError

_ABSENT: Final = "StateMachineDoesNotExist"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many objects are settled or given up, of how many that the listing has given so far."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Machine:
    """client: a low-level Step Functions client. arn: the state machine's."""

    client: Client
    arn: str

    def start(self, prefix: str, *, per_second: int, patience_seconds: int) -> str:
        """Start a backfill; gives the ARN of its execution."""
        asked = {"prefix": prefix, "rate_per_second": per_second, "patience_seconds": patience_seconds}
        started = self.client.start_execution(stateMachineArn=self.arn, input=json.dumps(asked))
        return str(started["executionArn"])

    def follow(self, execution: str) -> Iterator[Progress]:
        """Say how far it is, again and again until it has ended."""
        while self._described(execution)["status"] == "RUNNING":
            yield self._progress(execution)
            time.sleep(inquiry.POLL_SECONDS)

    def report(self, execution: str) -> Report:
        """What an execution that has ended says. FroeError, with its reason, where it failed."""
        ended = self._described(execution)
        if ended["status"] == "SUCCEEDED":
            return Report.of_output(json.loads(ended["output"]))
        reason = ended.get("cause") or ended.get("error") or "Step Functions gives no reason"
        raise FroeError(
            f"The backfill {ended['status'].lower().replace('_', ' ')}: {reason.rstrip('.')}. "
            "Run it again to continue: what the ledger knows is not sent again."
        )

    def _described(self, execution: str) -> dict[str, Any]:
        described: dict[str, Any] = self.client.describe_execution(executionArn=execution)
        return described

    def _progress(self, execution: str) -> Progress:
        done = total = 0
        for run in self.client.list_map_runs(executionArn=execution)["mapRuns"]:
            counts = self.client.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
            done += counts["succeeded"] + counts["failed"] + counts["timedOut"] + counts["aborted"]
            total += counts["total"]
        return Progress(done, total)


def machine_of(client: Client, settings: Settings) -> Machine | None:
    """The state machine of the stage; None where it was deployed without. client: for Step Functions."""
    _, partition, _, region, account = settings.ledger_stream_arn.split(":")[:5]
    arn = f"arn:{partition}:states:{region}:{account}:stateMachine:froe-{settings.stage}-backfill"
    try:
        client.describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == _ABSENT:
            return None
        raise
    return Machine(client, arn)
