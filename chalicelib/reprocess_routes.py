"""The HTTP route that has a file read again."""

from __future__ import annotations

from typing import Final

from chalice.app import BadRequestError, ConflictError, Request, Response

from chalicelib.bodies import Body
from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError
from chalicelib.reprocessing import RefusedError
from chalicelib.routes import GetServices, asking, refusals
from chalicelib.status import NotFoundError
from chalicelib.status_json import file_json

_ACCEPTED: Final = 202


class _Reprocess(Body):
    example = '{"force": true}'

    @property
    def forced(self) -> bool:
        forced = self.given.get("force", False)
        if not isinstance(forced, bool):
            raise BadQueryError(f"force is {quoted(forced)}: give true, or leave it out")
        return forced


def reprocess(services: GetServices, request: Request, file_id: str) -> Response:
    """Have a file read again with today's formats: 202 with the file, whose `next_generation` is the number of the new
    one; 409 with the reason if that is impossible."""
    if request.query_params:
        raise BadRequestError("unknown parameter: this route has none; force goes into the body")
    with refusals():
        forced = _Reprocess(request, "force").forced
        subject = {"file_id": file_id, **({"forced": True} if forced else {})}
        services().status.file(file_id)  # an unknown one is not written down
        with services().audit.noted(asking(request).name, "reprocess", subject) as note:
            try:
                stored = services().reprocessing.begin(file_id, forced=forced)
            except RefusedError as error:
                note["error"] = error.reason
                raise ConflictError(error.reason) from error
            if stored is None:
                raise NotFoundError(f"no file {quoted(file_id)}; GET /files lists the files")
            note["generation"] = stored.rereading.last
        return Response(file_json(stored, stored.account, None), status_code=_ACCEPTED)
