"""What to do with an object once its file is settled: the setting SETTLED_OBJECTS.

`leave`; `tag`: two tags have its state and its file; `move:PREFIX`: an object whose file is COMPLETE is moved below that
prefix of its bucket, any other one is tagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STATE_TAG: Final = "froe-state"
FILE_TAG: Final = "froe-file-id"
FORGOTTEN: Final = "forgotten"
"""How the reason of a forgotten file begins: its object is left as it is."""


class Action(StrEnum):
    LEAVE = "leave"
    TAG = "tag"
    MOVE = "move"


class AfterwardsError(ValueError):
    """What is wrong with the setting, in words that follow `SETTLED_OBJECTS is …:`."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """prefix: to which objects are moved; empty if they are not."""

    action: Action = Action.LEAVE
    prefix: str = ""


LEFT: Final = Afterwards()


def afterwards_in(text: str) -> Afterwards:
    """Raises AfterwardsError."""
    name, _, prefix = text.strip().partition(":")
    if name in ("", Action.LEAVE, Action.TAG) and not prefix:
        return Afterwards(Action(name or Action.LEAVE))
    if name != Action.MOVE:
        raise AfterwardsError("set it to leave, tag or move:PREFIX/")
    if not prefix.endswith("/") or prefix.startswith("/"):
        raise AfterwardsError(
            "give a prefix that ends with / and does not begin with one, such as move:done/"
        )
    return Afterwards(Action.MOVE, prefix)
