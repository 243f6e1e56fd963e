"""Uploads."""

from __future__ import annotations

from typing import Final

from chalicelib.openapi.terms import COUNT, KEY, TEXT, TIME, Schema, object_of, operation
from chalicelib.uploads import ETAG_MAX_CHARS, ID_MAX_CHARS, PARTS_MAX, SIZE_MAX

_UPLOAD: Final[Schema] = {
    "key": KEY,
    "upload_id": {"type": "string", "minLength": 1, "maxLength": ID_MAX_CHARS},
}
_PARTS: Final[Schema] = {
    "type": "array",
    "minItems": 1,
    "maxItems": PARTS_MAX,
    "items": object_of(
        {
            "number": {"type": "integer", "minimum": 1, "maximum": PARTS_MAX},
            "etag": {"type": "string", "minLength": 1, "maxLength": ETAG_MAX_CHARS},
        }
    ),
}
_WHOLE: Final[Schema] = object_of(
    {
        "key": TEXT,
        "expires_at": TIME,
        "method": {"const": "PUT"},
        "url": TEXT,
        "headers": {"type": "object"},
    }
)
_IN_PARTS: Final[Schema] = object_of(
    {
        "key": TEXT,
        "expires_at": TIME,
        "upload_id": TEXT,
        "part_bytes": COUNT,
        "parts": {"type": "array", "items": object_of({"number": COUNT, "url": TEXT})},
    }
)
_UPLOAD_ENDED: Final[Schema] = object_of({"key": TEXT})
PATHS: Final[Schema] = {
    "/uploads": {
        "post": operation(
            "upload",
            "Signed addresses at which an object can be put into the input bucket, whole or in parts",
            {200: {"anyOf": [_WHOLE, _IN_PARTS]}},
            body=object_of({"key": KEY, "size": {"type": "integer", "minimum": 0, "maximum": SIZE_MAX}}),
            refusals=(400, 415),
        )
    },
    "/uploads/complete": {
        "post": operation(
            "complete_upload",
            "Make one object of the parts that were put",
            {200: _UPLOAD_ENDED},
            body=object_of({**_UPLOAD, "parts": _PARTS}),
            refusals=(400, 404, 415),
        )
    },
    "/uploads/abort": {
        "post": operation(
            "abort_upload",
            "Delete the parts that were put",
            {200: _UPLOAD_ENDED},
            body=object_of(_UPLOAD),
            refusals=(400, 404, 415),
        )
    },
}
