"""Asks the ledger about files, with the use cases of the HTTP status API and your own credentials.

A file is named by its id, which may be shortened, or by its key; one key has a file for each upload of it.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from chalicelib.core.wire.fields import FILE_ID
from chalicelib.dead_letters.selection import Selection
from chalicelib.pages import MAX_LIMIT
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.status import NotFoundError, Status
from froe.errors import FroeError
from froe.target import Target
from froe.watching import again_and_again

ItemJson: TypeAlias = dict[str, Any]
"""An item in the JSON shape of the HTTP contract."""

SETTLED_BADLY: Final = frozenset({"INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED"})
SETTLED: Final = SETTLED_BADLY | {"COMPLETE"}
POLL_SECONDS: Final = 1.0

ID_SHORTEST: Final = 4
"""Characters that are enough of an id."""

LIVE_FIRST: Final = 20
"""Files under way of a list that are asked about one by one, each time."""
LIVE_IN_TURN: Final = 10
"""Of the others: each comes in its turn."""

_CUTTING_SECONDS: Final = 10.0
_LOOKED_AT: Final = 5 * MAX_LIMIT
"""Files among which the beginning of an id is looked for: an answer within a second or two."""
_MAX_NAMED: Final = 3
_SHORTENED: Final = f"An id may be shortened to its first {ID_SHORTEST} characters or more."


def services_of(target: Target) -> Services:
    """All use cases, on the target's queues, tables and buckets. Raises SettingsError."""
    return Services(Settings.from_environment(target.settings_env), target, way="froe")


def status_of(target: Target) -> Status:
    """The status use cases on the target's tables. Raises SettingsError."""
    return services_of(target).status


def pages(fetch: Callable[[str | None], ItemJson], limit: int) -> Iterator[ItemJson]:
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


class LiveList:
    """The list of files, again and again. The ledger's has accounts as of the last settled split; those of files under way
    are read as of now: of the first ones each time, of the others a few, those that were read longest ago."""

    def __init__(self, status: Status, state: str | None, limit: int) -> None:
        self._status, self._state, self._limit = status, state, limit
        self._accounts: dict[str, ItemJson] = {}
        self._read_in: dict[str, int] = {}
        self._round = 0

    def read(self) -> list[ItemJson]:
        files = list(
            pages(
                lambda cursor: self._status.files(
                    state=self._state, limit=page_size(self._limit), cursor=cursor
                ),
                self._limit,
            )
        )
        moving = [file["file_id"] for file in files if file["state"] not in SETTLED]
        others = sorted(moving[LIVE_FIRST:], key=lambda each: self._read_in.get(each, 0))
        self._round += 1
        now = dict.fromkeys((*moving[:LIVE_FIRST], *others[:LIVE_IN_TURN]), self._round)
        self._accounts |= {each: file for each in now if (file := file_or_none(self._status, each))}
        self._accounts = {each: self._accounts[each] for each in moving if each in self._accounts}
        self._read_in = {each: now.get(each) or self._read_in.get(each, 0) for each in moving}
        live = (self._accounts.get(file["file_id"], file) for file in files)
        return [file for file in live if self._state in {None, file["state"]}]


def find_files(status: Status, name: str) -> list[ItemJson]:
    """The file of that id, or all files of that key, or the one file whose id begins so, among the newest ones.

    Raises FroeError, which says what there is, where the name stands for no file or its beginning for several."""
    if FILE_ID.fullmatch(name) and (file := file_or_none(status, name)):
        return [file]
    ids = [file["file_id"] for file in pages(lambda cursor: status.files(key=name, cursor=cursor), 0)]
    if files := [file for file_id in ids if (file := file_or_none(status, file_id))]:
        return files
    newest = list(
        pages(lambda cursor: status.files(limit=MAX_LIMIT, cursor=cursor), _LOOKED_AT)
        if name and not FILE_ID.fullmatch(name)
        else ()
    )
    beginning, tilde, generation = name.partition("~")
    begun = [file for file in newest if _is_beginning(beginning, file["file_id"])]
    if len(begun) == 1 and (file := file_or_none(status, f"{begun[0]['file_id']}{tilde}{generation}")):
        return [file]
    if begun:
        raise FroeError(
            f"{len(begun):,} ids begin with {name!r}: {_named(begun)}. Give more characters of the one that you mean."
        )
    raise FroeError(f"No file has the id or key {name!r}{_what_exists(name, newest)}")


def newest_file(status: Status, name: str) -> ItemJson:
    """The file of `find_files`; of a key's files the one uploaded last."""
    return max(find_files(status, name), key=lambda file: str(file["last_modified"]))


def only_file_id(status: Status, name: str) -> str:
    """The id of the only file of `find_files`; a whole id is taken as it is, as what was never opened has one too."""
    if FILE_ID.fullmatch(name):
        return name
    files = find_files(status, name)
    if len(files) > 1:
        raise FroeError(f"The key {name!r} has {len(files)} files: name one of {_named(files)}.")
    return str(files[0]["file_id"])


def _is_beginning(name: str, file_id: str) -> bool:
    return len(name) >= ID_SHORTEST and file_id.startswith(name)


def _named(files: Sequence[ItemJson]) -> str:
    names = ", ".join(
        f"{file['file_id']} ({file['key']}, {file['last_modified']})" for file in files[:_MAX_NAMED]
    )
    return names + (" and others" if len(files) > _MAX_NAMED else "")


def _what_exists(name: str, files: Sequence[ItemJson]) -> str:
    keys = list(dict.fromkeys(file["key"] for file in files))
    alike = [key for key in keys if name.lower() in key.lower()] or difflib.get_close_matches(name, keys)
    if alike:
        more = ", and others" if len(alike) > _MAX_NAMED else ""
        shortest = f" {_SHORTENED}" if len(name) < ID_SHORTEST else ""
        return f". There is {', '.join(map(repr, alike[:_MAX_NAMED]))}{more}.{shortest}"
    newest = f" (newest: {', '.join(map(repr, keys[:_MAX_NAMED]))})" if keys else ""
    return (
        f": `froe status` lists those known{newest}; one that was uploaded only now appears within seconds."
        f" {_SHORTENED}"
    )


def dead_letters_about(target: Target, key: str) -> list[str]:
    """The ids of dead letters about objects of that key, among the newest thousand: a file that was never
    opened is known by them only."""
    page = services_of(target).dead_letter_office.page(Selection(), limit=MAX_LIMIT)
    return [letter.letter_id for letter in page.letters if letter.subject.object_key == key]


def file_or_none(status: Status, file_id: str) -> ItemJson | None:
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
) -> Iterator[Mapping[str, ItemJson]]:
    """Give what is known of the files, again and again until all are settled or the time is up. Throttling is waited out."""
    known: dict[str, ItemJson] = {}

    def look() -> Mapping[str, ItemJson]:
        for file_id in file_ids:
            if known.get(file_id, {}).get("state") not in SETTLED and (file := file_or_none(status, file_id)):
                known[file_id] = file
        return known

    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    for files in again_and_again(look, POLL_SECONDS, deadline=deadline):
        yield files
        if len(files) == len(set(file_ids)) and all(file["state"] in SETTLED for file in files.values()):
            return


def accounted(file: ItemJson, unit: str) -> int:
    """How many `lines` or `bytes` of the file are parsed, rejected or skipped."""
    return int(file["parsed"][unit] + file["rejected"][unit] + skipped(file, unit))


def skipped(file: ItemJson, unit: str) -> int:
    return int(sum(tally[unit] for tally in file["skipped"].values()))
