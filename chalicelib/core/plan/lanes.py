"""Lanes: batch queues, each with a worker function, so that a burst of one kind of file does not delay the others.

Every stage has the lane `default`; LANES names further ones. The queue and the worker of a lane append its name to
those of the default one. The lane of a file is decided when it is opened.
"""

from __future__ import annotations

import re
from typing import Final

SETTING: Final = "LANES"
DEFAULT: Final = "default"
MOST: Final = 4
"""Lanes per stage, the default one included."""
NAME: Final = re.compile(r"[a-z][a-z0-9]{0,15}")
_RULE: Final = "1 to 16 lower-case letters and digits, a letter first"
_TAKEN: Final = frozenset(("logged", "old", "policy", "query"))
"""Names whose queue or worker would have the name of something else in the templates of a stage."""
_WORKER: Final = "worker"


class LanesError(Exception):
    """What is wrong with the names of lanes, and the remedy."""


def checked(name: str) -> str:
    """The name of a lane. Raises LanesError."""
    if not NAME.fullmatch(name):
        raise LanesError(f"{name!r} cannot be a lane: take {_RULE}")
    if name in _TAKEN:
        raise LanesError(
            f"{name!r} cannot be a lane, as other resources of a stage have that name: take another"
        )
    return name


def lanes_in(text: str) -> tuple[str, ...]:
    """The lanes named by LANES, without the default one. Raises LanesError."""
    names = tuple(filter(None, (each.strip() for each in text.split(","))))
    for name in names:
        checked(name)
    if DEFAULT in names:
        raise LanesError(f"{DEFAULT} is the lane that every stage has: take it out")
    if len(set(names)) < len(names):
        raise LanesError("it names a lane twice: take one out")
    if len(names) >= MOST:
        raise LanesError(
            f"it names {len(names)} lanes: a stage has at most {MOST - 1} beside the default one"
        )
    return names


def queue_of(lane: str, batch_queue: str) -> str:
    """The name, URL or ARN of a lane's queue. batch_queue: that of the default one."""
    return batch_queue if lane == DEFAULT else f"{batch_queue}-{lane}"


def worker_of(lane: str) -> str:
    """The name of a lane's worker function in app.py."""
    return _WORKER if lane == DEFAULT else f"{_WORKER}_{lane}"


def lane_of(function: str) -> str | None:
    """The lane of a worker function; None for other functions."""
    if function == _WORKER:
        return DEFAULT
    lane = function.removeprefix(f"{_WORKER}_")
    return lane if lane != function else None
