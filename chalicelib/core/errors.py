"""The three answers to a failure: retry (`TransientError`), dead-letter (`PermanentError`), fix (everything else)."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import ClassVar, Final

DIED: Final = "died"
"""The code of a failure that recorded nothing: the function died first."""

CRASHED: Final = "crashed"
"""The code of a bug."""


class FroeError(Exception):
    """A failure with a known cause; `reason` is one sentence that names the input and the remedy.

    code: its kind, from a small set that programs may select by.
    """

    code: ClassVar[str] = "failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TransientError(FroeError):
    """It may succeed later: the message comes back.

    progress: how far the work came, for the next attempt; empty if that starts over.
    """

    code = "unavailable"

    def __init__(self, reason: str, progress: str = "") -> None:
        super().__init__(reason)
        self.progress = progress


class ThrottledError(TransientError):
    """The service asks for fewer requests for a while."""

    code = "throttled"


class AccessDeniedError(TransientError):
    """A policy forbids it; that may be corrected while the message waits."""

    code = "access-denied"


class MissingResourceError(TransientError):
    """A table, queue or key of the deployment is missing; it may be restored."""

    code = "resource-missing"


class ConfigurationRefusedError(TransientError):
    """The newest configuration hides what must not be stored, and cannot be used; that may be corrected meanwhile."""

    code = "configuration-refused"


class OutOfTimeError(TransientError):
    """The invocation's time is nearly up: the next one does the rest."""

    code = "out-of-time"


class UnwrittenError(OutOfTimeError):
    """Some items of a batch are written, and there was no time for the others.

    unwritten: ranges of positions among the items, their ends excluded. units: write units that the others used.
    """

    def __init__(self, reason: str, unwritten: Sequence[tuple[int, int]], units: int = 0) -> None:
        super().__init__(reason)
        self.unwritten = unwritten
        self.units = units


class PermanentError(FroeError):
    """It can never succeed: the message belongs in the dead-letter queue, with the reason."""

    code = "refused"


class ObjectGoneError(PermanentError):
    """The object, or the requested version of it, does not exist."""

    code = "object-gone"


class ObjectChangedError(PermanentError):
    """The object was overwritten since its plan was made."""

    code = "object-changed"


class ObjectArchivedError(PermanentError):
    """The object is archived (Glacier) and must be restored before it can be read."""

    code = "object-archived"


def progress_of(error: BaseException) -> str:
    """The progress of the work that failed; empty if unknown."""
    return error.progress if isinstance(error, TransientError) else ""


def _codes(kind: type[FroeError]) -> Iterator[str]:
    yield kind.code
    for each in kind.__subclasses__():
        yield from _codes(each)


KNOWN_CODES: Final = frozenset({DIED, CRASHED, *_codes(FroeError)})
"""The set of codes; anything else is not a code."""


def code_and_reason(error: BaseException) -> tuple[str, str]:
    """Code and reason of a failure: those of a `FroeError`, or of a crash."""
    if isinstance(error, FroeError):
        return error.code, error.reason
    return CRASHED, reason_of(error)


def reason_of(error: BaseException) -> str:
    """The reason of a failure. Of a bug it has only the kind and the place: its message may quote a line of somebody's
    log."""
    if isinstance(error, FroeError):
        return error.reason
    frames = places_of(error)
    return f"{type(error).__name__} in {frames[-1]}" if frames else type(error).__name__


def places_of(error: BaseException) -> list[str]:
    """Where it was raised: ``function (directory/file.py:line)``, the innermost last."""
    return [
        f"{frame.name} ({'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno})"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
