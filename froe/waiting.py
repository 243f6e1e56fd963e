"""Waits for files whose dead letters were redriven: they may look settled before the messages arrive."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from chalicelib.services import Services
from froe import inquiry
from froe.inquiry import SETTLED, ItemJson, file_or_none


class Waited(NamedTuple):
    """The files as last seen (None: not opened), how many have settled, and the messages under way."""

    files: Mapping[str, ItemJson | None]
    settled: int
    under_way: int


def wait_for_redriven(
    services: Services, file_ids: Iterable[str], timeout_seconds: float | None
) -> Iterator[Waited]:
    """Give what is known, again and again, until every redriven message has done its work or died again
    and every file is settled, or the time is up. A file must be found so twice in a row: a mark is there
    for an instant before the file's state follows it."""
    files: dict[str, ItemJson | None] = dict.fromkeys(sorted(file_ids))
    found_settled = dict.fromkeys(files, 0)
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while True:
        under_way = 0
        for file_id, times in found_settled.items():
            if times > 1:
                continue
            waiting = services.dead_letter_office.under_way(file_id)
            file = files[file_id] = file_or_none(services.status, file_id)
            is_settled = not waiting and (file is None or file["state"] in SETTLED)
            found_settled[file_id] = times + 1 if is_settled else 0
            under_way += waiting
        settled = sum(times > 1 for times in found_settled.values())
        yield Waited(files, settled, under_way)
        if settled == len(files) or (deadline is not None and time.monotonic() > deadline):
            return
        time.sleep(inquiry.POLL_SECONDS)
