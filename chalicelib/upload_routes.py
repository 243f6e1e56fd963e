"""The HTTP routes by which a browser puts objects into the input bucket."""

from __future__ import annotations

from typing import Any

from chalice.app import Request

from chalicelib.bodies import Body
from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError
from chalicelib.routes import GetServices, refusals
from chalicelib.uploads import ETAG_MAX_CHARS, ID_MAX_CHARS, PARTS_MAX, Part


def begin(services: GetServices, request: Request) -> dict[str, Any]:
    with refusals():
        body = _Uploading(request, "key", "size")
        key, size = body.text("key") or "", body.size()
        return services().uploads.begin(key, size)


def complete(services: GetServices, request: Request) -> dict[str, Any]:
    with refusals():
        body = _Uploading(request, "key", "upload_id", "parts")
        key, upload_id, parts = body.text("key") or "", body.upload_id(), body.parts()
        return services().uploads.complete(key, upload_id, parts)


def abort(services: GetServices, request: Request) -> dict[str, Any]:
    with refusals():
        body = _Uploading(request, "key", "upload_id")
        key, upload_id = body.text("key") or "", body.upload_id()
        return services().uploads.abort(key, upload_id)


class _Uploading(Body):
    example = '{"key": "…", "size": 1000}'

    def size(self) -> int:
        size = self.given.get("size")
        if not isinstance(size, int) or isinstance(size, bool):
            raise BadQueryError(f"size is {quoted(size)}: give a number of bytes")
        return size

    def upload_id(self) -> str:
        upload_id = self.text("upload_id")
        if not upload_id or len(upload_id) > ID_MAX_CHARS:
            raise BadQueryError(f"upload_id is {quoted(upload_id)}: give the one that POST /uploads returned")
        return upload_id

    def parts(self) -> list[Part]:
        given = self.given.get("parts")
        if not isinstance(given, list) or not 1 <= len(given) <= PARTS_MAX:
            raise BadQueryError(f"parts is {quoted(given)}: give a list of 1 to {PARTS_MAX} parts")
        return [_part(each) for each in given]


def _part(given: Any) -> Part:
    number: Any
    etag: Any
    number, etag = (given.get("number"), given.get("etag")) if isinstance(given, dict) else (None, None)
    is_number = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= PARTS_MAX
    is_etag = (
        isinstance(etag, str) and 0 < len(etag) <= ETAG_MAX_CHARS and etag.isascii() and etag.isprintable()
    )
    if not (is_number and is_etag):
        raise BadQueryError(f'a part is {quoted(given)}: give {{"number": 1, "etag": "…"}}, as S3 answered')
    return Part(int(number), str(etag))
