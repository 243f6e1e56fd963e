"""The three answers to a failure: retry (`TransientError`), park (`PermanentError`), fix (all else)."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import ClassVar, Final

DIED: Final = "died"
"""The code of a failure of which nobody said anything: the function died first."""

CRASHED: Final = "crashed"
"""The code of a bug."""


class FroeError(Exception):
    """A failure that we understand; `reason` is one sentence that names the input and the remedy.

    code: its kind, from a small set that programs may select by.
    """

    code: ClassVar[str] = "failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TransientError(FroeError):
    """It may go better later: the message comes back.

    progress: how far the work came, for whoever goes on with it; empty where that begins anew."""

    code = "unavailable"

    def __init__(self, reason: str, progress: str = "") -> None:
        super().__init__(reason)
        self.progress = progress


class ThrottledError(TransientError):
    """The service wants fewer requests for a while."""

    code = "throttled"


class AccessDeniedError(TransientError):
    """Policies forbid it; they may be put right while the message waits."""

    code = "access-denied"


class MissingResourceError(TransientError):
    """A table, queue or key that the deployment needs is not there; it may be put back."""

    code = "resource-missing"


class ConfigurationRefusedError(TransientError):
    """The newest configuration hides what must not be stored, and cannot be used; it may be put right meanwhile."""

    code = "configuration-refused"


class OutOfTimeError(TransientError):
    """The invocation's time is nearly up: the rest is for the next one."""

    code = "out-of-time"


class UnwrittenError(OutOfTimeError):
    """Some items of a batch are written, and there was no time for the others.

    unwritten: ranges of positions among the items, the second of each excluded. units: write units that the others
    took."""

    def __init__(self, reason: str, unwritten: Sequence[tuple[int, int]], units: int = 0) -> None:
        super().__init__(reason)
        self.unwritten = unwritten
        self.units = units


class PermanentError(FroeError):
    """It can never succeed: the message belongs in the dead-letter queue, with the reason."""

    code = "refused"


class ObjectGoneError(PermanentError):
    """The object, or the version of it that was asked for, does not exist."""

    code = "object-gone"


class ObjectChangedError(PermanentError):
    """The object was overwritten since its plan was made."""

    code = "object-changed"


class ObjectArchivedError(PermanentError):
    """The object lies in an archive (Glacier) and cannot be read before it is restored."""

    code = "object-archived"


def progress_of(error: BaseException) -> str:
    """How far the work came that failed so; empty where nobody knows."""
    return error.progress if isinstance(error, TransientError) else ""


def _codes(kind: type[FroeError]) -> Iterator[str]:
    yield kind.code
    for each in kind.__subclasses__():
        yield from _codes(each)


KNOWN_CODES: Final = frozenset({DIED, CRASHED, *_codes(FroeError)})
"""The small set: whatever else is called a code is none."""


def code_and_reason(error: BaseException) -> tuple[str, str]:
    """What to tell of a failure: ours as they say themselves, all else as a crash."""
    if isinstance(error, FroeError):
        return error.code, error.reason
    return CRASHED, reason_of(error)


def reason_of(error: BaseException) -> str:
    """What may be told of a failure. Of a bug that is its kind and its place only: what it says itself may
    quote a line of somebody's log."""
    if isinstance(error, FroeError):
        return error.reason
    frames = places_of(error)
    return f"{type(error).__name__} in {frames[-1]}" if frames else type(error).__name__


def places_of(error: BaseException) -> list[str]:
    """The way to where it was raised: ``function (directory/file.py:line)``, the innermost last."""
    return [
        f"{frame.name} ({'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno})"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
