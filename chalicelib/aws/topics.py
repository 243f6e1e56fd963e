"""SNS: notices are cut and cleaned to what a topic accepts, so that an odd key or a long text never loses one.

Limits: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (a message with its attributes up to
262,144 bytes, the subject ASCII and under 100 characters), and ten attributes for raw delivery to a queue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.aws.errors import REFUSED_BY_SNS, translated
from chalicelib.notices import Notice

MESSAGE_MAX_BYTES: Final = 262_144
SUBJECT_MAX_CHARS: Final = 99
MAX_ATTRIBUTES: Final = 10
_ATTRIBUTE_MAX_BYTES: Final = 8192
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot carry; SQS, a subscriber, refuses it too."""
_CUT: Final = "…"


class SnsTopic:
    """client: a low-level SNS client. arn: the topic's."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, notice: Notice) -> None:
        """Give the notice to all subscribers; raises TransientError, or PermanentError if SNS refuses it."""
        subject = _subject(notice)
        attributes = _attributes(notice)
        room_bytes = MESSAGE_MAX_BYTES - sum(
            len(part.encode()) for name, value in attributes.items() for part in (name, "String", value)
        )
        with translated(f"publishing {notice.notice_id} to {self._arn}", refused=REFUSED_BY_SNS):
            self._client.publish(
                TopicArn=self._arn,
                Subject=subject,
                Message=_cut(_legal(notice.text) or subject, room_bytes),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )


def _subject(notice: Notice) -> str:
    """One printable ASCII line; it must begin with a letter, a digit or punctuation."""
    line = " ".join(notice.subject.split()).encode("ascii", "replace").decode()
    kept = re.sub(r"[^\x20-\x7e]", "?", line)[:SUBJECT_MAX_CHARS].strip()
    return kept or f"Froe: {notice.kind}"


def _attributes(notice: Notice) -> Mapping[str, str]:
    """SNS refuses an empty value, and a queue that gets messages raw loses those with an eleventh attribute."""
    named = {"notice_id": notice.notice_id, "kind": notice.kind, **notice.attributes}
    values = {name: _cut(_legal(value), _ATTRIBUTE_MAX_BYTES) for name, value in named.items() if value}
    return dict(list(values.items())[:MAX_ATTRIBUTES])


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def _cut(text: str, max_bytes: int) -> str:
    """The text, or as many of its whole characters as fit."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    return encoded[: max_bytes - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
