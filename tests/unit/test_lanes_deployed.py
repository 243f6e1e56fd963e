"""A lane is the batch queue and the worker once more, under its name; a stage without lanes has the templates as they are."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.loading import load as load_config
from chalicelib.core.plan.lanes import NAME
from froe import policies
from froe.deployment import drift, leftovers
from froe.deployment.checks.lanes import check_lanes
from froe.deployment.checks.mappings import check_mappings
from froe.deployment.deploy import check_config, templates_of
from froe.deployment.stage_files import with_workers
from froe.deployment.stages import Stage
from froe.deployment.templates import DATA, LANES, MAX_BODY_BYTES, OBSERVABILITY, load
from froe.errors import FroeError
from froe.function_options import read_options
from froe.lanes import Seconds, unfit_lanes
from froe.resources import FUNCTIONS, ROOT
from tests.stage_answers import ACCOUNT, BASE, examined, faults
from tests.templates import read
from tests.unit.test_policies import VALUES

CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
LONGEST = {f"{letter}{'x' * 15}": Seconds(900, 5400) for letter in "abc"}


def stage_with(lanes: str, functions: Mapping[str, Any] | None = None, **parameters: str) -> Stage:
    config = copy.deepcopy(CONFIG)
    config["stages"]["dev"]["environment_variables"] = {"LANES": lanes, "BATCH_QUEUE": f"{BASE}-batch"}
    config["stages"]["dev"]["lambda_functions"] |= functions or {}
    return Stage("dev", config, parameters)


def test_a_stage_with_one_lane_is_as_it_is_written() -> None:
    stage = stage_with("")
    templates = templates_of(stage, ROOT, local=False)
    assert {name: each.content for name, each in templates.items()} == {
        name: read(name) for name in (DATA, OBSERVABILITY)
    }
    assert stage.functions == FUNCTIONS
    assert with_workers(stage).config == stage.config
    assert policies.render("worker", VALUES) == policies.render("worker", VALUES, others=stage.others)


def test_templates_with_the_most_lanes_of_the_longest_names_are_taken() -> None:
    for name in (DATA, LANES, OBSERVABILITY):
        template = load(name, ROOT, local=False, lanes=LONGEST)
        assert template is not None
        assert len(template.body.encode()) <= MAX_BODY_BYTES


def test_a_lane_that_would_have_the_names_of_other_resources_is_refused_wherever_it_is_named() -> None:
    """Every word that follows the default lane's names in the templates is tried."""
    names = {name for each in (DATA, OBSERVABILITY) for name in read(each)["Resources"]}
    endings = {
        name.removeprefix(other).lower()
        for name in names
        for other in names
        if name != other and name.startswith(other)
    }
    taken = {lane for lane in filter(NAME.fullmatch, endings) if _refusal(lane)}
    assert taken == {"logged", "old", "policy", "query"}
    for lane in taken:
        with pytest.raises(FroeError, match=f"LANES is '{lane}': '{lane}' cannot be a lane, .* take another"):
            _ = stage_with(lane).lanes
        with pytest.raises(ConfigError, match=f"'{lane}' cannot be a lane"):
            load_config(f'[[bind]]\nprefix = "a/"\nlane = "{lane}"\n', "froe.toml")


def _refusal(lane: str) -> str | None:
    """That of the templates."""
    try:
        load(LANES, ROOT, local=False, lanes={lane: Seconds(900, 5400)})
    except FroeError as error:
        return str(error)
    return None


def test_all_that_a_lane_names_is_in_its_stack_or_is_exported() -> None:
    template = load(LANES, ROOT, local=False, lanes={"bulk": Seconds(900, 5400), "audit": Seconds(60, 360)})
    assert template is not None
    resources, body = template.resources, template.body
    queue = resources["BatchQueueBulk"]["Properties"]
    assert (queue["QueueName"], queue["VisibilityTimeout"]) == ({"Fn::Sub": "froe-${Stage}-batch-bulk"}, 5400)
    assert (
        resources["PatientNearTimeoutAudit"]["Properties"]["Metrics"][0]["Expression"]
        == "of_worker / 60 / 10"
    )
    known = {*template.parameters, *resources, "AWS::NoValue"}
    assert set(_references(template.content)) <= known
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == 8
    assert 'froe-${Stage}-worker"' not in body, "of the default lane"
    data = load(DATA, ROOT, local=False, lanes={"bulk": Seconds(900, 5400)})
    assert data is not None
    (_, _, allowed) = data.resources["DeadLetterQueue"]["Properties"]["RedriveAllowPolicy"]["sourceQueueArns"]
    assert allowed["Fn::Sub"].endswith(":froe-${Stage}-batch-bulk")


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for each in value for name in _references(each)]
    if not isinstance(value, dict):
        return []
    own = [str(value["Ref"])] if value.keys() == {"Ref"} else []
    own += [str(value["Fn::GetAtt"][0])] if value.keys() == {"Fn::GetAtt"} else []
    return own + [name for each in value.values() for name in _references(each)]


def test_the_workers_of_all_lanes_share_what_the_table_takes() -> None:
    """Of 4,000 units/s two lanes get workers for 2,000 each, and time for a batch of each of all four."""
    stage = stage_with("bulk")
    assert stage.workers == {"default": 2, "bulk": 2}
    fits = [stage.fit_of(lane) for lane in stage.workers]
    assert [(fit.timeout_seconds, fit.batch_size, fit.holds) for fit in fits] == [(60, 4, True)] * 2
    small = stage_with("bulk", RecordsMaxWriteUnits="60").fit_of("bulk")
    assert (small.maximum_concurrency, small.other_workers, small.timeout_seconds) == (2, 2, 667)
    assert (small.fitting_concurrency, small.fitting_units) == (6, 30)
    assert stage_with("").fit == replace(stage_with("").fit_of("default"), other_workers=0)


def test_a_lane_has_memory_timeout_and_concurrency_of_its_own() -> None:
    functions = {"worker_bulk": {"lambda_timeout": 900, "maximum_concurrency": 20, "ephemeral_storage": 1024}}
    stage = with_workers(stage_with("bulk,audit", functions, RecordsMaxWriteUnits="40000"))
    options = read_options(stage)
    bulk, audit = options["froe-dev-worker_bulk"], options["froe-dev-worker_audit"]
    assert (bulk.timeout_seconds, bulk.maximum_concurrency, bulk.ephemeral_mb) == (900, 20, 1024)
    assert (audit.maximum_concurrency, options["froe-dev-worker"].maximum_concurrency) == (14, 14)
    assert stage.lane_seconds({}) == {"bulk": Seconds(900, 5400), "audit": Seconds(60, 360)}
    assert stage.lane_seconds({"BatchVisibilitySeconds": "200"})["bulk"] == Seconds(900, 200)
    added = stage.config["stages"]["dev"]["lambda_functions"]["worker_audit"]
    assert added == {"lambda_memory_size": 1769, "iam_policy_file": "policy-dev-worker-audit.json"}
    assert stage.queues["worker_bulk"] == f"{BASE}-batch-bulk"


def test_the_worker_of_a_lane_may_take_from_its_queue_alone_and_others_deal_with_all() -> None:
    others = stage_with("bulk,audit").others
    bulk = json.dumps(policies.render("worker_bulk", VALUES, others=others))
    own = "arn:aws:sqs:eu-central-1:1:froe-dev-batch"
    assert (f'"{own}-bulk"' in bulk, f'"{own}"' in bulk, f'"{own}-audit"' in bulk) == (True, False, False)
    assert "log-group:/aws/lambda/froe-dev-worker_bulk:*" in bulk
    assert "froe-dev-worker:*" not in bulk
    for function in ("splitter", "queued_splitter", "sweeper", "api_handler"):
        resources = json.dumps(policies.render(function, VALUES, others=others))
        assert {f'"{own}"' in resources, f'"{own}-bulk"' in resources, f'"{own}-audit"' in resources} == {
            True
        }
    assert "-bulk" not in json.dumps(policies.render("worker", VALUES, others=others))
    assert "froe-${Stage}-batch-bulk" in json.dumps(policies.as_subs("worker_bulk", others=others))
    assert "froe-${var.stage}-batch-bulk" in json.dumps(policies.as_terraform("worker_bulk", others=others))


def test_the_doctor_adds_up_the_workers_of_all_lanes() -> None:
    """4,000 units/s for 60 s are the items of 48 batches."""
    listed = {
        "UUID": "uuid",
        "EventSourceArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:froe-dev-batch-bulk",
        "FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:froe-dev-worker_bulk",
        "State": "Enabled",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 40},
        "BatchSize": 1,
    }
    functions = {
        **CONFIG["stages"]["dev"]["lambda_functions"],
        "worker": {"maximum_concurrency": 40},
        "worker_bulk": {"maximum_concurrency": 40, "lambda_timeout": 60},
    }
    answers = {"list_event_source_mappings": {"EventSourceMappings": [listed]}}
    looked = examined(answers, settings={"LANES": "bulk"}, lambda_functions=functions)
    (finding,) = [each for each in faults(check_mappings(looked)) if "workers of the lane" in each]
    assert "40 workers of the lane bulk and 40 of others with 5,000 write units a batch" in finding
    assert "set maximum_concurrency of worker_bulk to at most 8" in finding


def test_files_bound_to_a_lane_that_there_is_not_are_named(tmp_path: Any) -> None:
    text = '[[bind]]\nprefix = "a/"\nlane = "bulk"\n[[bind]]\nprefix = "b/"\nlane = "default"\n'
    config = load_config(text, "froe.toml")
    assert unfit_lanes(config, ["bulk"]) is None
    assert "the lane bulk, which the stage does not have: it has the lane default alone" in str(
        unfit_lanes(config, [])
    )
    both = load_config(f'{text}[[bind]]\nprefix = "c/"\nlane = "audit"\n', "froe.toml")
    assert str(unfit_lanes(both, ["web", "slow"], "other.toml")) == (
        "other.toml binds files to the lanes audit and bulk, which the stage does not have: it has the lanes default, web, slow;"
        " bind one of those, or name them in LANES and deploy"
    )
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "chalicelib" / "froe.toml").write_text(text)
    with pytest.raises(FroeError, match="binds files to the lane bulk, which the stage does not have"):
        check_config(stage_with("audit"), tmp_path)
    check_config(stage_with("bulk"), tmp_path)
    looked = replace(examined({"list_stack_resources": {"StackResourceSummaries": []}}), root=tmp_path)
    (finding,) = faults(check_lanes(looked))
    assert "the lane bulk, which the stage does not have: it has the lane default alone; " in finding
    assert "until then they go to the default lane" in finding


def left(waiting: int, *, worker: bool = True) -> Any:
    """A stage of the lane audit, with the lane bulk still in its stack."""
    names = ("BatchQueueBulk", "BatchQueueAudit")
    summaries = [
        {
            "LogicalResourceId": name,
            "ResourceType": "AWS::SQS::Queue",
            "PhysicalResourceId": f"{BASE}-batch-{name.removeprefix('BatchQueue').lower()}",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for name in names
    ]
    attributes = {
        "ApproximateNumberOfMessages": str(waiting),
        "ApproximateNumberOfMessagesNotVisible": "0",
    }
    answers = {
        "list_stack_resources": {"StackResourceSummaries": summaries},
        "get_queue_attributes": {"Attributes": attributes},
        "get_function_configuration": {"State": "Active"} if worker else None,
        "get_template": {
            "TemplateBody": {"Resources": {name: {"Type": "AWS::SQS::Queue"} for name in names}}
        },
    }
    return examined(answers, settings={"LANES": "audit"})


def test_a_lane_goes_only_once_nothing_waits_in_it() -> None:
    with pytest.raises(
        FroeError, match="names the lane bulk no more, and 7 batches wait in its queue: put it back"
    ):
        leftovers.refuse(left(7).cloud, left(7).stage)
    for looked in (left(0), left(7, worker=False)):
        leftovers.refuse(looked.cloud, looked.stage)


def test_a_lane_that_is_to_go_stays_until_the_functions_are_deployed() -> None:
    looked = left(0)
    template = load(LANES, ROOT, local=False, lanes={"audit": Seconds(60, 360)})
    kept = leftovers.with_left(looked.cloud, looked.stage, template)
    assert template is not None
    assert kept is not None
    assert set(kept.resources) == {"BatchQueueBulk", *template.resources}
    assert [*leftovers.lanes_left(looked.cloud, looked.stage)] == ["bulk"]


@pytest.mark.parametrize("key", ["", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"])
def test_a_deploy_heals_the_queue_of_a_lane_and_never_takes_its_key(key: str) -> None:
    written: list[Mapping[str, str]] = []
    name = {"LogicalResourceId": "BatchQueueBulk", "PhysicalResourceId": f"{BASE}-batch-bulk"}
    summary = {**name, "ResourceType": "AWS::SQS::Queue", "ResourceStatus": "CREATE_COMPLETE"}
    attributes = {"VisibilityTimeout": "30", "KmsMasterKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"}
    answers = {
        "list_stack_resources": {"StackResourceSummaries": [summary]},
        "get_queue_attributes": {"Attributes": attributes},
        "set_queue_attributes": lambda asked: written.append(asked["Attributes"]) or {},
    }
    template = load(LANES, ROOT, local=False, lanes={"bulk": Seconds(900, 5400)})
    assert template is not None
    drift.fix(examined(answers).cloud, "dev", template, lambda _: None, key=key)
    (changed,) = written
    assert changed["VisibilityTimeout"] == "5400"
    assert "KmsMasterKeyId" not in changed
