"""The stage's state machine is found, followed, and its failure said in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.settings import Settings
from froe import inquiry
from froe.backfill_machine import Machine, Progress, machine_of
from froe.errors import FroeError

ACCOUNT = "111122223333"
ARN = f"arn:aws-cn:states:cn-north-1:{ACCOUNT}:stateMachine:froe-prod-backfill"
OUTPUT = {
    "bucket": "logs",
    "prefix": "a/",
    "sent": 1,
    "known": 0,
    "states": {"COMPLETE": 1},
    "not_complete": [],
}


class FakeStepFunctions:
    """Gives the states of one execution, one after the other, and knows state machines by their ARN."""

    def __init__(self, *descriptions: dict[str, Any], machines: tuple[str, ...] = ()) -> None:
        self._descriptions = list(descriptions)
        self._machines = machines
        self.started: list[dict[str, Any]] = []

    def describe_state_machine(self, *, stateMachineArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        if stateMachineArn not in self._machines:
            code = {"Error": {"Code": "StateMachineDoesNotExist", "Message": ""}}
            raise ClientError(code, "DescribeStateMachine")
        return {}

    def start_execution(self, **asked: Any) -> dict[str, str]:
        self.started.append(asked)
        return {"executionArn": "execution"}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert executionArn == "execution"
        return self._descriptions.pop(0) if len(self._descriptions) > 1 else self._descriptions[0]

    def list_map_runs(self, **_: str) -> dict[str, Any]:
        return {"mapRuns": [{"mapRunArn": "run"}]}

    def describe_map_run(self, **_: str) -> dict[str, Any]:
        return {
            "itemCounts": {"succeeded": 3, "failed": 1, "timedOut": 0, "aborted": 0, "running": 2, "total": 6}
        }


def settings() -> Settings:
    names = ("INPUT_BUCKET", "SPLIT_QUEUE", "BATCH_QUEUE", "DEAD_LETTER_QUEUE", "RECORDS_TABLE")
    names = (*names, "LEDGER_TABLE", "QUARANTINE_BUCKET", "NOTICES_TOPIC_ARN", "API_TOKEN_SHA256")
    stream = f"arn:aws-cn:dynamodb:cn-north-1:{ACCOUNT}:table/froe-prod-ledger/stream/2026"
    return Settings.from_environment(
        {**dict.fromkeys(names, "x"), "LEDGER_STREAM_ARN": stream, "STAGE": "prod"}
    )


def test_the_machine_of_a_stage_is_in_the_account_and_partition_of_its_ledger() -> None:
    assert machine_of(FakeStepFunctions(), settings()) is None
    machine = machine_of(FakeStepFunctions(machines=(ARN,)), settings())
    assert machine
    assert machine.arn == ARN


def test_the_machine_is_given_what_its_input_is_called_there() -> None:
    client = FakeStepFunctions()
    assert Machine(client, ARN).start("a/", per_second=7, patience_seconds=9) == "execution"
    (asked,) = client.started
    assert asked["stateMachineArn"] == ARN
    assert json.loads(asked["input"]) == {"prefix": "a/", "rate_per_second": 7, "patience_seconds": 9}


def test_it_is_followed_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "POLL_SECONDS", 0)
    ended = {"status": "SUCCEEDED", "output": json.dumps(OUTPUT)}
    machine = Machine(FakeStepFunctions({"status": "RUNNING"}, {"status": "RUNNING"}, ended), ARN)
    assert list(machine.follow("execution")) == [Progress(4, 6), Progress(4, 6)]
    assert machine.report("execution").states == {"COMPLETE": 1}


@pytest.mark.parametrize(
    ("ended", "message"),
    [
        (
            {"status": "FAILED", "error": "WrongInput", "cause": "Give this."},
            "The backfill failed: Give this. Run",
        ),
        ({"status": "ABORTED"}, "The backfill aborted: Step Functions gives no reason. Run it again"),
        ({"status": "TIMED_OUT", "error": "States.Timeout"}, "The backfill timed out: States.Timeout. Run"),
    ],
)
def test_a_failure_is_one_sentence_and_says_how_to_go_on(ended: dict[str, str], message: str) -> None:
    with pytest.raises(FroeError) as raised:
        Machine(FakeStepFunctions(ended), ARN).report("execution")
    assert message in str(raised.value)
