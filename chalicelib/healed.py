"""What a sweep found and sent again, and the notice about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.notices import Notice

_NAMED_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Healed:
    """What a sweep sent again: ids of files, splits to cut, batches, objects announced, and ids of redriven messages
    that got lost and are dead letters again. False if there is nothing."""

    files: tuple[str, ...] = ()
    splits: int = 0
    batches: int = 0
    objects: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()

    def __add__(self, other: Healed) -> Healed:
        return Healed(
            (*self.files, *other.files),
            self.splits + other.splits,
            self.batches + other.batches,
            (*self.objects, *other.objects),
            (*self.letters, *other.letters),
        )

    def __bool__(self) -> bool:
        return bool(self.files or self.objects or self.letters)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "files": len(self.files),
            "splits": self.splits,
            "batches": self.batches,
            "objects": len(self.objects),
            "letters": len(self.letters),
        }

    def notice(self, now: datetime) -> Notice:
        return Notice(
            notice_id=f"sweep-{now.isoformat(timespec='milliseconds')}",
            kind="sweep",
            subject=f"Froe: healed {len(self.files)} files, found {len(self.objects)} objects",
            text="\n".join(self._digest()) + "\n",
            attributes={},
        )

    def _digest(self) -> Iterator[str]:
        yield "The sweeper found work that had stopped, and sent it again:"
        yield ""
        yield f"files    {len(self.files)} ({self.splits} splits, {self.batches} batches)"
        yield from (f"         {file_id}" for file_id in self.files[:_NAMED_MAX])
        yield f"objects  {len(self.objects)} never announced"
        yield from (f"         {named}" for named in self.objects[:_NAMED_MAX])
        if self.letters:
            yield f"letters  {len(self.letters)} redriven, and lost: dead again, until somebody redrives them"
            yield from (f"         {letter_id}" for letter_id in self.letters[:_NAMED_MAX])
