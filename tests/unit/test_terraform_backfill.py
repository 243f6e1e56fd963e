"""infra/terraform/backfill.tf makes what infra/backfill.json makes; the definition itself it reads from there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.templates import INFRA
from tests.terraform.hcl import plain, read_module

MODULE = read_module(INFRA / "terraform")
TEMPLATE = json.loads((INFRA / "backfill.json").read_text(encoding="utf-8"))["Resources"]
ROLE = TEMPLATE["BackfillRole"]["Properties"]
MACHINE = TEMPLATE["Backfill"]["Properties"]
STATEMENTS = {each["Sid"]: each for each in ROLE["Policies"][0]["PolicyDocument"]["Statement"]}
IN_TERRAFORM = {
    each["sid"]: each
    for each in plain(MODULE.resources["data.aws_iam_policy_document.backfill"])["statement"]
}
REFERENCES = {
    "${AWS::Partition}": "${local.partition}",
    "${AWS::Region}": "${local.region}",
    "${AWS::AccountId}": "${local.account}",
    "froe-${Stage}-backfill": "${local.backfill_name}",
}
ELSEWHERE = {
    "ReadTheLedger": "aws_dynamodb_table.ledger_table.arn",
    "Announce": "aws_sqs_queue.split_queue.arn",
    "Report": "aws_sns_topic.notices_topic.arn",
    "UseKey": "aws_kms_key.key.arn",
}
"""Statements whose resource is one of the module's, which the template can only name."""


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def spelled(resource: Any) -> str:
    """A resource of the template as Terraform spells it, with the locals of backfill.tf written out."""
    if isinstance(resource, dict) and "Fn::If" in resource:
        own, brought = (spelled(each) for each in resource["Fn::If"][1:])
        assert brought == own.replace(
            "froe-${Stage}-input-${local.account}-${local.region}", "${ExistingInputBucket}"
        )
        return brought.replace("${ExistingInputBucket}", "${local.input_bucket}")
    text = str(resource["Fn::Sub"] if isinstance(resource, dict) else resource)
    for name, reference in REFERENCES.items():
        text = text.replace(name, reference)
    return text


def test_nothing_else_may_be_done() -> None:
    assert set(IN_TERRAFORM) == set(STATEMENTS)


@pytest.mark.parametrize("sid", STATEMENTS)
def test_a_statement_allows_the_same(sid: str) -> None:
    said, there = STATEMENTS[sid], IN_TERRAFORM[sid]
    assert (there["effect"], there["actions"]) == (said["Effect"], listed(said["Action"]))
    states = plain(MODULE.locals["backfill_states"])
    found = [
        each["expression"] if isinstance(each, dict) else each.replace("${local.backfill_states}", states)
        for each in listed(there["resources"])
    ]
    assert found == ([ELSEWHERE[sid]] if sid in ELSEWHERE else list(map(spelled, listed(said["Resource"]))))
    assert ("condition" in there) == ("Condition" in said)


def test_the_key_is_used_through_the_same_services() -> None:
    asked = STATEMENTS["UseKey"]["Condition"]["StringEquals"]["kms:ViaService"]
    services = [each["Fn::Sub"].partition(".")[0] for each in asked]
    (condition,) = IN_TERRAFORM["UseKey"]["condition"]
    assert (condition["test"], condition["variable"]) == ("StringEquals", "kms:ViaService")
    assert re.findall(r'"(\w+)"', str(condition["values"]))[: len(services)] == services


def test_the_machine_logs_and_traces_the_same() -> None:
    machine = plain(MODULE.resources["aws_sfn_state_machine.backfill"])
    (logging,), (tracing,) = machine["logging_configuration"], machine["tracing_configuration"]
    said = MACHINE["LoggingConfiguration"]
    assert machine["type"] == MACHINE["StateMachineType"]
    assert (logging["level"], logging["include_execution_data"]) == (
        said["Level"],
        said["IncludeExecutionData"],
    )
    assert tracing["enabled"] == MACHINE["TracingConfiguration"]["Enabled"]
    log = plain(MODULE.resources["aws_cloudwatch_log_group.backfill_logs"])
    name = TEMPLATE["BackfillLogs"]["Properties"]["LogGroupName"]["Fn::Sub"]
    assert log["name"] == name.replace("froe-${Stage}-backfill", "${local.backfill_name}")


def test_every_gap_of_the_definition_is_filled_in() -> None:
    filled = set(re.findall(r"\$\$\{(\w+)\}", str(plain(MODULE.locals["backfill_filled_in"]))))
    gaps = set(re.findall(r"\$\{(\w+)\}", json.dumps(MACHINE["Definition"])))
    assert filled == gaps == set(MACHINE["DefinitionSubstitutions"])
