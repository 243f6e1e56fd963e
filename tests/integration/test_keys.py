"""Keys of every kind come through the local AWS: what is listed, asked for and announced is what was uploaded."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.backfilling import current_objects
from froe.local import LocalStack
from tests.integration.support import call_api, run_froe, services_of, settle, upload

LINES = b'{"msg":"x"}\n' * 3
KEYS = ["keys/\x1b[2J.log", "keys/a&b<c> +%20é😀.log", "keys/dump/"]


@pytest.fixture(scope="module")
def uploaded(stack: LocalStack) -> dict[str, Any]:
    """Each key, with an empty folder among them; file id by key."""
    upload(stack, "keys/folder/", b"")
    return {key: upload(stack, key, LINES).file_id for key in KEYS}


@pytest.mark.parametrize("key", KEYS)
def test_an_object_of_any_key_is_complete_and_found_by_it(
    stack: LocalStack, uploaded: dict[str, Any], key: str
) -> None:
    file = settle(stack, uploaded[key])
    assert (file["state"], file["key"], file["parsed"]["lines"]) == ("COMPLETE", key, 3)
    listed = call_api(stack, f"/files?key={quote(key, safe='')}").body["items"]
    assert [each["file_id"] for each in listed] == [uploaded[key]]
    body = {"bucket": stack.info.input_bucket, "key": key}
    again = call_api(stack, "/files", method="POST", body=body)
    assert (again.status, again.body["file_id"]) == (200, uploaded[key])


def test_the_bucket_can_be_listed_whatever_its_keys_are(stack: LocalStack, uploaded: dict[str, Any]) -> None:
    bucket = stack.info.input_bucket
    page = services_of(stack).objects.versions(bucket, None)
    assert set(uploaded) < {head.version.key for head in page.heads}
    keys = [each.head.version.key for each in current_objects(stack.client("s3"), bucket, "keys/")]
    assert sorted(keys) == sorted(uploaded)


def test_an_empty_folder_key_is_no_file(stack: LocalStack, uploaded: dict[str, Any]) -> None:
    for file_id in uploaded.values():
        settle(stack, file_id)
    assert call_api(stack, f"/files?key={quote('keys/folder/', safe='')}").body["items"] == []
    body = {"bucket": stack.info.input_bucket, "key": "keys/folder/"}
    assert call_api(stack, "/files", method="POST", body=body).status == 400


def test_what_the_command_line_prints_of_keys_cannot_drive_a_terminal(
    stack: LocalStack, uploaded: dict[str, Any]
) -> None:
    for arguments in (["status"], ["status", KEYS[0]], ["status", "--json"], ["records", KEYS[0]]):
        done = run_froe(stack, *arguments)
        assert "\x1b" not in done.stdout + done.stderr, arguments


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/files/{'x' * 3000}", 404),
        (f"/files/{'x' * 3000}/records", 404),
        (f"/dead-letters/{'x' * 3000}", 404),
        ("/files?cursor=xx", 400),
        ("/dead-letters?cursor=xx", 400),
        (f"/files?key={'k' * 3000}", 200),
        ("/nowhere", 403),
    ],
)
def test_what_cannot_be_meant_is_answered_without_aws_or_the_token(
    stack: LocalStack, path: str, status: int
) -> None:
    reply = call_api(stack, path)
    assert reply.status == status
    for secret in (stack.info.token, stack.info.ledger_table, "ValidationException"):
        assert secret not in str(reply.body)
