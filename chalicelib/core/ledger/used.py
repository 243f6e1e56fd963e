"""What a file really used of AWS, as far as it could be stored with writes that happen anyway.

It is added up beside the account and is not part of it: nothing depends on it. If a write with such numbers was lost,
the numbers are missing.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final

CHUNK_BYTES: Final = 64 * 1024
"""SQS bills a request for each started 64 KiB of it (https://aws.amazon.com/sqs/pricing/)."""
MARK_UNITS: Final = 1
"""Write units of a mark: its leaf stays within 1 KB."""


@dataclass(frozen=True, slots=True)
class Used:
    """write_units: of DynamoDB, for records and marks. queue_requests: as SQS bills them for every queued message, if
    each came once. object_reads: how often bytes of the object were requested; s3_requests: these and requests for
    metadata. milliseconds: measured working time of functions."""

    write_units: int = 0
    queue_requests: int = 0
    object_reads: int = 0
    s3_requests: int = 0
    milliseconds: int = 0

    def __add__(self, other: Used) -> Used:
        return Used(
            self.write_units + other.write_units,
            self.queue_requests + other.queue_requests,
            self.object_reads + other.object_reads,
            self.s3_requests + other.s3_requests,
            self.milliseconds + other.milliseconds,
        )

    def __bool__(self) -> bool:
        return any(astuple(self))


NOTHING: Final = Used()


def requests_of(body: str) -> int:
    """SQS requests for sending, receiving and deleting a message with this body of ASCII."""
    return 2 * max(1, -(-len(body) // CHUNK_BYTES)) + 1
