"""Logs as one JSON object per line: the event's name and its identifiers, never the contents of a log.

For an exception they have its stack, and its message only if it is one of Froe's own: the message of
a bug may quote a line of somebody's log.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import orjson
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from chalicelib.core.errors import FroeError, places_of

NAME: Final = "froe"
_OF_A_MESSAGE: Final = ("message_id", "file_id", "batch_id")


def _line_of(event: Any) -> str:
    event.pop("exception_notes", None)  # words of a bug too
    return orjson.dumps(event, default=str).decode()


class Formatter(LambdaPowertoolsFormatter):
    """`level`, `message` (the event's name), `timestamp`, `xray_trace_id`, the identifiers from `begin` and `about`,
    the fields of the event, and `exception` if there is one."""

    def __init__(self) -> None:
        super().__init__(
            json_serializer=_line_of,
            json_deserializer=str,  # a message is a name, never JSON
            utc=True,
            use_rfc3339=True,
            serialize_stacktrace=False,
        )

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
        return " < ".join(_causes(ei[1]))


_FORMATTER: Final = Formatter()


def set_up() -> None:
    """Write what ``froe`` logs to standard output, which Lambda sends to CloudWatch, from the level INFO, or the level
    in POWERTOOLS_LOG_LEVEL or the function's own logging configuration."""
    Logger(service=NAME, logger_formatter=_FORMATTER)
    logging.getLogger(NAME).propagate = False


def begin(function_request_id: str) -> None:
    """Begin an invocation: each of its log lines has its id."""
    _FORMATTER.thread_safe_clear_keys()
    _FORMATTER.thread_safe_append_keys(function_request_id=function_request_id)


def about(**identifiers: str) -> None:
    """From now on log lines are about this message, file or batch (`message_id`, `file_id`, `batch_id`), and not about
    the previous one."""
    _FORMATTER.thread_safe_remove_keys(_OF_A_MESSAGE)
    _FORMATTER.thread_safe_append_keys(**identifiers)


def _causes(error: BaseException | None) -> list[str]:
    """An error and its causes, each with its stack."""
    parts = []
    while error is not None:
        words = f": {error.reason}" if isinstance(error, FroeError) else ""
        parts.append(f"{type(error).__name__}{words} at {', '.join(places_of(error)) or 'no known place'}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return parts
