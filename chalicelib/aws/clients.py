"""Low-level AWS clients, configured for the hot path.

Promise: a call returns within the time-outs of its attempts, and no attempt is repeated once the
invocation's time is up. If a frozen environment left a connection half open, its time-out shows it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.aws.calls import HOT, calls_of
from chalicelib.delivery import Deadline

ATTEMPTS: Final = 4
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
READ_SECONDS_OF: Final[Mapping[str, float]] = {"s3": 30.0}
"""How long a socket may be silent; botocore's own 60 s are as long as a worker lives."""
LOCAL_READ_SECONDS: Final = 60.0
"""An emulator on a busy machine is slow, and never half open."""


class Invocation:
    """The invocation of this process: Lambda gives it one at a time."""

    def __init__(self) -> None:
        self.deadline: Deadline | None = None

    @property
    def seconds_left(self) -> float:
        return self.deadline.seconds_left if self.deadline else math.inf


INVOCATION: Final = Invocation()


def make_client(
    service: str,
    *,
    session: Any = boto3,
    connections: int = 10,
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float | None = None,
    signs: bool = False,
    direct: bool = False,
) -> Any:
    """A client of `s3`, `sqs`, `sns`, `dynamodb`, `events`, `athena` or `xray`. session: a boto3 session, or boto3
    itself; connections: at least as many as there are threads that use it; read_seconds: by default what suits the
    service. signs: whether it signs addresses for others. direct: whether Froe sends its hot calls, if it has any."""
    is_local = bool(os.environ.get("AWS_ENDPOINT_URL"))
    if read_seconds is None:
        read_seconds = LOCAL_READ_SECONDS if is_local else READ_SECONDS_OF.get(service, READ_SECONDS)
    signing: dict[str, Any] = {}
    if signs:  # for virtual hosts botocore signs addresses of the region: those of no region redirect
        style = {} if is_local else {"addressing_style": "virtual"}
        signing = {"signature_version": "s3v4", "request_checksum_calculation": "when_required", "s3": style}
    config = Config(
        **signing,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        user_agent="froe",
        max_pool_connections=connections,
        parameter_validation=service == "s3",
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        tcp_keepalive=True,
    )
    client = session.client(service, config=config)
    _repeat_only_in_time(client, service)
    return calls_of(client, direct=direct) if service in HOT else client


def _repeat_only_in_time(client: Any, service: str) -> None:
    """Raise a failure as it is if another attempt would begin after the deadline."""

    def look(
        response: tuple[Any, Mapping[str, Any]] | None,
        caught_exception: Exception | None,
        operation: Any,
        **_: Any,
    ) -> None:
        if INVOCATION.seconds_left > 0:
            return
        if caught_exception is not None:
            raise caught_exception
        parsed = response[1] if response else {}
        if "Error" in parsed and parsed["ResponseMetadata"]["HTTPStatusCode"] >= 300:
            made: type[ClientError] = client.exceptions.from_code(parsed["Error"].get("Code", ""))
            raise made(parsed, operation.name)

    client.meta.events.register_first(f"needs-retry.{service}", look)
