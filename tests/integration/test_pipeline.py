"""The deployed pipeline on the local AWS: what it stores is what reading the file says, whatever disturbs it."""

import base64
import gzip
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")
pytest.importorskip("ministack", reason="needs ministack: make setup")

import duckdb
import zstandard
from boto3.dynamodb.types import TypeDeserializer

from chalicelib.aws.objects import S3Objects
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.reading import Reading
from chalicelib.core.records import Skip, item_of
from chalicelib.core.wire.messages import SplitMessage, encode_split
from chalicelib.core.wire.notifications import Announced
from froe.local import LocalStack
from froe.resources import ROOT
from tests.fakes import opener
from tests.faults.inputs import OF_EACH_OUTCOME, json_lines, text_lines, traces, zipped, zstd
from tests.integration.conftest import QUICK
from tests.integration.support import (
    OTHER_INPUT,
    Uploaded,
    announce,
    call_api,
    drained,
    event_of,
    ledger_of,
    normalised,
    queue_depth,
    records_of,
    run_froe,
    scan,
    services_of,
    set_mappings,
    settle,
    silenced,
    upload,
    upload_and_settle,
    wait_for,
)
from tests.tars import tar

SMALL_LIMITS = {
    "BATCH_MAX_LINES": "40",
    "BATCH_MAX_BYTES": "8192",
    "ENTRY_MAX_BYTES": "4096",
    "SPLIT_BYTES": "20000",
    "SPLIT_DELAY_SECONDS": "2",
    "RETRY_BASE_SECONDS": "1",
}
OTHER_LIMITS = SMALL_LIMITS | {
    "BATCH_MAX_LINES": "7",
    "BATCH_MAX_BYTES": "2048",
    "ENTRY_MAX_BYTES": "1024",
    "SPLIT_BYTES": "3000",
}
SAMPLES = [
    path
    for path in sorted((ROOT / "sample_logs").iterdir())
    if path.is_file() and path.name[0] != "." and path.suffix not in {".py", ".md"}
]
SAMPLE_LINES = 1500
"""So many lines of a sample are poured: three batches of the packed stack. All of each is read in tests/golden."""
_LINES = "".join(f"2026-09-14 08:00:{number:02} WARN Kasse {number}: {{}}\n" for number in range(50))
CHARSETS = {
    "charsets/tills.log": ("text/plain; charset=shift_jis", _LINES.replace("{}", "表示ソ能|").encode("shift_jis")),
    "charsets/nobody-says.log": ("text/plain", _LINES.replace("{}", "Größe überschritten").encode("cp1252")),
}  # fmt: skip
"""By key: the Content-Type and the bytes of objects that are not UTF-8."""
FAULT = re.compile(
    r"Traceback \(most recent call last\)|\"level\": ?\"(?:ERROR|CRITICAL)\"|\[ERROR\]|Task timed out"
)


@pytest.fixture(scope="module")
def small() -> Iterator[LocalStack]:
    """A stack that cuts small splits and batches, so that a short file has many of both."""
    with LocalStack(settings=SMALL_LIMITS, parameters=QUICK) as running:
        yield running


def beginning(path: Path) -> bytes:
    """The first lines of a sample, packed as it is."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return zipped(_first_lines(gzip.decompress(data)))
    if path.suffix == ".zst":
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as text:
            return zstd(_first_lines(text.read()))
    return _first_lines(data)


def _first_lines(text: bytes) -> bytes:
    return (
        b"".join(text.splitlines(keepends=True)[:SAMPLE_LINES]) if text.count(b"\n") > SAMPLE_LINES else text
    )


def pour(stack: LocalStack, data: dict[str, bytes]) -> dict[str, Uploaded]:
    """Upload two at a time, each as soon as one before is opened: a function starts for every object that
    arrives meanwhile, and on a small machine a hundred starts take longer than a hundred files."""
    s3, dynamodb = stack.client("s3"), stack.client("dynamodb")
    bucket, ledger = stack.info.input_bucket, stack.info.ledger_table

    def put(key: str) -> Uploaded:
        options = {"ContentType": CHARSETS[key][0]} if key in CHARSETS else {}
        reply = s3.put_object(Bucket=bucket, Key=key, Body=data[key], **options)
        version = ObjectVersion(bucket, key, reply["VersionId"], reply["ETag"])
        name = {"pk": {"S": version.file_id}, "sk": {"S": "file"}}
        deadline = time.monotonic() + 10
        while "Item" not in dynamodb.get_item(TableName=ledger, Key=name) and time.monotonic() < deadline:
            time.sleep(0.02)
        return Uploaded(key, reply["VersionId"], reply["ETag"], version.file_id)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(data, pool.map(put, data), strict=True))


class Poured:
    """Samples and bad inputs, uploaded at once, and what the tables hold of them once settled.

    A bad input of each outcome: tests/unit/test_layouts.py sends all of them through the same code in memory."""

    def __init__(self, stack: LocalStack) -> None:
        self.log_from = (stack.logs / "ministack.log").stat().st_size
        self.data = {f"samples/{path.name}": beginning(path) for path in SAMPLES}
        self.data |= {f"bad/{bad.name}": bad.data for bad in OF_EACH_OUTCOME}
        self.data |= {key: data for key, (_, data) in CHARSETS.items()}
        self.uploads = pour(stack, self.data)
        self.files = {key: settle(stack, uploaded.file_id) for key, uploaded in self.uploads.items()}
        self.objects = S3Objects(stack.client("s3"))
        self.items: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in scan(stack, stack.info.records_table):
            self.items[item["file_id"]].append(item)

    def read_again(self, key: str) -> Reading:
        """What `froe parse` does, told the time of the upload."""
        uploaded, data = self.uploads[key], self.data[key]
        bucket = self.files[key]["bucket"]
        head = self.objects.head(Announced(bucket, uploaded.key, uploaded.version_id))
        return Reading(head, opener(data, 100_000))

    def stored(self, key: str) -> list[dict[str, Any]]:
        return sorted(self.items[self.uploads[key].file_id], key=lambda item: item["offset"])


@pytest.fixture(scope="module")
def poured(stack: LocalStack) -> Poured:
    return Poured(stack)


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """An item as Python values, as they come back from the table."""
    value_of = TypeDeserializer().deserialize
    return {
        name: value_of({"B": base64.b64decode(typed["B"])} if "B" in typed else typed)
        for name, typed in item.items()
    }


KEYS = [
    *(f"samples/{path.name}" for path in SAMPLES),
    *(f"bad/{bad.name}" for bad in OF_EACH_OUTCOME),
    *CHARSETS,
]


@pytest.mark.parametrize("key", KEYS)
def test_the_pipeline_and_a_reading_of_the_file_agree(poured: Poured, key: str) -> None:
    """Every field of every item, and the file's account, are what reading it on this machine gives."""
    reading = poured.read_again(key)
    file_id, stored = poured.uploads[key].file_id, poured.stored(key)
    outcomes = [outcome for outcome in reading if not isinstance(outcome.result, Skip)]
    assert [int(item["offset"]) for item in stored] == [outcome.offset for outcome in outcomes]
    for item, outcome in zip(stored, outcomes, strict=True):
        expected = item_of(
            outcome,
            file_id=file_id,
            batch_id=item["batch_id"],
            format_name=reading.plan.format,
            shards=reading.plan.shards,
            expires_at=None,
        )
        assert item == plain(expected)
    batch_ids = [item["batch_id"] for item in stored]
    assert batch_ids == sorted(batch_ids)
    assert all(batch_id.startswith(f"{file_id}-") for batch_id in batch_ids)
    file, account = poured.files[key], reading.account
    assert (file["state"], file["reason"]) == (account.state.value, account.reason)
    assert file["text_bytes"] == account.text_bytes
    assert (file["format"] or "") == reading.plan.format
    assert file["charset_guess"] == reading.plan.charset_guess
    assert (key == "charsets/nobody-says.log") <= (reading.plan.charset_guess == "cp1252")
    assert file["parsed"]["entries"] == account.summary.counts.parsed.entries
    assert file["rejected"]["bytes"] == account.summary.counts.rejected.bytes
    assert file["skipped"] == {
        reason: {"lines": tally.lines, "bytes": tally.bytes}
        for reason, tally in account.summary.counts.skipped.items()
    }
    assert file["pending"]["entries"] == file["dead"]["entries"] == 0
    assert file["settled_at"]


def test_the_members_of_an_archive_are_files_of_their_own(small: LocalStack) -> None:
    """Each is listed by its archive, which settles last and adds up; its records are what reading it here gives."""
    members = [
        ("a.log", text_lines(40)),
        ("a.log", json_lines(30)),
        ("none.log", b""),
        ("core", bytes(range(256))),
    ]
    data = gzip.compress(tar(members))
    uploaded = upload(small, "archives/logs.tar.gz", data)
    archive = settle(small, uploaded.file_id)
    skipped = {reason: tally["bytes"] for reason, tally in archive["skipped"].items()}
    assert (archive["state"], archive["archive"]) == ("COMPLETE", "tar")
    assert sum(skipped.values()) == archive["text_bytes"] == len(gzip.decompress(data))
    assert skipped["members"] == len(members[0][1]) + len(members[1][1])
    listed = list(pages(small, f"/files/{uploaded.file_id}/members", limit=3))
    assert [file["key"] for file in listed] == [f"archives/logs.tar.gz/{name}" for name, _ in members]
    assert [file["state"] for file in listed] == ["COMPLETE", "COMPLETE", "COMPLETE", "FAILED"]
    for file, (_, text) in zip(listed[:2], members, strict=False):
        assert (file["text_bytes"], file["parsed"]["lines"]) == (len(text), text.count(b"\n"))
        records = list(pages(small, f"/files/{file['file_id']}/records", limit=100))
        assert sum(record["length"] for record in records) == len(text)
    proved = run_froe(small, "verify", listed[1]["file_id"])
    assert proved.returncode == 0, proved.stdout + proved.stderr
    whole = run_froe(small, "verify", uploaded.file_id, "--json")  # of what is no text nothing is stored
    results = [json.loads(line)["result"] for line in whole.stdout.splitlines()]
    assert (results, whole.returncode) == (["proved"] * 4 + ["unproved"], 1), whole
    before = normalised(small, uploaded)
    announce(small, event_of(small, uploaded, uploaded))
    message = SplitMessage(
        ObjectVersion(small.info.input_bucket, uploaded.key, uploaded.version_id, uploaded.etag.strip('"')),
        uploaded.file_id,
        0,
        0,
    )
    small.client("sqs").send_message(QueueUrl=small.info.split_queue, MessageBody=encode_split(message))
    drained(small)
    assert normalised(small, uploaded) == before
    assert len(before.records) == 70


def test_nothing_is_left_in_a_queue(stack: LocalStack, poured: Poured) -> None:
    """No bad input ends in the dead-letter queue or goes round forever."""
    assert queue_depth(stack, stack.info.dead_letter_queue) == 0
    wait_for(lambda: queue_depth(stack, stack.info.batch_queue) == 0 or None, "the batch queue to drain")


def test_three_uploads_of_a_key_are_three_files(stack: LocalStack) -> None:
    """Each version is a file of its own, COMPLETE, with its own records; also the same bytes again."""
    texts = [json_lines(5), json_lines(5), json_lines(7)]
    uploads = [upload(stack, "thrice/a.jsonl", text) for text in texts]
    files = [settle(stack, each.file_id) for each in uploads]
    assert len({each.file_id for each in uploads}) == 3
    assert [file["state"] for file in files] == ["COMPLETE"] * 3
    assert [file["parsed"]["entries"] for file in files] == [5, 5, 7]
    listed = call_api(stack, "/files?key=thrice%2Fa.jsonl").body["items"]
    assert [file["file_id"] for file in listed] == [each.file_id for each in reversed(uploads)] or {
        file["file_id"] for file in listed
    } == {each.file_id for each in uploads}


@pytest.mark.parametrize("layout", ["plain", "packed"])
def test_a_notification_delivered_five_times_leaves_one_file(small: LocalStack, layout: str) -> None:
    """Reordered and at once, directly and through the queue: the tables are those of one delivery."""
    text = json_lines(450) + b"not json\n" * 9 + json_lines(200)
    data = text if layout == "plain" else zipped(text)
    calm = upload(small, f"calm/{layout}", data)
    settle(small, calm.file_id)
    others = [upload(small, f"beside/{layout}-{number}", text_lines(50)) for number in range(2)]
    noisy = upload(small, f"noisy/{layout}", data)
    sqs = small.client("sqs")
    for event in (
        event_of(small, noisy),
        event_of(small, others[0], noisy),
        event_of(small, noisy, others[1]),
    ):
        announce(small, event)
        sqs.send_message(QueueUrl=small.info.split_queue, MessageBody=json.dumps(event))
    assert settle(small, noisy.file_id)["state"] == "COMPLETE"
    drained(small)
    again = event_of(small, noisy)
    announce(small, again)
    sqs.send_message(QueueUrl=small.info.split_queue, MessageBody=json.dumps(again))
    drained(small)
    records, ledger = normalised(small, noisy)
    assert len(records) == 659
    assert (records, ledger) == normalised(small, calm)
    listed = call_api(small, f"/files?key=noisy%2F{layout}").body["items"]
    assert [file["file_id"] for file in listed] == [noisy.file_id]
    assert queue_depth(small, small.info.dead_letter_queue) == 0


@pytest.mark.parametrize("name", ["lines", "traces"])
def test_a_file_cut_in_parallel_adds_up(small: LocalStack, name: str) -> None:
    """Many splits, cut by many invocations, are sealed end to end and hold every byte once."""
    data = json_lines(3000) if name == "lines" else traces(700)
    uploaded = upload(small, f"parallel/{name}.log", data)
    file = settle(small, uploaded.file_id)
    assert file["state"] == "COMPLETE"
    assert file["splits"] == -(-len(data) // 20_000) > 5
    assert (file["text_bytes"], file["parsed"]["bytes"]) == (len(data), len(data))
    assert file["parsed"]["lines"] == data.count(b"\n")
    seals = [item for item in ledger_of(small, uploaded.file_id) if item["sk"].startswith("split#")]
    assert [int(seal["start"]) for seal in seals] == [0, *(int(seal["end"]) for seal in seals[:-1])]
    assert int(seals[-1]["end"]) == len(data)
    assert sum(int(seal["batches"]) for seal in seals) == file["batches"]
    at = 0
    for item in records_of(small, uploaded.file_id):
        assert item["offset"] == at
        at += int(item["length"])
    assert at == len(data)
    batches = list(pages(small, f"/files/{uploaded.file_id}/batches", limit=9))
    assert [(batch["split"], batch["batch"]) for batch in batches] == sorted(
        (batch["split"], batch["batch"]) for batch in batches
    )
    assert len(batches) == file["batches"]
    assert sum(batch["parsed"]["bytes"] for batch in batches) == len(data)


@pytest.fixture
def silent(small: LocalStack) -> Iterator[LocalStack]:
    """The stack with the bucket's notifications off."""
    with silenced(small):
        yield small


def test_an_object_deleted_before_it_is_read_is_not_tried_for_ever(silent: LocalStack) -> None:
    """It is FAILED once, says why, and leaves no message behind."""
    small = silent
    gone = upload(small, "gone.log", json_lines(9))
    small.client("s3").delete_object(Bucket=small.info.input_bucket, Key=gone.key, VersionId=gone.version_id)
    event = event_of(small, gone)
    for _ in range(2):
        announce(small, event)
    file = settle(small, gone.file_id)
    assert (file["state"], file["reason"]) == ("FAILED", "the object was deleted before it could be read")
    small.client("sqs").send_message(QueueUrl=small.info.split_queue, MessageBody=json.dumps(event))
    drained(small)
    assert len(ledger_of(small, gone.file_id)) == 1
    assert not records_of(small, gone.file_id)
    assert queue_depth(small, small.info.dead_letter_queue) == 0


def test_an_object_that_was_never_announced_can_be_read(silent: LocalStack) -> None:
    """`POST /files` reads it, and posted again it stays one file."""
    small, key = silent, "quiet/a b+c%20日.jsonl"
    uploaded = upload(small, key, json_lines(120))
    assert call_api(small, f"/files/{uploaded.file_id}").status == 404
    body = {"bucket": small.info.input_bucket, "key": key}
    reply = call_api(small, "/files", method="POST", body=body)
    assert (reply.status, reply.body["file_id"]) == (202, uploaded.file_id)
    assert settle(small, uploaded.file_id)["state"] == "COMPLETE"
    before = normalised(small, uploaded)
    again = call_api(small, "/files", method="POST", body=body)
    assert (again.status, again.body["state"]) == (200, "COMPLETE")
    drained(small)
    assert normalised(small, uploaded) == before
    assert len(call_api(small, f"/files?key={quote(key, safe='')}").body["items"]) == 1


def test_a_deploy_in_the_middle_of_a_file_does_not_change_its_result(small: LocalStack) -> None:
    """Other limits hold for files that are opened from then on: plan, cuts and items of this one stay.

    The last test of the small stack: it leaves the other limits in force.
    """
    data = json_lines(700)
    calm = upload(small, "deploy/calm.jsonl", data)
    settle(small, calm.file_id)
    drained(small)
    set_mappings(small, "queued_splitter", "worker", enabled=False)
    disturbed = upload(small, "deploy/disturbed.jsonl", data)

    def first_split_is_cut() -> bool | None:
        return any("sealed" in item for item in ledger_of(small, disturbed.file_id)) or None

    wait_for(first_split_is_cut, "the first split to be cut")
    time.sleep(1)
    file = call_api(small, f"/files/{disturbed.file_id}").body
    assert file["state"] == "SPLITTING"
    assert file["pending"]["bytes"] > 0
    assert file["parsed"]["bytes"] == 0
    small.redeploy(OTHER_LIMITS)
    set_mappings(small, "queued_splitter", "worker", enabled=True)
    assert settle(small, disturbed.file_id)["state"] == "COMPLETE"
    later = upload(small, "deploy/later.jsonl", data)
    assert settle(small, later.file_id)["splits"] > 5 * file["splits"]
    drained(small)
    assert normalised(small, disturbed) == normalised(small, calm)


# The HTTP API.


def pages(stack: LocalStack, path: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """The items of a list, page by page."""
    cursor: str | None = None
    while True:
        query = asked | ({"cursor": cursor} if cursor else {})
        parameters = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
        reply = call_api(stack, f"{path}?{parameters}")
        assert reply.status == 200, reply
        assert len(reply.body["items"]) <= asked.get("limit", 100)
        yield from reply.body["items"]
        cursor = reply.body["cursor"]
        if cursor is None:
            return


def test_what_is_exported_is_what_parsing_the_file_gives(
    stack: LocalStack, poured: Poured, tmp_path: Path
) -> None:
    key = "samples/checkout.jsonl"
    file_id = poured.uploads[key].file_id
    done = run_froe(stack, "export", file_id)
    assert (done.returncode, "as in its account" in done.stderr) == (0, True), done.stderr
    exported = [json.loads(line) for line in done.stdout.splitlines()]
    outcomes = [each for each in poured.read_again(key) if not isinstance(each.result, Skip)]
    assert [each["offset"] for each in exported] == [each.offset for each in outcomes]
    assert sum(each["kind"] == "reject" for each in exported) == poured.files[key]["rejected"]["entries"] > 0
    table = tmp_path / "x.parquet"
    assert run_froe(stack, "export", key, "--to", "parquet", "--output", str(table)).returncode == 0
    rows = duckdb.sql(f"select count(*), sum(length) from '{table}'").fetchall()
    assert rows == [(len(outcomes), sum(each.length for each in outcomes))]


GUARDED = ["/files", "/files/x", "/files/x/batches", "/files/x/records", "/files/x/rejects"]


@pytest.mark.parametrize("path", GUARDED)
def test_no_route_answers_without_the_token(stack: LocalStack, path: str) -> None:
    """Without a token it is 401, with a wrong one 403, with the right one what the route says."""
    assert call_api(stack, path, token=None).status == 401
    assert call_api(stack, path, token="wrong").status == 403
    assert call_api(stack, path, token=stack.info.token[:-1]).status == 403
    assert call_api(stack, path).status == (200 if path == "/files" else 404)


def test_no_upload_can_be_posted_without_the_token(stack: LocalStack) -> None:
    """Posting wants the token as well."""
    body = {"bucket": stack.info.input_bucket, "key": "a"}
    assert call_api(stack, "/files", method="POST", body=body, token=None).status == 401
    assert call_api(stack, "/files", method="POST", body=body, token="wrong").status == 403


@pytest.mark.parametrize(
    "query",
    [
        *(
            "limit=0",
            "limit=-1",
            "limit=1001",
            "limit=ten",
            "limit=1.5",
            "limit=%C2%B2",
            "limit=99999999999999999999",
        ),
        *("state=DONE", "cursor=", "colour=red"),
    ],
)
def test_a_wrong_question_about_files_is_refused(stack: LocalStack, query: str) -> None:
    """It is 400 in Chalice's form, and names what was wrong; an empty cursor is none."""
    reply = call_api(stack, f"/files?{query}")
    if query == "cursor=":
        assert reply.status == 200
        return
    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert query.partition("=")[0] in reply.body["Message"]


@pytest.mark.parametrize(
    ("route", "query"),
    [
        *(
            ("records", query)
            for query in ("cursor=x", "cursor=-1", "cursor=%C2%B2", "severity=loud", "severity=25")
        ),
        *(("records", query) for query in ("from=yesterday", "to=2026-13-01", "limit=0", "since=1")),
        *(("rejects", query) for query in ("cursor=x", "limit=0", "severity=ERROR")),
        *(("batches", query) for query in ("cursor=x", "cursor=1", "cursor=1-x", "limit=0")),
    ],
)
def test_a_wrong_question_about_a_file_is_refused(
    stack: LocalStack, poured: Poured, route: str, query: str
) -> None:
    """It is 400 and names what was wrong."""
    file_id = poured.uploads["bad/one-text-line-among-json.jsonl"].file_id
    reply = call_api(stack, f"/files/{file_id}/{route}?{query}")
    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert query.partition("=")[0] in reply.body["Message"]


@pytest.mark.parametrize("path", ["", "/batches", "/records", "/rejects"])
def test_a_file_that_nobody_uploaded_is_not_found(stack: LocalStack, path: str) -> None:
    """It is 404."""
    reply = call_api(stack, f"/files/{'z' * 26}{path}")
    assert (reply.status, reply.body["Code"]) == (404, "NotFoundError")


@pytest.mark.parametrize(
    "body",
    [{}, {"bucket": "b"}, {"key": "k"}, {"bucket": 1, "key": "k"}, [], "text", {"bucket": "b", "key": ""}],
)
def test_a_post_that_names_no_object_of_the_input_bucket_is_refused(stack: LocalStack, body: Any) -> None:
    """It is 400."""
    reply = call_api(stack, "/files", method="POST", body=body)
    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")


def test_an_object_of_another_bucket_or_a_missing_one_is_refused(stack: LocalStack) -> None:
    """Only the input bucket is read: 400 names it; a missing key is 404."""
    other = {"bucket": stack.info.quarantine_bucket, "key": "k"}
    reply = call_api(stack, "/files", method="POST", body=other)
    assert reply.status == 400
    assert stack.info.input_bucket in reply.body["Message"]
    missing = {"bucket": stack.info.input_bucket, "key": "no/such/key.log"}
    assert call_api(stack, "/files", method="POST", body=missing).status == 404
    empty = {"bucket": stack.info.input_bucket, "key": ""}
    assert call_api(stack, "/files", method="POST", body=empty).status in {400, 404}


def test_a_bucket_beside_the_input_bucket_is_not_read_by_keys_of_its_own(stack: LocalStack) -> None:
    """It announces to the queue what its keys say, whatever way in the stage has, and its files are files of their own."""
    s3 = stack.client("s3")
    (entry,) = s3.get_bucket_notification_configuration(Bucket=OTHER_INPUT)["QueueConfigurations"]
    assert entry["QueueArn"].endswith(":froe-local-split")
    for key in ("logs/beside.tmp", "other/beside.log", "logs/beside.log"):
        s3.put_object(Bucket=OTHER_INPUT, Key=key, Body=b"2026-03-01T12:00:00Z INFO started\n" * 3)
    same = upload_and_settle(stack, "logs/beside.log", b"2026-03-01T12:00:00Z INFO started\n" * 3)

    def complete() -> dict[str, Any] | None:
        files = call_api(stack, "/files?key=logs/beside.log").body["items"]
        listed = [each for each in files if each["bucket"] == OTHER_INPUT]
        return next((each for each in listed if each["state"] == "COMPLETE"), None)

    file = wait_for(complete, "the file of the other bucket")
    assert file["parsed"]["lines"] == 3
    assert file["file_id"] != same["file_id"]
    stored = services_of(stack).ledger.read_file(file["file_id"])
    assert stored is not None
    for way, place in (("tag", "logs/beside.log"), ("move:done/", "done/logs/beside.log")):
        objects = services_of(stack, SETTLED_OBJECTS=way, INPUT_KEYS="!done/*").settled_objects
        assert objects is not None
        for _ in range(2):
            objects.act(stored)
        tags = s3.get_object_tagging(Bucket=OTHER_INPUT, Key=place)["TagSet"]
        assert {"Key": "froe-state", "Value": "COMPLETE"} in tags
        assert {"Key": "froe-file-id", "Value": file["file_id"]} in tags
    here = s3.list_objects_v2(Bucket=OTHER_INPUT, Prefix="logs/beside")["Contents"]
    assert [each["Key"] for each in here] == ["logs/beside.tmp"]
    for key in ("logs/beside.tmp", "other/beside.log"):
        assert call_api(stack, f"/files?key={key}").body["items"] == []
        reply = call_api(stack, "/files", method="POST", body={"bucket": OTHER_INPUT, "key": key})
        assert (reply.status, "INPUT_BUCKETS" in reply.body["Message"]) == (400, True)
    done = run_froe(stack, "backfill", f"s3://{OTHER_INPUT}/logs/", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr


def test_a_list_of_files_neither_skips_nor_repeats_one(stack: LocalStack, poured: Poured) -> None:
    """Page by page each file comes once, newest first, and its counts are those of the file itself."""
    listed = list(pages(stack, "/files", limit=7))
    ids = [file["file_id"] for file in listed]
    assert len(ids) == len(set(ids))
    assert {uploaded.file_id for uploaded in poured.uploads.values()} <= set(ids)
    opened = [file["opened_at"] for file in listed]
    assert opened == sorted(opened, reverse=True)
    by_id = {file["file_id"]: file for file in listed}
    for file in poured.files.values():
        assert by_id[file["file_id"]] == file


@pytest.mark.parametrize("state", ["COMPLETE", "DAMAGED", "FAILED"])
def test_a_list_of_a_state_has_all_of_them_and_no_others(
    stack: LocalStack, poured: Poured, state: str
) -> None:
    """Page by page exactly the files of that state come."""
    ids = [file["file_id"] for file in pages(stack, "/files", state=state.lower(), limit=3)]
    assert len(ids) == len(set(ids))
    poured_ids = {file["file_id"] for file in poured.files.values()}
    expected = {file["file_id"] for file in poured.files.values() if file["state"] == state}
    assert {each for each in ids if each in poured_ids} == expected


@pytest.mark.parametrize("limit", [37, 1000])
def test_records_come_in_order_and_once(stack: LocalStack, poured: Poured, limit: int) -> None:
    """Page by page each record comes once, in the order of the text; rejects have a list of their own."""
    key = "bad/one-text-line-among-json.jsonl"
    path = f"/files/{poured.uploads[key].file_id}"
    offsets = [item["offset"] for item in pages(stack, f"{path}/records", limit=limit)]
    assert offsets == [int(item["offset"]) for item in poured.stored(key) if item["kind"] == "record"]
    (reject,) = pages(stack, f"{path}/rejects", limit=limit)
    assert (base64.b64decode(reject["raw"]), reject["reason"]) == (
        b"Traceback: this is not JSON\n",
        "invalid-json",
    )


def test_records_in_several_shards_come_in_order(stack: LocalStack) -> None:
    """Each MiB of a text lies in a shard of its own, and the API merges them."""
    data = zipped(b"".join(b"%07d %s\n" % (n, b"." * 9000) for n in range(150)), 0)
    uploaded = upload(stack, "shards/two.gz", data)
    assert settle(stack, uploaded.file_id)["parsed"]["entries"] == 150
    partitions = {item["pk"] for item in records_of(stack, uploaded.file_id)}
    assert partitions == {f"{uploaded.file_id}#{shard:02x}" for shard in range(2)}
    bodies = [item["body"][:7] for item in pages(stack, f"/files/{uploaded.file_id}/records", limit=60)]
    assert bodies == [f"{number:07d}" for number in range(150)]


def test_a_filter_of_records_lets_no_others_through(stack: LocalStack) -> None:
    """Severity is a lower bound; `from` is included and `to` is not; a zone is obeyed."""
    levels = ["trace", "debug", "info", "warn", "error", "fatal"]
    data = b"".join(
        b'{"time":"2026-02-01T10:00:%02d.500Z","level":"%s","msg":"%d"}\n' % (n, levels[n % 6].encode(), n)
        for n in range(60)
    )
    data += b'{"msg":"no time, no level"}\n'
    uploaded = upload(stack, "filters.jsonl", data)
    settle(stack, uploaded.file_id)
    path = f"/files/{uploaded.file_id}/records"

    def bodies(**asked: Any) -> list[str]:
        return [item["body"] for item in pages(stack, path, **asked)]

    assert len(bodies()) == 61
    assert bodies(severity="error", limit=7) == [str(n) for n in range(60) if n % 6 >= 4]
    assert bodies(severity=13) == [str(n) for n in range(60) if n % 6 >= 3]
    assert bodies(severity="TRACE") == [str(n) for n in range(60)]
    between = {"from": "2026-02-01T10:00:10.5Z", "to": "2026-02-01T10:00:20.500Z"}
    assert bodies(**between) == [str(n) for n in range(10, 20)]
    assert bodies(**{"from": "2026-02-01T11:00:50.500+01:00"}) == [str(n) for n in range(50, 60)]
    assert bodies(to="2026-02-01T10:00:03") == ["0", "1", "2"]
    assert bodies(**between, severity="fatal", limit=1) == ["11", "17"]


def test_a_settled_file_says_the_same_as_its_plan(stack: LocalStack, poured: Poured) -> None:
    """All fields of the contract are there, and the parts add up to the whole."""
    for key, file in poured.files.items():
        assert {
            "file_id",
            "bucket",
            "key",
            "version_id",
            "etag",
            "size",
            "content_type",
            "last_modified",
        } < set(file)
        assert (file["key"], file["size"]) == (key, len(poured.data[key]))
        if file["state"] == "FAILED":
            continue
        tallies = [file["parsed"], file["rejected"], *file["skipped"].values()]
        assert sum(tally["bytes"] for tally in tallies) == file["text_bytes"]
        assert file["splits"] == 1
        assert file["opened_at"] <= file["settled_at"]


@pytest.mark.parametrize(
    "name", ["splitter", "queued_splitter", "worker", "notifier", "dead_letter_consumer", "sweeper"]
)
def test_every_function_is_traced(stack: LocalStack, name: str) -> None:
    """X-Ray is on for each."""
    configuration = stack.client("lambda").get_function_configuration(FunctionName=f"froe-local-{name}")
    assert configuration["TracingConfig"] == {"Mode": "Active"}


def test_no_function_logged_an_error_over_the_whole_run(
    stack: LocalStack, small: LocalStack, poured: Poured
) -> None:
    """Bad input is data: no function reports an error or dies of it."""
    for running, start in ((stack, poured.log_from), (small, 0)):
        with (running.logs / "ministack.log").open("rb") as log:
            log.seek(start)
            text = log.read().decode(errors="replace")
        assert text
        errors = [text[max(0, hit.start() - 300) : hit.end() + 900] for hit in FAULT.finditer(text)]
        assert not errors, errors[0]
