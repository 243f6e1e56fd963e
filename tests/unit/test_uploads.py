"""Signed addresses for uploads: one key, one size, and no more of them than an answer holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.aws.clients import make_client
from chalicelib.aws.signing import S3Uploads
from chalicelib.core.errors import ObjectGoneError, PermanentError
from chalicelib.core.plan.keys import EVERY_KEY, KeyPatterns
from chalicelib.pages import PAGE_MAX_BYTES, BadQueryError
from chalicelib.uploads import PARTS_MAX, SIZE_MAX, WHOLE_MAX_BYTES, Part, Uploads
from tests.fakes import WHEN


class Bucket:
    def __init__(self) -> None:
        self.completed: list[Sequence[Part]] = []
        self.sizes: list[int] = []

    def sign(self, key: str, size: int, seconds: int) -> str:
        return f"{key} {size} {seconds}"

    def begin(self, key: str) -> str:
        return f"id of {key}"

    def sign_part(self, key: str, upload_id: str, number: int, size: int, seconds: int) -> str:
        self.sizes.append(size)
        return f"{upload_id} {number} {seconds}"

    def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        self.completed.append(parts)

    def abort(self, key: str, upload_id: str) -> None:
        raise ObjectGoneError("no such upload")


def uploads(bucket: Bucket, keys: KeyPatterns = EVERY_KEY) -> Uploads:
    return Uploads(bucket, keys, lambda: WHEN)


def test_a_small_object_goes_up_whole() -> None:
    assert uploads(Bucket()).begin("a.log", WHOLE_MAX_BYTES) == {
        "key": "a.log",
        "expires_at": "2026-03-01T13:00:00Z",
        "method": "PUT",
        "url": f"a.log {WHOLE_MAX_BYTES} 3600",
        "headers": {},
    }


@pytest.mark.parametrize("size", [WHOLE_MAX_BYTES + 1, 10**10, 10**12 + 1, SIZE_MAX])
def test_a_large_object_goes_up_in_parts_that_s3_takes_and_an_answer_holds(size: int) -> None:
    bucket = Bucket()
    answer = uploads(bucket).begin("a.log", size)
    assert sum(bucket.sizes) == size
    assert len(answer["parts"]) == len(bucket.sizes) <= PARTS_MAX
    assert [part["number"] for part in answer["parts"]] == list(range(1, len(bucket.sizes) + 1))
    assert set(bucket.sizes[:-1]) == {answer["part_bytes"]}
    assert 16 * 1024**2 <= answer["part_bytes"] <= 5 * 1024**3
    assert answer["upload_id"] == "id of a.log"


def test_an_answer_has_room_for_the_addresses_of_a_long_key() -> None:
    class Signing(Bucket):
        def sign_part(self, key: str, upload_id: str, number: int, size: int, seconds: int) -> str:
            return f"https://bucket/{quote(key)}?" + "x" * 2900

    answer = uploads(Signing()).begin("é" * 512, 10**12)
    assert len(json.dumps(answer)) <= PAGE_MAX_BYTES + 10_000
    with pytest.raises(BadQueryError, match="or a shorter key"):
        uploads(Signing()).begin("é" * 512, SIZE_MAX)


@pytest.mark.parametrize(
    ("key", "size", "message"),
    [
        ("", 1, "key is ''"),
        ("k" * 1025, 1, "key is"),
        ("a.csv", 1, r"INPUT_KEYS \(!\*.csv\) leaves it out"),
        ("folder/", 0, "is not a log"),
        ("a\0.log", 1, "without control characters"),
        ("a\x1b[31m.log", 1, "without control characters"),
        ("a\x7f.log", 1, "without control characters"),
        ("a.log", -1, "size is -1"),
        ("a.log", SIZE_MAX + 1, "size is"),
    ],
)
def test_what_would_not_be_ingested_is_refused(key: str, size: int, message: str) -> None:
    with pytest.raises(BadQueryError, match=message):
        uploads(Bucket(), KeyPatterns("!*.csv")).begin(key, size)


def test_parts_are_completed_in_their_order_and_what_is_not_there_is_said() -> None:
    bucket = Bucket()
    assert uploads(bucket).complete("a.log", "id", [Part(2, "b"), Part(1, "a")]) == {"key": "a.log"}
    assert bucket.completed == [[Part(1, "a"), Part(2, "b")]]
    with pytest.raises(ObjectGoneError):
        uploads(bucket).abort("a.log", "id")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    session = boto3.Session("an id", "a secret", region_name="eu-central-1")
    return make_client("s3", session=session, signs=True)


def test_an_address_is_signed_for_its_key_and_size_with_version_4_and_without_a_checksum(s3: Any) -> None:
    bucket = S3Uploads(s3, "logs")
    whole = urlsplit(bucket.sign("a b/ü.log", 42, 3600))
    part = urlsplit(bucket.sign_part("a.log", "an id", 3, 7, 3600))
    assert (whole.scheme, whole.hostname, whole.path) == (
        "https",
        "logs.s3.eu-central-1.amazonaws.com",
        "/a%20b/%C3%BC.log",
    )
    for address in (whole, part):
        asked = parse_qs(address.query)
        assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert asked["X-Amz-SignedHeaders"] == ["content-length;host"]
        assert asked["X-Amz-Expires"] == ["3600"]
        assert not any("checksum" in name.lower() for name in asked)
    assert (parse_qs(part.query)["uploadId"], parse_qs(part.query)["partNumber"]) == (["an id"], ["3"])


@pytest.mark.parametrize(
    ("code", "raised"), [("NoSuchUpload", ObjectGoneError), ("InvalidPart", PermanentError)]
)
def test_a_wrong_upload_is_the_askers_fault(s3: Any, code: str, raised: type[Exception]) -> None:
    with Stubber(s3) as stub:
        stub.add_client_error("complete_multipart_upload", code, http_status_code=400)
        with pytest.raises(raised):
            S3Uploads(s3, "logs").complete("a.log", "id", [Part(1, "a")])
