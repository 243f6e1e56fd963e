"""Tags and moves objects of settled files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from chalicelib.aws.errors import code_of, translated
from chalicelib.core.errors import PermanentError
from chalicelib.core.plan import ObjectVersion
from chalicelib.core.plan.afterwards import FILE_TAG

TAGS_MAX: Final = 10
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""
_REPLACED: Final = frozenset({"412", "409", "PreconditionFailed", "ConditionalRequestConflict"})
_REFUSED: Final = frozenset(
    {"405", "BadRequest", "InvalidRequest", "InvalidTag", "MalformedXML", "MethodNotAllowed"}
)
"""Errors that no retry changes."""


class S3SettledObjects:
    """client: a low-level S3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def tag(self, version: ObjectVersion, tags: Mapping[str, str]) -> None:
        """Raises PermanentError if there is no room for them."""
        named: dict[str, str] = {"Bucket": version.bucket, "Key": version.key}
        with translated(f"tagging {version}", _REFUSED):
            if version.version_id:
                named["VersionId"] = version.version_id
            else:
                self._client.head_object(**named, IfMatch=f'"{version.etag}"')
            old = _pairs(self._client.get_object_tagging(**named)["TagSet"])
            new = {**old, **tags}
            if new == old:
                return
            if len(new) > TAGS_MAX:
                raise PermanentError(f"{version} has {len(old)} tags already, and S3 takes {TAGS_MAX}")
            tag_set = [{"Key": name, "Value": value} for name, value in new.items()]
            self._client.put_object_tagging(**named, Tagging={"TagSet": tag_set})

    def move(self, version: ObjectVersion, key: str, tags: Mapping[str, str]) -> None:
        """The copy comes first. The newest version of the key is deleted only if it is this one."""
        if not self._is_copied(version.bucket, key, tags[FILE_TAG]):
            self._copy(version, key, tags)
        with translated(f"moving {version}", _REFUSED):
            try:
                newest = self._client.head_object(Bucket=version.bucket, Key=version.key)
                if newest.get("VersionId") != version.version_id:
                    return
                self._client.delete_object(
                    Bucket=version.bucket, Key=version.key, IfMatch=f'"{version.etag}"'
                )
            except ClientError as error:
                if code_of(error) not in {*_REPLACED, "404", "NoSuchKey"}:
                    raise

    def _is_copied(self, bucket: str, key: str, file_id: str) -> bool:
        try:
            with translated(f"reading the tags of s3://{bucket}/{key}", _REFUSED):
                tags = self._client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        except PermanentError:  # it is not there, or a delete marker
            return False
        return _pairs(tags).get(FILE_TAG) == file_id

    def _copy(self, version: ObjectVersion, key: str, tags: Mapping[str, str]) -> None:
        source = {"Bucket": version.bucket, "Key": version.key, "VersionId": version.version_id}
        with translated(f"copying {version}", _REFUSED):
            old = self._client.get_object_tagging(**source)["TagSet"]
            self._client.copy_object(
                Bucket=version.bucket,
                Key=key,
                CopySource=source,
                TaggingDirective="REPLACE",
                Tagging=urlencode({**_pairs(old), **tags}),
            )


def _pairs(tag_set: list[dict[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tag_set}
