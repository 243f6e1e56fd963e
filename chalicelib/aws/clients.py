"""Low-level AWS clients, set up for the hot path."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

_ATTEMPTS = 4


def make_client(service: str, *, session: Any = boto3, connections: int = 10) -> Any:
    """A client of `s3`, `sqs`, `sns` or `dynamodb`. session: a boto3 session, or boto3 itself; connections:
    at least as many as there are threads that use it."""
    config = Config(
        retries={"mode": "standard", "max_attempts": _ATTEMPTS},
        user_agent="froe",
        max_pool_connections=connections,
        parameter_validation=service == "s3",
    )
    return session.client(service, config=config)
