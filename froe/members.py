"""The files in archives, at any depth, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from chalicelib.status import Status
from froe.inquiry import SETTLED, ItemJson, accounted, page_size, pages, watch

NAMED_MAX: Final = 20
"""So many members that are not COMPLETE are named; all are counted."""


def members_in(status: Status, file_id: str) -> Iterator[ItemJson]:
    """The members of an archive, not those of archives in it."""
    return pages(lambda cursor: status.members(file_id, limit=page_size(0), cursor=cursor), 0)


@dataclass(slots=True)
class Members:
    """Of an archive and of those in it. states: how many members are in each. lines, rejected: of all of them. named: the first that are
    not COMPLETE. unsettled: ids."""

    states: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    rejected: int = 0
    named: list[ItemJson] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many are not COMPLETE."""
        return self.states.total() - self.states["COMPLETE"]

    def add_those_in(self, status: Status, file_id: str) -> Members:
        for member in members_in(status, file_id):
            self.states[member["state"]] += 1
            self.lines += accounted(member, "lines")
            self.rejected += member["rejected"]["lines"]
            if member["state"] not in SETTLED:
                self.unsettled.append(member["file_id"])
            if member["state"] != "COMPLETE" and len(self.named) < NAMED_MAX:
                self.named.append(member)
            if member["archive"]:
                self.add_those_in(status, member["file_id"])
        return self


def settled_members(status: Status, file: ItemJson, timeout_seconds: float | None) -> Members | None:
    """What became of the members of an archive, once they are settled or the time is up; None: the file is no archive."""
    if not file["archive"]:
        return None
    members = Members().add_those_in(status, file["file_id"])
    if members.unsettled:
        for _ in watch(status, members.unsettled, timeout_seconds):
            pass
        members = Members().add_those_in(status, file["file_id"])
    return members
