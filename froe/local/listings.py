"""Lists versions of objects with their keys percent-encoded where that is asked for, as S3 does.

XML 1.0 has no way to write most control characters, so ministack's listing of versions cannot be read by anybody once
a key holds one. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import unescape

_NAMES: Final = re.compile(r"<(Key|Prefix|Delimiter|KeyMarker|NextKeyMarker)>(.*?)</\1>", re.DOTALL)


def encode_keys(s3: Any) -> None:
    """Have `ministack.services.s3` obey `encoding-type=url` when it lists versions (the version is pinned)."""
    listed = s3._list_object_versions  # noqa: SLF001 - the version is pinned

    def list_encoded(bucket_name: str, query_params: Mapping[str, Any]) -> tuple[int, Any, bytes]:
        status, headers, body = listed(bucket_name, query_params)
        if s3._qp(query_params, "encoding-type", "") != "url" or status != 200:  # noqa: SLF001 - as above
            return status, headers, body
        text = _NAMES.sub(_encoded, body.decode())
        text = text.replace("<IsTruncated>", "<EncodingType>url</EncodingType><IsTruncated>", 1)
        return status, headers, text.encode()

    s3._list_object_versions = list_encoded  # noqa: SLF001 - as above


def _encoded(match: re.Match[str]) -> str:
    name = quote(unescape(match[2], {"&quot;": '"', "&#10;": "\n", "&#13;": "\r", "&#09;": "\t"}), safe="/")
    return f"<{match[1]}>{name}</{match[1]}>"
