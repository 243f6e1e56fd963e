"""Logs as one JSON object a line: the event's name and its identifiers, never the contents of a log."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, Final

import orjson

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {"event": record.getMessage(), "level": record.levelname}
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):
            said["trace"] = trace
        said |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            said["stack"] = self.formatException(record.exc_info)
        return orjson.dumps(said, default=str).decode()


def set_up(level: int = logging.INFO) -> None:
    """Write what ``froe`` logs to standard output, which Lambda takes to CloudWatch."""
    logger = logging.getLogger("froe")
    logger.setLevel(level)
    logger.propagate = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logger.handlers = [handler]
