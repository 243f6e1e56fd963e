"""The HTTP routes for dead letters: they check a request and pass it to the office.

A call that handles many works for at most twenty seconds (API Gateway ends it after 29) and returns a
cursor with which the next call continues.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from chalice.app import ConflictError, Request

from chalicelib.bodies import Body
from chalicelib.core.wire.fields import quoted
from chalicelib.dead_letters import status
from chalicelib.dead_letters.office import DeadLetterOffice, Decision, Pace, Progress
from chalicelib.dead_letters.selection import Selection
from chalicelib.dead_letters.status import counts_json, progress_json, selection_json
from chalicelib.delivery import Deadline
from chalicelib.pages import BadQueryError
from chalicelib.routes import Asked, GetServices, asking, refusals

_SECONDS: Final = 20.0
_DEFAULT_PER_SECOND: Final = 50
_MAX_PER_SECOND: Final = 1000
_SELECTION: Final = ("ids", "file", "reason", "all", "from", "to", "cursor")
_EXAMPLE: Final = '{"ids": ["…"]}, {"file": "…"}, {"reason": "…"} or {"all": true}'


def dead_letters(services: GetServices, request: Request) -> dict[str, Any]:
    asked = Asked(request, "file", "reason", "state", "from", "to", "limit", "cursor")
    with refusals():
        return services().letter_status.letters(
            file=asked.text("file"),
            reason=asked.text("reason"),
            state=asked.text("state"),
            from_=asked.text("from"),
            to=asked.text("to"),
            limit=asked.limit,
            cursor=asked.text("cursor"),
        )


def dead_letter(services: GetServices, request: Request, letter_id: str) -> dict[str, Any]:
    asked = Asked(request, "lines")
    lines = asked.number("lines", status.DEFAULT_LINES, status.MAX_LINES)
    with refusals():
        return services().letter_status.letter(letter_id, lines)


def redrive(services: GetServices, request: Request, letter_id: str) -> dict[str, Any]:
    with refusals():
        office = services().dead_letter_office
        one = _only(office, letter_id)
        with _noted(services, request, "redrive", one) as note:
            done = office.redrive(one, Deadline.after(_SECONDS), Pace(_DEFAULT_PER_SECOND))
            note.update(counts_json("redriven", done))
        return _of_one("redriven", done)


def discard(services: GetServices, request: Request, letter_id: str) -> dict[str, Any]:
    with refusals():
        body = _Selecting(request, "by", "why")
        decision = body.decision()
        office = services().dead_letter_office
        one = _only(office, letter_id)
        with _noted(services, request, "discard", one, decision) as note:
            done = office.discard(one, Deadline.after(_SECONDS), by=decision.by, why=decision.why)
            note.update(counts_json("discarded", done))
        return _of_one("discarded", done)


def redrive_many(services: GetServices, request: Request) -> dict[str, Any]:
    with refusals():
        body = _Selecting(request, *_SELECTION, "per_second")
        selection, cursor = body.selection()
        pace = Pace(body.per_second())
        office = services().dead_letter_office
        with _noted(services, request, "redrive", selection) as note:
            done = office.redrive(selection, Deadline.after(_SECONDS), pace, cursor=cursor)
            note.update(counts_json("redriven", done))
        return progress_json("redriven", done)


def discard_many(services: GetServices, request: Request) -> dict[str, Any]:
    with refusals():
        body = _Selecting(request, *_SELECTION, "by", "why")
        selection, cursor = body.selection()
        decision = body.decision()
        office = services().dead_letter_office
        with _noted(services, request, "discard", selection, decision) as note:
            done = office.discard(
                selection, Deadline.after(_SECONDS), by=decision.by, why=decision.why, cursor=cursor
            )
            note.update(counts_json("discarded", done))
        return progress_json("discarded", done)


def _noted(
    services: GetServices,
    request: Request,
    action: str,
    selection: Selection,
    decision: Decision | None = None,
) -> AbstractContextManager[dict[str, Any]]:
    decided = {"by": decision.by, "why": decision.why} if decision else {}
    return services().audit.noted(asking(request).name, action, selection_json(selection) | decided)


def _only(office: DeadLetterOffice, letter_id: str) -> Selection:
    """One letter; NoSuchLetterError if there is none of that id."""
    office.envelope(letter_id)
    return Selection(ids=(letter_id,), state=None)


def _of_one(done: str, progress: Progress) -> dict[str, Any]:
    """The answer for a single letter; if it was refused, so is the call."""
    for letter_id, why in progress.refusals:
        raise ConflictError(f"dead letter {letter_id}: {why}")
    return progress_json(done, progress)


class _Selecting(Body):
    """The body of a request about dead letters."""

    example = _EXAMPLE

    def decision(self) -> Decision:
        return Decision.of(self.text("by") or "", self.text("why") or "")

    def per_second(self) -> float:
        number = self.given.get("per_second", _DEFAULT_PER_SECOND)
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not 1 <= number <= _MAX_PER_SECOND:
            raise BadQueryError(f"per_second is {quoted(number)}: give a number from 1 to {_MAX_PER_SECOND}")
        return float(number)

    def selection(self) -> tuple[Selection, str | None]:
        """The selection, and where to continue."""
        ids, everything = self.given.get("ids", []), self.given.get("all", False)
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
            raise BadQueryError(f"ids is {quoted(ids)}: give a list of dead letters' ids")
        if not isinstance(everything, bool):
            raise BadQueryError(f"all is {quoted(everything)}: give true, or leave it out")
        selection = status.checked_selection(
            ids=tuple(ids),
            file=self.text("file"),
            reason=self.text("reason"),
            everything=everything,
            from_=self.text("from"),
            to=self.text("to"),
        )
        return selection, status.checked_cursor(selection, self.text("cursor"))
