"""Objects that lie in the bucket unannounced become files: by the state machine as it is deployed, and from here.

What the local AWS cannot show: that Step Functions itself takes the definition (cfn-lint reads it), its quotas, IAM.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import LocalStack
from froe.resources import ROOT
from froe.templates import CAPABILITIES, read_body
from tests.integration.support import records_of, run_froe, silenced, upload, wait_for

LINES = 20
MACHINE = "froe-local-backfill"
WHOLE = b'{"level":"info","msg":"hello"}\n' * LINES
DAMAGED = gzip.compress(WHOLE * 1000, mtime=0)[:200]


@pytest.fixture
def machine(stack: LocalStack) -> Iterator[str]:
    """The state machine in the stack that `froe deploy --backfill` makes; its ARN."""
    cloudformation = stack.client("cloudformation")
    cloudformation.create_stack(
        StackName=MACHINE,
        TemplateBody=read_body(ROOT / "infra" / "backfill.json", local=True).text,
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
        Capabilities=CAPABILITIES,
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=MACHINE, WaiterConfig={"Delay": 1})
    (output,) = cloudformation.describe_stacks(StackName=MACHINE)["Stacks"][0]["Outputs"]
    yield output["OutputValue"]
    cloudformation.delete_stack(StackName=MACHINE)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=MACHINE, WaiterConfig={"Delay": 1})


def backfilled(stack: LocalStack, prefix: str, *options: str, code: int) -> dict[str, Any]:
    """What `froe backfill` reports, with the exit code that is expected of it."""
    done = run_froe(stack, "backfill", prefix, "--json", "--rate", "200", "--timeout", "120", *options)
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def executions(stack: LocalStack, machine: str) -> list[dict[str, Any]]:
    executions_of: list[dict[str, Any]] = stack.client("stepfunctions").list_executions(
        stateMachineArn=machine
    )["executions"]
    return executions_of


def test_the_state_machine_completes_what_was_never_announced(stack: LocalStack, machine: str) -> None:
    with silenced(stack):
        files = [upload(stack, f"machine/ä {number:02}+%.log", WHOLE) for number in range(30)]
        upload(stack, "machine/folder/", b"")
    report = backfilled(stack, "machine/", code=0)
    assert (report["sent"], report["known"], report["states"]) == (30, 0, {"COMPLETE": 30})
    assert report["not_complete"] == []
    assert all(len(records_of(stack, each.file_id)) == LINES for each in files)
    again = backfilled(stack, "machine/", code=0)
    assert (again["sent"], again["known"], again["states"]) == (0, 30, {"COMPLETE": 30})
    assert all(len(records_of(stack, each.file_id)) == LINES for each in files)
    client = stack.client("stepfunctions")
    for each in executions(stack, machine):
        ended = client.describe_execution(executionArn=each["executionArn"])
        assert ended["status"] == "SUCCEEDED"
        assert "notice_failed" not in json.loads(ended["output"])


def test_the_state_machine_names_what_is_not_complete(stack: LocalStack, machine: str) -> None:
    with silenced(stack):
        upload(stack, "amiss/whole.log", WHOLE)
        damaged = upload(stack, "amiss/damaged.gz", DAMAGED)
    report = backfilled(stack, "amiss/", code=1)
    assert report["states"] == {"COMPLETE": 1, "DAMAGED": 1}
    (amiss,) = report["not_complete"]
    assert (amiss["key"], amiss["state"], amiss["file_id"]) == (damaged.key, "DAMAGED", damaged.file_id)
    assert "the gzip data ends in the middle" in amiss["reason"]
    assert executions(stack, machine)


def test_a_part_for_every_hundred_objects(stack: LocalStack, machine: str) -> None:
    with silenced(stack):
        for number in range(101):
            upload(stack, f"parts/{number:03}.log", b"")
    report = backfilled(stack, "parts/", code=0)
    assert (report["sent"], report["states"]) == (101, {"COMPLETE": 101})
    client = stack.client("stepfunctions")
    (run,) = client.list_map_runs(executionArn=executions(stack, machine)[0]["executionArn"])["mapRuns"]
    assert len(client.list_executions(mapRunArn=run["mapRunArn"])["executions"]) == 2


@pytest.mark.parametrize("wrong", [{"rate_per_second": 0}, {"prefix": 1}, {"bucket": "another"}])
def test_a_wrong_input_ends_with_one_sentence(
    stack: LocalStack, machine: str, wrong: dict[str, object]
) -> None:
    client = stack.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=machine, input=json.dumps(wrong))["executionArn"]

    def when_ended() -> dict[str, Any] | None:
        described: dict[str, Any] = client.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    ended = wait_for(when_ended, "the execution to end")
    assert (ended["status"], ended["error"]) == ("FAILED", "WrongInput")
    assert ended["cause"].startswith("Give {")


def test_without_a_state_machine_the_same_is_done_from_here(stack: LocalStack) -> None:
    with silenced(stack):
        whole = upload(stack, "here/ä whole+%.log", WHOLE)
        damaged = upload(stack, "here/damaged.gz", DAMAGED)
    plan = backfilled(stack, "here/", "--dry-run", code=0)
    assert (plan["objects"], plan["known"], plan["to_send"]) == (2, 0, 2)
    report = backfilled(stack, f"s3://{stack.info.input_bucket}/here/", code=1)
    assert (report["sent"], report["known"], report["states"]) == (2, 0, {"COMPLETE": 1, "DAMAGED": 1})
    assert [each["file_id"] for each in report["not_complete"]] == [damaged.file_id]
    assert len(records_of(stack, whole.file_id)) == LINES
    again = backfilled(stack, "here/", code=1)
    assert (again["sent"], again["known"], again["states"]) == (0, 2, {"COMPLETE": 1, "DAMAGED": 1})


def test_nothing_below_a_prefix_is_said_so(stack: LocalStack) -> None:
    done = run_froe(stack, "backfill", "no/such/prefix/")
    assert done.returncode == 0
    assert "There is nothing below" in done.stdout


def test_another_bucket_is_refused(stack: LocalStack) -> None:
    done = run_froe(stack, "backfill", "s3://another/prefix/")
    assert done.returncode == 1
    assert (
        f"Only input buckets are read: name a prefix of s3://{stack.info.input_bucket}/ or s3://"
        in done.stderr
    )
