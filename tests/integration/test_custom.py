"""A file under a configuration of its own: what is filtered is counted, what is redacted is nowhere in the tables."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.core.plan.lanes import queue_of
from froe.local import LocalStack
from tests.integration.letters import let_die
from tests.integration.support import (
    call_api,
    ledger_of,
    paused,
    queue_depth,
    reach,
    records_of,
    run_froe,
    scan,
    sealed,
    states_of,
    sweep,
    upload,
    upload_and_settle,
    wait_for,
)

CONFIG = r"""
[[format]]
name = "till"
grok = '%{TIMESTAMP_ISO8601:time}\|%{WORD:till}\|%{NUMBER:amount:float}\|%{GREEDYDATA:message}'
time = "time"
samples = ["2026-03-14T09:26:53Z|till7|12.50|two coffees"]

[[bind]]
prefix = "custom/tills/"
format = "till"

[[format]]
name = "kiosk"
pattern = '(?P<kiosk>kiosk\d+) (?P<amount>\d+) (?P<message>.*)'
body = "message"
samples = ["kiosk7 12 coffees"]

[[bind]]
prefix = "custom/kiosks/"
format = "kiosk"

[[bind]]
prefix = "custom/bulk/"
lane = "bulk"

[[filter]]
name = "free"
exclude = { field = "amount", equals = 0.0 }

[[redact]]
name = "people"
kinds = ["email", "card", "ip"]
hash = true
"""


BROKEN = CONFIG.replace(r"kiosk\d+", "kiosk7")
KIOSKS = b"".join(b"kiosk%d %d coffees and a cake\n" % (7 + number % 2, number) for number in range(300))


@pytest.fixture(scope="module")
def misread(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Files of the shared stack that were read with a broken format, of which half the lines are rejects."""
    file = tmp_path_factory.mktemp("broken") / "froe.toml"
    file.write_text(BROKEN)
    stack.redeploy({"FROE_CONFIG": str(file), "REDACTION_KEY": "a key for tests only"})
    uploads = [upload(stack, f"custom/kiosks/{number}.log", KIOSKS) for number in range(3)]
    reach(stack, {"COMPLETE"}, *(each.file_id for each in uploads))
    yield [each.file_id for each in uploads]
    stack.redeploy({"FROE_CONFIG": "", "REDACTION_KEY": ""})


@pytest.fixture(scope="module")
def configured(stack: LocalStack, misread: list[str], tmp_path_factory: pytest.TempPathFactory) -> LocalStack:
    """The shared stack under the configuration; afterwards as it was."""
    assert misread
    file = tmp_path_factory.mktemp("configured") / "froe.toml"
    file.write_text(CONFIG)
    stack.redeploy({"FROE_CONFIG": str(file)})
    return stack


def test_what_is_filtered_or_hidden_is_neither_stored_nor_lost(configured: LocalStack) -> None:
    lines = [
        f"2026-03-14T09:26:{number % 60:02d}Z|till{number % 9}|{number % 4}.0|paid by ada{number}@example.org from 198.51.100.{number % 250}"
        for number in range(6000)
    ]
    lines[17] = "broken: 4111 1111 1111 1111 of bob@example.org"
    data = ("\n".join(lines) + "\n").encode()
    file = upload_and_settle(configured, "custom/tills/a.log", data)
    assert (file["state"], file["format"], file["format_score"]) == ("COMPLETE", "till", 1)
    assert file["text_bytes"] == len(data)
    assert file["parsed"]["entries"] == 4499
    assert file["rejected"]["entries"] == 1
    dropped = [line for line in lines if "|0.0|" in line]
    assert file["skipped"] == {
        "filtered:free": {"lines": 1500, "bytes": sum(len(line) + 1 for line in dropped)}
    }
    stored = records_of(configured, file["file_id"])
    assert len(stored) == 4500
    everything = json.dumps([stored, ledger_of(configured, file["file_id"])], default=_plain)
    for secret in ("@example.org", "198.51.100.", "4111 1111", "a key for tests only"):
        assert secret not in everything
    assert everything.count("[email:") == 4500
    assert {item["format"] for item in stored} == {"till"}
    assert stored[0]["attributes"] == {"till": "till1", "amount": 1}


def seen_of(stack: LocalStack, file_id: str) -> tuple[int, int, int]:
    """How many records and rejects a reader gets of a file, and how many rejects its account says."""
    entries = [
        call_api(stack, f"/files/{file_id}/{what}?limit=1000").body["items"]
        for what in ("records", "rejects")
    ]
    return len(entries[0]), len(entries[1]), call_api(stack, f"/files/{file_id}").body["rejected"]["entries"]


def test_files_read_with_a_broken_format_are_read_again(
    configured: LocalStack, misread: list[str], tmp_path: Path
) -> None:
    stack, (watched, *_) = configured, misread
    before, after = (150, 150, 150), (300, 0, 0)
    assert seen_of(stack, watched) == before
    (tmp_path / "froe.toml").write_text(CONFIG)
    chosen = "--prefix", "custom/kiosks/", "--rejects-over", "1%"
    would = run_froe(stack, "reprocess", *chosen, "--dry-run", "--config", str(tmp_path / "froe.toml"))
    assert would.stdout.count("150 rejects become records; no bytes move to other entries") == 3, would
    seen: list[tuple[int, int, int]] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            state = call_api(stack, f"/files/{watched}").body["generation"]
            entries = seen_of(stack, watched)
            if call_api(stack, f"/files/{watched}").body["generation"] == state:
                seen.append(entries)

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        again = run_froe(stack, "reprocess", *chosen, "--json")
    finally:
        done.set()
        poller.join()
    outcomes = [json.loads(line) for line in again.stdout.splitlines()]
    assert again.returncode == 0, again
    assert sorted(each["file_id"] for each in outcomes) == sorted(misread)
    assert {(each["result"], each["rejected_before"], each["rejected_after"]) for each in outcomes} == {
        ("replaced", 150, 0)
    }
    assert set(seen) <= {before, after}
    assert before in seen
    assert seen_of(stack, watched) == after
    assert run_froe(stack, "verify", *misread).returncode == 0


def test_over_http_a_file_is_read_again_and_what_it_was_goes(
    configured: LocalStack, misread: list[str]
) -> None:
    stack, file_id = configured, misread[-1]
    asked = call_api(stack, f"/files/{file_id}/reprocess", method="POST", body={})
    assert (asked.status, asked.body["file_id"]) == (202, file_id)
    number = asked.body["next_generation"]
    wait_for(
        lambda: call_api(stack, f"/files/{file_id}").body["generation"] == number or None,
        f"generation {number}",
    )
    assert call_api(stack, f"/files/{'a' * 26}/reprocess", method="POST", body={}).status == 404
    assert call_api(stack, f"/files/{file_id}/reprocess", method="POST", body={"force": 1}).status == 400
    for key, name in (((file_id, "file"), "generation_since"), (("generations", file_id), "since")):
        stack.client("dynamodb").update_item(
            TableName=stack.info.ledger_table,
            Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}},
            UpdateExpression="SET #name = :past",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00+00:00"}},
        )
    sweep(stack)
    ids = {item["pk"].partition("#")[0] for item in scan(stack, stack.info.records_table)}
    assert {each for each in ids if each.startswith(file_id)} == {f"{file_id}~{number}"}
    own = {(item["pk"], item["sk"]) for item in scan(stack, stack.info.ledger_table)}
    assert {sk for pk, sk in own if pk == file_id} == {"file"}
    assert ("generations", file_id) not in own


def test_a_burst_in_one_lane_keeps_no_file_of_another_waiting(configured: LocalStack) -> None:
    """What is bound to a lane waits for its own worker alone, and is worked off by it."""
    queue = queue_of("bulk", configured.info.batch_queue)
    with paused(configured, "worker_bulk"):
        bulk = [upload(configured, f"custom/bulk/{number}.log", KIOSKS) for number in range(3)]
        sealed(configured, *(each.file_id for each in bulk))
        other = upload_and_settle(configured, "custom/kiosks/beside.log", KIOSKS)
        assert (other["state"], other["lane"]) == ("COMPLETE", "default")
        wait_for(
            lambda: queue_depth(configured, queue) == 3 or None, "the batches of three files in their queue"
        )
        assert set(states_of(configured, [each.file_id for each in bulk]).values()) == {"PROCESSING"}
        dead = taken_from(configured, queue)
        letter = f"/dead-letters/{let_die(configured, dead).letter_id}"
        wait_for(lambda: call_api(configured, letter).status == 200 or None, "the dead letter")
        redriven = call_api(configured, f"{letter}/redrive", method="POST")
        assert (redriven.status, redriven.body["redriven"]) == (200, 1)
        wait_for(lambda: queue_depth(configured, queue) == 3 or None, "the redriven batch in its queue")
    reach(configured, {"COMPLETE"}, *(each.file_id for each in bulk))
    assert {call_api(configured, f"/files/{each.file_id}").body["lane"] for each in bulk} == {"bulk"}
    assert "lane bulk" in " ".join(run_froe(configured, "status", bulk[0].file_id).stdout.split())


def taken_from(stack: LocalStack, queue: str) -> str:
    """The body of a message that is in the queue no more."""
    sqs = stack.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return str(message["Body"])


def test_a_configuration_is_put_without_a_deploy(configured: LocalStack, tmp_path: Path) -> None:
    """Opened by the splitter, and read again by the queued splitter; what was opened before keeps what was deployed. The last
    test of the module: for some seconds after a rollback functions still use what was put."""
    stack, file, line = configured, tmp_path / "froe.toml", b"stand3 7 waffles\n"
    file.write_text(
        "[[format]]\nname = 'stand'\npattern = 'stand(?<stand>[0-9]+) (?<count>[0-9]+) (?<message>.*)'\n"
        "samples = ['stand3 7 waffles']\n"
    )
    before = upload_and_settle(stack, "custom/stands/0.log", line)
    assert (before["format"], before["configuration"]) == ("text", None)
    put = run_froe(stack, "config", "put", str(file), "--json")
    try:
        number = json.loads(put.stdout)["version"]
        attempts = iter(range(1, 100))

        def opened_with_it() -> dict[str, object] | None:
            opened = upload_and_settle(stack, f"custom/stands/{next(attempts)}.log", line)
            return opened if opened["configuration"] else None

        after = wait_for(opened_with_it, f"a file that is opened with version {number}")
        assert (after["format"], after["configuration"]) == ("stand", number)
        assert call_api(stack, f"/files/{before['file_id']}").body["configuration"] is None
        again = wait_for(
            lambda: _configured_file(stack, before["file_id"]), "a generation that is read with that version"
        )
        assert (again["format"], again["configuration"]) == ("stand", number)
    finally:
        rolled_back = run_froe(stack, "config", "rollback", "deployed")
    assert rolled_back.returncode == 0, rolled_back
    deeds = [each["action"] for each in call_api(stack, "/audit?limit=10").body["items"]]
    assert {"config-put", "config-rollback"} <= set(deeds)


def _configured_file(stack: LocalStack, file_id: str) -> dict[str, object] | None:
    file: dict[str, object] = call_api(stack, f"/files/{file_id}").body
    if file["configuration"]:
        return file
    assert run_froe(stack, "reprocess", file_id).returncode == 0, "the queued splitter looked too early"
    return None


def _plain(value: object) -> str:
    binary = getattr(value, "value", None)
    return binary.decode() if isinstance(binary, bytes) else str(value)
