"""The notifier: for every file that settles it publishes notices for people and events for programs, and tags or moves its
object if the stage is configured so.

Promise: each settling is reported at least once in either way, under one id (`settling_id`); many that settle together are one
notice. Nothing of a file depends on it. Limits: what the ledger's stream delivers at once decides which files are together;
a file whose prefix is quiet has only its event.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from chalicelib import logs, metrics
from chalicelib.core.errors import PermanentError, TransientError, reason_of
from chalicelib.core.ledger.accounts import State
from chalicelib.core.ledger.generations import has_entry_of_its_own
from chalicelib.core.plan.notice_scope import NoticeScope
from chalicelib.delivery import Deadline
from chalicelib.events import Emits, settled_event
from chalicelib.ledger import StoredFile
from chalicelib.metrics import NO_METER, Meter
from chalicelib.notices import Notice, Publishes, file_notice, files_notice, settling_id

GROUPED_FROM: Final = 10
"""From that number on, files that settle in one state at once share a notice."""
_REMEMBERED_MAX: Final = 10_000

logger = logging.getLogger("froe")


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a file's account. failed: its dead batches. whole: no fault is known."""

    state: State
    failed: int
    whole: bool
    generation: int = 0

    @classmethod
    def of(cls, file: StoredFile) -> Standing:
        account = file.account
        return cls(account.state, account.summary.failed, account.reason is None, file.plan.generation)


@dataclass(frozen=True, slots=True)
class Change:
    """A write to a file's account, as reported by the ledger's stream.

    sequence_number: by which the stream delivers it again. before: None if the file was opened by this write.
    """

    sequence_number: str
    before: Standing | None
    after: StoredFile


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of the stream that cannot be understood, however often it comes."""

    sequence_number: str
    file_id: str
    why: str


News: TypeAlias = Change | Unreadable


class Counts(Protocol):
    def count(self, file: StoredFile) -> None:
        """Count a settled file in the statistics; raises TransientError. Repeating it changes nothing."""


class Acts(Protocol):
    def act(self, file: StoredFile) -> None:
        """Tag or move the object of a settled file, as the stage is configured; raises TransientError. Repeating it
        changes nothing."""


class Notifier:
    """counting: None if there are no statistics. events: None if no events are sent. objects: None if objects are left
    as they are. grouped_from: from that number on, files of one state share a notice. stage: named in events;
    console_region: where their traces are shown."""

    def __init__(
        self,
        topic: Publishes,
        meter: Meter = NO_METER,
        counting: Counts | None = None,
        events: Emits | None = None,
        objects: Acts | None = None,
        *,
        grouped_from: int = GROUPED_FROM,
        stage: str = "local",
        console_region: str | None = None,
    ) -> None:
        self._topic = topic
        self._meter = meter
        self._counting = counting
        self._events = events
        self._objects = objects
        self._grouped_from = grouped_from
        self._stage = stage
        self._console_region = console_region
        self._noticed = _Remembered()
        self._emitted = _Remembered()
        self._acted = _Remembered()

    def tell(self, changes: Iterable[News], deadline: Deadline) -> list[str]:
        """Count every settled file, send its event and publish its notice. Gives the sequence numbers of the records
        that must be delivered again. One failure never stops the others."""
        order, failed, news = [], set(), []
        for change in changes:
            order.append(change.sequence_number)
            if isinstance(change, Unreadable):
                known = {"file_id": change.file_id, "sequence_number": change.sequence_number}
                logger.error("notice_refused", extra={**known, "reason": change.why})
            elif has_entry_of_its_own(change.after.file_id):
                continue  # what comes of a generation shows in the file's own item
            elif not self._counted(change.after, deadline):
                failed.add(change.sequence_number)
            elif _is_news(change):
                news.append(change)
        failed |= self._not_emitted(news, deadline)
        failed |= self._not_noticed(news, deadline)
        failed |= self._not_acted(news, deadline)
        return [each for each in order if each in failed]

    def _counted(self, file: StoredFile, deadline: Deadline) -> bool:
        """Whether the statistics need nothing more. A file that can never be counted is logged."""
        if self._counting is None or not file.account.state.settled:
            return True
        known = {"file_id": file.file_id}
        if deadline.seconds_left <= 0:
            logger.warning("notice_out_of_time", extra=known)
            return False
        try:
            self._counting.count(file)
        except TransientError as error:
            logger.warning("not_counted", extra={**known, "reason": error.reason})
            return False
        except Exception as error:
            logger.exception("not_counted", extra={**known, "reason": reason_of(error)})
        return True

    def _not_emitted(self, news: Sequence[Change], deadline: Deadline) -> set[str]:
        """The sequence numbers of those whose events must be sent again."""
        fresh = {
            settling_id(each.after): each for each in news if settling_id(each.after) not in self._emitted
        }
        if self._events is None or not fresh:
            return set()
        made = [settled_event(each.after, self._stage, self._console_region) for each in fresh.values()]
        try:
            failures = self._events.emit(made, deadline)
        except Exception as error:
            logger.exception("event_crashed", extra={"events": len(made), "reason": reason_of(error)})
            return {each.sequence_number for each in fresh.values()}
        failed = set()
        for event_id, change in fresh.items():
            known = {"notice_id": event_id, "file_id": change.after.file_id}
            why_not = failures.get(event_id)
            if why_not is None:
                self._emitted.add(event_id)
            elif isinstance(why_not, PermanentError):
                logger.error("event_refused", extra={**known, "reason": why_not.reason})
            else:
                logger.warning("event_failed", extra={**known, "reason": why_not.reason})
                failed.add(change.sequence_number)
        logger.info("events_sent", extra={"events": len(made) - len(failures)})
        return failed

    def _not_noticed(self, news: Sequence[Change], deadline: Deadline) -> set[str]:
        """The sequence numbers of those whose notices must be published again."""
        alike: dict[State, list[Change]] = {}
        failed: set[str] = set()
        for change in news:
            if settling_id(change.after) in self._noticed:
                continue
            if _is_quiet(change.after):
                self._measure([change])
            else:
                alike.setdefault(change.after.account.state, []).append(change)
        for changes in alike.values():
            are_many = len({each.after.file_id for each in changes}) >= self._grouped_from
            for group in [changes] if are_many else [[each] for each in changes]:
                if self._published(_notice_of(group), deadline):
                    self._measure(group)
                else:
                    failed.update(each.sequence_number for each in group)
        return failed

    def _not_acted(self, news: Sequence[Change], deadline: Deadline) -> set[str]:
        """The sequence numbers of those whose objects must be tried again."""
        failed: set[str] = set()
        if self._objects is None:
            return failed
        for change in news:
            file, settling = change.after, settling_id(change.after)
            if settling in self._acted:
                continue
            known = {"notice_id": settling, "file_id": file.plan.file_id}
            try:
                deadline.check("what is to be done with objects")
                self._objects.act(file)
                self._acted.add(settling)
            except TransientError as error:
                logger.warning("object_waits", extra={**known, "reason": error.reason})
                failed.add(change.sequence_number)
            except Exception as error:
                logger.exception("object_left", extra={**known, "reason": reason_of(error)})
        return failed

    def _measure(self, changes: Sequence[Change]) -> None:
        for file in (each.after for each in changes):
            self._noticed.add(settling_id(file))
            self._meter.add(metrics.FILES_SETTLED, state=file.account.state.value)
            if file.settled_at:
                seconds = (file.settled_at - file.opened_at).total_seconds()
                self._meter.add(metrics.FILE_SECONDS, seconds)

    def _published(self, notice: Notice, deadline: Deadline) -> bool:
        """Whether the notice needs nothing more: it is published, or refused for good."""
        file_id = notice.attributes.get("file_id")
        known = {"notice_id": notice.notice_id, **({"file_id": file_id} if file_id else {})}
        logs.about(**({"file_id": file_id} if file_id else {}))
        if deadline.seconds_left <= 0:
            logger.warning("notice_out_of_time", extra=known)
            return False
        try:
            self._topic.publish(notice)
        except TransientError as error:
            logger.warning("notice_failed", extra={**known, "reason": error.reason})
            return False
        except PermanentError as error:
            logger.error("notice_refused", extra={**known, "reason": error.reason})  # noqa: TRY400 - no bug
        except Exception as error:
            logger.exception("notice_crashed", extra={**known, "reason": reason_of(error)})
            return False
        else:
            logger.info("notice_sent", extra={**known, "state": notice.attributes["state"]})
        return True


class _Remembered:
    """The newest ids in this process: the stream repeats what followed a failure, and those are not reported again."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._ids

    def add(self, name: str) -> None:
        self._ids[name] = None
        if len(self._ids) > _REMEMBERED_MAX:
            self._ids.pop(next(iter(self._ids)))


def _notice_of(group: Sequence[Change]) -> Notice:
    """The notice about one file or many. A file that settled twice meanwhile is reported as it is now."""
    latest = {each.after.file_id: each.after for each in group}
    return files_notice(list(latest.values())) if len(latest) > 1 else file_notice(group[-1].after)


def _is_quiet(file: StoredFile) -> bool:
    telling = file.plan.notices
    return telling is NoticeScope.NONE or (
        telling is NoticeScope.ATTENTION and file.account.state is State.COMPLETE
    )


def _is_news(change: Change) -> bool:
    """Whether the file has settled now and had not, or has another state, fewer dead batches, or was complete only with
    discards; or whether it was read again. Of a redrive of many batches, only the end is news."""
    now, before = Standing.of(change.after), change.before
    if not now.state.settled:
        return False
    return (
        before is None
        or now.state is not before.state
        or now.failed > before.failed
        or now.whole is not before.whole
        or now.generation > before.generation
    )
