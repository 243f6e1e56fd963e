"""The quarantine bucket: one object per dead letter, always under the same key."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.errors import translated
from chalicelib.aws.objects import read_if_there


class S3Quarantine:
    """client: a low-level S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, letter_id: str, envelope: bytes) -> None:
        with translated(f"keeping dead letter {letter_id} in {self._bucket}"):
            self._client.put_object(
                Bucket=self._bucket, Key=_key(letter_id), Body=envelope, ContentType="application/json"
            )

    def get(self, letter_id: str) -> bytes | None:
        doing = f"reading dead letter {letter_id} in {self._bucket}"
        return read_if_there(self._client, self._bucket, _key(letter_id), doing)


def _key(letter_id: str) -> str:
    return f"dead-letters/{letter_id}.json"
