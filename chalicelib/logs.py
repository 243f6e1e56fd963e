"""Logs as one JSON object a line: the event's name and its identifiers, never the contents of a log."""

from __future__ import annotations

import logging
from typing import Any, Final

import orjson

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {"event": record.getMessage(), "level": record.levelname}
        if request_id := getattr(record, "aws_request_id", None):
            said["request_id"] = request_id
        said |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            said["stack"] = self.formatException(record.exc_info)
        return orjson.dumps(said, default=str).decode()


def set_up(level: int = logging.INFO) -> None:
    """Send what ``froe`` logs to the root logger's handlers (in Lambda: to CloudWatch) as JSON."""
    logger = logging.getLogger("froe")
    logger.setLevel(level)
    root = logging.getLogger()
    if not root.handlers:
        logging.basicConfig()
    for handler in root.handlers:
        handler.setFormatter(JsonFormatter())
