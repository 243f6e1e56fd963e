"""What an older version of the code has left in queues and tables is taken up by this one; what a newer one has
left is refused, never guessed."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.aws.letters_table import DynamoLetters
from chalicelib.core.errors import PermanentError
from chalicelib.core.framing.cutting import Limits
from chalicelib.core.ledger.letters import LetterState
from chalicelib.core.plan import PLAN_VERSIONS
from chalicelib.core.wire.messages import MESSAGE_VERSIONS
from chalicelib.dead_letters.consumer import DeadLetterConsumer
from chalicelib.dead_letters.office import Pace
from chalicelib.dead_letters.selection import LetterSearch, NoSuchLetterError, Selection
from chalicelib.delivery import Incoming
from chalicelib.ledger import Ledger
from tests.fakes import WHEN, FakeLedgerTable, FakeQuarantine, Pipeline, in_time
from tests.layouts import entries_in
from tests.soak.dynamodb import DynamoDB
from tests.soak.world import World
from tests.versions import (
    ADDED,
    RECORDED,
    ROOT,
    State,
    Way,
    layout_of,
    said_by_all,
    sink_of,
    states_of,
    texts_in,
)

TEXTS = {
    f"{folder.name}/{path.name}": path
    for folder in (ROOT / RECORDED).glob("[0-9]*")
    for path in texts_in(folder)
}
STATES = ("opened", "sent but not sealed", "half cut", "cut", "cut and half marked", "complete")
NEWEST = str(max(PLAN_VERSIONS))
NEWER = max(PLAN_VERSIONS) + 1
LATER_LIMITS = Limits(batch_max_lines=2, batch_max_bytes=100, entry_max_bytes=90, split_bytes=200)
"""What holds for files that are opened now; those under way keep their own."""


@pytest.fixture
def dynamodb() -> DynamoDB:
    """The one in memory that the schedules run on, undisturbed: a hundred times as quick as a general stand-in.

    That the adapters' requests are DynamoDB's is tested beside this file."""
    return DynamoDB(World("calm"), lambda *_: None)


REASONS = {"not-an-access-line": "other-shape"}
"""What rejects were called by a version before → what this one calls them."""


def in_plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item whose attributes are there, and whose reason is one of today's."""
    renamed = (
        {"reason": {"S": REASONS.get(reason, reason)}} if (reason := item.get("reason", {}).get("S")) else {}
    )
    return dict(item) | {"attributes": item.get("attributes", {"M": {}})["M"]} | renamed


def opened(state: State) -> dict[str, Any]:
    (item,) = [item for item in state["ledger"] if item["sk"]["S"] == "file"]
    return dict(item)


def a_recorded(state: str, name: str = "1/access.log") -> tuple[Path, State]:
    return TEXTS[name], copy.deepcopy(states_of(TEXTS[name])[state])


def test_every_version_that_is_read_has_been_recorded() -> None:
    recorded = {name.partition("/")[0] for name in TEXTS}
    assert recorded == set(map(str, PLAN_VERSIONS)) == set(map(str, MESSAGE_VERSIONS))
    for path in TEXTS.values():
        assert tuple(states_of(path)) == STATES


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_file_in_progress_when_the_code_is_replaced_ends_the_same(
    dynamodb: Any, name: str, state: str
) -> None:
    """It ends in the account that its own version gives it: the plan, the format, the cuts and every count are those.
    Its records are the same; a field may be added to what they say, a reject's reason may have another name, and the account may
    say why it has none."""
    path, recorded = TEXTS[name], states_of(TEXTS[name])
    way = Way(dynamodb, path.name, path.read_bytes(), LATER_LIMITS)
    way.take_up(recorded[state])
    way.finish()
    ended, expected = way.state(), recorded["complete"]
    assert opened(ended)["state"]["S"].partition("#")[0] == "COMPLETE"
    assert said_by_all(ended["ledger"]) == said_by_all(expected["ledger"])
    entries, entries_before = (entries_in(state["records"]) for state in (ended, expected))
    # Of what was written before the code was replaced nothing is written again.
    names = [
        {key.rpartition("/")[2] for key in keys} for keys in (ended["objects"], expected.get("objects", ()))
    ]
    assert names[0] <= names[1], "wherever a version puts them"
    assert entries.keys() == entries_before.keys()
    for key, before in entries_before.items():
        item = entries[key]
        now, then = in_plain(item), in_plain(before)
        if name.endswith("/tills.log") and (invented := then["attributes"].get("thread.name")):
            words = {key: now["attributes"].get(key) for key in ("thread.name", "extra")}
            assert invented in words.values(), "a bare word is no thread any more"
            now, then = ({**each, "attributes": {}} for each in (now, then))
        assert {key: now["attributes"].get(key) for key in then["attributes"]} == then["attributes"]
        assert now | {"attributes": {}} == then | {"attributes": {}}


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith(f"{NEWEST}/")])
def test_what_is_stored_or_sent_does_not_change_without_a_new_version(dynamodb: Any, name: str) -> None:
    """The names that items and messages have are those recorded of the newest version."""
    path, recorded = TEXTS[name], states_of(TEXTS[name])
    way = Way(dynamodb, path.name, path.read_bytes(), layout=layout_of(path), sink=sink_of(path))
    for state, left in way.states():
        before = recorded[state]
        assert [item.keys() - ADDED for item in left["ledger"]] == [
            item.keys() - ADDED for item in before["ledger"]
        ]
        for queue in ("split_queue", "batch_queue"):
            versions = [{*json.loads(body), json.loads(body)["v"]} for body in left[queue]]
            assert versions == [{*json.loads(body), json.loads(body)["v"]} for body in before[queue]]


@pytest.mark.parametrize("key", ["access.log", "access.log.gz", "events.jsonl", "relay.log", "notes.txt"])
def test_what_version_1_can_express_is_written_in_it(dynamodb: Any, key: str) -> None:
    """So that functions can be replaced one by one, and taken back: the code before reads it."""
    path, before = a_recorded("cut", f"1/{key}")
    now = dict(Way(dynamodb, path.name, path.read_bytes()).states())["cut"]
    assert opened(now)["plan_version"] == opened(before)["plan_version"] == {"N": "1"}
    framing = opened(now)["framing"]["M"]
    assert framing.pop("rules") == {"N": "3"}, "which code before passes over"
    assert {"M": framing} == opened(before)["framing"]
    assert opened(before).keys() <= opened(now).keys()
    for body, recorded in zip(now["batch_queue"], before["batch_queue"], strict=True):
        message, then = json.loads(body), json.loads(recorded)
        assert message["framing"].pop("rules") == 3
        assert {name: message[name] for name in then} == then
        assert not any(message[name] for name in message.keys() - then.keys())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plan_version": {"N": str(NEWER)}}, f"version {NEWER}"),
        ({"framing": {"M": {"version": {"N": "2"}, "entry_start": {"NULL": True}}}}, "framing 2"),
    ],
)
def test_the_plan_of_newer_code_is_refused(dynamodb: Any, change: dict[str, Any], message: str) -> None:
    path, state = a_recorded("opened")
    state["ledger"][0].update(change)
    way = Way(dynamodb, path.name, path.read_bytes())
    way.take_up(state)
    with pytest.raises(
        PermanentError,
        match=f"{message}.*; this Froe reads 1, 2, 3, 4, 5 and 6, and framing 1: deploy a newer one",
    ):
        way.finish()
    assert way.state()["ledger"] == state["ledger"]
    assert not way.state()["batch_queue"]


def test_a_message_of_newer_code_that_died_is_not_redriven_before_that_code_is_back() -> None:
    """Nobody understands it until then; then it goes to its own queue."""
    pipeline = Pipeline(LATER_LIMITS)
    path, state = a_recorded("cut", "2/trail.json")
    body = state["batch_queue"][0]
    newer = json.dumps(json.loads(body) | {"v": NEWER})
    pipeline.dead_letter_consumer.take(Incoming("m1", "r", newer, 1))
    (letter,) = pipeline.letters.stored.values()
    everything, at_once = Selection(), Pace(1e9)
    refused = pipeline.office.redrive(everything, in_time(), at_once)
    assert (refused.changed, refused.refused) == (0, 1)
    assert f"version {NEWER}" in refused.refusals[0][1]
    envelope = json.loads(pipeline.quarantine.stored["m1"])
    pipeline.quarantine.stored["m1"] = json.dumps(envelope | {"body": body}).encode()
    assert pipeline.office.redrive(everything, in_time(), at_once).changed == 1
    assert [message.body for message in pipeline.batch_queue.messages] == [body]
    assert pipeline.letters.stored[None, letter.letter_id].state is LetterState.REDRIVEN
    assert path.name == "trail.json"


@pytest.mark.parametrize("file_id", ["a" * 26, None])
def test_a_dead_letter_kept_before_letters_had_places_is_found(dynamodb: Any, file_id: str | None) -> None:
    """Only the quarantine says of what file it is."""
    pipeline = Pipeline(LATER_LIMITS)
    _, state = a_recorded("cut")
    body = state["batch_queue"][0] if file_id else "?"
    pipeline.dead_letter_consumer.take(Incoming("m1", "r", body, 1))
    (letter,) = pipeline.letters.stored.values()
    letters = DynamoLetters(dynamodb, "ledger")
    letters.put(letter)
    place = {"pk": {"S": "message#m1"}, "sk": {"S": "letter"}}
    dynamodb.delete_item(TableName="ledger", Key=place)
    table = FakeLedgerTable()
    search = LetterSearch(letters, pipeline.quarantine, Ledger(table, lambda: WHEN))
    assert search.kept("m1")[0] == letter
    gone = LetterSearch(letters, FakeQuarantine(), Ledger(table, lambda: WHEN))
    with pytest.raises(NoSuchLetterError):
        gone.kept("m1")


def test_a_dead_letter_of_a_file_that_only_newer_code_can_read_is_kept(dynamodb: Any) -> None:
    """It is quarantined, listed and told, and its message let go; the file is left to the code that can read it."""
    path, state = a_recorded("opened")
    state["ledger"][0]["plan_version"] = {"N": str(NEWER)}
    Way(dynamodb, path.name, path.read_bytes()).take_up(state)
    pipeline = Pipeline(LATER_LIMITS)
    consumer = DeadLetterConsumer(
        DynamoLetters(dynamodb, "ledger"),
        pipeline.quarantine,
        Ledger(DynamoLedger(dynamodb, "ledger"), lambda: WHEN),
        pipeline.topic,
        lambda: WHEN,
    )
    consumer.take(Incoming("m1", "r", state["split_queue"][0], 1))
    assert list(pipeline.quarantine.stored) == ["m1"]
    assert len(pipeline.topic.notices) == 1
    items = dynamodb.scan(TableName="ledger")["Items"]
    assert [item for item in items if item["sk"] == {"S": "file"}] == state["ledger"]
    assert sum(item["sk"] == {"S": "dead#m1"} for item in items) == 1
