"""Why a message died: as its handler says in the message's attributes, or by what was noted of its failures.

Whatever else stands in these attributes, which anyone may send, is left aside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from chalicelib.core.errors import DIED, KNOWN_CODES
from chalicelib.core.letters import ATTEMPTS_KEPT, Attempt
from chalicelib.dead_letters.failures import one_line

_NOTHING_SAID: Final = "unknown: the function died before it could say why"
_RECEIVES: Final = re.compile(r"[0-9]{1,4}")
"""SQS counts up to 1,000 before it gives a message up
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)."""


class Cause(NamedTuple):
    """code: one of `KNOWN_CODES`. reason: one line. receives: how often the message came in vain."""

    code: str
    reason: str
    receives: int


def cause_of(attempts: Sequence[Attempt], attributes: Mapping[str, str], receives: int) -> Cause:
    """said: the attributes of the message. receives: by the count of its queue, its last one excluded."""
    if attributes.get("code") in KNOWN_CODES:
        counted = attributes.get("receives", "")
        receives = int(counted) if _RECEIVES.fullmatch(counted) else receives
        return Cause(
            attributes["code"], one_line(attributes.get("reason", "")) or attributes["code"], receives
        )
    if not attempts:
        return Cause(DIED, _NOTHING_SAID, receives)
    last = attempts[-1]
    if last.number < min(receives, ATTEMPTS_KEPT):
        before = f"at receive {last.number} of {receives} it had said {last.code}: {last.reason}"
        return Cause(DIED, f"{_NOTHING_SAID}; {before}", receives)
    return Cause(last.code, last.reason, max(receives, last.number))
