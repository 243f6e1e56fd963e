"""Answers a range of a version with that range, as S3 does.

ministack answers it with the whole version, which the reader of each split would pass over up to its own bytes, and which lies in memory
until it is read. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cut_versions(s3: Any) -> None:
    """Have `ministack.services.s3` obey `Range` beside `versionId` (the version is pinned)."""
    get = s3._get_object  # noqa: SLF001 - the version is pinned

    def get_range(
        bucket_name: str,
        key: str,
        headers: Mapping[str, str],
        query_params: Mapping[str, Any] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        status, answered, body = get(bucket_name, key, headers, query_params)
        extent = headers.get("range", "")
        if status != 200 or not extent:
            return status, answered, body
        if (part := s3._parse_range(extent, len(body))) is None:  # noqa: SLF001 - as above
            refusal = s3._xml_body(s3._range_error_xml(bucket_name, key))  # noqa: SLF001 - as above
            return 416, {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}, refusal
        start, last = part
        # The checksum is that of the whole.
        answered = {
            name: value for name, value in answered.items() if not name.lower().startswith("x-amz-checksum")
        }
        answered |= {
            "Content-Length": str(last + 1 - start),
            "Content-Range": f"bytes {start}-{last}/{len(body)}",
        }
        return 206, answered, body[start : last + 1]

    s3._get_object = get_range  # noqa: SLF001 - as above
