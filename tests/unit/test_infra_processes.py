"""infra/processes.json: a task may do what the functions may whose messages it takes, and starts with what it needs."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib.settings import Settings
from froe import cli, policies, process_policy
from froe.commands import consume
from froe.deployment.deploy import templates_of
from froe.deployment.rules import check_rules
from froe.deployment.stages import Stage
from froe.deployment.templates import PROCESSES
from froe.errors import FroeError
from froe.resources import ROOT
from tests.templates import read

TEMPLATE = read(PROCESSES)
RESOURCES = TEMPLATE["Resources"]
(CONTAINER,) = RESOURCES["ProcessesTask"]["Properties"]["ContainerDefinitions"]
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/froe:1"
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "111122223333",
    "AWS::URLSuffix": "amazonaws.com",
}
DEFAULTS = {name: str(each["Default"]) for name, each in TEMPLATE["Parameters"].items()}


def resolved(value: Any) -> str:
    """Of a stage with a bucket that we made, and the default lane."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    values = DEFAULTS | PSEUDO
    if function == "Fn::If":
        return resolved(argument[1])
    return (
        values[argument]
        if function == "Ref"
        else re.sub(r"\$\{([^}]+)\}", lambda name: values[name[1]], argument)
    )


def test_the_tasks_may_do_what_the_functions_may_and_stay_at_their_work() -> None:
    (own,) = RESOURCES["ProcessesRole"]["Properties"]["Policies"]
    assert own["PolicyDocument"] == process_policy.policy(), "run `make terraform`"
    granted = {action for each in own["PolicyDocument"]["Statement"] for action in each["Action"]}
    wanting = {
        action
        for function in process_policy.FUNCTIONS
        for statement in policies.read(function)["Statement"]
        for action in statement["Action"]
        if not action.startswith(("logs:", "xray:"))
    }
    assert granted == wanting | {"ecs:UpdateTaskProtection"}
    taken = next(each for each in own["PolicyDocument"]["Statement"] if each["Sid"] == "TakeBatches")
    (queue,) = taken["Resource"]
    assert queue["Fn::If"][0] == "OfDefaultLane"
    assert queue["Fn::If"][2]["Fn::Sub"].endswith(":froe-${Stage}-batch-${ProcessesLane}")


def test_two_statements_of_a_name_that_differ_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(function: str, root: Any = None) -> dict[str, Any]:
        return {"Statement": [{"Sid": "Same", "Action": [f"sqs:{function}"], "Resource": ["*"]}]}

    monkeypatch.setattr(process_policy, "read", other)
    with pytest.raises(FroeError, match="two statements Same that differ"):
        process_policy.policy()


def test_a_task_has_every_setting_and_what_the_stage_has_set() -> None:
    own = {each["Name"]: resolved(each["Value"]) for each in CONTAINER["Environment"]}
    config = {
        "stages": {
            "dev": {
                "environment_variables": {"BATCH_MAX_LINES": "100", "LANES": "bulk", "API_TOKEN_SHA256": "a"}
            }
        }
    }
    stage = Stage("dev", config, {})
    assert json.loads(stage.given["ProcessesSettings"]) == {"BATCH_MAX_LINES": "100", "LANES": "bulk"}
    given = consume._settings_in({**own, "FROE_SETTINGS": stage.given["ProcessesSettings"]})
    settings = Settings.from_environment({**own, **given})
    assert (settings.limits.batch_max_lines, settings.lanes, settings.stage) == (100, ("bulk",), "dev")
    assert settings.batch_queue == "https://sqs.eu-west-1.amazonaws.com/111122223333/froe-dev-batch"


def test_what_a_task_is_started_with_is_what_the_command_takes() -> None:
    words = [resolved(each) for each in CONTAINER["Command"]]
    none = [re.sub(r"=\d+$", "=0", word) for word in words]
    assert "There is no process to start" in CliRunner().invoke(cli.main, ["consume", *none]).output
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert CONTAINER["HealthCheck"]["Command"][-1] in docker
    assert f"USER {CONTAINER['User']}" in docker
    (mounted,) = CONTAINER["MountPoints"]
    assert f'VOLUME ["{mounted["ContainerPath"]}"]' in docker


def test_settings_that_are_no_object_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROE_SETTINGS", "LANES=bulk")
    done = CliRunner().invoke(cli.main, ["consume"])
    assert done.exit_code == 2
    assert "FROE_SETTINGS is 'LANES=bulk': give a JSON object of settings" in done.output


def test_tasks_follow_the_depth_of_the_queues_without_a_gap() -> None:
    steps = RESOURCES["ProcessesByDepth"]["Properties"]["StepScalingPolicyConfiguration"]["StepAdjustments"]
    assert steps[0]["MetricIntervalLowerBound"] == 0
    assert "MetricIntervalUpperBound" not in steps[-1]
    for one, other in pairwise(steps):
        assert one["MetricIntervalUpperBound"] == other["MetricIntervalLowerBound"]
        assert one["ScalingAdjustment"] < other["ScalingAdjustment"]
    for alarm, policy in (("ProcessesBacklog", "ProcessesByDepth"), ("ProcessesIdle", "ProcessesAtRest")):
        assert RESOURCES[alarm]["Properties"]["AlarmActions"] == [{"Ref": policy}]


def test_a_stage_has_processes_only_where_it_names_an_image() -> None:
    config = {"stages": {"dev": {}}}
    assert PROCESSES not in templates_of(Stage("dev", config, {}), ROOT, local=False)
    template = templates_of(Stage("dev", config, {"ProcessesImage": IMAGE}), ROOT, local=False)[PROCESSES]
    with pytest.raises(FroeError, match="ProcessesImage needs ProcessesSubnets"):
        check_rules(template, {"ProcessesImage": IMAGE}, {}, "infra/parameters/dev.json")
    check_rules(template, {"ProcessesImage": IMAGE, "ProcessesSubnets": "subnet-0a1b2c3d"}, {}, "dev.json")
