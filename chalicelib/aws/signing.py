"""Presigned addresses to put one object into the input bucket, with the permissions of the API's role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from chalicelib.aws.errors import translated
from chalicelib.uploads import Part

_WRONG: Final = frozenset(
    {"EntityTooSmall", "InvalidPart", "InvalidPartOrder", "InvalidRequest", "MalformedXML"}
)


class S3Uploads:
    """client: a low-level S3 client that signs with version 4, as objects under a KMS key require, and adds no
    checksums."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def sign(self, key: str, size: int, seconds: int) -> str:
        return self._signed("put_object", {"Key": key, "ContentLength": size}, seconds)

    def begin(self, key: str) -> str:
        with translated(f"beginning an upload of {key}"):
            return str(self._client.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"])

    def sign_part(self, key: str, upload_id: str, number: int, size: int, seconds: int) -> str:
        part = {"Key": key, "UploadId": upload_id, "PartNumber": number, "ContentLength": size}
        return self._signed("upload_part", part, seconds)

    def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        named = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        with translated(f"completing the upload of {key}", _WRONG):
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
            )

    def abort(self, key: str, upload_id: str) -> None:
        with translated(f"aborting the upload of {key}"):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    def _signed(self, operation: str, parameters: dict[str, Any], seconds: int) -> str:
        with translated("signing an upload"):
            signed = self._client.generate_presigned_url(
                operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=seconds
            )
        return str(signed)
