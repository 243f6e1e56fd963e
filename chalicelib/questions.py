"""Checks the parameters of status requests: a wrong one is refused by name, with the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from chalicelib.conditions import CONDITIONS_MAX, Condition
from chalicelib.core.ledger.accounts import State
from chalicelib.core.wire.fields import quoted
from chalicelib.pages import BadQueryError, is_number
from chalicelib.status_json import BATCH_STATES

TEXT_MAX_CHARS: Final = 200
"""Of what is looked for in records."""
TIMES: Final = ("opened", "settled")
"""Of a file."""
_SEVERITY_MAX_DIGITS: Final = 2
_SEVERITIES: Final = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "WARNING": 13, "ERROR": 17, "FATAL": 21}


def checked_state(state: str) -> State:
    try:
        return State(state.upper())
    except ValueError as error:
        known = ", ".join(each.value for each in State)
        raise BadQueryError(f"state is {quoted(state)}: give one of {known}") from error


def checked_kind_of_time(time: str | None) -> str:
    if time not in {None, *TIMES}:
        raise BadQueryError(f"time is {quoted(time)}: give one of {', '.join(TIMES)}")
    return time or TIMES[0]


def checked_batch_state(state: str) -> str:
    if state.lower() not in BATCH_STATES:
        raise BadQueryError(f"state is {quoted(state)}: give one of {', '.join(BATCH_STATES)}")
    return state.lower()


def checked_severity(severity: str) -> int:
    is_short = is_number(severity) and len(severity) <= _SEVERITY_MAX_DIGITS
    number = _SEVERITIES.get(severity.upper()) or (int(severity) if is_short else 0)
    if not 1 <= number <= 24:
        raise BadQueryError(f"severity is {quoted(severity)}: give {', '.join(_SEVERITIES)} or 1 to 24")
    return number


def checked_text(text: str) -> str:
    if len(text) > TEXT_MAX_CHARS:
        raise BadQueryError(f"text has {len(text):,} characters: give at most {TEXT_MAX_CHARS}")
    return text


def checked_where(where: Sequence[str]) -> tuple[Condition, ...]:
    if len(where) > CONDITIONS_MAX:
        raise BadQueryError(f"where is given {len(where)} times: give at most {CONDITIONS_MAX} conditions")
    return tuple(map(Condition.of, where))


def checked_time(name: str, text: str | None) -> datetime | None:
    """The time of an ISO 8601 text, in UTC, as which it is read where it names no zone."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        hint = "" if "+" in text or " " not in text else " (a plus sign in a query is written %2B)"
        raise BadQueryError(
            f"{name} is {quoted(text)}: give a time such as 2026-01-31T12:00:00Z{hint}"
        ) from error
