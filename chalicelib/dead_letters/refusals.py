"""Why a dead letter is not sent again: it is done with, or nobody understands its message.

What nobody understood once may be a message of code that was newer than its reader: it is read again.
"""

from __future__ import annotations

from chalicelib.core.letters import DeadLetter, Kind, LetterState, subject_of


def kind_now(letter: DeadLetter, body: str) -> Kind:
    """What its message is to this code."""
    kind = letter.subject.kind
    return subject_of(body).kind if kind is Kind.UNKNOWN else kind


def refusal_of(letter: DeadLetter) -> str | None:
    if letter.state is LetterState.DISCARDED:
        return f"{letter.by} has discarded it: {letter.why}"
    return None


def refusal_of_body(letter: DeadLetter, body: str | None) -> str | None:
    """body: its message; None where that is gone."""
    if body is None:
        return "its message is gone from the quarantine bucket"
    if kind_now(letter, body) is Kind.UNKNOWN:
        return f"nobody understands it ({subject_of(body).why_unknown}); it can be discarded"
    return None


def may_be_redriven(letter: DeadLetter) -> bool:
    """Whether a redrive would send its message, so far as its state and its kind when it died tell."""
    is_open = letter.state is not LetterState.RESOLVED and refusal_of(letter) is None
    return is_open and letter.subject.kind is not Kind.UNKNOWN


def is_redrivable(letter: DeadLetter, body: str | None) -> bool:
    """Whether a redrive would send its message, which is `body`."""
    is_open = letter.state is not LetterState.RESOLVED and refusal_of(letter) is None
    return is_open and refusal_of_body(letter, body) is None
