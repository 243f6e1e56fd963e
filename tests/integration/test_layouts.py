"""A stage in the layout `packed`, with Parquet beside it, on the local AWS: the API and SQL say of every file what
reading it says, whatever befalls it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

from chalicelib.access import Role
from chalicelib.core.records import Reject, Skip, item_of, untyped
from froe.local import LocalStack
from tests.faults.inputs import OF_EACH_OUTCOME, json_lines
from tests.integration.conftest import QUICK
from tests.integration.support import (
    announce,
    call_api,
    drained,
    event_of,
    normalised,
    queue_depth,
    records_of,
    run_froe,
    services_of,
    set_mappings,
    settle,
    sweep,
    upload,
    wait_for,
)
from tests.integration.test_pipeline import SAMPLES, Poured, pages
from tests.integration.test_rare_calls import called

LIMITS = {
    "RETRY_BASE_SECONDS": "1",
    "SPLIT_DELAY_SECONDS": "2",
    "SPLIT_BYTES": "200000",
    "BATCH_MAX_LINES": "500",
    "STALL_SECONDS": "0",
}
KEYS = [*(f"samples/{path.name}" for path in SAMPLES), *(f"bad/{bad.name}" for bad in OF_EACH_OUTCOME)]


@pytest.fixture(scope="module")
def packed() -> Iterator[LocalStack]:
    with LocalStack(
        settings=LIMITS, parameters=QUICK | {"RecordsLayout": "packed", "Sink": "parquet"}
    ) as running:
        yield running


@pytest.fixture(scope="module")
def poured(packed: LocalStack) -> Poured:
    return Poured(packed)


@pytest.mark.parametrize("key", KEYS)
def test_the_api_says_of_a_packed_file_what_reading_it_says(
    packed: LocalStack, poured: Poured, key: str
) -> None:
    reading, file_id = poured.read_again(key), poured.uploads[key].file_id
    outcomes = [outcome for outcome in reading if not isinstance(outcome.result, Skip)]
    listed = {
        kind: list(pages(packed, f"/files/{file_id}/{kind}s", limit=700)) for kind in ("record", "reject")
    }
    by_offset = {entry["offset"]: entry for entries in listed.values() for entry in entries}
    assert sorted(by_offset) == [outcome.offset for outcome in outcomes]
    for outcome in outcomes:
        entry = by_offset[outcome.offset]
        typed = item_of(
            outcome,
            file_id=file_id,
            batch_id=entry["batch_id"],
            format_name=reading.plan.format,
            shards=reading.plan.shards,
            expires_at=None,
        )
        assert entry["kind"] == ("reject" if isinstance(outcome.result, Reject) else "record")
        assert {"pk": typed["pk"]["S"], "sk": typed["sk"]["S"], **entry} == {
            name: untyped(value) for name, value in typed.items()
        }
    file, account = poured.files[key], reading.account
    assert (file["state"], file["reason"]) == (account.state.value, account.reason)
    assert file["parsed"]["entries"] == len(listed["record"])
    assert file["rejected"]["entries"] == len(listed["reject"])


def test_the_table_holds_nothing_but_segments(packed: LocalStack, poured: Poured) -> None:
    items = [item for stored in poured.items.values() for item in stored]
    assert {item.get("kind") for item in items} <= {"segment", None}
    heads = [item for item in items if "kind" in item]
    assert len(items) - len(heads) == sum(int(head["continuations"]) for head in heads)
    entries = sum(file[name]["entries"] for file in poured.files.values() for name in ("parsed", "rejected"))
    assert sum(int(head["entries"]) for head in heads) == entries > 20 * len(items)
    assert queue_depth(packed, packed.info.dead_letter_queue) == 0


def test_a_file_tells_what_it_used(packed: LocalStack, poured: Poured) -> None:
    """By the sizes of what is stored of it: write units, and a mark of each batch."""
    complete = [file for file in poured.files.values() if file["state"] == "COMPLETE"]
    for file in complete:
        used, items = file["used"], poured.items.get(file["file_id"], [])
        assert used["write_units"] >= len(items) + file["batches"], file["key"]
        assert used["queue_requests"] >= 3 * file["batches"], file["key"]
        assert 0 < used["object_reads"] <= used["s3_requests"], file["key"]
    dearest = max(complete, key=lambda file: file["used"]["write_units"])
    printed = json.loads(run_froe(packed, "status", dearest["file_id"], "--json").stdout)
    assert printed["used"] == dearest["used"]
    assert 0 < printed["cost"] < 0.01


def test_the_command_line_prints_packed_records_and_rejects(packed: LocalStack, poured: Poured) -> None:
    key = max(poured.files, key=lambda key: poured.files[key]["rejected"]["entries"])
    file = poured.files[key]
    for command, name in (("records", "parsed"), ("rejects", "rejected")):
        printed = run_froe(packed, command, file["file_id"], "--limit", "0", "--json")
        assert printed.returncode == 0, printed.stderr
        lines = [json.loads(line) for line in printed.stdout.splitlines()]
        assert len(lines) == file[name]["entries"]
        assert [line["offset"] for line in lines] == sorted(line["offset"] for line in lines)
    assert base64.b64decode(lines[0]["raw"])


def test_the_rows_of_the_sink_are_what_the_ledger_counts(packed: LocalStack, poured: Poured) -> None:
    """Of all samples and bad inputs, asked by SQL."""
    sql = (
        "select file_id, count(*) filter (kind = 'record') as records, count(*) filter (kind = 'reject') as rejects,"
        ' sum(length)::BIGINT as bytes, count(distinct "offset") as places from records group by 1'
    )
    asked = run_froe(packed, "query", sql, "--json")
    assert asked.returncode == 0, asked.stderr
    rows = {row.pop("file_id"): row for row in map(json.loads, asked.stdout.splitlines())}
    expected = {
        file["file_id"]: {
            "records": file["parsed"]["entries"],
            "rejects": file["rejected"]["entries"],
            "bytes": file["parsed"]["bytes"] + file["rejected"]["bytes"],
            "places": file["parsed"]["entries"] + file["rejected"]["entries"],
        }
        for file in poured.files.values()
        if file["parsed"]["entries"] + file["rejected"]["entries"]
    }
    assert len(rows) > 10
    assert {file_id: row for file_id, row in rows.items() if file_id in expected} == expected


def keys_of_sink(packed: LocalStack) -> list[str]:
    pages = packed.client("s3").get_paginator("list_objects_v2").paginate(Bucket=packed.env["RESULTS_BUCKET"])
    return [one["Key"] for page in pages for one in page.get("Contents", ())]


def test_the_sweeper_merges_what_the_sink_has_and_sql_gives_the_same(
    packed: LocalStack, poured: Poured
) -> None:
    sql = 'select file_id, batch_id, "offset", length, kind, time, body from records order by 1, 3'
    before = run_froe(packed, "query", sql, "--json")
    batches, s3 = keys_of_sink(packed), packed.client("s3")
    again = {"Bucket": packed.env["RESULTS_BUCKET"], "Key": batches[0]}
    data = s3.get_object(**again)["Body"].read()
    sweep(packed)
    s3.put_object(**again, Body=data)
    sweep(packed)
    merged = json.loads(run_froe(packed, "compact", "--json").stdout)
    assert merged["failed"] == 0
    keys = keys_of_sink(packed)
    assert len(keys) < len(batches) / 3
    assert any(key.startswith("records/") for key in keys)
    assert batches[0] not in keys, "what came again is merged, too"
    after = run_froe(packed, "query", sql, "--json")
    assert len(before.stdout.splitlines()) > 1000
    assert after.stdout == before.stdout
    for resource, actions in {
        "${ResultsBucket.Arn}": ("ListBucket", "ListBucketVersions"),
        "${ResultsBucket.Arn}/batches/*": ("GetObject", "DeleteObjectVersion"),
        "${ResultsBucket.Arn}/records/*": ("GetObject", "PutObject"),
    }.items():
        for action in actions:
            assert called(packed, "sweeper", f"s3:{action}", resource), (action, resource)


def verdicts_of(packed: LocalStack, *names: str) -> dict[str, dict[str, Any]]:
    done = run_froe(packed, "verify", "--json", *names)
    assert done.returncode in {0, 1}, done.stderr
    return {each["file_id"]: each for each in map(json.loads, done.stdout.splitlines())}


@pytest.mark.usefixtures("merged")
def test_what_is_packed_and_merged_is_proved_and_a_change_of_it_found(
    packed: LocalStack, poured: Poured
) -> None:
    """Every sample, and a bad input of each outcome."""
    verdicts = verdicts_of(packed, "--all")
    ids = {uploaded.file_id for uploaded in poured.uploads.values()}
    results = {file_id: verdicts[file_id]["result"] for file_id in ids}
    failed = {file_id for file_id in ids if verdicts[file_id]["state"] == "FAILED"}
    assert results == dict.fromkeys(ids - failed, "proved") | dict.fromkeys(failed, "unproved")
    assert len(failed) < len(ids) / 2
    file_id = poured.uploads["samples/orders.log"].file_id
    dynamodb, table = packed.client("dynamodb"), packed.info.records_table
    (segment, *_) = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"{file_id}#00"}},
    )["Items"]
    try:
        dynamodb.put_item(
            TableName=table, Item=segment | {"data": {"B": segment["data"]["B"][:-9] + b"elsewhere"}}
        )
        assert verdicts_of(packed, file_id)[file_id]["result"] == "differs"
        dynamodb.put_item(TableName=table, Item=segment | {"records": {"N": "1"}})
        (difference,) = verdicts_of(packed, file_id)[file_id]["differences"]
        assert difference["what"] == "records differs"
    finally:
        dynamodb.put_item(TableName=table, Item=segment)
    sink = packed.client("s3")
    object_key = services_of(packed).ledger.read_merged(file_id, 0)
    assert object_key is not None
    place = {"Bucket": packed.env["RESULTS_BUCKET"], "Key": object_key}
    data = sink.get_object(**place)["Body"].read()
    sink.delete_object(**place)
    try:
        verdict = verdicts_of(packed, file_id)[file_id]
        assert {each["where"] for each in verdict["differences"]} == {"sink"}
    finally:
        sink.put_object(**place, Body=data)


@pytest.fixture(scope="module")
def merged(packed: LocalStack, poured: Poured) -> None:
    """What the sink has of settled splits is in the objects of the table."""
    done = run_froe(packed, "compact", "--json")
    assert json.loads(done.stdout)["failed"] == 0, done.stderr


@pytest.mark.usefixtures("merged")
def test_athena_answers_of_the_sink_as_this_machine_does(packed: LocalStack, poured: Poured) -> None:
    """The table of the catalog, in the workgroup of the stage; without conditions on partitions, which the local one lacks."""
    sql = (
        "select file_id, kind, count(*) as entries, sum(length) as bytes, max(time) as newest,"
        " count(client_address) as clients from records group by file_id, kind order by file_id, kind"
    )
    here, there = (run_froe(packed, "query", sql, "--json", *words) for words in ((), ("--athena",)))
    assert there.returncode == 0, there.stderr
    assert len(here.stdout.splitlines()) > 10
    assert there.stdout == here.stdout
    assert "Athena scanned" in there.stderr
    kept = packed.client("s3").list_objects_v2(Bucket=packed.env["RESULTS_BUCKET"], Prefix="athena/")
    assert kept["KeyCount"] > 0
    wrong = run_froe(packed, "query", "select nothing from records", "--athena")
    assert wrong.returncode == 1
    assert "DESCRIBE records lists them" in wrong.stderr


def answered(packed: LocalStack, sql: str) -> dict[str, Any]:
    """A query by HTTP, once it is over."""
    started = call_api(packed, "/queries", method="POST", body={"sql": sql})
    assert started.status == 202, started.body
    path = f"/queries/{started.body['query_id']}?limit=1000"

    def over() -> dict[str, Any] | None:
        query: dict[str, Any] = call_api(packed, path).body
        return None if query["state"] in {"QUEUED", "RUNNING"} else query

    return wait_for(over, sql)


def test_http_answers_sql_of_the_sink_as_the_command_line_does(packed: LocalStack, poured: Poured) -> None:
    columns = {each["name"]: each["type"] for each in call_api(packed, "/queries/table").body["columns"]}
    assert (columns["length"], columns["file_format"]) == ("bigint", "string")
    sql = "select file_id, sum(length) as bytes, max(client_address) as client from records group by 1 order by 1"
    here = run_froe(packed, "query", sql, "--csv").stdout.splitlines()
    query = answered(packed, sql)
    assert [each["type"] for each in query["columns"]] == ["varchar", "bigint", "varchar"]
    rows = [",".join(value or "" for value in row) for row in query["items"]]
    assert rows == here[1:]
    assert any(row[2] is None for row in query["items"])
    assert query["scanned_bytes"] > 10_000
    with urlopen(query["download"]) as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        assert len(answer.read().splitlines()) == len(here)
    deed = call_api(packed, "/audit?limit=1").body["items"][0]
    assert (deed["action"], deed["result"]) == ("query", {"query_id": query["query_id"]})
    reader = services_of(packed).tokens.create("reader", Role.READ, "tests")
    asked = call_api(packed, "/queries", method="POST", token=reader, body={"sql": "select 1"})
    assert (asked.status, call_api(packed, f"/queries/{asked.body['query_id']}", token=reader).status) == (
        202,
        200,
    )
    (own,) = call_api(packed, "/queries", token=reader).body["items"]
    assert (own["query_id"], own["by"]) == (asked.body["query_id"], "reader")
    others = call_api(packed, "/queries", method="POST", body={"sql": "select 1"}).body
    assert call_api(packed, f"/queries/{others['query_id']}", token=reader).status == 403
    refused = call_api(packed, "/dead-letters/redrive", method="POST", token=reader, body={"all": True})
    assert refused.status == 403
    wrong = answered(packed, "select nothing from records")
    assert (wrong["state"], wrong["items"]) == ("FAILED", [])
    assert "GET /queries/table lists them" in wrong["reason"]
    outside = answered(packed, "select * from read_text('/etc/hostname')")
    assert (outside["state"], "ermission" in outside["reason"]) == ("FAILED", True)


ENDLESS = "select sum(a.i * b.i) from range(10000000) a(i), range(10000000) b(i)"


def test_a_query_that_runs_is_cancelled(packed: LocalStack) -> None:
    endless = call_api(
        packed,
        "/queries",
        method="POST",
        body={"sql": ENDLESS},
    )
    path = f"/queries/{endless.body['query_id']}"
    assert call_api(packed, path, method="DELETE").body["state"] == "CANCELLED"
    assert call_api(packed, path).body["state"] == "CANCELLED"


def test_the_page_asks_the_sink_in_sql(packed: LocalStack, poured: Poured) -> None:
    """By keyboard, in the dark and on a phone, too."""
    driver = pytest.importorskip("tests.browser.driver", reason="needs playwright: make setup")
    if driver.CHROMIUM is None:
        pytest.skip(driver.WITHOUT)
    sql = "select kind, count(*) as n, null as nothing, '<img src=x>' as html from records group by 1 order by 1"
    kinds = answered(packed, sql)["items"]
    with driver.chromium() as browser:
        with driver.visiting(browser, packed.info) as one:
            one.go()
            page = one.page
            page.get_by_role("link", name="Ask").click()
            page.get_by_role("button", name="Rejects by reason").click()
            editor = page.get_by_label("SQL")
            assert "kind = 'reject'" in editor.input_value()
            editor.fill(sql)
            page.get_by_role("button", name="The newest").click()
            assert "order by time desc" in editor.input_value()
            page.get_by_role("list", name="Earlier queries").get_by_role("button").click()
            assert editor.input_value() == sql, "what was written is not lost"
            too_wide = {"Code": "BadRequestError", "Message": "a row of the answer is larger"}
            once = re.compile(r"/queries/[-0-9a-f]+\?")
            page.route(once, lambda route: route.fulfill(status=400, json=too_wide), times=1)
            one.refusals_allowed = True
            editor.press("Control+Enter")
            page.get_by_role("alert").get_by_text("a row of the answer is larger").wait_for()
            page.get_by_role("button", name="Look at it again").click()
            rows = page.locator("table.answer tbody tr")
            rows.first.wait_for()
            assert [row.locator("td").all_inner_texts() for row in rows.all()] == [
                [kind, count, "NULL", html] for kind, count, _, html in kinds
            ]
            assert page.locator("table.answer img").count() == 0
            assert page.locator("table.answer .number").count() == 1 + len(kinds)
            page.get_by_text("scanned, < $0.0001").wait_for()
            with page.expect_download() as saved:
                page.get_by_role("button", name="Download all as CSV").click()
            assert saved.value.suggested_filename.endswith(".csv")
            assert one.faults_of_access() == []
            answer = page.url.partition("#/")[2]
            editor.fill("select nothing from records")
            page.get_by_role("button", name="Run").click()
            page.get_by_role("alert").get_by_text("GET /queries/table lists them").wait_for()
            call_api(packed, "/queries", method="POST", body={"sql": ENDLESS})
            page.reload()
            page.get_by_role("button", name="Cancel select sum(a.i * b.i)").click()
            running = page.get_by_role("region", name="Queries of the last days").get_by_role("listitem")
            running.filter(has_text="select sum(a.i").filter(has_text="cancelled").first.wait_for()
        with driver.visiting(browser, packed.info, driver.PHONE, "dark") as one:
            one.go(answer)
            one.page.locator("table.answer tbody tr").first.wait_for()
            assert one.faults_of_access("color-contrast", "scrollable-region-focusable") == []
            assert one.overflow <= 0


def test_records_that_are_in_the_sink_alone_are_shown_as_others_are(
    packed: LocalStack, poured: Poured
) -> None:
    several = [key for key, file in poured.files.items() if file["batches"] > 1]
    key = max(several, key=lambda key: poured.files[key]["rejected"]["entries"])
    before = poured.files[key]
    packed.redeploy({"RECORDS_LAYOUT": "none"})
    alone = upload(packed, f"alone/{key}", poured.data[key])
    file = settle(packed, alone.file_id)
    packed.redeploy({"RECORDS_LAYOUT": "packed"})
    names = ("state", "reason", "format", "parsed", "rejected", "skipped", "batches")
    assert {name: file[name] for name in names} == {name: before[name] for name in names}
    assert not records_of(packed, alone.file_id)
    for kind in ("records", "rejects"):
        answers = [
            [
                {name: value for name, value in entry.items() if name not in {"file_id", "batch_id"}}
                for entry in pages(packed, f"/files/{file_id}/{kind}", limit=700)
            ]
            for file_id in (before["file_id"], alone.file_id)
        ]
        assert answers[0] == answers[1]
    folder = f"batches/format={file['format']}/date={file['last_modified'][:10]}"
    expired = f"{folder}/{alone.file_id}-000000-000000.parquet"
    packed.client("s3").delete_object(Bucket=packed.env["RESULTS_BUCKET"], Key=expired)
    left = list(pages(packed, f"/files/{alone.file_id}/records", limit=700))
    assert f"{alone.file_id}-000000-000000" not in {entry["batch_id"] for entry in left}, (
        "what has expired is not there, and no error"
    )
    assert left
    assert run_froe(packed, "compact").returncode == 0
    assert list(pages(packed, f"/files/{alone.file_id}/records", limit=700)) == left
    assert called(packed, "api_handler", "s3:ListBucket", "${ResultsBucket.Arn}")
    forgotten = run_froe(packed, "forget", alone.file_id, "--yes", "--json")
    assert forgotten.returncode == 0, forgotten.stderr
    expired_and_marker, merged = 2, 1
    assert json.loads(forgotten.stdout)["parquet_objects"] == expired_and_marker + merged
    sql = f"select count(*) as rows from records where file_id = '{alone.file_id}'"
    assert json.loads(run_froe(packed, "query", sql, "--json").stdout) == {"rows": 0}
    assert call_api(packed, f"/files/{alone.file_id}/records").body["items"] == []


def test_a_notification_that_comes_again_leaves_the_items_of_one_delivery(packed: LocalStack) -> None:
    text = json_lines(1200) + b"not json\n" * 9
    calm, noisy = upload(packed, "calm/a.jsonl", text), upload(packed, "noisy/a.jsonl", text)
    sqs = packed.client("sqs")
    for _ in range(3):
        announce(packed, event_of(packed, noisy))
        sqs.send_message(QueueUrl=packed.info.split_queue, MessageBody=json.dumps(event_of(packed, noisy)))
    assert settle(packed, noisy.file_id)["state"] == settle(packed, calm.file_id)["state"] == "COMPLETE"
    drained(packed)
    assert normalised(packed, noisy) == normalised(packed, calm)


def test_a_stage_may_change_its_layout_in_the_middle_of_a_file(packed: LocalStack) -> None:
    """A file that is under way keeps its own, and both answer the same. The last test here: it leaves the other one."""
    data = json_lines(3000)
    set_mappings(packed, "worker", enabled=False)
    under_way = upload(packed, "turning/a.jsonl", data)

    def is_cut() -> bool | None:
        return call_api(packed, f"/files/{under_way.file_id}").body.get("state") == "PROCESSING" or None

    wait_for(is_cut, "all splits to be cut")
    wait_for(
        lambda: queue_depth(packed, packed.info.split_queue) == 0 or None, "the split queue to drain", 60
    )
    packed.redeploy({"RECORDS_LAYOUT": "items"})
    set_mappings(packed, "worker", enabled=True)
    assert settle(packed, under_way.file_id)["state"] == "COMPLETE"
    later = upload(packed, "turning/b.jsonl", data)
    assert settle(packed, later.file_id)["state"] == "COMPLETE"
    kinds = [{item["kind"] for item in records_of(packed, each.file_id)} for each in (under_way, later)]
    assert kinds == [{"segment"}, {"record"}]
    answers = [
        [
            {name: value for name, value in entry.items() if name not in {"file_id", "batch_id"}}
            for entry in pages(packed, f"/files/{each.file_id}/records", limit=1000, severity="INFO")
        ]
        for each in (under_way, later)
    ]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 1000
