"""Answers to the hot calls, parsed as botocore parses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

import orjson
from botocore.awsrequest import AWSResponse
from botocore.parsers import create_parser

from chalicelib.aws.connections import Answer

_BINARY: Final = b'"B'
"""In every answer with binary values, and in some others."""


def is_intact(answer: Answer) -> bool:
    checksum = answer.headers.get("x-amz-crc32")
    return checksum is None or checksum == str(crc32(answer.body))


def plainly_parsed(model: Any, answer: Answer) -> dict[str, Any]:
    """The parsed answer of a successful call."""
    if _BINARY in answer.body:
        return parsed_by_botocore(model, answer)
    try:
        parsed = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        return parsed_by_botocore(model, answer)
    parsed = {name: value for name, value in parsed.items() if value is not None}
    parsed["ResponseMetadata"] = metadata = {"HTTPStatusCode": answer.status, "HTTPHeaders": answer.headers}
    if request_id := answer.headers.get("x-amzn-requestid"):
        metadata["RequestId"] = request_id
    return parsed


def parsed_by_botocore(model: Any, answer: Answer) -> dict[str, Any]:
    response = {
        "headers": answer.headers,
        "status_code": answer.status,
        "body": answer.body,
        "context": {"operation_name": model.name},
    }
    parser = create_parser("json")
    parsed: dict[str, Any] = parser.parse(response, model.output_shape)
    if answer.status >= 300 and (shape := model.service_model.shape_for_error_code(code_in(parsed))):
        parsed.update(parser.parse(response, shape))
    return parsed


def code_in(parsed: Mapping[str, Any]) -> str:
    return str(parsed.get("Error", {}).get("Code", ""))


def as_botocore(answer: Answer) -> AWSResponse:
    response = AWSResponse("", answer.status, answer.headers, None)
    response._content = answer.body  # noqa: SLF001 - as if read
    return response
