"""An object is read with its version pinned, and a short or strange answer is never taken for its end."""

from __future__ import annotations

import io
from typing import Any

import pytest

from chalicelib.aws.objects import S3Objects
from chalicelib.core.errors import TransientError
from chalicelib.core.plan import ObjectHead, ObjectVersion
from tests.fakes import WHEN

DATA = bytes(range(256)) * 4000


class Client:
    """An S3 client that may ignore ranges, or close early."""

    def __init__(self, *, ranges: bool = True, cut: int = 0, offered: int | None = None) -> None:
        self.ranges, self.cut, self.offered = ranges, cut, offered
        self.requests: list[dict[str, Any]] = []

    def get_object(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        begin, last = map(
            int, request.get("Range", f"bytes=0-{len(DATA) - 1}").removeprefix("bytes=").split("-")
        )
        body = DATA[begin : last + 1] if self.ranges else DATA
        answer = {
            "ContentLength": self.offered or len(body),
            "Body": io.BytesIO(body[: len(body) - self.cut]),
        }
        if self.ranges and "Range" in request:
            answer["ContentRange"] = f"bytes {begin}-{last}/{len(DATA)}"
        return answer


def read(client: Client, offset: int, version_id: str | None = "v1") -> bytes:
    head = ObjectHead(ObjectVersion("logs", "a.log", version_id, "abc"), len(DATA), "", WHEN)
    return b"".join(S3Objects(client).opener(head)(offset))


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("offset", [0, 1, 262_143, 262_144, 262_145, 1_000_000, len(DATA) - 1, len(DATA)])
def test_a_range_that_is_answered_whole_gives_the_same_bytes(ranges, offset) -> None:
    assert read(Client(ranges=ranges), offset) == DATA[offset:]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("range_bytes", [99_999, 262_144, len(DATA) - 1, len(DATA), len(DATA) + 1])
def test_a_large_object_is_read_in_ranges(ranges, range_bytes, monkeypatch) -> None:
    monkeypatch.setattr("chalicelib.aws.objects._RANGE_BYTES", range_bytes)
    for offset in (0, 1, 262_144, len(DATA) - 1):
        client = Client(ranges=ranges)
        assert read(client, offset) == DATA[offset:]
        assert len(client.requests) == -((offset - len(DATA)) // range_bytes)
        assert all(request["VersionId"] == "v1" for request in client.requests)


def test_reads_are_pinned_to_the_version_or_to_the_etag() -> None:
    versioned, unversioned = Client(), Client()
    read(versioned, 5)
    read(unversioned, 0, version_id=None)
    assert versioned.requests[0]["VersionId"] == "v1"
    assert unversioned.requests[0]["IfMatch"] == '"abc"'


@pytest.mark.parametrize("offset", [0, 300_000])
def test_an_answer_that_ends_early_is_no_end_of_the_object(offset) -> None:
    with pytest.raises(TransientError, match="ended 7 bytes early"):
        read(Client(cut=7), offset)


def test_an_answer_of_another_length_is_refused() -> None:
    with pytest.raises(TransientError, match="offers 17 bytes"):
        read(Client(offered=17), 300_000)
