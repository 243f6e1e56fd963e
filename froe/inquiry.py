"""Asks the ledger about files, with the use cases of the HTTP status API and your own credentials.

A file is named by its id or by its key; one key has a file for each upload of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from chalicelib.core.fields import FILE_ID
from chalicelib.dead_letters.selection import Selection
from chalicelib.pages import MAX_LIMIT
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.status import NotFoundError, Status
from froe.errors import FroeError
from froe.target import Target

Shown: TypeAlias = dict[str, Any]
"""An item in the JSON shape of the HTTP contract."""

SETTLED_BADLY: Final = frozenset({"INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED"})
SETTLED: Final = SETTLED_BADLY | {"COMPLETE"}
POLL_SECONDS: Final = 1.0

_CUTTING_SECONDS: Final = 10.0


def services_of(target: Target) -> Services:
    """All use cases, on the target's queues, tables and buckets. Raises SettingsError."""
    return Services(Settings.from_environment(target.settings_env), target)


def status_of(target: Target) -> Status:
    """The status use cases on the target's tables. Raises SettingsError."""
    return services_of(target).status


def pages(fetch: Callable[[str | None], Shown], limit: int) -> Iterator[Shown]:
    """Up to `limit` items (0: all) of a list that comes in pages; a page may be empty."""
    given = 0
    cursor: str | None = None
    while True:
        page = fetch(cursor)
        for item in page["items"]:
            yield item
            given += 1
            if given == limit:
                return
        cursor = page["cursor"]
        if cursor is None:
            return


def page_size(limit: int) -> int:
    """How many to ask for at once when `limit` are wanted (0: all)."""
    return min(limit or MAX_LIMIT, MAX_LIMIT)


def find_files(status: Status, name: str) -> list[Shown]:
    """The file with that id, or all files of that key. Raises FroeError if there is none."""
    if FILE_ID.fullmatch(name) and (file := file_or_none(status, name)):
        return [file]
    ids = [file["file_id"] for file in pages(lambda cursor: status.files(key=name, cursor=cursor), 0)]
    files = [file for file_id in ids if (file := file_or_none(status, file_id))]
    if not files:
        raise FroeError(
            f"No file has the id or key {name!r}: `froe status` lists those known; one that was uploaded"
            " only now appears within seconds."
        )
    return files


def dead_letters_about(target: Target, key: str) -> list[str]:
    """The ids of dead letters about objects of that key, among the newest thousand: a file that was never
    opened is known by them only."""
    page = services_of(target).dead_letter_office.page(Selection(), limit=MAX_LIMIT)
    return [letter.letter_id for letter in page.letters if letter.subject.object_key == key]


def file_or_none(status: Status, file_id: str) -> Shown | None:
    """The file's account as of now, None while the ledger has never heard of it."""
    try:
        return status.file(file_id)
    except NotFoundError:
        return None


def wait_until_cut(status: Status, file_id: str) -> None:
    """Return once the file is cut into batches, or after ten seconds."""
    deadline = time.monotonic() + _CUTTING_SECONDS
    while time.monotonic() < deadline:
        file = file_or_none(status, file_id)
        if file and file["state"] != "SPLITTING":
            return
        time.sleep(0.1)


def watch(
    status: Status, file_ids: Sequence[str], timeout_seconds: float | None = None
) -> Iterator[Mapping[str, Shown]]:
    """Give what is known of the files, again and again until all are settled or the time is up."""
    known: dict[str, Shown] = {}
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while True:
        for file_id in file_ids:
            if known.get(file_id, {}).get("state") not in SETTLED and (file := file_or_none(status, file_id)):
                known[file_id] = file
        yield known
        if len(known) == len(set(file_ids)) and all(file["state"] in SETTLED for file in known.values()):
            return
        if deadline is not None and time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)


def accounted(file: Shown, unit: str) -> int:
    """How many `lines` or `bytes` of the file are parsed, rejected or skipped."""
    return int(file["parsed"][unit] + file["rejected"][unit] + skipped(file, unit))


def skipped(file: Shown, unit: str) -> int:
    return int(sum(tally[unit] for tally in file["skipped"].values()))
