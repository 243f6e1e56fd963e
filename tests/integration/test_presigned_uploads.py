"""Uploads by signed addresses, as a browser makes them, against the running stack."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from chalicelib import uploads
from tests.integration.support import call_api, services_of, wait_for

if TYPE_CHECKING:
    from froe.local import LocalStack

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(stack: LocalStack, path: str, body: Any) -> Any:
    answer = call_api(stack, path, method="POST", body=body)
    assert answer.status == 200, answer
    return answer.body


def put(url: str, data: bytes) -> str:
    with _DIRECT.open(urllib.request.Request(url, data, method="PUT"), timeout=60) as answer:
        return str(answer.headers["ETag"])


def settled(stack: LocalStack, key: str) -> Any:
    def look() -> Any:
        files = call_api(stack, f"/files?key={key}").body["items"]
        return files[0] if files and files[0]["state"] == "COMPLETE" else None

    return wait_for(look, f"the file of {key}")


def test_an_object_that_is_put_at_a_signed_address_is_ingested(stack: LocalStack) -> None:
    text = b"2026-03-01T12:00:00Z INFO started\n" * 20
    signed = post(stack, "/uploads", {"key": "signed/whole.log", "size": len(text)})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        put(signed["url"], text + b"more than was said\n")
    put(signed["url"], text)
    assert settled(stack, "signed/whole.log")["parsed"]["lines"] == 20


def test_parts_become_one_object_and_an_upload_can_be_given_up(stack: LocalStack) -> None:
    text = b"2026-03-01T12:00:00Z INFO started\n" * 20
    size = uploads.WHOLE_MAX_BYTES + len(text)
    begun = post(stack, "/uploads", {"key": "signed/parts.log", "size": size})
    assert len(begun["parts"]) == -(-size // begun["part_bytes"])
    given_up = {"key": "signed/parts.log", "upload_id": begun["upload_id"]}
    assert post(stack, "/uploads/abort", given_up) == {"key": "signed/parts.log"}
    assert call_api(stack, "/uploads/abort", method="POST", body=given_up).status in {200, 404}

    again = post(stack, "/uploads", {"key": "signed/parts.log", "size": size})
    last = again["parts"][-1]  # which is an object by itself: the others may be left out
    part = {"number": last["number"], "etag": put(last["url"], text)}
    done = {"key": "signed/parts.log", "upload_id": again["upload_id"], "parts": [part]}
    assert post(stack, "/uploads/complete", done) == {"key": "signed/parts.log"}
    assert settled(stack, "signed/parts.log")["parsed"]["lines"] == 20
    unknown = {**done, "upload_id": "none"}
    assert call_api(stack, "/uploads/complete", method="POST", body=unknown).status == 404


def test_the_input_bucket_lets_the_page_put_and_read_etags(stack: LocalStack) -> None:
    bucket = services_of(stack).settings.input_bucket
    (rule,) = stack.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert (rule["AllowedMethods"], rule["ExposeHeaders"]) == (["PUT"], ["ETag"])
    assert any(origin.startswith("http://127.0.0.1:") for origin in rule["AllowedOrigins"])
