"""infra/backfill.json: its expressions say what the Python code says, and its role may do what it does, and no more."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

pytest.importorskip(
    "ministack", reason="needs ministack, which evaluates JSONata as Step Functions does: make setup"
)

from chalicelib.core.ledger.accounts import State
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.core.wire.notifications import Announced, announced_in_body
from froe.local.maps import _batches, count_own_time
from tests.templates import read, walk

TEMPLATE = json.loads(
    json.dumps(read("backfill"))
    .replace("/${KeysTaken}/", f"/{EVERY_KEY.taken_expression}/")
    .replace("/${KeysLeftOut}/", f"/{EVERY_KEY.left_out_expression}/")
)
"""With the keys that are taken filled in: all of them."""
MACHINE = TEMPLATE["Resources"]["Backfill"]["Properties"]
STATES = MACHINE["Definition"]["States"]
PARTS = STATES["Backfill the files"]["ItemProcessor"]["States"]
LOOK = PARTS["Look at each"]["ItemProcessor"]["States"]["Look"]
BATCH = {"bucket": "logs", "table": "ledger", "queue_url": "https://queue", "group": 10}
ACTIONS = {
    "s3:listObjectsV2": "s3:ListBucket",
    "aws-sdk:s3:headObject": "s3:GetObject",
    "aws-sdk:dynamodb:batchGetItem": "dynamodb:BatchGetItem",
    "aws-sdk:sqs:sendMessageBatch": "sqs:SendMessage",
    "sns:publish": "sns:Publish",
}


@pytest.fixture(autouse=True)
def _own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from jsonata import timebox

    monkeypatch.setattr(timebox, "Timebox", timebox.Timebox)
    count_own_time(timebox)


def evaluated(
    expression: Any, *, given: Any = None, result: Any = None, variables: Mapping[str, Any] | None = None
) -> Any:
    from ministack.services import stepfunctions

    context = {"variables": dict(variables or {}), "Execution": {"Id": "arn:execution", "Name": "name"}}
    return stepfunctions._apply_jsonata_template(expression, given, context, result=result)


def looked_at(key: str, **answer: Any) -> dict[str, Any]:
    """What a part keeps of an object, given S3's answer."""
    head = {"ETag": '"0123"', "ContentLength": 5, **answer}
    kept: dict[str, Any] = evaluated(LOOK["Output"], given=key, result=head, variables={"batch": BATCH})
    return kept


@cache
def looked_at_before(key: str) -> dict[str, Any]:
    return looked_at(key, VersionId="v1")


def announced(*objects: Mapping[str, Any]) -> list[Any]:
    variables = {"batch": BATCH, "queue": list(objects)}
    entries = evaluated(PARTS["Announce"]["Arguments"], variables=variables)["Entries"]
    return [announcement for entry in entries for announcement in announced_in_body(entry["MessageBody"])]


@pytest.mark.parametrize("key", ["a.log", "ä ö/日本+%2F&=?.log", "-", "x" * 1024])
@pytest.mark.parametrize("version_id", ["3sL4kqtJlcpXroDTDmJ", "null", None])
def test_a_file_has_the_id_that_the_splitter_gives_it(key: str, version_id: str | None) -> None:
    parameters = {} if version_id is None else {"VersionId": version_id}
    version = ObjectVersion("logs", key, version_id if version_id != "null" else None, "0123")
    assert looked_at(key, **parameters)["file_id"] == version.file_id


@pytest.mark.parametrize("number", range(20))
def test_every_digit_of_an_id_is_right(number: int) -> None:
    version = ObjectVersion("logs", "a.log", str(number), "0123")
    assert looked_at("a.log", VersionId=str(number))["file_id"] == version.file_id


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"StorageClass": "GLACIER"}, "ARCHIVED"),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="true"'}, "ARCHIVED"),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="Fri"'}, None),
        ({"StorageClass": "GLACIER_IR"}, None),
        ({}, None),
    ],
)
def test_what_must_be_restored_first_is_archived(answer: dict[str, str], state: str | None) -> None:
    assert looked_at("a.log", **answer).get("state") == state


@pytest.mark.parametrize("key", ["a.log", "ä ö/日本+%2F&=?.log", 'quo"te\\.log'])
def test_an_announcement_is_understood_by_the_queued_splitter(key: str) -> None:
    (announcement,) = announced(looked_at(key, VersionId="v1"))
    assert announcement == Announced("logs", key, version_id="v1", etag="0123", size=5)
    (announcement,) = announced(looked_at(key, VersionId="null"))
    assert announcement == Announced("logs", key, version_id=None, etag="0123", size=5)


def test_a_request_to_the_queue_holds_no_more_than_ten() -> None:
    assert len(announced(*(looked_at(f"{number}.log") for number in range(25)))) == 10


def test_what_the_queue_did_not_take_is_sent_again() -> None:
    objects = [looked_at("a.log"), looked_at("b.log")]
    left = evaluated(
        PARTS["Announce"]["Assign"]["queue"],
        result={"Successful": [{"Id": objects[0]["file_id"]}], "Failed": [{"Id": objects[1]["file_id"]}]},
        variables={"queue": objects},
    )
    assert left == objects[1:]
    assert evaluated(PARTS["Announce"]["Assign"]["queue"], result={}, variables={"queue": objects}) == objects


@pytest.mark.parametrize(
    "text",
    [
        "",
        "logs/*",
        "*.log, !*/_temporary/*",
        "!*.csv",
        "app-[0-9]?.l+g, a (b)/$x{y}%}.log",
        "logs/[!a]*/x|y&z",
    ],
)
def test_keys_that_are_no_logs_are_not_looked_at(text: str) -> None:
    """What the state machine takes is what INPUT_KEYS takes, in JSONata's regular expressions."""
    keys = (
        *("logs/a.log", "logs/b/x|y&z", "customers.csv", "x/_temporary/p.log", "app-17.l+g", "app-1.l+g"),
        *("a (b)/$x{y}%}.log", "logs/folder/", "ä.log"),
    )
    patterns = KeyPatterns(text)
    names = read("backfill")["Resources"]["Backfill"]["Properties"]["Definition"]["States"][
        "Backfill the files"
    ]["ItemProcessor"]["States"]["Take the batch"]["Assign"]["names"]
    filled_in = names.replace("${KeysTaken}", patterns.taken_expression).replace(
        "${KeysLeftOut}", patterns.left_out_expression
    )
    items = [{"key": key, "size": 0 if key.endswith("/") else 5} for key in keys]
    taken = evaluated(filled_in, given={"Items": items})
    assert taken == [key for key in keys if patterns.takes(key) and not key.endswith("/")]


def test_it_waits_for_the_states_that_are_not_settled() -> None:
    settled = evaluated(PARTS["Take the batch"]["Assign"]["settled"])
    assert set(settled) == {state for state in State if state.settled}


@pytest.mark.parametrize("rate", [1, 7, 50, 99, 1000])
@pytest.mark.parametrize("parts", [1, 10, 300])
def test_all_parts_together_keep_the_rate(rate: int, parts: int) -> None:
    asked = STATES["Backfill the files"]["ItemBatcher"]["BatchInput"]
    variables = {"rate": rate, "parts": parts, "bucket": "logs", "patience": 1}
    given = evaluated(asked, variables=variables)
    assert 1 <= given["group"] <= 10
    assert parts * given["group"] / given["pause_seconds"] <= rate


class Run:
    """One part of the backfill, run state by state on a clock of its own; counts the events of its history.

    answers: what a task gives, by the name of its state. Events as Step Functions writes them: entered and exited, of a
    task scheduled, started and succeeded too."""

    def __init__(self, patience_seconds: int, answers: Mapping[str, Any], objects: int = 10) -> None:
        keys = [{"key": f"{number}.log"} for number in range(objects)]
        batch = {**BATCH, "patience_seconds": patience_seconds, "pause_seconds": 2}
        self._given = {"BatchInput": batch, "Items": keys}
        self._answers = answers
        self.variables: dict[str, Any] = {}
        self.seconds, self.events, self.asked = 0.0, 0, 0

    def _value(self, expression: Any, result: Any = None) -> Any:
        text = json.dumps(expression).replace("$millis()", f"{round(self.seconds * 1000)}")
        return evaluated(json.loads(text), given=self._given, result=result, variables=self.variables)

    def to_its_end(self) -> None:
        name = "Take the batch"
        while name:
            state = PARTS[name]
            self.events += 5 if state["Type"] == "Task" else 2
            next_name, assigned, result = state.get("Next", ""), [state.get("Assign", {})], None
            if state["Type"] == "Wait":
                self.seconds += self._value(state["Seconds"])
            elif state["Type"] == "Map":
                result = [looked_at_before(key) for key in self.variables["names"]]
                self.events += 7 * 100
            elif state["Type"] == "Task":
                self.seconds += 0.1
                self.asked += 1
                result = self._answers[name](self._value(state["Arguments"]))
            elif state["Type"] == "Choice":
                taken = next((each for each in state["Choices"] if self._value(each["Condition"])), None)
                next_name = taken["Next"] if taken else state["Default"]
                assigned = [] if taken else assigned
            for each in assigned:
                self.variables |= self._value(each, result)
            name = next_name
            assert self.events < 25_000, f"25,000 events after {self.seconds:,.0f} seconds, at {name}"


def nothing_known(_: Any) -> Any:
    return {"Responses": {"ledger": []}, "UnprocessedKeys": {}}


def all_taken(arguments: Any) -> Any:
    return {"Successful": [{"Id": each["Id"]} for each in arguments["Entries"]]}


@pytest.mark.parametrize(
    "answers",
    [
        {"Announce": all_taken},
        {"Announce": lambda _: {"Failed": []}},
        {"Ask which are known": lambda _: {"Responses": {}, "UnprocessedKeys": {"ledger": {"Keys": []}}}},
    ],
    ids=["never settled", "never sent", "never answered"],
)
@pytest.mark.parametrize("hours", [7 * 24])
def test_a_part_that_waits_in_vain_stays_within_the_events_of_an_execution(
    hours: int, answers: Mapping[str, Any]
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 25,000, retries included."""
    always = {"Ask which are known": nothing_known, "Ask the ledger": nothing_known, "Announce": all_taken}
    run = Run(hours * 3600, {**always, **answers})
    run.to_its_end()
    assert run.seconds >= hours * 3600
    assert run.events < 25_000 / 2
    retried_events = 6 * 3
    assert run.events + run.asked / 10 * retried_events < 25_000


def test_a_part_notices_soon_that_its_files_are_settled() -> None:
    """Whatever it has waited for so far, it lags behind by a fiftieth of it."""

    def settled_after(seconds: float) -> float:
        def answer(arguments: Any) -> Any:
            ids = [key["pk"] for key in arguments["RequestItems"]["ledger"]["Keys"]]
            state = {"S": "COMPLETE#03" if run.seconds > seconds else "PROCESSING#03"}
            return {
                "Responses": {"ledger": [{"pk": each, "state": state} for each in ids]},
                "UnprocessedKeys": {},
            }

        run = Run(
            7 * 86_400,
            {"Ask which are known": nothing_known, "Ask the ledger": answer, "Announce": all_taken},
        )
        run.to_its_end()
        return run.seconds

    for seconds in (30, 600, 3600, 86_400):
        assert settled_after(seconds) <= seconds * 1.03 + 62


def test_the_parts_add_up_to_the_report() -> None:
    amiss = {"key": "b", "file_id": "x", "state": "FAILED"}
    parts = [[3, 1], {"sent": 1, "known": 1, "states": {"COMPLETE": 1, "FAILED": 1}, "not_complete": [amiss]}]
    variables = {"bucket": "logs", "prefix": ""}
    report = evaluated(STATES["Backfill the files"]["Output"], result=parts, variables=variables)
    assert (report["sent"], report["known"]) == (4, 2)
    assert report["states"] == {"COMPLETE": 5, "FAILED": 1}
    assert report["not_complete"] == [amiss]
    nothing = evaluated(STATES["Backfill the files"]["Output"], result=[], variables=variables)
    assert nothing == {**variables, "sent": 0, "known": 0, "states": {}, "not_complete": []}


@pytest.mark.parametrize("number", [0, 1, 105])
def test_a_notice_names_the_first_hundred(number: int) -> None:
    amiss = [{"key": f"{each}.log", "state": "FAILED", "file_id": "x"} for each in range(number)]
    report = {"sent": number, "known": 0, "states": {"FAILED": number}, "not_complete": amiss}
    notice = evaluated(
        STATES["Notify"]["Arguments"], given=report, variables={"bucket": "logs", "prefix": "a/"}
    )
    assert notice["Message"].count("FAILED ") == min(number, 100)
    assert ("and 5 more" in notice["Message"]) == (number > 100)
    assert notice["MessageAttributes"]["whole"]["StringValue"] == ("false" if number else "true")


def test_the_role_may_do_what_the_machine_does_and_no_more() -> None:
    called = {
        node["Resource"].removeprefix("arn:${Partition}:states:::")
        for node in walk(MACHINE["Definition"])
        if isinstance(node, dict) and "Resource" in node
    }
    (policy,) = TEMPLATE["Resources"]["BackfillRole"]["Properties"]["Policies"]
    allowed: set[str] = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert set(ACTIONS) == called
    own = {"states:StartExecution", "states:DescribeExecution", "states:StopExecution"}
    unlimited = {action for action in allowed if action.startswith(("logs:", "xray:"))}
    key = {"kms:Decrypt", "kms:GenerateDataKey"}
    assert allowed - own - unlimited - key == set(ACTIONS.values())


def test_every_name_that_the_definition_leaves_open_is_filled_in() -> None:
    import re

    definition = read("backfill")["Resources"]["Backfill"]["Properties"]["Definition"]
    texts = [node for node in walk(definition) if isinstance(node, str)]
    assert {name for text in texts for name in re.findall(r"\$\{(\w+)\}", text)} == set(
        MACHINE["DefinitionSubstitutions"]
    )


def test_an_expression_has_a_second_of_the_processor_not_of_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from jsonata.jexception import JException
    from jsonata.jsonata import Jsonata

    now = {"time": time.time(), "thread_time": time.thread_time()}
    monkeypatch.setattr(time, "time", lambda: now["time"])
    monkeypatch.setattr(time, "thread_time", lambda: now["thread_time"])

    def evaluated_while(name: str, passes: float) -> Any:
        def passing() -> int:
            now[name] += passes
            return 3

        expression = Jsonata.jsonata("$passing() + 1", timeout=1000)
        expression.register_lambda("passing", passing)
        return expression.evaluate(None)

    assert evaluated_while("time", 3600) == 4
    assert evaluated_while("thread_time", 0.9) == 4
    with pytest.raises(JException, match="1000 milliseconds"):
        evaluated_while("thread_time", 1.1)


def test_the_local_map_fills_its_parts_within_both_bounds() -> None:
    batcher = {"MaxItemsPerBatch": 3, "MaxInputBytesPerBatch": 120, "BatchInput": {"a": 1}}
    small, large = [{"key": str(number)} for number in range(7)], [{"key": "x" * 50}] * 3
    assert [len(part["Items"]) for part in _batches(small, batcher)] == [3, 3, 1]
    assert [len(part["Items"]) for part in _batches(large, batcher)] == [1, 1, 1]
    assert all(part["BatchInput"] == {"a": 1} for part in _batches(large, batcher))
    assert not list(_batches([], batcher))
