"""The three answers to a failure: retry (`TransientError`), park (`PermanentError`), fix (all else)."""

from __future__ import annotations


class FroeError(Exception):
    """A failure that we understand; `reason` is one sentence that names the input and the remedy."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TransientError(FroeError):
    """It may go better later: the message comes back."""


class OutOfTimeError(TransientError):
    """The invocation's time is nearly up: the rest is for the next one."""


class PermanentError(FroeError):
    """It can never succeed: the message belongs in the dead-letter queue, with the reason."""


class ObjectGoneError(PermanentError):
    """The object, or the version of it that was asked for, does not exist."""


class ObjectChangedError(PermanentError):
    """The object was overwritten since its plan was made."""
