"""A file keeps the lane that it was opened for, whatever becomes of its batches; what has no lane takes the default one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import handlers
from chalicelib.aws.plan_items import from_plan, to_plan
from chalicelib.backlog import Backlog
from chalicelib.core.custom.loading import load
from chalicelib.core.custom.spec import Config
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import Plan
from chalicelib.core.plan.lanes import lane_of, queue_of, worker_of
from chalicelib.core.wire.bodies import decode
from chalicelib.core.wire.messages import encode_batch
from chalicelib.dead_letters.office import Pace
from chalicelib.dead_letters.selection import Selection
from chalicelib.delivery import Incoming
from chalicelib.settings import Settings, SettingsError
from tests.fakes import FakeQueue, Pipeline, in_time
from tests.faults.inputs import json_lines
from tests.unit.test_settings import COMPLETE

LIMITS = Limits(batch_max_lines=10)
BOUND = load(
    '[[bind]]\nprefix = "bulk/"\nlane = "bulk"\n[[bind]]\nfamily = "web"\nlane = "web"\n', "froe.toml"
)
WEB = b'192.0.2.7 - ada [14/Sep/2026:08:00:00 +0200] "GET / HTTP/1.1" 200 512 "-" "curl/8.9.1"\n' * 30


def opened(key: str, config: Config = BOUND, data: bytes | None = None) -> Pipeline:
    pipeline = Pipeline(LIMITS)
    pipeline.set_limits(LIMITS, config)
    pipeline.splitter.ingest(pipeline.objects.add(key, json_lines(30) if data is None else data), in_time())
    return pipeline


def plan_in(pipeline: Pipeline) -> Plan:
    (file,) = pipeline.table.files.values()
    return file.plan


def lengths(pipeline: Pipeline) -> tuple[int, int]:
    """Of the default queue and of that of the lane bulk."""
    return len(pipeline.batch_queue.messages), len(pipeline.lanes["bulk"].messages)


def work_off(pipeline: Pipeline, queue: FakeQueue) -> None:
    while queue.messages:
        pipeline.worker.handle(queue.messages.pop().body, in_time())


def sweep_late(pipeline: Pipeline) -> None:
    for _ in range(2):
        pipeline.sweeper.sweep(in_time())
        pipeline.clock.advance(3 * 3600)
    while pipeline.split_queue.messages:
        message = decode(pipeline.split_queue.messages.pop().body)
        pipeline.splitter.cut(message, in_time())  # type: ignore[arg-type]


def test_a_bound_file_takes_its_lane_and_any_other_the_default_one() -> None:
    bulk, other = opened("bulk/a.jsonl"), opened("a.jsonl")
    assert lengths(bulk) == (0, 3)
    assert lengths(other) == (3, 0)
    assert (plan_in(bulk).lane, plan_in(other).lane) == ("bulk", "default")
    work_off(bulk, bulk.lanes["bulk"])
    (file,) = bulk.table.files.values()
    assert file.account.state is State.COMPLETE


def test_a_family_of_formats_takes_a_lane_of_its_own() -> None:
    assert plan_in(opened("a.log", data=WEB)).lane == "web"
    assert plan_in(opened("bulk/a.log", data=WEB)).lane == "bulk"  # the longer prefix


def test_a_lane_that_there_is_no_more_is_the_default_one(caplog: pytest.LogCaptureFixture) -> None:
    assert lengths(opened("a.log", data=WEB)) == (3, 0)
    assert {each.message for each in caplog.records if each.levelname == "WARNING"} == {"lane_missing"}


def test_what_was_lost_or_died_comes_back_on_the_lane_of_the_plan() -> None:
    """Though nothing is bound any more."""
    pipeline = opened("bulk/a.jsonl")
    lost, dead, _ = pipeline.lanes["bulk"].messages
    pipeline.lanes["bulk"].messages.clear()
    pipeline.set_limits(LIMITS, Config())
    pipeline.dead_letter_consumer.take(Incoming("dead", "r", dead.body, 10))
    pipeline.office.redrive(Selection(ids=("dead",)), in_time(), Pace(1e9))
    assert [each.body for each in pipeline.lanes["bulk"].messages] == [dead.body]
    sweep_late(pipeline)
    assert lengths(pipeline)[0] == 0
    assert lost.body in [each.body for each in pipeline.lanes["bulk"].messages]
    work_off(pipeline, pipeline.lanes["bulk"])
    (file,) = pipeline.table.files.values()
    assert file.account.state is State.COMPLETE


class Waiting:
    def __init__(self, count: int) -> None:
        self.count = count

    def waiting(self) -> int:
        return self.count


@pytest.mark.parametrize(("default", "bulk", "sent"), [(500, 0, 3), (0, 500, 0)])
def test_only_what_waits_in_its_own_lane_keeps_a_lost_batch_from_being_sent_again(
    default: int, bulk: int, sent: int
) -> None:
    pipeline = opened("bulk/a.jsonl")
    queues = {"default": [Waiting(default)], "bulk": [Waiting(bulk)]}
    pipeline.sweeper._backlog = Backlog(queues, pipeline.watches, pipeline.clock)
    pipeline.lanes["bulk"].messages.clear()
    sweep_late(pipeline)
    assert lengths(pipeline) == (0, sent)


def test_messages_and_plans_of_the_default_lane_are_as_before_lanes() -> None:
    bulk, other = opened("bulk/a.jsonl"), opened("a.jsonl")
    body = bulk.lanes["bulk"].messages[0].body
    assert "lane" not in json.loads(other.batch_queue.messages[0].body)
    assert "lane" not in from_plan(plan_in(other))
    assert to_plan(from_plan(plan_in(bulk))) == plan_in(bulk)
    assert json.loads(encode_batch(decode(body))) == json.loads(body)  # type: ignore[arg-type]
    assert (
        plan_in(bulk).version == replace(plan_in(bulk), lane="default").version
    )  # code before lanes reads it


def test_a_worker_puts_off_into_the_queue_of_its_lane() -> None:
    pipeline = opened("bulk/a.jsonl")
    settings = Settings.from_environment({**COMPLETE, "LANES": "bulk"})

    class Services:
        batch_queue, other_lanes = pipeline.batch_queue, pipeline.lanes
        worker, failures, meter = pipeline.worker, pipeline.failures, pipeline.meter

    Services.settings = settings  # type: ignore[attr-defined]
    message = pipeline.lanes["bulk"].messages.pop()
    record = {"messageId": "m", "receiptHandle": "r", "body": message.body}

    class Context:
        aws_request_id = "no-time"

        def get_remaining_time_in_millis(self) -> int:
            return 100

    services: Any = Services
    assert handlers.on_batch_messages(services, {"Records": [record]}, Context(), "bulk") == {
        "batchItemFailures": []
    }
    assert lengths(pipeline) == (0, 3)


def test_lanes_bear_their_names_behind_those_of_the_default_one() -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/1/froe-dev-batch"
    assert (queue_of("default", url), queue_of("bulk", url)) == (url, f"{url}-bulk")
    assert [worker_of(each) for each in ("default", "bulk")] == ["worker", "worker_bulk"]
    assert [lane_of(each) for each in ("worker", "worker_bulk", "notifier")] == ["default", "bulk", None]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bulk,Audit", "'Audit' cannot be a lane: take 1 to 16 lower-case letters and digits"),
        ("bulk,default", "default is the lane that every stage has"),
        ("a,b,a", "it names a lane twice"),
        ("a,b,c,d", "it names 4 lanes: a stage has at most 3 beside the default one"),
    ],
)
def test_a_wrong_name_of_a_lane_is_named_with_the_remedy(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"LANES is '{text}': {why}"):
        Settings.from_environment({**COMPLETE, "LANES": text})


def test_a_stage_has_one_lane_unless_it_names_others() -> None:
    assert Settings.from_environment(COMPLETE).lanes == ()
    assert Settings.from_environment({**COMPLETE, "LANES": " bulk, audit,"}).lanes == ("bulk", "audit")
