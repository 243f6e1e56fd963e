"""The quarantine bucket: one object a dead letter, under the same key each time."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.errors import translated
from chalicelib.core.errors import ObjectGoneError


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
        try:
            with translated(f"reading dead letter {letter_id} in {self._bucket}"):
                answer = self._client.get_object(Bucket=self._bucket, Key=_key(letter_id))
                return bytes(answer["Body"].read())
        except ObjectGoneError:
            return None


def _key(letter_id: str) -> str:
    return f"dead-letters/{letter_id}.json"
